"""The record of one fix: every file before and after, so that it can be finished, taken back, or undone."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from taskcheck.write import COMMITTED, PENDING
from taskcheck.write.disk import Obstacle
from taskcheck.write.folder import OwnFolder
from taskcheck.write.locks import PATIENCE
from taskcheck.write.meta import Meta

SCHEMA = "taskcheck/fix/1"


class JournalError(ValueError):
    """The file is no journal that this taskcheck can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of a fix before and after; no bytes where there is no file."""

    path: str
    """Relative to the root checkout."""
    before: bytes | None
    after: bytes | None
    meta: Meta | None = None
    """Of the file before it was written; undo gives it back."""
    wanted: Meta | None = None
    """What it is to get; None keeps that of the file."""

    def reversed(self) -> "Written":
        """The way back."""
        return Written(path=self.path, before=self.after, after=self.before, wanted=self.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One fix, or one undoing of it."""

    id: str
    at: str
    files: tuple[Written, ...]
    fixes: tuple[Mapping[str, Any], ...] = ()
    """What it repaired, for people: rule, task, manager, title."""
    undoes: str | None = None
    """The fix that this one takes back."""
    kept: bool = True
    """Whether it is filed among what can be undone once it has happened."""

    def temporary(self, index: int) -> str:
        """Name of the file that becomes the index-th one; no pattern of task files or ledgers matches it."""
        return f".taskcheck.{self.id}.{index}"

    def dump(self) -> bytes:
        """The file's bytes."""
        files = [
            {
                "path": file.path,
                "before": _encoded(file.before),
                "after": _encoded(file.after),
                "meta": asdict(file.meta) if file.meta else None,
                "wanted": asdict(file.wanted) if file.wanted else None,
            }
            for file in self.files
        ]
        values = {"schema": SCHEMA, "id": self.id, "at": self.at, "undoes": self.undoes, "kept": self.kept}
        return json.dumps({**values, "fixes": list(self.fixes), "files": files}).encode()

    @staticmethod
    def load(data: bytes) -> "Journal":
        """The journal that a file holds.

        Raises:
            JournalError: it holds none.
        """
        try:
            values = json.loads(data)
            _demand_schema(values["schema"])
            undoes = values["undoes"]
            return Journal(
                id=_name(values["id"]),
                at=_text(values["at"]),
                files=tuple(map(_written, values["files"])),
                fixes=tuple(map(_fix, values["fixes"])),
                undoes=None if undoes is None else _name(undoes),
                kept=bool(values.get("kept", True)),
            )
        except JournalError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise JournalError(f"it is no journal: {error}") from error


@dataclass(frozen=True, slots=True)
class Journals:
    """Where a store's fixes are written down: the store's root, and a folder outside of the work tree."""

    root: Path
    folder: OwnFolder

    @contextmanager
    def opened(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold them alone.

        Raises:
            Held: another fix is under way.
            Obstacle, OSError: the folder can't be made or locked.
        """
        with self.folder.target("undo/any", make=True), self.folder.locked("lock", patience):
            yield

    def unfinished(self) -> str | None:
        """Return the name of the journal of a fix that was interrupted; None when there is none, or it is under way.

        What isn't kept doesn't count: runs write their files in an order in which each step is a state that rules know.

        Raises:
            Obstacle, OSError: the folder can't be looked at.
        """
        with self.folder.unheld("lock") as idle:
            if not idle:
                return None
            names = [name for name in (PENDING, COMMITTED) if self.folder.has(name)]
        return next(filter(self._counts, names), None)

    def _counts(self, name: str) -> bool:
        """Whether an interrupted fix has to be seen to; one that can't be read has."""
        try:
            return self.load(name).kept
        except JournalError:
            return True

    def decided(self) -> Journal | None:
        """Return the journal of an interrupted fix that has begun to write files; None when there is none.

        Raises:
            JournalError: it can't be read.
        """
        return self.load(COMMITTED) if self.folder.has(COMMITTED) else None

    def records(self) -> list[str]:
        """Return the fixes that can be undone, the latest first: by their numbers, for clocks turn times around."""
        stems = (name.removesuffix(".json") for name in self.folder.names("undo") if name.endswith(".json"))
        return sorted(filter(_NAME.fullmatch, stems), key=_number, reverse=True)

    @property
    def last(self) -> int:
        """The number of the latest fix that can be undone; 0 when there is none."""
        return max(map(_number, self.records()), default=0)

    def load(self, name: str) -> Journal:
        """Return a journal by its name in the folder.

        Raises:
            JournalError: it can't be read, or isn't the one that its name says.
        """
        try:
            journal = Journal.load(self.folder.read(name))
        except Obstacle as found:
            raise JournalError(str(found)) from found
        except OSError as error:
            raise JournalError(f"{error.strerror}") from error
        filed = name.removeprefix("undo/").removesuffix(".json")
        if name.startswith("undo/") and journal.id != filed:
            raise JournalError(f"it is of the fix {journal.id}, and is filed as {filed}")
        return journal


_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}")
"""What a fix may be called: `12-0a1b2c3d`, `12-0a1b2c3d.undo`; the name of a file, and nothing that leads elsewhere."""


def _demand_schema(schema: object) -> None:
    if schema != SCHEMA:
        raise JournalError(f"it is written in {schema}, and this taskcheck reads {SCHEMA}")


def _name(value: object) -> str:
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise JournalError(f"{value!r} is no name of a fix")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise JournalError(f"{value!r} is no text")
    return value


def _fix(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise JournalError("what it repaired is no list of tables")
    return value


def _written(file: Mapping[str, Any]) -> Written:
    return Written(
        path=_text(file["path"]),
        before=_decoded(file["before"]),
        after=_decoded(file["after"]),
        meta=_meta(file["meta"]),
        wanted=_meta(file["wanted"]),
    )


def _number(name: str) -> int:
    number = name.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0


def _meta(values: Mapping[str, Any] | None) -> Meta | None:
    """Return what a file is to be besides its bytes; of a mode permissions alone, never set-uid and the like."""
    if values is None:
        return None
    mode, mtime_ns = _whole(values["mode"]), values["mtime_ns"]
    return Meta(
        mode=mode & 0o777,
        uid=_whole(values["uid"]),
        gid=_whole(values["gid"]),
        mtime_ns=None if mtime_ns is None else _whole(mtime_ns),
    )


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise JournalError(f"{value!r} is no whole number")
    return value


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
