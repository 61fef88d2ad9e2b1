"""`taskcheck watch`: what it writes down, whom it tells, what it mends, and how it ends."""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from taskcheck.documents.values import iso
from taskcheck.model.episode import Repair
from taskcheck.watch import notices
from taskcheck.watch.mending import Pause, paused
from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE, git, taskcheck
from tests.e2e.watching import NOON, Clock, Watch, real_watch, until, watching
from tests.figures import KILLED, Figure
from tests.samples import WHOLE

Store = Callable[..., Path]

CONFIG = '[people]\nana = ["an"]\n'
WELL = "---\ntitle: Task {name}\nowner: ana\nstatus: ready\n---\n"
STATES = {
    "well": WELL,
    "nonsense": WELL.replace("ready", "nonsense"),
    "misspelt": WELL.replace("owner: ana", "owner: an"),
    "waits for nothing": WELL.replace("status", "depends_on: [nowhere]\nstatus"),
}


@pytest.fixture
def root(store: Store, state: Path) -> Path:
    return store({"taskcheck.toml": CONFIG, "tasks/a.md": STATES["nonsense"], "tasks/b.md": WELL})


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path, NOON)


def write(root: Path, name: str, text: str) -> None:
    draft = root / "tasks" / f".{name}.new"
    draft.write_text(text.format(name=name))
    draft.rename(root / "tasks" / f"{name}.md")


def kinds(watch: Watch) -> list[tuple[str, str]]:
    told = watch.recorded()
    return [(change.kind.value, change.subject) for change in told.changes] if told else []


