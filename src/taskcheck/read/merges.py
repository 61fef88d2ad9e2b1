"""Has a branch landed on trunk? Yes with a proof, no, or unknown where git alone can't tell.

A yes makes fixes safe, so it must never be wrong; every doubt is an unknown. What two sides write into a task file
says nothing: root is reconciled by the same lines that the worker wrote, so patches are compared without these files.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from taskcheck.documents.frozen import replace
from taskcheck.model.sources import Merge
from taskcheck.read.files import small_text
from taskcheck.read.git import Git
from taskcheck.read.patches import PatchReader
from taskcheck.read.rawdiff import Versions
from taskcheck.read.reverts import DEPTH, RevertReader, subject_names
from taskcheck.read.runner import GitError, GitSilent

REBASED = 100
"""Commits of a pull request that GitHub rebases at most."""

MAX_REFLOG_BYTES = 1024 * 1024

_MADE_THERE = ("commit", "cherry-pick", "am", "revert")
"""Reflog actions that make a commit; others move a branch to one that was there."""


class MergeReader:
    """Judges branch tips against root's HEAD."""

    def __init__(
        self,
        git: Git,
        head: str,
        shallow: bool,
        is_task: Callable[[str], bool] = lambda _: False,
        reflogs: Path | None = None,
    ) -> None:
        self.git = git
        self.head = head
        self.shallow = shallow
        self.is_task = is_task
        """Whether a path in the repository is a task file."""
        self.reflogs = reflogs
        """The folder of the branches' reflogs, one file each."""

    @cached_property
    def _patches(self) -> PatchReader:
        """What commits change."""
        return PatchReader(self.git, self.is_task)

    @cached_property
    def _reverts(self) -> RevertReader:
        """What commits on root took back."""
        return RevertReader(self.git, self.head, self._patches)

    @cached_property
    def _mainline(self) -> frozenset[str]:
        """The commits that root's branch itself has been at, as far as first parents tell."""
        return frozenset(commit for commit, _ in self.git.commits(self.head, None, "--first-parent"))

    def verdict(self, tip: str, branch: str | None = None) -> Merge:
        """Return the verdict for one branch tip.

        An ancestor of root has landed only if its commits were made on the branch: a fresh branch is an ancestor too.
        What was reverted since hasn't landed.
        """
        if self.shallow:
            return _unknown("history is cut off (shallow clone)")
        try:
            base = self.git.merge_base(self.head, tip)
            if base is None:
                return _unknown("no common history")
            if base == tip:
                return self._contained(tip, branch)
            return replace(self._apart(base, tip), fork=base, tip=tip)
        except GitSilent:
            raise
        except GitError as error:
            return _unknown(str(error))

    def landed(self, commit: str, number: int) -> Merge:
        """Return the verdict for a commit of trunk that a forge says the merge of a pull request made.

        One with a single parent that doesn't name the pull request may be the last of those that a rebase made. How
        many these are nobody says: where one that could be among them was taken back, it can't be told.
        """
        if self.shallow:
            return _unknown("history is cut off (shallow clone)")
        try:
            if self.git.merge_base(self.head, commit) != commit:
                return _unknown(f"{commit[:9]}, which the merge made, isn't in root's history")
            return self._made_by_merge(commit, str(number))
        except GitSilent:
            raise
        except GitError:
            return _unknown(f"root doesn't have {commit[:9]}, which the merge made: it wasn't fetched")

    def _made_by_merge(self, commit: str, number: str) -> Merge:
        """Return the verdict for a commit in root's history that the merge of a pull request made."""
        proof = f"root's history has {commit[:9]}, which the merge made"
        parents = self.git.parents(commit)
        is_merge = len(parents) > 1
        made = {commit}
        if is_merge:
            made |= self._commits_between(parents[0], commit)
        changes = (parents[0], commit) if parents else None
        said = self._reverts.unless_reverted(made, commit, changes, proof, frozenset({number}))
        if said.merged is not True:
            return said
        if is_merge or number in subject_names(self._reverts.message(commit)):
            before = self.git.difference(parents[0], commit) if parents else []
        else:
            before = self.git.changes(commit, None, (), f"--max-count={REBASED}", first_parent=True)
            perhaps_made = {change.commit for change in before}
            said = self._reverts.unless_reverted(perhaps_made, commit, None, proof)
        doubt = said.proof if said.merged is False else self._set_back(commit, before)
        return _unknown(f"{proof}; but {doubt}") if doubt else said

    def _set_back(self, commit: str, before: Iterable[Versions]) -> str | None:
        """Return, in words, a file that root has again as it was before some changes; task files left out."""
        earlier: dict[str, set[str | None]] = {}
        for change in before:
            earlier.setdefault(change.path, set()).add(change.before)
        for change in self.git.difference(commit, self.head):
            is_as_before = change.after in earlier.get(change.path, ())
            if is_as_before and not self.is_task(change.path):
                return f"{change.path} is again as it was before"
        return None

    def _contained(self, tip: str, branch: str | None) -> Merge:
        """Return the verdict for a tip that is in root's history."""
        if tip in self._mainline:
            return _in_root(tip, "the branch has no commit of its own, or was fast-forwarded")
        merges = self._merges_of(tip)
        if not branch or not self._is_of(branch, tip, [commit for commit, _ in merges]):
            return _in_root(tip, "it is in root's history, but perhaps without a commit of its own")
        landed = {tip, *(commit for commit, _ in merges)}
        proof = f"its tip {tip[:9]} is in root's history"
        if not merges:
            return replace(self._reverts.unless_reverted(landed, tip, None, proof), tip=tip)
        first, parents = merges[-1]
        before = parents[0]
        landed |= self._commits_between(before, tip)
        fork = self.git.merge_base(before, tip)
        changes = (fork, tip) if fork else None
        verdict = self._reverts.unless_reverted(landed, tip, changes, proof)
        doubt = self._not_there(first, before, changes) if verdict.merged is True else None
        if doubt:
            verdict = _unknown(f"{verdict.proof}; but {doubt}")
        return replace(verdict, fork=fork, tip=tip)

    def _merges_of(self, tip: str) -> list[tuple[str, list[str]]]:
        """Return the merges in root's history that brought a commit in, the last made first, with their parents."""
        return [(commit, parents) for commit, parents in self.git.merges(self.head, tip) if tip in parents[1:]]

    def _not_there(self, merge: str, before: str, changes: tuple[str, str] | None) -> str | None:
        """Return, in words, that a merge took nothing of a branch over, or that root has a file as it was before."""
        made = self.git.difference(before, merge)
        if self._has_code(made):
            return self._set_back(merge, made)
        wanted = self.git.difference(*changes) if changes else []
        return f"{merge[:9]}, which merged it, took none of its changes over" if self._has_code(wanted) else None

    def _has_code(self, changes: Iterable[Versions]) -> bool:
        """Return whether changes are of more than task files."""
        return any(not self.is_task(change.path) for change in changes)

    def _is_of(self, branch: str, tip: str, merges: Iterable[str]) -> bool:
        """Return whether a tip was made on a branch: a merge of it names the branch, or the branch's reflog has it."""
        subjects = [self._subject(merge) for merge in merges]
        return any(_names(subject, branch) for subject in subjects) or self._made_on(branch, tip)

    def _subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self._reverts.message(commit).partition("\n")[0].strip()

    def _made_on(self, branch: str, tip: str) -> bool:
        """Return whether the branch's reflog tells that its tip was committed on it."""
        if self.reflogs is None:
            return False
        reflog = small_text(self.reflogs / branch, MAX_REFLOG_BYTES) or ""
        for line in reflog.splitlines():
            moved, _, action = line.partition("\t")
            if moved.split()[1:2] == [tip] and action.startswith(_MADE_THERE):
                return True
        return False

    def _commits_between(self, earlier: str, later: str) -> set[str]:
        """Return the commits that a commit has and an earlier one doesn't."""
        return {commit for commit, _ in self.git.commits(later, earlier, f"--max-count={DEPTH}")}

    # Decisions: a row of steps, each of which needs what all before it found.
    def _apart(self, base: str, tip: str) -> Merge:
        """Return the verdict for a tip that isn't in root's history: whether its changes are on trunk as other commits.

        What trunk had before the branch did was taken over from trunk, not landed on it.
        """
        trunk = dict(self.git.commits(self.head, base, f"--max-count={DEPTH + 1}"))
        if len(trunk) > DEPTH:
            return _unknown(f"root has moved by more than {DEPTH} commits")
        if not trunk:
            return Merge(merged=False, proof="root has no commit since the branch left it")
        commits = dict(self.git.commits(tip, base, "--no-merges", f"--max-count={DEPTH}"))
        files = self._patches.files([*trunk, *commits])
        own = {commit: at for commit, at in commits.items() if files[commit]}
        squashed, touched = self._patches.difference(base, tip)
        if squashed is None:
            return _unknown("its commits change no content but that of task files")
        likely = {touched, *(files[commit] for commit in own)}
        identities = self._patches.identities([*own, *(commit for commit in trunk if files[commit] in likely)])
        on_trunk = _newest_by_identity(trunk, identities)
        equal = {commit: on_trunk.get(identities[commit] or "") for commit in own}
        return (
            self._rebased(base, tip, own, trunk, equal)
            or self._squashed(base, tip, own, trunk, on_trunk.get(squashed))
            or self._elsewhere(touched, [files[commit] for commit in trunk])
        )

    def _rebased(
        self,
        base: str,
        tip: str,
        own: Mapping[str, datetime],
        trunk: Mapping[str, datetime],
        equal: Mapping[str, str | None],
    ) -> Merge | None:
        """Return the verdict for a branch each of whose commits has an equal one on trunk; None for any other."""
        landed = {other for other in equal.values() if other}
        if not own or not all(equal.values()):
            return None
        if not any(other and trunk[other] >= own[commit] for commit, other in equal.items()):
            return None
        proof = "each of its commits has an equal patch on trunk"
        return self._reverts.unless_reverted(landed, base, (base, tip), proof)

    def _squashed(
        self, base: str, tip: str, own: Mapping[str, datetime], trunk: Mapping[str, datetime], same: str | None
    ) -> Merge | None:
        """Return the verdict for a branch whose whole change is that of one commit on trunk; None for any other."""
        if same is None or not own or trunk[same] < max(own.values()):
            return None
        proof = f"trunk's {same[:9]} is the same change, squashed"
        return self._reverts.unless_reverted({same}, same, (base, tip), proof)

    def _elsewhere(self, touched: frozenset[str], on_trunk: Sequence[frozenset[str]]) -> Merge:
        """Return the verdict for a branch none of whose changes is on trunk as it is."""
        if touched.isdisjoint(frozenset().union(*on_trunk)):
            return Merge(merged=False, proof="no commit of trunk since has touched its files")
        return _unknown("trunk has changed the same files since: it may have landed in another form")


def _unknown(proof: str) -> Merge:
    """Return the verdict that git can't tell, with the reason."""
    return Merge(merged=None, proof=proof)


def _in_root(tip: str, proof: str) -> Merge:
    """Return the verdict that git can't tell of a tip to which root's history goes back, with the reason."""
    return Merge(merged=None, proof=proof, fork=tip, tip=tip)


def _newest_by_identity(commits: Iterable[str], identities: Mapping[str, str | None]) -> dict[str, str]:
    """Return the first of some commits, newest first, that makes each change."""
    newest: dict[str, str] = {}
    for commit in commits:
        identity = identities.get(commit)
        if identity is not None:
            newest.setdefault(identity, commit)
    return newest


def _names(subject: str, branch: str) -> bool:
    """Return whether a merge commit's subject says that it merges this branch.

    As ``Merge branch 'fix-login'``, ``Merge pull request #7 from alice/fix-login`` and ``Merged in fix-login`` do.
    """
    source = subject.partition(" into ")[0]
    name = re.escape(branch)
    return bool(re.search(rf"'(?:origin/)?{name}'|\bfrom [^/\s]+/{name}\Z|\AMerged in {name}\b", source))
