"""Files that git's index vouches for are not opened; whatever is doubtful is read. With real git and real edits."""

import os
import random
from pathlib import Path

import pytest

from taskcheck.read.files import Folder, Globs
from taskcheck.read.known import Contents, Index
from taskcheck.read.tasks import TaskPaths
from tests.e2e.repository import Repo

TASK = "---\ntitle: Task {number}\nstatus: ready\n---\nA body.\n"
NAMES = [*(f"tasks/{number:02}.md" for number in range(12)), "tasks/ü — x.md", f"tasks/{'long' * 40}.md"]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main")
    for number, name in enumerate(NAMES):
        path = repo.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(TASK.format(number=number))
    repo.commit()
    return repo


def settled(repo: Repo) -> None:
    """The index is written a while after the files were."""
    index = repo.root / ".git/index"
    later = index.stat().st_mtime_ns + 10**9
    os.utime(index, ns=(later, later))


def contents(repo: Repo) -> Contents:
    """What the last commit has."""
    made = {name: repo.git("show", f"HEAD:{name}").encode() + b"\n" for name in NAMES}
    return Contents(made, len(repo.git("rev-parse", "HEAD")))


def known(repo: Repo, same: Contents) -> set[str]:
    index = Index.of(repo.root / ".git", "")
    return index.unchanged(repo.root, sorted(NAMES), same) if index else set()


def test_what_is_as_it_was_is_known(repo: Repo) -> None:
    settled(repo)
    assert known(repo, contents(repo)) == set(NAMES)


def test_nothing_that_is_known_is_opened(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(repo)
    opened = []
    monkeypatch.setattr(Folder, "holds", lambda self, path, data: opened.append(path))
    paths = TaskPaths(Globs.of("tasks/*.md"))
    compared = paths.compare(Folder(repo.root), contents(repo), lambda: Index.of(repo.root / ".git", ""))
    assert (opened, compared.files, compared.absent) == ([], {}, set())


def test_an_edit_of_the_same_size_at_the_same_time_is_seen(repo: Repo) -> None:
    settled(repo)
    same = contents(repo)
    path = repo.root / NAMES[3]
    before = path.stat()
    path.write_text(path.read_text().replace("ready", "moved"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert known(repo, same) == set(NAMES) - {NAMES[3]}


def test_what_is_as_new_as_the_index_is_doubtful(repo: Repo) -> None:
    newest = max((repo.root / name).stat().st_mtime_ns for name in NAMES)
    os.utime(repo.root / ".git/index", ns=(newest, newest))
    assert not {name for name in known(repo, contents(repo)) if (repo.root / name).stat().st_mtime_ns == newest}


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree", "--chmod=+x"])
def test_flags_make_no_file_known_that_was_edited(repo: Repo, flag: str) -> None:
    same = contents(repo)
    repo.git("update-index", flag, NAMES[0])
    (repo.root / NAMES[0]).write_text("---\nstatus: done\n---\n")
    settled(repo)
    assert NAMES[0] not in known(repo, same)


def test_other_contents_and_other_files_are_not_known(repo: Repo) -> None:
    settled(repo)
    same = contents(repo)
    files = {name: same.data(NAMES[2] if name == NAMES[1] else name) for name in NAMES}
    (repo.root / NAMES[4]).unlink()
    (repo.root / NAMES[4]).symlink_to(NAMES[5].removeprefix("tasks/"))
    assert known(repo, Contents(files, 40)) == set(NAMES) - {NAMES[1], NAMES[4]}


def test_a_name_that_ends_as_another_is_no_other(repo: Repo) -> None:
    deep = repo.root / "a" / NAMES[0]
    deep.parent.mkdir(parents=True)
    deep.write_bytes((repo.root / NAMES[0]).read_bytes())
    same = contents(repo)
    repo.git("rm", "-q", "--cached", NAMES[0])
    repo.git("add", "a")
    settled(repo)
    assert known(repo, same) == set(NAMES) - {NAMES[0]}


def test_no_damage_makes_anything_known_that_is_not_so(repo: Repo) -> None:
    same = contents(repo)
    (repo.root / NAMES[2]).write_text("---\nstatus: done\n---\n")
    settled(repo)
    index = repo.root / ".git/index"
    whole = index.read_bytes()
    chance = random.Random(3)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        index.write_bytes(bytes(damaged[: chance.choice([len(damaged), chance.randrange(len(damaged))])]))
        settled(repo)
        assert NAMES[2] not in known(repo, same)
    for odd in (b"", b"DIRC", b"DIRC\0\0\0\4", os.urandom(4000)):
        index.write_bytes(odd)
        assert not known(repo, same)


def test_a_newer_kind_of_index_is_not_told_from(repo: Repo) -> None:
    repo.git("update-index", "--index-version", "4")
    settled(repo)
    assert not known(repo, contents(repo))
