"""Plans: fixes made together in rounds, tried on the rules, left out where they would do harm; all in memory."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck import (
    Evidence,
    Finding,
    Fix,
    Safety,
    SetKey,
    Severity,
    Task,
    Tasks,
)
from taskcheck.config import load as config
from taskcheck.engine.rule import Rule, rule
from taskcheck.fix import plan as planning
from taskcheck.fix.plan import Judged, plan
from taskcheck.model.plan import Plan
from taskcheck.model.sources import Source, Sources
from taskcheck.model.verdict import Verdict
from taskcheck.report import build as report
from tests.judging import judge

NOW = datetime(2026, 3, 24, 18, tzinfo=UTC)
SETTINGS = config.load(Path("/nowhere"), config.presets(config.builtin_presets()))


def sets(task: Task, key: str, value: str, safety: Safety = Safety.SAFE, *more: SetKey) -> Finding:
    """A finding that its fix would end by setting a key."""
    place = task.at(key)
    return Finding(
        task=task.id,
        place=place,
        message=f"{key} isn't {value}",
        evidence=(Evidence(place=place, saw="it"),),
        fix=Fix(title=f"set {key} to {value}", safety=safety, edits=(SetKey(place=place, value=value), *more)),
        identity=(key, value),
    )


def wants(name: str, key: str, value: str, safety: Safety = Safety.SAFE, severity: Severity = Severity.ERROR) -> Rule:
    """A rule that wants a key to have a value, unless the task is `exempt`."""

    def check(task: Task) -> Iterator[Finding]:
        """It wants a value."""
        if task.front.get(key) != value and task.id != "exempt":
            yield sets(task, key, value, safety)

    check.__name__ = name
    return rule(family="test", severity=severity)(check)


def planned(rules: list[Rule], safety: Safety = Safety.SAFE, **tasks: str) -> tuple[Plan, dict[str, str]]:
    """The plan for some task files, and what they would say."""
    sources = Sources(
        root=Path("/nowhere"),
        tasks=tuple(Source(path=f"tasks/{name}.md", data=text.encode()) for name, text in tasks.items()),
    )
    by_name = {one.name: one for one in rules}

    def judged(of: Sources) -> Judged:
        state, runs = judge(of, SETTINGS, rules, NOW)
        whole = report.build(state, runs, by_name, (), Verdict())
        return Judged(state, whole, whole)

    made = plan(sources, SETTINGS, judged(sources), judge=judged, refuse=lambda _: None, safety=safety, mtime_ns=10**18)
    after = {change.path: (change.after or b"").decode() for change in made.changes}
    return made, {name: after.get(f"tasks/{name}.md", text) for name, text in tasks.items()}


def front(**values: str) -> str:
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in {"status": "ready", **values}.items()) + "---\n"


def test_edits_of_different_keys_are_made_at_once() -> None:
    made, after = planned([wants("one", "x", "1"), wants("two", "y", "2")], a=front(x="0", y="0"))
    assert after == {"a": front(x="1", y="2")}
    assert [(note.rule, note.applied, note.files) for note in made.notes] == [
        ("one", True, ("tasks/a.md",)),
        ("two", True, ("tasks/a.md",)),
    ]


def test_equal_edits_are_one() -> None:
    made, after = planned([wants("one", "x", "1"), wants("two", "x", "1")], a=front(x="0"))
    assert after == {"a": front(x="1")}
    assert len(made.notes) == 2


def test_of_different_values_for_one_key_the_worse_finding_speaks_first() -> None:
    made, after = planned([wants("one", "x", "1", severity=Severity.WARNING), wants("two", "x", "2")], a=front(x="0"))
    assert after == {"a": front(x="2")}
    assert [(note.rule, note.reason) for note in made.notes] == [
        ("two", ""),
        ("one", "it would raise two on a: x isn't 2"),
    ]


def test_rules_that_undo_each_other_are_named_and_nothing_is_written() -> None:
    rules = [wants(name, "x", value, severity=Severity.WARNING) for name, value in (("one", "1"), ("two", "2"))]
    made, after = planned(rules, a=front(x="0"), b=front(x="0"))
    assert after == {"a": front(x="0"), "b": front(x="0")}
    assert [error.message for error in made.errors] == ["the fixes of one and two undo each other; nothing was written"]


def test_what_a_fix_brings_about_is_repaired_in_the_next_round() -> None:
    def follows(task: Task) -> Iterator[Finding]:
        """y follows x."""
        if task.front.get("y") != task.front.get("x"):
            yield sets(task, "y", str(task.front.get("x")))

    chain = rule(family="test", severity=Severity.ERROR)(follows)
    made, after = planned([wants("one", "x", "1"), chain], a=front(x="0", y="0"))
    assert after == {"a": front(x="1", y="1")}
    assert [note.rule for note in made.notes] == ["one", "follows"]


def test_a_chain_longer_than_the_rounds_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def counts(task: Task) -> Iterator[Finding]:
        """It is never enough."""
        yield sets(task, "x", str(int(str(task.front["x"])) + 1))

    made, after = planned([rule(family="test", severity=Severity.ERROR)(counts)], a=front(x="0"))
    assert after == {"a": front(x="0")}
    assert "undo each other" in made.errors[0].message
    assert planning.ROUNDS == 10


def test_a_fix_that_would_raise_an_error_elsewhere_is_left_out_and_said() -> None:
    """Many fixes, one of which breaks a task that was well: the others are made."""

    def guards(tasks: Tasks) -> Iterator[Finding]:
        """Task `a` may not become 1 while b is there."""
        a, b = tasks.get("a"), tasks.get("exempt")
        if a and b and a.front.get("x") == "1":
            yield Finding(task="exempt", place=b.place, message="broken by a", evidence=())

    rules = [wants("one", "x", "1"), rule(family="test", severity=Severity.ERROR)(guards)]
    tasks = {name: front(x="0") for name in ("exempt", *"abcdefgh")}
    made, after = planned(rules, **tasks)
    assert after["a"] == front(x="0")
    assert {name for name, text in after.items() if text == front(x="1")} == set("bcdefgh")
    left_out = [note for note in made.notes if not note.applied]
    assert [(note.task, note.reason) for note in left_out] == [("a", "it would raise guards on exempt: broken by a")]


def test_a_fix_that_makes_a_rule_fail_is_left_out() -> None:
    def fragile(task: Task) -> Iterator[Finding]:
        """It can't stand a 1."""
        if task.front.get("x") == "1":
            raise ZeroDivisionError("x is 1")
        yield from ()

    made, after = planned([wants("one", "x", "1"), rule(family="t", severity=Severity.ERROR)(fragile)], a=front(x="0"))
    assert after == {"a": front(x="0")}
    assert "fails on what it would leave" in made.notes[0].reason


