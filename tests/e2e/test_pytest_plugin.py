"""``pytest --taskcheck`` as a process: the same failures as a check, chosen, spread and written as pytest does."""

import importlib
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from taskcheck.testing import build, incidents_fixture
from tests.e2e.conftest import PATIENCE, Ran, environment, forked, git, install_plugin, taskcheck
from tests.samples import WHOLE, sampled
from tests.unit.test_architecture import imported

pytestmark = pytest.mark.journey

TASK = "---\ntitle: T\nowner: {owner}\nstatus: {status}\n{more}---\n"
MISROUTED = "redesign-axis-label-collision-handling-for-narrow-cards"
PEOPLE = "[people]\ndave-fowler = ['dave']\nrj = []\n"


def run(*arguments: str | Path, cwd: Path, others: bool = False, **env: str) -> Ran:
    """pytest as a process, with the plugins that it needs, found by their names; the others take most of its time.

    That is a fork of this one, which has pytest already, but with workers of its own or with all plugins.
    """
    words = [str(argument) for argument in arguments]
    plugins = ["-p", "taskcheck"]
    spreads = any(word.startswith("-n") for word in words)
    if spreads or "xdist_group" in words:
        plugins += ["-p", "xdist"]
    if others:
        plugins = []
    else:
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    words = ["--strict-markers", *plugins, *words]
    if spreads or others:
        ran = _started(words, cwd, env)
    else:
        ran = forked(lambda: _pytest(words), cwd, environment(COLUMNS="300", **env))
    assert "INTERNALERROR" not in ran.out, ran.out
    return ran


def _started(words: list[str], cwd: Path, env: dict[str, str]) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=cwd,
        env=environment(PYTHONDONTWRITEBYTECODE="1", COLUMNS="300", **env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _pytest(words: list[str]) -> int:
    """Run pytest as a new process would: without the filters of warnings and the modules of this one's tests."""
    sys.dont_write_bytecode = True
    sys.path[:0] = ["", *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    importlib.invalidate_caches()
    warnings.resetwarnings()
    for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "conftest"}]:
        del sys.modules[name]
    return pytest.main(words)


def outcomes(xml: Path) -> dict[str, str]:
    """Tests by class and name, and what became of them."""
    found = {}
    words = {Failure: "failed", Error: "error", Skipped: "skipped"}
    for suite in JUnitXml.fromfile(str(xml)):
        for case in suite:
            name = f"{case.classname.removeprefix('taskcheck.')}::{case.name.partition('@')[0]}"
            assert name not in found
            found[name] = next((words[type(result)] for result in case.result), "passed")
    return found


def checked(cwd: Path) -> dict[str, str]:
    """What `--format junit` says, named as items are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.xml")
        path.write_text(taskcheck("--format", "junit", cwd=cwd).out)
        return outcomes(path)


def failing(cwd: Path) -> set[str]:
    """What a check finds that fails it, named as items are."""
    return {name for name, outcome in checked(cwd).items() if outcome == "failed"}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The friction log's repository as if it had been written now."""
    return build(incidents_fixture(), tmp_path_factory.mktemp("fleet") / "repo", now=datetime.now(UTC)).root


def test_without_the_option_it_costs_nothing(tmp_path: Path) -> None:
    loaded = imported("import pytest; import taskcheck.pytest_plugin") - imported("import pytest")
    assert loaded <= {
        "taskcheck",
        "taskcheck.pytest_plugin",
        "taskcheck.version",
        "json",
        "json.decoder",
        "json.encoder",
        "json.scanner",
        "_json",
    }
    (tmp_path / "test_x.py").write_text(
        "import sys\n\ndef test_x():\n    assert not {'taskcheck.checks', 'taskcheck.cli'} & set(sys.modules)\n"
    )
    ran = run("-q", cwd=tmp_path, others=True)
    assert (ran.code, "taskcheck:" in ran.out) == (0, False), ran.out


