"""The docs say what the code says."""

import json
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from taskcheck import Entry, ledgers
from taskcheck.cli import COMMANDS
from taskcheck.config import load as config
from taskcheck.config.schema import Config, FieldsTable, Table
from taskcheck.config.settings import Stage
from taskcheck.formats import FORMATS
from taskcheck.model.cases import Outcome
from taskcheck.plugins import hooks, manager as plugins
from taskcheck.store import Request, Where, open_store
from tests import pages
from tests.conftest import ROOT
from tests.e2e.conftest import empty_repository, environment, git, store, taskcheck

__all__ = ["empty_repository", "store"]

README = (ROOT / "README.md").read_text()


sys.path.append(str(ROOT / "docs"))  # where generate.py finds rooms.py
RULES = plugins.load(third_party=False).rules().values()
GENERATED = runpy.run_path(str(ROOT / "docs" / "generate.py"))


def test_what_is_generated_is_up_to_date() -> None:
    folder = ROOT / "docs"
    wanted = GENERATED["pages"]()
    there = {path.relative_to(folder).as_posix() for path in folder.glob("rules/*.md")} | wanted.keys()
    assert {name: (folder / name).read_text() for name in there} == wanted, "run: python docs/generate.py"


@pytest.mark.parametrize("model", GENERATED["tables"]().values(), ids=lambda model: model.__name__)
def test_each_key_of_the_configuration_has_a_sentence(model: type[Table]) -> None:
    said = GENERATED["sentences"](model)
    assert list(said) == list(model.model_fields)
    assert all(sentence.endswith(".") for sentence in said.values())


SCHEMA = json.loads((ROOT / "docs" / "taskcheck.schema.json").read_text())
PRESETS = config.presets(config.builtin_presets())


def refused(tables: Mapping[str, object]) -> list[str]:
    """What an editor says of a configuration, dates being text to it."""
    text = json.loads(json.dumps(tables, default=str))
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(text)]


FIXTURES_SHOWN = ("writing-rules.md", "first-rule.md")
"""Pages with TOML that is no configuration: of fixtures, and of a package."""


def test_the_schema_for_editors_allows_what_is_in_use() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    files = [*(ROOT / "fixtures").rglob("taskcheck.toml"), *(ROOT / "examples").rglob("taskcheck.toml")]
    others = (path.read_text() for path in (ROOT / "docs").glob("*.md") if path.name not in FIXTURES_SHOWN)
    text = README + "".join(others)
    shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    texts = {str(path): path.read_text() for path in files} | dict(enumerate(shown))
    assert (len(files) > 100, len(shown) >= 7) == (True, True)
    assert {name: found for name, text in texts.items() if (found := refused(tomllib.loads(text)))} == {}
    assert {name: found for name, preset in PRESETS.items() if (found := refused(preset.tables))} == {}


@pytest.mark.parametrize("text", [
    "presets = 'ticket'",
    "at_names = 'yes'",
    "[people]\nrj = 'dave'",
    "[roles]\ncritic = true",
    "[paths]\ntasks = []",
    "[paths]\nregisters = 'register.json'",
    "[paths]\ntombstones = '{owner}.json'",
    "[fields]\nnumber = 'n'",
    "[statuses]\nwaiting = ['open']",
    "[folders]\nqueue = 'waiting'",
    "[drift]\nauthority = 'trunk'",
    "[limits]\nclock_skew = '5 minutes'",
    "[rules]\nseverity = { register = 'fatal' }",
    "[[suppress]]\nrule = 'register-orphan'",
])  # fmt: skip
def test_what_the_schema_for_editors_refuses_is_refused(text: str, tmp_path: Path) -> None:
    assert refused(tomllib.loads(text))
    (tmp_path / "taskcheck.toml").write_text(text)
    with pytest.raises(config.ConfigError):
        config.load(tmp_path, PRESETS)


def test_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    shown = README.partition("```text\n")[2].partition("```")[0].replace("\n…\n", "")
    printed = taskcheck("demo", "--now", "2026-03-24T18:00:00Z", cwd=tmp_path).out
    missing = [line for line in shown.splitlines() if line not in printed.splitlines()]
    assert shown.strip()
    assert missing == []


def test_readme_takes_five_minutes_to_read() -> None:
    text = re.sub(r"```.*?```|^\[\w+\]: .*$", "", README, flags=re.DOTALL | re.MULTILINE)
    assert len(re.findall(r"\S*\w\S*", text)) <= 700
    assert len(re.findall(r"^!\[", text, re.M)) == 1, "and has one picture"


