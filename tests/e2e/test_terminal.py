"""What a person sees on a terminal: nothing is broken in the middle of a word, and what was mistyped is answered."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.cli import COMMANDS, ELSEWHERE
from taskcheck.testing import Built
from tests.e2e.conftest import Terminal, environment, here, taskcheck

NOW = "2026-03-24T18:00:00Z"
TASK = "---\ntitle: T\nowner: rj\nstatus: ready\n{more}---\n"


def shown(root: Path, columns: int, *arguments: str, **env: str) -> str:
    """What a command prints on a terminal of so many columns."""
    return here(list(arguments), root, environment(COLUMNS=str(columns), **env), out=Terminal).out


HELPS = [["--help"], *([command, "--help"] for command in COMMANDS)]


@pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
def test_help_is_wrapped_for_the_width_and_breaks_no_word(arguments: list[str], tmp_path: Path) -> None:
    wide = shown(tmp_path, 200, *arguments).split()
    for columns in (60, 80, 120):
        text = shown(tmp_path, columns, *arguments)
        assert text.split() == wide, "the same words, in their order"
        body = text.partition("\n\n")[2]
        assert all(len(line) <= columns or " " not in line.strip() for line in body.splitlines())


def test_help_names_the_version() -> None:
    assert "--version" in taskcheck("--help", cwd=Path(sys.prefix)).out


@pytest.mark.parametrize("arguments", [["rule"], ["rule", "metadata-drift"], ["check"]], ids=" ".join)
@pytest.mark.parametrize("columns", [80, 120])
def test_no_word_is_broken_at_the_edge(incidents: Built, arguments: list[str], columns: int) -> None:
    words = ("--now", NOW, *arguments[1:])
    plain = shown(incidents.root, 5000, arguments[0], *words, NO_COLOR="1")
    text = shown(incidents.root, columns, arguments[0], *words, NO_COLOR="1")
    assert "\x1b" not in text
    assert not set(re.findall(r"[\w./-]{3,}", text)) - set(re.findall(r"[\w./-]{3,}", plain)), "no part of a word"
    coloured = shown(incidents.root, columns, arguments[0], *words, "--color", "always")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text, "colour changes nothing else"


def test_each_command_of_other_tools_leads_to_one_of_ours() -> None:
    assert {meant.split()[0] for meant in ELSEWHERE.values()} <= {*COMMANDS, "--version"}
    assert not ELSEWHERE.keys() & COMMANDS.keys()


def test_a_path_is_one_piece_however_long(store: Callable[..., Path]) -> None:
    folder = "/".join(["deep"] * 30)
    path = f"tasks/{folder}/a.md"
    root = store({path: TASK.format(more="depends_on: [gone]\n")})
    assert f"{path}:5" in shown(root, 80)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stauts"], "; did you mean the command `taskcheck status`?"),
        (["stauts", "-v"], "; did you mean the command `taskcheck status`?"),
        (["explain", "worker-gone"], "; did you mean the command `taskcheck rule`?"),
        (["fix"], "; did you mean fix-login, or the command `taskcheck check --fix`?"),
        (["fix-logn"], "did you mean fix-login?"),
        (["--format", "yaml"], "available: text, concise, json, jsonl, junit, sarif"),
        (["--format", "jsno"], "did you mean json"),
        (["--output", "sarfi=x"], "did you mean sarif"),
        (["rule", "metadata-drfit"], "did you mean metadata-drift"),
        (["finish", "fix-logn", "--outcome", "blocked", "--reason", "x"], "fix-login"),
        (["route", "fix-logn"], "fix-login"),
        (
            ["--fail-on", "eror"],
            "--fail-on: invalid choice: 'eror'; did you mean error?; available: error, warning, info",
        ),
        (["status", "--color", "nevr"], "invalid choice: 'nevr'; did you mean never?"),
        (["completion", "bsh"], "invalid choice: 'bsh'; did you mean bash"),
        (["--versoin"], "unknown option --versoin; did you mean --version?"),
        (["status", "--version"], "taskcheck status: `taskcheck --version` prints the version"),
        (["--color", "never", "status"], "put the command first: `taskcheck status …`"),
        (["-k"], "taskcheck check: argument -k: expected one argument"),
        (["finish", "fix-login", "--outcome", "blokced", "--reason", "x"], "did you mean blocked?"),
        (["-x", "--maxfial", "2"], "unknown option --maxfial; did you mean --maxfail?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_was_mistyped_is_answered_with_the_nearest(
    store: Callable[..., Path], arguments: list[str], said: str
) -> None:
    root = store({
        "taskcheck.toml": "[people]\nrj = []\n",
        "tasks/fix-login.md": TASK.format(more=""),
        "tasks/a.md": TASK.format(more=""),
    })  # fmt: skip
    ran = taskcheck(*arguments, cwd=root)
    assert ran.code in {1, 2}
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_takes_color(command: str, store: Callable[..., Path]) -> None:
    """Who gives it to every command isn't refused by those that colour nothing; their help doesn't promise it."""
    root = store({"tasks/fix-login.md": TASK.format(more="")})
    refused = taskcheck(command, "--color", "blue", cwd=root)
    assert (refused.code, "argument --color: invalid choice: 'blue'" in refused.err) == (2, True), refused.err
    colours = command in {"check", "status", "timeline", "history", "rule", "demo"}
    assert ("--color" in taskcheck(command, "--help", cwd=root).out) is colours


@pytest.mark.journey
def test_the_demo_says_on_a_terminal_what_it_waits_for(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "taskcheck", "demo"]
    ran = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=terminal, env=environment(), check=True)
    os.close(terminal)
    assert b"building six incidents as a repository" in os.read(controller, 4096)
    os.close(controller)
    assert b"building" not in ran.stdout
    assert taskcheck("demo", cwd=tmp_path).err == ""


def test_a_dependency_names_the_nearest_task_and_a_missing_key_the_nearest_key(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": 'preset = "task-manager"\n',
        "tasks/fix-login.md": TASK.format(more="depends_on: [fix-logn, task-3, TASK-11]\n"),
        "tasks/task-2.md": TASK.format(more="").replace("title: T", "titel: T"),
        "tasks/task-11.md": TASK.format(more="").replace("title: T", "name: T"),
    })  # fmt: skip
    out = taskcheck("--format", "concise", cwd=root).out
    assert "fix-login depends on fix-logn, which doesn't exist; did you mean fix-login?\n" in out
    assert " depends on task-3, which doesn't exist\n" in out, "another number is another task"
    assert "title of task-2 is missing; did you mean titel?\n" in out
    assert "title of task-11 is missing; the file has name, which this store calls title\n" in out
