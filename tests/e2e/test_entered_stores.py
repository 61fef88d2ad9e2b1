"""Stores as strangers keep them, entered by `init`: what it proposes, and what a check then says."""

import shlex
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Ran, taskcheck

Store = Callable[..., Path]

TASKCHECK = f"{shlex.quote(sys.executable)} -m taskcheck"


def front(status: str = "", **keys: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in {"title": "T", **keys}.items())
    return f"---\n{lines}{f'status: {status}' if status else ''}\n---\ntext\n"


def line(status: str) -> str:
    return f"# T\n\n**Status:** {status}\n"


def entered(root: Path) -> tuple[Any, Ran]:
    """The configuration that init writes, and what it says."""
    made = taskcheck("init", "--yes", cwd=root)
    assert made.code == 0, made.err
    return tomllib.loads((root / "taskcheck.toml").read_text()), made


@pytest.mark.parametrize(
    ("statuses", "after"),
    [
        (("ready", "in-progress", "closed"), "in-progress"),
        (("ready", "doing", "testing", "closed"), "testing"),
        (("open", "completed"), "in-progress"),
    ],
)
def test_an_open_pull_request_completes_no_task(statuses: tuple[str, ...], after: str, store: Store) -> None:
    root = store({f"tickets/{number}.md": front(status) for number, status in enumerate(statuses)})
    config, made = entered(root)
    assert config["outcomes"]["completed_with_pr"] == [after, statuses[-1]]
    assert ("no status in use means active" in made.out) is (after not in statuses)
    finish = f"{TASKCHECK} finish 0 --outcome completed_with_pr --pr-url https://github.com/o/r/pull/7"
    ran = taskcheck("run", "0", "--", "sh", "-c", finish, cwd=root, process=True)
    assert ran.code == 0, ran.err
    assert f"status: {after}" in (root / "tickets/0.md").read_text()
    checked = taskcheck(cwd=root)
    assert checked.code == 0, checked.out


TEMPLATES = {
    "tasks/_templates/TASK.md": line("draft | ready | done"),
    "tasks/TEMPLATE/TASK.md": line("ready"),
    "tasks/fixtures/TASK.md": line("ready"),
}


def test_templates_among_tasks_are_excluded(store: Store) -> None:
    cards = {f"tasks/T-{number}/TASK.md": line(status) for number, status in enumerate(["done", "ready"])}
    root = store({**TEMPLATES, **cards})
    config, _ = entered(root)
    assert config["paths"]["tasks"] == ["tasks/{task}/TASK.md"]
    assert config["paths"]["exclude"] == ["tasks/TEMPLATE/**", "tasks/_templates/**", "tasks/fixtures/**"]
    checked = taskcheck("--format", "json", cwd=root).json
    assert (checked["summary"]["tasks"], checked["incidents"]) == (2, [])


def test_templates_are_no_tasks_of_a_format_that_nobody_named(store: Store) -> None:
    plain = front("ready", owner="ana")
    files = {
        "tasks/a.md": plain, "tasks/add-issue-template.md": plain, "tasks/demos.md": plain,
        "tasks/task-template.md": front("{{status}}"), "tasks/templates/b.md": front("x"), "tasks/demo/c.md": plain,
    }  # fmt: skip
    root = store(files)
    assert "3 tasks in 1 checkout: all agree" in taskcheck(cwd=root).out
    shown = taskcheck("check", "--show-files", cwd=root).out
    assert "no task   tasks/demo/c.md: a template, fixture or example is no task, unless a configuration" in shown
    config, _ = entered(root)
    added = ["tasks/demo/**", "tasks/task-template.md", "tasks/templates/**"]
    assert config["paths"]["exclude"] == ["tasks/logs/**", "tasks/team/**", *added]
    assert "3 tasks in 1 checkout: all agree" in taskcheck(cwd=root).out
    (root / "taskcheck.toml").write_text('preset = "task-manager"\n')
    assert "6 tasks in 1 checkout" in taskcheck(cwd=root).out


def test_a_template_in_the_folder_of_a_known_format_is_no_task(store: Store) -> None:
    root = store({
        ".tickets/template.md": "---\nid: {{id}}\nstatus: {{status}}\n---\n",
        ".tickets/demo.md": "---\nid: demo\nstatus: open\n---\n# A\n",
    })  # fmt: skip
    assert "1 task in 1 checkout: all agree" in taskcheck(cwd=root).out
    assert entered(root)[0]["paths"] == {"exclude": [".tickets/template.md"]}
    assert "1 task in 1 checkout: all agree" in taskcheck(cwd=root).out


def test_a_store_among_examples_is_proposed_only_where_it_is_the_only_one(store: Store) -> None:
    example = {f"examples/x/work-items/{number}.md": front(status) for number, status in enumerate(["done", "open"])}
    root = store(example)
    assert "examples/x/work-items/*.md (2 with" in taskcheck(cwd=root).err
    text = taskcheck("init", "--print", cwd=root).out
    assert tomllib.loads(text)["paths"]["tasks"] == ["examples/x/work-items/*.md"]
    (root / "work-items").mkdir()
    (root / "work-items/1.md").write_text(front("done"))
    text = taskcheck("init", "--print", cwd=root).out
    assert tomllib.loads(text)["paths"]["tasks"] == ["work-items/*.md"]
    assert "examples/x/work-items/*.md is left out" in text


