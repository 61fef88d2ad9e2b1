"""Match a path against wildcards step by step, where a regular expression could take for ever.

A regular expression tries every way in which several stars share a text between them. Here each pair of a step and a
position is tried once: what failed there before fails again. The first match is the one that an expression would find.
"""

from collections.abc import Iterable, Iterator, Sequence

from taskcheck.documents.frozen import frozen

Step = tuple[str, str]
"""What to do at a position, and with what: a text to find, a kind of character, or a name that begins or ends."""

DIGITS = "0123456789"

Marks = tuple["Marks", str, int] | None
"""The names that began or ended on the way here, the last first, each with its position."""

State = tuple[int, int, Marks]
"""Number of the next step, position in the path, and what was marked."""


@frozen
class Found:
    """A match, with what its named parts stood for; it is asked like one of a regular expression."""

    groups: dict[str, str]

    def groupdict(self) -> dict[str, str]:
        """Return what each named part stood for."""
        return self.groups

    def __getitem__(self, name: str) -> str:
        """Return what a named part stood for."""
        return self.groups[name]


# Decisions: one for each kind of token.
def steps_of(tokens: Iterable[str]) -> list[Step]:
    """Return the steps of a pattern's tokens; a name that stands there again asks for the same text."""
    steps: list[Step] = []
    seen: set[str] = set()
    for part in tokens:
        name = part[1:-1] if len(part) > 1 and part[0] == "{" else ""
        last = steps[-1] if steps else None
        if name in seen:
            steps.append(("again", name))
        elif name:
            seen.add(name)
            steps += _named(name)
        elif part in _WILD:
            is_more_of_it = last == _WILD[part] and part != "?"
            steps += [] if is_more_of_it else [_WILD[part]]
        elif last is not None and last[0] == "text":
            steps[-1] = ("text", last[1] + part)
        else:
            steps.append(("text", part))
    return steps


_WILD: dict[str, Step] = {
    "**/": ("folders", ""),
    "**": ("most", "any"),
    "*": ("most", "inside"),
    "?": ("one", "inside"),
}


def _named(name: str) -> list[Step]:
    """Return the steps of a named part, which stands for one character or more."""
    kind = {"number": "digit", "scope": "any"}.get(name, "inside")
    rest = "most" if name == "number" else "least"
    return [("begin", name), ("one", kind), (rest, kind), ("end", name)]


def find(steps: Sequence[Step], path: str) -> Found | None:
    """Return the first match of a whole path; None where there is none.

    The time is that of steps by characters, but for names that stand there twice.
    """
    is_twice = any(kind == "again" for kind, _ in steps)
    waiting: list[State] = [(0, 0, None)]
    tried: set[object] = set()
    while waiting:
        state = waiting.pop()
        number, at, marks = state
        key = state if is_twice else (number, at)
        if key in tried:
            continue
        tried.add(key)
        if number < len(steps):
            waiting += _next(steps[number], state, path)
        elif at == len(path):
            return Found(_groups(marks, path))
    return None


# Decisions: one for each kind of step.
def _next(step: Step, state: State, path: str) -> Iterator[State]:
    """Yield the states that may follow; the one to be tried first comes last."""
    (kind, what), (number, at, marks) = step, state
    beyond = (number + 1, at, marks)
    match kind:
        case "text" | "again":
            text = what if kind == "text" else _groups(marks, path)[what]
            if path.startswith(text, at):
                yield number + 1, at + len(text), marks
        case "one":
            if _fits(what, path, at):
                yield number + 1, at + 1, marks
        case "begin" | "end":
            yield number + 1, at, (marks, what, at)
        case "folders":
            yield beyond
            slash = path.find("/", at)
            if slash > at:
                yield number, slash + 1, marks
        case _:
            longer = [(number, at + 1, marks)] if _fits(what, path, at) else []
            yield from (beyond, *longer) if kind == "most" else (*longer, beyond)


def _fits(kind: str, path: str, at: int) -> bool:
    """Return whether there is a character of a kind at a position."""
    if at >= len(path):
        return False
    return kind == "any" or (path[at] in DIGITS if kind == "digit" else path[at] != "/")


def _groups(marks: Marks, path: str) -> dict[str, str]:
    """Return what each name stood for that began and ended, in the order of the pattern."""
    ends: dict[str, int] = {}
    groups: list[tuple[str, str]] = []
    while marks is not None:
        marks, name, at = marks
        if name in ends:
            groups.append((name, path[at : ends[name]]))
        else:
            ends[name] = at
    return dict(reversed(groups))
