# ruff: noqa: T201 - it tells what it did
"""Changes the code in some places, one at a time, and looks whether a test of `make test` notices.

usage: python tests/mutants.py [--seed N] [--count N] [--from N] [--only N,N ...] [--quick] [--workers N]
                               [--measured FILE]

The places are drawn from all comparisons, booleans and numbers of src/taskcheck; each keeps its lot, whatever changes
elsewhere in the code. Each change is made in a copy of the checkout, never here.

First each rule is left out of the simulator's verdict, where some fault has to be missed. Then all tests run once,
without any change, and every process writes down which test evaluates which of the places (tests/evaluated.py); for a
place outside of functions, which test calls a function of its module. --measured keeps that in a file, for a run that
goes on with the same places and tests.

For each change, the tests that evaluate its place run until one fails: at first a few of each file, the short ones,
and before the others those of files that import the module or are called like it. What none of them notices meets all
tests, but with --quick. A test that fails is run without the change, too, with the tests of its file that ran.
"""

import argparse
import ast
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import evaluated

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "src/taskcheck"
NONE = 5
"""The exit code of pytest where nothing is left to be run."""
MINUTES = 5
"""After so many, and ten times the CPU seconds of its tests, a mutant is taken for one that never ends, and has been
noticed."""
SOME = 3
"""So many tests of each file are tried first."""
ALONE = 20
"""Tests of so many CPU seconds run in one process: several take as long to start."""
EQUIVALENT = {
    ("src/taskcheck/engine/run.py", "self.left + 1", "2"): "a rule is asked for one finding more, which is left out",
    ("src/taskcheck/documents/events.py", "0xF0000, 0xFFFFE", "1048575"): (
        "only a text with all 65,534 characters of that plane gets to the last one"
    ),
    ("src/taskcheck/documents/linediff.py", "or other_at < len(self.other)", "(other_at <= len(self.other))"): (
        "at the end of both texts no line is marked, so one more round finds nothing"
    ),
    (
        "src/taskcheck/assemble/parse.py",
        "now - moved > limits.in_progress_max_idle",
        "(now - moved >= limits.in_progress_max_idle)",
    ): "git is asked about one task more, and the rule has the limit of its own",
}
"""Changes that nobody can notice: the file, a part of the line, what stands there instead; and why."""
HOUSE = "tests/unit/test_architecture.py::test_what_a_dataclass_is_told_to_be_it_is"
"""What is over in no time, and knows a tenth of the changes."""

