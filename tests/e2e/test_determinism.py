"""One state is one report: byte for byte, whatever hash seed, time zone, locale and order of directories there is."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import pytest

from taskcheck import check
from taskcheck.formats import FORMATS
from taskcheck.model.cases import Case
from taskcheck.testing import build, incidents_fixture
from tests.conftest import FIXTURES
from tests.e2e.conftest import taskcheck
from tests.samples import WHOLE, sampled

NOW = "2026-03-24T18:00:00Z"


@dataclass(frozen=True)
class State:
    """A repository that many checks look at, and what they are asked."""

    root: Path
    options: tuple[str, ...] = ()

    def report(self, **env: str) -> dict[str, bytes]:
        """What one run says, in each format."""
        with tempfile.TemporaryDirectory() as folder:
            files = {name: Path(folder) / name for name in FORMATS}
            written = [f"--output={name}={path}" for name, path in files.items()]
            ran = taskcheck("--now", NOW, "-v", *self.options, *written, "--format", "text", cwd=self.root, **env)
            assert ran.code == 1, ran.err
            return {"printed": ran.out.encode(), **{name: path.read_bytes() for name, path in files.items()}}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder in memory where there is one: its file system lists what was made last first."""
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder).resolve()


@pytest.fixture(scope="module", params=["incidents", "plan-issues"])
def state(request: pytest.FixtureRequest, place: Path) -> State:
    """The friction log's repository, and a preset's with branch tips."""
    root = place / request.param
    if request.param == "incidents":
        return State(build(incidents_fixture(), root).root)
    return State(build(FIXTURES / "presets" / "bad-plan-issues", root).root, ("--branches", "issue-*"))


@pytest.fixture(scope="module")
def expected(state: State) -> dict[str, bytes]:
    found = state.report(PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C.UTF-8")
    seen = found["concise"].decode()
    assert "metadata-drift" in seen or "stale-branch-copy" in seen, "the state has what orders could be lost in"
    return found


def locales() -> list[str]:
    """C, and two others that this machine has."""
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, check=False)
    except OSError:
        return ["C"]
    known = done.stdout.decode(errors="replace").split()
    plain = re.compile(r"(?i)c|posix|c\.utf-?8")
    return ["C", "POSIX", *sorted((name for name in known if not plain.fullmatch(name)), key=_odd)[:2]]


def _odd(name: str) -> tuple[bool, str]:
    """Turkish first, with its own i, then by name."""
    return not name.startswith("tr_"), name


SEEDS = [{"PYTHONHASHSEED": seed} for seed in ("1", "2", "4294967295", "random")]
ZONES = [{"TZ": zone} for zone in ("America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati", "XXX+11:59")]
LOCALES = [{"LC_ALL": locale, "LANG": locale, "LANGUAGE": locale} for locale in locales()]


def surroundings() -> list[dict[str, str]]:
    """Each hash seed, time zone and locale with TASKCHECK_WHOLE, else two of them, one of each at once."""
    if WHOLE:
        return [*SEEDS, *ZONES, *LOCALES]
    locale = cycle(reversed(LOCALES))
    return [seed | zone | next(locale) for seed, zone in zip(SEEDS[1::2], ZONES[::2], strict=True)]


@pytest.mark.journey
@pytest.mark.parametrize("env", surroundings(), ids=lambda env: "-".join(env.values()).replace("/", "_"))
def test_hash_seed_time_zone_and_locale(state: State, expected: dict[str, bytes], env: dict[str, str]) -> None:
    assert state.report(**env) == expected


