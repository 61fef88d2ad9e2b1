"""metadata-drift."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations

from taskcheck import (
    Checkout,
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    Evidence,
    Finding,
    Fix,
    Fork,
    People,
    Safety,
    SetKey,
    Settings,
    Severity,
    Stage,
    Task,
    Undecided,
    Value,
    rule,
)

BODY = "the body"
"""The Markdown after the front matter, compared as one more key: shown, never fixed, for it arrives with the merge."""


@rule(
    family="drift",
    severity=Severity.ERROR,
    explains=("snapshot-mismatch", "pickup_overdue"),
    stops_dispatch=True,
    settles_dispatch=True,
)
def metadata_drift(
    task: Task,
    copies: Copies,
    checkouts: Checkouts,
    settings: Settings,
    trunk: str,  # noqa: ARG001 - without root on trunk, root isn't what a worker's copy is to be compared with
    now: datetime,
    people: People | None = None,
    dispatches: Dispatches | None = None,
) -> Iterator[Finding]:
    """A worktree's copy of a task is ahead of root's, and root should have followed.

    ## Why
    The queue reads root: it dispatches a second time what a worker has already begun or finished.

    ## Example
    Root says `ready`; the worktree's copy says `in_progress` and names a pull request. It is an error too when root
    says `in_progress`, the worktree says more, and the worker has ended or is gone, or its branch is merged. While
    the worker lives, or isn't known to be gone, that is information.

    No finding: values that root has moved on from, as its history or the tombstone's `status_after` tells, keys that
    the worktree never changed, a body alone (it arrives with the merge), a worktree that says less than root, a task
    that root calls done. With `drift.authority = "branch"` a branch may say more until it is merged. `drift.ignore`
    names keys that may differ.

    ## Fix
    Takes over the keys that only the worktree changed, each a one-scalar edit. Safe for status, pull request and
    `*_at` keys when none of these was changed on both sides; other keys are unsafe. Never id, owner or `taskcheck`,
    nor a status outside the vocabulary, nor a list: these are for a person, or for the merge.
    """
    if task.done:
        return
    dispatch = dispatches.of(task.id) if dispatches else None
    comparisons = []
    unknown = []
    for copy in copies.of(task.id):
        if copy.task.document is None or copy.task.trouble:
            continue
        if not isinstance(copy.checkout.fork, Fork):
            unknown.append(f"{copy.checkout.spoken}: {copy.checkout.fork.reason}")
            continue
        comparisons.append(_compare(task, copy, settings, people, dispatch))
    for comparison in _with_rivals(comparisons, checkouts.of(task.id), people):
        severity = _severity(task, comparison, settings, dispatch, now)
        if severity is not None:
            yield _finding(task, comparison, severity, dispatch)
    if unknown:
        raise Undecided("; ".join(unknown))


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one copy differs from root, key by key; keys in which it is merely behind are left out."""

    copy: Copy
    clean: Mapping[str, Value]
    """Keys that only the worker changed, with the worker's value."""
    conflicting: Mapping[str, Value]
    """Keys that both sides changed."""
    body: bool
    rivals: frozenset[str] = frozenset()
    """Those of the conflicting keys that another worktree changed to something else."""

    @property
    def differing(self) -> dict[str, Value]:
        """Every key that isn't merely behind, with the worker's value."""
        return {**self.clean, **self.conflicting}

    @property
    def ahead(self) -> bool:
        """Whether the copy has anything that root lacks; a body alone arrives with the merge."""
        return bool(self.clean or self.conflicting)


def _compare(
    root: Task, copy: Copy, settings: Settings, people: People | None, dispatch: Dispatch | None
) -> Comparison:
    keys = settings.fields
    tombstone = dispatch.tombstone if dispatch else None
    left = tombstone.status_after.casefold() if tombstone and tombstone.status_after else None
    left_out = {*settings.drift_ignore, "taskcheck"}
    clean: dict[str, Value] = {}
    conflicting: dict[str, Value] = {}
    for key in sorted({*root.front, *copy.task.front} - left_out):

        def value(task: Task | None, key: str = key) -> Value:
            return _compared(key, task.front.get(key), keys, people) if task else None

        ours, theirs = value(root), value(copy.task)
        if ours == theirs or theirs == value(copy.base) or any(theirs == value(v) for v in copy.root_versions):
            continue
        if key == keys["status"] and theirs == left:  # root had that when the run was over, and was moved on since
            continue
        untouched = ours == value(copy.base) or any(ours == value(v) for v in copy.own_versions)
        between = key == keys["status"] and _between(copy, root)
        (clean if untouched or between else conflicting)[key] = copy.task.front.get(key)
    return Comparison(copy, clean, conflicting, body=root.body != copy.task.body)


