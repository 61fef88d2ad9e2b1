"""Runs a rule on a fixture, and holds it to what holds for every rule and every fix."""

import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from taskcheck.checks import check_store
from taskcheck.documents import read_json
from taskcheck.documents.frontgraft import changed_with
from taskcheck.documents.shape import FrontMatter
from taskcheck.engine.rule import Rule
from taskcheck.fix import repair
from taskcheck.formats import concise, json_report
from taskcheck.model.edit import SetKey
from taskcheck.model.finding import Finding, Safety
from taskcheck.model.hosts import Processes
from taskcheck.model.report import Report
from taskcheck.store import Request, Store, Where, open_store
from taskcheck.testing.expected import AFTER, expected_files, files, tree, write_expected
from taskcheck.testing.fixture import Built, build

UPDATE = "TASKCHECK_UPDATE"
"""The environment variable that has expect.txt and the after folders written anew."""


_LENIENT = FrontMatter(at_names=True)


def run_rule(rule: str | Rule, built: Built) -> tuple[Finding, ...]:
    """Return the findings of a rule in a built fixture, as in a check that selects only this rule.

    Args:
        rule: the rule, or the name of one that is built in or comes from an installed plugin.
        built: what `build` gave.

    Raises:
        AssertionError: the check is incomplete: the rule raised something, or a ledger couldn't be read.
        TypeError: it is a function without `@rule`.
        UsageError: no rule has this name.
    """
    return _complete(check_store(*opened(rule, built))).findings


def assert_laws(rule: str | Rule, folder: Path, *, alone: bool = True, third_party: bool = True) -> None:
    """Test a rule with all fixtures `good-*` and `bad-*` of a folder, which must have at least one of each.

    A `bad-` one gives findings of the rule, a `good-` one none. Each gives those of its expect.txt, as
    `--format concise` prints them; two checks of the same state give the same bytes; a finding has a message, what was
    expected, and evidence in files that are there. Its fixes leave what after/ (with unsafe ones after-unsafe/) holds
    and change nothing else; a second run changes nothing; undo gives back every byte, mode and time. With
    TASKCHECK_UPDATE=1 in the environment expect.txt, after/ and after-unsafe/ are written from what is found: read
    the difference before you commit it.

    Args:
        rule: the rule, or the name of one that is built in or comes from an installed plugin.
        folder: where its fixtures are.
        alone: ask no other rule; else all that each fixture's configuration selects.
        third_party: load installed plugins too.

    Raises:
        AssertionError: a law doesn't hold; the message begins with the fixture.
        FixtureError: a fixture can't be built.
    """
    kinds = ("good-", "bad-")  # One without a repo.toml can't be built, and says so.
    cases = []
    for path in sorted(folder.iterdir()):
        is_fixture = (path / "repo.toml").is_file()
        is_called_one = path.is_dir() and path.name.startswith(kinds)
        if is_fixture or is_called_one:
            cases.append(path)
    for kind in kinds:
        _hold(any(case.name.startswith(kind) for case in cases), folder, f"there is no fixture {kind}*")
    for case in cases:
        with tempfile.TemporaryDirectory() as place:
            assert_case(rule, case, Path(place, "repo"), alone=alone, third_party=third_party)


def assert_case(
    rule: str | Rule, case: Path, into: Path, *, alone: bool = True, third_party: bool = True, twice: bool = True
) -> None:
    """Try a rule on one fixture, built in a new folder; see `assert_laws`; once where that will do, else twice."""
    bad = case.name.startswith("bad-")
    _hold(bad or case.name.startswith("good-"), case, "its name begins with neither good- nor bad-")
    built = build(case, into)
    store, request = opened(rule, built, alone=alone, third_party=third_party)
    name = rule if isinstance(rule, str) else rule.name
    report = _complete(check_store(store, request), str(case))
    _expected_findings(case, report)
    found = any(finding.rule == name for finding in report.findings)
    _hold(found == bad, case, f"{name} finds {'something' if found else 'nothing'}")
    runs = {run.rule: run for run in report.runs}
    looked_at = runs[name].cases
    _hold(bool(looked_at), case, f"{name} looked at nothing, and says nothing of it")
    _expected_skips(case, name, report)
    for finding in report.findings:
        _finding_laws(case, finding, built)
    if twice:
        again = check_store(store, request)
        expected = json_report.render(report)
        found_again = json_report.render(again)
        _same(expected, found_again, case / "the same state twice")
    if bad:
        for safety in AFTER:
            _fix_laws(case, store, request, report, safety)


