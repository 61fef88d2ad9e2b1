"""The operator's view on the terminal: one row per task, what it blocks first, and commands that exist."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wcwidth import wcswidth

from taskcheck import Finding, Fix, Place, Safety, check
from taskcheck.cli.status import ENTER, LEAVE
from taskcheck.formats import status
from taskcheck.formats.step import commands as commands_of, next_step
from taskcheck.model.cases import RunError
from taskcheck.model.report import Incident, Report
from taskcheck.testing import Built, build, incidents_fixture
from tests.e2e.conftest import PATIENCE, environment, taskcheck
from tests.e2e.serving import eventually
from tests.e2e.test_incidents import HEADLINES, NOW

Store = Callable[..., Path]


def task(status: str, *needs: str, owner: str = "x") -> str:
    return f"---\ntitle: T\nowner: {owner}\nstatus: {status}\ndepends_on: [{', '.join(needs)}]\n---\n"


def test_one_row_per_task_with_all_that_is_asked(incidents: Built) -> None:
    ran = taskcheck("status", "--now", NOW, cwd=incidents.root)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[:3] == [
        "manager      heartbeat               workers",
        "dave-fowler  2m old, fresh           2 live of 7 registered",
        "rj           2m 30s old, fresh       2 live of 2 registered",
    ]
    at = lines.index("error   Make tasks server status page use fresh heartbeat data and auto-…  8h 1m")
    assert lines[at + 1 : at + 4] == [
        "        worker-gone · make-tasks-serv…d-auto-refresh · dave-fowler · worker gone",
        "        worker of make…resh is gone: nothing has moved for 8h 1m, and no end is…",
        "        taskcheck run \\",
    ]
    rules = [lines[number + 1].split()[0] for number, line in enumerate(lines) if line.startswith("error ")]
    assert rules == [
        "split-manager", "worker-gone", "register-orphan", "dispatch-completed-unreconciled", "misrouted-task",
        "missing-terminal-state",
    ]  # fmt: skip
    assert "signal " not in ran.out


def test_no_age_is_negative(incidents: Built) -> None:
    for when in ("2026-03-23T12:00:00Z", "2026-03-24T17:57:00Z"):
        ran = taskcheck("status", "--now", when, "-v", cwd=incidents.root)
        assert " ahead" in ran.out
        assert re.search(r"(?<![\w.\d])-\d+[smhd]\b", ran.out) is None, ran.out


@pytest.mark.parametrize(("width", "said"), [(80, "quite-a-long-name depends"), (50, "quit…name depends")])
def test_a_message_is_whole_where_it_fits(store: Store, width: int, said: str) -> None:
    root = store({"tasks/quite-a-long-name.md": task("ready", "gone")})
    told = status.render(check(root), width=width)
    assert said in told


def test_raw_signals_are_opened_on_demand(incidents: Built) -> None:
    out = " ".join(taskcheck("status", "-v", "--now", NOW, cwd=incidents.root).out.split())
    assert "signal pickup_overdue: attention, from dave-fowler, 2026-03-24T10:21:00Z, explained by worker-gone" in out
    assert "refuted, explained by dispatch-completed-unreconciled" in out
    stale = "wire-markdown-svg-to-dataface-font-config-and-vendored-inter hasn't moved for 6h 37m"
    assert f"warning stale-in-progress: {stale}" in out


@pytest.mark.parametrize("options", [(), ("-v",), ("--color", "always")])
def test_fits_eighty_columns(incidents: Built, options: tuple[str, ...]) -> None:
    out = taskcheck("status", "--now", NOW, *options, cwd=incidents.root).out
    plain = out if "--color" not in options else taskcheck("status", "--now", NOW, cwd=incidents.root).out
    assert ("\x1b[" in out) is ("--color" in options)
    if "--color" in options:
        assert re.sub(r"\x1b\[[0-9;]*m", "", out) == plain, "colour changes nothing else"
    assert all(len(line) <= 80 or " " not in line.strip(" \\") for line in plain.splitlines()), "but for a long name"


def test_commands_exist_and_say_something(incidents: Built) -> None:
    out = taskcheck("status", "--now", NOW, cwd=incidents.root).out.replace("\\\n", "")
    commands = [shlex.split(line) for line in out.splitlines() if line.startswith("        taskcheck ")]
    assert len(commands) == len(HEADLINES)
    assert {words[1] for words in commands} == {"--fix", "run", "finish"}
    for _, *words in commands:
        if words[0] in {"run", "finish"}:
            continue  # It begins or ends work; tests/e2e/test_next_step.py does what it says.
        harmless = ["--diff" if word == "--fix" else word for word in words]  # The repository is shared.
        ran = taskcheck(*harmless, "--now", NOW, cwd=incidents.root)
        assert ran.code == 1, (words, ran.err)
        assert "\n+++ " in ran.out


def test_what_blocks_most_comes_first(store: Store) -> None:
    root = store(
        {
            "tasks/a.md": task("nonsense"),
            "tasks/b.md": task("ready", "c"),
            "tasks/c.md": task("draft", "d"),
            "tasks/d.md": task("draft", "gone"),
            "tasks/e.md": task("draft", "b"),
        }
    )
    out = taskcheck("status", cwd=root).out.splitlines()
    heads = [n for n, line in enumerate(out) if line.startswith(("error ", "warning "))]
    rows = [out[n + 1].split(" · ")[1:] for n in heads]
    assert [facts[0] for facts in rows] == ["d", "b", "a"], "a warning that blocks one before an error"
    assert [facts[-1] for facts in rows] == ["blocks 3", "blocks 1", "x"]


def test_live_workers_are_counted_by_task(store: Store) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entries = [{"task": "a", "pid": os.getpid()}, {"task": "a", "pid": gone.pid}, {"task": "b", "pid": gone.pid}]
    register = json.dumps({"owner": "x", "entries": [{**entry, "launched_at": at} for entry in entries]})
    path = ".tasks/task_manager/task-manager-x.register.json"
    root = store({"tasks/a.md": task("in_progress"), "tasks/b.md": task("in_progress"), path: register})
    assert "\nx        none                    1 live of 2 registered\n" in taskcheck("status", cwd=root).out
    (root / path).unlink()
    snapshot = {"owner": "x", "generated_at": "2020-01-01T00:00:00Z"}
    (root / path.replace("register", "snapshot")).write_text(json.dumps(snapshot))
    assert " old, stale" in (out := taskcheck("status", cwd=root).out)
    assert "no register\n" in out


def test_exit_codes_are_those_of_a_check(store: Store, tmp_path: Path) -> None:
    healthy = incidents_fixture()
    built = build(healthy, tmp_path / "healthy", overlay=healthy / "healthy")
    clean = taskcheck("status", "--now", NOW, cwd=built.root)
    assert clean.code == 0
    assert "all agree" in clean.out
    root = store({"README.md": "x"})
    empty = taskcheck("status", cwd=root)
    assert empty.code == 4
    assert "neither task files nor runtime ledgers found" in empty.err
    (root / "taskcheck.toml").write_text("nonsense = 1\n")
    assert taskcheck("status", cwd=root).code == 2


def test_texts_of_tasks_do_not_speak(store: Store) -> None:
    title = '"\\e[31mred \\u202e::error::"'
    front = f'---\ntitle: {title}\nowner: "\\e[2J\\u202e"\nstatus: "\\e[8m"\n---\n'
    root = store({"tasks/x\u202e.md": front, "tasks/-rf.md": front, "tasks/a b; touch x.md": front})
    out = taskcheck("status", "-v", cwd=root).out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_every_task_is_named_as_a_shell_takes_it() -> None:
    place, edit = Place(path="tasks/x.md"), Fix(title="mend", safety=Safety.SAFE, edits=())
    for name, words in {
        "fix-login": ["--fix", "fix-login"],
        "a b; touch x": ["--fix", "'a b; touch x'"],
        "-rf": ["--fix", "--", "-rf"],
        "两": ["--fix", "'两'"],
        "x\u202e": ["--fix", r"$'x\342\200\256'"],
        "\x1b]0;x\x07": ["--fix", r"$'\033\1350\073x\007'"],
        "a\n'b": ["--fix", r"$'a\012\047b'"],
        "a  b": ["--fix", r"$'a\040\040b'"],
        "::error::x": ["--fix", r"$'\072\072error\072\072x'"],
        "\udce9": ["--fix", r"$'\351'"],
        "a\0b": ["rule", "some-rule"],
        "a\ud800": ["rule", "some-rule"],
    }.items():
        finding = Finding(rule="some-rule", task=name, message="m", place=place, fix=edit)
        incident = Incident(
            task=name, manager=None, title="", owner=None, status=None, headline="some-rule", findings=(finding,)
        )
        assert next_step(incident).words == ("taskcheck", *words)
        fixes = [words for words, _ in commands_of(incident) if "--fix" in words]
        assert fixes == ([f"taskcheck {' '.join(words)}"] if words[0] == "--fix" else []), "never of everything"
        if words[0] == "--fix":
            said = subprocess.run(["bash", "-c", f"printf %s {words[-1]}"], capture_output=True, check=True).stdout
            assert said == name.encode("utf-8", "surrogateescape")


def test_the_command_for_a_strange_name_mends_it(store: Store) -> None:
    people = "[people]\ndave-fowler = ['dave']\n"
    root = store({"taskcheck.toml": people, "tasks/a\nb\x1b[2J  '\u202e.md": task("ready", owner="dave")})
    command = next(line.strip() for line in taskcheck("status", cwd=root).out.splitlines() if " --fix " in line)
    _, *words = command.split(" ", 2)
    ran = subprocess.run(
        ["bash", "-c", f"exec {sys.executable} -m taskcheck {' '.join(words)}"],
        cwd=root, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, "1 fixed" in ran.stdout) == (0, True), ran.stderr


@pytest.fixture(scope="module")
def wide(incidents: Built) -> Report:
    """The friction log's report, with a task and a manager whose names are wide."""
    made = check(incidents.root, now=datetime.fromisoformat(NOW))
    task = replace(made.incidents[0], task="两" * 60, owner="日本" * 9)
    manager = replace(made.managers[0], owner="两" * 60)
    return replace(made, incidents=(task, *made.incidents), managers=(manager, *made.managers))


