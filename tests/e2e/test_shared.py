"""Two tasks that record one pull request, or one issue: by URL and by number, in real repositories with a remote."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import git, taskcheck

Store = Callable[..., Path]
URL = "https://github.com/acme/shop"
CONFIG = 'preset = "task-manager"\n[people]\nana = []\n'


def told(store: Store, *keys: str, remote: str = "", statuses: tuple[str, ...] = ("in_review", "ready")) -> list[str]:
    """The rules that have findings of tasks with some lines of front matter each."""
    files: dict[str, str | bytes] = {"taskcheck.toml": CONFIG}
    for number, more in enumerate(keys):
        status = statuses[number % len(statuses)]
        front = f"title: Task {number}\nowner: ana\nstatus: {status}\n{more}\n"
        files[f"tasks/task-{number}.md"] = f"---\n{front}---\n"
    root = store(files)
    if remote:
        git("remote", "add", "origin", remote, cwd=root)
    rules = "shared-pull-request,shared-issue"
    report = taskcheck("--select", rules, "--format", "json", cwd=root).json
    found = [each for incident in report["incidents"] for each in incident["findings"]]
    assert {each["severity"] for each in found} <= {"warning"}
    return [each["rule"] for each in found]


@pytest.mark.parametrize(
    ("number", "url", "remote", "is_one"),
    [
        ("pr_number: 7", f"pr_url: {URL}/pull/7", "git@github.com:acme/shop.git", True),
        ("pr_number: 7", f"pr_url: {URL}/pull/7", "https://github.com/Acme/Shop", True),
        ("pr_number: 7", f"pr_url: {URL}/pull/7", "git@github.com:acme/docs.git", False),
        ("pr_number: 7", f"pr_url: {URL}/pull/7", "../up.git", True),
        ("pr_number: 7", f"pr_url: {URL}/pull/7", "", True),
        ("pr_number: 7", f"pr_url: {URL}/pull/8", "git@github.com:acme/shop.git", False),
        (f"pr_url: {URL}/pull/7", "pr_url: https://github.com/ACME/shop/pull/7/", "", True),
        (f"pr_url: {URL}/pull/7", f"pr_url: {URL}/issues/7", "", False),
        ("pr_number: 7", "issue: 7", "git@github.com:acme/shop.git", False),
        ("pr_url: https://gitlab.com/a/b/c/-/merge_requests/7", "pr_number: 7", "git@gitlab.com:a/b/c.git", True),
    ],
)  # fmt: skip
def test_a_number_is_that_of_the_repository(store: Store, number: str, url: str, remote: str, is_one: bool) -> None:
    assert told(store, number, url, remote=remote) == ["shared-pull-request"] * is_one


def test_where_urls_name_two_repositories_a_number_may_be_of_either(store: Store) -> None:
    docs = "pr_url: https://github.com/acme/docs/pull/9"
    assert told(store, "pr_number: 7", f"pr_url: {URL}/pull/7", docs) == []


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("issue: 12", "issue: 12", True),
        ("issue: '#12'", "issue_number: 12", True),
        ("issue: 12", f"issue_url: {URL}/issues/12", True),
        (f"github: {URL}/issues/12", f"github: {URL}/issues/12", True),
        (f"github: {URL}/issues/12", "github_issue: 12", True),
        (f"github: {URL}/issues/12", "github: https://github.com/acme/docs/issues/12", False),
        ("issue: TBD", "issue: TBD", False),
        ("issue: 0", "issue: 0", False),
        ("issue: null", "issue: null", False),
        ("issue: [12, 13]", "issue: [12, 13]", False),
        ("github: 12", "github: 12", False),
        ("github: '[Will be updated when synced]'", "github: '[Will be updated when synced]'", False),
        ("parent_issue: 12", "parent_issue: 12", False),
        ("epic_issue: 12", "issue: 12", False),
        (f"github: {URL}/pull/12", f"github: {URL}/pull/12", False),
        ("issue: 12\nparent: task-9", "issue: 12\nparent: task-9", False),
        ("issue: 12", "issue: 12\nparent: task-0", False),
    ],
)
def test_who_is_one_issue(store: Store, one: str, other: str, is_one: bool) -> None:
    assert told(store, one, other, remote="git@github.com:acme/shop.git") == ["shared-issue"] * is_one


def test_an_issue_of_many_tasks_is_what_they_are_parts_of(store: Store) -> None:
    assert told(store, "issue: 12", "issue: 12", "issue: 12") == []


def test_closed_tasks_say_nothing_any_more(store: Store) -> None:
    assert told(store, "issue: 12", "issue: 12", statuses=("completed", "cancelled")) == []


@pytest.mark.parametrize("value", ["https://github.com", "https://TBD/", "http://[::1", "https://", "/", "a?/1"])
def test_an_address_without_a_path_names_nothing(store: Store, value: str) -> None:
    keys = f"issue_url: {value!r}\npr_url: {value!r}"
    root = store({"taskcheck.toml": CONFIG, "tasks/a.md": f"---\ntitle: A\nowner: ana\nstatus: ready\n{keys}\n---\n"})
    ran = taskcheck("--select", "shared-pull-request,shared-issue", cwd=root)
    assert (ran.code, ran.out) == (0, "1 task in 1 checkout: nothing found\n")


def test_two_long_numbers_are_not_one(store: Store) -> None:
    assert told(store, f"issue: {'9' * 20}1", f"issue: {'9' * 20}2") == []
