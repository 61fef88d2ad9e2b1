"""What others call us by in CI: the action's own steps, and files that the published schemas accept."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.forge import forge, pull

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
TASK = "---\ntitle: T\nowner: {}\nstatus: ready\n---\n"


def step(name: str) -> Any:
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


def scripted(
    name: str, root: Path, place: Path, inputs: dict[str, str], **env: str
) -> "subprocess.CompletedProcess[str]":
    """A step's script as it is, run by its shell."""
    defaults = {key: str(table.get("default", "")) for key, table in ACTION["inputs"].items()}
    known = {f"inputs.{key}": value for key, value in (defaults | inputs).items()} | {"github.action_path": str(ROOT)}
    variables = {key: known[value.removeprefix("${{ ").removesuffix(" }}")] for key, value in step(name)["env"].items()}
    files = {"GITHUB_STEP_SUMMARY": str(place / "summary"), "GITHUB_OUTPUT": str(place / "output")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)["run"]],
        cwd=root,
        env=environment(RUNNER_TEMP=str(place), **variables, **files, **env),
        capture_output=True,
        text=True,
        check=False,
    )


def checked(root: Path, place: Path, inputs: dict[str, str], **env: str) -> "subprocess.CompletedProcess[str]":
    """The step `check`, with this environment's Python where the install step puts one."""
    python = place / "taskcheck/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return scripted("check", root, place, inputs, **env)


def told(place: Path) -> dict[str, str]:
    """The action's outputs; of several uses those of the last."""
    return dict(line.split("=", 1) for line in (place / "output").read_text().splitlines())


def test_the_pages_use_the_action_as_it_is() -> None:
    texts = "".join(page.read_text() for page in sorted((ROOT / "docs").glob("*.md")))
    blocks = map(yaml.safe_load, re.findall(r"^```yaml\n(.*?)^```", texts, re.DOTALL | re.MULTILINE))
    jobs = [job for block in blocks if "jobs" in block for job in block["jobs"].values()]
    used = [step for job in jobs for step in job["steps"] if step.get("uses", "").startswith("taskcheck/")]
    assert len(used) >= 2
    assert all(step.get("with", {}).keys() <= ACTION["inputs"].keys() for step in used)


@pytest.mark.parametrize(
    ("inputs", "owner", "code"),
    [
        ({}, "rj", 0),
        ({}, "ghost", 1),
        ({"options": "--ignore\nrole-routing\n"}, "ghost", 0),
        ({"fail-on": "nonsense"}, "rj", 2),
        ({"root": "nowhere"}, "rj", 2),
        ({"baseline": "a b.toml"}, "rj", 2),
    ],
)
def test_the_actions_check(
    inputs: dict[str, str], owner: str, code: int, store: Callable[..., Path], tmp_path: Path
) -> None:
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/x.md": TASK.format(owner)})
    done = checked(root, tmp_path, inputs)
    assert done.returncode == code, done.stderr
    outputs = told(tmp_path)
    assert outputs["exit-code"] == str(code)
    assert outputs.keys() == ACTION["outputs"].keys()
    if code < 2:
        assert all(Path(outputs[name]).stat().st_size for name in ("sarif", "junit", "markdown"))
        assert (tmp_path / "summary").read_text() == Path(outputs["markdown"]).read_text()
    assert ("::error" in done.stdout) == (code == 1)


@pytest.fixture
def hostile(store: Callable[..., Path]) -> Path:
    """A repository with modules named as those that a check or an installation imports; each leaves a mark."""
    mark = "import os\nopen(os.environ['MARK'], 'a').write(__name__)\n"
    packages = [f"{name}/{part}.py" for name in ("venv", "pip", "taskcheck") for part in ("__init__", "__main__")]
    modules = dict.fromkeys(("json.py", "argparse.py", "sitecustomize.py", *packages), mark)
    return store({**modules, "tasks/x.md": TASK.format("rj")})


