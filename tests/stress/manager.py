"""A manager for the stress test: a process that updates its register, with or without a lock, atomically or not.

usage: python manager.py ROOT OWNER UPDATES {locked,free} {atomic,in-place}

Every update counts its own entry up and registers a task that is done, which a repair takes out again. It prints a
line of JSON: how many updates it made, and how many of them it found undone by somebody else.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock(path: Path, how: str) -> Iterator[None]:
    with path.open("w") as file:
        if how == "locked":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(path: Path, text: str, how: str) -> None:
    if how == "in-place":
        path.write_text(text)
        return
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def main() -> None:
    root, owner, updates, locking, writing = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:6]
    register = root / f".tasks/task_manager/task-manager-{owner}.register.json"
    lost, last = 0, 0
    for number in range(1, updates + 1):
        with lock(register.with_suffix(".lock"), locking):
            try:
                told = json.loads(register.read_text())
            except ValueError:  # its own half-written file: only where there is no lock
                told = {"owner": owner, "entries": {f"work-{owner}": {"slug": f"work-{owner}", "attempt": last}}}
            entry = told["entries"][f"work-{owner}"]
            lost += entry["attempt"] != last
            entry["attempt"] = last = number
            told["entries"][f"done-{number % 7}"] = {"slug": f"done-{number % 7}", "by": owner, "at": number}
            write(register, json.dumps(told, indent=2), writing)
        time.sleep(0.004)
    print(json.dumps({"owner": owner, "updates": updates, "lost": lost, "pid": os.getpid()}))


if __name__ == "__main__":
    main()
