"""One check: read, assemble, run the rules, triage, fold; a request in, a report out."""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from taskcheck import config, engine, plugins, report, triage
from taskcheck.assemble import Parsed, assemble, parse
from taskcheck.baseline import Baseline
from taskcheck.finding import Report, RuleRun, RunError, Severity
from taskcheck.fix import COMMITTED, PENDING
from taskcheck.identity import AmbiguousNames
from taskcheck.read import Location, Questions, changed, fix_folder, locate, read_files, read_rest
from taskcheck.report import Verdict
from taskcheck.rules import Rule
from taskcheck.settings import Settings
from taskcheck.sources import Processes, Sources, Unavailable
from taskcheck.state import State

NOTHING = "neither task files nor runtime ledgers found"

CONFIRMATIONS = 2
"""How often a state that changed under an error is read again before the error is believed."""


class UsageError(Exception):
    """The request can't be met as it was made; the message says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check and how."""

    root: Path
    config: Path | None = None
    now: datetime | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Tasks, managers or paths (relative to the root checkout) to report about; what is read stays the same."""
    gone: bool = False
    """What isn't there any more may be named too: a repair can have taken the last trace of it."""
    branches: tuple[str, ...] = ()
    """Globs of branch tips to compare too, beside the configured ones."""
    verdict: Verdict = field(default_factory=Verdict)
    gate: Literal["all", "commit"] = "all"
    """``commit`` lets only rules fail the run that the commit itself decides."""
    baseline: Baseline | None = None
    """Findings that were accepted as they stood."""
    update_baseline: bool = False
    """Accept what is found now, beside what rules that couldn't look have accepted before."""
    processes: Processes | None = None
    """The process table to believe; None asks this machine's."""
    third_party: bool = True
    progress: Callable[[str], None] = lambda _: None
    """Told what is being done, for somebody who waits."""


@dataclass(frozen=True, slots=True)
class Store:
    """An opened store: where it is, how it is configured, which rules there are."""

    location: Location
    settings: Settings
    rules: Mapping[str, Rule]
    plugins: plugins.Plugins
    detected: bool
    """Whether the preset's own marks were found here."""

    def read(self, request: Request) -> tuple[Sources, Parsed, State]:
        """Everything that the rules look at, held still.

        Raises:
            ConfigError: two people or roles are one name.
        """
        request.progress("reading task files and ledgers")
        sources = read_files(self.location, self.settings)
        try:
            parsed = parse(sources, self.settings)
        except AmbiguousNames as error:
            raise config.ConfigError(f"people and roles: {error}") from error
        questions = Questions(
            pids=parsed.pids,
            worktree_paths=parsed.worktree_paths,
            branches=parsed.branches(self.settings),
            changed_since=parsed.dispatched(self.settings),
        )
        request.progress("asking git")
        sources = read_rest(sources, self.location, self.settings, questions, request.processes, request.progress)
        request.progress("comparing")
        return sources, parsed, assemble(parsed, sources, self.settings, request.now or datetime.now(UTC))


def open_store(request: Request) -> Store:
    """Find the store, its configuration and its rules.

    Raises:
        ConfigError: the configuration can't be used.
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the root isn't there.
    """
    location = locate(request.root)
    loaded = plugins.load(third_party=request.third_party)
    known = config.presets({**config.builtin_presets(), **loaded.presets()})
    settings = config.load(location.root, known, request.config)
    if request.branches:
        settings = replace(settings, branches=(*settings.branches, *request.branches))
    detected = known[settings.preset].found_in(location.root)
    return Store(location, settings, loaded.rules(), loaded, detected)


def check(request: Request) -> Report:
    """Check a store.

    Raises:
        ConfigError: the configuration can't be used.
        UsageError: the request names a rule, task or path that isn't there.
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the root isn't there.
    """
    return check_store(open_store(request), request)


def check_store(store: Store, request: Request) -> Report:
    """Check an opened store; see `check`."""
    return looked(store, request)[0]


def looked(store: Store, request: Request) -> tuple[Report, Sources]:
    """Check an opened store, and what its report rests on; see `check`."""
    rules = chosen(store, request)
    sources, state, runs = _settled(store, request, rules)
    report = reported(store, request, sources, state, runs)
    return _with_unfinished(report, store, request), sources


def _settled(store: Store, request: Request, rules: list[Rule]) -> tuple[Sources, State, tuple[RuleRun, ...]]:
    """What the rules say of a state that held still: an error is believed when its sources haven't changed since."""
    for left in reversed(range(CONFIRMATIONS + 1)):
        sources, _, state = store.read(request)
        runs = run_rules(rules, state, known=store.rules)
        errors = any(finding.level is Severity.ERROR for run in runs for _, finding in run.findings)
        if not left or not errors or not changed(sources, store.location):
            return sources, state, runs
        request = replace(request, now=state.now)
    raise AssertionError


