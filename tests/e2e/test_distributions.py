"""Wheel and sdist: the same bytes wherever and whenever they are built, and nothing in them that isn't meant to be."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import environment

EPOCH = 1774310400


def checkout(folder: Path) -> None:
    """Copy what a clone would have, and what is about to be committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def build(folder: Path, *, umask: int) -> dict[str, bytes]:
    """Return the distributions of a checkout by name."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder / "dist")]
    env = environment(SOURCE_DATE_EPOCH=str(EPOCH), TZ="UTC" if umask else "Asia/Tokyo")
    done = subprocess.run(command, cwd=folder, env=env, umask=umask, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: path.read_bytes() for path in sorted((folder / "dist").iterdir())}


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """Two builds, in folders of other names, of files of other ages, under another umask and time zone."""
    built = []
    for name, umask, age in (("one", 0o022, 0), ("another", 0o000, 10**8)):
        folder = tmp_path_factory.mktemp(name)
        checkout(folder)
        for path in folder.rglob("*"):
            os.utime(path, (EPOCH - age, EPOCH - age))
        built.append(build(folder, umask=umask))
    return built


@pytest.mark.journey
def test_two_builds_have_the_same_bytes(twice: list[dict[str, bytes]]) -> None:
    one, another = twice
    assert sorted(name.rpartition(".")[2] for name in one) == ["gz", "whl"]
    assert {name for name in one if one[name] != another.get(name)} == set()


@pytest.mark.journey
def test_the_sdist_has_what_is_committed(twice: list[dict[str, bytes]], tmp_path: Path) -> None:
    (name,) = (name for name in twice[0] if name.endswith(".tar.gz"))
    (tmp_path / name).write_bytes(twice[0][name])
    with tarfile.open(tmp_path / name) as archive:
        members = archive.getmembers()
        paths = {member.name.partition("/")[2] for member in members}
        assert {member.mtime for member in members} == {EPOCH}
        assert all(member.isfile() or member.isdir() for member in members)
    assert {
        "pyproject.toml",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "src/taskcheck/py.typed",
        "tests/test_docs.py",
    } <= paths
    strange = {path.partition("/")[0] for path in paths} - {path.name for path in ROOT.iterdir()} - {"PKG-INFO"}
    assert strange == set()
    assert not any(path.startswith((".venv", ".grimp_cache", "build/", "dist/")) for path in paths)
