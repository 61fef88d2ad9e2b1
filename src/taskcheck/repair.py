"""Repairs a store: finish what was interrupted, check, plan, write all or nothing, and check again."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from taskcheck.assemble import assemble, parse
from taskcheck.checking import Request, Store, UsageError, check_store, chosen, reported, run_rules
from taskcheck.documents.values import iso
from taskcheck.finding import Finding, Report, RunError, Safety
from taskcheck.fix.commit import Aborted, Overtaken, commit, recover, undo
from taskcheck.fix.disk import Moved, Obstacle, obstacle, resolved, target
from taskcheck.fix.journal import Journal, JournalError, Journals, Written
from taskcheck.fix.locks import Held, locked
from taskcheck.fix.plan import Judged, Plan, plan
from taskcheck.globs import Pattern
from taskcheck.read import changed, fix_folder, read_staging
from taskcheck.report import concluded
from taskcheck.sources import Sources, Unavailable
from taskcheck.state import State

TRIES = 5
"""How often a plan is made anew because somebody wrote while it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How far a repair may go."""

    safety: Safety = Safety.SAFE
    write: bool = True
    """False only says what would be written."""
    in_hook: bool = False
    """Whether a git hook waits: runtime files and partially staged ones are left alone then."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, and the sources that it rests on."""

    sources: Sources
    state: State
    report: Report
    """What was found before."""
    plan: Plan


def fix(store: Store, request: Request, order: Order) -> tuple[Report, Plan]:
    """Repair what can be repaired; the report of what is left, and what was written or would be.

    Where it had to be given up (somebody holds a lock, the disk is full), the report is incomplete and says why.

    Raises:
        UsageError: as `check`; or the platform is one on which nothing is written.
    """
    if not order.write:
        shown = _planned(store, request, order)
        return _concluded(shown.report, request, shown, store=store), shown.plan
    journals = _journals(store)
    planned: Planned | None = None
    if not journals.folder.exists():
        planned = _planned(store, request, order)
        if not planned.plan.changes:
            return _concluded(planned.report, request, planned, store=store), planned.plan
    recovered = None
    try:
        with journals.opened():
            recovered = _recovered(store, journals)
            done, journal, trouble = _carried_out(store, request, order, journals, planned)
    except (Held, JournalError, Moved, OSError) as error:
        done, journal, trouble = planned or _planned(store, request, order), None, _told(error, store)
    report = done.report
    if journal is not None:
        report = check_store(store, replace(request, now=done.state.now, gone=True))
    name = journal.id if journal else None
    left = _concluded(report, request, done, store=store, written=name, recovered=recovered, trouble=trouble)
    return left, done.plan


def take_back(store: Store, name: str | None = None) -> tuple[Journal | None, str | None]:
    """Undo a fix, the last one where none is named; what was undone, and what was recovered first.

    Raises:
        UsageError: it can't be undone; nothing was changed.
    """
    try:
        journals = _journals(store)
        with journals.opened():
            recovered = _recovered(store, journals)
            records = journals.records()
            if name is not None and name not in records:
                raise UsageError(f"there is no fix {name} to undo{_known(records)}")
            if not records:
                return None, recovered
            with _locked(store, (file.path for file in journals.load(f"undo/{name or records[0]}.json").files)):
                return undo(journals, name or records[0]), recovered
    except (Held, JournalError, Moved, OSError) as error:
        raise UsageError(_told(error, store)) from error
    except Aborted as error:
        raise UsageError(f"it can't be undone: {error}; nothing was changed") from error


def fixes(store: Store) -> list[Journal]:
    """The fixes that can be undone, the latest first.

    Raises:
        UsageError: a record can't be read.
    """
    journals = Journals(store.location.root, fix_folder(store.location))
    try:
        return [journals.load(f"undo/{name}.json") for name in journals.records()]
    except JournalError as error:
        raise UsageError(_told(error, store)) from error


