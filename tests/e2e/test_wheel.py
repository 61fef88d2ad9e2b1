"""A wheel built from the tree, installed in a new environment outside it, is whole."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import environment


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("taskcheck_lint-*.whl"))


def test_wheel_holds_both_packages_and_the_demo(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "taskcheck/py.typed" in names
    assert "taskcheck/presets/task-manager.toml" in names
    assert {"taskcheck/formats/page/page.html", "taskcheck/formats/page/page.css", "taskcheck/web/page.js"} <= names
    assert "taskcheck_rules/drift/metadata_drift.py" in names
    assert any(name.startswith("taskcheck/incidents_fixture/root/.tasks/") for name in names)
    assert not any(name.startswith(("tests/", "fixtures/", "bench/")) for name in names)


def test_wheel_works_outside_the_tree(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    command = tmp_path / "venv" / "bin" / "taskcheck"
    listed = run(command, "rule", cwd=tmp_path)
    built_in = {path.stem.replace("_", "-") for path in (ROOT / "rules" / "taskcheck_rules").glob("*/[a-z]*.py")}
    assert {line.split()[1] for line in listed.splitlines()} == built_in
    assert ": 6 incidents (" in run(command, "demo", "fleet", cwd=tmp_path)
    assert "<h1>6 need a look</h1>" in run(command, "--format", "html", cwd=tmp_path / "fleet", code=1)
    run(command, "serve", "--port", "0", cwd=tmp_path / "fleet", code=2)  # The extra isn't there.
    assert run(command, "--version", cwd=tmp_path).startswith("taskcheck 0.")
