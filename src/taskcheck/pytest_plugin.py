"""``pytest --taskcheck``: what a check finds, as items of pytest.

``taskcheck/SUBJECT::RULE`` is an item for each rule that has something to say of a task, a manager or the repository:
findings fail it, a rule that crashed or could not look makes it an error or a skip. ``taskcheck/SUBJECT::rest`` stands
for all the rules that looked at the subject and found nothing, so that a healthy task is one item, not one per rule.

The ledgers are read once, by the process that the user started. Workers of xdist get the result from it: two that read
a living fleet at two moments would collect different items, which xdist refuses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from taskcheck.model.finding import Finding
    from taskcheck.model.report import Case, Report, RuleRun
    from taskcheck.store import Store

REST = "rest"
INCOMPLETE = "incomplete"
FOLDER = "taskcheck/"


class Item(NamedTuple):
    """An item before it is one, of plain values that JSON carries to workers."""

    subject: str
    rule: str
    family: str | None
    outcome: str
    """``passed``, ``failed``, ``skipped`` or ``error``."""
    text: str
    path: str
    line: int

    @property
    def name(self) -> str:
        """What follows the folder in the node id."""
        return f"{self.subject}::{self.rule}"


CASES = pytest.StashKey[list[Item]]()
TALLY = pytest.StashKey[str]()
NAMED = pytest.StashKey[list[str]]()
"""Node ids of ours on the command line."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup("taskcheck")
    group.addoption("--taskcheck", action="store_true", help="check the ledgers of an agent fleet too")
    group.addoption("--taskcheck-root", metavar="DIR", help="any folder of the repository (default: the current one)")
    group.addoption("--taskcheck-select", metavar="NAMES", default="", help="ask only these rules or families")
    group.addoption(
        "--taskcheck-fail-on", choices=("error", "warning", "info"), default="error", help="what fails an item"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that all items have."""
    if config.option.taskcheck:
        config.addinivalue_line("markers", "taskcheck: a finding of taskcheck; with taskcheck_FAMILY of its rule")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Read the ledgers, or take what the starting process read."""
    config = session.config
    if not config.option.taskcheck:
        return
    if hasattr(config, "workerinput"):
        config.stash[CASES] = [Item(*values) for values in json.loads(config.workerinput["taskcheck"])]
    else:
        config.stash[CASES], config.stash[TALLY] = _checked(config)
    named = [argument for argument in config.args if _is_ours(argument)]
    config.stash[NAMED] = named
    for name in named:
        _demand(name, config.stash[CASES])
    # xdist's starting process collects nothing and hands its arguments on: there they have to stay.
    if not config.pluginmanager.hasplugin("dsession"):
        config.args[:] = [argument for argument in config.args if argument not in named]


def _is_ours(argument: str) -> bool:
    """Whether an argument of the command line names items of ours, and no file."""
    return f"{argument}/".startswith(FOLDER) and not _exists(argument)


def _demand(name: str, found: list[Item]) -> None:
    """Raise where no item is one of those that are named."""
    if not any(_is(case, name) for case in found):
        raise pytest.UsageError(f"not found: {_visible(name, None)} (taskcheck has nothing to say of it)")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand what was read to a worker of xdist."""
    if node.config.option.taskcheck:
        node.workerinput["taskcheck"] = json.dumps(node.config.stash[CASES])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the items, before pytest's own options choose among all."""
    if not config.option.taskcheck:
        return
    cases, named = config.stash[CASES], config.stash[NAMED]
    for family in sorted({case.family for case in cases if case.family}):
        config.addinivalue_line("markers", f"taskcheck_{family}: rules of taskcheck's family {family}")
    items += [
        LedgerItem.from_parent(session, name=case.name, nodeid=FOLDER + case.name, path=Path(case.path), case=case)
        for case in cases
        if not named or any(_is(case, name) for name in named)
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Close with the line that a check closes with."""
    if TALLY in config.stash:
        terminalreporter.write_line(f"taskcheck: {config.stash[TALLY]}")


class LedgerItem(pytest.Item):
    """What one rule says of one subject."""

    def __init__(self, *, case: Item, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.case = case
        self.add_marker("taskcheck")
        if case.family:
            self.add_marker(f"taskcheck_{case.family}")
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(case.subject))
        if case.outcome == "skipped":
            self.add_marker(pytest.mark.skip(reason=case.text))

    def setup(self) -> None:
        """Fail before the test proper, which pytest calls an error."""
        if self.case.outcome == "error":
            pytest.fail(self.case.text, pytrace=False)

    def runtest(self) -> None:
        """Fail with the finding's text; what doesn't fail is shown where pytest shows output (``-rP``)."""
        if self.case.outcome == "failed":
            pytest.fail(self.case.text, pytrace=False)
        if self.case.text:
            self.add_report_section("call", "taskcheck", self.case.text)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and line that the finding points at, and the heading of its text."""
        return self.path, self.case.line, f"{self.case.subject}: {self.case.rule}"


def _is(case: Item, named: str) -> bool:
    """Whether an item is one of those that are named: by itself, by its subject, or by a folder that they are in."""
    return named == FOLDER + case.name or f"{FOLDER}{case.subject}/".startswith(f"{named.rstrip('/')}/")


def _exists(path: Path | str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # The name is too long.
        return False


def _checked(config: pytest.Config) -> tuple[list[Item], str]:
    """What the store's check says, and its closing line.

    Raises:
        UsageError: there is nothing to check, or it can't be checked as asked.
    """
    from taskcheck.checks import NOTHING, check_store
    from taskcheck.cli import Failure
    from taskcheck.cli.common import guarded, names
    from taskcheck.formats.tally import tally
    from taskcheck.model.finding import Severity
    from taskcheck.model.report import EMPTY
    from taskcheck.store import Request, Where, open_store

    root = config.invocation_params.dir / (config.option.taskcheck_root or "")
    request = Request(select=names(config.option.taskcheck_select))

    def work() -> tuple[Store, Report]:
        store = open_store(Where(root=root))
        return store, check_store(store, request)

    try:
        store, report = guarded(work)
    except Failure as error:
        raise pytest.UsageError(f"--taskcheck: {error}") from error
    if report.exit_code == EMPTY:
        raise pytest.UsageError(f"--taskcheck: {NOTHING} in {store.location.root}")
    fail_on = Severity[config.option.taskcheck_fail_on.upper()]
    return cases(report, store.location.top or store.location.root, fail_on), "".join(tally(report, verbose=True))


def cases(report: Report, top: Path, fail_on: int) -> list[Item]:
    """Return the items of a report, those of one subject together; `top` is the top of the repository."""
    from taskcheck.model.finding import REPOSITORY

    found: dict[tuple[str, str], Item] = {}
    for item in _failed(report, top, fail_on):
        found[item.subject, item.rule] = item
    for run in report.runs:
        for subject, outcome, text in _unfound(run):
            before = found.get((_escaped(subject), run.rule))
            if before is not None and outcome != "error":
                continue
            both = f"{text}\n{before.text}" if before else text
            item = Item(_escaped(subject), run.rule, run.family, outcome, both, str(top), 0)
            found[item.subject, item.rule] = item
    for subject in {subject for run in report.runs for subject in _silent(run)}:
        found[_escaped(subject), REST] = Item(_escaped(subject), REST, None, "passed", "", str(top), 0)
    others = _other_errors(report)
    if others:
        text = "\n".join(("the check is incomplete: what failed was not checked", *others))
        found[REPOSITORY, INCOMPLETE] = Item(REPOSITORY, INCOMPLETE, None, "error", text, str(top), 0)
    return sorted(
        found.values(), key=lambda item: (item.subject != REPOSITORY, item.subject, item.rule == REST, item.rule)
    )


def _failed(report: Report, top: Path, fail_on: int) -> Iterator[Item]:
    """Yield an item for each rule that found something about a subject."""
    told: dict[tuple[str, str], list[Finding]] = {}
    for incident in report.incidents:
        for finding in incident.findings:
            told.setdefault((_escaped(incident.subject), finding.rule), []).append(finding)
    for (subject, rule), findings in told.items():
        yield _of_findings(subject, rule, findings, report, top, fail_on)


def _other_errors(report: Report) -> list[str]:
    """Return what failed beside rules."""
    of_rules = {error for run in report.runs for error in run.errors}
    others = (error for error in report.errors if error not in of_rules)
    return [f"{_visible(error.where)}: {_visible(error.message)}" for error in others]


def _of_findings(subject: str, rule: str, findings: list[Finding], report: Report, top: Path, fail_on: int) -> Item:
    from taskcheck.formats.text import finding_text
    from taskcheck.formats.wording import repository_path

    worst = max(findings, key=lambda finding: finding.level)
    path = top / (repository_path(report, worst.place) or worst.place.path)
    line = (worst.place.line or 1) - 1
    if not _exists(path) or _visible(str(path), None) != str(path):
        path, line = top, 0  # pytest sorts by the files' times, and prints their names as they are
    outcome = "failed" if worst.level >= fail_on else "passed"
    text = "\n".join(finding_text(finding) for finding in findings)
    return Item(subject, rule, worst.family, outcome, text, str(path), line)


def _unfound(run: RuleRun) -> Iterator[tuple[str, str, str]]:
    """What a rule has to say beside findings: subject, outcome and text; errors last, for they count most."""
    from taskcheck.model.finding import REPOSITORY

    if run.skipped is not None:
        yield REPOSITORY, "skipped", _visible(run.skipped)
    for case in run.undecided:
        yield case.subject.group, "skipped", _visible(case.undecided or "")
    for finding, why in run.accepted:
        if why.by != "baseline":
            yield finding.subject, "skipped", _visible(f"suppressed: {why.reason}")
    for case in run.cases:
        if case.error is not None:
            yield case.subject.group, "error", f"{_visible(case.error.where)}: {_visible(case.error.message)}"


def _silent(run: RuleRun) -> set[str]:
    """Return the subjects that a rule looked at and has nothing to say of."""
    spoken = {case.subject.group for case in run.cases if _speaks(case)}
    return {case.subject.group for case in run.cases if case.skipped is None} - spoken


def _speaks(case: Case) -> bool:
    accepts = any(why.by != "baseline" for _, why in case.accepted)
    return bool(case.counted) or accepts or case.undecided is not None or case.error is not None


def _escaped(subject: str) -> str:
    """A subject as part of a node id, whose own separator it must not hold."""
    return _visible(subject, None).replace("::", r":\:")


def _visible(text: str, limit: int | None = 300) -> str:
    from taskcheck.formats.sanitize import visible

    return visible(text, limit)
