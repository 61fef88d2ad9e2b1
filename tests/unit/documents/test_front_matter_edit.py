"""Setting scalars in front matter: exactly the named ones change, written so that every reader takes them as meant."""

from __future__ import annotations

import os

import pytest
import yaml
from _oracles import AsWritten
from hypothesis import HealthCheck, example, given, settings, strategies as st

from taskcheck.documents import Document, DocumentError, Refused, read_front_matter
from taskcheck.documents.frontsplice import set_scalars
from taskcheck.documents.shape import FrontMatter

EXAMPLES = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))


def changed(text: str, **values: str) -> str:
    return set_scalars(text.encode(), {(key,): value for key, value in values.items()}).decode()


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("status: ready", "in_review", "status: in_review"),
        ("status:   ready   # soon", "in_review", "status:   in_review   # soon"),
        ("status: 'ready'", "in_review", "status: 'in_review'"),
        ('status: "ready" # x', "in_review", 'status: "in_review" # x'),
        ("status:", "in_review", "status: in_review"),
        ("status: # none yet", "in_review", "status: in_review # none yet"),
        ("status: ~", "in_review", "status: in_review"),
        ("status: ready", "no", "status: 'no'"),
        ("status: ready", "011", "status: '011'"),
        ("status: ready", "1e3", "status: '1e3'"),
        ("status: ready", "08", "status: '08'"),
        ("status: ready", "0o14", "status: '0o14'"),
        ("status: ready", "12e34.x", "status: 12e34.x"),
        ("status: ready", "12:30", "status: '12:30'"),
        ("status: ready", "null", "status: 'null'"),
        ("status: ready", "", "status: ''"),
        ("status: ready", "a: b", "status: 'a: b'"),
        ("status: ready", "a #b", "status: 'a #b'"),
        ("status: ready", "@dave", "status: '@dave'"),
        ("status: ready", "it's", "status: it's"),
        ("status: 'ready'", "it's", "status: 'it''s'"),
        ("status: ready", "two\nlines", 'status: "two\\nlines"'),
        ("status: ready", "bell\x07", 'status: "bell\\x07"'),
        ("status: ready", "12", "status: 12"),
        ("status: '11'", "12", "status: '12'"),
        ("status: ready", "2026-03-24T18:00:00Z", "status: 2026-03-24T18:00:00Z"),
        ("status: ready", "2026-03-24", "status: 2026-03-24"),
        ("status: |\n  ready\n  or not", "in_review", "status: in_review"),
        ("status: >-\n  ready\n\n# a comment", "in_review", "status: in_review\n\n# a comment"),
        ("status: 'ready\n  or not'", "in_review", "status: 'in_review'"),
    ],
)
def test_one_value(before: str, value: str, after: str) -> None:
    text = "---\ntitle: t # c\n{}\nother: [a, 'b'] # d\n---\nbody\n---\n"
    assert changed(text.format(before), status=value) == text.format(after)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_key_that_is_not_there_is_added_at_the_end_with_the_file_s_line_ends(end: str) -> None:
    text = f"---{end}title: t{end}# last{end}---{end}body{end}"
    assert changed(text, status="ready", pr_number="12") == (
        f"---{end}title: t{end}# last{end}status: ready{end}pr_number: 12{end}---{end}body{end}"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("---\n---\n", "---\nstatus: ready\n---\n"),
        ("---\ntitle: t\n...\n", "---\ntitle: t\nstatus: ready\n...\n"),
        ("---\ntitle: t\n---", "---\ntitle: t\nstatus: ready\n---"),
        ("\ufeff---\ntitle: t\n---\n", "\ufeff---\ntitle: t\nstatus: ready\n---\n"),
        ("---\ntitle: |+\n  t\n\n---\n", "---\ntitle: |+\n  t\n\nstatus: ready\n---\n"),
    ],
)
def test_odd_ends(before: str, after: str) -> None:
    assert changed(before, status="ready") == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("---\nowner: [dave, 'x']\n---\n", "---\nowner: [dave-fowler, 'x']\n---\n"),
        ("---\nowner:\n  - dave # c\n  - x\n---\n", "---\nowner:\n  - dave-fowler # c\n  - x\n---\n"),
        ("---\na: {b: 1}\nowner: [\n  dave,\n  x]\n---\n", "---\na: {b: 1}\nowner: [\n  dave-fowler,\n  x]\n---\n"),
    ],
)
def test_an_item_of_a_list(text: str, after: str) -> None:
    assert set_scalars(text.encode(), {("owner", "0"): "dave-fowler"}).decode() == after


def test_an_item_of_a_flow_list_is_quoted_where_it_has_to_be() -> None:
    assert set_scalars(b"---\no: [a, b]\n---\n", {("o", "0"): "x,y"}) == b"---\no: ['x,y', b]\n---\n"


