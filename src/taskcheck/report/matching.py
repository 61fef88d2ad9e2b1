"""Expressions over names, as pytest's ``-k`` takes them: words with `and`, `or`, `not` and parentheses."""

from collections.abc import Callable

Matches = Callable[[str], bool]
"""Tells whether a name is meant."""

MOST_DEPTH = 50
"""Parentheses and `not` within each other."""


class Malformed(ValueError):
    """An expression that can't be read, with what is wrong with it."""


def matching(text: str) -> Matches:
    """Return what an expression says of a name; a word matches where the name has it, in any case.

    Example:
        ``drift and not fix-login``; ``(worker or run) and dave``.

    Raises:
        Malformed: it can't be read.
    """
    parser = _Parser(text.replace("(", " ( ").replace(")", " ) ").split())
    matches = parser.either(0)
    parser.expect_end()
    return matches


class _Parser:
    """Reads the words of an expression from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._position = 0

    def either(self, depth: int) -> Matches:
        """Return what one or more parts between `or` say."""
        parts = [self._both(depth)]
        while self._take("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else lambda name: any(part(name) for part in parts)

    def expect_end(self) -> None:
        """See that nothing is left.

        Raises:
            Malformed: something is.
        """
        if self._position < len(self._tokens):
            raise Malformed(f"{self._tokens[self._position]!r} isn't expected there")

    def _both(self, depth: int) -> Matches:
        parts = [self._one(depth)]
        while self._take("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda name: all(part(name) for part in parts)

    def _one(self, depth: int) -> Matches:
        """Return what a word says, what follows `not`, or what stands in parentheses."""
        if depth > MOST_DEPTH:
            raise Malformed(f"more than {MOST_DEPTH} parentheses lie within each other")
        if self._take("not"):
            part = self._one(depth + 1)
            return lambda name: not part(name)
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                raise Malformed("a parenthesis isn't closed")
            return inner
        return self._word()

    def _word(self) -> Matches:
        if self._position >= len(self._tokens):
            raise Malformed("a word is missing at its end")
        word = self._tokens[self._position].casefold()
        if word in {"and", "or", ")"}:
            raise Malformed(f"a word is missing before {word!r}")
        self._position += 1
        return lambda name: word in name.casefold()

    def _take(self, token: str) -> bool:
        """Go on behind a token, where it is the next one."""
        if self._tokens[self._position : self._position + 1] != [token]:
            return False
        self._position += 1
        return True
