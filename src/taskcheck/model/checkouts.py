"""The other checkouts, their task files that differ from root's, and which branch of which task has landed."""

from collections.abc import Iterator, Mapping, Sequence

from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.history import RecordedPath
from taskcheck.model.landings import End, Landing, Mention, Refuted
from taskcheck.model.runtime import Signal
from taskcheck.model.sources import Merge
from taskcheck.model.task import Checkout, Copy, Task, Tie
from taskcheck.model.tasks import spelling


@frozen
class Checkouts:
    """Linked worktrees and branch tips beside root."""

    all: tuple[Checkout, ...]
    by_task: Mapping[str, Checkout]
    merges: Mapping[str, Merge]
    """Verdicts by branch name."""
    recorded: Mapping[str, RecordedPath]
    """What lies at the worktree paths that ledgers name."""
    ties: Mapping[str, Tie] = field(default_factory=dict)
    """By what evidence each task's own checkout is its own."""
    landings: Mapping[str, Landing] = field(default_factory=dict)
    """The branch of each task that has landed."""
    mentions: Mapping[str, Mention] = field(default_factory=dict)
    """Of open tasks without such a branch: the commit of trunk that says it brought its work in."""
    attempts: Mapping[str, Checkout] = field(default_factory=dict)
    """The checkout that a task's name alone makes its own, where a record names another one."""
    broken: Mapping[str, Checkout] = field(default_factory=dict)
    """The own worktree of a task, where it can't be compared and the tip of its branch is compared instead."""
    branch_owners: Mapping[str, str] = field(default_factory=dict)
    """Whose task's own each branch is: by the newest record, by front matter, else by its name."""
    by_real: Mapping[str, Checkout] = field(default_factory=dict)
    """Worktrees by their absolute path with links resolved."""
    by_folder: Mapping[str, Sequence[Checkout]] = field(default_factory=dict)
    """Worktrees that aren't missing by the spelling of their folder's name, and of the one that git made."""
    registered: frozenset[str] = frozenset()
    """Names of the worktrees whose folder a register entry names, whichever task's that is."""
    uncompared: tuple[str, ...] = ()
    """Own branches of open tasks that weren't compared, for there are too many."""
    home: tuple[str, str] | None = None
    """Host and name of the repository that root was cloned from; None where nothing says so."""
    is_cut_off: bool = False
    """Whether this clone hasn't all of the history (`git clone --depth`)."""
    refuted: Mapping[str, Refuted] = field(default_factory=dict)
    """What git says of the work of tasks that are done, and that isn't on trunk."""
    ends: Mapping[tuple[str, str], End] = field(default_factory=dict)
    """By branch and task: how a branch that has landed left the task, where it changed its status."""

    def __iter__(self) -> Iterator[Checkout]:
        return iter(self.all)

    def of(self, task: str) -> Checkout | None:
        """Return a task's own worktree or branch: by a ledger, else by the pattern."""
        return self.by_task.get(task)

    def beside(self, task: str) -> Checkout | None:
        """Return the worktree that has a task's name, where records name a branch alone that no worktree is on."""
        own = self.of(task)
        return self.attempts.get(task) if own is not None and own.path is None else None

    def of_or_beside(self, task: str) -> tuple[Checkout, ...]:
        """Return the checkouts that may be a task's own: those of `of` and `beside`."""
        return tuple(filter(None, (self.of(task), self.beside(task))))

    def tie(self, task: str) -> Tie | None:
        """Return the evidence that a checkout is the task's own; None if the task has no checkout."""
        return self.ties.get(task)

    def by_record(self, task: str) -> Checkout | None:
        """Return the checkout that a record makes a task's own; None where only a name does, or nothing."""
        return self.of(task) if self.tie(task) is Tie.RECORD else None

    def landing(self, task: str) -> Landing | None:
        """Return the branch of a task that has landed; None if no branch has, or nothing is known."""
        return self.landings.get(task)

    def mention(self, task: str) -> Mention | None:
        """Return the commit of trunk whose subject says that it merged the task; None if unknown, or if git knows."""
        return self.mentions.get(task)

    def refutation(self, task: str) -> Refuted | None:
        """Return git's evidence that the work of a completed task isn't on trunk; None if there is none."""
        found = self.refuted.get(task)
        return None if found is None or found.may_land else found

    def unlanded(self, task: str) -> str:
        """Return which work of a completed task isn't on trunk, even if it may land yet; empty if none is known."""
        found = self.refuted.get(task)
        return "" if found is None else found.told

    def end(self, branch: str | None, task: str) -> End:
        """Return the state in which a branch that has landed left a task."""
        return self.ends.get((branch or "", task), End.UNCHANGED)

    def at(self, path: str | None) -> Checkout | None:
        """The worktree at a recorded path."""
        recorded = self.recorded.get(path or "")
        return self.by_real.get(recorded.real) if recorded is not None else None

    def on(self, branch: str | None) -> Checkout | None:
        """The worktree in which a branch is checked out, unless its folder is missing."""
        return next((each for each in self._worktrees if branch and each.branch == branch), None)

    def moved(self, path: str | None, task: str) -> Checkout | None:
        """The worktree that is called as the folder at a task's recorded path, or was when git made it.

        None that stands where an entry says that it does, or that is another task's own.
        """
        called_so = self.by_folder.get(spelling(_last_part(path)), ())
        free = [each for each in called_so if each.name not in self.registered]
        if not free:
            return None
        others = {own.name for name, own in self.by_task.items() if name != task}
        return next((each for each in free if each.name not in others), None)

    def around(self, path: str | None) -> Checkout | None:
        """The worktree in which a recorded path would lie that isn't there."""
        recorded = self.recorded.get(path or "")
        folder = recorded.real.rpartition("/")[0] if recorded is not None else ""
        while folder:
            found = self.by_real.get(folder)
            if found is not None and found.defect != "missing":
                return found
            folder = folder.rpartition("/")[0]
        return None

    def is_clone(self, path: str | None) -> bool:
        """Return whether a repository of its own, such as a clone, lies at a recorded path."""
        recorded = self.recorded.get(path or "")
        return recorded is not None and recorded.is_clone and self.at(path) is None

    @property
    def _worktrees(self) -> Iterator[Checkout]:
        """The worktrees whose folders aren't missing."""
        return (each for each in self.all if each.path is not None and each.defect != "missing")

    def gone(self, path: str | None) -> bool:
        """Return whether the worktree at a recorded path is gone, its parent can be read, and it wasn't locked."""
        recorded = self.recorded.get(path or "")
        return recorded is not None and recorded.is_gone and not self.away(path)

    def missing(self, path: str) -> bool:
        """Return whether a recorded path doesn't exist, its parent can be read, and git lists no worktree there.

        One that git lists and somebody has locked counts as missing, too.
        """
        recorded = self.recorded.get(path)
        if recorded is None or not recorded.is_gone:
            return False
        is_listed = self.at(path) is not None and not self.away(path)
        return not is_listed

    def away(self, path: str | None) -> bool:
        """Return whether the worktree at a recorded path is missing and locked: its disk may not be mounted."""
        checkout = self.at(path)
        return checkout is not None and checkout.is_away

    def merge(self, branch: str | None) -> Merge | None:
        """Return whether a branch has landed; None if nothing is known about it."""
        return self.merges.get(branch) if branch else None


