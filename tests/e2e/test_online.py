"""`--online`: a forge over real HTTP on loopback, as it should be and as it shouldn't."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from taskcheck.forge import github
from taskcheck.forge.sites import Site, sites
from taskcheck.model.forges import PullAddress
from taskcheck.model.pulls import address, home
from taskcheck.model.sources import Unavailable
from taskcheck.model.task import PullRequest
from taskcheck.plugins import manager as plugins
from taskcheck.plugins.marker import hookimpl
from tests.e2e.conftest import PATIENCE, Ran, environment, git, install_plugin, taskcheck
from tests.e2e.forge import Forge, always, dropped, forge, half_a_body, pull, used_up

pytestmark = pytest.mark.journey

pytest.importorskip("cachecontrol", reason="the extra [online] isn't installed")

CONFIG = "[people]\ndave-fowler = []\n"
AT = "2026-03-24T12:00:00Z"
TOKEN = {"GH_TOKEN": "gho_secret"}
IN_REVIEW, DONE = "tasks/in-review.md", "tasks/done.md"


def task(status: str, number: int, repository: str = "acme/shop", host: str = "https://github.com", **more: str) -> str:
    extra = "".join(f"{key}: {value}\n" for key, value in more.items())
    url = f"{host}/{repository}/pull/{number}"
    return f"---\ntitle: T\nowner: dave-fowler\nstatus: {status}\npr_url: {url}\n{extra}---\n"


def online(root: Path, made: Forge, *arguments: str, cache: Path | None = None, **env: str) -> Ran:
    place = {"XDG_CACHE_HOME": str(cache or root.parent / "cache")}
    return taskcheck("--online", *arguments, cwd=root, **made.environment(**place, **env))


def found(ran: Ran) -> dict[str, list[str]]:
    return {i["task"]: [f["rule"] for f in i["findings"]] for i in ran.json["incidents"]}


@pytest.fixture
def two(store: Callable[..., Path]) -> Path:
    """A task in review whose pull request was squashed, with the branch gone; and a done one."""
    root = store({"taskcheck.toml": CONFIG, IN_REVIEW: task("in_review", 12), DONE: task("completed", 13)})
    git("remote", "add", "origin", "git@github.com:acme/shop.git", cwd=root)
    return root


def landed(root: Path) -> dict[str, Any]:
    """What the forge says of both: merged by root's last commit, and open."""
    commit = git("rev-parse", "HEAD", cwd=root).strip()
    return {"acme/shop#12": pull("merged", commit=commit), "acme/shop#13": pull("open")}


@pytest.mark.parametrize("token", [TOKEN, {}], ids=["in batches", "one by one"])
def test_the_forge_proves_what_git_cannot(two: Path, token: dict[str, str]) -> None:
    offline = taskcheck("--format", "json", cwd=two)
    assert (offline.code, found(offline)) == (0, {})
    assert {"rule": "done-with-open-pr", "reason": "pull requests weren't asked about; --online does"} in offline.json[
        "skipped"
    ]
    with forge(landed(two)) as made:
        ran = online(two, made, "--format", "json", **token)
        assert ran.code == 1
        assert found(ran) == {"in-review": ["merged-not-completed"], "done": ["done-with-open-pr"]}
        assert ran.json["notices"] == []
        (merged,) = (f for i in ran.json["incidents"] for f in i["findings"] if f["rule"] == "merged-not-completed")
        assert merged["fix"]["safety"] == "safe"
        assert len(made.seen) == (1 if token else 2)
        fixed = online(two, made, "--fix", "--format", "json", **token)
    assert found(fixed) == {"done": ["done-with-open-pr"]}
    assert "status: completed" in (two / IN_REVIEW).read_text()


def test_hundreds_are_asked_about_in_batches(store: Callable[..., Path]) -> None:
    many = {f"tasks/t{n:03}.md": task("completed", n, f"acme/{'shop' if n % 3 else 'api.v2'}") for n in range(1, 251)}
    known = {
        f"acme/{'shop' if n % 3 else 'api.v2'}#{n}": pull("open" if n % 50 == 0 else "merged") for n in range(1, 250)
    }
    root = store({"taskcheck.toml": CONFIG, **many})
    with forge(known) as made:
        ran = online(root, made, "--format", "json", **TOKEN)
        assert [(method, path) for method, path, *_ in made.seen] == [("POST", "/graphql")] * 3
        assert {headers["Authorization"] for _, _, headers, _ in made.seen} == {"Bearer gho_secret"}
    assert sorted(found(ran)) == ["t050", "t100", "t150", "t200"]
    (notice,) = ran.json["notices"]
    assert notice.startswith("nothing is known of pull request acme/shop#250 on github.com: there is no such")


