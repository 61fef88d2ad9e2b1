"""`--fix`, `undo`, `run`, `finish` and what managers write by, killed and refused at each call that changes a file.

Nothing is torn: every file is one of those that an undisturbed command knows. Nothing is lost: who does the same again
has what would have come of it undisturbed. `tests/e2e/test_fix_faults.py` and `test_run_faults.py` do it to commands as
they are started, by strace and at some of the points.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskcheck import ledgers
from taskcheck.fix import repair
from taskcheck.fix.transaction import open_journals
from taskcheck.model.finding import Safety
from taskcheck.store import Request, open_store
from taskcheck.testing import build
from tests.conftest import request_for, where_for
from tests.e2e.conftest import git, taskcheck
from tests.e2e.killing import ERRORS, Count, attempt, command, in_memory, ledgers_of, restore, tree, unfinished
from tests.e2e.test_run import PULL, REGISTER, entries, finish, fleet, status, task, wrong
from tests.figures import Figure
from tests.samples import WHOLE, sampled
from tests.test_rules import SHOWN, case_id

__all__ = ["fleet"]


@pytest.fixture
def memory() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


class Repaired:
    """A fixture of a rule as a store, and what repairs it and takes that back."""

    def __init__(self, case: Path, folder: Path) -> None:
        self.built = build(case, folder / "store")
        self.root = self.built.root
        self.request: Request = request_for(self.built)
        safety = Safety.SAFE if (case / "after").exists() else Safety.UNSAFE
        self.order = repair.Order(safety=safety)
        self.start = tree(self.root)
        assert attempt(self.fix).raised == ""
        self.fixed = tree(self.root)

    def fix(self) -> None:
        report, _ = repair.fix(open_store(where_for(self.built)), self.request, self.order)
        assert report.complete, report.errors

    def undo(self) -> None:
        repair.take_back(open_store(where_for(self.built)))

    def recover(self) -> None:
        """What both begin with."""
        with open_journals(open_store(where_for(self.built))):
            pass


@pytest.mark.parametrize("case", sampled(sorted(SHOWN), 40), ids=case_id)
def test_fixes_and_undoings(case: Path, memory: Path, figure: Figure) -> None:
    """All stores of which a rule shows what its fix leaves: old or new, file by file, and then as a whole."""
    store, count = Repaired(case, memory), Count()
    for act, before, after in ((store.fix, store.start, store.fixed), (store.undo, store.fixed, store.start)):
        restore(store.root, before)
        calls = attempt(act).calls
        old, new = ledgers_of(before), ledgers_of(after)
        assert ledgers_of(tree(store.root)) == new
        for at, error in tries(calls):
            restore(store.root, before)
            ended = attempt(act, at, error)
            left = tree(store.root)
            count.tried(ended, left)
            assert ended.killed == (error is None)
            torn = {name for name, data in ledgers_of(left).items() if data not in (old.get(name), new.get(name))}
            assert torn <= set(unfinished(left)), at
            if error is not None:
                assert ended.raised in {"", "AssertionError", "UsageError"}, (at, ended)
                assert ledgers_of(left) in (old, new), at
            store.recover()
            now = tree(store.root)
            assert ledgers_of(now) in (old, new), (at, error)
            assert unfinished(now) == [], (at, error)
            if act == store.undo or at % 10 == 1:  # to look at the whole store again takes longest
                act()
                assert ledgers_of(tree(store.root)) == new, (at, error)
    count.tell(figure)


OTHER_ROW = {"worktree_path": ".worktrees/write-docs", "launched_at": "2026-03-24T12:00:00Z", "note": "not ours"}


class Managed:
    """A store of a manager in Python, who writes its register and its heartbeat."""

    def __init__(self, root: Path, *, locks: bool, begun: bool) -> None:
        self.root, self.register = root, root / REGISTER
        self.snapshot = self.register.with_name("task-manager-dave-fowler.snapshot.json")
        if locks:
            with (root / "taskcheck.toml").open("a") as file:
                file.write('[locks]\nregisters = ".tasks/task_manager/task-manager-{owner}.lock"\n')
        if begun:
            self.register.parent.mkdir(parents=True)
            rows = {"done": {"slug": "done"}, "write-docs": OTHER_ROW}
            self.register.write_text(json.dumps({"owner": "dave-fowler", "entries": rows, "more": [1]}, indent=4))
            self.snapshot.write_text('{"owner": "dave-fowler", "generated_at": "2026-03-24T12:00:00Z"}\n')
        self.begun = begun

    def registers(self) -> None:
        with ledgers.register("Dave", root=self.root) as rows:
            rows["fix-login"] = {"worktree_path": ".worktrees/fix-login"}
            rows.pop("done", None)

    def says_it_lives(self) -> None:
        ledgers.write_snapshot(
            "dave", signals=[ledgers.Signal(task="fix-login", kind="pickup_overdue")], root=self.root
        )

    def assert_new(self, file: Path) -> None:
        """A file is what this wrote, whole, with all that others had in it."""
        told = json.loads(file.read_bytes())
        if file == self.snapshot:
            assert (told["owner"], "fix-login" in told["tasks"], told["counts"]["attention"]) == (
                "dave-fowler",
                True,
                1,
            )
            return
        others = {"write-docs": OTHER_ROW} if self.begun else {}
        assert told["entries"].pop("fix-login")["worktree_path"] == ".worktrees/fix-login"
        assert (told["entries"], told.get("more")) == (others, [1] if self.begun else None)


@pytest.mark.parametrize("locks", [False, True] if WHOLE else [True])
@pytest.mark.parametrize("begun", [False, True] if WHOLE else [True])
def test_what_managers_write(begun: bool, locks: bool, fleet: Path, figure: Figure) -> None:
    """Register and heartbeat are the old ones or the new ones, and what others wrote in the register stays."""
    store, count = Managed(fleet, locks=locks, begun=begun), Count()
    start = tree(fleet)
    for act, file in ((store.registers, store.register), (store.says_it_lives, store.snapshot)):
        attempt(act)  # which makes the folders
        restore(fleet, start)
        other = ({store.register, store.snapshot} - {file}).pop()
        before, beside = read(file), read(other)
        calls = attempt(act).calls
        for at, error in tries(calls):
            restore(fleet, start)
            ended = attempt(act, at, error)
            left = tree(fleet)
            count.tried(ended, left)
            assert ended.killed == (error is None)
            if error is not None:
                assert ended.raised in {"", "OSError", "PermissionError"}, ended
                assert unfinished(left) == [], at
            if read(file) != before:
                store.assert_new(file)
            act()
            store.assert_new(file)
            assert (unfinished(tree(fleet)), read(other)) == ([], beside), at
    count.tell(figure)


def read(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def tries(calls: int, share: int = 24) -> list[tuple[int, int | None]]:
    """The points at which something is killed, and, with an error, those at which it is refused: each fourth."""
    points = range(1, calls + 1)
    kills: list[tuple[int, int | None]] = [(at, None) for at in sampled(points, share)]
    return kills + [(at, ERRORS[at % len(ERRORS)]) for at in sampled(points[::4], share)]


class Dispatched:
    """A fleet in which a task is run, or a run of it is ended by hand; each time a copy."""

    def __init__(self, fleet: Path, name: str) -> None:
        self.fleet, self.name = fleet, name
        self.root = fleet.parent / "one" / "store"
        self.file = f"tasks/{name}.md"
        self.finish = ("finish", name, "--outcome", "completed_with_pr", "--pr-url", PULL)
        self.run = ("run", name, "--", "sh", "-c", finish("completed_with_pr", "--pr-url", PULL, name=name))

    def ready(self) -> None:
        """Begin anew."""
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.fleet, self.root, symlinks=True)

    def begun(self) -> None:
        """Begin anew, with a worktree and a row of a worker that is gone."""
        self.ready()
        git("worktree", "add", "-q", "-b", f"task/{self.name}", f".worktrees/{self.name}", cwd=self.root)
        (self.root / REGISTER).parent.mkdir(parents=True)
        row = {"worktree_path": f".worktrees/{self.name}", "pid": 2**30, "launched_at": "2026-03-24T12:00:00Z"}
        rows = {self.name: row, "under-way": OTHER_ROW}
        (self.root / REGISTER).write_text(json.dumps({"owner": "dave-fowler", "entries": rows}))

    def assert_whole(self, others: set[str]) -> None:
        """Every ledger can be read, each task file is one that an undisturbed run knows, other rows are there."""
        for path in self.root.glob("**/*.json"):
            if ".git" not in path.parts:
                json.loads(path.read_bytes())
        known = {
            task(status="ready"),
            task(status="in_progress"),
            task(status="in_review", pr_url=PULL, pr_number="12"),
        }
        assert (self.root / self.file).read_text() in known
        if (self.root / REGISTER).exists():
            assert entries(self.root).keys() - {self.name} == others

    def assert_told(self) -> None:
        """What a check says is true, or all is as before or at its end."""
        said = wrong(self.root, self.name)
        assert said in ({"worker-gone"}, {"dispatch-completed-unreconciled"}, set()), said
        if not said:
            assert status(self.root / self.file) in {"ready", "in_review"}

    def assert_ended(self, others: set[str]) -> None:
        """All ledgers tell of the same end, and nothing else is left."""
        assert not wrong(self.root, self.name)
        assert status(self.root / self.file) == "in_review"
        assert entries(self.root).keys() == others
        assert unfinished(tree(self.root)) == []


@pytest.mark.skipif(not WHOLE, reason="only nightly: test_run_faults.py kills some runs each time")
def test_runs(fleet: Path, figure: Figure) -> None:
    """What is left is told, a repair and another run see it to its end, and nobody else's row is touched."""
    name = "write-docs"
    one, count = Dispatched(fleet, name), Count()
    one.ready()
    for at, error in tries(attempt(command(one.root, *one.run)).calls):
        one.ready()
        ended = attempt(command(one.root, *one.run), at, error)
        if error is None and not ended.killed:  # the worker's output came in fewer pieces
            continue
        assert "Traceback" not in ended.printed, (at, error, ended.printed)
        count.tried(ended, tree(one.root))
        one.assert_whole(set())
        one.assert_told()
        taskcheck("--fix", name, cwd=one.root)
        if status(one.root / one.file) != "in_review":
            again = taskcheck(*one.run, cwd=one.root)
            assert again.code == 0, (at, error, again.err)
        if entries(one.root):  # what says its end may still need the row: its manager, or who ends it by hand
            assert taskcheck(*one.finish, cwd=one.root).code == 0
        one.assert_ended(set())
    count.tell(figure)


@pytest.mark.parametrize("name", ["fix-login", "write-docs"] if WHOLE else ["write-docs"])
def test_ends_by_hand(name: str, fleet: Path, figure: Figure) -> None:
    """Saying it again mends whatever is left."""
    one, count = Dispatched(fleet, name), Count()
    one.begun()
    for at, error in tries(attempt(command(one.root, *one.finish)).calls, 100):
        one.begun()
        ended = attempt(command(one.root, *one.finish), at, error)
        assert ended.killed == (error is None)
        assert "Traceback" not in ended.printed, (at, error, ended.printed)
        count.tried(ended, tree(one.root))
        one.assert_whole({"under-way"})
        again = taskcheck(*one.finish, cwd=one.root)
        assert again.code == 0, (at, error, again.err)
        one.assert_ended({"under-way"})
    count.tell(figure)
