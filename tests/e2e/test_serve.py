"""The page's server: whom it answers, what it outlives, and how it ends."""

import asyncio
import json
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import jsonschema
import pytest

from taskcheck.model.report import Report
from taskcheck.store import Request, Where
from taskcheck.testing import build, incidents_fixture
from taskcheck.watch.looks import Sight
from taskcheck.watch.recording import Keeper
from tests.conftest import ROOT
from tests.e2e.conftest import PATIENCE, git, taskcheck
from tests.e2e.serving import Served, eventually, serving
from tests.e2e.test_incidents import HEADLINES

pytestmark = pytest.mark.journey

if TYPE_CHECKING:
    from taskcheck.web.board import Board

pytest.importorskip("uvicorn", reason="the extra [serve] isn't installed")

Store = Callable[..., Path]
T = TypeVar("T")
BROKEN = "---\ntitle: T\nowner: x\nstatus: nonsense\n---\n"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the friction log's repository, as if it had been written now."""
    folder = tmp_path_factory.mktemp("served") / "repo"
    build(incidents_fixture(), folder, now=datetime.now(UTC).replace(microsecond=0))
    with serving(folder) as server:
        yield server


def test_page_report_and_health(demo: Served) -> None:
    code, page = demo.get()
    assert code == 200
    assert "repo: 6 need a look" in page
    code, text = demo.get("report.json")
    assert code == 200
    report = json.loads(text)
    jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "report.schema.json").read_text())).validate(report)
    assert {incident["headline"] for incident in report["incidents"]} == set(HEADLINES.values())
    assert demo.health["status"] == "ok"


@pytest.mark.parametrize("path", ["", "report.json", "healthz", "events", "page.js", "nothing"])
def test_every_answer_is_locked_down_and_head_has_no_body(demo: Served, path: str) -> None:
    host = f"Host: 127.0.0.1:{demo.port}\r\nConnection: close\r\n\r\n"
    head, _, body = demo.ask(f"HEAD /{path} HTTP/1.1\r\n{host}").partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 404" if path == "nothing" else "HTTP/1.1 200")
    assert body == ""
    headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:])
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; connect-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "deny"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert not {"access-control-allow-origin", "set-cookie", "server", "date"} & set(headers)


HOSTS = (
    "evil.example:{port}", "evil.example", "localhost", "127.0.0.1", "localhost:1", "127.0.0.1:{port}.evil.example",
    "localhost:{port}@evil.example", "evil.example@localhost:{port}", "127.1:{port}", "0.0.0.0:{port}", "[::1]",
    "localhost.:{port}", "2130706433:{port}", "",
)  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/", "/report.json", "/events", "/nothing"])
def test_other_hosts_requests_are_refused(demo: Served, host: str, path: str) -> None:
    name = host.format(port=demo.port)
    answer = demo.ask(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n")
    assert answer.startswith(("HTTP/1.1 421 ", "HTTP/1.1 400 "))
    assert "split-manager" not in answer


def test_hosts_that_are_missing_twice_or_in_the_path(demo: Served) -> None:
    ours, evil = f"Host: localhost:{demo.port}\r\n", "Host: evil.example\r\n"
    for request in (
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        f"GET / HTTP/1.1\r\n{ours}{evil}Connection: close\r\n\r\n",
        f"GET / HTTP/1.1\r\n{evil}{ours}Connection: close\r\n\r\n",
        f"GET / HTTP/1.1\r\n{evil}X-Forwarded-Host: localhost:{demo.port}\r\nConnection: close\r\n\r\n",
        f"GET http://localhost:{demo.port}/ HTTP/1.1\r\n{evil}Connection: close\r\n\r\n",
    ):
        assert demo.ask(request).startswith(("HTTP/1.1 421 ", "HTTP/1.1 400 ")), request


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "127.0.0.1", "[::1]"])
def test_this_machine_is_answered(demo: Served, name: str) -> None:
    answer = demo.ask(f"GET /healthz HTTP/1.1\r\nHost: {name}:{demo.port}\r\nConnection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 200 ")


