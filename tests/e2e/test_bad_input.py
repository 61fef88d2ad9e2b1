"""Wrong input: a clear error or finding that names file, place and cure; never a traceback, never a hang."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from taskcheck.formats import FORMATS
from tests.e2e.conftest import PATIENCE, environment, git, taskcheck
from tests.samples import sampled

TASK = "---\ntitle: Fix login\nowner: dave\nstatus: ready\n---\n"
Store = Callable[..., Path]


def test_no_repository_and_no_tasks(tmp_path: Path) -> None:
    ran = taskcheck(cwd=tmp_path)
    assert ran.code == 4
    assert "0 tasks" in ran.out
    assert "neither task files nor runtime ledgers found" in ran.err


def test_tasks_without_a_repository_are_checked(store: Store) -> None:
    root = store({"tasks/fix-login.md": TASK}, repository=False)
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.code == 0
    assert ran.json["summary"]["tasks"] == 1
    assert {"rule": "metadata-drift", "reason": "not a git repository"} in ran.json["skipped"]
    assert taskcheck("--strict", cwd=root).code == 1, "what could not look fails a strict run"


def test_repository_without_a_commit(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.md").write_text(TASK)
    ran = taskcheck("--format", "json", cwd=tmp_path)
    assert ran.code == 0
    assert ran.json["complete"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--formt", "json"], "unknown option --formt; did you mean --format"),
        (["--format", "jsn"], "unknown format 'jsn'; did you mean json"),
        (["--select", "metadata-drif"], "no rule or family is named 'metadata-drif'; did you mean metadata-drift"),
        (["--ignore", "drft"], "no rule or family is named 'drft'; did you mean drift"),
        (["fix-logn"], "no task or file is named 'fix-logn'; did you mean fix-login"),
        (["--now", "yesterday"], "'yesterday' isn't a timestamp such as 2026-03-24T18:00:00Z"),
        (["x" * 300], "no task or file is named 'xxx"),
        (["--root", "nowhere"], "there is no folder"),
        (
            ["status", "fix-login"],
            "there is no folder fix-login; `taskcheck timeline fix-login` shows what happened to",
        ),
        (["status", "no/where"], "there is no folder"),
        (["--root", "x" * 300], "there is no folder"),
        (["--baseline", "x" * 300], "File name too long"),
        (["--config", "nowhere.toml"], "nowhere.toml: No such file or directory"),
        (["--output", "junit"], "write it as FORMAT=FILE"),
        (["--output", "junit=no/such/folder.xml"], "No such file or directory"),
        (["--fail-on", "catastrophe"], "invalid choice: 'catastrophe'"),
        (["rule", "metadata-drif"], "no rule is named 'metadata-drif'; did you mean metadata-drift"),
        (["route", "fix-logn"], "no task is named 'fix-logn'; did you mean fix-login"),
        (["owner", "dave"], "no people declared; run `taskcheck init`"),
    ],
)
def test_usage_errors_name_the_cure(store: Store, arguments: list[str], said: str) -> None:
    root = store({"tasks/fix-login.md": TASK, "taskcheck.toml": "[people]\ndave = []\n"})
    if arguments[0] == "owner":
        (root / "taskcheck.toml").unlink()
    ran = taskcheck(*arguments, cwd=root)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


ODD = "\x1b]0;x\x07\u202e\r::error::y\n##[error]z"


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ([], {"taskcheck.toml": f"{json.dumps(ODD)} = 1\n"}),
        ([ODD], {}),
        ([f"--{ODD}"], {}),
        (["--select", ODD], {}),
        (["--format", ODD], {}),
        (["--root", ODD], {}),
        (["--config", ODD], {}),
        (["--output", ODD], {}),
        (["--output", f"json={ODD}/x"], {}),
        (["--baseline", ODD], {}),
        (["--baseline", ODD, "--update-baseline"], {}),
        (["--config-from", ODD], {}),
        (["rule", ODD], {}),
        (["rule", "metadata-drift", "--config", ODD], {}),
        (["route", ODD], {}),
        (["run", ODD, "--", "true"], {}),
        (["run", "fix-login", "--owner", ODD, "--", "true"], {}),
        (["finish", ODD, "--outcome", ODD], {}),
        (["undo", ODD], {}),
        (["init"], {}),
    ],
)
def test_what_is_said_on_stderr_does_not_speak(
    store: Store, arguments: list[str], files: dict[str, str | bytes]
) -> None:
    """Neither to a terminal nor to the runner of a CI."""
    root = store({"tasks/fix-login.md": TASK, "taskcheck.toml": "[people]\ndave = []\n", **files})
    said = taskcheck(*arguments, cwd=root)
    text = said.err + said.out
    assert text
    assert not set("\x1b\x07\u202e\r") & set(text), text
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in text.splitlines()), text


def test_a_suppression_needs_no_task(store: Store) -> None:
    root = store({"tasks/fix-login.md": TASK})
    (root / "taskcheck.toml").write_text(
        '[people]\nrj = []\n[[suppress]]\nrule = "role-routing"\nreason = "nobody yet"\n'
    )
    ran = taskcheck("--format", "json", cwd=root)
    assert (ran.code, ran.json["summary"]["suppressed"]) == (0, 1)


def test_every_error_of_a_configuration_at_once(store: Store) -> None:
    broken = """
