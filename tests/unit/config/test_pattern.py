"""Patterns of paths match what the plain expression of their wildcards matches, and name the same parts."""

import random
import re
from pathlib import Path

import pytest

from taskcheck.config.load import ConfigError, builtin_presets, load, presets
from taskcheck.config.pattern import Pattern

NOWHERE = Path("nowhere")

PARTS = ["*", "*", "**/", "**", "?", "{owner}", "{task}", "{number}", "{scope}", "a", "b", "/", "/", "1", "-", "."]

WILD = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
NAMED = {"owner": "[^/]+?", "task": "[^/]+?", "number": "[0-9]+", "scope": ".+?"}


def plain(text: str) -> re.Pattern[str]:
    """The expression that says what a pattern means, and may take for ever to say whether it matches."""
    seen: set[str] = set()

    def part(token: re.Match[str]) -> str:
        name = token[1]
        if name is None:
            return WILD.get(token[0]) or re.escape(token[0])
        if name in seen:
            return f"(?P={name})"
        seen.add(name)
        return f"(?P<{name}>{NAMED[name]})"

    token = re.compile(r"\*\*/|\*\*|\*|\?|\{(owner|task|number|scope)\}|.", re.DOTALL)
    return re.compile(token.sub(part, text) + r"\Z", re.DOTALL)


def paths(chance: random.Random) -> list[str]:
    written = ("".join(chance.choice("aab11-./") for _ in range(chance.randint(0, 10))) for _ in range(30))
    return [re.sub("/+", "/", path).lstrip("/") for path in written]


@pytest.mark.parametrize("seed", range(20))
def test_it_matches_what_its_wildcards_mean(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(150):
        text = "".join(chance.choice(PARTS) for _ in range(chance.randint(0, 8)))
        pattern, meant = Pattern(text), plain(text)
        for path in paths(chance):
            found, expected = pattern.match(path), meant.match(path)
            assert (found is None) == (expected is None), (text, path)
            if found is not None and expected is not None:
                assert list(found.groupdict().items()) == list(expected.groupdict().items()), (text, path)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('paths = {tasks = ["tasks/%s.md"]}' % ("*a" * 40), "paths.tasks.0: the pattern has 40 wildcards, and may"),
        ('paths = {tasks = ["tasks/%s.md"]}' % ("a" * 2000), "paths.tasks.0: the pattern has 2,009 characters"),
        ('checkouts = {branch = "%s"}' % ("*{task}" * 40), "checkouts.branch: the pattern has 80 wildcards"),
        ('paths = {reviews = "{task}*/{task}*x"}', "paths.reviews: the pattern names a part twice"),
        ("a." * 40 + "b = 1", "a key of more than 32 names (at line 2)"),
        ("x = " + "[" * 200_000, "it is nested too deep"),
        ("x = " + "1" * 5000, "Exceeds the limit"),
    ],
    ids=range(7),
)
def test_what_would_take_long_is_refused(line: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(NOWHERE, presets(builtin_presets()), given={"taskcheck.toml": f'preset = "task-manager"\n{line}'.encode()})
    assert says in str(refused.value)
    assert re.match(r"taskcheck\.toml:(2:)? ", str(refused.value))
