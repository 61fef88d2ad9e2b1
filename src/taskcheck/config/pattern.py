"""Path patterns with named parts: as regular expressions where these are sure to be done soon, else step by step.

Not pathspec: its import alone takes longer than reading a thousand tasks, and it knows no named parts.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from taskcheck.config.wildcards import DIGITS, Found, Step, find, steps_of
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen

LONGEST = 1000
"""Characters that a pattern of a configuration may have."""

MOST_WILDCARDS = 32
"""Wildcards and named parts that it may have."""

_TOKEN = expression(r"\*\*/|\*\*|\*|\?|\{(?:owner|task|number|scope)\}|.", re.DOTALL)
_NAMED = {"{owner}": "[^/]+?", "{task}": "[^/]+?", "{number}": "[0-9]+", "{scope}": ".+?"}
_SPANNING = frozenset({"**/", "**", "{scope}"})
"""What may stand for several folders."""


@frozen(slots=False)
class Pattern:
    """One glob relative to the root checkout, with ``/`` between names; ``**`` spans folders.

    Named parts: ``{owner}`` and ``{task}`` within a name, ``{number}`` of digits, ``{scope}`` of one folder or more.
    """

    text: str

    @cached_property
    def _tokens(self) -> list[str]:
        """What it is made of: wildcards, named parts, and single characters."""
        return _TOKEN.findall(self.text)

    @cached_property
    def _regex(self) -> re.Pattern[str] | None:
        """Matches whole paths in a time that grows with their length; None where no expression is sure to.

        What a placeholder stood for is the group of its name.
        """
        expression = _expression(self._tokens)
        return None if expression is None else re.compile(expression + r"\Z", re.DOTALL)

    @cached_property
    def _steps(self) -> list[Step]:
        """The same, to be done one after the other."""
        return steps_of(self._tokens)

    @property
    def trouble(self) -> str | None:
        """Why it would take too long to match foreign paths, in words; None where it wouldn't."""
        if len(self.text) > LONGEST:
            return f"has {len(self.text):,} characters, and may have {LONGEST:,}; write several patterns instead"
        wild = [token for token in self._tokens if token in _NAMED or "*" in token]
        if len(wild) > MOST_WILDCARDS:
            return f"has {len(wild)} wildcards, and may have {MOST_WILDCARDS}; write several patterns instead"
        names = [token for token in wild if token in _NAMED]
        if len(set(names)) < len(names) and self._regex is None:
            return "names a part twice and has several other wildcards; leave out one of them"
        return None

    @cached_property
    def folder(self) -> str:
        """The literal folder that all matches lie in; empty for the root."""
        literal = re.split(r"[*?{]", self.text, maxsplit=1)[0]
        return literal.rpartition("/")[0]

    @cached_property
    def depth(self) -> int | None:
        """How many folders below ``folder`` a match may lie; None for any number."""
        rest = self.text.removeprefix(self.folder).lstrip("/")
        return None if "**" in rest or "{scope}" in rest else rest.count("/")

    def match(self, path: str) -> re.Match[str] | Found | None:
        """The match of a whole path, between whose slashes there are names."""
        if self._regex is None:
            return find(self._steps, path)
        return self._regex.match(path)

    def task(self, path: str) -> tuple[str, str] | None:
        """Scope and name of the task that a path is, by the pattern's named parts; None when they don't say."""
        groups = match.groupdict() if (match := self.match(path)) else {}
        name = groups.get("number") or groups.get("task")
        return (groups.get("scope") or "", name) if name else None

    def fill(self, **values: str) -> str:
        """Return the path for an owner or a task."""
        return re.sub(r"\{(owner|task)\}", lambda m: values.get(m[1], m[0]), self.text)


def file_name(task: str) -> str:
    """Return a task's id as a file name has it: `/` becomes `-`."""
    return task.replace("/", "-")


def _expression(tokens: Sequence[str]) -> str | None:
    """Return a regular expression that is done in a time which grows with the path's length; None for none sure to be.

    A star within a name is held by the ends of the name; several stars of a name without parts take the first place
    that fits, and keep it; so do several `**/`. What a named part stands for may depend on how wildcards share a text:
    beside one, there is at most one more that could take a share.
    """
    has_names = any(token in _NAMED for token in tokens)
    segments = list(_segments(tokens))
    if has_names and sum(not _SPANNING.isdisjoint(segment) for segment in segments) > 1:
        return None
    groups = [""]
    seen: set[str] = set()
    for segment in segments:
        if segment == ["**/"]:
            groups.append("")
            continue
        expression = _segment(segment, frozenset(seen))
        if expression is None:
            return None
        groups[-1] += expression
        seen.update(segment)
    return _spanned(groups)


def _segments(tokens: Iterable[str]) -> Iterator[list[str]]:
    """Yield the tokens by name, each with the slash that ends it."""
    segment: list[str] = []
    for token in tokens:
        segment.append(token)
        if token in {"/", "**/"}:
            yield segment
            segment = []
    if segment:
        yield segment


def _segment(segment: list[str], before: Collection[str]) -> str | None:
    """Return the expression of a name, or of what stands for several; None where it may have to try much.

    Args:
        segment: its tokens.
        before: the tokens of the names before it.
    """
    slash = "/" if segment[-1] == "/" else ""
    own = segment[: len(segment) - len(slash)]
    if not _SPANNING.isdisjoint(own):
        return None if len(own) > 1 else _part(own[0], before) + slash
    if _NAMED.keys().isdisjoint(own):
        return _starred(own) + slash
    if _open_ends(own, before) > 1:
        return None
    return "".join(_part(token, before) for token in own) + slash


def _open_ends(own: Sequence[str], before: Collection[str]) -> int:
    """Return how many parts of a name could be longer or shorter: not what stood before it, nor a number that ends."""
    named = [part for part in own if part in _NAMED]
    if len(set(named)) < len(named):
        return len(named)
    count = 0
    for part, following in zip(own, [*own[1:], "/"], strict=True):
        is_first_number = part == "{number}" and not count
        is_new_name = part in _NAMED and part not in before
        if is_first_number and _ends_number(following):
            continue
        if part == "*" or is_new_name:
            count += 1
    return count


def _ends_number(following: str) -> bool:
    """Return whether a part that follows a number can be no part of it: one character that is no digit."""
    return len(following) == 1 and following not in "*?" + DIGITS


def _part(token: str, before: Collection[str]) -> str:
    """Return the expression of one token; of a named part that stood before, that of the same text."""
    if token in _NAMED:
        name = token[1:-1]
        return f"(?P={name})" if token in before else f"(?P<{name}>{_NAMED[token]})"
    return {"**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token) or re.escape(token)


def _starred(own: Sequence[str]) -> str:
    """Return the expression of a name without parts: between two stars the first place that fits is as good as any."""
    pieces = [""]
    for part in own:
        if part == "*":
            pieces.append("")
        else:
            pieces[-1] += _part(part, ())
    first, *between, last = pieces if len(pieces) > 1 else (pieces[0], "")
    held = "".join(f"(?>[^/]*?{piece})" for piece in between)
    return first + held + ("[^/]*" if len(pieces) > 1 else "") + last


def _spanned(groups: Sequence[str]) -> str:
    """Return the expression of groups of names with any folders between them: each takes the first place that fits."""
    if len(groups) == 1:
        return groups[0]
    first, *between, last = groups
    held = "".join(f"(?>(?:[^/]++/)*?{group})" for group in between if group)
    return f"{first}{held}(?:[^/]++/)*{last}"
