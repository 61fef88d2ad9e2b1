"""The user's cache: what is there is ours or isn't looked at, and never grows beyond its bound."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.write import cache as module
from taskcheck.write.cache import Cache, NotOurs, cache_home


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "home"))


@pytest.fixture
def folder(cache: Cache) -> Path:
    return Path(cache.path)


@pytest.mark.parametrize(
    ("environment", "home"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c"),
        ({"HOME": "/h"}, "/h/.cache"),
        ({"XDG_CACHE_HOME": "c", "HOME": "/h"}, "/h/.cache"),
        ({"XDG_CACHE_HOME": "", "HOME": "h"}, None),
        ({}, None),
    ],
)
def test_only_whole_paths_name_the_folder(environment: dict[str, str], home: str | None) -> None:
    assert cache_home(environment) == home


def test_what_is_written_is_read(cache: Cache, folder: Path) -> None:
    assert cache.read("a.json") is None
    assert cache.files() == {}
    assert cache.clear() == 0
    cache.used("a.json")
    assert not folder.exists()
    cache.write("a.json", b"one")
    cache.write("a.json", b"two" * 100_000)
    cache.write("b.json", b"")
    assert cache.read("a.json") == b"two" * 100_000
    assert list(cache.files()) == ["a.json", "b.json"]
    assert oct(folder.stat().st_mode & 0o777) == oct(0o700)
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {oct(0o600)}
    assert cache.clear() == 2
    assert list(folder.iterdir()) == []


def test_the_mask_of_the_process_opens_nothing(cache: Cache, folder: Path) -> None:
    before = os.umask(0)
    try:
        cache.write("a.json", b"one")
    finally:
        os.umask(before)
    assert [folder.stat().st_mode & 0o777, (folder / "a.json").stat().st_mode & 0o777] == [0o700, 0o600]


def link(folder: Path) -> None:
    folder.with_name("elsewhere").mkdir(mode=0o700)
    folder.symlink_to("elsewhere")


def dangling(folder: Path) -> None:
    folder.symlink_to("nowhere")


def plain_file(folder: Path) -> None:
    folder.write_text("")


def open_to_others(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o750)


@pytest.mark.parametrize("spoil", [link, dangling, plain_file, open_to_others])
def test_a_folder_that_is_not_ours_is_refused(cache: Cache, folder: Path, spoil: Callable[[Path], None]) -> None:
    folder.parent.mkdir()
    spoil(folder)
    for work in (lambda: cache.read("a.json"), lambda: cache.write("a.json", b""), cache.files, cache.clear):
        with pytest.raises(NotOurs, match="taskcheck"):
            work()  # type: ignore[no-untyped-call]
    cache.used("a.json")
    assert not (folder / "a.json").exists()


def test_what_is_somebody_elses_is_refused(cache: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.write("a.json", b"one")
    us = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    with pytest.raises(NotOurs):
        cache.read("a.json")
    folder.rename(folder.with_name("other"))
    cache.write("a.json", b"two")
    assert not folder.exists(), "in somebody else's folder none is made"


def test_the_folder_for_caches_may_be_a_link(tmp_path: Path) -> None:
    """It is the user's own word where his caches lie."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to("disk")
    cache = Cache(str(tmp_path / "home"))
    cache.write("a.json", b"one")
    assert cache.read("a.json") == b"one"


def a_pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def a_link(path: Path) -> None:
    path.with_name("other").write_bytes(b"one")
    path.with_name("other").chmod(0o600)
    path.symlink_to("other")


def others_can_write(path: Path) -> None:
    path.write_bytes(b"one")
    path.chmod(0o620)


def a_giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**12)
    path.chmod(0o600)


@pytest.mark.parametrize("plant", [a_pipe, others_can_write, a_giant])
def test_a_file_that_is_not_ours_is_none(cache: Cache, folder: Path, plant: Callable[[Path], None]) -> None:
    folder.mkdir(parents=True, mode=0o700)
    plant(folder / "a.json")
    assert cache.read("a.json") is None


def test_a_link_is_not_followed(cache: Cache, folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    a_link(folder / "a.json")
    with pytest.raises(OSError, match="symbolic links"):
        cache.read("a.json")
    cache.write("a.json", b"two")
    assert (folder / "other").read_bytes() == b"one"
    assert not (folder / "a.json").is_symlink()


def test_the_oldest_goes_when_all_is_too_much(cache: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    for age, name in ((50, "b"), (90, "a"), (10, "c")):
        cache.write(name, bytes(300))
        at = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (at, at))
    cache.write("d", bytes(300))
    assert list(cache.files()) == ["b", "c", "d"]
    cache.write("e", bytes(1001))
    assert list(cache.files()) == ["b", "c", "d"], "what is too large by itself takes nobody's place"
    cache.write("f", bytes(1000))
    assert list(cache.files()) == ["f"]


def test_what_is_in_use_stays_longest(cache: Cache, folder: Path) -> None:
    cache.write("a", b"")
    cache.used("a")
    written = (folder / "a").stat().st_mtime
    os.utime(folder / "a", (written - 3600, written - 3600))
    cache.used("a")
    assert (folder / "a").stat().st_mtime == written - 3600, "noted once a day is enough"
    os.utime(folder / "a", (written - 100_000, written - 100_000))
    cache.used("a")
    assert (folder / "a").stat().st_mtime >= written
    cache.used("missing")


CALLS = ("open", "write", "rename")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", [OSError(28, "no space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_what_was_there(
    cache: Cache, folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    cache.write("a.json", b"one")
    real = getattr(os, call)

    def failing(*arguments: object, **options: object) -> object:
        if call == "open" and not (isinstance(arguments[0], str) and ".draft." in arguments[0]):
            return real(*arguments, **options)
        raise error

    monkeypatch.setattr(os, call, failing)
    with pytest.raises(type(error)):
        cache.write("a.json", b"two")
    monkeypatch.undo()
    assert cache.read("a.json") == b"one"
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_drafts_of_the_killed_go_after_a_while(cache: Cache, folder: Path) -> None:
    for call in CALLS:
        _killed_at(call, cache)
    drafts = [path for path in folder.iterdir() if ".draft." in path.name]
    assert drafts, "one was killed between its begin and its end"
    cache.write("a.json", b"one")
    assert all(draft.exists() for draft in drafts), "they may be of somebody who is at it now"
    for draft in drafts:
        os.utime(draft, (draft.stat().st_mtime - 7200,) * 2)
    cache.write("a.json", b"two")
    assert [path.name for path in folder.iterdir()] == ["a.json"]
    assert cache.read("a.json") == b"two"


def _killed_at(call: str, cache: Cache) -> None:
    """Be killed at a system call of a write, in a fork."""
    cache.write("a.json", b"zero")
    pid = os.fork()
    if pid == 0:
        setattr(os, call, lambda *_, **__: os._exit(9))
        if call == "open":
            real = os.open
            os.open = lambda *given, **options: os._exit(9) if ".draft." in str(given[0]) else real(*given, **options)
        try:
            cache.write("a.json", b"one")
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    assert cache.read("a.json") == b"zero"
