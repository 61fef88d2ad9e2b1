"""The folder of records as somebody hostile could have made it: nothing outside of the store is touched."""

import base64
import copy
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskcheck.write.commit import Aborted, recover, undo
from taskcheck.write.disk import Obstacle
from taskcheck.write.folder import OwnFolder
from taskcheck.write.journal import Journal, JournalError, Journals, Meta, Written
from taskcheck.write.locks import Held
from tests.figures import SLOWEST, Figure

MUTATIONS = int(os.environ.get("TASKCHECK_MUTATIONS", "300"))
"""Journals that are changed at random; the nightly run tries ten thousand."""

REFUSED = (JournalError, Obstacle, OSError, Aborted, Held)

OLD, NEW = b"old\n", b"new\n"


class Grounds:
    """A store, its folder of records, and beside them what must never be touched."""

    def __init__(self, folder: Path) -> None:
        self.root, self.git, self.outside = folder / "root", folder / "git", folder / "outside"
        (self.root / "tasks").mkdir(parents=True)
        (self.root / "tasks" / "a.md").write_bytes(OLD)
        self.outside.mkdir()
        for name in ("victim.0", "victim.json", "notes.new", "a.md"):
            (self.outside / name).write_text("keep")
        self.own = self.git / "taskcheck" / "store"
        (self.own / "undo").mkdir(parents=True)
        self.journals = Journals(self.root, OwnFolder(self.git, "taskcheck/store"))
        self.before = self.inventory()

    def inventory(self) -> dict[str, tuple[bytes, int]]:
        return {
            path.name: (path.read_bytes(), path.stat().st_mode) for path in self.outside.rglob("*") if path.is_file()
        }

    def tried(self) -> None:
        """Do all that reads the records; whatever they hold, it ends, and what is outside is as it was."""
        for attempt in (
            self._unfinished,
            self._recovered,
            *map(self._undone, ("1-aa", "2-bb", "../../outside/victim")),
        ):
            try:
                attempt()
            except REFUSED:
                continue
            finally:
                assert self.inventory() == self.before

    def _unfinished(self) -> None:
        self.journals.unfinished()

    def _recovered(self) -> None:
        with self.journals.opened(0):
            self.journals.decided()
            recover(self.journals)

    def _undone(self, name: str) -> Callable[[], None]:
        def attempt() -> None:
            with self.journals.opened(0):
                undo(self.journals, name)

        return attempt


def journal(name: str = "1-aa", path: str = "tasks/a.md", **values: Any) -> dict[str, Any]:
    meta = Meta(mode=0o644, uid=os.getuid(), gid=os.getgid(), mtime_ns=1)
    written = Written(path=path, before=OLD, after=NEW, meta=meta)
    made = json.loads(Journal(id=name, at="2026-01-01T00:00:00Z", files=(written,)).dump())
    return {**made, **values}


@pytest.mark.parametrize("where", ["pending.json", "committed.json", "undo/1-aa.json"])
@pytest.mark.parametrize(
    "values",
    [
        {"id": "x/../../../outside/victim"},
        {"id": "/etc/passwd"},
        {"id": ".."},
        {"id": "a" * 5000},
        {"id": 7},
        {"undoes": "../../../../outside/victim"},
        {"undoes": ["1-aa"]},
        {"files": [{"path": "../outside/victim.0", "before": None, "after": "", "meta": None, "wanted": None}]},
        {"files": [{"path": "/outside/victim.0", "before": None, "after": "", "meta": None, "wanted": None}]},
        {"files": [{"path": "tasks/../../outside/a.md", "before": None, "after": "", "meta": None, "wanted": None}]},
        {"files": [{"path": 5, "before": None, "after": "", "meta": None, "wanted": None}]},
        {"files": {"path": "tasks/a.md"}},
        {"files": None},
        {"fixes": ["x"]},
        {"at": 5},
    ],
    ids=lambda values: (
        f"{next(iter(values))}-{str(next(iter(values.values())))[:24]}" if isinstance(values, dict) else ""
    ),
)
def test_what_a_journal_says_leads_nowhere_else(where: str, values: dict[str, Any], tmp_path: Path) -> None:
    grounds = Grounds(tmp_path)
    (grounds.own / where).write_text(json.dumps(journal(**values)))
    grounds.tried()


def linked(grounds: Grounds) -> None:
    shutil.rmtree(grounds.own)
    grounds.own.symlink_to(grounds.outside)


def linked_above(grounds: Grounds) -> None:
    (grounds.outside / "store").mkdir()
    shutil.rmtree(grounds.own.parent)
    grounds.own.parent.symlink_to(grounds.outside)


def undo_linked(grounds: Grounds) -> None:
    shutil.rmtree(grounds.own / "undo")
    (grounds.own / "undo").symlink_to(grounds.outside)


def record_linked(grounds: Grounds) -> None:
    (grounds.own / "undo" / "1-aa.json").unlink(missing_ok=True)
    (grounds.own / "undo" / "1-aa.json").symlink_to(grounds.outside / "victim.json")


def lock_linked(grounds: Grounds) -> None:
    (grounds.own / "lock").symlink_to(grounds.outside / "made")


