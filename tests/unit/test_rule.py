"""What a rule's function declares is told as `inspect` tells it."""

from collections.abc import Callable, Iterator
from functools import wraps
from inspect import cleandoc, signature
from typing import Any

import pytest

from taskcheck import Finding, Severity, rule
from taskcheck.engine.rule import Rule, cleaned
from taskcheck.plugins.manager import load


def of_a_task(task: Any, tasks: Any, people: Any = None) -> Iterator[Finding]:
    """A rule about tasks."""
    yield from ()


def of_all(now: Any, *, settings: Any, people: Any = None, copies: Any) -> Iterator[Finding]:
    """A rule about the whole."""
    local = now
    yield from local


def of_nothing() -> Iterator[Finding]:
    """A rule without a parameter."""
    yield from ()


@wraps(of_a_task)
def wrapped(*arguments: Any, **named: Any) -> Iterator[Finding]:
    return of_a_task(*arguments, **named)


@pytest.mark.parametrize("check", [of_a_task, of_all, of_nothing, wrapped], ids=["task", "all", "nothing", "wrapped"])
def test_parameters(check: Callable[..., Iterator[Finding]]) -> None:
    made: Rule = rule(family="test", severity=Severity.INFO)(check)
    parameters = dict(signature(check).parameters)
    subject = parameters.pop("task", None)
    assert made.subject_parameter == (subject.name if subject else None)
    assert made.inputs == tuple(name for name, about in parameters.items() if about.default is about.empty)
    assert made.optional == tuple(name for name, about in parameters.items() if about.default is not about.empty)


def test_an_unknown_input_and_a_missing_docstring_are_refused() -> None:
    def odd(task: Any, *others: Any) -> Iterator[Finding]:
        """It takes what there isn't."""
        yield from others

    def silent(task: Any) -> Iterator[Finding]:
        yield from ()

    make = rule(family="test", severity=Severity.INFO)
    with pytest.raises(TypeError, match="no such input: others"):
        make(odd)
    with pytest.raises(TypeError, match="no docstring"):
        make(silent)


DOCS = [
    "",
    "One line.",
    "One.\n\n    Two.\n      Three.\n    ",
    "\n\n   A\n  B\n\n",
    "  A\n\tB\n\t\tC",
    "A\n   \n  B\n     ",
]


def test_documentation() -> None:
    for doc in [*DOCS, *(each.check.__doc__ or "" for each in load(third_party=False).rules().values())]:
        assert cleaned(doc) == cleandoc(doc)


def test_a_commit_alone_decides_what_these_rules_say() -> None:
    """A commit hook stops for no other: one more input, of checkouts say, and a rule would let each commit pass."""
    static = {name for name, each in load(third_party=False).rules().items() if each.static}
    assert static == {
        "dependency-cycle", "dropped-dependency", "duplicate-task", "invalid-field", "noncanonical-owner",
        "ready-too-early", "role-routing", "status-contradicted", "unknown-dependency", "unreadable-task",
    }  # fmt: skip