OTHER = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    path: str
    line: int
    start: int
    end: int
    """Where, in bytes of the file."""
    before: str
    after: str
    is_called: bool
    """Whether it is evaluated each time that a function runs."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {' '.join(self.before.split())}  ->  {self.after}"


def mutants(root: Path) -> list[Mutant]:
    """Every change that can be drawn, in order."""
    return [mutant for path in sorted((root / SOURCE).rglob("*.py")) for mutant in of_file(root, path)]


def draw(found: Iterable[Mutant], seed: int, count: int) -> list[Mutant]:
    """Some changes by lot; what is changed elsewhere in the code leaves each its lot."""
    alike: Counter[str] = Counter()
    by_lot = {}
    for mutant in found:
        told = f"{mutant.path} {mutant.before}"
        alike[told] += 1
        by_lot[Random(f"{seed} {told} {alike[told]}").random()] = mutant
    return [by_lot[lot] for lot in sorted(by_lot)[:count]]


def of_file(root: Path, path: Path) -> Iterator[Mutant]:
    data = path.read_bytes()
    starts = line_starts(data)
    tree = ast.parse(data)
    # Places within f-strings aren't told before Python 3.12, and numbers of annotations do nothing.
    passed = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    passed += [
        node.annotation for node in ast.walk(tree) if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation
    ]
    left, called = within(passed), called_nodes(tree)
    for node in ast.walk(tree):
        if id(node) in left:
            continue
        for changed in changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            before = data[start:end].decode()
            yield Mutant(
                path.relative_to(root).as_posix(), node.lineno, start, end, before, changed, id(node) in called
            )


def line_starts(data: bytes) -> list[int]:
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def within(nodes: Iterable[ast.AST]) -> set[int]:
    return {id(inner) for node in nodes for inner in ast.walk(node)}


def called_nodes(tree: ast.Module) -> set[int]:
    """What is evaluated when a function runs; nothing of a pattern, which nothing can be put around."""
    patterns = [node.pattern for node in ast.walk(tree) if isinstance(node, ast.match_case)]
    return within(step for function in functions(tree) for step in function.body) - within(patterns)


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def changes(node: ast.AST) -> Iterator[str]:
    """What could stand in place of an expression."""
    match node:
        case ast.Compare():
            for number, operator in enumerate(node.ops):
                other = copy.copy(node)
                other.ops = [*node.ops[:number], OTHER[type(operator)](), *node.ops[number + 1 :]]
                yield f"({ast.unparse(other)})"
        case ast.BoolOp():
            yield f"({ast.unparse(ast.BoolOp(OTHER[type(node.op)](), node.values))})"
        case ast.UnaryOp(op=ast.Not()):
            yield f"bool({ast.unparse(node.operand)})"
        case ast.Constant(value=bool()):
            yield str(not node.value)
        case ast.Constant(value=int() | float()):
            yield repr(node.value + 1)


class Copy:
    """A copy of the checkout, with an environment whose taskcheck is the copy's."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.root = folder / "taskcheck"
        self.parallel = ["-n", str(workers), "--dist", "worksteal"]
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in (name for name in listed if (ROOT / name).is_file()):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        git("init", "-q", cwd=self.root)
        git("add", "-A", "--force", cwd=self.root)
        git("-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x", cwd=self.root)
        # A path file within a folder that a path file names isn't read: so our own installation is left out.
        venv.create(folder / "venv", symlinks=True)
        self.site = next((folder / "venv/lib").glob("python*/site-packages"))
        shutil.copy2(evaluated.__file__, self.site)
        lines = [self.root / "src", self.root / "rules", sysconfig.get_path("purelib")]
        (self.site / "copy.pth").write_text("".join(f"{line}\n" for line in lines))
        self.python = folder / "venv/bin/python"
        for script in Path(sys.executable).parent.iterdir():
            if not (there := self.python.with_name(script.name)).exists() and script.name != "taskcheck":
                there.symlink_to(script)
        command = self.python.with_name("taskcheck")
        command.write_text(f"#!{self.python}\nimport sys\nfrom taskcheck.cli import main\nsys.exit(main())\n")
        command.chmod(0o755)

    def run(self, *arguments: str, seconds: float) -> tuple[int | None, str]:
        """The exit code of some tests, None where they don't end, and what they print."""
        command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
        command += ["--ignore", "tests/browser", "-m", "not journey"]
        process = subprocess.Popen(
            command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        try:
            out, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return None, ""
        return process.returncode, out

    def tests(self, tests: list[str], seconds: float, but: Iterable[str] = ()) -> tuple[int | None, str]:
        """What `run` returns for some tests but for some, in this order, up to the first that fails."""
        left_out = set(but)
        chosen = [test for test in tests if test not in left_out]
        (self.site / evaluated.CHOSEN.name).write_text(json.dumps(chosen))
        files = dict.fromkeys(map(file_of, chosen))
        parallel = [] if seconds < ALONE else self.parallel
        return self.run("-x", "-p", "evaluated", *parallel, *files, seconds=60 * MINUTES + 10 * seconds)

    def measured(self, drawn: list[Mutant]) -> "Measured":
        """What tests take, and which of them evaluate what."""
        log = self.site / "cpu.jsonl"
        places = defaultdict(list)
        for number, mutant in enumerate(drawn):
            places[mutant.path].append((number, mutant))
        before = {path: (self.root / path).read_bytes() for path in places}
        for path, here in places.items():
            (self.root / path).write_bytes(watched(before[path], here))
        at_each_start = self.site / "evaluated.pth"
        at_each_start.write_text("import evaluated\n")
        os.environ["TASKCHECK_CPU"] = str(log)
        _, out = self.run("tests", *self.parallel, seconds=60 * 60)
        del os.environ["TASKCHECK_CPU"]
        at_each_start.unlink()
        for path, data in before.items():
            (self.root / path).write_bytes(data)
        print(f"all tests, measured: {out.strip().splitlines()[-1]}", flush=True)
        seconds = {entry["test"]: entry["seconds"] for entry in map(json.loads, log.read_text().splitlines())}
        seen = {tuple(json.loads(line)) for line in (self.site / evaluated.SEEN.name).read_text().splitlines()}
        return Measured([str(mutant) for mutant in drawn], seconds, sorted(seen))


def watched(data: bytes, places: list[tuple[int, Mutant]]) -> bytes:
    """A file whose places write down by which test they are evaluated."""
    added = []
    for number, mutant in places:
        if mutant.is_called:
            added += [(mutant.start, f"evaluated({number}, "), (mutant.end, ")")]
        else:
            added += [(start, f"evaluated({number}, 0)\n{indent}") for start, indent in first_steps(data)]
    for start, text in sorted(added, reverse=True):
        data = data[:start] + text.encode() + data[start:]
    return data


def first_steps(data: bytes) -> Iterator[tuple[int, str]]:
    """Where the first statement of each function begins, and how far it is indented."""
    starts = line_starts(data)
    for function in functions(ast.parse(data)):
        for step in function.body:
            is_docstring = isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)
            is_decorated = bool(getattr(step, "decorator_list", []))
            if step.lineno > function.lineno and not is_docstring and not is_decorated:
                yield starts[step.lineno - 1] + step.col_offset, " " * step.col_offset
                break