def test_locale_that_python_takes_by_its_word(state: State, expected: dict[str, bytes]) -> None:
    """ASCII, which Python doesn't turn into UTF-8 here; so it is with a locale of one byte a character."""
    assert state.report(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") == expected


def test_names_beyond_ascii(store: Callable[..., Path]) -> None:
    front = "---\ntitle: Für später\nowner: zoë\nstatus: später\n---\n"
    state = State(store({"tasks/für-später.md": front, "tasks/—-\u202e-日本.md": front, "tasks/\udce9.md": front}))
    reports = [state.report(LC_ALL=locale) for locale in ("C.UTF-8", "C", "POSIX")]
    assert "für-später" in reports[0]["concise"].decode()
    assert reports == [reports[0]] * 3


def listing(root: Path) -> dict[str, list[str]]:
    """The entries of every folder, in the order in which the file system gives them."""
    return {folder: [entry.name for entry in os.scandir(folder)] for folder, _, _ in os.walk(root)}


def copy(source: Path, target: Path, order: dict[str, list[str]]) -> None:
    """A copy with all its times, each folder's entries made in the given order."""
    target.mkdir()
    for name in order[str(source)]:
        entry = source / name
        if entry.is_symlink():
            (target / name).symlink_to(entry.readlink())
        elif entry.is_dir():
            copy(entry, target / name, order)
        else:
            shutil.copy2(entry, target / name)
    shutil.copystat(source, target)


def test_order_of_directories(state: State, expected: dict[str, bytes]) -> None:
    """The same files at the same place with the same times, made in another order."""
    before = listing(state.root)
    # A file system that lists what was made last first turns the order around when it is followed.
    aside = state.root.with_name(f"{state.root.name}-aside")
    state.root.rename(aside)
    moved = {str(aside / Path(folder).relative_to(state.root)): names for folder, names in before.items()}
    copy(aside, state.root, moved)
    after = listing(state.root)
    shutil.rmtree(aside)
    assert {folder: sorted(names) for folder, names in after.items()} == {
        folder: sorted(names) for folder, names in before.items()
    }
    if after == before:
        pytest.skip("this file system lists a folder in an order of its own")
    assert state.report() == expected


def test_order_in_which_python_is_told(state: State, expected: dict[str, bytes], tmp_path: Path) -> None:
    """Where the file system has an order of its own, the program is told another one."""
    (tmp_path / "sitecustomize.py").write_text(SHUFFLED)
    reports = [
        state.report(PYTHONPATH=str(tmp_path), TASKS_SHUFFLED=order) for order in sampled(("up", "down", "odd"), 2)
    ]
    assert reports == [expected] * len(reports)


SHUFFLED = """
import os

scandir, listdir = os.scandir, os.listdir
ORDER = {
    "up": lambda names: sorted(names),
    "down": lambda names: sorted(names, reverse=True),
    "odd": lambda names: sorted(names, key=lambda name: (sum(map(ord, name)) % 7, name)),
}[os.environ["TASKS_SHUFFLED"]]


class Entries:
    def __init__(self, path="."):
        with scandir(path) as entries:
            by_name = {entry.name: entry for entry in entries}
        order = ORDER if all(isinstance(name, str) for name in by_name) else sorted
        self.entries = iter([by_name[name] for name in order(by_name)])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __iter__(self):
        return self.entries

    def __next__(self):
        return next(self.entries)

    def close(self):
        pass


os.scandir = Entries
os.listdir = lambda path=".": [entry.name for entry in Entries(path)]
"""


def test_the_cases_of_two_checks_are_equal_where_their_findings_are(tmp_path: Path) -> None:
    def cases(status: str) -> Sequence[Case]:
        (tmp_path / "tasks/a.md").write_text(f"---\ntitle: A\nowner: ana\nstatus: {status}\n---\n")
        report = check(tmp_path, now=datetime(2026, 3, 24, tzinfo=UTC))
        return next(run.cases for run in report.runs if run.rule == "invalid-field")

    (tmp_path / "tasks").mkdir()
    well, again, wrong = cases("ready"), cases("ready"), cases("nonsense")
    assert well == again == tuple(again)
    assert hash(well) == hash(again)
    assert well != wrong
    assert well != 1
