"""A real browser, which tells what it was asked to fetch and what it complained about."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Window:
    """A page of the browser, and what it did behind one's back."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    """Errors on the console, uncaught ones, and dialogs."""
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, headless, as the system has it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium (Debian's package: chromium)")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def window(browser: Any) -> Iterator[Callable[..., Window]]:
    """Opens an address in a window of its own."""
    contexts = []

    def open_(address: str, *, width: int = 1280, height: int = 900, **options: Any) -> Window:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        opened = Window(context.new_page())
        opened.page.on(
            "console", lambda told: told.type in {"error", "warning"} and opened.complaints.append(told.text)
        )
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(address)
        return opened

    yield open_
    for context in contexts:
        context.close()
