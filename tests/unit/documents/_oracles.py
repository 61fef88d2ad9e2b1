"""What the tests of this folder share: other readers to agree with, and real files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from taskcheck.documents import Document, DocumentError, Value, events, fences, read_front_matter

_NULLS = ("", "~", "null", "Null", "NULL")


class AsWritten(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """PyYAML's BaseLoader, but a plain null is None; it goes through the composer, not our events."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return None if not node.style and node.value in _NULLS else node.value
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.construct_object(child) for child in node.value)
        assert isinstance(node, yaml.MappingNode)
        return {key.value: self.construct_object(child) for key, child in node.value}


class OracleHandler(YAMLHandler):
    """python-frontmatter's own handler, with its idea of where front matter ends; values as written."""

    def load(self, fm: str, **kwargs: object) -> Any:
        return yaml.load(fm, Loader=AsWritten) or {}


def yaml_value(source: str) -> Any:
    """The value of a YAML text, as written."""
    return yaml.load(source, Loader=AsWritten)


def through_events(text: str, *, at_names: bool = False) -> tuple[Mapping[str, Value], Any]:
    """Values and spans of a file's front matter by the event reader alone."""
    found = fences.find_fences(text)
    assert found is not None
    return (
        events.read_events(text[: found.body_start], at_names=at_names),
        events.scan_events(text[: found.end], at_names=at_names),
    )


def trouble_of(data: bytes, *, at_names: bool = False) -> tuple[str, int, int]:
    """Kind, line and column of the trouble in front matter; fails when there is none."""
    try:
        document = read_front_matter(data, at_names=at_names)
    except DocumentError as error:
        return error.trouble.kind, error.trouble.line, error.trouble.column
    raise AssertionError(f"read without trouble: {document and document.values}")


def every_scalar(value: Value, route: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Value]]:
    """Route and value of every scalar below a value."""
    if isinstance(value, Mapping):
        return [pair for key, child in value.items() for pair in every_scalar(child, (*route, key))]
    if isinstance(value, tuple):
        return [pair for n, child in enumerate(value) for pair in every_scalar(child, (*route, str(n)))]
    return [(route, value)]


def reread(document: Document, route: tuple[str, ...]) -> Value:
    """The value of a front matter scalar, read again from nothing but its span."""
    span = document.span(route)
    assert span is not None, route
    written = document.text[span.start : span.end].replace("@", "\ue000")
    value = yaml_value(f"k: {written}\n")["k"]
    return value.replace("\ue000", "@") if isinstance(value, str) else value


def corpora() -> list[Path]:
    """The Markdown files of the real task stores, where there are any; sorted."""
    root = Path(__file__).parents[3]
    named = os.environ.get("TASKCHECK_CORPORA")
    folder = Path(named) if named else root.parent / "shared" / "corpora"
    return sorted(path for path in folder.rglob("*.md") if path.is_file())