def lock_is_a_fifo(grounds: Grounds) -> None:
    os.mkfifo(grounds.own / "lock")


def journal_is_a_fifo(grounds: Grounds) -> None:
    for name in ("pending.json", "committed.json", "undo/1-aa.json"):
        (grounds.own / name).unlink(missing_ok=True)
        os.mkfifo(grounds.own / name)


def journal_is_a_folder(grounds: Grounds) -> None:
    for name in ("pending.json", "committed.json", "undo/1-aa.json"):
        (grounds.own / name).unlink(missing_ok=True)
        (grounds.own / name).mkdir()


def a_folder_is_a_file(grounds: Grounds) -> None:
    shutil.rmtree(grounds.own / "undo")
    (grounds.own / "undo").write_text("")


def a_sparse_giant(grounds: Grounds) -> None:
    for name in ("pending.json", "committed.json", "undo/1-aa.json"):
        with (grounds.own / name).open("wb") as file:
            file.truncate(1 << 40)


def brackets(grounds: Grounds) -> None:
    for name in ("pending.json", "committed.json", "undo/1-aa.json"):
        (grounds.own / name).write_text("[" * 200_000)


def tasks_are_elsewhere(grounds: Grounds) -> None:
    (grounds.own / "committed.json").write_text(json.dumps(journal()))
    (grounds.root / "tasks" / "a.md").unlink()
    (grounds.root / "tasks").rmdir()
    (grounds.root / "tasks").symlink_to(grounds.outside)


MADE = [
    linked, linked_above, undo_linked, record_linked, lock_linked, lock_is_a_fifo, journal_is_a_fifo,
    journal_is_a_folder, a_folder_is_a_file, a_sparse_giant, brackets, tasks_are_elsewhere,
]  # fmt: skip
"""What can be in the place of records."""


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_no_link_is_followed_and_nothing_is_waited_for(made: Callable[[Grounds], None], tmp_path: Path) -> None:
    grounds = Grounds(tmp_path)
    made(grounds)
    grounds.tried()
    assert (grounds.outside / "victim.0").read_text() == "keep"
    assert not (grounds.outside / "made").exists()


def test_a_journal_gives_nobody_special_rights(tmp_path: Path) -> None:
    grounds = Grounds(tmp_path)
    values = journal()
    values["files"][0]["meta"]["mode"] = 0o6755
    (grounds.root / "tasks" / "a.md").write_bytes(NEW)
    (grounds.own / "undo" / "1-aa.json").write_text(json.dumps(values))
    with grounds.journals.opened(0):
        undo(grounds.journals, "1-aa")
    assert (grounds.root / "tasks" / "a.md").read_bytes() == OLD
    assert (grounds.root / "tasks" / "a.md").stat().st_mode & 0o7777 == 0o755


def test_a_record_is_the_one_that_its_name_says(tmp_path: Path) -> None:
    grounds = Grounds(tmp_path)
    (grounds.own / "undo" / "2-bb.json").write_text(json.dumps(journal("1-aa")))
    with pytest.raises(JournalError, match="it is of the fix 1-aa, and is filed as 2-bb"):
        grounds.journals.load("undo/2-bb.json")


def mutated(chance: random.Random) -> bytes:
    """A journal with a value replaced by something that a reader may not expect, or bytes that are none."""
    values = journal(chance.choice(["1-aa", "2-bb", "9" * 12]))
    for _ in range(chance.randint(1, 3)):
        holder: Any = values
        while isinstance(holder, dict | list) and holder:
            key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if chance.random() < 0.5 or not isinstance(holder[key], dict | list):
                holder[key] = copy.deepcopy(chance.choice(NASTY))
                break
            holder = holder[key]
    data = json.dumps(values).encode()
    match chance.randint(0, 5):
        case 0:
            return data[: chance.randint(0, len(data))]
        case 1:
            at = chance.randrange(len(data))
            return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case _:
            return data


NASTY = (
    None, True, -1, 1 << 70, 0.5, "", "..", "../outside/victim.0", "../../../outside/victim",
    "tasks/../../outside/a.md", "/dev/stdin", "tasks\x00/a.md", "a" * 300, "\udcff", [], {}, [[]],
    {"mode": 4095}, base64.b64encode(b"x").decode(),
)  # fmt: skip


def test_no_mutation_of_a_journal_leaves_the_store(tmp_path: Path, figure: Figure) -> None:
    """Nor does any keep a check or a repair busy."""
    slowest = 0.0
    for seed in range(MUTATIONS):
        chance = random.Random(seed)
        grounds = Grounds(tmp_path / str(seed))
        for name in chance.sample(["pending.json", "committed.json", "undo/1-aa.json", "undo/2-bb.json"], 2):
            (grounds.own / name).write_bytes(mutated(chance))
        if chance.random() < 0.2:
            chance.choice(MADE)(grounds)
        begun = time.process_time()
        grounds.tried()
        slowest = max(slowest, time.process_time() - begun)
    figure("mutated journals and folders of records", MUTATIONS)
    figure(f"{SLOWEST}mutated journals and folders of records", slowest)
    assert slowest < 5
