"""The other checkouts as rules see them, and whose task each one is."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.runtime import Entry, Tombstone
from taskcheck.model.sources import RecordedPath, Repository, Sources
from taskcheck.model.state import Checkouts, Tasks
from taskcheck.model.task import Checkout


def read_checkouts(
    git: Repository, sources: Sources, settings: Settings, tasks: Tasks, records: Sequence[Entry | Tombstone]
) -> Checkouts:
    """All worktrees and branch tips beside root, and which is whose.

    A checkout is a task's own by the word of its entry, else of its tombstone, else by the configured pattern of
    worktree paths, else by that of branch names (spec 3.1).
    """
    found = tuple(
        Checkout(
            name=held.name,
            path=held.shown_path,
            real=held.real_path,
            branch=held.branch,
            defect=held.defect,
            fork=held.fork,
            merge=git.merges.get(held.branch or ""),
            locked=held.locked,
        )
        for held in git.checkouts
    )
    own: dict[str, Checkout] = {}
    if found:
        own.update(_by_pattern(settings.branch, {c.branch: c for c in found if c.branch}, tasks))
        own.update(_by_pattern(settings.worktree, {c.path: c for c in found if c.path}, tasks))
        own.update(_by_record(records, found, sources.recorded_paths))
    return Checkouts(all=found, by_task=own, merges=git.merges, recorded=sources.recorded_paths)


def _by_record(
    records: Iterable[Entry | Tombstone], checkouts: Iterable[Checkout], recorded: Mapping[str, RecordedPath]
) -> dict[str, Checkout]:
    """The checkouts that entries and tombstones name by path or branch; the newest record's word comes first.

    One that isn't dated counts as the newest, and of two of one time the entry.
    """
    by_path = {checkout.real: checkout for checkout in checkouts if checkout.real}
    by_branch = {checkout.branch: checkout for checkout in checkouts if checkout.branch}
    own: dict[str, Checkout] = {}
    for record in sorted(records, key=_age):
        path = recorded.get(record.worktree_path or "")
        checkout = by_path.get(path.real) if path else None
        checkout = checkout or by_branch.get(record.branch or "")
        if checkout:
            own.setdefault(record.task, checkout)
    return own


def _age(record: Entry | Tombstone) -> float:
    at = record.began if isinstance(record, Entry) else record.started_at or record.heartbeat_at or record.ended_at
    return -at.timestamp() if at else -inf


def _by_pattern(text: str, named: Mapping[str, Checkout], tasks: Tasks) -> dict[str, Checkout]:
    """The checkouts whose path or branch a pattern makes a task's; ids match longest first, each name once."""
    pattern = Pattern(text)
    own: dict[str, Checkout] = {}
    left = dict(named)
    for task in sorted((task.id for task in tasks) if text else (), key=lambda task: (-len(task), task)):
        filled = pattern.fill(task=task)
        name = filled if filled in left else None
        if "*" in text:
            name = next(filter(Pattern(filled).match, left), None)
        if name is not None:
            own[task] = left.pop(name)
    return own
