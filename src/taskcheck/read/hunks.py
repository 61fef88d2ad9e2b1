"""The hunks of patches: which lines of a file each is about, and what it takes and gives."""

import re
from collections.abc import Iterable, Mapping, Sequence

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.read.patches import by_file

_HUNK = expression(rb"^@@ -(\d+)(?:,(\d+))? .*\n((?:[ +\\-].*\n?)*)", re.MULTILINE)
_GIVEN = expression(rb"^\+(.*[\w\x80-\xff].*)$", re.MULTILINE)
_TAKEN = expression(rb"^-(.*[\w\x80-\xff].*)$", re.MULTILINE)

Lines = frozenset[bytes]


@frozen
class Hunk:
    """A part of a patch."""

    first: int
    """The first line of the file before, counted from 1."""
    behind: int
    """The line after the last one."""
    given: Lines
    """What it adds: lines with a letter or a digit."""
    taken: Lines
    """What it takes away."""

    @classmethod
    def of(cls, match: re.Match[bytes]) -> "Hunk":
        """Return what a patch has."""
        first, count, text = match.groups(b"1")
        begin = int(first)
        given = frozenset(_GIVEN.findall(text))
        taken = frozenset(_TAKEN.findall(text))
        return cls(begin, begin + int(count), given, taken)

    def meets(self, other: "Hunk") -> bool:
        """Return whether another one is about some of the same lines, or those beside them."""
        return self.first <= other.behind and other.first <= self.behind


@frozen
class Patch:
    """What a change does to the lines of files."""

    files: Mapping[str, Sequence[Hunk]]

    @classmethod
    def of(cls, text: bytes) -> "Patch":
        """Return what git tells of a change."""
        sections = by_file(text.split(b"\n"))
        return cls({path: _hunks(lines) for path, lines in sections})

    def at(self, path: str) -> Sequence[Hunk]:
        """Return what it does to one file."""
        return self.files.get(path, ())

    @property
    def given(self) -> Lines:
        """What it adds in any file."""
        found: set[bytes] = set()
        for hunks in self.files.values():
            found.update(given(hunks))
        return frozenset(found)


def given(hunks: Iterable[Hunk]) -> Lines:
    """Return what some hunks add."""
    none: Lines = frozenset()
    return none.union(*(hunk.given for hunk in hunks))


def taken(hunks: Iterable[Hunk]) -> Lines:
    """Return what some hunks take away."""
    none: Lines = frozenset()
    return none.union(*(hunk.taken for hunk in hunks))


def _hunks(lines: Iterable[bytes]) -> Sequence[Hunk]:
    """Return the hunks in the part of a patch that is about one file."""
    text = b"\n".join(lines)
    return list(map(Hunk.of, _HUNK.finditer(text)))
