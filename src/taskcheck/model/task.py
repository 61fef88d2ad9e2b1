"""The frozen nouns that rules speak of: tasks and their copies, ledgers, dispatches, managers."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from taskcheck.config.settings import Stage
from taskcheck.documents import Document, Route, Trouble, Value
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import from_epoch, phrase, whole_number
from taskcheck.model.sources import Fork, Merge, Unavailable

PULL_PATH = r"/(?:pull|pulls|pull-requests|merge_requests|pullrequest)/(\d{1,18})(?!\d)"
"""How the URL of a pull request ends on GitHub, Gitea, Bitbucket, GitLab and Azure, the number as a group."""


@frozen(kw_only=True)
class Place:
    """Where something is written, by name. Line and column are determined when it is shown."""

    path: str
    route: Route = ()
    checkout: str = "root"
    line: int | None = None
    column: int | None = None

    @property
    def file(self) -> tuple[str, str]:
        """The file in which it lies, by checkout and path."""
        return self.checkout, self.path

    def at(self, *route: str) -> "Place":
        """The place of a value below this one."""
        return Place(path=self.path, route=(*self.route, *route), checkout=self.checkout)


@frozen(kw_only=True)
class PullRequest:
    """A pull request as a ledger records it."""

    url: str | None = None
    number: int | None = None

    @property
    def url_number(self) -> int | None:
        """The number in its URL; None if there is none."""
        found = re.findall(PULL_PATH, self.url or "")
        return int(found[-1]) or None if found else None

    @property
    def known_number(self) -> int | None:
        """Its number, possibly only from its URL; None if unknown."""
        return self.number or self.url_number

    @property
    def spoken(self) -> str:
        """Its number and URL, if it has them: ``#12 https://…``."""
        return f"{phrase('#', self.known_number, ' ')}{phrase('', self.url)}".rstrip()

    @staticmethod
    def at(url: str) -> "PullRequest":
        """The one at a URL, with the number that this names."""
        return PullRequest(url=url, number=PullRequest(url=url).url_number)


@frozen(kw_only=True)
class Task:
    """A task file in one checkout. If it can't be read, it only has its fault."""

    id: str
    place: Place
    keys: Mapping[str, str]
    """Canonical field name to the store's own key."""
    document: Document | None
    trouble: Trouble | None = None
    stage: Stage | None = None
    mtime_ns: int | None = None

    @property
    def front(self) -> Mapping[str, Value]:
        """The front matter, with every scalar as text; empty if it couldn't be read."""
        return MappingProxyType(self.document.values if self.document else {})

    @property
    def body(self) -> str:
        """The Markdown after the front matter."""
        return self.document.body if self.document else ""

    def text(self, name: str) -> str | None:
        """Return the scalar of a field, by its canonical name; None if absent, empty or not a scalar."""
        value = self.front.get(self.keys.get(name, name))
        return value if isinstance(value, str) and value else None

    def texts(self, name: str) -> tuple[tuple[Route, str], ...]:
        """Return the scalars of a field that is a list or one scalar, each with its route."""
        key = self.keys.get(name, name)
        value = self.front.get(key)
        if isinstance(value, str):
            return (((key,), value),) if value else ()
        if isinstance(value, tuple):
            return tuple(((key, str(i)), item) for i, item in enumerate(value) if isinstance(item, str) and item)
        return ()

    @property
    def status(self) -> str | None:
        """The status as written."""
        return self.text("status")

    @property
    def title(self) -> str:
        """The title, else the id."""
        return self.text("title") or self.id

    @property
    def title_words(self) -> str | None:
        """The words of the title, without regard to case, marks and spaces; None where there is none.

        Example:
            ``Fix `login` now`` and ``Fix login, now!`` are ``fix login now``: one task, whoever tidied its title.
            Support for C, and for C++, are two.
        """
        from taskcheck.documents.letters import words_of

        title = self.text("title")
        if title is None:
            return None
        return words_of(title) or title

    @property
    def owners(self) -> tuple[tuple[Route, str], ...]:
        """Every owner as written, with its route; most stores have one."""
        return self.texts("owner")

    @property
    def owned_by(self) -> str | None:
        """All owners as one text; None without any."""
        return ", ".join(owner for _, owner in self.owners) or None

    @property
    def pull_request(self) -> PullRequest | None:
        """The pull request that the front matter records."""
        return pull_request(self.text("pr_url"), self.text("pr_number"))

    @property
    def written_at(self) -> datetime | None:
        """When its file was last written. This isn't when the task last moved."""
        return None if self.mtime_ns is None else from_epoch(self.mtime_ns / 1e9)

    @property
    def closed(self) -> bool:
        """Whether the task is over: done, or dropped."""
        return self.stage is not None and self.stage.closed

    @property
    def done(self) -> bool:
        """The same as `closed`, from a time when dropped tasks counted as done."""
        return self.closed

    def at(self, name: str) -> Place:
        """The place of a field, by canonical name."""
        return self.place.at(self.keys.get(name, name))


