"""The stories of a fleet: what becomes of a task, from its file's first commit to the removal of its worktree."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random

from tests.simulator.life import BODIES, NOBODY, ROLES, Life, Story, hours, minutes
from tests.simulator.plan import HOLDS, Plan
from tests.simulator.run import Run
from tests.simulator.world import moment, page, snapshot, stamp


def live(life: Life) -> None:
    """Begin all stories of a fleet and live them until now."""
    for index, (name, plan) in enumerate(life.plans.items()):
        story = TaskStory(life, name, plan, cast=index < len(life.cast))
        least = 40 if story.cast else 3
        life.begin(story.live(), life.now - hours(story.rng, least * 24, 95 * 24))
    life.begin(upkeep(life), life.now - timedelta(days=95))
    for person in life.world.people:
        life.begin(
            heartbeat(life, person), life.now - life.rng.choice([minutes(life.rng, 0, 9), timedelta(minutes=10)])
        )
    life.run()
    for person in life.world.people:
        rest(life, person)


class TaskStory:
    """One task, as it is lived by its person, its manager and its workers."""

    def __init__(self, life: Life, task: str, plan: Plan, *, cast: bool) -> None:
        self.life, self.world, self.task, self.plan, self.cast = life, life.world, task, plan, cast
        self.rng = Random(f"{life.world.seed} {task}")
        self.owner = self._owner(plan.owner)
        self.manager = self.world.routed(self.owner) or ""
        self.number = life.number(task)

    def _owner(self, kind: str) -> str:
        people = sorted(self.world.people)
        if kind == "pair":
            return f"[{', '.join(self.rng.sample(people, 2))}]"
        return {"person": self.rng.choice(people), "role": self.rng.choice(ROLES), "nobody": NOBODY}[kind]

    def _hand_over(self) -> None:
        """Give it to somebody else, while nobody is at it."""
        self.owner = self.manager = self.rng.choice(sorted(self.world.people))
        self.life.tell_root(self.task, owner=self.owner)

    def live(self) -> Story:
        """From its creation to its end, or as far as the plan lets it come."""
        plan = self.plan
        self._create()
        if plan.hold == "parked":
            return
        yield from self._make_ready()
        if plan.hold == "ready" or not self.manager:
            return
        if plan.hold == "cancelled":
            yield hours(self.rng, 1, 300)
            self.life.tell_root(self.task, status="cancelled", pending=plan.pending)
            return
        yield from self._by_hand() if plan.by == "person" else self._by_workers()

    def _create(self) -> None:
        at = self.life.clock
        path = f"tasks/{self.rng.choice(('', '', 'web/', 'infra/api/'))}{self.task}.md"
        status = self.rng.choice(("not_started", "draft"))
        values = {"title": f"'{self.task}: what is due'", "status": status, "owner": self.owner}
        if self.rng.random() < 0.3:
            values["due"] = (self.life.now + timedelta(days=90)).date().isoformat()
        waits_for = self._dependencies()
        if waits_for:
            values["depends_on"] = f"[{', '.join(waits_for)}]"
        self.waits_for = waits_for
        # Another clock may be some minutes ahead, and who writes a day alone means that of another zone.
        created = stamp(at + minutes(self.rng, 0, 10))
        if not self.cast and self.rng.random() < 0.2:
            created = (at + timedelta(days=1)).date().isoformat()
        self.world.root.write(path, page({**values, "created_at": created}, self.rng.choice(BODIES)), at)
        self.life.commit_root(f"{self.task}: new")

    def _dependencies(self) -> list[str]:
        """Tasks that were planned before it; a parked one may wait for any but dropped ones, others for done ones."""
        if self.cast or self.rng.random() < 0.5:
            return []
        names = list(self.life.plans)
        before = names[: names.index(self.task)]
        never = {"cancelled"} if self.plan.hold == "parked" else set(HOLDS) - {"done"}
        before = [name for name in before if self.life.plans[name].hold not in never]
        return self.rng.sample(before, min(len(before), self.rng.randint(1, 2)))

    def _make_ready(self) -> Story:
        yield hours(self.rng, 0.1, 60)
        while not all(self.world.root.has(one) and self._status(one) == "completed" for one in self.waits_for):
            yield hours(self.rng, 1, 30)
        self.life.tell_root(self.task, status="ready", pending=self.plan.pending)
        yield hours(self.rng, 0.1, 60)
        if self.rng.random() < 0.2 and not self.cast:
            self._hand_over()

    def _status(self, task: str) -> str:
        return self.world.root.front(task)["status"]

    def _by_hand(self) -> Story:
        """A person does it, and says so in root's file alone."""
        life, plan = self.life, self.plan
        idle = (plan.idle or timedelta()) if plan.by == "person" else timedelta()
        if plan.hold == "working":
            yield life.until(life.now - idle - hours(self.rng, 0.5, 40))
        life.tell_root(self.task, status="in_progress", started_at=stamp(life.clock), pending=plan.pending)
        steps = self.rng.randint(1, 6)
        while steps or plan.hold == "working":
            yield minutes(self.rng, 20, 230)
            if idle and life.clock >= life.now - idle:
                return
            life.tell_root(self.task, pending=self.rng.random() < 0.3)
            steps -= 1
        yield minutes(self.rng, 20, 200)
        if plan.hold == "stopped":
            life.tell_root(self.task, status="blocked", pending=plan.pending)
        elif plan.hold == "review":
            self.world.pulls[self.number] = "open"
            life.tell_root(self.task, status="in_review", pr_number=str(self.number))
        else:
            self.world.pulls[self.number] = "closed"
            life.tell_root(self.task, status="completed", completed_at=stamp(life.clock), pending=plan.pending)

    def _by_workers(self) -> Story:
        """Its manager dispatches one worker after the other, until one of them is done."""
        for left, end in zip(reversed(range(len(self.plan.ends))), self.plan.ends, strict=True):
            last = left == 0
            run = Run(self, end, last=last)
            if (yield from run.live()):
                return
            if end == "completed_with_pr":
                yield from self._review(run)
            elif last:
                return
            elif not self.cast and self.rng.random() < 0.2:
                run.clear_away()
                yield hours(self.rng, 0.5, 60)
                yield from self._by_hand()
                return
            else:
                yield from self._set_up_again(run)

    def _set_up_again(self, run: Run) -> Story:
        yield hours(self.rng, 0.5, 60)
        status = self._status(self.task)
        if status != "needs_review_fix" or self.rng.random() < 0.5:
            self.life.tell_root(self.task, status="ready", pending=self.plan.pending and run.told_after)
        yield hours(self.rng, 0.2, 20)
        if self.rng.random() < 0.2 and not self.cast:
            self._hand_over()

    def _review(self, run: Run) -> Story:
        life, plan, world = self.life, self.plan, self.world
        if self.rng.random() < 0.5:
            world.root.write(f".tasks/reviews/{self.task}-r1.md", b"# Review\n", life.clock)
        if self.rng.random() < 0.3 and not self.cast:
            self._hand_over()
        if plan.hold == "review":
            return
        yield hours(self.rng, 1, 90)
        life.commit_root("Note what was left")
        if run.branch and run.tree:
            world.merge(run.branch, life.clock, plan.merge)
        else:
            world.root.write(f"src/{self.task}.py", b"landed()\n", life.clock)
            life.commit_root(f"{self.task} (#{self.number})")
        world.pulls[self.number] = "merged"
        if plan.neglects("complete"):
            return
        life.tell_root(self.task, status="completed", completed_at=stamp(life.clock), pending=plan.pending)
        yield hours(self.rng, 0.1, 50)
        if plan.tidy:
            run.clear_away()
        if self.rng.random() < 0.15 and not self.cast:
            life.tell_root(self.task, owner="who-has-left")
        if plan.archive:
            life.commit_root("Note what was left")
            old = world.root.task(self.task)
            world.root.write(f"tasks/completed/{self.task}.md", world.root.files[old], life.clock)
            world.root.drop(old)
            life.commit_root(f"{self.task}: archive")


