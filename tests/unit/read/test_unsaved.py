"""What isn't committed of a worktree's code is told as `git status` tells it, with real git and real edits."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.config.load import builtin_presets, load, presets
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.unsaved import MOST_BYTES, Code, unsaved, untracked
from tests.e2e.repository import Repo

CODE = {"src__login.py": "one\n", "src__deep__über.py": "two\n", "long" * 40: "three\n"}
LEDGERS = {"tasks__x.md": "---\nstatus: ready\n---\n", ".tasks__task_manager__task-manager-ana.register.json": "{}\n"}


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = Repo(tmp_path_factory.mktemp("made") / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main", f"--object-format={request.param}")
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
    return unsaved(worktree.root, worktree.git("rev-parse", "HEAD^{tree}"), code(worktree))


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
    (worktree.root / "src/z.bin").touch()
    worktree.git("status")


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


def test_a_change_in_the_same_second_is_told(worktree: Repo) -> None:
    path = worktree.root / "src/login.py"
    worktree.git("update-index", "--refresh")
    before = path.stat()
    path.write_text("uno\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(worktree) == "src/login.py is changed"


def test_new_code_is_told_with_how_much_there_is(worktree: Repo) -> None:
    assert untracked(worktree.root, code(worktree)) == ""
    (worktree.root / "tasks/new.md").write_text("")
    (worktree.root / "tasks/sub").mkdir()
    (worktree.root / "tasks/sub/new.md").write_text("")
    assert untracked(worktree.root, code(worktree)) == ""
    (worktree.root / "src/new.py").write_text("")
    assert untracked(worktree.root, code(worktree)) == "git doesn't track src/new.py"
    (worktree.root / "lib").mkdir()
    assert untracked(worktree.root, code(worktree)) == "git doesn't track src/new.py"
    (worktree.root / "lib/a.py").write_text("")
    (worktree.root / "lib/b.py").write_text("")
    assert untracked(worktree.root, code(worktree)) == "git doesn't track lib/ and 1 more"


@pytest.mark.parametrize("setting", [("index.version", "4"), ("core.splitIndex", "true")])
def test_an_index_of_another_shape_tells_nothing(setting: tuple[str, str], worktree: Repo) -> None:
    worktree.git("config", *setting)
    worktree.git("update-index", "--force-write-index")
    worktree.git("update-index", *(("--split-index",) if "split" in setting[0] else ("--index-version", "4")))
    changed(worktree)
    assert found(worktree) == ""


def test_a_large_file_that_was_written_again_tells_nothing(worktree: Repo) -> None:
    large = worktree.root / "src/large"
    large.write_bytes(bytes(MOST_BYTES + 1))
    worktree.commit()
    large.write_bytes(bytes(MOST_BYTES + 2))
    assert found(worktree) == ""


def test_an_index_that_names_files_elsewhere_tells_nothing(worktree: Repo) -> None:
    index = Path(worktree.git("rev-parse", "--path-format=absolute", "--git-path", "index"))
    (worktree.root.parent / "elsewhere").write_text("")
    data = index.read_bytes()
    assert b"src/login.py" in data
    index.write_bytes(data.replace(b"src/login.py", b"../elsewhere"))
    assert found(worktree) == ""


def test_an_index_of_entries_without_names_tells_nothing(worktree: Repo) -> None:
    index = Path(worktree.git("rev-parse", "--path-format=absolute", "--git-path", "index"))
    index.write_bytes(b"DIRC\0\0\0\2\xff\xff\xff\xff" + bytes(1_000_000))
    assert found(worktree) == ""


def test_a_damaged_index_tells_nothing(worktree: Repo) -> None:
    index = Path(worktree.git("rev-parse", "--path-format=absolute", "--git-path", "index"))
    data = index.read_bytes()
    changed(worktree)
    for length in range(12, len(data), 97):
        index.write_bytes(data[:length])
        assert found(worktree) in {"", "src/login.py is changed"}
    index.write_bytes(data[:300])
    assert found(worktree) == ""
