"""The command line: the only code that prints or exits; one module per command, imported when it is called."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress
from errno import EBADF
from importlib import import_module
from io import TextIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from typing import NoReturn, TextIO

COMMANDS = {
    "check": "compare the ledgers and report contradictions (the default command)",
    "status": "show workers, tasks that wait for a person, and contradictions; --watch keeps it up to date",
    "timeline": "show what every ledger says about one task, in chronological order",
    "history": "show recorded incidents: open since when, closed, reopened",
    "watch": "check whenever a ledger changes; record, notify and, with --fix, repair",
    "serve": "serve the status page on the loopback address",
    "undo": "undo the last fix, byte for byte",
    "run": "dispatch a task: run a command in its worktree and record the outcome",
    "finish": "end a dispatch and record its outcome",
    "rule": "list the rules, or explain one and show its current findings",
    "owner": "print the canonical key of a person for any spelling",
    "route": "print who may dispatch a task, and why",
    "init": "write a taskcheck.toml for this repository",
    "cache": "show or clear the cache",
    "completion": "print a completion script for a shell",
    "demo": "build a repository with six real incidents and check it",
}

ELSEWHERE = {
    "config": "check --show-settings", "dispatch": "run", "doctor": "check", "done": "finish", "explain": "rule",
    "fix": "check --fix", "lint": "check", "list": "status", "log": "timeline", "ls": "status", "repair": "check --fix",
    "rules": "rule", "show": "timeline", "start": "run", "validate": "check", "version": "--version",
}  # fmt: skip
"""What tools of this kind call such a command, with what it is here."""

SHORT = {"check", "rule", "owner", "route"}
"""The commands that look once and are done."""

EPILOG = """exit codes:
  0  clean
  1  findings at or above --fail-on
  2  usage or configuration error
  3  the result is unreliable because something failed
  4  neither task files nor runtime ledgers found

Run `taskcheck COMMAND --help` for the options of a command."""


class Failure(Exception):
    """An end of the run with a message for stderr and an exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(_harmless(message))
        self.code = code


def complain(message: str) -> None:
    """Say on stderr what somebody should know; where that can't be written, nobody."""
    try:
        print(_harmless(f"taskcheck: {message}"), file=sys.stderr, flush=True)
    except OSError:
        _let_go(sys.stderr)


def _harmless(message: str) -> str:
    """A message of one or more lines, in which nothing that comes from a file or an argument speaks to a terminal."""
    from taskcheck.formats.sanitize import visible

    return "\n".join(visible(line, None) for line in message.split("\n"))


def console() -> NoReturn:
    """Run the command line as a process of its own, and end it.

    A short run collects nothing while all is in use, and takes nothing apart that ends with it: each is a tenth of a
    small check.
    """
    command = sys.argv[1] if sys.argv[1:] else "check"
    is_short = command in SHORT or command not in COMMANDS
    if is_short:
        gc.disable()
    code = main()
    if is_short and _is_alone():
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _is_alone() -> bool:
    """Return whether nobody waits for the usual end: no thread, tracer or profiler, no exit handler, and no plugin."""
    threading = sys.modules.get("threading")
    has_threads = threading is not None and threading.active_count() > 1
    has_plugins = "importlib.metadata" in sys.modules
    return not (has_threads or has_plugins or sys.gettrace() or sys.getprofile() or atexit._ncallbacks())  # noqa: SLF001


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
            # A report that goes into a file or a pipe is the same in every locale.
            if not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")
    try:
        code = _ended(argv)
        sys.stdout.flush()
    except BrokenPipeError:  # Whoever read our output has gone; there is nobody to tell.
        _let_go(sys.stdout)
        return GONE
    except OSError as error:
        _let_go(sys.stdout)
        complain(f"{error.filename or 'standard output'}: {error.strerror}")
        return 3
    return code


GONE = 141
"""Exit code where nobody reads any more: what a shell says of a process that SIGPIPE ended."""