def _journals(store: Store) -> Journals:
    if sys.platform == "win32":
        raise UsageError("on Windows taskcheck checks, but doesn't write: repair on Linux or macOS")
    return Journals(store.location.root, fix_folder(store.location))


def _recovered(store: Store, journals: Journals) -> str | None:
    """See to an interrupted fix, under the locks of the managers whose files it was about."""
    left = journals.decided()
    with _locked(store, (file.path for file in left.files) if left else ()):
        return recover(journals)


def _carried_out(
    store: Store, request: Request, order: Order, journals: Journals, planned: Planned | None
) -> tuple[Planned, Journal | None, str | None]:
    """Plan and write; what was planned, what was written, and why nothing was where there was something to write.

    Where managers lock their registers, the locks are taken before the last look at what the plan rests on.
    """
    held: frozenset[Path] = frozenset()
    trouble = "the files change faster than they can be repaired; nothing was written"
    for _ in range(TRIES):
        with locked(held, store.settings.lock_kind):
            if planned is None or changed(planned.sources, store.location):
                planned = _planned(store, request, order)
            if not planned.plan.changes:
                return planned, None, None
            needed = frozenset(_locks(store, (change.path for change in planned.plan.changes)))
            if needed <= held:
                journal = _journal(journals, planned.plan, planned.state.now)
                try:
                    commit(journals, journal)
                except Overtaken:
                    planned = None
                    continue
                except Aborted as error:
                    return planned, None, f"{error}; nothing was changed"
                return planned, journal, None
            held |= needed
    return planned or _planned(store, request, order), None, trouble


def _journal(journals: Journals, plan: Plan, at: datetime) -> Journal:
    """The journal of a plan, named by its number, which is above that of every record, and its fingerprint.

    Raises:
        Aborted: a file that a new one is to be like can't be looked at.
    """
    name = f"{journals.last + 1}-{plan.fingerprint[:8]}"
    files = []
    for change in plan.changes:
        like = None
        if change.before is None and change.like is not None:
            try:
                with target(journals.root, change.like) as other:
                    like = other.read()
            except (OSError, Obstacle) as error:
                raise Aborted(f"{change.like}: {error}") from error
        wanted = replace(like.meta, mtime_ns=None) if like else None
        files.append(Written(path=change.path, before=change.before, after=change.after, wanted=wanted))
    fixes = tuple(plan.as_dict()["fixes"])
    return Journal(id=name, at=iso(at), files=tuple(files), fixes=fixes)


def _planned(store: Store, request: Request, order: Order) -> Planned:
    """Read, judge, plan."""
    asked = chosen(store, request)
    everything = replace(request, only=(), select=(), extend_select=(), ignore=())
    usual = list({rule.name: rule for rule in (*asked, *chosen(store, everything))}.values())
    sources, _, read = store.read(request)

    def judged(of: Sources, state: State, *, gone: bool) -> Judged:
        runs = run_rules(asked, state, known=store.rules)
        part = reported(store, replace(request, gone=gone), of, state, runs)
        if len(usual) > len(asked):  # what isn't asked for can be broken too
            runs = run_rules(usual, state, known=store.rules)
        elif not request.only:
            return Judged(state, part, part)
        return Judged(state, reported(store, everything, of, state, runs), part)

    def judged_anew(of: Sources) -> Judged:
        state = assemble(parse(of, store.settings), of, store.settings, read.now)
        return judged(of, state, gone=True)

    request.progress("planning")
    first = judged(sources, read, gone=False)
    made = plan(
        sources,
        store.settings,
        first,
        judge=judged_anew,
        refuse=_refusal(store, sources, order),
        safety=order.safety,
        mtime_ns=int(read.now.timestamp() * 1e9),
    )
    vetoes = store.plugins.guard(made, read) if made.changes else []
    if vetoes:
        made = Plan(errors=tuple(RunError(where=f"plugin {name}", message=f"refuses: {why}") for name, why in vetoes))
    return Planned(sources, read, first.part, made)


