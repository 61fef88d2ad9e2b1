"""Worlds in which an entry, a register or a snapshot looks left over, or a task file looks wrong, and something that
can be read speaks against it. Safe fixes leave them; whatever is found is still reported, with the reason.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import Repo
from tests.e2e.test_no_guess import CONFIG, NOW, REGISTER, begun, entry, register, repo, task

__all__ = ("begun", "repo")

FOLDER = ".tasks/task_manager/task-manager-"
ALIASES = CONFIG.replace("ana = []", 'ana = ["ana.lopez"]')


def fixes(repo: Repo) -> dict[str, dict[str, Any]]:
    """What is wrong there, by rule: each with its fix, safe or not, where it has one."""
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    assert report["complete"]
    found = [finding for incident in report["incidents"] for finding in incident["findings"]]
    return {finding["rule"]: finding["fix"] or {} for finding in found}


# Two registers or snapshots of one person


def registered(repo: Repo, **entries: dict[str, object]) -> None:
    """A register under each of the two names, with an entry of x."""
    repo.commit(**{"taskcheck.toml": ALIASES})
    for name, fields in entries.items():
        register(repo, at=f"{FOLDER}{name.replace('_', '-')}.register.json", x=fields)


def snapshots(repo: Repo, **times: str) -> None:
    """A snapshot under each name, written at a time."""
    repo.commit(**{"taskcheck.toml": ALIASES})
    for name, at in times.items():
        path = repo.root / f"{FOLDER}{name.replace('_', '-')}.snapshot.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"owner": "ana", "generated_at": at, "tasks": {"x": {"note": name}}}))


def of_a_wrong_clock(repo: Repo) -> None:
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2027-03-24T21:59:00Z")


def of_one_time(repo: Repo) -> None:
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2026-03-24T21:59:00Z")


def of_two_sessions(repo: Repo) -> None:
    one = {"branch": "task/x", "session_id": "a", "seen_at": "2026-03-24T20:00:00Z"}
    registered(repo, ana=one, ana_lopez={**one, "session_id": "b", "seen_at": "2026-03-24T21:00:00Z"})


def of_two_hosts(repo: Repo) -> None:
    registered(repo, ana={"branch": "task/x", "host": "laptop"}, ana_lopez={"branch": "task/x", "host": "desktop"})


ONE, OTHER = f"{FOLDER}ana.snapshot.json", f"{FOLDER}ana-lopez.snapshot.json"
SPLIT = {
    of_a_wrong_clock: f"{OTHER} is dated in the future, so it may not be the newest snapshot",
    of_one_time: f"{ONE} and {OTHER} were written at the same time, and differ",
    of_two_sessions: "the entries of x differ in session_id",
    of_two_hosts: "the entries of x differ in host",
}


@pytest.mark.parametrize("world", SPLIT, ids=lambda world: world.__name__)
def test_what_one_file_alone_says_is_not_lost(world: Callable[[Repo], None], repo: Repo) -> None:
    world(repo)
    fix = fixes(repo)["split-manager"]
    assert (fix["safety"], fix["why"]) == ("unsafe", SPLIT[world])


def test_equal_files_of_one_person_are_merged(repo: Repo) -> None:
    """Of one entry, one has a key that the other lacks, and a later time; the snapshots are copies."""
    one = {"branch": "task/x", "seen_at": "2026-03-24T20:00:00Z"}
    registered(repo, ana=one, ana_lopez={**one, "session_id": "b", "seen_at": "2026-03-24T21:00:00Z"})
    snapshots(repo, ana="2026-03-24T21:59:00Z", ana_lopez="2026-03-24T21:59:00Z")
    folder = repo.root / ".tasks/task_manager"
    (folder / "task-manager-ana-lopez.snapshot.json").write_bytes(
        (folder / "task-manager-ana.snapshot.json").read_bytes()
    )
    taskcheck("--now", NOW, "--fix", cwd=repo.root)
    assert sorted(path.name for path in folder.iterdir()) == [
        "task-manager-ana.register.json",
        "task-manager-ana.snapshot.json",
    ]
    merged = json.loads((folder / "task-manager-ana.register.json").read_text())
    assert merged["entries"]["x"]["session_id"] == "b"


# Entries whose task seems not to be there


def of(repo: Repo, *names: str, **fields: object) -> None:
    """A register with entries of a worker that is gone."""
    register(repo, **{name: entry(**fields) for name in names})


def whys(repo: Repo) -> dict[str, str]:
    """Of each task in a register-orphan: why its removal is unsafe; empty where it is safe."""
    report = taskcheck("--now", NOW, "--format", "json", cwd=repo.root).json
    return {
        incident["task"]: finding["fix"]["why"]
        for incident in report["incidents"]
        for finding in incident["findings"]
        if finding["rule"] == "register-orphan"
    }


def isnt_read(path: str) -> str:
    return f"{path} may be it, and isn't read as a task"


def test_files_that_are_not_read_as_tasks_may_be_those_of_entries(repo: Repo) -> None:
    text = task("in_progress")
    files = {
        "empty.md": "",
        "mistyped.md": text.replace("status:", "staus:"),
        "toml.md": '+++\ntitle = "X"\nstatus = "ready"\n+++\n',
        "long.markdown": text,
        "upper.MD": text,
        "folder/README.md": text,
        "team/person.md": text,
        "left.md~": text,
        ".vim.md.swp": "vim",
    }
    for name, content in files.items():
        path = repo.root / "tasks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    of(repo, "empty", "mistyped", "toml", "long", "upper", "folder", "person", "left", "vim", "gone", "team-2")
    assert whys(repo) == {
        "empty": isnt_read("tasks/empty.md"),
        "mistyped": isnt_read("tasks/mistyped.md"),
        "toml": isnt_read("tasks/toml.md"),
        "long": isnt_read("tasks/long.markdown"),
        "upper": isnt_read("tasks/upper.MD"),
        "folder": isnt_read("tasks/folder"),
        "person": isnt_read("tasks/team/person.md"),
        "left": isnt_read("tasks/left.md~"),
        "vim": isnt_read("tasks/.vim.md.swp"),
        "gone": "",
        "team-2": "",
    }


def test_tasks_of_other_names_may_be_those_of_entries(repo: Repo) -> None:
    """And names that only look alike are no doubt: those of other numbers, of files with more words, of logs."""
    titled = task("in_progress").replace("title: X", "title: Fix the login")
    names = ("007-numbered", "2026-03-dated", "012", "plain", "longer-name", "of-two-3")
    files = {f"tasks__{name}.md": task("ready") for name in names}
    repo.commit(**files, **{"tasks__titled.md": titled, "tasks__logs__logged.log": ""})
    same = {
        "numbered": "007-numbered",
        "dated": "2026-03-dated",
        "#12": "012",
        "12": "012",
        "tasks/plain": "plain",
        "task/plain": "plain",
        "TASK-plain": "plain",
        "Fix the login": "titled",
    }
    others = ("13", "longer", "name", "of-two", "of-two-4", "logged")
    of(repo, *same, *others)
    assert whys(repo) == {name: f"{of} may be the one" for name, of in same.items()} | dict.fromkeys(others, "")


def test_other_commits_may_have_the_files_of_entries(repo: Repo) -> None:
    """Those that root has removed are over, though old branches have them."""
    repo.commit(**{"tasks__removed.md": task("ready")})
    repo.branch("old")
    repo.commit(other="1\n")
    repo.on_main()
    repo.git("rm", "-q", "tasks/removed.md")
    repo.commit("removed is done with")
    repo.branch("planning")
    repo.commit(**{"tasks__planned.md": task("ready"), "tasks__later__deep.md": task("ready")})
    repo.branch("elsewhere")
    repo.commit(**{"tasks__pushed.md": task("ready")})
    repo.git("update-ref", "refs/remotes/origin/elsewhere", "elsewhere")
    repo.on_main()
    repo.git("branch", "-q", "-D", "elsewhere")
    (repo.root / "tasks/untracked.md").write_text(task("ready"))
    repo.git("stash", "-q", "-u")
    (repo.root / "tasks/staged.md").write_text(task("ready"))
    repo.git("add", "tasks/staged.md")
    repo.git("stash", "-q")
    entries = {name: entry() for name in ("removed", "planned", "pushed", "untracked", "staged")}
    register(repo, **entries, deep=entry(task_path="tasks/later/deep.md"))
    assert whys(repo) == {
        "removed": "",
        "planned": "branch planning has tasks/planned.md",
        "deep": "branch planning has tasks/later/deep.md",
        "pushed": "origin/elsewhere has tasks/pushed.md",
        "untracked": "a stash has tasks/untracked.md",
        "staged": "a stash has tasks/staged.md",
    }


def test_folders_that_nobody_looks_into_may_have_the_files_of_entries(repo: Repo) -> None:
    repo.commit(**{".gitmodules": '[submodule "ext"]\n\tpath = tasks/ext\n\turl = ../ext\n'})
    of(repo, "z")
    assert whys(repo) == {"z": "tasks/ext is a submodule, which isn't looked into"}
    repo.git("mv", ".gitmodules", "gitmodules")
    shared = repo.root.parent / "shared"
    shared.mkdir()
    (repo.root / "tasks/shared").symlink_to(shared)
    assert whys(repo)["z"].startswith("not all was looked at: tasks/shared: a symbolic link to a folder")


def test_the_file_of_an_entry_may_be_on_its_way(repo: Repo) -> None:
    register(repo, z={"registered_at": "2026-03-24T21:59:55Z"})
    assert whys(repo) == {"z": "it was made 5s ago, and its task's file may be on its way"}


# Entries of tasks that seem to be nobody's


def owned(repo: Repo, **owners: str) -> None:
    """Tasks of owners, as they stand in front matter, each with an entry that has waited for an hour."""
    texts = {name: task("ready").replace("owner: ana\n", owner) for name, owner in owners.items()}
    repo.commit(**{f"tasks__{name}.md": text for name, text in texts.items()})
    register(repo, **{name: {"registered_at": "2026-03-24T21:00:00Z"} for name in owners})


def routed_by(repo: Repo) -> set[str]:
    """The tasks whose entries a fix takes away."""
    taskcheck("--now", NOW, "--fix", cwd=repo.root)
    left = json.loads((repo.root / REGISTER).read_text())["entries"]
    return {path.stem for path in (repo.root / "tasks").glob("*.md")} - left.keys() - {"x"}


def test_where_the_owner_is_no_declared_name_the_entry_stays(repo: Repo) -> None:
    """The file is at fault, or the declaration of people. Where all owners are known, it is the register."""
    repo.commit(**{"taskcheck.toml": f'{CONFIG}[roles]\ncritic = false\nwriter = "ben"\nchef = "carol"\n'})
    owned(
        repo,
        pair="owner: ana & carol\n",
        slip="owner: anaa\n",
        mail="owner: ana@example.com\n",
        team="owner: '@org/web'\n",
        empty="owner:\n",
        missing="",
        mapping="owner:\n  name: ana\n",
        one_of_two="owner: [ben, anaa]\n",
        of_a_role_of_nobody_known="owner: chef\n",
        of_ben="owner: ben\n",
        of_a_role="owner: writer\n",
        of_a_role_of_nobody="owner: critic\n",
    )
    assert routed_by(repo) == {"of_ben", "of_a_role", "of_a_role_of_nobody"}


# Task files that somebody is at work on


def misspelled(repo: Repo) -> None:
    """A task whose owner isn't written as the key, with a commit after it, and a branch beside that."""
    text = task("ready").replace("owner: ana", "owner: ana.lopez")
    repo.commit(**{"taskcheck.toml": ALIASES, "tasks__x.md": text})
    repo.branch("part")
    repo.commit(other="1\n")
    repo.on_main()
    repo.commit(further="1\n")


