"""The evidence of a finding side by side: who speaks, in which file, which value under which key, and what differs."""

from collections.abc import Iterable

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen
from taskcheck.model.finding import Evidence, Finding

SHORTENED = 64
"""Characters of a path that are shown; of a longer one its middle is left out."""

_VALUE = expression(r"(?s)([a-z][a-z0-9_.]*) is ([^,]+)(?:, (.*))?")


@frozen(kw_only=True)
class Fact:
    """What one place says: a value under a key, and what is said beside it; or words alone."""

    key: str = ""
    value: str = ""
    words: str = ""
    line: int | None = None
    differs: bool = False
    """Whether another side has another value under this key."""


@frozen(kw_only=True)
class File:
    """What one file says."""

    path: str
    facts: tuple[Fact, ...]

    @property
    def short(self) -> str:
        """Its path, of a long one without the middle."""
        return shortened(self.path, SHORTENED)


@frozen(kw_only=True)
class Panel:
    """What one side says: root, a worktree or branch, or the other ledgers."""

    side: str
    files: tuple[File, ...] = field(default=())


def panels(finding: Finding) -> list[Panel]:
    """Return the evidence by who speaks (root, each worktree or branch, the other ledgers), and by file."""
    by_side: dict[str, dict[str, list[Fact]]] = {"root": {}}
    for item in sorted(finding.evidence, key=lambda item: item.side == "ledger"):
        by_side.setdefault(_side(item), {}).setdefault(item.place.path, []).append(_fact(item))
    differing = _differing(by_side.values())
    found = []
    for side, paths in by_side.items():
        files = [File(path=path, facts=_marked(facts, differing)) for path, facts in paths.items()]
        if files:
            found.append(Panel(side=side, files=tuple(files)))
    return found


def shortened(text: str, most: int) -> str:
    """Return a text of so many characters at the most, of a longer one without its middle."""
    if len(text) <= most:
        return text
    before = (most - 1) // 2
    return f"{text[:before]}…{text[before + 1 - most :]}"


def _fact(item: Evidence) -> Fact:
    """Return what one place says."""
    parts = _VALUE.fullmatch(item.saw)
    if parts is None:
        return Fact(words=item.saw, line=item.place.line)
    return Fact(key=parts[1], value=parts[2], words=parts[3] or "", line=item.place.line)


def _differing(sides: Iterable[dict[str, list[Fact]]]) -> set[str]:
    """Return the keys under which sides have different values."""
    values: dict[str, set[str]] = {}
    for paths in sides:
        for facts in paths.values():
            for fact in facts:
                values.setdefault(fact.key, set()).add(fact.value)
    return {key for key, found in values.items() if key and len(found) > 1}


def _marked(facts: Iterable[Fact], differing: set[str]) -> tuple[Fact, ...]:
    """Return what a file says, with the values that differ marked."""
    marked = []
    for fact in facts:
        told = Fact(key=fact.key, value=fact.value, words=fact.words, line=fact.line, differs=fact.key in differing)
        marked.append(told)
    return tuple(marked)


def _side(item: Evidence) -> str:
    """Return who speaks, in words."""
    match item.side:
        case "root":
            return "root"
        case "ledger":
            return "ledgers"
        case "worktree":
            return item.place.checkout.replace(":", " ", 1)
