"""`run` and `finish` where what they stand on gives way: descriptors closed, ledgers lost, worktrees elsewhere."""

import json
import shlex
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from taskcheck.fix import transaction
from taskcheck.write.journal import Journal, Journals
from tests.e2e.conftest import PATIENCE, environment, git, taskcheck
from tests.e2e.test_run import CONFIG, PULL, REGISTER, entries, finish, fleet, log, run, status, task, tombstone, wrong
from tests.samples import sampled

pytestmark = pytest.mark.journey

__all__ = ["fleet"]


@pytest.mark.parametrize("closed", [*sampled(["0<&-", "1>&-", "2>&-"], 3), "0<&- 1>&- 2>&-"])
def test_closed_standard_streams(closed: str, fleet: Path) -> None:
    """As some daemons start us: none of our own files gets their numbers."""
    worker = "echo out; echo err >&2; cat;" + finish("needs_review_fix")
    shell = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "taskcheck", "run", "fix-login", "--", "sh", "-c", worker],
        cwd=fleet, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(log(fleet)[1:3]) == ["err", "out"]
    assert log(fleet)[-1] == "dispatch_exit_code=0"
    assert (tombstone(fleet)["outcome"], status(fleet / "tasks/fix-login.md")) == ("needs_review_fix",) * 2
    assert entries(fleet) == {}
    assert not wrong(fleet)


SUPPRESSED = """
[[suppress]]
rule = "dispatch-completed-unreconciled"
reason = "a test"
[[suppress]]
rule = "metadata-drift"
reason = "a test"
"""


@pytest.mark.parametrize(
    ("config", "after", "said"),
    [
        ("", "printf -- '---\\nstatus: [\\n---\\n' > ../../tasks/fix-login.md", "can't be read"),
        (SUPPRESSED, "true", "is still in_progress, which completed_with_pr doesn't allow"),
        ("[drift]\nauthority = 'branch'\n", "true", None),
        ("[rules]\nignore = ['dispatch-completed-unreconciled', 'metadata-drift']\n", "true", None),
        ("", "sed -i 's/^status: .*/status: cancelled/' ../../tasks/fix-login.md", None),
    ],
)
def test_a_root_that_is_not_reconciled_is_no_success(config: str, after: str, said: str | None, fleet: Path) -> None:
    (fleet / "taskcheck.toml").write_text(CONFIG + config)
    ran = run(fleet, "fix-login", sh=f"{finish('completed_with_pr', '--pr-url', PULL)}; {after}")
    assert ran.code == (3 if said else 0), ran.err
    assert said is None or f"tasks/fix-login.md {said}" in ran.err
    assert (tombstone(fleet)["state"], tombstone(fleet)["outcome"]) == ("ended", "completed_with_pr")
    assert entries(fleet) == {}


WORKERS = [("true", 1, "failed"), (finish("needs_review_fix"), 0, None)]
PLACES = ["", "[checkouts]\nworktree = '../wt/{task}'\n"]


@pytest.mark.parametrize(("config", "wanted"), sampled(product(PLACES, WORKERS), 3))
def test_what_an_earlier_run_left_is_no_word_of_the_new_one(
    wanted: tuple[str, int, str | None], config: str, fleet: Path
) -> None:
    """Wherever the worktree is: outside of root, a silent success passed for the blocked of the run before."""
    worker, code, outcome = wanted
    (fleet / "taskcheck.toml").write_text(CONFIG + config)
    assert run(fleet, "fix-login", sh=finish("blocked", "--reason", "x") + "; git commit -qam blocked").code == 0
    (fleet / "tasks/fix-login.md").write_text(task())
    ran = run(fleet, "fix-login", sh=f"cp tasks/fix-login.md {fleet.parent}/seen.md; {worker}")
    assert (ran.code, status(fleet.parent / "seen.md")) == (code, "in_progress"), ran.err
    assert tombstone(fleet)["outcome"] == (outcome or "needs_review_fix")
    assert status(fleet / "tasks/fix-login.md") == (outcome or "needs_review_fix")
    assert not wrong(fleet)


