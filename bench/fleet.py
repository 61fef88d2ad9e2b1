"""Times a check of a generated fleet beside `git status` of each worktree.

    python bench/fleet.py [TASKS [WORKTREES [MOVED]]]

MOVED is how many tasks have moved on in root since the worktrees were made: each worktree is behind in all of them.
Whole processes, in turn, medians of five; compare the ratio, not the times.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STATUSES = ("ready", "in_progress", "completed", "not_started")
FRONT = """---
title: Task number {number} does a thing that takes a line to say
status: {status}
owner: dave-fowler
priority: p{priority}
milestone: m{milestone}
created_at: 2026-03-01T10:00:00Z
depends_on: []
---
"""


def git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)


def build(root: Path, tasks: int, worktrees: int, moved: int = 0) -> None:
    """A store with its body text, worktrees in each of which one task has begun, and a root that has moved on."""
    for number in range(tasks):
        path = root / "tasks" / f"ws{number % 20}" / f"task-{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = FRONT.format(number=number, status=STATUSES[number % 4], priority=number % 3, milestone=number % 7)
        path.write_text(head + "# Body\n" + "text of the body that goes on\n" * 100)
    (root / "taskcheck.toml").write_text('[people]\ndave-fowler = ["dave"]\n')
    (root / ".gitignore").write_text(".worktrees\n")
    git("init", "-q", "-b", "main", cwd=root)
    git("add", "-A", cwd=root)
    git("-c", "user.name=b", "-c", "user.email=b@example.invalid", "commit", "-q", "-m", "start", cwd=root)
    for number in range(0, worktrees * 4, 4):
        name = f"task-{number % tasks:05}"
        git("worktree", "add", "-q", "-b", f"task/{name}", f".worktrees/{name}", cwd=root)
        path = root / ".worktrees" / name / "tasks" / f"ws{number % 20}" / f"{name}.md"
        path.write_text(path.read_text().replace("status: ready", "status: in_progress"))
    for path in sorted((root / "tasks").rglob("*.md"))[:moved]:
        path.write_text(path.read_text().replace("priority: p", "priority: q"))


def seconds(commands: list[list[str]], cwd: Path) -> float:
    started = time.perf_counter()
    for command in commands:
        subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    return time.perf_counter() - started


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    tasks, worktrees, moved = (*given, *(2000, 20, 0)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, tasks, worktrees, moved)
        check = [[sys.executable, "-P", "-m", "taskcheck", "--format", "concise"]]
        places = [root, *sorted((root / ".worktrees").glob("*"))]
        status = [["git", "-C", str(place), "status", "--short"] for place in places]
        pairs = [(seconds(check, root), seconds(status, root)) for _ in range(6)][1:]
    ours, gits = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(
        f"{tasks} tasks x {worktrees} worktrees: check {ours:.2f} s, git status of each {gits:.2f} s, ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    main()
