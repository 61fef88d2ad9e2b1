"""Completion in a real shell."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import environment, taskcheck

TASK = "---\ntitle: T\nowner: dave-fowler\nstatus: ready\n---\n"


OFFERED = {
    "fin": {"finish"},
    "fi": {"finish", "fix-login"},
    "fix": {"fix-login"},
    "--unsafe": {"--unsafe-fixes"},
    "fix-login --unsafe": {"--unsafe-fixes"},
    "fix-login wri": {"write-docs"},
    "--format jun": {"junit"},
    "--format junit wri": {"write-docs"},
    "--owner d": {"dave-fowler"},
    "--ver": {"--verbose", "--version"},
    "run ": {"fix-login", "write-docs"},
    "run w": {"write-docs"},
    "run fix-login --owner ": {"dave-fowler", "rj"},
    "rule split": {"split-manager"},
    "check --unsafe": {"--unsafe-fixes"},
    "check --format jun": {"junit"},
    "finish fix-login --out": {"--outcome"},
}


@pytest.mark.skipif(not shutil.which("bash"), reason="bash isn't installed")
def test_bash_offers(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({
        "taskcheck.toml": "[people]\ndave-fowler = []\nrj = []\n",
        "tasks/fix-login.md": TASK,
        "tasks/write-docs.md": TASK,
    })  # fmt: skip
    script = tmp_path / "completion"
    script.write_text(taskcheck("completion", "bash", cwd=root).out)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "taskcheck"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m taskcheck "$@"\n')
    command.chmod(0o755)
    for words, offered in OFFERED.items():
        asked = ["taskcheck", *words.split(" ")]
        listed = " ".join(f"'{word}'" for word in asked)
        ask = f"source {script}; COMP_WORDS=({listed}); COMP_CWORD={len(asked) - 1}; _shtab_taskcheck;"
        done = subprocess.run(
            ["bash", "-c", f'{ask} printf "%s\\n" "${{COMPREPLY[@]}}"'],
            cwd=root,
            env=environment(PATH=f"{bin_folder}:{os.environ['PATH']}"),
            capture_output=True,
            text=True,
            check=True,
        )
        assert set(done.stdout.split()) == offered, (words, done.stderr)


def test_both_names_of_the_command_are_completed(tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(taskcheck("completion", "bash", cwd=tmp_path).out)
    listed = subprocess.run(["bash", "-c", f"source {script}; complete -p"], capture_output=True, text=True, check=True)
    names = re.findall(r"-F _shtab_taskcheck (\S+)$", listed.stdout, re.M)
    assert sorted(names) == ["taskcheck", "taskcheck-lint"]
    assert taskcheck("completion", "zsh", cwd=tmp_path).out.startswith("#compdef taskcheck taskcheck-lint\n")
    assert taskcheck("completion", "fish", cwd=tmp_path).out.endswith("complete -c taskcheck-lint -w taskcheck\n")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script(shell: str, tmp_path: Path) -> None:
    done = taskcheck("completion", shell, cwd=tmp_path)
    assert done.code == 0
    assert "finish" in done.out
    assert "unsafe-fixes" in done.out
    if interpreter := shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(done.out)
        subprocess.run([interpreter, "-n", script], check=True)


def test_a_shell_that_is_not_known(tmp_path: Path) -> None:
    done = taskcheck("completion", "ksh", cwd=tmp_path)
    assert (done.code, "invalid choice: 'ksh'" in done.err) == (2, True)
