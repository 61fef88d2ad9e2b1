"""The provider of pull requests, over HTTP."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from taskcheck_example.forgejo import pull_requests

from taskcheck import PullAddress, PullState, Unavailable

KNOWN = {
    1: {"state": "open", "merged": False, "merge_commit_sha": None, "merged_at": None, "closed_at": None},
    2: {"state": "closed", "merged": True, "merge_commit_sha": "c" * 40, "merged_at": "2026-03-24T12:00:00Z"},
    3: {"state": "closed", "merged": False, "merged_at": None, "closed_at": None},
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = KNOWN.get(int(self.path.rpartition("/")[2]))
        body = json.dumps({"base": {"ref": "main"}, **found} if found else {}).encode()
        self.server.seen.append((self.path, self.headers["Authorization"]))
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    made = HTTPServer(("127.0.0.1", 0), Handler)
    made.seen = []
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def test_it_asks_its_own_server_alone(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    host = f"127.0.0.1:{server.server_port}"
    monkeypatch.setenv("FORGEJO_URL", f"http://{host}/")
    monkeypatch.setenv("FORGEJO_TOKEN", "secret")
    one, two, three, gone = (PullAddress(host, "acme/shop", number) for number in (1, 2, 3, 4))
    elsewhere = PullAddress("github.com", "acme/shop", 1)
    answers = pull_requests([one, two, three, gone, elsewhere])
    assert answers[one] == PullState(state="open", into="main")
    assert (answers[two].state, answers[two].commit, answers[two].at.year) == ("merged", "c" * 40, 2026)
    assert answers[three].state == "closed"
    assert isinstance(answers[gone], Unavailable)
    assert elsewhere not in answers
    assert server.seen[0] == ("/api/v1/repos/acme/shop/pulls/1", "token secret")


def test_a_server_that_is_gone_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGEJO_URL", "http://127.0.0.1:1")
    queries = [PullAddress("127.0.0.1:1", "acme/shop", number) for number in (1, 2)]
    answers = pull_requests(queries)
    assert answers[queries[0]] is answers[queries[1]]
    assert "refused" in answers[queries[0]].reason


def test_nobody_is_asked_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORGEJO_URL", raising=False)
    assert pull_requests([PullAddress("codeberg.org", "acme/shop", 1)]) == {}
