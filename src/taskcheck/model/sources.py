"""Everything that was read, once: bytes or the reason why not, and what git and the process table answered."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path

from taskcheck.documents import Trouble
from taskcheck.documents.frozen import field, frozen
from taskcheck.documents.values import from_epoch
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.history import Brought, Met, Moment, Moved, RecordedPath, Uncompared
from taskcheck.model.hosts import Processes
from taskcheck.model.memory import Remembered, Seen


@frozen
class Unavailable:
    """A ledger that is missing or unreadable, with the reason; rules that need it are skipped."""

    reason: str
    untold: frozenset[str] = frozenset()
    """Tasks that it would tell of, where it is the user's choice not to look."""


@frozen(kw_only=True)
class Source:
    """One file as it was read: its bytes, or the trouble that kept them."""

    path: str
    """Relative to its checkout's root, with ``/``."""
    data: bytes | None
    trouble: Trouble | None = None
    mtime_ns: int | None = None
    stamp: tuple[int, ...] | None = None
    """What the file system said of it when it was read; something else, and it was written since."""
    name: str = ""
    """What the pattern's ``{owner}`` or ``{task}`` stood for."""

    @property
    def mtime(self) -> datetime | None:
        """When it was last written."""
        return None if self.mtime_ns is None else from_epoch(self.mtime_ns / 1e9)


@frozen(kw_only=True)
class Fork:
    """How a checkout's history left root's: the merge-base, and the task files on both sides of it."""

    base: str
    """Commit id of the merge-base of root's HEAD and the checkout's."""
    base_files: Mapping[str, bytes]
    """Task files at the base that the comparison may need, by path."""
    root_versions: Mapping[str, tuple[bytes, ...]]
    """What root's commits since the base made of these files, newest first, by path."""
    own_versions: Mapping[str, tuple[bytes, ...]]
    """What the checkout's own commits made of them."""
    removed: frozenset[str] = frozenset()
    """Those that either took away since: what is there again may be another task."""
    commits: int
    """Commits of its own since the base."""
    newest_commit_at: datetime | None
    newest_work_at: datetime | None
    """The same without merges."""
    containing: frozenset[str] = frozenset()
    """Names of the checkouts that this one is stacked on: its history has what they changed of the same task files."""


@frozen
class Behind:
    """The task files that a checkout has as it had them when its history left root's, and root has others by now.

    There may be hundreds in each of hundreds of checkouts, and little is ever asked of them.
    """

    blobs: Mapping[str, str] = field(default_factory=dict)
    """The ids of their blobs, by path."""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """What is in blobs, by id; that of others is there, too."""

    def get(self, path: str) -> Source | None:
        """Return the file at a path; None for one that isn't among them."""
        blob = self.blobs.get(path)
        return Source(path=path, data=self.contents[blob]) if blob is not None else None

    def without(self, paths: Collection[str]) -> "Behind":
        """Return these files without some."""
        if not paths:
            return self
        return Behind({path: blob for path, blob in self.blobs.items() if path not in paths}, self.contents)


