"""Shows what it costs to start: CPU of whole processes as a multiple of the bare interpreter's.

    python bench/start.py [TASKS [ROUNDS]]

User and system time with that of every process that is waited for, git's too; in turn, the least of the rounds.
Compare the ratios, not the times.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from fleet import FRONT, git

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


def cpu(command: list[str], cwd: Path) -> float:
    """Return the CPU seconds of a process and of those that it waited for."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    tasks, rounds = (*given, *(100, 15)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        plain, versioned = Path(folder) / "plain", Path(folder) / "git"
        build(plain, tasks)
        build(versioned, tasks)
        commit(versioned)
        os.environ["GIT_CEILING_DIRECTORIES"] = folder
        ways = {
            "bare interpreter": ([sys.executable, "-I", "-c", "pass"], plain),
            f"check of {tasks} tasks in git": ([TASKCHECK], versioned),
            f"check of {tasks} tasks, no git": ([TASKCHECK], plain),
            "check --help": ([TASKCHECK, "check", "--help"], plain),
            "--help": ([TASKCHECK, "--help"], plain),
            "--version": ([TASKCHECK, "--version"], plain),
            "rule worker-gone": ([TASKCHECK, "rule", "worker-gone"], plain),
            "owner dave": ([TASKCHECK, "owner", "dave"], plain),
            "route task-00001": ([TASKCHECK, "route", "task-00001"], plain),
        }
        for command, cwd in ways.values():
            cpu(command, cwd)
        took = {name: [] for name in ways}
        for _ in range(rounds):
            for name, (command, cwd) in ways.items():
                took[name].append(cpu(command, cwd))
    bare = min(took["bare interpreter"])
    for name, seconds in took.items():
        least = min(seconds)
        print(f"{name:<28}{least * 1000:8.1f} ms{least / bare:7.1f}")


if __name__ == "__main__":
    main()
