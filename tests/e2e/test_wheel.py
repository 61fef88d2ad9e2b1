"""A wheel built from the tree, installed in a new environment outside it, is whole."""

import fcntl
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from taskcheck.formats import FORMATS
from taskcheck.version import __version__
from tests.conftest import ROOT
from tests.e2e.conftest import environment, taskcheck


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first of all workers fills that needs it; the others wait until it is there."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)

    return next(once(tmp_path_factory, "dist", make).glob("taskcheck_lint-*.whl"))


EXAMPLE = ROOT / "examples" / "taskcheck-example"

pytestmark = pytest.mark.journey


def test_wheel_holds_both_packages_and_the_demo(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "taskcheck/py.typed" in names
    assert "taskcheck/config/presets/task-manager.toml" in names
    assert {"taskcheck/formats/page/page.html", "taskcheck/formats/page/page.css", "taskcheck/web/page.js"} <= names
    assert "taskcheck_rules/drift/metadata_drift.py" in names
    assert any(name.startswith("taskcheck/incidents_fixture/root/.tasks/") for name in names)
    assert not any(name.startswith(("tests/", "fixtures/", "bench/")) for name in names)


PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the wheel and what it asks for, and nothing else; compiled when it is used."""

    def make(folder: Path) -> None:
        venv.create(folder, symlinks=True)
        run(*PIP, "--python", folder / "bin" / "python", "install", "--no-compile", wheel, cwd=folder)

    return once(tmp_path_factory, "installed", make)


def test_wheel_works_outside_the_tree(installed: Path, tmp_path: Path) -> None:
    command = installed / "bin" / "taskcheck"
    listed = run(command, "rule", cwd=tmp_path)
    built_in = {path.stem.replace("_", "-") for path in (ROOT / "rules" / "taskcheck_rules").glob("*/[a-z]*.py")}
    assert {line.split()[1] for line in listed.splitlines()} == built_in
    assert ": 6 incidents (" in run(command, "demo", "fleet", cwd=tmp_path)
    assert "<h1>6 need a look</h1>" in run(command, "--format", "html", cwd=tmp_path / "fleet", code=1)
    run(command, "serve", "--port", "0", cwd=tmp_path / "fleet", code=2)  # The extra isn't there.
    assert run(command, "--version", cwd=tmp_path).startswith("taskcheck 0.")


def test_both_names_of_the_command_work(installed: Path, tmp_path: Path) -> None:
    for name in ("taskcheck", "taskcheck-lint"):
        assert run(installed / "bin" / name, "--version", cwd=tmp_path) == f"taskcheck {__version__}\n"


def test_the_other_project_of_the_name_is_noticed(tmp_path: Path) -> None:
    """Whose files lie where ours do; its metadata is all that tells."""
    (tmp_path / "taskcheck-1.0.dist-info").mkdir()
    told = taskcheck("--version", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert told.out == f"taskcheck {__version__}\n"
    assert "pip uninstall taskcheck" in told.err


def test_the_example_plugin_is_at_home_in_a_new_environment(installed: Path, tmp_path: Path) -> None:
    """Its rules are listed, its findings are in every format, its own format, preset and tests work."""
    # What is compiled comes and goes while another worker uses the environment.
    shutil.copytree(installed, tmp_path / "venv", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    python = tmp_path / "venv" / "bin" / "python"
    command = (python, "-m", "taskcheck")  # The script was written for the folder of which this one is a copy.
    run(*PIP, "--python", python, "install", "--no-compile", EXAMPLE, "pytest", cwd=tmp_path)
    listed = run(*command, "rule", cwd=tmp_path)
    rules = {"missing-priority", "too-many-active"}
    assert {line.split()[1] for line in listed.splitlines() if line.startswith("planning ")} == rules
    store = tmp_path / "store"
    (store / ".todo").mkdir(parents=True)
    for number in range(4):
        (store / ".todo" / f"doing-{number}.md").write_text("---\ntitle: T\nowner: rj\nstatus: doing\n---\n")
    (store / ".todo" / "open.md").write_text("---\ntitle: T\nowner: rj\nstatus: open\n---\n")
    outputs = [part for name in FORMATS for part in ("--output", f"{name}={tmp_path / name}")]
    owners = run(*command, "--format", "owners", "--select", "planning", *outputs, cwd=store, code=1)
    assert owners == "   1  'nobody'\n   1  'rj'\n"
    for name in FORMATS:
        assert all(rule in (tmp_path / name).read_text() for rule in rules), name
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    assert "42 passed" in run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path / "tests")
