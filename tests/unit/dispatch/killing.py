"""Kills runners with SIGKILL, each at another instant, and looks for what they leave.

usage: python killing.py FOLDER ROUNDS

Prints a line of JSON: how many workers ran, how many never did, and the rounds in which something was left.
"""

import fcntl
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from taskcheck.dispatch.process import guard
from taskcheck.dispatch.process.worker import Worker

GRACE = 0.1
PATIENCE = 240.0


def runner(folder: Path, mark: str) -> None:
    """Supervise a worker that says that it runs, and every second time doesn't listen."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    deaf = "trap '' TERM;" if folder.name[-1] in "13579" else ""
    script = f"{deaf} echo > ran; sleep 600 & sleep 600; : {mark}"
    worker = Worker.prepared(["sh", "-c", script], folder=folder, environment=os.environ, log=log, lock=lock)
    worker.run(beat=lambda: None, every=3600)


def start(folder: Path, mark: str) -> int:
    folder.mkdir()
    pid = os.fork()
    if pid == 0:
        try:
            runner(folder, mark)
        finally:
            os._exit(1)
    return pid


def others(folder: Path) -> list[int]:
    """Processes but ourselves that are in a folder, or were started by us: guards, and workers at the gate."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = str(folder.parent).encode() in (process / "cmdline").read_bytes()
            if int(process.name) != os.getpid() and (ours or (process / "cwd").readlink() == folder):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def clean(folder: Path) -> bool:
    """Whether the lock is free and nobody is left."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return not others(folder)


def gone(folder: Path) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not clean(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def main() -> None:
    base, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    guard.PACT_GRACE = GRACE
    begun = time.monotonic()
    pid = start(base / "first", "first")
    while not (base / "first" / "ran").exists():
        time.sleep(0.0005)
    span = 2 * (time.monotonic() - begun)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    left = [] if gone(base / "first") else ["first"]
    chance, ran = random.Random(7), 0
    for number in range(rounds):
        folder = base / str(number)
        pid = start(folder, str(number))
        time.sleep(chance.uniform(0, span))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if not gone(folder):
            left.append(folder.name)
        has_run = (folder / "ran").exists()
        ran += has_run
        span *= 0.9 if has_run else 1.1  # however busy the machine is now, about half of them come to run
    print(json.dumps({"rounds": rounds, "ran": ran, "never ran": rounds - ran, "left": left}))


if __name__ == "__main__":
    main()