def pull_request(url: Value, number: Value) -> PullRequest | None:
    """A pull request from the values that a ledger holds of it; None when it holds none."""
    known_url = url if isinstance(url, str) and url else None
    known_number = whole_number(number)
    if known_url is None and known_number is None:
        return None
    return PullRequest(url=known_url, number=known_number)


@frozen(kw_only=True)
class Checkout:
    """A linked worktree or a branch tip beside root."""

    name: str
    path: str | None
    """Relative to root where it lies in it, else absolute; None for a branch tip."""
    real: str | None
    """The absolute path with links resolved."""
    branch: str | None
    defect: str | None
    """None when live; "missing", or what is structurally broken."""
    fork: Fork | Unavailable
    merge: Merge | None
    repair: tuple[str, ...] = ()
    """The command that links it and the repository again; empty where there is nothing to link, or git can't."""
    locked: bool = False
    """Kept by git even where it is missing: its disk may not be there now."""
    moved_from: str | None = None
    """What its folder was called when git made it, where it is called otherwise by now."""
    outrun: frozenset[str] = frozenset()
    """Paths of its task files that its branch was fetched with otherwise, in commits that neither it nor root has."""
    under_way: str | None = None
    """What somebody is in the middle of there: ``rebase``, ``bisection``."""
    switched_at: datetime | None = None
    """When its HEAD was last written; None for a branch tip."""
    is_alone: bool = False
    """Whether it is a worktree on no branch, at a commit that was made in it and is no branch's tip."""
    unsaved: Callable[[], str] = str
    """Looks for tracked code in it that isn't committed, and says what it has; empty for none."""
    untracked: Callable[[], str] = str
    """Asks git, in a process of its own, for files in it that git neither tracks nor ignores, and says which."""

    instead_of: str = ""
    """The worktree on this branch that is there, or may be, and can't be compared: it may say more."""

    @property
    def is_away(self) -> bool:
        """Whether its folder isn't there, and git keeps its record: it may be on a disk that comes back."""
        return self.defect == "missing" and self.locked

    @property
    def is_removed(self) -> bool:
        """Whether git lists it, its folder isn't there, and nothing says that it may come back."""
        return self.defect == "missing" and not self.locked

    @property
    def cure(self) -> str:
        """What links it again, in words, if it is a worktree that can't be compared."""
        if self.repair:
            return " ".join(self.repair)
        if self.defect == "missing":
            return "git worktree repair PATH if it was moved to PATH, or git worktree prune if it was removed"
        return "git worktree add, in another folder: git has no record of this one"

    @property
    def spoken(self) -> str:
        """Its name in a sentence: ``worktree fix-login``."""
        return self.name.replace(":", " ", 1)

    @property
    def lone_merge(self) -> Merge | None:
        """Git's verdict on the commits that nothing but this worktree has; None for a branch."""
        return self.merge if self.is_alone else None

    @property
    def spoken_tip(self) -> str:
        """What its commits are called in a sentence about its task: ``its branch task/x``, ``its worktree x``."""
        return f"its branch {self.branch}" if self.branch else f"its {self.spoken}"

    @property
    def folders(self) -> frozenset[str]:
        """What its folder is called, and was when git made it."""
        called = (self.path or "").rpartition("/")[2]
        return frozenset(filter(None, (called, self.moved_from)))

    @property
    def uncommitted(self) -> str:
        """The sentence that tracked code in it isn't committed, or may not be, and which; empty where all is."""
        return self._sentence(self.unsaved())

    @property
    def uncommitted_or_new(self) -> str:
        """The same, of files too that git doesn't track; it takes a process, so it is for one task, not for a check."""
        return self._sentence(self.unsaved() or self.untracked())

    def _sentence(self, what: str) -> str:
        return f"{self.spoken} {what}" if what else ""

    def is_outrun(self, path: str) -> bool:
        """Return whether its branch was fetched with another task at a path."""
        return file_of(path) in self.outrun

    @property
    def newest_commit_at(self) -> datetime | None:
        """When the newest of its own commits was made, as far as it has any."""
        return self.fork.newest_commit_at if isinstance(self.fork, Fork) else None

    @property
    def newest_work_at(self) -> datetime | None:
        """The same of those that are no merges."""
        return self.fork.newest_work_at if isinstance(self.fork, Fork) else None

    @property
    def to_land(self) -> str:
        """What it has that isn't known to have landed, in words; empty where its commits have, or it has none.

        Example:
            ``its branch task/x hasn't landed``; ``nobody can tell whether its branch task/x has landed``
        """
        if self.merge is None or not self.merge.may_say_more:
            return ""
        if self.merge.merged is None:
            return f"nobody can tell whether {self.spoken_tip} has landed"
        return f"{self.spoken_tip} hasn't landed"

    @property
    def live(self) -> bool:
        """Whether it is a branch tip, or a listed worktree that is whole. This says nothing about workers."""
        return self.defect is None


