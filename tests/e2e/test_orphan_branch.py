"""A store on an orphan branch, checked out in a linked worktree beside the code."""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Ran, environment, git, taskcheck
from tests.e2e.test_run import PULL, TASKCHECK

Store = Callable[..., Path]
Files = dict[str, str]

LIST = 'statuses: ["To Do", "In Progress", "In Review", "Done"]\n'
CARD = "---\nid: TASK-{0}\ntitle: Card {0}\nstatus: {1}\ndependencies: []\n---\ntext\n"
BACKLOG = {
    "backlog/config.yml": LIST,
    "backlog/tasks/task-1 - One.md": CARD.format(1, "To Do"),
    "backlog/tasks/task-2 - Two.md": CARD.format(2, "Done"),
}
TODO = {f"todo/{name}.md": f"---\ntitle: {name}\nstate: doing\nassigned: ana\n---\n" for name in ("a", "b")}
USUAL = {"tasks/a.md": "---\ntitle: A\nowner: ana\nstatus: ready\n---\n"}
MARKED = {"cards/a.md": "---\nstatus: ready\n---\n", "taskcheck.toml": '[paths]\ntasks = ["cards/*.md"]\n'}


def put(folder: Path, files: Files) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(folder: Path, files: Files) -> None:
    put(folder, files)
    git("add", "-A", cwd=folder)
    git("commit", "-q", "-m", "more", cwd=folder)


def board_of(root: Path, files: Files, place: str = "../board", *, committed: bool = True) -> Path:
    """Files on an orphan branch, in a worktree beside a main checkout."""
    git("worktree", "add", "-q", "--detach", "--no-checkout", place, cwd=root)
    board = Path(root, place).resolve()
    git("switch", "-q", "--orphan", "board", cwd=board)
    if committed:
        commit(board, files)
    else:
        put(board, files)
    return board


def tasks_of(ran: Ran) -> int:
    number: int = ran.json["summary"]["tasks"]
    return number


@pytest.mark.parametrize("place", ["../board", ".board"])
@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(("files", "tasks"), [(BACKLOG, 2), (USUAL, 1), (MARKED, 1)])
def test_the_store_is_checked_from_its_worktree(
    store: Store, place: str, committed: bool, files: Files, tasks: int
) -> None:
    root = store({"src/a.py": "", ".gitignore": ".board/\n"})
    board = board_of(root, files, place, committed=committed)
    folder = next(path.parent for path in board.rglob("*.md"))
    for ran in (
        taskcheck("--format", "json", cwd=board),
        taskcheck("--format", "json", cwd=folder),
        taskcheck("--format", "json", "--root", place, cwd=root),
    ):
        assert (ran.code, tasks_of(ran), ran.json["unseen"]) == (0, tasks, []), ran.out


def test_the_main_checkout_says_where_the_store_is(store: Store) -> None:
    root = store({"src/a.py": ""})
    board_of(root, BACKLOG)
    for folder, place in ((root, "../board"), (root / "src", "../../board")):
        ran = taskcheck(cwd=folder)
        command = f"taskcheck --root {place}"
        said = f"the linked worktree {place} (branch board) has a store of its own: {command}"
        assert (ran.code, said in ran.err) == (4, True), ran.err
        assert taskcheck(*command.split()[1:], cwd=folder).code == 0
    assert f"  {said.replace('../../', '../')}" in taskcheck("init", cwd=root).err.splitlines()


def test_a_worktree_of_the_code_says_where_the_store_is(store: Store) -> None:
    root = store({"src/a.py": ""})
    board_of(root, BACKLOG)
    git("worktree", "add", "-q", "-b", "work", "../work", cwd=root)
    ran = taskcheck(cwd=root.parent / "work")
    assert (ran.code, "taskcheck --root ../board" in ran.err) == (4, True), ran.err
    assert "worktree ../work" not in ran.err


def test_init_in_a_store_that_no_preset_knows(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, TODO)
    seen = taskcheck(cwd=root)
    assert "todo/*.md (2 with title, state, assigned): taskcheck init --root ../board" in seen.err
    made = taskcheck("init", "--yes", "--root", "../board", cwd=root)
    assert (made.code, (board / "taskcheck.toml").exists()) == (0, True), made.err
    assert not (root / "taskcheck.toml").exists()
    assert tasks_of(taskcheck("--format", "json", cwd=board)) == 2


def test_a_store_in_the_main_checkout_comes_first(store: Store) -> None:
    for_main = {"backlog/config.yml": LIST, "backlog/tasks/task-9 - Nine.md": CARD.format(9, "To Do")}
    root = store(for_main)
    board = board_of(root, BACKLOG)
    assert tasks_of(taskcheck("--format", "json", cwd=board)) == 1


