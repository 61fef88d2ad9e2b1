"""What isn't committed of a worktree's code is told as `git status` tells it, with real git and real edits."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.config.load import builtin_presets, load, presets
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.unsaved import MOST_BYTES, Code, stashed_of, unsaved, untracked
from tests.e2e.repository import Repo

CODE = {"src__login.py": "one\n", "src__deep__über.py": "two\n", "long" * 40: "three\n"}
LEDGERS = {"tasks__x.md": "---\nstatus: ready\n---\n", ".tasks__task_manager__task-manager-ana.register.json": "{}\n"}


UNREADABLE = "may have code that isn't committed: its git index can't be read"


@pytest.fixture(scope="module", params=[("sha1", "2"), ("sha256", "4")])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """With either kind of ids, and either form of names in git's index."""
    ids, version = request.param
    repo = Repo(tmp_path_factory.mktemp("made") / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main", f"--object-format={ids}")
    repo.git("config", "index.version", version)
    repo.commit("first", **CODE, **LEDGERS)
    (repo.root / "src/link").symlink_to("login.py")
    repo.commit("second")
    repo.git("worktree", "add", "-q", str(repo.root / ".worktrees/x"))
    return repo


@pytest.fixture
def worktree(made: Repo, tmp_path: Path) -> Repo:
    return Repo(made.copied(tmp_path / "repo").root / ".worktrees/x", made.minutes)


def code(worktree: Repo) -> Code:
    settings = load(worktree.root, presets(builtin_presets()))
    return Code(settings, TaskPaths.of(settings), "")


def found(worktree: Repo) -> str:
    told = unsaved(worktree.root, worktree.git("rev-parse", "HEAD^{tree}"), code(worktree))
    return told.removeprefix("has code that isn't committed: ")


def index_of(worktree: Repo) -> Path:
    return Path(worktree.git("rev-parse", "--path-format=absolute", "--git-path", "index"))


def nothing(worktree: Repo) -> None:
    assert worktree.root


def written_again(worktree: Repo) -> None:
    (worktree.root / "src/login.py").write_text("one\n")


def with_ends_of_windows(worktree: Repo) -> None:
    worktree.git("config", "core.autocrlf", "true")
    path = worktree.root / "src/login.py"
    path.unlink()
    worktree.git("checkout", "src/login.py")
    assert path.read_bytes() == b"one\r\n"
    path.touch()


def a_new_file(worktree: Repo) -> None:
    (worktree.root / "notes").write_text("")


def ledgers_alone(worktree: Repo) -> None:
    for name in LEDGERS:
        (worktree.root / name.replace("__", "/")).write_text("changed")


def committed(worktree: Repo) -> None:
    worktree.commit(src__login="new\n")


def stashed(worktree: Repo) -> None:
    changed(worktree)
    worktree.git("stash", "-q")


def longer_beside_a_filter(worktree: Repo) -> None:
    filtered(worktree)
    (worktree.root / "src/login.py").write_text("one and a half\n")


def ledgers_alone_and_staged(worktree: Repo) -> None:
    ledgers_alone(worktree)
    worktree.git("add", "-A")


def staged_and_taken_back(worktree: Repo) -> None:
    changed(worktree)
    worktree.git("add", "-A")
    worktree.git("restore", "--staged", "--worktree", "src/login.py")


def filtered(worktree: Repo) -> None:
    """As git-lfs does it: what git has isn't what the file has."""
    worktree.git("config", "filter.upper.clean", "tr a-z A-Z")
    worktree.commit(**{".gitattributes": "src/*.bin filter=upper\n", "src__z.bin": "text\n"})
    os.utime(worktree.root / "src/z.bin", (0, 0))
    worktree.git("update-index", "--refresh")


def told_to_pass_it_over(worktree: Repo) -> None:
    worktree.git("update-index", "--assume-unchanged", "src/login.py")
    worktree.git("commit", "-q", "--allow-empty", "-m", "none")
    changed(worktree)


def left_out(worktree: Repo) -> None:
    worktree.git("update-index", "--refresh")
    worktree.git("sparse-checkout", "set", "--no-cone", "/tasks/")
    assert not (worktree.root / "src").exists()


@pytest.mark.parametrize(
    "world",
    [nothing, written_again, with_ends_of_windows, a_new_file, ledgers_alone, committed, stashed,
     ledgers_alone_and_staged, staged_and_taken_back, filtered, told_to_pass_it_over, left_out],
)  # fmt: skip
def test_nothing_is_unsaved(world: Callable[[Repo], None], worktree: Repo) -> None:
    world(worktree)
    tracked = worktree.git("status", "--porcelain", "--untracked-files=no", "--", "src", "long*")
    assert tracked == ""
    assert found(worktree) == ""


def changed(worktree: Repo) -> None:
    (worktree.root / "src/login.py").write_text("new\n")


def deleted(worktree: Repo) -> None:
    (worktree.root / "src/deep/über.py").unlink()


def a_folder_instead(worktree: Repo) -> None:
    shutil.rmtree(worktree.root / "src/deep")
    (worktree.root / "src/deep").write_text("")


def led_elsewhere(worktree: Repo) -> None:
    link = worktree.root / "src/link"
    link.unlink()
    link.symlink_to("deep")


def a_file_for_a_link(worktree: Repo) -> None:
    link = worktree.root / "src/link"
    link.unlink()
    link.write_text("login.py")


def staged(worktree: Repo) -> None:
    changed(worktree)
    worktree.git("add", "-A")


def new_and_staged(worktree: Repo) -> None:
    (worktree.root / "src/new.py").write_text("")
    worktree.git("add", "src/new.py")


def to_be_added(worktree: Repo) -> None:
    (worktree.root / "src/new.py").write_text("new\n")
    worktree.git("add", "--intent-to-add", "src/new.py")


def staged_in_an_index_made_anew(worktree: Repo) -> None:
    """It has no trees, which would tell at once what differs."""
    new_and_staged(worktree)
    listed = worktree.git("ls-files", "--stage")
    index_of(worktree).unlink()
    subprocess.run(["git", "update-index", "--index-info"], cwd=worktree.root, input=listed, text=True, check=True)


def removed_and_staged(worktree: Repo) -> None:
    worktree.git("rm", "-q", "src/login.py")


def set_back_to_an_earlier_commit(worktree: Repo) -> None:
    worktree.commit(**{"src__login.py": "new\n"})
    worktree.git("reset", "-q", "--soft", "HEAD^")


def in_conflict(worktree: Repo) -> None:
    worktree.commit(**{"src__login.py": "new\n"})
    worktree.git("checkout", "-q", "-b", "other", "HEAD^")
    worktree.commit(**{"src__login.py": "other\n"})
    with pytest.raises(AssertionError):
        worktree.git("merge", "x")
    worktree.git("checkout", "-q", "--ours", "src/login.py")


@pytest.mark.parametrize(
    ("world", "said"),
    [
        (changed, "src/login.py is changed"),
        (longer_beside_a_filter, "src/login.py is changed"),
        (deleted, "src/deep/über.py is changed"),
        (a_folder_instead, "src/deep/über.py is changed"),
        (led_elsewhere, "src/link is changed"),
        (a_file_for_a_link, "src/link is changed"),
        (staged, "src/login.py is staged"),
        (new_and_staged, "src/new.py is staged"),
        (staged_in_an_index_made_anew, "src/new.py is staged"),
        (to_be_added, "src/new.py is changed"),
        (removed_and_staged, "src/login.py is staged"),
        (set_back_to_an_earlier_commit, "src/login.py is staged"),
        (in_conflict, "src/login.py is changed"),
    ],
)
def test_what_is_unsaved_is_told(world: Callable[[Repo], None], said: str, worktree: Repo) -> None:
    world(worktree)
    assert worktree.git("status", "--porcelain", "--untracked-files=no") != ""
    assert found(worktree) == said


def test_beside_a_filter_a_change_of_the_same_size_may_be_one(worktree: Repo) -> None:
    """What git has of a file that a filter is for isn't what the file holds, so only its size can be compared."""
    filtered(worktree)
    (worktree.root / "src/z.bin").write_text("same\n")
    told = "may have code that isn't committed: src/z.bin was written, and only a filter of git's knows what it holds"
    assert found(worktree) == told
    (worktree.root / "src/login.py").write_text("longer\n")
    assert found(worktree) == "src/login.py is changed"


def test_what_is_stashed_is_told_of_its_branch(worktree: Repo) -> None:
    common = Path(worktree.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
    assert stashed_of(common) == {}
    for branch in ("task/a", "task/b"):
        worktree.git("checkout", "-q", "-b", branch)
        changed(worktree)
        worktree.git("stash", "push", "-q", *(("-m", "later: \tOn task/c: x") if branch == "task/b" else ()))
    worktree.git("checkout", "-q", "--detach")
    changed(worktree)
    worktree.git("stash", "-q")
    said = "has code that isn't committed: git stash list has changes of"
    assert stashed_of(common) == {branch: f"{said} {branch}" for branch in ("task/a", "task/b")}
    for _ in range(3):
        worktree.git("stash", "drop", "-q")
    assert stashed_of(common) == {}


def test_a_change_in_the_same_second_is_told(worktree: Repo) -> None:
    path = worktree.root / "src/login.py"
    worktree.git("update-index", "--refresh")
    before = path.stat()
    path.write_text("uno\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(worktree) == "src/login.py is changed"


def test_new_code_is_told_with_how_much_there_is(worktree: Repo) -> None:
    def new() -> str:
        return untracked(worktree.root, code(worktree)).removeprefix("has code that isn't committed: ")

    assert new() == ""
    (worktree.root / "tasks/new.md").write_text("")
    (worktree.root / "tasks/sub").mkdir()
    (worktree.root / "tasks/sub/new.md").write_text("")
    assert new() == ""
    (worktree.root / "src/new.py").write_text("")
    assert new() == "git doesn't track src/new.py"
    (worktree.root / "lib").mkdir()
    assert new() == "git doesn't track src/new.py"
    (worktree.root / "lib/a.py").write_text("")
    (worktree.root / "lib/b.py").write_text("")
    assert new() == "git doesn't track lib/ and 1 more"


def test_names_that_share_much_and_little_are_told_apart(worktree: Repo) -> None:
    """Of a longer name the compressed form drops more than a byte can count."""
    names = [f"{first}/{'deep/' * depth}{last}" for first in "abc" for depth in (0, 40, 1, 90) for last in "xy"]
    worktree.commit(**{name.replace("/", "__"): "one\n" for name in names})
    assert found(worktree) == ""
    for name in names:
        (worktree.root / name).write_text("another\n")
        assert found(worktree) == f"{name} is changed"
        (worktree.root / name).write_text("one\n")


def test_a_split_index_tells_that_nobody_knows(worktree: Repo) -> None:
    worktree.git("update-index", "--split-index")
    split = "may have code that isn't committed: its git index is split (git update-index --no-split-index)"
    assert found(worktree) == split
    worktree.git("update-index", "--no-split-index")
    assert found(worktree) == ""


def test_without_an_index_nothing_is_changed(worktree: Repo) -> None:
    """As `git worktree add --no-checkout` leaves it."""
    index_of(worktree).unlink()
    assert found(worktree) == ""


def test_a_large_file_that_was_written_again_tells_nothing(worktree: Repo) -> None:
    large = worktree.root / "src/large"
    large.write_bytes(bytes(MOST_BYTES + 1))
    worktree.commit()
    large.write_bytes(bytes(MOST_BYTES + 2))
    assert found(worktree) == ""


def test_an_index_that_names_files_elsewhere_is_not_believed(worktree: Repo) -> None:
    index = index_of(worktree)
    data = index.read_bytes()
    assert b"src/deep" in data
    index.write_bytes(data.replace(b"src/deep", b"src/../x"))
    assert found(worktree) == UNREADABLE


@pytest.mark.parametrize("version", [2, 4])
def test_an_index_of_entries_without_names_is_not_believed(worktree: Repo, version: int) -> None:
    index_of(worktree).write_bytes(b"DIRC" + version.to_bytes(4, "big") + b"\xff" * 4 + bytes(1_000_000))
    assert found(worktree) == UNREADABLE


def test_a_damaged_index_tells_that_nobody_knows(worktree: Repo) -> None:
    index = index_of(worktree)
    data = index.read_bytes()
    changed(worktree)
    for length in range(0, len(data), 97):
        index.write_bytes(data[:length])
        assert found(worktree) in {UNREADABLE, "src/login.py is changed"}
    index.write_bytes(data[:300])
    assert found(worktree) == UNREADABLE