# A job's steps may well name the repository there; the package index is left out, for nothing is to be fetched.
SURROUNDINGS = {"PYTHONPATH": ".", "PIP_NO_INDEX": "1"}


@pytest.mark.journey
def test_the_action_runs_nothing_of_the_repository(hostile: Path, tmp_path: Path) -> None:
    env = {**SURROUNDINGS, "MARK": str(tmp_path / "mark")}
    installed = scripted("install", hostile, tmp_path, {"version": "0.0.0"}, **env)
    assert "No matching distribution found for taskcheck-lint==0.0.0" in installed.stderr
    (tmp_path / "taskcheck/bin/python").unlink()
    done = checked(hostile, tmp_path, {"options": "--exit-zero"}, **env)
    assert (done.returncode, "1 task in 1 checkout" in (tmp_path / "summary").read_text()) == (0, True), done.stderr
    assert not (tmp_path / "mark").exists(), (tmp_path / "mark").read_text()


@pytest.mark.parametrize("options", ["--exit-zero", "--exit-zero\n--ignore  role-routing\n"])
def test_the_components_script_runs_nothing_of_the_repository(options: str, hostile: Path, tmp_path: Path) -> None:
    script = "\n".join(component()["script"])
    env = environment(**SURROUNDINGS, MARK=str(tmp_path / "mark"), TASKCHECK_OPTIONS=options)
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    command = ["bash", "-ec", script]
    done = subprocess.run(command, cwd=hostile, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, (hostile / "junit.xml").exists()) == (0, True), done.stderr
    assert not (tmp_path / "mark").exists(), (tmp_path / "mark").read_text()


def test_each_use_of_the_action_has_reports_of_its_own(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/x.md": TASK.format("ghost")})
    checked(root, tmp_path, {})
    first = {name: Path(path).read_bytes() for name, path in told(tmp_path).items() if name != "exit-code"}
    paths = told(tmp_path)
    checked(root, tmp_path, {"options": "--ignore\nrole-routing"})
    for name, content in first.items():
        assert Path(paths[name]).read_bytes() == content != Path(told(tmp_path)[name]).read_bytes(), name


def test_the_action_takes_several_globs_of_branches(store: Callable[..., Path], tmp_path: Path) -> None:
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/x.md": TASK.format("rj")})
    for branch in ("task/a", "fix/b", "other/c"):
        git("branch", branch, cwd=root)
    done = checked(root, tmp_path, {"branches": "task/*\n\nfix/*\n"})
    assert done.returncode == 0, done.stderr
    assert "1 task in 3 checkouts" in (tmp_path / "summary").read_text()


def test_the_action_asks_the_forge_with_its_token(store: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("cachecontrol", reason="the extra [online] isn't installed")
    done = TASK.format("rj\npr_url: https://github.com/acme/shop/pull/12").replace("ready", "completed")
    root = store({"taskcheck.toml": "[people]\nrj = []\n", "tasks/x.md": done})
    with forge({"acme/shop#12": pull("open")}) as made:
        ran = checked(root, tmp_path, {"online": "true", "token": "ghs_job"}, **made.environment())
        assert [headers["Authorization"] for _, _, headers, _ in made.seen] == ["Bearer ghs_job"]
    assert ran.returncode == 0, ran.stderr
    assert "::warning file=tasks/x.md" in ran.stdout


@pytest.mark.parametrize(
    ("inputs", "installed"),
    [
        ({}, f"{ROOT}"),
        ({"version": "1.2.3"}, "taskcheck-lint==1.2.3"),
        ({"online": "true"}, f"{ROOT}"),
        ({"requirements": "a b.txt", "version": "1.2.3"}, "a b.txt"),
        ({"online": "true", "version": "1.2.3"}, "taskcheck-lint[online]==1.2.3"),
        ({"online": "no", "version": "$(id)"}, "taskcheck-lint==$(id)"),
    ],
)
def test_what_the_action_installs(inputs: dict[str, str], installed: str, tmp_path: Path) -> None:
    """With a Python that only writes down what it is asked for."""
    fake = tmp_path / "bin/python3"
    fake.parent.mkdir()
    fake.write_text(
        '#!/bin/sh\nmkdir -p "$4/bin" && printf \'#!/bin/sh\\nprintf "%%s\\\\n" "$@" >"$0.asked"\' >"$4/bin/python"\n'
        'chmod +x "$4/bin/python"\n'
    )
    fake.chmod(0o755)
    ran = scripted("install", tmp_path, tmp_path, inputs, PATH=f"{fake.parent}:{os.environ['PATH']}")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "taskcheck/bin/python.asked").read_text().splitlines()[-1] == installed


def component() -> Any:
    return list(yaml.safe_load_all((ROOT / "templates/taskcheck.yml").read_text()))[1]["taskcheck"]


@pytest.mark.journey
@pytest.mark.parametrize("options", ["$(touch {mark})", "; touch {mark}", "`touch {mark}`", "x && touch {mark}", "*"])
def test_options_of_the_component_are_words(options: str, store: Callable[..., Path], tmp_path: Path) -> None:
    assert not [line for line in component()["script"] if "$[[" in line]
    assert all(table["expand"] is False for name, table in component()["variables"].items() if name != "GIT_DEPTH")
    mark = tmp_path / "mark"
    env = environment(**SURROUNDINGS, TASKCHECK_OPTIONS=options.format(mark=mark))
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    command = ["bash", "-ec", "\n".join(component()["script"])]
    root = store({"tasks/x.md": TASK.format("rj")})
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert not mark.exists()


def test_what_the_action_needs_is_named_by_hash() -> None:
    """All that pyproject.toml asks for, for a check with and without a forge, and what builds it."""
    text = (ROOT / ".ci" / "requirements.txt").read_text()
    named = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]["online"]
    for line in (*project["project"]["dependencies"], *extras, *project["build-system"]["requires"]):
        wanted = Requirement(line)
        assert wanted.specifier.contains(named[canonicalize_name(wanted.name)], prereleases=True), line
    assert len(re.findall(r"==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", text)) == len(named)


