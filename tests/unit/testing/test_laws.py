"""The laws for rules: each fails where it doesn't hold, and says which fixture and what."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from taskcheck import Evidence, Finding, Fix, Rule, Safety, SetKey, Severity, Task, rule
from taskcheck.testing import FixtureError, assert_laws, build, run_rule

TURNS = count()


def folder(tmp_path: Path, *, expect: str = "", after: str | None = None) -> Path:
    for case, status in (("bad-ready", "ready"), ("good-done", "done")):
        root = tmp_path / "fixtures" / case / "root" / "tasks"
        root.mkdir(parents=True)
        (root / "a.md").write_text(f"---\ntitle: T\nowner: rj\nstatus: {status}\n---\n")
        (root.parents[1] / "repo.toml").write_text('now = "2026-03-24T18:00:00Z"\ngit = false\n')
    case = tmp_path / "fixtures" / "bad-ready"
    (case / "expect.txt").write_text(expect or "tasks/a.md:4:9: error: our-rule: a: it is ready\n")
    if after is not None:
        (case / "after" / "tasks").mkdir(parents=True)
        (case / "after" / "tasks" / "a.md").write_text(after)
    return tmp_path / "fixtures"


def made(*, status: str = "ready", evidence: bool = True, fix: str = "", message: str = "it is ready") -> Rule:
    @rule(family="ours", severity=Severity.ERROR)
    def our_rule(task: Task) -> Iterator[Finding]:
        """Finds tasks by their status."""
        if task.status == "ready" or status == "any":
            yield Finding(
                task=task.id,
                place=task.at("status"),
                message=message or f"it is ready {next(TURNS)}",
                expected="done",
                evidence=(Evidence(place=task.at("status"), saw="ready"),) if evidence else (),
                fix=Fix(title="f", safety=Safety.SAFE, edits=(SetKey(place=task.at("status"), value=fix),))
                if fix
                else None,
            )

    return our_rule


DONE = "---\ntitle: T\nowner: rj\nstatus: done\n---\n"


def test_a_rule_that_keeps_them(tmp_path: Path) -> None:
    assert_laws(made(), folder(tmp_path / "1"))
    assert_laws(made(fix="done"), folder(tmp_path / "2", after=DONE))


@pytest.mark.parametrize(
    ("broken", "fixtures", "said"),
    [
        (made(), {"expect": "other\n"}, r"bad-ready/expect\.txt:\n(.|\n)*-other\n"),
        (made(status="any"), {}, r"good-done/expect\.txt:\n"),
        (made(evidence=False), {}, "bad-ready: a finding shows who says so, and this has no evidence: it is ready"),
        (made(fix="done"), {}, "bad-ready: after: tasks/a.md is written by the fixes"),
        (made(), {"after": DONE}, "bad-ready: after: tasks/a.md is left alone by the fixes"),
        (made(fix="done"), {"after": DONE + "x"}, r"bad-ready/after/tasks/a\.md:\n"),
    ],
)
def test_a_rule_that_breaks_one(tmp_path: Path, broken: Rule, fixtures: dict[str, str], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        assert_laws(broken, folder(tmp_path, **fixtures))


def test_a_rule_that_says_something_else_each_time(tmp_path: Path) -> None:
    """Twice the same state is two different reports."""
    at = next(TURNS) + 1
    fixtures = folder(tmp_path, expect=f"tasks/a.md:4:9: error: our-rule: a: it is ready {at}\n")
    with pytest.raises(AssertionError, match="the same state twice"):
        assert_laws(made(message=""), fixtures)


def test_both_kinds_of_fixtures_are_wanted(tmp_path: Path) -> None:
    (folder(tmp_path) / "good-done").rename(tmp_path / "fixtures" / "other-done")
    with pytest.raises(AssertionError, match=r"there is no fixture good-\*"):
        assert_laws(made(), tmp_path / "fixtures")


def test_a_fixture_without_a_repo_toml_is_none_to_pass_over(tmp_path: Path) -> None:
    (folder(tmp_path) / "good-more").mkdir()
    with pytest.raises(FixtureError, match=r"good-more/repo\.toml: .*No such file"):
        assert_laws(made(), tmp_path / "fixtures")


def test_a_function_is_no_rule(tmp_path: Path) -> None:
    built = build(folder(tmp_path) / "bad-ready", tmp_path / "repo")
    with pytest.raises(TypeError, match=r"'folder' is no rule: put @rule\(...\) above it"):
        run_rule(folder, built)  # type: ignore[arg-type]
    assert [finding.message for finding in run_rule(made(), built)] == ["it is ready"]
