"""`init`, `check` and what they show in a repository that no preset knows: from nothing to a report in two commands."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import git, taskcheck

Store = Callable[..., Path]

TODO = "---\ntitle: {0}\nstate: {1}\nassigned: ana\n---\ntext\n"
STORES = {
    "todo": (
        {f"todo/{number}.md": TODO.format(number, state) for number, state in enumerate(["doing", "open", "done"])},
        {"todo/*.md"}, 3,
    ),
    "compozy": (
        {
            f".compozy/tasks/{epic}/task_{number:02}.md": f"---\nstatus: {status}\ntitle: T\n---\n# Task\n"
            for epic in ("login", "export")
            for number, status in enumerate(["completed", "pending"])
        },
        {".compozy/tasks/{scope}/{task}.md"}, 4,
    ),
    "body": (
        {
            f"plans/{number}.md": f"# Plan {number}\n\n**Status:** {status}\n**Owner:** ana\n"
            for number, status in enumerate(["In Progress", "Done", "Todo"])
        },
        {"plans/*.md"}, 3,
    ),
}  # fmt: skip

FRONT = "---\nid: T-{0}\nname: Step {0}\nstatus: {1}\ndependsOn: {2}\n---\ntext\n"
STORES |= {
    "projects": (
        {
            f".plan/{project}/tasks/T-{number}-step.md": FRONT.format(number, status, "[T-1]" if number > 1 else "[]")
            for project in ("alpha", "beta")
            for number, status in ((1, "done"), (2, "in-progress"), (3, "planned"), (4, "planned"))
        },
        {".plan/{scope}/tasks/{task}.md"}, 8,
    ),
    "columns": (
        {
            f"board/{folder}/ASK-{number:04}-step.md": f"# Step\n\n**Status**: {status}\n**Depends On**: {needs}\n"
            for number, (folder, status, needs) in enumerate(
                [("5-done", "✅ Done", "None"), ("3-in-progress", "In Progress", "ASK-0"), ("2-todo", "Todo", "ask-1")]
            )
        },
        {"board/*/*.md"}, 3,
    ),
    "maps": (
        {
            f"notes/{name}.md": f"---\nstatus: {status}\nblockedBy:\n  - uid: '[[x]]'\n---\n"
            for name, status in (("a", "open"), ("b", "done"))
        },
        {"notes/*.md"}, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORES)
def test_two_commands_lead_to_a_report(name: str, store: Store) -> None:
    files, patterns, tasks = STORES[name]
    root = store({**files, "README.md": "# A project\n", "package.json": '{"name": "x", "files": [{"a": 1}]}'})
    empty = taskcheck(cwd=root)
    assert empty.code == 4
    assert [line for line in empty.err.splitlines() if any(pattern in line for pattern in patterns)], empty.err
    assert "`taskcheck init` proposes" in empty.err
    made = taskcheck("init", "--yes", cwd=root)
    assert made.code == 0, made.err
    assert f"{tasks} tasks in 1 checkout" in made.out
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert set(config["paths"]["tasks"]) == patterns
    assert config["people"] in ({"ana": []}, {}) if "people" in config else True
    checked = taskcheck("--format", "json", cwd=root)
    assert (checked.code, checked.json["summary"]["tasks"]) == (0, tasks)
    assert checked.json["incidents"] == []


def test_nothing_is_written_by_a_rehearsal_and_nothing_overwritten(store: Store) -> None:
    root = store(STORES["todo"][0])
    before = sorted(path for path in root.rglob("*") if ".git" not in path.parts)
    rehearsed = taskcheck("init", "--dry-run", cwd=root)
    assert sorted(path for path in root.rglob("*") if ".git" not in path.parts) == before
    assert taskcheck("init", cwd=root).code == 0
    written = (root / "taskcheck.toml").read_text()
    assert rehearsed.out == written, "what would be written is what is"
    assert taskcheck("init", "--yes", cwd=root).code == 2
    assert (root / "taskcheck.toml").read_text() == written


def test_what_could_not_be_placed_is_said(store: Store) -> None:
    files = {
        f"todo/{number}.md": TODO.format(number, state) for number, state in enumerate(["doing", "limbo", "limbo"])
    }
    root = store({**files, "notes/a.md": "# A\n\nStatus: done\n"})
    made = taskcheck("init", "--yes", cwd=root)
    assert "status 'limbo' of 2 tasks belongs to no class yet" in made.out
    assert "notes/*.md is left out: 1 file with status line" in made.out
    assert "no status in use means done" in made.out


@pytest.mark.parametrize("text", ["# A page\n", "---\nstatus: published\n---\n", "---\ntitle: x\n---\n", "Status:\n"])
def test_where_nothing_may_be_a_task_nothing_is_proposed(store: Store, text: str) -> None:
    root = store({"docs/a.md": text, "b.json": '{"status": "done"}', "c.json": "[[["})
    assert taskcheck(cwd=root).err.count("\n") == 1
    assert taskcheck("init", cwd=root).code == 4
    assert not (root / "taskcheck.toml").exists()


def test_what_git_ignores_and_other_checkouts_have_is_not_looked_at(store: Store) -> None:
    files = {f"{folder}/{number}.md": TODO.format(number, "doing") for folder in ("out", "todo") for number in range(3)}
    root = store({**files, ".gitignore": "out/\n"})
    git("worktree", "add", "-q", "-b", "w", "w", cwd=root)
    text = taskcheck("init", "--print", cwd=root).out
    assert tomllib.loads(text)["paths"]["tasks"] == ["todo/*.md"]


def test_hostile_names_and_texts_stay_comments(store: Store) -> None:
    odd = '---\ntitle: x\nstatus: "a\\n[paths]\\ntasks = []"\n---\n'
    root = store({'to"do/a.md': TODO.format("a", "done"), 'to"do/b.md': odd.replace("status", "state")})
    text = taskcheck("init", "--print", cwd=root).out
    assert tomllib.loads(text)["paths"]["tasks"] == ['to"do/*.md']


def test_each_setting_is_shown_with_its_origin(store: Store) -> None:
    root = store({"backlog/config.yml": 'statuses: ["To Do"]\n', "taskcheck.toml": "[limits]\nclock_skew = '1m'\n"})
    lines = taskcheck("check", "--show-settings", "--ignore", "task", cwd=root).out.splitlines()
    shown = {
        key.split(" = ")[0]: (key.split(" = ")[1].strip(), origin)
        for key, origin in (line.split("  # ") for line in lines if " = " in line)
    }
    assert shown["preset"] == ('"backlog-md"', "found by its marks")
    assert shown["limits.clock_skew"] == ('"1m"', "file taskcheck.toml")
    assert shown["limits.pickup_grace"] == ('"15m"', "default")
    assert shown["fields.owner"] == ('"assignee"', "preset backlog-md")
    assert shown["rules.ignore"] == ('["task"]', "option --ignore")
    assert "backlog/config.yml lists the statuses to do" in lines[-1]


def test_each_file_is_shown_with_why_it_counts_or_not(store: Store) -> None:
    root = store({
        ".claude/epics/a/1.md": "---\nname: A\nstatus: open\n---\n",
        ".claude/epics/a/2.md": "# no front matter\n",
        ".claude/epics/a/3.md": "---\nname: [\n---\n",
        ".claude/epics/a/3a.md": "---\nname: A\nstatus: open\n---\n",
        ".claude/epics/a/epic.md": "---\nname: A\nstatus: open\n---\n",
        ".claude/epics/a/1-analysis.md": "---\nname: A\n---\n",
        ".claude/epics/a/README.md": "# x\n",
        ".claude/epics/archived/b/4.md": "---\nname: A\nstatus: closed\n---\n",
    })  # fmt: skip
    lines = taskcheck("check", "--show-files", cwd=root).out.splitlines()
    shown = {line.split()[1 if line.split()[0] != "no" else 2].rstrip(":"): line for line in lines}
    words = {path.removeprefix(".claude/epics/"): line.split("  ")[0] for path, line in shown.items()}
    assert words == {
        "a/1.md": "task", "a/2.md": "no task", "a/3.md": "task", "a/3a.md": "unread", "a/epic.md": "no task",
        "a/1-analysis.md": "no task", "a/README.md": "no task", "archived/b/4.md": "archived",
    }  # fmt: skip
    assert "can't be read" in shown[".claude/epics/a/3.md"]
    assert "[paths] other has .claude/epics/**/epic.md" in shown[".claude/epics/a/epic.md"]
    assert "[paths] exclude has" in shown[".claude/epics/a/1-analysis.md"]


SLUGS = {
    f"tasks/1900{number}-p2-{status}--fix.md": f"---\ncreated: 2026-01-0{number}\nstatus: {status}\n---\ntext\n"
    for number, status in enumerate(["in-progress", "ready", "done"], 1)
}
"""Of a format that no preset knows, in the folder that the default one looks into."""


def test_what_lies_in_the_default_folder_owes_nobody_fields(store: Store) -> None:
    """Nothing says that the store has the default preset's format."""
    root = store(SLUGS)
    messages = [
        finding["message"]
        for incident in taskcheck("--format", "json", cwd=root).json["incidents"]
        for finding in incident["findings"]
    ]
    assert len(messages) == 1, messages
    assert "did you mean in_progress" in messages[0]


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"taskcheck.toml": "[people]\nana = []\n"}, True),
        ({"taskcheck.toml": 'preset = "task-manager"\n'}, True),
        ({".tasks/task_manager/a.lock": ""}, True),
        ({"taskcheck.toml": '[paths]\ntasks = ["tasks/*.md"]\n'}, False),
        ({}, False),
    ],
)
def test_who_says_that_it_is_the_default_format_is_asked_for_its_fields(
    files: dict[str, str], missing: bool, store: Store
) -> None:
    root = store({**files, "tasks/a.md": "---\nstatus: ready\n---\n"})
    assert ("title of a is missing" in taskcheck(cwd=root).out) is missing


