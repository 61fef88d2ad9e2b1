"""A worker of one of six kinds, for the stress test of managers: `worker.py FOLDER TASK-FILE`.

What kind it is stands in the task's name: finish, block, fail, crash, silent, hang. The folder holds a lock per task,
which proves that no two workers of it ever lived at once, and a line per start.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

folder, file = Path(sys.argv[1]), Path(sys.argv[2])
task = file.stem
kind, number = task.rsplit("-", 1)
starts = folder / f"{task}.starts"
lock = os.open(folder / f"{task}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    (folder / "overlap").write_text(task)
with starts.open("a") as lines:
    lines.write(f"{os.getpid()}\n")
first = len(starts.read_text().splitlines()) == 1


def finish(*said: str) -> None:
    subprocess.run([sys.executable, "-m", "taskcheck", "finish", task, "--outcome", *said], check=True)


def kill_runner() -> None:
    """The guard's parent is the runner; the guard then ends us."""
    guard = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(guard[1]), signal.SIGKILL)
    time.sleep(60)


pull = f"https://github.com/o/r/pull/1{number}"
match kind:
    case "finish":
        finish("completed_with_pr", "--pr-url", pull)
    case "block":
        finish("blocked", "--reason", "no key")
    case "fail":
        finish("failed", "--reason", "it doesn't build")
    case "crash" if int(number) % 3 == 0:  # the worker alone
        os.kill(os.getpid(), signal.SIGKILL)
    case "crash" if int(number) % 3 == 1:  # with its runner, before it said anything; at the second try it ends well
        if first:
            kill_runner()
        finish("completed_with_pr", "--pr-url", pull)
    case "crash":  # with its runner, after it said how it ended
        finish("completed_with_pr", "--pr-url", pull)
        kill_runner()
    case "hang":
        time.sleep(600)