def test_where_init_proposes_nothing_else_it_is_not_recommended(store: Store) -> None:
    """The marks of a preset are there without tasks, and beside them something of another format."""
    specs = {f"docs/specs/{number}.md": line(status) for number, status in enumerate(["Approved", "Done"])}
    root = store({"backlog/config.yml": 'statuses: ["To Do", "Done"]\n', **specs})
    advice = "if they are tasks, name them in [paths] tasks in taskcheck.toml, and their format as its preset"
    for _ in range(2):
        told = taskcheck(cwd=root).err
        assert "possible tasks found: docs/specs/*.md" in told
        assert advice in told
        assert "taskcheck init" not in told
        taskcheck("init", "--yes", cwd=root)
    (root / "taskcheck.toml").write_text('preset = "status-line"\n\n[paths]\ntasks = ["docs/specs/*.md"]\n')
    assert "2 tasks in 1 checkout" in taskcheck(cwd=root).out


def test_what_has_no_status_is_there_and_told(store: Store) -> None:
    root = store({
        "taskcheck.toml": '[paths]\ntasks = ["todo/*.md"]\n[people]\nana = []\n',
        "todo/a.md": front(),
        "todo/b.md": front("ready", owner="ana", depends_on="[A]"),
        "todo/c.md": front("ready", owner="ana", depends_on="[b, z]"),
        "todo/notes.md": "# Notes\n",
    })  # fmt: skip
    report = taskcheck("--format", "json", cwd=root).json
    assert [each["findings"][0]["message"] for each in report["incidents"]] == ["c depends on z, which doesn't exist"]
    told = [f"{each['where']}: {each['why']}" for each in report["unseen"]]
    assert told == ["todo/a.md: a task depends on it, but it has no status"]
    refused = taskcheck("run", "b", "--dry-run", "--", "true", cwd=root)
    assert "it depends on A, which is without status" in refused.err + refused.out


def test_an_entry_without_status_is_there_and_told(store: Store) -> None:
    entries = (
        "- id: T-1\n  title: A\n- id: T-2\n  title: B\n  status: queued\n  depends_on: [T-1]\n- id: T-3\n  title: C\n"
    )
    root = store({"plan/tasks.yaml": entries + "  status: done\n"})
    entered(root)
    report = taskcheck("--format", "json", cwd=root).json
    assert report["incidents"] == []
    assert [each["where"] for each in report["unseen"]] == ["entry T-1 of plan/tasks.yaml"]


@pytest.mark.parametrize(
    "files",
    [
        {"docs/specs/a.md": line("Draft"), "docs/specs/b.md": line("Accepted by all")},
        {"PLAN.md": line("Active"), "docs/adr.md": front("done")},
    ],
)
def test_a_document_with_a_status_is_no_store(files: dict[str, str], store: Store) -> None:
    root = store({**files, "README.md": "# A project\n"})
    assert "possible tasks" not in taskcheck(cwd=root).err
    made = taskcheck("init", "--yes", cwd=root)
    assert made.code == 4
    assert "nothing else here looks like a store:\n" in made.err
    assert not (root / "taskcheck.toml").exists()


def test_a_document_is_no_store_before_many_files(store: Store) -> None:
    many = {f"docs/old/archive/{number}.md": front("done") for number in range(3)}
    root = store({"docs/a.md": line("Draft"), **many})
    assert entered(root)[0]["paths"]["tasks"] == ["docs/old/archive/*.md"]


def test_a_single_file_with_an_id_may_be_a_store(store: Store) -> None:
    assert entered(store({"docs/a.md": front("todo", id="T-1")}))[0]["paths"]["tasks"] == ["docs/*.md"]


def test_statuses_of_several_tasks_are_settled_in_the_configuration(store: Store) -> None:
    """Each such task is an error of its own, whose next step is to edit the task."""
    words = ("open", "validated", "Validated", "validated", "limbo")
    root = store({f"issues/{number}.md": front(status) for number, status in enumerate(words)})
    entered(root)
    settled = "4 tasks have statuses without a class; [statuses] in taskcheck.toml gives them one"
    assert settled in taskcheck("check", cwd=root).err
    for number in range(2, 5):
        (root / f"issues/{number}.md").unlink()
    assert "without a class" not in taskcheck("check", cwd=root).err, "one may be a slip"


def contradicted(root: Path) -> list[str]:
    report = taskcheck("--format", "json", cwd=root).json
    return [f"{each['task']} {each['findings'][0]['rule']}" for each in report["incidents"]]


def test_a_folder_of_done_tasks_says_so_without_another_beside_it(store: Store) -> None:
    """Of folders in it, too; and what was dropped may lie there."""
    tasks = {f"tasks/completed/T-{number}/task.md": line("pending") for number in (1, 2)}
    tasks |= {f"tasks/active/A-{number}/task.md": line("completed") for number in (1, 2)}
    root = store({**tasks, "tasks/completed/T-3/task.md": line("cancelled")})
    config, _ = entered(root)
    assert config["folders"] == {"tasks/completed": ["done", "dropped"]}
    assert contradicted(root) == ["T-1 status-contradicted", "T-2 status-contradicted"]


def test_a_folder_that_stands_for_several_statuses_says_no_class(store: Store) -> None:
    words = {"active": ["Draft", "Draft", "In Progress"], "done": ["Done", "Draft"], "paused": ["Paused"]}
    root = store({
        f"specs/{folder}/{folder}-{number}.md": line(status)
        for folder, statuses in words.items()
        for number, status in enumerate(statuses)
    })  # fmt: skip
    config, _ = entered(root)
    assert config["folders"] == {"specs/done": "done", "specs/paused": "stopped"}
    assert contradicted(root) == ["done-1 status-contradicted"]


def test_a_store_in_a_folder_called_backlog_has_every_status(store: Store) -> None:
    root = store({f"issues/backlog/{number}.md": front(status) for number, status in enumerate(["draft", "draft"])})
    assert "folders" not in entered(root)[0]