@frozen(kw_only=True)
class CheckoutSource:
    """A linked worktree or a branch tip beside root; only the task files that differ from root are held."""

    name: str
    """``worktree:<directory name>`` or ``branch:<name>``."""
    path: Path | None
    shown_path: str | None = None
    """As reports write it: relative to root where it lies in it, else absolute."""
    real_path: str | None = None
    """Absolute, with links resolved."""
    branch: str | None
    head: str | None
    defect: str | None = None
    """Why it isn't live: "missing", or what is broken about it."""
    repair: tuple[str, ...] = ()
    """The command that links it and the repository again; empty where there is nothing to link, or git can't."""
    locked: bool = False
    """Somebody told git to keep its record, whether the folder is there or not."""
    moved_from: str | None = None
    """What its folder was called when git made it, where it is called otherwise by now."""
    outrun: frozenset[str] = frozenset()
    """Paths of its task files that its branch was fetched with otherwise, in commits that neither it nor root has."""
    under_way: str | None = None
    """What somebody is in the middle of there: ``rebase``, ``bisection``."""
    switched_at: datetime | None = None
    """When its HEAD was last written: since then at the latest it is on its branch."""
    files: Mapping[str, Source] = field(default_factory=dict)
    behind: Behind = field(default_factory=Behind)
    """More of its task files that differ from root's: it never changed them, and has all that root had then."""
    absent: frozenset[str] = frozenset()
    """Paths of root's task files that it doesn't have."""
    folders: frozenset[str] = frozenset()
    """Absolute paths of its folders that were looked into."""
    tombstones: tuple[Source, ...] = ()
    """What it records of the runs of tasks that may be its own: none that its base has as they are."""
    seen: Seen | None = None
    """What tells that none of its task files was written since; None where one may be."""
    fork: Fork | Unavailable = Unavailable("not read")
    merge: "Merge | None" = None
    unsaved: Callable[[], str] = str
    """Looks for tracked code of it that isn't committed, and says what it has; empty for none."""
    untracked: Callable[[], str] = str
    """Asks git, in a process of its own, for files in it that git neither tracks nor ignores, and says which."""

    is_alone: bool = False
    """Whether it is on no branch, at a commit that was made in it and is no branch's tip."""

    @property
    def verdict_name(self) -> str:
        """The name under which git's verdict on its commits is kept: its branch, else its own."""
        return self.branch or self.name

    @property
    def is_detached(self) -> bool:
        """Whether it is a worktree that is at a commit, and on no branch."""
        return self.is_live_worktree and self.branch is None and self.head is not None

    @property
    def is_live_worktree(self) -> bool:
        """Whether it is a worktree that is whole, not a branch tip."""
        return self.path is not None and self.defect is None


@frozen(kw_only=True)
class Merge:
    """Whether a branch has landed on trunk: yes, no, or None where git alone can't tell; and by what proof."""

    merged: bool | None
    proof: str
    fork: str | None = None
    """Commit id where the branch had left trunk; None where that isn't known."""
    tip: str | None = None
    """Commit id of what landed."""
    edits: tuple["Change", ...] = ()
    """What the branch itself made of task files, from its fork to its tip; told of branches that have landed."""
    begun_at: datetime | None = None
    """When the oldest of its own commits was made; told of branches that root's history hasn't."""
    made_at: datetime | None = None
    """When the newest of its own commits was made."""
    landed: Moment | None = None
    """The last commit that brought it into root; None where it hasn't landed."""
    reverted: Moment | None = None
    """The commit that took back what had landed; None where none did."""
    doubt: str = ""
    """Why that it has landed doesn't tell that all of its work has: a merge left a part of it out, say."""

    @property
    def told(self) -> str:
        """The verdict in words."""
        return {True: f"merged: {self.proof}", False: "not merged", None: f"perhaps merged: {self.proof}"}[self.merged]

    @property
    def may_say_more(self) -> bool:
        """Whether the branch has commits that root hasn't, as far as is known."""
        is_in_root = self.tip is not None and self.fork == self.tip
        return not is_in_root and (self.merged is not True or self.doubt != "")

    def landed_before(self, began: datetime | None) -> bool:
        """Return whether it is known that it had landed before a run began."""
        return self.landed is not None and began is not None and self.landed.at < began


@frozen(kw_only=True)
class Change:
    """A commit that changed a task file, or a branch that did: the file's content before and after."""

    path: str
    commit: str
    at: datetime
    before: bytes | None
    after: bytes | None
    rank: int = 0
    """Of the commit in root's history, as in `Moment`."""

    @property
    def moment(self) -> Moment:
        """When it was made."""
        return Moment(commit=self.commit, at=self.at, rank=self.rank)


@frozen(kw_only=True)
class Fetched:
    """Trunk as last fetched, if root lacks commits of it."""

    name: str
    """``origin/main``."""
    behind: int
    """Commits that it has and root hasn't."""
    ahead: int
    """Commits that root has and it hasn't."""
    files: Mapping[str, Source] = field(default_factory=dict)
    """The task files that it changed since root's history left it, and that root has otherwise, by path."""
    before: Mapping[str, Source] = field(default_factory=dict)
    """The same files as they were where root's history left it, as far as they were there."""
    absent: frozenset[str] = frozenset()
    """Paths of root's task files that it took away since."""
    takes_back: bool = False
    """Whether a commit of it that root hasn't says that it reverts another one."""


