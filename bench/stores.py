"""What many stores cost on one board: python bench/stores.py [STORES [TASKS]].

`taskcheck status DIR DIR ...`, with an empty cache and with the one that it leaves, beside one check of one of the
stores. Seconds, and peak memory of the process that has the board; its others are those of the system's cores.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scale import measured

TASK = "---\ntitle: Task {}\nowner: ana\nstatus: {}\n---\nWhat is to be done.\n"


def build(root: Path, tasks: int) -> None:
    """A store in git, in which one task of fourteen has a fault."""
    (root / "tasks").mkdir(parents=True)
    (root / "taskcheck.toml").write_text("[people]\nana = []\n")
    for number in range(tasks):
        status = "nonsense" if number % 14 == 0 else "ready"
        (root / f"tasks/t{number:03}.md").write_text(TASK.format(number, status))
    author = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "core.fsync=none"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=root, check=True)


def main() -> None:
    count, tasks = (int(word) for word in (*sys.argv[1:], *("200", "200")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        stores = [top / f"store-{number:03}" for number in range(count)]
        for store in stores:
            build(store, tasks)
        taskcheck = [sys.executable, "-m", "taskcheck"]
        board = [*taskcheck, "status", "--format", "json", *map(str, stores)]
        one = [*taskcheck, "check", "--root", str(stores[0])]
        runs = {"one check, cold": one, "one check, warm": one, "all, cold": board, "all, warm": board}
        for name, command in runs.items():
            began = time.monotonic()
            seconds, _, memory = measured(command, top, top / ("cache-one" if command is one else "cache-all"))
            print(f"{name}: {time.monotonic() - began:.2f} s, {seconds:.2f} CPU s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
