"""What is installed with taskcheck: who uses it, within which bounds, and under which licence."""

import ast
import re
import runpy
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DIRECT = [
    canonicalize_name(Requirement(line).name)
    for line in (
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    )
]
IMPORTED = {"gitpython": "git", "python-frontmatter": "frontmatter", "pyyaml": "yaml"}
"""What a package is imported as, where that isn't its name."""


def users(name: str) -> set[str]:
    """Return the modules of taskcheck that import a package, as `formats/junit.py`."""
    module = IMPORTED.get(name, name.replace("-", "_"))
    return {path for path, imported in imports() if imported == module}


@cache
def imports() -> frozenset[tuple[str, str]]:
    """Return each module of taskcheck with each package that it imports."""
    source = ROOT / "src" / "taskcheck"
    return frozenset(
        (path.relative_to(source).as_posix(), imported.partition(".")[0])
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for imported in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
    )


def roles() -> dict[str, list[str]]:
    """Return the modules that docs/architecture.md names for each package."""
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## What others wrote")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w, -]+) \| .* \| (`.*`) \|$", text, re.M)
    return {
        canonicalize_name(name): re.findall(r"`(.*?)`", modules)
        for names, modules in rows
        for name in names.split(", ")
    }


@pytest.mark.parametrize("name", DIRECT)
def test_a_dependency_is_used_where_the_architecture_says(name: str) -> None:
    modules = roles()[name]
    using = users(name)
    assert using, f"{name} is imported nowhere"
    assert all(user.startswith(tuple(modules)) for user in using), f"{name} is used by {using}"
    assert all(any(user.startswith(module) for user in using) for module in modules), f"{name} isn't used by {modules}"


def test_the_architecture_names_no_other() -> None:
    assert roles().keys() == set(DIRECT)


BOUNDS = runpy.run_path(str(ROOT / ".ci" / "bounds.py"))


def test_each_dependency_has_bounds_and_the_oldest_is_tried() -> None:
    """By .ci/oldest, which installs what this prints; what is newest, any other run has."""
    pinned = BOUNDS["oldest"]((ROOT / "pyproject.toml").read_text())
    assert [canonicalize_name(line.partition("==")[0]) for line in pinned] == DIRECT
    for line in ("a>=1", "a<2", "a", "a~=1.2"):
        with pytest.raises(ValueError, match="no bounds"):
            BOUNDS["pinned"](line)


EXTRAS = ("", "serve", "online", "metrics")
FAMILIES = {
    "MIT": "MIT",
    "BSD": "BSD",
    "Apache": "Apache-2.0",
    "MPL": "MPL-2.0",
    "Mozilla Public": "MPL-2.0",
    "PSF": "PSF-2.0",
}
"""What a package may say of its licence, and how the page says it; older packages say it in many ways."""


def needed(name: str, extra: str, seen: set[str]) -> Iterator[str]:
    """Yield what a distribution asks for, and what that asks for, each once."""
    for line in metadata.distribution(name).requires or ():
        asked = Requirement(line)
        key = canonicalize_name(asked.name)
        if key in seen or (asked.marker and not asked.marker.evaluate({"extra": extra})):
            continue
        seen.add(key)
        yield key
        for inner in asked.extras or {""}:
            yield from needed(asked.name, inner, seen)


def by_package() -> dict[str, set[str]]:
    """Return each package that an installation brings, with the extras that bring it: all, where none need be named."""
    found: dict[str, set[str]] = {}
    for extra in EXTRAS:
        for key in needed("taskcheck-lint", extra, set()):
            found.setdefault(key, set()).add(extra)
    return {key: {""} if "" in extras else extras for key, extras in found.items()}


def told(about: metadata.PackageMetadata) -> str:
    """Return what a package says of its licence: an expression, else classifiers, else its first words."""
    classifiers = [line for line in about.get_all("Classifier") or () if line.startswith("License")]
    return about.get("License-Expression") or " ".join(classifiers) or (about.get("License") or "").partition("\n")[0]


def listed() -> dict[str, tuple[str, set[str]]]:
    rows = re.findall(r"^\| ([\w-]+) \| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs" / "licences.md").read_text(), re.M)
    return {
        canonicalize_name(name): (
            licence,
            {"" if part == "taskcheck" else part.strip("`[]") for part in with_.split(", ")},
        )
        for name, licence, with_ in rows
        if licence != "licence"
    }


LISTED = listed()


def test_the_page_lists_what_is_installed() -> None:
    """Python itself has some of it in a later version, so the page may have more."""
    here = by_package()
    assert {key: LISTED.get(key, ("", set()))[1] for key in here} == here
    assert LISTED.keys() - here.keys() <= {"typing-extensions", "six"}


@pytest.mark.parametrize("name", sorted(by_package()))
def test_a_package_is_under_the_licence_that_the_page_names(name: str) -> None:
    says = told(metadata.distribution(name).metadata)
    page = LISTED[name][0]
    known = {family for word, family in FAMILIES.items() if re.search(rf"\b{word}", says)}
    assert known, f"{name} says {says!r}"
    assert all(family in page for family in known), f"{name} says {says!r}, the page {page}"
