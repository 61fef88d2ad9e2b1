"""metadata-drift."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from taskcheck import (
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
)
def metadata_drift(
    task: Task,
    copies: Copies,
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
    Root says `ready`; the worktree's copy says `in_progress` and names a pull request. What root has moved past
    since, what the worker never touched, and a task that root calls done are no finding. While a worker lives, or
    isn't known to be gone, it is information only.

    ## Fix
    Takes over the keys that only the worker changed, each a one-scalar edit. Safe for status, pull request and
    `*_at` keys when none of these conflict; other keys are unsafe; id, owner and `taskcheck` never.
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
            unknown.append(f"{copy.checkout.name}: {copy.checkout.fork.reason}")
            continue
        comparisons.append(_compare(task, copy, settings, people))
    for comparison in _with_rivals(comparisons):
        severity = _severity(task, comparison, settings, dispatch, now)
        if severity is not None:
            yield _finding(task, comparison, severity)
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

    @property
    def ahead(self) -> bool:
        """Whether the copy has anything that root lacks; a body alone arrives with the merge."""
        return bool(self.clean or self.conflicting)


def _compare(root: Task, copy: Copy, settings: Settings, people: People | None) -> Comparison:
    keys = settings.fields
    left_out = {*settings.drift_ignore, keys["updated_at"], "taskcheck"}
    clean: dict[str, Value] = {}
    conflicting: dict[str, Value] = {}
    for key in sorted({*root.front, *copy.task.front} - left_out):

        def value(task: Task | None, key: str = key) -> Value:
            written = task.front.get(key) if task else None
            return _resolved(written, people) if key == keys["owner"] else written

        ours, theirs = value(root), value(copy.task)
        if ours == theirs or theirs == value(copy.base) or any(theirs == value(v) for v in copy.root_versions):
            continue
        untouched = ours == value(copy.base) or any(ours == value(v) for v in copy.own_versions)
        between = key == keys["status"] and _between(copy, root)
        (clean if untouched or between else conflicting)[key] = copy.task.front.get(key)
    return Comparison(copy, clean, conflicting, body=root.body != copy.task.body)


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


def _with_rivals(comparisons: list[Comparison]) -> Iterator[Comparison]:
    """Keys that two checkouts changed to different values conflict; of stacked branches the later one speaks."""
    stacked = {
        name for c in comparisons if isinstance(c.copy.checkout.fork, Fork) for name in c.copy.checkout.fork.containing
    }
    speaking = [c for c in comparisons if c.copy.checkout.name not in stacked]
    for comparison in speaking:
        rivals = {
            key
            for other in speaking
            if other is not comparison
            for key, value in other.clean.items()
            if key in comparison.clean and comparison.clean[key] != value
        }
        yield Comparison(
            comparison.copy,
            {key: value for key, value in comparison.clean.items() if key not in rivals},
            {**comparison.conflicting, **{key: comparison.clean[key] for key in sorted(rivals)}},
            comparison.body,
        )


def _severity(
    root: Task, comparison: Comparison, settings: Settings, dispatch: Dispatch | None, now: datetime
) -> Severity | None:
    """How much a difference matters; None for none."""
    copy = comparison.copy
    merge = copy.checkout.merge
    merged = merge is not None and merge.merged is True
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
        began = dispatch.began if dispatch and dispatch.state is DispatchState.RUNNING else None
        fresh = began is not None and now - began < settings.limits.pickup_grace
        return Severity.INFO if fresh else Severity.ERROR
    over = dispatch is not None and dispatch.over
    return Severity.ERROR if stage is Stage.ACTIVE and (over or merged) else Severity.INFO


def _finding(root: Task, comparison: Comparison, severity: Severity) -> Finding:
    copy = comparison.copy.task
    differing = [*comparison.clean, *comparison.conflicting]
    status = root.keys["status"]
    first = status if status in differing else differing[0]
    where = comparison.copy.checkout.name.partition(":")[2]
    evidence = []
    for key in sorted(differing, key=lambda key: (key != status, key)):
        evidence.append(Evidence(place=root.place.at(key), saw=_saw(key, root.front.get(key))))
        evidence.append(Evidence(place=copy.place.at(key), saw=_saw(key, copy.front.get(key))))
    if comparison.body:
        evidence.append(Evidence(place=copy.place, saw=f"{BODY} differs; it arrives with the merge"))
    conflict = f"; both sides changed {', '.join(comparison.conflicting)}" if comparison.conflicting else ""
    return Finding(
        task=root.id,
        place=root.place.at(first),
        message=f"{where} is ahead of root in {', '.join(differing)}{conflict}",
        expected=f"root has the {'values' if len(differing) > 1 else 'value'} of {where}",
        evidence=tuple(evidence),
        fix=_fix(root, comparison) if severity is Severity.ERROR else None,
        severity=severity,
        identity=(comparison.copy.checkout.name,),
    )


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

    clean = {k: v for k, v in comparison.clean.items() if isinstance(v, str) and k not in never}
    taken = {k: v for k, v in clean.items() if of_record(k)} or clean
    if not taken:
        return None
    conflict = any(of_record(key) for key in comparison.conflicting)
    why = "both sides changed keys of the record" if conflict else ""
    if not all(map(of_record, taken)):
        why = "these keys are the author's to merge"
    return Fix(
        title=f"take {', '.join(taken)} from {comparison.copy.checkout.name.partition(':')[2]}",
        safety=Safety.UNSAFE if why else Safety.SAFE,
        edits=tuple(SetKey(place=root.place.at(key), value=value) for key, value in taken.items()),
        why=why,
    )
