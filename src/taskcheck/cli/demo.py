"""Build a repository with real worktrees and the six incidents of the friction log, and check it.

Without a folder, the repository is temporary and is removed afterwards. All timestamps are shifted so that the log
ends now, or at the time given with --now.
"""

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from taskcheck.cli import Failure
from taskcheck.cli.common import color_option, guarded, moment, show
from taskcheck.cli.progress import Progress
from taskcheck.formats.sanitize import shell, visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "folder", nargs="?", metavar="DIR", type=Path, help="build the repository in this folder and keep it"
    )
    parser.add_argument("--now", metavar="TIMESTAMP", type=moment, help="use this time (RFC 3339) as the current time")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="also show evidence of explained findings, and skipped rules"
    )
    color_option(parser)


def run(options: argparse.Namespace) -> int:
    """Build, check, print; 0 when it was shown, for the findings are what it is to show."""
    now = options.now or datetime.now(UTC).replace(microsecond=0)
    if options.folder is not None:
        code = _run(options.folder, now, options)
        folder = visible(str(options.folder), None)
        print(f"\nbuilt in {folder}; check it again with: taskcheck --root {shell(str(options.folder))}")
        return code
    with tempfile.TemporaryDirectory(prefix="taskcheck-demo-") as folder:
        code = _run(Path(folder), now, options)
    print("\n`taskcheck demo DIR` keeps the repository")
    return code


def _run(folder: Path, now: datetime, options: argparse.Namespace) -> int:
    from taskcheck.checks import check_request
    from taskcheck.store import Request, Where
    from taskcheck.testing import FixtureError, build, incidents_fixture

    progress = Progress(patience=0)
    try:
        progress.tell("building six incidents as a repository")
        built = build(incidents_fixture(), folder, now=now)
        request = Request(now=built.now, progress=progress.tell)
        report = guarded(lambda: check_request(Where(root=built.root, third_party=False), request))
    except FixtureError as error:
        raise Failure(f"the demo can't be built: {error}") from error
    finally:
        progress.clear()
    print(show(report, verbose=options.verbose, color=options.color, passed=options.verbose), end="")
    return 0 if report.complete else report.exit_code
