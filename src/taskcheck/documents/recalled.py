"""A document of which the values are known, and which is read when somebody asks for more than these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskcheck.documents.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from taskcheck.documents.document import Route, Span, Value


class Recalled(Document):
    """A document whose text and spans are those of one that is read when they are asked for."""

    __slots__ = ("_path", "_read", "_whole")

    _path: str
    _read: Callable[[str], Document | None]
    _whole: Document | None

    def __init__(self, values: Mapping[str, Value], path: str, read: Callable[[str], Document | None]) -> None:
        """Take what is known.

        Args:
            values: as the document has them.
            path: the document's file.
            read: returns the document in a file; None where it can't be had any more, and then its text is empty.
        """
        put = object.__setattr__
        put(self, "values", values)
        put(self, "bom", False)
        put(self, "trouble", None)
        put(self, "_path", path)
        put(self, "_read", read)
        put(self, "_whole", None)

    @property
    def text(self) -> str:
        """The decoded file."""
        return self._document().text

    @property
    def body_start(self) -> int:  # type: ignore[override]
        """The offset where the body starts."""
        return self._document().body_start

    def span(self, route: Route) -> Span | None:
        """Return the exact span of the value at the route; None when the route isn't there."""
        return self._document().span(route)

    def locate(self, route: Route) -> tuple[int, int]:
        """Return line and column (1-based, in characters) of the value at the route."""
        return self._document().locate(route)

    def _document(self) -> Document:
        whole = self._whole
        if whole is None:
            whole = self._read(self._path) or _NOTHING
            object.__setattr__(self, "_whole", whole)
        return whole


_NOTHING = Document(b"", {}, bom=False, body_start=0, scan=lambda _: {})
