"""One journal being carried out: laid beside its files, put in place, taken back, and what others wrote meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from taskcheck.write import COMMITTED, PENDING
from taskcheck.write.disk import Moved, Obstacle, Resolved, Target, target
from taskcheck.write.folder import MAX_BYTES
from taskcheck.write.journal import Journal, Journals, Written

MEANWHILE = "it was written meanwhile; run again"
KEPT = 50
"""How many fixes can be undone; older records are removed."""

Known = list[os.stat_result | None]
"""Each file of a journal as it was found; None for none."""

_GONE = (FileNotFoundError, NotADirectoryError)
"""What opening a folder says that isn't there any more."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How a file of a journal stands."""

    state: str
    """``old``, ``new``, or ``other`` when somebody else wrote it."""
    stat: os.stat_result | None = None
    reached: bool = True
    """Whether its folder can be opened; somebody removed it or put a link in its place otherwise."""
    laid: bool = False
    """Whether its new content lies beside it."""


class Work:
    """One journal being carried out."""

    def __init__(self, journals: Journals, journal: Journal) -> None:
        self.journals, self.journal = journals, journal
        self._resolved: Resolved = {}

    def begin(self) -> Known:
        """Write the journal down, with what each file is besides its bytes; each file as it was found."""
        known: Known = []
        files = []
        for file in self.journal.files:
            with self._target(file) as at:
                at.forget_draft_name()
                held = at.read()
                if (held.data if held else None) != file.before:
                    raise Moved(MEANWHILE)
            known.append(held.stat if held else None)
            files.append(replace(file, meta=held.meta if held else None))
        self.journal = replace(self.journal, files=tuple(files))
        record = self.journal.dump()
        if len(record) > MAX_BYTES:
            raise Obstacle(f"its record would be larger than {MAX_BYTES:,} bytes; repair fewer tasks at a time")
        with self._state(f"{PENDING}.new") as new:
            new.create(record, mode=0o600)
            new.replace(new.beside(PENDING))
            new.sync()
        return known

    def stage(self, known: Known) -> None:
        """Lay new contents beside their targets, and see that every target is still as it was."""
        for index, file in enumerate(self.journal.files):
            with self._target(file) as at:
                self._lay(index, at)
        for file, found in zip(self.journal.files, known, strict=True):
            with self._target(file) as at:
                if not at.unchanged(found):
                    raise Moved(MEANWHILE)

    def decide(self) -> None:
        """From here on, the fix happens."""
        with self._state(PENDING) as pending:
            pending.replace(pending.beside(COMMITTED))
            pending.sync()

    def apply(self, known: Known) -> None:
        """Put the new contents in place."""
        for index, (file, found) in enumerate(zip(self.journal.files, known, strict=True)):
            with self._target(file) as at:
                if not at.unchanged(found):
                    raise Moved(MEANWHILE)
                self._put(index, at)
        self._sync()

    def forward(self, seen: list[Seen]) -> None:
        """Finish what was decided, as far as files are still as they were.

        Raises:
            Moved: somebody wrote one since it was looked at.
        """
        for index, found in enumerate(seen):
            self._clear(index)
            if found.state == "old":
                with self._target(self.journal.files[index]) as at:
                    self._lay(index, at)
                    if not at.unchanged(found.stat):
                        raise Moved(MEANWHILE)
                    self._put(index, at)
        self._sync()

    def back(self) -> None:
        """Give files that were written their old contents; those that somebody else wrote since stay.

        What lies beside the others tells a second try that they weren't written yet: it goes last.
        """
        for index, found in enumerate(self.look()):
            if found.state != "new" or not found.reached:
                continue
            file = self.journal.files[index]
            with self._target(file) as at:
                beside = at.beside(self.journal.temporary(index))
                if file.before is not None:
                    beside.remove()
                    beside.create(file.before, like=None if file.after is None else at, meta=file.meta)
                if not at.unchanged(found.stat):
                    continue
                if file.before is None:
                    at.remove()
                else:
                    beside.replace(at)
        self._sync()
        self.withdraw()
        self._forget(COMMITTED)

    def withdraw(self) -> None:
        """Remove what was laid beside the targets, then the journal."""
        for index in range(len(self.journal.files)):
            self._clear(index)
        self._forget(f"{PENDING}.new", PENDING)

    def finish(self) -> None:
        """File the journal among what can be undone, if it is kept; that of an undoing goes with the fix it undid."""
        if self.journal.undoes is not None:
            self._forget(f"undo/{self.journal.undoes}.json", COMMITTED)
            return
        if not self.journal.kept:
            self._forget(COMMITTED)
            return
        with self._state(COMMITTED) as committed, self._state(f"undo/{self.journal.id}.json") as record:
            committed.replace(record)
            record.sync()
            committed.sync()
        self._forget(*(f"undo/{name}.json" for name in self.journals.records()[KEPT:]))

    def look(self) -> list[Seen]:
        """How each file stands."""
        return [self._seen(index) for index in range(len(self.journal.files))]

    def _seen(self, index: int) -> Seen:
        file = self.journal.files[index]
        try:
            with self._target(file) as at:
                beside = at.beside(self.journal.temporary(index))
                if beside.is_also(at):  # killed while a new file was given its name
                    beside.remove()
                laid = beside.exists()
                try:
                    held = at.read()
                except Obstacle:
                    return Seen("other", laid=laid)
        except (Obstacle, *_GONE):
            return Seen("other" if file.after is not None else "new", reached=False)
        data, stat = (held.data, held.stat) if held else (None, None)
        return Seen("old" if data == file.before else "new" if data == file.after else "other", stat, laid=laid)

    def lost(self, seen: list[Seen]) -> bool:
        """Whether somebody else wrote a file before anything of the fix was in place, or before that file's turn."""
        states = {found.state for found in seen}
        if "other" not in states:
            return False
        return "new" not in states or self.overtaken(seen)

    def of_others(self, seen: list[Seen]) -> str:
        """The files that somebody else wrote, in words."""
        paths = []
        for file, found in zip(self.journal.files, seen, strict=True):
            if found.state == "other":
                paths.append(file.path)
        return ", ".join(paths)

    def overtaken(self, seen: list[Seen]) -> bool:
        """Whether somebody else wrote a file before its turn had come, as far as can be told."""
        for index, (file, found) in enumerate(zip(self.journal.files, seen, strict=True)):
            if found.state != "other":
                continue
            if found.laid or (file.after is None and all(later.state != "new" for later in seen[index + 1 :])):
                return True
        return False

    @contextmanager
    def _target(self, file: Written) -> Iterator[Target]:
        try:
            with target(self.journals.root, file.path, self._resolved) as at:
                yield at
        except Obstacle as found:
            raise type(found)(f"{file.path}: {found}") from found
        except OSError as error:
            raise type(error)(error.errno, error.strerror, file.path) from error

    @contextmanager
    def _state(self, name: str) -> Iterator[Target]:
        with self.journals.folder.target(name) as at:
            yield at

    def _lay(self, index: int, at: Target) -> None:
        """Make the new content of a file beside it."""
        file = self.journal.files[index]
        if file.after is None:
            return
        like = at if file.before is not None else None
        at.beside(self.journal.temporary(index)).create(file.after, like=like, meta=file.wanted)

    def _put(self, index: int, at: Target) -> None:
        """Let the new content take the file's place."""
        file = self.journal.files[index]
        beside = at.beside(self.journal.temporary(index))
        if file.after is None:
            at.remove()
        elif file.before is None:
            beside.become(at)
        else:
            beside.replace(at)

    def _clear(self, index: int) -> None:
        """Remove what was laid beside a file, where its folder is still there."""
        with suppress(Obstacle, *_GONE), self._target(self.journal.files[index]) as at:
            at.beside(self.journal.temporary(index)).remove()

    def _sync(self) -> None:
        """Put the entries of all folders that were written on disk; one that is gone has none."""
        for _, file in sorted({Path(file.path).parent: file for file in self.journal.files}.items()):
            with suppress(Obstacle, *_GONE), self._target(file) as at:
                at.sync()

    def _forget(self, *names: str) -> None:
        for name in names:
            with self._state(name) as at:
                at.remove()
                at.sync()
