"""A plan: the fixes of a report as the bytes of files, tried on the rules before anything is written; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from taskcheck.config.settings import Settings
from taskcheck.documents import Refused
from taskcheck.fix.edits import After, Taken, compose
from taskcheck.fix.overlay import contents, overlaid
from taskcheck.model.finding import Finding, Safety, Severity
from taskcheck.model.plan import Change, Plan, digest
from taskcheck.model.report import FixNote, Report, RunError
from taskcheck.model.runtime import Entry
from taskcheck.model.sources import Sources, Unavailable
from taskcheck.model.state import State

Files = dict[str, After]
Key = tuple[str, str]

ROUNDS = 10
"""How often fixes may make room for others; ESLint's figure, and more than any chain of the built-in rules needs."""

TRIALS = 200
"""How often the rules may look in one plan; some thousand fixes of which a few raise errors need fewer."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules say of some sources."""

    state: State
    report: Report
    """About the whole store: what a fix breaks elsewhere counts too."""
    part: Report
    """About what was asked for: the findings to repair, the headline of an incident before what it explains."""


def on_top_of(given: Mapping[str, bytes | None], held: Mapping[str, bytes | None], made: Plan) -> Plan:
    """A plan that was made on top of given files, with these in it, and first; what is held is before both."""
    later = {change.path: change for change in made.changes}
    changes = []
    for path in dict.fromkeys((*given, *later)):
        change = later.get(path)
        after = change.after if change else given[path]
        if after != held.get(path):
            changes.append(Change(path=path, before=held.get(path), after=after, like=change.like if change else None))
    return replace(made, changes=tuple(changes))


def plan(
    sources: Sources,
    settings: Settings,
    first: Judged,
    *,
    judge: Callable[[Sources], Judged],
    refuse: Callable[[Finding], str | None],
    safety: Safety,
    mtime_ns: int,
) -> Plan:
    """What to write so that every finding whose fix is at least so safe is gone.

    The fixes of a round are made together, and the rules look at the result before it counts; what depends on them
    comes in the next round. A fix that can't be made exactly, that would take an entry from a live process, or that
    would raise an error in an incident that had none, is left out, and said.

    Args:
        sources: everything as it was read.
        settings: the configuration.
        first: what the rules say of them.
        judge: what the rules say of other sources.
        refuse: why the fix of a finding may not be made here, whatever it would write.
        safety: the least safety of fixes that are made.
        mtime_ns: when the files would be written.
    """
    return _Planner(sources, settings, judge, refuse, safety, mtime_ns).plan(first)


