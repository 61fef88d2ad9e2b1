"""Baselines: what was accepted stays quiet, what is new doesn't, and the file is written whole or not at all."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Ran, git, taskcheck

TASK = "---\ntitle: A\nowner: {}\nstatus: ready\n---\n"
ENTRY = "[[finding]]\nfingerprint = 'a'\nrule = 'x'\nsubject = 'y'\n"
NOW = "2026-03-24T18:00:00Z"


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    """Two tasks of nobody."""
    tasks = {f"tasks/{name}.md": TASK.format("ghost") for name in ("a", "b")}
    return store({**tasks, "taskcheck.toml": "[people]\nrj = []\n"})


def run(root: Path, *arguments: str) -> Ran:
    return taskcheck("--now", NOW, "--format", "json", "--baseline", "base.toml", *arguments, cwd=root)


def told(ran: Ran) -> list[str]:
    return [incident["task"] for incident in ran.json["incidents"]]


def rules_of(ran: Ran) -> list[str]:
    return sorted(finding["rule"] for incident in ran.json["incidents"] for finding in incident["findings"])


def written(root: Path) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = tomllib.loads((root / "base.toml").read_text())["finding"]
    return findings


def test_what_is_accepted_is_counted_and_what_is_new_is_told(root: Path) -> None:
    accepted = run(root, "--update-baseline")
    assert (accepted.code, told(accepted)) == (0, [])
    assert accepted.json["summary"]["baselined"] == 2
    assert "2 findings written to base.toml" in accepted.err
    assert [(entry["rule"], entry["subject"]) for entry in written(root)] == [
        ("role-routing", "a"),
        ("role-routing", "b"),
    ]
    before = (root / "base.toml").read_bytes()
    (root / "tasks" / "c.md").write_text(TASK.format("ghost"))
    again = run(root)
    assert (again.code, told(again)) == (1, ["c"])
    assert (root / "base.toml").read_bytes() == before, "only --update-baseline writes"
    text = taskcheck("--baseline", "base.toml", cwd=root).out
    assert "; 2 in the baseline" in text


def test_a_finding_that_a_merge_left_twice_is_accepted_as_often_as_the_larger_says(root: Path) -> None:
    run(root, "--update-baseline")
    text = (root / "base.toml").read_text()
    rows = text.partition("finding = [\n")[2].removesuffix("]\n")
    (root / "base.toml").write_text(text.removesuffix("]\n") + rows + "]\n")
    assert told(run(root)) == []
    assert run(root).json["summary"]["baselined"] == 2


def test_a_moved_file_is_the_same_finding_and_another_fault_is_not(root: Path) -> None:
    run(root, "--update-baseline")
    (root / "tasks" / "q3").mkdir()
    (root / "tasks" / "a.md").rename(root / "tasks" / "q3" / "a.md")
    assert told(run(root)) == []
    (root / "tasks" / "b.md").write_text(TASK.format("somebody"))
    assert told(run(root)) == ["b"]


def test_what_is_mended_is_dropped_by_the_next_update(root: Path) -> None:
    run(root, "--update-baseline")
    (root / "tasks" / "a.md").write_text(TASK.format("rj"))
    assert "1 of the baseline gone (--prune-baseline drops them)" in taskcheck("--baseline", "base.toml", cwd=root).out
    run(root, "--update-baseline")
    assert [entry["subject"] for entry in written(root)] == ["b"]


def test_pruning_drops_what_is_mended_and_accepts_nothing(root: Path) -> None:
    run(root, "--update-baseline")
    (root / "tasks" / "a.md").write_text(TASK.format("rj"))
    (root / "tasks" / "c.md").write_text(TASK.format("ghost"))
    pruned = run(root, "--prune-baseline")
    assert (pruned.code, told(pruned)) == (1, ["c"]), "what is new still counts"
    assert [entry["subject"] for entry in written(root)] == ["b"]
    assert "1 finding removed from base.toml, 1 left" in pruned.err
    before = (root / "base.toml").stat()
    again = taskcheck("--baseline", "base.toml", "--prune-baseline", cwd=root)
    assert "0 findings removed from base.toml, 1 left" in again.err
    assert (root / "base.toml").stat().st_mtime_ns == before.st_mtime_ns, "there is nothing to write"
    assert "gone" not in again.out


def test_what_is_taken_out_is_no_longer_told_as_gone(root: Path) -> None:
    run(root, "--update-baseline")
    (root / "tasks" / "a.md").write_text(TASK.format("rj"))
    text = taskcheck("--baseline", "base.toml", "--prune-baseline", cwd=root).out
    assert ("1 in the baseline" in text, "gone" in text) == (True, False)


def test_pruning_leaves_as_many_of_the_same_as_are_found(root: Path) -> None:
    task = "---\ntitle: A\nowner: rj\nstatus: ready\ndepends_on: [{}]\n---\n"
    (root / "tasks" / "a.md").write_text(task.format("x, x, x"))
    run(root, "--update-baseline")
    (root / "tasks" / "a.md").write_text(task.format("x, x"))
    assert "1 finding removed from base.toml, 3 left" in run(root, "--prune-baseline").err
    (root / "tasks" / "a.md").write_text(task.format("x, x, x"))
    assert told(run(root)) == ["a"]


def test_pruning_keeps_what_could_not_be_judged(root: Path) -> None:
    run(root, "--update-baseline")
    before = (root / "base.toml").read_bytes()
    for name in ("a", "b"):
        (root / "tasks" / f"{name}.md").write_text(TASK.format("rj"))
    run(root, "--prune-baseline", "--select", "task")
    assert (root / "base.toml").read_bytes() == before
    (root / "elsewhere").mkdir()
    (root / "tasks" / "linked").symlink_to("../elsewhere")
    ran = run(root, "--prune-baseline")
    assert (ran.code, "isn't written because the check is incomplete" in ran.err) == (3, True)
    assert (root / "base.toml").read_bytes() == before


def test_what_rules_that_did_not_run_have_accepted_stays(root: Path) -> None:
    run(root, "--update-baseline")
    run(root, "--update-baseline", "--select", "task")
    assert len(written(root)) == 2
    (root / "taskcheck.toml").unlink()
    run(root, "--update-baseline")
    assert len(written(root)) >= 2, "without people role-routing is skipped: what it had accepted stays"


def test_one_more_of_the_same_is_told(root: Path) -> None:
    task = "---\ntitle: A\nowner: rj\nstatus: ready\ndepends_on: [{}]\n---\n"
    (root / "tasks" / "a.md").write_text(task.format("x"))
    (root / "tasks" / "b.md").write_text(task.format("x, x"))
    run(root, "--update-baseline")
    assert told(run(root)) == []
    (root / "tasks" / "b.md").write_text(task.format("x, x, x"))
    assert told(run(root)) == ["b"]


def test_what_grew_from_an_accepted_finding_is_told(root: Path) -> None:
    task, register = root / "tasks" / "a.md", root / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    task.write_text(TASK.format("rj").replace("ready", "in_progress"))
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "a", cwd=root)
    git("worktree", "add", "-q", ".worktrees/a", "-b", "task/a", cwd=root)
    (root / ".worktrees" / "a" / "tasks" / "a.md").write_text(TASK.format("rj").replace("ready", "in_review"))
    register.parent.mkdir(parents=True)
    register.write_text('{"owner": "rj", "entries": {"a": {"launched_at": "2026-03-24T17:00:00Z"}}}')
    rules = ("--select", "metadata-drift,register-orphan", "--fail-on", "info")
    assert run(root, *rules, "--update-baseline").json["summary"]["baselined"] == 1
    (root / "tasks" / "logs").mkdir()
    tombstone = root / "tasks" / "logs" / "dispatch-a.status.json"
    tombstone.write_text('{"state": "ended", "started_at": "2026-03-24T17:00:00Z", "ended_at": "2026-03-24T17:30:00Z"}')
    assert rules_of(run(root, *rules)) == ["metadata-drift", "register-orphan"], "the worker has ended: an error now"
    assert run(root, *rules, "--update-baseline").json["summary"]["baselined"] == 2
    task.write_text(TASK.format("rj").replace("ready", "completed"))
    assert rules_of(run(root, *rules)) == ["register-orphan"], "it is done: an error, no warning any more"


def test_an_incomplete_check_writes_nothing(root: Path) -> None:
    (root / "elsewhere").mkdir()
    (root / "tasks" / "linked").symlink_to("../elsewhere")
    ran = run(root, "--update-baseline")
    assert ran.code == 3
    assert "isn't written because the check is incomplete" in ran.err
    assert not (root / "base.toml").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such file; --update-baseline writes it"),
        (b"version = 2\n", "version is 2; this taskcheck reads version 1"),
        (b"version = \n", "Invalid value (at line 1"),
        (b"\xff", "it is not UTF-8"),
        (b"version = 1\nfinding = 3\n", "finding should be an array of tables"),
        (b"version = 1\n[[finding]]\nrule = 'x'\n", "finding 1: fingerprint should be text"),
        (f"version = 1\n{ENTRY}count = 0\n".encode(), "finding 1: count should be a number above 0"),
        (f"version = 1\n{ENTRY}reason = 'y'\n".encode(), "finding 1: unknown key 'reason'"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_baseline(root: Path, text: bytes | None, said: str) -> None:
    if text is not None:
        (root / "base.toml").write_bytes(text)
    ran = run(root)
    assert ran.code == 2
    assert said in ran.err


def test_wrong_uses(root: Path) -> None:
    run(root, "--update-baseline")
    for arguments, said in (
        (("--prune-baseline",), "--prune-baseline needs --baseline FILE"),
        (("--baseline", "base.toml", "--prune-baseline", "a"), "covers the whole store"),
        (("--baseline", "none.toml", "--prune-baseline"), "there is no such file"),
        (("--baseline", "base.toml", "--prune-baseline", "--update-baseline"), "not allowed with"),
        (("--baseline", "base.toml", "--prune-baseline", "--fix"), "fix first"),
        (("--baseline", "base.toml", "--prune-baseline", "--config-from", "main"), "--config-from"),
    ):
        refused = taskcheck(*arguments, cwd=root)
        assert (refused.code, said in refused.err) == (2, True), (arguments, refused.err)
    ran = taskcheck("--update-baseline", cwd=root)
    assert (ran.code, "needs --baseline FILE" in ran.err) == (2, True)
    ran = run(root, "--update-baseline", "a")
    assert (ran.code, "covers the whole store" in ran.err) == (2, True)
    os.mkfifo(root / "pipe")
    ran = taskcheck("--baseline", "pipe", cwd=root)
    assert (ran.code, "it is a named pipe" in ran.err) == (2, True)
    ran = taskcheck("--baseline", "no/such/folder.toml", "--update-baseline", cwd=root)
    assert (ran.code, "No such file or directory" in ran.err) == (2, True)


def test_the_file_is_replaced_whole_and_keeps_its_mode_and_its_link(root: Path) -> None:
    target = root / "real.toml"
    target.write_text("version = 1\n")
    target.chmod(0o640)
    (root / "base.toml").symlink_to("real.toml")
    run(root, "--update-baseline")
    assert (root / "base.toml").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in root.iterdir() if path.name.startswith(".real")] == [], "nothing is left beside it"


@pytest.fixture
def configured(root: Path) -> Path:
    """The same, with the baseline named by the configuration."""
    text = (root / "taskcheck.toml").read_text()
    (root / "taskcheck.toml").write_text(f'baseline = "accepted.toml"\n{text}')
    return root


def test_every_command_keeps_to_the_baseline_of_the_configuration(configured: Path) -> None:
    missing = taskcheck(cwd=configured)
    assert missing.code == 2
    assert "taskcheck.toml: baseline accepted.toml: there is no such file; --update-baseline writes it" in missing.err
    written = taskcheck("--update-baseline", cwd=configured / "tasks")
    assert (written.code, (configured / "accepted.toml").exists()) == (0, True), written.err
    (configured / "tasks" / "c.md").write_text(TASK.format("ghost"))
    assert told(taskcheck("--format", "json", cwd=configured)) == ["c"]
    shown = taskcheck("status", cwd=configured).out
    assert "1 incident (1 error); 2 in the baseline" in shown
    hook = taskcheck("check", "--gate", "commit", "--format", "concise", cwd=configured)
    assert hook.out.startswith("tasks/c.md:"), hook.out
    assert told(run(configured, "--update-baseline")) == [], "what the command line names takes its place"
    assert told(taskcheck("--format", "json", cwd=configured)) == ["c"]
    (configured / "tasks" / "a.md").write_text(TASK.format("rj"))
    assert "1 finding removed from" in taskcheck("--prune-baseline", cwd=configured).err
    assert (configured / "accepted.toml").read_text().count("fingerprint = ") == 1


def test_a_baseline_that_cannot_be_read_stops_every_command_that_needs_it(configured: Path) -> None:
    (configured / "accepted.toml").write_text("version = 9\n")
    for command in ((), ("status",), ("--fix",), ("--prune-baseline",)):
        ran = taskcheck(*command, cwd=configured)
        assert ran.code == 2
        assert "taskcheck.toml: baseline accepted.toml: version is 9" in ran.err
    assert taskcheck("owner", "rj", cwd=configured).code == 0
