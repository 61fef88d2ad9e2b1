"""Every git process: one hardened runner, of allowed commands alone.

Nothing of the repository is executed and nothing is written: no hook, filter, fsmonitor, textconv, lazy fetch, index
refresh or lock. The list of commands, flags and variables is the one that ran 25 commands on a repository with every
such trap at once without setting one off; that is why ``git status`` and ``git diff`` are not on it.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from taskcheck.read.allowlist import refuse_unlisted
from taskcheck.read.conversation import Endless, Silent, converse
from taskcheck.read.program import ENVIRONMENT, absolute_path, foreign_variables, program

TIMEOUT = 10.0
"""Seconds that one git process may take."""

MOST_OUTPUT = 512 * 1024 * 1024
"""Bytes that it may say; contents are asked for up to less."""

_OPTIONS = (
    "--no-optional-locks", "--no-pager", "--literal-pathspecs",
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false",
    "-c", "diff.external=", "-c", "core.alternateRefsCommand=", "-c", "safe.bareRepository=explicit",
    "-c", "core.bigFileThreshold=8m", "-c", "submodule.recurse=false", "-c", "gpg.program=/bin/false",
    "-c", "core.quotePath=false",
)  # fmt: skip


class GitError(Exception):
    """Git could not answer; the message says why in its words."""


class GitSilent(GitError):
    """Git gave no answer in time: nothing that is asked of it can be relied on."""


@dataclass(frozen=True)
class Runner:
    """Runs git in one folder."""

    folder: Path

    def run(self, *arguments: str, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> bytes:
        """Return the output of an allowed git command.

        Raises:
            GitError: another exit status than accepted, no answer in time, or no git.
            NotAllowed: a command or flag that isn't on the list.
        """
        out, err, code = self.answer(arguments, stdin)
        if code not in accept:
            raise GitError(f"git {arguments[0]}: {complaint(err) or f'exit status {code}'}")
        return out

    def answer(self, arguments: Sequence[str], stdin: bytes) -> tuple[bytes, bytes, int]:
        """What an allowed git command writes to its output and its errors, and its exit status.

        Raises:
            GitError, NotAllowed: as `run`, but for the exit status.
        """
        refuse_unlisted(arguments)
        started = self._spawn(arguments, stdin=bool(stdin))
        process = started.proc
        try:
            return *converse(process, stdin, TIMEOUT, MOST_OUTPUT), process.returncode
        except Silent as error:
            raise GitSilent(f"git {arguments[0]} gave no answer in {TIMEOUT:g} s") from error
        except Endless as error:
            raise GitError(f"git {arguments[0]} has more than {MOST_OUTPUT:,} bytes to say") from error
        finally:
            if process.poll() is None:
                kill(process)
                process.wait()

    def start(self, arguments: Sequence[str], *, stdin: bool) -> "subprocess.Popen[bytes]":
        """Return a running process of an allowed git command.

        Raises:
            GitError: there is no git.
            NotAllowed: a command or flag that isn't on the list.
        """
        refuse_unlisted(arguments)
        started = self._spawn(arguments, stdin=stdin)
        process: subprocess.Popen[bytes] = started.proc
        process.keeper = started  # type: ignore[attr-defined]
        return process

    @cached_property
    def _porcelain(self) -> Any:
        return _porcelain()(self.folder)

    def _spawn(self, arguments: Sequence[str], *, stdin: bool) -> Any:
        # GitPython copies this process's environment and can only add to it.
        foreign = foreign_variables()
        git, env = program("git"), program("env") if foreign else ""
        if git is None or env is None:
            raise GitError("git can't be started: no absolute folder of PATH has it")
        unset = [env, *(part for name in foreign for part in ("-u", name))] if env else []
        try:
            return self._porcelain.execute(
                [*unset, git, *_OPTIONS, *arguments],
                as_process=True,
                istream=subprocess.PIPE if stdin else subprocess.DEVNULL,
                env={**ENVIRONMENT, "PATH": absolute_path()},
                start_new_session=True,
            )
        except Exception as error:
            raise GitError(f"git can't be started: {error}") from error


def complaint(err: bytes) -> str:
    """What git says is wrong: its first fatal or error line, else its first; empty where it said nothing."""
    lines = err.decode("utf-8", "replace").strip().splitlines()
    serious = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (serious or lines or [""])[0]


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a git that isn't needed or gave no answer, and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


@cache
def _porcelain() -> Any:
    """Return GitPython's way to start git; it asks one for its version as it is imported, and is told which."""
    told = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": program("git") or "no-git"}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        from git.cmd import Git as Porcelain
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return Porcelain


def installed() -> bool:
    """Return whether there is a git to ask."""
    return program("git") is not None
