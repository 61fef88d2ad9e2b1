"""``--owner``: what is reported of one person or role, by any spelling."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import taskcheck

TASK = "---\ntitle: T\nowner: {owner}\nstatus: nonsense\n---\n"
CONFIG = """[people]
dave-fowler = ["dave", "dave.fowler"]
rj = []
[roles]
designer = "rj"
"""


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    return store({
        "taskcheck.toml": CONFIG,
        "tasks/a.md": TASK.format(owner="dave-fowler"),
        "tasks/b.md": TASK.format(owner="Dave Fowler"),
        "tasks/c.md": TASK.format(owner="rj"),
        "tasks/d.md": TASK.format(owner="designer"),
        "tasks/e.md": TASK.format(owner="ghost"),
        "tasks/f.md": TASK.format(owner="[rj, dave]"),
        ".tasks/task_manager/task-manager-rj.register.json": '{"owner": "rj", "entries": {"zz": {}}}',
    })  # fmt: skip


@pytest.mark.parametrize(
    ("name", "subjects"),
    [
        ("dave-fowler", ["a", "b", "f"]),
        ("@DAVE.fowler", ["a", "b", "f"]),
        ("rj", ["c", "d", "f"]),
        ("designer", ["d"]),
        ("ghost", ["e"]),
    ],
)
def test_a_report_is_about_whose_it_is_asked(root: Path, name: str, subjects: list[str]) -> None:
    ran = taskcheck("--owner", name, "--format", "json", cwd=root)
    assert ran.code == 1
    found = {incident["task"] for incident in ran.json["incidents"]} - {None, "zz"}
    assert found == set(subjects)
    assert [manager["owner"] for manager in ran.json["managers"]] == (["rj"] if name == "rj" else [])
    shown = taskcheck("status", "--owner", name, cwd=root)
    assert shown.code == 1
    assert set(re.findall(r" · (\w)(?: ·|$)", shown.out, re.MULTILINE)) == set(subjects)


def test_tasks_and_owner_together_are_what_both_mean(root: Path) -> None:
    ran = taskcheck("a", "c", "--owner", "rj", "--format", "json", cwd=root)
    assert [incident["task"] for incident in ran.json["incidents"]] == ["c"]
    assert "nothing found" in taskcheck("a", "--owner", "rj", cwd=root).out


def test_nobody_by_that_name_is_a_mistake(root: Path) -> None:
    for command in ("check", "status"):
        ran = taskcheck(command, "--owner", "dave-fowlr", cwd=root)
        assert (ran.code, "no person and no role is named 'dave-fowlr'; did you mean dave-fowler" in ran.err) == (
            2,
            True,
        )


def test_the_baseline_is_of_the_whole_store(root: Path) -> None:
    ran = taskcheck("--owner", "rj", "--update-baseline", "--baseline", "b.toml", cwd=root)
    assert (ran.code, "takes no tasks, paths, -k or --owner" in ran.err) == (2, True)
