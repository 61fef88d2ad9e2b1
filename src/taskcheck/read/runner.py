"""Every git process: one hardened runner, of allowed commands alone.

Nothing of the repository is executed and nothing is written: no hook, filter, fsmonitor, textconv, lazy fetch, index
refresh or lock. The list of commands, flags and variables is the one that ran 25 commands on a repository with every
such trap at once without setting one off; that is why ``git status`` and ``git diff`` are not on it.
"""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import frozen
from taskcheck.read.allowlist import refuse_unlisted
from taskcheck.read.program import environment, program

if TYPE_CHECKING:
    import subprocess

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
    """Git gave no answer within time: nothing that is asked of it can be relied on."""


@frozen(slots=False)
class Runner:
    """Runs git in one folder."""

    folder: Path
    index_file: str | None = None
    """The index to look into; None for the checkout's own."""

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
        from taskcheck.read.conversation import Endless, Silent, converse

        process = self.start(arguments, stdin=bool(stdin))
        try:
            out, err = converse(process, stdin, TIMEOUT, MOST_OUTPUT)
        except Silent as error:
            raise GitSilent(f"git {arguments[0]} gave no answer within {TIMEOUT:g} s") from error
        except Endless as error:
            raise GitError(f"git {arguments[0]} has more than {MOST_OUTPUT:,} bytes of output") from error
        finally:
            kill(process)
            process.wait()
        return out, err, process.returncode

    def start(self, arguments: Sequence[str], *, stdin: bool) -> "subprocess.Popen[bytes]":
        """Return a running process of an allowed git command, with unbuffered pipes.

        Raises:
            GitError: there is no git.
            NotAllowed: a command or flag that isn't on the list.
        """
        refuse_unlisted(arguments)
        return self._spawn(arguments, stdin=stdin)

    def _environment(self) -> dict[str, str]:
        variables = environment()
        if self.index_file is not None:
            variables["GIT_INDEX_FILE"] = self.index_file
        return variables

    def _spawn(self, arguments: Sequence[str], *, stdin: bool) -> "subprocess.Popen[bytes]":
        import subprocess

        git = program("git")
        if git is None:
            raise GitError("git can't be started: no absolute folder in PATH has it")
        try:
            return subprocess.Popen(  # noqa: S603 - git, of allowed commands alone
                [git, *_OPTIONS, *arguments],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=self.folder,
                env=self._environment(),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise GitError(f"git can't be started: {error}") from error


def complaint(err: bytes) -> str:
    """What git says is wrong: its first fatal or error line, else its first; empty where it said nothing."""
    lines = err.decode("utf-8", "replace").strip().splitlines()
    serious = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (serious or lines or [""])[0]


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a git that isn't needed any more or gave no answer, and what it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def installed() -> bool:
    """Return whether there is a git to ask."""
    return program("git") is not None
