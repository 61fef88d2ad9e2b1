"""Which branch of a task has landed, by what it is the task's own, and how it left the task: one verdict for all."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from math import inf

from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.frozen import frozen
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.history import Moment
from taskcheck.model.landings import End, Landing
from taskcheck.model.runtime import Entry, Tombstone
from taskcheck.model.sources import Merge
from taskcheck.model.task import Checkout, Task, Tie
from taskcheck.model.tasks import Tasks

Left = tuple[End, str | None]
"""How a branch left a task, and the status in which it did."""


@frozen(kw_only=True)
class LandingReader:
    """Judges the branches of tasks by what git knows of them."""

    settings: Settings
    reader: TaskReader
    merges: Mapping[str, Merge]
    """By branch; trunk isn't among them."""
    fetched_as: Mapping[str, tuple[str, ...]]
    """The names under which branches were fetched with other commits."""

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
        records: Collection[Entry | Tombstone],
        ends: Mapping[tuple[str, str], Left],
    ) -> dict[str, Landing]:
        """Return the branch of each open task that has landed, one that a record ties before one by its name."""
        recorded = _branches_recorded(records)
        clones = {record.task: record.worktree_path for record in records if checkouts.is_clone(record.worktree_path)}
        sharing = _sharing(recorded, tasks)
        found = {}
        for task in tasks:
            if task.closed:
                continue
            branches = self._branches(task, checkouts, recorded.get(task.id, ()))
            branch = next(filter(self._landed, branches), "")
            landed = self._landed(branch)
            if landed is None:
                continue
            end, said = ends.get((branch, task.id), (End.UNCHANGED, None))
            own = checkouts.of_or_beside(task.id)
            pending, pending_at = self._rest(branches, own)
            others = (other for other in sharing[branch] if other != task.id)
            found[task.id] = Landing(
                branch=branch,
                proof=self.merges[branch].proof,
                landed=landed,
                tie=branches[branch],
                end=end,
                made_at=self.merges[branch].made_at,
                said=said,
                pending=pending,
                pending_at=pending_at,
                beyond=self.merges[branch].doubt or _beyond(own, clones.get(task.id), self.merges[branch].made_at),
                sharer=next(others, None),
            )
        return found

    def _rest(self, branches: Iterable[str], own: Iterable[Checkout]) -> tuple[str | None, datetime | None]:
        """Return which of a task's branches hasn't landed, with the time of its newest commit; of several the newest.

        Args:
            branches: that may be the task's.
            own: the worktrees that may be.
        """
        names = dict.fromkeys(branches)
        for worktree in own:
            names[worktree.branch or ""] = None
        pending = [*filter(self._pending, names), *self._fetched_further(names)]
        if not pending:
            return None, None
        newest = max(pending, key=self._made)
        return newest, self.merges[newest].made_at

    def _pending(self, branch: str) -> bool:
        """Return whether a branch is there, and it isn't known that it has landed."""
        return branch in self.merges and self._landed(branch) is None

    def _fetched_further(self, branches: Iterable[str]) -> Iterator[str]:
        """Yield the names of branches as they were fetched, where these have newer commits that root hasn't."""
        for branch in branches:
            for name in self.fetched_as.get(branch, ()):
                known = {branch, name} <= self.merges.keys()
                if known and self._made(name) > self._made(branch) and self.merges[name].may_say_more:
                    yield name

    def _made(self, branch: str) -> float:
        """Return a key that sorts branches by their newest commits; one of which that isn't known is the last."""
        at = self.merges[branch].made_at
        return inf if at is None else at.timestamp()

    def _landed(self, branch: str) -> Moment | None:
        """Return the commit by which a branch has landed; None where it isn't known that it has."""
        merge = self.merges.get(branch)
        return merge.landed if merge is not None else None

    def _branches(self, task: Task, checkouts: Checkouts, recorded: Iterable[str]) -> dict[str, Tie]:
        """Return the branches that may be a task's, each with by what: records, front matter, own worktree, a name."""
        own = checkouts.of(task.id)
        named: list[tuple[str | None, Tie]] = [(branch, Tie.RECORD) for branch in recorded]
        named.append((task.text("branch"), Tie.RECORD))
        if own is not None:
            named.append((own.branch, checkouts.ties[task.id]))
        named.append((self.settings.branch_of(task.id), Tie.PATTERN))
        found: dict[str, Tie] = {}
        for branch, by in named:
            if branch:
                found.setdefault(branch, by)
        return found

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


def _branches_recorded(records: Iterable[Entry | Tombstone]) -> dict[str, list[str]]:
    """Return the branches that records name, by task."""
    found: dict[str, list[str]] = {}
    for record in records:
        if record.branch:
            found.setdefault(record.task, []).append(record.branch)
    return found


def _beyond(own: Iterable[Checkout], clone: str | None, made_at: datetime | None) -> str:
    """Return why a task's own worktrees may hold more of its work than a branch; empty where nothing says so.

    Args:
        own: the worktrees.
        clone: the path of the repository that it has instead.
        made_at: when the newest commit of the branch was made.
    """
    if clone is not None:
        return f"{clone} is a repository of its own, and wasn't looked at"
    return next(filter(None, (_held_there(each, made_at) for each in own)), "")


def _held_there(worktree: Checkout, made_at: datetime | None) -> str:
    """Return why a worktree may hold more work than a branch, of which that is the time of the newest commit."""
    if worktree.under_way is not None:
        return f"{worktree.spoken} is in the middle of a {worktree.under_way}"
    newest = worktree.newest_commit_at
    if worktree.branch is not None or newest is None:
        return ""
    is_older = made_at is not None and newest <= made_at
    if is_older:
        return ""
    told = "has newer commits, which are on no branch" if worktree.is_alone else "is at newer commits than root has"
    return f"{worktree.spoken} {told}"


def _sharing(recorded: Mapping[str, Iterable[str]], tasks: Tasks) -> Mapping[str, list[str]]:
    """Return the tasks that ledgers and front matter give each branch."""
    sharing: dict[str, list[str]] = defaultdict(list)
    for task, branches in recorded.items():
        for branch in branches:
            sharing[branch].append(task)
    for each in tasks:
        named = each.text("branch")
        if named:
            sharing[named].append(each.id)
    return sharing
