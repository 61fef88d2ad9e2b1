# ruff: noqa: T201 - by hand it prints its table
"""How many decisions the code takes, per hundred lines that no formatting moves.

usage: python -m tests.plainness

A decision is an if, a loop, an except, a case of a match, `x if y else z`, each further operand of and/or, each clause
of a comprehension and each of its ifs. A line is one of what `ast.unparse` makes of a module without docstrings:
comments, blank lines and the breaking of long lines count for nothing.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REASON = "# Decisions:"
"""How a comment directly above a function begins that says why it takes so many decisions."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ONE_EACH = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.match_case)


@dataclass(frozen=True, slots=True)
class Function:
    """What was counted in one function, with those within it."""

    name: str
    decisions: int
    reasoned: bool
    """Whether a comment above it gives the reason for its decisions."""


@dataclass(frozen=True, slots=True)
class Module:
    """What was counted in one module."""

    path: str
    lines: int
    decisions: int
    functions: tuple[Function, ...]

    @property
    def density(self) -> float:
        """The decisions per hundred lines."""
        return 100 * self.decisions / self.lines


@cache
def modules(folder: str) -> tuple[Module, ...]:
    """Return the figures of all modules below a folder of the checkout that have code; a docstring alone is none."""
    measured = (measure(path) for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(module for module in measured if module.lines)


def measure(path: Path) -> Module:
    """Return the figures of one module."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    source = text.split("\n")
    functions = []
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            functions.append(Function(node.name, decisions(node), _has_reason(node, source)))
    _drop_docstrings(tree)
    lines = [line for line in ast.unparse(tree).split("\n") if line.strip()]
    return Module(path.relative_to(ROOT).as_posix(), len(lines), decisions(tree), tuple(functions))


def decisions(root: ast.AST) -> int:
    """Return how many decisions are taken in a piece of code."""
    return sum(_own_decisions(node) for node in ast.walk(root))


def mean(measured: Sequence[Module]) -> float:
    """Return the mean density of some modules, each counting the same."""
    return sum(module.density for module in measured) / len(measured)


def excessive(measured: Sequence[Module], most: int) -> Iterator[str]:
    """Yield the functions with more decisions than that, and no reason for it."""
    for module in measured:
        for function in module.functions:
            if function.decisions > most and not function.reasoned:
                yield f"{module.path}: {function.name} takes {function.decisions} decisions"


def _own_decisions(node: ast.AST) -> int:
    """Return the decisions that a node is by itself, without what is in it."""
    if isinstance(node, _ONE_EACH):
        return 1
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return 0


def _drop_docstrings(tree: ast.Module) -> None:
    """Take the docstrings out of a module, its classes and its functions."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS)) and ast.get_docstring(node) is not None:
            rest = node.body[1:]
            node.body[:] = rest if rest or isinstance(node, ast.Module) else [ast.Pass()]


def _has_reason(function: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> bool:
    """Tell whether the line above a function, or above its first decorator, begins a comment that gives a reason."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return first > 1 and source[first - 2].strip().startswith(REASON)


def main() -> None:
    """Print the figures of every module, the densest first."""
    for folder in ("src", "rules"):
        measured = modules(folder)
        print(f"{folder}: mean {mean(measured):.1f}, densest {max(module.density for module in measured):.1f}")
        for module in sorted(measured, key=lambda module: module.density, reverse=True):
            print(f"  {module.density:4.1f}  {module.decisions:3} in {module.lines:3} lines  {module.path}")
        for problem in excessive(measured, 10):
            print(f"  {problem}")


if __name__ == "__main__":
    main()
