"""A checkout's `.git` as somebody hostile could have written it: it leads to nothing of another folder."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskcheck.read.locate import Location, locate, own_folder
from taskcheck.read.runner import GitError
from tests.figures import SLOWEST, Figure

MUTATIONS = int(os.environ.get("TASKCHECK_MUTATIONS", "300"))
"""Pointers that are tried; the nightly run tries ten thousand."""


class Grounds:
    """A repository with a worktree that is somebody else's, and a folder that leads there."""

    def __init__(self, folder: Path) -> None:
        self.other, self.planted = folder / "other", folder / "planted"
        self.other.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "--allow-empty", "-m", "start")
        self.git("worktree", "add", "-q", str(folder / "linked"))
        self.git("worktree", "add", "-q", str(folder / "gone"))
        (folder / "gone" / ".git").unlink()
        self.linked = folder / "linked"
        (self.planted / "admin").mkdir(parents=True)
        self.before = sorted(self.everything())

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.other, check=True, capture_output=True)

    def everything(self) -> Iterator[tuple[str, int]]:
        for path in (*self.other.rglob("*"), *self.linked.rglob("*")):
            yield str(path), path.lstat().st_mtime_ns

    def written(self, chance: random.Random) -> str:
        """A path that a file of git's own may hold, and some that it never does."""
        folder = chance.choice([self.other / ".git", self.other, self.linked, self.planted, self.planted / "admin"])
        below = chance.choice(["", "worktrees/linked", "worktrees/gone", "worktrees", "..", ".git", "refs", "admin"])
        path = chance.choice([str(folder / below), os.path.relpath(folder / below, self.planted), below, "/", "."])
        return chance.choice(["", "", "", "\0", " ", "\n\n", "/" * 5000]).join(
            [path, chance.choice(["\n", "", "\r\n"])]
        )


@pytest.fixture
def grounds(tmp_path: Path) -> Grounds:
    return Grounds(tmp_path)


def test_no_pointer_leads_to_another_folder(grounds: Grounds, figure: Figure) -> None:
    pointer, admin = grounds.planted / ".git", grounds.planted / "admin"
    slowest = 0.0
    for seed in range(MUTATIONS):
        chance = random.Random(seed)
        pointer.write_text(chance.choice(["gitdir: ", "gitdir: ", "gitdir:", ""]) + grounds.written(chance))
        os.utime(pointer, (1, 1))
        for name in ("commondir", "gitdir", "config", "HEAD"):
            (admin / name).unlink(missing_ok=True)
            if chance.random() < 0.5:
                text = grounds.written(chance)
                (admin / name).write_text(f"[core]\n\tworktree = {text}" if name == "config" else text)
                os.utime(admin / name, (1, 1))  # what was written a moment ago would be read again
        begun = time.process_time()
        try:
            found = locate(grounds.planted)
        except GitError:
            continue
        finally:
            slowest = max(slowest, time.process_time() - begun)
        tell_whether_it_is_its_own(found, grounds, seed)
    assert sorted(grounds.everything()) == grounds.before
    figure("mutated pointers of .git", MUTATIONS)
    figure(f"{SLOWEST}mutated pointers of .git", slowest)
    assert slowest < 5


def tell_whether_it_is_its_own(found: Location, grounds: Grounds, seed: int) -> None:
    base, _ = own_folder(found)
    for path in (found.root, found.top, base):
        assert path is not None
        assert path == grounds.planted or grounds.planted in path.parents, (seed, found, base)