def test_a_new_error_in_an_incident_that_has_one_already_is_no_reason() -> None:
    def follows(task: Task) -> Iterator[Finding]:
        """With x at 1 something else is wrong, which nothing repairs."""
        if task.front.get("x") == "1":
            yield Finding(task=task.id, place=task.place, message="and now this", evidence=())

    _, after = planned([wants("one", "x", "1"), rule(family="t", severity=Severity.ERROR)(follows)], a=front(x="0"))
    assert after == {"a": front(x="1")}


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    rules = [wants("one", "x", "1", Safety.UNSAFE)]
    assert planned(rules, a=front(x="0"))[1] == {"a": front(x="0")}
    assert planned(rules, Safety.UNSAFE, a=front(x="0"))[1] == {"a": front(x="1")}


def test_what_can_not_be_made_exactly_is_left_out_alone() -> None:
    made, after = planned([wants("one", "x", "1")], a=front(x="[a, list]"), b=front(x="0"))
    assert after == {"a": front(x="[a, list]"), "b": front(x="1")}
    assert [note.reason for note in made.notes if not note.applied] == ["tasks/a.md: x is no single value"]


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    """One of its edits waits for another fix: none of them is made in that round."""

    def both(task: Task) -> Iterator[Finding]:
        """x and y together."""
        if (task.front.get("x"), task.front.get("y")) == ("0", "0"):
            yield sets(task, "y", "5", Safety.SAFE, SetKey(place=task.at("x"), value="5"))

    rules = [wants("aaa", "x", "1"), rule(family="test", severity=Severity.ERROR)(both)]
    _, after = planned(rules, a=front(x="0", y="0"))
    assert after == {"a": front(x="1", y="0")}


def test_the_fingerprint_is_of_what_would_be_written() -> None:
    one, _ = planned([wants("one", "x", "1")], a=front(x="0"))
    same, _ = planned([wants("one", "x", "1")], a=front(x="0"))
    other, _ = planned([wants("one", "x", "2")], a=front(x="0"))
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert one.as_dict()["fixes"] == [{"rule": "one", "task": "a", "manager": None, "title": "set x to 1"}]
