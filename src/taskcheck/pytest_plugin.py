"""``pytest --taskcheck``: what a check finds, as items of pytest.

``taskcheck/SUBJECT::RULE[WHAT]`` is an item for each finding about a task, a manager or the repository: it fails where
it makes a check fail, and passes else; one that somebody accepts is skipped. ``taskcheck/SUBJECT::rest`` stands for all
else about the subject, so that a healthy task is one item, not one per rule; it is skipped where a rule couldn't look.

The ledgers are read once, by the process that the user started. Workers of xdist get the result from it: two that read
a living fleet at two moments would collect different items, which xdist refuses.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from taskcheck.cli.items import Item
    from taskcheck.engine.rule import Rule


FOLDER = "taskcheck/"
MENDED = "nothing wrong any more"


CASES = pytest.StashKey["list[Item]"]()
TALLY = pytest.StashKey[str]()
NAMED = pytest.StashKey[list[str]]()
"""What the command line names of ours: node ids, and files."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup("taskcheck")
    group.addoption("--taskcheck", action="store_true", help="also check the ledgers of an agent fleet")
    group.addoption(
        "--taskcheck-root",
        metavar="DIR",
        action="append",
        help="any folder of the repository (default: the current one); repeat it to check several stores",
    )
    group.addoption("--taskcheck-select", metavar="NAMES", default="", help="run only these rules or families")
    group.addoption(
        "--taskcheck-fail-on",
        choices=("error", "warning", "info"),
        default="error",
        help="lowest severity that fails an item",
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
    from taskcheck.cli.items import item_of

    if hasattr(config, "workerinput"):
        found = [item_of(values) for values in json.loads(config.workerinput["taskcheck"])]
    else:
        checked, config.stash[TALLY] = _checked(config)
        found = list(checked)
    config.stash[CASES] = found
    for family in sorted(filter(None, {each.family for each in found})):
        config.addinivalue_line("markers", f"taskcheck_{family}: rules of taskcheck's family {family}")
    arguments = _named(config)
    config.stash[NAMED] = [_today(argument) for argument in arguments]
    for name in config.stash[NAMED]:
        found += _mended(name, found)
    # xdist's starting process collects nothing and hands its arguments on: there they have to stay.
    if not config.pluginmanager.hasplugin("dsession"):
        config.args[:] = [argument for argument in config.args if argument not in arguments]


def _is_ours(argument: str) -> bool:
    """Whether an argument of the command line names items of ours, and no file."""
    from taskcheck.cli.items import exists

    return f"{argument}/".startswith(FOLDER) and not exists(argument)


def _named(config: pytest.Config) -> list[str]:
    """What the command line names of ours: node ids and their folders, and files that an item is about."""
    from taskcheck.cli.items import exists, real

    files = {file for case in config.stash[CASES] for file in case.files}
    named = []
    for argument in config.args:
        path = config.invocation_params.dir / argument
        is_file = exists(path) and not path.is_dir() and real(path) in files
        if _is_ours(argument) or is_file:
            named.append(argument)
    return named


def _today(name: str) -> str:
    """Return a node id with the name that its rule has today."""
    if not _is_ours(name) or "::" not in name:
        return name
    from taskcheck.cli.items import rule_of
    from taskcheck.engine.select import formers

    subject, _, rest = name.rpartition("::")
    former = rule_of(rest)
    return f"{subject}::{formers(_rules()).get(former, former)}{rest.removeprefix(former)}"


def _mended(name: str, found: list[Item]) -> list[Item]:
    """Return the item of a node id that nothing is found for any more; none where there is one already.

    Raises:
        UsageError: nothing is known that it could have been about.
    """
    from taskcheck.cli.items import rule_of, visible

    if not _is_ours(name) or any(_is(case, name) for case in found):
        return []
    subject, _, rest = name.removeprefix(FOLDER).partition("::")
    known = next((case for case in found if case.subject == subject), None)
    rule = rule_of(rest)
    if known is None or rule not in _rules():
        raise pytest.UsageError(f"not found: {visible(name, None)} (taskcheck knows no such item)")
    return [known._replace(title=rest, rule=rule, family=None, outcome="passed", text=MENDED)]


@cache
def _rules() -> Mapping[str, Rule]:
    """The rules that there are, by name."""
    from taskcheck.plugins import manager as plugins

    return plugins.load().rules()


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
        from taskcheck.cli.items import real

        named = self.config.stash[NAMED]
        files = {real(self.config.invocation_params.dir / name) for name in named if not _is_ours(name)}
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


def _checked(config: pytest.Config) -> tuple[Sequence[Item], str]:
    """What the checks of the stores say, and their closing line.

    Raises:
        UsageError: it is one store, and there is nothing to check, or it can't be checked as asked.
    """
    from taskcheck.cli.items import Asked, checked, checked_many

    options = config.option
    folder = config.invocation_params.dir
    roots = [folder / root for root in options.taskcheck_root or [""]]
    asked = [Asked(str(root), options.taskcheck_select, options.taskcheck_fail_on) for root in roots]
    found = checked_many(asked) if len(asked) > 1 else checked(asked[0])
    if found.trouble:
        raise pytest.UsageError(f"--taskcheck: {found.trouble}")
    return found.items, found.tally
