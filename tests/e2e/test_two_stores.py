"""Stores of two formats in one folder: one is read, and the other one is named with the command that checks it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.test_run import TASKCHECK

Store = Callable[..., Path]
Files = dict[str, str]

TICKET = {".tickets/a-1.md": "---\nid: a-1\nstatus: open\ndeps: [a-9]\n---\n# Fix it\n"}
MASTER = {".taskmaster/tasks/tasks.json": json.dumps({"tasks": [{"id": 1, "title": "API", "status": "done"}]})}
BACKLOG = {
    "backlog/config.yml": 'statuses: ["To Do", "Done"]\n',
    "backlog/tasks/task-1 - One.md": "---\nid: TASK-1\ntitle: One\nstatus: To Do\n---\n",
}


def unseen(root: Path, *arguments: str) -> list[Any]:
    told: list[Any] = taskcheck("--format", "json", *arguments, cwd=root).json["unseen"]
    return told


def test_none_is_chosen_and_each_can_be_named(store: Store) -> None:
    root = store({**TICKET, **MASTER})
    ran = taskcheck(cwd=root)
    assert ran.code == 2
    assert (
        "this looks like task-master and like ticket: name one by --preset, as in `taskcheck --preset task-master`"
        in (ran.err)
    )
    assert taskcheck("--preset", "task-master", cwd=root).code == 0
    other = taskcheck("--preset", "ticket", cwd=root)
    assert (other.code, "a-1 depends on a-9" in other.out) == (1, True)
    assert unseen(root, "--preset", "ticket") == [], "it was named"


@pytest.mark.parametrize(
    ("named", "other", "mark"),
    [("task-master", "ticket", ".tickets"), ("ticket", "task-master", ".taskmaster/tasks/tasks.json")],
)
def test_the_other_one_is_told_with_what_checks_it(store: Store, named: str, other: str, mark: str) -> None:
    root = store({**TICKET, **MASTER, "taskcheck.toml": f'preset = "{named}"\n'})
    (told,) = unseen(root)
    assert told == {
        "kind": "store",
        "where": f"{mark} ({other})",
        "why": f"1 task file of another store, but this check reads {named}",
        "cure": f"taskcheck --preset {other} checks it; or name it in [paths] other",
    }
    assert f"unseen  {mark} ({other}): " in taskcheck(cwd=root).out
    assert taskcheck("--preset", other, cwd=root).code in {0, 1}
    assert taskcheck("--strict", "--select", "duplicate-task", cwd=root).code == 1


@pytest.mark.parametrize(
    ("files", "config"),
    [
        ({**TICKET, **MASTER}, 'preset = "task-master"\n[paths]\nother = [".tickets/**"]\n'),
        ({**BACKLOG, ".tickets/readme.md": "Nothing\n"}, ""),
        ({**BACKLOG, ".tickets/notes.md": "# What we want\n"}, ""),
        ({**BACKLOG, ".taskmaster/tasks/tasks.json": "{}"}, 'preset = "backlog-md"\n'),
        ({**BACKLOG, ".taskmaster/tasks/tasks.json": "["}, 'preset = "backlog-md"\n'),
        (TICKET, 'preset = "backlog-md"\n[paths]\ntasks = [".tickets/*.md"]\n'),
    ],
)
def test_what_is_named_or_holds_no_task_is_no_store(store: Store, files: Files, config: str) -> None:
    root = store({**files, "taskcheck.toml": config or 'preset = "backlog-md"\n'})
    assert unseen(root) == []


def test_a_preset_that_is_not_there(store: Store) -> None:
    root = store(TICKET)
    ran = taskcheck("--preset", "tickets", cwd=root)
    assert (ran.code, "there is no preset tickets; did you mean ticket?; available: agentplane, " in ran.err) == (
        2,
        True,
    )
    both = taskcheck("--preset", "ticket", "--config", "x.toml", cwd=root)
    assert (both.code, "not allowed with" in both.err) == (2, True)


def test_a_preset_stands_in_the_place_of_the_configuration(store: Store) -> None:
    root = store({**TICKET, **MASTER, "taskcheck.toml": 'preset = "task-master"\n[rules]\nignore = ["all"]\n'})
    assert taskcheck("--preset", "ticket", cwd=root).code == 1
    shown = taskcheck("check", "--show-settings", "--preset", "ticket", cwd=root).out
    assert 'preset = "ticket"' in shown
    assert "# option --preset" in shown
    assert "file taskcheck.toml" not in shown.replace("option --preset", "")


def test_init_writes_the_one_that_is_named(store: Store) -> None:
    root = store({**TICKET, **MASTER})
    assert "name one by --preset" in taskcheck("init", cwd=root).err
    assert taskcheck("init", "--preset", "ticket", cwd=root).code == 0
    assert 'preset = "ticket"' in (root / "taskcheck.toml").read_text()
    assert taskcheck(cwd=root).code == 1


def test_a_worker_ends_in_the_one_that_its_run_was_told(store: Store) -> None:
    files = {".tickets/a-2.md": "---\nid: a-2\nstatus: open\n---\n# Do it\n"}
    root = store({**files, **MASTER, ".gitignore": ".tasks/\n.worktrees/\n"})
    worker = f"{TASKCHECK} finish a-2 --outcome failed --reason 'no way'"
    ran = taskcheck("run", "a-2", "--preset", "ticket", "--", "sh", "-c", worker, cwd=root)
    assert ran.code == 0, ran.err
    assert json.loads((root / ".tasks/runs/a-2.status.json").read_text())["outcome"] == "failed"
    elsewhere = taskcheck("finish", "--check", "a-2", cwd=root, TASKCHECK_PRESET="ticket", TASKCHECK_ROOT="/nowhere")
    assert (elsewhere.code, "name one by --preset" in elsewhere.err) == (2, True)
    assert taskcheck("finish", "--check", "a-2", "--preset", "ticket", cwd=root, TASKCHECK_PRESET="bmad").code == 0


@pytest.mark.parametrize("option", ["--config=ours.toml", "--preset=ticket"])
def test_a_worker_reads_the_store_as_its_run_does(store: Store, option: str) -> None:
    """By the file or the format that the run was told, from the worktree of the task, too."""
    files = {".tickets/a-2.md": "---\nid: a-2\nstatus: open\n---\n# Do it\n", "ours.toml": 'preset = "ticket"\n'}
    root = store({**files, "taskcheck.toml": 'preset = "task-master"\n', ".gitignore": ".tasks/\n.worktrees/\n"})
    worker = f"{TASKCHECK} finish a-2 --outcome failed --reason 'no way'"
    ran = taskcheck("run", "a-2", option, "--", "sh", "-c", worker, cwd=root)
    assert ran.code == 0, ran.err
    assert json.loads((root / ".tasks/runs/a-2.status.json").read_text())["outcome"] == "failed"


def test_a_run_within_a_run_is_told_no_format_of_the_outer_one(store: Store) -> None:
    """The outer run was told one, and the inner one reads the store as it is configured."""
    tasks = {path: text.replace("done", "pending") for path, text in MASTER.items()}
    config = {"taskcheck.toml": 'preset = "task-master"\n', ".gitignore": ".tasks/\n.worktrees/\n"}
    root = store({**TICKET, **tasks, **config})
    worker = f"{TASKCHECK} finish 1 --outcome failed --reason 'no way'"
    outer = {"TASKCHECK_PRESET": "ticket", "TASKCHECK_CONFIG": "/none.toml", "TASKCHECK_ROOT": str(root)}
    ran = taskcheck("run", "1", "--", "sh", "-c", worker, cwd=root, **outer)
    assert ran.code == 0, ran.err
