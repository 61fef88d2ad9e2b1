"""metadata-drift."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck import (
    Checkouts,
    Copies,
    Copy,
    Dispatch,
    Dispatches,
    DispatchState,
    End,
    Evidence,
    FetchedTrunk,
    Finding,
    Fix,
    HandEdit,
    People,
    Settings,
    Severity,
    Stage,
    Task,
    Tasks,
    Undecided,
    Wait,
    replace,
    rule,
    taking,
)
from taskcheck_rules.drift._comparison import Comparison, Meaning, comparable, compare, set_since, speaking, with_rivals
from taskcheck_rules.ends import two_pulls
from taskcheck_rules.parts import doubt_of, not_the_end, run_of, stands_for_several
from taskcheck_rules.traces import in_between, on_trunk, unlanded
from taskcheck_rules.wording import called, key_is, phrase, stands


@rule(
    family="drift",
    severity=Severity.ERROR,
    explains=("snapshot-mismatch", "pickup_overdue"),
    stops_dispatch=True,
    settles_dispatch=True,
    remedy=HandEdit("root and the worktree have the same values; a person has to choose which"),
)
def metadata_drift(
    task: Task,
    tasks: Tasks,
    copies: Copies,
    checkouts: Checkouts,
    settings: Settings,
    trunk: str,  # noqa: ARG001 - without root on trunk, root isn't what a worker's copy is to be compared with
    now: datetime,
    people: People | None = None,
    dispatches: Dispatches | None = None,
    fetched: FetchedTrunk | None = None,
) -> Iterator[Finding]:
    """The worktree's copy of a task is ahead of the task in root.

    ## Why
    The queue reads root, so it dispatches a task again that a worker has already begun or finished.

    ## Example
    In root, the task is `ready`. In the worktree, it is `in_progress` and names a pull request.

    If the task is `in_progress` in root and further along in the worktree, the severity depends on the worker. The
    finding is an error if the worker has ended or is gone, or if its branch is merged. It is information while the
    worker is alive or isn't known to be gone.

    There is no finding in these cases:

    - Root has moved on from the value, according to its history or the tombstone's `status_after`.
    - The worktree never changed the key.
    - Only the body differs. The merge brings it to root.
    - The worktree is behind root.
    - Trunk has the value too, as it was fetched. root-behind reports that.
    - The task is done in root.
    - `drift.authority = "branch"` is set, and the branch isn't merged yet.
    - `drift.ignore` names the key.

    ## Fix
    Copies the keys that only the worktree changed to root, with the same lines at the same position. Its branch
    therefore merges with root afterwards. Keys in `drift.ignore` that the worktree changed in the same place are copied
    too. If a merge would conflict even so, the fix is unsafe and names the lines.

    The fix is safe for status, pull request and `*_at` keys under three conditions. None of these keys was changed on
    both sides. The recorded outcome of the run, if there is one, allows the status. And the worktree is the task's own:
    a register, a tombstone, the front matter or the configured pattern names it. The fix is unsafe for other keys, for
    values from any other worktree, if somebody may have set the status in root since, if a worker may be at the task
    still (its log was just written, or a process is at work in its worktree), if a newer run may be recorded, and for a
    done status of a branch that hasn't landed, or of which git can't tell. A finding about another worktree is at most
    a warning.

    The fix never copies id, owner, `taskcheck`, lists, or a status outside of the vocabulary. A person or the merge has
    to change these.
    """
    if task.closed:
        return
    dispatch = run_of(dispatches, task.id)
    meaning = Meaning(settings.fields, people)
    sound = [copy for copy in copies.of(task.id) if not copy.task.trouble]
    known, unknown = comparable(sound)
    theirs = on_trunk(task, fetched)
    comparisons = [compare(task, copy, settings, meaning, dispatch, theirs) for copy in known]
    ahead = speaking(comparisons, checkouts.of(task.id))
    for comparison in with_rivals(ahead, meaning):
        severity = _severity(task, comparison, checkouts, settings, dispatch, now)
        if severity is Severity.ERROR:
            fixable = not stands_for_several(task.id, tasks, copies)
            aside = in_between(task, comparison.copy, checkouts, settings, dispatch)
            aside = aside or not_the_end(comparison.copy.task, settings, dispatch)
            fix = _fix(task, comparison, settings, dispatch, aside) if fixable else None
            yield _overdue(task, comparison, checkouts, dispatch, fix)
        elif severity is Severity.INFO:
            yield _in_flight(task, comparison, dispatch)
    if unknown:
        raise Undecided("; ".join(unknown))


def _severity(
    root: Task,
    comparison: Comparison,
    checkouts: Checkouts,
    settings: Settings,
    dispatch: Dispatch | None,
    now: datetime,
) -> Severity | None:
    """Return how much a difference matters; None for none."""
    copy = comparison.copy
    merged = _merged(copy, checkouts, dispatch)
    if settings.authority == "branch" and not merged:
        return None
    says_less = copy.task.stage is not None and copy.task.stage.before(root.stage)
    if says_less:
        return None
    if root.stage is Stage.READY:
        return _severity_of_ready(root, comparison, settings, dispatch, now)
    if root.stage is not Stage.ACTIVE:
        return Severity.INFO
    if copy.tie is None:
        # That the branch of another task has landed says nothing of this one while its own worker is at it.
        merged = merged and _state(dispatch) is not DispatchState.RUNNING
    due = merged or _surely_over(dispatch)
    if due:
        return Severity.ERROR
    return Severity.INFO


def _severity_of_ready(
    root: Task, comparison: Comparison, settings: Settings, dispatch: Dispatch | None, now: datetime
) -> Severity | None:
    """Return how much a difference matters while root says that the task is ready; None for none."""
    copy = comparison.copy
    theirs = copy.task.stage
    unmoved = copy.base is not None and copy.base.status == copy.task.status
    if theirs is Stage.READY or unmoved:
        return None
    if not Stage.READY.before(theirs):
        return Severity.INFO
    if dispatch is not None and dispatch.state is DispatchState.RUNNING:
        return Severity.INFO if _just_begun(dispatch, settings, now) else Severity.ERROR
    # Whoever set root back to ready has seen how far the worktree came: what is left there is of an earlier run.
    seen = root.keys["status"] not in comparison.differing
    return Severity.INFO if seen else Severity.ERROR


def _just_begun(dispatch: Dispatch, settings: Settings, now: datetime) -> bool:
    """Return whether root may take a moment yet to follow a run."""
    if dispatch.began is None:
        return False
    return now - dispatch.began < settings.limits.pickup_grace


def _surely_over(dispatch: Dispatch | None) -> bool:
    """Return whether no worker is at the task any more.

    A run that is only called gone because a ledger can't be read may have a worker after all.
    """
    if dispatch is None or not dispatch.over:
        return False
    return dispatch.readable or dispatch.state is DispatchState.ENDED


def _merged(copy: Copy, checkouts: Checkouts, dispatch: Dispatch | None) -> bool:
    """Return whether the copy's branch has landed: git proves it, or the register says so of that branch.

    One that itself says that work is left hasn't, as far as the task goes.
    """
    merge = copy.checkout.merge
    end = checkouts.end(copy.checkout.branch, copy.task.id)
    if merge is not None and merge.merged is True:
        return end is not End.LEFT
    entries = dispatch.entries if dispatch else ()
    branches = {None, copy.checkout.branch}
    return any(entry.says_merged and entry.branch in branches for entry in entries)


def _in_flight(root: Task, comparison: Comparison, dispatch: Dispatch | None) -> Finding:
    """Return the information that a copy is ahead of root, as it may be while its worker is at it."""
    reason = "; its worker is alive" if _state(dispatch) is DispatchState.RUNNING else ""
    expected = "root follows after the end of the run, or with the merge"
    about = _finding(root, comparison, reason, expected, severity=Severity.INFO, kind=("in flight",))
    return replace(about, remedy=Wait("the end of its run or the merge of its branch: then root follows"))


def _overdue(
    root: Task, comparison: Comparison, checkouts: Checkouts, dispatch: Dispatch | None, fix: Fix | None
) -> Finding:
    """Return the finding that root should have followed a copy, with its repair; an error where the copy is its own."""
    reason = _reason(root, comparison.copy, checkouts, dispatch)
    expected = _expected(comparison)
    severity = Severity.WARNING if comparison.copy.tie is None else Severity.ERROR
    return _finding(root, comparison, reason, expected, severity=severity, fix=fix)


def _finding(
    root: Task,
    comparison: Comparison,
    reason: str,
    expected: str,
    *,
    severity: Severity,
    fix: Fix | None = None,
    kind: tuple[str, ...] = (),
) -> Finding:
    """Return the finding that a copy is ahead of root."""
    checkout = comparison.copy.checkout
    status = root.keys["status"]
    differing = sorted(comparison.differing, key=lambda key: (key != status, key))
    named_in_root = next((key for key in differing if key in root.front), status)
    return Finding(
        task=root.id,
        place=root.place.at(named_in_root),
        message=f"{_message(root, comparison, differing)}{reason}",
        expected=expected,
        evidence=tuple(_evidence(root, comparison, differing)),
        fix=fix,
        severity=severity,
        identity=(checkout.name, *kind),
    )


def _evidence(root: Task, comparison: Comparison, differing: list[str]) -> Iterator[Evidence]:
    """Yield what both sides say under each key, and whether the text differs."""
    copy = comparison.copy.task
    for key in differing:
        for side in (root, copy):
            yield Evidence(place=side.place.at(key), saw=key_is(key, side.front.get(key)))
    if comparison.body:
        yield Evidence(place=copy.place, saw="the body differs, and arrives with the merge")


def _message(root: Task, comparison: Comparison, differing: list[str]) -> str:
    """Return what the worktree changed, and which of it others changed too.

    For example `fix is ready in root, but in_progress in worktree w, which also changed pr_url`, or `fix in root
    lacks changes from worktree w: pr_url (root changed pr_url too)`.
    """
    where = called(comparison.copy.checkout, root.id)
    if differing[0] == root.keys["status"]:
        message = f"{root.id} is {stands(root)} in root, but {stands(comparison.copy.task)} in {where}"
        message += phrase(", which also changed ", ", ".join(differing[1:]))
    else:
        message = f"{root.id} in root lacks changes from {where}: {', '.join(differing)}"
    both = sorted(set(comparison.conflicting) - comparison.rivals)
    if both:
        message += f" (root changed {', '.join(both)} too)"
    if comparison.rivals:
        message += f" (another worktree has another {', '.join(sorted(comparison.rivals))})"
    return message


def _reason(root: Task, copy: Copy, checkouts: Checkouts, dispatch: Dispatch | None) -> str:
    """Return why the difference matters."""
    if root.stage is Stage.READY:
        return "; the queue may dispatch it again"
    if _merged(copy, checkouts, dispatch):
        return "; its branch is merged"
    if _state(dispatch) is DispatchState.ENDED:
        return "; its worker has ended"
    return "; its worker is gone"


def _state(dispatch: Dispatch | None) -> DispatchState:
    """Return how the newest run stands."""
    return dispatch.state if dispatch else DispatchState.UNKNOWN


def _expected(comparison: Comparison) -> str:
    """Return what root is to have, or that a person must choose."""
    if comparison.conflicting:
        keys = ", ".join(sorted(comparison.conflicting))
        return f"one value of {keys} on all sides, chosen by a person"
    values = "values" if len(comparison.clean) > 1 else "value"
    return f"root has the {values} of {comparison.copy.checkout.spoken}"


def _fix(root: Task, comparison: Comparison, settings: Settings, dispatch: Dispatch | None, aside: str) -> Fix | None:
    """Return the repair of root: the status, pull request and times, or where none of these is left the other keys."""
    clean = _takeable(root, comparison, settings)
    recorded = {key: value for key, value in clean.items() if _of_record(key, root)}
    taken = recorded or clean
    # Ready as root would be still, it would be dispatched a second time all the same.
    still_ready = root.stage is Stage.READY and root.keys["status"] not in comparison.differing
    if not taken or still_ready:
        return None
    why = _doubt(root, comparison, dispatch) if recorded else "the author of these keys has to merge them"
    if root.keys["status"] in taken:
        why = why or aside
    made = taking(root, comparison.copy, taken, settings)
    keys = ", ".join(edit.place.route[-1] for edit in made.edits)
    title = f"take {keys} from {comparison.copy.checkout.spoken}"
    fix = Fix.unless(why, title=title, edits=made.edits, meets=made.meets)
    return fix.unless_said(unlanded(comparison.copy)).unless_said(_unclear(comparison.copy, dispatch))


def _doubt(root: Task, comparison: Comparison, dispatch: Dispatch | None) -> str:
    """Return why what a copy records isn't simply taken over; empty where it is."""
    if any(_of_record(key, root) for key in comparison.conflicting):
        return "both sides changed keys that belong together with these"
    return set_since(root, comparison.copy, dispatch) or doubt_of(comparison.copy)


def _unclear(copy: Copy, dispatch: Dispatch | None) -> str:
    """Return why the run may not be over, or may have left another pull request; empty where nothing says so."""
    return (dispatch and dispatch.may_go_on) or two_pulls(dispatch, copy)


def _takeable(root: Task, comparison: Comparison, settings: Settings) -> dict[str, str]:
    """Return the clean keys that a program may take over: scalars, but for identity, owner and unknown statuses."""
    never = {root.keys.get("id", "id"), root.keys["owner"], "taskcheck"}
    if not settings.may_write(comparison.copy.task.status):
        never.add(root.keys["status"])
    found = {}
    for key, value in comparison.clean.items():
        may_be_taken = key not in never
        if may_be_taken and isinstance(value, str):
            found[key] = value
    return found


def _of_record(key: str, root: Task) -> bool:
    """Return whether a key records the progress of work: status, pull request, times."""
    named = {root.keys["status"], root.keys["pr_url"], root.keys["pr_number"]}
    is_time = key.endswith("_at")
    return is_time or key in named