def test_init_proposes_for_what_lies_in_the_default_folder(store: Store) -> None:
    root = store({**SLUGS, "tasks/_TEMPLATE.md": "---\ncreated: YYYY-MM-DD\nstatus: ready\n---\n"})
    made = taskcheck("init", "--yes", cwd=root)
    assert made.code == 0, made.err
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert (config["statuses"]["active"], config["fields"]["required"]) == (["in-progress"], [])
    checked = taskcheck("--format", "json", cwd=root).json
    assert (checked["summary"]["tasks"], checked["incidents"]) == (3, [])


def test_init_keeps_the_default_preset_where_a_task_has_all_that_it_asks(store: Store) -> None:
    root = store(
        {"tasks/a.md": "---\ntitle: A\nowner: ana\nstatus: ready\n---\n", "tasks/b.md": "---\nstatus: done\n---\n"}
    )
    assert tomllib.loads(taskcheck("init", "--print", cwd=root).out)["preset"] == "task-manager"


def test_init_gives_usual_words_their_class_in_the_default_preset(store: Store) -> None:
    """A store by hand says todo or doing: no word of the preset, but one that everybody knows."""
    text = "---\ntitle: T\nowner: ana\nstatus: {}\n---\n"
    words = ("ready", "todo", "Doing", "limbo")
    root = store({f"tasks/{word}.md": text.format(word) for word in words})
    made = taskcheck("init", "--yes", cwd=root)
    assert "'todo'" not in made.out
    assert "status 'limbo' of 1 task belongs to no class yet" in made.out
    statuses = tomllib.loads((root / "taskcheck.toml").read_text())["statuses"]
    assert statuses["ready"] == ["ready", "todo"]
    assert statuses["active"] == ["in_progress", "Doing"]
    found = taskcheck("--format", "json", cwd=root).json
    assert [(each["task"], each["findings"][0]["rule"]) for each in found["incidents"]] == [("limbo", "invalid-field")]


