"""No pattern over foreign text takes more than a time that grows with the text: each is found, and attacked.

An attack is made of the pattern itself: what stands before one of its repeats, then what the repeat takes, many times,
then what it doesn't expect. Only CPU time counts, and only as a ratio: eight times the text, less than sixteen times
the time, in one of three tries.
"""

import ast
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module
from pathlib import Path
from re import (
    _constants as op,  # type: ignore[attr-defined]
    _parser as parser,  # type: ignore[attr-defined]
)
from typing import Any

import pytest

from taskcheck.config.pattern import Pattern
from taskcheck.documents import plain
from taskcheck.model.task import PullRequest
from tests.samples import sampled

TOP = Path(__file__).parents[2]
SOURCES = {"taskcheck": TOP / "src" / "taskcheck", "taskcheck_rules": TOP / "rules" / "taskcheck_rules"}

LONGEST_ATTACK = 20_000
"""Repeats of an attack; a pattern that tries all pairs of them is seen before."""

LONGEST_PATH = 1_000
"""Repeats of an attack on a glob; paths have 4,096 characters at the most, and names 255."""

SURELY_NOTICED = 100
"""Repeats after which whatever grows faster than any power of its text has been noticed."""

MOST_ATTACKS = 150
"""Attacks on one pattern that `make test` has time for."""

NOTICEABLE = 0.02
"""Seconds of CPU time from which on a ratio says something."""

BUILT = {
    "taskcheck.config.pattern": "test_globs",
    "taskcheck.documents.plain": "test_lines_of_front_matter",
    "taskcheck.model.task": "test_addresses_of_pull_requests",
}
"""Modules that make patterns of what isn't known before, and the test that attacks these."""

GLOBBING = {"taskcheck.engine.triage", "taskcheck.read.branches"}
"""Modules that match by fnmatch; `test_fnmatch` attacks it."""

BY_ANOTHER_NAME = {"taskcheck.model.pulls": {"_WEB": "fullmatch", "_SSH": "fullmatch", "_SCP": "fullmatch"}}
"""Patterns that are asked by another name than their own, and how."""

Call = Callable[[str], object]


@cache
def texts() -> dict[str, str]:
    """The text of every module, by name."""
    found = {}
    for package, folder in SOURCES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(part for part in parts if part != "__init__")] = path.read_text(encoding="utf-8")
    return found


def that_say(words: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules whose text has one of some words: to read the syntax of all takes each worker of pytest seconds."""
    for name, text in texts().items():
        if re.search(words, text):
            yield name, ast.parse(text)


@cache
def uses() -> dict[tuple[str, str], set[str]]:
    """The methods that names are asked for, by module and name; of public ones by any module.

    As the text says it, comments too: a method more is an attack more.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for module, names in BY_ANOTHER_NAME.items():
        for name, method in names.items():
            found[module, name].add(method)
    asked = re.compile(rf"(?<![\w.])([A-Za-z_]\w*)\.({'|'.join(METHODS)})\b")
    for module, text in texts().items():
        for name, method in asked.findall(text):
            found[module if name.startswith("_") else "", name].add(method)
    return found


METHODS: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "search": lambda pattern, text: pattern.search(text),
    "sub": lambda pattern, text: pattern.sub(lambda match: match[0], text),
    "split": lambda pattern, text: pattern.split(text),
    "findall": lambda pattern, text: pattern.findall(text),
    "finditer": lambda pattern, text: list(pattern.finditer(text)),
}


def written() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Every pattern that stands in a module, under a name, with a method that it is asked by."""
    for module, tree in that_say(r"\bre\.|\bexpression\("):
        for node in tree.body:
            if isinstance(node, ast.Assign) and _is_re(node.value, "compile"):
                name = ast.unparse(node.targets[0])
                assert uses()[module if name.startswith("_") else "", name], f"{module}.{name}: who asks it, and how?"
                for method in sorted(uses()[module if name.startswith("_") else "", name]):
                    yield f"{module}.{name}.{method}", getattr(import_module(module), name), method
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_re(node) and isinstance(node.func, ast.Attribute):
                method, argument = node.func.attr, node.args[0]
                if method in METHODS and isinstance(argument, ast.Constant):
                    yield f"{module}:{node.lineno}.{method}", re.compile(argument.value), method


def _is_re(node: ast.AST, method: str = "") -> bool:
    """Whether it is a call of a function of `re`, or of our own that compiles what is asked for."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "expression":
        return method in {"", "compile"}
    return (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and (node.func.attr == method if method else node.func.attr != "escape")
    )


