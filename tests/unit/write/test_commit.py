"""A commit is all or nothing wherever it is killed, whatever call fails: every file system call is tried."""

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from taskcheck.write import disk, journal as journals_module, locks, work as work_module
from taskcheck.write.commit import (
    Aborted,
    Overtaken,
    commit,
    recover,
    undo,
)
from taskcheck.write.folder import OwnFolder
from taskcheck.write.journal import (
    Journal,
    JournalError,
    Journals,
    Meta,
    Written,
)
from tests.samples import WHOLE, sampled

CALLS = {"open", "read", "write", "fsync", "rename", "link", "unlink", "fchmod", "fchown", "utime", "stat", "fstat"}
BEFORE: dict[str, bytes | None] = {
    "tasks/a.md": b"a: old\n",
    "tasks/deep/b.md": b"b: old\n",
    ".tasks/dave.json": b"{}\n",
    ".tasks/dave-fowler.json": None,
    ".tasks/empty": b"",
}
AFTER: dict[str, bytes | None] = {
    "tasks/a.md": b"a: new\n",
    "tasks/deep/b.md": b"b: new, and longer\n" * 50,
    ".tasks/dave.json": None,
    ".tasks/dave-fowler.json": b'{"owner": "dave-fowler"}\n',
    ".tasks/empty": b"no more\n",
}
BYSTANDER = "tasks/bystander.md"


class Killed(BaseException):
    """What a process that was killed doesn't live to see."""


class Calls:
    """The ``os`` of a module, whose n-th file system call fails; or from whose n-th on nothing happens any more.

    The latter is a killed process to the disk: whatever the code still tries, no call gets through.
    """

    def __init__(self, at: int = 0, fail: Callable[[], object] | None = None) -> None:
        self.at, self.fail, self.count = at, fail, 0

    def __getattr__(self, name: str) -> object:
        real = getattr(os, name)
        if name not in CALLS:
            return real

        def call(*arguments: object, **options: object) -> object:
            self.count += 1
            if self.fail is None and 0 < self.at <= self.count:
                raise Killed
            if self.fail is not None and self.count == self.at:
                return self.fail()
            # Killing a process loses nothing that it has written: only the order of calls matters here.
            return None if name == "fsync" else real(*arguments, **options)

        return call


Put = Callable[[Calls], Calls]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of worlds come and go."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Callable[[Calls], Calls]:
    """Puts other file system calls under a commit."""

    def put(calls: Calls) -> Calls:
        monkeypatch.setattr(disk, "os", calls)
        return calls

    return put


class World:
    """A store with the files of a fix, old; and what they are now."""

    def __init__(self, folder: Path) -> None:
        self.root, self.journals = folder / "root", Journals(folder / "root", OwnFolder(folder, "git/taskcheck/store"))
        for path, data in {**BEFORE, BYSTANDER: b"not mine\n"}.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            if data is not None:
                (self.root / path).write_bytes(data)
                os.utime(self.root / path, ns=(10**18, 10**18))
        (self.root / "tasks/a.md").chmod(0o600)
        (self.journals.folder.path / "undo").mkdir(parents=True)

    def files(self) -> dict[str, bytes | None]:
        held = {
            path.relative_to(self.root).as_posix(): path.read_bytes() for path in self.root.rglob("*") if path.is_file()
        }
        assert held.pop(BYSTANDER) == b"not mine\n"
        return {**dict.fromkeys(BEFORE), **held}

    def journal(self) -> Journal:
        like = Meta(mode=0o640, uid=os.getuid(), gid=os.getgid(), mtime_ns=None)
        files = (
            Written(path=path, before=data, after=AFTER[path], wanted=like if data is None else None)
            for path, data in BEFORE.items()
        )
        return Journal(id="1-00", at="2026-03-24T18:00:00Z", files=tuple(files))

    def left(self) -> list[str]:
        """What no run may leave behind, once it was recovered."""
        beside = [path.name for path in self.root.rglob(".taskcheck.*")]
        return beside + [path.name for path in self.journals.folder.path.iterdir() if path.name not in {"undo", "lock"}]

    def assert_whole(self) -> str:
        """Every file is old, or every file is new, and nothing else is left; which of the two."""
        held = self.files()
        assert held in (BEFORE, AFTER), held
        assert self.left() == []
        new = held == AFTER
        assert self.journals.records() == (["1-00"] if new else [])
        assert stat.S_IMODE((self.root / "tasks/a.md").stat().st_mode) == 0o600
        return "new" if new else "old"