def test_of_many_labels_in_texts_the_most_frequent_are_named(store: Store) -> None:
    labels = "".join(f"Key {chr(97 + number)}: x\n" for number in range(20))
    root = store({f"plans/{number}.md": f"# P\n\nStatus: todo\n{labels * (number == 1)}" for number in range(3)})
    keys = next(line for line in taskcheck("init", "--yes", cwd=root).out.splitlines() if line.startswith("  keys"))
    assert keys.startswith("  keys      title, status, key_")
    assert keys.endswith(" and 10 more")


def plan(status: str, *, needs: str = "", owner: str = "") -> str:
    lines = [f"# A plan\n\nStatus: {status}"]
    lines += [f"Depends on: {needs}"] if needs else []
    lines += [f"Owner: {owner}"] if owner else []
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("needs", "ignored"),
    [("P1 (canvas and drafts), including what was changed, P2, P3", True), ("one, P2, P3", False), ("", False)],
)
def test_dependencies_of_which_none_is_a_task_are_not_looked_up(store: Store, needs: str, ignored: bool) -> None:
    root = store({"plans/one.md": plan("done"), "plans/two.md": plan("todo", needs=needs)})
    taskcheck("init", "--yes", cwd=root)
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert ("unknown-dependency" in config["rules"]["ignore"]) == ignored
    found = taskcheck("--format", "json", cwd=root).json["incidents"]
    assert [incident["task"] for incident in found] == (["two"] if needs and not ignored else [])