def opened(rule: str | Rule, built: Built, *, alone: bool = True, third_party: bool = True) -> tuple[Store, Request]:
    """Return a built fixture's store, with the rule among its own, and the request that checks it at its moment."""
    if not isinstance(rule, str | Rule):
        raise TypeError(f"{getattr(rule, '__name__', rule)!r} is no rule: put @rule(...) above it")
    processes = None
    if built.processes is not None:
        processes = Processes(host=built.host or "this-host", started=dict(built.processes))
    select = (rule if isinstance(rule, str) else rule.name,) if alone else ()
    request = Request(
        now=built.now,
        processes=processes,
        pull_requests=built.pull_requests,
        select=select,
    )
    rules = (rule,) if isinstance(rule, Rule) else ()
    store = open_store(Where(root=built.root, third_party=third_party, rules=rules))
    return store, request


def findings_text(report: Report) -> str:
    """Return the findings as an expect.txt has them."""
    lines = concise.render(report).splitlines()[:-1]
    return "".join(f"{line}\n" for line in lines if not line.startswith("unseen  "))


def _expected_findings(case: Path, report: Report) -> None:
    """See that a fixture gives the findings of its expect.txt."""
    expect, text = case / "expect.txt", findings_text(report)
    if os.environ.get(UPDATE):
        if text:
            expect.write_text(text, encoding="utf-8")
        else:
            expect.unlink(missing_ok=True)
    _same(expect.read_text(encoding="utf-8") if expect.exists() else "", text, expect)


def _expected_skips(case: Path, name: str, report: Report) -> None:
    """See that a rule is skipped for the reasons in a fixture's skipped.txt, where it has one."""
    skipped = case / "skipped.txt"
    if skipped.exists():
        reasons = "".join(f"{reason}\n" for rule, reason in report.skipped if rule == name)
        _same(skipped.read_text(encoding="utf-8"), reasons, skipped)


def _finding_laws(case: Path, finding: Finding, built: Built) -> None:
    """See what holds for every finding of every rule."""
    _hold(bool(finding.evidence), case, f"a finding shows who says so, and this has no evidence: {finding.message}")
    _hold(bool(finding.message and finding.expected), case, f"a finding lacks message or expected: {finding}")
    if finding.fix and finding.fix.safety is Safety.UNSAFE:
        _hold(bool(finding.fix.why), case, f"an unsafe fix says why: {finding.fix.title}")
    is_everywhere = all(str(built.root) not in value for value in finding.identity)
    _hold(is_everywhere, case, f"an identity names the folder of the checkout: {finding.identity}")
    places = [(finding.place, ""), *((item.place, item.saw) for item in finding.evidence)]
    for place, saw in places:
        there = place.checkout != "root" or (built.root / place.path).exists() or "no " in saw
        _hold(there, case, f"{place} is nowhere")


def _fix_laws(case: Path, store: Store, request: Request, found: Report, safety: Safety) -> None:
    """See what holds for the fixes of every rule that are at least so safe."""
    root = store.location.root
    start, before = tree(root), files(root)
    report = _complete(_repaired(store, request, safety), str(case))
    after = files(root)
    written = {path: after.get(path) for path in sorted({*before, *after}) if before.get(path) != after.get(path)}
    _expected_writes(case, safety, written)
    _hold(bool(written) == any(note.applied for note in report.fixes), case, "what was fixed isn't what was written")
    _hold(bool(written) == (report.undo is not None), case, "what was written can't be undone")
    for path in written:
        if path in before and path in after:
            _only_values_changed(case, path, before[path], after[path], _free_to_move(found, path))
    _nothing_left(case, safety, found, report)
    if report.undo:
        once = tree(root)
        _hold(_repaired(store, request, safety).undo is None, case, "a second run fixes again")
        _hold(tree(root) == once, case, "a second run writes something")
        repair.take_back(store)
    _hold(tree(root) == start, case, "undo doesn't give back every byte, mode and time")