@frozen(kw_only=True)
class FetchedTrunk:
    """Trunk as last fetched, if root lacks commits of it."""

    name: str
    """``origin/main``."""
    behind: int
    """Commits that it has and root hasn't."""
    ahead: int
    """Commits that root has and it hasn't."""
    paths: frozenset[str] = frozenset()
    """Of the task files that it changed since root's history left it, and that root has otherwise."""
    tasks: Mapping[str, Task | None] = field(default_factory=dict)
    """Their tasks by id, as it has them; None for those that it has no more."""

    takes_back: bool = False
    """Whether one of these commits says that it reverts another one."""

    before: Mapping[str, Task] = field(default_factory=dict)
    """The tasks of the same files as they were where root's history left it, by id."""

    @property
    def reverts(self) -> str:
        """The sentence that it may have taken back what has landed; empty where it hasn't."""
        return f"{self.name} reverts something and isn't pulled yet: {self.cure}" if self.takes_back else ""

    def disputes(self, name: str, root: Task | None) -> bool:
        """Whether it has set another status or owner of a task than root, and doesn't call it closed as root does."""
        if name not in self.tasks:
            return False
        theirs = self.tasks[name]
        if root is None or theirs is None:
            return root is not theirs
        if root.closed and theirs.closed:
            return False
        before = self.before.get(name)
        told = theirs.status, theirs.owned_by
        is_news = before is None or told != (before.status, before.owned_by)
        return is_news and told != (root.status, root.owned_by)

    @property
    def cure(self) -> str:
        """The command that updates root."""
        return "git pull --ff-only" if not self.ahead else "git pull --rebase"


@frozen
class Copies:
    """The task files of live checkouts that differ from root's."""

    all: tuple[Copy, ...] = ()
    by_task: Mapping[str, tuple[Copy, ...]] = field(default_factory=dict)
    own_by_task: Mapping[str, Copy] = field(default_factory=dict)
    """Of these, the one in the worktree or branch that is the task's own, or presumed to be."""
    seconds: tuple[Copy, ...] = ()
    """Files that have the id of another task: of root's, or of one in another checkout. None is a version of it."""

    def __iter__(self) -> Iterator[Copy]:
        return iter(self.all)

    def of(self, task: str) -> tuple[Copy, ...]:
        """All differing copies of one task."""
        return self.by_task.get(task, ())

    def refute(self, signal: Signal, root: Task | None) -> Task | None:
        """Return the file that contradicts a raw signal: a task that has begun in a worktree or root isn't overdue.

        What an earlier run left in a worktree, and root has moved on from, says nothing.
        """
        if signal.kind != "pickup_overdue" or signal.task is None:
            return None
        files = [copy.task for copy in self.of(signal.task) if copy.leads] + [root] * (root is not None)
        return next((task for task in files if task and Stage.READY.before(task.stage)), None)

    def within(self, checkout: Checkout | None, task: str) -> Copy | None:
        """Return the differing copy of a task in a checkout; None if it doesn't differ there."""
        return next((copy for copy in self.of(task) if copy.checkout == checkout), None)

    def own(self, task: str) -> Copy | None:
        """Return the differing copy in the task's own, or presumed own, worktree."""
        return self.own_by_task.get(task)

    @property
    def files(self) -> tuple[Task, ...]:
        """All differing files, including those of other tasks."""
        return tuple(copy.task for copy in (*self.all, *self.seconds))

    def has_second(self, task: str) -> bool:
        """Return whether another checkout has a different task with this id, so that records may be about either."""
        return any(copy.task.id == task for copy in self.seconds)


def _last_part(path: str | None) -> str:
    """Return the last part of a path; empty where there is none."""
    return (path or "").rstrip("/ ").rpartition("/")[2]
