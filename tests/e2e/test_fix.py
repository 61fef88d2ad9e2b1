"""--fix, --diff and undo as a user meets them: on the friction log's day, in odd places, with wrong input."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from taskcheck import (
    Finding,
    Severity,
    Task,
    rule,
)
from taskcheck.fix import plan as planning, repair
from taskcheck.model.finding import Safety
from taskcheck.model.report import Report
from taskcheck.plugins.marker import hookimpl
from taskcheck.store import Request, Where, open_store
from taskcheck.testing import build
from taskcheck.write import disk
from tests.conftest import ROOT
from tests.e2e.conftest import environment, git, taskcheck
from tests.e2e.test_promises import canary_script, fingerprint
from tests.unit.write.test_commit import Killed

NOW = "2026-03-24T18:00:00Z"
RUNTIME = Path(".tasks/task_manager")
DRIFTED = (
    "tasks/workstreams/infra-tooling/tasks/"
    "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching.md"
)
PEOPLE = '[people]\ndave-fowler = ["dave"]\nrj = []\n[rules]\nselect = ["identity", "routing"]\n'
TASK = "---\ntitle: Fix login\nowner: dave # him\nstatus: ready\n---\nbody\n"
FIXED = TASK.replace("dave # him", "dave-fowler # him")
Store = Callable[..., Path]


def work_tree(root: Path) -> dict[str, tuple[int, int, str]]:
    """Mode, time and content of every file of a checkout and of the worktrees in it."""
    found = fingerprint(root)
    return {path: held for path, held in found.items() if f"{root}/.git/" not in path and Path(path).is_file()}


def test_the_friction_logs_day(day: Path) -> None:
    before = work_tree(day)
    ran = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=day)
    report = ran.json
    assert ran.code == 1
    assert {note["rule"] for note in report["fixes"] if note["applied"]} == {
        "split-manager", "metadata-drift", "register-orphan", "misrouted-task",
    }  # fmt: skip
    left = {finding["rule"]: finding["fix"] for i in report["incidents"] for finding in i["findings"]}
    assert all(fix is None or fix["safety"] == "unsafe" for fix in left.values()), "what is left needs a person"
    assert "split-manager" not in left
    assert sorted(path.name for path in (day / RUNTIME).iterdir()) == [
        "task-manager-dave-fowler.register.json", "task-manager-dave-fowler.snapshot.json",
        "task-manager-rj.register.json", "task-manager-rj.snapshot.json",
    ]  # fmt: skip
    worker = (day / ".worktrees" / Path(DRIFTED).stem / DRIFTED).read_text()
    root = (day / DRIFTED).read_text()
    for key in ("status", "pr_url", "pr_number", "started_at", "pr_created_at"):
        assert line(root, key) == line(worker, key), "root says what the worker wrote"
    register = json.loads((day / RUNTIME / "task-manager-dave-fowler.register.json").read_text())
    assert "move-task-links-to-workstream-relative-paths" not in register["entries"]
    assert "redesign-axis-label-collision-handling-for-narrow-cards" not in register["entries"]
    after = work_tree(day)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    ledgers = ("dave.register", "dave.snapshot", "dave-fowler.register")
    assert changed == {str(day / DRIFTED), *(f"{day / RUNTIME}/task-manager-{name}.json" for name in ledgers)}
    again = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=day)
    assert again.json["fixes"] == []
    assert work_tree(day) == after, "a second run writes nothing, and touches no time"
    undone = taskcheck("undo", cwd=day)
    assert undone.code == 0, undone.err
    assert f"restored  {DRIFTED}" in undone.out
    assert work_tree(day) == before, "undo gives back every byte, mode and time"


def line(text: str, key: str) -> str:
    return next(found for found in text.splitlines() if found.startswith(f"{key}:"))


def test_unsafe_fixes_are_made_when_asked_for(day: Path) -> None:
    shown = taskcheck("--now", NOW, cwd=day).out
    assert "4 fixable with --fix, 1 more with --unsafe-fixes" in shown
    ran = taskcheck("--now", NOW, "--fix", "--unsafe-fixes", "--format", "json", cwd=day).json
    assert ran["summary"]["fixed"] == 5
    assert all(f["fix"] is None for i in ran["incidents"] for f in i["findings"])


def test_the_report_of_a_fix_keeps_to_the_contract(day: Path) -> None:
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text())
    shown = taskcheck("--now", NOW, "--diff", "--format", "json", cwd=day)
    made = taskcheck("--now", NOW, "--fix", "--format", "json", cwd=day)
    for ran in (shown, made):
        jsonschema.validate(ran.json, schema)
    assert [(n["rule"], n["title"], n["files"]) for n in shown.json["fixes"]] == [
        (n["rule"], n["title"], n["files"]) for n in made.json["fixes"]
    ]
    assert not any(note["applied"] for note in shown.json["fixes"])
    assert (shown.json["undo"], shown.json["summary"]["fixed"]) == (None, 0)
    assert made.json["summary"]["fixed"] == 4
    assert made.json["undo"] in taskcheck("undo", "--list", cwd=day).out


def test_a_diff_shows_what_a_fix_writes_and_writes_nothing(day: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(day, copy, symlinks=True)
    before = fingerprint(day)
    ran = taskcheck("--now", NOW, "--diff", cwd=day)
    assert ran.code == 1
    assert taskcheck("--now", NOW, "--diff", "--exit-zero", cwd=day).code == 0
    assert fingerprint(day) == before
    assert "would fix" in ran.err
    (tmp_path / "patch").write_text(ran.out)
    git("apply", tmp_path / "patch", cwd=copy)
    taskcheck("--now", NOW, "--fix", cwd=day)
    fixed = {path.removeprefix(str(day)): found[2] for path, found in work_tree(day).items()}
    applied = {path.removeprefix(str(copy)): found[2] for path, found in work_tree(copy).items()}
    assert fixed == applied, "the diff is what git applies"
    assert taskcheck("--now", NOW, "--diff", "--exit-zero", cwd=day).out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--unsafe-fixes"], "--unsafe-fixes requires --fix"),
        (["--fix", "--diff"], "--diff and --fix can't be combined"),
        (["--fix", "--baseline", "b.toml", "--update-baseline"], "fix first"),
        (["--diff", "--baseline", "b.toml", "--update-baseline"], "fix first"),
        (["undo", "20260101"], "there is no fix 20260101 to undo; there are none"),
    ],
)
def test_options_that_do_not_go_together(store: Store, arguments: list[str], said: str) -> None:
    root = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE})
    ran = taskcheck(*arguments, cwd=root)
    assert ran.code == 2
    assert said in ran.err
    assert (root / "tasks/a.md").read_text() == TASK


def test_exit_codes_and_words(store: Store) -> None:
    root = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE})
    assert taskcheck(cwd=root).code == 1
    shown = taskcheck("--diff", cwd=root)
    assert (shown.code, shown.out.count("\n+")) == (1, 2)
    ran = taskcheck("--fix", cwd=root)
    assert ran.code == 0
    assert "fixed   a  noncanonical-owner\n        write the owner as dave-fowler  tasks/a.md\n" in ran.out
    assert "to commit: git commit -m 'Tasks follow their ledgers' -- tasks/a.md\n" in ran.out
    assert "1 fixed (taskcheck undo " in ran.out
    assert (root / "tasks/a.md").read_text() == FIXED
    assert git("diff", "--cached", "--name-only", cwd=root) == "", "nothing is staged"
    git("checkout", "-q", "tasks/a.md", cwd=root)
    assert taskcheck("--fix", "--exit-non-zero-on-fix", cwd=root).code == 1
    assert taskcheck("--fix", "--exit-non-zero-on-fix", cwd=root).code == 0
    assert taskcheck("--diff", cwd=root).code == 0
    refused = taskcheck("undo", "2026-no-such", cwd=root)
    assert refused.code == 2
    assert "available: 2" in refused.err


def test_only_what_is_named_is_repaired(store: Store) -> None:
    root = store({"tasks/a.md": TASK, "tasks/b.md": TASK, "taskcheck.toml": PEOPLE})
    assert taskcheck("--fix", "b", cwd=root).code == 0
    assert [(root / f"tasks/{name}.md").read_text() for name in "ab"] == [TASK, FIXED]
    assert taskcheck("--fix", "--ignore", "noncanonical-owner", cwd=root).code == 0
    assert (root / "tasks/a.md").read_text() == TASK
    assert taskcheck("--fix", "tasks", cwd=root).code == 0
    assert (root / "tasks/a.md").read_text() == FIXED


@pytest.mark.parametrize("name", ["gone", f"{RUNTIME}/task-manager-dave.register.json"])
def test_what_a_repair_takes_the_last_trace_of_can_be_named(name: str, store: Store) -> None:
    row = {"slug": "gone", "registered_at": "2026-03-01T00:00:00Z"}
    owner = "dave" if "dave" in name else "dave-fowler"
    register = {f"{RUNTIME}/task-manager-{owner}.register.json": json.dumps({"owner": owner, "entries": {"gone": row}})}
    root = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE.replace('"routing"', '"register"'), **register})
    assert taskcheck(name, cwd=root).code == 1
    assert taskcheck("--diff", name, cwd=root).code == 1
    ran = taskcheck("--fix", name, "a", "--format", "json", cwd=root)
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["summary"]["fixed"] == 2
    assert taskcheck("--fix", "nowhere", cwd=root).code == 2


def test_suppressed_and_accepted_findings_stay(store: Store) -> None:
    suppress = '[[suppress]]\nrule = "noncanonical-owner"\ntask = "a"\nreason = "moves in Q3"\n'
    root = store({"tasks/a.md": TASK, "tasks/b.md": TASK, "taskcheck.toml": PEOPLE + suppress})
    taskcheck("--baseline", "b.toml", "--update-baseline", cwd=root)
    assert taskcheck("--fix", "--baseline", "b.toml", cwd=root).code == 0
    assert [(root / f"tasks/{name}.md").read_text() for name in "ab"] == [TASK, TASK]


def test_without_a_repository(store: Store) -> None:
    root = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE}, repository=False)
    ran = taskcheck("--fix", cwd=root)
    assert (ran.code, (root / "tasks/a.md").read_text()) == (0, FIXED)
    assert taskcheck("undo", cwd=root).code == 0
    assert (root / "tasks/a.md").read_text() == TASK


def test_nothing_is_made_where_there_is_nothing_to_repair(store: Store) -> None:
    root = store({"tasks/a.md": FIXED, "taskcheck.toml": PEOPLE})
    before = fingerprint(root)
    assert taskcheck("--fix", cwd=root).code == 0
    assert taskcheck("--fix", "--unsafe-fixes", cwd=root).code == 0
    assert fingerprint(root) == before
    assert "there is no fix to undo" in taskcheck("undo", cwd=root).out


def test_from_a_worktree_and_in_a_store_below_the_top(store: Store) -> None:
    files = {"apps/web/tasks/a.md": TASK, "apps/web/taskcheck.toml": PEOPLE, "apps/api/tasks/a.md": TASK,
             "apps/api/taskcheck.toml": PEOPLE, ".gitignore": ".worktrees/\n"}  # fmt: skip
    root = store(files)
    git("worktree", "add", "-q", "-b", "w", ".worktrees/w", cwd=root)
    assert taskcheck("--fix", cwd=root / ".worktrees/w/apps/web").code == 0
    assert (root / "apps/web/tasks/a.md").read_text() == FIXED
    assert (root / ".worktrees/w/apps/web/tasks/a.md").read_text() == TASK, "only the main checkout is repaired"
    assert (root / "apps/api/tasks/a.md").read_text() == TASK
    assert "no fix to undo" in taskcheck("undo", cwd=root / "apps/api").out, "each store has its own records"
    assert taskcheck("undo", cwd=root / "apps/web").code == 0
    assert (root / "apps/web/tasks/a.md").read_text() == TASK


@pytest.mark.parametrize("kind", ["bare", "separate"])
def test_each_checkout_that_is_taken_for_root_has_its_own_records(kind: str, store: Store, tmp_path: Path) -> None:
    """Beside a bare repository, or one that was put elsewhere, no checkout is the main one for sure."""
    one, other = tmp_path / "one", tmp_path / "other"
    start = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE})
    if kind == "bare":
        git("clone", "-q", "--bare", start, tmp_path / "repo.git", cwd=tmp_path)
        git("worktree", "add", "-q", one, "main", cwd=tmp_path / "repo.git")
        git("worktree", "add", "-q", "-b", "w", other, cwd=tmp_path / "repo.git")
    else:
        git("clone", "-q", "--separate-git-dir", tmp_path / "repo.git", start, one, cwd=tmp_path)
        git("worktree", "add", "-q", "-b", "w", other, cwd=one)
    assert taskcheck("--fix", cwd=one).code == 0
    assert (one / "tasks/a.md").read_text() == FIXED
    if kind == "bare":
        git("worktree", "remove", "--force", one, cwd=other)  # the next one is root now
    assert "there is no fix to undo" in taskcheck("undo", cwd=other).out
    assert taskcheck("--fix", cwd=other).code == 0
    assert taskcheck("undo", cwd=other).code == 0
    assert (other / "tasks/a.md").read_text() == TASK
    assert kind == "bare" or (one / "tasks/a.md").read_text() == FIXED


@pytest.mark.parametrize("kind", ["bare", "separate"])
def test_a_worktree_that_was_removed_by_hand_is_no_hindrance(kind: str, store: Store, tmp_path: Path) -> None:
    start = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE})
    option = ["--bare"] if kind == "bare" else ["--separate-git-dir", tmp_path / "repo.git"]
    git("clone", "-q", *option, start, tmp_path / ("repo.git" if kind == "bare" else "one"), cwd=tmp_path)
    for name in ("gone", "here"):
        git("worktree", "add", "-q", "-b", name, tmp_path / name, cwd=tmp_path / "repo.git")
    shutil.rmtree(tmp_path / "gone")
    assert taskcheck("--fix", cwd=tmp_path / "here").code == 0
    assert (tmp_path / "here/tasks/a.md").read_text() == FIXED


def test_stores_whose_names_look_alike_have_their_own_records(store: Store) -> None:
    folders = ("a/b", "a%b", "a%2Fb")
    root = store({f"{at}/{name}": text for at in folders
                  for name, text in {"tasks/a.md": TASK, "taskcheck.toml": PEOPLE}.items()})  # fmt: skip
    assert taskcheck("--fix", cwd=root / "a/b").code == 0
    for other in folders[1:]:
        assert taskcheck("undo", "--list", cwd=root / other).out == ""


def test_files_that_are_not_written(store: Store) -> None:
    root = store({f"tasks/{name}.md": TASK for name in "abcd"} | {"taskcheck.toml": PEOPLE})
    os.link(root / "tasks/a.md", root / "twin.md")
    git("checkout", "-q", "-b", "other", cwd=root)
    (root / "tasks/b.md").write_text(TASK.replace("ready", "blocked"))
    git("commit", "-qam", "other", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    (root / "tasks/b.md").write_text(TASK.replace("ready", "draft"))
    git("commit", "-qam", "main", cwd=root)
    subprocess.run(["git", "merge", "-q", "other"], cwd=root, env=environment(), capture_output=True, check=False)
    (root / "tasks/b.md").write_text(TASK)  # settled on disk, not in the index
    ran = taskcheck("--fix", "--unsafe-fixes", cwd=root)
    assert "tasks/a.md: it has other names (hard links)" in ran.out
    assert "tasks/b.md: it has an unmerged conflict in git's index" in ran.out
    assert [(root / f"tasks/{name}.md").read_text() for name in "abcd"] == [TASK, TASK, FIXED, FIXED]
    assert (root / "twin.md").read_text() == TASK
    assert ran.code == 1


@pytest.mark.parametrize("case", ["a link", "a folder that isn't there"])
def test_where_a_new_file_can_not_be_made_the_other_fixes_are(case: str, store: Store) -> None:
    folder = case == "a folder that isn't there"
    pattern = ".tasks/{owner}/register.json" if folder else f"{RUNTIME}/task-manager-{{owner}}.register.json"
    old, new = (pattern.replace("{owner}", name) for name in ("dave", "dave-fowler"))
    config = f'{PEOPLE}[paths]\nregisters = "{pattern}"\n'
    root = store({"tasks/a.md": TASK, old: '{"owner": "dave", "entries": {}}\n', "taskcheck.toml": config})
    if case == "a link":
        (root / new).symlink_to(Path(old).name)
    ran = taskcheck("--fix", "--format", "json", cwd=root)
    assert ran.code == 1
    assert {note["rule"]: (note["applied"], bool(note["reason"])) for note in ran.json["fixes"]} == {
        "noncanonical-owner": (True, False),
        "split-manager": (False, True),
    }
    assert (root / "tasks/a.md").read_text() == FIXED
    assert (root / old).read_text() == '{"owner": "dave", "entries": {}}\n'


def test_inside_a_hook_runtime_files_and_partly_staged_ones_stay(day: Path) -> None:
    staged = day / DRIFTED
    staged.write_text(staged.read_text().replace("priority: p1", "priority: p0"))
    git("add", DRIFTED, cwd=day)
    staged.write_text(staged.read_text().replace("milestone: m2", "milestone: m3"))
    before = work_tree(day)
    for variable in ("PRE_COMMIT", "GIT_INDEX_FILE"):
        value = "1" if variable == "PRE_COMMIT" else str(day / ".git/index")
        ran = taskcheck("--now", NOW, "--fix", cwd=day, **{variable: value})
        assert "runtime files aren't written inside a git hook" in ran.out
        assert "it is partially staged, and a git hook is running" in ran.out
        assert work_tree(day) == before


def test_nothing_of_the_repository_is_executed_by_a_fix(day: Path, tmp_path: Path) -> None:
    script = canary_script(tmp_path)
    for name in ("core.fsmonitor", "diff.external", "filter.x.clean", "filter.x.smudge", "filter.x.process"):
        git("config", name, script, cwd=day)
    (day / ".git" / "info").mkdir(exist_ok=True)
    (day / ".git" / "info" / "attributes").write_text("* filter=x\n")
    (tmp_path / "executed").unlink(missing_ok=True)
    assert taskcheck("--now", NOW, "--fix", cwd=day).code == 1
    assert taskcheck("undo", cwd=day).code == 0
    assert not (tmp_path / "executed").exists()


# --- what was interrupted ---


def interrupted(root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Make the fixes of a store, killed between the renames; how many files were new by then."""
    where = Where(root=root, third_party=False)
    with monkeypatch.context() as patched:
        renames, real = 0, os.rename

        def rename(*arguments: Any, **options: Any) -> None:
            nonlocal renames
            renames += 1
            if renames > 3:  # the journal twice, then the first of the files
                raise Killed
            real(*arguments, **options)

        patched.setattr(disk, "os", SimpleNamespace(**{**vars(os), "rename": rename, "unlink": lambda *a, **o: None}))
        with pytest.raises(Killed):
            repair.fix(open_store(where), Request(), repair.Order())
    return sum((path.read_text() == FIXED) for path in (root / "tasks").glob("*.md"))


