"""`run` and `finish` where what they stand on gives way: descriptors closed, ledgers lost, worktrees elsewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import environment
from tests.e2e.test_run import entries, finish, fleet, log, status, tombstone, wrong

__all__ = ["fleet"]


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_closed_standard_streams(closed: str, fleet: Path) -> None:
    """As some daemons start us: none of our own files gets their numbers."""
    worker = "echo out; echo err >&2; cat;" + finish("needs_review_fix")
    shell = f'exec "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "taskcheck", "run", "fix-login", "--", "sh", "-c", worker],
        cwd=fleet, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(log(fleet)[1:3]) == ["err", "out"]
    assert log(fleet)[-1] == "dispatch_exit_code=0"
    assert (tombstone(fleet)["outcome"], status(fleet / "tasks/fix-login.md")) == ("needs_review_fix",) * 2
    assert entries(fleet) == {}
    assert not wrong(fleet)