def test_where_folders_are_called_after_tasks_others_are_no_part_of_the_store(store: Store) -> None:
    docs = {f"docs/{number}.md": plan("Accepted" if number else "done") for number in range(2)}
    root = store({"my-tasks/one.md": plan("done"), "my-tasks/two.md": plan("todo"), **docs})
    made = taskcheck("init", "--yes", cwd=root)
    assert tomllib.loads((root / "taskcheck.toml").read_text())["paths"]["tasks"] == ["my-tasks/*.md"]
    assert "docs/*.md is left out: 2 files with status line" in made.out


def test_what_stands_before_a_colon_in_a_text_is_no_field(store: Store) -> None:
    root = store({"plans/one.md": plan("done") + "After: the storm\nNeeds: a, b\nAgent: Smith\n"})
    taskcheck("init", "--yes", cwd=root)
    assert tomllib.loads((root / "taskcheck.toml").read_text())["fields"] == {"required": []}


def test_a_sentence_is_nobodys_name(store: Store) -> None:
    sentence = "Complete what stands above first. The second part is not there yet."
    root = store({"plans/one.md": plan("done", owner="ana"), "plans/two.md": plan("todo", owner=sentence)})
    taskcheck("init", "--yes", cwd=root)
    assert tomllib.loads((root / "taskcheck.toml").read_text())["people"] == {"ana": []}


def test_folders_that_differ_by_a_number_are_one_pattern(store: Store) -> None:
    files = {f"plans/part-{part}/{part}-{number}.md": plan("done") for part in (1, 2, 10) for number in range(5)}
    root = store(files)
    taskcheck("init", "--yes", cwd=root)
    assert tomllib.loads((root / "taskcheck.toml").read_text())["paths"]["tasks"] == ["plans/{scope}/{task}.md"]


@pytest.mark.parametrize("place", ["epic-1/", "stories/", "stories/epic-1/", "stories/epic-7.6/", ""])
def test_bmad_stories_in_folders_of_their_epics_are_read(place: str, store: Store) -> None:
    folder = "_bmad-output/implementation-artifacts"
    root = store(
        {
            f"{folder}/{place}1-1-setup.md": "# Story 1.1: Setup\n\nStatus: review\n",
            f"{folder}/sprint-status.yaml": "development_status:\n  epic-1: in-progress\n  1-1-setup: done\n",
        }
    )
    report = taskcheck("--format", "json", cwd=root).json
    (incident,) = report["incidents"]
    assert (incident["task"], incident["findings"][0]["rule"]) == ("1-1-setup", "status-contradicted")


