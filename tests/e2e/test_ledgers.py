"""`taskcheck.ledgers` and `taskcheck.owners` as managers in Python use them: what they refuse, and what they keep."""

import json
import os
import subprocess
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from taskcheck import UsageError, check, ledgers, owners
from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE
from tests.e2e.test_run import REGISTER, finish, fleet, run

__all__ = ["fleet"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("designer", "designer is a role: name the person who acts for it"),
        ("dav", "dav isn't a declared person; did you mean dave-fowler?"),
        ("", "an empty name isn't a declared person"),
    ],
)
def test_an_owner_who_is_no_person(name: str, said: str, fleet: Path) -> None:
    with pytest.raises(owners.UnknownOwner) as error:
        owners.canonical(name, root=fleet)
    assert str(error.value) == said


@pytest.mark.parametrize("text", [None, '{"entries": {}}'])
@pytest.mark.parametrize(
    ("task", "entry", "error"),
    [
        ("fix-login", {"score": float("nan")}, ValueError),
        ("fix-login", {"score": float("inf")}, ValueError),
        ("fix-login", {"note": "\ud800"}, ValueError),
        ("fix-login", {"at": object()}, TypeError),
        ("fix-login", 5, TypeError),
        (5, {}, TypeError),
        ("", {}, TypeError),
    ],
)
def test_an_entry_that_no_reader_could_read(
    task: Any, entry: Any, error: type[Exception], text: str | None, fleet: Path
) -> None:
    """The register stays as it was: one that isn't JSON would keep every manager from every task in it."""
    path = fleet / REGISTER
    path.parent.mkdir(parents=True)
    if text:
        path.write_text(text)
    with pytest.raises(error), ledgers.register("dave", root=fleet) as entries:
        entries[task] = entry
    assert (path.read_text() if path.exists() else None) == text


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('{"owner": "dave",\n "entries":', UsageError, f"{REGISTER}:2: the file ends too early"),
        ('{"entries": {"a": {}, "a": {}}}', UsageError, f"{REGISTER}:1: the key `a` appears twice"),
        ('{"entries": null}', UsageError, f"{REGISTER}: entries should be an object or a list"),
        (None, ledgers.Obstacle, f"{REGISTER}: it is no regular file"),
    ],
)
def test_a_register_that_cannot_be_edited(text: str | None, error: type[Exception], said: str, fleet: Path) -> None:
    """By the errors that the module names, with file and place."""
    path = fleet / REGISTER
    path.parent.mkdir(parents=True)
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    with pytest.raises(error) as raised, ledgers.register("dave", root=fleet) as entries:
        entries["fix-login"] = {}
    assert str(raised.value).startswith(said)
    assert text is None or path.read_text() == text


def test_a_stranger_without_the_lock(fleet: Path) -> None:
    """What it wrote stays, and the error names the file."""
    path = fleet / REGISTER
    path.parent.mkdir(parents=True)

    def written_meanwhile() -> None:
        with ledgers.register("dave", root=fleet) as entries:
            entries["fix-login"] = {}
            path.write_text('{"entries": {"theirs": {}}}')

    with pytest.raises(ledgers.Moved, match=str(REGISTER)):
        written_meanwhile()
    assert path.read_text() == '{"entries": {"theirs": {}}}'


def test_who_changes_nothing_is_in_nobodys_way(fleet: Path) -> None:
    """A block that only looks writes nothing, and needs nothing to be as it was."""
    path = fleet / REGISTER
    with ledgers.register("dave", root=fleet) as entries:
        assert not entries
    assert not path.exists()
    path.write_text('{"entries": {"ours": {}}}')
    with ledgers.register("dave", root=fleet) as entries:
        assert entries == {"ours": {}}
        path.write_text('{"entries": {"theirs": {}}}')
    assert path.read_text() == '{"entries": {"theirs": {}}}'


@pytest.mark.parametrize("text", ['{"entries": {"old": {"slug": "old"}}}', '{"entries": [{"slug": "old"}]}'])
def test_an_entry_copied_from_another(text: str, fleet: Path) -> None:
    """It is the entry of the task that it stands under, whatever slug came with it."""
    (fleet / REGISTER).parent.mkdir(parents=True)
    (fleet / REGISTER).write_text(text)
    with ledgers.register("dave", root=fleet) as entries:
        entries["fix-login"] = {**entries["old"], "branch": "x"}
    with ledgers.register("dave", root=fleet) as entries:
        assert entries["fix-login"] == {"slug": "fix-login", "branch": "x"}
    assert len(json.loads((fleet / REGISTER).read_text())["entries"]) == 2