def in_a_merge(repo: Repo) -> None:
    repo.git("merge", "-q", "--no-ff", "--no-commit", "part")


def in_a_rebase(repo: Repo) -> None:
    repo.git("checkout", "-q", "part")
    repo.git("-c", "sequence.editor=sed -i 1ibreak", "rebase", "-q", "-i", "main")


def in_a_bisection(repo: Repo) -> None:
    repo.git("bisect", "start", "-q", "HEAD", "HEAD~1")


def at_an_old_tag(repo: Repo) -> None:
    repo.git("checkout", "-q", "main~1")


def on_another_branch(repo: Repo) -> None:
    repo.git("checkout", "-q", "part")


def in_an_editor(repo: Repo) -> None:
    (repo.root / "tasks/.#x.md").symlink_to("ana@machine.1:2")


AT_WORK = {
    in_a_merge: "the root checkout is in the middle of a merge",
    in_a_rebase: "the root checkout is in the middle of a rebase",
    in_a_bisection: "the root checkout is in the middle of a bisection",
    at_an_old_tag: "the root checkout is on no branch, not on trunk (main)",
    in_an_editor: "an editor has changes that aren't saved of tasks/x.md",
    on_another_branch: "",
}


@pytest.mark.parametrize("world", AT_WORK, ids=lambda world: world.__name__)
def test_nothing_is_written_where_somebody_is_at_work(world: Callable[[Repo], None], repo: Repo) -> None:
    misspelled(repo)
    world(repo)
    found = fixes(repo)
    assert found["noncanonical-owner"]["why"] == AT_WORK[world]
    assert "unreadable-task" not in found
