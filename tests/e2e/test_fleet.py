"""Many stores on one board: `status`, `serve` and `watch` with several folders, and reports of other machines."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from taskcheck import check
from taskcheck.documents.values import iso, timestamp
from taskcheck.formats import fleet as text, fleet_json, fleet_page, status
from taskcheck.formats.cells import cells
from taskcheck.formats.json_report import as_dict
from taskcheck.model.fleet import Fleet, worst
from taskcheck.model.report import Report
from taskcheck.report.received import NotAReport, received
from taskcheck.watch.fleet import members as fleet_members, pool
from taskcheck.watch.fleet.asked import Asked
from taskcheck.watch.fleet.members import FleetStores, members, with_report
from taskcheck.watch.fleet.rounds import Rounds
from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE, environment, taskcheck
from tests.e2e.test_incidents import NOW
from tests.e2e.watching import until

pytestmark = pytest.mark.journey

CONFIG = '[people]\nana = ["an"]\n'
WELL = "---\ntitle: {}\nowner: ana\nstatus: ready\n---\n"
BROKEN = WELL.replace("ready", "nonsense")
MISSPELT = WELL.replace("owner: ana", "owner: an")

Make = Callable[..., Path]

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e{{7*7}}"


@pytest.fixture
def make(tmp_path: Path, state: Path) -> Make:
    """Makes a store of some task files, by name."""

    def made(name: str, config: str = CONFIG, /, **tasks: str) -> Path:
        root = tmp_path / name
        (root / "tasks").mkdir(parents=True)
        (root / "taskcheck.toml").write_text(config)
        for task, content in tasks.items():
            (root / f"tasks/{task}.md").write_text(content.format(task))
        subprocess.run(["git", "init", "-q", root], check=True, env=environment())
        return root

    return made


def report_file(root: Path, file: Path, *options: str) -> Path:
    """The report of a store, as another machine would write it."""
    file.write_text(taskcheck("check", "--exit-zero", "--format", "json", *options, cwd=root).out)
    return file


def schema_of_status() -> jsonschema.Draft202012Validator:
    schemas = {
        name: json.loads((ROOT / "docs" / name).read_text()) for name in ("report.schema.json", "status.schema.json")
    }
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    return jsonschema.Draft202012Validator(schemas["status.schema.json"], registry=registry)


def test_a_board_has_every_store_and_the_worst_exit_code(make: Make, tmp_path: Path) -> None:
    well, bad = make("well", a=WELL), make("bad", a=BROKEN, b=BROKEN)
    ran = taskcheck("status", well, bad, "--format", "json", cwd=tmp_path)
    view = ran.json
    schema_of_status().validate(view)
    assert ran.code == view["exit_code"] == 1
    assert [(each["store"], each["source"], each["exit_code"], each["late"]) for each in view["stores"]] == [
        ("well", "look", 0, False), ("bad", "look", 1, False),
    ]  # fmt: skip
    assert [(each["store"], each["task"]) for each in view["disagree"]] == [("bad", "a"), ("bad", "b")]
    assert view["classes"] == {"ready": 1, "other": 2}
    assert view["complete"] is True
    assert taskcheck("status", well, make("other", a=WELL), cwd=tmp_path).code == 0


def test_each_row_is_what_the_store_says_by_itself(make: Make, incidents: Any, tmp_path: Path) -> None:
    """Side by side, and nothing else: rows, in their order, and numbers."""
    bad = make("bad", a=BROKEN)
    board = taskcheck("status", incidents.root, bad, "--now", NOW, "--format", "json", cwd=tmp_path).json
    schema_of_status().validate(board)
    assert board["waiting"][0]["longest"][0]["store"] == incidents.root.name
    for root in (incidents.root, bad):
        alone = taskcheck("status", "--now", NOW, "--format", "json", cwd=root).json
        for name in ("managers", "at_work", "disagree", "unseen", "errors"):
            mine = [dict(row) for row in board[name] if row["store"] == root.name]
            for row in mine:
                del row["store"]
            assert mine == alone[name], name


def test_a_store_that_fails_is_a_row(make: Make, tmp_path: Path) -> None:
    bad, broken = make("bad", a=BROKEN), make("broken", "[people\n", a=WELL)
    empty = make("empty")
    ran = taskcheck("status", bad, broken, tmp_path / "gone", empty, "--format", "json", cwd=tmp_path)
    found = {each["store"]: each for each in ran.json["stores"]}
    assert "the configuration can't be used: taskcheck.toml" in found["broken"]["trouble"]
    assert found["gone"]["trouble"] == f"there is no folder {tmp_path / 'gone'}"
    assert {name: each["exit_code"] for name, each in found.items()} == {"bad": 1, "broken": 2, "gone": 2, "empty": 4}
    assert ran.code == 2
    assert ran.json["complete"] is False
    assert [each["task"] for each in ran.json["disagree"]] == ["a"]
    shown = taskcheck("status", bad, broken, tmp_path / "gone", cwd=tmp_path)
    assert shown.code == 2
    assert "invalid-field · a" in shown.out
    assert shown.out.count("can't be looked at") == 2


def test_worst() -> None:
    assert [worst(codes) for codes in ([], [0, 0], [0, 1], [1, 4], [4, 2, 1], [2, 3, 0])] == [0, 0, 1, 4, 2, 3]


def test_one_folder_is_one_store(make: Make, tmp_path: Path) -> None:
    bad = make("bad", a=BROKEN)
    alone = taskcheck("status", "--now", NOW, cwd=bad)
    assert taskcheck("status", bad, "--now", NOW, cwd=tmp_path) == alone
    assert (
        taskcheck("status", tmp_path / "gone", cwd=tmp_path).err
        == f"taskcheck: there is no folder {tmp_path / 'gone'}\n"
    )


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_board_fits_the_terminal(width: int, make: Make, incidents: Any, tmp_path: Path) -> None:
    stores = [incidents.root, make("bad", a=BROKEN), tmp_path / "gone", make("w" * 90, a=WELL)]
    found = Rounds(members(board_of(*stores)), lambda member: Asked(root=member.where, now=NOW))
    list(found.once())
    fleet = Fleet(now=moment(), members=tuple(found.members))
    lines = text.render(fleet, width=width).splitlines()
    commands = [line for line in lines if line.endswith("\\") or "taskcheck" in line or " --" in line]
    whole = [line for line in lines if len(line.split()) > 1 and line not in commands]
    assert [line for line in whole if cells(line) > width] == [], "but for a path, or a word of a command"
    for height in (3, 10, 24, 40):
        assert len(text.render(fleet, width=width, height=height).splitlines()) <= height


def board_of(*stores: Path, reports: tuple[Path, ...] = ()) -> FleetStores:
    return FleetStores(stores=stores, reports=reports, max_age=timedelta(minutes=15), skew=timedelta(minutes=5))


def moment() -> Any:
    return timestamp(NOW)


def test_what_is_done_next_begins_in_the_folder_of_the_store(make: Make, tmp_path: Path) -> None:
    """Nobody stands in it; a command that is pasted elsewhere would be about another task of that name."""
    odd = make("o'dd name", a=MISSPELT)
    out = taskcheck("status", odd, make("well", a=WELL), cwd=tmp_path).out
    command = " ".join(out[out.index("cd ") :].split("\n\n")[0].replace("\\\n", " ").split())
    assert command.endswith("&& taskcheck --fix a")
    subprocess.run(["sh", "-c", command.replace("taskcheck", f"{sys.executable} -m taskcheck")], check=True,
                   cwd=tmp_path, env=environment(), capture_output=True)  # fmt: skip
    assert "owner: ana" in (odd / "tasks/a.md").read_text()


def test_stores_and_reports_of_a_configuration(make: Make, tmp_path: Path) -> None:
    make("api", a=BROKEN)
    web = make(
        "web",
        CONFIG + '[limits]\nreport_max_age = "2h"\n[fleet]\nstores = [".", "../api"]\nreports = ["b.json"]\n',
        a=WELL,
    )
    report_file(web, web / "b.json", "--now", iso(now() - timedelta(hours=1)))
    view = taskcheck("status", "--format", "json", cwd=web).json
    assert [(each["store"], each["late"]) for each in view["stores"]] == [("web", False), ("api", False), ("b", False)]
    assert taskcheck("status", web, "--format", "json", cwd=tmp_path).json.get("stores") is None, "the folder alone"
    ran = taskcheck("watch", "--fix", cwd=web)
    assert ran.code == 2
    assert "--fix requires the stores on the command line" in ran.err


def now() -> Any:
    from taskcheck.store import clock

    return clock()


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("status", ["--history", "x.sqlite"], "--history works with a single store"),
        ("status", ["--config", "x.toml"], "--config works with a single store"),
        ("status", ["--status", "ready"], "--status works with a single store"),
        ("status", ["--rule", "drift"], "--rule works with a single store"),
        ("watch", ["--history", "x.sqlite"], "--history works with a single store"),
        ("serve", ["--config", "x.toml"], "--config works with a single store"),
    ],
)
def test_what_is_about_one_store_is_refused(
    command: str, options: list[str], said: str, make: Make, tmp_path: Path
) -> None:
    ran = taskcheck(command, make("a", a=WELL), make("b", a=WELL), *options, cwd=tmp_path)
    assert (ran.code, said in ran.err) == (2, True)


def test_an_owner_is_asked_for_in_each_store(make: Make, tmp_path: Path) -> None:
    two = CONFIG + "dave = []\n"
    one = make("one", two, a=BROKEN, b=BROKEN.replace("ana", "dave"))
    other = make("other", a=WELL)
    view = taskcheck("status", one, other, "--owner", "dave", "--format", "json", cwd=tmp_path).json
    assert [each["task"] for each in view["disagree"]] == ["b"]
    assert "no person and no role is named 'dave'" in view["stores"][1]["trouble"]
    ran = taskcheck("status", one, "--report", "x.json", "--owner", "dave", cwd=tmp_path)
    assert (ran.code, "--owner doesn't apply to reports of other machines" in ran.err) == (2, True)


def test_names_tell_stores_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a/x/store", "b/x/store", "b/y", "b/y")]
    reports = (tmp_path / "store.json", tmp_path / "y.json")
    found = members(board_of(*paths, reports=reports))
    names = [member.name for member in found]
    assert names == ["a/x/store", "b/x/store", "y", "y (2)", "store", "y (3)"]
    assert [member.is_received for member in found] == [False] * 4 + [True] * 2
    assert members(board_of(Path("/")))[0].name == "/"


# Reports of other machines


@pytest.fixture
def report(incidents: Any) -> Report:
    return check(incidents.root, now=timestamp(NOW))


def test_a_report_that_was_read_again_says_the_same(report: Report) -> None:
    """On the terminal word by word, and as JSON all but what isn't in it."""
    told = json.loads(json.dumps(as_dict(report)))
    again = received(told, is_foreign=False)
    for verbose in (False, True):
        shown = status.render(again, verbose=verbose)
        wanted = status.render(report, verbose=verbose)
        if not verbose:
            assert shown.splitlines()[:-2] == wanted.splitlines()[:-2], "the tally tells of runs and suppressions"
    mine = as_dict(again)
    for name in ("managers", "at_work", "waiting", "classes", "errors", "unseen", "root", "notices", "skipped"):
        assert mine[name] == told[name], name
    for incident, wanted_one in zip(mine["incidents"], told["incidents"], strict=True):
        for key in ("next", "headline", "severity", "moved_at", "worker", "blocks", "pull_request", "status"):
            if key != "next":
                assert incident[key] == wanted_one[key], key
        assert [finding["message"] for finding in incident["findings"]] == [
            finding["message"] for finding in wanted_one["findings"]
        ]
        assert incident["next"]["text"] == wanted_one["next"]["text"]