@pytest.mark.skipif(not Path("/proc/net").is_dir(), reason="this system has no /proc/net")
def test_it_listens_on_loopback_alone(demo: Served) -> None:
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{demo.process.pid}/fd").iterdir() if fd.is_symlink()}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                assert fields[1] == f"0100007F:{demo.port:04X}"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/events", "/nothing"])
def test_it_is_read_only(demo: Served, method: str, path: str) -> None:
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost:{demo.port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    answer = demo.ask(request)
    assert answer.startswith("HTTP/1.1 405 ")
    assert "\r\nallow: GET, HEAD\r\n" in answer


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "../taskcheck.toml",
        "%2e%2e/taskcheck.toml",
        "page.js/",
        "page.js/../board.py",
        "page.css",
        "/",
        "%00",
    ],
)
def test_there_is_nothing_else(demo: Served, path: str) -> None:
    request = f"GET /{path} HTTP/1.1\r\nHost: localhost:{demo.port}\r\nConnection: close\r\n\r\n"
    assert demo.ask(request).startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize("data", ["\x00" * 100, "GET / HTTP/9.9\r\n\r\n", "GET /" + "a" * 100_000, "\x16\x03\x01"])
def test_garbage_is_refused_and_harms_nobody(demo: Served, data: str) -> None:
    with demo.connect(data) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith((b"HTTP/1.1 400", b""))
    assert demo.get()[0] == 200


def events(server: Served) -> Iterator[str]:
    """The names of the looks, as they come."""
    with server.connect(f"GET /events HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n") as connection:
        for line in connection.makefile():
            if line.startswith("data: "):
                yield line.removeprefix("data: ").strip()


def settled(server: Served) -> str:
    """The name of the latest look, once the second one is over that follows the first."""
    return next(name for name in events(server) if name.endswith("-2"))


def test_clients_make_no_checks(store: Store) -> None:
    with serving(store({"tasks/a.md": BROKEN})) as server:
        name = settled(server)
        with ThreadPoolExecutor(40) as clients:
            answers = list(clients.map(lambda _: server.get()[0], range(300)))
        assert answers == [200] * 300
        assert f'data-look="{name}"' in server.get()[1]


@pytest.mark.journey
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="this system doesn't tell a process's memory")
def test_a_client_that_never_reads_holds_up_nobody(store: Store) -> None:
    root = store({f"tasks/t{n}.md": BROKEN for n in range(1500)}, repository=False)
    with serving(root) as server:
        settled(server)
        before = memory(server)
        greedy = [server.connect(f"GET / HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n") for _ in range(60)]
        waiting = [server.connect(f"GET /events HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n") for _ in range(60)]
        silent = [server.connect() for _ in range(20)]
        gone = server.connect(f"GET / HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n")
        gone.close()
        for connection in (*greedy, *waiting):
            assert select.select([connection], [], [], PATIENCE)[0], "it is at them all"
        page = server.get()[1]
        assert len(page) > 1_000_000
        assert memory(server) - before < 10 * len(page), "what isn't read isn't held"
        news = events(server)
        last = next(news)
        (root / "tasks" / "t0.md").write_text(BROKEN.replace("nonsense", "ready"))
        assert next(news) != last
        for connection in (*greedy, *waiting, *silent):
            connection.close()