@pytest.mark.parametrize("width", [20, 24, 30, 40, 60, 72, 80, 120])
@pytest.mark.parametrize("verbose", [False, True])
def test_fits_any_width(wide: Report, width: int, verbose: bool) -> None:
    made = replace(wide, errors=(RunError(where="x", message="两" * 60),), exit_code=3)
    lines = status.render(made, width=width, verbose=verbose).splitlines()
    for line in lines:
        assert wcswidth(line) <= width or " " not in line.strip(" \\"), "only a word of a command is longer"
    for words in ("worker-gone"[: width - 9], "8h 1m", "dave-fowler", "gone"):
        assert words in " ".join(lines)


@pytest.mark.parametrize("height", [1, 3, 5, 8, 12, 24, 40, 60, 200])
@pytest.mark.parametrize("width", [30, 80])
@pytest.mark.parametrize("verbose", [False, True])
def test_fits_any_height(wide: Report, height: int, width: int, verbose: bool) -> None:
    errors = (RunError(where="x", message="y"),) * 30
    made = replace(wide, managers=wide.managers * 20, errors=errors, exit_code=3)
    shown = status.render(made, width=width, height=height, verbose=verbose)
    assert sum(-(-max(1, wcswidth(line)) // width) for line in shown.splitlines()) <= height
    whole = status.render(made, width=width, verbose=verbose)
    for what, number in (("rows", len(made.incidents)), ("managers", len(made.managers))):
        left = [int(found) for found in re.findall(rf"(\d+) more {what}", shown)]
        assert all(0 < more <= number for more in left)
    assert (shown == whole) == (height == 200 and whole.count("\n") <= 200)


def test_verbose_says_why_rules_are_skipped(store: Store) -> None:
    root = store({"tasks/a.md": task("ready")}, repository=False)
    assert "(-v says why)" in taskcheck("status", cwd=root).out
    told = taskcheck("status", "-v", cwd=root).out
    assert "-v says why" not in told
    assert "skipped metadata-drift: " in told


Wait = Callable[[bytes], bytes]


@contextmanager
def watching(*options: str | Path, cwd: Path, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], Wait]]:
    """`status --watch` into a pipe, and a function that waits for some bytes and returns all until then."""
    command = [sys.executable, "-m", "taskcheck", "status", "--watch", *map(str, options)]
    process = subprocess.Popen(command, cwd=cwd, env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    try:
        yield process, lambda wanted: until(process.stdout.fileno(), wanted)  # type: ignore[union-attr]
    finally:
        process.kill()
        process.communicate()


def until(fd: int, wanted: bytes, seconds: float = PATIENCE) -> bytes:
    os.set_blocking(fd, False)
    seen = b""
    end = time.monotonic() + seconds
    while wanted not in seen:
        assert time.monotonic() < end, seen
        try:
            seen += os.read(fd, 65536)
        except BlockingIOError:
            time.sleep(0.02)
    return seen


def ends_quietly(process: subprocess.Popen[bytes], number: int) -> None:
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert err == b""


@pytest.mark.parametrize("watchfiles", [True, False])
def test_watch_tells_each_change_once(store: Store, tmp_path: Path, watchfiles: bool) -> None:
    root = store({"tasks/a.md": task("ready", "gone")})
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "watchfiles.py").write_text("raise ImportError\n")
    with watching(cwd=root, **({} if watchfiles else {"PYTHONPATH": str(tmp_path / "without")})) as (process, wait):
        first = wait(b"as of ")
        assert b"unknown-dependency" in first
        time.sleep(2.5)  # It has looked a second time by now, and has nothing new to say.
        (root / "tasks" / "new").mkdir()
        (root / "tasks" / "new" / "b.md").write_text(task("nonsense"))
        second = wait(b"as of ")
        assert b"invalid-field" in second
        assert second.count(b"as of ") == 1
        (root / "taskcheck.toml").write_text("nonsense = 1\n")
        assert b"as of" not in wait(b"the configuration can't be used")
        (root / "taskcheck.toml").unlink()
        wait(b"invalid-field")
        ends_quietly(process, signal.SIGINT)