def test_without_a_token_answers_are_kept_and_asked_about_conditionally(two: Path, tmp_path: Path) -> None:
    with forge(landed(two)) as made:
        first = online(two, made, "--format", "json")
        second = online(two, made, "--format", "json")
        assert made.statuses == [200, 200, 304, 304]
        assert first.json["incidents"] == second.json["incidents"] != []
        made.pulls["acme/shop#13"]["state"] = "merged"
        assert found(online(two, made, "--format", "json")) == {"in-review": ["merged-not-completed"]}
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    for path in files:  # damaged, and then in nobody's hands
        path.write_bytes(b"\x93rubbish")
    with forge(landed(two)) as made:
        assert found(online(two, made, "--format", "json")) == found(first)
    made_up = [
        b"cc=4,\x01",
        b"cc=4,\x80",
        b"cc=4,\x81\xa8response\x01",
        files[0].read_bytes()[:-40],
        b"cc=4," + b"\x91" * 5_000,
    ]
    for path, data in zip(
        [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] * 3, made_up, strict=False
    ):
        path.write_bytes(data)
        with forge(landed(two)) as made:
            assert found(online(two, made, "--format", "json")) == found(first), data
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    with forge(landed(two)) as made:
        assert found(online(two, made, "--format", "json", cache=blocked)) == found(first)


@pytest.mark.parametrize("place", ["store/cache", "store/.git/cache", "link"])
def test_a_check_writes_nothing_in_the_repository(two: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "link").symlink_to(two)
    before = sorted(two.rglob("*"))
    with forge(landed(two)) as made:
        assert found(online(two, made, "--format", "json", cache=tmp_path / place)) != {}
        assert found(online(two, made, "--format", "json", cache=tmp_path / place)) != {}
    assert sorted(two.rglob("*")) == before


def test_what_is_kept_goes_again(two: Path, tmp_path: Path) -> None:
    with forge(landed(two)) as made:
        online(two, made)
        folder = tmp_path / "cache/taskcheck/forge"
        kept = {path.name for path in folder.iterdir()}
        for number in range(1_200):
            (folder / f"old{number}").write_bytes(b"x")
            os.utime(folder / f"old{number}", (time.time() - 86_400 * (1 if number < 900 else 60),) * 2)
        made.pulls["acme/shop#13"]["into"] = "other"
        online(two, made)
    left = {path.name for path in folder.iterdir()}
    assert kept <= left
    assert len(left) <= 1_002
    assert {f"old{number}" for number in range(900)} <= left
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir() if path.name in kept)