@pytest.mark.parametrize("main", [USUAL, {"taskcheck.toml": ""}, {"pyproject.toml": "[tool.taskcheck]\n"}])
def test_a_main_checkout_that_is_configured_or_has_tasks_comes_first(store: Store, main: Files) -> None:
    root = store(main)
    board = board_of(root, BACKLOG)
    assert tasks_of(taskcheck("--format", "json", cwd=board)) == len(main.keys() & USUAL.keys())


def test_a_worktree_with_common_history_is_never_root(store: Store) -> None:
    """Its tasks are a proposal for the main checkout: a repair there would be one of a version."""
    root = store({"src/a.py": ""})
    git("worktree", "add", "-q", "-b", "work", "../work", cwd=root)
    work = root.parent / "work"
    commit(work, {**BACKLOG, "taskcheck.toml": 'preset = "backlog-md"\n'})
    before = {path: path.read_bytes() for path in work.rglob("*.md")}
    ran = taskcheck("--fix", "--unsafe-fixes", cwd=work)
    assert ran.code == 4
    assert "taskcheck checks them as soon as the main checkout has tasks too" in ran.err
    assert {path: path.read_bytes() for path in work.rglob("*.md")} == before


def test_the_code_is_no_version_of_the_tasks(store: Store) -> None:
    """Files of the code at a task's path, in worktrees and on branches of the task's own name, say nothing of it."""
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    git("worktree", "add", "-q", "-b", "tasks/TASK-1", str(board / ".worktrees/TASK-1"), cwd=root)
    commit(board / ".worktrees/TASK-1", {"backlog/tasks/task-1 - One.md": CARD.format(1, "Done")})
    git("branch", "-q", "tasks/TASK-2", "main", cwd=root)
    ran = taskcheck("--format", "json", cwd=board)
    assert (ran.code, ran.json["incidents"], ran.json["unseen"]) == (0, [], [])
    before = git("status", "--porcelain", cwd=board)
    assert taskcheck("--fix", "--unsafe-fixes", cwd=board).code == 0
    assert git("status", "--porcelain", cwd=board) == before


def test_a_branch_of_the_tasks_is_a_version(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, USUAL)
    git("worktree", "add", "-q", "-b", "task/a", ".worktrees/a", cwd=board)
    text = USUAL["tasks/a.md"]
    commit(board / ".worktrees/a", {"tasks/a.md": text.replace("ready", "in_progress")})
    report = taskcheck("--format", "json", cwd=board).json
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    assert "metadata-drift" in rules