def test_pages_pin_actions_by_commit() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob(".github/workflows/*.yml")]
    used = [use for page in pages for use in re.findall(r"uses: (\S+)@(\S+)", page.read_text())]
    assert len(used) > 5
    for name, version in used:
        assert re.fullmatch(r"[0-9a-f]{40}", version) or (name, version) == ("taskcheck/taskcheck", "COMMIT")


def test_the_actions_install_names_what_it_installs() -> None:
    """Inputs reach scripts through the environment alone: none is ever a part of one."""
    for one in ACTION["runs"]["steps"]:
        assert "${{" not in one["run"]
    assert "$HERE" in step("install")["run"]


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", sorted(str(p.relative_to(ROOT)) for p in ROOT.glob(".github/workflows/*.yml"))),
    ],
)
def test_published_schemas(schema: str, files: list[str]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    zizmor = Path(sys.executable).parent / "zizmor"
    command = [str(zizmor), "--offline", "--no-progress", "--persona", "pedantic", ".github/workflows", "action.yml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr


IGNORING = '[people]\nrj = []\n[rules]\nignore = ["role-routing"]\n'


@pytest.fixture
def pull_request(store: Callable[..., Path]) -> Path:
    """A branch that breaks a rule on three tasks, and accepts that in each of the three ways there are."""
    root = store({
        "taskcheck.toml": "[people]\nrj = []\n",
        "tasks/accepted.md": TASK.format("ghost\ntaskcheck: {ignore: {role-routing: known}}"),
        "tasks/x.md": TASK.format("rj"),
        "tasks/y.md": TASK.format("rj"),
    })  # fmt: skip
    taskcheck("--baseline", "baseline.toml", "--update-baseline", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "baseline", cwd=root)
    git("checkout", "-q", "-b", "pull", cwd=root)
    (root / "tasks/x.md").write_text(TASK.format("ghost\ntaskcheck: {ignore: {role-routing: mine}}"))
    (root / "tasks/y.md").write_text(TASK.format("ghost"))
    return root


@pytest.mark.parametrize("how", ["task file", "configuration", "pyproject", "baseline"])
def test_an_untrusted_pull_request_is_judged_by_its_base(how: str, pull_request: Path) -> None:
    root = pull_request
    if how == "configuration":
        (root / "taskcheck.toml").write_text(IGNORING)
    if how == "pyproject":
        (root / "taskcheck.toml").unlink()
        (root / "pyproject.toml").write_text("[tool.taskcheck.rules]\nignore = ['role-routing']\n")
    if how == "baseline":
        taskcheck("--baseline", "baseline.toml", "--update-baseline", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "pull", cwd=root)
    trusting = taskcheck("--baseline", "baseline.toml", cwd=root)
    assert (trusting.code == 1) == (how == "task file"), trusting.out
    git("tag", "-a", "-m", "base", "v1", "main", cwd=root)
    named = [git("rev-parse", *options, "main", cwd=root).strip() for options in ((), ("--short",))]
    for revision in ("main", "refs/heads/main", "v1", *named):
        judged = taskcheck("--config-from", revision, "--baseline", "baseline.toml", "--format", "concise", cwd=root)
        assert judged.code == 1
        assert {line.partition(":")[0] for line in judged.out.splitlines()[:-1]} == {"tasks/x.md", "tasks/y.md"}


@pytest.mark.parametrize(
    ("project", "code"),
    [
        (None, 1),
        ("[project]\nname = 'x'\n", 1),
        ("[project]\nname = 'x'\n[tool.taskcheck.rules]\nignore = ['invalid-field']\n", 0),
    ],
    ids=["none", "none of ours", "ours"],
)
def test_the_base_may_have_its_configuration_in_its_project_or_none(
    project: str | None, code: int, store: Callable[..., Path]
) -> None:
    files = {"pyproject.toml": project} if project else {}
    root = store({"tasks/x.md": TASK.format("ana").replace("ready", "nonsense"), **files})
    (root / "taskcheck.toml").write_text("[rules]\nignore = ['invalid-field']\n")
    assert taskcheck(cwd=root).code == 0
    assert taskcheck("--config-from", "main", cwd=root).code == code


def test_the_baseline_of_the_configuration_is_that_of_the_base_too(pull_request: Path) -> None:
    root = pull_request
    git("stash", "-q", cwd=root)
    (root / "taskcheck.toml").write_text('baseline = "baseline.toml"\n[people]\nrj = []\n')
    git("commit", "-q", "-a", "-m", "base", cwd=root)
    git("branch", "-q", "-f", "main", cwd=root)
    git("stash", "pop", "-q", cwd=root)
    taskcheck("--update-baseline", cwd=root)
    git("commit", "-q", "-a", "-m", "pull", cwd=root)
    assert "y.md" not in taskcheck("--format", "concise", cwd=root).out
    assert "y.md" in taskcheck("--config-from", "main", "--format", "concise", cwd=root).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--config-from", "nowhere"), "there is no branch, tag or commit nowhere here; was it fetched?"),
        (("--config-from", "HEAD^"), "there is no branch, tag or commit HEAD^ here; was it fetched?"),
        (("--config-from", "main", "--config", "taskcheck.toml"), "no --config, --preset or --update-baseline"),
        (
            ("--config-from", "main", "--baseline", "b.toml", "--update-baseline"),
            "no --config, --preset or --update-baseline",
        ),
        (("--config-from", "main", "--baseline", "b.toml"), "main has no b.toml"),
        (("--config-from", "--output=x"), "expected one argument"),
    ],
)
def test_config_from_wrong_input(arguments: tuple[str, ...], said: str, pull_request: Path) -> None:
    ran = taskcheck(*arguments, cwd=pull_request)
    assert (ran.code, said in ran.err) == (2, True), ran.err
