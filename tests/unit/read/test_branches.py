"""What branches have, straight from git's objects."""

import subprocess
from contextlib import closing
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.read.branches import read_branches
from taskcheck.read.files import Globs
from taskcheck.read.git import Git
from taskcheck.read.known import Contents
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import EMPTY, Trees
from tests.e2e.repository import imported


def git(root: Path, *command: str, said: str = "") -> str:
    return subprocess.run(["git", *command], cwd=root, input=said, check=True, capture_output=True, text=True).stdout


def test_files_that_a_clone_lacks_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Whichever of them root changed first, since the branch left it."""
    git(tmp_path, "init", "-q", "-b", "main")
    said = imported(1, "main", 1_774_000_000, [], {"tasks/a.md": "a", "tasks/b.md": "b", "tasks/c.md": "c"})
    for number, name in enumerate("abc", 2):
        said += imported(number, "main", 1_774_000_000 + number, [number - 1], {f"tasks/{name}.md": f"new {name}"})
    git(tmp_path, "fast-import", "--quiet", said="\n".join([*said, ""]))
    head, *bases = git(tmp_path, "rev-list", "main").split()
    for name in "abc":
        blob = git(tmp_path, "rev-parse", f"{bases[-1]}:tasks/{name}.md").strip()
        (tmp_path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    root = Contents({f"tasks/{name}.md": f"new {name}".encode() for name in "abc"}, 40)
    paths = TaskPaths(Globs((Pattern("tasks/*.md"),), (), frozenset()))
    tips = {f"task/{number}": base for number, base in enumerate(bases)}
    with Git(tmp_path) as asked, closing(Trees(asked.objects, ["tasks"], head, EMPTY[40])) as trees:
        found = read_branches(trees, tips, {base: base for base in bases}, root, paths, "")
    assert [list(checkout.files) for checkout in found] == [
        ["tasks/c.md"],
        ["tasks/b.md", "tasks/c.md"],
        ["tasks/a.md", "tasks/b.md", "tasks/c.md"],
    ]
