"""The code is plain: few decisions a line, no function a maze. `python -m tests.plainness` shows the figures."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests import plainness
from tests.plainness import ROOT, Function, excessive, mean, measure, modules

MOST_OF_A_MODULE = 45
"""Decisions per hundred lines; no module is exempt."""
MOST_OF_A_FUNCTION = 10
NOQA_BELOW = 30


@pytest.mark.parametrize(("folder", "most"), [("src", 28), ("rules", 40)])
def test_modules_are_plain(folder: str, most: int) -> None:
    measured = modules(folder)
    dense = [f"{module.path}: {module.density:.1f}" for module in measured if module.density > MOST_OF_A_MODULE]
    assert not dense
    assert mean(measured) <= most


@pytest.mark.parametrize("folder", ["src", "rules"])
def test_a_function_takes_few_decisions_or_says_why(folder: str) -> None:
    assert not list(excessive(modules(folder), MOST_OF_A_FUNCTION))


@pytest.mark.parametrize("folder", ["src", "rules"])
def test_a_reason_is_given_only_where_one_is_needed(folder: str) -> None:
    idle = []
    for module in modules(folder):
        for function in module.functions:
            if function.reasoned and function.decisions <= MOST_OF_A_FUNCTION:
                idle.append(f"{module.path}: {function.name}")
    assert not idle


def test_few_warnings_are_silenced() -> None:
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "rules").rglob("*.py")]
    assert sum(len(re.findall("noqa", path.read_text(encoding="utf-8"))) for path in sources) < NOQA_BELOW


EXAMPLE = '''
"""A module."""

# Decisions: they belong together.
@decorated
def maze(a, b):
    """Its docstring."""
    if a and b and c:
        return [x for x in a if x for y in b]
    try:
        return 1 if a else 2
    except ValueError:
        match a:
            case 1:
                return 3


# Decisions: one line too far up.

def straight(a):
    """Nothing but a docstring."""
'''


def test_what_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plainness, "ROOT", tmp_path)
    path = tmp_path / "example.py"
    path.write_text(EXAMPLE)
    found = measure(path)
    # if, two more operands, two clauses and an if of theirs, the conditional expression, except, case
    assert found.decisions == 1 + 2 + 3 + 1 + 1 + 1
    assert found.functions == (Function("maze", 9, reasoned=True), Function("straight", 0, reasoned=False))


def test_no_formatting_moves_the_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plainness, "ROOT", tmp_path)
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("if a: b = [1, 2]\n")
    other.write_text(
        dedent("""
            '''Of many lines.'''
            # A comment.

            if a:

                b = [
                    1,
                    2,
                ]
        """)
    )
    assert measure(one).density == measure(other).density == 50


def test_a_docstring_alone_lowers_no_mean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(plainness, "ROOT", tmp_path)
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "__init__.py").write_text('"""A package."""\n')
    (tmp_path / "some" / "code.py").write_text("if a: b = 1\n")
    assert mean(modules("some")) == 50
