"""`run` and `finish` as managers and workers meet them: real worktrees and processes, every way in which work ends."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from taskcheck import ledgers
from tests.e2e.conftest import PATIENCE, Ran, environment, git, taskcheck
from tests.e2e.test_promises import fingerprint
from tests.samples import WHOLE, sampled

CONFIG = """
preset = "task-manager"
[people]
dave-fowler = ["dave", "davefowler", "dave.fowler"]
rj = []
[roles]
critic = false
designer = "rj"
"""
IGNORED = ".tasks/\n.worktrees/\ntasks/logs/\n"
REGISTER = Path(".tasks/task_manager/task-manager-dave-fowler.register.json")
PULL = "https://github.com/o/r/pull/12"
TASKCHECK = f"{shlex.quote(sys.executable)} -m taskcheck"


def task(owner: str = "dave-fowler", status: str = "ready", **keys: str) -> str:
    more = "".join(f"{key}: {value}\n" for key, value in keys.items())
    return f"---\ntitle: A task\nowner: {owner} # whose\nstatus: {status}\n{more}---\nbody\n"


@pytest.fixture
def fleet(store: Any) -> Path:
    """A store with tasks of all sorts."""
    return store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        "tasks/fix-login.md": task(),
        "tasks/write-docs.md": task(),
        "tasks/done.md": task(status="completed"),
        "tasks/parked.md": task(status="draft"),
        "tasks/under-way.md": task(status="in_progress"),
        "tasks/later.md": task(depends_on="[write-docs]"),
        "tasks/dangling.md": task(depends_on="[nowhere]"),
        "tasks/nobodys.md": task("ghost"),
        "tasks/role.md": task("designer"),
        "tasks/on-purpose.md": task("critic"),
    })  # fmt: skip


def run(root: Path, *arguments: str, sh: str | None = None, process: bool | None = None, **env: str) -> Ran:
    """Run a task with a shell command as its worker."""
    worker = () if sh is None else ("--", "sh", "-c", sh)
    return taskcheck("run", *arguments, *worker, cwd=root, process=process, **env)


def finish(outcome: str, *arguments: str, name: str = "fix-login") -> str:
    """What a worker says at its end, for a shell."""
    return f"{TASKCHECK} finish {name} --outcome {outcome} {' '.join(map(shlex.quote, arguments))}"


def tombstone(root: Path, name: str = "fix-login") -> Any:
    return json.loads((root / f"tasks/logs/dispatch-{name}.status.json").read_text())


def log(root: Path, name: str = "fix-login") -> list[str]:
    return (root / f"tasks/logs/dispatch-{name}.log").read_text().splitlines()


def entries(root: Path, register: Path = REGISTER) -> Any:
    return json.loads((root / register).read_text())["entries"]


def status(path: Path) -> str:
    found = re.search(r"^status: (\S+)", path.read_text(), re.M)
    assert found
    return found[1]


def wrong(root: Path, name: str = "fix-login") -> set[str]:
    """What is wrong with a task, errors and warnings that nothing else explains."""
    report = taskcheck("--format", "json", cwd=root).json
    assert report["complete"], report["errors"]
    found = (f for i in report["incidents"] if i["task"] == name for f in i["findings"])
    return {f["rule"] for f in found if f["severity"] != "info" and not f["explained_by"]}


def test_a_worker_that_completes(fleet: Path) -> None:
    """Every ledger tells of it while it works, and how it ended after."""
    during = fleet.parent / "during"
    look = f"cp ../../{REGISTER} {during}-register; cp ../../tasks/logs/*.status.json {during}-tombstone;"
    look += f"cp ../../tasks/fix-login.md {during}-root; {TASKCHECK} --format json > {during}-check;"
    look += "echo out; echo err >&2;"
    ran = run(fleet, "fix-login", sh=look + finish("completed_with_pr", "--pr-url", PULL))
    assert (ran.code, ran.out.splitlines()[0]) == (0, "out")
    assert "err" in ran.err
    assert "fix-login: completed_with_pr; root says in_review" in ran.err
    assert ran.err.endswith("fix-login: to commit: git commit -m 'Tasks follow their ledgers' -- tasks/fix-login.md\n")

    entry = json.loads(Path(f"{during}-register").read_text())["entries"]["fix-login"]
    started = json.loads(Path(f"{during}-tombstone").read_text())
    assert entry["worktree_path"] == started["worktree_path"] == ".worktrees/fix-login"
    assert entry["branch"] == started["branch"] == "task/fix-login"
    assert entry["pid"] == started["pid"]
    assert (started["state"], started["status_before"], started["owner"]) == ("running", "ready", "dave-fowler")
    assert status(Path(f"{during}-root")) == "in_progress"
    report = json.loads(Path(f"{during}-check").read_text())
    assert not [i for i in report["incidents"] if i["task"] == "fix-login"], "a run under way is no incident"

    left = tombstone(fleet)
    expected = {"state": "ended", "outcome": "completed_with_pr", "exit_code": 0, "pr_url": PULL, "pr_number": 12}
    assert {key: left[key] for key in expected} == expected
    assert (left["status_after"], left["reason"], left["started_at"]) == ("in_review", None, started["started_at"])
    root, copy = fleet / "tasks/fix-login.md", fleet / ".worktrees/fix-login/tasks/fix-login.md"
    want = task(status="in_review", pr_url=PULL, pr_number="12")
    assert root.read_text() == copy.read_text() == want
    assert entries(fleet) == {}
    assert log(fleet)[1:3] == ["out", "err"] or log(fleet)[1:3] == ["err", "out"]
    assert log(fleet)[-1] == "dispatch_exit_code=0"
    assert not wrong(fleet)
    assert taskcheck("undo", cwd=fleet).out == "there is no fix to undo\n"


SAID = [
    (("blocked", "--reason", "no  key\nyet"), "blocked", "blocked", "no key yet"),
    (("needs_review_fix",), "needs_review_fix", "needs_review_fix", None),
    (("failed", "--reason", "it doesn't build"), "failed", "failed", "it doesn't build"),
]


@pytest.mark.parametrize(("case", "code"), sampled(product(SAID, [0, 7]), 2))
def test_what_finish_says_counts(case: tuple[tuple[str, ...], str, str, str | None], code: int, fleet: Path) -> None:
    """Whatever the exit code, which is passed on."""
    said, outcome, root, reason = case
    ran = run(fleet, "fix-login", sh=f"{finish(*said)}; exit {code}")
    assert ran.code == code
    left = tombstone(fleet)
    assert (left["outcome"], left["reason"], left["exit_code"], left["status_after"]) == (outcome, reason, code, root)
    assert status(fleet / "tasks/fix-login.md") == root
    assert entries(fleet) == {}
    assert log(fleet)[-1] == f"dispatch_exit_code={code}"
    assert not wrong(fleet)


BURY = (
    "mkdir -p tasks/logs && printf '%s' "
    '\'{{"task": "fix-login", "state": "ended", "reason": "no key", "outcome": "{}"}}\''
    " > tasks/logs/dispatch-fix-login.status.json"
)
"""What a worker records of its end in its own worktree."""

LEAVE = "sed -i 's/^status: .*/status: {}/' tasks/fix-login.md"


@pytest.mark.parametrize(
    ("worker", "code", "outcome", "root", "reason"),
    [
        ("true", 1, "failed", "failed", "silent success"),
        (LEAVE.format("in_progress"), 1, "failed", "failed", "silent success"),
        ("exit 3", 3, "failed", "failed", "exit code 3"),
        ("kill -KILL $$", 137, "failed", "failed", "killed by SIGKILL"),
        (LEAVE.format("blocked"), 0, "blocked", "blocked", None),
        (LEAVE.format("blocked") + "; exit 4", 4, "blocked", "blocked", None),
        (LEAVE.format("in_review"), 1, "failed", "failed", "left as in_review, and no pull request is named"),
        (LEAVE.format(f"in_review\\npr_url: {PULL}".replace("/", "\\/")), 0, "completed_with_pr", "in_review", None),
        (LEAVE.format("failed"), 0, "failed", "failed", "left as failed"),
        (BURY.format("blocked"), 0, "blocked", "blocked", "no key"),
        (BURY.format("completed_with_pr"), 1, "failed", "failed", "silent success"),
        (BURY.format("completed_with_pr\", \"pr_url\": \"" + PULL), 0, "completed_with_pr", "in_review", "no key"),
        (f"{BURY.format('blocked')}; {LEAVE.format('failed')}", 0, "blocked", "blocked", "no key"),
        (LEAVE.format("cancelled"), 1, "failed", "failed", "silent success"),
        ("printf -- '---\\nstatus: [\\n---\\n' > tasks/fix-login.md", 1, "failed", "failed", "its task file can't be"),
    ],
)  # fmt: skip
def test_what_a_worker_leaves(worker: str, code: int, outcome: str, root: str, reason: str | None, fleet: Path) -> None:
    """Without a word, the status in its worktree counts; silence isn't success."""
    ran = run(fleet, "fix-login", sh=worker)
    assert ran.code == code, ran.err
    left = tombstone(fleet)
    assert (left["outcome"], left["status_after"]) == (outcome, root)
    assert left["reason"] == reason or (reason and left["reason"].startswith(reason))
    assert status(fleet / "tasks/fix-login.md") == root
    assert entries(fleet) == {}
    assert not wrong(fleet) - {"unreadable-task"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("done",), 1, "it is completed, not ready"),
        (("parked",), 1, "it is draft, not ready"),
        (("under-way",), 1, "it is in_progress, not ready"),
        (("later",), 1, "it depends on write-docs, which is ready"),
        (("dangling",), 1, "it depends on nowhere, which doesn't exist"),
        (("nobodys",), 1, "ghost is neither a declared person nor a role"),
        (("on-purpose",), 1, "role critic is unfilled on purpose"),
        (("role", "--owner", "dave"), 1, "only rj may dispatch it, not dave-fowler"),
        (("fix-login", "--owner", "rj"), 1, "only dave-fowler may dispatch it, not rj"),
        (("fix-logn",), 2, "no task is named 'fix-logn'; did you mean fix-login"),
        (("fix-login", "--owner", "dav"), 2, "--owner dav: no such person; did you mean dave-fowler?"),
        (("fix-login", "--owner", "designer"), 2, "--owner designer: that is a role"),
        (("fix-login", "--worktree", "../elsewhere"), 2, "a worktree may lie in"),
        (("fix-login", "--worktree", ".worktrees/../../../x"), 2, "a worktree may lie in"),
        (("fix-login", "--worktree", "."), 2, "a worktree may lie in"),
        (("fix-login", "--worktree", ".git/x"), 2, "the repository's own folder"),
        (("fix-login", "--worktree", "tasks"), 2, "it isn't a worktree of this repository"),
        (("fix-login", "--branch", "main"), 2, "git worktree add"),
        (("fix-login", "--branch", "no..name"), 2, "git worktree add"),
        (("fix-login", "--timeout", "soon"), 2, "is not a duration"),
        (("fix-login", "--ownr", "dave"), 2, "unknown option --ownr; did you mean --owner"),
    ],
)
def test_refused(arguments: tuple[str, ...], code: int, said: str, fleet: Path) -> None:
    """With the reason, and nothing is left of it: no worktree, branch, register, tombstone or log."""
    before = files(fleet)
    for more in ((), ("--dry-run",)):
        # What is refused at once forks nothing; git is asked when the worker waits already.
        ran = run(fleet, *arguments, *more, sh="touch ../../ran", process="git worktree" in said)
        if not (more and "git worktree" in said):  # git is only asked when it is time
            assert (ran.code, said in ran.err) == (code, True), ran.err
    assert files(fleet) == before
    assert git("branch", "--list", "task/*", cwd=fleet) == ""


