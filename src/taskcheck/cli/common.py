"""Options and errors that commands share."""

import argparse
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from taskcheck.cli import Failure

T = TypeVar("T")


def store_options(parser: argparse.ArgumentParser) -> None:
    """Where the store is, and as of when."""
    parser.add_argument("--root", metavar="DIR", type=Path, default=Path(), help="any folder of the repository")
    parser.add_argument("--config", metavar="FILE", type=Path, help="read this configuration instead")
    parser.add_argument("--now", metavar="TIMESTAMP", type=moment, help="judge ages as of this time (RFC 3339)")


def moment(text: str) -> datetime:
    """A timestamp from the command line."""
    from taskcheck.documents.values import timestamp  # noqa: PLC0415 - only when it is given

    parsed = timestamp(text)
    if parsed is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no timestamp like 2026-03-24T18:00:00Z")
    return parsed


def names(text: str) -> tuple[str, ...]:
    """A comma-separated list from the command line."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def guarded(work: Callable[[], T]) -> T:
    """The result of work on a store; what the user can mend becomes a failure with exit code 2."""
    from taskcheck.check import UsageError  # noqa: PLC0415 - the checker is only loaded when it runs
    from taskcheck.config import ConfigError  # noqa: PLC0415 - as above
    from taskcheck.read import GitError  # noqa: PLC0415 - as above

    try:
        return work()
    except ConfigError as error:
        raise Failure("the configuration can't be used\n  " + "\n  ".join(error.messages)) from error
    except UsageError as error:
        raise Failure(str(error)) from error
    except NotADirectoryError as error:
        raise Failure(f"there is no folder {error}") from error
    except GitError as error:
        raise Failure(f"git: {error}", 3) from error
