"""Path patterns with named parts, as regular expressions.

Not pathspec: its import alone takes longer than reading a thousand tasks, and it knows no named parts.
"""

import re
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\{(?P<name>owner|task|number|scope)\}|.", re.DOTALL)
_AS_REGEX = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_NAMED = {"owner": "[^/]+?", "task": "[^/]+?", "number": "[0-9]+", "scope": ".+?"}


@dataclass(frozen=True)
class Pattern:
    """One glob relative to the root checkout, with ``/`` between names; ``**`` spans folders.

    Named parts: ``{owner}`` and ``{task}`` within a name, ``{number}`` of digits, ``{scope}`` of one folder or more.
    """

    text: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches whole paths; what a placeholder stood for is the group of its name."""
        seen: set[str] = set()

        def part(token: re.Match[str]) -> str:
            name = token["name"]
            if name is None:
                return _AS_REGEX.get(token[0]) or re.escape(token[0])
            if name in seen:
                return f"(?P={name})"
            seen.add(name)
            return f"(?P<{name}>{_NAMED[name]})"

        return re.compile(_TOKEN.sub(part, self.text) + r"\Z", re.DOTALL)

    @property
    def folder(self) -> str:
        """The literal folder that all matches lie in; empty for the root."""
        literal = re.split(r"[*?{]", self.text, maxsplit=1)[0]
        return literal.rpartition("/")[0]

    @property
    def depth(self) -> int | None:
        """How many folders below ``folder`` a match may lie; None for any number."""
        rest = self.text.removeprefix(self.folder).lstrip("/")
        return None if "**" in rest or "{scope}" in rest else rest.count("/")

    def match(self, path: str) -> re.Match[str] | None:
        """Return the match of a whole path."""
        return self.regex.match(path)

    def task(self, path: str) -> tuple[str, str] | None:
        """Scope and name of the task that a path is, by the pattern's named parts; None when they don't say."""
        groups = match.groupdict() if (match := self.match(path)) else {}
        name = groups.get("number") or groups.get("task")
        return (groups.get("scope") or "", name) if name else None

    def fill(self, **values: str) -> str:
        """Return the path for an owner or a task."""
        return re.sub(r"\{(owner|task)\}", lambda m: values.get(m[1], m[0]), self.text)