def files(root: Path) -> dict[str, Any]:
    """Every file of a store, but for our own locks."""
    found = fingerprint(root)
    return {name: held for name, held in found.items() if Path(name).is_file() and "/.git/taskcheck/" not in name}


def test_a_command_is_needed(fleet: Path) -> None:
    assert "name the command" in run(fleet, "fix-login").err
    assert run(fleet, "fix-login").code == 2
    ran = taskcheck("run", "fix-login", "--", "no-such-command", cwd=fleet)
    assert (ran.code, "there is no command no-such-command" in ran.err) == (2, True)
    assert not (fleet / ".worktrees").exists()


def test_a_command_that_cannot_be_started(fleet: Path) -> None:
    """What only the worktree tells is the end of the run: nothing hangs, and every ledger says so."""
    ran = taskcheck("run", "fix-login", "--", "./no-such-script", cwd=fleet)
    assert ran.code == 127
    assert tombstone(fleet)["outcome"] == "failed"
    assert "could not be started" in tombstone(fleet)["reason"]
    assert entries(fleet) == {}


def test_a_rehearsal_writes_nothing(fleet: Path) -> None:
    before = fingerprint(fleet)
    ran = run(fleet, "fix-login", "--dry-run", sh="touch ../../ran")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "fix-login: dave-fowler would run sh -c 'touch ../../ran'",
        "  in        .worktrees/fix-login, made with new branch task/fix-login",
        f"  register  {REGISTER}",
        "  tombstone tasks/logs/dispatch-fix-login.status.json",
    ]
    assert fingerprint(fleet) == before


