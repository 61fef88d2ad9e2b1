"""Documents: the bytes of a ledger (front matter or JSON) as values, with the place of each in the text."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from taskcheck.documents.document import (
        Document as Document,
        DocumentError as DocumentError,
        Refused as Refused,
        Route as Route,
        Span as Span,
        Trouble as Trouble,
        Value as Value,
    )
    from taskcheck.documents.frontmatter import read_front_matter as read_front_matter
    from taskcheck.documents.jsonfile import read_json as read_json

_HOMES = {"read_front_matter": "frontmatter", "read_json": "jsonfile"}
_NOUNS = {"Document", "DocumentError", "Refused", "Route", "Span", "Trouble", "Value"}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: who needs a regular expression needs no reader."""
    home = "document" if name in _NOUNS else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