def test_a_repair_is_made_in_the_worktree_and_can_be_undone(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    git("worktree", "add", "-q", "-b", "tasks/TASK-1", ".worktrees/TASK-1", cwd=board)
    commit(board / ".worktrees/TASK-1", {"backlog/tasks/task-1 - One.md": CARD.format(1, "Done")})
    git("merge", "-q", "--no-ff", "-m", "in", "tasks/TASK-1", cwd=board)
    commit(board, {"backlog/tasks/task-1 - One.md": CARD.format(1, "In Progress")})
    path = board / "backlog/tasks/task-1 - One.md"
    before = path.read_bytes()
    fixed = taskcheck("--fix", "--unsafe-fixes", cwd=board)
    assert path.read_bytes() != before, fixed.out + fixed.err
    assert git("status", "--porcelain", cwd=root) == ""
    assert "there is no fix to undo" in taskcheck("undo", cwd=root).out
    assert taskcheck("undo", cwd=board).code == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(("config", "worktree"), [("", "board/.worktrees/TASK-1"), ("../work-{task}", "work-TASK-1")])
def test_a_worker_gets_the_code(store: Store, config: str, worktree: str) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    if config:
        commit(board, {"taskcheck.toml": f'preset = "backlog-md"\n[checkouts]\nworktree = "{config}"\n'})
    said = f'{TASKCHECK} finish "$TASKCHECK_TASK" --root "$TASKCHECK_ROOT" --outcome completed_with_pr --pr-url {PULL}'
    ran = taskcheck("run", "TASK-1", "--", "sh", "-c", f"test -f src/a.py && {said}", cwd=board)
    assert ran.code == 0, ran.err
    assert "status: In Review" in (board / "backlog/tasks/task-1 - One.md").read_text()
    assert (root.parent / worktree / "src/a.py").exists()
    assert git("merge-base", "main", "tasks/TASK-1", cwd=root).strip() == git("rev-parse", "main", cwd=root).strip()
    assert git("status", "--porcelain", cwd=root) == ""
    after = taskcheck("--format", "json", cwd=board).json
    assert [incident for incident in after["incidents"] if incident["severity"] == "error"] == []


ENDED = ("--outcome", "completed_with_pr", "--pr-url", PULL)


def code_of(root: Path, board: Path, files: Files = BACKLOG) -> tuple[Path, Path]:
    """A worktree of the code, whose branch is task 1's, and the file of that task in the store."""
    git("worktree", "add", "-q", "-b", "tasks/TASK-1", "../work", cwd=root)
    path = next(board / name for name in files if name.endswith("One.md"))
    path.write_text(path.read_text().replace("To Do", "In Progress"))
    return root.parent / "work", path


@pytest.mark.parametrize(
    ("prefix", "unset"),
    [("", ""), ("plan/", ""), ("", "env -u TASKCHECK_ROOT "), ("", "env TASKCHECK_ROOT=/nowhere ")],
)
def test_a_worker_ends_in_its_worktree_of_the_code(store: Store, prefix: str, unset: str) -> None:
    """By the store that its run told it, which may lie below the top of its worktree, else by the only one there is."""
    root = store({"src/a.py": ""})
    board = board_of(root, {prefix + name: text for name, text in BACKLOG.items()})
    path = board / f"{prefix}backlog/tasks/task-1 - One.md"
    said = f'cd src && {unset}{TASKCHECK} finish "$TASKCHECK_TASK" --outcome completed_with_pr --pr-url {PULL}'
    ran = taskcheck("run", "TASK-1", "--", "sh", "-c", said, cwd=board / prefix)
    assert (ran.code, "status: In Review" in path.read_text()) == (0, True), ran.err
    assert git("status", "--porcelain", cwd=root) == ""


def test_a_worker_in_the_code_reads_the_store_as_its_run_does(store: Store) -> None:
    """The run's configuration lies beside the store, and calls the statuses by other names than the store's own."""
    root = store({"src/a.py": ""})
    cards = {"todo/a.md": "---\ntitle: a\nstate: next\nassigned: ana\n---\n"}
    ours = (
        '[paths]\ntasks = ["todo/*.md"]\n[fields]\nstatus = "state"\nowner = "assigned"\n[people]\nana = []\n'
        '[statuses]\nready = ["next"]\nactive = ["doing"]\nreview = ["check"]\ndone = ["done"]\n'
        '[outcomes]\ncompleted_with_pr = ["check"]\n'
    )
    board = board_of(root, {**cards, "taskcheck.toml": '[paths]\ntasks = ["todo/*.md"]\n'})
    (board.parent / "ours.toml").write_text(ours)
    said = f'{TASKCHECK} finish "$TASKCHECK_TASK" --outcome completed_with_pr --pr-url {PULL}'
    ran = taskcheck("run", "a", "--config", "../ours.toml", "--", "sh", "-c", said, cwd=board)
    assert (ran.code, "state: check" in (board / "todo/a.md").read_text()) == (0, True), ran.out + ran.err


def test_a_worker_without_a_run_ends_its_task(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    work, path = code_of(root, board)
    asked = taskcheck("finish", "--check", cwd=work)
    assert (asked.code, "TASK-1 has no recorded outcome" in asked.out) == (1, True), asked.err
    assert taskcheck("finish", "TASK-1", *ENDED, cwd=work).code == 0
    assert "status: In Review" in path.read_text()
    assert (taskcheck("finish", "--check", cwd=work).code, git("status", "--porcelain", cwd=work)) == (0, "")


def test_a_stop_hook_finds_the_store_of_its_worktree(store: Store) -> None:
    root = store({"src/a.py": ""})
    work, _ = code_of(root, board_of(root, BACKLOG))
    said = f"{TASKCHECK} finish --hook claude-code"
    handed = subprocess.run(
        shlex.split(said),
        check=True,
        cwd=root,
        env=environment(),
        input=json.dumps({"cwd": str(work)}),
        text=True,
        stdout=-1,
    )
    assert json.loads(handed.stdout)["decision"] == "block"


def test_of_two_stores_the_one_counts_that_is_told_or_whose_ledgers_name_the_worktree(store: Store) -> None:
    root = store({"src/a.py": ""})
    first = board_of(root, BACKLOG)
    git("worktree", "add", "-q", "--detach", "--no-checkout", "../other", cwd=root)
    other = root.parent / "other"
    git("switch", "-q", "--orphan", "others", cwd=other)
    commit(other, BACKLOG)
    work, path = code_of(root, first)
    refused = taskcheck("finish", "TASK-1", *ENDED, cwd=work)
    assert (refused.code, "2 worktrees have a store of their own; name one: --root" in refused.err) == (2, True)
    told = taskcheck("finish", "TASK-1", *ENDED, "--root", other, cwd=work)
    assert (told.code, "root says In Review" in told.out) == (0, True), told.err
    put(first, {".tasks/runs/TASK-1.status.json": f'{{"task": "TASK-1", "worktree_path": "{work}"}}'})
    assert taskcheck("finish", "TASK-1", *ENDED, cwd=work).code == 0
    assert "status: In Review" in path.read_text()
    before = (other / ".tasks/runs/TASK-1.status.json").read_text()
    again = taskcheck("finish", "TASK-2", *ENDED, cwd=work, TASKCHECK_ROOT=str(other))
    assert "task-2 - Two.md is Done" in again.err
    assert (other / ".tasks/runs/TASK-1.status.json").read_text() == before


def test_a_store_in_the_main_checkout_is_the_workers(store: Store) -> None:
    """What the environment says is of another run."""
    text = USUAL["tasks/a.md"].replace("ready", "in_progress")
    root = store({"tasks/a.md": text})
    board = board_of(root, BACKLOG)
    git("worktree", "add", "-q", "-b", "task/a", "../work", cwd=root)
    ended = taskcheck("finish", "a", *ENDED, cwd=root.parent / "work", TASKCHECK_ROOT=str(board))
    assert (ended.code, "status: in_review" in (root / "tasks/a.md").read_text()) == (0, True), ended.err


def test_a_file_of_the_code_at_a_tasks_path_is_not_written(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    work, path = code_of(root, board)
    commit(work, {"backlog/tasks/task-1 - One.md": CARD.format(1, "In Progress")})
    for place in ((), ("--root", board)):
        path.write_text(path.read_text().replace("In Review", "In Progress"))
        ended = taskcheck("finish", "TASK-1", *ENDED, *place, cwd=work)
        assert (ended.code, git("status", "--porcelain", cwd=work)) == (0, ""), ended.err


@pytest.mark.parametrize("work", [True, False])
def test_commits_of_code_are_a_sign_of_work(store: Store, work: bool) -> None:
    """Those on the task's branch count, and those that it has from the main checkout's don't."""
    root = store({"src/a.py": ""})
    board = board_of(root, {"tasks/a.md": USUAL["tasks/a.md"].replace("ready", "in_progress")})
    record = '{"task": "a", "state": "running", "started_at": "2026-01-01T00:00:00Z", "branch": "task/a"}'
    put(board, {"tasks/logs/dispatch-a.status.json": record})
    now = "2099-01-01T06:00:00Z"
    at = {"GIT_AUTHOR_DATE": "2099-01-01T05:00:00Z", "GIT_COMMITTER_DATE": "2099-01-01T05:00:00Z"}
    git("commit", "-q", "--allow-empty", "-m", "code", cwd=root, **at)
    git("worktree", "add", "-q", "-b", "task/a", str(board / ".worktrees/a"), cwd=root)
    if work:
        git("commit", "-q", "--allow-empty", "-m", "work", cwd=board / ".worktrees/a", **at)
    report = taskcheck("--format", "json", "--now", now, "--select", "stale-in-progress,worker-gone", cwd=board).json
    rules = {finding["rule"] for incident in report["incidents"] for finding in incident["findings"]}
    assert ("stale-in-progress" in rules) is not work, rules


def test_a_worker_whose_branch_would_lie_below_that_of_the_tasks(store: Store) -> None:
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    git("branch", "-q", "-m", "board", "tasks", cwd=root)
    refused = taskcheck("run", "TASK-1", "--", "true", cwd=board)
    assert (refused.code, "name another with --branch" in refused.err) == (2, True), refused.err
    assert git("status", "--porcelain", cwd=board) == ""


def test_a_commit_of_code_is_not_stopped_by_the_hook_for_tasks(store: Store) -> None:
    """All worktrees have one hook; that in a commit of tasks it finds nothing stays a failure elsewhere."""
    root = store({"src/a.py": ""})
    assert taskcheck("check", "--gate", "commit", cwd=root).code == 4
    board = board_of(root, BACKLOG)
    assert taskcheck("check", "--gate", "commit", cwd=root).code == 0
    assert taskcheck("check", cwd=root).code == 4
    put(board, {"backlog/tasks/task-1 - One.md": CARD.format(1, "Sometime")})
    git("add", "-A", cwd=board)
    stopped = taskcheck("check", "--gate", "commit", "--fail-on", "warning", cwd=board)
    assert (stopped.code, "Sometime" in stopped.out) == (1, True)


def test_what_git_cannot_tell_makes_no_orphan(store: Store) -> None:
    """Where its HEAD is broken, nobody knows whether a worktree is a version of the main checkout."""
    root = store({"src/a.py": ""})
    board = board_of(root, BACKLOG)
    (root / ".git/refs/heads/board").write_text(f"{'0' * 39}1\n")
    ran = taskcheck(cwd=board)
    assert ran.code in {3, 4}
    assert "TASK-1" not in ran.out
