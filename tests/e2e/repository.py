"""A repository of real git commits, made step by step."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
GIT += ["-c", "maintenance.auto=false"]  # else each commit starts another git, which finds that there is nothing to do
GIT += ["-c", "core.fsync=none"]  # it needn't outlive a loss of power


@dataclass
class Repo:
    """A repository whose clock moves by a minute with every command."""

    root: Path
    minutes: int = field(default=0)

    @staticmethod
    def begun(root: Path, **files: str) -> "Repo":
        """A new one that ignores worktrees, ledgers and logs, with a first commit of some files."""
        repo = Repo(root)
        root.mkdir()
        repo.git("init", "-q", "--template=", "--initial-branch=main")
        (root / ".gitignore").write_text(".worktrees/\n.tasks/\ntasks/logs/\n")
        repo.commit("first", **files)
        return repo

    def git(self, *command: str) -> str:
        self.minutes += 1
        date = f"2026-03-24T{8 + self.minutes // 60:02}:{self.minutes % 60:02}:00Z"
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env |= dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull)
        env |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_EDITOR": "true", "GIT_MERGE_AUTOEDIT": "no"}
        done = subprocess.run([*GIT, *command], cwd=self.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout.strip()

    def commit(self, message: str = "work", **files: str) -> str:
        for name, text in files.items():
            path = self.root / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.head()

    def head(self) -> str:
        """The commit that is checked out: after each commit it stands in a loose file, but of a worktree elsewhere."""
        folder = self.root / ".git"
        if not folder.is_dir():
            return self.git("rev-parse", "HEAD")
        named = (folder / "HEAD").read_text().strip()
        reference = named.removeprefix("ref: ")
        return (folder / reference).read_text().strip() if reference != named else named

    def branch(self, name: str = "task/x", start: str = "main") -> None:
        self.git("checkout", "-q", "-b", name, start)

    def on_main(self) -> None:
        self.git("checkout", "-q", "main")

    def copied(self, into: Path) -> "Repo":
        """A copy with its worktrees, for a test that writes; a fifth of what making it takes."""
        copy_repository(self.root, into)
        return Repo(into, self.minutes)


def copy_repository(root: Path, into: Path) -> None:
    """Copy a repository, and point the worktrees within it to each other again."""
    shutil.copytree(root, into, symlinks=True)
    for told in into.glob(".git/worktrees/*/gitdir"):
        there = Path(told.read_text().strip().replace(str(root), str(into), 1))
        told.write_text(f"{there}\n")
        if there.is_file() and (pointer := there.read_text()).startswith("gitdir: /"):
            there.write_text(pointer.replace(str(root), str(into), 1))


CONFIG = """preset = "task-manager"
[people]
ana = []
[checkouts]
branches = ["task/*"]
branch = "task/{task}"
"""
"""A configuration for which the tips of branches are checkouts."""


def imported(number: int, branch: str, at: int, parents: Sequence[int], files: Mapping[str, str]) -> list[str]:
    """Lines of ``git fast-import`` that make a commit, which is faster than to make hundreds one by one.

    Args:
        number: of the commit, from 1.
        branch: which it is the tip of from now on.
        at: when it is made, in seconds since 1970.
        parents: numbers of earlier commits.
        files: what it changes, by path.
    """
    lines = [f"commit refs/heads/{branch}", f"mark :{number}"]
    lines += [f"committer T <t@example.com> {at} +0000", "data 4", "work"]
    for word, parent in zip(["from", *["merge"] * len(parents)], parents, strict=False):
        lines.append(f"{word} :{parent}")
    for path, content in files.items():
        lines += [f"M 100644 inline {path}", f"data {len(content.encode())}", content]
    return lines
