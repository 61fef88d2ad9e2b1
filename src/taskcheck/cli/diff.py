"""A plan as a unified diff, with what could steer a terminal or a log spelled out."""

from difflib import unified_diff
from typing import TYPE_CHECKING

from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.model.plan import Plan


def render(plan: "Plan") -> str:
    """Return the diff of all files of a plan, as ``git apply`` takes it where the text has nothing odd in it."""
    lines: list[str] = []
    for change in plan.changes:
        before = _lines(change.before)
        after = _lines(change.after)
        old = _name("a", change.path, change.before)
        new = _name("b", change.path, change.after)
        for line in unified_diff(before, after, old, new, lineterm=""):
            missing = line.endswith(_NO_BREAK)
            lines.append(_harmless(line.removesuffix(_NO_BREAK)))
            if missing:
                lines.append("\\ No newline at end of file")
    return "".join(f"{line}\n" for line in lines)


_NO_BREAK = "\0"
"""Marks a last line without a line break; no text file has it."""


def _name(side: str, path: str, data: bytes | None) -> str:
    """Return what a diff calls one side of a change."""
    if data is None:
        return "/dev/null"
    return visible(f"{side}/{path}", None)


def _lines(data: bytes | None) -> list[str]:
    if not data:
        return []
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    last = lines.pop()
    if last:
        lines.append(last + _NO_BREAK)
    return lines


def _harmless(line: str) -> str:
    """A line of a diff; its first character is the diff's own, and tabs and a carriage return at the end are plain."""
    first = line[:1]
    rest = line[1:]
    body = rest.removesuffix("\r")
    end = rest[len(body) :]
    parts = [visible(part, None) for part in body.split("\t")]
    return first + "\t".join(parts) + end