@pytest.mark.journey
def test_the_incidents_fail_as_in_a_check(fleet: Path, tmp_path: Path) -> None:
    ran = run("--taskcheck", "-p", "no:cacheprovider", f"--junitxml={tmp_path / 'x.xml'}", cwd=fleet, others=True)
    found = outcomes(tmp_path / "x.xml")
    failed = {name for name, outcome in found.items() if outcome == "failed"}
    assert (ran.code, failed) == (1, failing(fleet))
    assert found == checked(fleet), "both say the same of everything"
    assert len(failed) == 8
    assert {"dave-fowler::snapshot-stale", "repository::rest"} & found.keys() == {"repository::rest"}
    register = ".tasks/task_manager/task-manager-dave-fowler.register.json"
    assert f"__ {MISROUTED}: misrouted-task[dave-fowler] __" in ran.out
    assert f"collected {len(found)} items\n" in ran.out
    assert f"\n{register}:72:64: error misrouted-task: {MISROUTED} is held by dave-fowler" in ran.out
    assert f"\n    registered by dave-fowler  {register}:72\n" in ran.out
    assert "\ntaskcheck: 41 tasks in 9 checkouts: 6 incidents (8 errors, 4 warnings)" in ran.out


TASKS = 2000 if WHOLE else 200


@pytest.mark.journey
def test_two_workers_fail_what_a_check_of_many_tasks_finds(store: Callable[..., Path], tmp_path: Path) -> None:
    """And the ledgers are read once, however many workers there are."""
    files = {"taskcheck.toml": PEOPLE}
    for number in range(TASKS):
        owner = "nobody" if number % 50 == 0 else "dave" if number % 40 == 0 else "dave-fowler"
        more = "depends_on: [gone]\n" if number % 70 == 0 else ""
        status = "nonsense" if number % 90 == 0 else "ready"
        files[f"tasks/ws{number % 20}/task-{number:04}.md"] = TASK.format(owner=owner, status=status, more=more)
    root = store(files)
    reads = tmp_path / "reads"
    path = install_plugin(
        tmp_path / "ours",
        "from taskcheck import hookimpl\n@hookimpl\ndef taskcheck_rules():\n"
        f"    with open({str(reads)!r}, 'a') as file:\n        file.write('read\\n')\n    return []\n",
    )
    xml = tmp_path / "x.xml"
    options = ("-p", "no:cacheprovider", "-q", "-n", "2", "--dist", "loadgroup", f"--junitxml={xml}")
    ran = run("--taskcheck", *options, cwd=root, PYTHONPATH=path)
    found = outcomes(xml)
    assert ran.code == 1
    assert {name for name, outcome in found.items() if outcome == "failed"} == failing(root)
    assert sum(outcome == "failed" for outcome in found.values()) > TASKS // 20
    assert sum(name.startswith("task-") and name.endswith("::rest") for name in found) == TASKS
    assert reads.read_text() == "read\n"
    workers = {line.split("]")[0] for line in ran.out.splitlines() if line.startswith("[gw")}
    assert workers == {"[gw0", "[gw1"}


@pytest.mark.journey
@pytest.mark.parametrize("dist", ["loadscope", "loadgroup"])
def test_items_of_a_task_go_to_one_worker(fleet: Path, dist: str) -> None:
    if dist == "loadgroup" and pytest.version_tuple >= (9, 2) and version("pytest-xdist") <= "3.8.0":
        pytest.skip("xdist_group is without effect: pytest-dev/pytest-xdist issue 1386")
    ran = run("--taskcheck", "-p", "no:cacheprovider", "-v", "-n", "2", "--dist", dist, cwd=fleet)
    workers: dict[str, set[str]] = {}
    for line in ran.out.splitlines():
        if line.startswith("[gw") and "::" in line:
            workers.setdefault(line.split("taskcheck/")[1].split("::")[0], set()).add(line[:5])
    assert len(workers) == 44
    assert all(len(those) == 1 for those in workers.values())


