"""The record of one fix: every file before and after, so that it can be finished, taken back, or undone."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from taskcheck.write import COMMITTED, PENDING
from taskcheck.write.locks import PATIENCE, locked, unheld

SCHEMA = "taskcheck/fix/1"


class JournalError(ValueError):
    """The file is no journal that this taskcheck can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a file is besides its bytes: permission bits, numeric owner and group, time of the last write."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int | None
    """None for the time at which it is written."""


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
            if values["schema"] != SCHEMA:
                raise JournalError(f"it is written in {values['schema']}, and this taskcheck reads {SCHEMA}")
            files = tuple(
                Written(
                    path=file["path"],
                    before=_decoded(file["before"]),
                    after=_decoded(file["after"]),
                    meta=_meta(file["meta"]),
                    wanted=_meta(file["wanted"]),
                )
                for file in values["files"]
            )
            return Journal(
                id=values["id"],
                at=values["at"],
                files=files,
                fixes=tuple(values["fixes"]),
                undoes=values["undoes"],
                kept=values.get("kept", True),
            )
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, JournalError):
                raise
            raise JournalError(f"it is no journal: {error}") from error


@dataclass(frozen=True, slots=True)
class Journals:
    """Where a store's fixes are written down: the store's root, and a folder outside of the work tree."""

    root: Path
    folder: Path

    @contextmanager
    def opened(self, patience: float = PATIENCE) -> Iterator[None]:
        """Hold them alone.

        Raises:
            Held: another fix is under way.
            OSError: the folder can't be made or locked.
        """
        (self.folder / "undo").mkdir(parents=True, exist_ok=True)
        with locked([self.folder / "lock"], patience=patience):
            yield

    def unfinished(self) -> str | None:
        """Name of the journal of a fix that was interrupted; None when there is none, or it is under way.

        What isn't kept doesn't count: runs write their files in an order in which each step is a state that rules know.
        """
        with unheld(self.folder / "lock") as idle:
            names = [name for name in (PENDING, COMMITTED) if idle and (self.folder / name).exists()]
        for name in names:
            with suppress(JournalError):
                if not self.load(name).kept:
                    continue
            return name
        return None

    def decided(self) -> Journal | None:
        """The journal of an interrupted fix that has begun to write files; None when there is none.

        Raises:
            JournalError: it can't be read.
        """
        return self.load(COMMITTED) if (self.folder / COMMITTED).exists() else None

    def records(self) -> list[str]:
        """The fixes that can be undone, the latest first: by their numbers, for clocks and copies turn times around."""
        return sorted((path.stem for path in (self.folder / "undo").glob("*.json")), key=_number, reverse=True)

    @property
    def last(self) -> int:
        """The number of the latest fix that can be undone; 0 when there is none."""
        return max(map(_number, self.records()), default=0)

    def load(self, name: str) -> Journal:
        """A journal by its name in the folder.

        Raises:
            JournalError: it can't be read.
        """
        try:
            return Journal.load((self.folder / name).read_bytes())
        except OSError as error:
            raise JournalError(f"{error.strerror}") from error


def _number(name: str) -> int:
    number = name.partition("-")[0]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0


def _meta(values: dict[str, int] | None) -> Meta | None:
    return None if values is None else Meta(**values)


def _encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
