"""A plan: the fixes of a report as the bytes of files, tried on the rules before anything is written; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from taskcheck.config.settings import Settings
from taskcheck.documents import Refused
from taskcheck.documents.frozen import frozen, replace
from taskcheck.fix.edits import After, AgreedEdits, compose
from taskcheck.fix.overlay import contents, overlaid
from taskcheck.model.cases import RunError
from taskcheck.model.finding import Finding, Safety, Severity
from taskcheck.model.plan import Change, Plan, digest
from taskcheck.model.report import FixNote, Incident, Report
from taskcheck.model.runtime import Entry
from taskcheck.model.sources import Sources, Unavailable
from taskcheck.model.state import State

Files = dict[str, After]
Key = tuple[str, str]

ROUNDS = 10
"""How often fixes may make room for others; ESLint's figure, and more than any chain of the built-in rules needs."""

TRIALS = 200
"""How often the rules may look in one plan; some thousand fixes of which a few raise errors need fewer."""


@frozen
class Judged:
    """What the rules say of some sources."""

    state: State
    report: Report
    """About the whole store: what a fix breaks elsewhere counts too."""
    part: Report
    """About what was asked for: the findings to repair, the headline of an incident before what it explains."""


def on_top_of(given: Mapping[str, bytes | None], held: Mapping[str, bytes | None], made: Plan) -> Plan:
    """Return a plan that was made on top of given files, with these in it, and first; what is held is before both."""
    later = {change.path: change for change in made.changes}
    changes = []
    for path in dict.fromkeys((*given, *later)):
        before = held.get(path)
        if path in later:
            change = replace(later[path], before=before)
        else:
            change = Change(path=path, before=before, after=given[path])
        if change.after != before:
            changes.append(change)
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
    to_end_a_run: bool = False,
) -> Plan:
    """Return what to write so that every finding whose fix is at least so safe is gone.

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
        to_end_a_run: whether those are made too that are unsafe only for a branch that won't merge with them.
    """
    return _Planner(sources, settings, judge, refuse, safety, mtime_ns, to_end_a_run).plan(first)


