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


Shape = FrontMatter
"""Every way in which a store can hold its tasks."""

PLAIN = FrontMatter()
"""Front matter as YAML has it."""