def test_the_page_of_commands_names_every_one() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    assert re.findall(r"^## taskcheck (\w+)$", page, re.M) == list(COMMANDS)


def test_readme_works_where_it_is_shown_alone() -> None:
    """On the package index no relative link leads anywhere."""
    assert re.findall(r"\]\((?!https:)", README) == []
    links = re.findall(
        r"https://(?:github.com/taskcheck/taskcheck/blob|raw.githubusercontent.com/taskcheck/taskcheck)/main/([^)\s]+)",
        README,
    )
    assert len(links) > 10
    for path in links:
        assert (ROOT / path).is_file(), path


def test_the_page_of_formats_names_every_one() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page.partition("\n\nPlugins")[0], re.M) == list(FORMATS)


def test_the_list_of_pages_is_whole() -> None:
    folder = ROOT / "docs"
    listed = set(re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text()))
    there = {path.name for suffix in ("md", "json") for path in folder.glob(f"*.{suffix}")} - {"README.md"}
    assert listed == there | {"rules/README.md"}


def test_the_glossary_has_each_word_once_and_what_is_counted() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    words = re.findall(r"\*\*(.+?)\*\*", text)
    assert len(words) == len(set(words)) > 50
    assert all(f"`{stage.value}`" in text for stage in Stage)
    counted = {outcome.value for outcome in Outcome} - {"passed", "failed", "error", "baselined"}
    assert counted <= set(words)
    others = " ".join(
        " ".join(page.read_text().casefold().split())
        for page in (ROOT / "docs").glob("*.md")
        if page.name != "glossary.md"
    )
    assert [word for word in words if word not in others] == []


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", re.sub(r"\]\(.*?\)", "", heading)).lower().replace(" ", "-") for heading in headings}


def rooms_of_the_architecture() -> dict[str, str]:
    """The rooms that docs/architecture.md names, each with its line."""
    table = re.findall(r"^\| (`.*?) \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.M)
    return {name: line for names, line in table for name in re.findall(r"`([^`]+)`", names)}


def test_contributing_says_where_things_are() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| ([^|]*\*\*(.*?)\*\*[^|]*\?) \| `src/taskcheck/(.*?)` \|$", text, re.M)
    assert len(rows) == 10
    rooms = rooms_of_the_architecture()
    for question, noun, path in rows:
        assert (ROOT / "src" / "taskcheck" / path).is_file(), question
        assert noun in rooms[f"{path.partition('/')[0]}/"], question


def test_the_architecture_names_every_room() -> None:
    named = {name.rstrip("/") for name in rooms_of_the_architecture()}
    there = {path.name for path in (ROOT / "src" / "taskcheck").iterdir() if path.is_dir() or path.suffix == ".py"}
    assert there - named - {"__pycache__"} == {"__init__.py", "__main__.py", "version.py"}
    assert len(there - {"__pycache__"}) + len(["py.typed"]) <= 26


def test_contributing_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"`((?:src|tests|fixtures|docs|rules)/[^`<*]*)`", text):
        assert (ROOT / path).exists(), path


def test_links_lead_somewhere() -> None:
    for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").rglob("*.md")]:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
            there = page.parent / target if target else page
            assert there.exists(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(there), f"{page.name}: {target}#{anchor}"


def test_the_configuration_page_is_a_configuration_and_names_every_key(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    shown = page.partition("## An example")[2].partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "taskcheck.toml").write_text(shown)
    config.load(tmp_path, PRESETS)
    tables = tomllib.loads(shown)
    assert set(tables) == set(Config.model_fields)
    for heading, model in GENERATED["tables"]().items():
        name = heading.strip("[]")
        if model not in {Config, FieldsTable}:
            (table,) = tables[name] if isinstance(tables[name], list) else [tables[name]]
            told = {rule.name for rule in RULES if rule.options is not None} if name == "rules" else set()
            assert set(table) == {*model.model_fields, *told}, heading
    assert all(f" {field}" in shown for field in FieldsTable.model_fields if field not in tables["fields"])


def test_the_ledgers_of_the_page_for_managers_are_read_as_written(store: Callable[..., Path]) -> None:
    """The JSON of docs/integrating.md, as files: nothing in it is unreadable, and its dispatch is known."""
    page = (ROOT / "docs" / "integrating.md").read_text()
    register, snapshot, tombstone = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    root = store({
        "taskcheck.toml": "[people]\ndave-fowler = []\n",
        "tasks/fix-login.md": "---\ntitle: T\nowner: dave-fowler\nstatus: in_review\n---\n",
        ".tasks/task_manager/task-manager-dave-fowler.register.json": register,
        ".tasks/task_manager/task-manager-dave-fowler.snapshot.json": snapshot,
        "tasks/logs/dispatch-fix-login.status.json": tombstone,
    })  # fmt: skip
    _, state = open_store(Where(root=root)).read(Request())
    assert [ledger.troubles for ledger in state.ledgers] == [()] * 3  # type: ignore[union-attr]
    assert state.dispatches.of("fix-login").outcome == "completed_with_pr"  # type: ignore[union-attr]
    assert [signal.kind for signal in state.signals] == ["stuck_in_progress"]
    assert "completed_with_pr" in str(ledgers.tombstone("fix-login", root=root))
    (entry,) = json.loads(register)["entries"].values()
    known = {field.name for field in fields(Entry)} | {"slug", "pr_number", "pr_url"}
    assert entry.keys() <= known


def test_the_python_of_the_page_for_managers_runs(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": "[people]\ndave-fowler = ['dave']\n",
        "tasks/fix-login.md": "---\ntitle: Fix login\nowner: dave-fowler\nstatus: ready\n---\n",
    })  # fmt: skip
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "integrating.md").read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "fix-login Fix login tasks/fix-login.md" in done.stdout