def test_unquoted_at_names_stay_legal_and_new_ones_are_quoted() -> None:
    text = b"---\nassignee: @dave\nother: @rj\n---\n"
    changed = set_scalars(text, {("assignee",): "@mia"}, FrontMatter(at_names=True))
    assert changed == b"---\nassignee: '@mia'\nother: @rj\n---\n"


@pytest.mark.parametrize(
    ("text", "route", "why"),
    [
        ("---\nstatus: [a]\n---\n", ("status",), "no single value"),
        ("---\nstatus: {a: b}\n---\n", ("status",), "no single value"),
        ("---\ntitle: t\n---\n", ("owner", "0"), "isn't there"),
        ("---\ntitle: t\n---\n", ("odd key",), "isn't there"),
        ("---\n{title: t}\n---\n", ("status",), "without changing"),
        ("no front matter\n", ("status",), "no front matter"),
    ],
)
def test_what_can_not_be_done_exactly_is_refused(text: str, route: tuple[str, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        set_scalars(text.encode(), {route: "x"})


KEYS = st.sampled_from(["status", "owner", "pr_url", "title", "x-y"])
VALUES = st.one_of(
    st.sampled_from(
        ["ready", "", "no", "~", "011", "12", "1.5", "2026-03-24T18:00:00Z", "a: b", "a #b", "- a", "'q'", '"q"', "[a]",
         "{a}", "&a", "*a", "!t", "%", "@n", "x,y", "é🎉", "\ud7ff", "a\tb", "a\nb", " a", "a ", "?", "=", "<<", "---"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)  # fmt: skip
LINES = st.one_of(
    st.builds("{}: {}".format, KEYS, st.sampled_from(
        ["a", "'b'", '"c"', "", "~", "[a, 'b']", "{k: v}", "|\n  t", ">-\n  t\n  u", "a # c", "'d' # e",
         "\n  - x\n  - y", "2026-01-01", "012", "@n", "[\n  a,\n  b ]", "'two\n  lines'", "x:y", "\n  k: v"])),
    st.sampled_from(["# c", "", "z: # c", "  # d", "q: 1   "]),
)  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, max_size=6), KEYS, VALUES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@example(["status: |\n  t", "# c"], "status", "---", "\n", True, False)
def test_exactly_the_intended_change_or_none(
    lines: list[str], key: str, value: str, end: str, bom: bool, at_names: bool
) -> None:
    text = "\n".join(["---", *lines, "---", "body: x", "---", ""]).replace("\n", end)
    data = f"{'﻿' if bom else ''}{text}".encode()
    dialect = FrontMatter(at_names=at_names)
    try:
        before = dialect.read(data)
        result = set_scalars(data, {(key,): value}, dialect)
    except (DocumentError, Refused):
        return
    assert before is not None
    after = read_front_matter(result, at_names=at_names)
    assert after is not None
    assert after.values == {**before.values, key: value}
    assert (after.body, after.bom) == (before.body, before.bom)
    if "@n" not in text:
        others = yaml.load(
            result.decode().removeprefix("\ufeff").partition(f"{end}---{end}")[0] + end, Loader=AsWritten
        )
        assert {name: others[name] for name in others if name != key} == {
            name: value for name, value in before.values.items() if name != key
        }, "PyYAML reads the other keys as before, too"
    assert only_the_value_differs(before, after, key)
    assert set_scalars(result, {(key,): value}, dialect) == result, "a second time changes nothing"


def only_the_value_differs(before: Document, after: Document, key: str) -> bool:
    """Whether the texts are the same up to the value's place, and from its end on."""
    span = before.span((key,))
    if span is None:
        added = len(after.text) - len(before.text)
        at = after.text.rindex(f"{key}: ", 0, after.body_start)
        return after.text[:at] + after.text[at + added :] == before.text
    rest = before.text[span.end :]
    return after.text.startswith(before.text[: span.start]) and after.text.endswith(rest)


YAML_1_1 = st.one_of(VALUES, st.from_regex(r"[0-9_.:+eEx-]{1,8}", fullmatch=True))


@settings(max_examples=EXAMPLES, deadline=None)
@given(YAML_1_1)
def test_a_yaml_1_1_reader_takes_it_for_the_same(value: str) -> None:
    written = changed("---\nstatus: ready\n---\n", status=value)
    read = yaml.safe_load(written.removeprefix("---\n").removesuffix("---\n"))["status"]
    if not isinstance(read, str):
        read = read.isoformat() if hasattr(read, "isoformat") else str(read)
        assert read[:10] == value[:10], "only what is written as a number or time is read as one"
    else:
        assert read == value