def test_a_file_in_the_folder_of_another_status_is_told(store: Store) -> None:
    root = store({f"board/{folder}/{n}.md": plan(status) for n, (folder, status) in enumerate(
        [("todo", "Todo"), ("doing", "Done"), ("done", "Done")])})  # fmt: skip
    taskcheck("init", "--yes", cwd=root)
    config = tomllib.loads((root / "taskcheck.toml").read_text())
    assert config["folders"] == {"board/doing": "active", "board/done": "done", "board/todo": "ready"}
    (incident,) = taskcheck("--format", "json", cwd=root).json["incidents"]
    assert (incident["task"], incident["findings"][0]["rule"]) == ("1", "status-contradicted")


@pytest.mark.parametrize(("statuses", "said"), [
    (("todo", "doing", "completed"), True),
    (("todo", "ready", "completed"), False),
    (("ready", "in_progress", "completed"), False),
])  # fmt: skip
def test_a_check_of_unknown_words_leads_to_init(statuses: tuple[str, ...], said: bool, store: Store) -> None:
    """Where most are unknown, one configuration settles what else is an error of each task."""
    task = "---\ntitle: {0}\nassignee: ana\nstatus: {1}\n---\n"
    root = store({f"tasks/{number}.md": task.format(number, status) for number, status in enumerate(statuses)})
    hint = "2 tasks have statuses without a class; `taskcheck init` proposes a configuration"
    assert (hint in taskcheck(cwd=root).err) is said
    assert taskcheck("init", "--yes", cwd=root).code == 0
    configured = taskcheck(cwd=root)
    assert (configured.code, configured.err) == (0, "")


NOTE = "---\ntask_id: {0}\n{1}status: {2}\n---\ntext\n"


def configured(root: Path) -> dict[str, Any]:
    taskcheck("init", "--yes", cwd=root)
    return tomllib.loads((root / "taskcheck.toml").read_text())


def test_of_the_files_in_the_folder_of_a_task_one_is_the_task(store: Store) -> None:
    words = ["done", "doing", "todo", "blocked"]
    files = {}
    for number, word in enumerate(words):
        folder = f"work/T-{number}-step"
        files[f"{folder}/TASK.md"] = NOTE.format(f"T-{number}", "title: Step\n", word)
        files[f"{folder}/PLAN.md"] = NOTE.format(f"T-{number}", "", "approved")
        files[f"{folder}/RESULT.md"] = NOTE.format(f"T-{number}", "passed: yes\n", "pending")
    root = store({**files, "work/T-0-step/extra.md": NOTE.format("x", "", "done")})
    assert configured(root)["paths"]["tasks"] == ["work/{task}/TASK.md"]
    ran = taskcheck("--format", "json", cwd=root)
    assert (ran.json["summary"]["tasks"], ran.json["incidents"]) == (4, [])


def test_tasks_of_one_number_in_several_folders_are_all_tasks(store: Store) -> None:
    """Their names recur without being the names of kinds of files."""
    root = store({f"plans/{epic}/{number:03}.md": plan("done") for epic in ("a", "b", "c") for number in range(3)})
    assert configured(root)["paths"]["tasks"] == ["plans/{scope}/{task}.md"]


@pytest.mark.parametrize("name", ["specs/{}/spec.md", "specs/{}/design.md"])
def test_a_specification_in_each_folder_is_one_task(store: Store, name: str) -> None:
    files = {name.format(f"00{number}-step"): plan("Draft") for number in range(6)}
    root = store({**files, "specs/001-step/research.md": plan("Tracking upstream")})
    config = configured(root)
    assert config["paths"]["tasks"] == [name.format("{task}")]
    assert config["statuses"]["parked"] == ["Draft"]


@pytest.mark.parametrize(
    "path",
    ["templates/task.md", ".x/templates/a/b.md", "docs/spec-template.md", ".x/skills/a/SKILL.md", "a/Fixtures/b.md"],
)
def test_templates_and_instructions_are_no_tasks(store: Store, path: str) -> None:
    assert taskcheck("init", "--yes", cwd=store({path: plan("todo")})).code == 4


