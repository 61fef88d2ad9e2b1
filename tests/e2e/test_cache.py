"""What is remembered from one check to the next changes no report: cold, warm, damaged, or while files change."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import taskcheck_rules
from taskcheck import Finding, Rule
from taskcheck.assemble.tasks import TaskReader
from taskcheck.checks import check_store, look
from taskcheck.config.settings import DEFAULTS
from taskcheck.documents.bounded import read_bounded
from taskcheck.documents.frozen import replace
from taskcheck.documents.shape import FrontMatter, Shape, StatusLines
from taskcheck.formats import json_report, text
from taskcheck.model.report import Report
from taskcheck.model.sources import Repository
from taskcheck.read import files, known, recall, repository
from taskcheck.read.cached import cache_for, file_name, key_of
from taskcheck.read.git import Git
from taskcheck.read.learned import Remembering
from taskcheck.store import Request, Store, Where, open_store
from taskcheck.testing import build
from tests.conftest import FIXTURES, request_for, where_for
from tests.e2e.conftest import environment, taskcheck
from tests.e2e.repository import CONFIG, Repo
from tests.samples import WHOLE, sampled

NOW = "2026-03-24T18:00:00Z"
TASK = "---\ntitle: Task {number}\nowner: ana\nstatus: {status}\npriority: p1\nlabels: [a, b]\n---\nA body.\n"
RULES = sorted(path for path in FIXTURES.iterdir() if path.is_dir() and path.name not in {"incidents", "presets"})
CASES = [case for rule in RULES for case in sampled(sorted(rule.glob("*/")), 48)]
"""Fixtures, of each rule some; below are those of all presets."""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own, which takes what was written before the check for settled."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr(recall, "SETTLED_NS", 0)
    return home / "taskcheck"


def memories(cache: Path) -> list[str]:
    """The files of the cache that hold what was read: not those of what failed, for --lf."""
    return [path.name for path in cache.glob("*") if not path.name.startswith("failed-")]


def told(report: Report) -> tuple[str, str]:
    return json_report.render(report), text.render(report, verbose=True)


def remembering(store: Store, request: Request) -> tuple[str, str]:
    return told(check_store(store, replace(request, remember=True)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_fixtures_are_judged_the_same(case: Path, tmp_path: Path, cache: Path) -> None:
    built = build(case, tmp_path / "repo")
    store, request = open_store(where_for(built)), request_for(built)
    expected = told(check_store(store, request))
    assert remembering(store, request) == expected, "cold"
    assert remembering(store, request) == expected, "warm"
    assert remembering(store, request) == expected, "warm again"
    for file in cache.glob("*"):
        file.write_bytes(file.read_bytes()[:-7])
    assert remembering(store, request) == expected, "damaged"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Tasks with and without findings, two worktrees, one of which has moved a task; all committed."""
    repo = Repo(tmp_path_factory.mktemp("made") / "fleet")
    repo.root.mkdir()
    repo.git("init", "-q", "--template=", "-b", "main")
    tasks = {f"tasks__t{number}.md": TASK.format(number=number, status="ready") for number in range(8)}
    tasks["tasks__odd.md"] = TASK.format(number="odd", status="nonsense")
    tasks["tasks__broken.md"] = "---\ntitle: [\n---\n"
    tasks["tasks__nested.md"] = (
        "---\ntitle: 'it''s'\nowner: ana\nstatus: ready\ntaskcheck: {ignore: {invalid-field: why}}\n---\n"
    )
    tasks["tasks__notes.md"] = "no task at all\n"
    repo.commit(**{"taskcheck.toml": CONFIG, ".gitignore": "/.worktrees/\n"}, **tasks)
    for name in ("t1", "t2"):
        repo.git("worktree", "add", "-q", "-b", f"task/{name}", f".worktrees/{name}")
    copy = repo.root / ".worktrees/t1/tasks/t1.md"
    copy.write_text(copy.read_text().replace("ready", "in_progress"))
    return repo


@pytest.fixture
def fleet(made: Repo, tmp_path: Path) -> Repo:
    """A copy of it, to be changed."""
    return made.copied(tmp_path / "fleet")


def printed(repo: Repo, *options: str, **env: str) -> tuple[int, str]:
    ran = taskcheck("--now", NOW, "-v", *options, cwd=repo.root, **env)
    return ran.code, ran.out


