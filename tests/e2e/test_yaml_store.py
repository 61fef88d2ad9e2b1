"""Tasks that are the entries of one YAML file: read, compared with the versions of workers, and never written."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskcheck.checks import check
from taskcheck.documents import Document, read_json
from tests.e2e.conftest import git, taskcheck
from tests.e2e.test_run import TASKCHECK

Store = Callable[..., Path]


def board(*statuses: str, needs: str = "[]") -> str:
    entries = [
        f"  - id: T-{at}\n    title: Task {at}\n    status: {status}\n    depends_on: {needs}\n"
        for at, status in enumerate(statuses, 1)
    ]
    return f"version: 1  # of the board\ntasks:\n{''.join(entries)}"


IGNORED = ".worktrees/\n.tasks/\n"


@pytest.fixture
def plan(store: Store) -> Path:
    """A store as `init` configures it."""
    root = store({"plan/tasks.yaml": board("done", "doing", "todo", "blocked", "review"), ".gitignore": IGNORED})
    assert taskcheck("init", "--yes", cwd=root).code == 0
    return root


def incidents(root: Path, *arguments: str) -> dict[str, Any]:
    report = taskcheck("--format", "json", *arguments, cwd=root).json
    assert report["complete"], report["errors"]
    return {incident["task"]: incident for incident in report["incidents"]}


def test_two_commands_lead_to_a_report(plan: Path) -> None:
    config = tomllib.loads((plan / "taskcheck.toml").read_text())
    assert config["paths"]["tasks"] == ["plan/tasks.yaml"]
    assert config["shape"] == {"kind": "yaml", "lists": ["tasks"]}
    assert taskcheck("--format", "json", cwd=plan).json["summary"]["tasks"] == 5
    assert incidents(plan) == {}
    (plan / "plan/tasks.yaml").write_text(board("done", "todo", "todoo", needs="[T-9]"))
    found = incidents(plan)
    rules = {finding["rule"] for each in found.values() for finding in each["findings"]}
    assert rules == {"unknown-dependency", "invalid-field"}
    assert {finding["path"] for each in found.values() for finding in each["findings"]} == {"plan/tasks.yaml"}
    (status,) = [each for each in found["T-3"]["findings"] if each["rule"] == "invalid-field"]
    assert status["line"] == 13


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("T-1: {title: One, status: done}\nT-2: {title: Two, status: todo}\n", []),
        ("- {id: T-1, title: One, status: done}\n- {id: T-2, title: Two, status: todo}\n", []),
        (
            "epic: {name: x, tasks: [{id: T-1, text: One, status: done}, {id: T-2, text: Two, status: todo}]}\n",
            ["epic.tasks"],
        ),
    ],
)
@pytest.mark.parametrize("name", ["tasks.yaml", "backlog.yml"])
def test_lists_and_maps_are_proposed(store: Store, text: str, lists: list[str], name: str) -> None:
    root = store({name: text, "deploy.yaml": "status: ok\nitems:\n- {status: active}\n"})
    assert taskcheck("init", "--yes", cwd=root).code == 0
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert (config["paths"]["tasks"], config["shape"]["lists"]) == ([name], lists)
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 2


def test_a_list_in_json_is_proposed_too(store: Store) -> None:
    root = store({"todo.json": '{"a": {"items": [{"id": 1, "title": "One", "status": "done"}]}}'})
    assert taskcheck("init", "--yes", cwd=root).code == 0
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert config["shape"] == {"kind": "json", "lists": ["a.items"]}
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 1


def test_a_worker_changes_one_task_and_that_is_compared(plan: Path) -> None:
    git("add", "-A", cwd=plan)
    git("commit", "-q", "-m", "Configure", cwd=plan)
    git("worktree", "add", "-q", "-b", "task/T-2", ".worktrees/T-2", cwd=plan)
    copy = plan / ".worktrees/T-2/plan/tasks.yaml"
    copy.write_text(copy.read_text().replace("doing", "review"))
    git("commit", "-q", "-am", "Review", cwd=copy.parent)
    assert incidents(plan) == {}, "a branch speaks once it is merged"
    git("merge", "-q", "--no-ff", "--no-edit", "task/T-2", cwd=plan)
    (plan / "plan/tasks.yaml").write_text(board("done", "doing", "todo", "blocked", "review"))
    git("commit", "-q", "-am", "Set it back", cwd=plan)
    before = (plan / "plan/tasks.yaml").read_bytes()
    found = incidents(plan)
    assert list(found) == ["T-2"]
    assert found["T-2"]["next"]["text"].startswith("edit plan/tasks.yaml:9 so that status is ")
    assert taskcheck("--fix", "--unsafe-fixes", cwd=plan).code in {0, 1}
    assert (plan / "plan/tasks.yaml").read_bytes() == before, "nothing writes it"


def test_a_setter_is_the_next_step(plan: Path) -> None:
    path = plan / "taskcheck.toml"
    config = path.read_text().replace('kind = "yaml"', 'kind = "yaml"\nsetter = ["board", "set", "{task}", "{status}"]')
    path.write_text(config)
    git("branch", "-q", "task/T-2", cwd=plan)
    git("worktree", "add", "-q", ".worktrees/T-2", "task/T-2", cwd=plan)
    git("commit", "-q", "--allow-empty", "-m", "Work", cwd=plan / ".worktrees/T-2")
    path.write_text(config + '\n[checkouts]\nworktree = ".worktrees/{task}"\nbranch = "task/{task}"\n')
    git("merge", "-q", "--no-ff", "--no-edit", "task/T-2", cwd=plan)
    assert incidents(plan)["T-2"]["next"]["text"] == "board set T-2 done"


def test_a_run_ends_and_a_person_is_to_say_so(plan: Path) -> None:
    worker = f"{TASKCHECK} finish T-3 --outcome completed_with_pr --pr-url https://github.com/o/r/pull/7"
    ran = taskcheck("run", "T-3", "--", "sh", "-c", worker, cwd=plan)
    assert (ran.code, "T-3 is still todo, and taskcheck doesn't write its file" in ran.err) == (0, True), ran.err
    assert incidents(plan)["T-3"]["next"]["text"].startswith("edit plan/tasks.yaml:13 so that status is review")


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("tasks:\n- id: a\n  status: todo\n  id: b\n", 4),
        ("tasks: &all\n- id: a\n  status: todo\n", 1),
        ("tasks: [\n", 2),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(plan: Path, broken: str, line: int) -> None:
    (plan / "plan/tasks.yaml").write_text(broken)
    ran = taskcheck(cwd=plan)
    assert ran.code == 1
    assert f"plan/tasks.yaml:{line}" in ran.out
    assert "so that the file can be read as YAML" in ran.out
    assert "front matter" not in ran.out


def test_keys_that_no_list_can_be_named_by_are_passed_over(store: Store) -> None:
    entries = "[{id: T-1, title: One, status: done}]"
    root = store({"tasks.yaml": f"a.b: {{x: {entries}}}\n'*': {{x: {entries}}}\nc: {{x: {entries}}}\n"})
    assert taskcheck("init", "--yes", cwd=root).code == 0
    assert tomllib.loads((root / "taskcheck.toml").read_text())["shape"]["lists"] == ["c.x"]
    assert taskcheck("--format", "json", cwd=root).json["summary"]["tasks"] == 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("yaml", "tasks:\n  - {id: a, title: A, status: todo}\n  - {title: B, status: todo}\n  - {note: no task}\n"),
        (
            "json",
            '{"tasks": [{"id": 1, "title": "A", "status": "todo"}, {"title": "B", "status": "todo"}, {"note": 1}]}',
        ),
    ],
)
def test_an_entry_without_an_id_is_told(store: Callable[..., Path], kind: str, text: str) -> None:
    config = (
        f'[shape]\nkind = "{kind}"\nlists = ["tasks"]\n[paths]\ntasks = ["plan.{kind}"]\n[statuses]\nready = ["todo"]\n'
    )
    root = store({"taskcheck.toml": config, f"plan.{kind}": text})
    ran = taskcheck("check", cwd=root)
    assert f"not looked at: entry 2 of plan.{kind}" in ran.out
    assert "entry 3" not in ran.out


def test_a_list_is_read_once_and_an_id_of_another_kind_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = b'{"tasks": [{"id": 1, "status": "todo"}, {"id": 2.5, "status": "todo"}, {"status": "todo"}]}'
    config = '[shape]\nkind = "json"\nlists = ["tasks"]\n[paths]\ntasks = ["plan.json"]\n[statuses]\nready = ["todo"]\n'
    (tmp_path / "taskcheck.toml").write_text(config)
    (tmp_path / "plan.json").write_bytes(listed)
    read: list[bytes] = []

    def counted(data: bytes) -> Document:
        read.append(data)
        return read_json(data)

    monkeypatch.setattr("taskcheck.documents.jsonlist.read_json", counted)
    monkeypatch.setattr("taskcheck.documents.jsonfile.read_json", counted)
    report = check(tmp_path)
    assert [unseen.where for unseen in report.unseen] == ["entry 3 of plan.json"]
    assert read.count(listed) == 1


def test_tasks_of_a_file_that_is_put_away_are_archived(plan: Path) -> None:
    (plan / "plan/old.yaml").write_text("tasks:\n  - {id: T-8, title: Old, status: limbo}\n")
    (plan / "plan/tasks.yaml").write_text(board("done", "doing", needs="[T-8]"))
    config = (plan / "taskcheck.toml").read_text().replace(
        "exclude = []", 'archive = ["plan/old.yaml"]\nexclude = []', 1
    )  # fmt: skip
    (plan / "taskcheck.toml").write_text(config.replace('"plan/tasks.yaml",', '"plan/tasks.yaml", "plan/old.yaml",', 1))
    assert incidents(plan) == {}
    assert taskcheck("--format", "json", cwd=plan).json["summary"]["tasks"] == 2
