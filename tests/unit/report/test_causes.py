"""The order of causes, derived from what rules say that they explain."""

from collections.abc import Iterator

from taskcheck import Finding, Rule, Severity, Task, rule
from taskcheck.report.causes import Causes
from tests.simulator.verdict import RULES


def made(name: str, *explains: str, family: str = "x") -> Rule:
    def check(task: Task) -> Iterator[Finding]:
        """Nothing is wrong."""
        yield from ()

    check.__name__ = name
    return rule(family=family, severity=Severity.ERROR, explains=explains)(check)


def causes(*rules: Rule) -> Causes:
    return Causes({each.name: each for each in rules}, {})


def test_the_longest_chain_comes_first() -> None:
    chain = causes(made("c"), made("b", "c"), made("a", "b"))
    assert chain.heights == {"a": 2, "b": 1, "c": 0}
    assert chain.first(["c", "b", "a"], "c") == "b"
    assert chain.first(["a"], "c") is None


def test_by_name_beats_by_family_beats_all() -> None:
    everything, family, name = made("all", "*"), made("family", "x", family="y"), made("name", "family", "all")
    known = causes(everything, family, name)
    assert known.explains("name", "family")
    assert not known.explains("family", "name")
    assert known.explains("family", "all")
    assert not known.explains("all", "family")


def test_neither_of_two_that_say_it_alike() -> None:
    pair = causes(made("a", "*"), made("b", "*"), made("c"))
    assert not pair.explains("a", "b")
    assert not pair.explains("b", "a")
    assert pair.explains("a", "c")
    assert pair.explains("b", "c")


def test_a_circle_of_plugins_has_an_end() -> None:
    circle = causes(made("a", "b"), made("b", "c"), made("c", "a"))
    explained = [(one, other) for one in "abc" for other in "abc" if circle.explains(one, other)]
    assert explained == [("a", "b"), ("b", "c")]


def test_no_rule_explains_itself() -> None:
    assert causes(made("a", "x", "*")).effects == {"a": frozenset()}


def test_the_contracts_order_of_root_causes() -> None:
    """Spec 3.4, but for two that no task can have at once: a worker that is gone, and one that ended."""
    known = Causes(RULES, {})
    order = [
        "unreadable-task", "unreadable-state", "split-manager", "merged-not-completed",
        "dispatch-completed-unreconciled", "worker-gone", "register-orphan", "metadata-drift", "snapshot-mismatch",
    ]  # fmt: skip
    assert sorted(order, key=known.rank) == order
