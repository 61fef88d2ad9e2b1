"""How git tells what changed between two texts, line by line: its histogram diff, which `git merge` uses; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

RAREST = 64
"""A line that is there more often says nothing of what belongs together; git's figure."""

MOST_STEPS = 300_000
"""How many lines may be looked at; texts that ask for more are nobody's task files."""


class Incomparable(Exception):
    """The texts are too long, or say the same too often, to be compared as git does."""


class Change(NamedTuple):
    """Lines `one[start:end]` have become lines `other[other_start:other_end]`; one of both may be empty."""

    start: int
    end: int
    other_start: int
    other_end: int


class Region(NamedTuple):
    """A part of both texts."""

    start: int
    end: int
    other_start: int
    other_end: int


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as git counts them, each with its line feed."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


def changes(one: Sequence[str], other: Sequence[str]) -> list[Change]:
    """Return what became of one text's lines in the other one, in order.

    Raises:
        Incomparable: they can't be compared.
    """
    return _Diff(one, other).changes()


class _Diff:
    """One comparison under way."""

    def __init__(self, one: Sequence[str], other: Sequence[str]) -> None:
        self.one, self.other = one, other
        # One more than there are lines: nothing changes behind the last one.
        self.changed = [False] * (len(one) + 1)
        self.other_changed = [False] * (len(other) + 1)
        self.steps = 0

    def changes(self) -> list[Change]:
        """Return the changes, each pushed to where git would show it."""
        self._mark()
        _compact(self.one, self.changed, self.other_changed)
        _compact(self.other, self.other_changed, self.changed)
        return list(self._script())

    def _mark(self) -> None:
        """Mark the lines that aren't in both texts: those around the rarest run of common lines, again and again."""
        waiting = [Region(0, len(self.one), 0, len(self.other))]
        while waiting:
            region = waiting.pop()
            self._step(region.end - region.start + region.other_end - region.other_start)
            common = _Search(self, region).common()
            if common is None:
                self.changed[region.start : region.end] = [True] * (region.end - region.start)
                self.other_changed[region.other_start : region.other_end] = [True] * (
                    region.other_end - region.other_start
                )
                continue
            waiting.append(Region(region.start, common.start, region.other_start, common.other_start))
            waiting.append(Region(common.end, region.end, common.other_end, region.other_end))

    def _step(self, count: int) -> None:
        """Count lines that are looked at."""
        self.steps += count
        if self.steps > MOST_STEPS:
            raise Incomparable

    def _script(self) -> Iterator[Change]:
        """Yield the marked lines as changes."""
        at = other_at = 0
        while at < len(self.one) or other_at < len(self.other):
            start, other_start = at, other_at
            while self.changed[at]:
                at += 1
            while self.other_changed[other_at]:
                other_at += 1
            if (at, other_at) != (start, other_start):
                yield Change(start, at, other_start, other_at)
            at += 1
            other_at += 1


class _Search:
    """The search for the run of lines that a region of both texts has in common."""

    def __init__(self, diff: _Diff, region: Region) -> None:
        self.diff, self.region = diff, region
        self.places: dict[str, list[int]] = {}
        for at in range(region.start, region.end):
            self.places.setdefault(diff.one[at], []).append(at)
        self.rarity = RAREST + 1
        self.found: Region | None = None

    def common(self) -> Region | None:
        """Return the run with the rarest line, of those the longest; None where there is none."""
        at = self.region.other_start
        while at < self.region.other_end:
            at = self._try(at)
        if self.rarity > RAREST and not self.places.keys().isdisjoint(self._other_lines()):
            raise Incomparable  # here git compares in another way
        return self.found

    def _other_lines(self) -> Sequence[str]:
        """Return the other text's lines in the region."""
        return self.diff.other[self.region.other_start : self.region.other_end]

    def _try(self, other_at: int) -> int:
        """Look at the runs through a line of the other text; return the first line behind all of them."""
        behind = other_at + 1
        places = self.places.get(self.diff.other[other_at], [])
        if len(places) > self.rarity:
            return behind
        seen_to = -1
        for at in places:
            if at < seen_to:
                continue
            run, rarity = self._run(at, other_at)
            seen_to = run.end
            behind = max(behind, run.other_end)
            longest = self.found.end - self.found.start if self.found else 1
            if run.end - run.start > longest or rarity < self.rarity:
                self.found, self.rarity = run, rarity
        return behind

    def _run(self, at: int, other_at: int) -> tuple[Region, int]:
        """Return the run of common lines through a line of both, and how often its rarest one is in the first text."""
        one, other, region = self.diff.one, self.diff.other, self.region
        rarity = len(self.places[one[at]])
        start, other_start, end, other_end = at, other_at, at + 1, other_at + 1
        while start > region.start and other_start > region.other_start and one[start - 1] == other[other_start - 1]:
            start -= 1
            other_start -= 1
            rarity = min(rarity, len(self.places[one[start]]))
        while end < region.end and other_end < region.other_end and one[end] == other[other_end]:
            rarity = min(rarity, len(self.places[one[end]]))
            end += 1
            other_end += 1
        self.diff._step(end - start)  # noqa: SLF001 - one count for both
        return Region(start, end, other_start, other_end), rarity


@dataclass(slots=True)
class _Group:
    """Changed lines that stand together, or the gap between two lines where none are."""

    lines: Sequence[str]
    changed: list[bool]
    start: int = 0
    end: int = 0

    def __post_init__(self) -> None:
        self._stretch()

    def _stretch(self) -> None:
        while self.changed[self.end]:
            self.end += 1

    def next(self) -> bool:
        """Go on to the next one; whether there is one."""
        if self.end == len(self.changed) - 1:
            return False
        self.start = self.end = self.end + 1
        self._stretch()
        return True

    def previous(self) -> None:
        """Go back to the one before."""
        self.start = self.end = self.start - 1
        while self.start and self.changed[self.start - 1]:
            self.start -= 1

    def slide_down(self) -> bool:
        """Push it a line down, where that is the same change; whether it is."""
        if self.end == len(self.lines) or self.lines[self.start] != self.lines[self.end]:
            return False
        self.changed[self.start], self.changed[self.end] = False, True
        self.start += 1
        self.end += 1
        self._stretch()
        return True

    def slide_up(self) -> bool:
        """Push it a line up, where that is the same change; whether it is."""
        if self.start == 0 or self.lines[self.start - 1] != self.lines[self.end - 1]:
            return False
        self.start -= 1
        self.end -= 1
        self.changed[self.start], self.changed[self.end] = True, False
        while self.start and self.changed[self.start - 1]:
            self.start -= 1
        return True


def _compact(lines: Sequence[str], changed: list[bool], other_changed: list[bool]) -> None:
    """Push each change of a text as far down as it goes, or to a change of the other text that it can stand beside."""
    group, other = _Group(lines, changed), _Group((), other_changed)
    while True:
        if group.end > group.start:
            _settle(group, other)
        if not group.next():
            return
        other.next()


def _settle(group: _Group, other: _Group) -> None:
    """Push one change; what it bumps into becomes a part of it."""
    while True:
        size = group.end - group.start
        while group.slide_up():
            other.previous()
        highest = group.end
        beside = other.end > other.start
        while group.slide_down():
            other.next()
            beside = beside or other.end > other.start
        if group.end - group.start == size:
            break
    if group.end != highest and beside:
        while other.end == other.start:
            group.slide_up()
            other.previous()
