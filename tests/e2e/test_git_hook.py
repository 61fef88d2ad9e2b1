"""The snippets of `taskcheck init --hook`: the script as a real hook of git, the block as pre-commit reads it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from taskcheck.version import __version__
from tests.conftest import ROOT
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.test_pre_commit import CONFIG, IGNORED, task
from tests.e2e.test_promises import fingerprint

pytestmark = pytest.mark.journey

HERE = str(Path(sys.executable).parent)


@pytest.fixture
def repository(store: Callable[..., Path]) -> Path:
    """A repository with a worktree and the printed hook, and a module that would be imported instead of ours."""
    root = store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        "tasks/fix-login.md": task(),
        "tasks/write-docs.md": task(),
    })  # fmt: skip
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=root)
    install(root)
    for checkout in (root, root / ".worktrees" / "fix-login"):
        (checkout / "taskcheck").mkdir()
        (checkout / "taskcheck" / "__init__.py").write_text("raise SystemExit('the code of the repository ran')\n")
    return root


def install(root: Path) -> None:
    """As its first lines say."""
    held = fingerprint(root)
    printed = taskcheck("init", "--hook", "git", cwd=root)
    assert (printed.code, printed.err) == (0, "")
    assert fingerprint(root).keys() == held.keys(), "nothing is written"
    hook = root / git("rev-parse", "--git-path", "hooks/pre-commit", cwd=root).strip()
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(printed.out)
    hook.chmod(0o755)


@pytest.fixture(params=["on PATH", "elsewhere"])
def path(request: pytest.FixtureRequest) -> str:
    """A search path on which the command is, or isn't."""
    others = [name for name in os.environ["PATH"].split(":") if not (Path(name) / "taskcheck").exists()]
    return ":".join([HERE, *others] if request.param == "on PATH" else others)