def _refusal(store: Store, sources: Sources, order: Order) -> Callable[[Finding], str | None]:
    """Why the fix of a finding may not be made here: its file can't be written, or git or a hook has it in hand."""
    tasks = {source.path: source.data for source in sources.tasks if source.data is not None}
    staging = cache(lambda: read_staging(store.location, tasks))

    @cache
    def why_not(path: str) -> str | None:
        if order.in_hook and path not in tasks:
            return f"{path}: runtime files aren't written inside a git hook"
        if path in tasks and path in staging().unmerged:
            return f"{path}: it has an unmerged conflict in git's index"
        if path in tasks and order.in_hook and path in staging().partial:
            return f"{path}: a part of it is staged, and a git hook waits"
        return obstacle(store.location.root, path)

    def refuse(finding: Finding) -> str | None:
        return next(filter(None, map(why_not, finding.fix.files if finding.fix else ())), None)

    return refuse


def _locked(store: Store, paths: Iterable[str]) -> AbstractContextManager[None]:
    """The locks of the managers whose registers and snapshots are written."""
    return locked(_locks(store, paths), store.settings.lock_kind)


def _locks(store: Store, paths: Iterable[str]) -> Iterator[Path]:
    settings = store.settings
    if not settings.locks:
        return
    patterns = [Pattern(text) for text in (settings.paths.registers, settings.paths.snapshots) if text]
    for path in paths:
        for pattern in patterns:
            match = pattern.match(path)
            if match and "owner" in match.groupdict():
                lock = Pattern(settings.locks).fill(owner=match["owner"])
                try:
                    yield resolved(store.location.root, lock)
                except Obstacle as found:
                    raise UsageError(f"[locks]: {lock}: {found}") from found


def _concluded(
    report: Report,
    request: Request,
    planned: Planned,
    *,
    store: Store,
    written: str | None = None,
    recovered: str | None = None,
    trouble: str | None = None,
) -> Report:
    """The report with what became of the fixes."""
    made = planned.plan
    errors = [*made.errors, *([RunError(where="fix", message=trouble)] if trouble else [])]
    fixes = made.notes if written else tuple(replace(note, applied=False) for note in made.notes)
    if trouble:
        fixes = tuple(replace(note, reason=note.reason or trouble) for note in fixes)
    notes = [recovered] if recovered else []
    if written:
        notes += _notes(planned, store)
    return concluded(report, request.verdict, errors=errors, fixes=fixes, notes=tuple(notes), undo=written)


def _notes(planned: Planned, store: Store) -> Iterator[str]:
    """What a person has to know: what to commit, which branches will meet the same lines, whom nothing keeps out."""
    paths = [change.path for change in planned.plan.changes]
    tasks = {source.path: source.data for source in planned.sources.tasks if source.data is not None}
    tracked = sorted(read_staging(store.location, {path: tasks[path] for path in paths if path in tasks}).tracked)
    if tracked:
        yield f"to commit: {', '.join(tracked)}"
    copies = () if isinstance(planned.state.copies, Unavailable) else planned.state.copies
    beside = sorted({copy.checkout.spoken for copy in copies if copy.task.place.path in tracked and copy.changed})
    if beside:
        yield f"these changed the same files, and will meet the change when they are merged: {', '.join(beside)}"
    if not store.settings.locks and any(path not in tasks for path in paths):
        yield "no lock configured ([locks]): a manager that writes its register at the same moment isn't kept out"


def _known(records: list[str]) -> str:
    return f"; there are {', '.join(records[:5])}" if records else "; there is none"


def _told(error: Exception, store: Store) -> str:
    """What keeps a repair from being begun, with the cure."""
    folder = fix_folder(store.location)
    if isinstance(error, Held):
        return f"somebody holds the lock {error}: another repair, or a manager; run again when it is done"
    if isinstance(error, Moved):
        return f"an interrupted fix can't be seen to: {error}"
    if isinstance(error, JournalError):
        return f"the record of a fix in {folder} can't be read: {error}; look at it, and move it away"
    return f"{getattr(error, 'filename', None) or folder}: {getattr(error, 'strerror', None) or error}"