def test_a_begin_that_fails_takes_its_worktree_away_again(fleet: Path) -> None:
    """Whatever keeps it from being written down, once the worktree is there: a register, a name that is too long."""
    (fleet / REGISTER).parent.mkdir(parents=True)
    (fleet / REGISTER).symlink_to(fleet / "taskcheck.toml")
    long = "x" * 240
    (fleet / f"tasks/{long}.md").write_text(task())
    git("branch", "task/write-docs", cwd=fleet)
    before = git("worktree", "list", cwd=fleet) + git("branch", cwd=fleet)
    for name, said in (("fix-login", "symbolic link"), ("write-docs", "symbolic link"), (long, "File name too long")):
        if name == long:
            (fleet / REGISTER).unlink()
        ran = run(fleet, name, sh="touch ../../ran")
        assert (ran.code, said in ran.err) == (3, True), ran.err
        assert git("worktree", "list", cwd=fleet) + git("branch", cwd=fleet) == before
        assert not (fleet / ".worktrees" / name).exists()


@pytest.mark.parametrize(("says", "told"), [("echo one; echo two; echo three", "three"), (":", "exit status 3")])
def test_a_git_that_fails_without_a_fatal_word(says: str, told: str, fleet: Path) -> None:
    """Its last line is told, where a hook of the repository refuses the worktree."""
    hook = fleet / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{says}\nexit 3\n")
    hook.chmod(0o755)
    ran = run(fleet, "fix-login", sh="true")
    assert (ran.code, ran.err) == (2, f"taskcheck: git worktree add: {told}\n")
    assert not (fleet / ".worktrees/fix-login").exists()


@pytest.mark.parametrize("name", sampled(["two words", "a*b", "a..b"], 2))
def test_a_name_that_is_no_branch(name: str, fleet: Path) -> None:
    """What git refuses comes with the cure, and the cure helps."""
    (fleet / f"tasks/{name}.md").write_text(task())
    ran = run(fleet, name, sh="true")
    assert (ran.code, "--branch" in ran.err) == (2, True), ran.err
    assert "git worktree add: fatal: " in ran.err
    assert run(fleet, name, "--branch", "mine", sh=finish("blocked", "--reason", "x", name=shlex.quote(name))).code == 0
    assert status(fleet / f"tasks/{name}.md") == "blocked"


@pytest.mark.parametrize(
    "cleaning", sampled(["rm ../../tasks/logs/*.json", "git -C ../.. clean -qfdx -e .worktrees"], 2)
)
def test_a_tombstone_removed_while_the_worker_works(cleaning: str, fleet: Path) -> None:
    """What `finish` says after that counts, with its reason."""
    ran = run(fleet, "fix-login", sh=f"{cleaning};" + finish("blocked", "--reason", "no key"))
    assert ran.code == 0, ran.err
    left = tombstone(fleet)
    assert (left["outcome"], left["reason"], left["exit_code"], left["status_before"]) == (
        "blocked",
        "no key",
        0,
        "ready",
    )
    assert left["pid"]
    assert not (fleet / REGISTER).exists() or entries(fleet) == {}
    assert not wrong(fleet)


def test_a_copy_that_is_no_task_file(fleet: Path) -> None:
    """`finish` doesn't say that it wrote it."""
    ran = run(fleet, "fix-login", sh="echo notes > tasks/fix-login.md;" + finish("blocked", "--reason", "x"))
    assert (ran.code, ran.out) == (0, "its run does the rest once the command has ended\n")
    assert (fleet / ".worktrees/fix-login/tasks/fix-login.md").read_text() == "notes\n"
    assert status(fleet / "tasks/fix-login.md") == "blocked"


