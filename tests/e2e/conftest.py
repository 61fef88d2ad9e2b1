"""What end-to-end tests share: the command, in this process or one of its own, the friction log's repository, git."""

import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import shutil
import signal
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

import taskcheck as taskcheck_package
import taskcheck_rules
from taskcheck.cli import main
from taskcheck.testing import Built, build, incidents_fixture
from tests.e2e.repository import copy_repository


class Late(BaseException):
    """The command isn't done in time. Nothing that it calls takes this for an error of its own."""


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without what would make git, the terminal or a forge speak differently."""
    ours = ("GIT_", "TASKCHECK_", "GITHUB_", "GH_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    author = {
        "GIT_AUTHOR_NAME": "test",
        "GIT_AUTHOR_EMAIL": "test@example.invalid",
        "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@example.invalid",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return {**kept, **author, "NO_COLOR": "1", **changes}


PATIENCE = 240.0
"""The seconds after which what was waited for won't come, on a machine that does much else, too."""

_START = ("PYTHON", "LC_", "LANG", "TZ")
"""Variables that Python, or the C library, reads when a process begins."""


def taskcheck(*arguments: str | Path, cwd: Path, process: bool | None = None, **env: str) -> Ran:
    """Run the command line: here, which takes a tenth of the time, or as a process of its own.

    What begins other processes is a fork of this one: a process, with descriptors and signals of its own, and without
    the start, which is most of what it takes. Variables that matter at the start make it a new one.
    """
    argv = [str(argument) for argument in arguments]
    plugin = Path(env.get("PYTHONPATH", "nowhere"), "ours.py")
    if process is None:
        forks = argv[:1] == ["run"] and "--dry-run" not in argv
        starts = [name for name in env if name.startswith(_START) and not (name == "PYTHONPATH" and plugin.exists())]
        if forks and not starts:
            return forked(lambda: main(argv), cwd, environment(**env))
        process = bool(starts)
    if not process:
        with _importable(plugin) if plugin.exists() else nullcontext():
            return here(argv, cwd, environment(**env))
    done = subprocess.run(
        [sys.executable, "-m", "taskcheck", *argv],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return Ran(done.returncode, out, err)


def forked(command: Callable[[], int], cwd: Path, env: dict[str, str]) -> Ran:
    """Run a command line in a fork; as with any process, what it leaves running holds its output open."""
    _import_all()
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: the child uses none of them
        pid = os.fork()
    if pid == 0:
        _become_a_command(command, cwd, env, (os.open(os.devnull, os.O_RDONLY), out_end, err_end))
    os.close(out_end)
    os.close(err_end)
    try:
        told = _drained((out, err))
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(out)
        os.close(err)
    said = told[err].decode()
    assert "Traceback" not in said, said
    return Ran(code, told[out].decode(), said)


@functools.cache
def _import_all() -> None:
    """Import what a command may use once here, and not in each fork."""
    for package in (taskcheck_package, taskcheck_rules):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in ("difflib", "frontmatter", "pydantic"):
        importlib.import_module(name)


def _become_a_command(
    command: Callable[[], int], cwd: Path, env: dict[str, str], streams: tuple[int, int, int]
) -> NoReturn:
    code = 1
    try:
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.chdir(cwd)
        _become(env)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = command()
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - nothing of the tests' own may run on here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _drained(descriptors: tuple[int, int]) -> dict[int, bytes]:
    told, end = dict.fromkeys(descriptors, b""), time.monotonic() + PATIENCE
    open_ = set(descriptors)
    while open_:
        ready, _, _ = select.select(list(open_), [], [], max(0.0, end - time.monotonic()))
        assert ready, f"it isn't done after {PATIENCE} seconds: {told}"
        for descriptor in ready:
            if data := os.read(descriptor, 65536):
                told[descriptor] += data
            else:
                open_.remove(descriptor)
    return told


def followed(*inject: str) -> list[str]:
    """Options of strace to follow what a process starts too.

    It stops at no other calls, which halves what it takes; but then it doesn't inject signals.
    """
    kills = any("signal=" in rule for rule in inject)
    return ["-f"] if kills else ["-f", "--seccomp-bpf"]


class Terminal(io.TextIOWrapper):
    """A stream that says so."""

    def isatty(self) -> bool:
        return True


def here(
    argv: list[str],
    cwd: Path,
    env: dict[str, str],
    *,
    given: bytes = b"",
    merged: bool = False,
    out: type[io.TextIOWrapper] | None = None,
) -> Ran:
    """Run the command line in this process, with what it is given on stdin, and leave no trace of it there.

    Merged, all that it prints is its out; else that is a stream of a type that can be chosen.
    """
    written = [kind(io.BytesIO(), encoding="utf-8") for kind in (out or io.TextIOWrapper, io.TextIOWrapper)]
    if merged:
        written[1] = io.TextIOWrapper(written[0].buffer, encoding="utf-8", write_through=True)
        written[0].reconfigure(write_through=True)
    with _place(cwd), _environment(env), _streams(written, given), _signals(), _collector():
        code = main(argv)
    for stream in written:
        stream.flush()
    told, err = (stream.buffer.getvalue().decode() for stream in written)  # type: ignore[attr-defined]
    for stream in written:
        stream.detach()  # else the first of two that share a buffer would close it when it goes
    return Ran(code, told, "" if merged else err)


@contextmanager
def _importable(module: Path) -> Iterator[None]:
    """A distribution of `install_plugin` is found, and imported anew by the next."""
    sys.path.insert(0, str(module.parent))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(module.parent))
        sys.modules.pop(module.stem, None)


