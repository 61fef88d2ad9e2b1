"""The newest run of every task, judged: whether its worker lives, when the task moved, whether root knows the end."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from taskcheck.assemble.lastword import LastWord
from taskcheck.assemble.liveness import Liveness
from taskcheck.assemble.runs import NO_RUN, Run
from taskcheck.assemble.signs import front_times, newest_sign, run_times
from taskcheck.assemble.standing import Standing
from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.people import People
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import age
from taskcheck.model.runtime import Dispatch, DispatchState, Life, Signal
from taskcheck.model.sources import Change, Fork
from taskcheck.model.task import Checkout, Copy, Task


@frozen(kw_only=True, slots=False)
class DispatchReader:
    """Judges runs against one moment."""

    settings: Settings
    now: datetime
    people: People
    liveness: Liveness
    signals: tuple[Signal, ...]
    changes: tuple[Change, ...]
    standing: Standing
    archived: Mapping[str, Task]
    """Tasks that root has put away, by id."""
    reader: TaskReader

    def newest(
        self,
        runs: Mapping[str, Run],
        tasks: Mapping[str, Task],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, Dispatch]:
        """Return the newest run of every task that a ledger knows, by task.

        Args:
            runs: of every task that has one, the newest.
            tasks: root's tasks.
            checkouts: each task's own worktree or branch.
            copies: each task's differing file there.
        """
        dispatches = {}
        last_word = LastWord(liveness=self.liveness, people=self.people, tasks=tasks, runs=runs)
        for task, run in runs.items():
            root = tasks.get(task)
            own = checkouts.get(task)
            moved = self._moved(run, root, copies.get(task), own)
            dispatch = self._judge(task, run, moved, root)
            at_work = "" if dispatch.state is DispatchState.RUNNING else self.liveness.at_work(run, moved, own)
            dispatches[task] = self._beside_root(replace(dispatch, at_work=at_work), run, root, last_word)
        return dispatches

    def moves(
        self,
        tasks: Iterable[Task],
        dispatches: Mapping[str, Dispatch],
        checkouts: Mapping[str, Checkout],
        copies: Mapping[str, Copy],
    ) -> dict[str, datetime]:
        """Return the newest sign of work on every active task, also on one that no ledger knows.

        None of one whose status was set since root's last commit, and of which nothing newer is known: nobody knows
        when that was.
        """
        moves = {}
        idle = self.settings.limits.in_progress_max_idle
        for task in tasks:
            if task.stage is not Stage.ACTIVE:
                continue
            if task.id in dispatches:
                moved = dispatches[task.id].moved
            else:
                moved = self._moved(NO_RUN, task, copies.get(task.id), checkouts.get(task.id))
            if moved is None:
                continue
            is_recent = self.now - moved <= idle
            if is_recent or not self.standing.is_unsaved(task):
                moves[task.id] = moved
        return moves

    def _judge(self, task: str, run: Run, moved: datetime | None, root: Task | None) -> Dispatch:
        """Return a run as it stands now, with when the task moved last."""
        state, why = self._state(task, run, moved)
        outcome = run.tombstone.outcome if run.tombstone else None
        moved_on = root is not None and self._moved_on(run, root)
        return Dispatch(
            task=task,
            state=state,
            why=why,
            began=run.began,
            moved=moved,
            exit_code=run.exit_code,
            outcome=outcome,
            moved_on=moved_on,
            settled=moved_on or self._settled(run, outcome, root),
            entries=run.entries,
            tombstone=run.tombstone,
            beside=run.beside,
            log=run.log,
            owner=self._owner(run),
            place=run.place,
            readable=run.readable,
            status_given_at=self._given_at(root),
        )

    def _beside_root(self, dispatch: Dispatch, run: Run, root: Task | None, last_word: LastWord) -> Dispatch:
        """Return a run with what root and other ledgers say against its end."""
        if root is None:
            return dispatch
        return replace(
            dispatch,
            later=last_word.doubt(run, root, self._earlier(run, root)),
            doubt=self._doubt(run, root),
            renamed_from=self._renamed_from(run, root),
        )

    def _doubt(self, run: Run, root: Task) -> str:
        """Return why the status of a task in root may be newer than the end of its run; empty if nothing says so.

        Nobody commits that work begins, but that it is to be done again is said after a run.
        """
        if not any((*run_times(run), run.last_sign)):
            return "no ledger records when the run ended, so root's status may have been set later"
        if root.stage is not Stage.ACTIVE and self.standing.was_set_since_commit(root):
            return f"status {root.status} in root isn't committed, so it may have been set after the run ended"
        if root.stage is not Stage.ACTIVE and self._was_set_during(run, root):
            return f"somebody set the status to {root.status} in root while the run went on"
        if root.stage is not Stage.ACTIVE and self._was_added_since(run, root):
            return "its file was first committed after the run"
        return ""

    def _was_added_since(self, run: Run, root: Task) -> bool:
        """Return whether a commit after the end of a run added the task's file."""
        since = self._since(run.ended_at, root.place.path)
        return any(change.before is None for change in since)

    def _was_set_during(self, run: Run, root: Task) -> bool:
        """Return whether a commit gave a task its status in root after its run had begun, by clocks that may differ."""
        surely_begun = run.began + self.settings.limits.clock_skew if run.began is not None else None
        changed = self._changed_status(root, surely_begun)
        return any(after.status == root.status for after in changed)

    def _owner(self, run: Run) -> str | None:
        """Return the key of the person who dispatched: by a tombstone, else by the first entry's register."""
        owners = (tombstone.owner for tombstone in run.tombstones)
        owner = next(filter(None, owners), None)
        if owner:
            return self.people.person(owner) or owner
        return run.entries[0].manager if run.entries else None

    def _state(self, task: str, run: Run, moved: datetime | None) -> tuple[DispatchState, str]:
        """Return how a run stands, and the evidence in words.

        A live process is believed before a recorded end, that before a dead process, and that before silence.
        """
        evidence: dict[Life, str] = {}
        for record in run.records:
            life, why = self.liveness.life(record)
            evidence.setdefault(life, why)
        if Life.LIVES in evidence:
            return DispatchState.RUNNING, evidence[Life.LIVES]
        if run.ended:
            return DispatchState.ENDED, "its end is recorded"
        gone = evidence.get(Life.DEAD) or self._silence(task, run, moved)
        if gone:
            return DispatchState.GONE, f"{gone}, and no end is recorded"
        return DispatchState.UNKNOWN, "no ledger shows whether its worker is alive"

    def _silence(self, task: str, run: Run, moved: datetime | None) -> str | None:
        """Return why a worker of whose process nothing is known must be gone; None where it may be at work."""
        if moved and self.now - moved > self.settings.limits.in_progress_max_idle:
            return f"nothing has moved for {age(self.now - moved)}"
        for signal in self.signals:
            says_gone = signal.task == task and signal.kind == "dispatch_worker_gone"
            if says_gone and _given_since(signal, run.began):
                return "its manager signalled dispatch_worker_gone"
        return None

    def _moved(self, run: Run, root: Task | None, copy: Copy | None, checkout: Checkout | None) -> datetime | None:
        """Return the newest sign of work, file times left out.

        Front matter, the commit that gave it its status in root, entry, tombstone, commits of its branch, log count.

        What lies in the future, by more than the clocks may differ, is none.
        """
        times = [*run_times(run)]
        if root is not None:
            times += front_times(root)
        if copy is not None:
            times += front_times(copy.task)
        if checkout is not None and isinstance(checkout.fork, Fork):
            times.append(checkout.fork.newest_commit_at)
        now = self.now + self.settings.limits.clock_skew
        recorded = newest_sign(times, now)
        if recorded is None and run.records:
            return None  # all that its records tell lies ahead: clocks are wrong, and it may be at work
        return newest_sign((recorded, self._given_at(root)), now)

    def _given_at(self, root: Task | None) -> datetime | None:
        """Return when root's history gave a task its present status; None where it wasn't asked, or doesn't tell."""
        given = self.standing.given(root) if root is not None else None
        return given.at if given is not None else None

    def _settled(self, run: Run, outcome: str | None, root: Task | None) -> bool:
        """Return whether the outcome allows root's status, now or as the runner left it."""
        if root is None or self.settings.settles(outcome, root.status):
            return True
        return run.tombstone is not None and self.settings.settles(outcome, run.tombstone.status_after)

    def _moved_on(self, run: Run, root: Task) -> bool:
        """Return whether a commit on root changed the task's status after the run's end.

        After the last sign of a run without an end it counts too, but for the status of work that is begun: that may
        be the run's own.
        """
        changed = self._changed_status(root, run.last_sign)
        return any(run.ended or after.stage is not Stage.ACTIVE for after in changed)

    def _changed_status(self, root: Task, moment: datetime | None) -> Iterator[Task]:
        """Yield the task as each commit left it that changed its status in root after a moment.

        One that adds the file again after it was removed counts too, and so does one that nobody has committed yet:
        that isn't the task that was run.
        """
        path = root.place.path
        since = self._since(moment, path)
        if since and since[0].after is None:
            yield root
        was_removed = any(change.after is None for change in since)
        for change in since:
            after = self._version(change.after, path)
            if after is None:
                continue
            before = self._version(change.before, path)
            is_other = was_removed if before is None else before.status != after.status
            if is_other:
                yield after

    def _since(self, moment: datetime | None, path: str) -> list[Change]:
        """Return what commits did to a file after a moment, the newest first."""
        if moment is None:
            return []
        return [change for change in self._changes_by_path.get(path, ()) if change.at > moment]

    @cached_property
    def _changes_by_path(self) -> Mapping[str, list[Change]]:
        """What commits did to each file, the newest first: every run asks for its own, several times."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.path, []).append(change)
        return found

    def _renamed_from(self, run: Run, root: Task) -> str | None:
        """Return the title that the task's file had at the last sign of a run, where it has another one by now.

        Where nothing tells that the file was there already, it is that of an archived task of the same id.
        """
        earlier = self._earlier(run, root) or self.archived.get(root.id)
        if earlier is None or earlier.title_words == root.title_words:
            return None
        return earlier.text("title")

    def _earlier(self, run: Run, root: Task) -> Task | None:
        """Return a task as its file was at the last sign of a run; None where no commit changed that since."""
        since = self._since(run.last_sign, root.place.path)
        return self._version(since[-1].before, root.place.path) if since else None

    def _version(self, data: bytes | None, path: str) -> Task | None:
        """Return the task that root had in these bytes; None where there was no file or no task."""
        return self.reader.version(data, path, "root") if data is not None else None


def _given_since(signal: Signal, began: datetime | None) -> bool:
    """Return whether a signal is newer than the beginning of a run, as far as that is known."""
    if signal.at is None:
        return False
    return began is None or signal.at > began
