"""What root may not say, for the branch of the task wouldn't merge with it any more."""

from taskcheck import Checkouts, Dispatch, Fork, Settings, Task


def not_the_end(copy: Task, settings: Settings, dispatch: Dispatch | None) -> str:
    """Return that the recorded end of a run doesn't go with the status of a copy; empty where it does.

    Root would have to be set to another one next, and the branch of the copy wouldn't merge with that.
    """
    outcome = dispatch.outcome if dispatch is not None else None
    if outcome not in settings.outcomes:
        return ""
    if settings.allows(outcome, copy.status):
        return ""
    return f"the run ended as {outcome}, which doesn't go with {copy.status}"


def changed_alike(task: Task, checkouts: Checkouts) -> str:
    """Return that the own branch of a task has changed its file to what root has, and is still to land; else nothing.

    Whatever root says next, such a branch says something else in the same lines.
    """
    own = checkouts.of(task.id)
    if own is None or not isinstance(own.fork, Fork):
        return ""
    path = task.place.path
    has_landed = own.merge is not None and own.merge.merged is True
    is_changed = path in own.fork.own_versions
    if has_landed or not is_changed:
        return ""
    where = own.spoken
    return f"a merge of {where} would conflict in its {path}: it has changed that as root has"
