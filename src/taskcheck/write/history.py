"""The file in which the incidents of a store are written down from look to look: an SQLite database.

It is this user's own, or isn't used. A look is one transaction, so a kill loses that of one look at most; others read
meanwhile. What is damaged is set aside, and another one begun. SQLite is loaded when a file is opened.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from taskcheck.write.book import APPLICATION, MIGRATIONS, Book, build, tables, tables_of
from taskcheck.write.cache import Cache, NotOurs

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

DAMAGED = ".damaged"
"""What the name of a file ends with that was set aside."""

BUSY = 10.0
"""Seconds that one who writes waits for another."""

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside a file that is open."""

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_APPLICATION_AT = 68
_READ_ONLY, _CORRUPT, _NO_DATABASE, _SHORT_READ = 8, 11, 26, 522

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Trouble(Exception):
    """The history can't be had; the message says why."""


class Damage(Exception):
    """The file doesn't hold what it should; what reads it raises this, and nobody who asks sees it."""


def state_home(environment: Mapping[str, str]) -> str | None:
    """Return the user's folder for what programs keep; None where the environment names none that counts."""
    named = environment.get("XDG_STATE_HOME", "")
    if os.path.isabs(named):
        return named
    home = environment.get("HOME", "")
    return f"{home}/.local/state" if os.path.isabs(home) else None


