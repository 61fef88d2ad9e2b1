"""What speaks against a fix that its rule can't know: where root is, fetched trunk, branches, unsaved code."""

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import phrase
from taskcheck.model.edit import SetKey
from taskcheck.model.finding import Finding, Fix, Safety
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.taking import changed_alike, left_unmergeable


def held(finding: Finding, state: State, *, of_static_rule: bool) -> Finding:
    """Return a finding; its fix isn't safe where something that its rule can't know speaks against it.

    The end of a run is written in any case. A static rule looks at task files alone, and knows of no branch.
    """
    fix = finding.fix
    if fix is None:
        return finding
    fix = fix.unless_said(_of_trunk(finding, fix, state))
    if fix.safety is Safety.SAFE:
        fix = fix.unless_said(_of_unsaved(finding, fix, state) or _of_editors(fix, state))
    if of_static_rule:
        fix = fix.unless_said(state.unsettled or _of_branches(fix, state))
    elif finding.task is not None:
        fix = fix.unless_said(_of_root(state))
    return replace(finding, fix=fix)


def _of_root(state: State) -> str:
    """Return why what root's history has may be over: it isn't on trunk, say, or trunk was fetched with a revert."""
    reverts = "" if isinstance(state.fetched, Unavailable) else state.fetched.reverts
    return state.astray or reverts


def _of_trunk(finding: Finding, fix: Fix, state: State) -> str:
    """Return that trunk, as it was fetched, says otherwise of the matter, or has a file anew that the fix writes.

    Such a file would be in the way of the pull.
    """
    fetched = state.fetched
    if isinstance(fetched, Unavailable):
        return ""
    if not fetched.paths.isdisjoint(fix.files):
        return f"{fetched.name} changed the file and isn't pulled yet: {fetched.cure}"
    if finding.task is not None and fetched.disputes(finding.task, state.tasks.get(finding.task)):
        return f"{fetched.name} says otherwise of {finding.task} and isn't pulled yet: {fetched.cure}"
    return ""


def _of_unsaved(finding: Finding, fix: Fix, state: State) -> str:
    """Return that an open task's worktree has code that isn't committed, where a fix takes the task off open work."""
    name = finding.task or ""
    task = state.tasks.get(name)
    if task is None or not fix.ends(task, state.settings):
        return ""
    uncommitted = (each.uncommitted for each in state.of_or_beside(name))
    return next(filter(None, uncommitted), "")


def _of_editors(fix: Fix, state: State) -> str:
    """Return that somebody edits a task file which a fix writes, and hasn't saved it; empty where nobody does."""
    path = min(state.tasks.edited.intersection(fix.files), default="")
    return phrase("an editor has changes that aren't saved of ", path)


def _of_branches(fix: Fix, state: State) -> str:
    """Return which branch git couldn't merge any more if a safe fix set keys of a task; empty for none."""
    if fix.safety is not Safety.SAFE:
        return ""
    edits = tuple(edit for edit in fix.edits if isinstance(edit, SetKey))
    written = [state.tasks.by_path.get(edit.place.path) for edit in edits]
    for task in filter(None, written):
        meets = left_unmergeable(task, state.copies_of(task.id), edits, state.settings)
        meets = meets or changed_alike(task, state.checkout_of(task.id), state.own_copy_of(task.id))
        if meets:
            return meets
    return ""
