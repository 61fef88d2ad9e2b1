"""In what the entries of one task in several registers of one person differ, so that only one of them can stay."""

from collections.abc import Mapping, Sequence

from taskcheck import Entry, Processes, Register, Settings
from taskcheck_rules.traces import number_of

APART = frozenset({"slug", "task", "task_path", "worktree_path", "branch", "pid", "host", "pr_url", "pr_number"})
"""Keys of an entry that tell which run it is of, or that are compared by what they mean."""


def differing(registers: Sequence[Register], settings: Settings, processes: Processes | None) -> dict[str, str]:
    """Return the tasks of which two entries differ, each with what the first such two differ in."""
    first: dict[str, tuple[Entry, Mapping[str, object]]] = {}
    found: dict[str, str] = {}
    for register in registers:
        for entry in register.entries:
            said = _meant(entry, settings, processes) | _under_other_keys(entry, register)
            known, said_first = first.setdefault(entry.task, (entry, said))
            are_of_one_run = (known.pid, known.host) == (entry.pid, entry.host)
            what = _difference(said_first, said, complete_each_other=are_of_one_run)
            if what is not None:
                found.setdefault(entry.task, what)
    return found


def _difference(one: Mapping[str, object], other: Mapping[str, object], *, complete_each_other: bool) -> str | None:
    """Return the first thing of which two entries say something else, or that would be lost with one of them."""
    kept_of_both = one.keys() ^ other.keys() if complete_each_other else set()
    for what in {**one, **other}:
        if one.get(what) != other.get(what) and what not in kept_of_both:
            return what
    return None


def _meant(entry: Entry, settings: Settings, processes: Processes | None) -> dict[str, object]:
    """Return what an entry says of its run, each by the word for it."""
    said: dict[str, object] = {
        "worktree": entry.worktree_path,
        "branch": entry.branch,
        "process": _may_live(entry, settings, processes),
        "host": _host(entry, processes),
    }
    if entry.pull_request is not None:
        said["pull request"] = number_of(entry.pull_request)
    return said


def _under_other_keys(entry: Entry, register: Register) -> dict[str, object]:
    """Return what an entry says beside that; not its times, of which the later ones stay."""
    document = register.ledger.document
    row = document.get(entry.place.route) if document else None
    if not isinstance(row, Mapping):
        return {}
    return {key: value for key, value in row.items() if key not in APART and not key.endswith("_at")}


def _host(entry: Entry, processes: Processes | None) -> str:
    """Return the host that an entry names; empty for the one that is looked at."""
    is_this = processes is not None and processes.is_host(entry.host)
    return "" if is_this else (entry.host or "").casefold()


def _may_live(entry: Entry, settings: Settings, processes: Processes | None) -> tuple[int, str] | None:
    """Return the process of an entry and its host, unless it is known not to live."""
    if entry.pid is None:
        return None
    process = (entry.pid, _host(entry, processes))
    if processes is None:
        return process
    lives = processes.lives(entry.pid, entry.host, entry.launched, settings.limits.clock_skew)
    return None if lives is False else process
