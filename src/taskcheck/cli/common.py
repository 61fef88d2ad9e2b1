"""Options and errors that commands share."""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from taskcheck.cli import Failure, complain

if TYPE_CHECKING:
    from taskcheck.engine.rule import Rule
    from taskcheck.model.report import Report
    from taskcheck.store import Store

T = TypeVar("T")


def store_place(parser: argparse.ArgumentParser) -> None:
    """Where the store is."""
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path(), help="any folder of the repository")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--config", metavar="FILE", type=Path, help="read this configuration file instead of taskcheck.toml"
    )
    which.add_argument("--preset", metavar="NAME", help="read the store with this preset only, without a configuration")


def store_options(parser: argparse.ArgumentParser, *, remembers: bool = False) -> None:
    """Where the store is, and as of when; and whether the cache may tell what wasn't written since the last check."""
    store_place(parser)
    parser.add_argument("--now", metavar="TIMESTAMP", type=moment, help="use this time (RFC 3339) as the current time")
    if remembers:
        parser.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")


def owner_option(parser: argparse.ArgumentParser) -> None:
    """Whose tasks."""
    parser.add_argument(
        "--owner", metavar="NAME", help="show only the tasks of this person or role; any spelling works"
    )


def local_option(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Which files and modules hold rules of the caller's own."""
    parser.add_argument(
        "-p",
        dest="local",
        metavar="FILE|MODULE",
        action="append",
        default=[],
        help="also run the rules in this Python file or module (repeatable); its code is executed",
    )


def local_rules(options: argparse.Namespace) -> "tuple[Rule, ...]":
    """Return the rules of the caller's own.

    Raises:
        Failure: they can't be had.
    """
    if not options.local:
        return ()
    from taskcheck.cli import local

    return local.local_rules(options.local)


def record_options(parser: argparse.ArgumentParser) -> None:
    """Whether a check is written down, and where."""
    group = parser.add_argument_group("history")
    group.add_argument(
        "--record", action="store_true", help="record the incidents of this check, for `taskcheck history`"
    )
    group.add_argument(
        "--changes",
        action="store_true",
        help="report only changes since the last recorded check; only new incidents can fail",
    )
    history_option(group)


def history_option(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Where the record is."""
    parser.add_argument(
        "--history",
        metavar="FILE",
        type=Path,
        help="the history file; default: taskcheck/STORE.sqlite in $XDG_STATE_HOME or ~/.local/state",
    )


def moment(text: str) -> datetime:
    """Return a timestamp from the command line."""
    from taskcheck.documents.values import timestamp

    parsed = timestamp(text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a timestamp such as 2026-03-24T18:00:00Z")
    return parsed


def port(text: str) -> int:
    """Return a port from the command line."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a port (0 to 65535)")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """Return a comma-separated list from the command line."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def count(text: str) -> int:
    """Return a number of things from the command line."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} isn't a count: 0, 1, 2 …")
    return int(text)


def guarded(work: Callable[[], T]) -> T:
    """Return the result of work on a store; what the user can mend becomes a failure with exit code 2."""
    from taskcheck.config.load import ConfigError
    from taskcheck.formats.sanitize import visible
    from taskcheck.read.runner import GitError
    from taskcheck.store import UsageError

    try:
        return work()
    except ConfigError as error:
        messages = (visible(message, None) for message in error.messages)
        raise Failure("\n  ".join(("the configuration can't be used", *messages))) from error
    except UsageError as error:
        raise Failure(visible(str(error), None)) from error
    except NotADirectoryError as error:
        raise Failure(visible(f"there is no folder {error}", None)) from error
    except GitError as error:
        raise Failure(visible(f"git: {error}", None), 3) from error


