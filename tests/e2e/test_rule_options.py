"""What a configuration tells single rules: checked by the rule's own model, shown, documented; and former names."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import ROOT
from tests.e2e.conftest import install_plugin, taskcheck

TASK = "---\ntitle: T\nowner: rj\nstatus: in_review\nparent: story\npr_number: 7\n---\n"
STORE = {"tasks/a.md": TASK, "tasks/b.md": TASK}
SHARED = "[rules.shared-pull-request]\n"

PLUGIN = """
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from taskcheck import Finding, Severity, frozen, hookimpl, rule

{more}

@frozen
class Plain:
    'Options of a plain class.'

    most: Annotated[int, Field(ge=1)] = 3
    'How many there may be.'
    longest: timedelta = timedelta(days=2, hours=1)
    'How long it may take.'
    words: tuple[str, ...] = ('a', 'b')
    'What may stand there.'
    kind: Literal['few', 'many'] = 'few'
    'Of which kind it is.'

class Model(BaseModel):
    'Options of a model.'

    name: str = 'x'
    'What it is called.'

@rule(family='ours', severity=Severity.WARNING, options=Plain, formerly=('old-rule',))
def plain_rule(task, options):
    'Tells what it is told.'
    told = f'{{options.most}} {{options.longest}} {{options.words}} {{options.kind}}'
    yield Finding(task=task.id, place=task.at('title'), message=told, expected='e')

@rule(family='ours', severity=Severity.WARNING, options=Model)
def model_rule(task, options):
    'Tells what it is told.'
    yield Finding(task=task.id, place=task.at('title'), message=options.name, expected='e')

@hookimpl
def taskcheck_rules():
    return [plain_rule, model_rule]
