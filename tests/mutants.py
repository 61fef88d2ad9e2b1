# ruff: noqa: T201 - it tells what it did
"""Changes the code in some places, one at a time, and looks whether a test of `make test` notices.

usage: python tests/mutants.py [--seed N] [--count N] [--from N] [--likely]

The places are drawn from all comparisons, booleans and numbers of src/taskcheck. Each change is made in a copy of the
checkout, never here. Until one fails, the tests that import the module run, or are called like it, then those of the
part in question, then, but with --likely, all others. A test that fails is run without the change, too. Before that,
each rule is left out of the simulator's verdict, where some fault has to be missed.
"""

import argparse
import ast
import copy
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "src/taskcheck"
NONE = 5
"""What pytest says where nothing is left to be run."""
MINUTES = 15
"""After so many a mutant is taken for one that never ends, and has been noticed."""

LIKELY = {
    "documents": ["tests/unit/documents", "tests/unit/fix", "tests/corpora"],
    "config": ["tests/unit/config", "tests/test_preset_fixtures.py", "tests/e2e/test_bad_input.py",
               "tests/test_docs.py"],
    "model": ["tests/unit/fix", "tests/unit/formats", "tests/test_rules.py"],
    "read": ["tests/unit/read", "tests/test_rules.py", "tests/e2e/test_landed.py", "tests/e2e/test_merges.py",
             "tests/e2e/test_drift.py", "tests/e2e/test_places.py", "tests/e2e/test_promises.py"],
    "assemble": ["tests/test_rules.py", "tests/simulator", "tests/e2e/test_triage.py"],
    "engine": ["tests/test_rules.py", "tests/e2e/test_triage.py", "tests/e2e/test_plugins.py"],
    "report": ["tests/unit/report", "tests/simulator", "tests/e2e/test_triage.py", "tests/e2e/test_incidents.py",
               "tests/e2e/test_status.py"],
    "plugins": ["tests/e2e/test_plugins.py", "tests/e2e/test_online.py"],
    "formats": ["tests/unit/formats", "tests/e2e/test_formats.py", "tests/e2e/test_status.py"],
    "forge": ["tests/e2e/test_online.py", "tests/e2e/test_online_proof.py", "tests/e2e/test_unasked.py"],
    "write": ["tests/unit/write", "tests/e2e/test_fix.py", "tests/e2e/test_fix_faults.py"],
    "fix": ["tests/unit/fix", "tests/test_rules.py", "tests/e2e/test_fix.py", "tests/simulator/test_repairs.py"],
    "dispatch": ["tests/unit/dispatch", "tests/e2e/test_run.py", "tests/e2e/test_run_edges.py"],
    "web": ["tests/e2e/test_serve.py"],
    "watch": ["tests/e2e/test_history.py", "tests/e2e/test_watch.py", "tests/e2e/test_metrics.py",
              "tests/e2e/test_serve.py", "tests/e2e/test_status.py", "tests/e2e/test_fleet.py"],
    "checks.py": ["tests/test_rules.py", "tests/e2e/test_triage.py", "tests/e2e/test_branches.py"],
    "store.py": ["tests/e2e/test_triage.py", "tests/e2e/test_bad_input.py", "tests/e2e/test_places.py"],
    "cli": ["tests/e2e/test_triage.py", "tests/e2e/test_bad_input.py", "tests/e2e/test_fix.py",
            "tests/e2e/test_baseline.py", "tests/e2e/test_status.py", "tests/e2e/test_completion.py"],
    "testing": ["tests/unit/testing", "tests/test_rules.py"],
    "owners.py": ["tests/e2e/test_ledgers.py", "tests/unit/config"],
    "ledgers.py": ["tests/e2e/test_ledgers.py"],
    "pytest_plugin.py": ["tests/e2e/test_pytest_plugin.py", "tests/e2e/test_many_stores.py"],
}  # fmt: skip
"""By room, the tests that know most of it."""
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

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {' '.join(self.before.split())}  ->  {self.after}"


def mutants(root: Path) -> list[Mutant]:
    """Every change that can be drawn, in order."""
    return [mutant for path in sorted((root / SOURCE).rglob("*.py")) for mutant in of_file(root, path)]


