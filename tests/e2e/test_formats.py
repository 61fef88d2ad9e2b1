"""Every format from one run, read by those for whom it is; colour and links where a terminal takes them."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from junitparser import JUnitXml
from sarif import loader

from taskcheck.formats import FORMATS
from taskcheck.testing import Built
from tests.conftest import FIXTURES, ROOT
from tests.e2e.conftest import Terminal, environment, here, taskcheck
from tests.samples import WHOLE, sampled
from tests.unit.formats import readers

NOW = "2026-03-24T18:00:00Z"


@pytest.fixture(scope="module")
def written(incidents: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The demo's report in every format, from one run."""
    folder = tmp_path_factory.mktemp("reports")
    files = {name: folder / f"report.{name}" for name in FORMATS}
    options = [f"--output={name}={path}" for name, path in files.items()]
    ran = taskcheck("--now", NOW, *options, "--quiet", cwd=incidents.root)
    assert (ran.code, ran.out) == (1, "")
    return files


@pytest.fixture(scope="module")
def report(written: dict[str, Path]):
    return json.loads(written["json"].read_text())


@pytest.mark.journey
def test_sarif_tools_read_the_sarif(written: dict[str, Path], report) -> None:
    readers.read_sarif(written["sarif"].read_text())
    log = loader.load_sarif_file(str(written["sarif"]))
    assert log.get_distinct_tool_names() == ["taskcheck"]
    records = log.get_records()
    findings = [finding for incident in report["incidents"] for finding in incident["findings"]]
    assert sorted((r["Code"], r["Location"], r["Severity"]) for r in records) == sorted(
        (finding["rule"], finding["path"], finding["severity"]) for finding in findings
    )
    shown = subprocess.run(
        [sys.executable, "-m", "sarif", "summary", written["sarif"]], capture_output=True, text=True, check=True
    )
    assert f"error: {report['summary']['errors']}" in shown.stdout


def test_every_rule_has_a_page_to_link_to(written: dict[str, Path]) -> None:
    (run,) = json.loads(written["sarif"].read_text())["runs"]
    pages = [rule["helpUri"].rpartition("/blob/main/")[2] for rule in run["tool"]["driver"]["rules"]]
    assert len(pages) > 20
    assert [page for page in pages if not (ROOT / page).is_file()] == []
    readme = (ROOT / "README.md").read_text()
    assert run["tool"]["driver"]["informationUri"] in readme


def test_the_others_read_theirs(written: dict[str, Path], report) -> None:
    count = report["summary"]["findings"]
    readers.read_junit(written["junit"].read_text())
    assert JUnitXml.fromfile(str(written["junit"])).failures == report["summary"]["errors"]
    assert len(readers.read_gitlab(written["gitlab"].read_text())) == count
    assert len(readers.read_github(written["github"].read_text())) == count
    elements = readers.read_markdown(written["markdown"].read_text())
    assert elements.count("details") == elements.count("tr") - 1 == report["summary"]["incidents"]


def test_json_lines_keep_to_the_schema(written: dict[str, Path]) -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    about = {"$ref": "#/$defs/finding", "$defs": schema["$defs"]}
    *findings, whole = readers.read_jsonl(written["jsonl"].read_text())
    for line in findings:
        Draft202012Validator(about).validate(line)
    Draft202012Validator(schema).validate({**whole, "incidents": []})


COMMANDS = re.compile(r"^     (taskcheck .*?)  # ", re.M)


def test_an_agents_commands_work(written: dict[str, Path], incidents: Built) -> None:
    commands = [command.split()[1:] for command in COMMANDS.findall(written["agent"].read_text())]
    assert len(commands) > 15
    for arguments in sampled(commands, 3):
        if "--fix" not in arguments:
            ran = taskcheck(*arguments, *(() if arguments[0] == "rule" else ("--now", NOW)), cwd=incidents.root)
            assert ran.code == (0 if arguments[0] == "rule" else 1), arguments


@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1", "TERM": "dumb"}, True),
    ],
)
def test_who_decides_about_colour(incidents: Built, arguments: tuple[str, ...], env: dict[str, str], coloured: bool):
    ran = taskcheck("--now", NOW, *arguments, cwd=incidents.root, **{"NO_COLOR": "", **env})
    assert ("\x1b[" in ran.out) == coloured
    assert "\x1b]" not in ran.out


def on_a_terminal(cwd: Path, *, real: bool = False, **env: str) -> str:
    """What the command prints where stdout is a terminal, or says so."""
    names = ("TMUX", "STY", "VTE_VERSION", "TERM_PROGRAM", "FORCE_COLOR")
    kept = {name: value for name, value in environment(NO_COLOR="", TERM="xterm").items() if name not in names}
    if not real:
        ran = here(["--now", NOW], cwd, {**kept, **env}, out=Terminal)
        assert ran.code == 1
        return ran.out
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "taskcheck", "--now", NOW]
    process = subprocess.Popen(command, cwd=cwd, env={**kept, **env}, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65_536):
            shown += chunk
    except OSError:  # Linux says so where the other end is closed.
        pass
    os.close(ours)
    assert process.wait() == 1
    return shown.decode()


LINK = "\x1b]8;;https://github.com/taskcheck/taskcheck/blob/main/docs/rules/worker-gone.md\x1b\\"


