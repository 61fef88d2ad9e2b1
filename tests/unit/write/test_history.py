"""The file of a history: whose it is, what happens to one that is damaged or somebody else's, how large it gets."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from taskcheck.write import book as books
from taskcheck.write.book import MIGRATIONS, Book, tables, tables_of
from taskcheck.write.history import History, Trouble, state_home

AT = "2026-03-24T12:00:00Z"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def history(home: Path) -> History:
    return at_home(home)


def at_home(home: Path) -> History:
    return History(f"{home}/taskcheck", "store.sqlite", home=str(home))


def named(path: Path) -> History:
    return History(str(path.parent), path.name)


def episode(**values: Any) -> dict[str, Any]:
    names = ("task", "manager", "title", "owner", "severity", "headline", "fingerprint", "message", "repair")
    text = dict.fromkeys(names, "x") | {"findings": "[]", "first": AT, "last": AT, "closed": None}
    return {**text, "looks": 1, "reopened": 0, **values}


def write_one(book: Book) -> int:
    book.add_look(AT, complete=True, incidents=1)
    return book.add_episode(episode())


def standing(book: Book) -> int:
    return len(book.standing())


def test_where_it_is() -> None:
    assert state_home({"XDG_STATE_HOME": "/x", "HOME": "/h"}) == "/x"
    assert state_home({"XDG_STATE_HOME": "x", "HOME": "/h"}) == "/h/.local/state"
    assert state_home({}) is None


def test_it_is_this_users_alone(history: History, home: Path) -> None:
    before = os.umask(0)
    try:
        history.transact(write_one)
    finally:
        os.umask(before)
    assert (home / "taskcheck").stat().st_mode & 0o777 == 0o700
    assert (home / "taskcheck/store.sqlite").stat().st_mode & 0o777 == 0o600
    assert history.read(standing) == 1


def test_what_a_killed_writer_began_is_taken_back_by_who_reads(history: History, home: Path, tmp_path: Path) -> None:
    """Its journal lies beside the file, and a connection that may not write can't use it."""
    history.transact(write_one)
    file = home / "taskcheck/store.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = DELETE")
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE episode SET message = 'never written'")
        writer.executemany("INSERT INTO look (at, complete, incidents) VALUES (?, 1, 1)", [(AT + "x" * 4000,)] * 20)
        for name in ("store.sqlite", "store.sqlite-journal"):
            (tmp_path / name).write_bytes((file.parent / name).read_bytes())
    for name in ("store.sqlite", "store.sqlite-journal"):
        (file.parent / name).write_bytes((tmp_path / name).read_bytes())
    assert [row["message"] for row in history.read(lambda book: list(book.standing())) or []] == ["x"]


def test_nothing_is_made_by_reading(history: History, home: Path) -> None:
    assert history.read(standing) is None
    assert not home.exists()


def test_folders_above_are_made(tmp_path: Path) -> None:
    at_home(tmp_path / ".local/state").transact(write_one)
    assert (tmp_path / ".local/state/taskcheck/store.sqlite").exists()


@pytest.mark.parametrize("mode", [0o755, 0o720])
def test_a_folder_that_others_enter_is_not_used(mode: int, history: History, home: Path) -> None:
    (home / "taskcheck").mkdir(parents=True)
    (home / "taskcheck").chmod(mode)
    for act in (history.transact, history.read):
        with pytest.raises(Trouble, match="is not this user's alone"):
            act(standing)
    assert list((home / "taskcheck").iterdir()) == []