def killed(work: Callable[[], object]) -> bool:
    """Do some work; whether it was killed on the way."""
    try:
        work()
    except Killed:
        return True
    return False


def forked(work: Callable[[], object]) -> int:
    """Do some work in a process of its own; its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it was, the parent sees the status
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def doing(what: str, world: World) -> Callable[[], object]:
    if what == "commit":
        return lambda: commit(world.journals, world.journal())
    if what == "undo":
        return lambda: undo(world.journals, "1-00")
    return lambda: recover(world.journals)


def counted(put: Put, work: Callable[[], object]) -> int:
    calls = put(Calls())
    work()
    return calls.count


def worlds(tmp_path: Path, what: str) -> Iterator[World]:
    """Fresh worlds in which a fix is to be made, or to be undone."""
    number = 0
    while True:
        number += 1
        world = World(tmp_path / str(number))
        if what == "undo":
            commit(world.journals, world.journal())
        yield world


@pytest.mark.parametrize("what", ["commit", "undo"])
def test_killed_at_every_call_and_recovered(what: str, memory: Path, put: Put) -> None:
    fresh = worlds(memory, what)
    total = counted(put, doing(what, next(fresh)))
    ends = set()
    for at in range(1, total + 1):
        put(Calls())
        world = next(fresh)
        put(Calls(at))
        assert killed(doing(what, world))
        put(Calls())
        recover(world.journals)
        ends.add(world.assert_whole())
        assert recover(world.journals) is None, "there is nothing left to recover"
    assert ends == {"old", "new"}
    assert total > 80


@pytest.mark.journey
@pytest.mark.parametrize(("what", "part"), [("commit", 0), ("commit", 1), ("undo", 2)])
def test_killed_again_while_it_is_recovered(what: str, part: int, memory: Path, put: Put) -> None:
    """Every call of a recovery, for some of the calls at which the fix itself was killed: 1,800 and more in all."""
    fresh = worlds(memory, what)
    total = counted(put, doing(what, next(fresh)))
    tried = 0
    for at in sampled(range(1 + part, total + 1, 8), 6):
        again = 1
        while True:
            put(Calls())
            world = next(fresh)
            put(Calls(at))
            assert killed(doing(what, world))
            put(Calls(again))
            again_killed = killed(doing("recover", world))
            put(Calls())
            recover(world.journals)
            world.assert_whole()
            tried += 1
            if not again_killed:
                break
            again += 1
    assert tried > (500 if WHOLE else 60)


@pytest.mark.parametrize("then", ["rewrite", "commit"])
@pytest.mark.parametrize("path", [".tasks/dave-fowler.json", "tasks/a.md"])
def test_one_file_that_was_written_alone_keeps_nobody_out(path: str, then: str, memory: Path, put: Put) -> None:
    """Killed at any call, also between the two by which a new file gets its name: the next writes it all the same."""
    new = b"{}\n"

    def rewrite(world: World) -> bool:
        return disk.rewrite(world.root, path, lambda _: new)

    fresh = worlds(memory, "commit")
    first = next(fresh)
    total = counted(put, lambda: rewrite(first))
    assert total > 5
    for at in range(1, total + 1):
        world = next(fresh)
        put(Calls(at))
        assert killed(lambda: rewrite(world))  # noqa: B023 - done at once
        put(Calls())
        held = (world.root / path).read_bytes() if (world.root / path).exists() else None
        assert held in (BEFORE[path], new)
        assert disk.obstacle(world.root, path) is None
        if then == "rewrite":
            assert rewrite(world) == (held != new)
            assert world.left() == []
        else:
            file = Written(path=path, before=held, after=b"[]\n")
            commit(world.journals, Journal(id="1-00", at="", files=(file,)))
            assert (world.root / path).read_bytes() == b"[]\n"
        assert (world.root / path).stat().st_nlink == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE])
def test_a_call_that_fails_changes_nothing(code: int, memory: Path, put: Put) -> None:
    """Wherever it fails, the files are as before; at the very end, when all is written, they are as after."""
    fresh = worlds(memory, "commit")
    total = counted(put, doing("commit", next(fresh)))
    filed = 0
    mine = sampled(range(1, total + 1), 3)
    for at in mine:
        world = next(fresh)

        def fail() -> object:
            raise OSError(code, os.strerror(code), "the file")

        put(Calls(at, fail))
        told = failure(world)
        if told is None:  # the very last calls file the record of what is written
            filed += 1
            assert world.files() == AFTER
        else:
            assert os.strerror(code) in told
            assert world.files() == BEFORE
        put(Calls())
        recover(world.journals)
        world.assert_whole()
    assert 0 < filed < len(mine) * 0.2


def failure(world: World) -> str | None:
    """Why the fix was given up; None when it was made."""
    try:
        commit(world.journals, world.journal())
    except Aborted as error:
        return str(error)
    return None


def test_a_short_write_is_gone_on_with(tmp_path: Path, put: Put) -> None:
    class Short(Calls):
        def __getattr__(self, name: str) -> object:
            if name == "write":
                return lambda fd, data: os.write(fd, data[:3])
            return super().__getattr__(name)

    world = World(tmp_path)
    put(Short())
    commit(world.journals, world.journal())
    assert world.assert_whole() == "new"


def test_undo_gives_back_bytes_mode_and_time(tmp_path: Path) -> None:
    world = World(tmp_path)
    start = {path: (world.root / path).stat() for path, data in BEFORE.items() if data is not None}
    commit(world.journals, world.journal())
    assert world.assert_whole() == "new"
    assert stat.S_IMODE((world.root / ".tasks/dave-fowler.json").stat().st_mode) == 0o640
    undo(world.journals, "1-00")
    assert world.assert_whole() == "old"
    for path, found in start.items():
        now = (world.root / path).stat()
        assert (now.st_mode, now.st_mtime_ns) == (found.st_mode, found.st_mtime_ns)


def test_undo_is_refused_where_somebody_wrote_since(tmp_path: Path) -> None:
    world = World(tmp_path)
    commit(world.journals, world.journal())
    (world.root / "tasks/a.md").write_bytes(b"a: mine\n")
    with pytest.raises(Aborted, match=r"tasks/a\.md: it was written meanwhile"):
        undo(world.journals, "1-00")
    assert world.files() == {**AFTER, "tasks/a.md": b"a: mine\n"}
    assert world.left() == []


def test_a_file_that_was_written_since_it_was_read_stops_the_commit(tmp_path: Path) -> None:
    world = World(tmp_path)
    (world.root / "tasks/deep/b.md").write_bytes(b"b: mine\n")
    with pytest.raises(Overtaken):
        commit(world.journals, world.journal())
    assert world.files() == {**BEFORE, "tasks/deep/b.md": b"b: mine\n"}
    assert world.left() == []


@pytest.mark.parametrize("victim", sorted(BEFORE))
def test_a_writer_in_the_middle_of_the_renames_keeps_what_it_wrote(victim: str, memory: Path, put: Put) -> None:
    """Somebody writes a file at any call of the commit: its text is there afterwards, or ours came later."""
    fresh = worlds(memory, "commit")
    total = counted(put, doing("commit", next(fresh)))
    mine = b"mine\n"
    for at in sampled(range(1, total + 1), 3):
        world = next(fresh)
        calls = Calls(at)

        def write(world: World = world, calls: Calls = calls) -> object:
            raise _Interrupted

        calls.fail = write
        put(_Interposed(calls, lambda world=world: (world.root / victim).write_bytes(mine)))
        try:
            commit(world.journals, world.journal())
        except Aborted:
            assert world.files() == {**BEFORE, victim: mine}
        else:
            held = world.files()
            assert held in (AFTER, {**AFTER, victim: mine})
        put(Calls())
        recover(world.journals)
        assert world.left() == []


class _Interrupted(Exception):
    pass


class _Interposed:
    """Calls that go through, and something else that happens before the n-th."""

    def __init__(self, calls: Calls, happens: Callable[[], object]) -> None:
        self.calls, self.happens = calls, happens

    def __getattr__(self, name: str) -> object:
        wrapped = getattr(self.calls, name)
        if name not in CALLS:
            return wrapped

        def call(*arguments: object, **options: object) -> object:
            try:
                return wrapped(*arguments, **options)
            except _Interrupted:
                self.happens()
                return getattr(os, name)(*arguments, **options) if name != "fsync" else None

        return call


def test_an_interrupted_fix_somebody_wrote_over_is_taken_back(memory: Path, put: Put) -> None:
    """Killed among the renames, then a file whose turn hadn't come was written: the others are old again."""
    fresh = worlds(memory, "commit")
    total = counted(put, doing("commit", next(fresh)))
    last = list(BEFORE)[-1]
    seen = set()
    for at in range(1, total + 1):
        put(Calls())
        world = next(fresh)
        put(Calls(at))
        killed(doing("commit", world))
        put(Calls())
        written_before = (world.root / last).read_bytes() == AFTER[last]
        (world.root / last).write_bytes(b"mine\n")
        recover(world.journals)
        assert world.files() == {**(AFTER if written_before else BEFORE), last: b"mine\n"}
        assert world.left() == []
        seen.add(written_before)
    assert seen == {True, False}


