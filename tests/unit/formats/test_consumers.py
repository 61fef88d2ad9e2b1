"""What a consumer of each format gets: the facts of the report, within the consumer's limits, the worst first."""

import argparse
import itertools
import json
import re
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import JUnitXml
from sarif import loader

from taskcheck.cli import COMMANDS, check
from taskcheck.cli.parsing import parse
from taskcheck.formats import renderer
from taskcheck.formats.github import MAX_SHOWN
from taskcheck.formats.sarif import MAX_RESULTS
from taskcheck.model.cases import Case, RuleRun, RunError, Subject
from taskcheck.model.finding import REPOSITORY, Safety, Severity
from taskcheck.model.report import EMPTY, Report
from taskcheck.model.task import Place
from taskcheck.model.verdict import Verdict
from tests.unit.formats import readers
from tests.unit.formats.reports import finding, incident, many, quoting, report

CLEAN = report()
UNFINISHED = replace(report(), errors=(RunError(where="plugin x", message="it fell"),), exit_code=3)


def sarif(about: Report, text: str | None = None) -> tuple[dict, dict]:
    """The run and its invocation, of the text of a report."""
    (run,) = readers.read_sarif(text or renderer("sarif")(about))["runs"]
    (invocation,) = run["invocations"]
    return run, invocation