@dataclass(slots=True)
class _Planner:
    """One plan under way."""

    sources: Sources
    settings: Settings
    judge: Callable[[Sources], Judged]
    refuse: Callable[[Finding], str | None]
    safety: Safety
    mtime_ns: int
    notes: list[FixNote] = field(default_factory=list)
    left_out: set[Key] = field(default_factory=set)
    """Findings whose fixes can't be made."""
    trials: int = 0
    """How often the rules have looked."""

    def plan(self, judged: Judged) -> Plan:
        """Round after round, until no fix is left that can be made."""
        files: Files = {}
        states, made = [_state_of(files)], []
        while found := self._compatible(judged.part.findings):
            rounds = _Round(self, files, judged)
            rounds.take(found)
            if not rounds.taken:
                continue
            files, judged = rounds.files, rounds.judged
            state = _state_of(files)
            made.append(rounds.taken)
            if state in states or len(made) > ROUNDS:
                since = states.index(state) if state in states else 0
                return _fight(finding for taken in made[since:] for finding in taken)
            states.append(state)
        before = contents(self.sources)
        planned = (
            Change(path=path, before=before.get(path), after=after.data, like=after.like)
            for path, after in sorted(files.items())
        )
        changes = tuple(change for change in planned if change.before != change.after)
        paths = {change.path for change in changes}
        notes = (
            replace(note, files=tuple(path for path in note.files if path in paths) or note.files)
            for note in self.notes
        )
        return Plan(changes=changes, notes=tuple(notes))

    def _compatible(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings whose fixes can be made together; of two that differ the first one stays, the other waits."""
        chosen: list[Finding] = []
        taken = Taken()
        for finding in findings:
            fix = finding.fix
            if fix is None or fix.safety < self.safety or _key(finding) in self.left_out:
                continue
            if reason := self.refuse(finding):
                self.note(finding, reason)
            elif taken.take(fix.edits):
                chosen.append(finding)
        return chosen

    def note(self, finding: Finding, reason: str = "") -> None:
        """Say that a fix is made, or with a reason why it isn't."""
        fix = finding.fix
        assert fix is not None  # noqa: S101 - only findings with one come here
        if reason:
            self.left_out.add(_key(finding))
        self.notes.append(
            FixNote(
                rule=finding.rule,
                task=finding.task,
                manager=finding.manager,
                title=fix.title,
                safety=fix.safety,
                files=fix.files,
                applied=not reason,
                reason=reason,
            )
        )


class _Round:
    """Fixes that are made together, all over the same bytes."""

    def __init__(self, planner: _Planner, files: Files, judged: Judged) -> None:
        self._planner, self._start, self._found = planner, files, judged
        laid = {path: after.data for path, after in files.items()}
        held = {**contents(planner.sources), **laid}
        self._held = {path: data for path, data in held.items() if data is not None}
        self.files, self.judged = files, judged
        self.taken: list[Finding] = []

    def take(self, findings: list[Finding]) -> None:
        """Make these fixes too, but for those that can't be; which these are is found by halving."""
        trouble = self._try(findings)
        if trouble is None:
            for finding in findings:
                self._planner.note(finding)
        elif len(findings) == 1:
            self._planner.note(findings[0], trouble)
        else:
            half = len(findings) // 2
            self.take(findings[:half])
            self.take(findings[half:])

    def _try(self, findings: list[Finding]) -> str | None:
        """Make these fixes beside those that were taken; or why they can't be."""
        together = [*self.taken, *findings]
        edits = [edit for finding in together if finding.fix for edit in finding.fix.edits]
        planner = self._planner
        try:
            changed = compose(edits, self._held, at_names=planner.settings.at_names)
        except Refused as reason:
            return str(reason)
        if not changed:
            return "it would change nothing"
        if planner.trials == TRIALS:
            return "too many of the fixes raise errors to try them all; repair fewer at a time"
        planner.trials += 1
        files = {**self._start, **changed}
        laid = {path: after.data for path, after in files.items()}
        judged = planner.judge(overlaid(planner.sources, laid, planner.settings, planner.mtime_ns))
        trouble = _lost(self._found.state, judged.state) or _raised(self._found.report, judged.report)
        if trouble is None:
            self.taken, self.files, self.judged = together, files, judged
        return trouble


def _key(finding: Finding) -> Key:
    return finding.fingerprint, finding.place.path


def _state_of(files: Files) -> tuple[tuple[str, str | None], ...]:
    return tuple((path, digest(after.data)) for path, after in sorted(files.items()))


def _fight(findings: Iterable[Finding]) -> Plan:
    rules = " and ".join(sorted({finding.rule for finding in findings}))
    message = f"the fixes of {rules} come to no end: one undoes what the other does; nothing was written"
    return Plan(errors=(RunError(where="fix", message=message),))


def _lost(before: State, after: State) -> str | None:
    """The entry of a live process that a state has and another one hasn't."""
    if isinstance(before.entries, Unavailable) or isinstance(before.dispatches, Unavailable):
        return None
    kept = set() if isinstance(after.entries, Unavailable) else {_process(entry) for entry in after.entries}
    for entry in before.entries:
        if before.dispatches.held(entry) and _process(entry) not in kept:
            return f"a live process holds the entry of {entry.task} in the register of {entry.manager}"
    return None


def _process(entry: Entry) -> tuple[object, ...]:
    return entry.manager, entry.task, entry.pid, entry.host, entry.worktree_path, entry.branch


def _raised(before: Report, after: Report) -> str | None:
    """The first error of an incident that had none, in words; or what failed on the state as it would be."""
    failing = {(i.task, i.manager) for i in before.incidents if i.severity is Severity.ERROR}
    for incident in after.incidents:
        if incident.severity is Severity.ERROR and (incident.task, incident.manager) not in failing:
            finding = next(finding for finding in incident.findings if finding.level is Severity.ERROR)
            return f"it would raise {finding.rule} on {incident.subject}: {finding.message}"
    failed = next((error for error in after.errors if error not in before.errors), None)
    return f"{failed.where} fails on what it would leave: {failed.message}" if failed else None
