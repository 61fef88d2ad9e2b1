"""Has a branch landed whose tip isn't in root's history: are its changes on trunk as other commits?"""

from collections.abc import Mapping, Sequence

from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.sources import Merge
from taskcheck.read.graph import Commits
from taskcheck.read.history import History
from taskcheck.read.origins import Origins, is_branch
from taskcheck.read.patches import PatchReader
from taskcheck.read.rawdiff import Step
from taskcheck.read.reverts import DEPTH, RevertReader, unknown


@frozen(kw_only=True)
class _Branch:
    """What a branch did since it left root's history."""

    base: str
    tip: str
    touched: frozenset[str]
    """The files, task files left out, in which its tip differs from the base."""
    own: Sequence[int]
    """Its commits, merges left out, that touched such files, the newest first."""


@frozen
class ApartReader:
    """Judges tips that root's history doesn't have."""

    history: History
    patches: PatchReader
    """What commits change."""
    reverts: RevertReader
    """What commits on root took back."""
    origins: Origins
    """Where commits were made."""

    def load(self, bases: Mapping[str, str]) -> None:
        """Ask git for what the verdicts on some tips need, all at a time: one by one it would take longer.

        Args:
            bases: the merge-base with root of each tip.
        """
        graph = self.history.graph
        needed = 0
        for tip, base in bases.items():
            trunk = self.history.since(base)
            if 0 < trunk.bit_count() <= DEPTH:
                needed |= trunk | graph.newest_of(graph.between(base, tip), DEPTH)
        self.history.changes.index(needed)
        self.history.git.deltas.load(bases.items())

    def verdict(self, base: str, tip: str, name: str) -> Merge:
        """Return the verdict for a tip that isn't in root's history: whether its changes are on trunk as other commits.

        What trunk had before the branch did was taken over from trunk, not landed on it.
        """
        trunk = self.history.since(base)
        if trunk.bit_count() > DEPTH:
            return unknown(f"root has moved by more than {DEPTH} commits")
        if not trunk:
            return Merge(merged=False, proof="root has no commit since the branch began")
        if not self.history.code(base, tip):
            return unknown("its commits change only task files")
        branch = self._branch(base, tip)
        landed = self._rebased(branch, trunk) or self._squashed(branch, trunk)
        if landed is None:
            return self._elsewhere(branch, trunk)
        return self._unless_others(self._unless_set_back(landed, branch), branch, name)

    def _unless_others(self, verdict: Merge, branch: _Branch, name: str) -> Merge:
        """Return a verdict of merged with what speaks for it that another branch has landed; unknown where that has."""
        if verdict.landed is None:
            return verdict
        source = self.origins.taken_from(name)
        if source and is_branch(source):
            return unknown(f"{verdict.proof}; but no commit was made on it since it was set to {source}")
        if source:
            return replace(verdict, doubt="no commit was made on the branch itself, so its work may be another's")
        return replace(verdict, doubt=self._perhaps_anyones(verdict.landed.commit, branch, name))

    def _perhaps_anyones(self, landed: str, branch: _Branch, name: str) -> str:
        """Return, in words, that the only commit of a branch may have been made on trunk by others; else nothing.

        Several commits, or a change of several files, nobody makes twice by chance.
        """
        is_small = len(branch.own) == len(branch.touched) == 1
        own = self.history.graph.names[branch.own[0]]
        if not is_small or not self.origins.may_be_anyones(own, landed, name):
            return ""
        return f"{landed[:9]} may be others' work: neither its author nor its message tells that it is of the branch"

    def _unless_set_back(self, landed: Merge, branch: _Branch) -> Merge:
        """Return a verdict of merged, unless root has a file of the branch again as it was before."""
        if landed.landed is None:
            return landed
        from taskcheck.read.setback import set_back

        made = self.history.git.deltas.between(branch.base, branch.tip)
        doubt = set_back(self.history, made, landed.landed.commit)
        return unknown(f"{landed.proof}; but {doubt}") if doubt else landed

    def _branch(self, base: str, tip: str) -> _Branch:
        """Return what a branch did since it left root's history.

        Raises:
            GitError: git can't tell.
        """
        graph, changes = self.history.graph, self.history.changes
        commits = graph.newest_of(graph.between(base, tip), DEPTH)
        changes.require(commits)
        own = [number for number in graph.members(commits) if changes.files(number)]
        return _Branch(base=base, tip=tip, touched=self.history.touched(base, tip), own=own)

    def _equal(self, step: Step, files: frozenset[str], trunk: Commits) -> int | None:
        """Return the newest commit of trunk that changes the same files as a step in the same way; None for none.

        Raises:
            GitError: git can't tell.
        """
        graph, changes = self.history.graph, self.history.changes
        changes.require(trunk)
        likely = list(graph.members(trunk & changes.by_files.get(files, 0)))
        if not likely:
            return None
        asked = {number: (graph.names[number],) for number in likely if self._may_equal(step, (graph.names[number],))}
        identities = self.patches.identities([step, *asked.values()])
        wanted = identities[step]
        if wanted is None:
            return None
        return next((number for number, other in asked.items() if identities[other] == wanted), None)

    def _may_equal(self, step: Step, other: Step) -> bool:
        """Return whether two steps may do the same: of files that they begin with alike, they make the same ones.

        Else they add the same lines to two places of a file.

        Raises:
            GitError: git can't tell.
        """
        told = self.history.git.deltas.told
        own = {(each.path, each.before): each.after for each in told(step) if not self.history.is_task(each.path)}
        return all(own.get((each.path, each.before), each.after) == each.after for each in told(other))

    def _rebased(self, branch: _Branch, trunk: Commits) -> Merge | None:
        """Return the verdict for a branch each of whose commits has an equal one on trunk; None for any other."""
        graph, changes = self.history.graph, self.history.changes
        equal = {}
        for number in branch.own:
            found = self._equal((graph.names[number],), changes.files(number), trunk)
            if found is None:
                return None
            equal[number] = found
        if not any(graph.times[other] >= graph.times[commit] for commit, other in equal.items()):
            return None
        proof = "each of its commits has an equal patch on trunk"
        landed = graph.set_of(graph.names[other] for other in equal.values())
        return self.reverts.unless_reverted(landed, branch.base, (branch.base, branch.tip), proof)

    def _squashed(self, branch: _Branch, trunk: Commits) -> Merge | None:
        """Return the verdict for a branch whose whole change is that of one commit on trunk; None for any other."""
        graph = self.history.graph
        same = self._equal((branch.tip, branch.base), branch.touched, trunk)
        if same is None or not branch.own:
            return None
        if graph.times[same] < max(graph.times[number] for number in branch.own):
            return None
        name = graph.names[same]
        proof = f"trunk's {name[:9]} is the same change, squashed"
        return self.reverts.unless_reverted(graph.set_of([name]), name, (branch.base, branch.tip), proof)

    def _elsewhere(self, branch: _Branch, trunk: Commits) -> Merge:
        """Return the verdict for a branch none of whose changes is on trunk as it is."""
        changes = self.history.changes
        changes.require(trunk)
        if any(trunk & changes.by_file.get(path, 0) for path in branch.touched):
            return unknown("trunk has changed the same files since: it may have landed in another form")
        return Merge(merged=False, proof="no commit of trunk since has touched its files")