@pytest.mark.journey
@pytest.mark.parametrize(
    ("options", "names"),
    sampled(
        [
            (["-k", "split-manager"], ["dave-fowler::split-manager"]),
            (["-m", "taskcheck_identity"], ["dave-fowler::split-manager"]),
            (["-m", "xdist_group", "-k", "misrouted-task"], [f"{MISROUTED}::misrouted-task[dave-fowler]"]),
            (["--taskcheck-select", "identity", "-n", "2"], ["dave-fowler::split-manager"]),
            (["taskcheck/dave-fowler::split-manager"], ["dave-fowler::split-manager"]),
            ([f"taskcheck/{MISROUTED}", "-n", "2"], [f"{MISROUTED}::misrouted-task[dave-fowler]"]),
        ],
        2,
    ),
)
def test_pytest_chooses(fleet: Path, tmp_path: Path, options: list[str], names: list[str]) -> None:
    xml = tmp_path / "x.xml"
    ran = run("--taskcheck", "-p", "no:cacheprovider", f"--junitxml={xml}", *options, cwd=fleet)
    assert ran.code == 1, ran.out
    assert [name for name, outcome in outcomes(xml).items() if outcome == "failed"] == names


def test_last_failed(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": PEOPLE,
        "tasks/a.md": TASK.format(owner="nobody", status="ready", more=""),
        "tasks/b.md": TASK.format(owner="dave-fowler", status="ready", more=""),
    })  # fmt: skip
    assert run("--taskcheck", "-q", cwd=root).code == 1
    again = run("--taskcheck", "--lf", "-v", cwd=root)
    assert "taskcheck/a::role-routing[nobody] FAILED" in again.out
    assert "1 failed" in again.out
    assert "taskcheck/b" not in again.out
    (root / "tasks" / "a.md").write_text(TASK.format(owner="rj", status="ready", more=""))
    assert run("--taskcheck", cwd=root / "tasks").code == 0


def test_warnings_pass_and_are_seen_unless_they_shall_fail(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": PEOPLE,
        "tasks/a.md": TASK.format(owner="rj", status="ready", more="depends_on: [b]\n"),
        "tasks/b.md": TASK.format(owner="rj", status="ready", more=""),
    })  # fmt: skip
    ran = run("--taskcheck", "-rP", cwd=root)
    assert ran.code == 0
    assert "tasks/a.md:5:14: warning ready-too-early: " in ran.out
    assert run("--taskcheck", "--taskcheck-fail-on", "warning", cwd=root).code == 1


def test_what_could_not_look_is_skipped_with_the_reason(store: Callable[..., Path]) -> None:
    more = "depends_on: [gone]\ntaskcheck: {ignore: {unknown-dependency: comes on Monday}}\n"
    root = store({"taskcheck.toml": PEOPLE, "tasks/a.md": TASK.format(owner="rj", status="ready", more=more)})
    ran = run("--taskcheck", "-v", "-rs", cwd=root)
    assert ran.code == 0
    assert "taskcheck/repository::rest SKIPPED" in ran.out
    assert "no snapshot file" in ran.out
    assert "taskcheck/a::unknown-dependency[gone] SKIPPED (suppressed: comes on Monday" in ran.out


