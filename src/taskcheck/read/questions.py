"""What the files make us ask of git and of this machine."""

import os
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.sources import CheckoutSource, Sources
from taskcheck.model.tied import Tied, joined_ties
from taskcheck.read.locate import meant

if TYPE_CHECKING:
    from taskcheck.read.objects import Objects

OnProgress = Callable[..., None]
"""Is called with what is being done and, if it is one of several things, with its number and how many they are."""


@frozen(kw_only=True)
class Questions:
    """What the files make us ask of git and of this machine."""

    pids: frozenset[int] = frozenset()
    worktree_paths: frozenset[str] = frozenset()
    branches: frozenset[str] = frozenset()
    dispatched: Mapping[str, datetime] = field(default_factory=dict)
    """Root paths of the tasks that were dispatched, with when that run began, else its last sign."""
    idle: frozenset[str] = frozenset()
    """Root paths of the active tasks of which no ledger records a sign of work that is new enough."""
    lost: Mapping[str, datetime] = field(default_factory=dict)
    """Tasks that ledgers name and root hasn't, with when the run began; told where a file's name is the id."""
    absent: frozenset[str] = frozenset()
    """Where the files would be of the tasks that registers name and root hasn't."""
    names: frozenset[str] = frozenset()
    """Ids of root's tasks, archived ones too."""
    own_branches: tuple[str, ...] = ()
    """Branches that are open tasks' own, by a record or by the configured pattern; the first are looked at first."""
    tied: Mapping[str, Tied] = field(default_factory=dict)
    """Root paths of the tasks that weren't dropped, with what is recorded as theirs."""

    @staticmethod
    def of_all(asked: Iterable["Questions"]) -> "Questions":
        """Return what any of some asks."""
        return reduce(Questions.joined, asked)

    def joined(self, other: "Questions") -> "Questions":
        """Return what either asks, each from the earlier time on."""
        own_branches = dict.fromkeys((*self.own_branches, *other.own_branches))
        return Questions(
            pids=self.pids | other.pids,
            worktree_paths=self.worktree_paths | other.worktree_paths,
            branches=self.branches | other.branches,
            dispatched=_earlier(self.dispatched, other.dispatched),
            idle=self.idle | other.idle,
            lost=_earlier(self.lost, other.lost),
            absent=self.absent | other.absent,
            names=self.names | other.names,
            own_branches=tuple(own_branches),
            tied=joined_ties(self.tied, other.tied),
        )


def _earlier(one: Mapping[str, datetime], other: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the earlier of two times of each name."""
    found = dict(one)
    for name, at in other.items():
        found[name] = min(at, found.get(name, at))
    return found


Named = Mapping[str, Collection[str]]
"""By name of a checkout: what tombstones in it may be called; those of what may be its own tasks."""


@frozen
class Further:
    """What there is to ask once it is known which worktrees there are."""

    named: Callable[[Sources, Sequence[CheckoutSource], str | None], Named]
    """Tells, of checkouts and by the name of trunk, what tombstones in them may be called."""
    questions: Callable[[Sequence[CheckoutSource]], Questions]
    """Tells what the files make us ask, the tombstones in checkouts too."""
    name: Callable[[str], str] | None
    """Tells the task that a path in the store is; None where a file's name says nothing of it."""
    identity: Callable[[bytes, str], Hashable]
    """Tells the id and the title of a task file by its bytes and its path; None where it has no title."""


def asked_further(questions: Questions, further: Further, checkouts: Sequence[CheckoutSource]) -> Questions:
    """Return what the files make us ask, the tombstones in checkouts too, where there are any."""
    if any(held.tombstones for held in checkouts):
        return further.questions(checkouts)
    return questions


def asked_of_tips(
    questions: Questions,
    further: Further,
    checkouts: Sequence[CheckoutSource],
    at_tips: Sequence[CheckoutSource],
    root: Path,
) -> Questions:
    """Return what the files make us ask, the tombstones at branch tips too; recorded worktrees tie their branches."""
    if at_tips:
        questions = further.questions([*checkouts, *at_tips])
    return _with_branches(questions, checkouts, root)


def _with_branches(questions: Questions, checkouts: Iterable[CheckoutSource], root: Path) -> Questions:
    """Return questions in which a worktree that is recorded as a task's own ties what it is on, too."""
    on = {held.real_path: held.verdict_name for held in checkouts if held.path is not None}
    tied = {}
    for path, each in questions.tied.items():
        branches = {on.get(_real_path(worktree, root)) for worktree in each.worktrees}
        tied[path] = replace(each, branches=each.branches | frozenset(filter(None, branches)))
    return replace(questions, tied=tied)


def _real_path(path: str, root: Path) -> str:
    """Return the absolute path, with links resolved, that a ledger's path in root means; itself where it means none."""
    try:
        return os.path.realpath(meant(path, root))
    except (ValueError, OSError):
        return path


@frozen
class OwnTombstones:
    """Reads what worktrees and branches may record of the runs of their own tasks."""

    sources: Sources
    """Root's files."""
    pattern: str
    """Where tombstones lie in the store; empty for nowhere."""
    prefix: str
    """The store's folder within a checkout."""
    trunk: str | None
    further: Further
    """Tells what they may be called."""

    def in_worktrees(self, checkouts: list[CheckoutSource]) -> list[CheckoutSource]:
        """Return worktrees with the tombstones in them that may be of their own tasks, and that root hasn't as is."""
        if not self.pattern or not checkouts:
            return checkouts
        from taskcheck.read.tombstones import read_tombstones

        return read_tombstones(checkouts, self.sources, self.pattern, self.prefix, self.trunk, self.further)

    def at_tips(self, objects: "Objects", tips: Mapping[str, str]) -> tuple[list[CheckoutSource], tuple[str, ...]]:
        """Return those branches, and nothing else of them, that have committed such tombstones; and whose are unread.

        Args:
            objects: of the repository.
            tips: the branches' commits by short name.

        Raises:
            GitSilent: git gives no answer at all.
        """
        if not self.pattern or not tips:
            return [], ()
        from taskcheck.read.at_tips import read_at_tips

        return read_at_tips(objects, tips, self.sources, self.pattern, self.prefix, self.trunk, self.further)


def with_those_of(read: Sequence[CheckoutSource], branches: list[CheckoutSource]) -> list[CheckoutSource]:
    """Return branches with the tombstones that were read of some of them."""
    known = {held.name: held.tombstones for held in read}
    return [replace(held, tombstones=known.get(held.name, ())) for held in branches] if known else branches
