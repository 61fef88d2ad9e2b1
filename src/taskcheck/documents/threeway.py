"""What `git merge` makes of three versions of a text, line by line; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from taskcheck.documents.frozen import frozen
from taskcheck.documents.linediff import Change, changes, lines_of

OURS, THEIRS, CONFLICT = "ours", "theirs", "conflict"


@dataclass(slots=True)
class Part:
    """Lines of both sides that differ from the base, and which side's are taken."""

    side: str
    start: int
    end: int
    """In ours."""
    their_start: int
    their_end: int


@frozen
class Merged:
    """What a merge leaves."""

    text: str
    """Where both sides' lines meet it has ours."""
    conflicts: tuple[Part, ...] = ()
    """The lines that git leaves to a person."""


def merge(base: str, ours: str, theirs: str) -> Merged:
    """Return what git makes of two versions of a text that both began with a third one.

    Raises:
        Incomparable: they can't be compared as git does.
    """
    if theirs in (base, ours):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    begun, mine, yours = lines_of(base), lines_of(ours), lines_of(theirs)
    parts = _Weaving(mine, yours).woven(changes(begun, mine), changes(begun, yours))
    merged: list[str] = []
    at = 0
    for part in parts:
        merged += mine[at : part.start]
        taken_over = part.side == THEIRS
        merged += yours[part.their_start : part.their_end] if taken_over else mine[part.start : part.end]
        at = part.end
    merged += mine[at:]
    return Merged("".join(merged), tuple(part for part in parts if part.side == CONFLICT))


@dataclass(slots=True)
class _Weaving:
    """Two sides' changes of one base, being put into one order."""

    mine: Sequence[str]
    yours: Sequence[str]
    parts: list[Part] = field(default_factory=list)

    def woven(self, ours: list[Change], theirs: list[Change]) -> list[Part]:
        """Return the parts; those that both sides changed alike are none."""
        our, their = 0, 0
        while our < len(ours) and their < len(theirs):
            mine, yours = ours[our], theirs[their]
            if mine.end < yours.start:
                self._take_ours(mine, yours.other_start - yours.start)
                our += 1
            elif yours.end < mine.start:
                self._take_theirs(yours, mine.other_start - mine.start)
                their += 1
            else:
                if not self._alike(mine, yours):
                    self._leave(mine, yours)
                our += mine.end <= yours.end
                their += yours.end <= mine.end
        for mine in ours[our:]:
            self._take_ours(mine, len(self.yours) - self._length(ours, self.mine))
        for yours in theirs[their:]:
            self._take_theirs(yours, len(self.mine) - self._length(theirs, self.yours))
        return list(self._refined())

    @staticmethod
    def _length(of: list[Change], lines: Sequence[str]) -> int:
        """Return how many lines the base has, by one side's changes."""
        return len(lines) - (of[-1].other_end - of[-1].end)

    def _take_ours(self, mine: Change, shift: int) -> None:
        """Take a change of ours, where their lines are those of the base, so many further down."""
        self._add(Part(OURS, mine.other_start, mine.other_end, mine.start + shift, mine.end + shift))

    def _take_theirs(self, yours: Change, shift: int) -> None:
        """Take a change of theirs, where our lines are those of the base, so many further down."""
        self._add(Part(THEIRS, yours.start + shift, yours.end + shift, yours.other_start, yours.other_end))

    def _alike(self, mine: Change, yours: Change) -> bool:
        """Return whether both sides made one change."""
        same_place = mine[:2] == yours[:2]
        same_lines = self.mine[mine.other_start : mine.other_end] == self.yours[yours.other_start : yours.other_end]
        return same_place and same_lines

    def _leave(self, mine: Change, yours: Change) -> None:
        """Leave to a person what both sides changed, as far as either change reaches."""
        start, end = min(mine.start, yours.start), max(mine.end, yours.end)
        self._add(
            Part(
                CONFLICT,
                mine.other_start - (mine.start - start),
                mine.other_end + (end - mine.end),
                yours.other_start - (yours.start - start),
                yours.other_end + (end - yours.end),
            )
        )

    def _add(self, part: Part) -> None:
        """Add a part; one that touches the part before becomes one with it."""
        last = self.parts[-1] if self.parts else None
        if last is None or (part.start > last.end and part.their_start > last.their_end):
            self.parts.append(part)
            return
        if last.side != part.side:
            last.side = CONFLICT
        last.end, last.their_end = part.end, part.their_end

    def _refined(self) -> Iterator[Part]:
        """Yield the parts, but for those in which both sides are the same after all."""
        for part in self.parts:
            mine = self.mine[part.start : part.end]
            if part.side != CONFLICT or not mine or mine != self.yours[part.their_start : part.their_end]:
                yield part
