"""No loop over pairs: twice as much of anything makes at most about twice as many more calls of functions.

Counted, not timed: calls of Python functions and of built-in ones, in this process.
"""

import cProfile
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.model.hosts import Processes
from taskcheck.read import recall
from taskcheck.store import Request, Where
from tests.e2e.repository import CONFIG, imported

NOW = datetime(2026, 4, 1, tzinfo=UTC)
BEGAN = 1_774_000_000
MOST = 2.2
SIZE = 10
WORKTREES = 'worktree = ".worktrees/{task}*"\n'


class Store:
    """A store as it is being described: its tasks, its commits, its worktrees and its ledgers."""

    def __init__(self, root: Path, tasks: int) -> None:
        self.root = root
        self.said: list[str] = []
        self.marks = 0
        self.worktrees: list[str] = []
        self.ledgers: dict[str, object] = {}
        files = {f"tasks/t{number}.md": task(number, "ready") for number in range(tasks)}
        self.head = self.commit(
            "main", None, {"taskcheck.toml": CONFIG + WORKTREES, ".gitignore": "/.worktrees/\n", **files}
        )

    def commit(self, branch: str, parent: int | None, files: dict[str, str]) -> int:
        self.marks += 1
        parents = [parent] if parent else []
        self.said += imported(self.marks, branch, BEGAN + 60 * self.marks, parents, files)
        return self.marks

    def on_root(self, files: dict[str, str]) -> None:
        self.head = self.commit("main", self.head, files)

    def build(self) -> None:
        self.root.mkdir()
        self.git("init", "-q", "--template=", "-b", "main")
        self.git("fast-import", "--quiet", said="\n".join([*self.said, ""]))
        self.git("reset", "-q", "--hard", "main")
        for branch in self.worktrees:
            self.git("worktree", "add", "-q", f".worktrees/{branch}", f"task/{branch}")
        for name, content in self.ledgers.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))

    def git(self, *command: str, said: str = "") -> None:
        subprocess.run(["git", *command], cwd=self.root, input=said.encode(), check=True, capture_output=True)


def task(number: int, status: str, more: str = "") -> str:
    return f"---\ntitle: Task {number}\nowner: ana\nstatus: {status}\n---\n{more}\n"


def tasks(root: Path, size: int) -> Store:
    return Store(root, 4 * size)


def findings(root: Path, size: int) -> Store:
    store = Store(root, 1)
    store.on_root({f"tasks/x{number}.md": task(number, "no-such-status") for number in range(size)})
    return store


def issues(root: Path, size: int) -> Store:
    """Findings on the lines of one file."""
    store = Store(root, 0)
    told = [{"id": f"bd-{number}", "title": "One", "status": "no-such-status"} for number in range(16 * size)]
    lines = "".join(f"{json.dumps(each)}\n" for each in told)
    store.on_root({"taskcheck.toml": 'preset = "beads"\n', ".beads/issues.jsonl": lines})
    return store


def branches(root: Path, size: int) -> Store:
    """Each from a commit of its own of root, with work in code and in its task."""
    store = Store(root, 50)
    for number in range(size):
        changed = {f"src/{number}.py": "pass", f"tasks/t{number}.md": task(number, "in_progress")}
        store.commit(f"task/t{number}", store.head, changed)
        store.on_root({f"src/root-{number}.py": "pass"})
    return store


def worktrees(root: Path, size: int) -> Store:
    store = branches(root, size)
    store.worktrees = [f"t{number}" for number in range(size)]
    return store


def attempts(root: Path, size: int) -> Store:
    """Worktrees that are all at one task, and differ."""
    store = Store(root, 4)
    for number in range(4 * size):
        changed = {"tasks/t0.md": task(0, "in_progress", f"{number}").replace("ana", f"ana-{number}")}
        store.commit(f"task/t0-{number}", store.head, changed)
        store.worktrees.append(f"t0-{number}")
    return store


