"""`--online --fix`: a task is only completed where nothing speaks against its pull request's being its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Ran, git, taskcheck
from tests.e2e.forge import Forge, always, forge, pull

pytestmark = pytest.mark.journey

pytest.importorskip("cachecontrol", reason="the extra [online] isn't installed")

CONFIG = "[people]\ndave-fowler = []\n"
TASK, REGISTER = "tasks/fix-login.md", ".tasks/task_manager/task-manager-dave-fowler.register.json"
URL = "https://github.com/acme/shop/pull/12"


def front(status: str = "in_review", url: str = URL) -> str:
    said = f"pr_url: {url}\n" if url else ""
    return f"---\ntitle: T\nowner: dave-fowler\nstatus: {status}\n{said}---\n"


@pytest.fixture
def made(store: Callable[..., Path]) -> Callable[..., Path]:
    """Makes a clone of acme/shop with a task, and other files."""

    def make(files: dict[str, str] | None = None, origin: str = "git@github.com:acme/shop.git") -> Path:
        root = store({"taskcheck.toml": CONFIG, ".gitignore": ".tasks/\n.worktrees/\n", TASK: front(), **(files or {})})
        if origin:
            git("remote", "add", "origin", origin, cwd=root)
        return root

    return make


def commit(root: Path, text: str | None = None) -> str:
    if text is not None:
        (root / TASK).write_text(text)
    git("add", "-A", cwd=root)
    git("commit", "-q", "--allow-empty", "-m", "work", cwd=root)
    return git("rev-parse", "HEAD", cwd=root).strip()


def online(root: Path, forge: Forge, *arguments: str) -> Ran:
    return taskcheck("--online", "--format", "json", *arguments, cwd=root, **forge.environment(GH_TOKEN="t"))


def fix_of(root: Path, known: dict[str, dict[str, Any]] | None = None, commit: str | None = None) -> dict[str, Any]:
    """The fix of merged-not-completed, once --fix has made what is safe, as the task shows."""
    merged = {"acme/shop#12": pull("merged", commit=commit or git("rev-parse", "HEAD", cwd=root).strip())}
    before = (root / TASK).read_text()
    with forge({**merged, **(known or {})}) as asked:
        ran = online(root, asked)
        found = [f for i in ran.json["incidents"] for f in i["findings"] if f["rule"] == "merged-not-completed"]
        online(root, asked, "--fix")
    (fix,) = (finding["fix"] for finding in found)
    fixed = (root / TASK).read_text()
    assert ("status: completed" in fixed) if fix["safety"] == "safe" else fixed == before
    return dict(fix)


ORIGINS = {
    "git@github.com:acme/shop.git": "safe",
    "https://github.com/Acme/Shop": "safe",
    "ssh://git@ssh.github.com:443/acme/shop.git": "safe",
    "https://github.com/mallory/shop": "unsafe",
    "https://ghe.example.com/acme/shop": "unsafe",
    "/srv/git/shop.git": "unsafe",
    "": "unsafe",
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_pull_request_of_another_repository_proves_nothing(made: Callable[..., Path], origin: str) -> None:
    fix = fix_of(made(origin=origin))
    assert fix["safety"] == ORIGINS[origin]
    if fix["safety"] == "unsafe":
        assert "origin" in fix["why"]


def test_only_the_worktree_records_it(made: Callable[..., Path]) -> None:
    root = made({TASK: front("in_progress", "")})
    git("worktree", "add", "-q", "-b", "task/fix-login", ".worktrees/fix-login", cwd=root)
    (root / ".worktrees/fix-login" / TASK).write_text(front("in_progress"))
    fix = fix_of(root)
    assert (fix["safety"], fix["why"]) == ("unsafe", "neither root's task file nor a register records it")


def test_only_the_tombstone_records_it(made: Callable[..., Path]) -> None:
    said = {"outcome": "completed_with_pr", "ended_at": "2026-03-24T10:00:00Z", "started_at": "2026-03-24T09:00:00Z"}
    tombstone = {"state": "ended", "task": "fix-login", "pr_url": URL, **said}
    root = made({TASK: front("in_review", ""), "tasks/logs/dispatch-fix-login.status.json": json.dumps(tombstone)})
    fix = fix_of(root)
    assert (fix["safety"], fix["why"]) == ("unsafe", "neither root's task file nor a register records it")


@pytest.mark.parametrize("path", ["tasks/copied-from.md", "tasks/archive/copied-from.md"])
@pytest.mark.parametrize("url", [URL, "https://github.com/Acme/shop/pull/12/files"])
def test_another_task_records_it_too(made: Callable[..., Path], path: str, url: str) -> None:
    config = CONFIG + '[paths]\narchive = ["tasks/archive/*.md"]\n'
    fix = fix_of(made({"taskcheck.toml": config, path: front("completed", url)}))
    assert (fix["safety"], fix["why"]) == ("unsafe", "copied-from records it too")


def test_another_file_is_of_the_same_task(made: Callable[..., Path]) -> None:
    root = made({"taskcheck.toml": CONFIG + '[fields]\nid = "id"\n', "tasks/later.md": front(url="")})
    for path in (TASK, "tasks/later.md"):
        text = (root / path).read_text()
        (root / path).write_text(text.replace("title: T", "id: t-1\ntitle: T"))
    with forge({"acme/shop#12": pull("merged", commit=commit(root))}) as asked:
        ran = online(root, asked, "--fix")
    rules = {f["rule"] for i in ran.json["incidents"] for f in i["findings"]}
    assert "merged-not-completed" not in rules, "nobody knows which of them it was"
    assert "duplicate-task" in rules


def test_reopened_since(made: Callable[..., Path]) -> None:
    root = made()
    merge = commit(root, front("completed"))
    assert fix_of_reopened(root, merge, committed=False)["safety"] == "unsafe"
    assert fix_of_reopened(root, merge, committed=True)["safety"] == "unsafe"


def test_a_task_in_a_json_file_was_reopened_since(store: Callable[..., Path]) -> None:
    path = ".taskmaster/tasks/tasks.json"

    def tasks(status: str) -> str:
        task = {"id": 1, "title": "T", "status": status, "pr_url": URL, "dependencies": []}
        return json.dumps({"master": {"tasks": [task, {"id": 2, "title": "U", "status": "pending"}]}}, indent=2)

    root = store({"taskcheck.toml": 'preset = "task-master"\n', path: tasks("review")})
    git("remote", "add", "origin", "git@github.com:acme/shop.git", cwd=root)
    (root / path).write_text(tasks("done"))
    merge = commit(root)
    (root / path).write_text(tasks("in-progress"))
    commit(root)
    with forge({"acme/shop#12": pull("merged", commit=merge)}) as asked:
        report = online(root, asked).json
        online(root, asked, "--fix")
    (finding,) = (f for i in report["incidents"] for f in i["findings"] if f["rule"] == "merged-not-completed")
    assert "the task was reopened" in finding["fix"]["why"]
    assert (root / path).read_text() == tasks("in-progress")


def fix_of_reopened(root: Path, merge: str, *, committed: bool) -> dict[str, Any]:
    (root / TASK).write_text(front("in_progress"))
    if committed:
        commit(root)
    fix = fix_of(root, commit=merge)
    assert fix["why"] == "root's history said completed after it was merged: the task was reopened"
    return fix


def test_completed_and_reopened_before_it_was_merged(made: Callable[..., Path]) -> None:
    root = made()
    commit(root, front("completed"))
    commit(root, front("in_review"))
    commit(root, front("in_progress"))
    assert fix_of(root)["safety"] == "safe"


def test_a_task_that_is_younger_than_the_merge(made: Callable[..., Path]) -> None:
    root = made({TASK: "Nothing yet\n"})
    git("rm", "-q", TASK, cwd=root)
    merge = commit(root)
    (root / "tasks").mkdir(exist_ok=True)
    commit(root, front("ready"))
    fix = fix_of(root, commit=merge)
    assert (fix["safety"], fix["why"]) == ("unsafe", "its file is younger than the merge")


@pytest.mark.parametrize(("began", "safety"), [("2026-03-24T13:00:00Z", "unsafe"), ("2026-03-24T11:00:00Z", "safe")])
def test_dispatched_again_since(made: Callable[..., Path], began: str, safety: str) -> None:
    entry = {"slug": "fix-login", "launched_at": began, "registered_at": began}
    register = {"owner": "dave-fowler", "entries": {"fix-login": entry}}
    fix = fix_of(made({REGISTER: json.dumps(register)}))
    assert fix["safety"] == safety
    if safety == "unsafe":
        assert fix["why"] == "the task was dispatched again after it was merged, 2026-03-24 13:00Z"


OTHERS = {
    "unknown": (None, "unsafe"),
    "elsewhere": (pull("merged", into="develop"), "unsafe"),
    "closed": (pull("closed"), "safe"),
    "merged": (pull("merged"), "safe"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_one_of_the_task(made: Callable[..., Path], name: str) -> None:
    known, safety = OTHERS[name]
    entry = {"slug": "fix-login", "pr_url": URL.replace("12", "13")}
    root = made({REGISTER: json.dumps({"owner": "dave-fowler", "entries": {"fix-login": entry}})})
    fix = fix_of(root, {"acme/shop#13": known} if known else {})
    assert fix["safety"] == safety
    if safety == "unsafe":
        assert "acme/shop#13 on github.com" in fix["why"]


def test_an_entry_is_not_of_the_pull_request_of_another_repository(made: Callable[..., Path]) -> None:
    entry = {"slug": "fix-login", "pr_url": "https://github.com/acme/docs/pull/12"}
    root = made({REGISTER: json.dumps({"owner": "dave-fowler", "entries": {"fix-login": entry}})})
    known = {"acme/shop#12": pull("merged"), "acme/docs#12": pull("open")}
    with forge(known) as asked:
        ran = online(root, asked, "--select", "register-orphan")
    assert ran.json["incidents"] == []


@pytest.mark.parametrize(("began", "orphan"), [("2026-03-24T13:00:00Z", False), ("2026-03-24T11:00:00Z", True)])
def test_an_entry_that_is_younger_than_the_merge_is_no_orphan(
    made: Callable[..., Path], began: str, orphan: bool
) -> None:
    entry = {"slug": "fix-login", "pr_url": URL, "registered_at": began}
    root = made({REGISTER: json.dumps({"owner": "dave-fowler", "entries": {"fix-login": entry}})})
    with forge({"acme/shop#12": pull("merged")}) as asked:
        ran = online(root, asked, "--select", "register-orphan")
    assert bool(ran.json["incidents"]) == orphan


HOSTILE = "\x1b[31mred\x07\u202e\ud800\r\n::error::injected<script>"


@pytest.mark.parametrize("name", ["text", "concise", "json", "junit", "sarif", "github", "markdown", "html", "agent"])
def test_the_words_of_a_forge_are_harmless(made: Callable[..., Path], name: str) -> None:
    root = made({"tasks/done.md": front("completed", URL.replace("12", "13"))})
    states = [
        {"state": "MERGED", "baseRefName": "main", "mergedAt": "2026-03-24T12:00:00Z"},
        {"state": "OPEN", "baseRefName": HOSTILE},
    ]
    answers = [{"data": {"r0": dict(zip(["p12", "p13"], states, strict=True))}}, {"errors": [{"message": HOSTILE}]}]
    with forge({}) as asked:
        for said in answers:
            asked.misbehave = always(200, said)
            ran = taskcheck("--online", "-v", "--format", name, cwd=root, **asked.environment(GH_TOKEN="t0k3n"))
            assert ran.code in {0, 1}
            assert not any(bad in ran.out + ran.err for bad in ("\x1b", "\x07", "\u202e"))
            assert name not in {"html", "junit"} or "<script>" not in ran.out
            assert not any(line.startswith("::error::inj") for line in (ran.out + ran.err).splitlines())


def test_an_answer_that_is_cut_short_makes_nothing_safe(made: Callable[..., Path]) -> None:
    """One by one: the first says merged, and then the limit is used up."""
    entry = {"slug": "fix-login", "pr_url": URL.replace("12", "13")}
    root = made({REGISTER: json.dumps({"owner": "dave-fowler", "entries": {"fix-login": entry}})})
    known = {"acme/shop#12": pull("merged", commit=git("rev-parse", "HEAD", cwd=root).strip())}
    with forge(known) as asked:
        asked.misbehave = lambda number, handler: always(429)(number, handler) if number > 1 else None
        cache = {"XDG_CACHE_HOME": str(root.parent / "cache")}
        taskcheck("--online", "--fix", cwd=root, **asked.environment(**cache))
    assert "status: in_review" in (root / TASK).read_text()
