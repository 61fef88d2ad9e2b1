"""Shows what it costs to start: CPU of whole processes as a multiple of the bare interpreter's.

    python bench/start.py [TASKS [ROUNDS]]

A cold check finds an empty cache and fills it, a warm one finds what that one left.

User and system time with that of every process that is waited for, git's too; in turn, the least of the rounds.
Compare the ratios, not the times.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from fleet import FRONT, cpu, git

TASKCHECK = str(Path(sys.executable).parent / "taskcheck")
PEOPLE = '[people]\ndave-fowler = ["dave"]\nrj = []\n'


def build(root: Path, tasks: int) -> None:
    """A store without a fault."""
    for number in range(tasks):
        path = root / "tasks" / f"ws{number % 20}" / f"task-{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = FRONT.format(number=number, status="ready", priority=number % 3, milestone=number % 7)
        path.write_text(head + "# Body\n" + "text of the body that goes on\n" * 100)
    (root / "taskcheck.toml").write_text(PEOPLE)


def commit(root: Path) -> None:
    git("init", "-q", "-b", "main", cwd=root)
    git("add", "-A", cwd=root)
    git("-c", "user.name=b", "-c", "user.email=b@example.invalid", "commit", "-q", "-m", "start", cwd=root)


def cold(command: list[str], cwd: Path, cache: Path) -> float:
    """Return the CPU seconds of a check that remembers nothing yet, and what it learns."""
    shutil.rmtree(cache)
    cache.mkdir()
    return cpu(command, cwd, cache)


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    tasks, rounds = (*given, *(100, 15)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        plain, versioned = Path(folder) / "plain", Path(folder) / "git"
        build(plain, tasks)
        build(versioned, tasks)
        commit(versioned)
        os.environ["GIT_CEILING_DIRECTORIES"] = folder
        caches = {place: Path(folder) / f"{place.name}-cache" for place in (plain, versioned)}
        for cache in caches.values():
            cache.mkdir()
        ways = {
            "bare interpreter": ([sys.executable, "-I", "-c", "pass"], plain),
            "check --help": ([TASKCHECK, "check", "--help"], plain),
            "owner NAME": ([TASKCHECK, "owner", "dave"], plain),
            "route TASK": ([TASKCHECK, "route", "task-00001"], plain),
            "rule NAME": ([TASKCHECK, "rule", "worker-gone"], plain),
            "rule": ([TASKCHECK, "rule"], plain),
            "--help": ([TASKCHECK, "--help"], plain),
            "--version": ([TASKCHECK, "--version"], plain),
        }
        took: dict[str, list[float]] = {}
        time.sleep(3)  # what was written just now isn't remembered
        for _ in range(rounds + 1):
            for where, place in (("in git", versioned), ("without git", plain)):
                check, cache = [TASKCHECK], caches[place]
                took.setdefault(f"check {where}, without a cache", []).append(cpu([*check, "--no-cache"], place))
                took.setdefault(f"check {where}, cold", []).append(cold(check, place, cache))
                took.setdefault(f"check {where}, warm", []).append(cpu(check, place, cache))
            for name, (command, cwd) in ways.items():
                took.setdefault(name, []).append(cpu(command, cwd))
    took = {name: seconds[1:] for name, seconds in took.items()}
    bare = min(took["bare interpreter"])
    print(f"{tasks} clean tasks; CPU, x bare interpreter")
    for name, seconds in took.items():
        least = min(seconds)
        print(f"{name:<36}{least * 1000:8.1f} ms{least / bare:7.1f}")


if __name__ == "__main__":
    main()
