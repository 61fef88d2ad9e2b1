"""Times a repair of many files, its undoing, and a check of the same store: python bench/fix.py [FILES].

Whole processes, in turn, medians of five; compare the ratios, not the times. Most of a repair is the disk: every new
content is on it before the first file changes.
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


def build(root: Path, files: int) -> None:
    """A store in which every task file has one thing to repair."""
    for number in range(files):
        path = root / "tasks" / f"ws{number % 20}" / f"task-{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TASK.format(number=number) + "text of the body that goes on\n" * 100)
    (root / "taskcheck.toml").write_text('[people]\ndave-fowler = ["dave"]\n')


def seconds(root: Path, *arguments: str) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-P", "-m", "taskcheck", *arguments]
    subprocess.run(command, cwd=root, capture_output=True, check=False)
    return time.perf_counter() - started


def main() -> None:
    files = int((*sys.argv[1:], "1000")[0])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, files)
        runs = [(seconds(root, "-q"), seconds(root, "--fix", "-q"), seconds(root, "undo")) for _ in range(6)][1:]
    check, fix, undo = (statistics.median(column) for column in zip(*runs, strict=True))
    print(
        f"{files} files: check {check:.2f} s, --fix {fix:.2f} s ({fix / files * 1000:.2f} ms a file, "
        f"{fix / check:.1f} checks), undo {undo:.2f} s"
    )


if __name__ == "__main__":
    main()
