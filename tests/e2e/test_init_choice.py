"""What `init` proposes where several folders or files may be the store, and for files that are written in a dialect."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck

Store = Callable[..., Path]

STATUSES = ("done", "doing", "todo")


def card(status: str, owner: str = "ana", close: str = "---", key: str = "status") -> str:
    return f"---\ntitle: Step\n{key}: {status}\nowner: {owner}\n{close}\ntext\n"


def cards(folder: str, **written: str) -> dict[str, str]:
    return {f"{folder}/{number}.md": card(status, **written) for number, status in enumerate(STATUSES)}


def proposed(root: Path) -> dict[str, Any]:
    made = taskcheck("init", "--yes", cwd=root)
    assert made.code == 0, made.err
    return tomllib.loads((root / "taskcheck.toml").read_text())


def tasks_without_findings(root: Path) -> int:
    report = taskcheck("--format", "json", cwd=root).json
    assert report["incidents"] == []
    number = report["summary"]["tasks"]
    assert isinstance(number, int)
    return number


@pytest.mark.parametrize(
    ("written", "setting"),
    [
        ({}, {}),
        ({"owner": "@ana"}, {"at_names": True}),
        ({"close": "--- # end"}, {"shape": {"fence": "start"}}),
        ({"owner": "@ana", "close": "--- # end"}, {"at_names": True, "shape": {"fence": "start"}}),
    ],
)
def test_what_the_survey_can_read_the_configuration_can(
    written: dict[str, str], setting: dict[str, Any], store: Store
) -> None:
    root = store(cards("cards", **written) | {"cards/plain.md": card("done")})
    config = proposed(root)
    assert {key: config[key] for key in ("at_names", "shape") if key in config} == setting
    assert tasks_without_findings(root) == 4


def test_an_archive_is_no_store_beside_one(store: Store) -> None:
    old = {f"plans/archive/{number}.md": card("done") for number in range(9)}
    root = store(cards("plans/active") | old)
    assert proposed(root)["paths"]["archive"] == ["plans/archive/**"]
    assert tasks_without_findings(root) == 3


def test_an_archive_of_another_kind_is_left_out(store: Store) -> None:
    lines = {f"work/active/{number}.md": f"# Step\n\nStatus: {status}\n" for number, status in enumerate(STATUSES)}
    root = store(lines | {f"work/archive/{number}.md": card("done") for number in range(9)})
    assert proposed(root)["paths"]["tasks"] == ["work/active/*.md"]


@pytest.mark.parametrize("folder", ["work", "services/archive-service/tasks"])
def test_what_is_about_archives_is_none(folder: str, store: Store) -> None:
    root = store({**cards(folder), f"{folder}/42-archive-old-logs.md": card("todo")})
    assert "archive" not in proposed(root)["paths"]
    assert tasks_without_findings(root) == 4


def test_a_folder_of_the_tasks_of_a_year_is_called_after_tasks(store: Store) -> None:
    root = store(cards("tasks-2026") | {f"docs/adr/{number}.md": card("done") for number in range(9)})
    assert proposed(root)["paths"]["tasks"] == ["tasks-2026/*.md"]


def test_an_archive_alone_is_a_store(store: Store) -> None:
    root = store(cards("archive"))
    assert "archive" not in proposed(root)["paths"]
    assert tasks_without_findings(root) == 3


def test_a_file_of_closed_tasks_is_the_archive_of_the_other(store: Store) -> None:
    closed = "".join(f"  - {{id: T-{number}, summary: Old, status: closed}}\n" for number in range(9))
    root = store({
        "docs/backlog.yaml": "tasks:\n  - {id: T-20, summary: New, status: open, depends_on: [T-3]}\n",
        "docs/backlog-archive.yaml": f"tasks:\n{closed}",
    })  # fmt: skip
    paths = proposed(root)["paths"]
    assert paths["tasks"] == ["docs/backlog.yaml", "docs/backlog-archive.yaml"]
    assert paths["archive"] == ["docs/backlog-archive.yaml"]
    assert tasks_without_findings(root) == 1


def test_of_two_spellings_of_a_key_the_usual_one_of_the_store_counts(store: Store) -> None:
    notes = {f"notes/{n}.md": f"---\nstatus: {word}\ncreated: 2026-01-01\n---\n" for n, word in enumerate(STATUSES)}
    root = store(notes | {"notes/other.md": "---\nstatus: done\nCreated: 2026-01-02\n---\n"})
    assert proposed(root)["fields"] == {"created_at": "created", "required": []}


def test_a_key_may_have_capitals(store: Store) -> None:
    words = ("Proposed", "Inactive for now", "Frozen", "Set aside")
    notes = {f"notes/{number}.md": f"---\nTitle: x\nStatus: {word}\n---\n" for number, word in enumerate(words)}
    assert proposed(store(notes))["fields"]["status"] == "Status"


def test_numbered_folders_at_the_top_are_tasks(store: Store) -> None:
    files = {f"{kind}-000{number}/README.md": card(status, key="Status")
             for kind in ("ADR", "RFC") for number, status in enumerate(STATUSES)}  # fmt: skip
    root = store(files | {"ADR-0001/notes.md": card("done", key="Status"), "docs/README.md": "# Docs\n"})
    assert proposed(root)["paths"]["tasks"] == ["{task}/README.md"]
    assert tasks_without_findings(root) == 6


def test_other_folders_at_the_top_are_not_put_together(store: Store) -> None:
    files = cards("app1") | {f"app2/{name}.md": card("done") for name in "abcd"} | {"app3/x.md": card("todo")}
    assert proposed(store(files))["paths"]["tasks"] == ["app2/*.md"]


def test_a_folder_that_is_called_after_one_task_is_not_called_after_tasks(store: Store) -> None:
    root = store(cards("plans") | {"notes/task-1507/summary.md": card("done")})
    assert proposed(root)["paths"]["tasks"] == ["plans/*.md"]


def test_a_label_of_one_text_is_no_id(store: Store) -> None:
    texts = {f"plans/{number}.md": f"# Step\n\nStatus: {status}\n" for number, status in enumerate(STATUSES)}
    root = store(texts | {"plans/last.md": "# Step\n\nStatus: done\nID: of the device\n"})
    assert "id" not in proposed(root)["fields"]


def test_what_is_one_is_no_several(store: Store) -> None:
    made = taskcheck("init", "--yes", cwd=store({"plans/a.md": card("todo")}))
    assert made.out.startswith("plans/*.md: 1 file with front matter\n")


def test_the_words_of_registries_of_proposals_have_their_classes(store: Store) -> None:
    words = ("Draft", "Stagnant", "Review", "Final", "Withdrawn", "Declined", "Won't Fix", "wontfix", "discontinued")
    config = proposed(store({f"eips/{n}.md": f"---\ntitle: x\nstatus: {word}\n---\n" for n, word in enumerate(words)}))
    assert {stage: said for stage, said in config["statuses"].items() if said} == {
        "parked": ["Draft", "Stagnant"], "review": ["Review"], "done": ["Final"],
        "dropped": ["Withdrawn", "Declined", "Won't Fix", "wontfix", "discontinued"],
    }  # fmt: skip
