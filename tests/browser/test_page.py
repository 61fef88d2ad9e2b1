"""The operator's page in a real browser: what one sees, what stays when it refreshes, and who can use it."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from taskcheck.formats import html
from taskcheck.testing import build, incidents_fixture
from tests.browser.conftest import Window
from tests.conftest import ROOT
from tests.e2e.conftest import taskcheck
from tests.e2e.serving import Served, eventually, serving
from tests.e2e.test_incidents import HEADLINES
from tests.unit.formats.test_html import MEANT_TO_SPEAK, many, reported

pytest.importorskip("uvicorn", reason="the extra [serve] isn't installed")

Open = Callable[..., Window]
WORKER_GONE = "make-tasks-server-status-page-use-fresh-heartbeat-data-and-auto-refresh"
UNRECONCILED = "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching"
ORPHAN = "move-task-links-to-workstream-relative-paths"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The friction log's repository, as if it had been written now; tests leave it as it was."""
    folder = tmp_path_factory.mktemp("served") / "repo"
    build(incidents_fixture(), folder, now=datetime.now(UTC).replace(microsecond=0))
    return folder


@pytest.fixture(scope="module")
def server(demo: Path) -> Iterator[Served]:
    with serving(demo) as served:
        yield served


@pytest.fixture(scope="module")
def file(demo: Path) -> str:
    """The address of the page as a file on disk."""
    path = demo.with_name("fleet.html")
    path.write_text(taskcheck("--format", "html", cwd=demo).out, encoding="utf-8")
    return path.as_uri()


def row(page: Any, subject: str) -> Any:
    return page.locator("#rows > li", has=page.locator(".subject", has_text=re.compile(f"^{re.escape(subject)}$")))


def task(title: str, owner: str, status: str, needs: str) -> str:
    return f"---\ntitle: {title}\nowner: {owner}\nstatus: {status}\ndepends_on: [{needs}]\n---\n"


