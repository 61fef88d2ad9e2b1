"""`run` and `finish` when they are killed, or refused by the system, at any of their own calls that write."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, environment, taskcheck
from tests.e2e.killing import Count, Ended, tree
from tests.e2e.test_run import PULL, REGISTER, entries, finish, fleet, run, status, tombstone, wrong
from tests.figures import REFUSED, Figure
from tests.samples import WHOLE, sampled

__all__ = ["fleet"]

CALLS = ("rename", "link", "unlink", "unlinkat", "fsync", "write", "ftruncate", "mkdir", "fchmod")
"""What a runner writes by."""

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace isn't installed"),
]


def traced(root: Path, *arguments: str, inject: str | None = None) -> "subprocess.CompletedProcess[str]":
    """A command with the calls of its own process, not of its children, traced, and one of them sabotaged."""
    trace = root.parent / "trace"
    options = [f"-einject={inject}"] if inject else []
    done = subprocess.run(
        ["strace", "-qq", "-o", str(trace), f"-etrace={','.join(f'?{call}' for call in CALLS)}", *options,
         sys.executable, "-m", "taskcheck", *arguments],
        cwd=root, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr and "ermitted" in done.stderr:
        pytest.skip("ptrace is denied here")
    return done


def points(root: Path, *arguments: str) -> list[tuple[str, int]]:
    """Every call that an undisturbed command writes by, and which one of its kind it is."""
    done = traced(root, *arguments)
    assert done.returncode == 0, done.stderr
    trace = (root.parent / "trace").read_text()
    made = {call: len(re.findall(rf"^{call}\(", trace, re.M)) for call in CALLS}
    return [(call, number) for call, count in made.items() for number in range(1, count + 1)]


_POINTS: list[tuple[str, int]] = []


def worker_points(fleet: Path) -> list[tuple[str, int]]:
    """Those of the run of WORKER, which are the same in each fleet."""
    if not _POINTS:
        shutil.copytree(fleet, fleet.parent / "first" / "store")
        _POINTS.extend(points(fleet.parent / "first" / "store", *WORKER))
    return _POINTS


def copies(root: Path, count: int) -> list[Path]:
    """Copies of a store, each in a folder of its own."""
    made = []
    for number in range(count):
        made.append(root.parent / str(number) / "store")
        shutil.copytree(root, made[-1], symlinks=True)
    return made


WORKER = ("run", "fix-login", "--", "sh", "-c", finish("completed_with_pr", "--pr-url", PULL))


SHARE = 30
"""Of how many calls one is tried."""


@pytest.mark.parametrize("part", range(2 if WHOLE else 1))
def test_a_run_killed_at_any_instant(part: int, fleet: Path, figure: Figure) -> None:
    """The next check says worker-gone, or that root doesn't know the end yet, or nothing; then it goes on."""
    where = worker_points(fleet)
    assert len(where) > 40
    seen = set()
    mine = sampled(where[part::2] if WHOLE else where, SHARE)
    count = Count()
    for root, (call, number) in zip(copies(fleet, len(mine)), mine, strict=True):
        done = traced(root, *WORKER, inject=f"{call}:signal=SIGKILL:when={number}")
        if done.returncode == 0 and call == "write":  # the worker's output came in fewer pieces
            continue
        assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, (call, number, done.stderr)
        count.tried(Ended(killed=True), tree(root))
        said = wrong(root)
        assert said in ({"worker-gone"}, {"dispatch-completed-unreconciled"}, set()), (call, number, said)
        seen |= said
        root_status = status(root / "tasks/fix-login.md")
        if not said:
            assert root_status == "ready" or (root_status == "in_review" and not entries(root)), (call, number)
        taskcheck("--fix", "fix-login", cwd=root)
        if status(root / "tasks/fix-login.md") != "in_review":
            again = run(root, "fix-login", sh=finish("completed_with_pr", "--pr-url", PULL))
            assert again.code == 0, (call, number, again.err)
        assert not wrong(root), (call, number)
        assert status(root / "tasks/fix-login.md") == "in_review"
        if said != {"dispatch-completed-unreconciled"}:  # else the manager may still need the entry
            assert entries(root) == {}
        assert not [path for path in root.rglob(".taskcheck*") if ".git" not in path.parts], (call, number)
        shutil.rmtree(root)
    assert seen
    count.tell(figure)