def replace_file(path: Path, text: str, what: str) -> None:
    """Write a file whole or not at all: beside it first, then in its place.

    Raises:
        Failure: it can't be written; the message begins with ``what``.
    """
    import tempfile

    target = Path(os.path.realpath(path))
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise Failure(f"{what}: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def opened(options: argparse.Namespace, rules: "tuple[Rule, ...]" = ()) -> "Store":
    """Return the store that the options name, with some rules beside the installed ones."""
    from taskcheck.store import Where, open_store

    return open_store(Where(root=options.root, config=options.config, preset=options.preset, rules=rules))


def show(
    report: "Report",
    *,
    verbose: bool = False,
    color: str = "auto",
    by_rule: bool = False,
    steps: bool = True,
    passed: bool = False,
) -> str:
    """Return the report for stdout: wrapped on a terminal, in colour where that is wanted, plain otherwise."""
    from taskcheck.formats import text

    return text.render(
        report,
        width=width(color),
        verbose=verbose,
        by_rule=by_rule,
        links=_follows_links(),
        steps=steps,
        passed=passed,
        colour=colour(color),
    )


def width(color: str) -> int | None:
    """Columns to wrap at: those of the terminal, as where there is to be colour; None for text that stays as it is."""
    return columns() if colour(color) or sys.stdout.isatty() else None


def color_option(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Whether to write in colour."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: colour on a terminal unless NO_COLOR is set, elsewhere only if FORCE_COLOR is set",
    )


def columns() -> int:
    """Columns of the terminal, of which there are at least 20."""
    import shutil

    return max(20, shutil.get_terminal_size().columns)


def colour(color: str) -> bool:
    """Whether to write in colour: the option's word, else NO_COLOR's, else FORCE_COLOR's, else the terminal's."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return os.environ.get("FORCE_COLOR", "0") not in {"", "0"} or (
        sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    )


LINKING_VARIABLES = {"KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "WEZTERM_PANE", "GHOSTTY_RESOURCES_DIR"}
LINKING_PROGRAMS = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"}
LINKING_TERMS = {"alacritty", "foot", "xterm-kitty", "xterm-ghostty", "contour"}
FIRST_VTE = 5001
"""0.50.1: the first that follows them and doesn't crash on them."""


def _follows_links() -> bool:
    """Return whether stdout is a terminal that is known to follow links (OSC 8)."""
    env = os.environ
    if not sys.stdout.isatty() or "TMUX" in env or "STY" in env:
        return False
    vte = env.get("VTE_VERSION", "")
    return (
        bool(env.keys() & LINKING_VARIABLES)
        or env.get("TERM_PROGRAM") in LINKING_PROGRAMS
        or env.get("TERM") in LINKING_TERMS
        or (vte.isdecimal() and int(vte) >= FIRST_VTE)
    )


def tell_empty(report: "Report", store: "Store") -> None:
    """Say on stderr where there was nothing to check, and what was looked for."""
    from taskcheck.checks import NOTHING
    from taskcheck.formats.sanitize import visible
    from taskcheck.model.report import EMPTY

    if report.exit_code == EMPTY:
        settings = store.settings
        looked = f"preset {settings.preset} looks for {', '.join(settings.paths.tasks)}"
        from taskcheck.cli.apart import seen

        complain(visible(f"{NOTHING} in {store.location.root} ({looked})", None))
        for line in seen(store):
            complain(visible(line, None))


SEVERAL = 3
"""Tasks whose status has no class, from which on it isn't taken for a slip."""


def tell_unconfigured(report: "Report", store: "Store") -> None:
    """Say on stderr that nobody said what statuses mean: most of them, or with a configuration those of several tasks.

    Each such task is an error of its own; one configuration settles all of them.
    """
    from taskcheck.config import load as config
    from taskcheck.report.work import OTHER

    unclassed = report.classes.get(OTHER, 0)
    configuration = config.find(store.location.root)
    if configuration is not None and unclassed >= SEVERAL:
        complain(f"{unclassed} tasks have statuses without a class; [statuses] in {configuration.name} gives them one")
    is_known = store.detected or 2 * unclassed <= sum(report.classes.values())
    if not is_known and configuration is None:
        complain(f"{unclassed} tasks have statuses without a class; `taskcheck init` proposes a configuration")
