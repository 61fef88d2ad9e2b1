"""What those who read JUnit show of one report: the same suites, names and failures, which agree with the exit code.

The table of docs/formats.md is of this store. xunit-viewer is on PATH after `npm install --global xunit-viewer`.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junit2htmlreport.parser import Junit
from junitparser import JUnitXml

from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE, Ran, git, taskcheck

TASKS = 300
FAULTS = {"nonsense": range(3, TASKS, 30), "nowhere": range(7, TASKS, 43), "an": range(11, TASKS, 37)}
"""By what is written there, the tasks that are wrong: a status, a dependency, an owner; two more begin too early."""
EARLY = (100, 200)
ERRORS, WARNINGS = 25, 2


@dataclass(frozen=True)
class Reading:
    """What a reader makes of the file."""

    suites: int
    cases: int
    failed: int
    skipped: int
    failures: frozenset[tuple[str, str]]
    """Of each failure the suite, or what stands in its place, and the name."""


def task(number: int) -> str:
    status = "nonsense" if number in FAULTS["nonsense"] else "ready"
    owner = "an" if number in FAULTS["an"] else "ana"
    needs = "nowhere" if number in FAULTS["nowhere"] else "task-000" if number in EARLY else ""
    return f"---\ntitle: Task number {number}\nowner: {owner}\nstatus: {status}\ndepends_on: [{needs}]\n---\n"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """A check of many tasks, and the file that it wrote."""
    root, file = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("report") / "junit.xml"
    (root / "tasks").mkdir()
    (root / "taskcheck.toml").write_text('[people]\nana = ["an"]\n')
    for number in range(TASKS):
        (root / f"tasks/task-{number:03}.md").write_text(task(number))
    git("init", "-q", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "start", cwd=root)
    return taskcheck("--format", "concise", "--output", f"junit={file}", cwd=root), file


def by_junitparser(file: Path) -> Reading:
    suites = list(JUnitXml.fromfile(str(file)))
    return Reading(
        suites=len(suites),
        cases=sum(suite.tests for suite in suites),
        failed=sum(suite.failures for suite in suites),
        skipped=sum(suite.skipped for suite in suites),
        failures=frozenset(
            (suite.name, case.name) for suite in suites for case in suite if any(map(_is_failure, case.result))
        ),
    )


def _is_failure(result: object) -> bool:
    return type(result).__name__ == "Failure"


def by_junit2html(file: Path) -> Reading:
    suites = Junit(filename=str(file)).suites
    return Reading(
        suites=len(suites),
        cases=sum(len(suite.all()) for suite in suites),
        failed=sum(len(suite.failed()) for suite in suites),
        skipped=sum(len(suite.skipped()) for suite in suites),
        failures=frozenset((suite.name, case.name) for suite in suites for case in suite.failed()),
    )


def by_xunit_viewer(file: Path) -> Reading:
    """Read what it prints: a suite to a paragraph, its cases by a sign before the name, the sum at the end."""
    if shutil.which("xunit-viewer") is None:
        pytest.skip("xunit-viewer isn't installed from npm")
    command = ["xunit-viewer", "-r", file, "-o", file.with_suffix(".html"), "-c"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (skipped|passed|failure)", shown)}
    suites = re.findall(r"^ (\S+)\n((?:(?: {4}.*)?\n)+)", shown, re.MULTILINE)
    failed = [(suite, name) for suite, rest in suites for name in re.findall(r"^ {4} ✗ (\S+)", rest, re.MULTILINE)]
    return Reading(len(suites), sum(counts.values()), counts["failure"], counts["skipped"], frozenset(failed))


def by_gitlabs_fields(file: Path) -> Reading:
    """Read what GitLab documents that it reads: a case by its class and name, failed where it has a `failure`."""
    cases = ET.parse(file).findall("testsuite/testcase")
    keys = Counter((case.attrib["classname"], case.attrib["name"]) for case in cases)
    assert max(keys.values()) == 1, "GitLab takes two cases of one name for one"
    return _of_elements(cases, lambda case: case.attrib["classname"])


def by_jenkins_fields(file: Path) -> Reading:
    """Read what Jenkins documents that it reads: a class is a package and a name, parted by the last dot."""
    cases = ET.parse(file).findall("testsuite/testcase")
    return _of_elements(cases, lambda case: case.attrib["classname"].rpartition(".")[2])


def _of_elements(cases: list[ET.Element], group: Callable[[ET.Element], str]) -> Reading:
    return Reading(
        suites=len({group(case) for case in cases}),
        cases=len(cases),
        failed=sum(case.find("failure") is not None for case in cases),
        skipped=sum(case.find("skipped") is not None for case in cases),
        failures=frozenset((group(case), case.attrib["name"]) for case in cases if case.find("failure") is not None),
    )


READERS = {
    "junitparser": by_junitparser,
    "junit2html": by_junit2html,
    "xunit-viewer": by_xunit_viewer,
    "GitLab's fields": by_gitlabs_fields,
    "Jenkins' fields": by_jenkins_fields,
}


def told(ran: Ran) -> frozenset[tuple[str, str]]:
    """Of each error that the run printed the task, and the rule."""
    found = re.findall(r"^\S+: error: ([a-z-]+): (\S+): ", ran.out, re.MULTILINE)
    return frozenset((subject, rule) for rule, subject in found)


@pytest.mark.parametrize("name", READERS)
def test_each_reader_fails_what_the_run_found(name: str, ran: tuple[Ran, Path]) -> None:
    """Suites are tasks and the repository, failures the errors by task and rule, and the run ended with 1."""
    run, file = ran
    assert run.code == 1
    read = READERS[name](file)
    assert (read.suites, read.failed) == (TASKS + 1, ERRORS)
    assert {(suite, case.partition("[")[0]) for suite, case in read.failures} == told(run)
    row = f"| {name} | {read.suites} | {read.cases} | {read.failed} | {read.skipped} |"
    assert row in (ROOT / "docs/formats.md").read_text()


def test_the_store_has_what_the_table_says(ran: tuple[Ran, Path]) -> None:
    run, _ = ran
    assert len(re.findall(r": error: ", run.out)) == ERRORS
    assert len(re.findall(r": warning: ", run.out)) == WARNINGS
