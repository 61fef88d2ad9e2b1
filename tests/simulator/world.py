"""A fleet as plain data: what lies in root and in the worktrees, what git keeps, which processes live.

The files are kept as the bytes that a reader would find. Nothing of the checker is used here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tests.simulator.history import History

Authority = Literal["root", "branch"]
HOST = "mac-1"
FORGE = ("forge.example", "o/r")
"""Host and repository of all pull requests."""
RUNTIME = (".tasks/", "tasks/logs/")
"""Folders that git ignores."""


def stamp(at: datetime) -> str:
    """A timestamp as ledgers write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime:
    """A written timestamp as a time."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def page(front: Mapping[str, str], body: str) -> bytes:
    """A task file; the values are YAML as it is to stand there."""
    lines = "".join(f"{key}: {value}\n" for key, value in front.items())
    return f"---\n{lines}---\n{body}".encode()


def front(data: bytes) -> dict[str, str]:
    """The front matter of a task file that the simulator wrote."""
    block = data.decode().split("---\n")[1]
    return dict(line.split(": ", 1) for line in block.splitlines())


def body(data: bytes) -> str:
    """What follows the front matter."""
    return data.decode().split("---\n", 2)[2]


def edited(data: bytes, values: Mapping[str, str | None]) -> bytes:
    """A task file with other values; None takes a key out."""
    merged = {**front(data), **values}
    return page({key: value for key, value in merged.items() if value is not None}, body(data))


@dataclass
class Tree:
    """Root, or a linked worktree: the files that lie in it, and what git has checked out there."""

    path: str
    """Relative to root; empty for root itself."""
    branch: str | None
    head: str
    files: dict[str, bytes] = field(default_factory=dict)
    mtimes: dict[str, datetime] = field(default_factory=dict)
    state: Literal["", "locked", "missing", "broken", "unlisted"] = ""
    switched_at: datetime | None = None
    """When its HEAD was last written; None for when it is built."""

    @property
    def tracked(self) -> dict[str, bytes]:
        """The files that a commit takes along."""
        return {path: data for path, data in self.files.items() if not path.startswith(RUNTIME)}

    def write(self, path: str, data: bytes, at: datetime) -> None:
        """Write a file."""
        self.files[path] = data
        self.mtimes[path] = at

    def drop(self, path: str) -> None:
        """Remove a file."""
        del self.files[path], self.mtimes[path]

    def task(self, task: str) -> str:
        """Where the file of a task lies."""
        name = re.compile(rf"tasks/(?!logs/|team/)(?:.*/)?{re.escape(task)}\.md")
        return next(path for path in self.files if name.fullmatch(path))

    def has(self, task: str) -> bool:
        """Whether it has a file of a task."""
        return any(path.endswith(f"/{task}.md") for path in self.files)

    def front(self, task: str) -> dict[str, str]:
        """The front matter of a task."""
        return front(self.files[self.task(task)])

    def edit(self, task: str, at: datetime, **values: str | None) -> None:
        """Set keys of a task's front matter."""
        path = self.task(task)
        self.write(path, edited(self.files[path], values), at)


@dataclass
class World:
    """One fleet at one moment."""

    seed: int
    now: datetime
    people: dict[str, tuple[str, ...]]
    roles: dict[str, str | Literal[False]]
    declared: set[str]
    """Those of people and roles that a team file declares, not the configuration."""
    history: History
    root: Tree
    authority: Authority = "root"
    suppress: list[dict[str, str]] = field(default_factory=list)
    worktrees: dict[str, Tree] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    landed: dict[str, str] = field(default_factory=dict)
    """Branches whose changes are on trunk by a merge or a squash, with the tip that landed."""
    pulls: dict[int, Literal["open", "merged", "closed"]] = field(default_factory=dict)
    """Pull requests by number, as their forge has them."""
    processes: dict[int, datetime] = field(default_factory=dict)
    forced: set[str] = field(default_factory=set)
    """Runtime files that git was made to track."""
    limits: dict[str, str] = field(default_factory=dict)
    """How long tasks may wait, as the configuration says it."""
    fetched: str | None = None
    """The commit of trunk as it was last fetched."""

    def commit(self, tree: Tree, at: datetime, message: str, *also: str) -> str:
        """Commit everything in a checkout that git doesn't ignore; ``also`` names further parents."""
        files = tree.tracked
        if not also and files == self.history.files(tree.head):
            return tree.head
        tree.head = self.history.add((tree.head, *also), at, message, files)
        if tree.branch:
            self.branches[tree.branch] = tree.head
        return tree.head

    def add_worktree(self, path: str, branch: str | None, start: str) -> Tree:
        """Check out a commit in a new worktree, on a new branch or on none."""
        tree = Tree(path=path, branch=branch, head=start, files=dict(self.history.files(start)))
        tree.mtimes = dict.fromkeys(tree.files, self.now)
        self.worktrees[path] = tree
        if branch:
            self.branches[branch] = start
        return tree

    def merge(self, branch: str, at: datetime, how: Literal["no-ff", "squash", "ff"]) -> None:
        """Bring a branch into root; where both changed a file, root's stays."""
        tip, head = self.branches[branch], self.root.head
        base = self.history.files(self.history.base(head, tip))
        theirs, ours = self.history.files(tip), self.history.files(head)
        if how == "ff" and self.history.base(head, tip) != head:
            how = "no-ff"
        for path in {*theirs, *ours}:
            if theirs.get(path) == base.get(path) or ours.get(path) != base.get(path):
                continue
            if path in theirs:
                self.root.write(path, theirs[path], at)
            else:
                self.root.drop(path)
        if how == "ff":
            self.root.head = self.branches["main"] = tip
            return
        message = f"Merge branch '{branch}'" if how == "no-ff" else f"All of {branch}"
        self.commit(self.root, at, message, *([tip] if how == "no-ff" else []))
        self.landed[branch] = tip

    def json(self, path: str) -> dict[str, Any]:
        """A runtime ledger's content."""
        found: dict[str, Any] = json.loads(self.root.files[path])
        return found

    def write_json(self, path: str, value: object, at: datetime) -> None:
        """Write a runtime ledger."""
        self.root.write(path, json.dumps(value, indent=1).encode(), at)

    def edit_json(self, path: str, edit: Callable[[dict[str, Any]], object], at: datetime) -> None:
        """Change a runtime ledger."""
        value = self.json(path)
        edit(value)
        self.write_json(path, value, at)

    def routed(self, owner: str) -> str | None:
        """The person who acts for an owner that is written as its key; the first of several."""
        key = owner.strip("[]").partition(", ")[0]
        return key if key in self.people else self.roles.get(key) or None


def register(owner: str) -> str:
    """Where a manager keeps its register."""
    return f".tasks/task_manager/task-manager-{owner}.register.json"


def snapshot(owner: str) -> str:
    """Where a manager writes its heartbeat."""
    return f".tasks/task_manager/task-manager-{owner}.snapshot.json"


def log(task: str) -> str:
    """The log of a task's dispatches."""
    return f"tasks/logs/dispatch-{task}.log"


def tombstone(task: str) -> str:
    """The last known state of a task's dispatch."""
    return f"tasks/logs/dispatch-{task}.status.json"