def test_no_link_is_followed(history: History, home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    named(other).transact(write_one)
    before = other.read_bytes()
    (home / "taskcheck").mkdir(parents=True, mode=0o700)
    file = home / "taskcheck/store.sqlite"
    file.symlink_to(other)
    for act in (history.transact, history.read):
        with pytest.raises(Trouble):
            act(standing)
    file.unlink()
    os.link(other, file)
    with pytest.raises(Trouble, match="is not a file of this user's alone"):
        history.transact(write_one)
    assert other.read_bytes() == before
    file.unlink()
    history.transact(write_one)
    file.with_name("store.sqlite-wal").symlink_to(tmp_path / "victim")
    with pytest.raises(Trouble, match="-wal"):
        history.transact(write_one)
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("kept", ["store.sqlite-wal", "store.sqlite-shm"])
@pytest.mark.parametrize(("act", "gives"), [(History.transact, 2), (History.read, 1)])
def test_what_sqlite_removes_while_it_is_looked_at_is_gone(
    history: History, home: Path, monkeypatch: pytest.MonkeyPatch, act: Any, gives: int, kept: str
) -> None:
    """The last connection that closes removes it: its name is found, and what is found then has no name any more."""
    history.transact(write_one)
    file = home / "taskcheck" / kept
    file.touch(0o600)
    stat = os.stat

    def stat_too_late(name: Any, **more: Any) -> os.stat_result:
        if name != kept or not file.exists():
            return stat(name, **more)
        descriptor = os.open(name, os.O_PATH, dir_fd=more["dir_fd"])
        try:
            file.unlink()
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    monkeypatch.setattr(os, "stat", stat_too_late)
    assert act(history, write_one if act is History.transact else standing) == gives


@pytest.mark.parametrize(("act", "gives"), [(History.transact, 1), (History.read, None)])
def test_a_history_that_is_removed_while_it_is_opened_is_gone(
    history: History, home: Path, monkeypatch: pytest.MonkeyPatch, act: Any, gives: int | None
) -> None:
    history.transact(write_one)
    open_file = os.open

    def open_too_late(name: Any, *args: Any, **more: Any) -> int:
        descriptor = open_file(name, *args, **more)
        if name == "store.sqlite":
            monkeypatch.undo()
            (home / "taskcheck/store.sqlite").unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_too_late)
    assert act(history, write_one if act is History.transact else standing) == gives


def test_a_linked_folder_is_not_used(history: History, home: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    home.mkdir()
    (home / "taskcheck").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Trouble, match="is a link or no folder"):
        history.transact(write_one)


def damage_the_header(data: bytes) -> bytes:
    return b"\0" * 200 + data[200:]


def damage_a_page(data: bytes) -> bytes:
    return data[:4096] + b"\xff" * 4096 + data[8192:]


def damage_the_tables(data: bytes) -> bytes:
    return data[:100] + b"\xff" * 3996 + data[4096:]


def cut_short(data: bytes) -> bytes:
    return data[:5000]


def not_even_a_header(data: bytes) -> bytes:
    return data[:50]


@pytest.mark.parametrize("damage", [damage_the_header, damage_a_page, damage_the_tables, cut_short, not_even_a_header])
def test_a_damaged_file_is_set_aside_and_said(damage: Any, history: History, home: Path) -> None:
    history.transact(write_one)
    file = home / "taskcheck/store.sqlite"
    damaged = damage(file.read_bytes())
    file.write_bytes(damaged)
    again = at_home(home)
    again.transact(write_one)
    assert "is damaged" in again.notice
    assert again.read(standing) == 1, "a new one has begun"
    assert (home / "taskcheck/store.sqlite.damaged").read_bytes() == damaged
    assert at_home(home).transact(standing) == 1, "and it stays"


def test_a_damaged_file_is_left_by_who_reads(history: History, home: Path) -> None:
    history.transact(write_one)
    file = home / "taskcheck/store.sqlite"
    file.write_bytes(damage_the_tables(file.read_bytes()))
    before = file.read_bytes()
    with pytest.raises(Trouble, match="is damaged"):
        history.read(standing)
    assert file.read_bytes() == before


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text("# precious\n" * 50)
    foreign = tmp_path / "foreign.sqlite"
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE precious (a)")
    for path in (text, foreign):
        before = path.read_bytes()
        with pytest.raises(Trouble, match="is no history of incidents"):
            named(path).transact(write_one)
        with pytest.raises(Trouble, match="is no history of incidents"):
            named(path).read(standing)
        assert path.read_bytes() == before
        assert not path.with_name(f"{path.name}.damaged").exists()