def upkeep(life: Life) -> Story:
    """What goes on beside the tasks: commits of code, notes in task files, worktrees that are nobody's."""
    rng = Random(f"{life.world.seed} upkeep")
    world = life.world
    if rng.random() < 0.3:
        accept_legacy(life, rng)
    for number in range(rng.randint(2, 7)):
        yield hours(rng, 24, 24 * 25)
        life.commit_root("Note what was left")
        world.root.write("src/app.py", f"print({number})\n".encode(), life.clock)
        if rng.random() < 0.5:
            life.commit_root("Work on the app")
        if rng.random() < 0.3:
            start = world.root.head
            tree = world.add_worktree(f".worktrees/spike-{number}", f"spike/{number}", start)
            if rng.random() < 0.7:
                tree.write(f"src/spike{number}.py", b"spike()\n", life.clock)
                world.commit(tree, life.clock, "Try something")
            names = list(life.plans)[len(life.cast) :]
            waiting = [one for one in names if tree.has(one) and tree.front(one)["status"] in {"draft", "ready"}]
            if rng.random() < 0.5 and waiting:
                tree.edit(rng.choice(waiting), life.clock, estimate="3d")


def accept_legacy(life: Life, rng: Random) -> None:
    """A task of somebody who isn't declared, which the team knows: by the configuration, or by the file itself."""
    values = {"title": "Import the old tickets", "status": "draft", "owner": "the-old-team"}
    reason = "moves in the third quarter"
    if rng.random() < 0.5:
        values["taskcheck"] = f"{{ignore: {{role-routing: {reason}}}}}"
    else:
        table = {"rule": "role-routing", "task": "legacy-*", "reason": reason}
        life.world.suppress.append(table | rng.choice([{}, {"until": "2999-12-31"}]))
    life.world.root.write("tasks/legacy-import.md", page(values, "\n"), life.clock)
    life.commit_root("legacy-import: new")


