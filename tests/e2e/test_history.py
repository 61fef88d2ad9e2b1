"""What is recorded of incidents from check to check, and how the commands tell of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE, Ran, environment, followed, taskcheck
from tests.figures import KILLED, REFUSED, Figure
from tests.samples import sampled

Store = Callable[..., Path]

CONFIG = '[people]\nana = ["an"]\n[limits]\nin_progress_max_idle = "4h"\n'
WELL = "---\ntitle: Fix login\nowner: ana\nstatus: ready\n---\n"
BROKEN = WELL.replace("ready", "nonsense")
MISSPELT = WELL.replace("owner: ana", "owner: an")


@pytest.fixture
def root(store: Store, state: Path) -> Path:
    return store({"taskcheck.toml": CONFIG, "tasks/fix-login.md": BROKEN, "tasks/other.md": WELL})


def at(minute: int) -> str:
    return f"2026-03-24T{12 + minute // 60:02}:{minute % 60:02}:00Z"


def record(root: Path, minute: int, *options: str) -> Ran:
    return taskcheck("--record", "--now", at(minute), *options, cwd=root)


def history(root: Path, *options: str, minute: int = 600) -> Any:
    ran = taskcheck("history", "--format", "json", "--now", at(minute), *options, cwd=root)
    assert ran.code == 0, ran.err
    return ran.json


def changes(root: Path) -> list[tuple[str, str, str]]:
    return [(each["at"][11:16], each["kind"], each["task"]) for each in history(root)["changes"]]


def write(root: Path, text: str, name: str = "fix-login") -> None:
    (root / f"tasks/{name}.md").write_text(text)


def test_from_the_first_sight_to_the_return(root: Path) -> None:
    record(root, 0)
    record(root, 5)
    write(root, WELL)
    assert record(root, 10).code == 0
    write(root, BROKEN)
    record(root, 20)
    write(root, MISSPELT)
    record(root, 30)
    assert changes(root) == [
        ("12:00", "opened", "fix-login"),
        ("12:10", "closed", "fix-login"),
        ("12:20", "reopened", "fix-login"),
        ("12:30", "changed", "fix-login"),
    ]
    told = history(root)
    (closed,), (standing,) = told["closed"], told["standing"]
    assert (closed["first"], closed["last"], closed["seen"], closed["closed"]) == (at(0), at(5), 2, at(10))
    assert (standing["first"], standing["seen"], standing["reopened"]) == (at(20), 2, 1)
    assert told["mean_seconds"]["owners"] == [{"name": "ana", "closed": 1, "seconds": 600}]


def test_a_plain_check_writes_nothing(root: Path, state: Path) -> None:
    for arguments in ((), ("--format", "json"), ("status",), ("--format", "html"), ("--fix",)):
        taskcheck(*arguments, "--now", at(0), cwd=root)
    assert list(state.iterdir()) == []
    before = sorted(root.rglob("*"))
    record(root, 0)
    assert sorted(root.rglob("*")) == before, "nor does the record lie in the store"
    (file,) = (state / "taskcheck").glob("*.sqlite")
    kept = file.read_bytes()
    write(root, WELL)
    for arguments in ((), ("--format", "json"), ("status",), ("history",)):
        assert taskcheck(*arguments, "--now", at(5), cwd=root).code == 0
    assert file.read_bytes() == kept


def test_a_check_that_is_not_recorded_loads_no_database(root: Path) -> None:
    code = "import sys; from taskcheck.cli import main; main({}); print('sqlite3' in sys.modules)"
    for arguments in ([], ["status"], ["--format", "json"]):
        done = subprocess.run([sys.executable, "-c", code.format(arguments)], cwd=root, env=environment(),
                              capture_output=True, text=True, check=True)  # fmt: skip
        assert done.stdout.splitlines()[-1] == "False", arguments


def test_since_and_seen_are_shown_where_there_is_a_record(root: Path) -> None:
    def incident() -> Any:
        (found,) = taskcheck("--format", "json", "--now", at(15), cwd=root).json["incidents"]
        return found["since"], found["seen"], found["reopened"]

    assert incident() == (None, None, None)
    assert "open for" not in taskcheck("status", "--now", at(15), cwd=root).out
    record(root, 0)
    write(root, WELL)
    record(root, 2)
    write(root, BROKEN)
    record(root, 5)
    assert incident() == (at(5), 1, 1)
    assert "open for 10m · seen once · reopened once" in " ".join(
        taskcheck("status", "--now", at(15), cwd=root).out.split()
    )
    page = taskcheck("--format", "html", "--now", at(15), cwd=root).out
    assert "<span>open for 10m</span> <span>seen once</span> <span>reopened once</span>" in page
    lines = taskcheck("status", "--format", "jsonl", "--now", at(15), cwd=root).out.splitlines()
    assert [json.loads(line)["seen"] for line in lines if '"incident"' in line] == [1]


def test_the_fix_that_closed_it_is_named(root: Path) -> None:
    write(root, MISSPELT)
    record(root, 0)
    ran = record(root, 5, "--fix", "--format", "json")
    (closed,) = history(root)["closed"]
    assert closed["repair"] == ran.json["undo"] is not None
    assert f"closed by fix {closed['repair']}" in taskcheck("history", cwd=root).out


def test_a_fix_that_was_made_between_two_looks_is_named_too(root: Path) -> None:
    write(root, MISSPELT)
    write(root, MISSPELT, "other")
    record(root, 0)
    undo = taskcheck("--fix", "fix-login", "--format", "json", "--now", at(2), cwd=root).json["undo"]
    write(root, WELL, "other")
    record(root, 5)
    assert {each["task"]: each["repair"] for each in history(root)["closed"]} == {"fix-login": undo, "other": None}


def test_what_cannot_be_read_keeps_its_incidents(root: Path) -> None:
    record(root, 0)
    (root / ".git/config").write_text("[core\n")
    assert record(root, 5).code == 3
    assert [each["task"] for each in history(root)["standing"]] == ["fix-login"]
    assert changes(root) == [("12:00", "opened", "fix-login")]


@pytest.mark.parametrize("options", [("fix-login",), ("--owner", "ana"), ("-k", "x"), ("--select", "identity"),
                                     ("--ignore", "identity"), ("--diff",), ("--gate", "commit")])  # fmt: skip
def test_the_record_is_of_the_whole_store(options: tuple[str, ...], root: Path, state: Path) -> None:
    ran = record(root, 0, *options)
    assert (ran.code, "--record covers the whole store" in ran.err) == (2, True)
    assert list(state.iterdir()) == []


def test_a_look_of_before_the_last_one_is_refused(root: Path) -> None:
    record(root, 10)
    ran = record(root, 5)
    assert ran.code == 3
    assert "the last look in the record is of 2026-03-24T12:10:00Z" in ran.err
    assert changes(root) == [("12:10", "opened", "fix-login")]


def test_a_file_can_be_named(root: Path, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.sqlite"
    record(root, 0, "--history", str(file))
    assert list(state.iterdir()) == []
    assert history(root, "--history", str(file))["standing"][0]["task"] == "fix-login"
    assert "open for 5m" in taskcheck("status", "--history", file, "--now", at(5), cwd=root).out
    missing = taskcheck("status", "--history", tmp_path / "none", cwd=root)
    assert (missing.code, "isn't there" in missing.err) == (2, True)


def test_a_file_of_another_store_is_refused(root: Path, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "mine.sqlite"
    record(root, 0, "--history", str(file))
    other = tmp_path / "other"
    shutil.copytree(root, other)
    ran = record(other, 5, "--history", str(file))
    assert (ran.code, f"the history is that of {root}" in ran.err) == (3, True)
    assert len(history(root, "--history", str(file))["changes"]) == 1


def test_a_state_folder_in_the_store_is_not_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(root / "state"))
    ran = record(root, 0)
    assert (ran.code, "is in a checkout of the store" in ran.err) == (3, True)
    assert not (root / "state").exists()


def test_a_damaged_file_is_set_aside_and_said(root: Path, state: Path) -> None:
    record(root, 0)
    (file,) = (state / "taskcheck").glob("*.sqlite")
    file.write_bytes(b"\xff" * 8192)
    assert taskcheck("status", "--now", at(2), cwd=root).code == 1, "who reads does without"
    ran = record(root, 5)
    assert (ran.code, "is damaged" in ran.err, "set aside" in ran.err) == (1, True, True)
    assert changes(root) == [("12:05", "opened", "fix-login")]
    assert file.with_name(f"{file.name}.damaged").read_bytes() == b"\xff" * 8192
    assert record(root, 6).err == ""


def test_one_task_and_a_part_of_the_time(root: Path) -> None:
    write(root, BROKEN, "other")
    record(root, 0)
    write(root, WELL, "other")
    record(root, 30)
    write(root, WELL)
    record(root, 90)
    assert [each["task"] for each in history(root)["closed"]] == ["fix-login", "other"]
    assert [each["task"] for each in history(root, "--since", at(60))["closed"]] == ["fix-login"]
    assert [each["task"] for each in history(root, "--since", "35m", minute=120)["closed"]] == ["fix-login"]
    for name in ("other", "OTHER", "tasks/other.md"):
        assert [each["task"] for each in history(root, name)["closed"]] == ["other"], name
    write(root, BROKEN, "other")
    record(root, 100)
    assert [each["task"] for each in history(root, "other")["standing"]] == ["other"]
    assert history(root, "fix-login")["standing"] == []
    unknown = taskcheck("history", "fix-logn", cwd=root)
    assert (unknown.code, "did you mean fix-login" in unknown.err) == (2, True)
    assert taskcheck("history", "--since", "soon", cwd=root).code == 2


def test_for_people(root: Path) -> None:
    assert "nothing is recorded" in taskcheck("history", cwd=root).err
    record(root, 0)
    write(root, WELL)
    write(root, BROKEN, "other")
    record(root, 45)
    out = taskcheck("history", "-v", "--now", at(60), cwd=root).out
    rule = history(root)["standing"][0]["headline"]
    assert out.splitlines() == [
        "open: 1",
        "  error    Fix login",
        f"           {rule} · other · ana",
        "           open since 2026-03-24 12:45:00 UTC (15m), seen once",
        "",
        "closed: 1",
        "  error    Fix login",
        f"           {rule} · fix-login · ana",
        "           open for 45m until 2026-03-24 12:45:00 UTC, seen once",
        "",
        "mean time to reconcile, by rule",
        f"  {rule}: 45m over 1 incident",
        "",
        "mean time to reconcile, by owner",
        "  ana: 45m over 1 incident",
        "",
        "changes: 3",
        f"  2026-03-24 12:00:00 UTC  opened   fix-login: {rule}",
        f"  2026-03-24 12:45:00 UTC  opened   other: {rule}",
        f"  2026-03-24 12:45:00 UTC  closed   fix-login: {rule}",
        "",
        "last check 2026-03-24 12:45:00 UTC, as of 2026-03-24 13:00:00 UTC",
    ]


def test_what_a_ledger_says_is_harmless(root: Path) -> None:
    write(root, BROKEN.replace("Fix login", "'\\e[31mred ::error::x'").replace("'", '"'))
    record(root, 0)
    out = taskcheck("history", "-v", cwd=root).out
    assert "\x1b" not in out
    assert not re.search(r"^\s*::", out, re.M)


def test_the_json_is_what_its_schema_says(root: Path) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "docs/history.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    record(root, 0)
    write(root, WELL)
    write(root, MISSPELT, "other")
    record(root, 5)
    told = history(root)
    Draft202012Validator(schema).validate(told)
    assert set(schema["properties"]) == set(told)
    for name in ("standing", "closed", "changes"):
        (described,) = {frozenset(each) for each in told[name]}
        shown = schema["properties"][name]["items"]
        shown = schema["$defs"][shown["$ref"].rpartition("/")[2]] if "$ref" in shown else shown
        assert described == set(shown["properties"]) == set(shown["required"])


def test_only_what_changed_is_reported_and_only_what_is_new_fails(root: Path) -> None:
    def check(minute: int, *options: str) -> Ran:
        return taskcheck("--changes", "--now", at(minute), *options, cwd=root)

    first = check(0)
    assert (first.code, "everything is new" in first.out, "fix-login" in first.out) == (1, True, True)
    record(root, 0)
    again = check(1)
    assert (again.code, "fix-login" in again.out, "nothing found" in again.out) == (0, False, True)
    write(root, BROKEN, "other")
    new = check(2)
    assert (new.code, "fix-login" in new.out, "other" in new.out) == (1, False, True)
    assert check(2, "--record").code == 1
    assert check(3).code == 0, "it is recorded by now"
    write(root, WELL)
    gone = check(4)
    assert (gone.code, re.findall(r"^gone .*", gone.out, re.M)) == (0, ["gone    fix-login  invalid-field"])
    write(root, MISSPELT, "other")
    changed = check(5, "--format", "json")
    told = [(each["kind"], each["task"], each["was"]) for each in changed.json["changes"]]
    assert sorted(told) == [("changed", "other", "invalid-field"), ("closed", "fix-login", None)]
    assert [each["task"] for each in changed.json["incidents"]] == ["other"]
    assert changes(root)[-1] == ("12:02", "opened", "other"), "nothing is written without --record"


def test_a_worse_finding_of_a_known_incident_fails(root: Path) -> None:
    write(root, MISSPELT)
    assert taskcheck("--record", "--now", at(0), cwd=root).code in {0, 1}
    write(root, MISSPELT.replace("ready", "nonsense"))
    ran = taskcheck("--changes", "--format", "json", "--now", at(1), cwd=root)
    assert ran.code == 1
    (incident,) = ran.json["incidents"]
    assert {each["rule"]: each["advisory"] for each in incident["findings"]} == {
        "invalid-field": False,
        "noncanonical-owner": True,
    }


def test_a_report_without_changes_says_so(root: Path) -> None:
    assert taskcheck("--format", "json", cwd=root).json["changes"] is None
    refused = taskcheck("--changes", "--owner", "ana", cwd=root)
    assert (refused.code, "--changes covers the whole store" in refused.err) == (2, True)


CALLS = ("pwrite64", "ftruncate", "fdatasync", "fsync", "unlink", "openat")
"""What SQLite changes files by."""


def sabotaged(root: Path, *inject: str) -> subprocess.CompletedProcess[str]:
    """A check that is recorded, under strace, which makes a call on the record fail, or kills the process at it."""
    (folder,) = Path(os.environ["XDG_STATE_HOME"]).glob("taskcheck")
    (file,) = folder.glob("*.sqlite")
    paths = [part for beside in ("", "-wal", "-shm", "-journal") for part in ("-P", f"{file}{beside}")]
    options = [part for rule in inject for part in ("-e", f"inject={rule}")]
    done = subprocess.run(
        ["strace", *followed(*inject), "-qq", *paths, "-e", f"trace={','.join(CALLS)}", *options,
         "-o", folder.parent / "trace",
         sys.executable, "-m", "taskcheck", "--record", "--now", at(10)],
        cwd=root, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr and "ermitted" in done.stderr:
        pytest.skip("ptrace is denied here")
    return done


def points(root: Path, state: Path) -> list[tuple[str, int]]:
    """Every call by which a look changes the record, and which one of its kind it is."""
    assert sabotaged(root).returncode == 1
    made = re.findall(r"^\d+ +(\w+)\(", (state / "trace").read_text(), re.M)
    found = [(call, number) for call in CALLS for number in range(1, made.count(call) + 1)]
    assert made.count("pwrite64") > 3
    return found


@pytest.mark.journey
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("error", [None, "ENOSPC", "EIO"])
def test_a_look_is_recorded_whole_or_not_at_all(error: str | None, root: Path, state: Path, figure: Figure) -> None:
    """Killed or refused at each call that changes the record: the look is there or isn't, and the next goes on."""
    record(root, 0)
    write(root, WELL)
    write(root, BROKEN, "other")
    folder, saved = state / "taskcheck", state.parent / "saved"
    shutil.copytree(folder, saved)
    old = [("12:00", "opened", "fix-login")]
    new = [*old, ("12:10", "opened", "other"), ("12:10", "closed", "fix-login")]
    seen = set()
    mine = sampled(points(root, state), 6 if error is None else 8)
    for call, number in mine:
        shutil.rmtree(folder)
        shutil.copytree(saved, folder)
        done = sabotaged(root, f"{call}:{f'error={error}' if error else 'signal=SIGKILL'}:when={number}")
        if error is None:
            assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        left = changes(root)
        assert left in (old, new), (call, number)
        if left == old and error is not None:
            assert done.returncode == 3, (call, number, done.stderr)
            assert "not recorded" in done.stderr
        seen.add(len(left))
        assert record(root, 10).err == "", (call, number)
        assert changes(root) == new, (call, number)
    assert seen == {1, 3}
    figure(KILLED if error is None else REFUSED, len(mine))


def test_a_task_with_a_pull_request_is_closed_by_looks_that_ask_no_forge(store: Store, state: Path) -> None:
    register = ".tasks/task_manager/task-manager-ana.register.json"
    done = WELL.replace("ready", "completed\npr_url: https://github.com/acme/shop/pull/7")
    entry = {"owner": "ana", "entries": [{"task": "fix-login", "registered_at": "2026-03-20T00:00:00Z"}]}
    root = store({"taskcheck.toml": CONFIG, ".gitignore": "/.tasks/\n", "tasks/fix-login.md": done})
    (root / register).parent.mkdir(parents=True)
    (root / register).write_text(json.dumps(entry))
    record(root, 0)
    assert changes(root) == [("12:00", "opened", "fix-login")]
    (root / register).write_text(json.dumps({"owner": "ana", "entries": []}))
    record(root, 5)
    assert changes(root)[-1] == ("12:05", "closed", "fix-login")
