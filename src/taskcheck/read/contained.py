"""Has a branch landed whose tip is in root's history: was the tip made on the branch, and is its work still there?"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.sources import Merge
from taskcheck.read.history import History
from taskcheck.read.origins import Origins
from taskcheck.read.rawdiff import Delta, Step
from taskcheck.read.reverts import RevertReader, unknown
from taskcheck.read.runner import GitError, GitSilent


@frozen(kw_only=True)
class _Taken:
    """How a tip came into root's history, by the first merge of it."""

    tip: str
    merges: Sequence[str]
    """The merges of the tip, the last made first."""
    before: str
    """Root's side of the first merge."""
    fork: str | None
    """Where the branch had left that; None where they had nothing in common."""
    parents: Sequence[str]
    """Of the tip."""

    @property
    def made(self) -> Step:
        """What the merge changed in root."""
        return self.merges[-1], self.before

    @property
    def branched(self) -> Step | None:
        """What the branch had changed; None where it never left root's history.

        Of a branch of one commit that is what the commit changed, which git was asked already.
        """
        if self.fork is None:
            return None
        return (self.tip,) if self.parents == [self.fork] else (self.tip, self.fork)


@frozen(slots=False)
class ContainedReader:
    """Judges tips that root's history has."""

    history: History
    reverts: RevertReader
    """What commits on root took back."""
    origins: Origins
    """Where commits were made."""

    def load(self, tips: Iterable[str]) -> None:
        """Ask git for what the verdicts on some tips need, all at a time: one by one it would take longer.

        Raises:
            GitSilent: git gives no answer at all.
        """
        taken = list(filter(None, map(self._taken, tips)))
        self.history.graph.know(each.before for each in taken)
        self.history.git.objects.messages(merge for each in taken for merge in each.merges)
        made = [each.made for each in taken]
        branched = filter(None, (each.branched for each in taken))
        deltas = self.history.git.deltas
        deltas.load([*made, *branched])
        try:
            self.history.at_root(delta.path for step in made for delta in deltas.told(step))
        except GitSilent:
            raise
        except GitError:
            return  # the verdict that it is about tells it

    def verdict(self, tip: str, branch: str | None) -> Merge:
        """Return the verdict for a tip that is in root's history."""
        graph = self.history.graph
        if self.history.mainline >> graph.numbers[tip] & 1:
            return _in_root(tip, "the branch has no commit of its own, or was fast-forwarded")
        taken = self._taken(tip)
        merges = taken.merges if taken else ()
        if not branch or not self._is_of(branch, tip, merges):
            return _in_root(tip, "it is in root's history, but perhaps without a commit of its own")
        landed = graph.set_of([tip, *merges])
        proof = f"its tip {tip[:9]} is in root's history"
        if taken is None:
            verdict = self.reverts.unless_reverted(landed, tip, None, proof)
            return replace(verdict, tip=tip, doubt=self._came_along(tip, branch))
        landed |= graph.between(taken.before, tip)
        changes = (taken.fork, tip) if taken.fork else None
        verdict = self.reverts.unless_reverted(landed, tip, changes, proof)
        doubt = self._not_there(taken) if verdict.merged is True else None
        if doubt:
            verdict = unknown(f"{verdict.proof}; but {doubt}")
        doubt = self._left_out(taken) if verdict.merged is True else ""
        return replace(verdict, fork=taken.fork, tip=tip, doubt=doubt)

    @cached_property
    def _merged_by(self) -> Mapping[int, Sequence[int]]:
        """The merges in root's history that brought a commit in, the last made first, by the commit."""
        graph = self.history.graph
        found: dict[int, list[int]] = {}
        for number in graph.members(self.history.root):
            for parent in graph.parents[number][1:]:
                found.setdefault(parent, []).append(number)
        return found

    def _taken(self, tip: str) -> _Taken | None:
        """Return how the first merge of a tip that is in root's history was made; None where none was."""
        graph = self.history.graph
        merges = [graph.names[merge] for merge in self._merged_by.get(graph.numbers[tip], ())]
        if not merges:
            return None
        before = graph.parents_of(merges[-1])[0]
        fork = graph.base(before, tip)
        return _Taken(tip=tip, merges=merges, before=before, fork=fork, parents=graph.parents_of(tip))

    def _not_there(self, taken: _Taken) -> str | None:
        """Return, in words, that a merge took nothing of a branch over, or that root has a file as it was before."""
        deltas = self.history.git.deltas
        made = deltas.told(taken.made)
        if self._has_code(made):
            from taskcheck.read.setback import set_back

            return set_back(self.history, made, taken.merges[-1])
        wanted = deltas.told(taken.branched) if taken.branched else ()
        if self._has_code(wanted):
            return f"{taken.merges[-1][:9]}, which merged it, took none of its changes over"
        return None

    def _came_along(self, tip: str, branch: str) -> str:
        """Return, in words, that a merge of another branch, which was built on a tip, brought it in; else nothing."""
        merge = self.history.brought_by(tip)
        subject = self._subject(merge)
        return "" if _names(subject, branch) else f"{merge[:9]} brought it in, as a part of another branch"

    def _left_out(self, taken: _Taken) -> str:
        """Return, in words, that a merge dropped what the branch had changed in a file; else nothing."""
        if taken.fork is None or taken.branched is None:
            return ""
        from taskcheck.read.takeover import Merging, left_out

        merging = Merging(branched=taken.branched, made=taken.made, rival=(taken.before, taken.fork))
        path = left_out(self.history, merging)
        return f"{taken.merges[-1][:9]}, which merged it, dropped its changes to {path}" if path else ""

    def _has_code(self, deltas: Iterable[Delta]) -> bool:
        """Return whether changes are of more than task files."""
        return any(not self.history.is_task(delta.path) for delta in deltas)

    def _is_of(self, branch: str, tip: str, merges: Iterable[str]) -> bool:
        """Return whether a tip was made on a branch: a merge of it names the branch, or the branch's reflog has it."""
        subjects = [self._subject(merge) for merge in merges]
        return any(_names(subject, branch) for subject in subjects) or self.origins.made_on(branch, tip)

    def _subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self.reverts.message(commit).partition("\n")[0].strip()


def _in_root(tip: str, proof: str) -> Merge:
    """Return the verdict that git can't tell of a tip to which root's history goes back, with the reason."""
    return Merge(merged=None, proof=proof, fork=tip, tip=tip)


def _names(subject: str, branch: str) -> bool:
    """Return whether a merge commit's subject says that it merges this branch.

    As ``Merge branch 'fix-login'``, ``Merge pull request #7 from alice/fix-login`` and ``Merged in fix-login`` do.
    """
    source = subject.partition(" into ")[0]
    if f"'{branch}'" in source or f"'origin/{branch}'" in source:
        return True
    owner, _, name = source.rpartition(" from ")[2].partition("/")
    if " from " in source and name == branch and owner and not any(map(str.isspace, owner)):
        return True
    return source.split()[:3] == ["Merged", "in", branch]
