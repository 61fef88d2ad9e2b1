"""How a task file holds what it says of its task: what reads its values, and what sets them."""

from collections.abc import Mapping
from typing import Literal

from taskcheck.documents.document import Document, Route
from taskcheck.documents.frozen import frozen

Fence = Literal["line", "start"]
"""What closes front matter: ``---`` alone in its line, or any line that begins so, as for gray-matter."""


@frozen(kw_only=True)
class FrontMatter:
    """A block of YAML at the top of a Markdown file, in the dialect of the store's own tool."""

    at_names: bool = False
    """Whether an unquoted ``@name`` is a value."""
    fence: Fence = "line"

    def read(self, data: bytes) -> Document | None:
        """Return the document that the bytes hold; None where they are Markdown of another kind.

        Raises:
            DocumentError: it can't be read.
        """
        from taskcheck.documents.frontmatter import read_front_matter

        return read_front_matter(data, at_names=self.at_names, fence=self.fence)

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some scalars set; what isn't named keeps every byte.

        Raises:
            DocumentError: the file can't be read.
            Refused: it can't be done exactly.
        """
        from taskcheck.documents.frontsplice import set_scalars

        return set_scalars(data, changes, self)

    def has_name(self, key: str, line: str) -> bool:
        """Return whether a line has the name of a key; a value may begin some lines below it."""
        return key in line


@frozen
class StatusLines:
    """Lines in the text of a Markdown file: ``Status: review``, and others with a label."""

    at_names = False

    def read(self, data: bytes) -> Document | None:
        """Return the document that the bytes hold; None where no line says a status.

        Raises:
            DocumentError: it can't be read.
        """
        from taskcheck.documents.statusline import read_status_lines

        return read_status_lines(data)

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some values set; what isn't named keeps every byte.

        Raises:
            DocumentError: the file can't be read.
            Refused: it can't be done exactly.
        """
        from taskcheck.documents.statusline import set_status_lines

        return set_status_lines(data, changes)

    def has_name(self, key: str, line: str) -> bool:  # noqa: ARG002 - of both shapes
        """Return whether a line has the name of a key: that in which its value begins has."""
        return True


Shape = FrontMatter | StatusLines
"""Every way in which a store can hold its tasks."""

PLAIN = FrontMatter()
"""Front matter as YAML has it."""