@pytest.fixture
def half(store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of which a killed fix has repaired the first file and not the second."""
    root = store({"tasks/a.md": TASK, "tasks/b.md": TASK, "taskcheck.toml": PEOPLE})
    assert interrupted(root, monkeypatch) == 1
    return root


def test_a_check_says_that_a_fix_was_interrupted_and_writes_nothing(half: Path) -> None:
    before = fingerprint(half)
    ran = taskcheck(cwd=half)
    assert ran.code == 3
    assert "a fix was interrupted" in ran.out
    assert "run `taskcheck undo` or `taskcheck --fix` first" in ran.out
    assert fingerprint(half) == before


def test_a_check_says_so_where_the_record_of_it_is_unreadable(half: Path) -> None:
    (record,) = half.glob(".git/taskcheck/**/committed.json")
    record.write_text(record.read_text()[:-5])
    ran = taskcheck(cwd=half)
    assert (ran.code, "a fix was interrupted" in ran.out) == (3, True), ran.out


def test_the_next_fix_finishes_it(half: Path) -> None:
    ran = taskcheck("--fix", cwd=half)
    assert ran.code == 0
    assert "was finished" in ran.out
    assert [(half / f"tasks/{name}.md").read_text() for name in "ab"] == [FIXED, FIXED]


def test_undo_finishes_it_and_takes_it_back(half: Path) -> None:
    ran = taskcheck("undo", cwd=half)
    assert ran.code == 0
    assert "was finished" in ran.out
    assert [(half / f"tasks/{name}.md").read_text() for name in "ab"] == [TASK, TASK]
    assert list(half.rglob(".taskcheck.*")) == []


def test_what_somebody_wrote_since_is_kept(half: Path) -> None:
    (half / "tasks/b.md").write_text("mine\n")
    ran = taskcheck("undo", cwd=half)
    assert "was undone, because another process wrote tasks/b.md" in ran.out
    assert [(half / f"tasks/{name}.md").read_text() for name in "ab"] == [TASK, "mine\n"]
    assert taskcheck("--fix", cwd=half).code == 0


def test_a_record_that_can_not_be_read_is_told(half: Path) -> None:
    folder = half / ".git/taskcheck/store"
    (folder / "committed.json").write_text("{")
    ran = taskcheck("--fix", cwd=half)
    assert ran.code == 3
    assert f"the record of a fix in {folder} can't be read" in ran.out
    assert taskcheck("undo", cwd=half).code == 2


def test_undo_is_refused_where_a_file_was_written_since(store: Store) -> None:
    root = store({"tasks/a.md": TASK, "tasks/b.md": TASK, "taskcheck.toml": PEOPLE})
    taskcheck("--fix", cwd=root)
    (root / "tasks/b.md").write_text("mine\n")
    ran = taskcheck("undo", cwd=root)
    assert ran.code == 2
    assert "tasks/b.md: it was written meanwhile" in ran.err
    assert [(root / f"tasks/{name}.md").read_text() for name in "ab"] == [FIXED, "mine\n"]


# --- managers ---

HOLDER = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
getattr(fcntl, sys.argv[2])(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["flock", "lockf"])
def test_a_manager_that_holds_its_lock_is_waited_for_and_not_overrun(day: Path, kind: str) -> None:
    with (day / "taskcheck.toml").open("a") as file:
        file.write(f'[locks]\nregisters = "{RUNTIME}/task-manager-{{owner}}.lock"\nkind = "{kind}"\n')
    lock = day / RUNTIME / "task-manager-dave.lock"
    before = work_tree(day)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, lock, kind], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = taskcheck("--now", NOW, "--fix", cwd=day)
        assert ran.code == 3, "a fix that was given up"
        assert f"failed  fix: the lock {lock} is held" in ran.out
        assert f"not made: the lock {lock} is held" in ran.out
    finally:
        holder.kill()
        holder.communicate()
    lock.unlink()
    assert {path: found for path, found in work_tree(day).items() if not path.endswith(".lock")} == before
    ran = taskcheck("--now", NOW, "--fix", cwd=day)
    assert "no lock configured" not in ran.out
    assert "4 fixed" in ran.out


@pytest.mark.parametrize(
    ("locks", "said"),
    [
        ("out/{owner}.lock", "leads out of the root checkout"),
        (".git/{owner}.lock", "lies in the repository's own folder"),
        ("git/{owner}.lock", "lies in the repository's own folder"),
        (f"{RUNTIME}/task-manager-{{owner}}.register.json", "is a register or snapshot itself"),
        (f"{RUNTIME}/task-manager-{{owner}}.lock.snapshot.json", "is a register or snapshot itself"),
    ],
)
def test_a_lock_is_a_file_of_its_own_in_the_checkout(locks: str, said: str, store: Store, tmp_path: Path) -> None:
    register = {f"{RUNTIME}/task-manager-dave.register.json": '{"owner": "dave", "entries": {}}\n'}
    root = store({"tasks/a.md": TASK, "taskcheck.toml": f'{PEOPLE}[locks]\nregisters = "{locks}"\n', **register})
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "git").symlink_to(root / ".git")
    before = fingerprint(tmp_path)
    ran = taskcheck("--fix", cwd=root)
    assert ran.code == 2
    assert said in ran.err
    left = {path: found for path, found in fingerprint(tmp_path).items() if "/.git/taskcheck" not in path}
    assert {path: found[2] for path, found in left.items()} == {path: found[2] for path, found in before.items()}


@rule(family="task", severity=Severity.ERROR)
def written_as_dave(task: Task) -> Iterator[Finding]:
    """A rule that takes offence at what a fix does elsewhere."""
    if task.id == "b" and task.text("owner") != "dave":
        yield Finding(task="a", place=task.place, message="b isn't dave's")


@pytest.mark.parametrize("select", [(), ("noncanonical-owner",), ("identity",)])
def test_a_fix_that_would_raise_an_error_is_left_out_whatever_was_asked_for(
    select: tuple[str, ...], store: Store
) -> None:
    root = store({"tasks/a.md": FIXED, "tasks/b.md": TASK, "tasks/c.md": TASK, "taskcheck.toml": PEOPLE.replace(
        '"routing"', '"routing", "task"')})  # fmt: skip
    opened = open_store(Where(root=root, third_party=False, rules=(written_as_dave,)))
    report, _ = repair.fix(opened, Request(select=select), repair.Order())
    assert {note.task: note.reason[:40] for note in report.fixes} == {
        "b": "it would raise written-as-dave on a: b i", "c": ""
    }  # fmt: skip
    assert [(root / f"tasks/{name}.md").read_text() for name in "bc"] == [TASK, FIXED]
    assert {finding.rule for finding in report.findings} == {"noncanonical-owner"}, "the report is about what was asked"


@pytest.mark.journey
def test_where_many_fixes_raise_errors_the_rules_look_so_often_and_no_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = store({f"tasks/b{number:03}.md": TASK for number in range(200)} | {"taskcheck.toml": PEOPLE})
    looked: list[int] = []

    def raised(before: object, after: Report) -> str | None:
        looked.append(1)
        left = {incident.task for incident in after.incidents}
        return "it would raise an error" if any(f"b{number:03}" not in left for number in range(0, 200, 2)) else None

    monkeypatch.setattr(planning, "_raised", raised)
    monkeypatch.setattr(planning, "TRIALS", 20)
    where = Where(root=root, third_party=False)
    report, _ = repair.fix(open_store(where), Request(), repair.Order())
    assert len(looked) == 20
    assert len(report.fixes) == 200
    assert {note.reason for note in report.fixes if note.reason} == {
        "it would raise an error", "too many fixes cause errors to try them all; fix fewer tasks at a time",
    }  # fmt: skip
    assert report.complete


@pytest.mark.parametrize("command", ["--fix", "undo"])
def test_an_interrupted_fix_waits_for_the_lock_of_a_manager_too(
    command: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = f'[locks]\nregisters = "{RUNTIME}/task-manager-{{owner}}.lock"\n'
    registers = {f"{RUNTIME}/task-manager-{name}.register.json": f'{{"owner": "{name}", "entries": {{}}}}\n'
                 for name in ("dave", "dave-fowler")}  # fmt: skip
    root = store({"tasks/a.md": TASK, "taskcheck.toml": PEOPLE + locks, **registers})
    interrupted(root, monkeypatch)
    assert (root / ".git/taskcheck/store/committed.json").exists()
    before = fingerprint(root)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, root / RUNTIME / "task-manager-dave.lock", "flock"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        ran = taskcheck(command, cwd=root)
        assert ran.code == (3 if command == "--fix" else 2)
        assert "is held by another fix or a manager" in ran.out + ran.err
        assert {path: found[2] for path, found in fingerprint(root).items() if not path.endswith("lock")} == {
            path: found[2] for path, found in before.items() if not path.endswith("lock")
        }
    finally:
        holder.kill()
        holder.communicate()
    ran = taskcheck(command, cwd=root)
    assert ran.code == 0, ran.err
    assert "was finished" in ran.out


def test_a_live_process_keeps_its_entry(tmp_path: Path) -> None:
    """The register holds a live worker's entry beside an old one of the same task: no merge may take it."""
    root = build(ROOT / "fixtures/split-manager/bad-live-pids", tmp_path / "repo").root
    pid = os.getpid()
    register = root / RUNTIME / "task-manager-dave.register.json"
    told = json.loads(register.read_text())
    entry = next(iter(told["entries"].values()))
    entry |= {"pid": pid, "launched_at": "2036-01-01T00:00:00Z", "registered_at": "2016-01-01T00:00:00Z"}
    entry.pop("host", None)
    entry["launched_at"] = entry["registered_at"] = entry["started_at"] = "2036-01-01T00:00:00Z"
    register.write_text(json.dumps(told))
    where = Where(root=root, third_party=False)
    report, _ = repair.fix(open_store(where), Request(), repair.Order(safety=Safety.UNSAFE))
    kept = {
        held["pid"]
        for path in (root / RUNTIME).glob("*.register.json")
        for held in json.loads(path.read_text())["entries"].values()
        if "pid" in held
    }
    assert pid in kept, report.fixes


def test_a_guard_refuses_the_whole_plan(day: Path) -> None:
    class Guard:
        @hookimpl
        def taskcheck_guard(self, plan: object, state: object) -> str:
            return f"not on a Friday: {len(plan.changes)} files"  # type: ignore[attr-defined]

    class Broken:
        @hookimpl
        def taskcheck_guard(self, plan: object) -> str:
            raise SystemExit(0)

    before = work_tree(day)
    where = Where(root=day, third_party=False)
    for guard, said in ((Guard(), "refuses: not on a Friday: 4 files"), (Broken(), "SystemExit")):
        store = open_store(where)
        store.plugins.manager.register(guard, name="house")
        report, plan = repair.fix(store, Request(), repair.Order())
        assert (report.exit_code, plan.changes) == (3, ())
        assert any(said in error.message for error in report.errors), report.errors
    assert work_tree(day) == before


@pytest.mark.journey
def test_a_thousand_files_at_once(store: Store) -> None:
    files = {f"tasks/{number:04}.md": TASK for number in range(1000)}
    root = store(files | {"taskcheck.toml": PEOPLE})
    before = work_tree(root)
    ran = taskcheck("--fix", "--format", "json", cwd=root)
    assert (ran.code, ran.json["summary"]["fixed"]) == (0, 1000)
    assert {(root / name).read_text() for name in files} == {FIXED}
    assert taskcheck("undo", cwd=root).code == 0
    assert work_tree(root) == before


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("no/such/folder/x", "No such file or directory"),
        ("tasks", "Is a directory"),
        ("tasks/x.md/y", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_report_that_cannot_be_written_stops_a_fix_before_it_writes(store: Store, path: str, said: str) -> None:
    root = store({"taskcheck.toml": PEOPLE, "tasks/x.md": TASK})
    ran = taskcheck("--fix", "--output", f"json={path}", cwd=root)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"taskcheck: --output {path}: {said}\n"
    assert (root / "tasks/x.md").read_text() == TASK
