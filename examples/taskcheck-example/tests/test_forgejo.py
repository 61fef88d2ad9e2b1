"""The provider of pull requests, over HTTP."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from taskcheck_example import forgejo
from taskcheck_example.forgejo import pull_requests

from taskcheck import PullAddress, PullState, Unavailable

KNOWN = {
    1: {"state": "open", "merged": False, "merge_commit_sha": None, "merged_at": None, "closed_at": None},
    2: {"state": "closed", "merged": True, "merge_commit_sha": "c" * 40, "merged_at": "2026-03-24T12:00:00Z"},
    3: {"state": "closed", "merged": False, "merged_at": None, "closed_at": None},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))
        if self.server.misbehave:
            self.server.misbehave(self)
            return
        number = int(self.path.rpartition("/")[2])
        found = KNOWN.get(number)
        answer(self, 200 if found else 404, {"number": number, "base": {"ref": "main"}, **found} if found else {})

    def log_message(self, *_: object) -> None:
        pass


def answer(handler: Handler, status: int, said: Any, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    misbehave = None

    def handle_error(self, *_: object) -> None:
        """A connection that was closed is no error."""


def serve() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.seen = []
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


server = pytest.fixture(serve, name="server")
elsewhere = pytest.fixture(serve, name="elsewhere")


@pytest.fixture
def host(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("FORGEJO_URL", f"http://{host}/")
    monkeypatch.setenv("FORGEJO_TOKEN", "secret\n")
    return host


def test_it_asks_its_own_server_alone(server: Server, host: str) -> None:
    one, two, three, gone = (PullAddress(host, "acme/shop", number) for number in (1, 2, 3, 4))
    elsewhere = PullAddress("github.com", "acme/shop", 1)
    answers = pull_requests([one, two, three, gone, elsewhere])
    assert answers[one] == PullState(state="open", into="main")
    assert (answers[two].state, answers[two].commit, answers[two].at.year) == ("merged", "c" * 40, 2026)
    assert answers[three].state == "closed"
    assert isinstance(answers[gone], Unavailable)
    assert elsewhere not in answers
    assert server.seen[0] == ("/api/v1/repos/acme/shop/pulls/1", "token secret")


def test_a_server_below_a_path(server: Server, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGEJO_URL", f"http://{host}/git/")
    query = PullAddress(host, "git/acme/shop", 1)
    assert pull_requests([query])[query].state == "open"
    assert server.seen[0][0] == "/git/api/v1/repos/acme/shop/pulls/1"


@pytest.mark.parametrize("name", ["../shop", "acme/..", "acme/shop/../..", "acme/sh op", "acme"])
def test_names_that_are_no_repository_are_never_sent(server: Server, host: str, name: str) -> None:
    query = PullAddress(host, name, 1)
    assert isinstance(pull_requests([query])[query], Unavailable)
    assert server.seen == []


@pytest.mark.parametrize("token", ["sec\nret", "s\u00e9cr\u20act", "sec ret"])
def test_a_token_that_cannot_be_sent_is_not_told(
    server: Server, host: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORGEJO_TOKEN", token)
    query = PullAddress(host, "acme/shop", 1)
    reason = pull_requests([query])[query].reason
    assert reason.startswith("the token in FORGEJO_TOKEN can't be sent")
    assert server.seen == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_it_is_sent_nowhere_else(server: Server, elsewhere: Server, host: str, status: int) -> None:
    target = f"http://127.0.0.1:{elsewhere.server_port}/api/v1/repos/acme/shop/pulls/1"
    server.misbehave = lambda handler: answer(handler, status, b"", Location=target)
    query = PullAddress(host, "acme/shop", 1)
    assert pull_requests([query])[query] == Unavailable(f"{host} answered {status}")
    assert elsewhere.seen == []


@pytest.mark.parametrize(
    "said",
    [
        [],
        None,
        5,
        b"<html>",
        b"[" * 100_000,
        {},
        {"number": 7, "base": {"ref": "main"}, **KNOWN[1]},
        {"number": 1, "base": {"ref": None}, **KNOWN[1]},
        {"number": 1, "base": [], **KNOWN[1]},
        {"number": 1, "base": {"ref": "main"}, **KNOWN[1], "state": "banana"},
        {"number": 1, "base": {"ref": "main"}, **KNOWN[1], "merged": "no"},
        {"number": 1, "base": {"ref": "main"}, **KNOWN[1], "merged": True},
        {"number": 1, "base": {"ref": "main"}, **KNOWN[3], "closed_at": 5},
    ],
)
def test_one_strange_answer_silences_no_other(server: Server, host: str, said: Any) -> None:
    def strange(handler: Handler) -> None:
        server.misbehave = None
        answer(handler, 200, said)

    server.misbehave = strange
    one, two = (PullAddress(host, "acme/shop", number) for number in (1, 2))
    answers = pull_requests([one, two])
    assert answers[one] == Unavailable("the forge's answer is invalid")
    assert answers[two].state == "merged"


def bad_status_line(handler: Handler) -> None:
    handler.wfile.write(b"nonsense secret\r\n\r\n")


def refused(handler: Handler) -> None:
    handler.send_response(403, "no: token secret")
    handler.end_headers()


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b" " * 1024 * 1024)


def slow(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.1)


@pytest.mark.parametrize("misbehave", [bad_status_line, refused, endless, slow])
def test_a_server_that_fails_is_asked_once(
    server: Server, host: str, misbehave: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgejo, "IN_ALL", 0.5)
    server.misbehave = misbehave
    queries = [PullAddress(host, "acme/shop", number) for number in (1, 2)]
    started = time.monotonic()
    answers = pull_requests(queries)
    assert time.monotonic() - started < 3
    assert answers[queries[0]] is answers[queries[1]]
    assert host in answers[queries[0]].reason
    assert "secret" not in answers[queries[0]].reason
    assert len(server.seen) == 1


def test_a_server_that_is_gone_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGEJO_URL", "http://127.0.0.1:1")
    queries = [PullAddress("127.0.0.1:1", "acme/shop", number) for number in (1, 2)]
    answers = pull_requests(queries)
    assert answers[queries[0]] is answers[queries[1]]
    assert "can't be reached" in answers[queries[0]].reason


@pytest.mark.parametrize("url", [None, "", "codeberg.org", "https://[", "file:///etc", "https://me:pw@codeberg.org"])
def test_nobody_is_asked_without_a_server(url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGEJO_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("FORGEJO_URL", url)
    assert pull_requests([PullAddress("codeberg.org", "acme/shop", 1)]) == {}
