"""Task files that root's own line took away while a ledger still names them, and what came in the same commit."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter

from taskcheck.model.history import Moved
from taskcheck.read.edits import on_mainline
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.history import History
from taskcheck.read.rawdiff import Delta

MOST_ADDED = 100
"""Files added by one commit among which a changed one is looked for; an unchanged one is found among any number."""

Pair = tuple[Delta, Delta]
"""What was taken away, and what was added."""


def read_moved(history: History, names: Collection[str], since: int | None, prefix: str) -> tuple[Moved, ...]:
    """Return pairs of task files of which one may be the other one, renamed; the newest first.

    Args:
        history: of root, as far back as is looked.
        names: of task files without folder and ending, which root hasn't any more.
        since: from when on, in seconds since 1970.
        prefix: the store's folder in its repository.

    Raises:
        GitError: git can't tell.
    """
    if not names:
        return ()
    pairs: list[Pair] = []
    for _, made in groupby(on_mainline(history, since), key=itemgetter(0)):
        tasks = []
        for _, delta in made:
            if history.is_task(delta.path):
                tasks.append(delta)
        gone = _gone(tasks, names)
        come = _come(tasks)
        pairs += _pairs(gone, come)
    return tuple(_moved(history, pairs, prefix))


def _pairs(gone: Iterable[Delta], come: list[Delta]) -> Iterator[Pair]:
    """Yield what was taken away with what has the same content, else with all that came; with nothing of too many."""
    by_content: dict[str | None, list[Delta]] = {}
    for added in come:
        alike = by_content.setdefault(added.after, [])
        alike.append(added)
    are_too_many = len(come) > MOST_ADDED
    others = [] if are_too_many else come
    for taken in gone:
        for added in by_content.get(taken.before, others):
            yield taken, added


def _gone(made: Iterable[Delta], names: Collection[str]) -> list[Delta]:
    """Return what a commit took away of files with some names."""
    gone = []
    for delta in made:
        if delta.after is None and _name(delta.path) in names:
            gone.append(delta)
    return gone


def _come(made: Iterable[Delta]) -> list[Delta]:
    """Return what a commit added."""
    return [delta for delta in made if delta.before is None]


def _name(path: str) -> str:
    """Return a file's name without folder and ending."""
    file_name = path.rpartition("/")[2]
    return file_name.rpartition(".")[0]


def _moved(history: History, pairs: list[Pair], prefix: str) -> Iterator[Moved]:
    """Yield pairs with what the files held, as far as that can be read."""
    blobs = set(chain.from_iterable((gone.before, come.after) for gone, come in pairs))
    contents = history.git.objects.blobs(filter(None, blobs), MAX_TASK_BYTES).contents
    for gone, come in pairs:
        was = contents.get(str(gone.before))
        became = contents.get(str(come.after))
        if was is None or became is None:
            continue
        yield Moved(
            before=gone.path.removeprefix(prefix),
            after=come.path.removeprefix(prefix),
            was=was,
            became=became,
        )
