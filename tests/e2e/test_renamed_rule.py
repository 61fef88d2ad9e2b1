"""What was written under a rule's former name still means it: in baselines, named findings, causes, pytest's ids."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import environment, install_plugin, taskcheck

TASK = "---\ntitle: Fix login\nowner: ana\nstatus: ready\n---\n"
PLUGIN = """
from taskcheck import Finding, Severity, hookimpl, rule

@rule(family='ours', severity=Severity.ERROR{declared})
def {name}(task):
    'Has something to say.'
    yield Finding(task=task.id, place=task.at('title'), message='said', expected='e', identity=('x',))

@rule(family='theirs', severity=Severity.WARNING)
def effect(task):
    'Says what follows from that.'
    yield Finding(task=task.id, place=task.at('title'), message='follows', expected='e')

@rule(family='theirs', severity=Severity.WARNING, explains=('first-name',))
def cause(task):
    'Says where that comes from.'
    if task.id == 'b':
        yield Finding(task=task.id, place=task.at('title'), message='comes from', expected='e')

@hookimpl
def taskcheck_rules():
    return [{name}, effect, cause]
"""
NAME = "taskcheck-baseline.toml"
RENAMED = ", formerly=('first-name', 'second-name')"


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    return store({"tasks/a.md": TASK, "tasks/b.md": TASK, "taskcheck.toml": "[people]\nana = []\n"})


@pytest.fixture
def before(tmp_path: Path) -> str:
    return install_plugin(tmp_path / "before", PLUGIN.format(name="first_name", declared=""))


@pytest.fixture
def after(tmp_path: Path) -> str:
    return install_plugin(tmp_path / "after", PLUGIN.format(name="last_name", declared=RENAMED))


def prints(root: Path, plugin: str, rule: str) -> set[str]:
    ran = taskcheck("--select", rule, "--format", "json", cwd=root, PYTHONPATH=plugin)
    return {finding["fingerprint"] for incident in ran.json["incidents"] for finding in incident["findings"]}


def test_its_findings_keep_their_fingerprints(root: Path, before: str, after: str) -> None:
    known = prints(root, before, "first-name")
    assert len(known) == 2
    assert prints(root, after, "last-name") == known


def test_a_baseline_holds(root: Path, before: str, after: str) -> None:
    assert taskcheck("--select", "ours", "--baseline", NAME, "--update-baseline", cwd=root, PYTHONPATH=before).code == 0
    assert "first-name" in (root / NAME).read_text()
    ran = taskcheck("--select", "ours", "--baseline", NAME, "--format", "json", cwd=root, PYTHONPATH=after)
    assert (ran.code, ran.json["incidents"]) == (0, [])


@pytest.mark.parametrize("name", ["first-name", "second-name[x]", "last-name", "last-name[x]"])
def test_a_finding_is_named_by_any_name_of_its_rule(root: Path, after: str, name: str) -> None:
    ran = taskcheck(f"a::{name}", "--format", "json", cwd=root, PYTHONPATH=after)
    (incident,) = ran.json["incidents"]
    assert [finding["rule"] for finding in incident["findings"]] == ["last-name"]


def test_what_failed_under_the_former_name_is_asked_again(
    root: Path, before: str, after: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert taskcheck(cwd=root, PYTHONPATH=before).code == 1
    ran = taskcheck("--lf", "--format", "json", cwd=root, PYTHONPATH=after)
    assert {finding["rule"] for each in ran.json["incidents"] for finding in each["findings"]} == {"last-name"}


def test_it_is_explained_by_what_explained_it(root: Path, after: str) -> None:
    ran = taskcheck("--format", "json", cwd=root, PYTHONPATH=after)
    explained = {
        incident["task"]: finding["explained_by"]
        for incident in ran.json["incidents"]
        for finding in incident["findings"]
        if finding["rule"] == "last-name"
    }
    assert explained == {"a": None, "b": "cause"}


@pytest.mark.journey
@pytest.mark.parametrize("name", ["first-name[x]", "second-name"])
def test_pytest_finds_its_item(root: Path, after: str, name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--taskcheck", "-q", "-p", "no:cacheprovider", f"taskcheck/a::{name}"],
        cwd=root,
        env=environment(PYTHONPATH=after),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "1 failed" in ran.stdout) == (1, True), ran.stdout + ran.stderr
    assert "said" in ran.stdout