@pytest.mark.journey
def test_the_page_about_rules_makes_a_tested_rule(tmp_path: Path) -> None:
    """Its files, written as it says, are a distribution whose tests pass and whose rule is known."""
    written = pages.write(ROOT / "docs" / "writing-rules.md", tmp_path)
    assert len(written) == 8
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    about = tmp_path / f"our_taskcheck-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = "".join(f"{name} = {value}\n" for name, value in project["entry-points"]["taskcheck"].items())
    (about / "entry_points.txt").write_text(f"[taskcheck]\n{points}")
    env = environment(PYTHONPATH=str(tmp_path), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    shown = taskcheck("rule", "review-without-reviewer", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert shown.out.startswith("review-without-reviewer  (ours, error)")
    (tmp_path / written[4]).write_text("")
    again = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "bad-nobody/expect.txt" in again.stdout, "the laws fail where they don't hold"


def test_the_page_about_rules_names_every_hook_and_the_version() -> None:
    page = (ROOT / "docs" / "writing-rules.md").read_text()
    assert set(re.findall(r"^\| `(taskcheck_\w+)\(", page, re.M)) == {
        n for n in vars(hooks) if n.startswith("taskcheck_")
    }
    assert f"It is {hooks.API_VERSION}." in page
    assert f"taskcheck_api = {hooks.API_VERSION}\n" in page


FOLLOWED = ("getting-started", "first-rule", "troubleshooting", "adopting", "recipes", "fixing", "stores")
RUN = ("cache", "ci", "editors", "history", "integrating", "online", "operating", "pytest")
"""Pages whose commands stand each for itself, and run in a store that has what they speak of."""
ELSEWHERE = {"writing-rules": "test_the_page_about_rules_makes_a_tested_rule"}


@pytest.mark.journey
@pytest.mark.parametrize("name", FOLLOWED)
def test_what_a_page_tells_its_reader_to_do_does_what_it_shows(name: str, tmp_path: Path) -> None:
    if name == "recipes" and not shutil.which("jq"):
        pytest.skip("jq isn't installed")
    assert pages.follow(ROOT / "docs" / f"{name}.md", tmp_path) > 4


MATCHERS = [
    json.loads(text) for text in re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "editors.md").read_text(), re.DOTALL)
]


def test_the_problem_matchers_read_what_concise_prints(tmp_path: Path) -> None:
    """Each finding in root is one line, with the six parts that an editor shows; the summary is none."""
    taskcheck("demo", "fleet", "--now", "2026-03-24T18:00:00Z", cwd=tmp_path)
    now = ("--now", "2026-03-24T18:00:00Z")
    printed = taskcheck("--format", "concise", *now, cwd=tmp_path / "fleet").out.splitlines()
    findings = [
        finding
        for incident in taskcheck("--format", "json", *now, cwd=tmp_path / "fleet").json["incidents"]
        for finding in incident["findings"]
    ]
    (code,), (github,) = (matcher.get("tasks") or matcher["problemMatcher"] for matcher in MATCHERS)
    patterns = (code["problemMatcher"]["pattern"], github["pattern"][0])
    for pattern, levels in zip(patterns, ({"error", "warning", "info"}, {"error", "warning"}), strict=True):
        read = [found for line in printed if (found := re.search(pattern["regexp"], line))]
        wanted = [each for each in findings if each["severity"] in levels and each["checkout"] == "root"]
        assert len(read) == len(wanted) > 10
        assert {found[pattern["code"]] for found in read} == {each["rule"] for each in wanted}
        assert {found[pattern["severity"]] for found in read} <= levels
        for found in read:
            assert (tmp_path / "fleet" / found[pattern["file"]]).exists()
            assert (int(found[pattern["line"]]), int(found[pattern["column"]])) >= (1, 1)
            assert any(found[pattern["message"]].endswith(each["message"]) for each in wanted)


