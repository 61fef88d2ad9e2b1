"""The end of a run: its tombstone, root's task file and the registers say so together, or none of them does."""

import json
from collections.abc import Callable, Mapping

from taskcheck.config.pattern import Pattern, file_name
from taskcheck.config.settings import Settings, Stage
from taskcheck.dispatch.records import Scalar, tombstone, unregistered
from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import iso
from taskcheck.fix.closing import closing_notes
from taskcheck.fix.overlay import contents
from taskcheck.fix.plan import on_top_of
from taskcheck.fix.repair import Order, planned
from taskcheck.fix.transaction import (
    TROUBLE,
    GivenUp,
    Planned,
    carry_out,
    in_words,
    open_journals,
)
from taskcheck.model.plan import Change, Plan
from taskcheck.model.sources import Sources
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.read.runner import GitError
from taskcheck.store import Request, Store, UsageError

PATIENCE = 60.0
"""Seconds to wait for others who write; many runs may begin or end at once."""

Ending = Callable[[State, Mapping[str, Scalar]], Mapping[str, Scalar]]
"""How a run ended, by the state as it is now and the tombstone so far: what the tombstone is to say of it."""


class EndUnknown(Exception):
    """How the run ended can't be told; the message says why."""


@frozen
class Settled:
    """What became of the end of a run."""

    record: Mapping[str, Scalar]
    """What the tombstone says."""
    trouble: str | None
    """Why root, or a register, doesn't say so."""
    notes: tuple[str, ...] = ()
    """What a person has to know of what was written: what to commit, for example."""


def tombstone_path(store: Store, task: str) -> str:
    """Return where the tombstone of a task is, relative to the root checkout.

    Raises:
        UsageError: none that is written there would be read again.
    """
    pattern = Pattern(store.settings.paths.tombstones)
    name = file_name(task)
    path = pattern.fill(task=name)
    found = pattern.match(path)
    if found is None or found.groupdict().get("task") != name:
        raise UsageError(
            f"[paths] tombstones = {pattern.text!r} has no file for {task}: {{task}} is a name without folders"
        )
    return path


def settle(store: Store, task: str, owner: str | None, ending: Ending, *, earlier: tuple[Change, ...] = ()) -> Settled:
    """Record the end of a run, reconcile root with it, and clear the register entries of its owner.

    It is one transaction, with the plan that ``--fix`` would make on top of the tombstone, tried twice. Where it fails,
    the tombstone is written nevertheless, and the next check says what root lacks.

    Args:
        store: the opened store.
        task: the task's id.
        owner: whose entries are cleared; None for everybody's.
        ending: how it ended.
        earlier: what was written at its beginning.

    Raises:
        EndUnknown: of ``ending``.
        GivenUp: nothing could be written.
    """
    work = _Settling(store, task, owner, ending)
    trouble = ""
    for work.alone in (False, False, True):
        try:
            with open_journals(store, PATIENCE) as (journals, _):
                done, _ = carry_out(store, journals, work.look, kept=False)
        except GivenUp as error:
            trouble = trouble or str(error)
        except TROUBLE as error:
            trouble = trouble or in_words(error, store)
        else:
            return Settled(work.record, trouble or work.trouble, (*work.notes, *_notes(done, store, earlier, work)))
    raise GivenUp(trouble, None)


