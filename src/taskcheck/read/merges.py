"""Has a branch landed on trunk? Yes with a proof, no, or unknown where git alone can't tell.

A yes makes fixes safe, so it must never be wrong; every doubt is an unknown. What two sides write into a task file
says nothing: root is reconciled by the same lines that the worker wrote, so patches are compared without these files.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.documents.values import from_epoch
from taskcheck.model.history import CUT_OFF
from taskcheck.model.sources import Merge
from taskcheck.read.graph import Commits
from taskcheck.read.history import History, seen_from_first_parent
from taskcheck.read.patches import PatchReader
from taskcheck.read.rawdiff import Delta
from taskcheck.read.reverts import RevertReader, subject_names, unknown
from taskcheck.read.runner import GitError, GitSilent

if TYPE_CHECKING:
    from taskcheck.read.apart import ApartReader
    from taskcheck.read.contained import ContainedReader
    from taskcheck.read.origins import Origins
    from taskcheck.read.remains import Remains

REBASED = 100
"""Commits of a pull request that GitHub rebases at most."""


@frozen(slots=False)
class MergeReader:
    """Judges branch tips against root's HEAD."""

    history: History
    """Of root and of the tips."""
    reflogs: Path | None = None
    """The folder of the branches' reflogs, one file each."""
    home: tuple[str, str] | None = None
    """Host and name of the repository; None where nobody knows."""
    fetched: Mapping[str, str] = field(default_factory=dict)
    """Trunk as it was last fetched, its commit by its short name."""

    @cached_property
    def _patches(self) -> PatchReader:
        return PatchReader(self.history.git.deltas, self.history.is_task)

    @cached_property
    def reverts(self) -> RevertReader:
        """What commits on root took back."""
        return RevertReader(self.history, self._patches, self.home)

    @cached_property
    def _apart(self) -> "ApartReader":
        from taskcheck.read.apart import ApartReader

        return ApartReader(self.history, self._patches, self.reverts, self._origins)

    @cached_property
    def _contained(self) -> "ContainedReader":
        from taskcheck.read.contained import ContainedReader

        return ContainedReader(self.history, self.reverts, self._origins)

    @cached_property
    def _origins(self) -> "Origins":
        from taskcheck.read.origins import Origins

        return Origins(self.history, self.reflogs)

    def load(self, tips: Collection[str]) -> None:
        """Ask git for what the verdicts on some tips need, all at a time: one by one it would take longer.

        Raises:
            GitSilent: git gives no answer at all.
        """
        if self.history.shallow or not tips:
            return
        bases = self.history.bases(tips)
        self.history.graph.know(bases.values())
        self._apart.load({tip: base for tip, base in bases.items() if base != tip})
        self._contained.load(tip for tip, base in bases.items() if base == tip)

    def verdict(self, tip: str, branch: str | None = None) -> Merge:
        """Return the verdict for one branch tip.

        An ancestor of root has landed only if its commits were made on the branch: a fresh branch is an ancestor too.
        What was reverted since hasn't landed.
        """
        if self.history.shallow:
            return unknown(CUT_OFF)
        try:
            base = self.history.base(tip)
            if base is None:
                return unknown("no common history")
            made = self._made(tip)
            if base == tip:
                return replace(self._unless_gone(self._contained.verdict(tip, branch)), made_at=made)
            apart = replace(self._apart.verdict(base, tip, branch or ""), fork=base, tip=tip)
            return replace(self._unless_gone(apart), begun_at=self._begun(base, tip), made_at=made)
        except GitSilent:
            raise
        except GitError as error:
            return unknown(str(error))

    def _unless_gone(self, merge: Merge) -> Merge:
        """Return a verdict with the doubt that later commits have left nothing of what landed, where none is known."""
        if merge.landed is None or merge.doubt:
            return merge
        step = tuple(filter(None, (merge.tip, merge.fork)))
        return replace(merge, doubt=self._remains.doubt(step, merge.landed.commit))

    @cached_property
    def _remains(self) -> "Remains":
        from taskcheck.read.remains import Remains

        reflogs = self.reflogs.parent / "remotes" if self.reflogs is not None else None
        return Remains(history=self.history, fetched=self.fetched, reflogs=reflogs)

    def _made(self, tip: str) -> datetime | None:
        """Return when a tip was made, as far as history was read."""
        graph = self.history.graph
        return graph.moment(tip).at if tip in graph.numbers else None

    def _begun(self, base: str, tip: str) -> datetime | None:
        """Return when the oldest commit was made that a tip has and its base hasn't."""
        graph = self.history.graph
        times = [graph.times[number] for number in graph.members(graph.between(base, tip))]
        return from_epoch(min(times)) if times else None

    def landed(self, commit: str, number: int) -> Merge:
        """Return the verdict for a commit of trunk that a forge says the merge of a pull request made.

        One with a single parent that doesn't name the pull request may be the last of those that a rebase made. How
        many these are nobody says: where one that could be among them was taken back, it can't be told.
        """
        if self.history.shallow:
            return unknown(CUT_OFF)
        try:
            if self.history.base(commit) != commit:
                return unknown(f"merge commit {commit[:9]} isn't in root's history")
            return self._made_by_merge(commit, str(number))
        except GitSilent:
            raise
        except GitError:
            return unknown(f"root doesn't have merge commit {commit[:9]}: it wasn't fetched")

    def _made_by_merge(self, commit: str, number: str) -> Merge:
        """Return the verdict for a commit in root's history that the merge of a pull request made."""
        proof = f"root's history has merge commit {commit[:9]}"
        parents = self.history.graph.parents_of(commit)
        is_merge = len(parents) > 1
        made = self.history.graph.set_of([commit])
        if is_merge:
            made |= self.history.graph.between(parents[0], commit)
        changes = (parents[0], commit) if parents else None
        said = self.reverts.unless_reverted(made, commit, changes, proof, frozenset({number}))
        if said.merged is not True:
            return said
        deltas = self.history.git.deltas
        if is_merge or number in subject_names(self.reverts.message(commit)):
            before = list(deltas.between(parents[0], commit)) if parents else []
        else:
            line = self.history.graph.newest_of(self.history.graph.mainline(commit), REBASED)
            before = self._on_line(line)
            said = self.reverts.unless_reverted(line, commit, None, proof)
        from taskcheck.read.setback import set_back

        doubt = said.proof if said.merged is False else set_back(self.history, before, commit)
        return unknown(f"{proof}; but {doubt}") if doubt else said

    def _on_line(self, line: Commits) -> list[Delta]:
        """Return what some commits changed, each seen from its first parent."""
        graph, deltas = self.history.graph, self.history.git.deltas
        steps = [seen_from_first_parent(graph, number) for number in graph.members(line)]
        deltas.load(steps)
        return [delta for step in steps for delta in deltas.told(step)]
