"""What a task file records as the task's own pull request, or as the issue that the task is."""

from collections.abc import Callable, Iterable, Iterator

from taskcheck import Evidence, Place, Task, Tasks, frozen

PULL = frozenset({"pull", "pulls", "pull-requests", "merge_requests", "pullrequest"})
ISSUE = frozenset({"issues", "work_items"})
"""What stands before the number in the URL of a pull request, and of an issue."""

OTHERS = PULL | ISSUE | {"milestone", "discussions", "projects"}
"""The same of what else has a number; what stands in other URLs is taken for what the key says."""

MOST_DIGITS = 18
"""A longer number is that of no issue and no pull request."""

Home = tuple[str, str] | None
"""Host and repository that a number alone speaks of; None where nobody knows."""


@frozen(kw_only=True)
class Record:
    """A pull request or an issue as a task file has it."""

    task: Task
    place: Place
    name: str
    """As people write it: its URL, or `#12`."""
    repository: Home
    """Of a URL; None for a number alone."""
    number: int


Recorded = Callable[[Task], Record | None]
"""Tells what a task records."""


def record(task: Task, place: Place, text: str, kinds: frozenset[str]) -> Record | None:
    """Return what a value names: a URL of some kind, or a number; None where it names nothing that has a number."""
    text = text.strip().rstrip("/")
    if "/" in text:
        return _by_url(task, place, text, kinds)
    digits = text.removeprefix("#")
    number = _number(digits)
    if not number:
        return None
    return Record(task=task, place=place, name=f"#{digits}", repository=None, number=number)


def _number(text: str) -> int:
    """Return the number that a text is; 0 where it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if is_number else 0


def _by_url(task: Task, place: Place, url: str, kinds: frozenset[str]) -> Record | None:
    """Return what a URL names; None where it is of another kind, or ends in no number."""
    address = url.rpartition("://")[2]
    host, *path = address.split("#")[0].split("?")[0].split("/")
    kind, last = ["", "", *path][-2:]
    number = _number(last)
    if not number or kind in OTHERS - kinds:
        return None
    repository = "/".join(path[:-1]).removesuffix(f"/{kind}").removesuffix("/-")
    return Record(
        task=task,
        place=place,
        name=url,
        repository=(host.lower().removeprefix("www."), repository.casefold()),
        number=number,
    )


def shared(tasks: Tasks, recorded: Recorded, home: Home) -> Iterator[list[Record]]:
    """Yield the records of one pull request or issue that several tasks have, open tasks first; one of them is open.

    A number alone is that of the repository's own. Where nobody knows which that is, it is the one that all URLs name.

    Args:
        tasks: root's.
        recorded: tells what one records.
        home: the repository's own host and name.
    """
    found = [recorded(task) for task in tasks if not tasks.ambiguous(task.id)]
    records = [each for each in found if each is not None]
    home = (home[0], home[1].casefold()) if home is not None else _only_one(records)
    groups: dict[tuple[Home, int], list[Record]] = {}
    for each in records:
        groups.setdefault((each.repository or home, each.number), []).append(each)
    for sharing in sorted(groups.values(), key=name_of):
        sharing.sort(key=_open_first)
        if len(sharing) > 1 and not sharing[0].task.closed:
            yield sharing


def _only_one(records: Iterable[Record]) -> Home:
    """Return the only repository that URLs name; None where they name several, or there is none."""
    named = {each.repository for each in records if each.repository is not None}
    return named.pop() if len(named) == 1 else None


def name_of(sharing: list[Record]) -> str:
    """Return what a shared one is called: by its URL where one of the tasks has it."""
    names = sorted(each.name for each in sharing)
    urls = [name for name in names if "/" in name]
    return (urls or names)[0]


def _open_first(each: Record) -> bool:
    """Return a key that sorts open tasks before closed ones."""
    return each.task.closed


def evidence_of(each: Record) -> Evidence:
    """Return what a task that records it says."""
    return Evidence(place=each.place, saw=f"{each.task.id} is {each.task.status}")


def are_parts(sharing: list[Record], tasks: Tasks) -> bool:
    """Return whether tasks are parts of one, which may be among them."""
    whole = {_whole_of(each.task, tasks) for each in sharing}
    return len(whole) == 1


def _whole_of(task: Task, tasks: Tasks) -> str:
    """Return the id of the task that another one is a part of; its own where it is of none."""
    named = task.text("parent") or task.text("epic")
    if named is None:
        return task.id
    parent = tasks.resolve(named, task)
    return parent.id if parent is not None else named
