"""What taskcheck 0.1.0 wrote is read, finished and undone by this one: of_0_1_0/README.md tells how it was made."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from taskcheck import ledgers
from taskcheck.checks import check_request
from taskcheck.testing import build
from tests.conftest import FIXTURES, request_for, where_for
from tests.e2e.conftest import git, taskcheck
from tests.samples import sampled

HERE = Path(__file__).parent / "of_0_1_0"
WORKTREES = ("by-hand", "fix-login", "lost", "tidy-up", "unsettled", "write-docs")
AFTER = {
    "dispatched": (), "fixed": ("dispatched",), "fix": ("dispatched",), "undo": ("dispatched", "fixed"),
    "run": ("dispatched", "fixed"),
}  # fmt: skip
"""The stages that a stage comes after; of its name, what is killed."""
MOMENT = datetime.fromisoformat(
    json.loads((HERE / "dispatched/tasks/logs/dispatch-lost.status.json").read_text())["started_at"]
)
NOTHING = ("--fix", "--select", "dependency-cycle")
"""A repair that has nothing to repair but what was interrupted."""


def after(hours: float) -> str:
    """The time so long after the last run began."""
    return (MOMENT + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def built(folder: Path, stage: str) -> Path:
    """A repository as 0.1.0 left it."""
    root = folder / stage
    lay("base", root)
    git("init", "-q", "-b", "main", cwd=root)
    (root / ".git/info/exclude").write_text(".tasks/\n.worktrees/\ntasks/logs/\n")
    git("add", "-A", cwd=root)
    day = f"{MOMENT.timestamp() - 86400:.0f} +0000"
    git("commit", "-qm", "start", cwd=root, GIT_AUTHOR_DATE=day, GIT_COMMITTER_DATE=day)
    for task in (*WORKTREES, *(["next"] if stage.startswith("run") else [])):
        git("worktree", "add", "-q", "-b", f"task/{task}", f".worktrees/{task}", cwd=root)
    for layer in (*AFTER[stage.partition("-")[0]], stage):
        lay(layer, root)
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, (MOMENT.timestamp(), MOMENT.timestamp()))
    return root


def lay(layer: str, root: Path) -> None:
    """Lay the files of a stage over those that are there; records lie in git's own folder."""
    for path in sorted((HERE / layer).rglob("*")):
        name = path.relative_to(HERE / layer).as_posix()
        if not path.is_file() or name == "gone.txt":
            continue
        there = root / (f".git/taskcheck/store{name.removeprefix('records')}" if name.startswith("records/") else name)
        there.parent.mkdir(parents=True, exist_ok=True)
        owned = path.read_bytes().replace(b'"uid": 0, "gid": 0', b'"uid": %d, "gid": %d' % (os.getuid(), os.getgid()))
        there.write_bytes(owned.replace(b"{root}", bytes(root)))
    if (HERE / layer / "gone.txt").exists():
        for name in (HERE / layer / "gone.txt").read_text().splitlines():
            gone = root / name.replace("records/", ".git/taskcheck/store/")
            gone.unlink()


def files(root: Path) -> dict[str, bytes]:
    """All files but git's own and our records, by path; what is left of an interrupted fix would be among them."""
    paths = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {
        path.relative_to(root).as_posix(): path.read_bytes().replace(bytes(root), b"{root}")
        for path in paths
        if path.suffix != ".lock"
    }


def records(root: Path) -> set[str]:
    """Our records of what isn't done yet, or can be undone."""
    folder = root / ".git/taskcheck/store"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.json*")}


def check(root: Path, *arguments: str, hours: float = 0.02, code: int = 1) -> Any:
    """What a check reports, some time after."""
    ran = taskcheck("--now", after(hours), "--format", "json", *arguments, cwd=root)
    assert (ran.code, ran.err) == (code, "")
    return ran.json


def headlines(report: Any) -> dict[str, str]:
    """What is wrong, by task or manager."""
    return {i["task"] or i["manager"]: i["headline"] for i in report["incidents"] if i["headline"]}


