"""Write docs/incidents.md: timelines of the six incidents of the friction log, from the repository of the tests."""

import contextlib
import io
import os
import re
import sys
import tempfile
from pathlib import Path

from taskcheck.cli import main as taskcheck
from taskcheck.testing import build, incidents_fixture

PAGE = Path(__file__).parent / "incidents.md"
NOW = "2026-03-24T18:00:00Z"
WIDTH = "100"

INTRODUCTION = """\
# The six incidents as timelines

The author of the friction log reconstructed six incidents by hand from registers, worktrees, logs and heartbeats.
`taskcheck timeline` shows each of them with one command. These timelines are from the repository of `taskcheck demo`,
on the evening of the log. `python docs/incidents.py` generates this page.
"""

INCIDENTS = (
    (
        "1. One manager under two names",
        "The heartbeat of `dave` is from the morning. Anyone who reads it sees a fleet that stands still.",
        "dave-fowler",
    ),
    (
        "2. A finished run that root doesn't know about",
        "The worktree has the pull request and the log ends with 0. Root says ready, so the manager calls it overdue.",
        "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching",
    ),
    (
        "3. A worker that exits silently",
        "The work is done and reviewed. But nobody recorded how the run ended, so the task looks stuck.",
        "wire-markdown-svg-to-dataface-font-config-and-vendored-inter",
    ),
    (
        "4. A worker that is gone",
        "Three signals have one cause: the process is dead, and no end is recorded.",
        "make-tasks-server-status-page-use-fresh-heartbeat-data-and-auto-refresh",
    ),
    (
        "5. An entry that outlives its task",
        "The task is completed and its pull request is merged, but the register still counts it.",
        "move-task-links-to-workstream-relative-paths",
    ),
    (
        "6. A task in the wrong queue",
        "The task belongs to a role that rj fills, but dave-fowler registered it.",
        "redesign-axis-label-collision-handling-for-narrow-cards",
    ),
)


def timeline(root: Path, subject: str) -> str:
    """Return the output of a command on a terminal of so many columns, without colours."""
    printed = io.StringIO()
    columns = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = WIDTH
    try:
        with contextlib.redirect_stdout(printed):
            taskcheck(["timeline", subject, "--root", str(root), "--now", NOW, "--color", "always"])
    finally:
        os.environ.pop("COLUMNS")
        if columns is not None:
            os.environ["COLUMNS"] = columns
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue())


def page(root: Path) -> str:
    """Return the page, made from the repository of the friction log."""
    parts = [INTRODUCTION]
    for heading, symptom, subject in INCIDENTS:
        parts.append(f"## {heading}\n\n{symptom}\n\n```\n{timeline(root, subject)}```\n")
    return "\n".join(parts)


def main() -> None:
    """Build the repository, and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        built = build(incidents_fixture(), Path(folder) / "repo")
        PAGE.write_text(page(built.root), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
