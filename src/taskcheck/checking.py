"""One check: read, assemble, run the rules, triage, fold; a request in, a report out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Literal

from taskcheck import config, plugins, report, triage
from taskcheck.assemble import NO_PEOPLE, Parsed, assemble, parse, read_pulls
from taskcheck.assemble.tasks import TaskReader
from taskcheck.baseline import Baseline, BaselineError
from taskcheck.finding import Report, RuleRun, RunError, Severity
from taskcheck.fix import COMMITTED, PENDING
from taskcheck.identity import AmbiguousNames
from taskcheck.judging import gated, run_rules
from taskcheck.model import Task
from taskcheck.read import (
    GitError,
    Location,
    Questions,
    changed,
    fix_folder,
    locate,
    read_baseline,
    read_files,
    read_processes,
    read_rest,
    read_revision,
)
from taskcheck.report import Verdict
from taskcheck.rules import Rule
from taskcheck.settings import Settings
from taskcheck.sources import Forges, Processes, PullAddress, PullState, Sources, Unavailable
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
    config_from: str | None = None
    """A commit whose configuration counts, and whose task files say what they accept: for what isn't trusted."""
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
    baseline: Path | None = None
    """The file of findings that are accepted as they stand; None for the one that the configuration names."""
    update_baseline: bool = False
    """Accept what is found now, beside what rules that couldn't look have accepted before."""
    processes: Processes | None = None
    """The process table to believe; None asks this machine's."""
    online: bool = False
    """Ask the forges of recorded pull requests about them."""
    pull_requests: Mapping[PullAddress, PullState] | None = None
    """What forges would say, to be believed instead of asking them."""
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
        sources, parsed = self.files()
        questions = Questions(
            pids=parsed.pids,
            worktree_paths=parsed.worktree_paths,
            branches=parsed.branches(self.settings),
            changed_since=parsed.dispatched(self.settings),
        )
        request.progress("asking git")
        sources = read_rest(sources, self.location, self.settings, questions, request.processes, request.progress)
        request.progress("comparing")
        state = assemble(parsed, sources, self.settings, request.now or clock())
        if request.online or request.pull_requests is not None:
            sources = replace(sources, forges=self._asked(state, sources, request))
            state = replace(state, pulls=read_pulls(state, sources.forges))
        if request.config_from is not None:
            state = replace(state, trusted=self._trusted(state, request.config_from))
        return sources, parsed, state

    def _asked(self, state: State, sources: Sources, request: Request) -> Forges:
        """What forges say of the recorded pull requests."""
        from taskcheck.asking import ask_forges  # noqa: PLC0415 - only where they are asked

        def ask(wanted: Iterable[PullAddress]) -> Mapping[PullAddress, PullState | Unavailable]:
            wanted = tuple(wanted)
            request.progress(f"asking about {len(wanted)} pull requests")
            return self.plugins.pull_requests(wanted) if request.pull_requests is None else request.pull_requests

        return ask_forges(self.location, state, sources.git, ask)

    def _trusted(self, state: State, revision: str) -> dict[str, Task]:
        """The tasks that accept findings of their own, as a commit has them."""
        accepting = {task.place.path: task.id for task in state.tasks if "taskcheck" in task.front}
        files = read_revision(self.location, revision, accepting)
        reader = TaskReader(self.settings)
        versions = {accepting[path]: reader.version(data, path, "root") for path, data in files.items()}
        return {task: version for task, version in versions.items() if version}

    def read_ledgers(self) -> State:
        """What the files of the main checkout and the process table say, without git: who works, as recorded.

        Raises:
            ConfigError: as `read`.
        """
        sources, parsed = self.files()
        sources = replace(sources, processes=read_processes(parsed.pids))
        return assemble(parsed, sources, self.settings, clock())

    def files(self) -> tuple[Sources, Parsed]:
        """What the files of the main checkout hold, and say.

        Raises:
            ConfigError: two people or roles are one name.
        """
        sources = read_files(self.location, self.settings)
        try:
            return sources, parse(sources, self.settings)
        except AmbiguousNames as error:
            raise config.ConfigError(f"people and roles: {error}") from error


def clock() -> datetime:
    """The time; the one place where it enters."""
    return datetime.now(UTC)


def open_store(request: Request) -> Store:
    """Find the store, its configuration and its rules.

    Raises:
        ConfigError: the configuration can't be used.
        UsageError: it is to be taken from a commit that isn't there.
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the root isn't there.
    """
    location = locate(request.root)
    loaded = plugins.load(third_party=request.third_party)
    known = config.presets({**config.builtin_presets(), **loaded.presets()})
    given = None
    if request.config_from is not None:
        try:
            given = read_revision(location, request.config_from, config.FILES)
        except GitError as error:
            raise UsageError(f"--config-from {request.config_from}: {error}") from error
    settings = config.load(location.root, known, request.config, given)
    if request.branches:
        settings = replace(settings, branches=(*settings.branches, *request.branches))
    detected = known[settings.preset].found_in(location.root)
    return Store(location, settings, loaded.rules(), loaded, detected)


def read_people(store: Store) -> Parsed:
    """What the files of a store say, without git; there are people among it.

    Raises:
        ConfigError: two people or roles are one name.
        UsageError: nobody is declared.
    """
    _, parsed = store.files()
    if not parsed.people:
        raise UsageError(NO_PEOPLE.reason)
    return parsed


def check(
    root: str | PathLike[str] = ".",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    only: Sequence[str] = (),
    now: datetime | None = None,
) -> Report:
    """Check the store that a folder lies in, as `taskcheck` does; nothing is written.

    Args:
        root: any folder of the repository.
        select: names of rules or families; none for those of the configuration.
        ignore: those that are left out.
        only: tasks, managers or paths (relative to the main checkout) to report about.
        now: the moment to judge ages by; None for the present.

    Raises:
        ConfigError: the configuration can't be used.
        UsageError: it names a rule, task or path that isn't there.
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the root isn't there.
    """
    request = Request(root=Path(root), select=tuple(select), ignore=tuple(ignore), only=tuple(only), now=now)
    return check_request(request)


def check_request(request: Request) -> Report:
    """Check as requested; see `check`."""
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
        UsageError: the request names a task or path that isn't there, or the baseline can't be read.
    """
    known = baseline(store, request)
    if request.update_baseline:
        known = Baseline.of(runs, known)
    runs, gone = known.apply(runs)
    if request.gate == "commit":
        runs = gated(runs, state, store.rules, known, store.location.current)
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
        return replace(built, baseline_gone=gone, prefix=store.location.prefix)
    except report.UnknownSubject as error:
        raise UsageError(f"no task or file is named {error.name!r}{_hint(error)}") from error


def baseline(store: Store, request: Request) -> Baseline:
    """The findings that are accepted as they stand.

    Raises:
        UsageError: the file that names them can't be read.
    """
    where, named, revision = store.location, request.baseline, request.config_from
    try:
        return read_baseline(named, where, store.settings, revision, new=request.update_baseline)
    except BaselineError as error:
        raise UsageError(str(error)) from error


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
