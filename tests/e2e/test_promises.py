"""The promises of a check: it writes nothing, executes nothing of the repository, and leaves nothing behind."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.read.locate import locate
from taskcheck.read.survey import survey
from taskcheck.store import Request, Where
from taskcheck.testing import Built
from tests.e2e.conftest import environment, followed, git, taskcheck
from tests.samples import sampled

NOW = "2026-03-24T18:00:00Z"


def fingerprint(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, modification time and content of everything in a folder, ``.git`` too."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            status = path.lstat()
            content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
            found[str(path)] = (status.st_mode, status.st_mtime_ns, hashlib.sha256(content).hexdigest())
    return found


def test_a_check_writes_nothing(day: Path) -> None:
    before = fingerprint(day)
    assert taskcheck("--now", NOW, cwd=day).code == 1
    assert taskcheck("rule", "metadata-drift", cwd=day).code == 0
    assert fingerprint(day) == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("options", [["--no-cache"], []])
def test_no_call_opens_anything_for_writing(options: list[str], incidents: Built, tmp_path: Path) -> None:
    """But for the user's cache, and without one nothing at all."""
    log, cache = tmp_path / "strace", tmp_path / "cache"
    cache.mkdir()
    calls = "openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat"
    traced = ["strace", *followed(), "-y", "-e", f"trace={calls}", "-o", str(log)]
    command = [*traced, sys.executable, "-m", "taskcheck", "--now", NOW, *options]
    env = environment(PYTHONDONTWRITEBYTECODE="1", XDG_CACHE_HOME=str(cache))
    done = subprocess.run(command, cwd=incidents.root, env=env, capture_output=True, check=False)
    if b"ptrace" in done.stderr:
        pytest.skip("ptrace is denied here")
    assert done.returncode == 1
    writing = [
        line
        for line in log.read_text().splitlines()
        if ("O_WRONLY" in line or "O_RDWR" in line or "O_CREAT" in line or "open" not in line.split("(")[0])
        and "/dev/null" not in line
        and "/dev/tty" not in line
        and "= -1 E" not in line
        and not line.endswith("+++")
        and "---" not in line
    ]
    if not options:
        writing = [line for line in writing if str(cache.resolve()) not in line]
    assert writing == []


def canary_script(root: Path) -> Path:
    script = root / "canary.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{root}/executed"\ncat\n')
    script.chmod(0o755)
    return script