@frozen(kw_only=True)
class Repository:
    """What git answered about root."""

    head: str | None
    branch: str | None
    shallow: bool
    on_trunk: bool
    trunk: str | None
    checkouts: tuple[CheckoutSource, ...] = ()
    branches: frozenset[str] = frozenset()
    """Local branch names."""
    merges: Mapping[str, Merge] = field(default_factory=dict)
    """Merge verdicts by branch name, for the branches that ledgers name; of a worktree on no branch by its own name."""
    fetched_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names, such as ``origin/task/x``, under which these branches were fetched with other commits than here."""
    tracked: frozenset[str] = frozenset()
    """Paths of registers and snapshots in the index of root."""
    git: str = ""
    """What tells the program that answered from every other; empty where nothing does."""
    blobs: Mapping[str, str] = field(default_factory=dict)
    """The ids of root's task files as they are on disk, by path; none where they weren't needed."""
    changes: tuple[Change, ...] = ()
    """Newest first: what commits on root, seen from their first parent, did to tasks that were dispatched."""
    standing: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    """Newest first, by path: the same for the task files of which it matters since when they say what they say."""
    uncommitted: Mapping[str, bytes] = field(default_factory=dict)
    """Of the task files of runs that were changed since root's last commit, what that has, by path."""
    off_disk: tuple[Source, ...] = ()
    """Task files that root's last commit has and the disk hasn't; read if root is sparse or lacks an entry's task."""
    strays: tuple[Met, ...] = ()
    """Files of tasks that registers name and root hasn't, where branches, stashes or submodules have them."""
    under_way: str | None = None
    """What somebody is in the middle of in root: ``merge``, ``revert``."""
    sparse: bool = False
    """Whether root is a sparse checkout, which leaves out files of its commit on purpose."""
    brought: tuple[Brought, ...] = ()
    """Newest first: what root's own line has brought in lately of the branches and pull requests that are recorded."""
    home: tuple[str, str] | None = None
    """Host and name of the repository that root was cloned from; None where nothing says so."""
    moved: tuple[Moved, ...] = ()
    """Newest first: what became of task files that ledgers name and root hasn't any more."""
    uncompared: tuple[str, ...] = ()
    """Own branches of open tasks that weren't compared: there are too many, or this clone hasn't their files."""
    fetched: Fetched | Uncompared | None = None
    """None where root has all that was fetched of trunk, or where there is nothing to compare."""


@frozen(kw_only=True)
class Forges:
    """What was answered about the pull requests that ledgers record."""

    answers: Mapping[PullAddress, PullState | Unavailable]
    home: tuple[str, str] | None = None
    """Host and repository that a number without a URL speaks of."""
    landed: Mapping[PullAddress, Merge] = field(default_factory=dict)
    """Whether root's history has what the merges of open tasks' pull requests made."""
    reopened: Mapping[tuple[str, PullAddress], str] = field(default_factory=dict)
    """By task and pull request: why the task isn't done by it, as root's history tells."""


@frozen(kw_only=True)
class Sources:
    """All that one check looks at, held still."""

    root: Path
    tasks: tuple[Source, ...] = ()
    remembered: Remembered | None = None
    """More of root's task files, where the cache may tell; who writes reads them all."""
    met: frozenset[str] = frozenset()
    beside: tuple[Source, ...] = ()
    board: Source | None = None
    """Among the task files: paths that no pattern names, the Markdown of these, and the map of their statuses."""
    registers: tuple[Source, ...] = ()
    snapshots: tuple[Source, ...] = ()
    dispatch_logs: tuple[Source, ...] = ()
    tombstones: tuple[Source, ...] = ()
    reviews: tuple[Source, ...] = ()
    markers: tuple[tuple[str, Source], ...] = ()
    """Marker files, each with the pattern that found it; not opened."""
    people: tuple[Source, ...] = ()
    roles: tuple[Source, ...] = ()
    git: Repository | Unavailable = Unavailable("not a git repository")
    processes: Processes | Unavailable = Unavailable("processes were not looked at")
    recorded_paths: Mapping[str, RecordedPath] = field(default_factory=dict)
    forges: Forges | None = None
    """None where they weren't asked."""
    folders: frozenset[str] = frozenset()
    """Absolute paths of the folders in root that were looked into."""
    errors: tuple[str, ...] = ()
    """Folders that couldn't be listed and the like: the result can't be trusted where these are."""