def test_sarif_tells_rules_places_and_both_sides() -> None:
    run, _ = sarif(quoting("für später/50%"))
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["helpUri"].endswith("/docs/rules/metadata-drift.md")
    assert (rule["fullDescription"]["text"], rule["shortDescription"]["text"]) == ("Why it matters.", "What it finds.")
    result = run["results"][0]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "metadata-drift"
    assert result["partialFingerprints"] == {"taskcheck/v1": finding("für später/50%").fingerprint}
    (at,) = result["locations"]
    assert at["physicalLocation"] == {
        "artifactLocation": {"uri": "tasks/f%C3%BCr%20sp%C3%A4ter/50%25.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 9},
    }
    uris = [place["physicalLocation"]["artifactLocation"] for place in result["relatedLocations"]]
    assert uris[1]["uri"].startswith(".worktrees/f%C3%BCr")
    assert uris[2]["uriBaseId"] in run["originalUriBaseIds"]
    assert result["properties"]["fix"]["safety"] == "unsafe"


def test_sarif_tells_what_is_accepted_and_where() -> None:
    run, _ = sarif(quoting("word"))
    kinds = [r["suppressions"][0]["kind"] for r in run["results"] if "suppressions" in r]
    assert kinds == ["inSource", "external"]
    assert [r["suppressions"][0]["justification"] for r in run["results"] if "suppressions" in r] == [
        "word",
        "accepted in the baseline",
    ]


def test_sarif_of_an_incomplete_run_is_no_success() -> None:
    _, invocation = sarif(UNFINISHED)
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    assert [n["message"]["text"] for n in invocation["toolExecutionNotifications"]] == ["plugin x: it fell"]
    skipped = RuleRun(
        rule="worker-gone", family="lifecycle", cases=(Case(subject=Subject(REPOSITORY), skipped="no register"),)
    )
    _, invocation = sarif(replace(CLEAN, runs=(skipped,)))
    (notification,) = invocation["toolConfigurationNotifications"]
    assert notification["associatedRule"] == {"id": "worker-gone", "index": 0}
    assert "no register" in notification["message"]["text"]
    assert invocation["executionSuccessful"]


@pytest.mark.journey
def test_sarif_keeps_to_what_github_shows(tmp_path: Path) -> None:
    about = many(10_000)
    text = renderer("sarif")(about)
    run, invocation = sarif(about, text)
    assert len(run["results"]) == MAX_RESULTS
    assert {result["level"] for result in run["results"]} == {"error"}, "the worst are kept"
    (notice,) = invocation["toolExecutionNotifications"]
    assert "5000 most severe of 10000" in notice["message"]["text"]
    path = tmp_path / "report.sarif"
    path.write_text(text)
    assert loader.load_sarif_file(str(path)).get_result_count() == MAX_RESULTS


def test_sarif_in_a_store_below_the_top() -> None:
    run, _ = sarif(replace(quoting("word"), prefix="team/"))
    uris = [place["physicalLocation"]["artifactLocation"]["uri"] for place in run["results"][0]["relatedLocations"]]
    assert uris[:2] == ["team/tasks/word.md", "team/.worktrees/word/team/tasks/word.md"]


def test_junit_is_read_back_case_by_case() -> None:
    about = quoting("word")
    xml = renderer("junit")(about)
    readers.read_junit(xml)
    suites = JUnitXml.fromstring(xml.encode())
    cases = {(suite.name, case.name): case for suite in suites for case in suite}
    drifts = [case for (task, name), case in cases.items() if task == "word" and name.startswith("metadata-drift")]
    failed = next(case for case in drifts if case.is_failure)
    assert failed.classname == "word"
    assert failed.result[0].type == "error"
    assert "expected: it says word" in failed.result[0].text
    assert failed._elem.get("line").isdecimal()
    assert "snapshot-stale" in cases["repository", "rest"].result[0].message
    assert (suites.tests, suites.errors) == (len(cases), 1)


@pytest.mark.parametrize("fail_on", Severity)
@pytest.mark.parametrize("exit_zero", [False, True])
def test_junit_fails_what_the_run_fails(fail_on: Severity, exit_zero: bool) -> None:
    verdict = Verdict(fail_on=fail_on, exit_zero=exit_zero)
    about = replace(many(6, Severity), verdict=verdict)
    suites = JUnitXml.fromstring(renderer("junit")(about).encode())
    failing = [finding for finding in about.findings if finding.level >= fail_on and not exit_zero]
    assert suites.failures == len(failing)


def test_github_escapes_as_the_toolkit_does() -> None:
    text = "50%0A, a:b\r\nc"
    (kind, properties, message), *_ = readers.read_github(renderer("github")(report(incident(text, finding(text)))))
    assert kind == "error"
    assert properties["title"] == "metadata-drift: 50%0A, a:b\\r\\nc"
    assert properties["file"] == "tasks/50%0A, a:b\\r\\nc.md"
    assert (properties["line"], properties["col"]) == ("3", "9")
    assert message.splitlines()[0] == "root says 50%0A, a:b\\r\\nc"


def test_github_shows_the_worst_and_says_how_many_more() -> None:
    shown = renderer("github")(many(100, (Severity.INFO, Severity.WARNING, Severity.ERROR)))
    kinds = Counter(kind for kind, _, _ in readers.read_github(shown))
    assert kinds == {"error": MAX_SHOWN, "warning": MAX_SHOWN, "notice": MAX_SHOWN}
    assert "22 errors, 24 warnings, 24 infos more" in shown
    order = [kind for kind, _ in itertools.groupby(kind for kind, _, _ in readers.read_github(shown))]
    assert order == ["error", "warning", "notice"]


def test_github_places_nothing_in_another_checkout() -> None:
    elsewhere = replace(finding("word"), place=Place(path="tasks/word.md", checkout="worktree:word", line=3))
    ((_, properties, _),) = readers.read_github(renderer("github")(report(incident("word", elsewhere))))
    assert "file" not in properties


def test_what_failed_is_told_first() -> None:
    about = replace(many(1_000), errors=UNFINISHED.errors, exit_code=3)
    kind, properties, message = readers.read_github(renderer("github")(about))[0]
    assert (kind, properties["title"], message) == ("error", "taskcheck is incomplete", "plugin x: it fell")
    assert readers.read_gitlab(renderer("gitlab")(about))[0]["severity"] == "blocker"
    assert "plugin x" in renderer("markdown")(about)
    assert "plugin x: it fell" in renderer("agent")(about)


def test_gitlab_gives_every_finding_a_fingerprint_of_its_own() -> None:
    twice = report(incident("word", finding("word"), finding("word")), incident("other", finding("other")))
    issues = readers.read_gitlab(renderer("gitlab")(twice))
    assert len(issues) == 3
    assert issues[0]["fingerprint"] == finding("word").fingerprint
    assert len({issue["fingerprint"] for issue in issues}) == 3
    errors = (RunError(where="plugin x", message="it fell"),) * 2
    issues = readers.read_gitlab(renderer("gitlab")(replace(twice, errors=errors)))
    assert len({issue["fingerprint"] for issue in issues}) == 5
    levels = (Severity.INFO, Severity.WARNING, Severity.ERROR)
    issues = readers.read_gitlab(renderer("gitlab")(many(3, levels)))
    assert [issue["severity"] for issue in issues] == ["critical", "minor", "info"]


def test_gitlab_keeps_the_fingerprint_of_what_is_wrong_in_two_checkouts_once_one_is_mended() -> None:
    at = Place(path="tasks/word.md", route=("status",), checkout="worktree:a")
    first = replace(finding("word"), place=at)
    second = replace(first, place=replace(at, checkout="worktree:b"))
    both = readers.read_gitlab(renderer("gitlab")(report(incident("word", first, second))))
    (left,) = readers.read_gitlab(renderer("gitlab")(report(incident("word", second))))
    assert left["fingerprint"] == both[1]["fingerprint"] != both[0]["fingerprint"]


def test_json_counts_as_fixable_what_fix_can_make() -> None:
    fix = finding("word").fix
    assert fix
    shown = replace(finding("word"), fix=replace(fix, safety=Safety.DISPLAY))
    elsewhere = replace(finding("word"), place=Place(path="x", checkout="worktree:a"))
    safe = replace(finding("word"), fix=replace(fix, safety=Safety.SAFE))
    about = report(incident("word", finding("word"), safe, shown, elsewhere))
    assert json.loads(renderer("json")(about))["summary"]["fixable"] == 2


@pytest.mark.parametrize("number", [0, 1, 60, 400, 10_000])
def test_markdown_fits_a_comment(number: int) -> None:
    shown = renderer("markdown")(many(number))
    elements = Counter(readers.read_markdown(shown))
    rows, folds = elements["tr"] - bool(number), elements["details"]
    assert ("more incidents don't fit" in shown) == (rows < number)
    assert ("The details of" in shown) == (folds < number)
    if number > 60:
        assert rows + int(re.search(r"(\d+) more incidents", shown)[1]) == number if rows < number else rows == number
        assert len(shown) > 50_000, "the room is used"


def test_markdown_of_nothing_but_failures_and_managers_fits_too() -> None:
    errors = tuple(RunError(where=f"rule {n}", message="x" * 200) for n in range(1_000))
    shown = renderer("markdown")(replace(quoting("word"), errors=errors, managers=quoting("word").managers * 5_000))
    assert readers.read_markdown(shown).count("details") == 2


def test_jsonl_is_a_finding_a_line_and_then_the_summary() -> None:
    *findings, whole = readers.read_jsonl(renderer("jsonl")(quoting("word")))
    assert [line["type"] for line in findings] == ["finding", "finding"]
    assert {line["schema"] for line in findings} == {"taskcheck/finding/1"}
    assert list(findings[0]) == list(findings[1])
    assert (findings[0]["task"], findings[0]["rule"], findings[0]["line"]) == ("word", "metadata-drift", 3)
    assert (whole["type"], whole["schema"], whole["summary"]["findings"]) == ("summary", "taskcheck/report/1", 2)
    assert "incidents" not in whole


@pytest.mark.parametrize("task", ["fix-login", "a b", "it's", "-x", "$(id)", "rule", "a;b"])
@pytest.mark.parametrize("safety", [Safety.SAFE, Safety.UNSAFE, Safety.DISPLAY])
def test_the_agents_commands_are_ones_that_the_command_line_takes(task: str, safety: Safety) -> None:
    found = finding(task)
    assert found.fix
    about = report(incident(task, replace(found, fix=replace(found.fix, safety=safety))))
    shown = renderer("agent")(about).partition("commands:\n")[2].partition("\n\n")[0]
    lines = [shlex.split(line, comments=True) for line in shown.splitlines()]
    assert [line[1] for line in lines] == ["--diff", "--fix", "rule", "check"][2 * (safety is Safety.DISPLAY) :]
    for _, *arguments in lines:
        command = arguments.pop(0) if arguments[0] in COMMANDS else "check"
        if command == "check":
            options = parsed(arguments)
            assert options.only == [task]
            assert options.unsafe_fixes == (safety is Safety.UNSAFE and (options.fix or options.diff))


def parsed(arguments: list[str]):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    check.arguments(parser)
    return parse(parser, arguments)


@pytest.mark.parametrize("name", ["sarif", "github", "gitlab", "markdown", "jsonl", "agent"])
@pytest.mark.parametrize("about", [CLEAN, replace(CLEAN, tasks=0, exit_code=EMPTY), report(incident("word"))])
def test_nothing_found_is_well_formed_too(name: str, about: Report) -> None:
    shown = renderer(name)(about)
    reader = getattr(readers, f"read_{name}", None)
    if reader:
        reader(shown)
    if name in {"github", "markdown", "agent"}:
        expected = {EMPTY: "nothing to check"}.get(about.exit_code, "signals only" if about.incidents else "all agree")
        assert expected in shown