def the_same(repo: Repo) -> None:
    """A check that remembers sees and says what one does that doesn't."""
    expected = printed(repo, "--no-cache")
    assert printed(repo) == expected
    assert copies(repo, remember=True) == copies(repo, remember=False)
    assert printed(repo) == expected


def copies(repo: Repo, *, remember: bool) -> dict[str, object]:
    """What is seen of each worktree: the task files that differ from root's, and those that it lacks."""
    git = look(open_store(Where(root=repo.root)), Request(remember=remember)).sources.git
    assert isinstance(git, Repository)
    return {
        checkout.name: ({path: source.data for path, source in checkout.files.items()}, checkout.absent)
        for checkout in git.checkouts
    }


def memory_file(repo: Repo, cache: Path) -> Path:
    return cache / file_name(repo.root.resolve())


def edited_same_size(path: Path) -> None:
    """Other bytes, as many as before, in the same file, with its time put back."""
    before = path.stat()
    path.write_text(path.read_text().replace("ready", "blork"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def replaced(path: Path) -> None:
    """Another file in its place, with its size and time."""
    before, other = path.stat(), path.with_suffix(".new")
    other.write_text(path.read_text().replace("ready", "blork"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(path)


def removed(path: Path) -> None:
    path.unlink()


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("t3.md")


def emptied(path: Path) -> None:
    path.write_text("")


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: list[Callable[[Path], None]] = [edited_same_size, replaced, removed, linked, emptied, made_a_folder]


PLACES = ["tasks/t4.md", ".worktrees/t2/tasks/t4.md", ".worktrees/t1/tasks/t1.md"]
ALL = list(product(CHANGES, PLACES))
LATIN = [(change, PLACES[number % 3]) for number, change in enumerate(CHANGES)]
"""Each change in one place, and each place changed in two ways."""


@pytest.mark.parametrize(("change", "where"), ALL if WHOLE else LATIN)
def test_a_change_is_seen(fleet: Repo, change: Callable[[Path], None], where: str) -> None:
    before = printed(fleet)
    path = fleet.root / where
    path.write_text(path.read_text().replace("in_progress", "ready"))
    the_same(fleet)
    change(path)
    the_same(fleet)
    assert printed(fleet) != before or where.startswith(".worktrees"), "what a worktree lacks may be of no interest"


def test_what_comes_anew_is_seen(fleet: Repo) -> None:
    the_same(fleet)
    (fleet.root / "tasks/new.md").write_text(TASK.format(number="new", status="nonsense"))
    (fleet.root / ".worktrees/t2/tasks/newer.md").write_text(TASK.format(number="newer", status="nonsense"))
    the_same(fleet)
    assert "tasks/newer.md" in str(copies(fleet, remember=True)["worktree:t2"])


def test_other_people_and_another_configuration_are_seen(fleet: Repo) -> None:
    the_same(fleet)
    path = fleet.root / "taskcheck.toml"
    path.write_text(path.read_text().replace("ana = []", "bob = []"))
    the_same(fleet)
    assert "ana" in printed(fleet)[1]


def test_team_files_are_seen(fleet: Repo) -> None:
    (fleet.root / "team").mkdir()
    person = fleet.root / "team/ana.md"
    person.write_text("---\naliases: [an]\n---\n")
    path = fleet.root / "taskcheck.toml"
    path.write_text(path.read_text().replace("[people]\nana = []\n", "[paths]\npeople = ['team/*.md']\n"))
    the_same(fleet)
    before = printed(fleet)
    person.rename(person.with_name("bob.md"))
    the_same(fleet)
    assert printed(fleet) != before


def test_with_other_rules_than_the_last_time(fleet: Repo) -> None:
    for options in (["--select", "invalid-field"], [], ["--ignore", "invalid-field"], ["t1"], ["--gate", "commit"]):
        expected = printed(fleet, "--no-cache", *options)
        assert printed(fleet, *options) == expected
        assert printed(fleet, *options) == expected


def test_a_fix_reads_all(fleet: Repo) -> None:
    the_same(fleet)
    expected = printed(fleet, "--diff", "--no-cache")
    assert printed(fleet, "--diff") == expected
    assert "status: in_progress" in expected[1]
    assert taskcheck("--fix", "--now", NOW, cwd=fleet.root).code in {0, 1}
    assert "in_progress" in (fleet.root / "tasks/t1.md").read_text()
    the_same(fleet)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are opened by the ways by which a checkout's files are read."""
    paths: list[str] = []

    def noted(path: str | Path, *arguments: object, **options: object) -> object:
        paths.append(str(path))
        return read_bounded(path, *arguments, **options)  # type: ignore[arg-type]

    for module in (files, known, recall):
        monkeypatch.setattr(module, "read_bounded", noted)
    held = files.open_bounded
    monkeypatch.setattr(files, "open_bounded", lambda path: paths.append(path) or held(path))
    return paths


def test_a_warm_check_opens_what_it_has_to(fleet: Repo, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tasks that is what has findings, to tell their lines, and copies that differ; nothing is parsed twice."""
    parsed: list[int] = []
    read = TaskReader._read
    noted = lambda self, path, data: parsed.append(len(data)) or read(self, path, data)  # noqa: E731
    monkeypatch.setattr(TaskReader, "_read", noted)
    printed(fleet)
    cold, opened[:], parsed[:] = [path for path in opened if path.endswith(".md")], [], []
    printed(fleet)
    warm = sorted(path.removeprefix(f"{fleet.root.resolve()}/") for path in opened if path.endswith(".md"))
    assert len(cold) >= 12
    assert {path for path in warm if path.startswith(".worktrees")} == {".worktrees/t1/tasks/t1.md"}
    of_root = {path.removeprefix("tasks/") for path in warm if path.startswith("tasks/")}
    assert of_root == {"broken.md", "nested.md", "odd.md", "t1.md"}
    assert len(parsed) <= 7, "four of root, and t1 in its worktree and at the base"
    assert not any(path.endswith("/index") for path in opened), "git's index isn't needed either"


def test_a_warm_check_asks_no_rule_again(fleet: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskcheck.engine import run

    asked: list[tuple[str, str]] = []
    asking = run.asking

    def noted(rule: Rule, inputs: Mapping[str, Any]) -> Callable[[object], Iterator[Finding]]:
        ask = asking(rule, inputs)

        def ask_and_note(thing: object) -> Iterator[Finding]:
            asked.append((rule.name, getattr(thing, "id", "")))
            return ask(thing)

        return ask_and_note

    monkeypatch.setattr(run, "asking", noted)
    printed(fleet)
    cold, asked[:] = len(asked), []
    printed(fleet)
    again = {task for rule, task in asked if rule == "invalid-field"}
    assert again == {"odd"}
    assert not any(rule in {"unknown-dependency", "dependency-cycle", "duplicate-task"} for rule, _ in asked)
    assert len(asked) < cold * 0.7


def test_no_case_is_made_of_what_just_passed(fleet: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskcheck.engine import run

    made: list[str] = []
    passed = run._Things.passed.func  # type: ignore[attr-defined]
    monkeypatch.setattr(run._Things, "passed", property(lambda self: made.append("once") or passed(self)))
    ran = taskcheck("--now", NOW, "--no-cache", cwd=fleet.root)
    assert "odd  invalid-field" in ran.out
    assert made == []
    taskcheck("--now", NOW, "--no-cache", "--format", "junit", cwd=fleet.root)
    assert made, "a format that lists them has them"


def test_a_rule_that_was_stopped_says_of_the_same_tasks_that_it_was(
    fleet: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taskcheck.engine import run

    the_same(fleet)
    monkeypatch.setattr(run, "FINDINGS_CAP", 1)
    for name in ("t0", "t1"):
        path = fleet.root / f"tasks/{name}.md"
        path.write_text(path.read_text().replace("status: ", "status: strange-"))
    assert printed(fleet, "--format", "json") == printed(fleet, "--format", "json", "--no-cache")


def test_the_version_of_one_git_is_asked_once(fleet: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process, and where it is remembered, in all of them."""
    asked: list[str] = []
    version = Git.version
    monkeypatch.setattr(Git, "version", lambda self: asked.append("version") or version(self))
    monkeypatch.setattr(repository, "_NEW_ENOUGH", set())
    printed(fleet, "--no-cache")
    printed(fleet, "--no-cache")
    assert len(asked) == 1
    monkeypatch.setattr(repository, "_NEW_ENOUGH", set())
    printed(fleet)
    monkeypatch.setattr(repository, "_NEW_ENOUGH", set())
    printed(fleet)
    assert len(asked) == 2
    (tmp_path / "git").write_text(f'#!/bin/sh\nexec {shutil.which("git")} "$@"\n')
    (tmp_path / "git").chmod(0o755)
    for _ in range(2):
        printed(fleet, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert len(asked) == 4, "a script may start another one each time"


def test_what_was_written_just_now_is_not_believed(fleet: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be written twice within a tick of the file system's clock, and have one stamp both times."""
    monkeypatch.setattr(recall, "SETTLED_NS", 3600 * 10**9)
    the_same(fleet)
    assert memories(cache) == [], "nothing is sure, so nothing is kept"
    monkeypatch.setattr(recall, "SETTLED_NS", 0)
    the_same(fleet)
    late = fleet.root / "tasks/t5.md"
    later = late.stat().st_mtime_ns + 3600 * 10**9
    os.utime(late, ns=(later, later))
    the_same(fleet)
    names = [path.name for path in sorted((fleet.root / "tasks").iterdir())]
    kept = json.loads(memory_file(fleet, cache).read_bytes().partition(b"\n")[2])
    assert [path for path in kept["paths"] if path.endswith("t5.md")], names
    store = open_store(Where(root=fleet.root))
    warm = Remembering.of(store.location, store.settings, taskcheck_rules.__path__)
    assert warm is not None
    assert warm.recall.memory.stamp(kept["paths"].index("tasks/t5.md")) == bytes(32), "it is from the future"


def test_when_a_file_was_written_is_remembered(fleet: Repo) -> None:
    """Only what a file has said since before a heartbeat can contradict it."""
    written = datetime(2021, 3, 24, 12, tzinfo=UTC).timestamp()
    os.utime(fleet.root / "tasks/t3.md", (written, written))
    the_same(fleet)
    heartbeat = {"owner": "ana", "generated_at": "2021-03-24T13:00:00Z", "tasks": {"t3": {"status": "in_review"}}}
    path = fleet.root / ".tasks/task_manager/task-manager-ana.snapshot.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(heartbeat))
    assert "heartbeat of ana contradicts the ledgers about task t3" in printed(fleet)[1]
    the_same(fleet)


def test_a_file_that_changes_under_the_check_makes_it_begin_anew(fleet: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at its stamp and the reading of its lines: what was remembered is of another moment."""
    the_same(fleet)
    path = fleet.root / "tasks/odd.md"
    take = recall.Recall.take

    def taken(self: recall.Recall, listing: object) -> object:
        left = take(self, listing)  # type: ignore[arg-type]
        path.write_text(TASK.format(number="odd", status="gibberish"))
        return left

    monkeypatch.setattr(recall.Recall, "take", taken)
    code, out = printed(fleet)
    assert "gibberish" in out
    assert "nonsense" not in out
    assert (code, out) == printed(fleet, "--no-cache")


def test_only_the_commands_that_check_remember_and_only_where_they_may(fleet: Repo, cache: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in fleet.root.rglob("*")}
    printed(fleet, "--no-cache")
    taskcheck("--diff", cwd=fleet.root)
    taskcheck("owner", "ana", cwd=fleet.root)
    check_store(open_store(Where(root=fleet.root)), Request())
    assert not cache.exists()
    printed(fleet)
    assert memories(cache) == [file_name(fleet.root.resolve())]
    assert sorted(path.name for path in cache.iterdir()) == [f"failed-{name}" for name in memories(cache)] + memories(
        cache
    )
    assert {path: path.stat().st_mtime_ns for path in fleet.root.rglob("*")} == before, "the store is left alone"


def test_status_and_rule_say_the_same(fleet: Repo) -> None:
    for command in (["status"], ["rule", "invalid-field"], ["rule", "metadata-drift"]):
        expected = taskcheck(*command, "--now", NOW, "--no-cache", cwd=fleet.root)
        for _ in range(2):
            assert taskcheck(*command, "--now", NOW, cwd=fleet.root) == expected


@pytest.mark.parametrize("inside", ["", ".worktrees/t1/", "sub/deep/"])
def test_a_cache_in_the_store_is_none(fleet: Repo, inside: str) -> None:
    """Whoever makes the store's files would make the cache's, too."""
    home = fleet.root / f"{inside}.cache"
    home.mkdir(parents=True)
    expected = printed(fleet, "--no-cache")
    assert printed(fleet, XDG_CACHE_HOME=str(home)) == expected
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("of", ["git", "no git"])
def test_a_cache_in_another_repository_is_one(of: str, fleet: Repo, tmp_path: Path) -> None:
    """Who keeps his home in git has a cache in a checkout, of another store."""
    if of == "no git":
        shutil.rmtree(fleet.root / ".git")
    home = tmp_path / "dotfiles"
    subprocess.run(["git", "init", "-q", home], check=True)
    printed(fleet, XDG_CACHE_HOME=str(home / ".cache"))
    assert len(memories(home / ".cache/taskcheck")) == 1


def read_only(cache: Path) -> Iterator[None]:
    cache.parent.rmdir()
    cache.parent.write_text("a file where the folder should be")
    yield


def a_link(cache: Path) -> None:
    (cache.parent / "elsewhere").mkdir(mode=0o700)
    cache.symlink_to("elsewhere")


def open_to_others(cache: Path) -> None:
    cache.mkdir(mode=0o700)
    cache.chmod(0o755)


def no_folder(cache: Path) -> None:
    cache.write_text("")


def no_home(cache: Path) -> None:
    cache.parent.rmdir()
    cache.parent.write_text("a file where the user's folder should be")


@pytest.mark.parametrize("spoil", [a_link, open_to_others, no_folder, no_home])
def test_a_folder_that_is_not_ours_costs_nothing_but_speed(
    fleet: Repo, cache: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(cache)
    the_same(fleet)
    ours = list(cache.iterdir()) if cache.is_dir() else []
    assert ours == []
    shown = taskcheck("cache", cwd=fleet.root)
    assert shown.code == 2
    assert str(cache) in shown.err


def test_a_planted_file_is_not_believed(fleet: Repo, cache: Path, tmp_path: Path) -> None:
    """A link, a file that others may write, one of another store, one without end."""
    the_same(fleet)
    ours = memory_file(fleet, cache)
    good = ours.read_bytes()
    outside = tmp_path / "outside.json"
    outside.write_bytes(good)
    outside.chmod(0o600)
    ours.unlink()
    ours.symlink_to(outside)
    the_same(fleet)
    ours.unlink(missing_ok=True)
    ours.write_bytes(good)
    ours.chmod(0o666)
    the_same(fleet)
    ours.unlink(missing_ok=True)
    os.mkfifo(ours, 0o600)
    the_same(fleet)
    ours.unlink(missing_ok=True)
    other = shutil.copytree(fleet.root, tmp_path / "copied", symlinks=True)
    (cache / file_name(other.resolve())).write_bytes(good)
    (cache / file_name(other.resolve())).chmod(0o600)
    the_same(Repo(other))


def test_a_command_shows_and_clears_it(fleet: Repo, cache: Path) -> None:
    assert taskcheck("cache", cwd=fleet.root).out.startswith(f"{cache}: 0 files, 0.0 kB of at most 100.0 MB\n")
    printed(fleet)
    shown = taskcheck("cache", cwd=fleet.root).out.splitlines()
    assert shown[0].startswith(f"{cache}: 2 files, ")
    assert shown[1].endswith(str(fleet.root.resolve()))
    (cache / "strange.json").write_text("not ours to read\x1b[31m")
    (cache / "strange.json").chmod(0o600)
    assert "strange.json, of an unknown store" in taskcheck("cache", cwd=fleet.root).out
    assert taskcheck("cache", "--clear", cwd=fleet.root).out == f"{cache}: 3 files removed\n"
    assert list(cache.iterdir()) == []
    without = taskcheck("cache", cwd=fleet.root, XDG_CACHE_HOME="relative", HOME="")
    assert (without.code, without.out) == (2, "")


@pytest.mark.journey
def test_runs_at_once_do_not_get_in_each_others_way(fleet: Repo, cache: Path) -> None:
    expected = printed(fleet, "--no-cache")
    command = [sys.executable, "-m", "taskcheck", "--now", NOW, "-v"]
    running = []
    for number in range(6):
        if number == 3:
            (fleet.root / "tasks/t7.md").touch()
        running.append(subprocess.Popen(command, cwd=fleet.root, env=environment(), stdout=subprocess.PIPE, text=True))
    for process in running:
        out, _ = process.communicate(timeout=60)
        assert (process.returncode, out) == expected
    the_same(fleet)
    assert len(memories(cache)) == 1


def test_cold_warm_and_worktrees_that_come_and_go(fleet: Repo) -> None:
    the_same(fleet)
    fleet.git("worktree", "add", "-q", "-b", "task/t3", ".worktrees/t3")
    the_same(fleet)
    shutil.rmtree(fleet.root / ".worktrees/t2")
    the_same(fleet)
    fleet.commit(tasks__t6_x="---\nstatus: ready\n---\n")
    the_same(fleet)


def test_the_memory_of_one_look_is_what_it_saw(fleet: Repo) -> None:
    """A second look finds nothing to write: it has learned nothing."""
    store = open_store(Where(root=fleet.root))
    look(store, Request(remember=True))
    cache = cache_for(store.location)
    assert cache is not None
    path = Path(cache.path, file_name(store.location.root))
    before = path.stat()
    look(store, Request(remember=True))
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


PRESETS = sorted(FIXTURES.glob("presets/*/"))


def kept(home: Path) -> list[Path]:
    return list(home.iterdir()) if home.exists() else []


@pytest.mark.parametrize("case", PRESETS, ids=lambda case: case.name)
def test_stores_of_every_shape_are_judged_the_same(case: Path, tmp_path: Path, cache: Path) -> None:
    """Where a file holds many tasks nothing is remembered, for a task's place in it is found in its bytes."""
    built = build(case, tmp_path / "repo")
    store, request = open_store(where_for(built)), request_for(built)
    expected = told(check_store(store, request))
    for _ in range(3):
        assert remembering(store, request) == expected
    assert bool(kept(cache)) is not case.name.endswith(("task-master", "beads"))


def test_a_board_is_seen(tmp_path: Path) -> None:
    root = shutil.copytree(FIXTURES / "presets/good-bmad/base", tmp_path / "sprint")
    repo = Repo(root)
    repo.git("init", "-q", "--template=", "-b", "main")
    the_same(repo)
    board = next(root.rglob("sprint-status.yaml"))
    board.write_text(board.read_text().replace("done", "backlog"))
    the_same(repo)
    assert "sprint-status.yaml" in printed(repo)[1]
    board.unlink()
    the_same(repo)


def test_a_commit_is_gated_without_what_is_remembered(fleet: Repo, cache: Path) -> None:
    printed(fleet, "--gate", "commit")
    assert not kept(cache)
    the_same(fleet)
    (fleet.root / "tasks/new.md").write_text(TASK.format(number="new", status="gibberish"))
    fleet.git("add", "-A")
    expected = printed(fleet, "--gate", "commit", "--no-cache")
    assert expected[0] == 1
    assert printed(fleet, "--gate", "commit") == expected


def test_markdown_beside_the_tasks_is_seen(fleet: Repo) -> None:
    (fleet.root / "tasks/README.md").write_text("What lies here.\n")
    the_same(fleet)
    later = fleet.root / "tasks/later/t9.md"
    later.parent.mkdir()
    later.write_text(TASK.format(number=9, status="ready"))
    the_same(fleet)


def test_every_way_of_reporting_says_the_same(fleet: Repo) -> None:
    the_same(fleet)
    for options in (["--owner", "ana"], ["-k", "invalid"], ["--collect-only"], ["--show-files"], ["--format", "junit"]):
        assert printed(fleet, *options) == printed(fleet, *options, "--no-cache")


def test_one_configuration_has_one_key() -> None:
    """Whatever order sets have in a process; and each setting that says how files are read shows in it."""
    code = (
        "from taskcheck.config.settings import DEFAULTS, Stage, Vocabulary; "
        "from taskcheck.documents.frozen import replace; from taskcheck.read.cached import key_of; "
        "words = Vocabulary(words=frozenset(map(str, range(50)))); "
        "print(key_of(replace(DEFAULTS, vocabulary=words, folders={'a': frozenset(Stage)}), ()))"
    )
    keys = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(keys) == 1


@pytest.mark.parametrize("shape", [FrontMatter(at_names=True), FrontMatter(fence="start"), StatusLines()], ids=str)
def test_another_shape_has_another_key(shape: Shape) -> None:
    assert key_of(replace(DEFAULTS, shape=shape), ()) != key_of(DEFAULTS, ())