@pytest.mark.parametrize("how", ["a write that keeps size and time", "a mode"])
def test_what_the_time_of_the_last_write_does_not_tell_is_seen_too(how: str, tmp_path: Path, put: Put) -> None:
    """Right before its rename, a file is seen to be as it was read."""
    world = World(tmp_path)
    victim, mine = world.root / "tasks/a.md", b"a: min\n"

    def happens() -> None:
        if how == "a mode":
            victim.chmod(0o644)
        else:
            victim.write_bytes(mine)
            os.utime(victim, ns=(10**18, 10**18))

    class Decided(Calls):
        def __getattr__(self, name: str) -> object:
            if name == "stat" and (world.journals.folder.path / "committed.json").exists():
                happens()
            return super().__getattr__(name)

    put(Decided())
    with pytest.raises(Overtaken):
        commit(world.journals, world.journal())
    assert world.files() == (BEFORE if how == "a mode" else {**BEFORE, "tasks/a.md": mine})
    assert world.left() == []


def test_obstacles(tmp_path: Path) -> None:
    world = World(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.md").write_bytes(b"x")
    (world.root / "out").symlink_to(outside)
    (world.root / "in").symlink_to(world.root / "tasks")
    (world.root / "link.md").symlink_to(world.root / "tasks/a.md")
    os.link(world.root / ".tasks/empty", world.root / "twin")
    (world.root / ".git").mkdir()
    (world.root / ".git/config").write_bytes(b"")
    os.mkfifo(world.root / "pipe")
    told = {
        "tasks/a.md": None,
        "in/a.md": None,
        "out/x.md": "leads out of the root",
        "../outside/x.md": "leads out of the root",
        "/etc/passwd": "leads out of the root",
        "tasks/../../outside/x.md": "leads out of the root",
        "link.md": "symbolic link",
        "twin": "hard links",
        ".tasks/empty": "hard links",
        ".git/config": "repository's own folder",
        ".GIT/config": "repository's own folder",
        "pipe": "no regular file",
        "tasks": "no regular file",
        "nowhere/a.md": "No such file",
    }
    for path, why in told.items():
        found = disk.obstacle(world.root, path)
        assert (found is None) if why is None else (found is not None and why in found and path in found), (path, found)


def test_a_link_that_is_swapped_in_is_not_followed(tmp_path: Path) -> None:
    """A folder that becomes a link between the look and the write: what lies behind it isn't touched."""
    world = World(tmp_path)
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "b.md").write_bytes(BEFORE["tasks/deep/b.md"] or b"")
    real = disk.os.path.realpath
    swapped = False

    def realpath(path: object, **options: object) -> str:
        nonlocal swapped
        found = str(real(path, **options))  # type: ignore[call-overload]
        if found.endswith("tasks/deep") and not swapped:
            swapped = True
            (world.root / "tasks/deep").rename(world.root / "tasks/away")
            (world.root / "tasks/deep").symlink_to(outside / "deep")
        return found

    calls = SimpleNamespace(**{name: getattr(os, name) for name in dir(os) if not name.startswith("__")})
    calls.path = SimpleNamespace(**{name: getattr(os.path, name) for name in dir(os.path) if not name.startswith("__")})
    calls.path.realpath = realpath
    disk_os, disk.os = disk.os, calls  # type: ignore[assignment]
    try:
        with pytest.raises(Aborted):
            commit(world.journals, world.journal())
    finally:
        disk.os = disk_os
    assert swapped
    assert (outside / "deep" / "b.md").read_bytes() == BEFORE["tasks/deep/b.md"]
    assert [path.name for path in (outside / "deep").iterdir()] == ["b.md"]