def memory(server: Served) -> int:
    """Bytes that the process holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def test_a_repository_that_goes_and_comes_back(store: Store) -> None:
    root = store({"tasks/a.md": BROKEN})
    with serving(root) as server:
        assert server.get()[0] == 200
        root.rename(root.with_name("elsewhere"))
        eventually(lambda: server.get("healthz")[0] == 503)
        assert server.health == {
            "status": "failing",
            "now": server.health["now"],
            "error": f"there is no folder {root}",
        }
        code, page = server.get()
        assert code == 200
        assert f"there is no folder {root}" in page
        assert "invalid-field" in page, "what was seen last stays, and says when that was"
        assert "What follows is as of" in page
        assert server.get("report.json")[0] == 503
        root.with_name("elsewhere").rename(root)
        (root / "tasks" / "b.md").write_text(BROKEN)
        eventually(lambda: server.health["status"] == "ok")
        assert "2 need a look" in server.get()[1]
        (root / "tasks" / "a.md").unlink()
        eventually(lambda: "1 needs a look" in server.get()[1])


def test_another_repository_in_its_place_is_watched_too(store: Store) -> None:
    root = store({"tasks/a.md": BROKEN})
    with serving(root) as server:
        settled(server)
        root.rename(root.with_name("old"))
        eventually(lambda: server.health["status"] == "failing")
        git("clone", "-q", root.with_name("old"), root, cwd=root.parent)
        eventually(lambda: server.health["status"] == "ok")
        time.sleep(1)
        (root / "tasks" / "b.md").write_text(BROKEN)
        eventually(lambda: "2 need a look" in server.get()[1])


def test_a_configuration_that_is_broken_and_mended(store: Store) -> None:
    root = store({"tasks/a.md": BROKEN, "taskcheck.toml": 'preset = "task-manager"\n'})
    with serving(root) as server:
        settled(server)
        (root / "taskcheck.toml").write_text("presett = 1\n")
        eventually(lambda: server.health["status"] == "failing")
        assert "presett" in server.health["error"]
        (root / "taskcheck.toml").write_text('preset = "task-manager"\n')
        eventually(lambda: server.health["status"] == "ok")


def test_a_check_that_crashes_is_told_and_tried_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskcheck.web import board, wall as walls

    real, crashes = board.looks, iter([True, False])

    def looks(where: Where, request: Request, stop: Event, keeper: Keeper | None) -> Iterator[Sight | None]:
        if next(crashes):
            raise ZeroDivisionError("oh")
        yield from real(where, request, stop, keeper)

    monkeypatch.setattr(board, "looks", looks)
    monkeypatch.setattr(walls, "AGAIN", 0.1)

    wall = board.Board(Where(root=store({"tasks/a.md": BROKEN})), Request(), "x")
    assert in_a_loop(troubles(wall, 2)) == ["taskcheck itself failed: ZeroDivisionError: oh", ""]


def test_a_report_that_cannot_be_rendered_is_told_and_looked_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from taskcheck.web import board, wall as walls

    real, crashes = board.json_report.render, iter([True])

    def render(report: Report) -> str:
        if next(crashes, False):
            raise ZeroDivisionError("oh")
        return real(report)

    monkeypatch.setattr(board.json_report, "render", render)
    monkeypatch.setattr(walls, "AGAIN", 0.1)
    wall = board.Board(Where(root=store({"tasks/a.md": BROKEN})), Request(), "x")
    assert in_a_loop(troubles(wall, 2)) == ["taskcheck itself failed: ZeroDivisionError: oh", ""]


def test_a_look_that_does_not_end_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from taskcheck.web import board, wall as walls

    real, hangs = board.looks, Event()

    def looks(where: Where, request: Request, stop: Event, keeper: Keeper | None) -> Iterator[Sight | None]:
        found = real(where, request, stop, keeper)
        yield next(found)
        hangs.wait(PATIENCE)
        yield from found

    monkeypatch.setattr(board, "looks", looks)
    monkeypatch.setattr(walls, "PATIENCE", 1.0)
    wall = board.Board(Where(root=store({"tasks/a.md": BROKEN})), Request(), "x")

    async def seen() -> list[str]:
        found = await troubles(wall, 2)
        hangs.set()
        assert wall.shown
        assert b"failing" in wall.shown.health
        again = await wall.after(wall.shown.name)
        wall.close()
        return [*found, again.trouble if again else "none"]

    assert in_a_loop(seen()) == ["", "a check has been running for 1 seconds", ""]


def in_a_loop(talk: Coroutine[Any, Any, T]) -> T:
    """What comes of it, in a thread of its own: the browser's driver leaves a loop running in the tests' own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, talk).result()