def _compared(key: str, value: Value, keys: Mapping[str, str], people: People | None) -> Value:
    """A value as what it means: an owner as the person, a status whatever its case."""
    if key == keys["owner"]:
        return _resolved(value, people)
    return value.casefold() if key == keys["status"] and isinstance(value, str) else value


def _resolved(value: Value, people: People | None) -> Value:
    """An owner as the key it resolves to, so that a spelling is no difference."""
    if people is None:
        return value
    if isinstance(value, tuple):
        return tuple(_resolved(item, people) for item in value)
    owner = people.resolve(value) if isinstance(value, str) else None
    return owner.key if owner else value


def _between(copy: Copy, root: Task) -> bool:
    """Whether root's status lies on the worker's way from where it began to where it is."""
    base = copy.base.stage if copy.base else None
    return (
        base is not None and base.before(root.stage) and root.stage is not None and root.stage.before(copy.task.stage)
    )


def _with_rivals(comparisons: list[Comparison], own: Checkout | None, people: People | None) -> Iterator[Comparison]:
    """Keys that two checkouts changed to different values conflict; of stacked branches the later one speaks."""
    speaking = [comparison for comparison in comparisons if comparison.ahead]
    for later, earlier in permutations(speaking[::-1], 2):
        fork = later.copy.checkout.fork
        stacked = isinstance(fork, Fork) and earlier.copy.checkout.name in fork.containing
        if stacked and later in speaking and earlier in speaking:
            speaking.remove(_echo(later, earlier, own))
    for comparison in speaking:
        keys = comparison.copy.task.keys

        def differs(key: str, one: Value, other: Value, keys: Mapping[str, str] = keys) -> bool:
            return _compared(key, one, keys, people) != _compared(key, other, keys, people)

        rivals = frozenset(
            key
            for other in speaking
            if other is not comparison
            for key, value in other.differing.items()
            if key in comparison.differing and differs(key, comparison.differing[key], value)
        )
        clean = {key: value for key, value in comparison.clean.items() if key not in rivals}
        conflicting = {key: value for key, value in comparison.differing.items() if key not in clean}
        yield Comparison(comparison.copy, clean, conflicting, comparison.body, rivals)


def _echo(later: Comparison, earlier: Comparison, own: Checkout | None) -> Comparison:
    """Which of two stacked copies says nothing of its own: the earlier one, unless the later one has just the same."""
    if later.differing != earlier.differing or later.copy.checkout == own:
        return earlier
    return later


def _severity(
    root: Task, comparison: Comparison, settings: Settings, dispatch: Dispatch | None, now: datetime
) -> Severity | None:
    """How much a difference matters; None for none."""
    copy = comparison.copy
    merged = _merged(copy, dispatch)
    stage, theirs = root.stage, copy.task.stage
    if not comparison.ahead or (settings.authority == "branch" and not merged):
        return None
    if theirs is not None and theirs.before(stage):
        return None
    if stage is Stage.READY:
        if theirs is Stage.READY or (copy.base and copy.base.status == copy.task.status):
            return None
        if not Stage.READY.before(theirs):
            return Severity.INFO
        running = dispatch is not None and dispatch.state is DispatchState.RUNNING
        began = dispatch.began if dispatch and running else None
        fresh = began is not None and now - began < settings.limits.pickup_grace
        # Whoever set root back to ready has seen how far the worktree came: what is left there is of an earlier run.
        seen = root.keys["status"] not in comparison.differing and not running
        return Severity.INFO if fresh or seen else Severity.ERROR
    # A run that is only called gone because a ledger can't be read may have a worker after all.
    over = dispatch is not None and dispatch.over and (dispatch.readable or dispatch.state is DispatchState.ENDED)
    return Severity.ERROR if stage is Stage.ACTIVE and (over or merged) else Severity.INFO


def _merged(copy: Copy, dispatch: Dispatch | None) -> bool:
    """Whether the copy's branch has landed: git proves it, or the register says so of that branch."""
    merge = copy.checkout.merge
    if merge is not None and merge.merged is True:
        return True
    entries = dispatch.entries if dispatch else ()
    return any(
        (entry.pr_state or "").casefold() == "merged" and entry.branch in {None, copy.checkout.branch}
        for entry in entries
    )


