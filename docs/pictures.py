"""Take the pictures in docs/pictures, with Chromium: `python docs/pictures.py`.

check.png shows the store of docs/getting-started.md before its first fix. All others show the demo.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

sys.path.append(str(Path(__file__).resolve().parent.parent))

from tests import pages

from taskcheck.testing import build, incidents_fixture

FOLDER = Path(__file__).parent / "pictures"
NOW = ("--now", "2026-03-24T18:00:00Z")
COLUMNS = 96
"""Of the terminal in the pictures: the longest command of the demo fits, so that no line is cut."""
OPENED = "plan-activity-page-performance-improvements-with-incremental-github-sync-and-caching"


def taskcheck(*arguments: str) -> list[str]:
    """Return a command line of taskcheck."""
    return [sys.executable, "-m", "taskcheck", *arguments]


def terminal(browser: Browser, root: Path, name: str, *arguments: str) -> None:
    """Take the picture of a terminal with the output of a command, in colour."""
    command = taskcheck(*arguments, "--color", "always")
    env = {**os.environ, "COLUMNS": str(COLUMNS)}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(done.stdout), soft_wrap=True)
    title = " ".join(("taskcheck", *(argument for argument in arguments if argument not in NOW)))
    svg = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.DOTALL)
    page = browser.new_page(viewport={"width": 960, "height": 1300})
    page.set_content(f"<body style='margin:0'>{svg}")
    page.locator("svg").first.screenshot(path=FOLDER / f"{name}.png")


def first_store(folder: Path) -> Path:
    """Build the store of docs/getting-started.md with the commands of the page before the first check."""
    page = folder / "page.md"
    page.write_text((Path(__file__).parent / "getting-started.md").read_text().partition("## Check it")[0])
    pages.follow(page, folder)
    return folder / "shop"


def served(browser: Browser, root: Path) -> None:
    """Take the pictures of the page: on a desktop with an open row, and on a phone in dark mode."""
    command = taskcheck("serve", "--port", "0", *NOW)
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - as above
        address = server.stdout.readline().partition(" is at ")[2].split()[0] if server.stdout else ""
        for name, width, height, scheme in (("page", 1100, 1900, "light"), ("phone", 390, 844, "dark")):
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
            page = context.new_page()
            page.goto(address)
            page.get_by_text("up to date").wait_for()
            if name == "page":
                opened = page.locator(".row", has=page.locator(".subject", has_text=OPENED))
                opened.locator(".opens > summary").click()
                opened.locator("summary", has_text="timeline").click()
                opened.scroll_into_view_if_needed()
                page.evaluate("scrollTo(0, 0)")
                page.mouse.move(0, 0)
            page.screenshot(path=FOLDER / f"{name}.png")
        server.terminate()


def main() -> None:
    """Build the stores, and take all pictures."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        root = build(incidents_fixture(), Path(folder) / "fleet").root
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        FOLDER.mkdir(exist_ok=True)
        terminal(browser, root, "status", "status", *NOW)
        terminal(browser, first_store(Path(folder)), "check")
        served(browser, root)
        browser.close()


if __name__ == "__main__":
    main()