def test_keys_of_a_newer_version_are_passed_over(report: Report) -> None:
    told = as_dict(report)
    told["from_the_future"] = {"a": 1}
    told["incidents"][0]["more"] = [1]
    assert received(told, is_foreign=True).incidents


def test_a_store_that_was_read_in_part_does_not_all_agree(make: Make) -> None:
    root = make("part", 'preset = "backlog-md"\n')
    for name in ("task-1 - One.md", "later/task-2 - Two.md"):
        path = root / "backlog/tasks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        number = name.partition("-")[2][0]
        path.write_text(f"---\nid: TASK-{number}\ntitle: T\nstatus: To Do\n---\n")
    shown = taskcheck("status", root, make("well", a=WELL), cwd=root).out
    assert re.search(r"^part +agree as far as read ", shown, re.MULTILINE), shown
    assert re.search(r"^well +all agree ", shown, re.MULTILINE), shown


def test_a_late_report_is_said_to_be_late(make: Make, tmp_path: Path) -> None:
    root = make("well", a=WELL)
    for name, ago in (("fresh", 5), ("late", 16), ("ahead", -90)):
        report_file(root, tmp_path / f"{name}.json", "--now", iso(now() - timedelta(minutes=ago)))
    files = [word for name in ("fresh", "late", "ahead") for word in ("--report", tmp_path / f"{name}.json")]
    ran = taskcheck("status", *files, "--format", "json", cwd=tmp_path)
    found = {each["store"]: each for each in ran.json["stores"]}
    assert [(name, each["late"], each["exit_code"]) for name, each in found.items()] == [
        ("fresh", False, 0), ("late", True, 3), ("ahead", True, 3),
    ]  # fmt: skip
    assert 290 < found["fresh"]["age_seconds"] < 400
    assert ran.code == 3
    out = taskcheck("status", *files, cwd=tmp_path).out
    assert "5m" in out
    assert "at most 15m is allowed: it is late" in out
    assert "ahead of this machine's clock, so its age is unknown" in out
    assert taskcheck("status", *files[:2], root, cwd=tmp_path).code == 0


