"""What the page's server answers, and whom: GET and HEAD of a few addresses, asked for by this machine's own name."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskcheck.formats.html import style_hash
from taskcheck.web.wall import Shown, Wall

HEARTBEAT = 15.0
"""Seconds after which a silent stream says something, so that a client or a server which is gone is noticed."""

CHUNK = 64 * 1024
"""Bytes that are handed over at a time: a client that doesn't read holds up no more than these."""

METRICS = "text/plain; version=0.0.4; charset=utf-8"
"""How HTTP calls Prometheus' text format."""

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; script-src 'self'; connect-src 'self'; style-src '{style_hash()}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class LoopbackOnly:
    """Refuses what wasn't asked under a loopback name and this port, and what isn't GET or HEAD; sets the headers.

    Another site's page can make a browser come here under that site's name (DNS rebinding); the Host header tells.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        names = ("localhost", "127.0.0.1", "[::1]")
        self._hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        app = self._app
        hosts = [host.lower() for host in Headers(scope=scope).getlist("host")]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            app = PlainTextResponse("The server answers only requests from this machine to the printed address.\n", 421)
        elif scope["method"] not in {"GET", "HEAD"}:
            app = PlainTextResponse("This page is read-only.\n", 405, {"allow": "GET, HEAD"})
        await app(scope, receive, guarded)


def application(board: Wall, port: int) -> Starlette:
    """Return the server's answers from a board."""

    @asynccontextmanager
    async def looking(_: Starlette) -> AsyncIterator[None]:
        board.start()
        yield
        board.close()

    def shows(kind: str, part: Callable[[Shown], bytes], *, needs: bool = False) -> Callable[[Request], Awaitable[Any]]:
        async def answer(_: Request) -> Response:
            shown = await board.after("")
            if shown is None:
                return PlainTextResponse("It is going down.\n", 503)
            return _streamed(part(shown), kind, 503 if needs and shown.trouble else 200)

        return answer

    async def events(request: Request) -> Response:
        kind = {"content-type": "text/event-stream"}
        return Response(headers=kind) if request.method == "HEAD" else StreamingResponse(_events(board), 200, kind)

    async def script(_: Request) -> Response:
        return Response(files("taskcheck.web").joinpath("page.js").read_bytes(), media_type="text/javascript")

    async def metrics(_: Request) -> Response:
        looked = board.looked
        if looked is None:
            return PlainTextResponse("This needs prometheus-client: pip install 'taskcheck-lint[metrics]'\n", 501)
        return Response(looked.text(), headers={"content-type": METRICS})

    app = Starlette(
        routes=[
            Route("/", shows("text/html; charset=utf-8", lambda shown: shown.page)),
            Route("/report.json", shows("application/json", lambda shown: shown.report, needs=True)),
            Route("/healthz", shows("application/json", lambda shown: shown.health, needs=True)),
            Route("/events", events),
            Route("/metrics", metrics),
            Route("/page.js", script),
        ],
        middleware=[Middleware(LoopbackOnly, port=port)],
        lifespan=looking,
    )
    app.router.redirect_slashes = False
    return app


def _streamed(body: bytes, kind: str, status: int) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]

    return StreamingResponse(chunks(), status, {"content-type": kind, "content-length": str(len(body))})


async def _events(board: Wall) -> AsyncIterator[str]:
    """Yield the name of each look, as server-sent events."""
    yield "retry: 1000\n\n"
    seen = ""
    while not board.closed:
        shown = await board.after(seen, HEARTBEAT)
        if shown is None or shown.name == seen:
            yield "event: still\ndata:\n\n"
        else:
            seen = shown.name
            yield f"data: {seen}\n\n"
