"""One check, a request in and a report out: the one way from an opened store to its report."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.config.suggest import did_you_mean
from taskcheck.documents.frozen import frozen, replace
from taskcheck.engine.judge import run_rules
from taskcheck.engine.rule import Rule
from taskcheck.engine.run import heard, known
from taskcheck.engine.select import UnknownRule, choose, require_rules
from taskcheck.model.baseline import Baseline, BaselineError
from taskcheck.model.cases import RuleRun, RunError
from taskcheck.model.finding import Severity
from taskcheck.model.memory import NOTHING_KNOWN, Silence
from taskcheck.model.report import Report
from taskcheck.model.sources import Source, Sources
from taskcheck.model.state import State
from taskcheck.model.unseen import Unseen
from taskcheck.plugins.manager import BUILTIN
from taskcheck.read.answers import changed
from taskcheck.read.baseline import read_baseline
from taskcheck.read.locate import fix_folder, own_folder
from taskcheck.read.runner import GitError
from taskcheck.report.build import build, concluded
from taskcheck.report.narrow import NobodyNamed, UnknownSubject
from taskcheck.store import Request, Store, UsageError, Where, open_store
from taskcheck.write import COMMITTED, PENDING

if TYPE_CHECKING:
    from taskcheck.read.learned import Remembering
    from taskcheck.report.choice import Choice

NOTHING = "neither task files nor runtime ledgers found"

CONFIRMATIONS = 2
"""How often a state that changed under an error is read again before the error is believed."""


@frozen(kw_only=True)
class Look:
    """What was read of a store, and what the rules say of it."""

    sources: Sources
    state: State
    runs: tuple[RuleRun, ...]
    """Before the baseline and the gate."""
    report: Report


def check(
    root: str | PathLike[str] = ".",
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    only: Sequence[str] = (),
    now: datetime | None = None,
) -> Report:
    """Check the store of a folder, as `taskcheck` does; nothing is written.

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
    request = Request(select=tuple(select), ignore=tuple(ignore), only=tuple(only), now=now)
    return check_request(Where(root=Path(root)), request)


def check_request(where: Where, request: Request) -> Report:
    """Open a store and check it; see `check`."""
    return check_store(open_store(where), request)


def check_store(store: Store, request: Request) -> Report:
    """Check an opened store; see `check`."""
    return check_settled(store, request).report


def check_settled(store: Store, request: Request) -> Look:
    """Look until the state holds still: an error is believed when its sources haven't changed since.

    The report tells where a fix was interrupted.

    Raises:
        UsageError: as `check`.
    """
    seen = look(store, request)
    for _ in range(CONFIRMATIONS):
        has_errors = any(finding.level is Severity.ERROR for run in seen.runs for finding in run.counted)
        if not has_errors or not changed(seen.sources, store.location):
            break
        request = replace(request, now=seen.state.now)
        seen = look(store, request)
    return replace(seen, report=_with_unfinished(seen.report, store, request))


def look(store: Store, request: Request) -> Look:
    """Read a store once, and ask the rules.

    Raises:
        UsageError: as `check`.
    """
    remembering = _remembering(store, request)
    if remembering is not None:
        seen = _look(store, request, remembering)
        if not remembering.recall.is_void:
            return seen
    return _look(store, request, None)


def _remembering(store: Store, request: Request) -> "Remembering | None":
    """Return what is remembered of a store; None where nothing is to be, or there is no place for it.

    Nor is it where a commit is compared: that takes the bytes of all task files.
    """
    if not request.remember or request.gate == "commit":
        return None
    from taskcheck.read.learned import Remembering

    return Remembering.of(store.location, store.settings, import_module(BUILTIN).__path__)