BAD = {
    "nothing": ("", "bad.json:1:1: "),
    "half": ('{"schema": "taskcheck/report/1",\n', "bad.json:2:1: the file ends too early"),
    "text": ("hello\n", "bad.json:1:1: "),
    "another schema": (
        '{\n "schema": "taskcheck/status/1"}',
        "bad.json:2:12: it is of schema 'taskcheck/status/1', and a",
    ),
    "no schema": ("{}", "bad.json:1:1: it has no schema"),
    "twice": ('{"schema": "x", "schema": "y"}', "appears twice"),
    "deep": ("[" * 200_000, "bad.json:1:"),
    "long number": ('{"schema": "taskcheck/report/1", "now": ' + "1" * 100_000 + "}", "bad.json:1:"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_report(name: str, tmp_path: Path) -> None:
    """It is a row that names the file, the place and the cure."""
    content, said = BAD[name]
    (tmp_path / "bad.json").write_text(content)
    ran = taskcheck("status", "--report", tmp_path / "bad.json", "--format", "json", cwd=tmp_path)
    (store,) = ran.json["stores"]
    assert said in store["trouble"]
    assert "write it by `taskcheck check --exit-zero --format json`" in store["trouble"]
    assert ran.code == store["exit_code"] == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(now="yesterday"), "now: should be a time"),
        (lambda told: told.update(exit_code=7), "exit_code: "),
        (lambda told: told.update(classes={"ready": "many"}), "classes.ready: "),
        (lambda told: told["incidents"][0].update(blocks=-1), "incidents.0.blocks: "),
        (lambda told: told["incidents"][0].update(blocks=10**30), "incidents.0.blocks: "),
        (
            lambda told: told["incidents"][0]["findings"][0].update(severity="fatal"),
            "incidents.0.findings.0.severity: should be",
        ),
        (lambda told: told["managers"][0].update(snapshot_age_seconds=10**18), "managers.0.snapshot_age_seconds: "),
        (lambda told: told.update(incidents={}), "incidents: "),
        (lambda told: told["incidents"][0].update(headline=f"drift{HOSTILE}"), "incidents.0.headline: "),
        (lambda told: told["incidents"][0].update(worker="gone\x1b[2J"), "incidents.0.worker: "),
        (lambda told: told["incidents"][0]["findings"][0].update(rule="\u202edrift"), "incidents.0.findings.0.rule: "),
        (lambda told: told.pop("summary"), "summary: "),
    ],
    ids=range(12),
)
def test_a_report_with_a_value_that_is_none(
    change: Callable[[Any], Any], said: str, report: Report, tmp_path: Path
) -> None:
    """The line and the column are those of the value."""
    told = as_dict(report)
    change(told)
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(told, indent=1))
    (member,) = members(board_of(reports=(file,)))
    seen = with_report(member)
    assert said in seen.trouble
    line = int(seen.trouble.removeprefix(f"{file}:").partition(":")[0])
    key = said.partition(":")[0].rpartition(".")[2]
    if key != "summary":
        assert f'"{key}"' in file.read_text().splitlines()[line - 1]