@dataclass(frozen=True)
class Measured:
    """What was measured of the tests, once."""

    places: list[str]
    seconds: dict[str, float]
    """What each test takes, in CPU seconds."""
    seen: list[tuple[int, str]]
    """Which place was evaluated by which test."""

    def evaluating(self, number: int, near: list[str]) -> list[list[str]]:
        """The tests of each file that evaluate a place: files near it first, then those whose tests are short."""
        found = {test for place, test in self.seen if place == number}
        files = defaultdict(list)
        for test in self.seconds:
            if test in found:
                files[file_of(test)].append(test)

        def order(name: str) -> tuple[bool, float]:
            return name not in near, self.total(files[name]) / len(files[name])

        return [files[name] for name in sorted(files, key=order)]

    def short(self, tests: list[str]) -> list[str]:
        """The shortest of the tests of a file, in their order, for some of them share what others leave behind."""
        chosen = sorted(tests, key=lambda test: self.seconds[test])[:SOME]
        return [test for test in tests if test in chosen]

    def total(self, tests: Iterable[str]) -> float:
        return sum(self.seconds.get(test, 0.0) for test in tests)


def file_of(test: str) -> str:
    return test.partition("::")[0]


def git(*command: str, cwd: Path = ROOT) -> str:
    return subprocess.run(["git", *command], cwd=cwd, capture_output=True, text=True, check=True).stdout


def failed(out: str) -> list[str]:
    return re.findall(r"^(?:FAILED|ERROR) (\S+::.*?)(?: - |$)", out, re.M)


def nearest(root: Path, path: str) -> list[str]:
    """The test files that import a module, and those that are called like it."""
    module = path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    imports = re.compile(rf"^(?:from|import) {re.escape(module)}\b", re.M)
    found = []
    for file in sorted((root / "tests").rglob("test_*.py")):
        is_called_so = module.rpartition(".")[2].rstrip("s") in file.stem
        if "browser" not in file.parts and (is_called_so or imports.search(file.read_text())):
            found.append(file.relative_to(root).as_posix())
    return found


def equivalent(mutant: Mutant, lines: list[str]) -> str | None:
    """Why nobody could notice a change; None where somebody could."""
    for (path, part, after), reason in EQUIVALENT.items():
        if (mutant.path, mutant.after) == (path, after) and part in lines[mutant.line - 1]:
            return reason
    return None


