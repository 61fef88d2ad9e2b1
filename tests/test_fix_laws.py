"""Laws of the fixes of all rules together; those of each by itself are in `taskcheck.testing.laws`."""

from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from taskcheck.checks import chosen, reported
from taskcheck.fix.plan import Judged, plan
from taskcheck.model.finding import Safety
from taskcheck.model.sources import Sources
from taskcheck.model.state import State
from taskcheck.plugins import manager as plugins
from taskcheck.store import Request, Store, open_store
from taskcheck.testing import build
from tests.conftest import FIXTURES, request_for, where_for
from tests.judging import judge
from tests.samples import sampled
from tests.test_rules import CASES, case_id

RULES = plugins.load(third_party=False).rules()


@cache
def bad_cases() -> list[Path]:
    """Of each rule one in six, and one at least."""
    found = []
    for _, cases in groupby(CASES, key=lambda case: case.parent):
        found += sampled([case for case in cases if case.name.startswith("bad-")], 6)
    return found


@pytest.mark.parametrize("case", bad_cases(), ids=case_id)
def test_the_plan_does_not_depend_on_the_order_of_findings(case: Path, tmp_path: Path) -> None:
    built = build(case, tmp_path / "repo")
    request, store = request_for(built), open_store(where_for(built))
    sources, state = store.read(request)
    plans = [planned(store, request, sources, state, reverse=reverse) for reverse in (False, True)]
    assert plans[0] == plans[1]


def planned(
    store: Store, request: Request, sources: Sources, state: State, *, reverse: bool
) -> dict[str, bytes | None]:
    """What a plan of all fixes would write, its findings taken from the front or from the back."""

    def judged(of: Sources) -> Judged:
        _, runs = judge(of, store.settings, chosen(store, request), state.now)
        report = reported(store, request, of, state, runs)
        turned = tuple(
            replace(incident, findings=incident.findings[::-1])
            for incident in report.incidents[:: -1 if reverse else 1]
        )
        return Judged(state, report, replace(report, incidents=turned) if reverse else report)

    made = plan(
        sources, store.settings, judged(sources), judge=judged, refuse=lambda _: None, safety=Safety.UNSAFE, mtime_ns=0
    )
    return {change.path: change.after for change in made.changes}


def test_every_fix_of_the_contract_is_in_a_fixture() -> None:
    """Each rule whose page says that it repairs something shows what it leaves."""
    for rule in RULES.values():
        promises = not rule.doc.partition("## Fix")[2].strip().startswith("None")
        shown = any((FIXTURES / rule.name).glob("*/after*/"))
        assert shown or not promises, rule.name