class _Settling:
    """One end of a run, being written."""

    def __init__(self, store: Store, task: str, owner: str | None, ending: Ending) -> None:
        self.store, self.task, self.owner, self.ending = store, task, owner, ending
        self.path = tombstone_path(store, task)
        self.alone = False
        """Whether the tombstone is all that is written."""
        self.record: Mapping[str, Scalar] = {}
        self.trouble: str | None = None
        self.notes: tuple[str, ...] = ()
        """What is left to a person, though nothing failed."""

    def look(self) -> Planned:
        """Return what is to be written, by the state as it is now."""
        self.trouble = None
        self.notes = ()
        laid: dict[str, bytes | None] = {}

        def given(sources: Sources, state: State) -> Mapping[str, bytes | None]:
            laid.update(self._given(sources, state))
            return laid

        settling = tuple(rule.name for rule in self.store.rules.values() if rule.settles_dispatch)
        request = Request(only=(self.task,), select=settling, gone=True)
        found = planned(self.store, request, Order(to_end_a_run=True), given)
        made = found.plan
        self.trouble = _trouble(made) or self.trouble
        if self.alone:
            made = on_top_of({self.path: laid[self.path]}, contents(found.sources), Plan())
        elif made.errors:
            made = on_top_of(laid, contents(found.sources), Plan())
        return replace(found, plan=self._with_status(made, found.state))

    def _given(self, sources: Sources, state: State) -> dict[str, bytes | None]:
        """Return the tombstone, and the registers without the task's entries."""
        held = contents(sources)
        so_far = self._so_far(held.get(self.path))
        self.record = {
            **so_far,
            "task": self.task,
            **self._ended(state, so_far),
            "state": "ended",
            "ended_at": iso(state.now),
        }
        files: dict[str, bytes | None] = {}
        for path in self._registers(state, held):
            try:
                files[path] = unregistered(held[path], self.task, state.now)
            except (Refused, DocumentError) as error:
                self.trouble = error.in_file(path)
        # In this order, each step of it is a state that the next check understands.
        return {**files, self.path: tombstone(None, **self.record)}

    def _ended(self, state: State, so_far: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """Return how the run ended; with why root keeps its status, where the store has none that says so."""
        ending = self.ending(state, so_far)
        settings, outcome = state.settings, str(ending.get("outcome"))
        if ending.get("reason") or outcome not in settings.outcomes or settings.outcome_status(outcome):
            return ending
        asked, listed = settings.outcomes[outcome][0], settings.vocabulary.file
        return {**ending, "reason": f"the status stays the same, because {listed} has no {asked}"}

    def _so_far(self, data: bytes | None) -> dict[str, Scalar]:
        """Return what the tombstone said until now."""
        try:
            values = json.loads(data or b"{}")
        except ValueError:  # what it said is lost anyway
            return {}
        return values if isinstance(values, dict) else {}

    def _registers(self, state: State, held: Mapping[str, bytes]) -> list[str]:
        """Return the registers with entries to be cleared; also the owner's own, which may be unreadable."""
        paths = set()
        if self.owner:
            paths.add(state.settings.paths.register(self.owner))
        for entry in state.entries_of(self.task):
            if self.owner in {None, entry.manager}:
                paths.update(place.path for place in entry.places)
        return sorted(paths & held.keys())

    def _with_status(self, plan: Plan, state: State) -> Plan:
        """Return the plan, whose tombstone says which status it leaves in root."""
        task = state.tasks.get(self.task)
        if task is None:
            return plan
        status = self._status_after(plan, task)
        self.record = {**self.record, "status_after": status}
        self.trouble = self.trouble or self._unreconciled(task, status, state)
        data = tombstone(None, **self.record)
        changes = (replace(change, after=data) if change.path == self.path else change for change in plan.changes)
        return replace(plan, changes=tuple(changes))

    def _status_after(self, plan: Plan, task: Task) -> str | None:
        """Return the status that a plan leaves in root."""
        after = next((change.after for change in plan.changes if change.path == file_of(task.place.path)), None)
        document = self.store.settings.shape.of(task.place.path).read(after) if after else task.document
        status = document.values.get(task.keys["status"]) if document else None
        return status if isinstance(status, str) else None

    def _unreconciled(self, task: Task, status: str | None, state: State) -> str | None:
        """Return why root doesn't say how the run ended, though no fix of it failed.

        None where it does, or was moved on.
        """
        settings, outcome = state.settings, str(self.record.get("outcome"))
        stage = settings.stage(status)
        if settings.settles(outcome, status) or (stage is not None and stage.closed):
            return None
        dispatch = state.dispatch_of(self.task)
        if dispatch is not None and dispatch.settled:
            return None
        if task.document is None:
            return f"{task.place.path} can't be read{f': {task.trouble.message}' if task.trouble else ''}"
        if outcome not in settings.outcomes:
            return f"{task.place.path} is {status}, because [outcomes] doesn't define {outcome}"
        if settings.read_only:
            self.notes = (f"{task.id} is still {status}, {_writer(settings)}",)
            return None
        return f"{task.place.path} is still {status}, which {outcome} doesn't allow"


def _writer(settings: Settings) -> str:
    """Return who alone changes task files that are only read."""
    return f"which only {settings.setter[0]} changes" if settings.setter else "and taskcheck doesn't write its file"


def _notes(done: Planned, store: Store, earlier: tuple[Change, ...], work: _Settling) -> tuple[str, ...]:
    """Return what a person has to know of what was written; nothing where git can't be asked any more."""
    left = left_behind(done.state, work.task, str(work.record.get("status_after")))
    try:
        return (*closing_notes(done, store, earlier), *left)
    except GitError:
        return left


def left_behind(state: State, task: str, status: str | None) -> tuple[str, ...]:
    """Return that code of a task isn't committed though its status says that the work is done; nothing where all is."""
    own = state.checkout_of(task)
    is_done = state.settings.stage(status) in {Stage.REVIEW, Stage.DONE}
    if own is None or not is_done:
        return ()
    return tuple(filter(None, (own.uncommitted_or_new,)))


def _trouble(made: Plan) -> str | None:
    """Return why a plan doesn't do all that it was made for; None where it does."""
    if made.errors:
        return "; ".join(error.message for error in made.errors)
    return next((note.reason for note in made.notes if note.reason), None)
