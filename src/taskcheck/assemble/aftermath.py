"""What happened to tasks after their branches had landed."""

from collections.abc import Mapping
from datetime import timedelta

from taskcheck.assemble.runs import NO_RUN, Run
from taskcheck.assemble.standing import Standing
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.landings import Landing
from taskcheck.model.task import Task
from taskcheck.model.tasks import Tasks


@frozen(kw_only=True)
class AftermathReader:
    """Holds branches that have landed against what root and the ledgers said of their tasks since."""

    standing: Standing
    runs: Mapping[str, Run]
    skew: timedelta
    """How far clocks may differ."""

    def dated(self, tasks: Tasks, landings: Mapping[str, Landing]) -> dict[str, Landing]:
        """Return the branches that have landed, each with what happened to its task since; without old news.

        A branch that landed before its task's file was made is another task's.
        """
        found = {}
        for name, landing in landings.items():
            task = tasks.by_id[name]
            if not self.standing.was_made_after(task, landing.landed):
                reopened = self.standing.was_closed_after(task, landing.landed)
                found[name] = replace(landing, reopened=reopened, doubt=self._doubt(task, landing))
        return found

    def _doubt(self, task: Task, landing: Landing) -> str:
        """Return what happened to a task since something landed, so that this doesn't prove it done; else nothing."""
        if self.standing.is_unsaved(task):
            return "its status isn't committed, so it may have been set just now"
        run = self.runs.get(task.id, NO_RUN)
        if run.began is not None and run.began > landing.landed.at:
            return "a run of the task began later"
        if self._was_made_before(run, landing):
            return f"all commits of {landing.branch} are older than the run, so they may be others' work"
        given = self.standing.given(task)
        if given is None:
            return "root's history doesn't show when its status was set"
        if given.after(landing.landed):
            return f"root's status was set later, by {given.commit[:9]}"
        anew = self.standing.given_anew_after(task, landing.landed)
        return f"root's {anew} was changed later" if anew else ""

    def _was_made_before(self, run: Run, landing: Landing) -> bool:
        """Return whether a branch was made before a run that hadn't ended when the branch landed.

        What landed after the recorded end of a run, as a round of review does, was for the task.
        """
        if run.began is None or landing.made_at is None:
            return False
        ended = run.tombstone.ended_at if run.tombstone is not None else None
        had_ended = ended is not None and ended < landing.landed.at
        return landing.made_at < run.began - self.skew and not had_ended