@pytest.mark.parametrize("owner", sampled(["dave", "davefowler", "dave.fowler", "Dave-Fowler", "@davefowler"], 3))
def test_every_spelling_is_one_manager(owner: str, fleet: Path) -> None:
    """One register and one snapshot at one path."""
    ran = run(
        fleet, "fix-login", "--owner", owner, sh=f"cp ../../{REGISTER} ../../../seen;" + finish("needs_review_fix")
    )
    assert ran.code == 0, ran.err
    assert json.loads((fleet.parent / "seen").read_text())["owner"] == "dave-fowler"
    ledgers.write_snapshot(owner, root=fleet)
    assert sorted(path.name for path in (fleet / REGISTER).parent.iterdir()) == [
        "task-manager-dave-fowler.register.json",
        "task-manager-dave-fowler.snapshot.json",
    ]
    assert tombstone(fleet)["owner"] == "dave-fowler"


def test_the_register_of_a_live_worker_keeps_others_out(fleet: Path) -> None:
    """Also one that another tool wrote."""
    (fleet / REGISTER).parent.mkdir(parents=True)
    row = {"worktree_path": ".worktrees/fix-login", "pid": os.getpid(), "launched_at": "2999-01-01T00:00:00Z"}
    (fleet / REGISTER).write_text(json.dumps({"owner": "dave-fowler", "entries": {"fix-login": row}}))
    ran = run(fleet, "fix-login", sh="touch ../../ran")
    assert (ran.code, f"process {os.getpid()} is running" in ran.err) == (1, True)
    assert not (fleet / "ran").exists()