def _finding(root: Task, comparison: Comparison, severity: Severity, dispatch: Dispatch | None) -> Finding:
    copy = comparison.copy.task
    status = root.keys["status"]
    differing = sorted(comparison.differing, key=lambda key: (key != status, key))
    evidence = []
    for key in differing:
        evidence.append(Evidence(place=root.place.at(key), saw=_saw(key, root.front.get(key))))
        evidence.append(Evidence(place=copy.place.at(key), saw=_saw(key, copy.front.get(key))))
    if comparison.body:
        evidence.append(Evidence(place=copy.place, saw=f"{BODY} differs; it arrives with the merge"))
    return Finding(
        task=root.id,
        place=root.place.at(next((key for key in differing if key in root.front), status)),
        message=_message(root, comparison, differing, _reason(root, comparison.copy, severity, dispatch)),
        expected=_expected(comparison, severity),
        evidence=tuple(evidence),
        fix=_fix(root, comparison) if severity is Severity.ERROR else None,
        severity=severity,
        identity=(comparison.copy.checkout.name, *(["in flight"] if severity is Severity.INFO else [])),
    )


def _message(root: Task, comparison: Comparison, differing: list[str], reason: str) -> str:
    where = comparison.copy.checkout.spoken
    status = root.keys["status"]
    if differing[0] == status:
        message = f"root still says {root.status or 'no status'}, {where} says {comparison.copy.task.status}"
        if len(differing) > 1:
            message += f" and also changed {', '.join(differing[1:])}"
    else:
        message = f"{where} changed {', '.join(differing)}, and root has yet to follow"
    both = [key for key in comparison.conflicting if key not in comparison.rivals]
    if both:
        message += f" (root changed {', '.join(sorted(both))} too)"
    if comparison.rivals:
        message += f" (another worktree has another {', '.join(sorted(comparison.rivals))})"
    return f"{message}{reason}"


def _reason(root: Task, copy: Copy, severity: Severity, dispatch: Dispatch | None) -> str:
    """Why the difference matters, or why it doesn't yet."""
    state = dispatch.state if dispatch else DispatchState.UNKNOWN
    if severity is Severity.INFO:
        return "; its worker lives" if state is DispatchState.RUNNING else ""
    if root.stage is Stage.READY:
        return "; the queue may dispatch it a second time"
    if _merged(copy, dispatch):
        return "; its branch is merged"
    return "; its worker has ended" if state is DispatchState.ENDED else "; its worker is gone"


def _expected(comparison: Comparison, severity: Severity) -> str:
    if severity is Severity.INFO:
        return "root follows when the worker has ended, or with the merge"
    if comparison.conflicting:
        return f"one value of {', '.join(sorted(comparison.conflicting))} on all sides; which, a person must say"
    return f"root has the {'values' if len(comparison.clean) > 1 else 'value'} of {comparison.copy.checkout.spoken}"


def _saw(key: str, value: Value) -> str:
    if value is None:
        return f"no {key}"
    if isinstance(value, str):
        return f"{key} is {value}"
    return f"{key} is {'a list' if isinstance(value, tuple) else 'a mapping'}"


def _fix(root: Task, comparison: Comparison) -> Fix | None:
    """Status, pull request and times first; only where none of these is left the other keys, which are unsafe."""
    keys = root.keys
    recorded = {keys["status"], keys["pr_url"], keys["pr_number"]}
    never = {keys.get("id", "id"), keys["owner"], "taskcheck"}

    def of_record(key: str) -> bool:
        return key in recorded or key.endswith("_at")

    if comparison.copy.task.stage is None:
        never.add(keys["status"])
    clean = {k: v for k, v in comparison.clean.items() if isinstance(v, str) and k not in never}
    taken = {k: v for k, v in clean.items() if of_record(k)} or clean
    if not taken or (root.stage is Stage.READY and keys["status"] not in comparison.differing):
        return None  # ready as root is, it would be dispatched a second time all the same
    conflict = any(of_record(key) for key in comparison.conflicting)
    why = "both sides changed keys that go with these" if conflict else ""
    if not all(map(of_record, taken)):
        why = "these keys are the author's to merge"
    return Fix(
        title=f"take {', '.join(taken)} from {comparison.copy.checkout.spoken}",
        safety=Safety.UNSAFE if why else Safety.SAFE,
        edits=tuple(SetKey(place=root.place.at(key), value=value) for key, value in taken.items()),
        why=why,
    )