def test_as_it_is_started(root: Path) -> None:
    process = real_watch(root)
    assert process.stdout
    first = process.stdout.readline()
    assert " new: a: error invalid-field: " in first
    write(root, "a", WELL)
    assert " gone: a: error invalid-field: " in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")
    told = taskcheck("history", "--format", "json", cwd=root).json
    assert [change["kind"] for change in told["changes"]] == ["opened", "closed"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_well(number: int, root: Path, clock: Clock) -> None:
    with watching(root, clock) as watch:
        until(lambda: watch.last_look()[0])
        assert watch.end(number) == 0
        assert watch.said()[1] == ""


def test_others_read_while_one_watches(root: Path, clock: Clock) -> None:
    with watching(root, clock) as watch:
        until(lambda: kinds(watch))
        clock.set(NOON + timedelta(minutes=7))
        until(lambda: watch.last_look()[1] == iso(clock.now()))
        out = taskcheck("status", "--now", iso(clock.now()), cwd=root).out
        assert "open for 7m" in " ".join(out.split())


def test_of_two_one_looks_and_the_other_takes_over(root: Path, clock: Clock) -> None:
    with watching(root, clock) as first:
        until(lambda: kinds(first))
        with watching(root, clock) as second:
            until(lambda: "this one waits until it ends" in second.said()[1])
            assert second.said()[0] == ""
            first.kill()
            write(root, "b", STATES["nonsense"])
            until(lambda: "new: b" in second.said()[0])
            assert second.end() == 0
    looks = first.last_look()[0]
    with watching(root, clock) as first:
        until(lambda: first.last_look()[0] > looks)
        with watching(root, clock) as second:
            until(lambda: "this one waits" in second.said()[1])
            assert second.end() == 0, "one that waits ends, too"


def test_what_cannot_be_looked_at_is_told_once(root: Path, clock: Clock) -> None:
    with watching(root, clock) as watch:
        until(lambda: kinds(watch))
        (root / "taskcheck.toml").write_text("[people\n")
        until(lambda: "the configuration can't be used" in watch.said()[1])
        before = watch.last_look()
        (root / "taskcheck.toml").write_text(CONFIG)
        write(root, "a", WELL)
        until(lambda: ("closed", "a") in kinds(watch))
        assert watch.said()[1].count("the configuration can't be used") == 1
        assert watch.last_look() > before


def test_a_record_that_cannot_be_written_is_told_and_tried_again(root: Path, clock: Clock, state: Path) -> None:
    with watching(root, clock) as watch:
        until(lambda: kinds(watch))
        (state / "taskcheck").chmod(0o755)
        until(lambda: "not recorded" in watch.said()[1])
        write(root, "a", WELL)
        (state / "taskcheck").chmod(0o700)
        until(lambda: ("closed", "a") in kinds(watch))
        assert watch.said()[1].count("not recorded") == 1


def receiver(folder: Path, then: str = "") -> str:
    """A command that appends what it is told to a file, and does something more."""
    return shlex.join(["sh", "-c", f"cat >> {folder / 'told'}; {then}"])


def told(folder: Path) -> list[Any]:
    file = folder / "told"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_command_is_told_what_changed(root: Path, clock: Clock, tmp_path: Path) -> None:
    with watching(root, clock, "--on-change", receiver(tmp_path)) as watch:
        until(lambda: len(told(tmp_path)) == 1)
        write(root, "a", WELL)
        write(root, "b", STATES["nonsense"])
        until(lambda: len([change for each in told(tmp_path) for change in each["changes"]]) == 3)
        until(lambda: watch.fact(notices.DONE) == told(tmp_path)[-1]["id"].rpartition("-")[2])
        assert watch.end() == 0
    first = told(tmp_path)[0]
    assert first["schema"] == "taskcheck/notice/1"
    assert first["text"].splitlines()[0] == f"taskcheck: {root.name}"
    assert first["text"].splitlines()[1].startswith("new: a: error invalid-field: ")
    (change,) = first["changes"]
    assert (change["kind"], change["task"], change["since"], change["seen"]) == ("opened", "a", iso(NOON), 1)
    kept = [(change["kind"], change["task"]) for each in told(tmp_path) for change in each["changes"]]
    assert sorted(kept) == [("closed", "a"), ("opened", "a"), ("opened", "b")]


def test_a_notice_is_what_its_schema_says(root: Path, clock: Clock, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "docs/notice.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    with watching(root, clock, "--on-change", receiver(tmp_path)):
        until(lambda: len(told(tmp_path)) == 1)
        write(root, "a", STATES["misspelt"])
        until(lambda: len(told(tmp_path)) == 2)
        write(root, "a", WELL)
        until(lambda: len(told(tmp_path)) == 3)
    for each in told(tmp_path):
        Draft202012Validator(schema).validate(each)
        assert set(each) == set(schema["properties"])
        assert set(each["changes"][0]) == set(schema["properties"]["changes"]["items"]["properties"])


def test_what_a_check_recorded_is_told_by_the_watch_that_comes_next(root: Path, clock: Clock, tmp_path: Path) -> None:
    with watching(root, clock, "--on-change", receiver(tmp_path)) as watch:
        until(lambda: len(told(tmp_path)) == 1)
        until(lambda: watch.fact(notices.DONE) != "0")
        watch.end()
    write(root, "a", WELL)
    taskcheck("--record", "--now", iso(NOON), cwd=root)
    with watching(root, clock, "--on-change", receiver(tmp_path)):
        until(lambda: len(told(tmp_path)) == 2)
    assert [each["changes"][0]["kind"] for each in told(tmp_path)] == ["opened", "closed"]


def test_what_was_before_the_first_watch_is_not_told(root: Path, clock: Clock, tmp_path: Path) -> None:
    taskcheck("--record", "--now", iso(NOON), cwd=root)
    with watching(root, clock, "--on-change", receiver(tmp_path)) as watch:
        until(lambda: watch.last_look()[0] > 3)
        write(root, "a", WELL)
        until(lambda: told(tmp_path))
    assert [change["kind"] for change in told(tmp_path)[0]["changes"]] == ["closed"]


def test_a_command_that_fails_is_told_again_by_the_same_id_in_order(
    root: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "FIRST_PAUSE", 0.05)
    fails = f"test -e {tmp_path / 'well'}"
    with watching(root, clock, "--on-change", receiver(tmp_path, fails)) as watch:
        until(lambda: len(told(tmp_path)) >= 2)
        write(root, "a", WELL)
        until(lambda: ("closed", "a") in kinds(watch))
        (tmp_path / "well").touch()
        until(lambda: told(tmp_path)[-1]["changes"][0]["kind"] == "closed")
        assert "--on-change: exit code 1; tried again in" in watch.said()[1]
    ids = [each["id"] for each in told(tmp_path)]
    assert len(set(ids)) == 2
    assert ids[-2] == ids[0], "the second one waits for the first"
    assert ids.count(ids[-1]) == 1


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    root: Path, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "LIMIT", 0.3)
    with watching(
        root, clock, "--on-change", receiver(tmp_path, f"sleep 600 & echo $! > {tmp_path / 'pid'}; wait")
    ) as watch:
        until(lambda: "takes longer than" in watch.said()[1])
        until(lambda: _is_gone(int((tmp_path / "pid").read_text())))


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in {"Z", "X"}


def test_one_at_a_time_even_after_a_kill(root: Path, clock: Clock, tmp_path: Path) -> None:
    """The command of a watch that was killed goes on; that of the next one waits for its end."""
    marks = f"echo begin >> {tmp_path / 'marks'}; sleep 1; echo end >> {tmp_path / 'marks'}"
    marks_file = tmp_path / "marks"
    with watching(root, clock, "--on-change", receiver(tmp_path, marks)) as watch:
        until(marks_file.exists)
        watch.kill()
        watch.start()
        until(lambda: watch.fact(notices.DONE) not in {None, "0"})
    assert marks_file.read_text().split() == ["begin", "end", "begin", "end"]
    first, second = told(tmp_path)
    assert first == second, "the same notice, by the same id"


@pytest.mark.parametrize("command", ["", "'", "no-such-program-anywhere x"])
def test_a_command_that_is_none_is_refused(command: str, root: Path) -> None:
    ran = taskcheck("watch", "--on-change", command, cwd=root)
    assert (ran.code, "--on-change" in ran.err) == (2, True)


def test_a_program_of_the_current_folder_is_not_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "evil").write_text("#!/bin/sh\n")
    (root / "evil").chmod(0o755)
    monkeypatch.setenv("PATH", f":{os.environ['PATH']}")
    assert taskcheck("watch", "--on-change", "evil", cwd=root).code == 2


