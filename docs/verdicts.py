"""Writes docs/verdicts.md from the decision table that the tests hold the rules to."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

sys.path.append(str(Path(__file__).resolve().parent.parent))

from tests.verdicts.table import (
    IMPOSSIBLE,
    Branch,
    Copy,
    Dispatch,
    Root,
    Row,
    Tie,
    all_states,
    first,
    rows,
)

INTRODUCTION = """\
# Verdicts

What taskcheck says first of a task, by what its ledgers say together. Look up root's class; the first row that fits
counts. The table is written by hand and knows nothing of the rules; a test holds the rules to it in all states, and to
the reasons for silence below. `*` stands for anything, *not* for all but what follows.

* **another checkout** has a version of the task's file with a status of this class; *own* by a record (register,
  tombstone, front matter) or by the configured pattern, *presumed* own where it alone changed the file, or
  *another's*.
* **last run**: running, its recorded outcome, *no outcome* in its tombstone, a *log* alone that ends with 0, *gone*
  where its process is dead, *unknown* where nobody can tell yet.
* **branch** of the task: *deleted* where a commit of trunk says that it merged it. *Merged* and *deleted* count here
  where that is newer than root's last change of the status and than the run.
* **entry**: whether a register has the task.

Times aren't in it: a status that was just set, a worker that just began and a run that was just over have a grace
([limits](configuration.md#limits)), and what nobody has moved for long is
[stale-in-progress](rules/stale-in-progress.md).
"""

TIES = {"record": "own", "pattern": "own by its name", "presumed": "presumed own", "foreign": "another's"}


def page() -> str:
    """Return the page."""
    counting: dict[str, dict[Row, None]] = {root: {} for root in get_args(Root)}
    for state in all_states():
        counting[state.root][first(state)] = None
    lines = [INTRODUCTION]
    for root, met in counting.items():
        told = [row for row in rows() if row in met and row.verdict != IMPOSSIBLE]
        lines += [f"## {root}", "", *_table(row for row in told if row.verdict), ""]
        lines += ["Silent:", "", *_table(row for row in told if not row.verdict), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(told: Iterable[Row]) -> Iterator[str]:
    """Yield rows as a table."""
    yield "| another checkout | last run | branch | entry | verdict | why |"
    yield "|---|---|---|---|---|---|"
    for row in told:
        run, branch = _words(row.dispatch, Dispatch), _words(row.branch, Branch)
        cells = (_checkout(row), run, branch, _entry(row), _verdict(row), row.why)
        yield f"| {' | '.join(cells)} |"


def _allows(pattern: str, value: str) -> bool:
    if pattern.startswith("!"):
        return value not in pattern[1:].split("|")
    return pattern == "*" or value in pattern.split("|")


def _checkout(row: Row) -> str:
    """Return what another checkout says, and whose it is."""
    said = _words(row.copy, Copy)
    if said in {"*", "none"} and row.tie == "*":
        return said
    if row.tie == "*":
        return said
    whose = ", ".join(TIES[tie] for tie in get_args(Tie) if _allows(row.tie, tie))
    return f"{said} ({whose})"


def _words(pattern: str, kind: object) -> str:
    """Return the values that a pattern allows, in words."""
    if pattern == "*":
        return "*"
    if pattern.startswith("!"):
        return f"*not* {', '.join(pattern[1:].split('|'))}"
    return ", ".join(value for value in get_args(kind) if value in pattern.split("|"))


def _entry(row: Row) -> str:
    return {"none": "no", "entry": "yes"}.get(row.entry, row.entry)


def _verdict(row: Row) -> str:
    """Return the headline with a link to its rule."""
    if not row.verdict:
        return ""
    severity, _, rule = row.verdict.partition(" ")
    return f"{severity} [{rule}](rules/{rule}.md)"
