"""A plan: every file that a run would write, as it was read and as it is to be, and the fixes behind it."""

from typing import Any

from taskcheck.documents.frozen import frozen
from taskcheck.model.cases import RunError
from taskcheck.model.report import FixNote


@frozen(kw_only=True)
class Change:
    """The content of one file before and after the change; None if the file doesn't exist."""

    path: str
    before: bytes | None
    after: bytes | None
    like: str | None = None
    """The file whose mode and owner a new one takes."""


@frozen(kw_only=True)
class Plan:
    """All changes of one run, and the fixes behind them."""

    changes: tuple[Change, ...] = ()
    notes: tuple[FixNote, ...] = ()
    errors: tuple[RunError, ...] = ()
    """Why nothing is to be written although there are fixes: rules that undo each other."""

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the files before and after."""
        import hashlib
        import json

        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON values: files by digest, fixes by name."""
        return {
            "changes": [
                {"path": change.path, "before": digest(change.before), "after": digest(change.after)}
                for change in self.changes
            ],
            "fixes": [
                {"rule": note.rule, "task": note.task, "manager": note.manager, "title": note.title}
                for note in self.notes
                if note.applied
            ],
        }


def digest(data: bytes | None) -> str | None:
    """The SHA-256 of a file's bytes, in hex; None for no file."""
    import hashlib

    return None if data is None else hashlib.sha256(data).hexdigest()