prest = "task-manager"
[people]
dave = ["d.ave"]
"d-a-v-e" = []
[paths]
tasks = ["../elsewhere/*.md"]
registers = "registers.json"
[limits]
pickup_grace = "soon"
clock_scew = "5m"
[rules]
severity = { snapshot-stale = "fatal" }
[statuses]
ready = ["ready", "done"]
stopped = ["done"]
[folders]
"tasks/*/done" = "done"
[[suppress]]
rule = "role-routing"
"""
    ran = taskcheck(cwd=store({"tasks/a.md": TASK, "taskcheck.toml": broken}))
    assert ran.code == 2
    for said in (
        "taskcheck.toml:2: top level: unknown key 'prest'; did you mean preset",
        "taskcheck.toml:7: paths.tasks.0: a pattern is relative to the root checkout and may not leave it",
        "taskcheck.toml:8: paths.registers: needs {owner}",
        "taskcheck.toml:18: folders.tasks/*/done.[key]: a folder must be a plain path",
        "taskcheck.toml:10: limits.pickup_grace: 'soon' is not a duration such as 90s",
        "taskcheck.toml:11: limits: unknown key 'clock_scew'; did you mean clock_skew",
        "taskcheck.toml:13: rules.severity.snapshot-stale: ",
        "taskcheck.toml:14: statuses: 'done' is both ready and stopped",
        "taskcheck.toml:19: suppress.0.reason: Field required",
        "'d-a-v-e' (person d-a-v-e)",
    ):
        assert said in ran.err, ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("preset = 'backlog'\n", "unknown preset 'backlog'; did you mean backlog-md"),
        ("preset = \n", "taskcheck.toml: Invalid value (at line 1, column 10)"),
        ("people = 3\n", "taskcheck.toml:1: people: Input should be"),
        ("at_names = true\n7 = 1\n", "taskcheck.toml:2: top level: unknown key '7'"),
        ("'' = 1\n", "taskcheck.toml:1: top level: unknown key ''"),
        ("[rules.7]\n", "taskcheck.toml:1: rules: no rule is named '7'"),
        (b"\xff\xfe", "taskcheck.toml: not UTF-8 at byte 0"),
        ("[statuses]\nready = 5\n", "taskcheck.toml:2: statuses.ready: Input should be a valid list"),
        ("outcomes = 5\n[statuses]\nready = ['x']\n", "taskcheck.toml:1: outcomes: Input should be"),
        ("preset = ['task-manager']\n", "taskcheck.toml: preset: unknown preset"),
        ("x = " + "[" * 20000, "taskcheck.toml: it is nested too deep"),
        ("[limits]\nclock_skew = '999999d'\n", "longer than a hundred years"),
    ],
)
def test_broken_configuration(store: Store, text: str | bytes, said: str) -> None:
    ran = taskcheck(cwd=store({"tasks/a.md": TASK, "taskcheck.toml": text}))
    assert ran.code == 2
    assert said in ran.err


def test_several_presets_fit(store: Store) -> None:
    root = store({"backlog/config.yml": "", ".tasks/task_manager/x": "", "tasks/a.md": TASK})
    ran = taskcheck(cwd=root)
    assert ran.code == 2
    assert "backlog-md and like task-manager" in ran.err


def test_team_files_that_are_one_name(store: Store) -> None:
    files = {"tasks/team/dave.fowler.md": "---\nname: x\n---\n", "tasks/team/dave-fowler.md": "---\nname: y\n---\n"}
    ran = taskcheck(cwd=store({**files, "tasks/a.md": TASK}))
    assert ran.code == 2
    assert "'dave-fowler'" in ran.err
    assert "'dave.fowler'" in ran.err


def findings(root: Path) -> dict[str, str]:
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.json["complete"]
    return {f["path"]: f["message"] for i in ran.json["incidents"] for f in i["findings"]}


def test_what_is_named_like_a_task_and_is_none(store: Store) -> None:
    root = store({"tasks/fine.md": TASK, "tasks/a-folder.md/x.txt": "", "secret.txt": "---\nstatus: ready\n---\n"})
    os.mkfifo(root / "tasks" / "pipe.md")
    (root / "tasks" / "link.md").symlink_to("../secret.txt")
    (root / "tasks" / "loop.md").symlink_to("loop.md")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(root / "tasks" / "socket.md"))
    (root / "tasks" / "endless.md").write_text("---\nstatus: ready\ntitle: " + "x" * 70_000)
    (root / "tasks" / "sparse.md").touch()
    os.truncate(root / "tasks" / "sparse.md", 1 << 40)
    try:
        found = findings(root)
    finally:
        listening.close()
    said = {Path(path).name: message for path, message in found.items()}
    assert set(said) == {"a-folder.md", "pipe.md", "link.md", "loop.md", "socket.md", "endless.md", "sparse.md"}
    assert "a folder" in said["a-folder.md"]
    assert "a named pipe" in said["pipe.md"]
    assert "symbolic link" in said["link.md"]
    assert "no regular file" in said["socket.md"] or "a socket" in said["socket.md"]
    assert "never closed" in said["endless.md"]
    assert "bytes" in said["sparse.md"]


def test_runtime_state_that_is_no_file(store: Store) -> None:
    root = store({"tasks/fine.md": TASK})
    folder = root / ".tasks" / "task_manager"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "task-manager-dave.register.json")
    (folder / "task-manager-dave.snapshot.json").mkdir()
    found = findings(root)
    assert "a named pipe" in found[".tasks/task_manager/task-manager-dave.register.json"]
    assert "a folder" in found[".tasks/task_manager/task-manager-dave.snapshot.json"]


def test_folder_link_that_leaves_the_repository(store: Store, tmp_path: Path) -> None:
    root = store({"README.md": ""})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.md").write_text(TASK)
    (root / "tasks").symlink_to(tmp_path / "elsewhere")
    ran = taskcheck(cwd=root)
    assert ran.code == 3
    assert "leaves the checkout" in ran.out


def test_worktree_whose_repository_is_gone(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /no/such/place\n")
    ran = taskcheck(cwd=tmp_path)
    assert ran.code == 3
    assert "git worktree repair" in ran.err


def test_git_that_refuses_is_no_clean_result(store: Store) -> None:
    root = store({"tasks/a.md": TASK})
    (root / ".git" / "config").write_text("[core\n")
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.code == 3
    assert not ran.json["complete"]
    assert "bad config" in ran.json["errors"][0]["message"]


def test_control_characters_do_not_speak(store: Store) -> None:
    title = "\\e[31mred\\a ::error::x ##[add-mask]e \\u202e"
    root = store(
        {
            "tasks/a.md": f'---\ntitle: "{title}"\nowner: "::error::\\n##[group]"\nstatus: ready\n---\n',
            "taskcheck.toml": "[people]\nx = []\n",
        }
    )
    for form in FORMATS:
        ran = taskcheck("--format", form, cwd=root)
        assert ran.code == 1
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
        assert "##[" not in ran.out
        commands = [line for line in ran.out.splitlines() if line.lstrip().startswith("::")]
        assert len(commands) == (1 if form == "github" else 0)


def test_a_reader_that_goes_away_is_no_error(store: Store) -> None:
    root = store({f"tasks/t{n}.md": "---\nstatus: [\n---\n" for n in range(400)})
    command = f'"{sys.executable}" -m taskcheck --format json | head -c 10'
    done = subprocess.run(command, shell=True, cwd=root, capture_output=True, timeout=PATIENCE, check=False)
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


REGISTER = ".tasks/task_manager/task-manager-dave.register.json"
TOMBSTONE = "tasks/logs/dispatch-fix-login.status.json"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:01+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("path", [REGISTER, TOMBSTONE])
def test_times_at_the_end_of_time(store: Store, at: str, path: str) -> None:
    entry = f'"pid": {os.getpid()}, "launched_at": "{at}", "started_at": "{at}", "heartbeat_at": "{at}"'
    text = f'{{"entries": {{"fix-login": {{{entry}}}}}}}' if path == REGISTER else f'{{"state": "running", {entry}}}'
    root = store({"tasks/fix-login.md": TASK, path: text, ".gitignore": ".tasks/\n"})
    for now in ("2026-03-24T18:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        ran = taskcheck("--format", "json", "--now", now, cwd=root)
        assert ran.code in {0, 1}, ran.err
        assert ran.json["complete"]


def test_a_time_that_was_never_set_is_none(store: Store) -> None:
    """Go writes year 1 for a time without a value; that is no age of two thousand years."""
    text = '{"entries": {"fix-login": {"launched_at": "0001-01-01T00:00:00Z"}}}'
    root = store({"tasks/fix-login.md": TASK, REGISTER: text, ".gitignore": ".tasks/\n"})
    assert taskcheck("--select", "worker-gone,unreadable-state", cwd=root).code == 0


def test_links_among_the_task_files(store: Store) -> None:
    root = store({"tasks/AGENTS.md": "Read this.\n", "tasks/2026/fix-login.md": TASK, "more/other.md": TASK})
    (root / "tasks" / "CLAUDE.md").symlink_to("AGENTS.md")
    (root / "tasks" / "latest").symlink_to("2026")
    ran = taskcheck("--format", "json", cwd=root)
    assert (ran.code, ran.json["summary"]["tasks"]) == (0, 1), "what is read under its own name needs no second one"
    (root / "tasks" / "more").symlink_to("../more")
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.code == 3
    link = "tasks/more: a symbolic link to a folder, which is not followed; name it in [paths] exclude"
    assert [error["message"] for error in ran.json["errors"]] == [link]
    (root / "taskcheck.toml").write_text('[paths]\nexclude = ["tasks/more/**"]\n')
    assert taskcheck(cwd=root).code == 0
    (root / "tasks" / "gone.md").symlink_to("nowhere.md")
    assert [f["rule"] for i in taskcheck("--format", "json", cwd=root).json["incidents"] for f in i["findings"]] == [
        "unreadable-task"
    ]


@pytest.mark.journey
def test_large_registers_are_judged_in_bounded_time(store: Store) -> None:
    entries = [f'{{"slug": "t{i}", "worktree_path": ".worktrees/one", "pid": {i}}}' for i in range(1500)]
    root = store({"tasks/fix-login.md": TASK, REGISTER: f'{{"owner": "dave", "entries": [{",".join(entries)}]}}'})
    again = [f'{{"slug": "t{i}", "worktree_path": ".worktrees/two", "pid": {i}}}' for i in range(1500)]
    other = root / ".tasks/task_manager/task-manager-dave.fowler.register.json"
    other.write_text(f'{{"owner": "dave", "entries": [{",".join(again)}]}}')
    (root / "taskcheck.toml").write_text('[people]\ndave = ["dave.fowler"]\n')
    ran = taskcheck("--select", "duplicate-registration,split-manager,register-orphan", cwd=root)
    assert ran.code == 1


@pytest.mark.parametrize("line", ["## Status: nothing known\n", "```\n", "<!--\n", "## Status: x" + " " * 500 + "y\n"])
def test_text_is_searched_for_a_status_in_bounded_time(store: Store, line: str) -> None:
    text = TASK + line * (400_000 // len(line))
    root = store({"tasks/fix-login.md": text, "taskcheck.toml": "[people]\ndave = []\n"})
    assert taskcheck(cwd=root).code == 0


@pytest.mark.journey
def test_unknown_owners_are_compared_with_many_people_in_bounded_time(store: Store) -> None:
    people = "".join(f'person-number-{i} = ["p{i}", "pn.{i}"]\n' for i in range(200))
    task = "---\ntitle: A\nowner: persn-nmber-{}\nstatus: ready\n---\n"
    tasks: dict[str, str | bytes] = {f"tasks/t{i}.md": task.format(i) for i in range(3000)}
    root = store({**tasks, "taskcheck.toml": f"[people]\n{people}"}, repository=False)
    assert taskcheck("--select", "role-routing", "-q", cwd=root).code == 1


@pytest.mark.journey
def test_many_faults_of_one_ledger_are_folded_in_bounded_time(store: Store) -> None:
    rows = ",".join(f'"t{i}": "oops"' for i in range(9000))
    root = store({"tasks/fix-login.md": TASK, REGISTER: f'{{"owner": "dave", "entries": {{{rows}}}}}'})
    ran = taskcheck("--format", "json", cwd=root)
    assert ran.json["summary"]["errors"] >= 9000


@pytest.mark.parametrize("kind", ["dangling", "folder"])
def test_a_configuration_that_is_there_and_cannot_be_read(store: Store, kind: str) -> None:
    root = store({"tasks/fix-login.md": TASK})
    path = root / "taskcheck.toml"
    path.symlink_to("nowhere") if kind == "dangling" else path.mkdir()
    ran = taskcheck(cwd=root)
    assert ran.code == 2, "defaults instead of it would pass what it forbids"
    assert "taskcheck.toml: " in ran.err


def test_a_pyproject_that_is_not_utf8(store: Store) -> None:
    root = store({"tasks/fix-login.md": TASK, "pyproject.toml": b'[tool.taskcheck]\npreset = "\xff"\n'})
    assert taskcheck(cwd=root).code == 2
    (root / "pyproject.toml").write_bytes(b'[project]\nname = "\xff"\n')
    assert taskcheck(cwd=root).code == 0, "it says nothing of taskcheck"


COMMANDS = [
    ["--format", "json"], ["status"], ["status", "--watch"], ["rule"], ["owner", "dave"], ["--version"], ["--help"],
    ["completion", "bash"], ["init", "--print"], ["-q", "--format", "nonsense"],
]  # fmt: skip


def printing(arguments: list[str], root: Path, to: str, unbuffered: str) -> "subprocess.CompletedProcess[str]":
    """A command by a shell, whose stdout goes somewhere."""
    script = f'"$0" -m taskcheck "$@" {to}'
    command = ["bash", "-c", script, sys.executable, *arguments]
    env = environment(PYTHONUNBUFFERED=unbuffered)
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.parametrize(("arguments", "unbuffered"), sampled(product(COMMANDS, ["", "1"]), 2))
def test_a_full_disk_behind_stdout_is_told_in_one_line(store: Store, arguments: list[str], unbuffered: str) -> None:
    root = store({"tasks/fix-login.md": TASK, "taskcheck.toml": "[people]\ndave = []\n"})
    ran = printing(arguments, root, "> /dev/full", unbuffered)
    if "-q" in arguments:
        assert ran.returncode == 2, "nothing was to be printed"
        assert ran.stderr.startswith("taskcheck: unknown format 'nonsense'; available: text, ")
        assert ran.stderr.count("\n") == 1
    else:
        assert (ran.returncode, ran.stderr) == (3, "taskcheck: standard output: No space left on device\n")


@pytest.mark.parametrize("arguments", sampled([*COMMANDS, ["check", "--help"]], 3))
def test_a_closed_stdout_is_told_in_one_line(store: Store, arguments: list[str]) -> None:
    root = store({"tasks/fix-login.md": TASK, "taskcheck.toml": "[people]\ndave = []\n"})
    ran = printing(arguments, root, ">&-", "")
    if "-q" in arguments:
        assert ran.returncode == 2, "nothing was to be printed"
    else:
        assert (ran.returncode, ran.stderr) == (3, "taskcheck: standard output: it is closed\n")


@pytest.mark.parametrize(("to", "code", "said"), [("2>&-", 2, ""), ("<&-", 2, "nonsense"), (">&- 2>&- <&-", 2, "")])
def test_other_closed_streams_change_nothing(store: Store, to: str, code: int, said: str) -> None:
    root = store({"tasks/fix-login.md": TASK})
    ran = printing(["--format", "nonsense"], root, to, "")
    assert (ran.returncode, ran.stdout, said in ran.stderr) == (code, "", True)
    ran = printing(["--format", "json"], root, to.replace(">&- 2", "2"), "")
    assert (ran.returncode, ran.stdout.startswith("{")) == (0, True)


@pytest.mark.parametrize(("arguments", "unbuffered"), sampled(product(COMMANDS[:-1], ["1", ""]), 2))
def test_a_reader_that_went_away_ends_it_quietly(store: Store, arguments: list[str], unbuffered: str) -> None:
    root = store({"tasks/fix-login.md": TASK, "taskcheck.toml": "[people]\ndave = []\n"})
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "taskcheck", *arguments]
    env = environment(PYTHONUNBUFFERED=unbuffered)
    try:
        ran = subprocess.run(
            command, cwd=root, env=env, stdout=writes, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    finally:
        os.close(writes)
    assert (ran.returncode, ran.stderr) == (141, b"")


def test_watching_ends_with_its_reader(store: Store) -> None:
    root = store({"tasks/fix-login.md": TASK})
    ran = printing(["status", "--watch"], root, "| grep -q 'as of'; exit ${PIPESTATUS[0]}", "")
    assert (ran.returncode, ran.stderr) == (141, "")


def test_nowhere_to_complain(store: Store) -> None:
    root = store({"tasks/fix-login.md": TASK})
    assert printing(["--nonsense"], root, "2> /dev/full", "").returncode == 2
    assert printing([], root, "&> /dev/full", "").returncode == 3
    assert printing(["status", "--help"], root, "> /dev/full", "").returncode == 3
