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
        before, after = _lines(change.before), _lines(change.after)
        old = f"a/{change.path}" if change.before is not None else "/dev/null"
        new = f"b/{change.path}" if change.after is not None else "/dev/null"
        for line in unified_diff(before, after, visible(old, None), visible(new, None), lineterm=""):
            missing = line.endswith(_NO_BREAK)
            lines.append(_harmless(line.removesuffix(_NO_BREAK)))
            if missing:
                lines.append("\\ No newline at end of file")
    return "".join(f"{line}\n" for line in lines)


_NO_BREAK = "\0"
"""Marks a last line without a line break; no text file has it."""


def _lines(data: bytes | None) -> list[str]:
    if not data:
        return []
    lines = data.decode("utf-8", "backslashreplace").split("\n")
    last = lines.pop()
    return [*lines, last + _NO_BREAK] if last else lines


def _harmless(line: str) -> str:
    """A line of a diff; its first character is the diff's own, and tabs and a carriage return at the end are plain."""
    end = "\r" if line.endswith("\r") and len(line) > 1 else ""
    body = line[1:].removesuffix("\r")
    return line[:1] + "\t".join(visible(part, None) for part in body.split("\t")) + end