def test_safe_repairs_are_made_and_recorded(root: Path, clock: Clock) -> None:
    with watching(root, clock, "--fix") as watch:
        until(lambda: ("opened", "a") in kinds(watch))
        write(root, "b", STATES["misspelt"])
        until(lambda: ("closed", "b") in kinds(watch))
        out, err = watch.said()
        assert watch.end() == 0
    assert (root / "tasks/b.md").read_text() == WELL.format(name="b")
    (closed,) = watch.recorded().closed  # type: ignore[union-attr]
    assert closed.repair is not None
    assert f"repaired: b: unresolved-identity: fix {closed.repair}" in out or closed.repair in out
    assert err == ""
    assert "nonsense" in (root / "tasks/a.md").read_text(), "what has no safe fix stays"
    assert taskcheck("undo", cwd=root).out.endswith(f"undone: {closed.repair}, 1 file\n")


@pytest.mark.journey
def test_it_holds_back_where_somebody_undoes_its_repairs(root: Path, clock: Clock) -> None:
    """Another writer puts the fault back each time: a minute, then two, then four without a repair."""
    repairs = []
    with watching(root, clock, "--fix") as watch:

        def look_on() -> None:
            number = watch.last_look()[0]
            until(lambda: watch.last_look()[0] >= number + 3)

        until(lambda: watch.last_look()[0])
        write(root, "b", STATES["misspelt"])
        for minute in range(10):
            clock.set(NOON + timedelta(minutes=minute))
            look_on()
            if "owner: ana" in (root / "tasks/b.md").read_text():
                repairs.append(minute)
                write(root, "b", STATES["misspelt"])
                look_on()
        err = watch.said()[1]
    assert repairs == [0, 1, 3, 7]
    assert "b: " in err
    assert "repaired 2 times within a day: another program writes it too; not fixed again before" in err
    assert "repaired 3 times within a day" in err
    assert err.count("came back after fix") == 4, "each pause is told once"


