"""What checks of stores say, as plain values of which pytest's items are made; of many, from processes that check.

Run as a module it is such a process: it reads a line of JSON for each store, and answers with one (`Checked`).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from taskcheck.checks import Look
    from taskcheck.formats.outcomes import Outcome
    from taskcheck.model.report import Report
    from taskcheck.model.task import Place
    from taskcheck.store import Store

INCOMPLETE = "incomplete"
"""The title of the item that stands for what couldn't be checked."""


class Item(NamedTuple):
    """An item before it is one, of plain values that JSON carries to workers."""

    subject: str
    title: str
    """The rule, with what tells a finding from others of it in brackets; ``rest`` for all else."""
    rule: str
    family: str | None
    outcome: str
    """``passed``, ``failed``, ``skipped`` or ``error``."""
    text: str
    path: str
    line: int
    files: tuple[str, ...] = ()
    """The files that it is about: the task's own in root, and that of the finding."""

    @property
    def name(self) -> str:
        """What follows the folder in the node id."""
        return f"{self.subject}::{self.title}"


class Asked(NamedTuple):
    """What is asked of a store."""

    root: str
    select: str
    """Names of rules or families; empty for those of the configuration."""
    fail_on: str


class Checked(NamedTuple):
    """What the check of a store says."""

    items: Sequence[Item] = ()
    tally: str = ""
    """Its closing line."""
    trouble: str = ""
    """Why it couldn't be checked."""


def checked(asked: Asked) -> Checked:
    """Return what the check of a store says, or why there is nothing to check, or it can't be checked as asked."""
    from taskcheck.checks import NOTHING
    from taskcheck.cli import Failure
    from taskcheck.cli.common import guarded
    from taskcheck.formats.tally import tally
    from taskcheck.model.report import EMPTY

    try:
        store, look = guarded(lambda: _looked(asked))
    except Failure as error:
        return Checked(trouble=str(error))
    report = look.report
    if report.exit_code == EMPTY:
        return Checked(trouble=f"{NOTHING} in {store.location.root}")
    files = {task.id: str(store.location.root / task.place.path) for task in look.state.tasks}
    top = store.location.top or store.location.root
    return Checked(items=items(report, top, files), tally="".join(tally(report, verbose=True)))


def _looked(asked: Asked) -> tuple[Store, Look]:
    """Return a store, and a look at it."""
    from taskcheck.checks import check_settled
    from taskcheck.cli.common import names
    from taskcheck.model.finding import Severity
    from taskcheck.model.verdict import Verdict
    from taskcheck.store import Request, Where, open_store

    verdict = Verdict(fail_on=Severity[asked.fail_on.upper()])
    store = open_store(Where(root=Path(asked.root)))
    return store, check_settled(store, Request(select=names(asked.select), verdict=verdict))


def checked_many(asked: Sequence[Asked]) -> Checked:
    """Return what the checks of several stores say, made in a few processes; what can't be checked is an item of it."""
    from datetime import timedelta

    from taskcheck.watch.fleet.members import FleetStores, members
    from taskcheck.watch.fleet.pool import Pool, Worker

    stores = FleetStores(
        stores=tuple(Path(each.root) for each in asked), reports=(), max_age=timedelta(), skew=timedelta()
    )
    names = [member.name for member in members(stores)]
    worker = Worker(module=__name__, read=_of_line, failed=lambda why: Checked(trouble=why))
    pool: Pool[int, Checked] = Pool(len(asked), worker)
    try:
        found = dict(pool.each(enumerate(asked)))
    finally:
        pool.close()
    of_all = [_of_store(found[at], name, asked[at].root) for at, name in enumerate(names)]
    troubled = sum(bool(each.trouble) for each in found.values())
    failed = sum(any(item.outcome in {"failed", "error"} for item in each) for each in of_all)
    told = f"{len(asked)} stores: {failed} failing, {troubled} of which couldn't be checked"
    return Checked(items=[item for each in of_all for item in each], tally=told)


def _of_store(came: Checked, store: str, root: str) -> list[Item]:
    """Return the items of a store among several, whose subjects begin with its name."""
    name = escaped(store)
    if not came.trouble:
        return [item._replace(subject=f"{name}/{item.subject}") for item in came.items]
    item = Item(
        subject=f"{name}/repository",
        title=INCOMPLETE,
        rule=INCOMPLETE,
        family=None,
        outcome="error",
        text=visible(came.trouble, None),
        path=root,
        line=0,
    )
    return [item]


def item_of(values: Sequence[object]) -> Item:
    """Return an item as it was before JSON carried it."""
    item = Item(*values)  # type: ignore[arg-type]
    return item._replace(files=tuple(item.files))


def _of_line(line: bytes) -> Checked:
    """Return what a check says from its line of JSON."""
    told = Checked(*json.loads(line))
    return told._replace(items=[item_of(values) for values in told.items])


def items(report: Report, top: Path, files: Mapping[str, str]) -> list[Item]:
    """Return the items of a report, those of one subject together.

    Args:
        report: what a check says.
        top: the top of the repository.
        files: root's task files by id.
    """
    from taskcheck.formats.outcomes import outcomes

    return [_item(outcome, report, top, files) for outcome in outcomes(report)]


def _item(outcome: Outcome, report: Report, top: Path, files: Mapping[str, str]) -> Item:
    path, line = top, 0
    about = [real(files[outcome.subject])] if outcome.subject in files else []
    if outcome.place is not None:
        path, line = _place(outcome.place, report, top)
        about.append(real(path))
    text = "\n".join(filter(None, (visible(outcome.message, None), outcome.text)))
    if outcome.result in {"failed", "passed"}:
        text = outcome.text
    name = escaped(outcome.name)
    return Item(
        subject=escaped(outcome.subject),
        title=name,
        rule=rule_of(name),
        family=outcome.family,
        outcome=outcome.result,
        text=text,
        path=str(path),
        line=line,
        files=tuple(about),
    )


def _place(place: Place, report: Report, top: Path) -> tuple[Path, int]:
    """Return the file and line of a finding; the top of the repository where pytest can't print the file."""
    from taskcheck.formats.wording import repository_path

    path = top / (repository_path(report, place) or place.path)
    if not exists(path) or visible(str(path), None) != str(path):
        return top, 0  # pytest sorts by the files' times, and prints their names as they are
    return path, (place.line or 1) - 1


def escaped(subject: str) -> str:
    """A subject as part of a node id, whose own separator it must not hold."""
    return visible(subject, None).replace("::", r":\:")


def visible(text: str, limit: int | None = 300) -> str:
    """Return a text that no terminal obeys."""
    from taskcheck.formats.sanitize import visible

    return visible(text, limit)


def exists(path: Path | str) -> bool:
    """Return whether a path is there, as far as it can be one."""
    try:
        return Path(path).exists()
    except OSError:  # The name is too long.
        return False


def real(path: Path | str) -> str:
    """A path as it is without links; as it is written where these lead in a circle."""
    try:
        return str(Path(path).resolve())
    except (OSError, RuntimeError):
        return str(path)


def rule_of(title: str) -> str:
    """The rule in an item's title: `invalid-field` of `invalid-field[status]#2`."""
    return title.partition("[")[0].partition("#")[0]


def serve(requests: Iterable[str], answers: TextIO) -> None:
    """Answer every request, until there are no more."""
    for line in requests:
        answers.write(f"{json.dumps(checked(Asked(*json.loads(line))))}\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin, os.fdopen(os.dup(1), "w"))