def test_nothing_of_the_repository_is_executed(day: Path, tmp_path: Path) -> None:
    """Every way in which git runs a program of the repository's choice, at once, in main and in a worktree."""
    script = canary_script(tmp_path)
    settings = {
        "core.fsmonitor": script, "core.hooksPath": tmp_path / "hooks", "diff.external": script,
        "diff.canary.textconv": script, "diff.canary.command": script, "filter.canary.clean": script,
        "filter.canary.smudge": script, "filter.canary.process": script, "gpg.program": script,
        "core.alternateRefsCommand": script, "core.sshCommand": script, "core.pager": script, "core.editor": script,
        "credential.helper": script, "log.showSignature": "true", "extensions.partialClone": "origin",
        "remote.origin.url": "ext::sh -c true", "remote.origin.promisor": "true", "remote.origin.uploadpack": script,
        "protocol.ext.allow": "always", "protocol.file.allow": "always", "alias.worktree": f"!{script}",
        "uploadpack.packObjectsHook": script, "core.askPass": script, "merge.canary.driver": script,
    }  # fmt: skip
    for name, value in settings.items():
        git("config", name, value, cwd=day)
    (day / ".git" / "info").mkdir(exist_ok=True)
    (day / ".git" / "info" / "attributes").write_text("* filter=canary diff=canary merge=canary\n")
    for folder in (tmp_path / "hooks", day / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
            shutil.copy(script, folder / hook)
    register = day / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    register.write_text(register.read_text().replace('"branch": "task/', '"branch": "--output=pwned/', 1))
    (tmp_path / "executed").unlink(missing_ok=True)
    ran = taskcheck("--now", NOW, "--format", "json", cwd=day)
    assert ran.code == 1, ran.err
    assert ran.json["complete"], ran.json["errors"]
    assert {source.path for source in survey(locate(day))} >= {"tasks/team/rj.md"}
    assert not (tmp_path / "executed").exists(), (tmp_path / "executed").read_text()


@pytest.mark.parametrize("module", sampled(["git", "yaml", "frontmatter", "json", "taskcheck_local"], 2))
def test_no_module_of_the_repository_is_imported(day: Path, tmp_path: Path, module: str) -> None:
    (day / f"{module}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nraise SystemExit\n")
    assert taskcheck("--now", NOW, cwd=day, process=True).code == 1
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("path", sampled([":{}", ".:{}", "{}:", "tools:{}", "./tools::{}"], 2))
def test_no_program_of_the_current_folder_is_run(path: str, day: Path, tmp_path: Path) -> None:
    """An empty or relative element of PATH is the folder of whoever wrote the repository."""
    script = canary_script(tmp_path)
    for folder in (day, day / "tools"):
        folder.mkdir(exist_ok=True)
        for name in ("git", "env", "python", "sh"):
            shutil.copy(script, folder / name)
    path = path.format(os.environ["PATH"])
    ran = taskcheck("--now", NOW, cwd=day, process=True, PATH=path, GIT_DIR="nowhere", GIT_SSH="x")
    assert ran.code == 1
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("module", sampled(["contextlib", "re", "git", "argparse", "os", "taskcheck"], 2))
def test_the_command_imports_nothing_of_the_current_folder(incidents: Built, tmp_path: Path, module: str) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / f"{module}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nraise SystemExit\n")
    command = str(Path(sys.executable).parent / "taskcheck")
    for started in ([command], [sys.executable, "-P", "-m", "taskcheck"]):
        done = subprocess.run(
            [*started, "--root", str(incidents.root), "--now", NOW],
            cwd=planted, env=environment(), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr
    assert not (tmp_path / "executed").exists()


def test_without_git_in_an_absolute_folder_nothing_is_asked(incidents: Built) -> None:
    ran = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root, process=True, PATH="bin:")
    assert {"rule": "metadata-drift", "reason": "git is not installed"} in ran.json["skipped"]


def test_embedded_bare_repository_is_not_entered(day: Path, tmp_path: Path) -> None:
    script = canary_script(tmp_path)
    bare = day / "tasks" / "evil"
    git("init", "-q", "--bare", bare, cwd=tmp_path)
    git("config", "core.fsmonitor", script, cwd=bare)
    git("config", "core.bare", "false", cwd=bare)
    git("config", "core.worktree", day, cwd=bare)
    (tmp_path / "executed").unlink(missing_ok=True)
    assert taskcheck("--now", NOW, "--format", "json", cwd=bare).json["summary"]["incidents"] == 6
    assert not (tmp_path / "executed").exists()


def test_a_configuration_that_never_ends_ends_the_run(day: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (day / ".git" / "config").open("a") as file:
        file.write(f"[include]\n\tpath = {tmp_path / 'pipe'}\n")
    ran = taskcheck("--now", NOW, "--format", "json", cwd=day)
    assert ran.code == 3
    assert "no answer" in ran.json["errors"][0]["message"]


def test_every_child_is_gone_afterwards(incidents: Built) -> None:
    before = open_files()
    for _ in range(3):
        check_request(Where(root=incidents.root), Request(now=incidents.now))
    assert open_files() <= before + 1
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    assert not children.exists() or "git" not in children.read_text()


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.mark.parametrize("where", [".git/logs/refs/heads/task/x", ".git/worktrees/x/gitdir", ".worktrees/x/.git"])
def test_a_pipe_among_gits_own_files_hangs_nothing(day: Path, where: str) -> None:
    git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x", cwd=day)
    (day / where).unlink()
    os.mkfifo(day / where)
    assert taskcheck("--now", NOW, cwd=day).code in {1, 3}