@pytest.mark.parametrize(("fixes", "minutes"), [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (200, 60)])
def test_each_pause_is_twice_as_long_up_to_an_hour(fixes: int, minutes: int) -> None:
    pair = ("misrouted-task", "b")
    made = [Repair(name=f"{number}-a", at=NOON, about=(pair,)) for number in range(fixes)]
    until = NOON + timedelta(minutes=minutes)
    assert paused(pair, made, until - timedelta(seconds=1)) == Pause(fixes=fixes, last=f"{fixes - 1}-a", until=until)
    assert paused(pair, made, until) is None
    assert paused(("misrouted-task", "a"), made, NOON) is None


def test_others_are_repaired_meanwhile(root: Path, clock: Clock) -> None:
    with watching(root, clock, "--fix") as watch:
        until(lambda: watch.last_look()[0])
        for _ in range(2):
            write(root, "b", STATES["misspelt"])
            until(lambda: "owner: ana" in (root / "tasks/b.md").read_text() or "came back" in watch.said()[1])
            until(lambda: watch.last_look()[0] > 3)
        write(root, "a", STATES["misspelt"])
        until(lambda: "owner: ana" in (root / "tasks/a.md").read_text())
        assert "owner: an\n" in (root / "tasks/b.md").read_text()


@pytest.mark.journey
def test_a_fix_that_was_interrupted_is_seen_to(root: Path, clock: Clock) -> None:
    from tests.e2e.killing import attempt, command, tree, unfinished

    write(root, "a", WELL)
    write(root, "b", STATES["misspelt"])
    at = 1
    while not any(name.endswith("committed.json") for name in unfinished(tree(root))):
        assert attempt(command(root, "--fix"), at).killed
        at += 1
    with watching(root, clock, "--fix") as watch:
        until(lambda: "recovered: " in watch.said()[0])
        until(lambda: "owner: ana" in (root / "tasks/b.md").read_text())
        assert unfinished(tree(root)) == []


@pytest.mark.journey
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_fix_come_to_its_end(number: int, root: Path, clock: Clock) -> None:
    """At random moments of many repairs: each file is old or new, and no journal is left."""
    from tests.e2e.killing import tree, unfinished

    chance = Random(number)
    names = [f"t{index}" for index in range(12)]
    for name in names:
        write(root, name, WELL)
    for _ in range(6):
        with watching(root, clock, "--fix") as watch:
            begun = watch.last_look()[0]
            until(lambda begun=begun: watch.last_look()[0] > begun)
            for name in names:
                write(root, name, STATES["misspelt"])
            time.sleep(chance.uniform(0, 0.4))
            assert watch.end(number) == 0
        assert unfinished(tree(root)) == []
        owners = {(root / f"tasks/{name}.md").read_text().split("owner: ")[1].split()[0] for name in names}
        assert owners <= {"an", "ana"}
        clock.set(clock.now() + timedelta(hours=25))


SILENCE = 10
"""Minutes after which a heartbeat is stale: `[limits] snapshot_max_age`."""