@pytest.mark.parametrize("error", ["ENOSPC", "EACCES"])
def test_a_run_refused_at_any_call(error: str, fleet: Path, figure: Figure) -> None:
    """Nothing is half-registered before the worker; after it, what couldn't be written is told, and repaired."""
    where = [point for point in worker_points(fleet) if point[0] != "unlink"]
    mine = sampled(where if error == "ENOSPC" else where[::3], 2 * SHARE if error == "ENOSPC" else SHARE)
    for root, (call, number) in zip(copies(fleet, len(mine)), mine, strict=True):
        done = traced(root, *WORKER, inject=f"{call}:error={error}:when={number}")
        assert "Traceback" not in done.stderr, (call, number, done.stderr)
        if "isn't dispatched" in done.stderr or "taskcheck: /" in done.stderr or done.returncode == 2:
            assert done.returncode in {2, 3}, (call, number, done.stderr)
            assert re.search("No space left|Permission denied", done.stderr), (call, number, done.stderr)
            assert status(root / "tasks/fix-login.md") == "ready"
            assert not (root / REGISTER).exists() or "fix-login" not in entries(root)
            assert not (root / "tasks/logs/dispatch-fix-login.status.json").exists()
            assert not wrong(root), (call, number)
        elif wrong(root):
            assert done.returncode == 3, (call, number, done.stderr)
            # At the gate, a pipe, of which no real system says so, the worker is gone without a word.
            assert wrong(root) in ({"dispatch-completed-unreconciled"}, {"worker-gone"}), (call, number)
        taskcheck("--fix", "fix-login", cwd=root)
        if status(root / "tasks/fix-login.md") != "in_review":
            again = run(root, "fix-login", sh=finish("completed_with_pr", "--pr-url", PULL))
            assert again.code == 0, (call, number, again.err)
        assert not wrong(root), (call, number)
        shutil.rmtree(root)
    figure(REFUSED, len(mine))


def test_a_register_that_is_read_only(fleet: Path) -> None:
    """Before the worker: nothing begins. After it: the end is recorded, and what is left says so."""
    (fleet / REGISTER).parent.mkdir(parents=True)
    (fleet / REGISTER).symlink_to(fleet / "taskcheck.toml")
    ran = run(fleet, "fix-login", sh="touch ../../ran")
    assert ran.code != 0
    assert "symbolic link" in ran.err
    assert not (fleet / "ran").exists()
    assert status(fleet / "tasks/fix-login.md") == "ready"
    (fleet / REGISTER).unlink()

    ran = run(fleet, "fix-login", sh=f"echo {{ > ../../{REGISTER};" + finish("blocked", "--reason", "x"))
    assert ran.code == 3, ran.err
    assert (tombstone(fleet)["outcome"], status(fleet / "tasks/fix-login.md")) == ("blocked", "blocked")
    assert f"{REGISTER}:2: the file ends too early" in ran.err
    assert "see: taskcheck fix-login" in ran.err


def test_finish_killed_at_any_instant(fleet: Path, figure: Figure) -> None:
    """Its worktree says the outcome first; whatever is left, saying it again mends."""
    say = ("finish", "fix-login", "--outcome", "completed_with_pr", "--pr-url", PULL)

    def begun(root: Path) -> Path:
        subprocess.run(["git", "worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login"],
                       cwd=root, env=environment(), check=True)  # fmt: skip
        (root / REGISTER).parent.mkdir(parents=True)
        row = {
            "fix-login": {"worktree_path": ".worktrees/fix-login", "pid": 2**30, "launched_at": "2026-03-24T12:00:00Z"}
        }
        (root / REGISTER).write_text(json.dumps({"owner": "dave-fowler", "entries": row}))
        return root

    shutil.copytree(fleet, fleet.parent / "first" / "store")
    where = points(begun(fleet.parent / "first" / "store"), *say)
    assert len(where) > 20
    mine = sampled(where, SHARE)
    count = Count()
    for root, (call, number) in zip(copies(fleet, len(mine)), mine, strict=True):
        done = traced(begun(root), *say, inject=f"{call}:signal=SIGKILL:when={number}")
        assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
        count.tried(Ended(killed=True), tree(root))
        said = wrong(root)
        assert said in ({"worker-gone"}, {"dispatch-completed-unreconciled"}, set()), (call, number, said)
        assert taskcheck(*say, cwd=root).code == 0, (call, number)
        assert not wrong(root), (call, number)
        assert (status(root / "tasks/fix-login.md"), entries(root)) == ("in_review", {})
        shutil.rmtree(root)
    count.tell(figure)
