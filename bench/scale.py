"""What many tasks cost: python bench/scale.py [TASKS [ROUNDS]].

A check of a store without git beside a program that only reads the bytes of its files, and one that only looks at
their stat data. A cold check finds an empty cache and fills it, a warm one finds what that one left. CPU seconds, wall
time and peak memory of whole processes, in turn; medians. Compare the ratios, not the times. 100,000 tasks take some
minutes.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from branches import CONFIG, task

READ = """
import os
for folder, _, names in os.walk("tasks"):
    for name in names:
        file = os.open(f"{folder}/{name}", os.O_RDONLY)
        os.read(file, 1 << 20)
        os.close(file)
"""
STAT = """
import os
left = ["tasks"]
while left:
    for entry in os.scandir(left.pop()):
        if entry.is_dir():
            left.append(entry.path)
        else:
            entry.stat()
"""
MEASURE = """
import os, resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, env={**os.environ, "XDG_CACHE_HOME": sys.argv[1]})
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss)
"""


def build(root: Path, tasks: int) -> None:
    for number in range(tasks):
        path = root / "tasks" / f"ws{number % 100}" / f"task-{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(task(number, "ready"))
    (root / "taskcheck.toml").write_text(CONFIG)


def measured(command: list[str], folder: Path, cache: Path) -> tuple[float, float, float]:
    """CPU seconds, wall time and peak megabytes of a command, by a process of its own: a peak is never forgotten."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(cache), *command], cwd=folder, capture_output=True, text=True, check=True
    )
    seconds, wall, kilobytes = done.stdout.split()
    return float(seconds), float(wall), int(kilobytes) / 1024


def main() -> None:
    tasks, rounds = (int(given) for given in (*sys.argv[1:], "10000", "5")[:2])
    python = [sys.executable, "-I", "-c"]
    check = [str(Path(sys.executable).parent / "taskcheck"), "-q"]
    commands = {"without a cache": [*check, "--no-cache"], "cold": check, "warm": check}
    commands |= {"read": [*python, READ], "stat": [*python, STAT]}
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        build(Path(folder), tasks)
        time.sleep(3)  # what was written just now isn't remembered
        taken: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(rounds):
            shutil.rmtree(Path(cache, "taskcheck"), ignore_errors=True)
            for name, command in commands.items():
                taken.setdefault(name, []).append(measured(command, Path(folder), Path(cache)))
    print(f"{tasks} tasks     CPU  x read  x stat    wall  x read  peak memory")
    middle = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in taken.items()}
    for name, (seconds, wall, memory) in middle.items():
        beside = f"{seconds / middle['read'][0]:8.1f}{seconds / middle['stat'][0]:8.1f}"
        print(f"{name:15}{seconds:6.2f} s{beside}{wall:6.2f} s{wall / middle['read'][1]:8.1f}{memory:9.0f} MB")


if __name__ == "__main__":
    main()
