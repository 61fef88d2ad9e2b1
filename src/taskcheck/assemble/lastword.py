"""What says that the recorded end of a run isn't the last word on its task; pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from posixpath import normpath

from taskcheck.assemble.liveness import Liveness
from taskcheck.assemble.runs import Run
from taskcheck.assemble.signs import front_stamps, newest_sign
from taskcheck.config.people import People
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import age, older
from taskcheck.model.runtime import Entry, Life, Tombstone
from taskcheck.model.task import Task

BEGINNING = frozenset({"started", "restarted", "resumed", "begun", "launched", "claimed", "dispatched"})
"""First words of the names of keys whose date says when work was begun."""


@frozen(kw_only=True, slots=False)
class LastWord:
    """Holds the end of a run against what may have happened since."""

    liveness: Liveness
    people: People
    tasks: Mapping[str, Task]
    """Root's, by id."""
    runs: Mapping[str, Run]
    """The newest of every name that a ledger has, also of those that are no task's."""

    def doubt(self, run: Run, root: Task, earlier: Task | None) -> str:
        """Return why more may have happened to a task than the end of its run; empty where nothing says so.

        Args:
            run: the newest that is known.
            root: the task as it is.
            earlier: as it was at the end; None where it is as it was, or nothing tells.
        """
        return next(self._doubts(run, root, earlier), "")

    def _doubts(self, run: Run, root: Task, earlier: Task | None) -> Iterator[str]:
        """Yield what speaks for a later run, or for another task."""
        if not run.readable:
            yield "a ledger that may tell of a newer run can't be read"
        if run.ended_at is not None:
            for word in run.tombstones[:1]:
                yield from self._against(run, word, root)
            yield from self._since(run.ended_at, root)
            yield from self._other_attempts(run.ended_at, root)
        if earlier is not None:
            yield from self._given_on(run, root, earlier)

    def _against(self, run: Run, word: Tombstone, root: Task) -> Iterator[str]:
        """Yield what a tombstone itself says against its being the last word, and what lies beside it."""
        if word.ledger.name in self.tasks.keys() - {root.id}:
            yield f"its tombstone has the name of {word.ledger.name}"
        left = word.status_after
        if left and left.casefold() != str(root.status).casefold():
            yield f"root says {root.status}, but the run left it as {left}"
        if run.log is not None and run.log.exit_code != word.exit_code and self._is_since(run.log.mtime, run):
            yield "its log was written after the recorded end"
        if any(self._is_undated(entry, word) for entry in run.entries):
            yield "a register names another worker, and not since when"

    def _is_since(self, moment: datetime | None, run: Run) -> bool:
        """Return whether a moment is after the end of a run, and not ahead of this clock."""
        skew = self.liveness.settings.limits.clock_skew
        return older(run.ended_at, newest_sign((moment,), self.liveness.now + skew), skew)

    def _is_undated(self, entry: Entry, word: Tombstone) -> bool:
        """Return whether an entry may be of a later run than a tombstone: it names another process, and no time."""
        life, _ = self.liveness.life(entry)
        is_another = (entry.pid, entry.host) != (word.pid, word.host) and not entry.is_reservation
        return is_another and (entry.began, life) == (None, Life.UNKNOWN)

    def _since(self, ended: datetime, root: Task) -> Iterator[str]:
        """Yield what front matter and this clock say of the time of an end."""
        skew, now = self.liveness.settings.limits.clock_skew, self.liveness.now
        if older(now, ended, skew):
            yield f"its recorded end lies {age(ended - now)} ahead, so clocks differ"
        for key, value, time in front_stamps(root):
            if key.lower().partition("_")[0] in BEGINNING and older(ended, time, skew):
                yield f"root says {key} {value}, after the recorded end"

    def _other_attempts(self, ended: datetime, root: Task) -> Iterator[str]:
        """Yield that a later run is recorded under a name that is no task's, and may be of the same one."""
        names = (root.place.path, root.id)
        for name in filter(None, map(self._attempts.get, names)):
            if not older(self.runs[name].last_sign, ended, self.liveness.settings.limits.clock_skew):
                yield f"a later run is recorded as {name}, which may be another attempt"

    @cached_property
    def _attempts(self) -> Mapping[str, str]:
        """The names of runs that are no task's, by the path that an entry has, and by what `NAME-2` begins with."""
        found: dict[str, str] = {}
        for name in sorted(self.runs.keys() - self.tasks.keys()):
            paths = filter(None, (entry.task_path for entry in self.runs[name].entries))
            found |= dict.fromkeys((*map(normpath, paths), name.rpartition("-")[0]), name)
        return found

    def _given_on(self, run: Run, root: Task, earlier: Task) -> Iterator[str]:
        """Yield what was changed in root since the end that a new attempt would change."""
        branch = root.text("branch")
        if branch not in {None, earlier.text("branch"), *map(attrgetter("branch"), run.records)}:
            yield f"root names another branch since the run, {branch}"
        owner = self.people.route(root.owned_by).person
        if owner not in {None, self.people.route(earlier.owned_by).person}:
            yield f"the task went to {owner} since the run"