def _ended(argv: list[str]) -> int:
    """Return the exit code of a run, however it ends."""
    try:
        return _dispatch(argv)
    except Failure as failure:
        complain(str(failure))
        return failure.code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130


def _let_go(stream: TextIO) -> None:
    """Give up stdout or stderr: what is left in its buffer couldn't be written at the end either."""
    with suppress(OSError, ValueError):
        stream.flush()
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _standard_streams() -> None:
    """Let none of our own files get the number of a standard stream that was closed before we began.

    Writing to a closed stdout fails as on a full disk; nobody reads a closed stderr, and a closed stdin is empty.
    """
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


class _Closed(TextIOBase):
    """Where stdout should be: as a full disk, it fails what is written to it, and what should have been."""

    def __init__(self) -> None:
        self._is_missed = False

    def write(self, _: str) -> int:
        """Fail.

        Raises:
            OSError: always.
        """
        self._is_missed = True
        raise OSError(EBADF, "it is closed", "standard output")

    def flush(self) -> None:
        """Fail where something was to be written since.

        Raises:
            OSError: it was.
        """
        if self._is_missed:
            self._is_missed = False
            raise OSError(EBADF, "it is closed", "standard output")


def _dispatch(argv: list[str]) -> int:
    if argv[:1] in (["--version"], ["-V"]):
        from taskcheck.version import __version__

        print(f"taskcheck {__version__}")
        _tell_of_namesake()
        return 0
    if argv[:1] in (["--help"], ["-h"], ["help"]):
        print(_help())
        return 0
    from taskcheck.cli.parsing import parsed

    is_named = bool(argv) and argv[0] in COMMANDS
    command = argv.pop(0) if is_named else "check"
    first = argv[0] if argv and not is_named else ""
    module = import_module(f"{__name__}.{command}")
    options = parsed(command, module, argv)
    run: Callable[[Namespace], int] = module.run
    try:
        return run(options)
    except Failure as failure:
        raise _perhaps_mistyped(failure, first) from failure


def _tell_of_namesake() -> None:
    """Say where the other project of this name is installed too: both write the same files."""
    from taskcheck.read.distributions import is_installed

    if is_installed("taskcheck"):
        complain(
            "another project, taskcheck, is installed beside taskcheck-lint, and each overwrites files of the other; "
            "try: pip uninstall taskcheck, then pip install --force-reinstall taskcheck-lint"
        )


def _perhaps_mistyped(failure: Failure, first: str) -> Failure:
    """Return a failure, with the command that was perhaps meant by a first word that is no task and no path."""
    late = next((command for command in COMMANDS if _names(failure, command)), None)
    if late is not None:
        return Failure(f"{failure}; put the command first: `taskcheck {late} …`", failure.code)
    if not first or not _names(failure, first):
        return failure
    from taskcheck.config.suggest import did_you_mean

    mistyped = did_you_mean(first, COMMANDS, 1).removeprefix("; did you mean ").removesuffix("?")
    meant = ELSEWHERE.get(first, mistyped)
    if not meant:
        return failure
    said = str(failure)
    joint = f"{said.removesuffix('?')}, or" if said.endswith("?") else f"{said}; did you mean"
    return Failure(f"{joint} the command `taskcheck {meant}`?", failure.code)


def _names(failure: Failure, word: str) -> bool:
    """Return whether a failure is that no task has a name."""
    return str(failure).startswith(f"no task or file is named {word!r}")


def _help() -> str:
    import shutil

    from taskcheck.cli.parsing import wrapped

    commands = "\n".join(f"  {name:<12}{about}" for name, about in COMMANDS.items())
    text = f"""usage:
  taskcheck [check] [TASK|PATH ...] [options]
  taskcheck COMMAND ...
  taskcheck --help | --version

Check whether the ledgers of an agent fleet agree. taskcheck compares the task files in the main checkout and in every
worktree with managers' registers and heartbeats, dispatch logs and git. It reports contradictions per task, with
their root cause.

commands:
{commands}

{EPILOG}"""
    return wrapped(text, max(20, shutil.get_terminal_size().columns - 2))