@frozen(kw_only=True)
class Marker:
    """The status of a task outside of its file: a file that exists, or a row of a board."""

    place: Place
    stage: Stage
    says: str
    """The status as a board has it, else the class."""


class Tie(Enum):
    """The evidence that a checkout is a task's own."""

    RECORD = "record"
    """The newest entry or tombstone names it, or the task's own front matter."""
    PATTERN = "pattern"
    """Its path or branch is what a configured pattern makes of the task."""
    PRESUMED = "presumed"
    """Nothing names one, and it alone changed the task's file: good for findings, not for a safe fix."""


@frozen(kw_only=True)
class Copy:
    """A task file in a checkout that differs from root's, with what history knows of both."""

    task: Task
    checkout: Checkout
    base: Task | None
    """The task at the merge-base; None when it wasn't there or can't be known."""
    root_versions: tuple[Task, ...]
    """Root's commits of it since the base, newest first."""
    own_versions: tuple[Task, ...]
    changed: bool = True
    """Whether the checkout itself changed the file since its base, committed or not."""
    tie: Tie | None = None
    """By what the checkout is the task's own; None for one that isn't."""
    surely: bool = True
    """Whether it is known to be a version of root's file; False where only the path in root's history says so."""

    @property
    def moves(self) -> bool:
        """Whether a safe fix may use it: it is surely a version of the task, in the task's own checkout."""
        return self.surely and self.tie in {Tie.RECORD, Tie.PATTERN}

    @property
    def leads(self) -> bool:
        """Whether the checkout changed the status itself, and root hasn't had that status since."""
        status = self.task.status
        return (self.base is None or self.base.status != status) and all(v.status != status for v in self.root_versions)
