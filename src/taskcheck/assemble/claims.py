"""What root's history says of the claim that a task is open, or done: commits that name its work, and its branch."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from taskcheck.assemble.runs import NO_RUN, Run
from taskcheck.assemble.standing import Standing
from taskcheck.config.settings import Stage
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.history import Brought, Moment
from taskcheck.model.landings import Mention, Refuted
from taskcheck.model.sources import Merge, Repository
from taskcheck.model.task import Task
from taskcheck.model.tasks import Tasks
from taskcheck.model.tied import Tied


@frozen(kw_only=True, slots=False)
class ClaimReader:
    """Holds what root says of tasks against what its history has of their work."""

    git: Repository
    standing: Standing
    tied: Mapping[str, Tied]
    """What is recorded as each task's own, by the path of its file."""
    runs: Mapping[str, Run]
    users: Mapping[str, str]
    """Whose each branch is by the newest record that names it, by the branch's name."""

    def mentions(self, tasks: Tasks, checkouts: Checkouts) -> dict[str, Mention]:
        """Return for open tasks the newest commit of trunk that says it brought in what is recorded as theirs.

        It has to be newer than the newest run's begin and than root's last change of the status: whoever changed that
        since knew of the merge. Nothing where git itself knows whether the branch has landed.
        """
        found = {}
        for task in tasks:
            tied = self.tied.get(task.place.path)
            if tied is None or task.closed or checkouts.landing(task.id):
                continue
            given = self.standing.given(task)
            if given is None:
                continue
            for brought, what in self._brought_of(tied):
                if self._is_news(brought, task, given) and self._is_deleted(tied, brought):
                    made = brought.made
                    found[task.id] = Mention(what=what, commit=made.commit, at=made.at, subject=brought.subject)
                    break
        return found

    def refuted(self, tasks: Tasks, checkouts: Checkouts) -> dict[str, Refuted]:
        """Return what git says of done tasks: their branch hasn't landed, or what landed was taken back since."""
        found = {}
        for task in tasks:
            tied = self.tied.get(task.place.path)
            if tied is None or task.stage is not Stage.DONE:
                continue
            if tasks.ambiguous(task.id):
                continue
            given = self.standing.given(task)
            if given is None:
                continue
            refuted = self._taken_back(tied, given) or self._unmerged(task, tied, given, checkouts)
            if refuted is not None:
                found[task.id] = refuted
        return found

    def _brought_of(self, tied: Tied) -> Iterator[tuple[Brought, str]]:
        """Yield the commits that say they brought in what is recorded as a task's, each with what that is.

        A branch's name says nothing where the commit has the number of another pull request than the recorded one.
        """
        numbers = tied.numbers(self.git.home)
        indices = {index for name in (*tied.branches, *numbers) for index in self._by_name.get(name, ())}
        for index in sorted(indices):
            brought = self.git.brought[index]
            if brought.number in numbers:
                yield brought, f"its pull request #{brought.number}"
            elif brought.number is None or not tied.pulls:
                yield brought, f"its branch {min(brought.branches & tied.branches)}"

    @cached_property
    def _by_name(self) -> Mapping[object, list[int]]:
        """The positions of what was brought in, by the names of branches and the numbers of pull requests."""
        found: dict[object, list[int]] = {}
        for index, brought in enumerate(self.git.brought):
            for name in brought.branches:
                found.setdefault(name, []).append(index)
            if brought.number is not None:
                found.setdefault(brought.number, []).append(index)
        return found

    def _is_news(self, brought: Brought, task: Task, given: Moment) -> bool:
        """Return whether a commit is newer than a task's run and than what root says of it, and wasn't taken back."""
        begun = self.runs.get(task.id, NO_RUN).began
        if brought.reverted is not None or brought.perhaps_reverted:
            return False
        if begun is not None and brought.made.at <= begun:
            return False
        came_along = brought.made.commit == given.commit and task.stage is Stage.REVIEW
        return came_along or brought.made.after(given)

    def _is_deleted(self, tied: Tied, brought: Brought) -> bool:
        """Return whether nothing of a task's branches speaks against what a commit's subject says."""
        if brought.branches & tied.branches & self.git.merges.keys():
            return False
        return not any(self._is_apart(branch) for branch in tied.branches)

    def _is_apart(self, branch: str) -> bool:
        """Return whether it is known that a branch hasn't landed."""
        merge = self.git.merges.get(branch)
        return merge is not None and merge.merged is False

    def _taken_back(self, tied: Tied, given: Moment) -> Refuted | None:
        """Return that what was brought in last of a task's work was taken back after the task was done.

        Nothing where git knows better of a recorded branch, for that may have landed again.
        """
        if any(self.git.merges[branch].merged is not False for branch in tied.branches & self.git.merges.keys()):
            return None
        for brought, what in self._brought_of(tied):
            if brought.reverted is None or not brought.reverted.after(given):
                return None
            proof = f"{brought.made.commit[:9]} merged it, and {brought.reverted.commit[:9]} reverted it"
            return Refuted(what=what, proof=proof, reverted=True)
        return None

    def _unmerged(self, task: Task, tied: Tied, given: Moment, checkouts: Checkouts) -> Refuted | None:
        """Return that a branch of a done task has commits of its own that trunk hasn't, or hasn't any more.

        Of several, one that won't land goes before one that may. Nothing but a revert where a commit of trunk says that
        it brought the work in.
        """
        found = [
            replace(refuted, may_land=self._may_land(merge, given))
            for merge, refuted in self._apart(task, tied, checkouts)
            if self._is_refuted(merge, task, given, tied)
        ]
        return min(found, key=lambda refuted: refuted.may_land, default=None)

    def _apart(self, task: Task, tied: Tied, checkouts: Checkouts) -> Iterator[tuple[Merge, Refuted]]:
        """Yield git's verdicts on what is recorded as a task's own, each with what it would be worth against done.

        A worktree on no branch counts where it alone is recorded.
        """
        own = checkouts.by_record(task.id)
        branches = {*tied.branches, own.branch} if own is not None else tied.branches
        for branch in sorted(filter(None, branches)):
            merge = self.git.merges.get(branch)
            if merge is not None and not self._is_used_again(branch, task):
                yield merge, _refuted(merge, f"its branch {branch}", f"branch:{branch}", branch)
        if own is not None and own.lone_merge is not None and tied.is_worktree_alone:
            yield own.lone_merge, _refuted(own.lone_merge, own.spoken_tip, own.name)

    def _is_refuted(self, merge: Merge, task: Task, given: Moment, tied: Tied) -> bool:
        """Return whether what git says of commits speaks against a task's being done."""
        if merge.merged is not False:
            return False
        if merge.reverted is not None:
            return merge.reverted.after(given)
        return self._is_claimed(merge, task, given) and not any(self._brought_of(tied))

    def _is_claimed(self, merge: Merge, task: Task, given: Moment) -> bool:
        """Return whether a branch that hasn't landed has work of the run after which the task was called done.

        What a run left that ended otherwise than with a pull request isn't what was called done.
        """
        run = self.runs.get(task.id, NO_RUN)
        outcome = run.tombstone.outcome if run.tombstone is not None else None
        if outcome not in {None, "completed_with_pr"}:
            return False
        ended = run.ended_at or given.at
        return merge.begun_at is not None and merge.begun_at <= ended

    def _may_land(self, merge: Merge, given: Moment) -> bool:
        """Return whether work that root's trunk hasn't may reach it yet, or has done so in what was fetched of trunk.

        It may until trunk moves on after the task was done.
        """
        if self.git.fetched is not None:
            return True
        return merge.reverted is None and given.commit == self.git.head

    def _is_used_again(self, branch: str, task: Task) -> bool:
        """Return whether the newest record that names a branch is another task's."""
        return self.users.get(branch, task.id) != task.id


def _refuted(merge: Merge, what: str, checkout: str, branch: str | None = None) -> Refuted:
    """Return the evidence that commits of a checkout aren't on trunk, or aren't any more."""
    is_reverted = merge.reverted is not None
    return Refuted(what=what, proof=merge.proof, reverted=is_reverted, branch=branch, checkout=checkout)
