"""Times a repair of many files, its undoing, and a check of the same store: python bench/fix.py [FILES].

Whole processes, in turn, medians of five, wall time; compare the ratios, not the times. Most of a repair is the disk:
every new content is on it before the first file changes. So what it takes beyond the check stands beside a program that
only writes as much: the same files, each by a new one that takes its name, and one file with all their old bytes.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASK = """---
title: Task number {number} does a thing that takes a line to say
status: ready
owner: dave  # by one of his other names
priority: p1
---
# Body
"""


WRITE = """
import os, pathlib

def write(path, data):
    with open(f"{path}.new", "wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    os.rename(f"{path}.new", path)

files = {path: path.read_bytes() for path in sorted(pathlib.Path("tasks").rglob("*.md"))}
write("old", b"".join(files.values()))
for path, data in files.items():
    write(path, data)
"""


def build(root: Path, files: int) -> None:
    """A store in which every task file has one thing to repair."""
    for number in range(files):
        path = root / "tasks" / f"ws{number % 20}" / f"task-{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TASK.format(number=number) + "text of the body that goes on\n" * 100)
    (root / "taskcheck.toml").write_text('[people]\ndave-fowler = ["dave"]\n')


def seconds(root: Path, *command: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=root, capture_output=True, check=False)
    return time.perf_counter() - started


def main() -> None:
    files = int((*sys.argv[1:], "1000")[0])
    taskcheck = ("-P", "-m", "taskcheck")
    commands = {
        "check": (*taskcheck, "-q"),
        "--fix": (*taskcheck, "--fix", "-q"),
        "undo": (*taskcheck, "undo"),
        "write": ("-I", "-c", WRITE),
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, files)
        rounds = [{name: seconds(root, *command) for name, command in commands.items()} for _ in range(6)][1:]
    middle = {name: statistics.median(each[name] for each in rounds) for name in commands}
    print(f"{files} files; wall time, x writing, fsync and rename of as many")
    for name, took in middle.items():
        print(f"{name:24}{took:7.2f} s{took / middle['write']:7.1f}")
    beyond = middle["--fix"] - middle["check"]
    print(f"{'--fix beyond the check':24}{beyond:7.2f} s{beyond / middle['write']:7.1f}")


if __name__ == "__main__":
    main()
