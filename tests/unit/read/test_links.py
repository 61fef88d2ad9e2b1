"""Paths with their links resolved as the operating system's own: random folders of links that lead anywhere."""

import errno
import os
import random
from pathlib import Path

import pytest

from taskcheck.read.files import Links
from tests.samples import sampled

TARGETS = ["a", "../b", "b/c", ".", "..", "nothing", "a/../b", "c"]


def build(folder: Path, chance: random.Random, depth: int) -> None:
    """Make files, folders and links, of which some lead to themselves or nowhere."""
    for name in "abc":
        path = folder / name
        kind = chance.choice(["file", "folder", "folder", "link", "link"])
        if kind == "link":
            path.symlink_to(chance.choice([*TARGETS, name, str(folder / "b"), str(folder)]))
        elif kind == "file" or not depth:
            path.write_text("")
        else:
            path.mkdir()
            build(path, chance, depth - 1)


@pytest.mark.parametrize("seed", sampled(range(100), 20))
def test_as_realpath_says(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    build(tmp_path, chance, 2)
    links = Links()
    for _ in range(200):
        parts = chance.choices(["a", "b", "c", "nothing", "..", "."], [9, 9, 9, 1, 2, 1], k=chance.randint(1, 4))
        path = f"{tmp_path}/{'/'.join(parts)}{chance.choice(['', '', '/'])}"
        if not _leads_in_a_circle(path):  # whose end Python leaves open
            assert links.real(path) == os.path.realpath(path), path


def _leads_in_a_circle(path: str) -> bool:
    try:
        os.path.realpath(path, strict=True)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def test_what_is_no_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("a", "a/b", ".", "/", "", "..", "//"):
        assert Links().real(path) == os.path.realpath(path), path


def test_folders_are_resolved_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worktree's own paths cost one look each, however deep it lies."""
    looked = []
    looks = os.lstat

    def counted(path: str, **more: int) -> os.stat_result:
        looked.append(path)
        return looks(path, **more)

    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    links = Links()
    links.real(deep / "worktree")
    monkeypatch.setattr(os, "lstat", counted)
    for number in range(100):
        links.real(deep / f"worktree-{number}")
        links.real(deep / f"worktree-{number}" / ".git")
    assert len(looked) == 200