def heartbeat(life: Life, owner: str) -> Story:
    """A manager's last heartbeat: everything that is its own, as it is at that moment."""
    world, rng = life.world, Random(f"{life.world.seed} heartbeat {owner}")
    yield timedelta()
    entries = life.rows(owner)
    rows, signals = {}, []
    for task in life.plans:
        if not world.root.has(task) or world.routed(world.root.front(task)["owner"]) != owner:
            continue
        status = world.root.front(task)["status"]
        if status in {"completed", "cancelled"} and rng.random() < 0.7:
            continue
        rows[task] = {"status": status, "registered": task in entries, "needs_attention": False}
        if task in entries:
            rows[task]["dispatch_state"] = "running" if "launched_at" in entries[task] else "queued"
            signals += old_signals(rng, task, entries[task])
        elif status == "ready" and not under_another_name(entries, task) and rng.random() < 0.3:
            rows[task]["needs_attention"] = True
            signals.append({"task": task, "kind": "pickup_overdue", "level": "attention", "at": stamp(life.clock)})
    rows[f"{owner}-of-old"] = {"status": "completed"}
    for row in rows.values():
        if rng.random() < 0.05:
            row.pop("needs_attention", None)
    active = rng.choice(
        [
            sum(bool(row.get("registered")) for row in rows.values()),
            sum(row["status"] == "in_progress" for row in rows.values()),
            len(entries),
        ]
    )
    attention = sum(signal["level"] == "attention" for signal in signals)
    counts = {"active": active, "attention": attention, "escalation": len(signals) - attention}
    value = {"owner": owner, "generated_at": stamp(life.clock), "counts": counts, "tasks": rows}
    world.write_json(snapshot(owner), {**value, "escalation": {"signals": signals}}, life.clock)


def old_signals(rng: Random, task: str, row: Mapping[str, object]) -> Iterator[dict[str, str]]:
    """Signals about a task at work that don't make its worker gone: of an earlier run, or of how long it takes."""
    before = stamp(moment(str(row["registered_at"])) - hours(rng, 1, 50))
    if rng.random() < 0.2:
        yield {"task": task, "kind": "dispatch_worker_gone", "level": "escalation", "at": before}
    if rng.random() < 0.2:
        yield {"task": task, "kind": "stuck_in_progress", "level": "attention", "at": str(row["registered_at"])}


def under_another_name(entries: Mapping[str, Mapping[str, object]], task: str) -> bool:
    """Whether a register has a task by its path alone."""
    return any(str(row.get("task_path")).endswith(f"/{task}.md") for row in entries.values())


def rest(life: Life, owner: str) -> None:
    """A manager with nothing to do may be at rest: its last heartbeat is then an old one."""
    root, path = life.world.root, snapshot(owner)
    ready = (task for task in life.plans if root.has(task) and root.front(task)["status"] == "ready")
    whose = (root.front(task)["owner"].strip("[]").split(", ") for task in ready)
    if life.rows(owner) or any(life.world.routed(one) == owner for owners in whose for one in owners):
        return
    before = root.mtimes[path] - hours(life.rng, 0.3, 200)
    life.world.edit_json(path, lambda value: value.update(generated_at=stamp(before)), before)
