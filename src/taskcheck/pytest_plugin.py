"""``pytest --taskcheck``: what a check finds, as items of pytest.

``taskcheck/SUBJECT::RULE[WHAT]`` is an item for each finding about a task, a manager or the repository: it fails where
it makes a check fail, and passes else; one that somebody accepts is skipped. ``taskcheck/SUBJECT::rest`` stands for all
else about the subject, so that a healthy task is one item, not one per rule; it is skipped where a rule couldn't look.

The ledgers are read once, by the process that the user started. Workers of xdist get the result from it: two that read
a living fleet at two moments would collect different items, which xdist refuses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from taskcheck.formats.outcomes import Outcome
    from taskcheck.model.report import Report
    from taskcheck.model.task import Place
    from taskcheck.store import Store

FOLDER = "taskcheck/"
MENDED = "nothing wrong any more"


class Item(NamedTuple):
    """An item before it is one, of plain values that JSON carries to workers."""

    subject: str
    title: str
    """The rule, with what tells a finding from others of it in brackets; ``rest`` for all else."""
    rule: str
    family: str | None
    outcome: str
    """``passed``, ``failed``, ``skipped`` or ``error``."""
    text: str
    path: str
    line: int
    files: tuple[str, ...] = ()
    """The files that it is about: the task's own in root, and that of the finding."""

    @property
    def name(self) -> str:
        """What follows the folder in the node id."""
        return f"{self.subject}::{self.title}"


CASES = pytest.StashKey[list[Item]]()
TALLY = pytest.StashKey[str]()
NAMED = pytest.StashKey[list[str]]()
"""What the command line names of ours: node ids, and files."""


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
        found = [_received(values) for values in json.loads(config.workerinput["taskcheck"])]
    else:
        found, config.stash[TALLY] = _checked(config)
    config.stash[CASES] = found
    for family in sorted(filter(None, {each.family for each in found})):
        config.addinivalue_line("markers", f"taskcheck_{family}: rules of taskcheck's family {family}")
    named = _named(config)
    config.stash[NAMED] = named
    for name in named:
        found += _mended(name, found)
    # xdist's starting process collects nothing and hands its arguments on: there they have to stay.
    if not config.pluginmanager.hasplugin("dsession"):
        config.args[:] = [argument for argument in config.args if argument not in named]


def _is_ours(argument: str) -> bool:
    """Whether an argument of the command line names items of ours, and no file."""
    return f"{argument}/".startswith(FOLDER) and not _exists(argument)


def _received(values: list[Any]) -> Item:
    """An item as it was before JSON carried it."""
    case = Item(*values)
    return case._replace(files=tuple(case.files))


def _named(config: pytest.Config) -> list[str]:
    """What the command line names of ours: node ids and their folders, and files that an item is about."""
    files = {file for case in config.stash[CASES] for file in case.files}
    named = []
    for argument in config.args:
        path = config.invocation_params.dir / argument
        is_file = _exists(path) and not path.is_dir() and _real(path) in files
        if _is_ours(argument) or is_file:
            named.append(argument)
    return named


def _real(path: Path | str) -> str:
    """A path as it is without links; as it is written where these lead in a circle."""
    try:
        return str(Path(path).resolve())
    except (OSError, RuntimeError):
        return str(path)


def _mended(name: str, found: list[Item]) -> list[Item]:
    """Return the item of a node id that nothing is found for any more; none where there is one already.

    Raises:
        UsageError: nothing is known that it could have been about.
    """
    if not _is_ours(name) or any(_is(case, name) for case in found):
        return []
    subject, _, rest = name.removeprefix(FOLDER).partition("::")
    known = next((case for case in found if case.subject == subject), None)
    rule = _rule_of(rest)
    if known is None or rule not in _rules():
        raise pytest.UsageError(f"not found: {_visible(name, None)} (taskcheck has nothing to say of it)")
    return [known._replace(title=rest, rule=rule, family=None, outcome="passed", text=MENDED)]


def _rule_of(title: str) -> str:
    """The rule in an item's title: `invalid-field` of `invalid-field[status]#2`."""
    return title.partition("[")[0].partition("#")[0]


def _rules() -> frozenset[str]:
    """The rules that there are, by name."""
    from taskcheck.plugins import manager as plugins

    return frozenset(plugins.load().rules())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand what was read to a worker of xdist."""
    if node.config.option.taskcheck:
        node.workerinput["taskcheck"] = json.dumps(node.config.stash[CASES])


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, Any]:
    """Have the session collect the ledgers too, so that their items are counted, shown and chosen as all others."""
    report = yield
    if isinstance(collector, pytest.Session) and collector.config.option.taskcheck and report.passed:
        report.result = [*report.result, Ledgers.from_parent(collector, name="taskcheck", nodeid="taskcheck")]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Close with the line that a check closes with."""
    if TALLY in config.stash:
        terminalreporter.write_line(f"taskcheck: {config.stash[TALLY]}")


