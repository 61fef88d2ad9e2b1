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
    return page.locator("#rows > .row", has=page.locator(".subject", has_text=re.compile(f"^{re.escape(subject)}$")))


def opened_by(row: Any) -> Any:
    """What opens a row."""
    return row.locator(".opens > summary")


ALL = 21
"""Rows of the friction log: six incidents, eleven tasks that wait, four at work."""


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


def test_groups_and_what_a_row_opens_to(server: Served, window: Open) -> None:
    opened = window(server.address)
    page = opened.page
    headings = page.locator("#rows .group").all_inner_texts()
    assert [text.split("\n")[0].lower() for text in headings] == [
        "needs you 2", "repair ready 4", "waiting for a person 11", "at work 4",
    ]  # fmt: skip
    incidents = page.locator("#rows .row:not([data-severity='0']) .subject").all_inner_texts()
    assert set(incidents) == set(HEADLINES)
    unreconciled = row(page, UNRECONCILED)
    assert unreconciled.locator("h3").inner_text().startswith("Plan activity page performance")
    assert unreconciled.locator(".rule").first.inner_text() == "dispatch-completed-unreconciled"
    assert not unreconciled.locator(".sides").first.is_visible()
    opened_by(unreconciled).click()
    first = unreconciled.locator(".sides").first
    sides = {side.locator("> p").inner_text(): side.inner_text() for side in first.locator("> div").all()}
    assert list(sides) == ["root", f"worktree {UNRECONCILED}", "ledgers"]
    assert re.search(r"status\s+ready, no pull request", sides["root"])
    assert re.search(r"status\s+in_progress, pull request #409", sides[f"worktree {UNRECONCILED}"])
    assert first.locator("mark").all_inner_texts() == ["ready", "in_progress"], "what differs"
    assert "ends in dispatch_exit_code=0" in sides["ledgers"]
    left, right = (first.locator("> div").nth(n).bounding_box() for n in (0, 1))
    assert left["y"] == right["y"], "side by side"
    unreconciled.locator("summary", has_text="raw signals (1)").click()
    assert "pickup_overdue" in unreconciled.locator(".signals").inner_text()
    unreconciled.locator("summary", has_text="timeline").click()
    assert "pull request #409 opened" in unreconciled.locator(".timeline").inner_text()
    arises = unreconciled.locator(".timeline .arises", has_text="dispatch-completed-unreconciled")
    assert "worker exits with 0" in arises.inner_text()
    unreconciled.locator("summary", has_text="why this matters").click()
    assert f"taskcheck --fix --unsafe-fixes {UNRECONCILED}" in unreconciled.locator(".next").inner_text()
    link = unreconciled.locator("a")
    assert (link.inner_text(), link.get_attribute("href")) == (
        "#409 on github.com", "https://github.com/dataface/dataface/pull/409",
    )  # fmt: skip
    gone = row(page, WORKER_GONE)
    opened_by(gone).click()
    assert gone.locator(".signals li").count() == 3
    quiet(opened, server)


def test_who_is_at_work_and_what_waits(server: Served, window: Open) -> None:
    page = window(server.address).page
    work = row(page, "add-csv-and-png-export-to-dashboard-tiles")
    assert re.search(r"process 51960 on mac-1\s+sign \d+m", work.inner_text())
    assert re.fullmatch(r"for 2h \d+m", work.locator(".quiet").inner_text())
    opened_by(work).click()
    assert "worktree" in work.locator("dl").inner_text()
    waits = row(page, "check-all-code-samples-of-the-docs-in-ci")
    assert waits.locator(".rule").inner_text() == "in review"
    assert waits.locator(".quiet").inner_text().startswith("4d ")


def test_a_healthy_fleet_shows_its_work(window: Open, tmp_path: Path) -> None:
    fixture = incidents_fixture()
    now = datetime.now(UTC).replace(microsecond=0)
    root = build(fixture, tmp_path / "repo", now=now, overlay=fixture / "healthy").root
    with serving(root) as served:
        page = window(served.address).page
        assert page.locator("h1").inner_text() == "repo: nothing needs a look"
        groups = [text.lower() for text in page.locator("#rows .group").all_inner_texts()]
        assert [group.rpartition(" ")[0] for group in groups] == ["waiting for a person", "at work"]
        assert "0 need you" in page.locator("#chips").inner_text()
        assert violations(page) == []