def test_attributes_and_owner_stay(tmp_path: Path) -> None:
    world = World(tmp_path)
    path = world.root / "tasks/a.md"
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        pytest.skip("no extended attributes here")
    if os.getuid() == 0:
        os.chown(path, 12345, 54321)
    owner = (path.stat().st_uid, path.stat().st_gid)
    commit(world.journals, world.journal())
    assert os.getxattr(path, "user.note") == b"kept"
    assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_only_so_many_fixes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_module, "KEPT", 3)
    world = World(tmp_path)
    for number in range(5):
        before = (world.root / "tasks/a.md").read_bytes()
        file = Written(path="tasks/a.md", before=before, after=b"%d" % number)
        commit(world.journals, Journal(id=f"{number + 8}-x", at="", files=(file,)))
        os.utime(world.journals.folder.path / f"undo/{number + 8}-x.json", (100 - number, 100 - number))
    assert world.journals.records() == ["12-x", "11-x", "10-x"], "by number, whatever the clock said"
    assert world.journals.last == 12


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"schema": "taskcheck/fix/9"}', b"[1]", b'{"schema": "taskcheck/fix/1"']
)
def test_a_journal_that_can_not_be_read_stops_everything(data: bytes, tmp_path: Path) -> None:
    world = World(tmp_path)
    (world.journals.folder.path / "committed.json").write_bytes(data)
    with pytest.raises(JournalError):
        recover(world.journals)
    assert world.files() == BEFORE


def test_a_journal_reads_back_as_it_was_written(tmp_path: Path) -> None:
    journal = World(tmp_path).journal()
    assert Journal.load(journal.dump()) == journal
    assert journals_module.SCHEMA in journal.dump().decode()


def test_locks_exclude_and_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locks.locked([path]):
        assert forked(lambda: _take(path)) == 1, "another process doesn't get it"
        with OwnFolder(tmp_path.parent, tmp_path.name).unheld("lock") as idle:
            assert not idle
    with OwnFolder(tmp_path.parent, tmp_path.name).unheld("lock") as idle:
        assert idle
        assert forked(lambda: _take(path)) == 1, "nobody gets it while somebody looks"
    assert forked(lambda: _take(path)) == 0
    with locks.locked([path], "lockf"):
        assert forked(lambda: _take(path, "lockf")) == 1
        assert forked(lambda: _take(path, "flock")) == 0, "the two kinds don't see each other"


def _take(path: Path, kind: locks.Kind = "flock") -> None:
    with locks.locked([path], kind, patience=0.05):
        pass
