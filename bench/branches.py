"""What branches add to a check: python bench/branches.py [TASKS BRANCHES].

Builds a store alone, with unmerged branches, with merged ones, and with branches from which root has moved on in
hundreds of task files; then a smaller one of that last kind. What a check takes more than of the store alone is put
beside `git rev-list --parents --all` and `git diff-tree --stdin` over the same commits. CPU seconds of whole
processes, in turn, medians of five; compare the ratios, not the times.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

CONFIG = """preset = "task-manager"
[people]
dave = []
[checkouts]
branches = ["task/*"]
branch = "task/{task}"
"""
BODY = "text of the body that goes on\n" * 60
ROUNDS = 5


class History:
    """Commits that are made at one go, by `git fast-import`."""

    def __init__(self, tasks: int) -> None:
        self.said: list[str] = []
        self.marks = 0
        files = {path(number): task(number, "ready") for number in range(tasks)}
        self.root = self.commit("refs/heads/main", None, {"taskcheck.toml": CONFIG, **files})

    def commit(self, ref: str, parent: int | None, files: dict[str, str], merged: int | None = None) -> int:
        self.marks += 1
        self.said += [f"commit {ref}", f"mark :{self.marks}"]
        self.said += [f"committer B <b@example.com> {1_774_000_000 + 60 * self.marks} +0000"]
        self.said += text(f"Merge branch '{ref}'" if merged else "work")
        self.said += [f"from :{parent}"] if parent else []
        self.said += [f"merge :{merged}"] if merged else []
        for name, content in files.items():
            self.said += [f"M 100644 inline {name}", *text(content)]
        return self.marks

    def on_root(self, files: dict[str, str], merged: int | None = None) -> None:
        self.root = self.commit("refs/heads/main", self.root, files, merged)

    def write(self, folder: Path) -> None:
        folder.mkdir()
        subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
        said = "\n".join([*self.said, ""]).encode()
        subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=said, check=True)
        subprocess.run(["git", "reset", "-q", "--hard", "main"], cwd=folder, check=True)


def text(content: str) -> list[str]:
    return [f"data {len(content.encode())}", content]


def path(number: int) -> str:
    return f"tasks/task-{number:05}.md"


def task(number: int, status: str, more: str = "") -> str:
    return f"---\ntitle: Task {number} does a thing\nstatus: {status}\nowner: dave\n---\n# Body\n{BODY}{more}"


def unmerged(tasks: int, branches: int) -> History:
    """Branches that work, each from a commit of its own of root."""
    made = History(tasks)
    for number in range(branches):
        made.commit(f"refs/heads/task/task-{number:05}", made.root, {f"src/{number}.py": "pass\n"})
        made.on_root({f"src/root-{number}.py": "pass\n"})
    return made


def merged(tasks: int, branches: int) -> History:
    """Branches that were merged, while root moved on."""
    made = History(tasks)
    for number in range(branches):
        own = {f"src/{number}.py": "pass\n"}
        done = {path(number % tasks): task(number % tasks, "completed")}
        tip = made.commit(f"refs/heads/task/task-{number:05}", made.root, own)
        made.on_root({f"src/root-{number}.py": "pass\n"})
        made.on_root({**own, **done}, tip)
    return made


def behind(tasks: int, branches: int) -> History:
    """Branches from which root has moved on in hundreds of task files."""
    made = History(tasks)
    for number in range(branches):
        made.commit(f"refs/heads/task/task-{number:05}", made.root, {f"src/{number}.py": "pass\n"})
        moved = [(7 * number + step) % tasks for step in range(3)]
        made.on_root({path(each): task(each, "ready", f"more {number}\n") for each in moved})
    return made


def seconds(command: str, folder: Path) -> float:
    """CPU seconds of a shell command and of all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, shell=True, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(tasks: int, branches: int, kinds: Mapping[str, Callable[[int, int], History]]) -> None:
    """Measure stores with branches beside one without, and print a row of each."""
    check = f"{Path(sys.executable).parent / 'taskcheck'} -q --no-cache"
    walk = "git rev-list --parents --all; git rev-list --all | git diff-tree --stdin -r --raw"
    with tempfile.TemporaryDirectory() as temporary:
        stores = {"alone": History(tasks), **{kind: made(tasks, branches) for kind, made in kinds.items()}}
        for name, made in stores.items():
            made.write(Path(temporary, name))
        taken: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):
            for name in stores:
                for what, command in (("check", check), ("git", walk)):
                    taken.setdefault((name, what), []).append(seconds(command, Path(temporary, name)))
    median = {key: statistics.median(times) for key, times in taken.items()}
    print(f"{tasks} tasks, {branches} branches; CPU seconds")
    print("branches    check    git   added / git   check / alone")
    for name in stores:
        added = median[name, "check"] - median["alone", "check"]
        ratios = f"{added / median[name, 'git']:11.1f}   {median[name, 'check'] / median['alone', 'check']:13.1f}"
        print(f"{name:9} {median[name, 'check']:7.2f} {median[name, 'git']:6.2f}   {ratios}")


def main() -> None:
    tasks, branches = (int(given) for given in (*sys.argv[1:], "1000", "1000")[:2])
    compare(tasks, branches, {"unmerged": unmerged, "merged": merged, "behind": behind})
    if not sys.argv[1:]:
        compare(600, 400, {"behind": behind})


if __name__ == "__main__":
    main()
