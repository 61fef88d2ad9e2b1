"""A copy of a file that values are taken from; `frontgraft` takes them."""

from taskcheck.documents.document import Document, encode
from taskcheck.documents.frozen import frozen


@frozen
class Origin:
    """A copy of a file that values are taken from, and what it and the file began with."""

    text: str
    base: str
    """Empty where neither was there yet."""


def whole(document: Document) -> str:
    """Return the text of a whole file, with its byte order mark."""
    return encode(document.text, bom=document.bom).decode()