def test_another_manager_registered_it(fleet: Path) -> None:
    other = fleet / REGISTER.with_name("task-manager-rj.register.json")
    other.parent.mkdir(parents=True)
    other.write_text(json.dumps({"owner": "rj", "entries": {"fix-login": {"branch": "task/fix-login"}}}))
    ran = run(fleet, "fix-login", sh="true")
    assert (ran.code, "it is registered by rj in .tasks/" in ran.err) == (1, True)


def test_a_place_in_the_queue_is_taken_over(fleet: Path) -> None:
    """A manager may register first; what it wrote beside, and how, stays, also that of others."""
    (fleet / REGISTER).parent.mkdir(parents=True)
    text = '{\n\t"owner": "dave-fowler",\n\t"note": "mine",\n\t"workers": [\n\t\t{"slug": "other", "x": 1},\n'
    text += '\t\t{"slug": "fix-login", "registered_at": "2026-03-24T12:00:00Z", "prio": "high"}\n\t]\n}\n'
    (fleet / REGISTER).write_text(text)
    seen = fleet.parent / "seen"
    assert run(fleet, "fix-login", sh=f"cp ../../{REGISTER} {seen};" + finish("needs_review_fix")).code == 0
    row = json.loads(seen.read_text())["workers"][1]
    assert (row["prio"], row["registered_at"], row["branch"]) == ("high", "2026-03-24T12:00:00Z", "task/fix-login")
    assert (fleet / REGISTER).read_text() == re.sub(r',\n\t\t\{"slug": "fix-login".*?\}', "", text)


