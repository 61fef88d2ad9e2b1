"""One run of a worker: registered, launched, at work, ended; with every ledger that it leaves."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.simulator.life import Story, hours, minutes
from tests.simulator.plan import End
from tests.simulator.world import FORGE, HOST, Tree, body, edited, log, page, stamp, tombstone

if TYPE_CHECKING:
    from tests.simulator.stories import TaskStory

STATUS = {
    "completed_with_pr": "in_review",
    "blocked": "blocked",
    "needs_review_fix": "needs_review_fix",
    "failed": "failed",
    "crash": "failed",
    "mute": "in_progress",
}
"""What root says after a run that ended so."""

OF_THE_WORKER = ("status", "started_at", "pr_url", "pr_number", "pr_created_at")
"""Keys that a worker writes into its copy, and that root takes over in the end."""


class Run:
    """One dispatch of a task."""

    def __init__(self, story: "TaskStory", end: End, *, last: bool) -> None:
        self.life, self.world, self.task, self.plan, self.rng = (
            story.life, story.world, story.task, story.plan, story.rng,
        )  # fmt: skip
        self.manager, self.number, self.end, self.last = story.manager, story.number, end, last
        self.cast = story.cast
        self.here, self.local = self.plan.here, self.plan.here and self.plan.tree != "unmounted"
        # Where a branch may run ahead until it is merged, root need not follow a worker that is at it.
        may_lead = self.world.authority == "branch" and self.rng.random() < 0.5
        self.follows = not may_lead and not (last and self.plan.neglects("follow"))
        self.told_after = self.plan.tombstone and self.rng.random() < 0.7
        """Whether its tombstone says what root said in the end."""
        self.pid: int | None = None
        self.tree: Tree | None = None
        self.path = f"../trees/{self.task}" if self.plan.tree == "outside" else f".worktrees/{self.task}"
        self.branch: str | None = f"{'feature' if self.plan.tree == 'named' else 'task'}/{self.task}"
        self.name = self.task if self.plan.named else f"T-{self.number}"

    def live(self) -> Story:
        """The whole run; true when it is to be looked at where it stands."""
        life, hold, rng = self.life, self.plan.hold if self.last else "", self.rng
        lead = minutes(rng, 4, 40)
        launch = max(life.clock + lead + minutes(rng, 1, 60), self._due(hold, lead))
        yield life.until(launch - lead)
        self._register()
        yield minutes(rng, 0.5, min(10, lead.total_seconds() / 60 - 1))
        self._open()
        yield life.until(launch)
        self._launch()
        yield minutes(rng, 0.3, 0.9)
        self._pick_up()
        if hold == "launched":
            return True
        yield minutes(rng, 0.5, 11)
        self._follow()
        yield from self._work(forever=hold == "working")
        if hold == "working":
            return True
        yield minutes(rng, 6, 20)
        self._finish()
        return hold == "ended" or (self.last and self.end == "crash" and self.plan.neglects("notice"))

    def _due(self, hold: str, lead: timedelta) -> datetime:
        """When it is to be launched, so that it is found where the plan wants it; one only registered, later."""
        now, rng = self.life.now, self.rng
        idle = self.plan.idle or timedelta()
        match hold:
            case "registered":
                return now + minutes(rng, 0.5, lead.total_seconds() / 60 - 1)
            case "launched":
                return now - minutes(rng, 1, 11)
            case "working":
                return now - idle - hours(rng, 0.4, 60)
            case "ended":
                return now - idle - hours(rng, 7, 50)
        return self.life.clock

    def _register(self) -> None:
        if self.last and self.plan.neglects("register"):
            return
        path = self.path if self.local or (self.rng.random() < 0.3 and not self.here) else f"/srv/fleet/{self.task}"
        fields: dict[str, object] = {"worktree_path": path, "registered_at": stamp(self.life.clock)}
        if self.branch and self.plan.tree != "detached" and (self.plan.tree == "named" or self.rng.random() < 0.8):
            fields["branch"] = self.branch
        if not self.here or self.rng.random() < 0.6:
            fields["host"] = self.rng.choice((HOST, HOST.upper(), f"{HOST}.local")) if self.here else "build-7"
        if not self.plan.named or self.rng.random() < 0.6:
            fields["task_path"] = self.world.root.task(self.task)
        self.life.entry(self.manager, self.name, **fields)

    def _open(self) -> None:
        """The worktree: the one that is there, or a new one from root's head or from another's branch."""
        if not self.local:
            return
        world = self.world
        self.tree = world.worktrees.get(self.path)
        if self.tree is None:
            self.life.commit_root("Note what was left")
            start = world.root.head
            others = [tree for tree in world.worktrees.values() if tree.branch and tree.branch.startswith("task/")]
            if self.plan.tree == "stacked" and others:
                start = self.rng.choice(others).head
            if not any(path.endswith(f"/{self.task}.md") for path in world.history.files(start)):
                start = world.root.head
            branch = None if self.plan.tree == "detached" else self.branch
            self.tree = world.add_worktree(self.path, branch, start)
            self.tree.state = "locked" if self.plan.tree == "locked" else ""
        self.branch = self.tree.branch

    def _launch(self) -> None:
        life, plan = self.life, self.plan
        fields: dict[str, object] = {"launched_at": stamp(life.clock)} if plan.dated else {}
        if plan.pid:
            self.pid = next(life.pids)
            fields["pid"] = self.pid
            if self.here:
                self.world.processes[self.pid] = life.clock + timedelta(seconds=self.rng.randint(-2, 40))
        if not (self.last and plan.neglects("register")):
            life.entry(self.manager, self.name, **fields)
        if plan.tombstone:
            value = {"schema": "taskcheck/tombstone/1", "task": self.task, "owner": self.manager, "state": "running"}
            value |= {"started_at": stamp(life.clock), "heartbeat_at": stamp(life.clock)}
            value |= {"host": HOST if self.here else "build-7", "worktree_path": self.path, "branch": self.branch}
            value |= {"status_before": self.world.root.front(self.task)["status"]}
            value |= {"pid": self.pid} if self.pid else {}
            self.world.write_json(tombstone(self.task), value, life.clock)
        self._log("begins")
        if plan.at_launch and self.follows:
            life.tell_root(self.task, status="in_progress", started_at=stamp(life.clock), pending=plan.pending)

    def _log(self, line: str) -> None:
        if self.plan.log:
            path = log(self.task)
            self.world.root.write(path, self.world.root.files.get(path, b"") + f"{line}\n".encode(), self.life.clock)

    def _pick_up(self) -> None:
        """The worker's first act: its copy says that it is at it."""
        self._edit(status="in_progress", started_at=stamp(self.life.clock))

    def _edit(self, **values: str | None) -> None:
        """Change the worktree's copy, most often in a commit."""
        if self.tree:
            self.tree.edit(self.task, self.life.clock, updated_at=stamp(self.life.clock), **values)
            if self.rng.random() < 0.7:
                self.world.commit(self.tree, self.life.clock, f"{self.task}: {values.get('status', 'note')}")

    def _follow(self) -> None:
        plan = self.plan
        if not plan.at_launch and self.follows:
            started = self.tree.front(self.task)["started_at"] if self.tree else stamp(self.life.clock)
            self.life.tell_root(self.task, status="in_progress", started_at=started, pending=plan.pending)

    def _work(self, *, forever: bool) -> Story:
        life, plan, rng = self.life, self.plan, self.rng
        steps = rng.randint(1, 3)
        if plan.early_pull:
            yield minutes(rng, 5, 60)
            self._edit(**self._pull())
        self._find_more()
        while forever or steps:
            yield minutes(rng, 10, 110)
            if forever and plan.idle and life.clock >= life.now - plan.idle:
                break
            self._touch()
            steps -= 1
            if plan.overtaken and steps == 0:
                break
        if forever and plan.overtaken:
            self.world.pulls[self.number] = "closed"
            life.tell_root(self.task, status="completed", completed_at=stamp(life.clock))

    def _find_more(self) -> None:
        """The worker writes down what is left to do, as a task that only its worktree has yet; it may be queued."""
        if self.tree and self.rng.random() < 0.2:
            more = f"{self.task}-more"
            data = page({"title": "More", "status": "draft", "owner": self.manager}, "\nLater.\n")
            self.tree.write(f"tasks/{more}.md", data, self.life.clock)
            if self.last and self.plan.hold == "working" and not self.plan.idle and not self.cast:
                self.life.entry(self.manager, more, registered_at=stamp(self.life.now - timedelta(hours=2)))

    def _touch(self) -> None:
        """Signs of work: a commit, a line in the log, a heartbeat, a note in the copy's text."""
        at = self.life.clock
        if self.tree and self.rng.random() < 0.6:
            path = f"src/{self.task}.py"
            self.tree.write(path, self.tree.files.get(path, b"") + f"step({self.rng.randint(1, 99)})\n".encode(), at)
            self.world.commit(self.tree, at, f"{self.task}: a step")
        if self.tree and self.rng.random() < 0.3:
            path = self.tree.task(self.task)
            data = edited(self.tree.files[path], {})
            self.tree.write(path, page(self.tree.front(self.task), f"{body(data)}- a note\n"), at)
        if self.plan.bare and self.tree and self.world.history.commits[self.tree.head].at != at:
            self._edit()
        self._log(f"a step at {stamp(at)}")
        if self.plan.tombstone:
            self.world.edit_json(tombstone(self.task), lambda value: value.update(heartbeat_at=stamp(at)), at)

    def _pull(self) -> dict[str, str]:
        self.world.pulls[self.number] = "open"
        return {
            "pr_url": f"https://{'/'.join(FORGE)}/pull/{self.number}",
            "pr_number": str(self.number),
            "pr_created_at": stamp(self.life.clock),
        }

    def _omits(self, duty: str) -> bool:
        return self.last and duty in self.plan.neglect

    def _finish(self) -> None:
        """The end of the run: the worker's last word, then what its runner and its manager make of it."""
        at, status = stamp(self.life.clock), STATUS[self.end]
        self.world.processes.pop(self.pid or 0, None)
        if self.end == "crash":
            self._clean_up()
            return
        if self.end == "mute":
            self._see_to()
            return
        values: dict[str, str] = {} if self._omits("status") else {"status": status}
        if self.end == "completed_with_pr" and not self._omits("pr"):
            values |= {} if self.tree and "pr_url" in self.tree.front(self.task) else self._pull()
        if self.tree:
            path = f"src/{self.task}.py"
            self.tree.write(path, self.tree.files.get(path, b"") + b"end()\n", self.life.clock)
            self.world.commit(self.tree, self.life.clock, f"{self.task}: the last step")
            self._edit(**values)
            values = {key: value for key, value in self.tree.front(self.task).items() if key in OF_THE_WORKER}
        if not self._omits("reconcile"):
            if self.tree and self.rng.random() < 0.2:
                values = {key: value for key, value in values.items() if not key.startswith("pr_")}
            self.life.tell_root(self.task, **values, pending=self.plan.pending)
        code = self.plan.exit_code if self.last and self.plan.exit_code is not None else None
        code = code if code is not None else (0 if self.end != "failed" else 3)
        self._bury(None if self._omits("outcome") else self.end, code, at)
        self._log(f"dispatch_exit_code={code}")
        if not self._omits("prune"):
            self.life.forget(self.manager, self.name)

    def _bury(self, outcome: str | None, code: int | None, at: str) -> None:
        if not self.plan.tombstone:
            return
        values = {"state": "ended", "outcome": outcome, "exit_code": code, "ended_at": at}
        if self.told_after and not self._omits("reconcile"):
            values["status_after"] = self.world.root.front(self.task)["status"]
        if outcome == "completed_with_pr" and not self._omits("pr"):
            is_told = self.rng.random() < 0.5
            if is_told or self.branch is None:  # where no ledger names a branch either, done would be a mere claim
                values["pr_number"] = self.number
        self.world.edit_json(tombstone(self.task), lambda value: value.update(values), self.life.clock)

    def _clean_up(self) -> None:
        """Its manager has seen that the worker is gone: it records an end, or sets the task back."""
        if self._omits("notice"):
            return
        status = "ready" if self.follows and not (self.plan.tombstone or self.last) else "failed"
        self.life.tell_root(self.task, status=status)
        if self.rng.random() < 0.6:
            self._bury("failed", None, stamp(self.life.clock))
        self.life.forget(self.manager, self.name)
        if self.rng.random() < 0.4:
            self.clear_away()

    def _see_to(self) -> None:
        """It ended without a word five minutes ago; somebody has looked, and sets the task back."""
        now = self.life.clock
        self.life.clock = now - timedelta(minutes=5)
        self._bury(None, 0, stamp(self.life.clock))
        self._log("dispatch_exit_code=0")
        self.life.clock = now
        self.life.tell_root(self.task, status="ready" if self.follows else "blocked")
        self.life.forget(self.manager, self.name)

    def clear_away(self) -> None:
        """Remove the worktree and its branch."""
        if self.tree:
            self.world.worktrees.pop(self.tree.path, None)
            if self.tree.branch:
                self.world.branches.pop(self.tree.branch, None)
                self.world.landed.pop(self.tree.branch, None)
