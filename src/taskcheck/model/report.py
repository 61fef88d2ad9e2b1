"""What a check says: the results of every rule, one incident per task, and the report of the whole."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.finding import REPOSITORY, Acceptance, Finding, Safety, Severity
from taskcheck.model.runtime import Signal
from taskcheck.model.unseen import FILES, Unseen
from taskcheck.model.verdict import Verdict
from taskcheck.model.waiting import Queue


@frozen(kw_only=True)
class RunError:
    """Something that makes the result untrustworthy: where, and what."""

    where: str
    message: str


@frozen(kw_only=True)
class FixNote:
    """A fix, and what became of it in this run."""

    rule: str
    task: str | None
    manager: str | None
    title: str
    safety: Safety
    files: tuple[str, ...]
    applied: bool
    reason: str = ""
    """Why it isn't made; a fix without a reason that isn't applied would be, were it not for ``--diff``."""

    @property
    def subject(self) -> str:
        """What a report calls what it is about."""
        return self.task or self.manager or REPOSITORY


EMPTY = 4
"""Exit code of a run that found nothing to check."""


@frozen
class Subject:
    """What a rule was asked about: a task, a manager or the repository; and which of several things of it."""

    group: str
    """The task's id, the manager's key, or `REPOSITORY`."""
    detail: str = ""
    """Checkout, manager or path, where a group has several such things."""

    def __str__(self) -> str:
        return f"{self.group} ({self.detail})" if self.detail else self.group


class Outcome(Enum):
    """What came of asking a rule about a subject."""

    PASSED = "passed"
    FAILED = "failed"
    """It has findings that count, of whatever severity."""
    SKIPPED = "skipped"
    """The rule could not look at all: a ledger that it needs isn't there."""
    UNDECIDED = "undecided"
    """The rule could not tell about this subject."""
    SUPPRESSED = "suppressed"
    """The configuration or the task's own file accepts all that it found."""
    BASELINED = "baselined"
    """The baseline accepts all that it found."""
    ERROR = "error"
    """The rule crashed."""


@frozen(kw_only=True)
class Case:
    """One rule asked about one subject, and what came of it."""

    subject: Subject
    findings: tuple[Finding, ...] = ()
    """What it found, those that are accepted too."""
    skipped: str | None = None
    """Why the rule could not look at all."""
    undecided: str | None = None
    """Why it could not tell about the subject; what it had found by then stands."""
    error: RunError | None = None
    """How it crashed."""

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(finding for finding in self.findings if finding.accepted is None)

    @property
    def accepted(self) -> tuple[tuple[Finding, Acceptance], ...]:
        """The findings that somebody has accepted, each with why."""
        return tuple((finding, finding.accepted) for finding in self.findings if finding.accepted is not None)

    @property
    def outcome(self) -> Outcome:
        """What came of it; the worst where it is several things."""
        if self.error is not None:
            return Outcome.ERROR
        if self.counted:
            return Outcome.FAILED
        if self.skipped is not None:
            return Outcome.SKIPPED
        if self.undecided is not None:
            return Outcome.UNDECIDED
        if any(why.by == "baseline" for _, why in self.accepted):
            return Outcome.BASELINED
        return Outcome.SUPPRESSED if self.findings else Outcome.PASSED


@frozen(kw_only=True)
class RuleRun:
    """One rule, and a case for each subject that it was asked about."""

    rule: str
    family: str
    severity: Severity = Severity.ERROR
    """The rule's own, whatever the configuration makes of it."""
    doc: str = ""
    """The rule's documentation, in Markdown."""
    url: str | None = None
    """The page of that documentation."""
    stops_dispatch: bool = False
    """Whether an error of it keeps a task from being dispatched."""
    cases: tuple[Case, ...] = ()
    """Where the rule could not look at all, one about the repository says why."""
    untold: Mapping[str, str] = field(default_factory=dict)
    """Tasks of which it may miss something because no forge spoke of them, each with the reason."""

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(finding for case in self.cases for finding in case.counted)

    @property
    def accepted(self) -> tuple[tuple[Finding, Acceptance], ...]:
        """The findings that somebody has accepted, each with why."""
        return tuple(pair for case in self.cases for pair in case.accepted)

    @property
    def errors(self) -> tuple[RunError, ...]:
        """How it crashed, on which subjects."""
        return tuple(case.error for case in self.cases if case.error is not None)

    @property
    def skipped(self) -> str | None:
        """Why the rule could not look at all; None where it could."""
        return next((case.skipped for case in self.cases if case.skipped is not None), None)

    @property
    def undecided(self) -> tuple[Case, ...]:
        """The cases that it could not tell about."""
        return tuple(case for case in self.cases if case.undecided is not None)

    @property
    def whole(self) -> bool:
        """Whether it could look everywhere."""
        return self.skipped is None and not self.errors and not self.undecided

    def changed(self, change: Callable[[Finding], Finding | None]) -> "RuleRun":
        """Return the same run with each of its findings changed, or left out for None."""
        if not any(case.findings for case in self.cases):
            return self

        def changed(case: Case) -> Case:
            return replace(case, findings=tuple(filter(None, map(change, case.findings)))) if case.findings else case

        return replace(self, cases=tuple(map(changed, self.cases)))


@frozen(kw_only=True)
class SignalNote:
    """A raw signal, and what became of it."""

    signal: Signal
    refuted: bool
    explained_by: str | None


