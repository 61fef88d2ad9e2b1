"""`taskcheck.ledgers` and `taskcheck.owners` as managers in Python use them: what they refuse, and what they keep."""

import json
from pathlib import Path
from typing import Any

import pytest

from taskcheck import UsageError, ledgers, owners
from tests.e2e.test_run import REGISTER, finish, fleet, run

__all__ = ["fleet"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("designer", "designer is a role: name the person who acts for it"),
        ("dav", "dav is no declared person; dave-fowler, perhaps?"),
        ("", "an empty name is no declared person"),
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
        ('{"owner": "dave",\n "entries":', UsageError, f"{REGISTER}:2: the file ends in the middle"),
        ('{"entries": {"a": {}, "a": {}}}', UsageError, f"{REGISTER}:1: the key `a` is here a second time"),
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