@pytest.fixture(scope="module")
def dispatched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `run` and `finish` left; tests only read it."""
    return built(tmp_path_factory.mktemp("dispatched"), "dispatched")


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after `--fix`; tests only read it."""
    return built(tmp_path_factory.mktemp("fixed"), "fixed")


def test_its_configuration_baseline_and_suppressions_count(tmp_path: Path) -> None:
    """Every key is read without a word, and what was accepted is found under the same fingerprints."""
    root = built(tmp_path, "dispatched")
    report = check(root)
    assert (report["complete"], report["errors"]) == (True, [])
    assert (report["summary"]["baselined"], report["summary"]["suppressed"]) == (2, 1)
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    assert not rules & {"role-routing", "unused-suppression", "snapshot-stale"}
    accepted = (root / "baseline.toml").read_bytes()
    for change in ("--update-baseline", "--prune-baseline"):
        taskcheck("--now", after(0), "--select", "role-routing", change, cwd=root)
        assert (root / "baseline.toml").read_bytes() == accepted


ACCEPTED: dict[str, set[tuple[str, str]]] = {}
"""Rule and fingerprint of what 0.1.0 found in its fixtures, by fixture."""
for _line in (HERE / "fingerprints.txt").read_text().splitlines():
    _fixture, _rule, _name = _line.split()
    ACCEPTED.setdefault(_fixture, set()).add((_rule, _name))


@pytest.mark.parametrize("fixture", sampled(ACCEPTED, 60))
def test_what_its_baselines_name_has_that_name_still(fixture: str, tmp_path: Path) -> None:
    """A fixture whose finding is meant to be another one since leaves the list; no forge was asked then."""
    made = build(FIXTURES / fixture, tmp_path / "repo")
    report = check_request(where_for(made), request_for(made, pull_requests=None))
    found = {(finding.rule, finding.fingerprint) for finding in report.findings}
    assert found >= ACCEPTED[fixture]


def test_the_configuration_that_its_init_wrote_is_read(dispatched: Path) -> None:
    report = check(dispatched, "--config", str(HERE / "init.toml"))
    assert (report["complete"], report["errors"], report["summary"]["baselined"]) == (True, [], 0)
    assert headlines(report)["other-spelling"] == "worker-gone"


def test_its_tombstones_and_registers_are_read(dispatched: Path) -> None:
    ends = {
        "by-hand": ("ended", "needs_review_fix", None),
        "fix-login": ("ended", "completed_with_pr", 12),
        "lost": ("running", None, None),
        "tidy-up": ("ended", "failed", None),
        "unsettled": ("running", "completed_with_pr", 123),
        "write-docs": ("ended", "blocked", None),
    }
    for task, (state, outcome, number) in ends.items():
        stone = ledgers.tombstone(task, root=dispatched)
        assert stone is not None
        pull = stone.pull_request.number if stone.pull_request else None
        assert (stone.state, stone.outcome, pull) == (state, outcome, number), task
    idle = headlines(check(dispatched, hours=7))
    assert idle == {
        "dave-fowler": "split-manager",
        "done-long-ago": "register-orphan",
        "lost": "worker-gone",
        "other-spelling": "worker-gone",
        "unsettled": "dispatch-completed-unreconciled",
    }


def test_what_it_began_is_ended_and_what_it_left_ready_is_run(tmp_path: Path) -> None:
    root = built(tmp_path, "dispatched")
    register = root / ".tasks/task_manager/task-manager-dave-fowler.register.json"
    ran = taskcheck("finish", "lost", "--outcome", "failed", "--reason", "killed", cwd=root)
    assert (ran.code, set(json.loads(register.read_text())["entries"])) == (0, {"unsettled"}), ran.err
    assert b"status: failed" in (root / "tasks/lost.md").read_bytes()
    with ledgers.register("dave-fowler", root=root) as entries:
        assert entries.pop("unsettled")["worktree_path"] == ".worktrees/unsettled"
    assert json.loads(register.read_text())["entries"] == {}
    ran = taskcheck("run", "next", "--", "sh", "-c", "exit 3", cwd=root)
    assert "next: failed" in ran.err
    assert b"status: failed" in (root / "tasks/next.md").read_bytes()


