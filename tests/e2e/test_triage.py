"""What runs, how much it matters, what is meant to be: selection, severities, suppressions, the verdict."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from taskcheck.testing import Built
from tests.e2e.conftest import install_plugin, taskcheck

TASK = "---\ntitle: A\nowner: ghost\nstatus: ready\n{}---\n"
CONFIG = """
[people]
rj = []
[rules]
severity = {{ role-routing = "{severity}" }}
[[suppress]]
rule = "role-routing"
task = "c*"
reason = "moves in Q2"
until = 2026-03-24
"""
REGISTER = '{"owner": "rj", "entries": {"gone": {"registered_at": "2026-01-01T00:00:00Z"}}}'


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    """Three tasks of nobody: plain, accepted in the file, accepted in the configuration; and an orphaned entry."""
    return store(
        {
            "tasks/a.md": TASK.format(""),
            "tasks/b.md": TASK.format("taskcheck:\n  ignore:\n    role-routing: known\n"),
            "tasks/c.md": TASK.format(""),
            ".tasks/task_manager/task-manager-rj.register.json": REGISTER,
            ".gitignore": ".tasks/\n",
            "taskcheck.toml": CONFIG.format(severity="warning"),
        }
    )


def found(root: Path, *arguments: str, now: str = "2026-03-24T18:00:00Z") -> tuple[int, list[tuple[str, str]], Any]:
    """Exit code, subject and rule of every finding, summary."""
    ran = taskcheck("--now", now, "--format", "json", *arguments, cwd=root)
    incidents = ran.json["incidents"]
    pairs = [
        (incident["task"] or incident["manager"], f["rule"]) for incident in incidents for f in incident["findings"]
    ]
    return ran.code, pairs, ran.json["summary"]


def test_suppressions_have_a_reason_and_an_end(root: Path) -> None:
    code, pairs, summary = found(root, "--select", "routing")
    assert (code, pairs) == (0, [("a", "role-routing")])
    assert (summary["warnings"], summary["suppressed"]) == (1, 2)
    code, pairs, summary = found(root, "--select", "routing", now="2026-03-25T00:00:01Z")
    assert pairs == [("a", "role-routing"), ("c", "role-routing")]
    assert summary["suppressed"] == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 0),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "warning", "--exit-zero"], 0),
        (["--strict"], 1),
        (["--strict", "--exit-zero"], 0),
    ],
)
def test_what_makes_a_run_fail(root: Path, arguments: list[str], code: int) -> None:
    assert found(root, "--select", "routing,drift,snapshot", *arguments)[0] == code


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        (["--select", "register"], ["register-orphan"]),
        (["--select", "register", "--ignore", "register-orphan"], []),
        (["--select", "register-orphan,routing", "--ignore", "register"], ["register-orphan", "role-routing"]),
        (["--ignore", "routing"], ["register-orphan"]),
        (["--ignore", "routing", "--extend-select", "role-routing"], ["register-orphan", "role-routing"]),
    ],
)
def test_a_name_beats_a_family_and_a_family_beats_all(root: Path, arguments: list[str], rules: list[str]) -> None:
    _, pairs, _ = found(root, *arguments)
    assert sorted({rule for _, rule in pairs}) == rules


def test_what_is_asked_for_beats_what_the_configuration_leaves_out(root: Path) -> None:
    (root / "taskcheck.toml").write_text('[people]\nrj = []\n[rules]\nignore = ["role-routing", "register"]\n')
    assert found(root)[1] == []
    assert {rule for _, rule in found(root, "--extend-select", "role-routing")[1]} == {"role-routing"}
    assert {rule for _, rule in found(root, "--extend-select", "register")[1]} == {"register-orphan"}


@pytest.mark.parametrize("key", ["entries", "tasks", "workers"])
def test_registers_may_be_lists_under_any_known_key(root: Path, key: str) -> None:
    path = root / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    path.write_text(f'{{"owner": "rj", "{key}": [{{"task": "gone"}}]}}')
    assert found(root, "--select", "register")[1] == [("gone", "register-orphan")]


def test_junit_has_what_a_rule_says_of_all_tasks_where_some_are_named(store: Callable[..., Path]) -> None:
    waits = "---\ntitle: T\nowner: x\nstatus: ready\ndepends_on: [{}]\n---\n"
    root = store({"tasks/a.md": waits.format("b"), "tasks/b.md": waits.format("a"), "tasks/c.md": waits.format("")})
    text = taskcheck("--select", "dependency-cycle", "a", cwd=root)
    assert text.code == 1
    junit = taskcheck("--select", "dependency-cycle", "--format", "junit", "a", cwd=root).out
    assert junit.count("<failure ") == 1
    assert "<failure " not in taskcheck("--select", "dependency-cycle", "--format", "junit", "c", cwd=root).out


def test_junit_has_what_crashed_whatever_is_named(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({"tasks/a.md": TASK.format(""), "tasks/b.md": TASK.format("")})
    path = install_plugin(
        tmp_path / "ours",
        "from taskcheck import Severity, hookimpl, rule\n@hookimpl\ndef taskcheck_rules():\n    return [ours]\n"
        "@rule(family='ours', severity=Severity.ERROR)\ndef ours(task):\n    'Crashes on one.'\n"
        "    if task.id == 'b':\n        raise ValueError('oh')\n    yield from ()\n",
    )
    ran = taskcheck("--format", "junit", "a", cwd=root, PYTHONPATH=path)
    assert (ran.code, ran.out.count("<error ")) == (3, 1)
    said = taskcheck("a", "--select", "ours", cwd=root, PYTHONPATH=path).out
    assert "nothing found" in said, "an incomplete check doesn't say that all agree"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "all agree"),
        (["a"], "nothing found"),
        (["tasks/a.md"], "nothing found"),
        (["--select", "task"], "nothing found"),
    ],
)
def test_only_a_whole_check_says_that_all_agree(store: Callable[..., Path], arguments: list[str], said: str) -> None:
    root = store({"tasks/a.md": "---\ntitle: T\nowner: x\nstatus: ready\n---\n"})
    assert f"1 task in 1 checkout: {said}" in taskcheck(*arguments, cwd=root).out


def test_signals_alone_are_shown_but_not_where_rules_were_left_out(root: Path) -> None:
    signals = '[{"task": "a", "kind": "strange_noise", "level": "attention"}]'
    path = root / ".tasks" / "task_manager" / "task-manager-rj.snapshot.json"
    path.write_text(
        f'{{"owner": "rj", "generated_at": "2026-03-24T18:00:00Z", "escalation": {{"signals": {signals}}}}}'
    )
    (root / "tasks" / "a.md").write_text(TASK.format("").replace("ghost", "rj"))
    ran = taskcheck("--now", "2026-03-24T18:00:00Z", cwd=root)
    assert "strange_noise (answered since: the next heartbeat will drop it)" in ran.out
    before = datetime(2026, 3, 24, 17, tzinfo=UTC).timestamp()
    for written in (root / "tasks" / "a.md", *(root / ".tasks" / "task_manager").iterdir()):
        os.utime(written, (before, before))
    ran = taskcheck("--now", "2026-03-24T18:00:00Z", cwd=root)
    assert "info    a  signals only\n" in ran.out
    by_path = taskcheck("--now", "2026-03-24T18:00:00Z", "tasks/a.md", cwd=root)
    assert "info    a  signals only\n" in by_path.out, "a task is the same by its path as by its name"
    assert "strange_noise (unexplained)" in ran.out
    assert "signals only" not in taskcheck("--now", "2026-03-24T18:00:00Z", "--select", "routing", cwd=root).out
    (root / ".tasks" / "task_manager" / "task-manager-rj.register.json").unlink()
    assert "1 incident (signals only)" in taskcheck("--now", "2026-03-24T18:00:00Z", cwd=root).out


def test_what_is_selected_and_ignored_is_a_mistake(root: Path) -> None:
    ran = taskcheck("--select", "drift,register", "--ignore", "drift", cwd=root)
    assert (ran.code, "'drift' is both selected and ignored" in ran.err) == (2, True)


def test_a_role_is_no_name_for_a_register(root: Path) -> None:
    path = root / "taskcheck.toml"
    path.write_text(path.read_text() + '[roles]\nreviewer = "rj"\n')
    ran = taskcheck("owner", "rj", "reviewer", cwd=root)
    assert ran.code == 1
    person, role = ran.out.splitlines()
    assert person.startswith("rj\t")
    assert role.startswith("-\trole reviewer is filled by rj")
    (root / ".tasks/task_manager/task-manager-reviewer.register.json").write_text(
        '{"owner": "reviewer", "entries": {}}'
    )
    assert "reviewer has a register, but is a role, not a person: rj fills it" in taskcheck(cwd=root).out


def test_grouped_by_rule(root: Path) -> None:
    text = taskcheck("--group", "rule", "--now", "2026-03-24T18:00:00Z", cwd=root).out
    assert "register-orphan  1\n  error   gone is still registered by rj" in text


def test_a_suppression_of_no_rule_is_a_mistake(root: Path) -> None:
    path = root / "taskcheck.toml"
    path.write_text(path.read_text().replace('rule = "role-routing"', 'rule = "role-routin"'))
    ran = taskcheck(cwd=root)
    assert ran.code == 2
    assert "'role-routin'; did you mean role-routing?" in ran.err


@pytest.mark.parametrize("until", ['"2026-3-30"', '"soon"', "5"])
def test_a_suppression_until_no_day_is_a_mistake(root: Path, until: str) -> None:
    path = root / "taskcheck.toml"
    path.write_text(path.read_text().replace("2026-03-24", until))
    ran = taskcheck(cwd=root)
    assert ran.code == 2
    assert re.search(r"taskcheck\.toml:\d+: suppress\.0\.until: ", ran.err)
    path.write_text(path.read_text().replace(until, '"2026-03-24"'))
    assert found(root, "--select", "routing")[2]["suppressed"] == 2


def test_a_severity_of_all_is_that_of_rules_without_their_own(root: Path) -> None:
    (root / "taskcheck.toml").write_text('[people]\nrj = []\n[rules.severity]\nall = "info"\nregister = "warning"\n')
    summary = found(root, "--select", "routing,register")[2]
    assert (summary["errors"], summary["warnings"], summary["infos"]) == (0, 1, 2)


def test_a_severity_raises_no_finding_that_its_rule_takes_for_less(root: Path) -> None:
    tombstone = root / "tasks" / "logs" / "dispatch-a.status.json"
    tombstone.parent.mkdir()
    tombstone.write_text('{"state": "ended", "started_at": "2026-03-24T17:00:00Z", "ended_at": "2026-03-24T17:30:00Z"}')
    register = root / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    register.write_text('{"entries": {"a": {"launched_at": "2026-03-24T17:00:00Z"}, "x": {}}}')
    for word, counts in (("error", (1, 1, 0)), ("warning", (0, 2, 0)), ("info", (0, 0, 2))):
        (root / "taskcheck.toml").write_text(f'[people]\nrj = []\n[rules.severity]\nregister-orphan = "{word}"\n')
        summary = found(root, "--select", "register-orphan")[2]
        assert (summary["errors"], summary["warnings"], summary["infos"]) == counts


def test_a_configured_kind_of_signal_is_explained(root: Path) -> None:
    signals = '[{"task": "a", "kind": "strange_noise", "level": "attention"}]'
    path = root / ".tasks" / "task_manager" / "task-manager-rj.snapshot.json"
    path.write_text(
        f'{{"owner": "rj", "generated_at": "2026-03-24T18:00:00Z", "escalation": {{"signals": {signals}}}}}'
    )
    (root / "taskcheck.toml").write_text('[people]\nrj = []\n[signals]\nstrange_noise = "routing"\n')
    ran = taskcheck("--now", "2026-03-24T18:00:00Z", cwd=root)
    assert "  signals  strange_noise\n" in ran.out


def test_signals_of_a_manager_and_of_a_task_that_is_nowhere(root: Path) -> None:
    signals = '[{"kind": "stalled", "level": "attention"}, {"task": "ghost", "kind": "stalled"}]'
    path = root / ".tasks" / "task_manager" / "task-manager-rj.snapshot.json"
    path.write_text(
        f'{{"owner": "rj", "generated_at": "2026-03-24T18:00:00Z", "escalation": {{"signals": {signals}}}}}'
    )
    incidents = taskcheck("--now", "2026-03-24T18:00:00Z", "--format", "json", cwd=root).json["incidents"]
    told = {(i["task"], i["manager"]) for i in incidents if i["signals"]}
    assert told == {(None, "rj"), ("ghost", None)}
    assert taskcheck("--now", "2026-03-24T18:00:00Z", "ghost", cwd=root).code == 0


def test_rows_under_a_later_key_count_when_the_first_is_empty(root: Path) -> None:
    path = root / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    path.write_text('{"owner": "rj", "entries": {}, "workers": {"gone": {}}}')
    assert found(root, "--select", "register")[1] == [("gone", "register-orphan")]


def test_a_rule_explained_tells_what_it_finds_today(incidents: Built) -> None:
    told = taskcheck("rule", "worker-gone", "--now", "2026-03-24T18:00:00Z", cwd=incidents.root).out
    today = told.partition("## In this store, now")[2]
    assert "is gone: " in today
    assert "signals" not in today, "the rules that would explain them didn't run"
    assert "leaves this rule out" not in today


def test_a_rule_explained_looks_even_where_a_check_would_not(store: Callable[..., Path]) -> None:
    config = '[people]\nrj = []\n[rules]\nignore = ["routing"]\n'
    root = store({"tasks/a.md": TASK.format(""), "taskcheck.toml": config})
    told = taskcheck("rule", "role-routing", cwd=root).out
    assert "the configuration leaves this rule out of a check" in told
    assert "ghost is neither a declared person nor a role" in told


def test_a_rule_explained_says_why_it_could_not_look(store: Callable[..., Path]) -> None:
    root = store({"tasks/a.md": "---\nstatus: ready\n---\n"}, repository=False)
    assert "skipped metadata-drift: not a git repository" in taskcheck("rule", "metadata-drift", cwd=root).out
