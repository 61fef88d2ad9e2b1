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