def commit(cwd: Path, path: str) -> tuple[bool, str]:
    """Whether git committed, and what was said."""
    done = subprocess.run(
        ["git", "commit", "-a", "-m", "work"],
        cwd=cwd,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr


def test_it_stops_what_the_commit_decides_in_root_and_in_a_worktree(repository: Path, path: str) -> None:
    ours = repository / "tasks" / "write-docs.md"
    ours.write_text(task(owner="ghost"))
    committed, said = commit(repository, path)
    assert (committed, "role-routing" in said) == (False, True), said
    ours.write_text(task("in_review"))
    committed, said = commit(repository, path)
    assert committed, said

    worktree = repository / ".worktrees" / "fix-login"
    theirs = worktree / "tasks" / "fix-login.md"
    theirs.write_text(task("in_progres"))
    committed, said = commit(worktree, path)
    assert (committed, "invalid-field" in said) == (False, True), said
    theirs.write_text(task("in_progress"))
    committed, said = commit(worktree, path)
    assert (committed, "metadata-drift" in said) == (True, True), "shown, and no reason to stop"


def test_of_a_store_in_a_folder_it_names_the_folder(store: Callable[..., Path]) -> None:
    top = store({"it's/mine/taskcheck.toml": CONFIG, "it's/mine/tasks/write-docs.md": task()})
    install(top / "it's" / "mine")
    assert commit(top, os.environ["PATH"])[0] is False, "there is nothing to commit"
    (top / "it's/mine/tasks/write-docs.md").write_text(task(owner="ghost"))
    committed, said = commit(top, os.environ["PATH"])
    assert (committed, "role-routing" in said) == (False, True), said
    block = yaml.safe_load(taskcheck("init", "--hook", "pre-commit", cwd=top / "it's" / "mine").out)
    assert block["repos"][0]["hooks"] == [{"id": "taskcheck", "args": ["--root=it's/mine"]}]


def test_the_block_is_that_of_the_readme(tmp_path: Path) -> None:
    printed = taskcheck("init", "--hook", "pre-commit", cwd=tmp_path)
    assert (printed.code, list(tmp_path.iterdir())) == (0, [])
    assert f"```yaml\n{printed.out}```" in (ROOT / "README.md").read_text()
    (repo,) = yaml.safe_load(printed.out)["repos"]
    assert repo["rev"] == f"v{__version__}"
    (ours,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert repo["hooks"] == [{"id": ours["id"]}]


def test_init_says_so(store: Callable[..., Path]) -> None:
    root = store({"tasks/write-docs.md": task()})
    assert "taskcheck init --hook pre-commit" in taskcheck("init", cwd=root).out
    ran = taskcheck("init", "--hook", "git", "--config", "taskcheck.toml", cwd=root)
    assert (ran.code, "--config" in ran.err) == (2, True)


OLD = 12


@pytest.fixture
def old(store: Callable[..., Path]) -> Path:
    """A repository with faults that are committed, a task without one, a worktree of that, and the printed hook."""
    root = store({
        "taskcheck.toml": CONFIG,
        ".gitignore": IGNORED,
        "README.md": "x\n",
        "tasks/sound.md": task(),
        **{f"tasks/old-{number:02}.md": task(owner="ghost") for number in range(OLD)},
    })  # fmt: skip
    git("worktree", "add", "-q", "-b", "task/sound", ".worktrees/sound", cwd=root)
    install(root)
    return root


def try_commit(cwd: Path, *arguments: str) -> tuple[bool, list[str]]:
    """Whether git committed, and the lines that the hook printed."""
    env = environment(PATH=f"{HERE}:{os.environ['PATH']}")
    command = ["git", "commit", "-q", "-m", "work", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    return done.returncode == 0, (done.stdout + done.stderr).splitlines()


BROUGHT = "stops the commit  sound: role-routing: "


def test_it_stops_what_a_commit_brings_and_nothing_that_was_there(old: Path) -> None:
    (old / "README.md").write_text("y\n")
    committed, said = try_commit(old, "-a")
    assert committed, said
    assert said[0] == "other findings, which don't stop the commit (-v shows them in full):"
    assert sum("role-routing" in line for line in said) == OLD
    (old / "tasks/sound.md").write_text(task(owner="ghost"))
    for options in (["-a"], ["--", "tasks/sound.md"]):
        committed, said = try_commit(old, *options)
        assert (committed, said[0].startswith(BROUGHT)) == (False, True), said
        assert sum(line.startswith("stops the commit") for line in said) == 1
    (old / "tasks/old-00.md").write_text(task(owner="phantom"))
    git("checkout", "-q", "tasks/sound.md", cwd=old)
    committed, said = try_commit(old, "-a")
    assert (committed, "phantom" in said[0]) == (False, True), "another fault of the same task is brought"


def test_what_is_staged_is_what_a_commit_brings(old: Path) -> None:
    (old / "tasks/sound.md").write_text(task(owner="ghost"))
    (old / "README.md").write_text("y\n")
    git("add", "README.md", cwd=old)
    assert try_commit(old)[0], "what isn't staged isn't brought"
    git("add", "tasks/sound.md", cwd=old)
    assert try_commit(old)[1][0].startswith(BROUGHT)
    git("commit", "-q", "--no-verify", "-m", "by force", cwd=old)
    assert try_commit(old, "--amend")[0], "it was there before"
    git("mv", "tasks/sound.md", "tasks/other.md", cwd=old)
    assert try_commit(old)[1][0].startswith("stops the commit  other: role-routing: ")


def test_a_worktree_a_merge_and_a_first_commit(old: Path, tmp_path: Path) -> None:
    worktree = old / ".worktrees/sound"
    (worktree / "tasks/sound.md").write_text(task(owner="ghost"))
    assert try_commit(worktree, "-a")[1][0].startswith(BROUGHT)
    git("commit", "-q", "--no-verify", "-a", "-m", "by force", cwd=worktree)
    (worktree / "code.py").write_text("")
    git("add", "code.py", cwd=worktree)
    assert try_commit(worktree)[0], "the worktree's own last commit has it"
    (old / "README.md").write_text("y\n")
    assert try_commit(old, "-a")[0]
    git("merge", "-q", "--no-commit", "task/sound", cwd=old)
    committed, said = try_commit(old)
    assert committed, ("one of the parents has it", said)
    new = tmp_path / "new"
    (new / "tasks").mkdir(parents=True)
    (new / "taskcheck.toml").write_text(CONFIG)
    (new / "tasks/sound.md").write_text(task(owner="ghost"))
    git("init", "-q", cwd=new)
    install(new)
    git("add", "-A", cwd=new)
    assert try_commit(new)[1][0].startswith(BROUGHT), "all of a first commit is new"


SECOND = "stops the commit  {0}: duplicate-task: {0} is the id of 2 task files"


def add(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)
    git("add", "-A", cwd=folder)


def another(title: str) -> str:
    return task().replace("title: ", f"title: {title} ")


def test_a_worktree_does_not_bring_a_second_file_of_an_id(old: Path) -> None:
    worktree = old / ".worktrees/sound"
    git("mv", "tasks/sound.md", "tasks/moved.md", cwd=worktree)
    add(worktree, "tasks/deep/sound.md", (old / "tasks/sound.md").read_text())
    git("rm", "-qf", "tasks/moved.md", cwd=worktree)
    assert try_commit(worktree)[0], "a file that moved is the only one of its id"
    git("reset", "-q", "--hard", "HEAD~", cwd=worktree)
    add(worktree, "tasks/deep/sound.md", another("Sounder"))
    committed, said = try_commit(worktree)
    assert (committed, said[0].startswith(SECOND.format("sound"))) == (False, True), said
    (worktree / "tasks/sound.md").write_text(task(status="in_review", pr_url="https://github.com/o/r/pull/1"))
    assert try_commit(worktree, "-a")[1][0].startswith(SECOND.format("sound")), "whatever it says of the first one"
    git("commit", "-q", "--no-verify", "-m", "by force", cwd=worktree)
    add(worktree, "code.py", "")
    assert try_commit(worktree)[0], "the worktree's own last commit has it"


def test_a_worktree_does_not_bring_two_new_files_of_one_id(old: Path) -> None:
    worktree = old / ".worktrees/sound"
    add(worktree, "tasks/a/new.md", another("One"))
    assert try_commit(worktree)[0]
    add(worktree, "tasks/b/new.md", another("Two"))
    assert try_commit(worktree)[1][0].startswith(SECOND.format("new"))


def test_an_id_that_root_gave_away_meanwhile_stops_no_other_commit(old: Path) -> None:
    worktree = old / ".worktrees/sound"
    add(worktree, "tasks/a/new.md", another("One"))
    assert try_commit(worktree)[0]
    add(old, "tasks/b/new.md", another("Two"))
    git("commit", "-q", "--no-verify", "-m", "more", cwd=old)
    add(worktree, "code.py", "")
    assert try_commit(worktree)[0]


def test_a_worktree_that_changes_one_of_two_files_of_an_id_leaves_the_other(old: Path) -> None:
    for place in ("a", "b"):
        add(old, f"tasks/{place}/twice.md", another(place))
    git("commit", "-q", "--no-verify", "-m", "twice", cwd=old)
    worktree = old / ".worktrees/sound"
    git("merge", "-q", "main", cwd=worktree)
    add(worktree, "tasks/b/twice.md", another("b").replace("status: ready", "status: blocked"))
    assert try_commit(worktree)[0], "both were there"
    add(worktree, "tasks/b/twice.md", another("b").replace("dave-fowler", "ghost"))
    assert "twice: role-routing" in try_commit(worktree)[1][0]


def test_a_staged_file_that_git_gives_nobody_counts_as_it_lies_there(old: Path) -> None:
    large = "---\ntitle: T\nowner: dave-fowler\nstatus: ready\n---\n" + "x" * (9 * 1024 * 1024)
    (old / "tasks/sound.md").write_text(large)
    committed, said = try_commit(old, "-a")
    assert (committed, said[0].startswith("stops the commit  sound: unreadable-task: ")) == (False, True), said[:3]


def test_where_nothing_is_committed_all_is_judged(old: Path) -> None:
    ran = taskcheck("check", "--gate", "commit", cwd=old)
    assert (ran.code, ran.out.count("stops the commit  old-")) == (1, OLD)
    (old / "README.md").write_text("y\n")
    git("add", "README.md", cwd=old)
    assert taskcheck("check", "--gate", "commit", cwd=old).code == 0
    elsewhere = taskcheck("check", "--gate", "commit", cwd=old, GIT_INDEX_FILE=str(old / "README.md"))
    assert elsewhere.code == 0, "an index that is none of this checkout's isn't asked"


def test_a_commit_that_changes_how_tasks_are_judged_is_judged_as_a_whole(old: Path) -> None:
    (old / "taskcheck.toml").write_text(CONFIG + "[limits]\npickup_grace = '1h'\n")
    assert sum(line.startswith("stops the commit  old-") for line in try_commit(old, "-a")[1]) == OLD


def test_the_last_commit_is_asked_for_only_where_something_may_stop(old: Path, tmp_path: Path) -> None:
    log, programs = tmp_path / "log", tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexec "{shutil.which("git")}" "$@"\n')
    (programs / "git").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    (old / "README.md").write_text("y\n")
    git("add", "README.md", cwd=old)
    asked = []
    for _ in range(2):
        log.unlink(missing_ok=True)
        assert taskcheck("check", "--gate", "commit", cwd=old, PATH=path).code == 0
        commands = log.read_text().splitlines()
        assert len(commands) <= 12
        asked.append(any(command.endswith("ls-files --cached --full-name --stage -z") for command in commands))
        for number in range(OLD):
            (old / f"tasks/old-{number:02}.md").write_text(task())
    assert asked == [True, False]