class Ledgers(pytest.Collector):
    """All that a check says, as items."""

    def collect(self) -> Iterator[LedgerItem]:
        """Yield the items that the command line names; all where it names none of ours."""
        named = self.config.stash[NAMED]
        files = {_real(self.config.invocation_params.dir / name) for name in named if not _is_ours(name)}
        for case in self.config.stash[CASES]:
            is_named = any(_is(case, name) for name in named) or bool(files & set(case.files))
            if is_named or not named:
                path = Path(case.path)
                nodeid = FOLDER + case.name
                yield LedgerItem.from_parent(self, name=case.name, nodeid=nodeid, path=path, case=case)


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
        return self.path, self.case.line, f"{self.case.subject}: {self.case.title}"


def _is(case: Item, named: str) -> bool:
    """Whether an item is one of those that are named: by itself, its rule, its subject, or a folder they are in."""
    by_rule = f"{FOLDER}{case.subject}::{case.rule}"
    of_folder = f"{FOLDER}{case.subject}/".startswith(f"{named.rstrip('/')}/")
    return named in {FOLDER + case.name, by_rule} or of_folder


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
    from taskcheck.checks import NOTHING, Look, check_settled
    from taskcheck.cli import Failure
    from taskcheck.cli.common import guarded, names
    from taskcheck.formats.tally import tally
    from taskcheck.model.finding import Severity
    from taskcheck.model.report import EMPTY
    from taskcheck.model.verdict import Verdict
    from taskcheck.store import Request, Where, open_store

    root = config.invocation_params.dir / (config.option.taskcheck_root or "")
    verdict = Verdict(fail_on=Severity[config.option.taskcheck_fail_on.upper()])
    request = Request(select=names(config.option.taskcheck_select), verdict=verdict)

    def work() -> tuple[Store, Look]:
        store = open_store(Where(root=root))
        return store, check_settled(store, request)

    try:
        store, look = guarded(work)
    except Failure as error:
        raise pytest.UsageError(f"--taskcheck: {error}") from error
    report = look.report
    if report.exit_code == EMPTY:
        raise pytest.UsageError(f"--taskcheck: {NOTHING} in {store.location.root}")
    files = {task.id: str(store.location.root / task.place.path) for task in look.state.tasks}
    top = store.location.top or store.location.root
    return items(report, top, files), "".join(tally(report, verbose=True))


def items(report: Report, top: Path, files: Mapping[str, str]) -> list[Item]:
    """Return the items of a report, those of one subject together.

    Args:
        report: what a check says.
        top: the top of the repository.
        files: root's task files by id.
    """
    from taskcheck.formats.outcomes import outcomes

    return [_item(outcome, report, top, files) for outcome in outcomes(report)]


def _item(outcome: Outcome, report: Report, top: Path, files: Mapping[str, str]) -> Item:
    path, line = top, 0
    about = [_real(files[outcome.subject])] if outcome.subject in files else []
    if outcome.place is not None:
        path, line = _place(outcome.place, report, top)
        about.append(_real(path))
    text = "\n".join(filter(None, (_visible(outcome.message, None), outcome.text)))
    if outcome.result in {"failed", "passed"}:
        text = outcome.text
    name = _escaped(outcome.name)
    return Item(
        subject=_escaped(outcome.subject),
        title=name,
        rule=_rule_of(name),
        family=outcome.family,
        outcome=outcome.result,
        text=text,
        path=str(path),
        line=line,
        files=tuple(about),
    )


def _place(place: Place, report: Report, top: Path) -> tuple[Path, int]:
    """Return the file and line of a finding; the top of the repository where pytest can't print the file."""
    from taskcheck.formats.wording import repository_path

    path = top / (repository_path(report, place) or place.path)
    if not _exists(path) or _visible(str(path), None) != str(path):
        return top, 0  # pytest sorts by the files' times, and prints their names as they are
    return path, (place.line or 1) - 1


def _escaped(subject: str) -> str:
    """A subject as part of a node id, whose own separator it must not hold."""
    return _visible(subject, None).replace("::", r":\:")


def _visible(text: str, limit: int | None = 300) -> str:
    from taskcheck.formats.sanitize import visible

    return visible(text, limit)