def commits(root: Path, size: int) -> Store:
    """Of root, since one branch left it."""
    store = Store(root, 4)
    store.commit("task/t0", store.head, {"src/0.py": "pass", "tasks/t0.md": task(0, "in_progress")})
    for number in range(32 * size):
        store.on_root({"src/root.py": f"{number}", "tasks/t1.md": task(1, "ready", f"{number}")})
    return store


def changed_files(root: Path, size: int) -> Store:
    """On one branch."""
    store = Store(root, 4 * size)
    changed = {f"tasks/t{number}.md": task(number, "in_progress") for number in range(4 * size)}
    store.commit("task/t0", store.head, changed)
    store.on_root({"src/root.py": "pass"})
    return store


def entries(root: Path, size: int) -> Store:
    """Register entries and tombstones, with worktrees that are gone."""
    store = Store(root, 100)
    rows = {}
    for number in range(size):
        slug, worktree = f"t{number}", f".worktrees/t{number}"
        rows[slug] = {"slug": slug, "worktree_path": worktree, "branch": f"task/{slug}", "pid": 100 + number}
        rows[slug] |= {"host": "here", "registered_at": "2026-03-31T10:00:00Z"}
        ended = {"task": slug, "outcome": "blocked", "started_at": "2026-03-30T10:00:00Z"}
        store.ledgers[f"tasks/logs/dispatch-{slug}.status.json"] = {**ended, "ended_at": "2026-03-30T11:00:00Z"}
    store.ledgers[".tasks/task_manager/task-manager-ana.register.json"] = {"owner": "ana", "entries": rows}
    return store


def signals(root: Path, size: int) -> Store:
    store = Store(root, 100)
    at = "2026-03-31T23:59:00Z"
    told = {f"t{number}": {"status": "ready", "registered": True} for number in range(size)}
    said = [{"task": slug, "kind": "pickup_overdue", "level": "escalation", "at": at} for slug in told]
    store.ledgers[".tasks/task_manager/task-manager-ana.snapshot.json"] = {
        "owner": "ana", "generated_at": at, "tasks": told, "escalation": {"signals": said},
    }  # fmt: skip
    return store


SHAPES = [tasks, findings, issues, branches, worktrees, attempts, commits, changed_files, entries, signals]


def calls(root: Path, *, remember: bool = False) -> int:
    """How many functions a check calls."""
    where = Where(root=root, third_party=False)
    request = Request(now=NOW, processes=Processes(host="here", started={}), remember=remember)
    profile = cProfile.Profile()
    profile.enable()
    try:
        check_request(where, request)
    finally:
        profile.disable()
    return sum(function.callcount for function in profile.getstats())


@pytest.mark.journey
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_twice_as_much_is_twice_as_much_work(tmp_path: Path, shape: Callable[[Path, int], Store]) -> None:
    counted = []
    for times in (1, 2, 4):
        store = shape(tmp_path / f"{times}", times * SIZE)
        store.build()
        # What is only done once in a process is done at first, and what git says may come in more or fewer pieces.
        tries = 3 if times == 1 else 2
        counted.append(min(calls(store.root) for _ in range(tries)))
    first, second = counted[1] - counted[0], counted[2] - counted[1]
    assert first > 0
    assert second / first <= MOST, counted


def test_what_is_remembered_is_a_quarter_of_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tasks that are as they were, where no git has to be asked about them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(recall, "SETTLED_NS", 0)
    counted: dict[bool, list[int]] = {False: [], True: []}
    for size in (100, 300):
        root = tmp_path / f"{size}"
        (root / "tasks").mkdir(parents=True)
        (root / "taskcheck.toml").write_text(CONFIG)
        for number in range(size):
            (root / f"tasks/t{number}.md").write_text(task(number, "ready"))
        for remember, counts in counted.items():
            counts.append(min(calls(root, remember=remember) for _ in range(3)))
    without, warm = (counts[1] - counts[0] for counts in counted.values())
    assert 0 < warm * 4 <= without, counted
