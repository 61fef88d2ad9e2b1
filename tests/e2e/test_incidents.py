"""The friction log, whole: six incidents under their headlines, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from junitparser import JUnitXml

from taskcheck.testing import Built, build, incidents_fixture
from tests.conftest import ROOT
from tests.e2e.conftest import git, taskcheck

NOW = "2026-03-24T18:00:00Z"
HEADLINES = {
    "dave-fowler": "split-manager",
    "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching": (
        "dispatch-completed-unreconciled"
    ),
    "wire-markdown-svg-to-dataface-font-config-and-vendored-inter": "missing-terminal-state",
    "make-tasks-server-status-page-use-fresh-heartbeat-data-and-auto-refresh": "worker-gone",
    "move-task-links-to-workstream-relative-paths": "register-orphan",
    "redesign-axis-label-collision-handling-for-narrow-cards": "misrouted-task",
}


def test_six_incidents_each_under_its_headline(incidents: Built) -> None:
    ran = taskcheck("--root", incidents.root, "--now", NOW, "--format", "json", cwd=incidents.root)
    assert ran.code == 1
    found = {incident["task"] or incident["manager"]: incident["headline"] for incident in ran.json["incidents"]}
    assert found == HEADLINES


def test_three_signals_of_one_dead_worker_are_under_one_row(incidents: Built) -> None:
    report = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root).json
    gone = next(incident for incident in report["incidents"] if incident["headline"] == "worker-gone")
    signals = {signal["kind"]: signal["explained_by"] for signal in gone["signals"]}
    assert signals == dict.fromkeys(
        ("pickup_overdue", "dispatch_worker_gone", "dispatch_retry_cooldown"), "worker-gone"
    )


def test_what_an_operator_asks_beside_the_findings(incidents: Built) -> None:
    report = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root).json
    found = {incident["headline"]: (incident["moved_at"], incident["worker"]) for incident in report["incidents"]}
    assert found == {
        "split-manager": ("2026-03-24T17:58:00Z", None),
        "worker-gone": ("2026-03-24T09:58:15Z", "gone"),
        "register-orphan": ("2026-03-23T18:30:00Z", "ended"),
        "dispatch-completed-unreconciled": ("2026-03-24T11:34:02Z", "ended"),
        "misrouted-task": ("2026-03-24T17:50:00Z", "unknown"),
        "missing-terminal-state": ("2026-03-24T11:22:30Z", "ended"),
    }
    managers = {manager["owner"]: (manager["entries"], manager["workers"]) for manager in report["managers"]}
    assert managers == {"dave-fowler": (7, 2), "rj": (2, 2)}
    unreconciled = next(i for i in report["incidents"] if i["headline"] == "dispatch-completed-unreconciled")
    sides = [(item["side"], item["saw"]) for item in unreconciled["findings"][0]["evidence"]]
    assert sides == [
        ("root", "status is ready, no pull request"),
        ("ledger", "ends in dispatch_exit_code=0"),
        ("worktree", "status is in_progress, pull request #409"),
    ]


def test_text_has_one_row_per_task(incidents: Built) -> None:
    text = taskcheck("--now", NOW, cwd=incidents.root).out
    for subject, headline in HEADLINES.items():
        assert f"error   {subject}  {headline}\n" in text
    assert text.splitlines()[-1] == (
        "41 tasks in 9 checkouts: 6 incidents (8 errors, 4 warnings); "
        "4 fixable with --fix, 1 more with --unsafe-fixes, 1 rule skipped (-v says why)"
    )


def test_report_keeps_to_the_contract(incidents: Built) -> None:
    report = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root).json
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    findings = [finding for incident in report["incidents"] for finding in incident["findings"]]
    assert all(len(finding["evidence"]) > 1 for finding in findings), "both sides speak"
    assert {finding["checkout"] for finding in findings} == {"root"}
    assert all(finding["line"] for finding in findings if finding["path"].endswith((".md", ".json")))
    fingerprints = [finding["fingerprint"] for finding in findings]
    assert len(set(fingerprints)) == len(fingerprints)


def test_healthy_copy_is_clean(tmp_path: Path) -> None:
    fixture = incidents_fixture()
    built = build(fixture, tmp_path / "repo", overlay=fixture / "healthy")
    ran = taskcheck("--now", NOW, "--strict", "--format", "json", cwd=built.root)
    assert ran.code == 0, ran.out
    assert ran.json["incidents"] == []
    assert [row["rule"] for row in ran.json["skipped"]] == ["done-with-open-pr"]
    assert ran.json["summary"]["tasks"] == 41


def test_demo_builds_and_checks(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ran = taskcheck("demo", folder, cwd=tmp_path)
    assert ran.code == 0
    assert ": 6 incidents (" in ran.out
    again = taskcheck("--root", folder, "--format", "json", cwd=tmp_path)
    assert {incident["headline"] for incident in again.json["incidents"]} == set(HEADLINES.values())
    assert "prunable" not in git("worktree", "list", "--porcelain", cwd=folder)
    assert taskcheck("demo", folder, cwd=tmp_path).code == 2, "a folder that isn't empty is left alone"


def test_same_findings_from_every_place_in_the_repository(incidents: Built) -> None:
    expected = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root).out
    worktree = next((incidents.root / ".worktrees").iterdir())
    for folder in (incidents.root / "tasks" / "team", worktree, worktree / "tasks"):
        assert taskcheck("--now", NOW, "--format", "json", cwd=folder).out == expected


def test_naming_a_task_or_path_narrows_the_report(incidents: Built) -> None:
    task = "move-task-links-to-workstream-relative-paths"
    by_id = taskcheck(task, "--now", NOW, "--format", "json", cwd=incidents.root).json
    assert [incident["task"] for incident in by_id["incidents"]] == [task]
    assert by_id["summary"]["tasks"] == 41
    path = by_id["incidents"][0]["findings"][0]["evidence"][-1]["path"]
    by_path = taskcheck(path, "--now", NOW, "--format", "json", cwd=incidents.root).json
    assert by_path["incidents"] == by_id["incidents"]
    in_folder = taskcheck(Path(path).name, "--now", NOW, "--format", "json", cwd=incidents.root / Path(path).parent)
    assert in_folder.json["incidents"] == by_id["incidents"]
    assert taskcheck("rj", "--now", NOW, cwd=incidents.root).code == 0


def test_several_outputs_in_one_run(incidents: Built, tmp_path: Path) -> None:
    xml, report = tmp_path / "junit.xml", tmp_path / "report.json"
    options = ["--now", NOW, "--output", f"junit={xml}", "--output", f"json={report}"]
    ran = taskcheck(*options, "--format", "concise", cwd=incidents.root)
    assert ran.code == 1
    parsed = JUnitXml.fromfile(str(xml))
    summary = json.loads(report.read_text())["summary"]
    assert summary["findings"] == len(ran.out.splitlines()) - 1
    assert (parsed.failures, parsed.errors) == (summary["errors"], 0)
    assert parsed.tests == len(list(parsed)) + summary["findings"], "one of each finding, and one of all else"
    assert {suite.name for suite in parsed} >= set(HEADLINES)


@pytest.mark.parametrize("arguments", [["--select", "register"], ["--select", "all", "--ignore", "identity,drift"]])
def test_selection_by_name_and_family(incidents: Built, arguments: list[str]) -> None:
    report = taskcheck(*arguments, "--now", NOW, "--format", "json", cwd=incidents.root).json
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    if arguments[1] == "register":
        assert rules == {"register-orphan"}
    else:
        assert "split-manager" not in rules
        assert "metadata-drift" not in rules
        assert "worker-gone" in rules


@pytest.mark.parametrize("kind", ["stuck_in_progress", "dispatch_retry_cooldown", "dispatch_worker_gone"])
def test_a_stale_task_explains_what_its_manager_signals(store: Callable[..., Path], kind: str) -> None:
    files = {
        "tasks/a.md": "---\ntitle: A\nowner: rj\nstatus: in_progress\nupdated_at: 2026-03-01\n---\n",
        "taskcheck.toml": "[people]\nrj = []\n",
        ".gitignore": ".tasks/\n",
    }
    root = store(files)
    folder = root / ".tasks" / "task_manager"
    folder.mkdir(parents=True)
    (folder / "task-manager-rj.register.json").write_text('{"owner": "rj", "entries": {}}')
    signals = f'[{{"task": "a", "kind": "{kind}"}}]'
    (folder / "task-manager-rj.snapshot.json").write_text(
        f'{{"owner": "rj", "generated_at": "{NOW}", "escalation": {{"signals": {signals}}}}}'
    )
    (incident,) = taskcheck("--now", NOW, "--format", "json", cwd=root).json["incidents"]
    assert incident["headline"] == "stale-in-progress"
    assert [signal["explained_by"] for signal in incident["signals"]] == ["stale-in-progress"]
