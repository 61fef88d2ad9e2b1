"""Makes the repository of a fixture and changes it, by GitPython: it is ours, and nobody else has written in it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_CONFIG = "[user]\n\tname = Fixture\n\temail = fixture@example.com\n[maintenance]\n\tauto = false\n"
"""Who commits; and that no commit starts another git, to find that there is nothing to tidy up."""


class GitFailed(Exception):
    """Git can't be run, or fails; the message has its words."""


def create(root: Path, trunk: str, remote: str | None) -> None:
    """Make a repository in a folder, with somebody who commits and without hooks.

    Raises:
        GitFailed: git can't be run, or fails.
    """
    with _undisturbed():
        # No template of whoever runs this: it may have hooks.
        settings = {"quiet": True, "template": "", "initial_branch": trunk}
        _gitpython().init(root, **settings, allow_unsafe_options=True).close()
    with (root / ".git" / "config").open("a") as config:
        config.write(_CONFIG)
        if remote is not None:
            config.write(f'[remote "origin"]\n\turl = {remote}\n')


def git(folder: Path, date: datetime, *command: str) -> str:
    """Run git in a checkout as of a moment; return what it prints. That there is nothing to commit is no failure.

    Raises:
        GitFailed: git can't be run, or fails.
    """
    with _undisturbed():
        dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), date.isoformat())
        with _gitpython()(folder) as repo:
            code, out, err = repo.git.execute(
                ["git", *command], with_extended_output=True, with_exceptions=False, env=dates
            )
    if code and "nothing to commit" not in out:
        said = f"{err}\n{out}".strip()
        raise GitFailed(f"git {command[0]}: {said}")
    return str(out)


def _gitpython() -> Any:
    """Return GitPython's repository.

    Raises:
        GitFailed: there is no git that it could run.
    """
    try:
        from git import Repo
    except ImportError as error:
        raise GitFailed(f"git can't be run: {error}") from error
    return Repo


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep anybody's environment, configuration and hooks from git.

    GitPython gives a process the variables of this one, and can only add to them.
    """
    before = dict(os.environ)
    for name in before:
        if name.startswith("GIT_"):
            del os.environ[name]
    os.environ.update(dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "HOME", "XDG_CONFIG_HOME"), os.devnull))
    os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
