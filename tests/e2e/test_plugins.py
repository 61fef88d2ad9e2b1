"""Plugins as installed distributions: what one does wrong costs only itself; what one brings is everywhere."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pluggy
import pytest

from taskcheck.plugins import hooks
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


@pytest.mark.parametrize(("declared", "stops"), [("", False), (", stops_dispatch=True", True)])
def test_an_error_keeps_a_task_from_a_run_if_its_rule_says_so(
    declared: str, stops: bool, store: Callable[..., Path], tmp_path: Path
) -> None:
    people = "[people]\nnobody = []\n"
    root = store({"taskcheck.toml": people, "tasks/a.md": TASK, ".gitignore": "/.worktrees/\n/tasks/logs/\n"})
    module = rule("yield finding()").replace("Severity.ERROR)", f"Severity.ERROR{declared})")
    path = install_plugin(tmp_path / "ours", module)
    ran = taskcheck("run", "a", "--", "true", cwd=root, process=True, PYTHONPATH=path)
    assert ("its ledgers disagree (aaa-rule: m)" in ran.err) == stops, ran.err
    assert (root / ".worktrees/a").is_dir() == (not stops)


def test_installed_plugins_say_nothing_in_the_demo(tmp_path: Path) -> None:
    path = install_plugin(tmp_path / "ours", rule("yield finding()"))
    now = ("--now", "2026-03-24T18:00:00Z")
    with_plugin = taskcheck("demo", *now, cwd=tmp_path, PYTHONPATH=path)
    assert "aaa-rule" not in with_plugin.out
    assert (with_plugin.code, with_plugin.out) == (0, taskcheck("demo", *now, cwd=tmp_path).out)


ORDERED = """
from taskcheck import hookimpl

@hookimpl({options})
def taskcheck_finish(report):
    print('{name}')

@hookimpl({options})
def taskcheck_reporters():
    return {{'mine': lambda report: '{name}'}}
"""


def plugins(folder: Path, **options: str) -> str:
    """Distributions in a folder, each with a plugin whose hooks have some options."""
    for name, given in options.items():
        about = folder / f"{name}-1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[taskcheck]\n{name} = {name}\n")
        (folder / f"{name}.py").write_text(ORDERED.format(name=name, options=given))
    return str(folder)


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({"aa": "", "bb": "", "cc": ""}, "aa bb cc"),
        ({"aa": "trylast=True", "bb": "", "cc": "tryfirst=True"}, "cc bb aa"),
        ({"aa": "tryfirst=True", "bb": "trylast=True", "cc": ""}, "aa cc bb"),
        ({"aa": "tryfirst=True", "bb": "tryfirst=True", "cc": "trylast=True", "dd": "trylast=True"}, "aa bb dd cc"),
    ],
    ids=str,
)
def test_hooks_are_called_in_the_order_that_pluggy_has(
    store: Callable[..., Path], tmp_path: Path, options: dict[str, str], order: str
) -> None:
    """The oracle is pluggy itself, with the same plugins, registered so that it calls what is equal by name."""
    path = plugins(tmp_path / "site", **options)
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK})
    ran = taskcheck("-q", cwd=root, PYTHONPATH=path, process=True)
    assert ran.out.split() == order.split()
    shown = taskcheck("--format", "mine", cwd=root, PYTHONPATH=path, process=True)
    assert shown.out.startswith(order.split(maxsplit=1)[0])
    manager = pluggy.PluginManager("taskcheck")
    manager.add_hookspecs(hooks)
    for name in sorted(options, reverse=True):
        module = ModuleType(name)
        exec((tmp_path / "site" / f"{name}.py").read_text().replace("print(", "return ("), vars(module))
        manager.register(module)
    assert manager.hook.taskcheck_finish(report=None, plan=None) == order.split()


def test_nobody_goes_before_the_built_in_rules(store: Callable[..., Path], tmp_path: Path) -> None:
    module = (
        rule("yield finding()").replace("@hookimpl", "@hookimpl(tryfirst=True)").replace("aaa_rule", "role_routing")
    )
    path = install_plugin(tmp_path / "ours", module)
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK})
    ran = taskcheck("--select", "role-routing", "--format", "json", cwd=root, PYTHONPATH=path)
    assert [error["message"] for error in ran.json["errors"]] == ["rule role-routing already exists"]
    assert [finding["message"] for finding in ran.json["incidents"][0]["findings"]] != ["m"]


@pytest.mark.parametrize("kind", ["wrapper", "hookwrapper"])
def test_a_wrapper_is_refused_with_its_plugin(store: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    """Else it would be called as if it were none, and what it gives, a generator, taken for its answer."""
    module = f"""{rule("yield finding()")}
@hookimpl({kind}=True)
def taskcheck_guard(plan, state):
    return (yield)
"""
    path = install_plugin(tmp_path / "ours", module)
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK})
    ran = taskcheck("--format", "json", cwd=root, PYTHONPATH=path)
    (error,) = ran.json["errors"]
    assert (ran.code, error["where"]) == (3, "plugin ours")
    assert error["message"].startswith("TypeError: taskcheck_guard is a wrapper, and none is called: each plugin is")
    assert all(finding["rule"] != "aaa-rule" for each in ran.json["incidents"] for finding in each["findings"])
