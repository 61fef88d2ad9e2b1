"""No text of a task makes an output speak, whatever the format; and every format stays well-formed."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from taskcheck.formats import FORMATS, renderer, status, status_json, text, timeline
from taskcheck.formats.sanitize import shell
from taskcheck.model.report import Report
from taskcheck.model.step import Step
from taskcheck.model.task import Place
from tests.samples import sampled
from tests.unit.formats import readers
from tests.unit.formats.payloads import PAYLOADS
from tests.unit.formats.reports import finding, incident, quoting, report, story

READ: dict[str, Callable[[str], Any]] = {
    "json": readers.read_json,
    "jsonl": readers.read_jsonl,
    "sarif": readers.read_sarif,
    "junit": readers.read_junit,
    "gitlab": readers.read_gitlab,
    "github": readers.read_github,
    "markdown": readers.read_markdown,
}
LINES = {"text", "concise", "agent", "github"}
"""Formats whose lines are their structure."""

CHUNK = 4_096


def code_points() -> list[str]:
    """Every code point of the basic plane, many in a text; of the others all with TASKCHECK_WHOLE, else samples."""
    starts = (*range(0, 0x10000, CHUNK), *sampled(range(0x10000, sys.maxunicode + 1, CHUNK), 32))
    return ["".join(map(chr, range(start, start + CHUNK))) for start in starts]


@cache
def benign(name: str, made: Callable[[str], Report], word: str) -> str:
    return renderer(name)(made(word))


@cache
def elements(made: Callable[[str], Report], word: str) -> list[str]:
    return readers.read_markdown(benign("markdown", made, word))


def held(name: str, hostile: str, made: Callable[[str], Report]) -> None:
    """One report in one format: silent, without commands, well-formed, and built as that of a harmless text."""
    shown = renderer(name)(made(hostile))
    word = "word" if shell(hostile) else "no\0argument"
    readers.silent(shown)
    found = readers.commands(shown)
    assert len(found) == (len(readers.commands(benign(name, made, word))) if name == "github" else 0), found
    read = READ[name](shown) if name in READ else None
    if name == "markdown":
        assert read == elements(made, word)
    if name in LINES:
        assert shown.count("\n") == benign(name, made, word).count("\n")


def small(text: str) -> Report:
    """One finding with a long text in its message and its path."""
    found = replace(finding("word"), message=f"root says {text}", place=Place(path=text))
    return report(replace(incident("word", found), title=f"{text} title"))


VIEWS: dict[str, Callable[[str], str]] = {
    "status": lambda text: status.render(quoting(text)),
    "status -v": lambda text: status.render(quoting(text), verbose=True),
    "status, narrow": lambda text: status.render(quoting(text), width=30),
    "status as JSON": lambda text: status_json.as_json(quoting(text)),
    "status as lines of JSON": lambda text: status_json.as_lines(quoting(text)),
    "timeline": lambda text: timeline.as_text(story(text), verbose=True),
    "timeline, narrow": lambda text: timeline.as_text(story(text), width=40),
    "timeline, next": lambda text: timeline.as_text(story(text), step=Step(kind="edit", text=text, note=text)),
    "timeline as JSON": lambda text: timeline.as_json(story(text)),
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_operators_views_are_silent(view: str) -> None:
    for payload in (*sampled(code_points(), 16), *PAYLOADS):
        shown = VIEWS[view](payload)
        readers.silent(shown)
        assert not readers.commands(shown)


@pytest.mark.parametrize("name", FORMATS)
def test_every_code_point(name: str) -> None:
    for chunk in code_points():
        held(name, chunk, small)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_texts(name: str) -> None:
    assert len(set(PAYLOADS)) >= 200
    for payload in PAYLOADS:
        held(name, payload, quoting)


def test_all_hostile_texts_at_once() -> None:
    for name in set(FORMATS) - {"markdown"}:  # which would be cut
        held(name, " ".join(PAYLOADS), small)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_colour_adds_nothing_but_colour(payload: str) -> None:
    report = quoting(payload)
    painted = text.render(report, width=100_000, links=True)
    pages = "|".join(re.escape(run.url) for run in report.runs if run.url)
    plain = re.sub(rf"\x1b\[[0-9;]*m|\x1b\]8;;(?:{pages})?\x1b\\", "", painted)
    assert [line.rstrip() for line in plain.splitlines()] == text.render(report).splitlines()


@pytest.mark.parametrize("width", [40, 41, 60])
def test_no_row_begins_a_command_where_a_terminal_breaks_it(width: int) -> None:
    for payload in ("x" * 33 + "::error::y", "word " * 7 + "::error::y", "a" * 19 + "::set-output name=a::b"):
        assert not readers.commands(text.render(quoting(payload), width=width))


@pytest.mark.parametrize("name", FORMATS)
def test_same_report_same_bytes(name: str) -> None:
    for payload in ("word", *PAYLOADS[::20]):
        assert renderer(name)(quoting(payload)) == renderer(name)(quoting(payload))
