"""What a check says: one incident per task, and the report of the whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import field, frozen
from taskcheck.model.cases import RuleRun, RunError, Subject
from taskcheck.model.finding import REPOSITORY, Finding, Safety, Severity
from taskcheck.model.runtime import Signal
from taskcheck.model.step import Step
from taskcheck.model.task import PullRequest
from taskcheck.model.unseen import FILES, HISTORY, STORE, Unseen
from taskcheck.model.verdict import Verdict
from taskcheck.model.waiting import Queue
from taskcheck.model.work import Work

if TYPE_CHECKING:
    from taskcheck.model.episode import Episode, Transition
    from taskcheck.model.timeline import Timeline


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


@frozen(kw_only=True)
class SignalNote:
    """A raw signal, and what became of it."""

    signal: Signal
    refuted: bool
    explained_by: str | None


@frozen(kw_only=True)
class Incident:
    """One task (or manager, or the repository) with all its findings."""

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
    pull_request: PullRequest | None = None
    """The one that root, its own worktree or its newest run records."""
    episode: "Episode | None" = None
    """What is recorded of it: since when it stands, and how often it was seen; None where nothing is."""
    step: Step | None = None
    """What to do next, as the report says from which it was read; None where that is yet to be worked out."""

    @property
    def severity(self) -> Severity:
        """The severity of its worst finding; information if it only has signals."""
        return max((finding.level for finding in self.findings), default=Severity.INFO)

    @property
    def subject(self) -> str:
        """Its name in a report."""
        return self.task or self.manager or REPOSITORY

    @property
    def head(self) -> Finding | None:
        """Its headline; None if it only has signals."""
        return self.findings[0] if self.findings else None

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that no other finding explains; the first is the headline."""
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
class Stopped:
    """Where a report stops early, because that was asked for (``-x``, ``--maxfail``)."""

    after: int
    """Incidents with which the run fails, after which it stops."""
    left_out: int
    """Incidents that it doesn't tell of, though they were found."""

    @property
    def told(self) -> str:
        """That it stops there, in a sentence."""
        plural, are = ("", "is") if self.left_out == 1 else ("s", "are")
        after = f"{self.after} failing incident{'' if self.after == 1 else 's'}"
        return f"stopped after {after} (--maxfail {self.after}): {self.left_out} more incident{plural} {are} not shown"


@frozen(kw_only=True)
class Report:
    """The result of a check. Formats turn it into text."""

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
    at_work: tuple[Work, ...] = ()
    """Open tasks that somebody is at work on; of which nothing was heard for the longest time, first."""
    waiting: tuple[Queue, ...] = ()
    """Tasks that wait for a person, by class."""
    classes: Mapping[str, int] = field(default_factory=dict)
    """How many tasks of the store are of each class of status; ``other`` for words outside of its vocabulary."""
    timelines: "Mapping[str, Timeline]" = field(default_factory=dict)
    """What ledgers say about the subjects of incidents in order of time; of the first, and only where it was asked."""
    changes: "tuple[Transition, ...] | None" = None
    """What became of incidents since the last look in the record; None where that wasn't asked."""
    root: str = ""
    """That root is behind its trunk, or on another branch."""
    notices: tuple[str, ...] = ()
    """What couldn't be learnt though it was asked for, and makes the result no less than without it; where it stops."""
    unseen: tuple[Unseen, ...] = ()
    """What was not looked at; nothing is called healthy beyond it."""
    undo: str | None = None
    """Name of what was written, for `taskcheck undo`; None when nothing was."""
    partial: bool = False
    """Whether it is about some tasks, paths or rules only, as it was asked for."""
    chosen: bool = False
    """Whether it is about some findings only, whatever else there is of their tasks."""
    stopped: Stopped | None = None
    """Where it stops early; None for one that tells all."""
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
        """Whether the run fails because a rule couldn't look everywhere."""
        return self.verdict.strict and self.blind and not self.verdict.exit_zero

    @property
    def complete(self) -> bool:
        """Whether everything that was requested could be judged."""
        return not self.errors

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, in the order of the incidents."""
        return tuple(finding for incident in self.incidents for finding in incident.findings)

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Rules that couldn't look, or not everywhere, one row per rule and reason."""
        rows: dict[tuple[str, str], None] = {}
        for run in self.runs:
            for case in run.telling:
                reason = case.skipped or case.undecided
                if reason is not None:
                    rows[run.rule, reason] = None
        return tuple(rows)

    @property
    def undecided(self) -> tuple[tuple[Subject, str, str], ...]:
        """Undecided cases: subject, rule and reason."""
        return tuple((case.subject, run.rule, case.undecided or "") for run in self.runs for case in run.undecided)

    @property
    def blind(self) -> bool:
        """Whether a rule couldn't look everywhere, or something wasn't read. Unasked forges don't count."""
        if any(each.kind in {FILES, HISTORY, STORE} for each in self.unseen):
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
        """How many fixes were applied."""
        return sum(note.applied for note in self.fixes)

    def fixable(self, safety: Safety) -> int:
        """Return how many findings have a fix of exactly this safety in the root checkout."""
        fixes = (finding.fix for finding in self.findings if finding.place.checkout == "root")
        return sum(fix is not None and fix.safety is safety for fix in fixes)

    def count(self, severity: Severity) -> int:
        """How many findings have exactly this severity."""
        return sum(finding.level is severity for finding in self.findings)
