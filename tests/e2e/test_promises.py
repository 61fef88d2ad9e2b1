"""The promises of a check: it writes nothing, executes nothing of the repository, and one state is one report."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from taskcheck.checks import check_request
from taskcheck.store import Request, Where
from taskcheck.testing import Built, build, incidents_fixture
from tests.e2e.conftest import environment, git, taskcheck

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


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    root = build(incidents_fixture(), tmp_path / "repo").root
    before = fingerprint(root)
    assert taskcheck("--now", NOW, cwd=root).code == 1
    assert taskcheck("rule", "metadata-drift", cwd=root).code == 0
    assert fingerprint(root) == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_call_opens_anything_for_writing(incidents: Built, tmp_path: Path) -> None:
    log = tmp_path / "strace"
    calls = "openat,open,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,symlink,symlinkat"
    command = ["strace", "-f", "-e", f"trace={calls}", "-o", str(log), sys.executable, "-m", "taskcheck", "--now", NOW]
    done = subprocess.run(
        command, cwd=incidents.root, env=environment(PYTHONDONTWRITEBYTECODE="1"), capture_output=True, check=False
    )
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
    assert writing == []


def canary_script(root: Path) -> Path:
    script = root / "canary.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{root}/executed"\ncat\n')
    script.chmod(0o755)
    return script


def test_nothing_of_the_repository_is_executed(tmp_path: Path) -> None:
    """Every way in which git runs a program of the repository's choice, at once, in main and in a worktree."""
    root = build(incidents_fixture(), tmp_path / "repo").root
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
        git("config", name, value, cwd=root)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text("* filter=canary diff=canary merge=canary\n")
    for folder in (tmp_path / "hooks", root / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
            shutil.copy(script, folder / hook)
    register = root / ".tasks" / "task_manager" / "task-manager-rj.register.json"
    register.write_text(register.read_text().replace('"branch": "task/', '"branch": "--output=pwned/', 1))
    (tmp_path / "executed").unlink(missing_ok=True)
    ran = taskcheck("--now", NOW, "--format", "json", cwd=root)
    assert ran.code == 1, ran.err
    assert ran.json["complete"], ran.json["errors"]
    assert not (tmp_path / "executed").exists(), (tmp_path / "executed").read_text()


@pytest.mark.parametrize("module", ["git", "yaml", "frontmatter", "json", "taskcheck_local"])
def test_no_module_of_the_repository_is_imported(tmp_path: Path, module: str) -> None:
    root = build(incidents_fixture(), tmp_path / "repo").root
    (root / f"{module}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nraise SystemExit\n")
    assert taskcheck("--now", NOW, cwd=root).code == 1
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("path", [":{}", ".:{}", "{}:", "tools:{}", "./tools::{}"])
def test_no_program_of_the_current_folder_is_run(path: str, tmp_path: Path) -> None:
    """An empty or relative element of PATH is the folder of whoever wrote the repository."""
    root = build(incidents_fixture(), tmp_path / "repo").root
    script = canary_script(tmp_path)
    for folder in (root, root / "tools"):
        folder.mkdir(exist_ok=True)
        for name in ("git", "env", "python", "sh"):
            shutil.copy(script, folder / name)
    ran = taskcheck("--now", NOW, cwd=root, PATH=path.format(os.environ["PATH"]), GIT_DIR="nowhere", GIT_SSH="x")
    assert ran.code == 1
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("module", ["contextlib", "re", "git", "argparse", "os", "taskcheck"])
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
    ran = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root, PATH="bin:")
    assert {"rule": "metadata-drift", "reason": "git is not installed"} in ran.json["skipped"]


def test_embedded_bare_repository_is_not_entered(tmp_path: Path) -> None:
    root = build(incidents_fixture(), tmp_path / "repo").root
    script = canary_script(tmp_path)
    bare = root / "tasks" / "evil"
    git("init", "-q", "--bare", bare, cwd=tmp_path)
    git("config", "core.fsmonitor", script, cwd=bare)
    git("config", "core.bare", "false", cwd=bare)
    git("config", "core.worktree", root, cwd=bare)
    (tmp_path / "executed").unlink(missing_ok=True)
    assert taskcheck("--now", NOW, "--format", "json", cwd=bare).json["summary"]["incidents"] == 6
    assert not (tmp_path / "executed").exists()


def test_a_configuration_that_never_ends_ends_the_run(tmp_path: Path) -> None:
    root = build(incidents_fixture(), tmp_path / "repo").root
    os.mkfifo(tmp_path / "pipe")
    with (root / ".git" / "config").open("a") as file:
        file.write(f"[include]\n\tpath = {tmp_path / 'pipe'}\n")
    ran = taskcheck("--now", NOW, "--format", "json", cwd=root, timeout=60)
    assert ran.code == 3
    assert "no answer" in ran.json["errors"][0]["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "TZ": "Pacific/Auckland"},
        {"TZ": "America/St_Johns", "LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "3"},
    ],
    ids=lambda changes: "-".join(changes.values()).replace("/", "_"),
)
def test_same_state_same_bytes(incidents: Built, changes: dict[str, str]) -> None:
    expected = taskcheck("--now", NOW, "--format", "json", cwd=incidents.root, PYTHONHASHSEED="0", TZ="UTC")
    assert taskcheck("--now", NOW, "--format", "json", cwd=incidents.root, **changes).out == expected.out


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
def test_a_pipe_among_gits_own_files_hangs_nothing(tmp_path: Path, where: str) -> None:
    root = build(incidents_fixture(), tmp_path / "repo").root
    git("worktree", "add", "-q", "-b", "task/x", ".worktrees/x", cwd=root)
    (root / where).unlink()
    os.mkfifo(root / where)
    assert taskcheck("--now", NOW, cwd=root, timeout=30).code in {1, 3}
