"""What Prometheus is told, read by its own parser and tools."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("prometheus_client", reason="the extra [metrics] isn't installed")
pytest.importorskip("uvicorn", reason="the extra [serve] isn't installed")

from prometheus_client.parser import text_string_to_metric_families

from taskcheck import check
from taskcheck.documents.frozen import replace
from taskcheck.model.report import Report
from taskcheck.watch.looks import Sight
from taskcheck.watch.metrics import Looked
from tests.conftest import ROOT
from tests.e2e.conftest import taskcheck
from tests.e2e.serving import eventually, serving
from tests.e2e.test_incidents import NOW
from tests.e2e.watching import NOON, Clock, until, watching

Store = Callable[..., Path]
Values = dict[tuple[str, frozenset[tuple[str, str]]], float]

EXAMPLES = ROOT / "examples" / "prometheus"
CONFIG = '[people]\nana = ["an"]\n'
BROKEN = "---\ntitle: T\nowner: an\nstatus: nonsense\n---\n"
PROMTOOL = shutil.which("promtool")


def parsed(text: str) -> Values:
    families = list(text_string_to_metric_families(text))
    return {(each.name, frozenset(each.labels.items())): each.value for one in families for each in one.samples}


def value(values: Values, name: str, store: str | None = None, **labels: str) -> float | None:
    """That of a store; where none is named, of the only one that there is."""
    found = {}
    for (known, pairs), number in values.items():
        told = dict(pairs)
        of = told.pop("store")
        if known == f"taskcheck_{name}" and told == labels and store in {None, of}:
            found[of] = number
    assert len(found) < 2
    return next(iter(found.values()), None)


def told(report: Report) -> str:
    looked = Looked()
    looked.see(Sight(report=report, took=0.25))
    return looked.text().decode()


@pytest.fixture
def report(incidents: object) -> Report:
    from taskcheck.documents.values import timestamp

    return check(incidents.root, now=timestamp(NOW))  # type: ignore[attr-defined]


def test_it_is_what_the_report_says(report: Report) -> None:
    values = parsed(told(report))
    assert value(values, "incidents", rule="worker-gone", severity="error") == 1
    counts = [count for (name, _), count in values.items() if name == "taskcheck_incidents"]
    assert sum(counts) == len(report.incidents)
    assert value(values, "heartbeat_age_seconds", manager="rj") == 150
    assert value(values, "heartbeat_fresh", manager="rj") == 1
    for name, count in report.classes.items():
        assert value(values, "tasks", **{"class": name}) == count
    workers = [count for (name, _), count in values.items() if name == "taskcheck_workers"]
    assert sum(workers) == len(report.at_work)
    assert value(values, "look_duration_seconds") == 0.25
    assert value(values, "last_look_timestamp_seconds") == report.now.timestamp()
    assert value(values, "complete") == 1
    assert value(values, "looks_total") == 1
    assert value(values, "repairs_total") == 0


def test_a_store_that_cannot_be_looked_at_is_not_complete(report: Report) -> None:
    looked = Looked()
    assert value(parsed(looked.text().decode()), "looks_total") == 0, "before the first look"
    looked.see(Sight(report=report))
    looked.see(Sight(trouble="it is gone"))
    values = parsed(looked.text().decode())
    assert value(values, "complete") == 0
    assert value(values, "last_look_timestamp_seconds") == report.now.timestamp()


def test_no_name_breaks_it(report: Report) -> None:
    odd = 'a"b\\c\nd\udc80{}#'
    managers = (replace(report.managers[0], owner=odd),)
    values = parsed(told(replace(report, managers=managers)))
    assert value(values, "heartbeat_fresh", manager=odd.replace("\udc80", "\\udc80")) is not None


def test_the_page_tells_it(store: Store) -> None:
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": BROKEN})
    with serving(root) as served:
        eventually(lambda: value(parsed(served.get("metrics")[1]), "incidents", rule="invalid-field", severity="error"))
        with urllib.request.urlopen(served.address + "metrics") as answer:
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_a_watch_tells_it_and_counts_repairs(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": BROKEN.replace("nonsense", "ready")})
    with watching(root, Clock(tmp_path, NOON), "--metrics", "0", "--fix") as watch:
        until(lambda: "metrics are at" in watch.said()[0])
        address = watch.said()[0].splitlines()[0].rpartition(" ")[2]

        def repairs() -> float | None:
            with urllib.request.urlopen(address) as answer:
                return value(parsed(answer.read().decode()), "repairs_total")

        until(lambda: repairs() == 1)
        assert watch.end() == 0


def test_a_port_that_is_taken_is_told(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": BROKEN})
    with serving(root) as served:
        ran = taskcheck("watch", "--metrics", str(served.port), cwd=root)
    assert (ran.code, f"port {served.port} can't be used" in ran.err) == (2, True)


def test_the_examples_ask_for_metrics_that_there_are(report: Report) -> None:
    known = {name for name, _ in parsed(told(report))}
    dashboard = json.loads((EXAMPLES / "dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    asked += " " + " ".join(re.findall(r"expr: (.*)", (EXAMPLES / "rules.yml").read_text()))
    named = set(re.findall(r"\btaskcheck_\w+", asked))
    assert len(named) > 8
    assert named <= known


def promtool(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROMTOOL or "promtool", *arguments], cwd=EXAMPLES, input=given, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_prometheus_own_tool_takes_it(report: Report) -> None:
    checked = promtool("check", "metrics", given=told(report))
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    for arguments in (("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")):
        done = promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
