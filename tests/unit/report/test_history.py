"""What a look makes of the incidents that stood before it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from taskcheck import Finding, Place
from taskcheck.documents.frozen import replace
from taskcheck.model.cases import Case, RuleRun, RunError, Subject
from taskcheck.model.chronicle import means, owner_of, rule_of
from taskcheck.model.episode import Episode, Kind, Repair
from taskcheck.model.report import EMPTY, Incident, Report
from taskcheck.report.history import Followed, follow, plain, with_record

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def finding(task: str, rule: str, *identity: str) -> Finding:
    place = Place(checkout="root", path=f"tasks/{task}.md")
    return Finding(message=f"{rule} of {task}", place=place, task=task, rule=rule,
                   identity=identity)  # fmt: skip


def incident(task: str, *findings: Finding, owner: str | None = "ana") -> Incident:
    return Incident(task=task, manager=None, title=f"The {task}", owner=owner, status="ready",
                    headline=findings[0].rule if findings else None, findings=findings)  # fmt: skip


def report(minutes: int, *incidents: Incident, **more: object) -> Report:
    shown = Report(version="0", now=at(minutes), tasks=3, checkouts=1, incidents=incidents, runs=())
    return replace(shown, **more)


class Kept:
    """Stands for the record: what stands, and what is closed, from look to look."""

    def __init__(self) -> None:
        self.episodes: dict[int, Episode] = {}

    def look(self, of: Report, repairs: Iterable[Repair] = ()) -> Followed:
        standing = [each for each in self.episodes.values() if each.closed is None]
        closed = [each for each in self.episodes.values() if each.closed is not None]
        followed = follow(standing, of, lambda key: [each for each in closed if each.key == key], repairs)
        for episode in followed.episodes:
            number = episode.id or len(self.episodes) + 1
            self.episodes[number] = replace(episode, id=number)
        return followed

    def said(self, of: Report, repairs: Iterable[Repair] = ()) -> list[tuple[str, str]]:
        return [(each.kind.value, each.episode.subject) for each in self.look(of, repairs).transitions]


A, B = finding("a", "drift"), finding("b", "worker-gone")


def test_an_incident_from_its_first_sight_to_its_return() -> None:
    kept = Kept()
    assert kept.said(report(0, incident("a", A), incident("b", B))) == [("opened", "a"), ("opened", "b")]
    assert kept.said(report(5, incident("a", A), incident("b", B))) == []
    assert kept.said(report(10, incident("b", B))) == [("closed", "a")]
    assert kept.said(report(15, incident("b", B))) == []
    assert kept.said(report(20, incident("a", A), incident("b", B))) == [("reopened", "a")]
    first, standing, again = kept.episodes.values()
    assert (first.first, first.last, first.looks, first.closed) == (at(0), at(5), 2, at(10))
    assert (standing.first, standing.last, standing.looks, standing.closed) == (at(0), at(20), 5, None)
    assert (again.first, again.looks, again.reopened) == (at(20), 1, 1)


def test_another_incident_of_the_same_task_has_not_come_back() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    kept.look(report(1))
    assert kept.said(report(2, incident("a", finding("a", "invalid-field")))) == [("opened", "a")]


def test_one_of_several_findings_that_was_there_before_has_come_back() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", finding("a", "other"), A)))
    kept.look(report(1))
    assert kept.said(report(2, incident("a", A))) == [("reopened", "a")]


def test_another_headline_is_a_change_and_no_new_incident() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    (transition,) = kept.look(report(5, incident("a", finding("a", "worker-gone"), A))).transitions
    assert (transition.kind, transition.was, transition.episode.headline) == (Kind.CHANGED, "drift", "worker-gone")
    (episode,) = kept.episodes.values()
    assert (episode.first, episode.looks) == (at(0), 2)


def test_another_finding_of_the_same_rule_is_a_change_too() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", finding("a", "invalid-field", "owner"))))
    assert kept.said(report(1, incident("a", finding("a", "invalid-field", "status")))) == [("changed", "a")]


def test_signals_alone_are_no_incident() -> None:
    assert Kept().said(report(0, incident("a"))) == []


def undecided(rule: str, subject: str) -> RuleRun:
    return RuleRun(rule=rule, family="x", cases=(Case(subject=Subject(subject, "w"), undecided="it can't be read"),))


BLIND = {
    "a rule couldn't tell": {"runs": (undecided("drift", "a"),)},
    "only a forge could have told": {
        "runs": (
            RuleRun(rule="drift", family="x", untold={"b": "--online"},
                    cases=(Case(subject=Subject("repository"), skipped="--online"),)),
        )
    },
    "something failed": {"errors": (RunError(where="git", message="it hangs"),)},
    "there is nothing to check": {"exit_code": EMPTY},
}  # fmt: skip


@pytest.mark.parametrize("why", BLIND)
def test_what_could_not_be_looked_at_stands(why: str) -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    assert kept.said(report(5, **BLIND[why])) == []
    (episode,) = kept.episodes.values()
    assert (episode.closed, episode.last, episode.looks) == (None, at(0), 1), "nor was it seen"
    assert kept.said(report(6)) == [("closed", "a")]


def test_what_a_forge_might_have_added_keeps_nothing_open() -> None:
    """Looks that ask none would never close what is wrong with a task that has a pull request."""
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    run = RuleRun(rule="drift", family="x", untold={"a": "--online"})
    assert kept.said(report(5, runs=(run,))) == [("closed", "a")]


def test_what_is_unknown_of_another_task_or_rule_keeps_nothing_open() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    assert kept.said(report(5, runs=(undecided("drift", "b"), undecided("other", "a")))) == [("closed", "a")]


def test_a_ledger_that_is_gone_takes_what_was_said_of_it_along() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A)))
    skipped = RuleRun(rule="drift", family="x", cases=(Case(subject=Subject("repository"), skipped="no register"),))
    assert kept.said(report(5, runs=(skipped,))) == [("closed", "a")]


def test_a_headline_that_could_not_be_looked_at_stays() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", finding("a", "worker-gone"), A)))
    assert kept.said(report(5, incident("a", A), runs=(undecided("worker-gone", "a"),))) == []
    (episode,) = kept.episodes.values()
    assert (episode.headline, episode.looks) == ("worker-gone", 2)
    assert kept.said(report(6, incident("a", A))) == [("changed", "a")]


def test_the_fix_that_closed_it_is_named() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A), incident("b", B)))
    early = Repair(name="1-a", at=at(-5), about=(("drift", "a"),))
    its = Repair(name="2-a", at=at(3), about=(("drift", "a"),))
    others = Repair(name="3-a", at=at(4), about=(("drift", "b"), ("worker-gone", "a")))
    kept.look(report(5), [early, its, others])
    assert [each.repair for each in kept.episodes.values()] == ["2-a", None]


def test_what_is_recorded_is_told_beside_the_incident() -> None:
    kept = Kept()
    first = report(0, incident("a", A))
    kept.look(first)
    shown = with_record(report(5, incident("a", A), incident("b", B)), kept.episodes.values())
    assert [each.episode and each.episode.first for each in shown.incidents] == [at(0), None]


def test_means_are_over_what_was_closed() -> None:
    kept = Kept()
    kept.look(report(0, incident("a", A), incident("b", B, owner=None)))
    kept.look(report(10, incident("b", B, owner=None)))
    kept.look(report(40))
    kept.look(report(50, incident("a", A)))
    kept.look(report(70))
    closed = kept.episodes.values()
    told = [(mean.name, mean.closed, mean.mean) for mean in means(closed, rule_of)]
    assert told == [("worker-gone", 1, timedelta(minutes=40)), ("drift", 2, timedelta(minutes=15))]
    assert {mean.name for mean in means(closed, owner_of)} == {"ana", "repository"}


def test_what_is_no_text_is_spelled_out() -> None:
    assert plain("a\udc80b\0") == "a\\udc80b\\x00"
    assert len(plain("x" * 10_000)) == 500
