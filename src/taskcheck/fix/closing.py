"""What a person has to know of what was written: what to commit, and what a merge will meet."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from shlex import quote

from taskcheck.documents.expression import expression
from taskcheck.fix.transaction import Planned
from taskcheck.model.plan import Change
from taskcheck.model.sources import Sources
from taskcheck.model.state import State
from taskcheck.model.taking import met
from taskcheck.read.index import read_staging
from taskcheck.store import Store

MESSAGE = "Tasks follow their ledgers"
"""The message of the commit that is proposed."""

_PATTERN = expression(r"[*?\[\\:]")
"""What git takes in a path for a pattern, which other files may match too."""


def task_files(sources: Sources) -> dict[str, bytes]:
    """Return root's task files that could be read, by path."""
    found = {}
    for source in sources.tasks:
        if source.data is not None:
            found[source.path] = source.data
    return found


def closing_notes(planned: Planned, store: Store, earlier: Iterable[Change] = ()) -> Iterator[str]:
    """Yield the notes on a plan that was written.

    Args:
        planned: what was written, and what was there before.
        store: the opened store.
        earlier: what we wrote before that, and isn't committed yet.
    """
    tasks = task_files(planned.sources)
    written = {}
    before = {}
    for change in planned.plan.changes:
        if change.path in tasks:
            written[change.path] = change
            before[change.path] = tasks[change.path]
    for change in earlier:
        if change.before is not None and tasks.get(change.path) == change.after:
            before[change.path] = change.before
    staging = read_staging(store.location, before)
    yield from _to_commit(staging.tracked, staging.unedited)
    after = {path: change.after for path, change in written.items() if path in staging.tracked}
    yield from _meeting(planned.state, after)


def _to_commit(paths: Collection[str], unedited: Collection[str]) -> Iterator[str]:
    """Yield what to commit: the command where nothing else comes along, else in words."""
    names = ", ".join(sorted(paths))
    edited = ", ".join(sorted(set(paths) - set(unedited)))
    if edited:
        which = "" if edited == names else f" in {edited}"
        yield f"to commit: {names}; with edits from before{which}, so review the diff first"
    elif _PATTERN.search(names):
        yield f"to commit: {names}"
    elif names:
        yield f"to commit: git commit -m {quote(MESSAGE)} -- {' '.join(map(quote, sorted(paths)))}"


def _meeting(state: State, after: Mapping[str, bytes | None]) -> Iterator[str]:
    """Yield which branches won't merge with files as they are now."""
    for copy in state.known_copies:
        data = after.get(copy.task.place.path)
        if data is None or not copy.changed:
            continue
        meets = met(copy, data, shape=state.settings.shape)
        if meets:
            yield meets