def test_a_fleet_where_everything_waits(window: Open, tmp_path: Path) -> None:
    tasks = tmp_path / "store" / "tasks"
    (tasks / "logs").mkdir(parents=True)
    for number in range(230):
        name = f"t{number:03}"
        (tasks / f"{name}.md").write_text(task(f"Task {number}", "x", "blocked", ""))
        ended = {"task": name, "state": "ended", "outcome": "blocked", "reason": f"needs <b>key {number}</b>"}
        ended |= {"started_at": "2026-03-24T10:00:00Z", "ended_at": f"2026-03-24T11:{number % 60:02}:00Z"}
        (tasks / "logs" / f"dispatch-{name}.status.json").write_text(json.dumps(ended))
    with serving(tmp_path / "store") as served:
        page = window(served.address).page
        assert page.locator("#rows .group").inner_text() == "WAITING FOR A PERSON 200"
        assert page.locator(".left-out").inner_text() == "and 30 more"
        assert "230 waiting" in page.locator("#chips").inner_text()
        assert row(page, "t000").locator(".message").inner_text() == "“needs <b>key 0</b>”"
        assert violations(page) == []


def test_chips_show_one_group_and_the_address_keeps_what_is_chosen(server: Served, window: Open) -> None:
    opened = window(server.address)
    page = opened.page
    chip = page.locator("[data-show=work]")
    chip.click()
    assert page.locator("#rows .row:visible").count() == 4
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.locator("#rows .group:visible").all_inner_texts() == ["AT WORK 4"]
    page.select_option("#order", label="name")
    page.fill("#filter", "csv")
    address = page.evaluate("location.href")
    assert address.partition("#")[2] == "filter=csv&order=name&show=work"
    again = window(address).page
    assert again.locator("#rows .row:visible").count() == 1
    assert again.input_value("#order") == "name"
    again.fill("#filter", "")
    again.locator("[data-show=work]").click()
    again.select_option("#order", label="what blocks most first")
    assert again.evaluate("location.hash") == ""
    assert again.locator("#rows .row:visible").count() == ALL
    page.goto(f"{server.address}#group=nonsense&severity=7&order=")
    page.reload()
    assert page.locator("#rows .row:visible").count() == ALL, "what nobody can choose is nothing chosen"
    quiet(opened, server)


def test_rows_are_grouped_by_owner_and_by_rule(server: Served, window: Open) -> None:
    page = window(server.address).page
    page.select_option("#group", label="owner")
    headings = [text.lower() for text in page.locator("#rows .group").all_inner_texts()]
    assert headings == sorted(headings)
    assert "dave-fowler 11" in headings
    page.select_option("#group", label="rule")
    assert "worker-gone 1" in [text.lower() for text in page.locator("#rows .group").all_inner_texts()]
    page.select_option("#group", label="none")
    assert page.locator("#rows .group").count() == 0
    page.select_option("#group", label="what to do")
    assert page.locator("#rows .group").count() == 4


