"""What keeps the house in order: what is imported when, who may touch the world, how large a room may be."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import taskcheck
from tests.conftest import ROOT

SOURCES = sorted([*(ROOT / "src" / "taskcheck").rglob("*.py"), *(ROOT / "rules").rglob("*.py")])
MAX_LINES = 350
GENERATED = "written by docs/generate.py"

READERS = {"read", "write", "forge", "watch", "web", "cli", "testing", "dispatch", "__main__.py"}
READING_MODULES = {"config/load.py", "documents/bounded.py"}
"""The rooms that may touch the world (docs/architecture.md)."""


def room(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "taskcheck").parts[0] if "src" in path.parts else "rules"


def imported(statement: str) -> set[str]:
    """Modules that a fresh interpreter loads for a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


def test_nothing_heavy_at_import() -> None:
    heavy = {"git", "jinja2", "junit_xml", "pydantic", "importlib.metadata", "yaml", "frontmatter", "pluggy",
             "starlette", "uvicorn", "watchfiles", "requests", "cachecontrol"}  # fmt: skip
    loaded = imported("import taskcheck.cli")
    assert not heavy & loaded
    own = {module for module in loaded if module.startswith("taskcheck")}
    assert own == {"taskcheck", "taskcheck.cli", "taskcheck.version"}


def test_rules_and_types_import_nothing_heavy() -> None:
    heavy = {"git", "junit_xml", "pydantic", "importlib.metadata", "yaml"}
    assert not heavy & imported("import taskcheck_rules; taskcheck_rules.taskcheck_rules()")


def test_a_rule_is_imported_when_it_is_asked(tmp_path: Path) -> None:
    """Its catalogue tells the rest: a check of a folder without a register imports no rule about registers."""
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.md").write_text(TASK)
    (tmp_path / "taskcheck.toml").write_text(PEOPLE)
    check = imported(f"from taskcheck.cli import main; assert main(['--root', {str(tmp_path)!r}]) == 0")
    assert "taskcheck_rules.task.invalid_field" in check
    assert not [module for module in check if module.startswith("taskcheck_rules.register")]
    listed = imported("from taskcheck.cli import main; assert main(['rule']) == 0")
    assert listed.isdisjoint({"taskcheck_rules.task.invalid_field", "taskcheck_rules.drift.metadata_drift"})


def test_what_a_dataclass_is_told_to_be_it_is() -> None:
    """Frozen, by keyword alone: nouns say it, and what is changed in place leaves it out."""
    told = [
        (path.name, keyword.arg)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) in {"dataclass", "frozen"}
        for keyword in decorator.keywords
        if keyword.arg not in {"eq", "slots"} and ast.unparse(keyword.value) != "True"
    ]
    assert told == []


PEOPLE = '[people]\ndave-fowler = ["dave"]\n[limits]\nclock_skew = "5m"\n'
TASK = "---\ntitle: A task\nstatus: ready\nowner: dave-fowler\n---\nIts body.\n"
REGISTER = '{"owner": "dave-fowler", "updated_at": "2026-03-24T18:00:00Z", "entries": {}}'
HEAVY = {
    "asyncio", "dataclasses", "difflib", "email", "frontmatter", "git", "hashlib", "html", "http", "importlib.metadata",
    "inspect",
    "jinja2", "junit_xml", "logging", "msgspec", "multiprocessing", "pkgutil", "platform", "pydantic",
    "requests", "shlex", "shutil", "socket", "sqlite3", "ssl", "tempfile", "tomli_w", "traceback",
    "yaml", "zipfile",
}  # fmt: skip
"""What a check of healthy files has no need of."""

STARTED_FOR = {
    "": {"json", "subprocess", "taskcheck_rules"},
    "owner dave": set(),
    "route a": {"json"},
    "rule worker-gone": {"json", "subprocess", "taskcheck_rules"},
    "check --help": {"shutil"},
}
"""What each command imports of what the others don't all need."""


@pytest.mark.parametrize("command", STARTED_FOR)
def test_a_command_imports_what_it_needs(command: str, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.md").write_text(TASK)
    (tmp_path / "taskcheck.toml").write_text(PEOPLE)
    register = tmp_path / ".tasks" / "task_manager" / "task-manager-dave-fowler.register.json"
    register.parent.mkdir(parents=True)
    register.write_text(REGISTER)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    run = f"main(['--root', {str(tmp_path)!r}])" if not command else f"main({command.split()!r})"
    code = f"import os; os.chdir({str(tmp_path)!r}); from taskcheck.cli import main; assert {run} in (0, 1)"
    loaded = imported(code)
    optional = HEAVY | {"json", "pluggy", "subprocess", "taskcheck_rules"}
    assert loaded & optional == STARTED_FOR[command]
    assert len(loaded) < 324


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("", False),
        ("[rules]\nselect = ['all']\nignore = ['drift']\nseverity = {snapshot-stale = 'info'}\n", False),
        ("[rules.shared-pull-request]\namong_siblings = true\n", True),
    ],
)
def test_pydantic_is_imported_where_a_rule_is_told_something(text: str, needed: bool, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "a.md").write_text(TASK)
    (tmp_path / "taskcheck.toml").write_text(PEOPLE + text)
    run = f"from taskcheck.cli import main; assert main(['--root', {str(tmp_path)!r}]) == 0"
    assert ({"pydantic", "taskcheck.engine.options"} <= imported(run)) is needed


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_readers_touch_the_world(path: Path) -> None:
    text = path.read_text()
    is_generated = GENERATED in text.partition("\n")[0]
    assert is_generated or len(text.splitlines()) <= MAX_LINES, "a module fits in the head"
    if room(path) in READERS or path.relative_to(path.parents[1]).as_posix() in READING_MODULES:
        return
    touching = re.findall(
        r"\bopen\(|\.read_text\(|\.read_bytes\(|\.write_text\(|\bsubprocess\b|\bos\.environ\b|\bsocket\b|(?<![.\w])print\(|"
        r"\btime\.time\b|\bos\.(?:stat|listdir|scandir|kill|getcwd|path\.(?:realpath|exists|isfile|isdir))\b",
        text,
    )
    assert not touching


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_time_enters_in_one_place(path: Path) -> None:
    asks = re.findall(r"datetime\.now\(|time\.time\(|date\.today\(|utcnow\(", path.read_text())
    allowed = {"store.py": 1, "demo.py": 1}.get(path.name, 0)
    assert len(asks) <= allowed


def test_gitpython_is_for_repositories_of_ours() -> None:
    users = [path for path in SOURCES if re.search(r"^\s*(?:import git\b|from git\b)", path.read_text(), re.M)]
    assert users == [ROOT / "src" / "taskcheck" / "testing" / "repository.py"]


def test_public_names_resolve() -> None:
    for name in dir(taskcheck):
        assert getattr(taskcheck, name) is not None
    with pytest.raises(AttributeError):
        taskcheck.nonsense  # noqa: B018
