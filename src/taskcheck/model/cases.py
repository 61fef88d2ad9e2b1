"""What came of asking rules: each rule, and a case for each subject that it was asked about."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeVar, overload

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.model.finding import Acceptance, Finding, Severity

T = TypeVar("T")


class Sparse(Sequence[T]):
    """A row of many things, nearly all of which are the usual ones: these are made when somebody looks at them."""

    def __init__(self, usual: Callable[[], Sequence[T]], length: int, others: Mapping[int, T]) -> None:
        """Take what makes the row.

        Args:
            usual: gives the usual thing of every place, so many as the row is long.
            length: how many places there are.
            others: what stands in some places instead, in their order.
        """
        self._usual, self._length, self.others = usual, length, others

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...

    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        return tuple(self)[place]

    def __iter__(self) -> Iterator[T]:
        for place, thing in enumerate(self._usual()):
            yield self.others.get(place, thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def changed(self, change: Callable[[T], T]) -> "Sparse[T]":
        """Return the same row with each thing that isn't a usual one changed."""
        return Sparse(self._usual, self._length, {place: change(thing) for place, thing in self.others.items()})


@frozen(kw_only=True)
class RunError:
    """Something that makes the result untrustworthy: where, and what."""

    where: str
    message: str


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
    written: Callable[[], str] = str
    """Gives the rule's documentation, in Markdown: whoever reads it has the rule's module imported."""
    url: str | None = None
    """The page of that documentation."""
    stops_dispatch: bool = False
    """Whether an error of it keeps a task from being dispatched."""
    formerly: tuple[str, ...] = ()
    """Names that it had in earlier versions."""
    cases: Sequence[Case] = ()
    """Where the rule could not look at all, one about the repository says why."""
    untold: Mapping[str, str] = field(default_factory=dict)
    """Tasks of which it may miss something because no forge spoke of them, each with the reason."""

    @property
    def doc(self) -> str:
        """The rule's documentation, in Markdown."""
        return self.written()

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, and was: a suppression may say any of these."""
        return (self.rule, *self.formerly)

    @property
    def telling(self) -> Collection[Case]:
        """The cases that say something, in their order: of a long row, without the many that just passed."""
        return self.cases.others.values() if isinstance(self.cases, Sparse) else self.cases

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(finding for case in self.telling for finding in case.counted)

    @property
    def accepted(self) -> tuple[tuple[Finding, Acceptance], ...]:
        """The findings that somebody has accepted, each with why."""
        return tuple(pair for case in self.telling for pair in case.accepted)

    @property
    def errors(self) -> tuple[RunError, ...]:
        """How it crashed, on which subjects."""
        return tuple(case.error for case in self.telling if case.error is not None)

    @property
    def skipped(self) -> str | None:
        """Why the rule could not look at all; None where it could."""
        return next((case.skipped for case in self.telling if case.skipped is not None), None)

    @property
    def undecided(self) -> tuple[Case, ...]:
        """The cases that it could not tell about."""
        return tuple(case for case in self.telling if case.undecided is not None)

    @property
    def whole(self) -> bool:
        """Whether it could look everywhere."""
        return self.skipped is None and not self.errors and not self.undecided

    def changed(self, change: Callable[[Finding], Finding | None]) -> "RuleRun":
        """Return the same run with each of its findings changed, or left out for None."""
        if not any(case.findings for case in self.telling):
            return self

        def with_changed(case: Case) -> Case:
            return replace(case, findings=tuple(filter(None, map(change, case.findings)))) if case.findings else case

        if isinstance(self.cases, Sparse):
            return replace(self, cases=self.cases.changed(with_changed))
        return replace(self, cases=tuple(map(with_changed, self.cases)))
