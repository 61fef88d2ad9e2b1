"""Rules of the caller's own: `-p FILE_OR_MODULE` runs them, and nothing in the repository can."""

import importlib.util
import py_compile
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import install_plugin, taskcheck

TASK = "---\ntitle: T\nowner: rj\nstatus: ready\n---\n"
RULE = """
from taskcheck import Evidence, Finding, Fix, Safety, SetKey, Severity, Task, frozen, rule

@frozen
class Options:
    'What it may be told.'

    word: str = '{word}'
    'What it says.'

@rule(family='ours', severity=Severity.ERROR, options=Options)
def {name}(task: Task, options: Options):
    'A task has no priority.'
    if task.text('priority'):
        return
    yield Finding(
        task=task.id, place=task.at('priority'), message=options.word, expected='e',
        evidence=(Evidence(place=task.at('status'), saw='none'),), {more}
    )
"""
FIX = "fix=Fix(title='write it', safety=Safety.SAFE, edits=(SetKey(place=task.at('priority'), value='p1'),))"


def source(name: str = "needs_priority", word: str = "no priority", more: str = "") -> str:
    return RULE.format(name=name, word=word, more=more)


@pytest.fixture
def root(store: Callable[..., Path]) -> Path:
    return store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/a.md": TASK, "tasks/b.md": TASK})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "our rules.py"
    path.write_text(source())
    return path


def found(ran) -> list[str]:
    return [finding["message"] for incident in ran.json["incidents"] for finding in incident["findings"]]


def test_rules_of_a_file_are_asked(root: Path, file: Path) -> None:
    assert taskcheck(cwd=root).code == 0
    ran = taskcheck("-p", file, "--format", "json", cwd=root)
    assert (ran.code, found(ran)) == (1, ["no priority", "no priority"])
    assert found(taskcheck("-p", file, "--ignore", "ours", "--format", "json", cwd=root)) == []
    assert found(taskcheck("-p", file, "-k", "a::needs", "--format", "json", cwd=root)) == ["no priority"]
    assert found(taskcheck("-p", file, "b::needs-priority", "--format", "json", cwd=root)) == ["no priority"]


def test_a_file_is_named_as_it_lies_from_here(root: Path) -> None:
    (root / "tools").mkdir()
    (root / "tools" / "rules.py").write_text(source())
    assert taskcheck("-p", "rules.py", cwd=root / "tools").code == 1
    assert taskcheck("-p", "tools/rules.py", cwd=root).code == 1


def test_several_are_asked_and_a_module_too(root: Path, file: Path, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "our_installed_rules.py").write_text(source("of_a_module", "m"))
    monkeypatch.syspath_prepend(tmp_path)
    ran = taskcheck("-p", file, "-p", "our_installed_rules", "--format", "json", cwd=root)
    assert found(ran) == ["no priority", "m"] * 2


def test_a_hook_says_which_rules_they_are(root: Path, file: Path) -> None:
    file.write_text(source() + source("other") + "def taskcheck_rules():\n    return [other]\n")
    assert {finding["rule"] for each in taskcheck("-p", file, "--format", "json", cwd=root).json["incidents"]
            for finding in each["findings"]} == {"other"}  # fmt: skip


def test_rules_that_a_file_only_imports_are_not_its_own(root: Path, file: Path, tmp_path: Path) -> None:
    hook = "from taskcheck import hookimpl\n@hookimpl\ndef taskcheck_rules():\n    return [of_a_plugin]\n"
    path = install_plugin(tmp_path / "ours", source("of_a_plugin", "p") + hook)
    file.write_text("from ours import of_a_plugin\n" + source())
    ran = taskcheck("-p", file, "--format", "json", cwd=root, PYTHONPATH=path)
    assert sorted(found(ran)) == ["no priority", "no priority", "p", "p"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name' (line 1)"),
        ("\n\n1 / 0\n", "ZeroDivisionError: division by zero (line 3)"),
        ("def f(:\n", "SyntaxError: invalid syntax"),
        ("raise SystemExit(0)\n", "SystemExit: 0 (line 1)"),
        ("x = 1\n", "it has no rule: neither a function with @rule nor one from"),
        ("def taskcheck_rules():\n    return []\n", "it has no rule"),
        ("def taskcheck_rules():\n    return [1]\n", "taskcheck_rules returned int, not a rule"),
        ("def taskcheck_rules():\n    raise KeyError('no')\n", "KeyError: 'no' (line 2)"),
        (source("worker_gone"), "rule worker-gone is already installed: give this one another name"),
        (source().replace("task: Task,", "tusk,"), "TypeError: rule needs-priority: no such input: tusk"),
        (None, "No such file or directory"),
    ],
    ids=str,
)
def test_what_is_no_file_of_rules_is_a_usage_error(root: Path, file: Path, text: str | None, said: str) -> None:
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    for command in ((), ("rule", "needs-priority")):
        ran = taskcheck(*command, "-p", file, cwd=root)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"taskcheck: -p {file}: "), ran.err
        assert said in ran.err


