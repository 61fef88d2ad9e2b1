"""Whose a worktree or a branch is by its name: the front matter of a task has it, or a pattern of ``[checkouts]``."""

from collections.abc import Iterable, Mapping, Sequence

from taskcheck.config.pattern import Pattern
from taskcheck.model.history import REMOTE
from taskcheck.model.task import Checkout
from taskcheck.model.tasks import Tasks, fold_id


def by_branch(checkouts: Iterable[Checkout]) -> dict[str, Checkout]:
    """Return the checkouts that are on a branch, by its name; of a fetched one the name without its remote will do.

    A worktree goes before the tip of its branch.
    """
    found: dict[str, Checkout] = {}
    for checkout in checkouts:
        if checkout.branch:
            found.setdefault(checkout.branch, checkout)
    for branch, checkout in list(found.items()):
        name = branch.removeprefix(REMOTE)
        found.setdefault(name, checkout)
    return found


def by_path(checkouts: Iterable[Checkout]) -> dict[str, Checkout]:
    """Return the worktrees by their path as reports write it."""
    return {checkout.path: checkout for checkout in checkouts if checkout.path}


def own_by_front_matter(tasks: Tasks, checkouts: Sequence[Checkout], trunk: str | None) -> dict[str, Checkout]:
    """Return the checkout of each task that its own front matter names, by worktree or by branch."""
    branches = by_branch(checkouts)
    paths = by_path(checkouts)
    own: dict[str, Checkout] = {}
    for task in tasks:
        worktree = task.text("worktree") or ""
        branch = task.text("branch") or ""
        checkout = paths.get(worktree) or branches.get(branch)
        if checkout is not None and checkout.branch != trunk:
            own.setdefault(task.id, checkout)
    return own


def own_by_pattern(text: str, named: Mapping[str, Checkout], tasks: Tasks) -> dict[str, Checkout]:
    """Return the checkout of each task whose path or branch is what a pattern makes of the task; each name counts once.

    Ids match longest first: under ``.worktrees/{task}*`` the folder ``fix-login-2`` is that of the task ``fix-login``
    only where there is no task ``fix-login-2``. What no id makes as it is written, one may make but for case, or for
    the leading zeros of its last number: under ``tasks/{task}-*`` the branch ``tasks/task-4-export`` is TASK-4's.
    """
    if not text:
        return {}
    pattern = Pattern(text)
    own: dict[str, Checkout] = {}
    left = dict(named)
    ids = [task.id for task in tasks]
    for task in sorted(ids, key=_longest_first):
        name = _name_of(task, pattern, left)
        if name is not None:
            own[task] = left.pop(name)
    return {**_own_by_spelling(text, left, tasks), **own}


def _own_by_spelling(text: str, named: Mapping[str, Checkout], tasks: Tasks) -> dict[str, Checkout]:
    """Return the checkout of each task whose name a pattern makes of the task, but for the spelling of its id."""
    own: dict[str, Checkout] = {}
    for name, checkout in named.items():
        task = _task_of(name, text, tasks)
        if task is not None:
            own.setdefault(task, checkout)
    return own


def _task_of(name: str, text: str, tasks: Tasks) -> str | None:
    """Return the one task of which a pattern makes a name, but for the spelling of the id; the longest id counts."""
    before, placeholder, after = text.partition("{task}")
    if not placeholder:
        return None
    is_open_before = "*" in before
    is_named_twice = "{task}" in after
    if is_open_before or is_named_twice:
        return None
    folded = name.casefold()
    if not folded.startswith(before.casefold()):
        return None
    rest = Pattern(after.casefold())
    start = len(before)
    for end in range(len(folded), start, -1):
        spelled = fold_id(folded[start:end])
        task = tasks.by_fold.get(spelled)
        if task is None:
            continue
        if rest.match(folded[end:]) is not None:
            return task.id
    return None


def _longest_first(task: str) -> tuple[int, str]:
    """Return a key that sorts ids by length."""
    return -len(task), task


def _name_of(task: str, pattern: Pattern, names: Iterable[str]) -> str | None:
    """Return the first of some names that a pattern makes of a task; None where none is."""
    filled = pattern.fill(task=task)
    if "*" in pattern.text:
        made = Pattern(filled)
        return next(filter(made.match, names), None)
    if filled in names:
        return filled
    return None
