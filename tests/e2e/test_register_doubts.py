"""Worlds in which an entry, a register or a snapshot looks left over, or a task file looks wrong, and something that
can be read speaks against it. Safe fixes leave them; whatever is found is still reported, with the reason.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import CONFIG, NOW, begun, register, repo

__all__ = ("begun", "repo")

FOLDER = ".tasks/task_manager/task-manager-"
ALIASES = CONFIG.replace("ana = []", 'ana = ["ana.lopez"]')


def fixes(repo: Repo) -> dict[str, dict[str, Any]]:
    """What is wrong there, by rule: each with its fix, safe or not, where it has one."""
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    assert report["complete"]
    found = [finding for incident in report["incidents"] for finding in incident["findings"]]
    return {finding["rule"]: finding["fix"] or {} for finding in found}


# Two registers or snapshots of one person


def registered(repo: Repo, **entries: dict[str, object]) -> None:
    """A register under each of the two names, with an entry of x."""
    repo.commit(**{"taskcheck.toml": ALIASES})
    for name, entry in entries.items():
        register(repo, at=f"{FOLDER}{name.replace('_', '-')}.register.json", x=entry)


def snapshots(repo: Repo, **times: str) -> None:
    """A snapshot under each name, written at a time."""
    repo.commit(**{"taskcheck.toml": ALIASES})
    for name, at in times.items():
        path = repo.root / f"{FOLDER}{name.replace('_', '-')}.snapshot.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"owner": "ana", "generated_at": at, "tasks": {"x": {"note": name}}}))


def of_a_wrong_clock(repo: Repo) -> None:
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2027-03-24T21:59:00Z")


def of_one_time(repo: Repo) -> None:
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2026-03-24T21:59:00Z")


def of_two_sessions(repo: Repo) -> None:
    one = {"branch": "task/x", "session_id": "a", "seen_at": "2026-03-24T20:00:00Z"}
    registered(repo, ana=one, ana_lopez={**one, "session_id": "b", "seen_at": "2026-03-24T21:00:00Z"})


def of_two_hosts(repo: Repo) -> None:
    registered(repo, ana={"branch": "task/x", "host": "laptop"}, ana_lopez={"branch": "task/x", "host": "desktop"})


ONE, OTHER = f"{FOLDER}ana.snapshot.json", f"{FOLDER}ana-lopez.snapshot.json"
SPLIT = {
    of_a_wrong_clock: f"{OTHER} is dated in the future, so it may not be the newest snapshot",
    of_one_time: f"{ONE} and {OTHER} were written at the same time, and differ",
    of_two_sessions: "the entries of x differ in session_id",
    of_two_hosts: "the entries of x differ in host",
}


@pytest.mark.parametrize("world", SPLIT, ids=lambda world: world.__name__)
def test_what_one_file_alone_says_is_not_lost(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    fix = fixes(repo)["split-manager"]
    assert (fix["safety"], fix["why"]) == ("unsafe", SPLIT[world])


def test_equal_files_of_one_person_are_merged(repo: Repo) -> None:
    """Of one entry, one has a key that the other lacks, and a later time; the snapshots are copies."""
    one = {"branch": "task/x", "seen_at": "2026-03-24T20:00:00Z"}
    registered(repo, ana=one, ana_lopez={**one, "session_id": "b", "seen_at": "2026-03-24T21:00:00Z"})
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2026-03-24T21:59:00Z")
    folder = repo.root / ".tasks/task_manager"
    (folder / "task-manager-ana-lopez.snapshot.json").write_bytes(
        (folder / "task-manager-ana.snapshot.json").read_bytes()
    )
    taskcheck("--now", NOW, "--fix", cwd=repo.root)
    assert sorted(path.name for path in folder.iterdir()) == [
        "task-manager-ana.register.json",
        "task-manager-ana.snapshot.json",
    ]
    merged = json.loads((folder / "task-manager-ana.register.json").read_text())
    assert merged["entries"]["x"]["session_id"] == "b"
