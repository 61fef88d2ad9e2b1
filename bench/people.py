"""What a check costs of a store as people have it: python bench/people.py [TASKS [FILES [TREES [BRANCHES [COMMITS]]]]].

A thousand tasks among twenty thousand source files, thirty worktrees, sixty branches more of which half are merged, and
ten thousand commits; each worktree has begun its task. Beside it `git status` of each checkout. CPU seconds of whole
processes, in turn, medians of five; compare the ratios, not the times.
"""

import sys
import tempfile
from pathlib import Path

from branches import History, path, task
from fleet import compared, git, tell


def history(tasks: int, files: int, trees: int, branches: int, commits: int) -> History:
    """Root's commits, each of which changes some source file, and branches that leave it on the way."""
    made = History(tasks)
    sources = {f"src/part{number % 200}/file{number}.py": f"pass  # {number}\n" for number in range(files)}
    made.on_root({".gitignore": "/.worktrees/\n", **sources})
    every = max(1, commits // (branches + 1))
    for number in range(commits):
        made.on_root({f"src/part{number % 200}/file{number % files}.py": f"pass  # {number} again\n"})
        if number % every == 0 and number // every < branches:
            leave(made, trees + number // every)
    for number in range(trees):
        name = path(number).removeprefix("tasks/").removesuffix(".md")
        made.commit(f"refs/heads/task/{name}", made.root, {path(number): task(number, "in_progress")})
    return made


def leave(made: History, number: int) -> None:
    """A branch that does its task; every second one is merged."""
    name = path(number).removeprefix("tasks/").removesuffix(".md")
    work = {path(number): task(number, "in_progress"), f"src/part1/of-{number}.py": "pass\n"}
    tip = made.commit(f"refs/heads/task/{name}", made.root, work)
    if number % 2:
        made.on_root({**work, path(number): task(number, "completed")}, tip)


def build(root: Path, tasks: int, files: int, trees: int, branches: int, commits: int) -> None:
    history(tasks, files, trees, branches, commits).write(root)
    for number in range(trees):
        name = path(number).removeprefix("tasks/").removesuffix(".md")
        git("worktree", "add", "-q", f".worktrees/{name}", f"task/{name}", cwd=root)


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    sizes = (*given, *(1000, 20_000, 30, 60, 10_000)[len(given) :])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "store")
        build(root, *sizes)
        print("{} tasks, {} files, {} worktrees, {} branches, {} commits".format(*sizes))
        tell(compared(root), "git status of each")


if __name__ == "__main__":
    main()
