"""A terminal's screen: groups of lines that belong together, as many as fit, and texts of so many columns."""

from collections.abc import Iterable

from taskcheck.formats.cells import cells, clip, clip_before
from taskcheck.formats.lines import Line

Group = list[Line]
"""Lines that belong together: a row."""

BLANK = [Line(0, ())]


def fitting(groups: list[Group], room: int, width: int, more: str) -> list[Group]:
    """Return as much as there is room for, the last line for how much more there is."""
    if height(groups, width) <= room:
        return groups
    kept: list[Group] = []
    used = 1
    for number, group in enumerate(groups):
        lines = height([group], width)
        if used + lines > room:
            left_out = _left_out(groups[number:], width, more) if room > 0 else []
            return [*(kept or [_beginning(group, room - used, width)]), *left_out]
        used += lines
        kept.append(group)
    return kept


def _beginning(group: Group, room: int, width: int) -> Group:
    """Return the first lines of a row, as many as there is room for."""
    kept: Group = []
    for line in group:
        room -= height([[line]], width)
        if room < 0:
            break
        kept.append(line)
    return kept


def _left_out(groups: list[Group], width: int, more: str) -> list[Group]:
    """Return a line that says how many rows are left out; none where none is."""
    left = sum(each is not BLANK for each in groups)
    return [[Line(0, ((cut(f"{left} {more}", width), "dim"),))]] if left else []


def height(groups: Iterable[Group], width: int) -> int:
    """Return the lines of the terminal that groups take: a command may take more than one."""
    return sum(max(1, -(-cells(line.plain.rstrip()) // width)) for group in groups for line in group)


def cell(text: str, width: int) -> str:
    """Return a text in so many columns."""
    shown = cut(text, width)
    return shown + " " * (width - cells(shown))


def cut(text: str, width: int) -> str:
    """Return a text of so many columns at the most, cut visibly."""
    if cells(text) <= width:
        return text
    return clip(text, width - 1).rstrip() + "…"


def cut_inside(text: str, width: int) -> str:
    """Return a text of so many columns at the most, cut visibly in its middle: names differ at their ends too."""
    if cells(text) <= width:
        return text
    ending = clip_before(text, (width - 1) // 2)
    before = clip(text, width - 1 - cells(ending)).rstrip()
    return f"{before}…{ending}"
