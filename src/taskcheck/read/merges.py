"""Has a branch landed on trunk? Yes with a proof, no, or unknown where git alone can't tell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from taskcheck.read.git import Git, GitError
from taskcheck.sources import Merge

DEPTH = 2_000
"""Trunk commits since the fork that are searched for an equal patch; beyond that the verdict is unknown."""

_REVERTS = re.compile(rb"This reverts commit ([0-9a-f]{40,64})")


@dataclass(slots=True)
class MergeReader:
    """Judges branch tips against root's HEAD."""

    git: Git
    head: str
    shallow: bool
    _mainline: frozenset[str] | None = None
    _patches: dict[str, dict[str, str]] = field(default_factory=dict)

    def verdict(self, tip: str) -> Merge:
        """The verdict for one branch tip.

        An ancestor has landed only if it is none of trunk's own commits: a branch without commits of its own is an
        ancestor too. What was reverted since hasn't landed.
        """
        if self.shallow:
            return Merge(merged=None, proof="history is cut off (shallow clone)")
        try:
            return self._verdict(tip)
        except GitError as error:
            return Merge(merged=None, proof=str(error))

    def _verdict(self, tip: str) -> Merge:
        base = self.git.merge_base(self.head, tip)
        if base is None:
            return Merge(merged=None, proof="no common history")
        if base == tip:
            if tip in self._first_parents():
                return Merge(merged=None, proof="the branch has no commit of its own, or was fast-forwarded")
            return self._unless_reverted({tip}, tip, f"its tip {tip[:9]} is in root's history")
        since = self.git.commits(self.head, base, "--first-parent", f"--max-count={DEPTH + 1}")
        if len(since) > DEPTH:
            return Merge(merged=None, proof=f"trunk has moved by more than {DEPTH} commits")
        if not since:
            return Merge(merged=False, proof="root has no commit since the branch left it")
        own = self.git.commits(tip, base)
        left = self.git.commits(f"{self.head}...{tip}", None, "--cherry-pick", "--right-only", "--no-merges")
        patches = self._trunk_patches(base, [commit for commit, _ in since])
        if not left and len(own) > 0:
            same = [patches[patch] for patch in self._patch_ids([c for c, _ in own]).values() if patch in patches]
            return self._unless_reverted(set(same), base, "each of its commits has an equal patch on trunk")
        squashed = self._squashed_patch(base, tip)
        if squashed is None:
            return Merge(merged=None, proof="its commits change nothing")
        if squashed in patches:
            landed = patches[squashed]
            return self._unless_reverted({landed}, base, f"trunk's {landed[:9]} is the same change, squashed")
        return Merge(merged=False, proof="no commit of trunk is the same change")

    def _first_parents(self) -> frozenset[str]:
        if self._mainline is None:
            self._mainline = frozenset(commit for commit, _ in self.git.commits(self.head, None, "--first-parent"))
        return self._mainline

    def _trunk_patches(self, base: str, commits: Iterable[str]) -> dict[str, str]:
        """Patch id of every trunk commit since a base, to the commit."""
        if base not in self._patches:
            self._patches[base] = {patch: commit for commit, patch in self._patch_ids(commits).items()}
        return self._patches[base]

    def _patch_ids(self, commits: Iterable[str]) -> dict[str, str]:
        patch = self.git.run(
            "diff-tree", "--stdin", "-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index",
            stdin="".join(f"{commit}\n" for commit in commits).encode(),
        )  # fmt: skip
        return self._ids_of(patch)

    def _squashed_patch(self, base: str, tip: str) -> str | None:
        patch = self.git.run(
            "diff-tree",
            "-r",
            "-p",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--full-index",
            base,
            tip,
        )
        return next(iter(self._ids_of(tip.encode() + b"\n" + patch).values()), None) if patch else None

    def _ids_of(self, patches: bytes) -> dict[str, str]:
        if not patches.strip():
            return {}
        pairs = (line.split() for line in self.git.run("patch-id", "--stable", stdin=patches).decode().splitlines())
        return {commit: patch for patch, commit in pairs}

    def _unless_reverted(self, landed: set[str], since: str, proof: str) -> Merge:
        """A verdict of merged, unless a later commit on root says that it reverts what landed or a merge of it."""
        reverting = self.git.commits(self.head, since, "--grep=This reverts commit", "--fixed-strings")
        for commit, _ in reverting:
            reverted = {match.decode() for match in _REVERTS.findall(self.git.message(commit))}
            if reverted & landed or any(self._brought(merge, landed) for merge in reverted):
                return Merge(merged=False, proof=f"it landed and was reverted by {commit[:9]}")
        return Merge(merged=True, proof=proof)

    def _brought(self, merge: str, landed: set[str]) -> bool:
        """Whether a reverted commit is the merge that brought a tip in."""
        parents = self.git.parents(merge)
        return len(parents) > 1 and bool(landed & set(parents[1:]))
