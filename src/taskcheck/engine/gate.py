"""What of a run a commit can be held to: only what the commit itself decides (``--gate commit``)."""

from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.shape import file_of
from taskcheck.engine.judge import run_rules
from taskcheck.engine.rule import Rule
from taskcheck.model.baseline import Baseline
from taskcheck.model.cases import Case, RuleRun
from taskcheck.model.finding import Finding
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Copy, Task
from taskcheck.model.tasks import Tasks

Versions = Mapping[str, tuple[Task, ...]]
"""Task files by path, with the tasks that each holds somewhere else; without one where it isn't there."""


@frozen
class Gate:
    """What may fail a run: everything, or for a commit only what the commit itself decides."""

    static: frozenset[str]
    """Rules that task files, people and configuration alone decide."""
    checkout: str
    """The checkout that is committed in."""
    changed: frozenset[str] | None
    """The tasks that a linked worktree changed since its base; None for root, where all count."""

    def mark(self, finding: Finding) -> Finding:
        """Return the finding, as advisory when it can't fail the run."""
        decided = finding.rule in self.static and finding.task is not None
        changed = self.changed is None or finding.task in self.changed
        own = finding.place.checkout == self.checkout
        return replace(finding, advisory=not (decided and own and changed))


def committed_view(state: State, checkout: str) -> tuple[State, frozenset[str]]:
    """Return the state as a linked worktree's commit would have it, and the tasks that it changed since its base.

    Root's tasks with the worktree's copies over them: what the worktree didn't touch is as in root, and a second file
    of an id lies beside the first.
    """
    copies = _changed(state.known_copies, checkout)
    seconds = () if isinstance(state.copies, Unavailable) else _changed(state.copies.seconds, checkout)
    files = [copy.task for copy in (*copies, *seconds)]
    changed = frozenset(task.id for task in files)
    if not changed:
        return state, changed
    replaced = {copy.task.place.path for copy in seconds}
    for copy in copies:
        replaced |= _replaced(copy, state.tasks)
    untouched = (task for task in state.tasks if task.place.path not in replaced)
    tasks = Tasks.of((*untouched, *files), state.tasks.archived, state.tasks.without_status)
    return replace(state, tasks=tasks), changed


def _changed(copies: Iterable[Copy], checkout: str) -> list[Copy]:
    """Return the task files that a checkout changed since its base."""
    return [copy for copy in copies if copy.checkout.name == checkout and copy.changed]


def _replaced(copy: Copy, tasks: Tasks) -> set[str]:
    """Return the paths of root's files that a copy stands for: of several with its id, those where it is or was."""
    paths = {task.place.path for task in tasks.all_of(copy.task.id)}
    own = {copy.task.place.path}
    if copy.base is not None:
        own.add(copy.base.place.path)
    return own & paths or paths


def gated(
    runs: tuple[RuleRun, ...], state: State, rules: Mapping[str, Rule], accepted: Baseline, current: Path | None
) -> tuple[RuleRun, ...]:
    """Return the runs with everything advisory that the commit itself doesn't decide.

    From inside a linked worktree, the rules that a commit decides are asked about its own changed copies too, and
    only these can fail: root has yet to learn what the worker commits.

    Args:
        runs: what the rules said.
        state: of what.
        rules: all that there are.
        accepted: the baseline.
        current: the linked worktree that one stands in.
    """
    static = frozenset(run.rule for run in runs if rules[run.rule].static)
    checkout = _current(state, current)
    if checkout == "root":
        gate = Gate(static, checkout, None)
        return _marked(runs, gate)
    view, changed = committed_view(state, checkout)
    of_commit = []
    for name in static:
        rule = rules[name]
        if "file" not in rule.subjects:
            of_commit.append(rule)
    judged, _ = accepted.apply(run_rules(of_commit, view, only=changed, known=rules))
    own = {run.rule: run for run in judged}
    joined = []
    for run in runs:
        if run.rule in own:
            joined.append(_joined(run, own[run.rule]))
        else:
            joined.append(run)
    gate = Gate(static, checkout, changed)
    return _marked(joined, gate)


def brought(
    runs: tuple[RuleRun, ...],
    state: State,
    rules: Mapping[str, Rule],
    current: Path | None,
    staged: Versions,
    parents: Iterable[Versions],
) -> tuple[RuleRun, ...]:
    """Return gated runs with everything advisory that a commit doesn't bring.

    A commit brings what the files that it will have show, and those of none of its parents.

    Args:
        runs: what a gate lets fail.
        state: of what.
        rules: all that there are.
        current: the linked worktree that one stands in.
        staged: task files that the commit will have otherwise than they lie in the folder.
        parents: of each parent, those that it has otherwise.
    """
    static = [rules[run.rule] for run in runs if rules[run.rule].static]
    view, _ = committed_view(state, _current(state, current))
    known: set[str] = set()
    for versions in parents:
        parent = _with_versions(view, versions)
        known |= _fingerprints(static, parent, rules)
    will_be = None
    if staged:
        commit = _with_versions(view, staged)
        will_be = _fingerprints(static, commit, rules)

    def mark(finding: Finding) -> Finding:
        comes = will_be is None or finding.fingerprint in will_be
        is_known = finding.fingerprint in known
        if comes and not is_known:
            return finding
        return replace(finding, advisory=True)

    return tuple(run.changed(mark) for run in runs)


def _fingerprints(static: Iterable[Rule], view: State, rules: Mapping[str, Rule]) -> set[str]:
    """Return what the rules that a commit decides find, and nobody accepts, by its fingerprints."""
    found = run_rules(static, view, known=rules)
    return {finding.fingerprint for run in found for finding in run.counted}


def _with_versions(view: State, versions: Versions) -> State:
    """Return a state with other versions of some task files."""
    kept = [task for task in view.tasks if versions.keys().isdisjoint((task.place.path, file_of(task.place.path)))]
    others = chain.from_iterable(versions.values())
    tasks = Tasks.of((*kept, *others), view.tasks.archived, view.tasks.without_status)
    return replace(view, tasks=tasks, files=tasks.all)


def _marked(runs: Iterable[RuleRun], gate: Gate) -> tuple[RuleRun, ...]:
    """Return the runs with everything advisory that a gate doesn't let fail."""
    return tuple(run.changed(gate.mark) for run in runs)


def _joined(run: RuleRun, own: RuleRun) -> RuleRun:
    """Return a rule's run with what it said of the worktree's own copies beside what it said of root."""
    later = {}
    for case in own.telling:
        is_unfinished = case.undecided or case.error
        if case.counted or is_unfinished:
            later[case.subject] = case
    cases = []
    for case in run.cases:
        if case.subject in later:
            cases.append(_both(case, later.pop(case.subject)))
        else:
            cases.append(case)
    return replace(run, cases=(*cases, *later.values()))


def _both(case: Case, other: Case) -> Case:
    """Return one case of two about the same subject."""
    return Case(
        subject=case.subject,
        findings=(*case.findings, *other.counted),
        skipped=case.skipped,
        undecided=case.undecided or other.undecided,
        error=case.error or other.error,
    )


def _current(state: State, current: Path | None) -> str:
    """Return the name of the checkout that one stands in."""
    if current is None:
        return "root"
    for checkout in state.known_checkouts:
        if checkout.real == str(current):
            return checkout.name
    return "root"