class Fleet:
    """Tasks, worktrees and managers in which faults open and heal by a plan, and what the record of them has to be."""

    def __init__(self, root: Path, tasks: int, worktrees: int, managers: list[str], seed: int) -> None:
        self.root = root
        self.chance = Random(seed)
        self.now = dict.fromkeys((f"t{number}" for number in range(tasks)), "well")
        self.ended: dict[str, set[str]] = {name: set() for name in (*self.now, *managers)}
        self.expected: list[tuple[str, str, str]] = []
        self.silent = dict.fromkeys(managers, 0)
        """For how many minutes a manager has written no heartbeat."""
        self.until = dict.fromkeys(managers, 0)
        for name, text in self.now.items():
            write(root, name, STATES[text])
        git("add", "tasks", cwd=root)
        git("commit", "-qm", "tasks", cwd=root)
        self.in_worktrees = [f"t{number}" for number in range(worktrees)]
        for name in self.in_worktrees:
            git("worktree", "add", "-q", "-b", f"task/{name}", f".worktrees/{name}", cwd=root)
        for name in managers:
            write(root, f"of-{name}", WELL.replace("ana", name))  # a heartbeat matters to whom has work to do
            self.beat(name, NOON)

    def beat(self, manager: str, at: datetime) -> None:
        """Write a manager's heartbeat."""
        folder = self.root / ".tasks/task_manager"
        folder.mkdir(parents=True, exist_ok=True)
        values = {"owner": manager, "generated_at": iso(at), "counts": {"active": 0}, "tasks": {}}
        draft = folder / f".{manager}.new"
        draft.write_text(json.dumps(values))
        draft.rename(folder / f"task-manager-{manager}.snapshot.json")

    def step(self, at: datetime) -> None:
        """Change some tasks, let managers write or be silent, and say what comes of it."""
        for name in self.chance.sample(sorted(self.now), self.chance.randint(1, 4)):
            before = self.now[name]
            known = [*STATES, "drifts"] if name in self.in_worktrees else [*STATES]
            after = self.chance.choice([each for each in known if each != before])
            self._become(name, before, after)
            self._expect(at, name, before, after)
        for name, minutes in self.silent.items():
            self._manage(at, name, minutes + MINUTES)

    def _become(self, name: str, before: str, after: str) -> None:
        """Write a task as it is to be, in root or in its worktree."""
        self.now[name] = after
        copy = self.root / f".worktrees/{name}"
        if before == "drifts":
            write(copy, name, WELL)
        write(self.root, name, STATES.get(after, WELL))
        if after == "drifts":
            write(copy, name, WELL.replace("ready", "in_progress"))

    def _manage(self, at: datetime, name: str, minutes: int) -> None:
        """Have a manager write its heartbeat, unless it is to be silent for a while."""
        if minutes <= self.until[name]:
            self.silent[name] = minutes
            return
        if self.silent[name] > SILENCE:
            self._expect(at, name, "stale", "well")
        self.beat(name, at)
        self.silent[name] = 0
        self.until[name] = self.chance.randint(SILENCE + 3, SILENCE + 9) if self.chance.random() < 0.1 else 0

    def pass_time(self, at: datetime) -> None:
        """Say what the time alone brings."""
        for name, minutes in self.silent.items():
            if minutes <= SILENCE < minutes + MINUTES:
                self._expect(at, name, "well", "stale")

    def _expect(self, at: datetime, name: str, before: str, after: str) -> None:
        """Take down what the record is to have."""
        kind = "changed"
        if after == "well":
            self.ended[name].add(before)
            kind = "closed"
        elif before == "well":
            kind = "reopened" if after in self.ended[name] else "opened"
        self.expected.append((iso(at), kind, name))

    @property
    def standing(self) -> set[str]:
        """What stands after the last step."""
        stale = {name for name, minutes in self.silent.items() if minutes > SILENCE}
        return stale | {name for name, is_now in self.now.items() if is_now != "well"}


STEPS, MINUTES, TASKS, WORKTREES, MANAGERS = 20, 1, 25, 3, ["ana", "bob"]
if WHOLE or os.environ.get("TASKCHECK_STRESS"):
    STEPS, MINUTES, TASKS, WORKTREES, MANAGERS = 60, 2, 1000, 100, ["ana", "bob", "cyn", "dan"]
MOST_KILLS = 1 if TASKS > 100 else 2
"""Of one wait: a watch of many tasks takes seconds to come back."""
QUIET = STEPS // 4
"""Steps at the end in which nobody is killed, to see that a watch doesn't grow."""