def test_every_pattern_is_attacked() -> None:
    """A pattern that is made at run time has a test of its own here."""
    built, globbing, at_top = set(), set(), 0
    for module, text in texts().items():
        tree = ast.parse(text)
        top = {id(node.value) for node in tree.body if isinstance(node, ast.Assign)}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom | ast.Import) and "fnmatch" in ast.unparse(node):
                globbing.add(module)
            if isinstance(node, ast.ImportFrom) and node.module == "re":
                pytest.fail(f"{module}: import re as a whole, so that this finds what it is asked")
            if _is_re(node) and module != "taskcheck.documents.expression":
                is_known = id(node) in top or isinstance(node.args[0], ast.Constant)  # type: ignore[attr-defined]
                at_top += is_known
                built |= set() if is_known else {module}
    assert built == BUILT.keys()
    assert globbing == GLOBBING
    assert at_top > 60


@pytest.mark.parametrize(("pattern", "method"), [pytest.param(p, m, id=name) for name, p, m in written()])
def test_patterns(pattern: re.Pattern[Any], method: str) -> None:
    def ask(text: str) -> object:
        return METHODS[method](pattern, text.encode() if isinstance(pattern.pattern, bytes) else text)

    found = list(attacks(pattern))
    for before, pump, after in sampled(found, 1 + len(found) // MOST_ATTACKS):
        grows_with_its_text(ask, before, pump, after)


def attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """What a pattern could try in many ways: a beginning, what is repeated, an end."""
    source = pattern.pattern
    tree = parser.parse(source if isinstance(source, str) else source.decode(), pattern.flags & ~re.UNICODE)
    pool = "".join(dict.fromkeys([*_literals(tree), *"a0 \t\n-/.\"'`~\\:"]))
    seen = {("", pump) for pump in pool}
    for before, body in _repeats(list(tree), "", pool):
        for pump in _samples(list(body), pool):
            seen |= {(before, pump), ("", pump), ("", before + pump), (before, pump + "\n")}
    for before, pump in sorted(seen):
        if pump:
            for after in ("\0", "\n!", ""):
                yield before, pump, after


def _literals(tree: Any) -> Iterator[str]:
    """The characters that a pattern names."""
    for kind, value in tree:
        if kind is op.LITERAL:
            yield chr(value)
        for part in _parts(kind, value):
            yield from _literals(part)


def _parts(kind: Any, value: Any) -> list[Any]:
    """The patterns that a node is made of."""
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind in REPEATS:
        return [value[2]]
    if kind in {op.ASSERT, op.ASSERT_NOT}:
        return [value[1]]
    return [value] if kind is op.ATOMIC_GROUP else []


REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}


def _repeats(nodes: list[Any], before: str, pool: str) -> Iterator[tuple[str, Any]]:
    """The repeats without end of a pattern, each with a text that leads to it."""
    for index, (kind, value) in enumerate(nodes):
        lead = before + _samples(nodes[:index], pool)[0]
        if kind in REPEATS and value[1] is op.MAXREPEAT:
            yield lead, value[2]
        for part in _parts(kind, value):
            yield from _repeats(list(part), lead, pool)


def _samples(nodes: list[Any], pool: str) -> list[str]:
    """Some texts that a pattern takes: as short as can be, one for each way to begin."""
    texts = [""]
    for kind, value in nodes:
        texts = [text + more for text in texts for more in _taken(kind, value, pool)][:8]
    return texts


def _taken(kind: Any, value: Any, pool: str) -> list[str]:
    """Some texts that a node takes."""
    if kind is op.LITERAL:
        return [chr(value)]
    if kind in {op.ANY, op.NOT_LITERAL}:
        return [char for char in pool if char != "\n" and ord(char) != value][:6]
    if kind is op.IN:
        return [char for char in pool if _in(value, char)][:6] or ["a"]
    if kind is op.BRANCH:
        return [text for branch in value[1] for text in _samples(list(branch), pool)[:3]]
    if kind in REPEATS:
        return [text * max(1, value[0]) for text in _samples(list(value[2]), pool)[:4]]
    if kind in {op.SUBPATTERN, op.ATOMIC_GROUP}:
        return _samples(list(_parts(kind, value)[0]), pool)
    return [""]