@pytest.mark.parametrize(
    ("env", "linked"),
    [
        ({}, False),
        ({"TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM_PROGRAM": "iTerm.app", "TMUX": "/tmp/tmux"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"VTE_VERSION": "7600"}, True),
        ({"VTE_VERSION": "4200"}, False),
        ({"VTE_VERSION": "new"}, False),
    ],
)
def test_rules_are_links_where_the_terminal_follows_them(incidents: Built, env: dict[str, str], linked: bool) -> None:
    shown = on_a_terminal(incidents.root, real=WHOLE or "kitty" in env.get("TERM", ""), **env)
    assert "\x1b[1;31merror" in shown
    assert (LINK in shown) == linked


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_a_terminal_that_takes_no_colour_gets_plain_text(incidents: Built, env: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal(incidents.root, real=WHOLE, **env, TERM_PROGRAM="iTerm.app")


def test_a_plugin_brings_a_format_and_links_to_its_own_page(incidents: Built, tmp_path: Path) -> None:
    about = tmp_path / "ours-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[taskcheck]\nours = ours\n")
    (tmp_path / "ours.py").write_text(
        "from taskcheck import Finding, Place, Severity, hookimpl, rule\n"
        "@rule(family='ours', severity=Severity.INFO, url='https://ours.example/r')\n"
        "def our_rule(tasks):\n"
        "    'Says one thing.'\n"
        "    yield Finding(message='m', place=Place(path='x'))\n"
        "@hookimpl\n"
        "def taskcheck_rules():\n"
        "    return [our_rule]\n"
        "@hookimpl\n"
        "def taskcheck_reporters():\n"
        "    return {'count': lambda report: f'{len(report.findings)} found\\n'}\n"
    )
    log = tmp_path / "log.sarif"
    options = ["--now", NOW, "--format", "count", "--output", f"sarif={log}", "--select", "our-rule"]
    ran = taskcheck(*options, cwd=incidents.root, PYTHONPATH=str(tmp_path))
    assert (ran.code, ran.out) == (0, "1 found\n"), ran.err
    (run,) = readers.read_sarif(log.read_text())["runs"]
    assert [rule["helpUri"] for rule in run["tool"]["driver"]["rules"]] == ["https://ours.example/r"]
    assert "did you mean count" in taskcheck("--format", "coutn", cwd=incidents.root, PYTHONPATH=str(tmp_path)).err


TASK = "---\ntitle: T\nowner: rj\nstatus: {status}\n{more}---\n"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 1),
        (("--exit-zero",), 0),
        (("warned",), 0),
        (("warned", "--fail-on", "warning"), 1),
        (("fine",), 0),
        (("fine", "--strict"), 1),
        (("fine", "--strict", "--exit-zero"), 0),
        (("--fix", "spelled", "--exit-non-zero-on-fix"), 1),
        (("--now", "2020-01-01T00:00:00Z", "--root", "nothing"), 4),
        (("--root", "nothing", "--exit-zero"), 4),
    ],
)
def test_junit_agrees_with_the_exit_code(store: Callable[..., Path], options: tuple[str, ...], code: int) -> None:
    root = store({
        "taskcheck.toml": "[people]\nrj = ['ron']\n",
        "tasks/fine.md": TASK.format(status="ready", more=""),
        "tasks/warned.md": TASK.format(status="ready", more="depends_on: [fine]\n"),
        "tasks/wrong.md": TASK.format(status="nonsense", more=""),
        "tasks/spelled.md": TASK.format(status="draft", more="").replace("rj", "ron"),
        "nothing/taskcheck.toml": "",
    })  # fmt: skip
    ran = taskcheck("--format", "junit", *options, cwd=root)
    assert ran.code == code
    suites = JUnitXml.fromstring(ran.out.encode())
    assert (suites.failures > 0) == (code == 1)
    assert (suites.errors > 0) == (code in {3, 4})
    for suite in suites:
        assert {case.classname for case in suite} == {suite.name}


def test_junit_grows_with_tasks_and_findings_and_not_with_rules(store: Callable[..., Path]) -> None:
    tasks = {f"tasks/t{number}.md": TASK.format(status="ready", more="") for number in range(30)}
    wrong = {f"tasks/w{number}.md": TASK.format(status="nonsense", more="") for number in range(5)}
    root = store({"taskcheck.toml": "[people]\nrj = []\n", **tasks, **wrong})
    suites = JUnitXml.fromstring(taskcheck("--format", "junit", cwd=root).out.encode())
    assert (len(list(suites)), suites.tests, suites.failures) == (36, 36 + 5, 5)
    failed = {case.classname: case for suite in suites for case in suite if case.result and case.name != "rest"}
    assert failed["w3"].name == "invalid-field[status]"
    assert (failed["w3"]._elem.get("file"), failed["w3"]._elem.get("line")) == ("tasks/w3.md", "4")


def test_each_line_of_concise_has_a_place_that_the_documented_pattern_reads(incidents: Built) -> None:
    """In all that rules find in their fixtures, and in the friction log; no line of the summary is taken for one."""
    page = (ROOT / "docs" / "formats.md").read_text().partition("## concise")[2]
    pattern = re.compile(page.partition("```text\n")[2].partition("\n")[0])
    expected = [line for path in FIXTURES.rglob("expect.txt") for line in path.read_text().splitlines()]
    expected = [line for line in expected if not line.startswith("notice  ")]
    shown = taskcheck("--format", "concise", "-v", "--now", "2026-03-24T18:00:00Z", cwd=incidents.root).out.splitlines()
    found = [line for line in shown if pattern.match(line)]
    summary = shown[len(found) :]
    assert found == shown[: len(found)]
    assert len(found) > 10
    assert len(expected) > 200
    assert summary[-1].startswith("41 tasks in ")
    for line in (*expected, *found):
        read = pattern.match(line)
        assert read is not None, line
        assert int(read[3]) > 0 < int(read[4])
        assert ":" not in read[2], line
