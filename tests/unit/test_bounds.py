"""What a bound says at the very number: reached is not exceeded."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck import Finding, Severity, Task, rule
from taskcheck.checks import check_request
from taskcheck.documents import Document, DocumentError, read_front_matter
from taskcheck.documents.jsonfile import read_json
from taskcheck.documents.shape import YamlTasks
from taskcheck.documents.statusline import read_status_lines
from taskcheck.engine import run
from taskcheck.model.history import Moment
from taskcheck.store import Request, Where
from taskcheck.write import book, cache
from tests.conftest import ROOT

AT = datetime(2026, 3, 24, tzinfo=UTC)


@rule(family="bounds", severity=Severity.WARNING)
def loud(task: Task) -> Iterator[Finding]:
    """Two findings of each task that is loud."""
    if task.id.startswith("loud"):
        for number in (1, 2):
            yield Finding(
                task=task.id, place=task.place, message="it is loud", expected="silence", identity=(str(number),)
            )


@pytest.mark.parametrize(("cap", "stopped"), [(4, []), (3, ["quiet"])])
def test_a_rule_is_stopped_after_more_findings_than_it_may_have(
    cap: int, stopped: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "FINDINGS_CAP", cap)
    (tmp_path / "tasks").mkdir()
    for name in ("loud-1", "loud-2", "quiet"):
        (tmp_path / f"tasks/{name}.md").write_text("---\ntitle: T\nowner: x\nstatus: ready\n---\n")
    report = check_request(Where(root=tmp_path, third_party=False, rules=(loud,)), Request(select=("loud",)))
    (told,) = (each for each in report.runs if each.rule == "loud")
    assert sum(len(case.findings) for case in told.cases) == cap
    assert [case.subject.group for case in told.cases if case.undecided] == stopped
    assert len(report.errors) == len(stopped)


def test_of_two_commits_of_one_second_neither_is_after_the_other() -> None:
    """Where only their times are known."""
    one, two = Moment(commit="a", at=AT), Moment(commit="b", at=AT)
    assert not one.after(two)
    assert not two.after(one)


@pytest.mark.parametrize(
    ("page", "words", "size"),
    [("cache", r"at most (\d+) MB", cache.MOST_BYTES), ("history", r"exceed (\d+) MB", book.MOST_BYTES)],
    ids=["cache", "history"],
)
def test_the_page_about_a_file_of_ours_names_its_size(page: str, words: str, size: int) -> None:
    (named,) = re.findall(words, (ROOT / f"docs/{page}.md").read_text())
    assert int(named) * 1_000_000 == size


@pytest.mark.parametrize(
    ("read", "text", "size"),
    [
        (read_front_matter, b"---\nstatus: ready\n---\n", 8),
        (read_status_lines, b"Status: ready\n", 8),
        (read_json, b'{"status": "ready"}', 16),
    ],
    ids=["front matter", "status lines", "json"],
)
def test_a_file_of_the_utmost_size_is_read(read: Callable[[bytes], Document | None], text: bytes, size: int) -> None:
    whole = text.ljust(size * 1024 * 1024)
    assert read(whole).values == {"status": "ready"}
    with pytest.raises(DocumentError, match=f"the file is larger than {size} MiB"):
        read(whole + b" ")


def test_a_yaml_file_of_the_utmost_size_is_read() -> None:
    whole = b"tasks: [{id: a}] #".ljust(8 * 1024 * 1024)
    assert len(YamlTasks(lists=("tasks",)).elements(whole)) == 1
    with pytest.raises(DocumentError, match="the file is larger than 8 MiB"):
        YamlTasks(lists=("tasks",)).elements(whole + b" ")
