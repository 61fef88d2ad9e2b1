"""Edits and repairs of real task files: what changes is what was meant, to the byte."""

from difflib import ndiff
from pathlib import Path

import pytest

from taskcheck.documents import DocumentError, read_front_matter
from taskcheck.documents.frontsplice import set_scalars
from taskcheck.documents.shape import FrontMatter
from taskcheck.fix import repair
from taskcheck.model.finding import Severity
from taskcheck.store import Where, open_store
from tests.conftest import corpus
from tests.corpora.test_corpora import DRIFT, drift_cases, drift_repository
from tests.samples import WHOLE, sampled

STORES = ["MrLesk+Backlog.md", "ai-sdlc-framework+ai-sdlc", "cleverlook+engram", "dainn67+wallet-ai", "driangle+taskmd",
          "wedow+ticket@pr7"]  # fmt: skip
DIALECT = FrontMatter(at_names=True)


def changed_lines(before: bytes, after: bytes) -> list[str]:
    """The lines of a diff that aren't context."""
    old, new = (data.decode().splitlines(keepends=True) for data in (before, after))
    return [line for line in ndiff(old, new) if line[0] in "+-"]


@pytest.mark.parametrize("name", STORES)
def test_a_scalar_is_set_and_nothing_else_in_every_task_file(name: str) -> None:
    """The status of every file that has one, and a key that none has: one line changes, one line comes."""
    edited = 0
    for path in sampled(sorted(corpus(name).rglob("*.md")), 3):
        data = path.read_bytes()
        try:
            document = read_front_matter(data, at_names=True)
        except DocumentError:
            continue
        if document is None or not isinstance(document.values.get("status"), str):
            continue
        result = set_scalars(data, {("status",): "x-new"}, DIALECT)
        lines = changed_lines(data, result)
        assert [line[0] for line in lines] == ["-", "+"], (path, lines)
        assert all("status:" in line for line in lines), (path, lines)
        added = set_scalars(data, {("x_added",): "2026-03-24T18:00:00Z"}, DIALECT)
        (line,) = changed_lines(data, added)
        assert line.rstrip("\r\n") == "+ x_added: 2026-03-24T18:00:00Z", path
        back = set_scalars(result, {("status",): str(document.values["status"])}, DIALECT)
        had_quotes = "'" in lines[0] or '"' in lines[0]
        assert back == data or had_quotes, f"{path}: set back, it is as it was, but for the need of quotes"
        edited += 1
    assert edited > (30 if WHOLE else 10)


@pytest.mark.parametrize("name", ["MrLesk+Backlog.md", "ai-sdlc-framework+ai-sdlc"])
def test_root_follows_the_worker_in_status_and_times_alone(name: str, tmp_path: Path) -> None:
    """Each real pair of root and branch whose root is still ready: after the repair root says what the branch says.

    That it is done is a claim until the branch has landed: a person has to make that edit.
    """
    repaired = claimed = 0
    for case, row in drift_cases(name):
        root = drift_repository(case, tmp_path / case.name, "root")
        before = {path: path.read_bytes() for path in (root / "backlog").rglob("*.md")}
        report, plan = repair.fix(open_store(Where(root=root, third_party=False)), DRIFT, repair.Order())
        assert report.complete, report.errors
        for change in plan.changes:
            lines = changed_lines(before[root / change.path], (root / change.path).read_bytes())
            keys = {line[2:].partition(":")[0].strip("' ") for line in lines if line.strip("+- \r\n")}
            assert "status" in keys, (row, lines)
            assert all(key in {"status", "pr_url", "pr_number"} or key.endswith("_at") for key in keys), (row, lines)
            assert not any("Done" in line for line in lines if line.startswith("+")), (row, lines)
            repaired += 1
        fixes = (finding.fix for finding in report.findings)
        claimed += sum(fix is not None and "hasn't landed" in fix.why for fix in fixes)
        if plan.changes:
            assert [f.rule for f in report.findings if f.level is Severity.ERROR] == [], row
    # A worker of Backlog.md often names itself in the line before its status: who owns a task, a safe fix doesn't take.
    assert repaired + claimed > (5 if WHOLE else 0)
