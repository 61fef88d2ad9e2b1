"""The docs as a site, built strictly, once for all tests."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, which the first of all workers builds that needs it; the others wait."""
    pytest.importorskip("material", reason="mkdocs-material isn't installed (pip install --group docs)")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            done = build(folder)
            assert done.returncode == 0, done.stderr
    return folder


def build(folder: Path, root: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Build the site of a checkout into a folder; stderr says what is wrong. `--quiet` would not be strict."""
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