class History:
    """The file of one store; opened anew for each look."""

    def __init__(self, folder: str, name: str, *, home: str | None = None) -> None:
        """Take where the file lies.

        Args:
            folder: that of the file.
            name: its name there.
            home: the user's folder for what programs keep, in which the file's own is made; None where a user named
                the file.
        """
        self.path = f"{folder}/{name}"
        self.notice = ""
        """What somebody should know since the last time: that a damaged file was set aside."""
        self._directory, self._name, self._home = folder, name, home
        self._is_sound = False

    def transact(self, work: Callable[[Book], T]) -> T:
        """Return what some work on the file gives; what it writes is there whole, or not at all.

        It may be done twice: a file that turns out to be damaged is set aside, and another one begun.

        Raises:
            Trouble: the file can't be had, or can't be written; nothing was.
        """
        with _told(self.path), self._opened(make=True) as folder, _sqlite_told(self.path):
            self._require(folder)
            try:
                return self._transacted(work)
            except Damage as damage:
                self._set_aside(folder, str(damage))
                return self._transacted(work)

    def read(self, work: Callable[[Book], T]) -> T | None:
        """Return what some reading of the file gives; None where there is none.

        Raises:
            Trouble: it can't be read.
        """
        with _told(self.path), self._opened() as folder:
            if folder is None or not self._is_there(folder):
                return None
            with _sqlite_told(self.path):
                return self._read(work)

    def _read(self, work: Callable[[Book], T]) -> T | None:
        """Return what some reading gives; what a writer that was killed began is taken back first, as SQLite does."""
        import sqlite3

        try:
            return self._read_by("ro", work)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != _READ_ONLY:
                raise
        return self._read_by("rw", work)

    def _read_by(self, mode: str, work: Callable[[Book], T]) -> T | None:
        with closing(self._connected(mode)) as connection, _damage_told():
            connection.execute("BEGIN")  # Tables and rows are those of one moment.
            version = _version(connection, self.path)
            if version == 0:
                return None
            if version < len(MIGRATIONS):
                raise Trouble(f"{self.path} is of an older taskcheck; the next recorded check renews it")
            return work(Book(connection))

    @contextmanager
    def alone(self, what: str, patience: float = 0) -> Iterator[int]:
        """Hold the lock by which one process alone does something again and again; the descriptor that holds it.

        Raises:
            Held: somebody else does.
            Trouble: it can't be had.
        """
        from taskcheck.write.locks import acquire

        with _told(self.path), self._opened(make=True) as folder:
            lock = f"{self._name}.{what}.lock"
            descriptor = acquire(lock, patience, folder=folder, shown=f"{self._directory}/{lock}")
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int | None]:
        """Hold the folder open; None where it isn't there."""
        if self._home is not None:
            if make:
                _make(self._home)
            with Cache(self._home).opened(make=make) as folder:
                yield folder
            return
        folder = os.open(self._directory, _FOLDER)
        try:
            yield folder
        finally:
            os.close(folder)

    def _require(self, folder: int | None) -> None:
        """See that the file is there."""
        if folder is not None and not self._is_there(folder):
            with suppress(FileExistsError):
                os.close(os.open(self._name, _CREATE, 0o600, dir_fd=folder))

    def _is_there(self, folder: int) -> bool:
        """Return whether the file is there.

        Raises:
            Trouble: what is there is a link, somebody else's, or no history.
        """
        try:
            descriptor = os.open(self._name, _READ, dir_fd=folder)
        except FileNotFoundError:
            return False
        try:
            found = os.fstat(descriptor)
            if _is_removed(found):
                return False
            if not _is_private(found):
                raise Trouble(
                    f"{self.path} is not a file of this user's alone; remove it, or try: chmod 600 {self.path}"
                )
            header = os.read(descriptor, _HEADER)
        finally:
            os.close(descriptor)
        for beside in _BESIDE:
            self._see_to_beside(folder, beside)
        if self._home is None and header and not _is_a_history(header):
            raise Trouble(f"{self.path} is no history of incidents; name another file")
        return True

    def _see_to_beside(self, folder: int, beside: str) -> None:
        """See that what SQLite opens beside the file is a file of this user's."""
        try:
            found = os.stat(f"{self._name}{beside}", dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        if not _is_removed(found) and not _is_private(found):
            raise Trouble(f"{self.path}{beside} is not a file of this user's alone; look at it, and remove it")

    def _transacted(self, work: Callable[[Book], T]) -> T:
        with _damage_told(), closing(self._connected("rw")) as connection:
            if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                build(connection, _version(connection, self.path))
                self._see_that_it_is_sound(connection)
                given = work(Book(connection))
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            connection.executescript("PRAGMA incremental_vacuum")  # `execute` frees one page, and is done
            return given

    def _see_that_it_is_sound(self, connection: "sqlite3.Connection") -> None:
        """See once that SQLite finds nothing wrong with the whole file."""
        if self._is_sound:
            return
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise Damage(said)
        self._is_sound = True

    def _connected(self, mode: str) -> "sqlite3.Connection":
        import sqlite3
        from urllib.parse import quote

        place = os.path.realpath(self._directory)
        connection = sqlite3.connect(
            f"file:{quote(f'{place}/{self._name}')}?mode={mode}", uri=True, timeout=BUSY, isolation_level=None
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        return connection

    def _set_aside(self, folder: int | None, why: str) -> None:
        """Put a damaged file away, unless somebody else has done so meanwhile."""
        from taskcheck.write.locks import PATIENCE, Held, acquire

        lock = f"{self._name}.lock"
        try:
            descriptor = acquire(lock, PATIENCE, folder=folder, shown=f"{self._directory}/{lock}")
        except Held as error:
            raise Trouble(f"{self.path} is damaged ({why}), and another process holds the lock {error}") from error
        try:
            self._is_sound = False
            with suppress(Damage):
                self._require(folder)
                self._transacted(lambda _: None)
                return
            aside = f"{self._name}{DAMAGED}"
            for beside in ("", *_BESIDE):
                with suppress(FileNotFoundError):
                    os.rename(f"{self._name}{beside}", f"{aside}{beside}", src_dir_fd=folder, dst_dir_fd=folder)
            self._require(folder)
            self.notice = f"{self.path} is damaged ({why}): it is set aside as {aside}, and a new history begins"
        finally:
            os.close(descriptor)


def _make(home: str) -> None:
    """Make the user's folder for what programs keep, where the nearest folder above it is this user's."""
    above = home
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    if above != home and os.stat(above).st_uid == os.geteuid():
        os.makedirs(home, 0o700, exist_ok=True)


def _is_removed(found: os.stat_result) -> bool:
    """Return whether another process has removed the file since its name was looked up.

    SQLite does so with the files beside a database whenever its last connection closes.
    """
    return found.st_nlink == 0


def _is_private(found: os.stat_result) -> bool:
    """Return whether it is a regular file that this user alone may write, and that has no other name."""
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    return is_ours and found.st_nlink == 1 and not found.st_mode & 0o022


def _is_a_history(header: bytes) -> bool:
    """Return whether a file begins as one that was written by us."""
    application = header[_APPLICATION_AT : _APPLICATION_AT + 4]
    return header.startswith(_MAGIC) and application == APPLICATION.to_bytes(4, "big")


def _version(connection: "sqlite3.Connection", path: str) -> int:
    """Return the version of a file's tables, which are those of that version and no others.

    Raises:
        Trouble: it is of a newer taskcheck.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise Trouble(f"{path} is of a newer taskcheck (version {version}); update, or name another file by --history")
    if tables(connection) != tables_of(version):
        raise Damage("its tables aren't those that it says")
    return int(version)


@contextmanager
def _damage_told() -> Iterator[None]:
    """Tell what SQLite says of a file that doesn't hold what it should from all that it says else."""
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in {_CORRUPT, _NO_DATABASE} or code == _SHORT_READ:
            if "STRICT" in str(error):
                raise Trouble(f"it is of a newer SQLite than {sqlite3.sqlite_version}: {error}") from error
            raise Damage(str(error)) from error
        raise


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Make one error of all that can go wrong with a file and its folder."""
    try:
        yield
    except NotOurs as error:
        raise Trouble(str(error)) from error
    except OSError as error:
        raise Trouble(f"{error.filename or path}: {error.strerror or error}") from error


@contextmanager
def _sqlite_told(path: str) -> Iterator[None]:
    """Make that error of all that SQLite says, too."""
    import sqlite3

    try:
        yield
    except Damage as error:
        raise Trouble(f"{path} is damaged ({error}); the next recorded check sets it aside") from error
    except sqlite3.Error as error:
        raise Trouble(f"{path}: {error}") from error