@pytest.mark.journey
def test_the_record_is_the_plan_whatever_is_killed(store: Store, state: Path, tmp_path: Path, figure: Figure) -> None:
    """A fleet by an injected clock, faults that open and heal by plan, SIGKILLs of the watch at any moment.

    No incident is lost, none is there twice, each has the time of its step. No notice is lost; at most one is repeated
    for each kill, by its id. A watch that isn't killed takes no more memory the longer it looks.
    """
    people = "".join(f"{name} = []\n" for name in MANAGERS if name != "ana")
    config = CONFIG + people + "[drift]\nignore = []\n"
    root = store({"taskcheck.toml": config, "tasks/x.md": WELL, ".gitignore": ".tasks/\n.worktrees/\n"})
    clock = Clock(tmp_path, NOON)
    fleet, chance, kills = Fleet(root, TASKS, WORKTREES, MANAGERS, 1), Random(2), 0
    with watching(root, clock, "--on-change", receiver(tmp_path)) as watch:

        def wait(true: Callable[[], bool], most: int) -> int:
            """Wait until something is so; kill the watch meanwhile, perhaps."""
            killed = 0
            due = time.monotonic() + chance.expovariate(1.0)
            end = time.monotonic() + PATIENCE
            while not true():
                assert time.monotonic() < end, watch.said()
                if time.monotonic() > due and killed < most:
                    watch.kill()
                    killed += 1
                    watch.start()
                    due = time.monotonic() + chance.expovariate(1.0)
                time.sleep(0.002)
            return killed

        def minute(number: int, most: int) -> int:
            """One step; how often the watch was killed in it."""
            now = NOON + number * timedelta(minutes=MINUTES)
            clock.set(now)
            fleet.pass_time(now)
            killed = wait(lambda: watch.last_look()[1] == iso(now), most)
            fleet.step(now)
            seen = watch.last_look()[0]
            return killed + wait(lambda: watch.last_look()[0] >= seen + 2, most)

        kills += wait(lambda: watch.last_look()[0] > 0, 2)
        for number in range(1, STEPS - QUIET + 1):
            kills += minute(number, chance.randint(0, MOST_KILLS))
        begun = watch.last_look()[0]
        wait(lambda: watch.last_look()[0] >= begun + 3, 0)
        before = _resident(watch.pid)
        for number in range(STEPS - QUIET + 1, STEPS + 1):
            minute(number, 0)
        looks = watch.last_look()[0] - begun
        last = watch.recorded().changes[-1].look  # type: ignore[union-attr]
        wait(lambda: watch.fact(notices.DONE) == str(last), 0)
        memory = _resident(watch.pid)
        assert watch.end() == 0
    kept = watch.recorded()
    assert kept is not None
    assert sorted((iso(change.at), change.kind.value, change.subject) for change in kept.changes) == sorted(
        fleet.expected
    )
    assert {episode.subject for episode in kept.standing} == fleet.standing
    notified = told(tmp_path)
    ids = [each["id"] for each in notified]
    assert list(dict.fromkeys(ids)) == [
        f"{watch.fact('name')}-{look}" for look in sorted({c.look for c in kept.changes})
    ]
    by_id: dict[str, Any] = {}
    for each in notified:
        assert by_id.setdefault(each["id"], each) == each
    changes = [
        (each["at"], change["kind"], change["task"] or change["manager"])
        for each in by_id.values()
        for change in each["changes"]
    ]
    assert sorted(changes) == sorted(fleet.expected), "no notice lost"
    assert len(ids) - len(by_id) <= kills
    assert kills > STEPS / 20
    assert memory < 400_000, "kilobytes"
    assert memory < 1.1 * before + 4_000, f"kilobytes, after {looks} looks without a kill; {before} before"
    figure(KILLED, kills)
    figure("notices", len(by_id))
    figure("notices repeated after a kill", len(ids) - len(by_id))
    figure("kilobytes more in a watch after its last looks", max(0, memory - before))


def _resident(pid: int) -> int:
    """Kilobytes that a process has in memory."""
    if not sys.platform.startswith("linux"):
        return 0
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
