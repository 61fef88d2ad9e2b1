"""Every fix of every fixture, made for real: what it leaves is in after/, and the laws hold that hold for all fixes."""

import hashlib
import os
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from taskcheck import plugins, repair
from taskcheck.checking import Request, check_request, chosen, open_store, reported
from taskcheck.documents import Document, read_front_matter, read_json
from taskcheck.finding import Finding, Report, Safety
from taskcheck.fix.plan import Judged, plan
from taskcheck.judging import judge
from taskcheck.sources import Sources
from taskcheck.testing import Built, build
from tests.conftest import FIXTURES, request_for
from tests.test_rules import CASES, case_id

RULES = plugins.load(third_party=False).rules()
OURS = {".git", ".taskcheck"}
REMOVED = "removed.txt"
FOLDERS = {Safety.SAFE: "after", Safety.UNSAFE: "after-unsafe"}


def tree(root: Path) -> dict[str, tuple[str, int, int]]:
    """Digest, mode and time of every file of a checkout and its worktrees."""
    return {
        path.relative_to(root).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and not OURS & set(path.relative_to(root).parts)
    }


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not {*OURS, ".worktrees"} & set(path.relative_to(root).parts)
    }


def fixable(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.fix]


def repaired(request: Request, safety: Safety) -> Report:
    report, _ = repair.fix(open_store(request), request, repair.Order(safety=safety))
    return report


def expected(case: Path, safety: Safety) -> dict[str, bytes | None]:
    """What a fixture says that the fixes leave: changed and new files, and None for removed ones."""
    folder = case / FOLDERS[safety]
    if not folder.is_dir():
        return {}
    found: dict[str, bytes | None] = {path: data for path, data in files(folder).items() if path != REMOVED}
    removed = folder / REMOVED
    return {**found, **dict.fromkeys(removed.read_text().splitlines() if removed.exists() else ())}


def write_expected(case: Path, safety: Safety, changed: dict[str, bytes | None]) -> None:
    folder = case / FOLDERS[safety]
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in changed.items():
        if data is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    removed = sorted(path for path, data in changed.items() if data is None)
    if removed:
        folder.mkdir(exist_ok=True)
        (folder / REMOVED).write_text("".join(f"{path}\n" for path in removed))


def changes(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes | None]:
    return {path: after.get(path) for path in sorted({*before, *after}) if before.get(path) != after.get(path)}


@cache
def bad_cases() -> list[Path]:
    return [case for case in CASES if case.name.startswith("bad-")]


@pytest.mark.parametrize("case", bad_cases(), ids=case_id)
def test_fixes(case: Path, tmp_path: Path) -> None:
    """The safe fixes leave what after/ holds, all of them what after-unsafe/ does; TASKCHECK_UPDATE=1 rewrites both.

    A second run changes nothing, no finding with a fix is left that wasn't told of, and undo gives back every byte,
    mode and time.
    """
    built = build(case, tmp_path / "repo")
    request = request_for(built)
    found = fixable(check_request(request))
    for safety in (Safety.SAFE, Safety.UNSAFE):
        wanted = [finding for finding in found if finding.fix and finding.fix.safety >= safety]
        start, before = tree(built.root), files(built.root)
        report = repaired(request, safety)
        assert report.complete, report.errors
        told = changes(before, files(built.root))
        if os.environ.get("TASKCHECK_UPDATE"):
            write_expected(case, safety, told if safety is Safety.SAFE or told != expected(case, Safety.SAFE) else {})
        assert told == (expected(case, safety) or (expected(case, Safety.SAFE) if safety is Safety.UNSAFE else {}))
        assert bool(told) == any(note.applied for note in report.fixes) == (report.undo is not None)
        if not wanted:
            assert not told
            continue
        assert_only_named_keys_changed(before, files(built.root), report)
        held = {(note.rule, note.task) for note in report.fixes if note.reason}
        left = [f for f in fixable(report) if f.fix and f.fix.safety >= safety and (f.rule, f.task) not in held]
        assert left == []
        once = tree(built.root)
        assert repaired(request, safety).undo is None
        assert tree(built.root) == once, "a second run writes nothing"
        if report.undo:
            repair.take_back(open_store(request))
        assert tree(built.root) == start, "undo gives back every byte, mode and time"


def assert_only_named_keys_changed(before: dict[str, bytes], after: dict[str, bytes], report: Report) -> None:
    """In task files only values, none but of scalars; in ledgers no entry that isn't one from before."""
    for path, data in after.items():
        if before.get(path) in {None, data}:
            continue
        if path.endswith(".md"):
            old, new = front(before[path]), front(data)
            assert new.body == old.body
            assert list(new.values)[: len(old.values)] == list(old.values)
            differing = {key for key in new.values if new.values[key] != old.values.get(key)}
            assert all(isinstance(new.values[key], str | tuple) for key in differing)
            outside = [line for line in old.text.splitlines() if line.split(":")[0] not in differing]
            assert [line for line in outside if line not in new.text.splitlines() and not line.startswith(" ")] == []
        else:
            read_json(data)


def front(data: bytes) -> Document:
    document = read_front_matter(data, at_names=True)
    assert document is not None
    return document


@pytest.mark.parametrize("case", bad_cases(), ids=case_id)
def test_the_plan_does_not_depend_on_the_order_of_findings(case: Path, tmp_path: Path) -> None:
    built = build(case, tmp_path / "repo")
    plans = [planned(built, reverse=reverse) for reverse in (False, True)]
    assert plans[0] == plans[1]


def planned(built: Built, *, reverse: bool) -> dict[str, bytes | None]:
    """What a plan of all fixes would write, its findings taken from the front or from the back."""
    request = request_for(built)
    store = open_store(request)
    sources, _, state = store.read(request)

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
