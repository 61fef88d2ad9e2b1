"""Times a run of a worker that does nothing beside a check of the same fleet: python bench/run.py [TASKS] [WORKTREES].

Whole processes, in turn, medians of five; compare the ratio, not the times. A run looks at the store twice, and judges
what it is about to write.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet import build


def main() -> None:
    tasks, worktrees = (int(text) for text in (*sys.argv[1:], "2000", "20")[:2])
    taskcheck = [sys.executable, "-m", "taskcheck"]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, tasks, worktrees)
        taken: dict[str, list[float]] = {}
        for number in range(5):
            task = f"task-{tasks - 4 * (number + 1):05}"  # a ready one that no worktree has begun
            run = [*taskcheck, "run", task, "--", "true"]
            for name, command in (("check", taskcheck), ("run", run)):
                begun = time.perf_counter()
                done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=os.environ)
                taken.setdefault(name, []).append(time.perf_counter() - begun)
                if name == "run" and "silent success" not in done.stderr:
                    sys.exit(done.stderr)
        check, run_time = (statistics.median(taken[name]) for name in ("check", "run"))
        print(f"{tasks} tasks, {worktrees} worktrees")
        print(f"check  {check:.3f} s")
        print(f"run    {run_time:.3f} s, {run_time / check:.1f} times a check")


if __name__ == "__main__":
    main()
