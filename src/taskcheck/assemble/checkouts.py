"""The other checkouts as rules see them, and whose task each one is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import inf

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.runtime import Entry, Tombstone
from taskcheck.model.sources import CheckoutSource, Merge, RecordedPath, Repository, Sources
from taskcheck.model.task import Checkout, Tie
from taskcheck.model.tasks import Tasks


def parse_checkouts(
    git: Repository, sources: Sources, settings: Settings, tasks: Tasks, records: Sequence[Entry | Tombstone]
) -> Checkouts:
    """Return all worktrees and branch tips beside root, and which is whose.

    A checkout is a task's own by the word of its entry, else of its tombstone, else by the configured pattern of
    worktree paths, else by that of branch names (spec 3.1).
    """
    checkouts = tuple(_checkout(held, git.merges) for held in git.checkouts)
    own: dict[str, Checkout] = {}
    ties: dict[str, Tie] = {}
    if checkouts:
        by_pattern = {
            **_own_by_pattern(settings.branch, _by_branch(checkouts), tasks),
            **_own_by_pattern(settings.worktree, _by_path(checkouts), tasks),
        }
        by_record = {
            **_own_by_front_matter(tasks, checkouts, git.trunk),
            **_own_by_record(records, checkouts, sources.recorded_paths, git.trunk),
        }
        own = {**by_pattern, **by_record}
        ties = {**dict.fromkeys(by_pattern, Tie.PATTERN), **dict.fromkeys(by_record, Tie.RECORD)}
    return Checkouts(all=checkouts, by_task=own, merges=git.merges, recorded=sources.recorded_paths, ties=ties)


def _checkout(held: CheckoutSource, merges: Mapping[str, Merge]) -> Checkout:
    """Return a checkout without its files, with the verdict on its branch."""
    return Checkout(
        name=held.name,
        path=held.shown_path,
        real=held.real_path,
        branch=held.branch,
        defect=held.defect,
        fork=held.fork,
        merge=merges.get(held.branch or ""),
        locked=held.locked,
    )


def _by_branch(checkouts: Iterable[Checkout]) -> dict[str, Checkout]:
    """Return the checkouts that are on a branch, by its name."""
    return {checkout.branch: checkout for checkout in checkouts if checkout.branch}


def _by_path(checkouts: Iterable[Checkout]) -> dict[str, Checkout]:
    """Return the worktrees by their path as reports write it."""
    return {checkout.path: checkout for checkout in checkouts if checkout.path}


def _own_by_record(
    records: Iterable[Entry | Tombstone],
    checkouts: Sequence[Checkout],
    recorded: Mapping[str, RecordedPath],
    trunk: str | None,
) -> dict[str, Checkout]:
    """Return the checkout of each task by the path or branch that records name; the newest record's word comes first.

    One that isn't dated counts as the newest, and of two of one time the entry. A worktree that was used again belongs
    to the task of the newest record; trunk is nobody's.
    """
    by_folder = _by_folder(checkouts, recorded)
    by_branch = _by_branch(checkouts)
    own: dict[str, Checkout] = {}
    since: dict[str, float] = {}
    for record in sorted(records, key=_newest_first):
        checkout = by_folder.get(record.worktree_path or "") or by_branch.get(record.branch or "")
        if checkout is None or checkout.branch == trunk or record.task in own:
            continue
        newest = since.setdefault(checkout.name, _newest_first(record))
        if _newest_first(record) <= newest:
            own[record.task] = checkout
    return own


def _by_folder(checkouts: Iterable[Checkout], recorded: Mapping[str, RecordedPath]) -> dict[str, Checkout]:
    """Return the checkouts by each path under which a ledger records their folder."""
    by_real_path = {checkout.real: checkout for checkout in checkouts if checkout.real}
    found = {}
    for text, path in recorded.items():
        if path.real in by_real_path:
            found[text] = by_real_path[path.real]
    return found


def _own_by_front_matter(tasks: Tasks, checkouts: Sequence[Checkout], trunk: str | None) -> dict[str, Checkout]:
    """Return the checkout of each task that its own front matter names, by worktree or by branch."""
    by_branch, by_path = _by_branch(checkouts), _by_path(checkouts)
    own: dict[str, Checkout] = {}
    for task in tasks:
        checkout = by_path.get(task.text("worktree") or "") or by_branch.get(task.text("branch") or "")
        if checkout is not None and checkout.branch != trunk:
            own.setdefault(task.id, checkout)
    return own


def _newest_first(record: Entry | Tombstone) -> float:
    """Return a key that sorts records by when their run began, those that don't tell before all others."""
    at = began(record)
    return -inf if at is None else -at.timestamp()


def began(record: Entry | Tombstone) -> datetime | None:
    """Return when the run of a record began, as far as the record tells."""
    if isinstance(record, Entry):
        return record.began
    return record.started_at or record.heartbeat_at or record.ended_at


def _own_by_pattern(text: str, named: Mapping[str, Checkout], tasks: Tasks) -> dict[str, Checkout]:
    """Return the checkout of each task whose path or branch is what a pattern makes of the task; each name counts once.

    Ids match longest first: under ``.worktrees/{task}*`` the folder ``fix-login-2`` is that of the task ``fix-login``
    only where there is no task ``fix-login-2``.
    """
    if not text:
        return {}
    pattern = Pattern(text)
    own: dict[str, Checkout] = {}
    left = dict(named)
    for task in sorted((task.id for task in tasks), key=_longest_first):
        name = _name_of(task, pattern, left)
        if name is not None:
            own[task] = left.pop(name)
    return own


def _longest_first(task: str) -> tuple[int, str]:
    """Return a key that sorts ids by length."""
    return -len(task), task


def _name_of(task: str, pattern: Pattern, names: Iterable[str]) -> str | None:
    """Return the first of some names that a pattern makes of a task; None where none is."""
    filled = pattern.fill(task=task)
    if "*" in pattern.text:
        return next(filter(Pattern(filled).match, names), None)
    return filled if filled in names else None
