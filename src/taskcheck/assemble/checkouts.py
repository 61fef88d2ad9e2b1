"""The other checkouts as rules see them, and whose task each one is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from math import inf

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.checkouts import Checkouts
from taskcheck.model.runtime import Entry, Tombstone
from taskcheck.model.sources import CheckoutSource, Merge, Repository, Sources
from taskcheck.model.task import Checkout, Tie
from taskcheck.model.tasks import Tasks, spelling


def parse_checkouts(
    git: Repository, sources: Sources, settings: Settings, tasks: Tasks, records: Sequence[Entry | Tombstone]
) -> Checkouts:
    """Return all worktrees and branch tips beside root, and which is whose.

    A checkout is a task's own by the word of its entry, else of its tombstone, else by the configured pattern of
    worktree paths, else by that of branch names (spec 3.1).
    """
    checkouts = tuple(_checkout(held, git.merges) for held in git.checkouts)
    found = Checkouts(
        all=checkouts,
        by_task={},
        merges=git.merges,
        recorded=sources.recorded_paths,
        by_real=_by_real(checkouts),
        by_folder=_by_folder(checkouts),
        uncompared=git.uncompared,
        home=git.home,
        is_cut_off=git.shallow,
    )
    return _owned(found, git, settings, tasks, records) if checkouts else found


def _owned(
    found: Checkouts, git: Repository, settings: Settings, tasks: Tasks, records: Sequence[Entry | Tombstone]
) -> Checkouts:
    """Return checkouts with whose each is."""
    from taskcheck.assemble.naming import by_branch, by_path, own_by_front_matter, own_by_pattern
    from taskcheck.assemble.witnesses import with_tips

    checkouts = found.all
    by_pattern = {
        **own_by_pattern(settings.branch, by_branch(checkouts), tasks),
        **own_by_pattern(settings.worktree, by_path(checkouts), tasks),
    }
    by_record = {
        **own_by_front_matter(tasks, checkouts, git.trunk),
        **_own_by_record(records, found, git.trunk),
    }
    owned = replace(
        found,
        by_task={**by_pattern, **by_record},
        ties={**dict.fromkeys(by_pattern, Tie.PATTERN), **dict.fromkeys(by_record, Tie.RECORD)},
        attempts=_attempts(by_pattern, by_record),
        branch_owners=_branch_owners(settings, tasks, records),
        registered=frozenset(_registered(records, found)),
    )
    recorded = {record.task: record.branch for record in sorted(records, key=_newest_first, reverse=True)}
    return with_tips(owned, recorded, settings)


def _registered(records: Iterable[Entry | Tombstone], checkouts: Checkouts) -> Iterator[str]:
    """Yield the names of the worktrees whose folder a register entry names."""
    for record in records:
        checkout = checkouts.at(record.worktree_path) if isinstance(record, Entry) else None
        if checkout is not None:
            yield checkout.name


def _attempts(by_pattern: Mapping[str, Checkout], by_record: Mapping[str, Checkout]) -> dict[str, Checkout]:
    """Return the checkout that a task's name alone makes its own, of tasks of which a record names another one."""
    found = {}
    for task in by_pattern.keys() & by_record.keys():
        if by_pattern[task] != by_record[task]:
            found[task] = by_pattern[task]
    return found


def _branch_owners(settings: Settings, tasks: Tasks, records: Iterable[Entry | Tombstone]) -> dict[str, str]:
    """Return whose each branch is: by the newest record that names it, by front matter, else by the pattern."""
    owners: dict[str, str] = {}
    for task in tasks:
        owners[settings.branch_of(task.id) or ""] = task.id
    for task in tasks:
        owners[task.text("branch") or ""] = task.id
    owners |= newest_users(records)
    owners.pop("", None)
    return owners


def newest_users(records: Iterable[Entry | Tombstone]) -> dict[str, str]:
    """Return by branch the task of the newest record that names it; one without a time is taken for the newest."""
    users: dict[str, str] = {}
    for record in sorted(records, key=_newest_first, reverse=True):
        if record.branch:
            users[record.branch] = record.task
    return users


def _checkout(held: CheckoutSource, merges: Mapping[str, Merge]) -> Checkout:
    """Return a checkout without its files, with the verdict on its branch."""
    return Checkout(
        name=held.name,
        path=held.shown_path,
        real=held.real_path,
        branch=held.branch,
        defect=held.defect,
        repair=held.repair,
        fork=held.fork,
        merge=merges.get(held.verdict_name),
        locked=held.locked,
        moved_from=held.moved_from,
        outrun=held.outrun,
        under_way=held.under_way,
        switched_at=held.switched_at,
        is_alone=held.is_alone,
        unsaved=held.unsaved,
        untracked=held.untracked,
    )


def _by_folder(checkouts: Iterable[Checkout]) -> dict[str, list[Checkout]]:
    """Return the worktrees that aren't missing by the spelling of what their folder is called, and was."""
    found: dict[str, list[Checkout]] = {}
    for checkout in checkouts:
        if checkout.path is None or checkout.defect == "missing":
            continue
        for folder in checkout.folders:
            found.setdefault(spelling(folder), []).append(checkout)
    return found


def _by_real(checkouts: Iterable[Checkout]) -> dict[str, Checkout]:
    """Return the worktrees by their absolute path with links resolved; of two at one the first."""
    found: dict[str, Checkout] = {}
    for checkout in checkouts:
        found.setdefault(checkout.real or "", checkout)
    found.pop("", None)
    return found


def _own_by_record(
    records: Iterable[Entry | Tombstone], checkouts: Checkouts, trunk: str | None
) -> dict[str, Checkout]:
    """Return the checkout of each task by the path or branch that records name; the newest record's word comes first.

    One that isn't dated counts as the newest, and of two of one time the entry. A worktree that was used again belongs
    to the task of the newest record; trunk is nobody's.
    """
    from taskcheck.assemble.naming import by_branch

    branches = by_branch(checkouts)
    own: dict[str, Checkout] = {}
    since: dict[str, float] = {}
    for record in sorted(records, key=_newest_first):
        checkout = checkouts.at(record.worktree_path) or branches.get(record.branch or "")
        if checkout is None or checkout.branch == trunk or record.task in own:
            continue
        newest = since.setdefault(checkout.name, _newest_first(record))
        if _newest_first(record) <= newest:
            own[record.task] = checkout
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
