"""Every preset on a store in which all that its format allows is used, and on one with the format's typical faults.

The fixtures hold no configuration, but for the name of a preset without marks: the preset is detected, every rule that
it leaves on is asked.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.config import load as config
from taskcheck.model.finding import Severity
from taskcheck.model.report import Report
from taskcheck.store import Request, Where, open_store
from taskcheck.testing import Built, build
from taskcheck.testing.laws import findings_text
from tests.conftest import FIXTURES, request_for, where_for
from tests.e2e.conftest import taskcheck

FOLDER = FIXTURES / "presets"
TASKS = {
    "agentplane": 4,
    "backlog-md": 6,
    "beads": 8,
    "bmad": 3,
    "ccpm": 5,
    "delano": 5,
    "kanban-md": 5,
    "plan-issues": 5,
    "status-line": 3,
    "task-manager": 5,
    "task-master": 9,
    "taskmd": 3,
    "taskplane": 4,
    "ticket": 3,
}
"""How many tasks the healthy store of each preset has: what isn't read has no findings either."""


DETECTED = [name for name, found in config.presets(config.builtin_presets()).items() if found.detect]
"""The presets that have marks; others have to be named."""


@pytest.fixture(params=sorted(config.builtin_presets()))
def preset(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def look(case: str, into: Path) -> tuple[Built, Report]:
    built = build(FOLDER / case, into)
    return built, check_request(where_for(built), request_for(built))


def test_each_preset_is_shown_from_both_sides() -> None:
    shown = {path.name for path in FOLDER.iterdir()}
    assert shown == {f"{kind}-{name}" for kind in ("good", "bad") for name in config.builtin_presets()}


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_it_is_detected(preset: str, kind: str, tmp_path: Path) -> None:
    store = open_store(where_for(build(FOLDER / f"{kind}-{preset}", tmp_path / "repo")))
    has_marks = preset in DETECTED
    source = None if has_marks else "taskcheck.toml"
    assert (store.settings.preset, store.settings.source, store.detected) == (preset, source, has_marks)


def test_what_the_format_allows_is_no_finding(preset: str, tmp_path: Path) -> None:
    _, report = look(f"good-{preset}", tmp_path / "repo")
    assert report.complete, report.errors
    assert findings_text(report) == ""
    assert report.tasks == TASKS[preset]
    assert report.checkouts > 1, "work in flight is part of a healthy store"


def test_typical_faults_are_found(preset: str, tmp_path: Path) -> None:
    """TASKCHECK_UPDATE=1 rewrites the expect.txt."""
    _, report = look(f"bad-{preset}", tmp_path / "repo")
    assert report.complete, report.errors
    text = findings_text(report)
    expect = FOLDER / f"bad-{preset}" / "expect.txt"
    if os.environ.get("TASKCHECK_UPDATE"):
        expect.write_text(text)
    assert text == expect.read_text()
    assert len({finding.rule for finding in report.findings}) >= 4
    assert Severity.ERROR in {finding.level for finding in report.findings}


@pytest.mark.parametrize("preset", DETECTED)
@pytest.mark.parametrize("kind", ["good", "bad"])
def test_init_writes_what_gives_the_same_result(preset: str, kind: str, tmp_path: Path) -> None:
    """What was found before is found again, in a healthy store nothing; declared people can be asked about."""
    built, before = look(f"{kind}-{preset}", tmp_path / "repo")
    ran = taskcheck("init", cwd=built.root)
    assert ran.code == 0, ran.err
    after = check_request(where_for(built), request_for(built))
    assert after.complete, after.errors
    assert (after.tasks, after.checkouts) == (before.tasks, before.checkouts)
    found, again = (Counter(findings_text(report).splitlines()) for report in (before, after))
    if kind == "good":
        assert again == found
    new = {finding.rule for finding in after.findings if finding.family not in {"identity", "routing"}}
    assert new <= {finding.rule for finding in before.findings}
    assert not found - again


def test_a_hidden_backlog_is_one_too(tmp_path: Path) -> None:
    shown, hidden = tmp_path / "shown", tmp_path / "hidden"
    for folder in (shown, hidden):
        shutil.copytree(FOLDER / "bad-backlog-md" / "base", folder)
    (hidden / "backlog").rename(hidden / ".backlog")
    told = [
        findings_text(check_request(Where(root=folder, third_party=False), Request())) for folder in (shown, hidden)
    ]
    assert told[1].replace(".backlog/", "backlog/") == told[0] != ""