@frozen(kw_only=True)
class Incident:
    """One task (or manager, or the repository) with all that is wrong with it."""

    task: str | None
    manager: str | None
    title: str
    owner: str | None
    status: str | None
    headline: str | None
    """The rule of the finding that no other explains; None when only signals speak."""
    findings: tuple[Finding, ...]
    signals: tuple[SignalNote, ...] = ()
    moved_at: datetime | None = None
    """The newest sign of work on the task; the newest heartbeat of a manager; None where nothing tells."""
    worker: str | None = None
    """How the task's newest run stands: running, ended, gone, unknown; None where no ledger knows of one."""
    blocks: int = 0
    """How many tasks that aren't done depend on it, directly or not."""

    @property
    def severity(self) -> Severity:
        """That of its worst finding; signals alone are for information."""
        return max((finding.level for finding in self.findings), default=Severity.INFO)

    @property
    def subject(self) -> str:
        """What a report calls it."""
        return self.task or self.manager or REPOSITORY

    @property
    def head(self) -> Finding | None:
        """The finding that heads it; None when only signals speak."""
        return self.findings[0] if self.findings else None

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that no other explains; the first is the headline."""
        return tuple(finding for finding in self.findings if finding.explained_by is None)

    @property
    def effects(self) -> tuple[Finding, ...]:
        """The findings that a cause explains."""
        return tuple(finding for finding in self.findings if finding.explained_by is not None)


@frozen(kw_only=True)
class ManagerStatus:
    """How fresh a manager's heartbeat is."""

    owner: str
    snapshot_age_seconds: int | None
    fresh: bool
    files: tuple[str, ...]
    entries: int | None = None
    """Rows of its registers, each task counted once; None where they can't be read."""
    workers: int | None = None
    """How many of these a live process is known to hold; None where that can't be told."""


@frozen(kw_only=True)
class Report:
    """All that one check has to say; formats turn it into text."""

    version: str
    now: datetime
    tasks: int
    checkouts: int
    incidents: tuple[Incident, ...]
    runs: tuple[RuleRun, ...]
    managers: tuple[ManagerStatus, ...] = ()
    errors: tuple[RunError, ...] = ()
    exit_code: int = 0
    baseline_gone: int = 0
    """Findings of the baseline that are no longer found."""
    fixes: tuple[FixNote, ...] = ()
    """Fixes that were applied, would be, or were held back for a reason other than their safety."""
    notes: tuple[str, ...] = ()
    """What a person should know about the fixes that were applied."""
    waiting: tuple[Queue, ...] = ()
    """Tasks that wait for a person, by class."""
    root: str = ""
    """That root is behind its trunk, or on another branch."""
    notices: tuple[str, ...] = ()
    """What was asked for and couldn't be learnt, without making the result less than it is without it."""
    unseen: tuple[Unseen, ...] = ()
    """What was not looked at; nothing is called healthy beyond it."""
    undo: str | None = None
    """Name of what was written, for `taskcheck undo`; None when nothing was."""
    partial: bool = False
    """Whether it is about some tasks, paths or rules only, as it was asked for."""
    chosen: bool = False
    """Whether it is about some findings only, whatever else there is of their tasks."""
    prefix: str = ""
    """The store's folder in its repository, with a trailing ``/``; empty at the top."""
    worktrees: tuple[tuple[str, str], ...] = ()
    """Checkouts that lie in the store's folder: name, and path relative to it."""
    verdict: Verdict = field(default_factory=Verdict)
    """What makes the run fail."""
    gated: bool = False
    """Whether only what a commit brings can make it fail."""

    def fails(self, finding: Finding) -> bool:
        """Return whether a finding makes the run fail."""
        return self.verdict.weighs(finding) and not self.verdict.exit_zero

    @property
    def blindness_fails(self) -> bool:
        """Whether it makes the run fail that a rule couldn't look everywhere."""
        return self.verdict.strict and self.blind and not self.verdict.exit_zero

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for could be judged."""
        return not self.errors

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the incidents."""
        return tuple(finding for incident in self.incidents for finding in incident.findings)

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Rules that could not look, or not everywhere; one row per rule and reason."""
        rows: dict[tuple[str, str], None] = {}
        for run in self.runs:
            for case in run.cases:
                reason = case.skipped or case.undecided
                if reason is not None:
                    rows[run.rule, reason] = None
        return tuple(rows)

    @property
    def blind(self) -> bool:
        """Whether a rule couldn't look everywhere, or a file wasn't read; that no forge was asked isn't counted."""
        if any(each.kind == FILES for each in self.unseen):
            return True
        for run in self.runs:
            if run.skipped is not None and run.skipped not in run.untold.values():
                return True
            for case in run.undecided:
                if case.undecided != run.untold.get(case.subject.group):
                    return True
        return False

    @property
    def suppressed(self) -> int:
        """How many findings a suppression covers."""
        return sum(why.by != "baseline" for run in self.runs for _, why in run.accepted)

    @property
    def baselined(self) -> int:
        """How many findings the baseline accepts."""
        return sum(why.by == "baseline" for run in self.runs for _, why in run.accepted)

    @property
    def fixed(self) -> int:
        """How many fixes were made."""
        return sum(note.applied for note in self.fixes)

    def fixable(self, safety: Safety) -> int:
        """How many findings have a fix of exactly this safety; what isn't in the root checkout is repaired there."""
        fixes = (finding.fix for finding in self.findings if finding.place.checkout == "root")
        return sum(fix is not None and fix.safety is safety for fix in fixes)

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return sum(finding.level is severity for finding in self.findings)
