"""Output formats: pure functions from a report to text, each in a module of its own, imported when it is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskcheck.model.report import Report

FORMATS = (
    "text", "concise", "json", "jsonl", "junit", "sarif", "github", "gitlab", "markdown", "agent", "html",
)  # fmt: skip
"""Names of the built-in formats; each is the module of this package with that name (``json`` is ``json_report``)."""


def renderer(name: str) -> "Callable[[Report], str]":
    """The function that turns a report into text.

    Raises:
        KeyError: no built-in format has this name.
    """
    if name not in FORMATS:
        raise KeyError(name)
    module = import_module(f"{__name__}.{ {'json': 'json_report'}.get(name, name) }".replace(" ", ""))
    render: Callable[[Report], str] = module.render
    return render