def test_an_id_with_a_folder_in_it(store: Any) -> None:
    """Its tombstone lies under a name without folders, says whose it is, and is read as that task's."""
    config = 'preset = "ccpm"\n[people]\ndave = []\n[paths]\ntombstones = "logs/{task}.status.json"\n'
    task = "---\nname: x\nstatus: open\nassignee: dave\n---\n"
    root = store({"taskcheck.toml": config, ".claude/epics/login/001.md": task})
    ran = taskcheck("run", "login/001", "--worktree", "wt/x", "--", "touch", "ran", cwd=root)
    assert (ran.code, (root / "wt/x/ran").exists()) == (0, True), ran.err
    record = json.loads((root / "logs/login-001.status.json").read_text())
    assert (record["task"], record["outcome"]) == ("login/001", "failed")
    (root / "logs/login-001.status.json").write_text("{")
    report = taskcheck("--format", "json", cwd=root).json
    assert {incident["task"] for incident in report["incidents"]} >= {"login/001"}, "a broken one is known by its name"


def test_in_a_submodule(fleet: Path, tmp_path: Path) -> None:
    """The store is the submodule's main checkout, also for who works in a worktree of it."""
    outer = tmp_path / "outer"
    outer.mkdir()
    git("init", "-q", cwd=outer)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", fleet, "inner", cwd=outer)
    root = outer / "inner"
    ran = run(root, "fix-login", sh=finish("blocked", "--reason", "no key"))
    assert (ran.code, "its run does the rest" in ran.out) == (0, True), ran.err
    assert tombstone(root)["reason"] == "no key"
    assert status(root / ".worktrees/fix-login/tasks/fix-login.md") == status(root / "tasks/fix-login.md") == "blocked"
    assert not (root / ".worktrees/fix-login/tasks/logs").exists()
    assert not wrong(root)


def test_the_two_dashes_are_missing(fleet: Path) -> None:
    ran = run(fleet, "fix-login", "true")
    assert ran.code == 2
    assert "'true' is an unexpected argument; usage: taskcheck run TASK [options] -- COMMAND" in ran.err


def test_an_outcome_that_cannot_be_written(fleet: Path) -> None:
    (fleet / "tasks/logs/dispatch-fix-login.status.json").mkdir(parents=True)
    done = taskcheck("finish", "fix-login", "--outcome", "blocked", "--reason", "no key", cwd=fleet)
    assert done.code == 3
    assert "the outcome couldn't be recorded: " in done.err
    assert status(fleet / "tasks/fix-login.md") == "ready"


def test_a_tombstone_of_nonsense(fleet: Path) -> None:
    """What a stranger left in its place is no end of this run, whatever it holds."""
    ran = run(
        fleet,
        "fix-login",
        sh='echo \'{"pid": [], "outcome": "blocked"}\' > ../../tasks/logs/dispatch-fix-login.status.json',
    )
    assert (ran.code, tombstone(fleet)["reason"]) == (1, "silent success"), ran.err
    assert not wrong(fleet)


@pytest.mark.parametrize("moved", sampled(["draft", "completed"], 2))
def test_a_task_that_somebody_moved_while_the_worker_works(moved: str, fleet: Path) -> None:
    """The outcome is recorded, whatever root says meanwhile; what is done stays done."""
    move = f"sed -i 's/^status: .*/status: {moved}/' ../../tasks/fix-login.md; git -C ../.. commit -qam {moved};"
    ran = run(fleet, "fix-login", sh=move + finish("completed_with_pr", "--pr-url", PULL))
    assert ran.code == 0, ran.err
    assert (tombstone(fleet)["outcome"], tombstone(fleet)["pr_number"]) == ("completed_with_pr", 12)
    assert status(fleet / "tasks/fix-login.md") == ("completed" if moved == "completed" else "in_review")
    assert not wrong(fleet)