def test_its_fix_is_undone_byte_for_byte(dispatched: Path, tmp_path: Path) -> None:
    root = built(tmp_path, "fixed")
    [record] = (root / ".git/taskcheck/store/undo").iterdir()
    ran = taskcheck("undo", cwd=root)
    assert (ran.code, ran.err) == (0, "")
    assert files(root) == files(dispatched)
    for file in json.loads(record_of("fixed"))["files"]:
        if file["before"] is not None:
            now, meta = (root / file["path"]).stat(), file["meta"]
            assert (now.st_mode & 0o777, now.st_mtime_ns) == (meta["mode"], meta["mtime_ns"])
    assert (records(root), record.exists()) == (set(), False)


def record_of(stage: str) -> str:
    """The record of a stage's fix, as 0.1.0 wrote it."""
    [record] = (HERE / stage / "records/undo").iterdir()
    return record.read_text()


@pytest.mark.parametrize("point", sampled(["laid", "half", "decided", "written"], 2))
def test_its_interrupted_fix_is_finished_or_taken_back(
    point: str, dispatched: Path, fixed: Path, tmp_path: Path
) -> None:
    """A check writes nothing and says so; a repair sees to it first; then it is undone as any other."""
    root = built(tmp_path, f"fix-{point}")
    held = files(root)
    [error] = check(root, code=3)["errors"]
    assert "a fix was interrupted" in error["message"]
    assert files(root) == held
    ran = taskcheck(*NOTHING, "--now", after(0.02), cwd=root)
    assert ran.code == 0, ran.err
    if point == "laid":
        assert (files(root), records(root)) == (files(dispatched), set())
        return
    assert (files(root), records(root)) == (files(fixed), records(fixed))
    assert taskcheck("undo", cwd=root).code == 0
    assert files(root) == files(dispatched)


def test_its_interrupted_fix_is_taken_back_where_somebody_wrote_since(dispatched: Path, tmp_path: Path) -> None:
    root = built(tmp_path, "fix-half")
    (root / "tasks/unsettled.md").write_text("---\ntitle: Mine\nowner: rj\nstatus: draft\n---\n")
    ran = taskcheck(*NOTHING, "--now", after(0.02), cwd=root)
    assert ran.code == 0, ran.err
    mine = {"tasks/unsettled.md": (root / "tasks/unsettled.md").read_bytes()}
    assert (files(root), records(root)) == (files(dispatched) | mine, set())
    assert b"Mine" in mine["tasks/unsettled.md"]


def test_its_interrupted_undoing_is_finished(dispatched: Path, tmp_path: Path) -> None:
    root = built(tmp_path, "undo-half")
    assert "a fix was interrupted" in check(root, code=3)["errors"][0]["message"]
    assert taskcheck(*NOTHING, "--now", after(0.02), cwd=root).code == 0
    assert (files(root), records(root)) == (files(dispatched), set())


@pytest.mark.parametrize(("point", "status"), [("begun", "in_progress"), ("ended", "blocked")])
def test_its_interrupted_run_is_written_to_its_end(point: str, status: str, fixed: Path, tmp_path: Path) -> None:
    root = built(tmp_path, f"run-{point}")
    assert taskcheck(*NOTHING, "--now", after(0.02), cwd=root).code == 0
    assert f"status: {status}\n".encode() in (root / "tasks/next.md").read_bytes()
    assert json.loads((root / "tasks/logs/dispatch-next.status.json").read_text())["state"] == {
        "in_progress": "running",
        "blocked": "ended",
    }[status]  # fmt: skip
    assert records(root) == records(fixed)
    assert not [name for name in files(root) if "/.taskcheck." in name]