@pytest.mark.journey
@pytest.mark.parametrize("rounds", [100 if WHOLE else 2])
def test_two_runs_at_once(rounds: int, fleet: Path) -> None:
    """One runs, the other is refused; never both, never none."""
    for number in range(rounds):
        (fleet / "tasks/fix-login.md").write_text(task())
        proof = fleet.parent / f"proof-{number}"
        command = [sys.executable, "-m", "taskcheck", "run", "fix-login", "--", "sh", "-c"]
        command += [
            f"echo $$ >> {proof}; {finish('blocked', '--reason', 'x')}; rm -f tasks/fix-login.md; git checkout -q ."
        ]
        both = [
            subprocess.Popen(command, cwd=fleet, env=environment(), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        said = [process.communicate(timeout=PATIENCE)[1].decode() for process in both]
        codes = sorted(process.returncode for process in both)
        ran = proof.read_text().splitlines()
        assert (codes, len(ran)) == ([0, 1], 1), (number, said)
        assert any("isn't dispatched" in text for text in said)
        assert entries(fleet) == {}


@pytest.mark.parametrize("last", ["blocked", "failed"])
def test_again_once_somebody_made_it_ready(last: str, fleet: Path) -> None:
    """Its worktree still says how it ended; the new run is to end in a status of its own."""
    run(fleet, "fix-login", sh=finish(last, "--reason", "x"))
    path = fleet / "tasks/fix-login.md"
    path.write_text(path.read_text().replace(f"status: {last}", "status: ready"))
    assert not wrong(fleet)
    assert "fix" not in taskcheck("--fix", cwd=fleet).out.replace("fix-login", "")
    ran = run(fleet, "fix-login", sh="grep ^status tasks/fix-login.md")
    assert (ran.code, ran.out) == (1, "status: in_progress\n")
    assert tombstone(fleet)["reason"] == "silent success"
    assert len([line for line in log(fleet) if line.startswith("dispatch_exit_code=")]) == 2


def test_again_when_the_runner_was_killed(fleet: Path) -> None:
    """The check says worker-gone, and the next run takes over."""
    ran = run(fleet, "fix-login", sh="kill -KILL $(ps -o ppid= -p $PPID); sleep 600")
    assert ran.code == -signal.SIGKILL
    assert wrong(fleet) == {"worker-gone"}
    assert "fix-login" in entries(fleet)
    ran = run(fleet, "fix-login", sh=finish("needs_review_fix"))
    assert ran.code == 0, ran.err
    assert tombstone(fleet)["status_before"] == "in_progress"
    assert not wrong(fleet)


def test_a_worker_that_finished_when_its_runner_was_killed(fleet: Path) -> None:
    """The check says so, and the repair takes over what it said."""
    said = finish("completed_with_pr", "--pr-url", PULL)
    ran = run(fleet, "fix-login", sh=f"{said}; kill -KILL $(ps -o ppid= -p $PPID); sleep 600")
    assert ran.code == -signal.SIGKILL
    assert wrong(fleet) == {"dispatch-completed-unreconciled"}
    assert run(fleet, "fix-login", sh="true").code == 1, "what is finished isn't begun again"
    assert taskcheck("--fix", "fix-login", cwd=fleet).code == 0
    assert (fleet / "tasks/fix-login.md").read_text() == task(status="in_review", pr_url=PULL, pr_number="12")


def test_a_lease_that_ends(fleet: Path) -> None:
    ran = run(fleet, "fix-login", "--timeout", "1s", sh="sleep 600")
    assert ran.code == 124
    assert (tombstone(fleet)["outcome"], tombstone(fleet)["reason"]) == ("failed", "timed out")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_both(number: signal.Signals, fleet: Path) -> None:
    """The worker gets it, the end is recorded, and the exit code is the signal's."""
    ready = fleet.parent / "ready"
    os.mkfifo(ready)
    command = [sys.executable, "-m", "taskcheck", "run", "fix-login", "--"]
    worker = f"import time; open({str(ready)!r}, 'w').write('x'); time.sleep(600)"
    process = subprocess.Popen([*command, sys.executable, "-c", worker], cwd=fleet, env=environment())
    ready.read_text()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 128 + number
    assert tombstone(fleet)["reason"] == f"stopped by {number.name}"
    assert entries(fleet) == {}


def test_the_heartbeat_is_renewed(fleet: Path) -> None:
    config = fleet / "taskcheck.toml"
    config.write_text(config.read_text() + '[limits]\nin_progress_max_idle = "2s"\n')
    path = fleet / "tasks/logs/dispatch-fix-login.status.json"
    wait = f'f=$(grep heartbeat_at {path}); while [ "$f" = "$(grep heartbeat_at {path})" ]; do sleep 0.1; done;'
    ran = run(fleet, "fix-login", "--timeout", "50s", sh=wait + finish("needs_review_fix"))
    assert ran.code == 0, ran.err
    left = tombstone(fleet)
    assert left["heartbeat_at"] > left["started_at"]
    assert not list(path.parent.glob(".taskcheck*"))


def test_worktrees_that_are_there(fleet: Path) -> None:
    """One elsewhere, one on another branch, one whose folder was removed, a branch without one."""
    git("worktree", "add", "-q", "-b", "mine", ".worktrees/elsewhere", cwd=fleet)
    say = "pwd; git branch --show-current;"
    ran = run(fleet, "fix-login", "--worktree", ".worktrees/elsewhere", sh=say + finish("needs_review_fix"))
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[:2] == [str(fleet / ".worktrees/elsewhere"), "mine"]
    assert tombstone(fleet)["worktree_path"] == ".worktrees/elsewhere"
    assert status(fleet / ".worktrees/elsewhere/tasks/fix-login.md") == "needs_review_fix"

    git("branch", "task/write-docs", cwd=fleet)
    git("worktree", "add", "-q", ".worktrees/write-docs", "task/write-docs", cwd=fleet)
    subprocess.run(["rm", "-r", ".worktrees/write-docs"], cwd=fleet, check=True)
    ran = run(fleet, "write-docs", sh=say + finish("needs_review_fix", name="write-docs"))
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[:2] == [str(fleet / ".worktrees/write-docs"), "task/write-docs"]
    ran = run(fleet, "role", "--worktree", ".worktrees/elsewhere", "--branch", "other", sh="true")
    assert (ran.code, "is on mine, not on other" in ran.err) == (2, True)


def test_from_within_a_worktree(fleet: Path) -> None:
    """The store is the main checkout's, wherever one stands."""
    git("worktree", "add", "-q", "-b", "x", ".worktrees/x", cwd=fleet)
    ran = run(fleet / ".worktrees/x", "fix-login", sh="pwd;" + finish("needs_review_fix"))
    assert (ran.code, ran.out.splitlines()[0]) == (0, str(fleet / ".worktrees/fix-login"))
    assert status(fleet / "tasks/fix-login.md") == "needs_review_fix"


def test_a_task_that_is_not_committed(fleet: Path) -> None:
    """Its worktree doesn't have it: the outcome goes from the tombstone to root."""
    (fleet / "tasks/new.md").write_text(task())
    ran = run(fleet, "new", sh="test ! -e tasks/new.md &&" + finish("blocked", "--reason", "x", name="new"))
    assert ran.code == 0, ran.err
    assert status(fleet / "tasks/new.md") == "blocked"
    assert not wrong(fleet, "new")


class TestFinishAlone:
    """`finish` where no run is under way does the whole handshake."""

    @pytest.fixture
    def begun(self, fleet: Path) -> Path:
        """A task that a manager of another make has registered and put in work."""
        git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=fleet)
        for path in (fleet, fleet / ".worktrees/fix-login"):
            (path / "tasks/fix-login.md").write_text(task(status="in_progress"))
        (fleet / REGISTER).parent.mkdir(parents=True)
        row = {"worktree_path": ".worktrees/fix-login", "pid": os.getpid(), "launched_at": "2999-01-01T00:00:00Z"}
        rows = {"fix-login": row, "other": {"branch": "other"}}
        (fleet / REGISTER).write_text(json.dumps({"owner": "dave", "entries": rows}))
        return fleet

    @pytest.mark.parametrize("place", [".", ".worktrees/fix-login"])
    def test_whole(self, place: str, begun: Path) -> None:
        ran = taskcheck(
            "finish", "fix-login", "--outcome", "completed_with_pr", "--pr-url", PULL, cwd=begun / place
        )  # fmt: skip
        assert (ran.code, ran.out.splitlines()[-2]) == (0, "root says in_review")
        edited = "to commit: tasks/fix-login.md; with edits from before, so review the diff first"
        assert ran.out.splitlines()[-1] == edited
        want = task(status="in_review", pr_url=PULL, pr_number="12")
        assert (begun / "tasks/fix-login.md").read_text() == want
        assert (begun / ".worktrees/fix-login/tasks/fix-login.md").read_text() == want
        assert list(entries(begun)) == ["other"]
        left = tombstone(begun)
        assert (left["state"], left["outcome"], left["status_before"]) == ("ended", "completed_with_pr", "in_progress")
        assert left["owner"] == "dave-fowler"
        assert not wrong(begun)

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("fix-login", "--outcome", "finished"), 2, "'finished' isn't an outcome"),
            (("fix-login", "--outcome", "blockd"), 2, "did you mean blocked"),
            (("fix-login", "--outcome", "blocked"), 2, "blocked needs a reason"),
            (("fix-login", "--outcome", "failed", "--reason", " \n"), 2, "failed needs a reason"),
            (("fix-login", "--outcome", "completed_with_pr"), 2, "completed_with_pr needs a pull request"),
            (("fix-login", "--outcome", "completed_with_pr", "--pr-url", "12"), 2, "isn't a URL such as"),
            (("fix-login", "--outcome", "completed_with_pr", "--pr-url", "javascript:x"), 2, "isn't a URL such as"),
            (("fix-login", "--outcome", "completed_with_pr", "--pr-url", "https://x/\n"), 2, "isn't a URL such as"),
            (("fix-logn", "--outcome", "failed", "--reason", "x"), 2, "did you mean fix-login"),
            (("done", "--outcome", "failed", "--reason", "x"), 1, "is completed: there is no dispatch"),
            (("parked", "--outcome", "failed", "--reason", "x"), 1, "is draft: there is no dispatch"),
            (("fix-login",), 2, "--outcome"),
        ],
    )
    def test_wrong_input(self, arguments: tuple[str, ...], code: int, said: str, begun: Path) -> None:
        before = fingerprint(begun)
        ran = taskcheck("finish", *arguments, cwd=begun)
        assert (ran.code, said in ran.err) == (code, True), ran.err
        assert fingerprint(begun) == before

    def test_a_pull_request_that_is_named_already(self, begun: Path) -> None:
        path = begun / ".worktrees/fix-login/tasks/fix-login.md"
        path.write_text(task(status="in_progress", pr_url=PULL, pr_number="12"))
        assert taskcheck("finish", "fix-login", "--outcome", "completed_with_pr", cwd=begun).code == 0
        assert (begun / "tasks/fix-login.md").read_text() == task(status="in_review", pr_url=PULL, pr_number="12")

    def test_a_run_without_terminal_state_is_finished_by_hand(self, begun: Path) -> None:
        """What missing-terminal-state asks for."""
        (begun / REGISTER).unlink()
        (begun / "tasks/logs").mkdir(exist_ok=True)
        (begun / "tasks/logs/dispatch-fix-login.log").write_text("work\ndispatch_exit_code=0\n")
        assert wrong(begun) == {"missing-terminal-state"}
        assert taskcheck("finish", "fix-login", "--outcome", "failed", "--reason", "gave up", cwd=begun).code == 0
        assert not wrong(begun)
        assert status(begun / "tasks/fix-login.md") == "failed"
