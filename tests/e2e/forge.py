"""A fake GitHub, over real HTTP on loopback: answers in the shapes that its API documents, and misbehaves to order.

The bodies are those of its REST and GraphQL references, shortened to a tenth; what taskcheck reads is whole.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Reply = tuple[int, dict[str, str], bytes]
PARTS = re.compile(r'(r\d+): repository\(owner: "([^"]+)", name: "([^"]+)"\) \{ (.*?) \}(?= r\d+:| \}\Z)')
PULLS = re.compile(r"(p(\d+)): pullRequest\(number: (\d+)\)")


def pull(state: str, into: str = "main", commit: str | None = None) -> dict[str, Any]:
    """A pull request, as the forge keeps it."""
    return {"state": state, "into": into, "commit": commit}


@dataclass
class Forge:
    """What the forge knows, and what it was asked."""

    pulls: dict[str, dict[str, Any]]
    """``owner/name#number`` to `pull`."""
    port: int = 0
    seen: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    """Method, path, headers and body of every request."""
    statuses: list[int] = field(default_factory=list)
    misbehave: Callable[[int, BaseHTTPRequestHandler], Reply | None] = lambda *_: None
    """Given the number of the request, from 1: a reply of its own, or None for the proper one."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        """Variables that make it the API of github.com."""
        return {
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            **more,
        }

    def reply(self, method: str, path: str, headers: dict[str, str], body: Any) -> Reply:
        return self._graph(body["query"]) if path == "/graphql" else self._rest(path, headers)

    def _rest(self, path: str, headers: dict[str, str]) -> Reply:
        found = re.fullmatch(r"/repos/(.+)/pulls/(\d+)(?:\?.*)?", path)
        known = self.pulls.get(f"{found[1]}#{found[2]}") if found else None
        if known is None:
            return 404, {}, json.dumps({"message": "Not Found", "status": "404"}).encode()
        merged = known["state"] == "merged"
        answer = {
            "number": int(found[2]) if found else 0,
            "state": "open" if known["state"] == "open" else "closed",
            "locked": False,
            "title": "Log people in",
            "user": {"login": "dave", "type": "User"},
            "draft": False,
            "closed_at": None if known["state"] == "open" else "2026-03-24T12:00:00Z",
            "merged_at": "2026-03-24T12:00:00Z" if merged else None,
            "merge_commit_sha": known["commit"] or "f" * 40,
            "head": {"ref": "task/fix-login", "sha": "e" * 40},
            "base": {"ref": known["into"], "sha": "d" * 40},
            "merged": merged,
        }
        data = json.dumps(answer).encode()
        etag = f'W/"{hashlib.sha256(data).hexdigest()}"'
        about = {"ETag": etag, "Cache-Control": "private, max-age=0", "Vary": "Accept, Authorization"}
        return (304, about, b"") if headers.get("If-None-Match") == etag else (200, about, data)

    def _graph(self, query: str) -> Reply:
        data: dict[str, Any] = {}
        errors = []
        for alias, owner, name, inner in PARTS.findall(query):
            repository = {}
            for pull_alias, _, number in PULLS.findall(inner):
                known = self.pulls.get(f"{owner}/{name}#{number}")
                if known is None:
                    path = [alias, pull_alias]
                    message = f"Could not resolve to a PullRequest with the number of {number}."
                    errors.append({"type": "NOT_FOUND", "path": path, "message": message})
                repository[pull_alias] = known and {
                    "state": known["state"].upper(),
                    "baseRefName": known["into"],
                    "mergedAt": "2026-03-24T12:00:00Z" if known["state"] == "merged" else None,
                    "closedAt": None if known["state"] == "open" else "2026-03-24T12:00:00Z",
                    "mergeCommit": {"oid": known["commit"]} if known["commit"] else None,
                }
            data[alias] = repository if any(key.startswith(f"{owner}/{name}#") for key in self.pulls) else None
        return 200, {}, json.dumps({"data": data, **({"errors": errors} if errors else {})}).encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A connection that we closed is no error."""


@contextmanager
def forge(pulls: Mapping[str, dict[str, Any]]) -> Iterator[Forge]:
    """A running forge."""
    made = Forge(pulls=dict(pulls))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            headers = dict(self.headers)
            made.seen.append((self.command, self.path, headers, body))
            reply = made.misbehave(len(made.seen), self)
            if self.close_connection and reply is None:
                return
            status, more, data = reply or made.reply(self.command, self.path, headers, body)
            made.statuses.append(status)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


def dropped(_: int, handler: BaseHTTPRequestHandler) -> None:
    """No word, and the connection is gone."""
    handler.close_connection = True
    handler.connection.close()


def half_a_body(_: int, handler: BaseHTTPRequestHandler) -> None:
    """The beginning of an answer, and the connection is gone."""
    data = b'{"data": {"r0": {"p12": {"state": "OPEN", "baseRefName":'
    handler.send_response(200)
    handler.send_header("Content-Length", "400")
    handler.end_headers()
    handler.wfile.write(data)
    handler.wfile.flush()
    handler.close_connection = True
    handler.connection.close()


def always(status: int, body: Any = b"", **headers: str) -> Callable[[int, BaseHTTPRequestHandler], Reply]:
    """The same answer to everything."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda *_: (status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def used_up(remaining: str = "0") -> Callable[[int, BaseHTTPRequestHandler], Reply]:
    """The primary rate limit, as the REST reference shows it."""
    said = {"message": "API rate limit exceeded for 203.0.113.7.", "documentation_url": "https://docs.github.com/"}
    reset = str(int(time.time()) + 1800)
    return always(403, said, X_RateLimit_Limit="60", X_RateLimit_Remaining=remaining, X_RateLimit_Reset=reset)
