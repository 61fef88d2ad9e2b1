"""Drives a fleet through months: stories of tasks, each a generator that acts and says how long it waits."""

import heapq
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from tests.simulator.history import History
from tests.simulator.plan import Plan, some_plan
from tests.simulator.world import Authority, Tree, World, page, register, stamp

Story = Generator[timedelta, None, bool | None]
"""Yields how long it waits until it acts again."""

PEOPLE = {
    "dave-fowler": ("dave", "davefowler2"),
    "rj": ("rick", "rick.james"),
    "mia-wong": ("mia", "mwong"),
    "claude": ("claude-bot",),
}
ROLES = ("data-viz-designer", "release-captain", "qa")
NOBODY = "product-critic"
VERBS = ("fix", "add", "plan", "wire", "drop", "test")
NOUNS = ("login", "login-page", "cache", "activity-page", "sync", "fonts", "export", "status-page", "search", "0012")
BODIES = (
    "\nAs agreed.\n",
    "\n# Plan\n\n## Status: see the board\n\nDo it.\n",
    "\n# Notes\n\n```\n## Status: done\n```\n",
    "\n- [ ] one\n- [x] two\n\nstatus: completed, some day\n",
)


def minutes(rng: Random, least: float, most: float) -> timedelta:
    """Some whole seconds between so many minutes."""
    return timedelta(seconds=rng.randint(int(least * 60), int(most * 60)))


def hours(rng: Random, least: float, most: float) -> timedelta:
    """Some whole seconds between so many hours."""
    return minutes(rng, least * 60, most * 60)


class Life:
    """One fleet from its first day until somebody looks at it; the same seed and cast live the same life."""

    def __init__(
        self, seed: int, cast: Sequence[Plan] = (), size: int | None = None, authority: Authority | None = None
    ) -> None:
        self.rng = Random(f"fleet {seed}")
        self.now = datetime(2026, 3, 24, 18, tzinfo=UTC) + minutes(self.rng, 0, 60 * 24 * 60)
        self.clock = self.now - timedelta(days=100)
        self.world = self._found(seed)
        self.world.authority = authority or self.world.authority
        self.pids = count(4000 + seed % 50)
        self._queue: list[tuple[datetime, int, Story]] = []
        self._order = count()
        plans = [*cast, *(some_plan(self.rng) for _ in range(self.rng.randint(4, 14) if size is None else size))]
        names = [f"{verb}-{noun}" for verb in VERBS for noun in NOUNS]
        self.plans: dict[str, Plan] = dict(zip(self.rng.sample(names, len(plans)), plans, strict=True))
        self.cast = list(self.plans)[: len(cast)]

    def number(self, task: str) -> int:
        """That of a task's pull request."""
        return 100 + list(self.plans).index(task)

    def _found(self, seed: int) -> World:
        """The first commit: a team, and an empty store."""
        rng = self.rng
        people = {key: PEOPLE[key] for key in rng.sample(sorted(PEOPLE), rng.randint(2, 4))}
        roles: dict[str, str | bool] = {role: rng.choice(sorted(people)) for role in ROLES}
        declared = {name for name in (*sorted(people)[1:], *ROLES) if rng.random() < 0.3}
        root = Tree(path="", branch="main", head="")
        world = World(
            seed=seed,
            now=self.now,
            people=people,
            roles={**roles, NOBODY: False},  # type: ignore[arg-type]
            declared=declared,
            history=History(),
            root=root,
            authority="branch" if rng.random() < 0.15 else "root",
        )
        for name in sorted(declared):
            if name in people:
                data = page({"slug": name, "aliases": f"[{', '.join(people[name])}]"}, "\nA person.\n")
                root.write(f"tasks/team/{name}.md", data, self.clock)
            else:
                spelling = rng.choice(people[str(roles[name])])
                data = page({"slug": name, "owner": "nobody-yet", "filled_by": spelling}, "\nA role.\n")
                root.write(f"tasks/team/roles/{name}.md", data, self.clock)
        root.write("tasks/README.md", b"# How tasks are written\n", self.clock)
        root.write("src/app.py", b"print(1)\n", self.clock)
        root.write(".gitignore", b".tasks/\n.worktrees/\ntasks/logs/\n", self.clock)
        root.head = world.branches["main"] = world.history.add((), self.clock, "Begin", root.tracked)
        return world

    def begin(self, story: Story, at: datetime) -> None:
        """Let a story begin at some time."""
        heapq.heappush(self._queue, (at, next(self._order), story))

    def run(self) -> World:
        """Live until now."""
        while self._queue and self._queue[0][0] <= self.now:
            self.clock, _, story = heapq.heappop(self._queue)
            wait = next(story, None)
            if wait is not None:
                self.begin(story, self.clock + wait)
        self.clock = self.now
        return self.world

    def until(self, at: datetime) -> timedelta:
        """How long it is until some time; no time when it has passed."""
        return max(at - self.clock, timedelta())

    def commit_root(self, message: str) -> None:
        """Commit what root holds."""
        self.world.commit(self.world.root, self.clock, message)

    def tell_root(self, task: str, *, pending: bool = False, **values: str | None) -> None:
        """Write keys of a task in root. What was left uncommitted is committed first: each version is in history."""
        self.commit_root("Note what was left")
        self.world.root.edit(task, self.clock, updated_at=stamp(self.clock), **values)
        if not pending:
            self.commit_root(f"{task}: {values.get('status', 'note')}")

    def edit_register(self, owner: str, edit: Callable[[dict[str, dict[str, object]]], object]) -> None:
        """Change the rows of a manager's register."""
        path = register(owner)
        found = self.world.json(path) if path in self.world.root.files else {"owner": owner, "entries": {}}
        edit(found["entries"])
        told = {"updated_at": stamp(self.clock)} if self.world.seed % 5 else {}
        self.world.write_json(path, {**found, **told}, self.clock)

    def entry(self, owner: str, task: str, **values: object) -> None:
        """Add to a task's row, or make it."""
        self.edit_register(owner, lambda rows: rows.setdefault(task, {"slug": task}).update(values))

    def rows(self, owner: str) -> dict[str, dict[str, object]]:
        """The rows of a manager's register."""
        path = register(owner)
        return self.world.json(path)["entries"] if path in self.world.root.files else {}  # type: ignore[no-any-return]

    def forget(self, owner: str, task: str) -> None:
        """Take a task's row out."""
        self.edit_register(owner, lambda rows: rows.pop(task, None))