def test_a_tombstone_is_told_whatever_the_register_says(fleet: Path) -> None:
    """The manager that has registered the task again asks how the last run ended."""
    assert ledgers.tombstone("fix-login", root=fleet) is None
    run(fleet, "fix-login", sh=finish("blocked", "--reason", "x"))
    with ledgers.register("dave", root=fleet) as entries:
        entries["fix-login"] = {"branch": "task/fix-login", "pid": 2**30, "launched_at": "2999-01-01T00:00:00Z"}
    left = ledgers.tombstone("fix-login", root=fleet)
    assert left
    assert (left.state, left.outcome) == ("ended", "blocked")


@contextmanager
def counted(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """What is opened below a folder, by name, and how many processes of git begin."""
    counts: Counter[str] = Counter()
    opened, popen = os.open, subprocess.Popen

    def counting_open(path: Any, *arguments: Any, **options: Any) -> int:
        counts[Path(os.fsdecode(path)).name] += 1
        return opened(path, *arguments, **options)

    class CountingPopen(popen):  # type: ignore[misc,type-arg]
        def __init__(self, command: Any, *arguments: Any, **options: Any) -> None:
            counts["processes of git"] += "git" in Path(os.fsdecode(command[0])).name
            super().__init__(command, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", counting_open)
        patched.setattr(subprocess, "Popen", CountingPopen)
        yield counts


def example_manager() -> Any:
    spec = spec_from_file_location("example_manager", ROOT / "examples/manager.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_turn_of_the_example_manager_costs_one_check(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It prunes, picks up, dispatches and writes its heartbeat, and opens each task file once."""
    with ledgers.register("dave", root=fleet) as entries:
        entries["gone-long-ago"] = {"branch": "task/gone-long-ago"}
    with counted(fleet, monkeypatch) as of_a_check:
        check(fleet)
    manager, started = example_manager(), {}  # type: ignore[var-annotated]
    options = Namespace(root=fleet, workers=1, lease=None, command=["true"])
    with counted(fleet, monkeypatch) as of_a_turn:
        assert manager.turn("dave-fowler", started, options)
    (process,) = started.values()
    process.wait(PATIENCE)
    tasks = {path.name for path in (fleet / "tasks").glob("*.md")}
    assert len(tasks) > 1
    for name in tasks:
        assert of_a_turn[name] == of_a_check[name] > 0, name
    assert 0 < of_a_turn["processes of git"] <= of_a_check["processes of git"]
    register = json.loads((fleet / REGISTER).read_text())
    assert "gone-long-ago" not in register["entries"]
    snapshot = json.loads((fleet / str(REGISTER).replace("register", "snapshot")).read_text())
    assert snapshot["counts"]["active"] == 0, "what was pruned in the turn isn't registered any more"


def test_a_turn_says_what_single_questions_say(fleet: Path) -> None:
    with ledgers.register("dave", root=fleet) as entries:
        entries["fix-login"] = {"pid": os.getpid(), "launched_at": "2999-01-01T00:00:00Z"}
    turn = owners.turn("Dave.Fowler", root=fleet)
    assert turn.owner == owners.canonical("dave", root=fleet)
    dispatchable = owners.dispatchable("dave", root=fleet)
    assert [task.id for task in turn.dispatchable] == [task.id for task in dispatchable] == ["write-docs"]
    assert turn.running == ledgers.running("dave", root=fleet)
    for task in turn.state.tasks:
        assert turn.is_own(task.id) == (owners.route(task.id, root=fleet).person == turn.owner)
    assert not turn.is_own("nobody-knows-it")
    asked, told = (json.loads(ledgers.write_snapshot(who, root=fleet).read_text()) for who in ("dave", turn))
    assert told.pop("generated_at") <= asked.pop("generated_at")
    assert told == asked


@pytest.mark.parametrize(("text", "active"), [(None, 0), ('{"entries": {"b": {}, "c": {}}}', 2), ("{", 1)])
def test_a_heartbeat_of_a_turn_tells_the_register_as_it_is_now(text: str | None, active: int, fleet: Path) -> None:
    """One that can't be read any more is told as it was."""
    with ledgers.register("dave", root=fleet) as entries:
        entries["fix-login"] = {}
    turn = owners.turn("dave", root=fleet)
    if text is None:
        (fleet / REGISTER).unlink()
    else:
        (fleet / REGISTER).write_text(text)
    path = ledgers.write_snapshot(turn, root="/nowhere")
    assert json.loads(path.read_text())["counts"]["active"] == active


def test_a_turn_is_of_somebody(fleet: Path) -> None:
    with pytest.raises(owners.UnknownOwner):
        owners.turn("nobody", root=fleet)
    (fleet / "taskcheck.toml").write_text("")
    with pytest.raises(UsageError, match="people"):
        owners.turn("dave", root=fleet)
