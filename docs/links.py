"""A hook of mkdocs. It changes the pages of docs/, which are written for GitHub, so that they also work as a site.

A link that leads out of docs/ leads to the repository. A link that is named after its file gets the title of that page.
The nav has a page for each rule, and what the theme doesn't name, a screen reader can name.
"""

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

REPOSITORY = "https://github.com/taskcheck/taskcheck"
ROOT = Path(__file__).resolve().parent.parent

_LINK = re.compile(r"\[(?P<text>[^]\n]*)\]\((?P<path>(?!\w+:)[^)#\s]+)(?P<anchor>[^)\s]*)\)")
"""A link to another file, not to an address."""
_UNNAMED = '<div class="md-search" data-md-component="search" role="dialog">'


def on_config(config: Any) -> Any:
    """Return the configuration with the page of each rule after the list of rules in its nav."""
    pages = sorted(path.name for path in (ROOT / "docs" / "rules").glob("[a-z]*.md"))
    (reference,) = (part["Reference"] for part in config["nav"] if "Reference" in part)
    (rules,) = (entry for entry in reference if "Rules" in entry)
    rules["Rules"] = ["rules/README.md", *(f"rules/{name}" for name in pages)]
    return config


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """Return a page's text with its links as a site has them."""
    folder = PurePosixPath("docs", page.file.src_uri).parent
    return _LINK.sub(lambda link: _led(link, folder), markdown)


def on_post_page(output: str, **_: object) -> str:
    """Return a page with a name for the search dialog, because the theme gives it none."""
    return output.replace(_UNNAMED, _UNNAMED.replace(">", ' aria-label="Search">'))


def _led(link: re.Match[str], folder: PurePosixPath) -> str:
    """Return a link of a page in a folder as the site has it."""
    path = normpath(folder / link["path"])
    if not path.startswith("docs/"):
        return f"[{link['text']}]({address(path)}{link['anchor']})"
    is_named_so = link["text"] == PurePosixPath(path).name and path.endswith(".md")
    text = title(ROOT / path) if is_named_so else link["text"]
    return f"[{text}]({link['path']}{link['anchor']})"


def address(path: str) -> str:
    """Return the address of a file or folder in the repository."""
    kind = "tree" if (ROOT / path).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{path}"


def title(page: Path) -> str:
    """Return the heading of a page without marks; its name if it is missing, which fails a strict build."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    heading = re.match(r"# (.*)", text)
    return heading[1].replace("`", "") if heading else page.name