def test_a_name_as_long_as_a_name_may_be(fleet: Path) -> None:
    """What is written beside a file to become it has a name that isn't longer."""
    name = "x" * (255 - len("dispatch-.status.json"))
    (fleet / f"tasks/{name}.md").write_text(task())
    ran = run(fleet, name, sh=finish("blocked", "--reason", "x", name=name))
    assert (ran.code, tombstone(fleet, name)["reason"]) == (0, "x"), ran.err


@pytest.mark.parametrize(
    ("name", "stones"),
    [("write-docs", "tasks/logs/dispatch-{task}.status.json"), ("fix-login", ".tasks/ends/{task}.json")],
)
def test_each_step_of_an_end_is_a_state_that_rules_know(
    name: str, stones: str, fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a task and its ledgers are called: what was killed in between is told, or all that tells is there."""
    (fleet / "taskcheck.toml").write_text(f"{CONFIG}[paths]\ntombstones = '{stones}'\n")
    git("worktree", "add", "-q", "-b", f"task/{name}", f".worktrees/{name}", cwd=fleet)
    file = fleet / f"tasks/{name}.md"
    file.write_text(task(status="in_progress"))
    row = {"worktree_path": f".worktrees/{name}", "pid": 2**30, "launched_at": "2026-03-24T12:00:00Z"}
    (fleet / REGISTER).parent.mkdir(parents=True)
    (fleet / REGISTER).write_text(json.dumps({"owner": "dave-fowler", "entries": {name: row}}))
    stone = fleet / stones.format(task=name)
    stone.parent.mkdir(parents=True, exist_ok=True)
    begun = {"state": "running", "started_at": row["launched_at"], "pid": row["pid"], "status_before": "ready"}
    stone.write_text(json.dumps(begun))
    before = fleet.parent / "before"
    shutil.copytree(fleet, before)
    made: list[Journal] = []
    real = transaction.commit

    def commit(journals: Journals, journal: Journal) -> None:
        made.append(journal)
        real(journals, journal)

    monkeypatch.setattr(transaction, "commit", commit)
    assert taskcheck("finish", name, "--outcome", "blocked", "--reason", "no key", cwd=fleet).code == 0
    [journal] = made
    assert len(journal.files) == 3
    copy = Path(f".worktrees/{name}/tasks/{name}.md")
    shutil.copy(fleet / copy, before / copy)
    shutil.rmtree(fleet)
    before.rename(fleet)
    told = []
    for written in journal.files:
        (fleet / written.path).write_bytes(written.after or b"")
        told.append(wrong(fleet, name))
    assert told == [{"dispatch-completed-unreconciled"}, set(), set()]


DONE = ("completed_with_pr", "--pr-url", PULL)
LEFT = "worktree fix-login has code that isn't committed: .gitignore is changed"
NEW = "worktree fix-login has code that isn't committed: git doesn't track src/"


@pytest.mark.parametrize(
    ("work", "outcome", "left"),
    [
        ("echo more >> .gitignore", DONE, LEFT),
        ("echo more >> .gitignore; git commit -qam more", DONE, ""),
        ("echo more >> .gitignore", ("blocked", "--reason", "half of it"), ""),
        ("mkdir src; touch src/a.py src/b.py", DONE, NEW),
        ("touch a.log; echo '*.log' >> $(git rev-parse --git-path info/exclude)", DONE, ""),
    ],
)
def test_code_that_a_worker_did_not_commit_is_told(work: str, outcome: tuple[str, ...], left: str, fleet: Path) -> None:
    """The worker reads it while it can still commit, and whoever runs it reads it at the end."""
    ran = run(fleet, "fix-login", sh=f"{work}; {finish(*outcome)}")
    assert ran.code == 0, ran.err
    told = [line for line in ran.out.splitlines() if "committed" in line]
    told_at_the_end = [
        line.removeprefix("taskcheck: fix-login: ") for line in ran.err.splitlines() if "committed" in line
    ]
    assert told == told_at_the_end == [left] * bool(left)
    assert entries(fleet) == {}
