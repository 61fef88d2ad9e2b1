"""Plugins as installed distributions: what one does wrong costs only itself; what one brings is everywhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import install_plugin, taskcheck

RULE = """
from taskcheck import Evidence, Finding, Place, Severity, hookimpl, rule

@hookimpl
def taskcheck_rules():
    return [aaa_rule]

def finding(n=0):
    return Finding(message='m', expected='e', place=Place(path='x'), task='a', identity=(str(n),))

@rule(family='ours', severity=Severity.ERROR)
def aaa_rule({parameters}):
    'Goes first, by its name.'
    {body}
"""
TASK = "---\ntitle: T\nowner: nobody\nstatus: ready\n---\n"


def rule(body: str, parameters: str = "task") -> str:
    return RULE.format(body=body, parameters=parameters)


def given(field: str) -> str:
    """A good finding, then one with a field that isn't what it should be."""
    return f"from dataclasses import replace; yield finding(); yield replace(finding(1), {field})"


@pytest.mark.parametrize(
    ("module", "where", "said"),
    [
        ("import nothing_of_this_name\n", "plugin ours", "ModuleNotFoundError"),
        ("def f(:\n", "plugin ours", "SyntaxError"),
        ("raise SystemExit(0)\n", "plugin ours", "SystemExit: 0"),
        ("taskcheck_api = 2\n", "plugin ours", "is written for version 2 of the hooks (taskcheck_api)"),
        (rule("raise ValueError('no')"), "rule aaa-rule on a", "ValueError: no (aaa_rule, line 14)"),
        (rule("yield finding(); raise ValueError('no')"), "rule aaa-rule on a", "ValueError: no"),
        (rule("import sys; yield finding(); sys.exit(0)"), "rule aaa-rule on a", "SystemExit: 0"),
        (rule("yield 'no finding'"), "rule aaa-rule on a", "a rule yields findings, not str"),
        (rule(given("message=7")), "rule aaa-rule on a", "finding.message is of type int, not str"),
        (rule(given("message=None")), "rule aaa-rule on a", "finding.message is of type NoneType, not str"),
        (rule(given("task=7")), "rule aaa-rule on a", "finding.task is of type int, not str or None"),
        (rule(given("severity='error'")), "rule aaa-rule on a", "of type str, not Severity or None"),
        (rule(given("identity=[1]")), "rule aaa-rule on a", "finding.identity is of type list, not tuple"),
        (rule(given("identity=(1,)")), "rule aaa-rule on a", "finding.identity[0] is of type int, not str"),
        (rule(given("evidence=('x',)")), "rule aaa-rule on a", "finding.evidence[0] is of type str, not Evidence"),
        (rule(given("fix='x'")), "rule aaa-rule on a", "finding.fix is of type str, not Fix or None"),
        (rule(given("place='tasks/a.md'")), "rule aaa-rule on a", "finding.place is of type str, not Place"),
        (rule(given("place=Place(path='/etc/passwd')")), "rule aaa-rule on a", "'/etc/passwd', not a path below"),
        (rule(given("place=Place(path='a/../../b')")), "rule aaa-rule on a", "'a/../../b', not a path below"),
        (rule(given("place=Place(path=b'x')")), "rule aaa-rule on a", "finding.place.path is of type bytes, not str"),
        (rule(given("evidence=(Evidence(place=Place(path='x'), saw='', side='y'),)")), "rule aaa-rule on a", "'y', no"),
        (rule("while True:\n        yield finding()"), "rule aaa-rule", "more than 10,000 findings"),
        (rule("yield finding()").replace("return [", "raise KeyError('no'); ["), "plugin ours", "KeyError"),
        (rule("task.status = 'done'; yield"), "rule aaa-rule on a", "(__setattr__, "),
        (rule("task.front['status'] = 'done'; yield"), "rule aaa-rule on a", "does not support item assignment"),
        (rule("tasks.by_id.clear(); yield", "tasks"), "rule aaa-rule on repository", "has no attribute 'clear'"),
        (rule("settings.severity['all'] = 'info'; yield", "settings"), "rule aaa-rule on repository", "assignment"),
    ],
)  # fmt: skip
def test_what_a_plugin_does_wrong_costs_only_itself(
    store: Callable[..., Path], tmp_path: Path, module: str, where: str, said: str
) -> None:
    """The findings of all other rules are what they are without it, and the run can't be taken for a clean one."""
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK})
    path = install_plugin(tmp_path / "ours", module)
    alone = taskcheck("--format", "json", cwd=root).json
    ran = taskcheck("--format", "json", cwd=root, PYTHONPATH=path)
    assert ran.code == 3
    assert ran.json["complete"] is False
    (error,) = ran.json["errors"]
    assert error["where"] == where
    assert said in error["message"]
    (incident,) = ran.json["incidents"]
    assert [finding for finding in incident["findings"] if finding["rule"] != "aaa-rule"] == alone["incidents"][0][
        "findings"
    ]


def test_a_plugin_of_this_version_is_called(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK})
    path = install_plugin(tmp_path / "ours", "taskcheck_api = 1\n" + rule("yield finding()"))
    found = taskcheck("--format", "json", "--select", "ours", cwd=root, PYTHONPATH=path)
    assert (found.code, found.json["summary"]["findings"]) == (1, 1)