def _expected_writes(case: Path, safety: Safety, written: Mapping[str, bytes | None]) -> None:
    """See that the fixes leave what a fixture says, by after-unsafe/ where unsafe ones do more than safe ones."""
    if os.environ.get(UPDATE):
        adds_to_safe = safety is Safety.SAFE or written != expected_files(case, Safety.SAFE)
        write_expected(case, safety, written if adds_to_safe else {})
    expected = expected_files(case, safety)
    if safety is Safety.UNSAFE and not expected:
        expected = expected_files(case, Safety.SAFE)
    for path in sorted({*written, *expected}):
        what = "written" if path in written else "left alone"
        _hold((path in written) == (path in expected), case, f"{AFTER[safety]}: {path} is {what} by the fixes")
        _same(_decoded(expected[path]), _decoded(written[path]), case / AFTER[safety] / path)


def _nothing_left(case: Path, safety: Safety, found: Report, report: Report) -> None:
    """See that no finding is left that fixes were to mend, but for those whose fix was left out with a reason."""
    if not any(_fixable(finding, safety) for finding in found.findings):
        return
    left_out = {(note.rule, note.task) for note in report.fixes if note.reason}
    left = []
    for finding in report.findings:
        if _fixable(finding, safety) and (finding.rule, finding.task) not in left_out:
            left.append(finding)
    _hold(not left, case, f"{safety.label} fixes left what they should repair: {left}")


def _fixable(finding: Finding, safety: Safety) -> bool:
    """Return whether a finding has a fix that is at least so safe."""
    return finding.fix is not None and finding.fix.safety >= safety


def _free_to_move(found: Report, path: str) -> set[str]:
    """Return the keys of a task file that fixes take over from a copy, and may put where that has them."""
    free: set[str] = set()
    for finding in found.findings:
        for edit in finding.fix.edits if finding.fix else ():
            if isinstance(edit, SetKey) and edit.origin and edit.place.path == path:
                free |= changed_with(frozenset({edit.place.route[0]}), edit.origin, shape=_LENIENT)
    return free


def _only_values_changed(case: Path, path: str, before: bytes, after: bytes, free: set[str]) -> None:
    """See that in a task file only values changed, none but of scalars, and only keys moved that may.

    Of a ledger see that it still is one.
    """
    if not path.endswith(".md"):
        read_json(after)
        return
    old, new = _LENIENT.read(before), _LENIENT.read(after)
    if old is None or new is None:
        raise AssertionError(f"{case}: {path} has lost its front matter")
    _hold(new.body == old.body, case, f"{path}: the body changed")
    in_order = _without(old.values, free)
    _hold(_without(new.values, free)[: len(in_order)] == in_order, case, f"{path}: keys moved")
    differing = {key for key in new.values if new.values[key] != old.values.get(key)}
    scalars = all(isinstance(new.values[key], str | tuple) for key in differing)
    _hold(scalars, case, f"{path}: a value that is no scalar changed")
    gone = _lost_lines(old.text, new.text, differing | free)
    _hold(not gone, case, f"{path}: lines of other keys changed: {gone}")


def _lost_lines(old: str, new: str, changed: set[str]) -> list[str]:
    """Return the lines of a front matter that a new one lacks, though no change is of their keys."""
    kept = new.splitlines()
    lost = []
    for line in old.splitlines():
        is_of_changed_key = line.split(":")[0] in changed
        is_continued = line.startswith(" ")
        if not is_of_changed_key and not is_continued and line not in kept:
            lost.append(line)
    return lost


def _without(keys: Iterable[str], left_out: set[str]) -> list[str]:
    """Return some keys but others, in their order."""
    return [key for key in keys if key not in left_out]


def _repaired(store: Store, request: Request, safety: Safety) -> Report:
    """Repair a store as far as fixes are so safe; return the report of what is left."""
    report, _ = repair.fix(store, request, repair.Order(safety=safety))
    return report


def _complete(report: Report, where: str = "the check") -> Report:
    """Return a report that is complete.

    Raises:
        AssertionError: it isn't.
    """
    if report.complete:
        return report
    raise AssertionError(f"{where}: " + "; ".join(f"{error.where}: {error.message}" for error in report.errors))


def _hold(holds: bool, case: Path, message: str) -> None:
    """See that a law holds.

    Raises:
        AssertionError: it doesn't.
    """
    if not holds:
        raise AssertionError(f"{case}: {message}")


def _same(expected: str, found: str, where: Path) -> None:
    """See that a text is as expected.

    Raises:
        AssertionError: it isn't; the message has the difference.
    """
    if expected != found:
        lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", lineterm="")
        raise AssertionError(f"{where}:\n" + "\n".join(lines))


def _decoded(data: bytes | None) -> str:
    """Return a file as text for a difference."""
    return "removed" if data is None else data.decode("utf-8", "backslashreplace")