def reported(store: Store, request: Request, sources: Sources, state: State, runs: tuple[RuleRun, ...]) -> Report:
    """The report of some runs, gated, without what the baseline accepts, and narrowed to what was asked for.

    Raises:
        UsageError: the request names a task or path that isn't there.
    """
    accepted = request.baseline or Baseline()
    if request.update_baseline:
        accepted = Baseline.of(runs, accepted)
    runs, gone = accepted.apply(runs)
    if request.gate == "commit":
        runs = _gated(store, runs, state, accepted)
    errors = (*store.plugins.errors, *(RunError(where="reading", message=error) for error in sources.errors))
    try:
        built = report.build(
            state,
            runs,
            store.rules,
            errors,
            request.verdict,
            request.only,
            signals_alone=not request.select,
            gone=request.gone,
        )
        return replace(built, baseline_gone=gone)
    except report.UnknownSubject as error:
        raise UsageError(f"no task or file is named {error.name!r}{_hint(error)}") from error


def _with_unfinished(built: Report, store: Store, request: Request) -> Report:
    """The report, with an error where a fix was interrupted: some files may be as it wanted them and others not."""
    folder = fix_folder(store.location)
    if not any((folder / name).exists() for name in (PENDING, COMMITTED)):
        return built
    from taskcheck.fix.journal import Journals  # noqa: PLC0415 - only where a fix is under way or was interrupted

    name = Journals(store.location.root, folder).unfinished()
    if name is None:
        return built
    message = f"a fix was interrupted ({folder / name}): `taskcheck undo` or `taskcheck --fix` sees to it first"
    return report.concluded(built, request.verdict, errors=(RunError(where="fix", message=message),))


def judge(
    sources: Sources,
    settings: Settings,
    rules: Iterable[Rule],
    now: datetime,
    known: Container[str] | None = None,
) -> tuple[State, tuple[RuleRun, ...]]:
    """What some rules say of sources, wherever these come from: read, as a plan would leave them, or made up; pure.

    ``known`` names every rule that there is, so that a suppression of one that isn't can be told.

    Raises:
        AmbiguousNames: two people or roles are one name.
    """
    state = assemble(parse(sources, settings), sources, settings, now)
    return state, run_rules(rules, state, known=known)


def chosen(store: Store, request: Request) -> list[Rule]:
    """The rules that a request is about.

    Raises:
        UsageError: it names one that isn't there.
    """
    settings = store.settings
    configured = () if request.select else settings.ignore
    ignored = (*(name for name in configured if name not in request.extend_select), *request.ignore)
    try:
        named = (*settings.severity, *(name for names in settings.signals.values() for name in names))
        for name in named:
            triage.choose(store.rules, (name,), ())
        triage.known_rules(store.rules, (suppression.rule for suppression in settings.suppress))
        return triage.choose(
            store.rules,
            (*(request.select or settings.select), *request.extend_select),
            ignored,
        )
    except triage.UnknownRule as error:
        raise UsageError(f"no rule or family is named {error.name!r}{_hint(error)}") from error


def _hint(error: triage.UnknownRule | report.UnknownSubject) -> str:
    from taskcheck.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

    return did_you_mean(error.name, error.known)


def run_rules(
    rules: Iterable[Rule],
    state: State,
    only: frozenset[str] | None = None,
    known: Container[str] | None = None,
) -> tuple[RuleRun, ...]:
    """The runs of the rules, those about what the others found last, in the order of their names."""
    rules = tuple(rules)
    usual = {rule.name: rule.severity for rule in rules}

    def triaged(about: State, *, meta: bool) -> tuple[RuleRun, ...]:
        found = engine.run((rule for rule in rules if rule.meta is meta), about, only)
        weighed = (triage.weigh(run, state.settings.severity, usual[run.rule]) for run in found)
        return tuple(triage.suppress(run, state) for run in weighed)

    runs = triaged(state, meta=False)
    told = replace(state, suppressions=triage.uses(runs, state, known))
    return tuple(sorted((*runs, *triaged(told, meta=True)), key=lambda run: run.rule))


def _gated(store: Store, runs: tuple[RuleRun, ...], state: State, accepted: Baseline) -> tuple[RuleRun, ...]:
    """The runs with everything advisory that the commit itself doesn't decide.

    From inside a linked worktree, the rules that a commit decides are asked about its own changed copies too, and
    only these can fail: root has yet to learn what the worker commits.
    """
    static = {run.rule: store.rules[run.rule] for run in runs if store.rules[run.rule].static}
    checkout = _current(store, state)
    own: dict[str, RuleRun] = {}
    changed = None
    if checkout != "root":
        view, changed = triage.committed_view(state, checkout)
        asked = [rule for rule in static.values() if "file" not in rule.subjects]
        judged, _ = accepted.apply(run_rules(asked, view, only=changed, known=store.rules))
        own = {run.rule: run for run in judged}
    gate = triage.Gate(frozenset(static), checkout, changed)

    def both(run: RuleRun) -> RuleRun:
        other = own.get(run.rule, RuleRun(rule=run.rule, family=run.family))
        return replace(
            run,
            findings=tuple((subject, gate.mark(finding)) for subject, finding in (*run.findings, *other.findings)),
            errors=(*run.errors, *other.errors),
            undecided=(*run.undecided, *other.undecided),
        )

    return tuple(map(both, runs))


def _current(store: Store, state: State) -> str:
    """The name of the checkout that one stands in."""
    current = store.location.current
    if current is None or isinstance(state.checkouts, Unavailable):
        return "root"
    return next((c.name for c in state.checkouts if c.real == str(current)), "root")