def test_a_command_is_copied(server: Served, window: Open) -> None:
    page = window(server.address, permissions=["clipboard-read", "clipboard-write"]).page
    gone = row(page, WORKER_GONE)
    gone.locator(".copy").click()
    eventually(lambda: gone.locator(".copy").inner_text() == "copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"taskcheck run {WORKER_GONE} -- COMMAND"


def test_keys_go_from_row_to_row(server: Served, window: Open) -> None:
    page = window(server.address).page
    order = page.locator("#rows .subject").all_inner_texts()
    focused = "document.activeElement.querySelector('.subject')?.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == order[0]
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate(focused) == order[2]
    page.keyboard.press("o")
    assert row(page, order[2]).locator(".opened").first.is_visible()
    page.keyboard.press("o")
    assert not row(page, order[2]).locator(".opened").first.is_visible()
    page.keyboard.press("/")
    page.keyboard.type("jko?")
    assert page.input_value("#filter") == "jko?"
    page.fill("#filter", "")
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()


def test_an_edited_register_changes_the_page_and_takes_nothing_away(server: Served, demo: Path, window: Open) -> None:
    opened = window(server.address, height=500)
    page = opened.page
    eventually(lambda: page.locator("#state").inner_text() == "up to date")
    opened_by(row(page, UNRECONCILED)).click()
    page.fill("#filter", "a")
    page.locator("[data-show=repair]").click()
    page.locator("[data-show=repair]").click()
    row(page, WORKER_GONE).focus()
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
        assert row(page, UNRECONCILED).locator(".opens").get_attribute("open") is not None
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
    assert page.locator("#rows > .row").count() == ALL
    quiet(opened, server)


def test_filter_and_order(server: Served, window: Open) -> None:
    page = window(server.address).page
    subjects = page.locator("#rows .subject:visible")
    served = subjects.all_inner_texts()
    page.fill("#filter", "WORKER-GONE cooldown")
    assert subjects.all_inner_texts() == [WORKER_GONE]
    assert page.locator("#shown").inner_text() == f"1 of {ALL} shown"
    page.fill("#filter", "")
    page.select_option("#severity", label="warnings")
    assert subjects.count() == 0
    page.select_option("#severity", label="errors")
    page.select_option("#group", label="none")
    page.select_option("#order", label="quiet longest first")
    assert subjects.all_inner_texts()[:2] == [ORPHAN, WORKER_GONE]
    page.select_option("#order", label="name")
    assert subjects.all_inner_texts() == sorted(HEADLINES)
    page.select_option("#severity", label="all")
    page.select_option("#group", label="what to do")
    page.select_option("#order", label="what blocks most first")
    assert subjects.all_inner_texts() == served


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_no_violation(server: Served, file: str, window: Open, scheme: str, width: int) -> None:
    for address in (server.address, file):
        page = window(address, width=width, color_scheme=scheme).page
        assert violations(page) == []
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        page.mouse.move(0, 0)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll sideways"


def test_the_file_works_with_scripts_off_and_by_keyboard(file: str, window: Open) -> None:
    opened = window(file, java_script_enabled=False)
    page = opened.page
    assert page.locator("#rows .group").count() == 4
    assert page.locator("button").count() == 0, "nothing that would need a script"
    focus = page.locator(":focus")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        if focus.count() and focus.evaluate("each => each.matches('.opens > summary')"):
            subject = focus.locator("xpath=ancestor::li[contains(@class, 'row')]").locator(".subject").inner_text()
            reached.append(subject)
            shown = row(page, subject).locator(".opened").first
            assert not shown.is_visible()
            page.keyboard.press("Enter" if len(reached) % 2 else "Space")
            shown.wait_for(state="visible", timeout=60_000)
            page.keyboard.press("Space")
            shown.wait_for(state="hidden", timeout=60_000)
    assert set(HEADLINES) <= set(reached)
    quiet(opened)


def test_the_page_by_keyboard_alone(server: Served, window: Open) -> None:
    page = window(server.address).page
    page.keyboard.press("/")
    page.keyboard.type("worker-gone")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "severity", "a list of choices has keys of its own"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one sees where one is"
    page.keyboard.press("o")
    row(page, WORKER_GONE).locator(".opened").first.wait_for(state="visible", timeout=60_000)


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
                assert page.locator("#rows > .row").count() == len(tasks)
                page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
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
        opened_by(row(page, WORKER_GONE)).click()
        root.rename(tmp_path / "elsewhere")
        page.get_by_role("alert").get_by_text("there is no folder").wait_for(timeout=60_000)
        assert page.title().startswith("(!)")
        assert row(page, WORKER_GONE).locator(".opened").first.is_visible()
        assert violations(page) == []
        (tmp_path / "elsewhere").rename(root)
        page.get_by_role("alert").wait_for(state="detached", timeout=60_000)
        assert row(page, WORKER_GONE).locator(".opened").first.is_visible()
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
        assert page.locator("#rows > .row").count() == ALL


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
    eventually(lambda: page.locator("#shown").inner_text() == f"0 of {ALL} shown")


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
    last = page.locator("#rows > .row").nth(9_999)
    last.scroll_into_view_if_needed()
    opened_by(last).click()
    last.locator("summary", has_text="raw signals").click()
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