def violations(page: Any) -> list[str]:
    """What axe finds fault with."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core isn't installed").Axe()
    found = axe.run(page).response
    assert found["passes"], "it looked"
    return [f"{v['id']}: {node['html']}" for v in found["violations"] for node in v["nodes"]]


def quiet(window: Window, server: Served | None = None) -> None:
    """See that a page asked for nothing but its own, and complained of nothing."""
    assert window.complaints == []
    assert all(request.startswith(server.address if server else "file://") for request in window.requests)


def test_six_rows_and_what_one_opens_to(server: Served, window: Open) -> None:
    opened = window(server.address)
    page = opened.page
    assert {each.inner_text() for each in page.locator("#rows .subject").all()} == set(HEADLINES)
    unreconciled = row(page, UNRECONCILED)
    assert not unreconciled.get_by_text("status is ready, no pull request").is_visible()
    unreconciled.locator("summary").click()
    first = unreconciled.locator(".sides").first
    sides = {side.locator("> p").inner_text(): side.inner_text() for side in first.locator("> div").all()}
    assert list(sides) == ["root", f"worktree {UNRECONCILED}", "ledgers"]
    assert "status is ready, no pull request" in sides["root"]
    assert "status is in_progress, pull request #409" in sides[f"worktree {UNRECONCILED}"]
    assert "ends in dispatch_exit_code=0" in sides["ledgers"]
    left, right = (first.locator("> div").nth(n).bounding_box() for n in (0, 1))
    assert left["y"] == right["y"], "side by side"
    assert "pickup_overdue" in unreconciled.locator(".signals").inner_text()
    assert f"taskcheck --fix --unsafe-fixes {UNRECONCILED}" in unreconciled.inner_text()
    gone = row(page, WORKER_GONE)
    gone.locator("summary").click()
    assert gone.locator(".signals li").count() == 3
    quiet(opened, server)


def test_an_edited_register_changes_the_page_and_takes_nothing_away(server: Served, demo: Path, window: Open) -> None:
    opened = window(server.address, height=500)
    page = opened.page
    eventually(lambda: page.locator("#state").inner_text() == "up to date")
    row(page, UNRECONCILED).locator("summary").click()
    page.fill("#filter", "a")
    row(page, WORKER_GONE).locator("summary").focus()
    page.evaluate("scrollTo(0, 700)")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#rows details[open] .sides p'))")
    page.wait_for_timeout(3000)  # Whatever the server did at its start is over.
    before = page.evaluate("[scrollY, String(getSelection())]")
    register = demo / ".tasks/task_manager/task-manager-dave-fowler.register.json"
    text = register.read_text()
    changed = json.loads(text)
    del changed["entries"]["redesign-axis-label-collision-handling-for-narrow-cards"]
    took = []

    def edited(to: str, says: str) -> None:
        began = time.monotonic()
        register.write_text(to)
        eventually(lambda: says in page.locator("#managers").inner_text())
        took.append(time.monotonic() - began)

    try:
        edited(json.dumps(changed), "of 6 registered")
        assert row(page, UNRECONCILED).locator("details").get_attribute("open") is not None
        assert page.input_value("#filter") == "a"
        assert page.evaluate("document.activeElement.querySelector('.subject').textContent") == WORKER_GONE
        assert page.evaluate("[scrollY, String(getSelection())]") == before
        for _ in range(2):  # One of them may meet a machine that has other things to do.
            edited(text, "of 7 registered")
            page.wait_for_timeout(1500)
            edited(json.dumps(changed), "of 6 registered")
    finally:
        edited(text, "of 7 registered")
    assert min(took) < 2, took
    assert page.locator("#rows > li").count() == 6
    quiet(opened, server)


def test_filter_and_order(server: Served, window: Open) -> None:
    page = window(server.address).page
    subjects = page.locator("#rows .subject:visible")
    served = subjects.all_inner_texts()
    page.fill("#filter", "WORKER-GONE cooldown")
    assert subjects.all_inner_texts() == [WORKER_GONE]
    assert page.locator("#shown").inner_text() == "1 of 6 shown"
    page.fill("#filter", "")
    page.select_option("#severity", label="warnings")
    assert subjects.count() == 0
    page.select_option("#severity", label="all")
    page.select_option("#order", label="quiet longest first")
    assert subjects.all_inner_texts()[:2] == [ORPHAN, WORKER_GONE]
    page.select_option("#order", label="name")
    assert subjects.all_inner_texts() == sorted(HEADLINES)
    page.select_option("#order", label="what blocks most first")
    assert subjects.all_inner_texts() == served


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(server: Served, file: str, window: Open, scheme: str, width: int) -> None:
    for address in (server.address, file):
        page = window(address, width=width, color_scheme=scheme).page
        assert violations(page) == []
        for summary in page.locator("summary").all():
            summary.click()
        page.mouse.move(0, 0)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways"


def test_the_file_works_with_scripts_off_and_by_keyboard(file: str, window: Open) -> None:
    opened = window(file, java_script_enabled=False)
    page = opened.page
    expected = page.locator("#rows .subject").all_inner_texts()
    for number, subject in enumerate(expected):
        page.keyboard.press("Tab")
        assert not row(page, subject).locator(".opened").is_visible()
        page.keyboard.press("Enter" if number % 2 else "Space")
        row(page, subject).locator(".opened").wait_for(state="visible", timeout=60_000)
    page.keyboard.press("Space")
    row(page, expected[-1]).locator(".opened").wait_for(state="hidden", timeout=60_000)
    quiet(opened)


def test_the_page_by_keyboard_alone(server: Served, window: Open) -> None:
    page = window(server.address).page
    page.keyboard.press("Tab")
    page.keyboard.type("worker-gone")
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    row(page, WORKER_GONE).locator(".opened").wait_for(state="visible", timeout=60_000)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one sees where one is"


def test_texts_of_tasks_stay_text(window: Open, tmp_path: Path) -> None:
    tasks = {}
    for number, text in enumerate(MEANT_TO_SPEAK):
        quoted = json.dumps(text.encode("utf-8", "replace").decode())
        tasks[f"t{number:02}"] = (
            f"---\ntitle: {quoted}\nowner: {quoted}\nstatus: {quoted}\ndepends_on: [{quoted}]\n---\n"
        )
    tasks["x" * 200] = (
        f"---\ntitle: {'y' * 3000}\nowner: {'z' * 3000}\nstatus: ready\ndepends_on: [{'w' * 3000}]\n---\n"
    )
    root = tmp_path / "store"
    (root / "tasks").mkdir(parents=True)
    for name, front in tasks.items():
        (root / "tasks" / f"{name}.md").write_text(front)
    static = tmp_path / "static.html"
    static.write_text(html.render(reported(tasks)), encoding="utf-8")
    with serving(root) as served:
        for address, server in ((static.as_uri(), None), (served.address, served)):
            for width in (1280, 360):
                opened = window(address, width=width)
                page = opened.page
                assert page.locator("#rows > li").count() == len(tasks)
                for summary in page.locator("#rows summary").all():
                    summary.click()
                page.wait_for_timeout(200)
                assert "<script>alert(1)</script>" in row(page, "t00").inner_text()
                assert "</style></title><script>alert(1)</script>" in row(page, "t01").inner_text()
                assert "javascript:alert(1)" in row(page, "t02").inner_text()
                assert "\\u202egnp.exe\\u2066" in row(page, "t07").inner_text()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert page.locator("body a, body img, body [onclick], body base").count() == 0
                quiet(opened, server)
        (root / "tasks" / "t00.md").write_text(tasks["t01"])
        eventually(lambda: "</style></title><script>alert(1)</script>" in row(page, "t00").inner_text())
        quiet(opened, served)


def test_the_page_says_that_the_repository_is_gone_and_recovers(window: Open, tmp_path: Path) -> None:
    root = build(incidents_fixture(), tmp_path / "repo", now=datetime.now(UTC).replace(microsecond=0)).root
    with serving(root) as server:
        opened = window(server.address)
        page = opened.page
        row(page, WORKER_GONE).locator("summary").click()
        root.rename(tmp_path / "elsewhere")
        page.get_by_role("alert").get_by_text("there is no folder").wait_for(timeout=60_000)
        assert page.title().startswith("(!)")
        assert row(page, WORKER_GONE).locator(".opened").is_visible()
        assert violations(page) == []
        (tmp_path / "elsewhere").rename(root)
        page.get_by_role("alert").wait_for(state="detached", timeout=60_000)
        assert row(page, WORKER_GONE).locator(".opened").is_visible()
        quiet(opened, server)
        server.process.terminate()
        page.get_by_text("out of reach, trying again").wait_for(timeout=60_000)


def says(page: Any, text: str) -> None:
    """Wait until the page says so of itself."""
    eventually(lambda: page.locator("#state").inner_text() == text)


def test_the_page_notices_a_server_that_stands_still(demo: Path, window: Open) -> None:
    with serving(demo) as server:
        page = window("about:blank").page
        page.clock.install()
        page.goto(server.address)
        says(page, "up to date")
        server.process.send_signal(signal.SIGSTOP)
        page.clock.fast_forward(60_000)
        says(page, "out of reach, trying again")
        server.process.send_signal(signal.SIGCONT)
        says(page, "up to date")
        page.clock.fast_forward(30_000)
        page.wait_for_timeout(500)
        assert page.locator("#state").inner_text() == "up to date"


class Other(BaseHTTPRequestHandler):
    """Whatever else may have a port."""

    def do_GET(self) -> None:
        body = b"<title>another page</title>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_the_page_outlives_another_server_in_its_place(demo: Path, window: Open) -> None:
    with serving(demo) as server:
        page = window(server.address).page
        says(page, "up to date")
        title = page.title()
        server.ends(signal.SIGTERM)
    other = ThreadingHTTPServer(("127.0.0.1", server.port), Other)
    Thread(target=other.serve_forever, daemon=True).start()
    says(page, "out of reach, trying again")
    eventually(lambda: page.evaluate("news.readyState === EventSource.CLOSED"))
    page.evaluate("fetchPage()")
    page.wait_for_timeout(500)
    assert (page.title(), page.locator("#state").inner_text()) == (title, "out of reach, trying again")
    other.shutdown()
    other.server_close()
    with serving(demo, "--port", str(server.port)):
        says(page, "up to date")
        assert page.locator("#rows > li").count() == 6


def test_what_a_filter_leaves_out_is_counted_anew_with_each_look(window: Open, tmp_path: Path) -> None:
    tasks = tmp_path / "store" / "tasks"
    tasks.mkdir(parents=True)
    for name in "abc":
        (tasks / f"{name}.md").write_text(task(name, "x", "nonsense", ""))
    with serving(tmp_path / "store") as server:
        page = window(server.address).page
        page.fill("#filter", "b.md")
        assert page.locator("#shown").inner_text() == "1 of 3 shown"
        (tasks / "d.md").write_text(task("d", "x", "nonsense", ""))
        eventually(lambda: page.locator("#shown").inner_text() == "1 of 4 shown")
        assert "4 tasks" in page.locator("#top").inner_text()
        (tasks / "b.md").unlink()
        eventually(lambda: page.locator("#shown").inner_text() == "0 of 3 shown")


def test_a_choice_that_the_browser_kept_is_heeded(server: Served, window: Open) -> None:
    page = window(server.address).page
    page.select_option("#severity", label="warnings")
    page.select_option("#order", label="name")
    page.goto("about:blank")
    page.go_back()
    eventually(lambda: page.input_value("#severity") == "2")
    eventually(lambda: page.locator("#shown").inner_text() == "0 of 6 shown")


def test_a_dozen_pages_that_nobody_sees_leave_room_for_one_more(server: Served, window: Open) -> None:
    first = window(server.address)
    context = first.page.context
    hide = "Object.defineProperty(document, 'hidden', {get: () => window.unseen ?? true, configurable: true})"
    for _ in range(12):
        unseen = context.new_page()
        unseen.add_init_script(hide)
        unseen.goto(server.address, timeout=60_000)
    seen = context.new_page()
    seen.goto(server.address, timeout=60_000)
    eventually(lambda: seen.locator("#state").inner_text() == "up to date")
    unseen.evaluate("() => { window.unseen = false; document.dispatchEvent(new Event('visibilitychange')); }")
    eventually(lambda: unseen.locator("#state").inner_text() == "up to date")


def test_print_shows_what_is_closed(file: str, window: Open) -> None:
    page = window(file).page
    assert not any(opened.is_visible() for opened in page.locator(".opened").all())
    page.emulate_media(media="print")
    assert all(opened.is_visible() for opened in page.locator(".opened").all())


def test_ten_thousand_incidents_are_usable(window: Open, tmp_path: Path) -> None:
    report = many(10_000)
    static, live = tmp_path / "static.html", tmp_path / "live.html"
    static.write_text(html.render(report), encoding="utf-8")
    opened = window(static.as_uri())
    page = opened.page
    began = time.monotonic()
    last = page.locator("#rows > li").nth(9_999)
    last.scroll_into_view_if_needed()
    last.locator("summary").click()
    last.locator(".signals").wait_for(state="visible")
    assert time.monotonic() - began < 60
    quiet(opened)
    live.write_text(html.page(report, live="look-1"), encoding="utf-8")
    page = window(live.as_uri()).page
    page.add_script_tag(content=(ROOT / "src/taskcheck/web/page.js").read_text())
    began = time.monotonic()
    page.fill("#filter", "background-77")
    assert page.locator("#shown").inner_text() == "111 of 10000 shown"
    page.fill("#filter", "")
    page.select_option("#order", label="name")
    assert page.locator("#rows .subject").first.inner_text().endswith("-0")
    assert time.monotonic() - began < 60, "it took minutes once"