def test_a_store_without_managers_asks_for_no_owner(store: Store) -> None:
    files = {f"todo/{number}.md": TODO.format(number, "doing") for number in range(2)}
    root = store(
        {**files, "todo/free.md": "---\ntitle: Free\nstate: open\n---\n", ".gitignore": ".tasks/\n.worktrees/\n"}
    )
    assert configured(root)["people"] == {"ana": []}
    assert taskcheck(cwd=root).code == 0
    assert taskcheck("run", "free", "--dry-run", "--", "true", cwd=root).code == 0


def test_what_is_no_task_in_json_is_not_told(store: Store) -> None:
    customers = [{"id": 1, "email": "a@example.invalid", "status": "active"}]
    root = store({"mocks/customers.json": json.dumps(customers)})
    assert "possible tasks" not in taskcheck(cwd=root).err


def test_folders_that_nobody_calls_tasks_are_not_put_together(store: Store) -> None:
    reports = {f"notes/reports/{number}.md": plan("done") for number in range(4)}
    root = store({**reports, "rules/one.md": plan("Active"), "notes/reports/old/five.md": plan("done")})
    assert configured(root)["paths"]["tasks"] == ["notes/reports/*.md", "notes/reports/old/*.md"]


def test_a_store_that_bears_marks_and_has_no_tasks_yet(store: Store) -> None:
    root = store(
        {
            "_bmad-output/implementation-artifacts/sprint-status.yaml": "development_status:\n  1-1-a: backlog\n",
            "docs/drafts/one.md": "---\nstatus: draft\n---\n",
        }
    )
    made = taskcheck("init", "--yes", cwd=root)
    assert (made.code, "no task file exists yet" in made.out) == (0, True), made.err
    assert tomllib.loads((root / "taskcheck.toml").read_text()) == {"preset": "bmad"}


def test_of_two_names_that_begin_alike_both_may_be_owners_where_nobody_keeps_registers(store: Store) -> None:
    card = "---\nid: TASK-{0}\ntitle: T\nstatus: To Do\nassignee: ['{1}']\n---\n"
    files = {f"backlog/tasks/task-{at} - T.md": card.format(at, name) for at, name in enumerate(["@ana", "@ana-k"], 1)}
    root = store({"backlog/config.yml": 'statuses: ["To Do", "Done"]\n', **files})
    made = taskcheck("init", cwd=root)
    assert "is @ana another spelling of @ana-k?" in made.out
    assert tomllib.loads((root / "taskcheck.toml").read_text())["people"] == {"@ana": [], "@ana-k": []}
    assert taskcheck(cwd=root).code == 0


def test_a_vault_of_task_notes_needs_no_preset(store: Store) -> None:
    """Its folder, keys and statuses as the plugin TaskNotes has them by default."""
    dates = "dateCreated: 2026-02-20T11:15:00Z\ncompletedDate: 2026-02-21\n"
    note = f"---\ntitle: {{0}}\nstatus: {{0}}\ntags: [task]\n{dates}---\n"
    root = store({f"TaskNotes/Tasks/{word}.md": note.format(word) for word in ("none", "open", "in-progress", "done")})
    config = configured(root)
    assert config["paths"]["tasks"] == ["TaskNotes/Tasks/*.md"]
    assert config["fields"] == {"created_at": "dateCreated", "completed_at": "completedDate", "required": []}
    classes = {stage: words for stage, words in config["statuses"].items() if words}
    assert classes == {"parked": ["none"], "ready": ["open"], "active": ["in-progress"], "done": ["done"]}
    assert taskcheck(cwd=root).code == 0


def test_tasks_beside_the_marks_of_a_preset_of_another_shape_are_read(store: Store) -> None:
    """As where a tool was installed and isn't used."""
    files = {f"todo/{number}.md": TODO.format(number, "doing") for number in range(3)}
    root = store({**files, ".bmad-core/agents/dev.md": "# Dev\n"})
    assert configured(root)["paths"]["tasks"] == ["todo/*.md"]
    report = taskcheck("--format", "json", cwd=root).json
    assert (report["summary"]["tasks"], report["incidents"]) == (3, [])