class Trial:
    """One change after the other, each in the same copy."""

    def __init__(self, made: Copy, measured: Measured, *, quick: bool) -> None:
        self.made, self.measured, self.quick = made, measured, quick
        self.left_out: set[str] = set()
        """Tests that fail without any change, too."""

    def noticed(self, number: int, mutant: Mutant) -> str | None:
        """Which test noticed a change; None where none did."""
        files = self.measured.evaluating(number, nearest(self.made.root, mutant.path))
        some = [HOUSE, *(test for tests in files for test in self.measured.short(tests))]
        more = [test for tests in files for test in tests if test not in some]
        if by := self.first_failure(mutant, some):
            return f"{by}, one of {len(some)} tried first"
        if more and (by := self.first_failure(mutant, more)):
            return f"{by}, one of {len(more)} more that evaluate it"
        # All of each file, for some tests share what others of it leave behind.
        if not self.quick and (by := self.first_failure(mutant, sorted(self.measured.seconds, key=file_of))):
            return f"{by}, one of all"
        return None

    def first_failure(self, mutant: Mutant, tests: list[str]) -> str | None:
        """The first of some tests that fails with a change, and only with it."""
        path = self.made.root / mutant.path
        data = path.read_bytes()
        seconds = self.measured.total(tests)
        while True:
            path.write_bytes(data[: mutant.start] + mutant.after.encode() + data[mutant.end :])
            try:
                code, out = self.made.tests(tests, seconds, self.left_out)
            finally:
                path.write_bytes(data)
            if code is None:
                return "tests that never end"
            if not code or code == NONE:
                return None
            names = failed(out)
            if not names or not self.fails_anyway(names[0], tests):
                return next(iter(names), out.strip().splitlines()[-1])
            self.left_out.add(names[0])
            print(f"fails without any change, and is left out: {names[0]}", flush=True)

    def fails_anyway(self, name: str, tests: list[str]) -> bool:
        """Whether a test fails without any change, among those of its file that ran with one."""
        of_file = [test for test in tests if file_of(test) == file_of(name)]
        _, out = self.made.tests(of_file, self.measured.total(of_file), self.left_out)
        return name in failed(out)


def measured(made: Copy, drawn: list[Mutant], kept: Path | None) -> Measured:
    """What a file tells of the same places; else what is measured now."""
    if kept and kept.exists():
        told = Measured(**json.loads(kept.read_text()))
        if told.places == [str(mutant) for mutant in drawn]:
            return told
    now = made.measured(drawn)
    if kept:
        kept.write_text(json.dumps(vars(now)))
    return now


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--from", dest="first", type=int, default=1, help="go on with the n-th")
    parser.add_argument("--only", type=numbers, default=[], metavar="N,N", help="only these")
    parser.add_argument("--quick", action="store_true", help="only the tests that evaluate the place")
    parser.add_argument("--workers", type=int, default=(os.cpu_count() or 1) + 1, help="processes with tests")
    parser.add_argument("--measured", type=Path, metavar="FILE", help="keep here which tests evaluate what")
    options = parser.parse_args()
    survived = 0
    lines = {path: (ROOT / path).read_text().splitlines() for path, _, _ in EQUIVALENT}
    with tempfile.TemporaryDirectory() as folder:
        made = Copy(Path(folder), options.workers)
        if options.first == 1 and not options.only:
            code, out = made.run(
                "tests/simulator/test_simulator.py", "-k", "test_no_rule_can_be_spared", seconds=60 * MINUTES
            )
            print(f"each rule left out: {out.strip().splitlines()[-1]}", flush=True)
            survived += bool(code)
        drawn = draw(mutants(made.root), options.seed, options.count)
        trial = Trial(made, measured(made, drawn, options.measured), quick=options.quick)
        for number, mutant in enumerate(drawn, 1):
            if number < options.first or (options.only and number not in options.only):
                continue
            reason = equivalent(mutant, lines.get(mutant.path, []))
            if reason:
                print(f"{number:2} the same  {mutant}: {reason}", flush=True)
                continue
            by = trial.noticed(number - 1, mutant)
            survived += by is None
            fate = f"killed    {mutant}  by {by}" if by else f"SURVIVED  {mutant}"
            print(f"{number:2} {fate}", flush=True)
    print(f"{survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
