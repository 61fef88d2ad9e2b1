"""Three pages of the docs' site in a real browser: axe, and whom they ask."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import published
from tests.browser.conftest import Window
from tests.browser.test_page import violations


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published.built(tmp_path_factory)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index.html", "getting-started.html", "configuration.html"])
def test_axe_finds_no_violation(page: str, scheme: str, folder: Path, window: Callable[..., Window]) -> None:
    opened = window((folder / page).as_uri(), color_scheme=scheme)
    assert violations(opened.page) == []
    assert opened.page.locator("article h1").count() == 1
    assert all(request.startswith(("file://", "data:")) for request in opened.requests)