"""


@pytest.fixture
def ours(tmp_path: Path) -> str:
    return install_plugin(tmp_path / "ours", PLUGIN.format(more=""))


def messages(ran) -> set[str]:
    return {finding["message"] for incident in ran.json["incidents"] for finding in incident["findings"]}


def test_a_built_in_rule_does_as_it_is_told(store: Callable[..., Path]) -> None:
    root = store({**STORE, "taskcheck.toml": ""})
    select = ("--select", "shared-pull-request", "--format", "json")
    assert len(taskcheck(*select, cwd=root).json["incidents"]) == 1
    (root / "taskcheck.toml").write_text(SHARED + "among_siblings = true\n")
    assert taskcheck(*select, cwd=root).json["incidents"] == []
    (root / "taskcheck.toml").write_text(SHARED + "among_siblings = false\n")
    assert len(taskcheck(*select, cwd=root).json["incidents"]) == 1


def test_what_is_remembered_is_of_what_a_rule_was_told(
    store: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("taskcheck.read.recall.SETTLED_NS", 0)
    root = store({**STORE, "taskcheck.toml": SHARED + "among_siblings = true\n"})
    for _ in range(2):
        assert "shared-pull-request" not in taskcheck(cwd=root).out
    (root / "taskcheck.toml").write_text(SHARED)
    assert "shared-pull-request" in taskcheck(cwd=root).out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("most = 5", "5 2 days, 1:00:00 ('a', 'b') few"),
        ("longest = '3d'\nkind = 'many'", "3 3 days, 0:00:00 ('a', 'b') many"),
        ("words = ['c']", "3 2 days, 1:00:00 ('c',) few"),
        ("", "3 2 days, 1:00:00 ('a', 'b') few"),
    ],
)
@pytest.mark.parametrize("name", ["plain-rule", "old-rule"])
def test_a_plugins_rule_does_as_it_is_told(
    store: Callable[..., Path], ours: str, name: str, text: str, said: str
) -> None:
    root = store({**STORE, "taskcheck.toml": f"[rules.{name}]\n{text}\n[rules.model-rule]\nname = 'y'\n"})
    ran = taskcheck("--select", "ours", "--format", "json", cwd=root, PYTHONPATH=ours)
    assert messages(ran) == {said, "y"}, ran.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rules.plain-rule]\n\nmots = 5", ":3: rules.plain-rule: unknown key 'mots'; did you mean most?"),
        ("[rules.plain-rule]\nmost = 0", ":2: rules.plain-rule.most: Input should be greater than or equal to 1"),
        ("[rules.plain-rule]\nmost = '5'", ":2: rules.plain-rule.most: Input should be a valid integer"),
        ("[rules]\nplain-rule = { most = true }", ":2: rules.plain-rule.most: Input should be a valid integer"),
        ("[rules.plain-rule]\nlongest = 3", ":2: rules.plain-rule.longest: Input should be a valid string"),
        ("[rules.plain-rule]\nlongest = 'soon'", ":2: rules.plain-rule.longest: 'soon' is not a duration"),
        ("[rules.plain-rule]\nwords = [\n'a',\n1]", ":2: rules.plain-rule.words.1: Input should be a valid string"),
        ("[rules.plain-rule]\nmost = 0x" + "f" * 5000, ":1: rules.plain-rule: Exceeds the limit"),
        ("[rules.plain-rule]\nmost = " + "[" * 250 + "]" * 250, ":1: rules.plain-rule: Invalid JSON: recursion limit"),
        ("[rules.plain-rule]\nmost = nan", ":2: rules.plain-rule.most: "),
        ("[rules.plain-rule]\nmost = 2026-01-01", ":2: rules.plain-rule.most: Input should be a valid integer"),
        (
            "# plain-rle\n[rules.plain-rle]\nmost = 5",
            ":2: rules: no rule is named 'plain-rle'; did you mean plain-rule",
        ),
        ("[rules.worker-gone]\nmost = 5", ":1: rules.worker-gone: the rule worker-gone has no options"),
        ("[rules.model-rule]\nnme = 'y'", ":2: rules.model-rule: unknown key 'nme'; did you mean name?"),
        ("[rules.model-rule]\nname = 7", ":2: rules.model-rule.name: Input should be a valid string"),
        ("[rules]\nselct = ['all']", ":2: rules: unknown key 'selct'; did you mean select?"),
        ("[rules]\nplain-rule = 7", ":2: rules: unknown key 'plain-rule'"),
    ],
)
def test_what_a_rule_can_not_be_told(store: Callable[..., Path], ours: str, text: str, said: str) -> None:
    root = store({**STORE, "taskcheck.toml": text + "\n"})
    ran = taskcheck(cwd=root, PYTHONPATH=ours)
    assert (ran.code, ran.out) == (2, "")
    assert f"taskcheck.toml{said}" in ran.err, ran.err
    (root / "taskcheck.toml").unlink()
    nested = "\n".join(line.replace("[rules", "[tool.taskcheck.rules", 1) for line in text.split("\n"))
    (root / "pyproject.toml").write_text(nested + "\n")
    assert f"pyproject.toml{said}" in taskcheck(cwd=root, PYTHONPATH=ours).err


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"unknown{n} = 1\n" for n in range(3000)),
        "x = '''\n" + "unknown = 1\n" * 5000 + "'''\nunknown = 1\n",
        "".join(f"[rules.unknown{n}]\n" for n in range(3000)),
        "unknown = '" + "x" * 900_000 + "'\n",
    ],
    ids=["keys", "string", "rules", "long"],
)
def test_where_it_is_wrong_is_looked_for_in_bounded_time(store: Callable[..., Path], text: str) -> None:
    """The configuration may be that of whoever opened a pull request."""
    root = store({**STORE, "taskcheck.toml": text})
    before = time.process_time()
    ran = taskcheck(cwd=root)
    assert (ran.code, "unknown" in ran.err) == (2, True)
    assert time.process_time() - before < 20


def test_all_that_is_wrong_is_told_at_once(store: Callable[..., Path], ours: str) -> None:
    root = store({**STORE, "taskcheck.toml": "[rules.plain-rule]\nmots = 1\nmost = 'x'\n[rules.gone]\n"})
    err = taskcheck(cwd=root, PYTHONPATH=ours).err
    assert [line.split(":")[1] for line in err.splitlines()[1:]] == ["2", "3", "4"]


def test_a_rule_of_a_plugin_that_is_broken_is_told_with_why(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({**STORE, "taskcheck.toml": "[rules.plain-rule]\nmost = 1\n"})
    path = install_plugin(tmp_path / "broken", "import nothing_of_this_name\n")
    err = taskcheck(cwd=root, PYTHONPATH=path).err
    assert "no rule is named 'plain-rule'" in err
    assert "plugin ours: ModuleNotFoundError" in err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("options=Plain)\ndef x_rule(task", "it has options, and no parameter options"),
        (")\ndef x_rule(task, options", "no such input: options"),
        ("options=Needs)\ndef x_rule(task, options", "every option needs a default"),
        ("options=Plain)\ndef severity(task, options", "[rules] has a key of that name"),
    ],
)
def test_what_a_rule_can_not_declare(store: Callable[..., Path], tmp_path: Path, more: str, said: str) -> None:
    needs = "class Needs(BaseModel):\n    'N.'\n    name: str\n\nclass Plain:\n    'P.'\n"
    declared = f"{needs}\n@rule(family='ours', severity=Severity.ERROR, {more}):\n    'D.'\n    yield\n"
    path = install_plugin(tmp_path / "ours", PLUGIN.format(more=declared))
    ran = taskcheck("--format", "json", cwd=store(STORE), PYTHONPATH=path)
    (error,) = ran.json["errors"]
    assert said in error["message"]


def test_it_is_shown_with_its_origin(store: Callable[..., Path], ours: str) -> None:
    root = store({**STORE, "taskcheck.toml": "[rules.plain-rule]\nmost = 5\n"})
    shown = taskcheck("--show-settings", cwd=root, PYTHONPATH=ours).out.splitlines()
    told = [" ".join(line.split()) for line in shown if line.startswith("rules.")]
    assert told[3:] == [
        'rules.model-rule.name = "x" # default',
        "rules.plain-rule.most = 5 # file taskcheck.toml",
        'rules.plain-rule.longest = "2d1h" # default',
        'rules.plain-rule.words = ["a", "b"] # default',
        'rules.plain-rule.kind = "few" # default',
        "rules.shared-pull-request.among_siblings = false # default",
    ]


def test_it_is_explained(store: Callable[..., Path], ours: str) -> None:
    root = store(STORE)
    for name in ("plain-rule", "old-rule"):
        out = taskcheck("rule", name, cwd=root, PYTHONPATH=ours).out
        assert (
            '[rules.plain-rule]\nmost = 3  # How many there may be.\nlongest = "2d1h"  # How long it may take.' in out
        )


def test_editors_know_it() -> None:
    schema = json.loads((ROOT / "docs" / "taskcheck.schema.json").read_text())
    good = {"rules": {"select": ["all"], "shared-pull-request": {"among_siblings": True}, "of-a-plugin": {"x": 1}}}
    jsonschema.validate(good, schema)
    for wrong in ({"shared-pull-request": {"amongst": True}}, {"shared-pull-request": {"among_siblings": 1}}, {"x": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"rules": wrong}, schema)


def test_a_former_name_goes_on_working(store: Callable[..., Path], ours: str) -> None:
    text = "[rules]\nselect = ['old-rule']\nseverity = {old-rule = 'error'}\n"
    suppress = "[[suppress]]\nrule = 'old-rule'\nreason = 'so'\ntask = 'a'\n"
    accepting = TASK.replace("---\n", "---\ntaskcheck: {ignore: {old-rule: it is meant to be}}\n", 1)
    root = store({"tasks/a.md": TASK, "tasks/b.md": accepting, "tasks/c.md": TASK, "taskcheck.toml": text + suppress})
    ran = taskcheck("--format", "json", cwd=root, PYTHONPATH=ours)
    assert [incident["task"] for incident in ran.json["incidents"]] == ["c"], ran.err
    assert (ran.json["summary"]["errors"], ran.json["summary"]["suppressed"]) == (1, 2)
    unused = taskcheck("--extend-select", "unused-suppression", "--format", "json", cwd=root, PYTHONPATH=ours)
    assert [incident["task"] for incident in unused.json["incidents"]] == ["c"]
    left = taskcheck("--ignore", "old-rule", "--select", "ours", "--format", "json", cwd=root, PYTHONPATH=ours)
    assert {finding["rule"] for each in left.json["incidents"] for finding in each["findings"]} == {"model-rule"}
