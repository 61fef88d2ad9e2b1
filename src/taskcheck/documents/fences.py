"""The fences of front matter: where it opens and closes, and why it doesn't. Knows no YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskcheck.documents.document import DocumentError, Trouble, trouble_at
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen

if TYPE_CHECKING:
    from taskcheck.documents.shape import Fence

MOST_BYTES = 1024 * 1024

_BREAK = r"(?:\r\n|\r|\n)"
_OPEN = expression(rf"---[ \t]*(?={_BREAK}|\Z)")
CLOSE = expression(rf"[\r\n](---|\.\.\.)[ \t]*(?:{_BREAK}|\Z)")
_CLOSE_AT_START = expression(rf"[\r\n](---|\.\.\.(?=[ \t]*(?:{_BREAK}|\Z)))(?:[ \t]*(?:{_BREAK}|\Z))?")
"""As gray-matter closes it: what follows the dashes in their line is the body's."""

_MARKER = expression(r"(?<![^\r\n])(?:<{7} |>{7} |={7}[ \t]*(?![^\r\n]))")
_CONFLICT_START = expression(r"(?<![^\r\n])<{7} ")

# Blank lines and comments (YAML's or HTML's), then an opening fence and a line that looks like `key:`.
_MISPLACED = expression(
    rf"(?:[ \t\ufeff]*+(?:\#[^\r\n]*|<!--[^\r\n]*-->[ \t]*)?+{_BREAK})*+[ \t\ufeff]*+"
    rf"(?P<fence>---)[ \t]*+{_BREAK}"
    r"(?=[A-Za-z_][\w.-]*:(?![^\s]))"
)
_LIKE_YAML = expression(r"\s*+(?:\#.*|- .*|-)?|[ \t]++.*|[A-Za-z_][\w.-]*:(?:[ \t].*)?")


@frozen
class Fences:
    """Offsets of front matter: its first line, its closing fence, and the line after that fence."""

    start: int
    end: int
    body_start: int


def find_fences(text: str, fence: Fence = "line") -> Fences | None:
    """Return where the front matter of the text is; None when the text has none.

    Raises:
        DocumentError: unterminated, conflict-markers, too-large.
    """
    opening = _OPEN.match(text)
    if opening is None:
        return None
    closing = CLOSE.search(text, opening.end()) if fence == "line" else _CLOSE_AT_START.search(text, opening.end())
    if closing is None:
        conflict = _CONFLICT_START.search(text)
        if conflict:
            raise _conflict(text, conflict.start())
        message = "the front matter that opens here is never closed; end it with a line `---`"
        raise DocumentError(Trouble("unterminated", message))
    end = closing.start(1)
    if end > MOST_BYTES or (end * 4 > MOST_BYTES and len(text[:end].encode()) > MOST_BYTES):
        raise DocumentError(Trouble("too-large", f"the front matter is longer than {MOST_BYTES // 1024} KiB"))
    # The break before a closing fence that follows at once belongs to the opening one.
    start = opening.end() + (2 if text.startswith("\r\n", opening.end()) else 1)
    return Fences(start, end, closing.end())


def refuse_conflict(text: str, fences: Fences) -> None:
    """Raise DocumentError when a merge left its markers in the front matter."""
    marker = _MARKER.search(text, fences.start, fences.end)
    if marker:
        raise _conflict(text, marker.start())


def refuse_hidden(text: str) -> None:
    """Raise DocumentError when text without front matter on line 1 was plainly meant to have some."""
    if _CONFLICT_START.match(text):
        raise _conflict(text, 0)
    misplaced = _MISPLACED.match(text)
    if misplaced is None:
        return
    closing = CLOSE.search(text, misplaced.end())
    if closing and all(map(_LIKE_YAML.fullmatch, text[misplaced.end() : closing.start()].splitlines())):
        message = "front matter must start at the very beginning of the file: delete what is before this `---`"
        raise trouble_at("misplaced", message, text, misplaced.start("fence"))


def _conflict(text: str, offset: int) -> DocumentError:
    message = "a merge left its conflict markers here; settle the conflict and delete them"
    return trouble_at("conflict-markers", message, text, offset)
