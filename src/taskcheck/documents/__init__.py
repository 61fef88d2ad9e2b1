"""Documents: bytes to values with the place of each; pure, and the lowest layer."""

from taskcheck.documents.document import Document, DocumentError, Route, Span, Trouble, Value
from taskcheck.documents.frontmatter import read_front_matter
from taskcheck.documents.jsonfile import read_json

__all__ = [
    "Document",
    "DocumentError",
    "Route",
    "Span",
    "Trouble",
    "Value",
    "read_front_matter",
    "read_json",
]