def _in(members: list[Any], char: str) -> bool:
    """Whether a class of characters has one."""
    is_in = False
    for kind, value in members:
        match kind:
            case op.LITERAL:
                is_in |= ord(char) == value
            case op.RANGE:
                is_in |= value[0] <= ord(char) <= value[1]
            case op.CATEGORY:
                is_in |= re.match(CATEGORIES[value], char) is not None
    return is_in != (members[0][0] is op.NEGATE)


CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def grows_with_its_text(ask: Call, before: str, pump: str, after: str, longest: int = LONGEST_ATTACK) -> None:
    """See that it is done with eight times the text in less than sixteen times the time; slowly, for it may not be."""

    def spent(repeats: int) -> float:
        text = before + pump * repeats + after
        begun = time.process_time()
        ask(text)
        return time.process_time() - begun

    repeats = 8
    while repeats < longest:
        if spent(repeats) > NOTICEABLE:
            ratios: list[float] = []
            for _ in range(3):
                ratios.append(spent(repeats) / max(spent(repeats // 8), 1e-9))
                if ratios[-1] < 16:
                    break
            assert min(ratios) < 16, f"{before!r} + {pump!r} * {repeats} + {after!r}: {ratios}"
            return
        # What doubles with each character is noticed among the first ones; after these, steps may be long.
        repeats = repeats * 3 // 2 if repeats < SURELY_NOTICED else repeats * 4


GLOBS = [
    "tasks/**/*.md", "*a*a*a*a*a*a*a*a*b.md", "**/**/**/**/**/**/b", "**/a/**/a/**/a/**/b", "a**a**a**a**b", "**a**",
    "{task}*{owner}*b", "**/{task}/**/{owner}*.md", "{scope}/{owner}/{task}", "{scope}a{task}*b", "{number}{owner}b",
    "*{number}*-{task}.md", "{number}-*.md", "*?*?*?*?b", "**/*a*a*/**/*a*a*/b", "{owner}/{task}/{task}-{owner}.md",
    "*-{task}-{owner}-b",
    "{scope}/**/{task}.md", "[a*]*!*b", "*" * 30 + "b", "**/" * 30 + "b", "*a" * 30 + "b", "{task}/{task}*b",
]  # fmt: skip


@pytest.mark.parametrize("glob", GLOBS)
def test_globs(glob: str) -> None:
    pattern = Pattern(glob)
    assert pattern.trouble is None
    for pump in ("a", "a/", "1", "a1-", "x/a/", "/", "[a", "aa/aa/", "-"):
        grows_with_its_text(pattern.match, "", pump, ".md", LONGEST_PATH)
        grows_with_its_text(pattern.match, "tasks/", pump, "!", LONGEST_PATH)


@pytest.mark.parametrize("unit", ["*a", "**/", "a**", "{task}*", "{number}", "?", "*", "a/"])
def test_a_pattern_that_would_take_long_is_refused(unit: str) -> None:
    assert Pattern(unit * 2000).trouble
    grows_with_its_text(lambda text: Pattern(text).trouble, "", unit, "")


def test_a_name_that_stands_twice_beside_other_wildcards_is_refused() -> None:
    assert Pattern("{task}*/{task}*.md").trouble == (
        "names a part twice and has several other wildcards; leave out one of them"
    )
    assert Pattern("{task}/{task}.md").trouble is None
    assert Pattern("{number}-{task}-b/{number}.md").trouble is None, "the dash says where the number ends"


@pytest.mark.parametrize("glob", ["*a*a*a*a*a*b", "*" * 50 + "b", "[a-z]*[a-z]*[a-z]*!", "*?*?*?b", "[*a*[*a*]]"])
def test_fnmatch(glob: str) -> None:
    for pump in ("a", "ab", "[", "["):
        grows_with_its_text(lambda text: fnmatchcase(text, glob), "", pump, "!")


def test_addresses_of_pull_requests() -> None:
    for pump in ("1", "/pull/", "/pull/1", "/", "https://", "pull"):
        grows_with_its_text(lambda url: PullRequest(url=url).url_number, "https://a/b/c/pull/", pump, "!")


def test_lines_of_front_matter() -> None:
    for made in (plain._LINE, plain._LINE_WITH_AT_NAMES):
        for before, pump, after in attacks(made):
            grows_with_its_text(made.findall, before, pump, after)