def test_what_failed_is_an_error(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({"taskcheck.toml": PEOPLE, "tasks/a.md": TASK.format(owner="rj", status="ready", more="")})
    code = (
        "from taskcheck import Severity, hookimpl, rule\n"
        "@rule(family='skip', severity=Severity.ERROR)\n"
        "def bad_rule(task):\n"
        "    'Fails.'\n"
        "    yield from ()\n"
        "    raise KeyError('no \\x1b[2J such thing')\n"
        "@hookimpl\n"
        "def taskcheck_rules():\n"
        "    return [bad_rule]\n"
        "@hookimpl\n"
        "def taskcheck_presets():\n"
        "    raise SystemExit(7)\n"
    )
    xml = tmp_path / "x.xml"
    ran = run("--taskcheck", f"--junitxml={xml}", cwd=root, PYTHONPATH=install_plugin(tmp_path / "ours", code))
    found = outcomes(xml)
    assert ran.code == 1
    assert {name for name, outcome in found.items() if outcome == "error"} == {"a::bad-rule", "repository::incomplete"}
    assert found["a::rest"] == "passed"
    assert "plugin ours: taskcheck_presets: SystemExit: 7" in ran.out
    assert "KeyError: 'no \\x1b[2J such thing'" in ran.out


@pytest.mark.parametrize(
    ("files", "options", "said"),
    sampled(
        [
            ({"taskcheck.toml": "[peopel]\n"}, [], "peopel"),
            ({"taskcheck.toml": PEOPLE}, ["--taskcheck-select", "role-ruting"], "did you mean role-routing"),
            ({"taskcheck.toml": PEOPLE}, ["--taskcheck-root", "nowhere", "-n", "2"], "nowhere"),
            ({"taskcheck.toml": PEOPLE, "x.py": ""}, [], "neither task files nor runtime ledgers found in "),
            (
                {"tasks/a.md": TASK.format(owner="rj", status="ready", more="")},
                ["taskcheck/b"],
                "not found: taskcheck/b",
            ),
        ],
        2,
    ),
)
def test_mistakes_are_usage_errors(
    store: Callable[..., Path], files: dict[str, str], options: list[str], said: str
) -> None:
    ran = run("--taskcheck", *options, cwd=store(files))
    assert said in ran.out + ran.err
    assert "Traceback" not in ran.out + ran.err
    assert ran.code == 4


@pytest.mark.journey
def test_no_id_breaks_an_item(store: Callable[..., Path]) -> None:
    names = ["a::()", "b]c", "d\x1b[31m", "e@f", "g::rest", "::error::h"]
    files = {f"tasks/{name}.md": TASK.format(owner="nobody", status="ready", more="") for name in names}
    root = store({"taskcheck.toml": PEOPLE, **files})
    ran = run("--taskcheck", "-v", "-n", "2", "--dist", "loadgroup", cwd=root)
    assert "6 failed" in ran.out
    assert "\x1b" not in ran.out
    assert not any(line.startswith("::") for line in ran.out.splitlines())


def test_the_tests_of_the_repository_run_too(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": PEOPLE,
        "tasks/a.md": TASK.format(owner="rj", status="ready", more=""),
        "tests/test_x.py": "def test_x():\n    pass\n",
    })  # fmt: skip
    both = run("--taskcheck", "-v", cwd=root)
    assert "tests/test_x.py::test_x PASSED" in both.out
    assert "taskcheck/a::rest PASSED" in both.out
    only = run("--taskcheck", "-v", "-m", "taskcheck", "--taskcheck-root", "..", cwd=root / "tests")
    assert "test_x PASSED" not in only.out
    assert "taskcheck/a::rest PASSED" in only.out


def strange(store: Callable[..., Path]) -> Path:
    """A store with names that nobody expects, and a finding in a branch that root has no file for."""
    broken = TASK.format(owner="dave-fowler", status="nonsense", more="")
    root = store({
        "taskcheck.toml": f'{PEOPLE}[checkouts]\nbranches = ["task/*"]\n',
        "tasks/\x1b[31mred\u202e.md": broken,
        f"tasks/{'x' * 250}.md": broken,
        "tasks/a.md": broken,
    })  # fmt: skip
    git("checkout", "-q", "-b", "task/new", cwd=root)
    (root / "tasks/new.md").write_bytes(b"---\ntitle: T\nowner: dave-fowler\nstatus: [\n---\n")
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "new", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    return root


SHOWN = [("-vv",), ("-vv", "--nf"), ("-q", "-n2"), ("-rA", "--ff"), ("--collect-only",)]


