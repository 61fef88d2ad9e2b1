"""The docs as a site: built strictly, read as on GitHub, and asking nobody else for anything."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from lxml import html

from tests import published
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SAME = ("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "table", "tr", "th", "td", "pre", "code", "strong", "em", "img")
"""Elements of which a page has as many on the site as on GitHub."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published.built(tmp_path_factory)


def address(page: Path) -> str:
    """Where the site has a page."""
    path = page.relative_to(DOCS)
    return str(path.with_name("index.html") if path.name == "README.md" else path.with_suffix(".html"))


def test_each_page_is_on_the_site_and_nothing_else(folder: Path) -> None:
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.html")}
    assert there == {*map(address, PAGES), "404.html"}
    assert not list(folder.rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_page_reads_as_on_github(page: Path, folder: Path) -> None:
    """Two readers of Markdown, one text: a list that only one of them takes for a list is noticed."""
    (here,) = html.fromstring((folder / address(page)).read_text()).xpath("//article")
    written = cmarkgfm.github_flavored_markdown_to_html(page.read_text(), Options.CMARK_OPT_UNSAFE)
    there = html.fromstring(f"<div>{written}</div>")
    assert counted(here) == counted(there)


def counted(tree: Any) -> Counter[str]:
    """How many elements there are of each kind; of paragraphs only those outside of lists, which may be loose."""
    found = [element for element in tree.iter(*SAME) if element.tag != "p" or not list(element.iterancestors("li"))]
    return Counter(element.tag for element in found)


def test_links_of_the_site_lead_somewhere(folder: Path) -> None:
    """Those of the theme, too: each page of it, and each place on a page."""
    trees = {path: html.parse(str(path)) for path in folder.rglob("*.html") if path.name != "404.html"}
    names = {path: set(tree.xpath("//@id")) | set(tree.xpath("//a/@name")) for path, tree in trees.items()}
    tried = 0
    for path, tree in trees.items():
        for link in tree.xpath("//a/@href"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            assert target.exists(), f"{path.name}: {link}"
            assert not parts.fragment or unquote(parts.fragment) in names[target], f"{path.name}: {link}"
            tried += 1
    assert tried > 1000


def test_the_site_asks_nobody_else(folder: Path) -> None:
    for path in folder.rglob("*.html"):
        tree = html.parse(str(path))
        fetched = tree.xpath("//@src | //link[@rel!='canonical']/@href | //form/@action")
        assert [each for each in fetched if urlsplit(each).netloc] == [], path.name


def test_the_search_knows_the_rules(folder: Path) -> None:
    found = json.loads((folder / "search" / "search_index.json").read_text())["docs"]
    titles = {each["title"] for each in found}
    assert {path.stem for path in DOCS.glob("rules/[a-z]*.md")} <= titles


@pytest.mark.journey
@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("[nowhere](nowhere.md)", "nowhere.md"),
        ("[no heading](formats.md#no-heading)", "no-heading"),
    ],
)
def test_a_link_to_nowhere_is_no_site(page: str, said: str, tmp_path: Path) -> None:
    pytest.importorskip("material", reason="mkdocs-material isn't installed (pip install --group docs)")
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    (tmp_path / "docs" / "recipes.md").write_text(f"# Recipes\n\n{page}\n")
    done = published.build(tmp_path / "site", tmp_path)
    assert (done.returncode, said in done.stderr) == (1, True), done.stderr
