"""The fixture builder against real git, and the incidents fixture's facts without taskcheck's readers."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from taskcheck.testing import Built, FixtureError, build, incidents_fixture

NOW = 'now = "2026-03-24T18:00:00Z"\n'


@pytest.fixture
def fixture(tmp_path):
    """Write a fixture folder: its repo.toml after `now`, and its files."""

    def write(settings="", files=None, name="fixture"):
        folder = tmp_path / name
        for path, text in {"repo.toml": settings, **(files or {})}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return folder

    return write


@pytest.fixture
def into(tmp_path):
    return tmp_path / "built"


def git(folder, *command):
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0"}
    done = subprocess.run(["git", *command], cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr.strip()}"


def log(folder, *revisions):
    return git(folder, "log", "--format=%s", *revisions).splitlines()


SMALL = {"base/tasks/a.md": "one\n", "worktrees/a/tasks/a.md": "two\n"}


# --- main ---


def test_base_history_and_root_are_commits_with_their_dates(fixture, into):
    files = {"base/a": "1", "history/01/a": "2", "history/02/b": "2", "root/a": "3"}
    settings = NOW + 'at = "2026-03-20T08:00:00Z"\n[history.02]\nat = "2026-03-21T08:00:00Z"\n'
    built = build(fixture(settings, files), into)
    assert git(into, "log", "--format=%s %aI %cI %an", "main").splitlines() == [
        "root 2026-03-20T08:00:00+00:00 2026-03-20T08:00:00+00:00 Fixture",
        "history/02 2026-03-21T08:00:00+00:00 2026-03-21T08:00:00+00:00 Fixture",
        "history/01 2026-03-20T08:00:00+00:00 2026-03-20T08:00:00+00:00 Fixture",
        "base 2026-03-20T08:00:00+00:00 2026-03-20T08:00:00+00:00 Fixture",
    ]
    assert (into / "a").read_text() == "3"
    assert built == Built(root=into.resolve(), now=datetime(2026, 3, 24, 18, tzinfo=UTC), host=None, processes=None)


def test_commits_are_a_day_old_by_default_and_root_may_be_alone(fixture, into):
    build(fixture(NOW + 'branch = "trunk"\n', {"root/a": "1"}), into)
    assert git(into, "log", "--format=%D %cI", "trunk") == "HEAD -> trunk 2026-03-23T18:00:00+00:00"


def test_root_drops_files_and_folders(fixture, into):
    files = {"base/a": "1", "base/b/c": "1", "base/d": "1"}
    build(fixture(NOW + '[root]\ndrop = ["a", "b"]\n', files), into)
    assert git(into, "ls-files").splitlines() == [".gitignore", "d"]
    assert git(into, "status", "--porcelain") == ""


def test_runtime_files_are_placed_and_not_tracked(fixture, into):
    files = {"base/a": "1", "root/.tasks/x.json": "{}", "root/tasks/logs/x.log": "x", **SMALL}
    build(fixture(NOW, files), into)
    assert (into / ".tasks/x.json").exists()
    assert (into / "tasks/logs/x.log").exists()
    assert git(into, "ls-files").splitlines() == [".gitignore", "a", "tasks/a.md"]
    assert git(into, "status", "--porcelain") == ""
    assert log(into, "main") == ["base"]


def test_a_fixture_brings_its_own_gitignore(fixture, into):
    build(fixture(NOW, {"base/.gitignore": "*.tmp\n", "base/a.tmp": "1", "base/.tasks/b": "1"}), into)
    assert git(into, "ls-files").splitlines() == [".gitignore", ".tasks/b"]


def test_without_git_there_is_a_plain_folder(fixture, into):
    build(fixture(NOW + "git = false\n", {"base/a": "1", "root/b": "1"}), into)
    assert sorted(path.name for path in into.iterdir()) == ["a", "b"]


def test_a_person_can_commit_in_it(fixture, into):
    build(fixture(NOW, SMALL), into)
    (into / "tasks/a.md").write_text("three\n")
    assert not git(into, "commit", "-am", "by hand").startswith("failed")


# --- worktrees and branches ---


def test_a_worktree_has_a_branch_and_commits_of_its_own(fixture, into):
    settings = NOW + '[worktrees.b]\nbranch = "x/b"\npath = "../elsewhere"\nfrom = "root"\ndrop = ["a"]\n'
    files = {"base/a": "1", "root/b": "1", "worktree-history/b/01/c": "1", "worktrees/b/c": "2", **SMALL}
    build(fixture(settings, files), into)
    assert git(into / ".worktrees/a", "status", "--porcelain", "--branch") == "## task/a"
    assert (into / ".worktrees/a/tasks/a.md").read_text() == "two\n"
    assert log(into, "main..task/a") == ["worktrees/a"]
    assert git(into, "rev-parse", "task/a~1") == git(into, "rev-parse", "main~1")
    assert log(into, "main..x/b") == ["worktrees/b", "worktree-history/b/01"]
    assert sorted(path.name for path in (into / "../elsewhere").iterdir()) == [
        *(".git", ".gitignore", "b", "c", "tasks")
    ]


def test_a_worktree_may_have_nothing_in_common_with_main(fixture, into):
    build(fixture(NOW + '[worktrees.a]\nfrom = "nothing"\n', SMALL), into)
    assert git(into, "merge-base", "main", "task/a").startswith("failed")
    assert log(into, "task/a") == ["worktrees/a", "nothing"]


def test_commits_of_main_may_have_messages_of_their_own(fixture, into):
    settings = NOW + '[history.01]\nmessage = "Fix it (#12)"\n[root]\nmessage = "Merge branch \'x\'"\n'
    build(fixture(settings, {"base/a": "1", "history/01/a": "2", "root/a": "3"}), into)
    assert log(into, "main") == ["Merge branch 'x'", "Fix it (#12)", "base"]


def test_the_last_changes_of_main_may_stay_uncommitted(fixture, into):
    build(fixture(NOW + "[root]\ncommit = false\n", {"root/tasks/a.md": "three\n", **SMALL}), into)
    assert git(into, "status", "--porcelain") == "M tasks/a.md"
    assert log(into, "main") == ["base"]


def test_a_worktree_may_be_locked_and_gone(fixture, into):
    build(fixture(NOW + '[worktrees.a]\nstate = "missing"\nlocked = true\n', SMALL), into)
    assert not (into / ".worktrees/a").exists()
    assert "locked" in git(into, "worktree", "list", "--porcelain").split("\n\n")[1]


def test_a_worktree_may_begin_at_a_branch_before_it(fixture, into):
    files = {"worktrees/b/c": "1", **SMALL}
    build(fixture(NOW + '[worktrees.b]\nfrom = "task/a"\n', files), into)
    assert log(into, "main..task/b") == ["worktrees/b", "worktrees/a"]


def test_changes_of_a_worktree_may_stay_uncommitted(fixture, into):
    build(fixture(NOW + "[worktrees.a]\ncommit = false\n", SMALL), into)
    assert git(into / ".worktrees/a", "status", "--porcelain") == "M tasks/a.md"
    assert git(into, "rev-parse", "task/a") == git(into, "rev-parse", "main")


def test_a_worktree_in_which_nothing_was_done(fixture, into):
    build(fixture(NOW + "[worktrees.idle]\n", {"root/a": "1", "worktrees/idle/tasks/logs/x": "1"}), into)
    assert git(into, "rev-parse", "task/idle") == git(into, "rev-parse", "main")
    assert (into / ".worktrees/idle/tasks/logs/x").exists()


@pytest.mark.parametrize("state", ["missing", "broken", "locked", "detached"])
def test_states_of_a_worktree(fixture, into, state):
    build(fixture(NOW + f'[worktrees.a]\nstate = "{state}"\n', SMALL), into)
    folder = into / ".worktrees/a"
    listed = git(into, "worktree", "list", "--porcelain").split("\n\n")[1]
    assert folder.exists() is (state != "missing")
    assert git(folder if folder.exists() else into, "status").startswith("failed") is (state == "broken")
    assert ("prunable" in listed) is (state == "missing")
    assert ("locked" in listed) is (state == "locked")
    assert ("detached" in listed) is (state == "detached")
    assert git(into, "branch", "--list", "task/a", "--format=%(refname)") == (
        "" if state == "detached" else "refs/heads/task/a"
    )


def test_a_branch_has_no_folder(fixture, into):
    settings = NOW + '[branches."task/b"]\n[branches.c]\nfolder = "other"\n'
    files = {"base/a": "1", "branches/task--b/a": "2", "branches/other/a": "3"}
    build(fixture(settings, files), into)
    assert git(into, "show", "task/b:a") == "2"
    assert git(into, "show", "c:a") == "3"
    assert len(git(into, "worktree", "list").splitlines()) == 1


@pytest.mark.parametrize(
    ("how", "start", "subjects", "parents"),
    [
        ("no-ff", "base", ["Merge branch 'task/a'", "worktrees/a", "root", "base"], 2),
        ("squash", "base", ["task/a", "root", "base"], 1),
        ("ff", "root", ["worktrees/a", "root", "base"], 1),
    ],
)
def test_merged_work(fixture, into, how, start, subjects, parents):
    settings = NOW + f'[worktrees.a]\nmerged = "{how}"\nfrom = "{start}"\n'
    build(fixture(settings, {"root/tasks/a.md": "root\n", **SMALL}), into)
    assert sorted(log(into, "main")) == sorted(subjects)
    assert len(git(into, "log", "-1", "--format=%P", "main").split()) == parents
    assert (into / "tasks/a.md").read_text() == "two\n"
    assert git(into, "status", "--porcelain") == ""


# --- time, processes, determinism ---


def test_everything_moves_with_now(fixture, into):
    settings = NOW + (
        'host = "mac-1"\n[processes]\n11 = "2026-03-24T17:00:00Z"\n12 = ""\n[mtimes]\nb = "2026-03-24T16:00:00Z"\n'
    )
    text = "at: 2026-03-24T17:30:00Z on 2026-03-24, never 2026-13-24T17:30:00Z\n"
    files = {"root/a": text, "root/b": "1"}
    now = datetime(2026, 3, 26, 19, 0, 0, 999, tzinfo=UTC)
    built = build(fixture(settings, files), into, now=now)
    assert built.now == datetime(2026, 3, 26, 19, tzinfo=UTC)
    assert built.host == "mac-1"
    assert built.processes == {11: built.now - timedelta(hours=1), 12: None}
    assert (into / "a").read_text() == "at: 2026-03-26T18:30:00Z on 2026-03-24, never 2026-13-24T17:30:00Z\n"
    assert (into / "b").stat().st_mtime == (built.now - timedelta(hours=2)).timestamp()
    assert git(into, "log", "-1", "--format=%cI") == "2026-03-25T19:00:00+00:00"


def test_an_empty_process_table_means_that_nothing_lives(fixture, into):
    assert build(fixture(NOW + "[processes]\n", {"root/a": "1"}), into).processes == {}


def test_binary_files_stay_as_they_are(fixture, into):
    content = "\0 2026-03-24T17:30:00Z"
    build(fixture(NOW, {"root/a": content}), into, now=datetime(2026, 4, 1, tzinfo=UTC))
    assert (into / "a").read_text() == content


def test_the_same_fixture_gives_the_same_commits(fixture, tmp_path, monkeypatch):
    folder = fixture(NOW + '[worktrees.a]\nmerged = "no-ff"\n', SMALL)
    build(folder, tmp_path / "one")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    build(folder, tmp_path / "two")
    one, two = (git(tmp_path / name, "for-each-ref") for name in ("one", "two"))
    assert one == two != ""


# --- overlay ---


def test_an_overlay_adds_replaces_and_drops(fixture, into):
    files = {"root/x": "1", "root/y": "1", "root/logs/z": "1", **SMALL}
    below = fixture(NOW + '[worktrees.a]\nbranch = "mine"\n', files)
    above = fixture(
        'drop = ["root/x", "root/logs"]\n[worktrees.a]\ncommit = false\n',
        {"root/y": "2", "root/logs/new": "2", "worktrees/a/tasks/a.md": "three\n", "worktrees/b/c": "1"},
        name="overlay",
    )
    build(below, into, overlay=above)
    assert not (into / "x").exists()
    assert (into / "y").read_text() == "2"
    assert [path.name for path in (into / "logs").iterdir()] == ["new"]
    assert (into / ".worktrees/a/tasks/a.md").read_text() == "three\n"
    assert git(into / ".worktrees/a", "status", "--porcelain", "--branch") == "## mine\n M tasks/a.md"
    assert (into / ".worktrees/b/c").exists()


# --- refusals ---


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (NOW + "wrktrees = 1\n", r"repo\.toml: unknown key wrktrees"),
        (NOW + "[worktrees.a]\nbrnch = 'x'\n", r"repo\.toml: worktrees: a: unknown key brnch"),
        (NOW + "[worktrees.a]\nstate = 'lost'\n", r"worktrees: a: state: must be one of missing, broken"),
        (NOW + "git = 'no'\n", r"git: 'no' is of the wrong type"),
        (NOW + "root = 1\n", r"root: 1 is of the wrong type"),
        ("at = '2026-03-24T18:00:00Z'\n", r"repo\.toml: now is missing"),
        ("now = '2026-03-24'\n", r"'2026-03-24' is not a timestamp"),
        ("now = \n", r"repo\.toml: Invalid value"),
        (NOW + "[root]\ndrop = ['none']\n", r"root: drop: there is no none"),
        (NOW + "[mtimes]\nnone = '2026-03-24T18:00:00Z'\n", r"mtimes: there is no none"),
        (NOW + "[root]\ndrop = ['../outside']\n", r"root: drop: '\.\./outside' is no path below the fixture"),
        (NOW + "[root]\ndrop = ['tasks/../../outside']\n", r"root: drop: 'tasks/\.\./\.\./outside' is no path below"),
        (NOW + "[root]\ndrop = ['/no/such']\n", r"root: drop: '/no/such' is no path below"),
        (NOW + "[root]\ndrop = ['.']\n", r"root: drop: '\.' is no path below"),
        (NOW + "[root]\ndrop = [7]\n", r"root: drop: 7 is no path below"),
        (NOW + "[mtimes]\n'../outside' = '2026-03-24T18:00:00Z'\n", r"mtimes: '\.\./outside' is no path below"),
        (NOW + "[worktrees.a]\ndrop = ['../../outside']\n", r"a: drop: '\.\./\.\./outside' is no path below"),
        (
            NOW + "[worktrees.a]\nfrom = 'task/b'\n",
            r"worktrees/a: from: 'task/b' is neither base nor root, nor a branch",
        ),
        (NOW + "[worktrees.a]\nmerged = 'ff'\n[root]\ndrop = ['tasks']\n", r"git merge: .*fast-forward"),
    ],
)
def test_what_cannot_be_built_is_named(fixture, into, settings, message):
    with pytest.raises(FixtureError, match=message):
        build(fixture(settings, SMALL), into)


def test_an_overlay_that_drops_nothing_is_an_error(fixture, into):
    above = fixture('drop = ["root/none"]\n', name="overlay")
    with pytest.raises(FixtureError, match=r"overlay/repo\.toml: drop: there is no root/none"):
        build(fixture(NOW, SMALL), into, overlay=above)


def test_a_folder_in_use_is_refused_and_left_alone(fixture, into):
    into.mkdir()
    (into / "mine").write_text("1")
    with pytest.raises(FixtureError, match=re.escape(str(into))):
        build(fixture(NOW, SMALL), into)
    assert [path.name for path in into.iterdir()] == ["mine"]


def test_a_fixture_without_settings_is_refused(tmp_path, into):
    with pytest.raises(FixtureError, match=r"repo\.toml"):
        build(tmp_path, into)


# --- the friction log's repository ---

SYNC = "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching"
FONTS = "wire-markdown-svg-to-dataface-font-config-and-vendored-inter"
STATUS_PAGE = "make-tasks-server-status-page-use-fresh-heartbeat-data-and-auto-refresh"
LINKS = "move-task-links-to-workstream-relative-paths"
LABELS = "redesign-axis-label-collision-handling-for-narrow-cards"
INCIDENTS = {SYNC, FONTS, STATUS_PAGE, LINKS, LABELS}
DAVE, RJ = "dave-fowler", "rj"


class Ledgers:
    """The ledgers of a built repository, read with nothing but the standard library."""

    def __init__(self, built):
        self.root, self.now = built.root, built.now
        self.tasks = self.read_tasks(built.root)
        self.copies = {path.name: self.read_tasks(path) for path in (built.root / ".worktrees").iterdir()}
        self.registers, self.snapshots = self.runtime("register"), self.runtime("snapshot")
        logs = built.root / "tasks/logs"
        self.logs = {path.stem.removeprefix("dispatch-"): path for path in logs.glob("*.log")}
        self.tombstones = {
            data["task"]: data for path in logs.glob("*.json") for data in [json.loads(path.read_text())]
        }
        roles = [self.front_matter(path) for path in (built.root / "tasks/team/roles").glob("*.md")]
        self.roles = {role["slug"]: role.get("filled_by", role["owner"]) for role in roles}

    def read_tasks(self, checkout):
        return {path.stem: self.front_matter(path) for path in checkout.glob("tasks/workstreams/*/tasks/*.md")}

    @staticmethod
    def front_matter(path):
        keys, key = {}, ""
        for line in path.read_text().split("---\n")[1].splitlines():
            if line.startswith("  - "):
                keys[key] = [*(keys[key] or []), line.removeprefix("  - ")]
            else:
                key, _, value = line.partition(":")
                keys[key] = value.strip()
        return keys

    def runtime(self, kind):
        files = (self.root / ".tasks/task_manager").glob(f"task-manager-*.{kind}.json")
        return {
            path.name.removesuffix(f".{kind}.json").removeprefix("task-manager-"): json.loads(path.read_text())
            for path in files
        }

    def person(self, task):
        owner = self.tasks[task]["owner"]
        return self.roles.get(owner, owner)

    def entry(self, task):
        return self.registers[DAVE]["entries"].get(task)

    def signals(self, task):
        return {signal["kind"] for signal in self.snapshots[DAVE]["escalation"]["signals"] if signal["task"] == task}

    def exit_line(self, task):
        return self.logs[task].read_text().rstrip("\n").splitlines()[-1]


def time(text):
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    return Ledgers(build(incidents_fixture(), tmp_path_factory.mktemp("faulty")))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    fixture = incidents_fixture()
    return Ledgers(build(fixture, tmp_path_factory.mktemp("healthy"), overlay=fixture / "healthy"))


@pytest.fixture(params=["faulty", "healthy"])
def either(request):
    return request.getfixturevalue(request.param)


def test_incident_1_split_manager(faulty):
    assert set(faulty.registers) == set(faulty.snapshots) == {"dave", DAVE, RJ}
    old, new = faulty.snapshots["dave"], faulty.snapshots[DAVE]
    assert faulty.now - time(old["generated_at"]) > timedelta(hours=12)
    assert faulty.now - time(new["generated_at"]) == timedelta(minutes=2)
    assert all(old["counts"][key] != new["counts"][key] for key in old["counts"])
    entries = faulty.registers[DAVE]["entries"]
    assert faulty.registers["dave"]["updated_at"] < faulty.registers[DAVE]["updated_at"]
    assert all(entries[task] == entry for task, entry in faulty.registers["dave"]["entries"].items())


def test_incident_2_root_never_reconciled(faulty):
    root, copy = faulty.tasks[SYNC], faulty.copies[SYNC][SYNC]
    assert root["status"] == "ready"
    assert copy["status"] == "in_progress"
    recorded = {"started_at", "pr_url", "pr_number", "pr_created_at"}
    assert recorded <= copy.keys()
    assert not recorded & root.keys()
    assert git(faulty.root / ".worktrees" / SYNC, "status", "--porcelain") == ""
    assert faulty.exit_line(SYNC) == "dispatch_exit_code=0"
    assert SYNC not in faulty.tombstones
    assert faulty.entry(SYNC)
    assert faulty.signals(SYNC) == {"pickup_overdue"}


def test_incident_3_no_terminal_state(faulty):
    assert faulty.tasks[FONTS] == faulty.copies[FONTS][FONTS]
    assert faulty.tasks[FONTS]["status"] == "in_progress"
    assert "pr_url" not in faulty.tasks[FONTS]
    assert "src/dataface/fonts.py" in git(faulty.root, "diff", "--name-only", f"main...task/{FONTS}").splitlines()
    text = faulty.logs[FONTS].read_text()
    assert "implementation completed" in text
    assert "review feedback addressed" in text
    assert faulty.exit_line(FONTS) == "dispatch_exit_code=0"
    assert FONTS not in faulty.tombstones
    assert list((faulty.root / ".tasks/reviews").glob(f"{FONTS}*.md"))
    assert faulty.entry(FONTS)
    assert faulty.signals(FONTS) == {"stuck_in_progress"}
    assert faulty.now.timestamp() - faulty.logs[FONTS].stat().st_mtime > 4 * 3600


def test_incident_4_worker_gone(faulty):
    assert faulty.tasks[STATUS_PAGE] == faulty.copies[STATUS_PAGE][STATUS_PAGE]
    assert faulty.tasks[STATUS_PAGE]["status"] == "ready"
    assert log(faulty.root, f"main..task/{STATUS_PAGE}") == []
    assert git(faulty.root / ".worktrees" / STATUS_PAGE, "status", "--porcelain") == ""
    entry = faulty.entry(STATUS_PAGE)
    assert entry["pid"]
    assert entry["host"] == "mac-1"
    assert STATUS_PAGE not in faulty.tombstones
    assert "dispatch_exit_code" not in faulty.logs[STATUS_PAGE].read_text()
    assert faulty.signals(STATUS_PAGE) == {
        "pickup_overdue",
        "dispatch_worker_gone",
        "dispatch_retry_cooldown",
    }
    signals = faulty.snapshots[DAVE]["escalation"]["signals"]
    assert all(time(signal["at"]) > time(entry["launched_at"]) for signal in signals if signal["task"] == STATUS_PAGE)


def test_incident_5_register_cleanup(faulty):
    assert faulty.tasks[LINKS]["status"] == "completed"
    assert not (faulty.root / faulty.entry(LINKS)["worktree_path"]).exists()
    assert faulty.snapshots[DAVE]["tasks"][LINKS]["registered"] is True


def test_incident_6_misrouted(faulty):
    assert faulty.tasks[LABELS]["owner"] == "data-viz-designer-engineer"
    assert faulty.tasks[LABELS]["status"] == "ready"
    assert faulty.person(LABELS) == RJ
    assert faulty.entry(LABELS).keys() == {"slug", "task_path", "registered_at"}
    row = faulty.snapshots[DAVE]["tasks"][LABELS]
    assert row["registered"]
    assert row["dispatch_state"] == "queued"
    assert LABELS not in faulty.copies


def test_the_healthy_repository_has_none_of_them(healthy):
    assert set(healthy.registers) == set(healthy.snapshots) == {DAVE, RJ}
    assert healthy.entry(LINKS) is None
    assert healthy.entry(LABELS) is None
    assert LABELS not in healthy.snapshots[DAVE]["tasks"]
    for task in (SYNC, FONTS):
        assert healthy.tasks[task]["status"] == "in_review"
        assert healthy.tombstones[task]["outcome"] == "completed_with_pr"
        assert healthy.entry(task) is None
    assert healthy.tasks[STATUS_PAGE]["status"] == "in_progress"
    assert healthy.tombstones[STATUS_PAGE]["state"] == "running"
    assert not any(snapshot["escalation"]["signals"] for snapshot in healthy.snapshots.values())


def test_apart_from_the_incidents_all_ledgers_agree(either):
    known = INCIDENTS if "dave" in either.registers else set()
    assert len(either.copies) == 8
    assert len(git(either.root, "worktree", "list").splitlines()) == 9
    for name in either.copies:
        root, copy = (next(either.root.glob(f"{top}tasks/**/{name}.md")) for top in ("", f".worktrees/{name}/"))
        assert copy.read_bytes() == root.read_bytes() or name in known
    for owner in (DAVE, RJ):
        entries, snapshot = either.registers[owner]["entries"], either.snapshots[owner]
        assert either.registers[owner]["owner"] == snapshot["owner"] == owner
        assert timedelta(minutes=1) <= either.now - time(snapshot["generated_at"]) <= timedelta(minutes=3)
        assert either.registers[owner]["updated_at"] < snapshot["generated_at"]
        assert entries.keys() <= snapshot["tasks"].keys()
        for task, row in snapshot["tasks"].items():
            assert row["status"] == either.tasks[task]["status"]
            assert row["registered"] is (task in entries)
        for task in entries.keys() - known:
            beat = time(either.tombstones[task]["heartbeat_at"])
            assert either.person(task) == owner
            assert either.tasks[task]["status"] == "in_progress"
            assert either.now - beat < timedelta(minutes=5)


def test_an_ended_dispatch_is_reconciled_where_all_is_well(either):
    ended = [data for data in either.tombstones.values() if data["state"] == "ended"]
    assert len(ended) >= 2
    for data in ended:
        task = either.tasks[data["task"]]
        assert task["status"] in {"in_review", "completed"}
        assert (task["pr_url"], task["pr_number"]) == (data["pr_url"], str(data["pr_number"]))
        assert either.exit_line(data["task"]) == "dispatch_exit_code=0"


def test_counts_of_a_snapshot_are_those_of_its_lists(either):
    for snapshot in either.snapshots.values():
        signals = snapshot["escalation"]["signals"]
        tasks = {level: {s["task"] for s in signals if s["level"] == level} for level in ("attention", "escalation")}
        assert snapshot["counts"] == {
            "active": sum(bool(row["registered"] or row["dispatch_state"]) for row in snapshot["tasks"].values()),
            "attention": len(tasks["attention"]),
            "escalation": len(tasks["escalation"]),
        }
        for task, row in snapshot["tasks"].items():
            assert row["needs_attention"] is any(task in found for found in tasks.values())


def test_task_files_are_sound(either):
    assert len(either.tasks) == 41
    statuses = {"not_started", "ready", "in_progress", "in_review", "blocked", "completed"}
    assert {task["status"] for task in either.tasks.values()} == statuses
    for task in either.tasks.values():
        assert {"title", "status", "owner", "priority", "milestone"} <= task.keys()
        assert task["owner"] in {DAVE, RJ, *either.roles}
        assert task.get("pr_url", "").rpartition("/")[2] == task.get("pr_number", "")
        times = [time(task[key]) for key in ("started_at", "pr_created_at", "completed") if key in task]
        assert times == sorted(times)
        done = {name: either.tasks[name]["status"] == "completed" for name in task.get("dependencies", ())}
        assert all(done.values()) or task["status"] in {"not_started", "blocked"}


def test_a_demo_can_be_built_as_of_now(tmp_path):
    now = datetime.now(tz=UTC).replace(microsecond=0)
    ledgers = Ledgers(build(incidents_fixture(), tmp_path / "demo", now=now))
    assert now - time(ledgers.snapshots[DAVE]["generated_at"]) == timedelta(minutes=2)
    assert ledgers.logs[SYNC].stat().st_mtime < now.timestamp()
