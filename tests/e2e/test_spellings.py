"""A task whose id or title another checkout spells otherwise is the same task; with real git and a Backlog.md store.

Backlog.md writes `id: TASK-1` into a file that said `id: task-1` when it changes it.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo

BOARD = 'project_name: T\nstatuses: ["To Do", "In Progress", "Done"]\n'
NAME = "task-1 - The-one.md"


def card(name: str, status: str, **more: str) -> str:
    values = {"id": name, "title": "The one", "status": status, "assignee": "[]", "dependencies": "[]", **more}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in values.items()) + "---\nWhat there is to do.\n"


def put(repo: Repo, path: str, text: str) -> None:
    (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / path).write_text(text)


def save(repo: Repo, message: str) -> None:
    repo.git("add", "--all")
    repo.commit(message)


def found(repo: Repo) -> list[dict[str, Any]]:
    ran = taskcheck("--format", "json", "--branches", "*", cwd=repo.root)
    assert ran.json["complete"], ran.json["errors"]
    return [{"task": incident["task"], **each} for incident in ran.json["incidents"] for each in incident["findings"]]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    put(repo, "taskcheck.toml", 'preset = "backlog-md"\n[drift]\nauthority = "root"\n')
    put(repo, "backlog/config.yml", BOARD)
    put(repo, f"backlog/tasks/{NAME}", card("task-1", "To Do"))
    save(repo, "Begin")
    return repo


@pytest.mark.parametrize("name", ["task-1", "TASK-1"])
def test_a_branch_that_spells_the_id_otherwise_has_a_version_of_the_task(repo: Repo, name: str) -> None:
    repo.git("switch", "-q", "-c", "work")
    put(repo, f"backlog/tasks/{NAME}", card(name, "Done"))
    save(repo, "Do it")
    repo.git("switch", "-q", "main")
    (finding,) = found(repo)
    assert (finding["task"], finding["rule"]) == ("task-1", "metadata-drift")


def test_a_task_that_both_sides_changed_and_root_put_away_is_one(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "work")
    put(repo, f"backlog/tasks/{NAME}", card("TASK-1", "Done"))
    save(repo, "Do it")
    repo.git("switch", "-q", "main")
    (repo.root / f"backlog/tasks/{NAME}").unlink()
    put(repo, f"backlog/completed/{NAME}", card("TASK-1", "Done", priority="high"))
    save(repo, "Squash the work and put the task away (#1)")
    assert found(repo) == []


def test_a_new_task_that_was_squashed_into_root_and_put_away_is_one(repo: Repo) -> None:
    new = "task-2 - Another.md"
    repo.git("switch", "-q", "-c", "work")
    put(repo, f"backlog/tasks/{new}", card("task-2", "Done", title="Another"))
    save(repo, "Do another")
    repo.git("switch", "-q", "main")
    put(repo, f"backlog/tasks/{new}", card("task-2", "Done", title="Another"))
    save(repo, "Do another (#2)")
    (repo.root / f"backlog/tasks/{new}").unlink()
    put(repo, f"backlog/completed/{new}", card("task-2", "Done", title="Another", priority="low"))
    save(repo, "Put it away")
    assert found(repo) == []


@pytest.mark.parametrize("branch", ["task-2", "TASK-2"])
@pytest.mark.parametrize(("archived", "new"), [("task-2", "TASK-2"), ("TASK-2", "task-2")])
def test_an_id_that_was_given_away_again_is_another_task(repo: Repo, archived: str, new: str, branch: str) -> None:
    """Backlog.md gives the id of an archived task to the next one; the two may be spelled differently."""
    old = "task-2 - Old.md"
    put(repo, f"backlog/tasks/{old}", card("task-2", "To Do", title="Old"))
    save(repo, "Plan it")
    repo.git("switch", "-q", "-c", "work")
    put(repo, f"backlog/tasks/{old}", card(branch, "Done", title="Old"))
    save(repo, "Do it")
    repo.git("switch", "-q", "main")
    (repo.root / f"backlog/tasks/{old}").unlink()
    put(repo, f"backlog/archive/tasks/{old}", card(archived, "To Do", title="Old"))
    put(repo, "backlog/tasks/task-2 - New.md", card(new, "To Do", title="New"))
    save(repo, "Put it away, and plan another one")
    assert found(repo) == []


def test_two_tasks_that_differ_in_more_than_the_spelling_stay_two(repo: Repo) -> None:
    repo.git("switch", "-q", "-c", "work")
    put(repo, "backlog/tasks/task-2 - Mine.md", card("TASK-2", "To Do", title="Mine"))
    save(repo, "Mine")
    repo.git("switch", "-q", "main")
    put(repo, "backlog/tasks/task-2 - Yours.md", card("task-2", "To Do", title="Yours"))
    save(repo, "Yours")
    assert [each["rule"] for each in found(repo)] == ["id-collision"]


@pytest.mark.parametrize(("title", "rules"), [("The `new` one!", []), ("Another one", ["id-collision"])])
def test_a_title_that_was_tidied_is_the_same_title(repo: Repo, title: str, rules: list[str]) -> None:
    path = "backlog/tasks/task-2 - The-new-one.md"
    repo.git("switch", "-q", "-c", "work")
    put(repo, path, card("task-2", "Done", title="The new one"))
    save(repo, "Do it")
    repo.git("switch", "-q", "main")
    put(repo, path, card("task-2", "Done", title=f"'{title}'"))
    save(repo, "Do it, and tidy up (#2)")
    assert [each["rule"] for each in found(repo)] == rules


@pytest.mark.parametrize(("mine", "yours"), [("Support C", "Support C++"), ("Support C", "Support C#"), ("दिन", "दान")])
def test_titles_that_differ_in_a_sign_or_a_vowel_are_two(repo: Repo, mine: str, yours: str) -> None:
    path = "backlog/tasks/task-2 - New.md"
    repo.git("switch", "-q", "-c", "work")
    put(repo, path, card("task-2", "Done", title=f"'{mine}'"))
    save(repo, "Mine")
    repo.git("switch", "-q", "main")
    put(repo, path, card("task-2", "To Do", title=f"'{yours}'"))
    save(repo, "Yours")
    assert [each["rule"] for each in found(repo)] == ["id-collision"]


@pytest.mark.parametrize(("mine", "yours"), [("Support C", "Support C++"), ("Keep < 3", "Keep >= 3")])
def test_a_file_that_a_worker_made_in_place_of_another_one_is_another_task(repo: Repo, mine: str, yours: str) -> None:
    """A safe fix would say that the first one is done."""
    text = "".join(f"key{number}: x\n" for number in range(9))
    config = 'preset = "task-manager"\n[paths]\ntasks = ["tasks/{task}.md"]\n[fields]\nrequired = []\n[statuses]\n'
    config += 'ready = ["ready"]\nactive = ["active"]\ndone = ["completed"]\n[drift]\nauthority = "root"\n'
    config += '[checkouts]\nworktree = ".worktrees/{task}"\nbranch = "task/{task}"\n'
    put(repo, "taskcheck.toml", config)
    put(repo, ".gitignore", "/.worktrees/\n")
    put(repo, "tasks/c.md", f"---\ntitle: '{mine}'\n{text}status: ready\n---\n")
    save(repo, "Plan it")
    repo.git("worktree", "add", "-q", ".worktrees/c", "-b", "task/c")
    worker = Repo(repo.root / ".worktrees/c")
    (worker.root / "tasks/c.md").unlink()
    put(worker, "tasks/cpp.md", f"---\ntitle: '{yours}'\n{text}status: completed\n---\n")
    save(worker, "Do another instead")
    assert "metadata-drift" not in [each["rule"] for each in found(repo)]


def test_the_ledgers_of_a_task_follow_when_its_id_is_written_in_capitals(repo: Repo) -> None:
    put(repo, ".gitignore", "/.tasks/\n")
    put(repo, ".tasks/runs/task-1.status.json", json.dumps({
        "task": "task-1", "outcome": "blocked", "reason": "no key", "exit_code": 0, "branch": "work",
        "started_at": "2026-03-24T08:00:00Z", "ended_at": "2026-03-24T08:30:00Z",
    }))  # fmt: skip
    repo.git("switch", "-q", "-c", "work")
    put(repo, f"backlog/tasks/{NAME}", card("TASK-1", "In Progress"))
    save(repo, "Begin it")
    repo.git("switch", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "work")
    told = taskcheck("timeline", "TASK-1", "--now", "2026-03-24T09:00:00Z", cwd=repo.root)
    assert "run ends: blocked" in told.out
    assert "task-1" not in {each["task"] for each in found(repo)}


def test_the_ledgers_of_a_task_stay_its_own_where_two_ids_differ_in_case(repo: Repo) -> None:
    put(repo, "backlog/tasks/task-1 - Another.md", card("TASK-1", "To Do", title="Another"))
    save(repo, "Another one")
    ended = {"task": "Task-1", "outcome": "blocked", "reason": "no key", "exit_code": 0}
    put(repo, ".tasks/runs/Task-1.status.json", json.dumps(ended))
    for name in ("task-1", "TASK-1"):
        assert "blocked" not in taskcheck("timeline", name, cwd=repo.root).out


@pytest.mark.parametrize("spelled", [normalize("NFC", "caf\u00e9"), "CAFE\u0301"], ids=["composed", "capitals"])
def test_the_ledgers_of_a_task_follow_where_its_file_has_its_name(tmp_path: Path, spelled: str) -> None:
    repo = Repo(tmp_path)
    repo.git("init", "-q", "--initial-branch=main")
    name = normalize("NFD", "caf\u00e9")
    put(repo, ".gitignore", "/.tasks/\n")
    put(repo, "taskcheck.toml", "[people]\nana = []\n")
    put(repo, f"tasks/{name}.md", "---\ntitle: Open it\nowner: ana\nstatus: in_progress\n---\n")
    save(repo, "Plan it")
    launched = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    entry = {"pid": os.getpid(), "launched_at": launched, "registered_at": launched}
    register = json.dumps({"owner": "ana", "entries": {spelled: entry}})
    put(repo, ".tasks/task_manager/task-manager-ana.register.json", register)
    report: Any = taskcheck("--format", "json", cwd=repo.root).json
    assert report["incidents"] == []
    assert [each["task"] for each in report["at_work"]] == [name]


# Rows of a register


def register(repo: Repo, *rows: str) -> None:
    paths = 'tasks = ["backlog/tasks/**/*.md"]\nregisters = ".tasks/{owner}.json"\n'
    put(repo, "taskcheck.toml", f'preset = "backlog-md"\n[paths]\n{paths}')
    save(repo, "Register")
    row = {"host": "another", "pid": 5, "launched_at": "2026-03-24T12:00:00Z"}
    put(repo, ".tasks/ana.json", json.dumps({"owner": "ana", "entries": dict.fromkeys(rows, row)}))


def orphans(repo: Repo) -> set[str]:
    return {each["task"] for each in found(repo) if each["rule"] == "register-orphan"}


def test_a_row_may_name_its_task_by_a_path(repo: Repo) -> None:
    register(repo, f"backlog/tasks/{NAME}", "./backlog/tasks/task-9 - None.md")
    assert orphans(repo) == {"./backlog/tasks/task-9 - None.md"}
    register(repo, f"./backlog/drafts/../tasks/{NAME}", NAME, "task-9 - None.md")
    assert orphans(repo) == {"task-9 - None.md"}
    put(repo, f"backlog/tasks/{NAME}", card("task-1", "Done"))
    assert orphans(repo) == {"task-1", "task-9 - None.md"}


def test_a_file_name_that_two_tasks_have_is_none_of_theirs(repo: Repo) -> None:
    put(repo, f"backlog/tasks/later/{NAME}", card("task-2", "To Do"))
    register(repo, NAME)
    assert orphans(repo) == {NAME}


def test_a_row_that_is_an_id_is_no_path(repo: Repo) -> None:
    put(repo, "backlog/tasks/other.md", card(f"backlog/tasks/{NAME}", "Done"))
    register(repo, f"backlog/tasks/{NAME}")
    assert orphans(repo) == {f"backlog/tasks/{NAME}"}