def test_two_files_with_one_rule_and_a_module_that_is_not_there(root: Path, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(source())
    twice = taskcheck("-p", file, "-p", other, cwd=root)
    assert (twice.code, twice.err) == (
        2, f"taskcheck: -p {other}: rule needs-priority already exists in {file}\n",
    )  # fmt: skip
    (root / "ours_alone.py").write_text(source())
    absent = taskcheck("-p", "ours_alone", cwd=root)
    assert absent.code == 2
    assert absent.err.endswith("no module of that name can be imported; did you mean the file ./ours_alone.py?\n")


def test_what_a_rule_raises_costs_its_own_results(root: Path, file: Path) -> None:
    file.write_text(source().replace("    if task.text('priority'):\n        return\n", "    1 / 0\n"))
    ran = taskcheck("-p", file, "--format", "json", cwd=root)
    assert (ran.code, ran.json["complete"]) == (3, False)
    assert ran.json["errors"][0]["where"] == "rule needs-priority on a"


@pytest.mark.parametrize(
    "said",
    [
        "local = ['rules.py']", "p = 'rules.py'", "plugins = ['rules.py']", "[rules]\nlocal = ['rules.py']",
        "[rules]\nselect = ['needs-priority']",
    ],
)  # fmt: skip
def test_nothing_in_the_repository_names_one(root: Path, said: str) -> None:
    """Neither the configuration, nor a file that lies where one might be looked for, nor the environment."""
    trap = f"open({str(root / 'ran')!r}, 'w')\n"
    for name in ("rules.py", "conftest.py", "taskcheck_rules.py", "taskcheck_local.py", "sitecustomize.py"):
        (root / name).write_text(trap)
    (root / "taskcheck.toml").write_text(f"{said}\n")
    environment = {"TASKCHECK_ADDOPTS": "-p rules.py", "TASKCHECK_PLUGINS": "rules.py", "TASKCHECK_LOCAL": "rules.py"}
    assert taskcheck(cwd=root, **environment).code == 2
    (root / "taskcheck.toml").unlink()
    assert taskcheck(cwd=root, **environment).code == 0
    assert not (root / "ran").exists()


def test_no_compiled_code_beside_a_file_is_taken_for_it_and_none_is_written(root: Path, tmp_path: Path) -> None:
    """Whoever may write beside a file can't have something else run in its place."""
    file = root / "rules.py"
    file.write_text("open('ran', 'w')\n")
    compiled = importlib.util.cache_from_source(str(file))
    py_compile.compile(str(file), cfile=compiled, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    file.write_text(source())
    assert taskcheck("-p", "rules.py", cwd=root).code == 1
    assert not (root / "ran").exists()
    Path(compiled).unlink()
    Path(compiled).parent.rmdir()
    assert taskcheck("-p", "rules.py", cwd=root, process=True).code == 1
    assert not Path(compiled).parent.exists()


def test_what_is_remembered_is_of_no_local_rule(
    root: Path, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither what it found, nor that it found nothing, nor that a rule of its name did before it was changed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("taskcheck.read.recall.SETTLED_NS", 0)
    silent = source().replace("    yield Finding", "    return\n    yield Finding")
    derived = "from taskcheck import replace\nfrom taskcheck_rules.task.invalid_field import invalid_field\n"
    for text, expected in [
        (silent, []), (silent, []), (source(), ["no priority"] * 2), (source(word="x"), ["x"] * 2), (silent, []),
        (f"{derived}ours = replace(invalid_field, name='ours')\ndef taskcheck_rules():\n    return [ours]\n", []),
        (source("ours", "mine"), ["mine"] * 2),
    ]:  # fmt: skip
        file.write_text(text)
        assert found(taskcheck("-p", file, "--format", "json", cwd=root)) == expected
        assert found(taskcheck("--format", "json", cwd=root)) == []
    assert list((tmp_path / "home").rglob("*.json")), "it is remembered what there is"


def test_a_baseline_keeps_what_a_local_rule_found_until_it_is_asked_again(root: Path, file: Path) -> None:
    accept = ("--baseline", "b.toml")
    (root / "b.toml").write_text("version = 1\n")
    assert taskcheck("-p", file, *accept, "--update-baseline", cwd=root).code == 0
    written = (root / "b.toml").read_text()
    assert written.count("needs-priority") == 2
    without = taskcheck(*accept, "--prune-baseline", "--format", "json", cwd=root)
    assert (without.code, (root / "b.toml").read_text()) == (0, written)
    taskcheck(*accept, "--update-baseline", cwd=root)
    assert (root / "b.toml").read_text() == written
    again = taskcheck("-p", file, *accept, "--format", "json", cwd=root)
    assert (again.code, again.json["summary"]["baselined"]) == (0, 2)
    (root / "tasks" / "a.md").write_text(TASK.replace("---\n", "---\npriority: p1\n", 1))
    taskcheck("-p", file, *accept, "--prune-baseline", cwd=root)
    assert (root / "b.toml").read_text().count("needs-priority") == 1


@pytest.mark.parametrize(("more", "words"), [("", ["rule"]), (FIX, ["--fix"])], ids=["explain", "fix"])
def test_the_next_step_names_the_file_again(root: Path, file: Path, more: str, words: list[str]) -> None:
    file.write_text(source(more=more))
    (step, _) = [incident["next"] for incident in taskcheck("-p", file, "--format", "json", cwd=root).json["incidents"]]
    argv = shlex.split(step["text"])
    assert argv[:4] == ["taskcheck", *words, "-p", str(file)]
    ran = taskcheck(*argv[1:], cwd=root)
    if more:
        assert "priority: p1" in (root / "tasks" / "a.md").read_text()
        assert taskcheck("-p", file, "a", cwd=root).code == 0
    else:
        assert "A task has no priority." in ran.out
    shown = taskcheck("-p", file, "--format", "agent", cwd=root).out
    assert f"taskcheck check -p '{file}' b  # looks again" in shown


def test_a_local_rule_has_options(root: Path, file: Path) -> None:
    (root / "taskcheck.toml").write_text("[rules.needs-priority]\nword = 'told'\n")
    assert found(taskcheck("-p", file, "--format", "json", cwd=root)) == ["told", "told"]
    assert "rules.needs-priority.word" in taskcheck("-p", file, "--show-settings", cwd=root).out
    assert "no rule is named 'needs-priority'" in taskcheck(cwd=root).err
