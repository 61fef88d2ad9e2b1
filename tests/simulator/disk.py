"""A world as a real git repository with real worktrees, every commit at its time."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.simulator.history import Commit
from tests.simulator.world import FORGE, Tree, World

_CONFIG = f"""\
[user]
name = Fleet
email = fleet@example.com
[maintenance]
auto = false
[remote "origin"]
url = https://{"/".join(FORGE)}.git
"""


def build(world: World, folder: Path) -> Path:
    """Build a world below a folder; the path of its root checkout."""
    root = folder / "root"
    root.mkdir(parents=True)
    _git(root, "init", "-q", "--template=", "--initial-branch=main")
    with (root / ".git" / "config").open("a") as config:
        config.write(_CONFIG)
    marks = folder / "marks"
    _git(root, "fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(_stream(world)))
    ids = dict(line.split() for line in marks.read_text().splitlines())
    (root / "taskcheck.toml").write_text("".join(f"{line}\n" for line in _settings(world)))
    _lay(world.root, root)
    if world.fetched is not None:
        _git(root, "update-ref", "refs/remotes/origin/main", ids[f":{int(world.fetched, 16)}"])
        _git(root, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    _git(root, "reset", "-q")
    for path in sorted(world.forced):
        _git(root, "add", "--force", path)
    for tree in world.worktrees.values():
        _worktree(root, tree, ids[f":{int(tree.head, 16)}"])
    return root


def _stream(world: World) -> Iterator[bytes]:
    """All commits and branches, as git fast-import reads them."""
    for commit in world.history.commits.values():
        before = world.history.files(commit.parents[0]) if commit.parents else {}
        yield f"commit refs/heads/import\nmark :{int(commit.id, 16)}\n".encode()
        yield f"committer Fleet <fleet@example.com> {int(commit.at.timestamp())} +0000\n".encode()
        yield _data(commit.message.encode()) + b"".join(_parents(commit))
        for path in sorted(before.keys() - commit.files.keys()):
            yield f"D {path}\n".encode()
        for path, data in commit.files.items():
            if before.get(path) != data:
                yield f"M 100644 inline {path}\n".encode() + _data(data)
    for branch, tip in world.branches.items():
        yield f"reset refs/heads/{branch}\nfrom :{int(tip, 16)}\n\n".encode()
    yield b"reset refs/heads/import\nfrom 0000000000000000000000000000000000000000\n\n"


def _parents(commit: Commit) -> Iterator[bytes]:
    for word, parent in zip(("from", "merge"), commit.parents, strict=False):
        yield f"{word} :{int(parent, 16)}\n".encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _settings(world: World) -> Iterator[str]:
    """The store's configuration file."""
    yield f'[drift]\nauthority = "{world.authority}"\n[folders]\n"tasks/completed" = ["done"]\n[people]'
    yield from (f"{key} = {json.dumps(names)}" for key, names in world.people.items() if key not in world.declared)
    yield "[roles]"
    yield from (f"{key} = {json.dumps(person)}" for key, person in world.roles.items() if key not in world.declared)
    yield "[limits]"
    yield from (f'{key} = "{span}"' for key, span in world.limits.items())
    for table in world.suppress:
        yield "[[suppress]]"
        yield from (f"{key} = {json.dumps(value)}" for key, value in table.items())


def _lay(tree: Tree, folder: Path) -> None:
    for path, data in tree.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (int(tree.mtimes[path].timestamp()),) * 2)


def _worktree(root: Path, tree: Tree, head: str) -> None:
    folder = root / tree.path
    options = ["--lock"] if tree.state == "locked" else []
    _git(root, "worktree", "add", "-q", "--no-checkout", *options, str(folder), tree.branch or head)
    _lay(tree, folder)
    if tree.switched_at is not None:
        os.utime(root / ".git" / "worktrees" / folder.name / "HEAD", (int(tree.switched_at.timestamp()),) * 2)
    if tree.state == "missing":
        shutil.rmtree(folder)
    elif tree.state == "broken":
        (folder / ".git").write_text("gitdir: nowhere\n")
    elif tree.state == "unlisted":
        shutil.rmtree(root / ".git" / "worktrees" / folder.name)


def _git(folder: Path, *command: str, stdin: bytes | None = None) -> None:
    """Run git, undisturbed by anybody's environment, configuration and hooks."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "HOME", "XDG_CONFIG_HOME"), os.devnull)
    done = subprocess.run(["git", *command], cwd=folder, env=env, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