def test_a_trigger_that_somebody_added_never_runs(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite"
    named(path).transact(write_one)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER evil AFTER INSERT ON look BEGIN DELETE FROM episode; END")
        connection.commit()
    with pytest.raises(Trouble, match="its tables aren't those that it says"):
        named(path).read(standing)
    named(path).transact(write_one)
    assert named(path).read(standing) == 1
    with closing(sqlite3.connect(f"{path}.damaged")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM episode").fetchone() == (1,)


def test_a_newer_file_is_left_alone(history: History, home: Path) -> None:
    history.transact(write_one)
    with closing(sqlite3.connect(home / "taskcheck/store.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for act in (history.transact, history.read):
        with pytest.raises(Trouble, match="is of a newer taskcheck"):
            act(standing)
    assert not (home / "taskcheck/store.sqlite.damaged").exists()


def test_an_older_file_is_renewed(history: History, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history.transact(write_one)
    newer = (*MIGRATIONS, ("ALTER TABLE look ADD COLUMN took REAL",))
    for module in (books, "taskcheck.write.history"):
        monkeypatch.setattr(module if not isinstance(module, str) else f"{module}.MIGRATIONS",
                            *(["MIGRATIONS", newer] if not isinstance(module, str) else [newer]))  # fmt: skip
    tables_of.cache_clear()
    try:
        with pytest.raises(Trouble, match="is of an older taskcheck"):
            history.read(standing)
        assert history.transact(standing) == 1
        assert history.read(standing) == 1
        with closing(sqlite3.connect(home / "taskcheck/store.sqlite")) as connection:
            assert "took" in str(tables(connection))
    finally:
        tables_of.cache_clear()


def test_columns_hold_their_types(history: History) -> None:
    with pytest.raises(Trouble, match="cannot store TEXT value in INTEGER column"):
        history.transact(lambda book: book.add_episode(episode(looks="many")))
    assert history.transact(standing) == 0, "all or nothing"


def test_sqlite_that_is_too_old_does_without_strict_tables(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 0))
    tables_of.cache_clear()
    try:
        history.transact(write_one)
    finally:
        tables_of.cache_clear()
    monkeypatch.undo()
    assert history.transact(standing) == 1, "a newer one goes on with such tables"


def test_what_fails_leaves_nothing(history: History) -> None:
    def fail(book: Book) -> None:
        write_one(book)
        raise RuntimeError("on the way")

    history.transact(write_one)
    with pytest.raises(RuntimeError):
        history.transact(fail)
    assert history.read(standing) == 1


def test_it_is_read_while_it_is_written(history: History, home: Path) -> None:
    history.transact(write_one)
    writing, go_on = threading.Event(), threading.Event()

    def slow(book: Book) -> None:
        write_one(book)
        writing.set()
        assert go_on.wait(30)

    thread = threading.Thread(target=lambda: at_home(home).transact(slow))
    thread.start()
    try:
        assert writing.wait(30)
        assert history.read(standing) == 1, "what was there before"
    finally:
        go_on.set()
        thread.join()
    assert history.read(standing) == 2


def test_it_forgets_what_is_old_and_never_what_stands(history: History) -> None:
    def write(book: Book) -> None:
        look = book.add_look(AT, complete=True, incidents=1)
        for closed in ("2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", None):
            number = book.add_episode(episode(first="2025-12-01T00:00:00Z", closed=closed))
            text = dict.fromkeys(("title", "severity", "headline", "fingerprint", "message"), "x")
            none = dict.fromkeys(("owner", "was", "repair"))
            kind = {"look": look, "episode": number, "kind": "opened", "at": closed or AT, "looks": 1}
            book.add_change({**text, **none, **kind})
        book.add_repair("1-a", "2026-01-01T00:00:00Z", [("x", "y")])
        book.forget("2026-02-01T00:00:00Z")

    history.transact(write)
    assert history.read(lambda book: (standing(book), len(book.closed_since("")), book.repairs())) == (1, 1, [])
    assert len(history.read(lambda book: book.changes_since("")) or []) == 2


def test_it_is_bounded(history: History, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MOST_BYTES", 400_000)

    def write(book: Book) -> None:
        for number in range(300):
            moment = f"2026-03-24T12:{number // 60:02}:{number % 60:02}Z"
            book.add_episode(episode(message="m" * 1000, closed=moment))
        book.add_episode(episode(message="stands"))
        book.forget("2026-01-01T00:00:00Z")

    for _ in range(4):
        history.transact(write)
    size = (home / "taskcheck/store.sqlite").stat().st_size
    assert 100_000 < size < 500_000, "and what is free goes back to the disk"
    closed = history.read(lambda book: book.closed_since("")) or []
    assert closed[0]["closed"] == "2026-03-24T12:04:59Z", "the latest stay"
    assert len(closed) < 400
    assert history.read(standing) == 4


def test_looks_that_changed_nothing_are_not_kept(history: History) -> None:
    for second in range(50):
        history.transact(
            lambda book, at=f"2026-03-24T12:00:{second:02}Z": book.add_look(at, complete=True, incidents=0)
        )
    assert history.read(lambda book: (book.look(49), book.last_look()["id"])) == (None, 50)  # type: ignore[index]


def test_one_watches(history: History, home: Path) -> None:
    from taskcheck.write.locks import Held

    with history.alone("watch"), pytest.raises(Held), at_home(home).alone("watch"):
        pass
    with at_home(home).alone("watch"):
        pass
