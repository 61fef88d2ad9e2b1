"""What others call us by in CI: the action's own steps, and files that the published schemas accept."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.e2e.conftest import environment

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TASK = "---\ntitle: T\nowner: {}\nstatus: ready\n---\n"


def step(name: str) -> Any:
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


@pytest.mark.parametrize(
    ("inputs", "owner", "code"),
    [
        ({}, "rj", 0),
        ({}, "ghost", 1),
        ({"options": "--ignore\nrole-routing\n"}, "ghost", 0),
        ({"fail-on": "nonsense"}, "rj", 2),
        ({"root": "nowhere"}, "rj", 2),
        ({"baseline": "a b.toml"}, "rj", 2),
    ],
)
def test_the_actions_check(
    inputs: dict[str, str], owner: str, code: int, store: Callable[..., Path], tmp_path: Path
) -> None:
    """The script of the step as it is, with the command of this environment where the install step puts it."""
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/x.md": TASK.format(owner)})
    command = tmp_path / "taskcheck/bin/taskcheck"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m taskcheck "$@"\n')
    command.chmod(0o755)
    given = {name: str(table.get("default", "")) for name, table in ACTION["inputs"].items()} | inputs
    variables = {
        name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step("check")["env"].items()
    }
    files = {"GITHUB_STEP_SUMMARY": tmp_path / "summary", "GITHUB_OUTPUT": tmp_path / "output"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step("check")["run"]],
        cwd=root,
        env=environment(RUNNER_TEMP=str(tmp_path), **variables, **{k: str(v) for k, v in files.items()}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    assert outputs["exit-code"] == str(code)
    assert outputs.keys() == ACTION["outputs"].keys()
    if code < 2:
        assert all(Path(outputs[name]).stat().st_size for name in ("sarif", "junit", "markdown"))
        assert files["GITHUB_STEP_SUMMARY"].read_text() == Path(outputs["markdown"]).read_text()
    assert ("::error" in done.stdout) == (code == 1)


def test_the_actions_install_names_what_it_installs() -> None:
    """Inputs reach scripts through the environment alone: none is ever a part of one."""
    for one in ACTION["runs"]["steps"]:
        assert "${{" not in one["run"]
    assert "$HERE" in step("install")["run"]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(".github/workflows/*.yml"))),
    ],
)
def test_published_schemas(schema: str, files: list[str]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    command = [str(zizmor), "--offline", "--no-progress", "--persona", "pedantic", ".github/workflows", "action.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
