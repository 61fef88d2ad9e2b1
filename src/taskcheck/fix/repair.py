"""Repairs a store: finish what was interrupted, check, plan, write all or nothing, and check again."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from taskcheck.assemble.parse import parse
from taskcheck.assemble.state import assemble
from taskcheck.checks import ask, check_store, chosen, reported
from taskcheck.documents.frozen import frozen, replace
from taskcheck.fix.closing import closing_notes, task_files
from taskcheck.fix.overlay import contents, overlaid
from taskcheck.fix.plan import Judged, on_top_of, plan
from taskcheck.fix.transaction import (
    TROUBLE,
    GivenUp,
    Planned,
    carry_out,
    in_words,
    journals_of,
    manager_locks,
    open_journals,
)
from taskcheck.model.cases import RunError
from taskcheck.model.finding import Finding, Safety
from taskcheck.model.plan import Plan
from taskcheck.model.report import Report
from taskcheck.model.sources import Sources
from taskcheck.model.state import State
from taskcheck.read.index import read_staging
from taskcheck.read.locate import fix_folder
from taskcheck.report.build import concluded
from taskcheck.store import Request, Store, UsageError
from taskcheck.write.commit import Aborted, undo
from taskcheck.write.disk import obstacle
from taskcheck.write.journal import Journal, JournalError


@frozen(kw_only=True)
class Order:
    """How far a repair may go."""

    safety: Safety = Safety.SAFE
    write: bool = True
    """False only says what would be written."""
    to_end_a_run: bool = False
    """Whether a run has ended, and root is to say so even where the worker's branch won't merge with that."""
    in_hook: bool = False
    """Whether a git hook waits: runtime files and partially staged ones are left alone then."""


def fix(store: Store, request: Request, order: Order) -> tuple[Report, Plan]:
    """Repair what can be repaired; return the report of what is left, and what was written or would be.

    Where it had to be given up (somebody holds a lock, the disk is full), the report is incomplete and says why.

    Raises:
        UsageError: as `check`; or the platform is one on which nothing is written.
    """
    if not order.write:
        shown = planned(store, request, order)
        return _concluded(shown.report, request, shown, store=store), shown.plan
    done: Planned | None = None
    if not fix_folder(store.location).exists():
        done = planned(store, request, order)
        if not done.plan.changes:
            return _concluded(done.report, request, done, store=store), done.plan
    journal = recovered = trouble = None
    try:
        with open_journals(store) as (journals, recovered):
            done, journal = carry_out(store, journals, lambda: planned(store, request, order), done)
    except GivenUp as given_up:
        done, trouble = given_up.seen, str(given_up)
    except TROUBLE as error:
        trouble = in_words(error, store)
    done = done or planned(store, request, order)
    report = done.report
    if journal is not None:
        report = check_store(store, replace(request, now=done.state.now, gone=True))
    name = journal.id if journal else None
    left = _concluded(report, request, done, store=store, written=name, recovered=recovered, trouble=trouble)
    return left, done.plan


def take_back(store: Store, name: str | None = None) -> tuple[Journal | None, str | None]:
    """Undo a fix, the last one where none is named; return what was undone, and what was recovered first.

    Raises:
        UsageError: it can't be undone; nothing was changed.
    """
    try:
        with open_journals(store) as (journals, recovered):
            records = journals.records()
            if name is not None and name not in records:
                raise UsageError(f"there is no fix {name} to undo{_undoable(records)}")
            if not records:
                return None, recovered
            files = journals.load(f"undo/{name or records[0]}.json").files
            with manager_locks(store, (file.path for file in files)):
                return undo(journals, name or records[0]), recovered
    except TROUBLE as error:
        raise UsageError(in_words(error, store)) from error
    except Aborted as error:
        raise UsageError(f"the fix can't be undone: {error}; nothing was changed") from error


def fixes(store: Store) -> list[Journal]:
    """Return the fixes that can be undone, the latest first.

    Raises:
        UsageError: a record can't be read.
    """
    journals = journals_of(store)
    try:
        return [journals.load(f"undo/{name}.json") for name in journals.records()]
    except JournalError as error:
        raise UsageError(in_words(error, store)) from error


Given = Callable[[Sources, State], Mapping[str, bytes | None]]
"""Files that are written whatever the rules say, by what was read; None for one that is removed."""


def planned(store: Store, request: Request, order: Order, given: Given = lambda *_: {}) -> Planned:
    """Read, judge, plan; return what repairs the findings, on top of what is given.

    Raises:
        UsageError: as `check`.
    """
    asked = chosen(store, request)
    everything = replace(request, only=(), select=(), extend_select=(), ignore=())
    usual = list({rule.name: rule for rule in (*asked, *chosen(store, everything))}.values())
    sources, read = store.read(request)
    mtime_ns = int(read.now.timestamp() * 1e9)
    laid = given(sources, read)
    start = overlaid(sources, laid, store.settings, mtime_ns) if laid else sources

    def judged(of: Sources, state: State, *, gone: bool) -> Judged:
        seen = ask(store, replace(request, gone=gone), of, state, asked)
        if len(usual) > len(asked):  # what isn't asked for can be broken too
            whole = ask(store, everything, of, state, usual).report
        elif request.only:
            whole = reported(store, everything, of, state, seen.runs)
        else:
            whole = seen.report
        return Judged(state, whole, seen.report)

    def judged_anew(of: Sources) -> Judged:
        state = assemble(parse(of, store.settings), of, store.settings, read.now)
        return judged(of, replace(state, trusted=read.trusted), gone=True)

    request.progress("planning")
    first = judged_anew(start) if laid else judged(sources, read, gone=False)
    made = plan(
        start,
        store.settings,
        first,
        judge=judged_anew,
        refuse=_refusal(store, sources, order),
        safety=order.safety,
        mtime_ns=mtime_ns,
        to_end_a_run=order.to_end_a_run,
    )
    if laid:
        made = on_top_of(laid, contents(sources), made)
    vetoes = store.plugins.guard(made, read) if made.changes else []
    if vetoes:
        made = Plan(errors=tuple(RunError(where=f"plugin {name}", message=f"refuses: {why}") for name, why in vetoes))
    return Planned(sources, read, first.part, made)


def _refusal(store: Store, sources: Sources, order: Order) -> Callable[[Finding], str | None]:
    """Return what tells why the fix of a finding may not be made here; None where it may.

    Its file can't be written, or git or a hook has it in hand.
    """
    tasks = task_files(sources)
    staging = cache(lambda: read_staging(store.location, tasks))

    @cache
    def why_not(path: str) -> str | None:
        if path not in tasks:
            if order.in_hook:
                return f"{path}: runtime files aren't written inside a git hook"
        elif path in staging().unmerged:
            return f"{path}: it has an unmerged conflict in git's index"
        elif order.in_hook and path in staging().partial:
            return f"{path}: it is partially staged, and a git hook is running"
        return obstacle(store.location.root, path)

    def refuse(finding: Finding) -> str | None:
        files = finding.fix.files if finding.fix else ()
        return next(filter(None, map(why_not, files)), None)

    return refuse


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
    """Return the report with what became of the fixes."""
    errors = list(planned.plan.errors)
    fixes = planned.plan.notes
    if not written:
        fixes = tuple(replace(note, applied=False) for note in fixes)
    if trouble:
        errors.append(RunError(where="fix", message=trouble))
        fixes = tuple(replace(note, reason=note.reason or trouble) for note in fixes)
    notes = [recovered] if recovered else []
    if written:
        notes += closing_notes(planned, store)
        notes += _unlocked(planned, store)
    return concluded(report, request.verdict, errors=errors, fixes=fixes, notes=tuple(notes), undo=written)


def _unlocked(planned: Planned, store: Store) -> Iterator[str]:
    """Yield whom nothing keeps out of the runtime files that were written."""
    tasks = task_files(planned.sources)
    wrote_runtime_files = any(change.path not in tasks for change in planned.plan.changes)
    if wrote_runtime_files and not store.settings.locks:
        yield "no lock configured ([locks]): a manager can write its register at the same moment"


def _undoable(records: list[str]) -> str:
    """Return which fixes can be undone, to follow that one can't."""
    return f"; available: {', '.join(records[:5])}" if records else "; there are none"