def test_a_file_that_cannot_be_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "large.json").write_text("{}" + " " * 2000)
    monkeypatch.setattr(fleet_members, "MAX_BYTES", 1000)
    for path, said in (
        (tmp_path / "fifo.json", "it is a "),
        (tmp_path / "folder.json", "it is a folder"),
        (tmp_path / "large.json", "1,000 are read at the most"),
        (tmp_path / "none.json", "there"),
        (Path("/dev/zero"), "it is a device"),
    ):
        seen = with_report(members(board_of(reports=(path,)))[0])
        assert str(path) in seen.trouble
        assert said in seen.trouble or path.name == "none.json", seen.trouble
        assert seen.code == 2


def hostile(value: Any, key: str = "") -> Any:
    """A report whose texts, but for those of a fixed vocabulary, are an attack."""
    fixed = {"schema", "version", "now", "severity", "side", "safety", "kind", "class", "run", "checkout", "url",
             "rule", "headline", "family", "explained_by", "worker"}  # fmt: skip
    if isinstance(value, dict):
        changed = {name: hostile(each, name) for name, each in value.items()}
        return changed if key == "classes" else changed | {"store": HOSTILE, "kind": value.get("kind", HOSTILE)}
    if isinstance(value, list):
        return [hostile(each, key) for each in value]
    if isinstance(value, str) and key not in fixed and timestamp(value) is None:
        return f"{value}{HOSTILE}"
    return value


