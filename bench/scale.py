"""What many tasks cost: python bench/scale.py [TASKS [ROUNDS]].

A check of a store without git beside a program that only reads the bytes of its files, and one that only looks at
their stat data. CPU seconds and peak memory of whole processes, in turn; medians. Compare the ratios, not the times.
"""

import statistics
import subprocess
import sys
import tempfile
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
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def build(root: Path, tasks: int) -> None:
    for number in range(tasks):
        path = root / "tasks" / f"ws{number % 100}" / f"task-{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(task(number, "ready"))
    (root / "taskcheck.toml").write_text(CONFIG)


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a command, by a process of its own, for a peak is never forgotten."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1024


def main() -> None:
    tasks, rounds = (int(given) for given in (*sys.argv[1:], "10000", "5")[:2])
    python = [sys.executable, "-I", "-c"]
    commands = {"check": [str(Path(sys.executable).parent / "taskcheck"), "-q"]}
    commands |= {"read": [*python, READ], "stat": [*python, STAT]}
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), tasks)
        taken: dict[str, list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for name, command in commands.items():
                taken.setdefault(name, []).append(measured(command, Path(folder)))
    seconds = {name: statistics.median(second for second, _ in found) for name, found in taken.items()}
    print(f"{tasks} tasks; CPU seconds, peak memory")
    for name, found in taken.items():
        print(f"{name:6} {seconds[name]:7.2f} s {max(size for _, size in found):7.0f} MB")
    print(f"check  {seconds['check'] / seconds['read']:.1f} x read, {seconds['check'] / seconds['stat']:.1f} x stat")


if __name__ == "__main__":
    main()