@contextmanager
def _place(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    try:
        _become(env)
        yield
    finally:
        _become(before)


def _become(env: dict[str, str]) -> None:
    for name in os.environ.keys() - env.keys():
        del os.environ[name]
    os.environ.update({name: value for name, value in env.items() if os.environ.get(name) != value})


@contextmanager
def _streams(written: list[io.TextIOWrapper], given: bytes) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(given))
    sys.stdout, sys.stderr = written
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def _signals() -> Iterator[None]:
    """The handlers stay those that there are; and what hangs is ended."""

    def late(*_: object) -> None:
        raise Late(f"it isn't done after {PATIENCE} seconds")

    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


@contextmanager
def _collector() -> Iterator[None]:
    before = gc.isenabled()
    try:
        yield
    finally:
        if before:
            gc.enable()


def git(*arguments: str | Path, cwd: Path, **env: str) -> str:
    """Run git for a test's own preparations; a commit starts no second git that tidies up."""
    done = subprocess.run(
        ["git", "-c", "maintenance.auto=false", "-c", "core.fsync=none", *map(str, arguments)],
        cwd=cwd,
        env=environment(**env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def install_plugin(folder: Path, module: str) -> str:
    """A distribution in a folder, for PYTHONPATH."""
    about = folder / "ours-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[taskcheck]\nours = ours\n")
    (folder / "ours.py").write_text(module)
    return str(folder)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where records of incidents are kept: a folder of the test's own."""
    home = tmp_path / "state"
    home.mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def incidents(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The friction log's repository; tests only read it."""
    return build(incidents_fixture(), tmp_path_factory.mktemp("incidents") / "repo")


def copied(built: Built, into: Path) -> Path:
    """A copy of a built repository, for a test that writes; a quarter of what building takes."""
    copy_repository(built.root, into)
    return into


@pytest.fixture
def day(incidents: Built, tmp_path: Path) -> Path:
    """The friction log's repository, to be written."""
    return copied(incidents, tmp_path.resolve() / "repo")


@pytest.fixture(scope="session")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `git init` makes, but for its examples of hooks; to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    git("init", "-q", "-b", "main", cwd=folder)
    for example in folder.glob(".git/hooks/*.sample"):
        example.unlink()
    return folder / ".git"


@pytest.fixture
def store(tmp_path: Path, empty_repository: Path) -> Callable[..., Path]:
    """Makes a small committed store: path to content."""

    def make(files: dict[str, str | bytes], *, repository: bool = True) -> Path:
        root = tmp_path / "store"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        root.mkdir(exist_ok=True)
        if repository:
            shutil.copytree(empty_repository, root / ".git", symlinks=True)
            git("add", "-A", cwd=root)
            git("commit", "-q", "--allow-empty", "-m", "start", cwd=root)
        return root

    return make