@pytest.mark.journey
@pytest.mark.parametrize("options", sampled(SHOWN, 2))
def test_strange_names_speak_to_no_terminal(store: Callable[..., Path], options: tuple[str, ...]) -> None:
    ran = run("--taskcheck", *options, cwd=strange(store))
    assert ran.code == (0 if "--collect-only" in options else 1)
    assert not {"\x1b", "\u202e"} & set(ran.out + ran.err)
    assert "collect-only" in options[-1] or "4 failed" in ran.out


@pytest.mark.journey
def test_a_named_item_may_be_long_and_a_folder_names_what_is_below(store: Callable[..., Path]) -> None:
    root = strange(store)
    long = f"taskcheck/{'x' * 250}::invalid-field[status]"
    assert "1 failed" in run("--taskcheck", long, cwd=root).out
    assert f"not found: taskcheck/{'y' * 5000}" in run("--taskcheck", f"taskcheck/{'y' * 5000}::x", cwd=root).err
    (root / "tests").mkdir()
    (root / "tests/test_x.py").write_text("def test_x(): pass\n")
    for folder in ("taskcheck", "taskcheck/"):
        ran = run("--taskcheck", folder, cwd=root)
        assert ("4 failed" in ran.out, "test_x.py" in ran.out) == (True, False), ran.out
    both = run("--taskcheck", "tests", "taskcheck/a", cwd=root)
    assert "1 failed, 2 passed" in both.out


@pytest.mark.journey
def test_what_is_mended_passes_under_its_old_name(store: Callable[..., Path]) -> None:
    root = store({"taskcheck.toml": PEOPLE, "tasks/a.md": TASK.format(owner="nobody", status="ready", more="")})
    for name in ("a::role-routing[nobody]", "a::role-routing", "a"):
        ran = run("--taskcheck", f"taskcheck/{name}", "-v", cwd=root)
        assert "collected 1 item" in ran.out or name == "a"
        assert (ran.code, "taskcheck/a::role-routing[nobody] FAILED" in ran.out) == (1, True), ran.out
    (root / "tasks/a.md").write_text(TASK.format(owner="rj", status="ready", more=""))
    ran = run("--taskcheck", "taskcheck/a::role-routing[nobody]", "taskcheck/a::invalid-field", "-rP", cwd=root)
    assert (ran.code, "2 passed" in ran.out, ran.out.count("nothing wrong any more")) == (0, True, 2), ran.out
    for wrong in ("taskcheck/b::role-routing", "taskcheck/a::no-such-rule", "taskcheck/b"):
        assert f"not found: {wrong}" in run("--taskcheck", wrong, cwd=root).err


def test_a_file_names_what_is_about_it(store: Callable[..., Path]) -> None:
    root = store({
        "taskcheck.toml": PEOPLE,
        "tasks/a.md": TASK.format(owner="nobody", status="ready", more=""),
        "tasks/b.md": TASK.format(owner="nobody", status="ready", more=""),
        "tests/test_x.py": "def test_x():\n    pass\n",
    })  # fmt: skip
    ran = run("--taskcheck", "a.md", "-v", cwd=root / "tasks")
    assert ("collected 2 items" in ran.out, "1 failed, 1 passed" in ran.out) == (True, True), ran.out
    assert "taskcheck/a::rest PASSED" in ran.out
    both = run("--taskcheck", "tests/test_x.py", "tasks/b.md", "-v", cwd=root)
    assert ("tests/test_x.py::test_x PASSED" in both.out, "taskcheck/a" in both.out) == (True, False), both.out


def test_what_is_collected_is_counted_and_listed(store: Callable[..., Path]) -> None:
    root = store({"taskcheck.toml": PEOPLE, "tasks/a.md": TASK.format(owner="nobody", status="ready", more="")})
    listed = run("--taskcheck", "--collect-only", "-q", cwd=root).out
    names = [line for line in listed.splitlines() if line.startswith("taskcheck/")]
    assert names == ["taskcheck/repository::rest", "taskcheck/a::role-routing[nobody]", "taskcheck/a::rest"]
    assert "3 tests collected" in listed
    assert "<Ledgers taskcheck>\n" in run("--taskcheck", "--collect-only", cwd=root).out
