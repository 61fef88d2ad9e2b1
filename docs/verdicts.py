"""Write docs/verdicts.md from the decision table, with which the tests compare the rules."""

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

This page shows the headline of a task for each combination of its ledgers. Look up the class of the status in root. The
first row that matches counts. The tables are written by hand, independently of the rules. A test compares the rules
with them in all states, also where they report nothing. `*` matches everything, and *not* matches everything except the
values after it.

* **another checkout**: the class of the status in another version of the task's file. The checkout is the task's *own*
  by a record (register, tombstone, front matter) or by the configured pattern. It is *presumed own* if no other
  checkout changed the file. Otherwise it is *another's*.
* **last run**: *running*, the recorded outcome, *no outcome* in the tombstone, only a *log* that ends with 0, *gone* if
  the process is dead, or *unknown* if no ledger can tell yet.
* **branch**: the state of the task's branch. It is *deleted* if a commit on trunk says that it merged the branch.
  *Merged* and *deleted* count only if the merge is newer than the run and than the last change of the status in root.
* **entry**: whether a register has an entry for the task.

The tables ignore time. A new status, a new worker and a run that has just ended have a grace period
([limits](configuration.md#limits)). [stale-in-progress](rules/stale-in-progress.md) reports tasks that nobody has moved
for a long time.
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
    """Yield the lines of a table of rows."""
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
    """Return the status in another checkout, and the task to which that checkout belongs."""
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
