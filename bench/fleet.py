"""What a check of a generated fleet costs beside `git status` of each worktree, with and without what is remembered.

Each worktree has begun a task; first none has committed that, then every second one.

    python bench/fleet.py [TASKS [WORKTREES [MOVED]]]

MOVED is how many tasks have moved on in root since the worktrees were made: each worktree is behind in all of them.
CPU seconds of whole processes, in turn, medians of five; compare the ratios, not the times.
"""

import os
import shutil
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
        attempt = f"{name}-{number // tasks}" if number >= tasks else name
        git("worktree", "add", "-q", "-b", f"task/{attempt}", f".worktrees/{attempt}", cwd=root)
        path = root / ".worktrees" / attempt / "tasks" / f"ws{number % tasks % 20}" / f"{name}.md"
        path.write_text(path.read_text().replace("status: ready", "status: in_progress"))
    for path in sorted((root / "tasks").rglob("*.md"))[:moved]:
        path.write_text(path.read_text().replace("priority: p", "priority: q"))


def commit_half(root: Path) -> None:
    """Commit what every second worktree has done."""
    for place in sorted((root / ".worktrees").glob("*"))[::2]:
        git("-c", "user.name=b", "-c", "user.email=b@example.invalid", "commit", "-q", "-a", "-m", "begin", cwd=place)


def cpu(command: list[str], cwd: Path, cache: Path | None = None) -> float:
    """Return the CPU seconds of a process and of those that it waited for; its cache lies in a folder, or nowhere."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache or "/dev/null")}
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def compared(root: Path, rounds: int = 5) -> dict[str, list[float]]:
    """Return the CPU seconds of checks and of `git status` of each checkout, in turn."""
    check = [str(Path(sys.executable).parent / "taskcheck"), "-q"]
    places = " ".join(str(place) for place in [root, *sorted((root / ".worktrees").glob("*"))])
    status = ["sh", "-c", f"for place in {places}; do git -C $place status --short; done"]
    cache = root.parent / f"{root.name}-cache"
    cpu(status, root)  # git looks closely at what was written just now, and renews its index
    time.sleep(3)
    cpu(status, root)
    taken: dict[str, list[float]] = {}
    for _ in range(rounds):
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir()
        taken.setdefault("git status of each", []).append(cpu(status, root))
        taken.setdefault("without a cache", []).append(cpu([*check, "--no-cache"], root))
        taken.setdefault("cold", []).append(cpu(check, root, cache))
        taken.setdefault("warm", []).append(cpu(check, root, cache))
    return taken


def tell(taken: dict[str, list[float]], limit: str) -> None:
    """Print medians, and ratios to what is the limit."""
    least = statistics.median(taken[limit])
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"  {name:<24}{middle:8.2f} s ({spread}){middle / least:7.2f}")


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    tasks, worktrees, moved = (*given, *(2000, 20, 0)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "store")
        root.mkdir()
        build(root, tasks, worktrees, moved)
        print(f"{worktrees} worktrees x {tasks} tasks, {moved} moved on in root; CPU, x `git status` of each")
        print("without commits")
        tell(compared(root), "git status of each")
        commit_half(root)
        print("half with commits")
        tell(compared(root), "git status of each")


if __name__ == "__main__":
    main()
