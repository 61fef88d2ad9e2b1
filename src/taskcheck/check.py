"""One check: read, assemble, run the rules, triage, fold; a request in, a report out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from taskcheck import __version__, config, engine, incidents, plugins, triage
from taskcheck.assemble import Parsed, assemble, parse
from taskcheck.finding import Finding, Incident, ManagerStatus, Report, RuleRun, RunError, Severity
from taskcheck.identity import AmbiguousNames
from taskcheck.model import Place
from taskcheck.read import Location, Questions, changed, locate, read_files, read_rest
from taskcheck.rules import Rule
from taskcheck.settings import Settings
from taskcheck.sources import Processes, Sources, Unavailable
from taskcheck.state import State

EMPTY = 4
"""Exit code of a run that found nothing to check."""

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
    """Tasks or paths to report about; what is read stays the same."""
    fail_on: Severity = Severity.ERROR
    gate: str = "all"
    """``commit`` lets only rules fail the run that the commit itself decides."""
    strict: bool = False
    """Skipped rules fail."""
    exit_zero: bool = False
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
            branches=parsed.branches,
            changed_since=parsed.ended(self.settings),
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
    chosen = _chosen(store, request)
    sources, _, state = store.read(request)
    runs = _run(chosen, state)
    for _ in range(CONFIRMATIONS):
        if not any(finding.level is Severity.ERROR for run in runs for _, finding in run.findings):
            break
        if not changed(sources, store.location):
            break
        sources, _, state = store.read(replace(request, now=state.now))
        runs = _run(chosen, state)
    return _report(store, request, sources, state, runs)


def _chosen(store: Store, request: Request) -> list[Rule]:
    settings = store.settings
    try:
        for name in settings.severity:
            triage.choose(store.rules, (name,), ())
        return triage.choose(
            store.rules,
            (*(request.select or settings.select), *request.extend_select),
            (*settings.ignore, *request.ignore) if not request.select else request.ignore,
        )
    except triage.UnknownRule as error:
        from taskcheck.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

        raise UsageError(f"no rule or family is named {error.name!r}{did_you_mean(error.name, error.known)}") from error


def _run(rules: list[Rule], state: State, only: frozenset[str] | None = None) -> tuple[RuleRun, ...]:
    runs = engine.run(rules, state, only)
    return tuple(triage.suppress(triage.weigh(run, state.settings.severity), state) for run in runs)


def _report(store: Store, request: Request, sources: Sources, state: State, runs: tuple[RuleRun, ...]) -> Report:
    errors = [
        *store.plugins.errors,
        *(RunError(where="reading", message=error) for error in sources.errors),
        *(error for run in runs for _, error in run.errors),
    ]
    if request.gate == "commit":
        runs = _gated(store, runs, state)
    findings = [_located(finding, state) for run in runs for _, finding in run.findings]
    folded = incidents.fold(findings, state, store.rules)
    if request.only:
        folded = _narrowed(folded, request, store, state)
    checkouts = 0 if isinstance(state.checkouts, Unavailable) else len(state.checkouts.all)
    report = Report(
        version=__version__,
        now=state.now,
        tasks=len(state.tasks),
        checkouts=1 + checkouts,
        incidents=folded,
        runs=runs,
        managers=_managers(state),
        errors=tuple(errors),
        preset=state.settings.preset,
        titles={task.id: task.title for task in state.tasks},
    )
    empty = not state.tasks and isinstance(state.ledgers, Unavailable)
    return replace(report, exit_code=_exit_code(report, request, empty=empty))


def _gated(store: Store, runs: tuple[RuleRun, ...], state: State) -> tuple[RuleRun, ...]:
    """The runs with everything advisory that the commit itself doesn't decide.

    From inside a linked worktree, the rules that a commit decides are asked about its own changed copies too, and
    only these can fail: root has yet to learn what the worker commits.
    """
    static = {run.rule: store.rules[run.rule] for run in runs if store.rules[run.rule].static}
    checkout = _current(store, state)
    gate = triage.Gate(frozenset(static), checkout)
    own: dict[str, RuleRun] = {}
    if checkout != "root":
        view, changed = triage.committed_view(state, checkout)
        asked = [rule for rule in static.values() if "task" in rule.subjects]
        own = {run.rule: run for run in _run(asked, view, only=changed)}
    return tuple(
        replace(
            run,
            findings=tuple(
                (subject, gate.mark(finding))
                for subject, finding in (*run.findings, *(own[run.rule].findings if run.rule in own else ()))
            ),
        )
        for run in runs
    )


def _current(store: Store, state: State) -> str:
    """The name of the checkout that one stands in."""
    current = store.location.current
    if current is None or isinstance(state.checkouts, Unavailable):
        return "root"
    return next((c.name for c in state.checkouts if c.real == str(current)), "root")


def _located(finding: Finding, state: State) -> Finding:
    """The finding with the lines and columns of its places."""

    def located(place: Place) -> Place:
        document = state.documents.get((place.checkout, place.path))
        if place.line is not None or document is None:
            return place
        line, column = document.locate(place.route)
        return replace(place, line=line, column=column)

    evidence = tuple(replace(item, place=located(item.place)) for item in finding.evidence)
    return replace(finding, place=located(finding.place), evidence=evidence)


def _narrowed(folded: tuple[Incident, ...], request: Request, store: Store, state: State) -> tuple[Incident, ...]:
    """The incidents of the named tasks and paths.

    Raises:
        UsageError: a name that is neither a task, nor a manager, nor a file that was read.
    """
    by_path = {file.place.path: file.id for file in state.files}
    ledgers = () if isinstance(state.ledgers, Unavailable) else state.ledgers
    managers = () if isinstance(state.managers, Unavailable) else state.managers
    subjects = {*(task.id for task in state.files), *(manager.key for manager in managers)}
    subjects |= {incident.subject for incident in folded}
    wanted: set[str] = set()
    paths: set[str] = set()
    for name in request.only:
        path = _relative(name, request, store)
        below = {task for known, task in by_path.items() if known == path or known.startswith(f"{path}/")}
        if name in subjects:
            wanted.add(name)
        elif below:
            wanted |= below
        elif any(ledger.place.path == path for ledger in ledgers):
            paths.add(path)
        else:
            from taskcheck.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

            raise UsageError(f"no task or file is named {name!r}{did_you_mean(name, sorted(subjects))}")
    return tuple(
        incident
        for incident in folded
        if incident.subject in wanted or any(finding.place.path in paths for finding in incident.findings)
    )


def _relative(name: str, request: Request, store: Store) -> str:
    """A path from the command line as reports write it: relative to the store's root."""
    path = Path(name)
    for base in (store.location.root, store.location.current):
        if base and path.is_absolute() and path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    inside = (request.root / path).resolve()
    if not (store.location.root / path).exists() and inside.is_relative_to(store.location.root):
        return inside.relative_to(store.location.root).as_posix()
    return path.as_posix().rstrip("/")


def _managers(state: State) -> tuple[ManagerStatus, ...]:
    if isinstance(state.managers, Unavailable):
        return ()
    found = []
    for manager in state.managers:
        snapshot = manager.newest_snapshot
        generated = snapshot.generated_at if snapshot else None
        age = state.now - generated if generated else None
        limits = state.settings.limits
        files = sorted(
            ledger.place.path
            for ledger in (*(r.ledger for r in manager.registers), *(s.ledger for s in manager.snapshots))
        )
        found.append(
            ManagerStatus(
                owner=manager.key,
                snapshot_age_seconds=int(age.total_seconds()) if age is not None else None,
                fresh=age is not None and -limits.clock_skew <= age <= limits.snapshot_max_age,
                files=tuple(files),
            )
        )
    return tuple(found)


def _exit_code(report: Report, request: Request, *, empty: bool) -> int:
    """0 clean, 1 findings, 3 not to be trusted, 4 nothing to check; precedence 3, 1, 4, 0 (spec 4)."""
    if not report.complete:
        return 3
    failing = any(f.level >= request.fail_on and not f.advisory for f in report.findings)
    if failing or (request.strict and report.skipped):
        return 0 if request.exit_zero else 1
    return EMPTY if empty else 0
