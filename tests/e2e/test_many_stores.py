"""`pytest --taskcheck` over many stores, spread by pytest-xdist: the same findings as one store after the other."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from junitparser import Error, Failure, JUnitXml

from tests.e2e.conftest import PATIENCE, Ran, environment, taskcheck
from tests.figures import Figure
from tests.samples import WHOLE

STORES, TASKS = (200, 200) if WHOLE else (6, 12)
STATES = {
    "well": "---\ntitle: {}\nowner: ana\nstatus: ready\n---\n",
    "nonsense": "---\ntitle: {}\nowner: ana\nstatus: nonsense\n---\n",
    "misspelt": "---\ntitle: {}\nowner: an\nstatus: ready\n---\n",
    "waits": "---\ntitle: {}\nowner: ana\nstatus: ready\ndepends_on: [nowhere]\n---\n",
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Stores in which one task of twenty has a fault."""
    folder, chance = tmp_path_factory.mktemp("stores"), Random(21)
    made = []
    for number in range(STORES):
        root = folder / f"store-{number:03}"
        (root / "tasks").mkdir(parents=True)
        (root / "taskcheck.toml").write_text('[people]\nana = ["an"]\n')
        for task in range(TASKS):
            state = chance.choice(list(STATES)) if chance.random() < 0.07 or task == number % TASKS else "well"
            (root / f"tasks/t{task:03}.md").write_text(STATES[state].format(task))
        for command in (["init", "-q"], ["add", "."], ["-c", "core.fsync=none", "commit", "-qm", "all"]):
            subprocess.run(["git", *command], cwd=root, check=True, env=environment())
        made.append(root)
    return made


def one_by_one(stores: Sequence[Path]) -> set[str]:
    """What fails in each store, as its own check names it."""
    failing = set()
    for root in stores:
        for incident in taskcheck("--format", "json", "--exit-zero", cwd=root).json["incidents"]:
            for finding in incident["findings"]:
                if finding["severity"] == "error":
                    failing.add(f"{root.name}/{incident['task']}::{finding['rule']}")
    return failing


def spread(stores: Sequence[Path], xml: Path, *options: str) -> Ran:
    roots = [f"--taskcheck-root={root}" for root in stores]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--taskcheck", "-q", "-p", "no:cacheprovider", f"--junitxml={xml}",
         "-p", "xdist", "-p", "taskcheck", "--tb=no", "-r", "N", *roots, *options],
        cwd=xml.parent, env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True, text=True, timeout=4 * PATIENCE, check=False,
    )  # fmt: skip
    assert "INTERNALERROR" not in done.stdout, done.stdout
    return Ran(done.returncode, done.stdout, done.stderr)


def failed(xml: Path) -> tuple[set[str], int]:
    """The names of what failed, without what tells a finding from others of its rule; and how many cases there are."""
    found, count = set(), 0
    for suite in JUnitXml.fromfile(str(xml)):
        for case in suite:
            count += 1
            if any(isinstance(result, Failure | Error) for result in case.result):
                subject = (case.classname or "").removeprefix("taskcheck.").replace(".", "/")  # as JUnit writes a path
                name = case.name.partition("[")[0].rpartition("::")[2]
                found.add(f"{subject}::{name}")
    return found, count


@pytest.mark.journey
def test_many_workers_find_what_one_check_after_the_other_finds(
    stores: list[Path], tmp_path: Path, figure: Figure
) -> None:
    began = time.monotonic()
    wanted = one_by_one(stores)
    alone = time.monotonic() - began
    began = time.monotonic()
    ran = spread(stores, tmp_path / "x.xml", "-n", "2")
    together = time.monotonic() - began
    found, count = failed(tmp_path / "x.xml")
    assert ran.code == 1, ran.out + ran.err
    assert found == wanted
    assert len(wanted) >= STORES / 4
    assert count >= STORES * TASKS
    assert f"taskcheck: {STORES} stores: " in ran.out
    figure(
        f"milliseconds for each of {STORES} stores of {TASKS} tasks, one check after the other", 1000 * alone / STORES
    )
    figure(f"milliseconds for each of {STORES} stores of {TASKS} tasks, pytest -n 2", 1000 * together / STORES)


@pytest.mark.journey
def test_workers_in_folders_of_their_own(stores: list[Path], tmp_path: Path) -> None:
    few = stores[:4]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    workers = [word for name in ("one", "other") for word in ("--tx", f"popen//chdir={tmp_path / name}")]
    ran = spread(few, tmp_path / "x.xml", "-d", *workers)
    assert ran.code == 1, ran.out + ran.err
    assert failed(tmp_path / "x.xml")[0] == one_by_one(few)


@pytest.mark.journey
def test_a_store_that_cannot_be_checked_is_an_error(stores: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken/tasks").mkdir(parents=True)
    (tmp_path / "broken/taskcheck.toml").write_text("[people\n")
    ran = spread([stores[0], tmp_path / "broken", tmp_path / "gone"], tmp_path / "x.xml", "-n", "2")
    found, _ = failed(tmp_path / "x.xml")
    errors = {"broken/repository::incomplete", "gone/repository::incomplete"}
    assert found == one_by_one(stores[:1]) | errors
    assert "3 stores: 3 failing, 2 of which couldn't be checked" in ran.out
    assert ran.code == 1


@pytest.mark.journey
def test_one_of_many_is_chosen_by_its_name(stores: list[Path], tmp_path: Path) -> None:
    name = stores[1].name
    spread(stores[:3], tmp_path / "x.xml", f"taskcheck/{name}")
    found, count = failed(tmp_path / "x.xml")
    assert found == one_by_one(stores[1:2])
    assert TASKS <= count < 2 * TASKS
    spread(stores[:3], tmp_path / "x.xml", str(stores[2] / "tasks/t000.md"))
    assert failed(tmp_path / "x.xml")[1] < TASKS
