"""The page of many stores in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import Window
from tests.browser.test_page import demo, opened_by, quiet, row, violations
from tests.e2e.conftest import taskcheck
from tests.e2e.serving import eventually, serving_many

__all__ = ["demo"]

Open = Callable[..., Window]

BROKEN = "---\ntitle: {}\nowner: ana\nstatus: nonsense\n---\n"


def headings(page: object) -> list[str]:
    found = page.locator("#rows .group").all_inner_texts()  # type: ignore[attr-defined]
    return [text.split("\n")[0].lower() for text in found]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_page_of_many_stores(demo: Path, tmp_path: Path, window: Open, scheme: str, width: int) -> None:
    shop = tmp_path / "shop"
    (shop / "tasks").mkdir(parents=True)
    (shop / "taskcheck.toml").write_text("[people]\nana = []\n")
    (shop / "tasks/a.md").write_text(BROKEN.format("<img src=x onerror=alert(1)>"))
    (tmp_path / "host-b.json").write_text(taskcheck("--exit-zero", "--format", "json", cwd=demo).out)
    report = ("--report", tmp_path / "host-b.json")
    with serving_many(demo, shop, tmp_path / "gone", *map(Path, report), cwd=tmp_path) as served:
        eventually(lambda: "gone" in served.get()[1])
        opened = window(served.address, width=width, color_scheme=scheme)
        page = opened.page
        page.get_by_text("up to date").wait_for()
        assert headings(page) == ["repo 20", "shop 1", "host-b 20"]
        left = page.locator(".left-out").all_inner_texts()
        assert left == ["and 1 more waiting in repo", "and 1 more waiting in host-b"], "a report names five of a class"
        cards = page.locator("#managers > ul > li").all_inner_texts()
        assert [card.split("\n")[0] for card in cards] == ["repo", "shop", "gone", "host-b"]
        assert "can't be looked at" in cards[2]
        assert "report" in cards[3]
        assert violations(page) == []

        mine = row(page, "a")
        assert mine.locator("h3").inner_text() == "<img src=x onerror=alert(1)>"
        opened_by(mine).click()
        page.select_option("#group", "rule")
        assert "worker-gone 2" in headings(page)
        page.select_option("#group", "")
        assert headings(page) == ["repo 20", "shop 1", "host-b 20"]

        (shop / "tasks/b.md").write_text(BROKEN.format("Second"))
        page.locator(".subject", has_text="b").first.wait_for()
        row(page, "b").wait_for()
        assert headings(page)[1] == "shop 2"
        assert mine.locator(".opens").get_attribute("open") is not None, "what was opened stays so"
        copies = page.locator("#rows .row[data-store='host-b'] .copy")
        assert copies.count() == 0, "no command of another machine is offered"
        assert page.locator("#rows .row[data-store='repo'] .copy").count() > 0
        quiet(opened, served)