@pytest.mark.journey
def test_many_at_one_cache(two: Path, tmp_path: Path) -> None:
    with forge(landed(two)) as made:
        place = made.environment(XDG_CACHE_HOME=str(tmp_path / "cache"))
        command = [sys.executable, "-m", "taskcheck", "--online", "--format", "json"]
        running = [
            subprocess.Popen(command, cwd=two, env=environment(**place), stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        said = [json.loads(process.communicate(timeout=PATIENCE)[0]) for process in running]
    assert [len(report["incidents"]) for report in said] == [2] * 4
    assert [report["notices"] for report in said] == [[]] * 4


def test_a_redirect_is_followed_on_its_own_host_alone(two: Path) -> None:
    with forge(landed(two)) as elsewhere, forge(landed(two)) as made:
        proper = {f"/repos/acme/shop/pulls/{n}": f"/repos/acme/shop/pulls/{n}?moved" for n in (12, 13)}
        made.misbehave = lambda _, handler: (
            always(301, b"", Location=proper[handler.path])(0, handler) if handler.path in proper else None
        )
        assert set(found(online(two, made, "--format", "json"))) == {"in-review", "done"}
        for target in (elsewhere.url, elsewhere.url.replace("http:", ""), "https://127.0.0.1:1", "file:///etc/passwd"):
            made.misbehave = always(301, b"", Location=f"{target}/repos/acme/shop/pulls/13")
            ran = online(two, made, "--format", "json")
            assert "github.com redirects to another host (301)" in ran.json["notices"][0]
        assert elsewhere.seen == []


@pytest.mark.parametrize("status", [200, 301, 403, 500])
@pytest.mark.parametrize("token", [TOKEN, {}], ids=["in batches", "one by one"])
def test_no_answer_is_read_without_an_end(two: Path, status: int, token: dict[str, str]) -> None:
    sent = 0

    def pour(_: int, handler: Any) -> None:
        nonlocal sent
        handler.send_response(status)
        handler.send_header("Location", "/again")
        handler.end_headers()
        handler.close_connection = True
        for _ in range(256):
            handler.wfile.write(b" " * 1024 * 1024)
            sent += 1

    with forge(landed(two)) as made:
        made.misbehave = pour
        ran = online(two, made, "--format", "json", **token)
    assert "github.com answered with more than 16,777,216 bytes" in ran.json["notices"][0]
    assert sent < 40


def test_a_token_is_written_nowhere_and_sent_nowhere_else(two: Path, tmp_path: Path) -> None:
    (two / "tasks/evil.md").write_text(task("completed", 1, host="http://127.0.0.1:1"))
    netrc = tmp_path / "netrc"
    netrc.write_text("default login mallory password hunter2\n")
    netrc.chmod(0o600)
    with forge(landed(two)) as evil, forge(landed(two)) as made:
        (two / "tasks/evil.md").write_text(task("completed", 1, host=evil.url))
        ran = online(two, made, "--format", "json", NETRC=str(netrc), **TOKEN)
        assert evil.seen == []
        assert {headers.get("Authorization") for _, _, headers, _ in made.seen} == {"Bearer gho_secret"}
        made.misbehave = always(307, Location=evil.url + "/graphql")
        online(two, made, NETRC=str(netrc), **TOKEN)
        online(two, made, NETRC=str(netrc))
        assert all("Authorization" not in headers for _, _, headers, _ in (*evil.seen, made.seen[-1]))
    assert any("taskcheck can't query this forge" in notice for notice in ran.json["notices"])
    cached = tmp_path / "cache"
    assert not any(b"gho_secret" in path.read_bytes() for path in cached.rglob("*") if path.is_file())
    assert "gho_secret" not in ran.out + ran.err
    assert "gho_secret" not in repr(sites(TOKEN))


@pytest.mark.parametrize(
    ("token", "sent"),
    [
        ("gho_secret\n", "Bearer gho_secret"),
        (" gho_secret\r\n", "Bearer gho_secret"),
        (" \n", None),
        ("gho_sec\nret", None),
        ("gho_sec ret", None),
        ("gho_s\u00e9cr\u20act", None),
        ("gho_sec\x7fret", None),
    ],
)
def test_a_token_that_cannot_be_sent_is_told_by_its_variable_alone(two: Path, token: str, sent: str | None) -> None:
    with forge(landed(two)) as made:
        runs = [online(two, made, "--format", name, "-v", GITHUB_TOKEN=token) for name in ("json", "text", "sarif")]
        assert {headers.get("Authorization") for _, _, headers, _ in made.seen} == (
            {sent} if sent or not token.strip() else set()
        )
    for ran in runs:
        assert not re.search(r"gho_|sec|\\u20ac|\u20ac|ret\\b", ran.out.replace("second", "") + ran.err)
    assert runs[0].json["complete"]
    if sent is None and token.strip():
        (notice,) = runs[0].json["notices"]
        assert "the token in GITHUB_TOKEN can't be sent: it has characters that no token has" in notice


def test_a_token_that_the_forge_repeats_is_not_told(two: Path) -> None:
    with forge(landed(two)) as made:
        for answer in ({"message": "no: Bearer gho_secret"}, {"errors": [{"message": "gho_secret is blocked"}]}):
            made.misbehave = always(403 if "message" in answer else 200, answer)
            ran = online(two, made, "--format", "json", **TOKEN)
            assert "gho_secret" not in ran.out + ran.err
            assert "GH_TOKEN" in ran.json["notices"][0]


def test_a_token_is_told_by_the_variable_that_it_came_from(two: Path) -> None:
    with forge(landed(two)) as made:
        made.misbehave = always(401, {"message": "Bad credentials"})
        ran = online(two, made, "--format", "json", GITHUB_TOKEN="gho_secret")
    assert "github.com doesn't take the token of GITHUB_TOKEN (401)" in ran.json["notices"][0]


def test_what_the_environment_says_wrongly_is_no_crash(two: Path) -> None:
    for wrong in (
        {"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem", "GITHUB_API_URL": "https://127.0.0.1:1"},
        {"GITHUB_API_URL": "nowhere"},
        {"GITHUB_API_URL": "https://[::1"},
        {"GITHUB_API_URL": "https://\u2024\u2024/"},
        {"GITHUB_API_URL": "https://.example.com"},
        {"HTTP_PROXY": "http://user:hunter2@[", "NO_PROXY": ""},
    ):
        with forge(landed(two)) as made:
            ran = taskcheck(
                "--online",
                "--format",
                "json",
                cwd=two,
                **made.environment(**{"XDG_CACHE_HOME": "", "HOME": str(two.parent), **wrong}),
            )
        assert (ran.code, ran.json["complete"]) == (0, True), wrong
        assert "github.com can't be reached" in ran.json["notices"][0]
        assert "hunter2" not in ran.out + ran.err


MISBEHAVIOUR = {
    "drops the connection": (dropped, "github.com can't be reached: no connection, or it was dropped"),
    "breaks off": (half_a_body, "github.com can't be reached: its answer broke off"),
    "rate limit": (used_up(), "github.com's rate limit is used up until "),
    "secondary limit": (
        always(403, {"message": "slow down"}, Retry_After="60"),
        "github.com's rate limit is used up until",
    ),
    "too many": (always(429, b"", Retry_After="120"), "github.com's rate limit is used up until"),
    "forbidden": (
        always(403, {"message": "Resource protected by organization SAML enforcement."}),
        "github.com answered 403: Resource protected by organization SAML enforcement.",
    ),
    "bad token": (always(401, {"message": "Bad credentials"}), "github.com doesn't take the token of GH_TOKEN (401)"),
    "not found": (always(404, {"message": "Not Found"}), ""),
    "server error": (always(500), "github.com answered 500"),
    "bad gateway": (always(502, b"<html>"), "github.com answered 502"),
    "no JSON": (always(200, b"<html>maintenance</html>"), "github.com didn't answer with JSON"),
    "a list": (always(200, []), ""),
    "strange": (
        always(200, {"data": {"r0": {"p12": {"state": 7}, "p13": []}}, "state": [], "base": None}),
        "the forge's answer is invalid",
    ),
    "no branch": (
        always(
            200,
            {
                "data": {"r0": {f"p{n}": {"state": "MERGED", "baseRefName": 5, "mergedAt": AT} for n in (12, 13)}},
                "state": "closed",
                "merged_at": AT,
                "base": {"ref": None},
            },
        ),
        "the forge's answer is invalid",
    ),
    "null": (always(200, {"data": {"r0": None}, "state": None, "number": None}), ""),
    "nulls": (always(200, {"data": {"r0": {"p12": None, "p13": None}}, "base": None}), ""),
    "no list of errors": (always(200, {"data": {"r0": None}, "errors": {"a": 1}}), ""),
    "strange errors": (always(200, {"data": {"r0": None}, "errors": [None, 5, {"path": 5, "message": []}]}), ""),
    "errors only": (always(200, {"errors": [{"message": "API rate limit exceeded"}]}), ""),
    "elsewhere": (always(302, b"", Location="/graphql"), ""),
    "nested": (always(200, b"[" * 100_000), "github.com didn't answer with JSON"),
    "nested refusal": (always(403, b"[" * 100_000), "github.com answered 403"),
    "endless wait": (always(403, {}, Retry_After="9" * 400), "github.com's rate limit is used up"),
    "long wait": (always(429, {}, Retry_After="9" * 15), "github.com's rate limit is used up"),
    "negative wait": (always(429, {}, Retry_After="-5"), "github.com answered 429"),
    "wait until": (
        always(429, {}, Retry_After="Wed, 21 Oct 2030 07:28:00 GMT"),
        "github.com's rate limit is used up until 2030-10-21 07:28Z",
    ),
    "wait until when": (always(429, {}, Retry_After="tomorrow"), "github.com answered 429"),
    "endless reset": (
        always(403, {}, X_RateLimit_Remaining="0", X_RateLimit_Reset="9" * 5_000),
        "github.com's rate limit is used up",
    ),
    "no date to keep it by": (
        always(200, {}, Date="yesterday", ETag='"1"', Cache_Control="max-age=60"),
        "",
    ),
    "no clock": (always(403, {}, Retry_After="60", Date="Fri, 99 Foo"), "github.com's rate limit is used up"),
    "no words": (always(418), "github.com answered 418"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A store with something wrong in it, and its offline answer; nobody writes there."""
    root = tmp_path_factory.mktemp("broken") / "store"
    (root / "tasks").mkdir(parents=True)
    files = {"taskcheck.toml": CONFIG, IN_REVIEW: task("in_review", 12), DONE: task("completed", 13)}
    for name, text in {**files, "tasks/broken.md": "---\ntitle: [\n---\n"}.items():
        (root / name).write_text(text)
    git("init", "-q", "-b", "main", cwd=root)
    git("add", "-A", cwd=root)
    git("commit", "-q", "-m", "start", cwd=root)
    return root, taskcheck("--format", "json", cwd=root)


WITHOUT_A_TOKEN = (
    "drops the connection", "breaks off", "rate limit", "not found", "server error", "no JSON", "strange", "null",
    "no date to keep it by",
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "token"), [*((name, TOKEN) for name in MISBEHAVIOUR), *((name, {}) for name in WITHOUT_A_TOKEN)]
)
def test_a_forge_that_fails_leaves_the_offline_answer(
    broken: tuple[Path, Ran], name: str, token: dict[str, str], tmp_path: Path
) -> None:
    root, offline = broken
    behaviour, words = MISBEHAVIOUR[name]
    with forge(landed(root)) as made:
        made.misbehave = behaviour
        ran = online(root, made, "--format", "json", cache=tmp_path, **token)
        assert made.seen
    assert ran.code == offline.code == 1
    assert ran.json["complete"]
    assert ran.json["incidents"] == offline.json["incidents"] != []
    (notice,) = ran.json["notices"]
    assert notice.startswith("nothing is known of pull request acme/shop#1")
    assert words in notice
    assert f"taskcheck: {notice}" in ran.err
    reasons = {row["reason"] for row in ran.json["skipped"] if row["rule"] == "done-with-open-pr"}
    assert len(reasons) == 1
    assert reasons.pop() in notice


PASSING = {
    "dropped": dropped,
    "half a body": half_a_body,
    "server error": always(500),
    "unavailable": always(503),
    "secondary limit": always(403, {}, Retry_After="1"),
    "too many": always(429, {}, Retry_After="0"),
}


@pytest.mark.parametrize("token", [TOKEN, {}], ids=["in batches", "one by one"])
@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_for(two: Path, name: str, token: dict[str, str]) -> None:
    once = PASSING[name]
    with forge(landed(two)) as made:
        made.misbehave = lambda number, handler: once(number, handler) if number == 1 else None
        ran = online(two, made, "--format", "json", **token)
    assert found(ran) == {"in-review": ["merged-not-completed"], "done": ["done-with-open-pr"]}
    assert ran.json["notices"] == []


def test_a_limit_that_graphql_tells_with_200(two: Path) -> None:
    said = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    reset = str(int(time.time()) + 1800)
    with forge(landed(two)) as made:
        made.misbehave = always(200, said, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
        (notice,) = online(two, made, "--format", "json", **TOKEN).json["notices"]
        assert "github.com's rate limit is used up until " in notice
        passing, before = always(200, said, Retry_After="1"), len(made.seen)
        made.misbehave = lambda number, handler: passing(number, handler) if number == before + 1 else None
        assert set(found(online(two, made, "--format", "json", **TOKEN))) == {"in-review", "done"}


def test_the_last_answer_before_the_limit_is_one(two: Path) -> None:
    def last(_: int, handler: Any) -> Any:
        status, headers, data = made.reply(handler.command, handler.path, {}, made.seen[-1][3])
        return status, {**headers, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 9)}, data

    for token in (TOKEN, {}):
        with forge(landed(two)) as made:
            made.misbehave = last
            assert set(found(online(two, made, "--format", "json", **token))) == {"in-review", "done"}


def test_a_limit_in_the_middle_keeps_what_was_answered(two: Path) -> None:
    with forge(landed(two)) as made:
        made.misbehave = lambda number, handler: used_up()(number, handler) if number > 1 else None
        ran = online(two, made, "--format", "json")
        assert len(made.seen) == 2
    (notice,) = ran.json["notices"]
    assert "it allows more with a token in GH_TOKEN" in notice
    assert len(found(ran)) == 1


def test_text_says_it_too(two: Path) -> None:
    with forge({}) as made:
        ran = online(two, made, **TOKEN)
    said = " ".join(ran.out.split())
    assert "notice nothing is known of pull request acme/shop#13 on github.com and 1 more: there is no such" in said
    assert ran.code == 0


def test_nothing_that_a_socket_does_takes_longer() -> None:
    over = Event()

    def drip(_: int, handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(1000):
            if over.wait(0.1):
                break
            handler.wfile.write(b" ")
            handler.wfile.flush()

    query = PullAddress("github.com", "acme/shop", 1)
    with forge({}) as made:
        made.misbehave = drip
        site = Site(host="github.com", rest=made.url, graphql=f"{made.url}/graphql", token="t")
        answers = github._within(0.7, site, [query])
        over.set()
    assert answers == {query: Unavailable("github.com gave no answer within 0.7 s")}


def test_a_number_alone_is_of_the_repository_that_root_came_from(two: Path) -> None:
    (two / DONE).write_text("---\ntitle: T\nowner: dave-fowler\nstatus: completed\npr_number: 13\n---\n")
    with forge(landed(two)) as made:
        git("remote", "rename", "origin", "upstream", cwd=two)
        assert found(online(two, made, "--format", "json", **TOKEN)) == {"in-review": ["merged-not-completed"]}
        git("remote", "rename", "upstream", "origin", cwd=two)
        assert "done" in found(online(two, made, "--format", "json", **TOKEN))


@pytest.mark.parametrize(
    "answer",
    [
        {"number": 7, "state": "open", "base": {"ref": "main"}},
        {"number": 13, "state": "open", "base": {"ref": ["main"]}},
        {"number": 13, "state": "open"},
        {"number": 13, "state": "closed", "merged_at": True, "base": {"ref": "main"}},
        {"number": 13, "state": "open", "merged_at": AT, "base": {"ref": "main"}},
        {"number": 13, "state": "closed", "merged_at": "soon", "base": {"ref": "main"}},
    ],
)
def test_an_answer_about_something_else_is_none(two: Path, answer: dict[str, Any]) -> None:
    with forge(landed(two)) as made:
        made.misbehave = always(200, answer)
        ran = online(two, made, "--format", "json")
    assert "the forge's answer is invalid" in ran.json["notices"][0]
    assert found(ran) == {}


def test_what_a_token_may_not_see_is_told_in_the_forge_s_words(two: Path) -> None:
    why = "Resource protected by organization SAML enforcement."
    refusal = {"type": "FORBIDDEN", "path": ["r0"], "message": why}
    late = {"path": ["r0", "p13"], "message": "Something went wrong while executing your query."}
    good = {"state": "OPEN", "baseRefName": "main", "mergedAt": None, "closedAt": None, "mergeCommit": None}
    with forge(landed(two)) as made:
        made.misbehave = always(200, {"data": {"r0": None}, "errors": [refusal]})
        assert online(two, made, "--format", "json", **TOKEN).json["notices"][0].endswith(f": {why}")
        made.misbehave = always(200, {"data": {"r0": {"p12": good, "p13": None}}, "errors": [late]})
        (notice,) = online(two, made, "--format", "json", **TOKEN).json["notices"]
    assert notice.endswith("acme/shop#13 on github.com: its forge gave nothing: " + late["message"])


@pytest.mark.parametrize("bad", ['acme/sh"op){x}', "acme/..", "../shop", "./shop", "acme/shop/more"])
def test_names_that_are_no_repository_are_never_sent(store: Callable[..., Path], bad: str) -> None:
    root = store(
        {"taskcheck.toml": CONFIG, "tasks/a.md": task("completed", 1, bad), "tasks/b.md": task("completed", 10**12)}
    )
    with forge({}) as made:
        ran = online(root, made, "--format", "json", **TOKEN)
        online(root, made, "--format", "json")
        assert made.seen == []
    assert len(ran.json["notices"]) == 1


def test_without_the_extra_it_says_what_to_install(two: Path) -> None:
    block = two.parent / "block"
    block.mkdir()
    (block / "sitecustomize.py").write_text("import sys\nsys.modules['requests'] = None\n")
    ran = taskcheck("--online", "--format", "json", cwd=two, PYTHONPATH=str(block))
    assert ran.code == 0
    assert "pip install 'taskcheck-lint[online]'" in ran.err


PROVIDER = """
from datetime import datetime

from taskcheck import PullState, Unavailable, hookimpl

@hookimpl
def taskcheck_pull_requests(queries):
    %s

class Liar(dict):
    def __contains__(self, key):
        raise KeyError("no keys for you")
"""


@pytest.mark.parametrize(
    ("body", "code", "trouble"),
    [
        ("return {q: PullState(state='open') for q in queries if q.host == 'gitlab.example.com'}", 1, ""),
        ("raise RuntimeError('boom')", 3, "RuntimeError: boom"),
        ("raise SystemExit(0)", 3, "SystemExit"),
        ("return {q: 'open' for q in queries}", 3, "answer is of type str, not PullState or Unavailable"),
        ("return 5", 3, "the answers are of type int, not a mapping"),
        ("return {q: PullState(state='banana') for q in queries}", 3, "answer.state is 'banana', not one of open"),
        ("return {q: PullState(state='merged', commit=[]) for q in queries}", 3, "answer.commit is of type list"),
        ("return {q: PullState(state='merged', into=7) for q in queries}", 3, "answer.into is of type int"),
        ("return {q: PullState(state='open', at='now') for q in queries}", 3, "answer.at is of type str"),
        ("return {q: PullState(state='open', at=datetime(2026, 1, 1)) for q in queries}", 3, "has no time zone"),
        ("return {q: Unavailable(None) for q in queries}", 3, "answer.reason is of type NoneType"),
        ("return Liar({None: None})", 3, "no keys for you"),
        ("return {None: PullState(state='open'), 5: 5} if queries else None", 1, "nothing"),
    ],
)
def test_a_plugin_asks_another_forge(two: Path, body: str, code: int, trouble: str) -> None:
    url = "https://gitlab.example.com/acme/web/shop/-/merge_requests/4"
    (two / "tasks/lab.md").write_text(f"---\ntitle: T\nowner: dave-fowler\nstatus: completed\npr_url: {url}\n---\n")
    plugin = install_plugin(two.parent / "plugin", PROVIDER % body)
    with forge(landed(two)) as made:
        ran = online(two, made, "--format", "json", PYTHONPATH=plugin, **TOKEN)
    assert ran.code == code
    assert found(ran).items() >= {"in-review": ["merged-not-completed"], "done": ["done-with-open-pr"]}.items()
    assert ("lab" in found(ran)) == (not trouble)
    assert bool(ran.json["errors"]) == (code == 3)
    assert (trouble if code == 3 else "") in json.dumps(ran.json["errors"])


def test_a_plugin_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    over = Event()

    class Sleeper:
        @hookimpl
        def taskcheck_pull_requests(self, queries: object) -> None:
            over.wait(PATIENCE)

    monkeypatch.setattr(plugins, "PATIENCE", 0.3)
    loaded = plugins.load(third_party=False)
    loaded.manager.register(Sleeper(), name="sleeper")
    query = PullAddress("forge.example.com", "acme/shop", 1)
    assert loaded.pull_requests([query]) == {}
    assert not over.is_set()
    over.set()
    assert [(error.where, error.message) for error in loaded.errors] == [
        ("plugin sleeper", "taskcheck_pull_requests: TimeoutError: no answer in 0.3 s")
    ]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, {"github.com": ("https://api.github.com", None)}),
        ({"GITHUB_TOKEN": "a"}, {"github.com": ("https://api.github.com", "a")}),
        ({"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, {"github.com": ("https://api.github.com", "b")}),
        (
            {"GH_HOST": "ghe.example.com", "GH_ENTERPRISE_TOKEN": "e", "GH_TOKEN": "b"},
            {"github.com": ("https://api.github.com", "b"), "ghe.example.com": ("https://ghe.example.com/api/v3", "e")},
        ),
        (
            {"GH_HOST": "octo.ghe.com", "GH_TOKEN": "b"},
            {"github.com": ("https://api.github.com", "b"), "octo.ghe.com": ("https://api.octo.ghe.com", "b")},
        ),
        (
            {
                "GITHUB_SERVER_URL": "https://ghe.example.com",
                "GITHUB_API_URL": "https://ghe.example.com/api/v3/",
                "GITHUB_TOKEN": "a",
            },
            {
                "github.com": ("https://api.github.com", None),
                "ghe.example.com": ("https://ghe.example.com/api/v3", "a"),
            },
        ),
        (
            {"GH_HOST": "https://GHE.example.com:443/", "GH_ENTERPRISE_TOKEN": "e"},
            {
                "github.com": ("https://api.github.com", None),
                "ghe.example.com": ("https://ghe.example.com/api/v3", "e"),
            },
        ),
        ({"GH_HOST": "www.github.com.", "GH_TOKEN": "b"}, {"github.com": ("https://api.github.com", "b")}),
        ({"GH_HOST": "me@ghe.example.com", "GH_TOKEN": "b"}, {"github.com": ("https://api.github.com", "b")}),
        ({"GITHUB_SERVER_URL": "https://[", "GH_HOST": ""}, {"github.com": ("https://api.github.com", None)}),
    ],
)
def test_the_environment_says_whose_token_is_whose(variables: dict[str, str], expected: dict[str, Any]) -> None:
    assert {host: (site.rest, site.token) for host, site in sites(variables).items()} == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/shop/pull/12", ("github.com", "acme/shop", 12)),
        ("https://GitHub.com/acme/shop/pull/12/files#r1", ("github.com", "acme/shop", 12)),
        ("https://gitlab.example.com/a/b/c/-/merge_requests/4", ("gitlab.example.com", "a/b/c", 4)),
        ("https://bitbucket.org/a/b/pull-requests/9", ("bitbucket.org", "a/b", 9)),
        ("https://codeberg.org/a/b/pulls/3", ("codeberg.org", "a/b", 3)),
        ("https://github.com:443/acme/shop/pull/12", ("github.com", "acme/shop", 12)),
        ("http://github.com:80/acme/shop/pull/12", ("github.com", "acme/shop", 12)),
        ("https://www.GitHub.com./acme/shop/pull/12", ("github.com", "acme/shop", 12)),
        ("https://github.com:8443/acme/shop/pull/12", ("github.com:8443", "acme/shop", 12)),
        ("https://[::1]:3000/acme/shop/pulls/12", ("[::1]:3000", "acme/shop", 12)),
        ("https://github.com.evil.example/acme/shop/pull/12", ("github.com.evil.example", "acme/shop", 12)),
        ("https://g\u0131thub.com/acme/shop/pull/12", ("g\u0131thub.com", "acme/shop", 12)),
        ("https://github.com@evil.example/acme/shop/pull/12", None),
        ("https://github.com\\@evil.example/acme/shop/pull/12", None),
        ("https://evil.example?github.com/acme/shop/pull/12", None),
        ("https://github.com/acme/shop/pull/0", None),
        ("https://github.com/acme/shop/pull/-1", None),
        ("https://github.com/acme/shop/pull/" + "9" * 19, None),
        ("https://x:secret@github.com/acme/shop/pull/12", None),
        ("https://github.com/acme/shop/issues/12", None),
        ("see https://github.com/acme/shop/pull/12", None),
        ("ftp://github.com/acme/shop/pull/12", None),
    ],
)
def test_addresses(url: str, expected: tuple[str, str, int] | None) -> None:
    assert address(PullRequest(url=url)) == (expected and PullAddress(*expected))


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@github.com:acme/shop.git", ("github.com", "acme/shop")),
        ("https://github.com/acme/shop", ("github.com", "acme/shop")),
        ("https://user:token@GitHub.com/acme/shop.git/", ("github.com", "acme/shop")),
        ("ssh://git@ghe.example.com:2222/acme/shop.git", ("ghe.example.com", "acme/shop")),
        ("https://ghe.example.com:8443/acme/shop", ("ghe.example.com:8443", "acme/shop")),
        ("ssh://git@ssh.github.com:443/acme/shop.git", ("github.com", "acme/shop")),
        ("git@ssh.github.com:acme/shop.git", ("github.com", "acme/shop")),
        ("https://www.github.com:443/acme/shop.git", ("github.com", "acme/shop")),
        ("git@github.com:/acme/shop.git", ("github.com", "acme/shop")),
        ("git@github.com:", None),
        ("https://github.com/", None),
        ("/srv/git/shop.git", None),
        ("file:///srv/git/shop.git", None),
        ("../shop", None),
        (None, None),
    ],
)
def test_remotes(remote: str | None, expected: tuple[str, str] | None) -> None:
    assert home(remote) == expected
