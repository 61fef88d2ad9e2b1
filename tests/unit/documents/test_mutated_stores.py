"""Stores that chance has changed: JSON lists, YAML boards and status lines, through readers and splicers.

No exception but the ones that are told, only the named bytes change, and values are as an independent reader has them.
"""

import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.figures import Figure
from tests.unit.documents._oracles import AsWritten

from taskcheck.assemble.board import parse_board
from taskcheck.config import load as config
from taskcheck.documents import DocumentError, Refused
from taskcheck.documents.shape import JsonList, StatusLines
from taskcheck.model.sources import Source

MUTATIONS = 4 * int(os.environ.get("TASKCHECK_MUTATIONS", "300"))
"""Of each kind; nightly 40,000."""

SHAPE = JsonList(lists=("tasks", "*.tasks"), nested="subtasks", home="master")
BOARD = config.load(
    Path(__file__).parent, config.presets(config.builtin_presets()), given={config.FILE: b'preset = "bmad"'}
)
STORE = json.dumps(
    {
        "master": {
            "tasks": [
                {"id": 1, "title": "Käse", "status": "done", "dependencies": [], "subtasks": [
                    {"id": 1, "status": "pending"}, {"id": 2, "title": "\\ \u2028", "status": "review"}]},
                {"id": "2", "status": "pending", "details": "a\nb"},
            ],
            "metadata": {"updated": "2026-01-01"},
        },
        "login": {"tasks": [{"id": 1, "status": "in-progress", "dependencies": [2]}]},
    },
    indent=2, ensure_ascii=False,
).encode()  # fmt: skip
SPRINT = """\
# generated: 2026-01-01
project: x
development_status:
  epic-1: in-progress
  1-1-schema: done   # at last
  1-2-api: 'review'
  1-3-page: "ready-for-dev"
  1-4-über: >-
    backlog
  epic-1-retrospective: optional
""".encode()
STORY = b"""\
# Story 1.2: API

**Status:** In Progress (since May)
- Owner: ana
Depends on: 1-1, [1-3]

## Status

done

```
Status: no
```
"""
TOKENS = (
    b"---\n", b"...\n", b"\xef\xbb\xbf", b"\xff", b"\x00", b"\r\n", b"\r", b"\t", b"{", b"}", b"[", b"]", b'"', b"'",
    b"\\", b"\\ud800", b"&a ", b"*a", b"!!str ", b"<<: ", b"? ", b"%YAML 1.2\n", b"@x", b"`", b"~~~\n", b"```\n",
    b"status", b"1e999", b"NaN", b"-0", b"null", b",", b":", b": ", b"#", b"\xe2\x80\xa8", b"\xc2\x85", b"  ", b"\n\n",
    b"Status: x\n", b"<<<<<<< a\n", b"=======\n", b">>>>>>> b\n", b"development_status:\n", b"[" * 300, b"{'a':" * 50,
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes: a token or a piece of their own put in, a piece taken out, a byte changed."""
    for _ in range(chance.randint(1, 4)):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        end = min(end, at + chance.choice((1, 1, 3, 20, 400)))
        match chance.randint(0, 3):
            case 0:
                data = data[:at] + chance.choice(TOKENS) + data[at:]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                to = chance.randint(0, len(data))
                data = data[:to] + data[at:end] + data[to:]
            case _:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    return data


def leaves(value: Any, route: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All that is no container in a value, each with what leads to it; of a member its place too, for names recur."""
    if isinstance(value, Members):
        for number, (name, inner) in enumerate(value):
            yield from leaves(inner, (*route, number, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*route, number))
    else:
        yield route, repr(value)


class Members(list[tuple[str, Any]]):
    """The members of an object in their order."""


def whole(data: bytes) -> dict[tuple[Any, ...], Any]:
    """All leaves of a JSON file, by Python's own reader."""
    return dict(leaves(json.loads(data.decode("utf-8-sig"), object_pairs_hook=Members)))


def test_json_lists(figure: Figure) -> None:
    read = written = 0
    for seed in range(MUTATIONS):
        chance = random.Random(seed)
        data = mutated(STORE, chance)
        try:
            elements = SHAPE.elements(data)
        except DocumentError:
            continue
        before = whole(data)
        read += 1
        for name, element in elements.items():
            shape, status = SHAPE.of(f"x.json#{name}"), element.values.get("status")
            document = shape.read(data)
            span = document.span(("status",)) if document is not None else None
            try:
                after = shape.set_scalars(data, {("status",): "é\n"})
            except Refused:
                continue
            if status == "é\n":
                continue
            written += 1
            changed = whole(after)
            if span is None or document is None:
                assert "status" not in element.values, (seed, name)
                assert {route: changed[route] for route in before} == before or len(changed) == len(before) + 1
                continue
            assert after.decode("utf-8-sig") == f'{document.text[: span.start]}"é\\n"{document.text[span.end :]}', seed
            differing = [route for route in before if before[route] != changed[route]]
            assert len(differing) == 1, (seed, name)
            assert (differing[0][-1], before[differing[0]]) == ("status", repr(status)), (seed, name)
    assert read > MUTATIONS / 20
    figure("mutated JSON stores", MUTATIONS)
    figure("statuses set in mutated JSON stores", written)


def test_boards(figure: Figure) -> None:
    read = signs = 0
    for seed in range(MUTATIONS):
        data = mutated(SPRINT, random.Random(seed))
        found, troubles = parse_board(Source(path="sprint-status.yaml", data=data), BOARD)
        if troubles:
            assert not found
            continue
        read += 1
        lines = data.decode("utf-8-sig").splitlines(keepends=False)
        first = re.split(r"^\.\.\.$", data.decode("utf-8-sig"), maxsplit=1, flags=re.MULTILINE)[0]
        held = next(iter(yaml.load_all(first, Loader=AsWritten)))["development_status"]
        known = {task: status for task, status in held.items() if isinstance(status, str) and BOARD.stage(status)}
        assert {task: (marker.stage, marker.says) for task, marker in found.items()} == {
            task: (BOARD.stage(status), status) for task, status in known.items()
        }, seed
        for marker in found.values():
            assert marker.place.line is not None, seed
            assert 1 <= marker.place.line <= len(lines) + 1, seed
        signs += len(found)
    assert read > MUTATIONS / 10
    figure("mutated YAML boards", MUTATIONS)
    figure("statuses that they still had", signs)


@pytest.mark.parametrize("key", ["status", "owner", "pr_url"])
def test_status_lines(key: str, figure: Figure) -> None:
    shape, written = StatusLines(), 0
    for seed in range(MUTATIONS // 3 + 1):
        data = mutated(STORY, random.Random(seed))
        try:
            document = shape.read(data)
            after = shape.set_scalars(data, {(key,): "blocked"})
        except (DocumentError, Refused):
            continue
        assert document is not None
        again = shape.read(after)
        assert again is not None
        assert dict(again.values) == {**document.values, key: "blocked"}, seed
        old, new = data.splitlines(keepends=True), after.splitlines(keepends=True)
        same = sum(one == other for one, other in zip(old, new, strict=False))
        back = sum(one == other for one, other in zip(reversed(old), reversed(new), strict=False))
        assert max(same, back) + 1 >= len(old) or same + back >= len(old) - 1, seed
        written += 1
    assert written > MUTATIONS / 12
    figure("mutated status lines", MUTATIONS // 3 + 1)
    figure("values set in mutated status lines", written)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("", 2),
        ("---\n", 3),
        ("# a sprint\n\n---\n", 5),
        ("%YAML 1.2\n--- # one\r\n", 4),
        ("\ufeff", 2),
        ("\ufeff---\n", 3),
    ],
)
def test_a_board_may_open_as_documents_do(before: str, line: int) -> None:
    data = f"{before}development_status:\n  1-1-a: done\n".encode()
    found, troubles = parse_board(Source(path="sprint-status.yaml", data=data), BOARD)
    assert troubles == ()
    assert found["1-1-a"].place.line == line