def test_a_hostile_report_is_shown_and_never_obeyed(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "evil.json"
    file.write_text(json.dumps(hostile(as_dict(report))))
    seen = with_report(members(board_of(reports=(file,)))[0])
    assert seen.trouble == ""
    assert seen.report is not None
    fleet = Fleet(now=report.now, members=(seen,))
    for verbose in (False, True):
        shown = text.render(fleet, verbose=verbose)
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    for live in ("", "x-1"):
        page = fleet_page.page(fleet, live=live)
        assert "<script>alert" not in page
        assert "\u202e" not in page
        assert "49" not in page.partition("&lt;script&gt;alert(1)")[2][:60], "no template is rendered"
        assert "class=copy" not in page, "nothing is offered to be copied"
    view = json.loads(fleet_json.as_json(fleet))
    assert {row["store"] for row in view["disagree"]} == {"evil"}, "a report can't speak for another store"
    kinds = {json.loads(line)["kind"] for line in fleet_json.as_lines(fleet).splitlines()}
    assert kinds == {"view", "store", "manager", "work", "waiting", "incident"}


def test_what_another_machine_says_to_do_is_a_sentence(report: Report) -> None:
    told = as_dict(report)
    told["incidents"][0]["next"] = {"kind": "command", "text": "rm -rf ~", "command": ["rm", "-rf", "~"]}
    first = received(told, is_foreign=True).incidents[0]
    assert first.step is not None
    assert (first.step.words, first.step.text) == ((), "there: rm -rf ~")
    with pytest.raises(NotAReport):
        received({**told, "schema": "taskcheck/report/2"}, is_foreign=True)


# Processes that look


def rounds_of(*stores: Path) -> Rounds:
    return Rounds(members(board_of(*stores)), lambda member: Asked(root=member.where))


def test_a_process_that_is_killed_costs_one_look(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "cores", lambda: 1)
    stores = [make(f"s{number}", a=WELL) for number in range(3)]
    found = rounds_of(*stores)
    seen = found.once()
    first = next(seen)
    (process,) = found._pool._processes
    os.kill(process._process.pid, signal.SIGKILL)
    rest = list(seen)
    told = {each.member.name: each.member.trouble for each in (first, *rest)}
    assert sorted(told) == ["s0", "s1", "s2"]
    assert sorted(told.values()) == ["", "", "the process that looked has ended: SIGKILL"]


def test_a_look_that_does_not_end_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are looked at meanwhile, and after it."""
    monkeypatch.setattr(pool, "PATIENCE", 3.0)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    hangs = make("hangs", a=WELL)
    for name in ("tasks/a.md",):
        (hangs / name).unlink()
    others = [make(f"s{number}", a=WELL) for number in range(3)]
    found = rounds_of(hangs, *others)
    seen = found.once()
    first = next(seen)
    stopped = found._pool._processes[-1]._process.pid
    os.kill(stopped, signal.SIGSTOP)
    rest = list(seen)
    told = {each.member.name: each.member.trouble for each in (first, *rest)}
    assert len(told) == 4
    assert list(told.values()).count("a check took more than 3 seconds") <= 1
    assert not Path(f"/proc/{stopped}").exists() or list(told.values()).count("") == 4


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which cores a process may use")
def test_only_the_cores_that_this_process_may_use_count() -> None:
    whole = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(whole)})
    try:
        assert pool.cores() == 1
    finally:
        os.sched_setaffinity(0, whole)
    assert pool.cores() == len(whole)


def test_no_more_processes_than_cores(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "cores", lambda: 2)
    found = rounds_of(*(make(f"s{number}", a=WELL) for number in range(6)))
    most = 0
    for _ in found.once():
        most = max(most, len(found._pool._processes))
    assert most == 2
    assert found._pool._processes == []


@pytest.mark.journey
def test_no_module_of_the_folder_that_one_stands_in_is_run(make: Make, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    (tmp_path / "taskcheck").mkdir()
    for name in ("taskcheck/__init__.py", "json.py", "selectors.py", "sitecustomize.py", "typing.py"):
        (tmp_path / name).write_text(trap)
    stores = [make(name, a=WELL) for name in ("one", "other")]
    script = shutil.which("taskcheck", path=str(Path(sys.executable).parent))
    assert script
    done = subprocess.run(
        [script, "status", *stores], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "sprung").exists()


# Again and again


class Background:
    """A command that runs until it is ended."""

    def __init__(self, *arguments: str | Path, cwd: Path) -> None:
        self.out, self.err = cwd / f"out-{time.monotonic_ns()}", cwd / f"err-{time.monotonic_ns()}"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "taskcheck", *map(str, arguments)],
                cwd=cwd, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip

    def says(self, words: str) -> bool:
        assert self.process.poll() is None, self.err.read_text()
        return words in self.out.read_text()

    def complains(self, words: str) -> bool:
        return words in self.err.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def running(*arguments: str | Path, cwd: Path) -> Iterator[Background]:
    command = Background(*arguments, cwd=cwd)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()
        assert "Traceback" not in command.err.read_text(), command.err.read_text()


def write(root: Path, task: str, content: str) -> None:
    draft = root / f"tasks/.{task}"
    draft.write_text(content.format(task))
    draft.rename(root / f"tasks/{task}.md")


def history(root: Path) -> list[tuple[str, str]]:
    ran = taskcheck("history", "--format", "json", cwd=root)
    told = ran.json if ran.code == 0 else {"changes": []}  # nothing is recorded yet
    return [(change["kind"], change["task"]) for change in told["changes"]]


@pytest.mark.journey
def test_a_watch_of_many_writes_down_each(make: Make, tmp_path: Path) -> None:
    one, other, gone = make("one", a=BROKEN), make("other", a=WELL), tmp_path / "gone"
    report_file(one, tmp_path / "host-b.json", "--now", iso(now() - timedelta(hours=1)))
    receiver = f"sh -c 'cat >> {tmp_path}/told'"
    with running(
        "watch", one, other, gone, "--report", tmp_path / "host-b.json", "--on-change", receiver, cwd=tmp_path
    ) as watch:
        until(lambda: watch.says("one: ") and watch.complains("gone: there is no folder"))
        until(lambda: watch.complains("host-b: its report is 1h"))
        write(other, "a", BROKEN)
        until(lambda: watch.says("other: ") and "new: a" in watch.out.read_text().rpartition("other: ")[2])
        write(one, "a", WELL)
        until(lambda: watch.says("  gone: a"))
        make("gone", a=BROKEN)
        until(
            lambda: watch.out.read_text().rpartition("gone: ")[2].count("new: a") or history(gone) == [("opened", "a")]
        )
        until(lambda: len((tmp_path / "told").read_text().splitlines()) == 4)
        assert watch.end() == 0
    assert history(one) == [("opened", "a"), ("closed", "a")]
    assert history(other) == [("opened", "a")]
    notices = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert sorted(Path(notice["store"]).name for notice in notices) == ["gone", "one", "one", "other"]


@pytest.mark.journey
def test_of_two_watches_one_looks_at_each_store(make: Make, tmp_path: Path) -> None:
    one, other = make("one", a=BROKEN), make("other", a=BROKEN)
    with running("watch", "--root", one, cwd=tmp_path) as first:
        until(lambda: first.says("new: a"))
        with running("watch", one, other, cwd=tmp_path) as second:
            until(lambda: second.says("other: "))
            until(lambda: second.complains("one: another watch checks this store"))
            first.end()
            write(one, "b", BROKEN)
            until(lambda: second.says("one: ") and "new: b" in second.out.read_text())
            assert second.end(signal.SIGINT) == 0
    assert history(one) == [("opened", "a"), ("opened", "b")]


@pytest.mark.journey
def test_a_watch_of_many_repairs(make: Make, tmp_path: Path) -> None:
    one, other = make("one", a=MISSPELT), make("other", a=WELL)
    with running("watch", one, other, "--fix", cwd=tmp_path) as watch:
        until(lambda: watch.says("one: repaired: a: noncanonical-owner"))
        until(lambda: ("closed", "a") in history(one))
        write(other, "a", MISSPELT)
        until(lambda: ("closed", "a") in history(other))
        assert watch.end() == 0
    assert "owner: ana" in (other / "tasks/a.md").read_text()
    assert history(one) == [("opened", "a"), ("closed", "a")]


def test_status_of_many_says_what_is_new(make: Make, tmp_path: Path) -> None:
    one, other = make("one", a=BROKEN), make("other", a=WELL)
    with running("status", one, other, "--watch", cwd=tmp_path) as status_:
        until(lambda: status_.says("2 stores, 1 error"))
        write(other, "a", BROKEN)
        until(lambda: status_.says("2 stores, 2 errors"))
        shutil.rmtree(one)
        until(lambda: status_.says("1 not seen as they are now"))
    ran = taskcheck("status", one, other, "--watch", "--format", "json", cwd=tmp_path)
    assert (ran.code, "--watch prints only text" in ran.err) == (2, True)


def test_a_report_that_is_written_anew_is_taken(make: Make, tmp_path: Path) -> None:
    root, file = make("one", a=BROKEN), tmp_path / "b.json"
    with running("status", "--report", file, root, "--watch", cwd=tmp_path) as board:
        until(lambda: board.says("can't be looked at"))
        report_file(root, file)
        until(lambda: board.says("2 stores, 2 errors"))
        file.write_text("{")
        until(lambda: board.says(f"{file}:1:2:"))


def test_the_page_of_many(make: Make, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="the extra [serve] isn't installed")
    pytest.importorskip("prometheus_client", reason="the extra [metrics] isn't installed")
    from tests.e2e.serving import eventually, serving_many
    from tests.e2e.test_metrics import parsed, value

    one, other = make("one", a=BROKEN), make("other", a=WELL)
    with serving_many(one, other, cwd=tmp_path) as served:
        eventually(lambda: served.health["status"] == "ok")
        code, page = served.get()
        assert code == 200
        assert "<h2><bdi>one</bdi> <span>1</span></h2>" in page
        assert 'data-store="one"' in page
        view = json.loads(served.get("report.json")[1])
        schema_of_status().validate(view)
        assert [each["store"] for each in view["disagree"]] == ["one"]
        values = parsed(served.get("metrics")[1])
        assert value(values, "incidents", store="one", rule="invalid-field", severity="error") == 1
        assert value(values, "tasks", store="other", **{"class": "ready"}) == 1
        write(other, "a", BROKEN)
        eventually(lambda: "<h2><bdi>other</bdi> <span>1</span></h2>" in served.get()[1])
        shutil.rmtree(other)
        eventually(lambda: "other: there is no folder" in served.health.get("error", ""))
        page = served.get()[1]
        assert "Not seen as they are now" in page
        assert "<h2><bdi>other</bdi> <span>1</span></h2>" in page, "as it was last seen"
        assert served.ends(signal.SIGTERM) == (-signal.SIGTERM, "")
