"""What tests share: fixtures as built repositories, and a checked one of each."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from taskcheck.model.hosts import Processes
from taskcheck.store import Request, Where
from taskcheck.testing import Built

pytest_plugins = ["tests.cpu", "tests.figures"]

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"

# `make test &` begins with the first two ignored, `nohup make test` with the third, and whatever a test starts would
# inherit that. A handler that does nothing keeps what nohup was asked for, and isn't inherited.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGHUP, lambda *_: None),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

REFUSED = (
    "no corpus", "no corpora", "ptrace is denied", "no file system can be mounted", "no extended attributes",
    "lists a folder in an order of its own", "the store's own tool", "installed from npm",
    "pytest-dev/pytest-xdist issue", "only nightly",
)  # fmt: skip
"""Parts of the reasons for which a test may be skipped in CI, too: what isn't public, a machine doesn't allow, or the
nightly run does."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Leave what pytest has collected to no collector: it stays to the end, so to look at it is for nothing."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _held(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _held(report)
    return report


def _held(report: pytest.TestReport | pytest.CollectReport) -> None:
    """In CI, what is skipped for want of a tool is failed."""
    said = str(report.longrepr)
    if os.environ.get("TASKCHECK_CI") and report.skipped and not any(reason in said for reason in REFUSED):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {said}"


settings.register_profile("taskcheck", derandomize=True, deadline=None)
settings.load_profile("taskcheck")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests remember of their stores is forgotten with them."""
    before = os.environ.get("XDG_CACHE_HOME")
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = before


def request_for(built: Built, **changes: object) -> Request:
    """The request that checks a built fixture at its moment, with its process table and its forge."""
    processes = None
    if built.processes is not None:
        processes = Processes(host=built.host or "this-host", started=dict(built.processes))
    given: dict[str, object] = {"pull_requests": built.pull_requests, **changes}
    return Request(now=built.now, processes=processes, **given)  # type: ignore[arg-type]


def where_for(built: Built) -> Where:
    """The store of a built fixture, with the built-in rules alone."""
    return Where(root=built.root, third_party=False)


def corpus(name: str) -> Path:
    """A folder of real task files of public projects; the test is skipped where they aren't."""
    base = Path(os.environ.get("TASKCHECK_CORPORA", ROOT.parent / "shared" / "corpora"))
    if not (base / name).is_dir():
        pytest.skip(f"no corpus {name} (TASKCHECK_CORPORA names the folder of corpora)")
    return base / name