@dataclass(slots=True)
class _Planner:
    """One plan under way."""

    sources: Sources
    settings: Settings
    judge: Callable[[Sources], Judged]
    refuse: Callable[[Finding], str | None]
    safety: Safety
    mtime_ns: int
    to_end_a_run: bool
    notes: list[FixNote] = field(default_factory=list)
    left_out: set[Key] = field(default_factory=set)
    """Findings whose fixes can't be made."""
    trials: int = 0
    """How often the rules have looked."""

    def plan(self, judged: Judged) -> Plan:
        """Return the plan that is made round after round, until no fix is left that can be made."""
        files: Files = {}
        states = [_state_of(files)]
        made: list[list[Finding]] = []
        while found := self._compatible(judged.part.findings):
            this_round = _Round(self, files, judged)
            this_round.take(found)
            if not this_round.taken:
                continue
            files, judged = this_round.files, this_round.judged
            made.append(this_round.taken)
            state = _state_of(files)
            if state in states:
                return _fight(made[states.index(state) :])
            if len(made) > ROUNDS:
                return _fight(made)
            states.append(state)
        changes = self._changes(files)
        return Plan(changes=changes, notes=self._notes({change.path for change in changes}))

    def _changes(self, files: Files) -> tuple[Change, ...]:
        """Return what is to be written, sorted by path; files that end as they were are left out."""
        before = contents(self.sources)
        changes = []
        for path, after in sorted(files.items()):
            if before.get(path) != after.data:
                changes.append(Change(path=path, before=before.get(path), after=after.data, like=after.like))
        return tuple(changes)

    def _notes(self, written: set[str]) -> tuple[FixNote, ...]:
        """Return the notes, each with those of its files that are written; with all of them where none is."""
        notes = []
        for note in self.notes:
            files = tuple(path for path in note.files if path in written)
            notes.append(replace(note, files=files or note.files))
        return tuple(notes)

    def _compatible(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings whose fixes can be made together; of two that differ the first stays, the other waits."""
        chosen: list[Finding] = []
        agreed = AgreedEdits()
        for finding in findings:
            fix = finding.fix
            if fix is None or _key(finding) in self.left_out:
                continue
            if not fix.trusted(self.safety, to_end_a_run=self.to_end_a_run):
                continue
            if reason := self.refuse(finding):
                self.note(finding, reason)
            elif agreed.take(fix.edits):
                chosen.append(finding)
        return chosen

    def note(self, finding: Finding, reason: str = "") -> None:
        """Say that the fix of a finding is made, or with a reason why it isn't; nothing of a finding without one."""
        fix = finding.fix
        if fix is None:
            return
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
        """Make these fixes beside those that were taken; return why they can't be, None where they were."""
        together = [*self.taken, *findings]
        edits = [edit for finding in together if finding.fix for edit in finding.fix.edits]
        planner = self._planner
        try:
            changed = compose(edits, self._held, shape=planner.settings.shape)
        except Refused as reason:
            return str(reason)
        if not changed:
            return "it would change nothing"
        if planner.trials == TRIALS:
            return "too many fixes cause errors to try them all; fix fewer tasks at a time"
        planner.trials += 1
        files = {**self._start, **changed}
        laid = {path: after.data for path, after in files.items()}
        judged = planner.judge(overlaid(planner.sources, laid, planner.settings, planner.mtime_ns))
        trouble = _lost(self._found.state, judged.state) or _raised(self._found.report, judged.report)
        if trouble is None:
            self.taken, self.files, self.judged = together, files, judged
        return trouble


def _key(finding: Finding) -> Key:
    """Return what is the same for a finding and the one that is found again in the next round."""
    return finding.fingerprint, finding.place.path


def _state_of(files: Files) -> tuple[tuple[str, str | None], ...]:
    """Return what is equal for files with equal bytes."""
    return tuple((path, digest(after.data)) for path, after in sorted(files.items()))


def _fight(rounds: Iterable[Iterable[Finding]]) -> Plan:
    """Return the plan to write nothing, for the fixes of some rounds undo each other."""
    names = {finding.rule for findings in rounds for finding in findings}
    rules = " and ".join(sorted(names))
    message = f"the fixes of {rules} undo each other; nothing was written"
    return Plan(errors=(RunError(where="fix", message=message),))


def _lost(before: State, after: State) -> str | None:
    """Return the entry of a live process that a state has and another one hasn't."""
    if isinstance(before.entries, Unavailable) or isinstance(before.dispatches, Unavailable):
        return None
    kept = {_process(entry) for entry in after.known_entries}
    for entry in before.entries:
        if before.dispatches.held(entry) and _process(entry) not in kept:
            return f"a live process holds the entry of {entry.task} in the register of {entry.manager}"
    return None


def _process(entry: Entry) -> tuple[object, ...]:
    """Return what is the same for an entry in whichever register it stands."""
    return entry.manager, entry.task, entry.pid, entry.host, entry.worktree_path, entry.branch


def _raised(before: Report, after: Report) -> str | None:
    """Return the first error of an incident that had none, or what failed on the state as it would be, in words."""
    failing_before = {(incident.task, incident.manager) for incident in _failing(before)}
    for incident in _failing(after):
        if (incident.task, incident.manager) not in failing_before:
            finding = next(finding for finding in incident.findings if finding.level is Severity.ERROR)
            return f"it would raise {finding.rule} on {incident.subject}: {finding.message}"
    for error in after.errors:
        if error not in before.errors:
            return f"{error.where} fails on what it would leave: {error.message}"
    return None


def _failing(report: Report) -> list[Incident]:
    """Return the incidents with an error."""
    return [incident for incident in report.incidents if incident.severity is Severity.ERROR]
