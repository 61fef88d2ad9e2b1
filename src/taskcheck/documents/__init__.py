"""Documents: the bytes of a ledger (front matter or JSON) as values, with the place of each in the text."""

from taskcheck.documents.document import Document, DocumentError, Refused, Route, Span, Trouble, Value
from taskcheck.documents.frontmatter import read_front_matter
from taskcheck.documents.jsonfile import read_json

__all__ = [
    "Document",
    "DocumentError",
    "Refused",
    "Route",
    "Span",
    "Trouble",
    "Value",
    "read_front_matter",
    "read_json",
]