async def troubles(wall: "Board", number: int) -> list[str]:
    """What the first so many looks say is wrong."""
    wall.start()
    found, name = [], ""
    for _ in range(number):
        shown = await wall.after(name)
        assert shown
        name = shown.name
        found.append(shown.trouble)
    return found


def test_commits_and_worktrees_are_seen(store: Store) -> None:
    root = store({"tasks/a.md": BROKEN})
    with serving(root) as server:
        name = settled(server)
        git("worktree", "add", "-q", ".worktrees/a", "-b", "task/a", cwd=root)
        news = events(server)
        eventually(lambda: "in 2 checkouts" in server.get()[1])
        assert next(news) != name
        (root / ".worktrees" / "a" / "tasks" / "new.md").write_text(BROKEN)
        git("add", "-A", cwd=root / ".worktrees" / "a")
        before = next(events(server))
        git("commit", "-q", "-m", "new", cwd=root / ".worktrees" / "a")
        eventually(lambda: next(events(server)) != before)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_ends_cleanly_with_clients_that_wait(store: Store, number: int, code: int) -> None:
    with serving(store({"tasks/a.md": BROKEN})) as server:
        settled(server)
        with server.connect(f"GET /events HTTP/1.1\r\nHost: localhost:{server.port}\r\n\r\n") as waiting:
            assert waiting.recv(1000).startswith(b"HTTP/1.1 200")
            assert server.ends(number) == (code, "")


HALF = "GET / HTTP/1.1\r\nHost: 127.0.0.1"


def test_half_a_request_is_dropped(demo: Served) -> None:
    for begun in ("", HALF, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\nGET"):
        with demo.connect(begun) as connection:
            assert b"".join(iter(lambda: connection.recv(65536), b"")).count(b"HTTP/1.1 200") == 0
    with demo.connect(HALF) as slow, pytest.raises((BrokenPipeError, ConnectionResetError)):  # noqa: PT012
        for _ in range(int(PATIENCE * 10)):  # a byte at a time gives it no more time
            slow.sendall(b"x")
            time.sleep(0.1)
    assert demo.health["status"] == "ok"


def test_more_connections_than_descriptors(store: Store) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    root = store({"tasks/a.md": BROKEN})
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with serving(root) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1024), hard))
            half_open = [server.connect(HALF) for _ in range(500)]
            assert [server.get("healthz")[0] for _ in range(3)] == [200, 200, 200]
            streams = [
                server.connect(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n") for _ in half_open
            ]
            (root / "tasks" / "a.md").write_text(BROKEN.replace("nonsense", "ready"))
            eventually(lambda: "nonsense" not in server.get("report.json")[1])
            code, err = server.ends(signal.SIGTERM)
            assert (code, err) == (-signal.SIGTERM, "")
            for connection in (*half_open, *streams):
                connection.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_serving_writes_nothing(store: Store) -> None:
    root = store({"tasks/a.md": BROKEN})
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    with serving(root) as server:
        settled(server)
        server.get()
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before


def test_usage(store: Store, tmp_path: Path) -> None:
    root = store({"tasks/a.md": BROKEN})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = taskcheck("serve", "--port", port, cwd=root)
    assert ran.code == 2
    assert (
        ran.err == f"taskcheck: port {port} can't be used: Address already in use; `--port 0` takes one that is free\n"
    )
    assert taskcheck("serve", "--port", "70000", cwd=root).code == 2
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "uvicorn.py").write_text("raise ModuleNotFoundError('no', name='uvicorn')\n")
    ran = taskcheck("serve", cwd=root, PYTHONPATH=str(tmp_path / "without"))
    assert ran.code == 2
    assert "`serve` needs uvicorn, which isn't installed; try: pip install 'taskcheck-lint[serve]'" in ran.err
    (root / "taskcheck.toml").write_text("presett = 1\n")
    assert "preset" in taskcheck("serve", "--port", "0", cwd=root).err
