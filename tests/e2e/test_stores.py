"""Stores as people keep them: what is read, what isn't and is said, whose list of statuses counts, any spelling."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

Store = Callable[..., Path]
BOARD = 'project_name: T\nstatuses: ["To Do", "In Progress", "Done"]\n'


def card(number: int, status: str = "To Do", *, assignee: str = "[]", needs: str = "[]") -> str:
    return (
        f"---\nid: TASK-{number}\ntitle: Card {number}\nstatus: {status}\nassignee: {assignee}\n"
        f"created_date: '2026-01-01'\nlabels: []\ndependencies: {needs}\n---\ntext\n"
    )


def found(root: Path, *arguments: str) -> list[tuple[str, str, str, str]]:
    """Task, severity, rule and message of every finding."""
    report = taskcheck("--format", "json", *arguments, cwd=root).json
    return [
        (incident["task"], finding["severity"], finding["rule"], finding["message"])
        for incident in report["incidents"]
        for finding in incident["findings"]
    ]


def unseen(root: Path) -> list[str]:
    report: Any = taskcheck("--format", "json", cwd=root).json
    return [each["where"] for each in report["unseen"]]


@pytest.mark.parametrize(
    ("path", "text", "where"),
    [
        ("backlog/tasks/epics/e/task-2 - Deep.md", card(2), "backlog/tasks/epics/e/task-2 - Deep.md"),
        ("backlog/tasks/later/other.md", "---\nstatus: Done\n---\n", "backlog/tasks/later/other.md"),
        ("backlog/tasks/later/other.md", "---\nstatus: published\n---\n", None),
        ("backlog/tasks/later/other.md", "status: Done\n", None),
        ("backlog/tasks/later/README.md", card(2), None),
        ("backlog/docs/plan.md", card(2), None),
    ],
)
def test_what_looks_like_a_task_and_is_not_read_is_said(store: Store, path: str, text: str, where: str | None) -> None:
    root = store({"backlog/config.yml": BOARD, "backlog/tasks/task-1 - One.md": card(1), path: text})
    assert unseen(root) == ([where] if where else [])
    checked, strict = taskcheck(cwd=root), taskcheck("--strict", cwd=root)
    assert (checked.code, strict.code) == (0, 1), "--strict fails here for rules that were skipped, too"
    assert ("all agree" in checked.out) == (where is None)
    assert (where or "nothing") in checked.out or where is None


def test_strict_counts_a_file_that_is_not_read(store: Store) -> None:
    """Everything that could be skipped is left out, so that the file alone decides."""
    files = {"backlog/config.yml": BOARD, "backlog/tasks/task-1 - One.md": card(1)}
    root = store(files)
    assert taskcheck("--strict", "--select", "invalid-field", cwd=root).code == 0
    (root / "backlog/tasks/deep").mkdir()
    (root / "backlog/tasks/deep/task-2 - Two.md").write_text(card(2))
    assert taskcheck("--strict", "--select", "invalid-field", cwd=root).code == 1


def test_what_a_store_names_as_something_else_is_not_said(store: Store) -> None:
    files = {"backlog/config.yml": BOARD, "backlog/tasks/task-1 - One.md": card(1), "backlog/tasks/e/x.md": card(2)}
    root = store({**files, "taskcheck.toml": '[paths]\nother = ["backlog/tasks/e/*.md"]\n'})
    assert unseen(root) == []


def test_many_files_of_one_folder_are_one_line(store: Store) -> None:
    cards = {f"backlog/tasks/epics/task-{number} - N.md": card(number) for number in range(2, 30)}
    root = store({"backlog/config.yml": BOARD, "backlog/tasks/task-1 - One.md": card(1), **cards})
    assert unseen(root) == ["28 files in backlog/tasks/epics"]


def test_a_folder_nobody_may_list_or_follow_is_no_error(store: Store, tmp_path: Path) -> None:
    root = store({"backlog/config.yml": BOARD, "backlog/tasks/task-1 - One.md": card(1)})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "task-9 - Out.md").write_text(card(9))
    (root / "backlog/tasks/closed").mkdir()
    (root / "backlog/tasks/closed").chmod(0)
    (root / "backlog/tasks/deep").mkdir()
    (root / "backlog/tasks/deep/link").symlink_to(outside)
    try:
        assert unseen(root) == []
    finally:
        (root / "backlog/tasks/closed").chmod(0o755)


def test_the_stores_own_list_of_statuses_counts(store: Store) -> None:
    """`Doing` has a class and `Later` has none: neither is in the list. A draft may be a Draft."""
    root = store({
        "backlog/config.yml": BOARD,
        "backlog/tasks/task-1 - One.md": card(1, "Doing"),
        "backlog/tasks/task-2 - Two.md": card(2, "Later"),
        "backlog/tasks/task-3 - Three.md": card(3, "in progress"),
        "backlog/drafts/draft-4 - Four.md": card(4, "Draft"),
    })  # fmt: skip
    told = {(task, severity, rule) for task, severity, rule, _ in found(root)}
    assert told == {("TASK-1", "warning", "invalid-field"), ("TASK-2", "warning", "invalid-field")}
    assert all("backlog/config.yml" in message for *_, message in found(root))


RUNNABLE = """
[people]
ana = []
[paths]
tombstones = ".tasks/{task}.json"
[checkouts]
worktree = ".worktrees/{task}"
branch = "task/{task}"
"""


@pytest.mark.parametrize(
    ("statuses", "left", "recorded"),
    [
        ('["To Do", "In Progress", "Done"]', "In Progress", "has no In Review"),
        ('["To Do", "In Progress", "in review", "Done"]', "In Review", None),
        ('["To Do", "Done"]', "To Do", "has no In Review"),
    ],
)
def test_no_status_outside_of_the_list_is_written(store: Store, statuses: str, left: str, recorded: str | None) -> None:
    root = store({
        "backlog/config.yml": f"project_name: T\nstatuses: {statuses}\n",
        "taskcheck.toml": RUNNABLE,
        ".gitignore": ".tasks/\n.worktrees/\n",
        "backlog/tasks/task-1 - One.md": card(1, assignee="[ana]"),
    })  # fmt: skip
    ran = taskcheck(
        "run", "task-1", "--", "sh", "-c", f"{TASKCHECK} finish TASK-1 --outcome completed_with_pr --pr-url {PULL}",
        cwd=root,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert f"status: {left}\n" in (root / "backlog/tasks/task-1 - One.md").read_text()
    tombstone = json.loads((root / ".tasks/TASK-1.json").read_text())
    assert (tombstone["outcome"], tombstone["status_after"]) == ("completed_with_pr", left)
    assert (recorded in tombstone["reason"]) if recorded else tombstone["reason"] is None
    after = found(root)
    assert [message for *_, message in after if "unreconciled" in message] == []
    assert not [rule for _, _, rule, _ in after if rule == "dispatch-completed-unreconciled"]


def test_a_worktrees_status_that_the_list_lacks_is_not_taken_over(store: Store) -> None:
    root = store({
        "backlog/config.yml": BOARD,
        "taskcheck.toml": f'{RUNNABLE}[drift]\nauthority = "root"\n',
        ".gitignore": ".tasks/\n.worktrees/\n",
        "backlog/tasks/task-1 - One.md": card(1, assignee="[ana]"),
    })  # fmt: skip
    git("worktree", "add", "-q", "-b", "task/TASK-1", ".worktrees/TASK-1", cwd=root)
    (root / ".worktrees/TASK-1/backlog/tasks/task-1 - One.md").write_text(card(1, "Doing", assignee="[ana]"))
    assert [rule for *_, rule, _ in found(root)] == ["metadata-drift"]
    before = (root / "backlog/tasks/task-1 - One.md").read_text()
    taskcheck("--fix", "--unsafe-fixes", cwd=root)
    assert (root / "backlog/tasks/task-1 - One.md").read_text() == before


def test_required_holds_fields_and_the_key_is_the_stores_own(store: Store) -> None:
    root = store({
        "taskcheck.toml": 'preset = "task-manager"\n[fields]\nowner = "assignee"\nrequired = ["owner", "estimate"]\n',
        "tasks/good.md": "---\ntitle: T\nstatus: ready\nassignee: rj\nestimate: 3\n---\n",
        "tasks/bare.md": "---\ntitle: T\nstatus: ready\n---\n",
    })  # fmt: skip
    assert [(task, message) for task, _, _, message in found(root)] == [
        ("bare", "assignee of bare is missing"),
        ("bare", "estimate of bare is missing"),
    ]


@pytest.mark.parametrize(
    ("config", "asked"),
    [('[paths]\ntasks = ["work/*.md"]\n', 0), ('preset = "task-manager"\n[paths]\ntasks = ["work/*.md"]\n', 2)],
)
def test_a_store_without_a_preset_requires_nothing(store: Store, config: str, asked: int) -> None:
    root = store({"taskcheck.toml": config, "work/a.md": "---\nstatus: in_review\n---\n\n## Status: ready\n"})
    told = found(root)
    assert (
        sorted(message for _, _, rule, message in told if rule == "invalid-field")[::-1]
        == [
            "title of a is missing",
            "owner of a is missing",
        ][:asked]
    )
    assert [severity for _, severity, rule, _ in told if rule == "status-contradicted"] == [
        "warning" if asked else "info"
    ]


def test_names_are_one_but_for_case_and_the_zeros_of_their_last_number(store: Store) -> None:
    root = store({
        "backlog/config.yml": BOARD,
        "taskcheck.toml": '[checkouts]\nbranch = "tasks/{task}-*"\n',
        ".gitignore": ".worktrees/\n",
        "backlog/tasks/task-4 - Four.md": card(4, needs="[task-005]"),
        "backlog/tasks/task-5 - Five.md": card(5, "Done"),
        "backlog/tasks/v01.md": card(6).replace("TASK-6", "v01.2"),
    })  # fmt: skip
    git("branch", "tasks/task-0004-export", cwd=root)
    assert found(root) == []
    assert taskcheck("task-04", cwd=root).code == 0
    assert taskcheck("V01.02", cwd=root).code == 0
    assert taskcheck("v1.2", cwd=root).code == 2, "zeros of the last number alone don't count"
    branches: Any = taskcheck("--branches", "tasks/*", "--format", "json", cwd=root).json
    assert branches["summary"]["checkouts"] == 2


def test_zeros_make_no_duplicate_and_case_does(store: Store) -> None:
    ticket = "---\nid: {}\nstatus: open\n---\n"
    root = store({f".tickets/{name}.md": ticket.format(name) for name in ("a-1", "a-01", "b-1", "B-1x", "b-1X")})
    assert [(task, rule) for task, _, rule, _ in found(root)] == [("B-1x", "duplicate-task")]


def test_ids_of_a_key_may_be_those_of_a_folder(store: Store) -> None:
    config = '[paths]\ntasks = ["epics/{scope}/*.md"]\n[fields]\nid = "id"\n[shape]\nscoped_ids = true\n'
    files = {
        f"epics/{epic}/{n}.md": f"---\nid: {n}\nstatus: ready\ndepends_on: [1]\n---\n" for epic in "ab" for n in (1, 2)
    }
    root = store({**files, "taskcheck.toml": config})
    assert {(task, rule) for task, _, rule, _ in found(root, "--ignore", "ready-too-early")} == {
        ("a/1", "dependency-cycle"),
        ("b/1", "dependency-cycle"),
    }
    (root / "taskcheck.toml").write_text(config.replace("true", "false"))
    assert ("1", "duplicate-task") in {(task, rule) for task, _, rule, _ in found(root, "--ignore", "ready-too-early")}


BOARD_FILE = "_bmad-output/implementation-artifacts/sprint-status.yaml"


@pytest.mark.parametrize(
    ("board", "told"),
    [
        ("development_status:\n  1-1-a: done\n", "status-contradicted"),
        ("development_status:\n  1-1-a: review\n", None),
        ("development_status:\n  1-1-a: {points: 3, status: done}\n", "status-contradicted"),
        ("development_status:\n  1-1-a: {points: 3, status: review}\n", None),
        ("development_status:\n  - {id: 1-1-a, status: done}\n", "status-contradicted"),
        ("development_status:\n  - {id: 1-1-a}\n  - {status: done}\n  - 1-1-a\n", None),
        ("development_status:\n  1-1-a: optional\n", None),
        ("development_status:\n  1-2-b: done\n", None),
        ("development_status: done\n", "unreadable-state"),
        ("development_status:\n  - [\n", "unreadable-state"),
        ("other: 1\n", "unreadable-state"),
    ],
)
def test_a_board_that_says_something_else_is_told(store: Store, board: str, told: str | None) -> None:
    story = "_bmad-output/implementation-artifacts/1-1-a.md"
    root = store({story: "# A\n\nStatus: review\n", BOARD_FILE: f"# comment\n{board}"})
    report = taskcheck("--format", "json", cwd=root).json
    findings = [finding for incident in report["incidents"] for finding in incident["findings"]]
    assert [finding["rule"] for finding in findings] == ([told] if told else [])
    if told == "status-contradicted":
        assert findings[0]["severity"] == "warning"
        places = [(evidence["path"], evidence["line"]) for evidence in findings[0]["evidence"]]
        assert places == [(story, 3), (BOARD_FILE, 3)]


@pytest.mark.parametrize(
    ("others", "known"),
    [((), True), (("release-notes",), False), (("ASK-1-second",), False)],
)
def test_a_number_that_all_file_names_begin_with_names_a_task(
    store: Store, others: tuple[str, ...], known: bool
) -> None:
    """`ASK-1` is `ASK-1-one.md` where each file has such a number of its own; else nobody knows."""
    needs = {"ASK-1-one": "[]", "ASK-2-two": "[ask-1]", **dict.fromkeys(others, "[]")}
    front = "---\nstatus: ready\ndepends_on: {}\n---\n"
    config = 'preset = "status-line"\n[shape]\nkind = "front-matter"\n[paths]\ntasks = ["work/*.md"]\n'
    files = {f"work/{name}.md": front.format(need) for name, need in needs.items()}
    root = store({"taskcheck.toml": config, **files})
    rules = [rule for task, _, rule, _ in found(root) if task == "ASK-2-two"]
    assert rules == ([] if known else ["unknown-dependency"])


def test_a_task_does_not_name_itself_by_its_number(store: Store) -> None:
    config = 'preset = "status-line"\n[shape]\nkind = "front-matter"\n[paths]\ntasks = ["work/*.md"]\n'
    root = store({"taskcheck.toml": config, "work/v2-rollout.md": "---\nstatus: ready\ndepends_on: [V2]\n---\n"})
    assert [rule for _, _, rule, _ in found(root)] == ["unknown-dependency"]


def test_a_marker_of_taskplane_that_the_status_contradicts_is_told(store: Store) -> None:
    status = (
        "# TP-00{0}: Step — Status\n\n**Current Step:** 1\n\u200b**Status:** {1}\n\n### Step 0\n**Status:** ⬜ Todo\n"
    )
    words = ["✅ Complete", "🟡 In Progress", "🔵 Ready for Execution"]
    files = {f"taskplane-tasks/TP-00{n}-step/STATUS.md": status.format(n, word) for n, word in enumerate(words)}
    done = {f"taskplane-tasks/TP-00{n}-step/.DONE": "" for n in (0, 1)}
    root = store({".pi/taskplane-config.json": "{}", **files, **done})
    assert [(task, rule) for task, _, rule, _ in found(root)] == [("TP-001-step", "status-contradicted")]


def test_an_id_of_delano_is_one_within_its_project(store: Store) -> None:
    front = "---\nid: T-00{0}\nname: Step\nstatus: {1}\ndepends_on: [{2}]\ngithub_pr:\n---\n"
    files = {
        f".project/projects/{project}/tasks/T-00{n}-step.md": front.format(n, status, needs)
        for project, needs in (("a", "T-001"), ("b", "T-009"))
        for n, status, needs in ((1, "done", ""), (2, "planned", needs))
    }
    root = store({**files, ".project/projects/a/spec.md": "---\nname: A\nstatus: active\n---\n"})
    assert [(task, rule) for task, _, rule, _ in found(root)] == [("b/T-002", "unknown-dependency")]
    assert unseen(root) == []


@pytest.mark.parametrize(("archived", "root_has_it"), [("ASK-7-old", False), ("ASK-7-old", True)])
def test_a_number_may_be_that_of_a_task_in_the_archive(store: Store, archived: str, *, root_has_it: bool) -> None:
    """Where root and archive both have it nobody knows which is meant, so nothing is said of root's."""
    front = "---\nstatus: {}\ndepends_on: {}\n---\n"
    config = 'preset = "status-line"\n[shape]\nkind = "front-matter"\n[rules]\nignore = []\n'
    config += '[paths]\ntasks = ["work/*.md", "old/*.md"]\narchive = ["old/*.md"]\n'
    files = {f"old/{archived}.md": front.format("done", "[]"), "work/ASK-2-two.md": front.format("ready", "[ask-7]")}
    if root_has_it:
        files["work/ASK-7-new.md"] = front.format("backlog", "[]")
    root = store({"taskcheck.toml": config, **files})
    assert [rule for task, _, rule, _ in found(root) if task == "ASK-2-two"] == []
