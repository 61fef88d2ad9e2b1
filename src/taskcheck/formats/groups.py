"""What the page shows, in groups: what needs somebody, what a repair settles, what waits, who is at work."""

from collections.abc import Iterable

from taskcheck.documents.frozen import frozen
from taskcheck.formats.view import Row, rows
from taskcheck.model.finding import Severity
from taskcheck.model.report import Report
from taskcheck.model.waiting import Waiting
from taskcheck.model.work import Work

MOST_WAITING = 200
"""Of the tasks of each class that wait so many are rows: those that have waited longest."""


@frozen(kw_only=True)
class Group:
    """Rows that belong together: incidents, or tasks that wait, or tasks at work."""

    name: str
    heading: str
    chip: str
    """What a count of them is called at the top of the page."""
    incidents: tuple[Row, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    works: tuple[Work, ...] = ()
    left_out: int = 0
    """Tasks that wait and are no rows: there are too many."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.incidents) + len(self.waiting) + len(self.works) + self.left_out


def groups(report: Report) -> list[Group]:
    """Return all groups in their order, those too in which there is nothing."""
    by_name: dict[str, list[Row]] = {"needs": [], "repair": [], "info": []}
    for row in rows(report):
        by_name[_group_of(row)].append(row)
    waiting = [each for queue in report.waiting for each in queue.all[:MOST_WAITING]]
    left_out = sum(queue.count for queue in report.waiting) - len(waiting)
    return [
        Group(name="needs", heading="Needs you", chip="need you", incidents=tuple(by_name["needs"])),
        Group(name="repair", heading="Repair ready", chip="repairs ready", incidents=tuple(by_name["repair"])),
        Group(
            name="waiting",
            heading="Waiting for a person",
            chip="waiting",
            waiting=tuple(waiting),
            left_out=left_out,
        ),
        Group(name="work", heading="At work", chip="at work", works=report.at_work),
        Group(name="info", heading="For information", chip="for information", incidents=tuple(by_name["info"])),
    ]


def closed(report: Report, of: Iterable[str] = ("done", "dropped")) -> int:
    """Return how many tasks of the store are over."""
    return sum(report.classes.get(name, 0) for name in of)


def _group_of(row: Row) -> str:
    """Return the group of an incident: by what is to be done about it."""
    settles_itself = row.step.kind == "wait"
    if row.incident.severity is Severity.INFO or settles_itself:
        return "info"
    return "repair" if row.step.kind == "fix" else "needs"
