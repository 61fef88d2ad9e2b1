"""Git's configuration says what git itself reads in it."""

import subprocess
from pathlib import Path

import pytest

from taskcheck.read.gitconfig import core_values, is_true, origin

WRITTEN = [
    "[core]\n\tbare = true\n",
    "[core]\n\tbare = true\n\tbare = false\n",
    "[core]\n\tbare\n",
    "[CORE]\n\tBare=TRUE # a comment\n",
    "[core] bare = yes ; a comment\n",
    '[core]\nbare = "true" # in quotes\n',
    "[core]\nbare = tr\\\nue\n",
    "[other]\n\tbare = true\n",
    '[core "named"]\n\tbare = true\n',
    "# [core]\n# bare = true\n[core]\n\tworktree = ../a b\n",
    '[core]\n\tworktree = "../a # b" ; c\n',
    '[core]\n\tworktree = ../a\\\\b\\"c\n',
    "[core]\r\n\tworktree = ../a\r\n\tbare = 0\r\n",
    '[core]\n\tbare = 2\n[branch "x"]\n\tremote = o\n[core]\n\tworktree = w\n',
    '[branch "a]\\"b"]\n\tbare = true\n',
    "\n" * 2000 + "[core]\n" + "\n" * 2000 + "bare = on\n",
    "[core]\n# a comment \\\nbare = true\n",
    "",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_it_reads_what_git_reads(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode())
    values = core_values(text)
    assert values.get("worktree") == asked(path, "core.worktree")
    bare = asked(path, "core.bare", "--type=bool")
    assert is_true(values.get("bare", "false")) == (bare == "true")


def asked(path: Path, key: str, *flags: str) -> str | None:
    command = ["git", "config", "--file", str(path), *flags, "--get", key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.removesuffix("\n") if done.returncode == 0 else None


ORIGIN, FORK = '[remote "origin"]\n\turl = https://h/o\n', '[remote "fork"]\n\turl = https://h/f\n'


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (ORIGIN, "https://h/o"),
        (FORK + ORIGIN, "https://h/o"),
        (FORK, "https://h/f"),
        (FORK + FORK.replace("fork", "mine"), None),
        ("", None),
    ],
)
def test_the_origin_is_the_remote_of_that_name_or_the_only_one(text: str, url: str | None) -> None:
    assert origin(text) == url
