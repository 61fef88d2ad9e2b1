"""Git is looked for where nobody else can have put one, and gets nothing of the environment that would mislead it."""

import os
from pathlib import Path

import pytest

from taskcheck.read.git import Git
from taskcheck.read.program import ENVIRONMENT, LOCAL_VARIABLES, environment, program
from taskcheck.read.runner import GitError


def executable(path: Path, mode: int = 0o755) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nenv\n")
    path.chmod(mode)
    return path


def test_relative_folders_of_path_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "git")
    executable(tmp_path / "plain" / "git", 0o644)
    (tmp_path / "folder" / "git").mkdir(parents=True)
    there = executable(tmp_path / "bin" / "git")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f":.:bin:{tmp_path}/none:{tmp_path}/plain:{tmp_path}/folder:{tmp_path}/bin")
    assert program("git") == str(there)
    assert environment()["PATH"] == f"{tmp_path}/none:{tmp_path}/plain:{tmp_path}/folder:{tmp_path}/bin"
    monkeypatch.setenv("PATH", ":.:bin")
    assert program("git") is None


def test_git_gets_our_variables_and_none_that_mislead_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin" / "git")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    for name in (*LOCAL_VARIABLES, "GIT_TRACE", "GIT_TRACE2_EVENT", "GIT_SSH_COMMAND"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/kept")
    got = dict(line.split("=", 1) for line in Git(tmp_path).run("version").decode().splitlines() if "=" in line)
    assert "elsewhere" not in got.values()
    assert got["GIT_CEILING_DIRECTORIES"] == "/kept"
    assert {name: got[name] for name in ENVIRONMENT} == ENVIRONMENT


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="git can't be started"):
        Git(tmp_path / "none").run("version")
