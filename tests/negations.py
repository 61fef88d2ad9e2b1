# ruff: noqa: T201 - it tells what it did
"""Negates each comparison and boolean of the rules that judge tasks, one at a time, in memory.

usage: python tests/negations.py [--from N] [--count N] [--only N,N ...] [--whole] [MODULE ...]

The places are all in the rules of the families lifecycle, drift and register, in what they share, and in the modules of
`assemble` that decide what they are told. A negation is noticed where a state of the decision table is judged
otherwise: first some of each row, then a part of all, with --whole all; else where a fixture of any rule has other
findings or fixes, or, if it has a skipped.txt, other reasons not to look. What changes words beside the message alone
(evidence, remedies, titles of fixes, why one is unsafe) is counted apart, for other tests hold these. What nobody
notices is listed, and makes the exit code 1, unless `EQUIVALENT` says why nothing can. No test runs meanwhile: the code
of one function is replaced, the same sources are judged again, and the code is put back.
"""

import argparse
import ast
import copy
import importlib
import inspect
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from taskcheck.assemble.parse import parse  # noqa: E402 - the checkout's own
from taskcheck.assemble.state import assemble  # noqa: E402
from taskcheck.checks import chosen  # noqa: E402
from taskcheck.engine.judge import run_rules  # noqa: E402
from taskcheck.engine.rule import Rule  # noqa: E402
from taskcheck.model.sources import Sources  # noqa: E402
from taskcheck.plugins import manager as plugins  # noqa: E402
from taskcheck.store import Request, Store, open_store  # noqa: E402
from taskcheck.testing import build  # noqa: E402
from tests.conftest import FIXTURES, request_for, where_for  # noqa: E402
from tests.samples import sampled  # noqa: E402
from tests.verdicts.table import all_states  # noqa: E402
from tests.verdicts.test_verdicts import FAMILIES, SHARE, by_row, judged, possible  # noqa: E402

SECONDS = 120
"""After so many what is judged is taken for something that never ends, and has been noticed."""

JUDGES = (
    "landings", "aftermath", "claims", "standing", "dispatches", "runs", "liveness", "checkouts", "copies", "fetched",
)  # fmt: skip
"""The modules of `assemble` that decide what the rules are told."""

EVERY_RULE = plugins.load(third_party=False).rules()

WORDS = "words beside the message alone"

OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip

EQUIVALENT: dict[tuple[str, str], str] = {}
"""By module and by function and line of code: why no state can show the difference."""


@dataclass(frozen=True)
class Place:
    """One comparison or boolean."""

    module: str
    function: str
    """Its qualified name."""
    index: int
    """Which one it is in the function."""
    line: int
    text: str
    """The line of code, as `ast.unparse` writes it."""

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function}: {self.text}"


def modules(named: Sequence[str]) -> list[str]:
    """Return the names of the modules that are looked at."""
    pack = ROOT / "rules/taskcheck_rules"
    files = [path for family in sorted(FAMILIES) for path in sorted((pack / family).glob("*.py"))]
    found = ["taskcheck_rules." + ".".join(path.relative_to(pack).with_suffix("").parts) for path in files]
    found = [name for name in found if not name.endswith("__init__")] + ["taskcheck_rules.parts"]
    found += [f"taskcheck.assemble.{name}" for name in JUDGES]
    return [name for name in found if not named or name.rpartition(".")[2] in named]


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions and methods of a module, by their qualified names; those within a function are part of it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, ast.FunctionDef))


def decisions(function: ast.FunctionDef) -> list[ast.expr]:
    """Return the comparisons and booleans of a function: also names and calls whose truth decides."""
    found: list[ast.expr] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Compare | ast.BoolOp) or _is_not(node):
            found.append(node)  # type: ignore[arg-type]
        tests: list[ast.expr] = []
        if isinstance(node, ast.If | ast.IfExp | ast.While):
            tests.append(node.test)
        if isinstance(node, ast.comprehension):
            tests += node.ifs
        found += [test for test in tests if not isinstance(test, ast.Compare | ast.BoolOp) and not _is_not(test)]
    return found


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def places(module: str) -> Iterator[Place]:
    """Yield all places of a module."""
    tree = ast.parse(Path(str(importlib.import_module(module).__file__)).read_text())
    for name, function in functions(tree):
        for index, node in enumerate(decisions(function)):
            yield Place(module, name, index, node.lineno, ast.unparse(node))


def negated(place: Place) -> CodeType:
    """Return the code of a function with one place negated."""
    path = str(importlib.import_module(place.module).__file__)
    tree = ast.parse(Path(path).read_text())
    function = dict(functions(tree))[place.function]
    target = decisions(function)[place.index]
    _Negation(target).visit(function)
    code = compile(ast.fix_missing_locations(tree), path, "exec")
    for name in place.function.split("."):
        code = next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name)
    return code


class _Negation(ast.NodeTransformer):
    """Negates one expression."""

    def __init__(self, target: ast.expr) -> None:
        self.target = target

    def visit(self, node: ast.AST) -> Any:
        if node is not self.target:
            return self.generic_visit(node)
        made = copy.deepcopy(node)
        if isinstance(made, ast.Compare) and len(made.ops) == 1:
            made.ops = [OPPOSITE[type(made.ops[0])]()]
        elif isinstance(made, ast.BoolOp):
            made.op = ast.Or() if isinstance(made.op, ast.And) else ast.And()
        elif isinstance(made, ast.UnaryOp):
            return made.operand
        else:
            return ast.UnaryOp(op=ast.Not(), operand=made)
        return made


