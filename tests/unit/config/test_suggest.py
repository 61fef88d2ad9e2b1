"""Which name was meant: what is near, what is a part, and how long it takes among very many."""

import time

import pytest

from taskcheck.config.suggest import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "told"),
    [
        ("redy", ["ready", "review"], "; did you mean ready?"),
        ("REDY", ["Ready", "review"], "; did you mean Ready?"),
        ("worker-gon", ["worker-gone", "worker-outlives-task"], "; did you mean worker-gone?"),
        ("login", ["fix-login", "x"], "; did you mean fix-login?"),
        ("Task 20", ["20", "21"], ""),
        ("nonsense", ["ready", "review"], ""),
        ("x" * 300, ["x" * 299], ""),
        ("ready", [], ""),
        ("redy", ["ready", "READY"], "; did you mean ready?"),
    ],
)
def test_what_is_near_is_named(name: str, known: list[str], told: str) -> None:
    assert did_you_mean(name, known) == told


def test_of_many_the_nearest_few() -> None:
    assert did_you_mean("task-1", [f"task-{n}" for n in range(9)], 2).count(" or ") == 1


def test_very_many_names_cost_little() -> None:
    """CPU of this process, by the time that sorting them takes: comparing all would take a hundred times as long."""
    known = [f"task-{number}-make-the-thing-work" for number in range(100_000)]
    began = time.process_time()
    sorted(name.casefold() for name in known)
    sorting = time.process_time() - began
    began = time.process_time()
    assert "task-77-make-the-thing-work" in did_you_mean("task-77-make-the-thing-wrk", known)
    assert time.process_time() - began < 20 * sorting
