"""What becomes of an interrupted fix when the world didn't wait for its recovery."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.write.commit import commit, recover, undo
from taskcheck.write.disk import Target
from taskcheck.write.folder import OwnFolder
from taskcheck.write.journal import Journal, Journals, Written
from tests.unit.write.test_commit import AFTER, BEFORE, Calls, Put, World, killed, put

__all__ = ["put"]


class _Stopped(Calls):
    """Renames that stop a commit after so many: the journal's two come first."""

    def __getattr__(self, name: str) -> object:
        if name in {"rename", "link"} or self.count >= self.at:
            return super().__getattr__(name)
        return getattr(os, name)


def half(world: World, put: Put, files: int) -> None:
    """A fix that was killed with so many of its files in place."""
    put(_Stopped(at=3 + files))
    assert killed(lambda: commit(world.journals, world.journal()))
    put(Calls())


def meanwhile(monkeypatch: pytest.MonkeyPatch, path: str, happens: Callable[[], object]) -> None:
    """Let something happen when the new content of a file is being laid beside it."""
    real, name = Target.create, Path(path).name
    done: list[bool] = []

    def create(self: Target, *arguments: object, **options: object) -> None:
        real(self, *arguments, **options)  # type: ignore[arg-type]
        if not done and self.name.startswith(".taskcheck.") and self.beside(name).exists():
            done.append(True)
            happens()

    monkeypatch.setattr(Target, "create", create)


def test_what_is_written_while_a_fix_is_finished_is_kept(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    half(world, put, files=1)
    victim = world.root / "tasks/deep/b.md"
    meanwhile(monkeypatch, "b.md", lambda: victim.write_bytes(b"mine\n"))
    told = recover(world.journals)
    assert told is not None
    assert "undone" in told
    assert world.files() == {**BEFORE, "tasks/deep/b.md": b"mine\n"}
    assert world.left() == []


def test_what_is_written_while_a_fix_is_taken_back_is_kept(
    tmp_path: Path, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    half(world, put, files=1)
    (world.root / ".tasks/empty").write_bytes(b"mine\n")
    victim = world.root / "tasks/a.md"
    meanwhile(monkeypatch, "a.md", lambda: victim.write_bytes(b"mine too\n"))
    recover(world.journals)
    assert world.files() == {**BEFORE, ".tasks/empty": b"mine\n", "tasks/a.md": b"mine too\n"}
    assert world.left() == []


@pytest.mark.parametrize("files", range(len(BEFORE)))
def test_a_folder_that_was_removed_or_replaced_keeps_no_fix_unfinished(files: int, tmp_path: Path, put: Put) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for number, gone in enumerate(("nothing", "a link that leads out", "a file")):
        world = World(tmp_path / str(number))
        half(world, put, files)
        shutil.rmtree(world.root / "tasks/deep")
        if gone == "a file":
            (world.root / "tasks/deep").write_bytes(b"")
        elif gone != "nothing":
            (world.root / "tasks/deep").symlink_to(outside)
        assert recover(world.journals) is not None
        (world.root / "tasks/deep").unlink(missing_ok=True)
        held = {path: data for path, data in world.files().items() if path != "tasks/deep/b.md"}
        assert held in ({p: d for p, d in all_.items() if p != "tasks/deep/b.md"} for all_ in (BEFORE, AFTER))
        assert world.left() == []
        assert recover(world.journals) is None
        assert list(outside.iterdir()) == []


@pytest.mark.parametrize("what", ["commit", "undo"])
def test_what_moves_to_another_file_is_always_in_one(what: str, tmp_path: Path, put: Put) -> None:
    """Whoever looks before any call finds the row under its old name or the new one."""
    root, journals = tmp_path / "root", Journals(tmp_path / "root", OwnFolder(tmp_path, "journals"))
    root.mkdir()
    (journals.folder.path / "undo").mkdir(parents=True)
    (root / "anna.json").write_bytes(b"row")
    files = (
        Written(path="anna.json", before=b"row", after=None),
        Written(path="zed.json", before=None, after=b"row"),
    )
    seen: list[bool] = []

    class Watched(Calls):
        def __getattr__(self, name: str) -> object:
            seen.append(any(path.suffix == ".json" for path in root.iterdir()))
            return super().__getattr__(name)

    watched = put(Watched())
    commit(journals, Journal(id="fix", at="", files=files))
    if what == "undo":
        undo(journals, "fix")
    assert watched.count
    assert all(seen)
    assert [path.name for path in root.iterdir()] == ["zed.json" if what == "commit" else "anna.json"]
