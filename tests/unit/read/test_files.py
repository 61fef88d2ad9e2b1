"""Finding and reading files: bounded, without links, and never silent about what wasn't seen."""

import os
from pathlib import Path
from typing import Any

import pytest

from taskcheck.config.pattern import Pattern
from taskcheck.read import files
from taskcheck.read.files import Folder, Globs


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def found(root: Path, *patterns: str, exclude: tuple[str, ...] = ()) -> list[str]:
    folder = Folder(root)
    assert not folder.errors
    return [path for path, _ in folder.find(Globs(tuple(map(Pattern, patterns)), tuple(map(Pattern, exclude))))]


def test_patterns(tmp_path: Path) -> None:
    write(tmp_path, "tasks/a.md", "tasks/x/y/b.md", "tasks/logs/c.md", "tasks/d.txt", "other/e.md")
    assert found(tmp_path, "tasks/**/*.md") == ["tasks/a.md", "tasks/logs/c.md", "tasks/x/y/b.md"]
    assert found(tmp_path, "tasks/**/*.md", exclude=("tasks/logs/**",)) == ["tasks/a.md", "tasks/x/y/b.md"]
    assert found(tmp_path, "tasks/*.md") == ["tasks/a.md"]
    assert found(tmp_path, "**/e.md", "tasks/?.txt") == ["other/e.md", "tasks/d.txt"]
    assert found(tmp_path, "missing/*.md") == []


def test_placeholders(tmp_path: Path) -> None:
    write(tmp_path, "m/task-manager-dave.fowler.register.json", "m/task-manager-.register.json", "m/x.json")
    pattern = Pattern("m/task-manager-{owner}.register.json")
    assert list(Folder(tmp_path).find(Globs((pattern,)))) == [
        ("m/task-manager-dave.fowler.register.json", "dave.fowler")
    ]
    assert pattern.fill(owner="rj") == "m/task-manager-rj.register.json"


@pytest.mark.parametrize("marker", [".git", ".git/HEAD"])
def test_other_checkouts_are_not_entered(tmp_path: Path, marker: str) -> None:
    write(tmp_path, "tasks/a.md", ".git/config", "tasks/inner/b.md", f"tasks/inner/{marker}", "tasks/linked/c.md")
    (tmp_path / "tasks" / "link").symlink_to(tmp_path / "tasks" / "linked")
    assert found(tmp_path, "tasks/**/*.md") == ["tasks/a.md", "tasks/linked/c.md"]


@pytest.mark.parametrize("call", ["open", "scandir"])
def test_folder_that_cannot_be_listed_is_told(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "tasks/a.md", "tasks/closed/b.md")
    closed = (tmp_path / "tasks/closed").stat()
    real = getattr(os, call)

    def refused(place: Any, *arguments: Any) -> Any:
        if os.path.samestat(os.stat(place), closed):  # noqa: PTH116 - it may be a descriptor
            raise PermissionError(13, "Permission denied")
        return real(place, *arguments)

    monkeypatch.setattr(files.os, call, refused)
    folder = Folder(tmp_path)
    assert [path for path, _ in folder.find(Globs.of("tasks/**/*.md"))] == ["tasks/a.md"]
    assert folder.errors == ["tasks/closed: Permission denied"]


def test_file_that_keeps_changing_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.json")
    reads = []

    def read(fd: int, size: int) -> bytes:
        data = original(fd, size)
        if os.lseek(fd, 0, os.SEEK_CUR) == len(data):
            reads.append(size)
            with (tmp_path / "a.json").open("a") as file:
                file.write("more")
        return data

    original = os.read
    monkeypatch.setattr(files.os, "read", read)
    monkeypatch.setattr(files.time, "sleep", lambda _: None)
    source = Folder(tmp_path).read("a.json", 1 << 20)
    assert source.data is None
    assert source.trouble is not None
    assert source.trouble.kind == "busy"
    assert len(reads) > 1


def test_file_that_holds_still_after_a_while_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.json")
    original, times = os.read, [0]

    def read(fd: int, size: int) -> bytes:
        data = original(fd, size)
        times[0] += 1
        if times[0] == 1:
            (tmp_path / "a.json").write_text("{}")
        return data

    monkeypatch.setattr(files.os, "read", read)
    monkeypatch.setattr(files.time, "sleep", lambda _: None)
    assert Folder(tmp_path).read("a.json", 1 << 20).data == b"{}"


def test_tail_of_a_large_log(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"x" * 100_000 + b"\ndispatch_exit_code=0\n")
    source = Folder(tmp_path).read("a.log", 1_000, tail=True)
    assert source.data is not None
    assert source.data.endswith(b"x\ndispatch_exit_code=0\n")
    assert len(source.data) == 1_000
    whole = Folder(tmp_path).read("a.log", 1_000)
    assert whole.trouble is not None
    assert whole.trouble.kind == "too-large"


@pytest.mark.parametrize(
    ("name", "half", "whole"),
    [
        ("x.json", b"", b"{}"),
        ("x.json", b'{"entries": {', b'{"entries": {}}\n'),
        ("x.md", b"", b"text\n"),
        ("x.md", b"---\nstatus: rea", b"---\nstatus: ready\n---\n"),
    ],
)
def test_a_file_in_its_writers_hands_is_read_again(
    name: str, half: bytes, whole: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(half)
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            (tmp_path / name).write_bytes(whole)

    monkeypatch.setattr(files.time, "sleep", sleep)
    assert Folder(tmp_path).read(name, 100).data == whole
    assert len(pauses) == 2


@pytest.mark.parametrize(("name", "half"), [("x.json", b"{"), ("x.md", b"---\na: b")])
def test_a_file_that_was_left_cut_off_is_taken_as_it_is(
    name: str, half: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_bytes(half)
    pauses: list[float] = []
    monkeypatch.setattr(files.time, "sleep", pauses.append)
    assert Folder(tmp_path).read(name, 100).data == half
    assert pauses, "it was written a moment ago"
    os.utime(tmp_path / name, (1, 1))
    pauses.clear()
    assert Folder(tmp_path).read(name, 100).data == half
    assert pauses == []