def of_file(root: Path, path: Path) -> Iterator[Mutant]:
    data = path.read_bytes()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(data)
    # Places within f-strings aren't told before Python 3.12, and numbers of annotations do nothing.
    passed = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    passed += [
        node.annotation for node in ast.walk(tree) if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation
    ]
    left = {id(inner) for node in passed for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in left:
            continue
        for changed in changes(node):
            start = starts[node.lineno - 1] + node.col_offset
            end = starts[node.end_lineno - 1] + node.end_col_offset
            yield Mutant(path.relative_to(root).as_posix(), node.lineno, start, end, data[start:end].decode(), changed)


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

    def __init__(self, folder: Path) -> None:
        self.root = folder / "taskcheck"
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in (name for name in listed if (ROOT / name).is_file()):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.root / name)
        git("init", "-q", cwd=self.root)
        git("add", "-A", "--force", cwd=self.root)
        git("-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x", cwd=self.root)
        # A path file within a folder that a path file names isn't read: so our own installation is left out.
        venv.create(folder / "venv", symlinks=True)
        site = next((folder / "venv/lib").glob("python*/site-packages"))
        lines = [self.root / "src", self.root / "rules", sysconfig.get_path("purelib")]
        (site / "copy.pth").write_text("".join(f"{line}\n" for line in lines))
        self.python = folder / "venv/bin/python"
        for script in Path(sys.executable).parent.iterdir():
            if not (there := self.python.with_name(script.name)).exists() and script.name != "taskcheck":
                there.symlink_to(script)
        command = self.python.with_name("taskcheck")
        command.write_text(f"#!{self.python}\nimport sys\nfrom taskcheck.cli import main\nsys.exit(main())\n")
        command.chmod(0o755)

    def tests(self, *arguments: str) -> tuple[int | None, str]:
        """The exit code of some tests, None where they don't end, and what they print."""
        command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", str((os.cpu_count() or 1) + 1)]
        command += ["--dist", "worksteal", "--ignore", "tests/browser", "-m", "not journey", *arguments]
        process = subprocess.Popen(
            command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        try:
            out, _ = process.communicate(timeout=60 * MINUTES)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return None, ""
        return process.returncode, out


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


def stages(root: Path, mutant: Mutant, *, likely: bool) -> list[list[str]]:
    """Tests to try one after the other, those that know most of a change first."""
    parts = LIKELY.get(mutant.path.split("/")[2], [])
    found = [[HOUSE], *(near for near in [nearest(root, mutant.path)] if near), *([part] for part in parts)]
    return found if likely and parts else [*found, ["tests"]]


def equivalent(mutant: Mutant, lines: list[str]) -> str | None:
    """Why nobody could notice a change; None where somebody could."""
    for (path, part, after), reason in EQUIVALENT.items():
        if (mutant.path, mutant.after) == (path, after) and part in lines[mutant.line - 1]:
            return reason
    return None


class Trial:
    """One change after the other, each in the same copy."""

    def __init__(self, made: Copy, *, likely: bool) -> None:
        self.made, self.likely = made, likely
        self.left_out: list[str] = []
        """Tests that fail without any change, too."""

    def noticed(self, mutant: Mutant) -> str | None:
        """Which test noticed a change; None where none did."""
        path = self.made.root / mutant.path
        data = path.read_bytes()
        changed = data[: mutant.start] + mutant.after.encode() + data[mutant.end :]
        waiting = stages(self.made.root, mutant, likely=self.likely)
        while waiting:
            but = [word for name in self.left_out for word in ("--deselect", name)]
            path.write_bytes(changed)
            try:
                code, out = self.made.tests("-x", *waiting[0], *but)
            finally:
                path.write_bytes(data)
            if code is None:
                return f"never ended in {MINUTES} minutes"
            if not code or code == NONE:
                waiting.pop(0)
                continue
            names = failed(out)
            if not names or not self.fails_anyway(names[0]):
                return next(iter(names), out.strip().splitlines()[-1])
            self.left_out.append(names[0])
            print(f"fails without any change, and is left out: {names[0]}", flush=True)
        return None

    def fails_anyway(self, name: str) -> bool:
        """Whether a test fails without any change."""
        if "::" not in name:
            return False
        code, _ = self.made.tests(name)
        return bool(code)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--from", dest="first", type=int, default=1, help="go on with the n-th")
    parser.add_argument("--likely", action="store_true", help="only the tests of the part in question")
    options = parser.parse_args()
    survived = 0
    lines = {path: (ROOT / path).read_text().splitlines() for path, _, _ in EQUIVALENT}
    with tempfile.TemporaryDirectory() as folder:
        made = Copy(Path(folder))
        if options.first == 1:
            code, out = made.tests("tests/simulator/test_simulator.py", "-k", "test_no_rule_can_be_spared")
            print(f"each rule left out: {out.strip().splitlines()[-1]}", flush=True)
            survived += bool(code)
        drawn = Random(options.seed).sample(mutants(made.root), options.count)[options.first - 1 :]
        trial = Trial(made, likely=options.likely)
        for number, mutant in enumerate(drawn, options.first):
            reason = equivalent(mutant, lines.get(mutant.path, []))
            if reason:
                print(f"{number:2} the same  {mutant}: {reason}", flush=True)
                continue
            by = trial.noticed(mutant)
            survived += by is None
            fate = f"killed    {mutant}  by {by}" if by else f"SURVIVED  {mutant}"
            print(f"{number:2} {fate}", flush=True)
    print(f"{survived} survived")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
