"""The law of merges: what a safe repair takes from a worker's copy merges with the worker's branch, by real git."""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from taskcheck.assemble.tasks import TaskReader
from taskcheck.config.load import builtin_presets, load, presets
from taskcheck.documents import Refused
from taskcheck.documents.shape import PLAIN
from taskcheck.engine.rule import Rule
from taskcheck.fix.edits import compose
from taskcheck.model.checkouts import Checkouts, Copies
from taskcheck.model.finding import Safety
from taskcheck.model.sources import Fork, Merge
from taskcheck.model.task import Checkout, Copy, Task, Tie
from taskcheck.model.tasks import Tasks
from taskcheck.plugins import manager as plugins
from tests.merging import merged_by_git
from tests.pairs import LAYOUTS, ROOT, WORKER, Pair, pair

PAIRS = int(os.environ.get("TASKCHECK_MERGES", "126"))
"""By default each layout, with all that both sides do, once."""

PATH = "tasks/x.md"
NOW = datetime(2026, 3, 24, 18, tzinfo=UTC)
RECORD = ("status", "pr_url", "pr_number", "started_at", "finished_at")


@dataclass(frozen=True)
class Repaired:
    """Root's file after the repair, and what the repair says of itself."""

    text: str
    safe: bool
    why: str
    keys: frozenset[str]


SETTINGS = load(Path("/nowhere"), presets(builtin_presets()))


@cache
def drift() -> Rule:
    return plugins.load(third_party=False).rules()["metadata-drift"]


def task(text: str, checkout: str) -> Task:
    read = TaskReader(SETTINGS).version(text.encode(), PATH, checkout)
    assert read, text
    return read


def repaired(case: Pair) -> Repaired | None:
    """The repair that metadata-drift makes of a pair whose branch has landed; None where it makes none."""
    checkout = Checkout(
        name="worktree:x",
        path=".worktrees/x",
        real="/r/.worktrees/x",
        branch="task/x",
        defect=None,
        fork=Fork(
            base="b",
            base_files={PATH: case.base.encode()},
            root_versions={},
            own_versions={},
            commits=1,
            newest_commit_at=NOW,
            newest_work_at=NOW,
        ),
        merge=Merge(merged=True, proof="an ancestor"),
    )
    root = task(case.ours, "root")
    copy = Copy(
        task=task(case.theirs, checkout.name),
        checkout=checkout,
        base=task(case.base, checkout.name),
        root_versions=(),
        own_versions=(),
        tie=Tie.RECORD,
    )
    found = drift().check(
        root,
        Tasks((root,), {root.id: root}),
        Copies((copy,), {root.id: (copy,)}, {root.id: copy}),
        Checkouts((checkout,), {root.id: checkout}, {}, {}),
        SETTINGS,
        "main",
        NOW,
    )
    fix = next((finding.fix for finding in found), None)
    if fix is None:
        return None
    try:
        after = compose(fix.edits, {PATH: case.ours.encode()}, shape=PLAIN)
    except Refused:
        return None
    data = after[PATH].data
    assert data is not None
    keys = frozenset(edit.place.route[0] for edit in fix.edits)  # type: ignore[union-attr]
    return Repaired(data.decode(), fix.safety is Safety.SAFE, fix.why, keys)


def values(text: str) -> dict[str, Any]:
    """What front matter says, by another reader than ours."""
    read = yaml.load(text.replace("\r\n", "\n").partition("\n---\n")[0].removeprefix("---\n") + "\n", yaml.BaseLoader)
    assert isinstance(read, dict), text
    return read


def body(text: str) -> list[str]:
    return text.replace("\r\n", "\n").partition("\n---\n")[2].split("\n")


def of_both(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What a merge has to say under each key: what a side changed, else what was there."""
    found = {}
    for key in {*base, *ours, *theirs}:
        side = theirs if theirs.get(key) != base.get(key) else ours
        if key in side:
            found[key] = side[key]
    return found


def test_a_safe_repair_merges_with_the_workers_branch(tmp_path: Path) -> None:
    cases = [pair(seed) for seed in range(PAIRS)]
    repairs = [repaired(case) for case in cases]
    tried = [(case, repair) for case, repair in zip(cases, repairs, strict=True) if repair]
    git = merged_by_git(tmp_path, [(case.base, repair.text, case.theirs) for case, repair in tried])
    safe: Counter[str] = Counter()
    for (case, repair), (merged, clean) in zip(tried, git, strict=True):
        _repair_is_exact(case, repair)
        if repair.safe:
            safe.update((case.layout, case.worker, case.root))
            assert clean, f"{case}\n--- repaired\n{repair.text}"
            ours, theirs = values(case.ours), values(case.theirs)
            taken = {**ours, **{key: theirs[key] for key in repair.keys}}
            assert values(merged) == of_both(values(case.base), taken, theirs), f"{case}\n--- merged\n{merged}"
            assert {*body(case.ours), *body(case.theirs)} - {*body(case.base)} <= {*body(merged)}, case
        else:
            assert not clean, f"{case}\n--- repaired\n{repair.text}\n{repair.why}"
            assert "a merge of branch task/x would conflict in its tasks/x.md: line" in repair.why
    # Each of them is seen, and most that could be promised are.
    assert set(safe) == {*LAYOUTS, *WORKER, *ROOT}


def _repair_is_exact(case: Pair, repair: Repaired) -> None:
    """It changes the keys that it names and nothing else, to what the worker says."""
    before, after, theirs = values(case.ours), values(repair.text), values(case.theirs)
    assert after == {**before, **{key: theirs[key] for key in repair.keys}}, f"{case}\n--- repaired\n{repair.text}"
    assert repair.keys <= {*RECORD, "updated_at"}
    assert body(repair.text) == body(case.ours)


def test_what_is_promised_is_safe() -> None:
    """Where the sides keep apart, and the worker changed nothing that is a person's beside what is taken."""
    promised = [case for case in map(pair, range(PAIRS)) if case.promised]
    for case in promised:
        repair = repaired(case)
        assert repair, case
        assert repair.safe, f"{case}\n--- repaired\n{repair.text}\n{repair.why}"
        taken = set(repair.text.splitlines())
        for line in case.theirs.splitlines():
            if line.strip().startswith(RECORD):
                assert line in taken, f"{case}\n--- repaired\n{repair.text}"
    assert len(promised) > PAIRS / 3