def _look(store: Store, request: Request, remembering: "Remembering | None") -> Look:
    """Read a store, but for what is remembered of it, and ask the rules; what built-in rules said is remembered."""
    rules = chosen(store, request)
    if remembering is None:
        sources, state = store.read(request)
        return ask(store, request, sources, state, rules)
    ours = [rule for rule in rules if rule.check.__module__.partition(".")[0] == BUILTIN and not rule.local]
    sources, state = store.read(request, remembering.recall)
    seen = ask(store, request, sources, state, rules, known(ours, remembering.silence(sources)))
    asked_all = not (request.select or request.extend_select or request.ignore)
    is_whole = not state.tasks.off_disk  # what isn't on disk has no stamp by which a change would show
    if asked_all and is_whole and not remembering.recall.is_void:
        remembering.keep(sources, state, heard(ours, seen.runs))
    return seen


def ask(
    store: Store,
    request: Request,
    sources: Sources,
    state: State,
    rules: Iterable[Rule] | None = None,
    silence: Silence = NOTHING_KNOWN,
) -> Look:
    """Ask the rules about a state, read or as it would be, and report what they say.

    Args:
        store: the opened store.
        request: what is asked.
        sources: what the state rests on.
        state: the state.
        rules: the rules to ask; None for those that the request is about.
        silence: which of them are known to have nothing to say.

    Raises:
        UsageError: as `check`.
    """
    asked = chosen(store, request) if rules is None else rules
    runs = run_rules(asked, state, known=store.rules, silence=silence)
    return Look(sources=sources, state=state, runs=runs, report=reported(store, request, sources, state, runs))


def reported(store: Store, request: Request, sources: Sources, state: State, runs: tuple[RuleRun, ...]) -> Report:
    """Return the report of some runs: gated, without what the baseline accepts, narrowed to what was asked for.

    Raises:
        UsageError: the request names a task or path that isn't there, or the baseline can't be read.
    """
    accepted = baseline(store, request)
    if request.update_baseline:
        accepted = Baseline.of(runs, accepted)
    runs, gone = accepted.apply(runs)
    if request.gate == "commit":
        from taskcheck.engine.gate import gated

        runs = gated(runs, state, store.rules, accepted, store.location.current)
        if any(request.verdict.weighs(finding) for run in runs for finding in run.counted):
            runs = _brought(runs, store, sources, state)
    reading = (RunError(where="reading", message=error) for error in sources.errors)
    try:
        built = build(
            state,
            runs,
            store.rules,
            (*store.plugins.errors, *reading),
            request.verdict,
            request.only,
            signals_alone=not request.select,
            gone=request.gone,
            owner=request.owner,
            choice=_choice(request),
            beside=_other_stores(store),
        )
    except UnknownSubject as error:
        raise UsageError(f"no task or file is named {error.name!r}{_meant(error, store)}") from error
    except NobodyNamed as error:
        meant = did_you_mean(error.name, error.known)
        raise UsageError(f"no person and no role is named {error.name!r}{meant}") from error
    if request.maxfail:
        from taskcheck.report.cut import stopped

        built = stopped(built, request.maxfail)
    if request.timelines:
        from taskcheck.assemble.tasks import one_file_each
        from taskcheck.report.timeline import with_timelines

        git = one_file_each(sources, store.settings).git
        built = with_timelines(built, state, git)
    return replace(built, baseline_gone=gone, prefix=store.location.prefix, gated=request.gate == "commit")


def _other_stores(store: Store) -> Iterable[Unseen]:
    """Return the stores of other formats in the same folder, unless the caller names the one that is meant."""
    known = store.plugins.all_presets()
    marked = [preset for preset in known.values() if preset.found_in(store.location.root)]
    if store.where.preset is not None or all(preset.name == store.settings.preset for preset in marked):
        return ()
    from taskcheck.read.neighbours import neighbours

    return neighbours(store.location, store.settings, known)


def _choice(request: Request) -> "Choice | None":
    """Return which findings a request is about; None for all.

    Raises:
        UsageError: its expression can't be read.
    """
    if not (request.nodes or request.keyword):
        return None
    from taskcheck.report.choice import Choice
    from taskcheck.report.matching import Malformed, matching

    try:
        matching(request.keyword or "all")
    except Malformed as error:
        raise UsageError(f"-k {request.keyword!r} can't be read: {error}") from error
    return Choice(nodes=request.nodes, keyword=request.keyword)


