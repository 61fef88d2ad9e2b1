"""What a repair may write, told by the world itself: by who owns a worktree, who lives, what landed.

The rules are not asked, and nothing of the checker is used here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.simulator.run import STATUS
from tests.simulator.world import HOST, World, body, front, log, moment, tombstone

Files = Mapping[str, bytes | None]
"""Files that a repair writes, by path; None for one that it removes."""

IDLE = timedelta(hours=4)
"""How long nothing has moved until nobody is thought to be at it."""

OPEN = re.compile(r"tasks/(?!logs/|team/)(?:.*/)?(?P<task>[^/]+)\.md")
ROWS = re.compile(r"\.tasks/task_manager/task-manager-.*\.register\.json")


def wrongs(world: World, written: Files) -> list[str]:
    """What a safe repair wrote that isn't true, in words."""
    said = []
    for path, data in written.items():
        if match := OPEN.fullmatch(path):
            said += [f"{path}: {wrong}" for wrong in _of_task(world, match["task"], world.root.files[path], data)]
    return [*said, *_of_rows(world, written)]


def _of_task(world: World, task: str, before: bytes, after: bytes | None) -> Iterator[str]:
    """What is wrong with a task file that was written."""
    if after is None:
        yield "a task file was removed"
        return
    old, new = front(before), front(after)
    if body(before) != body(after):
        yield "its text was changed"
    yield from (f"{key} was taken out" for key in old.keys() - new.keys())
    own = [front(tree) for tree in _own_copies(world, task)]
    for key in new:
        value = new[key]
        if value == old.get(key):
            continue
        if key == "owner":
            if not _spells(world, old.get(key, ""), value.strip("'")):
                yield f"owner {old.get(key)} became {value}"
        elif key == "status":
            if value not in _statuses(world, task, own):
                yield f"status {old.get(key)} became {value}, which only others say"
        elif all(copy.get(key) != value for copy in own) and value not in _recorded(world, task):
            yield f"{key} became {value}, which nothing of its own says"


def _spells(world: World, written: str, key: str) -> bool:
    """Whether an owner as it was written is another spelling of a person or a role."""
    if key not in {*world.people, *world.roles}:
        return False
    plain = re.sub(r"[-_@' ]", "", written.casefold())
    return plain in {re.sub(r"[-_@' ]", "", name.casefold()) for name in (key, *world.people.get(key, ()))}


def _statuses(world: World, task: str, own: Iterable[Mapping[str, str]]) -> set[str | None]:
    """The statuses that a task may have by the word of its own worktrees, of its run's end, of a merge."""
    allowed = {copy.get("status") for copy in own}
    stone = _stone(world, task)
    if stone.get("state") == "ended":
        allowed.add(STATUS.get(stone.get("outcome", "")))
    allowed.discard("completed")
    if _landed(world, task) and not _lives(world, task):
        allowed.add("completed")
    return allowed


def _landed(world: World, task: str) -> bool:
    """Whether the work of a task is on trunk, and its branch doesn't say that any of it is left."""
    number = front(world.root.files[world.root.task(task)]).get("pr_number") or _stone(world, task).get("pr_number")
    if number and world.pulls.get(int(number)) == "merged":
        return True
    return any(world.landed.get(name) == world.branches.get(name) for name in _own_branches(world, task))


def _own_branches(world: World, task: str) -> set[str]:
    """The branches that are a task's by its name or by a record."""
    named = {record.get("branch") for record in _records(world, task)}
    return {f"task/{task}", *filter(None, named)} & world.branches.keys()


def _own_copies(world: World, task: str) -> Iterator[bytes]:
    """The task's file in each worktree that is its own by its path, by its branch or by a record."""
    paths = {f".worktrees/{task}", *(record.get("worktree_path") for record in _records(world, task))}
    branches = _own_branches(world, task)
    for path, tree in world.worktrees.items():
        if (path in paths or tree.branch in branches) and tree.has(task):
            yield tree.files[tree.task(task)]


def _recorded(world: World, task: str) -> set[str]:
    """What the ledgers of a task's run say, each value as front matter has it."""
    return {str(value) for record in _records(world, task) for value in record.values()}


def _lives(world: World, task: str) -> bool:
    """Whether a process of this host is recorded for a task, and runs."""
    return any(record.get("pid") in world.processes and _is_here(record) for record in _records(world, task))


def _of_rows(world: World, written: Files) -> Iterator[str]:
    """Entries that a repair took out of the registers and that weren't known to be over."""
    left = {(task, row.get("pid")) for task, row in _rows(world, written)}
    for task, row in _rows(world, {}):
        pid = row.get("pid")
        if (task, pid) in left:
            continue
        reserved = not row.keys() & {"pid", "host", "launched_at", "heartbeat_at"}
        if pid in world.processes and _is_here(row):
            yield f"the entry of {task} was removed, and its process {pid} lives"
        elif not reserved and not _is_over(world, task, row) and world.now - _sign(world, task, row) < IDLE:
            yield f"the entry of {task} was removed, and nobody knows that its worker is gone"


def _is_here(record: Mapping[str, Any]) -> bool:
    return str(record.get("host", HOST)).casefold().removesuffix(".local") == HOST


def _is_over(world: World, task: str, row: Mapping[str, Any]) -> bool:
    """Whether an entry's process is gone from this host, or its end is written down."""
    if row.get("pid") and row.get("host", HOST).casefold() == HOST:
        return True
    stone = _stone(world, task)
    if stone.get("state") == "ended":
        return True
    return world.root.files.get(log(task), b"").rstrip().rpartition(b"\n")[2].startswith(b"dispatch_exit_code=")


def _sign(world: World, task: str, row: Mapping[str, Any]) -> datetime:
    """The newest time at which anything of a task is known to have moved."""
    fields = {**row, **_stone(world, task)}
    times = [moment(str(value)) for key, value in fields.items() if key.endswith("_at")]
    for tree in world.worktrees.values():
        if tree.path in {f".worktrees/{task}", row.get("worktree_path")}:
            times.append(world.history.commits[tree.head].at)
    if log(task) in world.root.files:
        times.append(world.root.mtimes[log(task)])
    return max((time for time in times if time <= world.now), default=world.now - 2 * IDLE)


def _records(world: World, task: str) -> list[dict[str, Any]]:
    """What ledgers record of a task's run: its tombstone, then the entries of all registers."""
    return [_stone(world, task), *(row for _, row in _rows(world, {}, task))]


def _rows(world: World, written: Files, task: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entries of all registers that can be read, each with the task that it is about."""
    after = {**world.root.files, **written}
    for path, data in after.items():
        if data is None or not ROWS.fullmatch(path):
            continue
        try:
            entries = json.loads(data)["entries"]
        except (ValueError, KeyError, TypeError):
            continue
        for name, row in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(row, dict):
                continue
            about = OPEN.fullmatch(str(row.get("task_path", "")))
            named = about["task"] if about else name
            if task in {None, named}:
                yield named, row


def _stone(world: World, task: str) -> dict[str, Any]:
    """The tombstone of a task; empty where it has none that can be read."""
    try:
        found = json.loads(world.root.files.get(tombstone(task), b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
