"""What is said of a pull request: by its forge, in words, and of trunk."""

from datetime import UTC, datetime

import pytest

from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.pulls import Pull
from taskcheck.model.sources import Unavailable
from taskcheck.model.task import Place

AT = datetime(2026, 3, 24, 18, 5, tzinfo=UTC)


def pull(answer: PullState | Unavailable) -> Pull:
    return Pull(
        address=PullAddress(host="forge.example", repository="us/app", number=7),
        place=Place(path="tasks/a.md"),
        answer=answer,
    )


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (PullState(state="merged", into="main", at=AT), "is merged into main, 2026-03-24 18:05Z"),
        (PullState(state="merged"), "is merged"),
        (PullState(state="closed", into="main", at=AT), "is closed, 2026-03-24 18:05Z"),
        (PullState(state="open", into="main"), "is open"),
    ],
)
def test_its_forge_is_told_in_words(answer: PullState, told: str) -> None:
    made = pull(answer)
    assert made.told == f"{made.address} {told}"


def test_a_forge_that_says_nothing_is_told_with_why() -> None:
    made = pull(Unavailable("no answer in 10 s"))
    assert made.told == f"{made.address}: no answer in 10 s"
    assert (made.state, made.merged_into("main"), made.over_before(AT)) == (None, False, False)


@pytest.mark.parametrize(("state", "into", "is_in_main"), [
    ("merged", "main", True), ("merged", None, True), ("merged", "next", False), ("closed", "main", False),
    ("open", "main", False),
])  # fmt: skip
def test_what_is_merged_into_trunk(state: str, into: str | None, is_in_main: bool) -> None:
    assert pull(PullState(state=state, into=into)).merged_into("main") is is_in_main  # type: ignore[arg-type]
