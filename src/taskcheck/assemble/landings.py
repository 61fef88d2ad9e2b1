"""Which branch of a task has landed, by what it is the task's own, and how it left the task: one verdict for all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.settings import Settings, Stage
from taskcheck.model.checkouts import Checkouts, End, Landing
from taskcheck.model.runtime import Entry, Tombstone
from taskcheck.model.sources import Merge
from taskcheck.model.task import Task, Tie
from taskcheck.model.tasks import Tasks

Left = tuple[End, str | None]
"""How a branch left a task, and the status in which it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingReader:
    """Judges the branches of tasks by what git knows of them."""

    settings: Settings
    reader: TaskReader
    merges: Mapping[str, Merge]
    trunk: str | None

    def ends(self) -> dict[tuple[str, str], Left]:
        """Return how each branch that has landed left each task whose status it changed, by branch and task."""
        found = {}
        for branch, merge in self.merges.items():
            for change in merge.edits:
                before = self._version(change.before, change.path)
                after = self._version(change.after, change.path)
                if after is not None and (before is None or before.status != after.status):
                    found[branch, after.id] = self._end(after), after.status
        return found

    def landings(
        self,
        tasks: Tasks,
        checkouts: Checkouts,
        records: Iterable[Entry | Tombstone],
        ends: Mapping[tuple[str, str], Left],
    ) -> dict[str, Landing]:
        """Return the branch of each open task that has landed, one that a record ties before one by its name.

        None of a task whose id several files of root have: nobody knows which of them the branch meant.
        """
        recorded: dict[str, list[str]] = {}
        for record in records:
            if record.branch:
                recorded.setdefault(record.task, []).append(record.branch)
        found = {}
        for task in tasks:
            if task.done or tasks.ambiguous(task.id):
                continue
            for branch, tie in self._branches(task, checkouts, recorded.get(task.id, ())):
                merge = self.merges.get(branch)
                if merge is not None and merge.merged is True:
                    end, said = ends.get((branch, task.id), (End.UNCHANGED, None))
                    found[task.id] = Landing(branch=branch, proof=merge.proof, tie=tie, end=end, said=said)
                    break
        return found

    def _branches(self, task: Task, checkouts: Checkouts, recorded: Iterable[str]) -> Iterator[tuple[str, Tie]]:
        """Yield the branches that may be a task's, each with by what: records, front matter, own worktree, a name."""
        own = checkouts.of(task.id)
        tie = checkouts.tie(task.id)
        named: list[tuple[str | None, Tie]] = [(branch, Tie.RECORD) for branch in recorded]
        named.append((task.text("branch"), Tie.RECORD))
        if own is not None and tie is not None:
            named.append((own.branch, tie))
        named.append((self.settings.branch_of(task.id), Tie.PATTERN))
        for branch, by in named:
            if branch and branch != self.trunk:
                yield branch, by

    def _end(self, task: Task) -> End:
        match task.stage:
            case Stage.REVIEW | Stage.DONE:
                return End.FINISHED
            case Stage.ACTIVE:
                return End.ACTIVE
            case _:
                return End.LEFT

    def _version(self, data: bytes | None, path: str) -> Task | None:
        return self.reader.version(data, path, "root") if data is not None else None