def test_init_writes_the_line_that_editors_follow(store: Callable[..., Path]) -> None:
    root = store({"tasks/x.md": "---\ntitle: T\nowner: rj\nstatus: ready\n---\n"})
    line, _, text = taskcheck("init", "--print", cwd=root).out.partition("\n")
    assert line == f"#:schema {SCHEMA['$id']}"
    assert refused(tomllib.loads(text)) == []


def test_each_page_with_commands_is_tried() -> None:
    shown = {page.stem for page in (ROOT / "docs").glob("*.md") if "```console" in page.read_text()}
    assert shown == {*FOLLOWED, *RUN, *ELSEWHERE}
    assert all(name in globals() for name in ELSEWHERE.values())
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        assert [each for each in pages.commands(page) if not pages.untried(each)] == {
            "README.md": ["cd my-repository", *(each for each in pages.commands(page) if each.startswith("taskcheck"))],
            "CONTRIBUTING.md": [],
        }[page.name]


FIX_LOGIN = "---\ntitle: Fix login\nowner: dave-fowler\nstatus: {}\n---\n"


@pytest.fixture
def whole(store: Callable[..., Path]) -> Path:
    """A store with what the pages speak of: a ready task, a worker that would take it, a rule, a baseline."""
    rules = pages.STEP.search((ROOT / "docs" / "first-rule.md").read_text().partition("## The rule")[2])
    root = store({
        "taskcheck.toml": "[people]\ndave-fowler = ['dave']\n",
        "taskcheck-baseline.toml": "version = 1\n",
        "tasks/fix-login.md": FIX_LOGIN.format("ready"),
        "tests/test_nothing.py": "def test_nothing() -> None:\n    pass\n",
        "tools/our_rules.py": rules["text"] if rules else "",
        ".gitignore": ".worktrees/\nbin/\n.tasks/\n*.json\n*.html\n*.xml\n__pycache__/\n.pytest_cache/\ntasks/logs/\n",
        "bin/my-agent": '#!/bin/sh\nexec taskcheck finish "$TASKCHECK_TASK" --outcome blocked --reason "no key"\n',
    })  # fmt: skip
    (root / "bin" / "my-agent").chmod(0o755)
    git("update-ref", "refs/remotes/origin/main", "HEAD", cwd=root)
    return root


@pytest.mark.journey
@pytest.mark.parametrize("name", RUN)
def test_what_a_page_shows_can_be_run(name: str, whole: Path, tmp_path: Path) -> None:
    """It ends as it does where something is found, or nothing; never as what nobody understands."""
    if name != "integrating":  # There the task is run.
        git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=whole)
        (whole / ".worktrees/fix-login/tasks/fix-login.md").write_text(FIX_LOGIN.format("in_review"))
    (tmp_path / "fleet").mkdir()
    for other in ("api", "web"):
        (tmp_path / "src" / other / "tasks").mkdir(parents=True)
        (tmp_path / "src" / other / "tasks/fix-login.md").write_text(FIX_LOGIN.format("ready"))
    env = {"GITHUB_BASE_REF": "main", "RUNNER_TEMP": str(tmp_path), "TASKCHECK_TASK": "fix-login"}
    for command in pages.commands(ROOT / "docs" / f"{name}.md"):
        if not pages.untried(command):
            done = pages.run_alone(command, whole, HOME=str(tmp_path), **env)
            assert done.returncode in {0, 1}, f"{command}\n{done.stdout}{done.stderr}"


def test_a_page_that_shows_what_is_not_so_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for shown, wrong in (("b\n", False), ("…\n", False), ("b …\n", True), ("", True), ("a\nb\n", True)):
        page.write_text(f"`in/a.txt`:\n\n```text\nb\n```\n\n```console\n$ cd in\n$ cat a.txt\n{shown}```\n")
        with pytest.raises(AssertionError) if wrong else nullcontext():
            assert pages.follow(page, tmp_path) == 2
    page.write_text("```console\n$ no-such-command\n…\n```\n")
    with pytest.raises(AssertionError):
        pages.follow(page, tmp_path)