@contextmanager
def on_a_terminal(root: Path, **env: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`status --watch` on a terminal, in a process group of its own, as a shell would have it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "taskcheck", "status", "--watch"]
    env = environment(**{"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **env})
    process = subprocess.Popen(
        command, cwd=root, env=env, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, process_group=0
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()
        os.close(ours)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seconds", [0.0, 2.5])
def test_watch_ends_with_the_signals_own_code(store: Store, number: int, seconds: float) -> None:
    with on_a_terminal(store({"tasks/a.md": task("nonsense")})) as (process, ours):
        until(ours, b"\x1b[?2026l")
        time.sleep(seconds)
        process.send_signal(number)
        assert until(ours, LEAVE).endswith(LEAVE)
        code = process.wait(PATIENCE)
        # Python ends itself by SIGINT where that met it in an import; a shell says 130 of either.
        assert (code if code >= 0 else 128 - code, process.communicate()[1]) == (128 + number, b"")


def test_watch_stops_and_goes_on(store: Store) -> None:
    with on_a_terminal(store({"tasks/a.md": task("nonsense")})) as (process, ours):
        until(ours, b"\x1b[?2026l")
        for _ in range(2):
            time.sleep(2)
            process.send_signal(signal.SIGTSTP)
            assert until(ours, LEAVE).endswith(LEAVE)
            eventually(lambda: os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG)[0] == process.pid)
            process.send_signal(signal.SIGCONT)
            assert until(ours, b"\x1b[?2026l").startswith(ENTER + b"\x1b[?2026h")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_watch_on_a_dumb_terminal_prints_each_look(store: Store) -> None:
    root = store({"tasks/a.md": task("nonsense")})
    with on_a_terminal(root, TERM="dumb") as (_, ours):
        seen = until(ours, b"as of ")
        (root / "tasks/b.md").write_text(task("nonsense"))
        assert b"\x1b" not in seen + until(ours, b"2 tasks in")


def test_watch_sees_a_configuration_that_lies_elsewhere(store: Store, tmp_path: Path) -> None:
    config = tmp_path / "elsewhere" / "ours.toml"
    config.parent.mkdir()
    config.write_text("")
    with watching("--config", config, cwd=store({"tasks/a.md": task("nonsense")})) as (_, wait):
        wait(b"as of ")
        time.sleep(2.5)
        config.write_text("nonsense = 1\n")
        wait(b"the configuration can't be used")


def test_watch_on_a_terminal_redraws_in_place_and_leaves_it_as_it_was(store: Store) -> None:
    root = store({"tasks/a.md": task("ready", "gone"), **{f"tasks/t{n:02}.md": task("nonsense") for n in range(40)}})
    with on_a_terminal(root) as (process, ours):
        first = until(ours, b"\x1b[?2026l")
        assert first.startswith(b"\x1b[?1049h\x1b[?25l\x1b[?2026h\x1b[H")
        assert first.count(b"\n") < 24, "it never scrolls"
        assert b"37 more rows: taskcheck status shows all" in first
        assert b"\x1b[2J" not in first, "the screen is never emptied"
        (root / "tasks" / "a.md").write_text(task("ready"))
        shown = until(ours, b"40 errors")
        assert b"unknown-dependency" not in shown.rpartition(b"\x1b[H")[2]
        process.send_signal(signal.SIGINT)
        assert until(ours, b"\x1b[?1049l").endswith(b"\x1b[?25h\x1b[?1049l")
        assert process.wait(PATIENCE) == 130
        assert process.communicate()[1] == b""


def test_who_waits_for_a_person_is_shown(store: Callable[..., Path]) -> None:
    page = "---\ntitle: T\nowner: rj\nstatus: {}\nupdated_at: {}\n---\n"
    files = {f"tasks/review-{day}.md": page.format("in_review", f"2026-03-1{day}T18:00:00Z") for day in range(7)}
    files["tasks/stopped.md"] = page.format("blocked", "2026-03-01T00:00:00Z")
    ended = {"task": "stopped", "state": "ended", "outcome": "blocked", "reason": "no key \x1b[31m"}
    root = store({**files, "tasks/done.md": page.format("completed", "2026-03-01T00:00:00Z")})
    (root / "tasks/logs").mkdir()
    tombstone = {**ended, "started_at": "2026-03-20T10:00:00Z", "ended_at": "2026-03-24T12:00:00Z"}
    (root / "tasks/logs/dispatch-stopped.status.json").write_text(json.dumps(tombstone))
    shown = taskcheck("status", "--now", "2026-03-24T18:00:00Z", cwd=root).out
    assert "\nwaiting for a person: 8\n  7 in review: review-0 (14d), review-1 (13d)" in shown
    assert "and 2 more" in shown
    assert "\n  1 stopped: stopped (6h, no key" in shown
    assert "\x1b" not in shown
    told = taskcheck("--format", "json", "--now", "2026-03-24T18:00:00Z", cwd=root).json["waiting"]
    assert [(queue["class"], queue["count"], len(queue["longest"])) for queue in told] == [
        ("review", 7, 5),
        ("stopped", 1, 1),
    ]
    assert "Waiting for a person" in taskcheck("--format", "html", "--now", "2026-03-24T18:00:00Z", cwd=root).out
