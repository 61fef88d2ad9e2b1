"""What neighbouring tools take for the same tasks, as a multiple of `git status`.

    python bench/peers.py [TASKS [ROUNDS]]

A store of Backlog.md, committed. `backlog doctor` reads the same files as a check; yamllint reads their front matter,
as files of their own, and ruff as many Python files of the same size. What isn't on PATH is left out. CPU of whole
processes, in turn; the least, the median and the most of the rounds, after one that isn't counted.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from fleet import cpu
from start import TASKCHECK, cold, commit

FRONT = """id: TASK-{number}
title: Task {number}
status: {status}
assignee: []
created_date: '2026-01-01'
labels: []
dependencies: []
"""
BODY = "## Description\n\n" + "text of the body that goes on\n" * 20
CONFIG = 'project_name: "bench"\nstatuses: ["To Do", "In Progress", "Done"]\ndefault_status: "To Do"\n'


def build(store: Path, front: Path, code: Path, tasks: int) -> None:
    """Write the store, the front matter of its tasks alone, and Python files of their size."""
    for folder in (store / "backlog/tasks", front, code):
        folder.mkdir(parents=True)
    (store / "backlog/config.yml").write_text(CONFIG)
    for number in range(1, tasks + 1):
        head = FRONT.format(number=number, status="Done" if number % 3 else "To Do")
        (store / f"backlog/tasks/task-{number} - Task-{number}.md").write_text(f"---\n{head}---\n\n{BODY}")
        (front / f"task-{number}.yaml").write_text(f"---\n{head}")
        lines = [f"value_{line} = {line}" for line in range((len(head) + len(BODY)) // 15)]
        (code / f"task_{number}.py").write_text("\n".join(lines) + "\n")


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    tasks, rounds = (*given, *(1000, 7)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        store, front, code, cache = (Path(folder) / name for name in ("store", "front", "code", "cache"))
        build(store, front, code, tasks)
        commit(store)
        cache.mkdir()
        peers = {
            "git status": ["git", "status", "--short"],
            "backlog doctor": ["backlog", "doctor"],
            "backlog task list": ["backlog", "task", "list", "--plain"],
            "yamllint": ["yamllint", "-d", "relaxed", str(front)],
            "ruff check": ["ruff", "check", "--isolated", "--no-cache", "--quiet", str(code)],
        }
        took: dict[str, list[float]] = {}
        time.sleep(3)  # what was written just now isn't remembered
        for _ in range(rounds + 1):
            took.setdefault("taskcheck, cold", []).append(cold([TASKCHECK], store, cache))
            took.setdefault("taskcheck, warm", []).append(cpu([TASKCHECK], store, cache))
            for name, command in peers.items():
                if shutil.which(command[0]):
                    took.setdefault(name, []).append(cpu(command, store))
    limit = statistics.median(took["git status"][1:])
    print(f"{tasks} tasks, {rounds} rounds; x git status ({limit * 1000:.1f} ms): least, median, most")
    for name, seconds in took.items():
        ratios = [each / limit for each in seconds[1:]]
        print(f"{name:20} {min(ratios):7.2f} {statistics.median(ratios):7.2f} {max(ratios):7.2f}")


if __name__ == "__main__":
    main()