def _brought(runs: tuple[RuleRun, ...], store: Store, sources: Sources, state: State) -> tuple[RuleRun, ...]:
    """Return the runs with everything advisory that the commit under way doesn't bring."""
    from taskcheck.assemble.tasks import TaskReader
    from taskcheck.engine.gate import Versions, brought
    from taskcheck.read.committed import Files, current_checkout, files_in, read_commit

    checkout = current_checkout(store.location, sources)
    name = checkout.name if checkout is not None else "root"
    folder, head = files_in(sources, checkout)
    try:
        commit = read_commit(store.location, store.settings, folder, head)
    except GitError:
        return runs
    if commit is None:
        return runs
    reader = TaskReader(store.settings).spelling_as(state.tasks)

    def versions(files: Files) -> Versions:
        return {
            path: () if data is None else reader.read_all(Source(path=path, data=data), name)
            for path, data in files.items()
            if not reader.archived(path)
        }

    parents = map(versions, commit.parents)
    return brought(runs, state, store.rules, store.location.current, versions(commit.staged), parents)


def chosen(store: Store, request: Request) -> list[Rule]:
    """Return the rules that a request is about.

    Raises:
        UsageError: it names one that isn't there, or selects and ignores one.
    """
    settings = store.settings
    both = sorted({*request.select, *request.extend_select} & {*request.ignore})
    if both:
        raise UsageError(f"{both[0]!r} is both selected and ignored; remove one of the two")
    configured = () if request.select else settings.ignore
    ignored = (*(name for name in configured if name not in request.extend_select), *request.ignore)
    selected = (*(request.select or settings.select), *request.extend_select)
    try:
        for name in (*settings.severity, *(name for names in settings.signals.values() for name in names)):
            choose(store.rules, (name,), ())
        require_rules(store.rules, (suppression.rule for suppression in settings.suppress))
        return choose(store.rules, selected, ignored)
    except UnknownRule as error:
        meant = did_you_mean(error.name, error.known)
        raise UsageError(f"no rule or family is named {error.name!r}{meant}") from error


def baseline(store: Store, request: Request) -> Baseline:
    """Return the findings that are accepted as they stand.

    Raises:
        UsageError: the file that names them can't be read.
    """
    try:
        return read_baseline(
            request.baseline, store.location, store.settings, store.where.config_from, new=request.update_baseline
        )
    except BaselineError as error:
        raise UsageError(str(error)) from error


def _with_unfinished(built: Report, store: Store, request: Request) -> Report:
    """Return the report, with an error where a fix was interrupted: some files may be as it wanted, others not."""
    folder = fix_folder(store.location)
    if not any(os.path.lexists(folder / name) for name in (PENDING, COMMITTED)):
        return built
    from taskcheck.write.disk import Obstacle
    from taskcheck.write.folder import OwnFolder
    from taskcheck.write.journal import Journals

    try:
        name = Journals(store.location.root, OwnFolder(*own_folder(store.location))).unfinished()
    except (Obstacle, OSError) as error:
        message = f"the records of fixes in {folder} can't be opened: {error}"
        return concluded(built, request.verdict, errors=(RunError(where="fix", message=message),))
    if name is None:
        return built
    message = f"a fix was interrupted ({folder / name}): run `taskcheck undo` or `taskcheck --fix` first"
    return concluded(built, request.verdict, errors=(RunError(where="fix", message=message),))


def _meant(error: UnknownSubject, store: Store) -> str:
    """Return what was perhaps meant by a name of no task: another one, or another rule of a task that is there."""
    task = error.name.rpartition("::")[0]
    if task not in error.known:
        return did_you_mean(error.name, error.known)
    return did_you_mean(error.name, [f"{task}::{rule}" for rule in store.rules], 1)