def live(place: Place) -> FunctionType:
    """Return the function that a place is in, as the program calls it."""
    found: Any = importlib.import_module(place.module)
    for name in place.function.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, Rule):
        found = found.check
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, cached_property):
        found = found.func
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), place
    return found


@contextmanager
def with_code(function: FunctionType, code: CodeType) -> Iterator[None]:
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before


class Endless(BaseException):
    """What is judged doesn't end."""


@contextmanager
def in_time() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Fixture:
    """A fixture as it was read, once."""

    name: str
    store: Store
    request: Request
    sources: Sources
    now: datetime
    skips: str | None
    """Its rule, where a skipped.txt tells why that couldn't look."""

    def findings(self, *, words: bool = False) -> list[tuple[object, ...]]:
        """What its rules find, and would repair; with the evidence and what would settle it, if that is wanted."""
        settings = self.store.settings
        state = assemble(parse(self.sources, settings), self.sources, settings, self.now)
        found: list[tuple[object, ...]] = []
        for run in run_rules(chosen(self.store, self.request), state):
            assert not run.errors, run.errors
            for each in run.counted:
                fix = (each.fix.safety, each.fix.edits) if each.fix else None
                title = (each.fix.title, each.fix.why) if each.fix else None
                more = (each.expected, each.evidence, each.remedy, title) if words else ()
                found.append((each.rule, each.task, each.severity, each.place, each.message, fix, *more))
            if run.rule == self.skips:
                found += [(reason,) for reason in sorted({case.undecided or "" for case in run.undecided})]
        return found

    def words(self) -> list[tuple[object, ...]]:
        """The same, with the words beside the message."""
        return self.findings(words=True)


def fixtures(folder: Path) -> list[Fixture]:
    """Return the fixtures of all rules, built and read: what is assembled, others are told, too."""
    found = []
    for case in sorted(FIXTURES.glob("*/*/repo.toml")):
        rule = case.parent.parent.name
        if rule not in EVERY_RULE:
            continue
        built = build(case.parent, folder / str(len(found)))
        store, request = open_store(where_for(built)), request_for(built)
        sources, state = store.read(request)
        skips = rule if case.with_name("skipped.txt").exists() else None
        found.append(Fixture(f"{rule}/{case.parent.name}", store, request, sources, state.now, skips))
    return found


class Witnesses:
    """Who may notice, the fastest first; each remembers what it saw before anything was changed."""

    def __init__(self, cases: Sequence[Fixture], *, whole: bool) -> None:
        some = dict.fromkeys(state for states in by_row().values() for state in states[:: max(1, len(states) // 3)])
        few = possible(list(some))
        more = possible(list(all_states()) if whole else list(sampled(all_states(), SHARE)))
        looks: list[tuple[str, Callable[[], object]]] = [("few states", lambda: judged(few))]
        looks += [(case.name, case.findings) for case in cases]
        looks.append(("states", lambda: judged(more)))
        self.looks = [(name, look, look()) for name, look in looks]
        self.words = [(case.words, case.words()) for case in cases]

    def who(self, order: list[str]) -> str | None:
        """Who notices first; those who noticed lately are asked first."""
        ranked = sorted(self.looks, key=lambda each: -order.index(each[0]) if each[0] in order else 1)
        for name, look, before in [*self.looks[:1], *ranked]:
            try:
                with in_time():
                    if look() != before:
                        return name
            except Endless:
                return f"{name} (it never ends)"
            except Exception as error:  # noqa: BLE001 - whatever it raises, it was noticed
                return f"{name} ({type(error).__name__})"
        return WORDS if any(look() != before for look, before in self.words) else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--from", type=int, default=0, dest="start")
    parser.add_argument("--count", type=int)
    parser.add_argument("--only", type=lambda text: [int(number) for number in text.split(",")])
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    everything = [place for module in modules(options.modules) for place in places(module)]
    numbered = list(enumerate(everything))[options.start :][: options.count]
    if options.only:
        numbered = [(number, everything[number]) for number in options.only]
    survivors: list[Place] = []
    explained = told = 0
    order: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        witnesses = Witnesses(fixtures(Path(folder)), whole=options.whole)
        for number, place in numbered:
            with with_code(live(place), negated(place)):
                who = witnesses.who(order)
            if who == WORDS:
                told += 1
            elif who is not None:
                order = [*(name for name in order if name != who), who]
            elif (place.module.rpartition(".")[2], f"{place.function}: {place.text}") in EQUIVALENT:
                explained += 1
            else:
                survivors.append(place)
            print(f"{number} {place} -> {who or 'nobody'}", flush=True)
    noticed = len(numbered) - len(survivors) - explained - told
    print(f"{len(numbered)} negations: {noticed} noticed, {told} change {WORDS}, {explained} are equivalent,")
    print(f"{len(survivors)} survive")
    for place in survivors:
        print(f"  survives: {place}")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
