"""A report from its JSON: what `json_report` wrote, here or on another machine, is a report again.

What isn't in the JSON isn't in the report either: edits, timelines, fingerprints. Imported where it is used, for
pydantic takes longer than a small check.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError

from taskcheck.documents.frozen import replace
from taskcheck.model.cases import RunError
from taskcheck.model.episode import Episode
from taskcheck.model.report import Incident, Report
from taskcheck.model.step import Step
from taskcheck.report.wire import (
    Count,
    ErrorJson,
    FindingJson,
    Flag,
    ManagerJson,
    Moment,
    Part,
    PullJson,
    QueueJson,
    SignalJson,
    SkippedJson,
    StepJson,
    SummaryJson,
    UnseenJson,
    Word,
    WorkJson,
)

SCHEMA = "taskcheck/report/1"


class NotAReport(ValueError):
    """The JSON is no report; the message says what is wrong, and the route where."""

    def __init__(self, message: str, route: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.route = route


def received(values: Mapping[str, Any], *, is_foreign: bool) -> Report:
    """Return the report that JSON values tell.

    Args:
        values: the values of the whole.
        is_foreign: whether another one than this very program wrote it: no command of it is offered to be copied.

    Raises:
        NotAReport: it is none.
    """
    told = values.get("schema")
    if told != SCHEMA:
        said = "has no schema" if told is None else f"is of schema {told!r}"
        raise NotAReport(f"it {said}, and a report of a check is of {SCHEMA!r}", ("schema",))
    try:
        parsed = _Report.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        route = tuple(map(str, first["loc"]))
        raise NotAReport(f"{'.'.join(route)}: {first['msg'].removeprefix('Value error, ')}", route) from error
    report = parsed.made()
    if not is_foreign:
        return report
    return replace(report, incidents=tuple(map(_with_words_alone, report.incidents)))


def _with_words_alone(incident: Incident) -> Incident:
    """Return an incident whose next step is a sentence: what another machine sent is no command to be pasted here."""
    step = incident.step
    if step is None or not step.words:
        return incident
    return replace(incident, step=Step(kind=step.kind, text=f"there: {step.text}", note=step.note))


class _Incident(Part):
    task: str | None
    manager: str | None
    title: str
    owner: str | None
    status: str | None
    headline: Word | None
    moved_at: Moment | None = None
    worker: Word | None = None
    blocks: Count = 0
    pull_request: PullJson | None = None
    since: Moment | None = None
    seen: Count | None = None
    reopened: Count | None = None
    next: StepJson
    findings: tuple[FindingJson, ...]
    signals: tuple[SignalJson, ...] = ()

    def made(self) -> Incident:
        findings = tuple(each.made(self.task, self.manager) for each in self.findings)
        incident = Incident(
            task=self.task,
            manager=self.manager,
            title=self.title,
            owner=self.owner,
            status=self.status,
            headline=self.headline,
            findings=findings,
            signals=tuple(each.made(self.task) for each in self.signals),
            moved_at=self.moved_at,
            worker=self.worker,
            blocks=self.blocks,
            pull_request=self.pull_request.made() if self.pull_request is not None else None,
            step=self.next.made(),
        )
        return replace(incident, episode=self._episode(incident))

    def _episode(self, incident: Incident) -> Episode | None:
        """Return what is recorded of it; None where nothing is."""
        if self.since is None:
            return None
        return Episode(
            task=self.task,
            manager=self.manager,
            title=self.title,
            owner=self.owner,
            severity=incident.severity.label,
            headline=self.headline or "",
            fingerprint="",
            message="",
            findings=(),
            first=self.since,
            last=self.since,
            looks=self.seen or 1,
            reopened=self.reopened or 0,
        )


INCOMPLETE = RunError(where="report", message="it says that not all could be judged, and not why")


class _Report(Part):
    version: str
    now: Moment
    complete: Flag
    exit_code: Annotated[int, Field(ge=0, le=4, strict=True)]
    summary: SummaryJson
    managers: tuple[ManagerJson, ...] = ()
    incidents: tuple[_Incident, ...]
    skipped: tuple[SkippedJson, ...] = ()
    errors: tuple[ErrorJson, ...] = ()
    unseen: tuple[UnseenJson, ...] = ()
    root: str | None = None
    at_work: tuple[WorkJson, ...] = ()
    waiting: tuple[QueueJson, ...] = ()
    classes: dict[str, Count] = Field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def made(self) -> Report:
        errors = tuple(each.made() for each in self.errors)
        return Report(
            version=self.version,
            now=self.now,
            tasks=self.summary.tasks,
            checkouts=self.summary.checkouts,
            incidents=tuple(each.made() for each in self.incidents),
            runs=tuple(each.made() for each in self.skipped),
            managers=tuple(each.made() for each in self.managers),
            errors=errors if errors or self.complete else (INCOMPLETE,),
            exit_code=self.exit_code,
            notices=self.notices,
            root=self.root or "",
            at_work=tuple(each.made() for each in self.at_work),
            waiting=tuple(each.made() for each in self.waiting),
            classes=self.classes,
            unseen=tuple(each.made() for each in self.unseen),
        )
