"""The parts of a report as JSON has them, each of which makes what it tells of.

Keys that aren't known are passed over, for newer versions write more.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from taskcheck.config.settings import Stage
from taskcheck.documents.values import timestamp
from taskcheck.model.cases import Case, RuleRun, RunError, Subject
from taskcheck.model.edit import DropEntry
from taskcheck.model.finding import REPOSITORY, Evidence, Finding, Fix, Safety, Severity
from taskcheck.model.report import ManagerStatus, SignalNote
from taskcheck.model.runtime import Signal
from taskcheck.model.step import Step
from taskcheck.model.task import Place, PullRequest
from taskcheck.model.unseen import Unseen
from taskcheck.model.waiting import Queue, Waiting
from taskcheck.model.work import Work


def moment_of(value: Any) -> datetime:
    """Return a time.

    Raises:
        ValueError: it is none.
    """
    parsed = timestamp(value) if isinstance(value, str) else None
    if parsed is None:
        raise ValueError("should be a time, as 2026-03-24T18:00:00Z")
    return parsed


def severity_of(value: Any) -> Severity:
    """Return a severity by its word.

    Raises:
        ValueError: it is none.
    """
    for severity in Severity:
        if value == severity.label:
            return severity
    raise ValueError("should be error, warning or info")


Moment = Annotated[datetime, BeforeValidator(moment_of)]
Weight = Annotated[Severity, BeforeValidator(severity_of)]
Count = Annotated[int, Field(ge=0, le=10**9, strict=True)]
Seconds = Annotated[int, Field(ge=-(10**9), le=10**9, strict=True)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
"""A name that views show as it is: of a rule, or of how a worker stands."""

Flag = Annotated[bool, Field(strict=True)]


class Part(BaseModel):
    """What all parts share: keys that aren't known are passed over."""

    model_config = ConfigDict(extra="ignore")


class ManagerJson(Part):
    """See docs/report.schema.json."""

    owner: str
    snapshot_age_seconds: Seconds | None
    fresh: Flag
    files: tuple[str, ...]
    entries: Count | None = None
    workers: Count | None = None

    def made(self) -> ManagerStatus:
        """Return what it tells of."""
        return ManagerStatus(**self.model_dump())


class Placed(Part):
    """What has a place."""

    path: str
    line: Count | None = None
    column: Count | None = None
    checkout: str = "root"

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(path=self.path, line=self.line, column=self.column, checkout=self.checkout)


class EvidenceJson(Placed):
    """See docs/report.schema.json."""

    side: Literal["root", "worktree", "ledger"] = "ledger"
    saw: str

    def made(self) -> Evidence:
        """Return what it tells of."""
        return Evidence(place=self.place, saw=self.saw, side=self.side)


class FixJson(Part):
    """See docs/report.schema.json."""

    title: str
    safety: Literal["display", "unsafe", "safe"]
    why: str = ""
    files: tuple[str, ...]

    def made(self) -> Fix:
        """Return what it tells of."""
        edits = tuple(DropEntry(place=Place(path=path)) for path in self.files)  # which files, is all that is told
        return Fix(title=self.title, safety=Safety[self.safety.upper()], edits=edits, why=self.why)


class FindingJson(Placed):
    """See docs/report.schema.json."""

    rule: Word
    family: Word | Literal[""] = ""
    severity: Weight
    message: str
    expected: str = ""
    explained_by: Word | None = None
    advisory: Flag = False
    evidence: tuple[EvidenceJson, ...] = ()
    fix: FixJson | None = None

    def made(self, task: str | None, manager: str | None) -> Finding:
        """Return what it tells of."""
        return Finding(
            message=self.message,
            place=self.place,
            task=task,
            manager=manager,
            expected=self.expected,
            evidence=tuple(each.made() for each in self.evidence),
            fix=self.fix.made() if self.fix is not None else None,
            severity=self.severity,
            rule=self.rule,
            family=self.family,
            explained_by=self.explained_by,
            advisory=self.advisory,
        )


class SignalJson(Part):
    """See docs/report.schema.json."""

    kind: str
    level: str | None = None
    manager: str
    at: Moment | None = None
    refuted: Flag = False
    explained_by: Word | None = None

    def made(self, task: str | None) -> SignalNote:
        """Return what it tells of."""
        signal = Signal(
            task=task,
            kind=self.kind,
            level=self.level,
            manager=self.manager,
            at=self.at,
            detail=None,
            place=Place(path=""),
        )
        return SignalNote(signal=signal, refuted=self.refuted, explained_by=self.explained_by)


class StepJson(Part):
    """See docs/report.schema.json."""

    kind: Literal["fix", "command", "edit", "wait", "explain"]
    text: str
    command: tuple[str, ...] | None = None
    blanks: dict[str, str] = Field(default_factory=dict)
    note: str = ""

    def made(self) -> Step:
        """Return what it tells of."""
        blanks = tuple(self.blanks.items())
        return Step(kind=self.kind, text=self.text, words=self.command or (), blanks=blanks, note=self.note)


class PullJson(Part):
    """See docs/report.schema.json."""

    number: Count | None = None
    url: str | None = None

    def made(self) -> PullRequest:
        """Return what it tells of."""
        return PullRequest(number=self.number, url=self.url)


class WorkJson(Part):
    """See docs/report.schema.json."""

    task: str
    title: str
    owner: str | None
    status: str
    run: Literal["running", "unknown"] | None = None
    evidence: str | None = None
    pid: Count | None = None
    host: str | None = None
    manager: str | None = None
    since: Moment | None = None
    moved_at: Moment | None = None
    worktree: str | None = None
    branch: str | None = None
    log: str | None = None

    def made(self) -> Work:
        """Return what it tells of."""
        told = self.model_dump(exclude={"evidence", "moved_at"})
        return Work(**told, evidence=self.evidence or "", moved=self.moved_at)


class WaitingJson(Part):
    """See docs/report.schema.json."""

    task: str
    title: str
    owner: str | None
    status: str
    since: Moment | None = None
    reason: str | None = None


class QueueJson(Part):
    """See docs/report.schema.json."""

    stage: Literal["review", "stopped", "ready"] = Field(alias="class")
    count: Count
    longest: tuple[WaitingJson, ...]

    def made(self) -> Queue:
        """Return what it tells of."""
        stage = Stage(self.stage)
        named = tuple(Waiting(stage=stage, **each.model_dump()) for each in self.longest)
        return Queue(stage=stage, all=named, unnamed=max(0, self.count - len(named)))


class UnseenJson(Part):
    """See docs/report.schema.json."""

    kind: str
    where: str
    why: str
    cure: str = ""

    def made(self) -> Unseen:
        """Return what it tells of."""
        return Unseen(**self.model_dump())


class ErrorJson(Part):
    """See docs/report.schema.json."""

    where: str
    message: str

    def made(self) -> RunError:
        """Return what it tells of."""
        return RunError(where=self.where, message=self.message)


class SkippedJson(Part):
    """See docs/report.schema.json."""

    rule: Word
    reason: str

    def made(self) -> RuleRun:
        """Return what it tells of."""
        case = Case(subject=Subject(REPOSITORY), skipped=self.reason)
        return RuleRun(rule=self.rule, family="", cases=(case,))


class SummaryJson(Part):
    """See docs/report.schema.json."""

    tasks: Count
    checkouts: Count
