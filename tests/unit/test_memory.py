"""What is remembered comes back as it was, or not at all: whatever a file in a cache holds."""

import json
import random
from binascii import crc32

import pytest

from taskcheck.model.memory import STAMP_BYTES, Memory, Seen, root_of

MEMORY = Memory(
    root="/a/störe\udc80",
    key="a key",
    paths=("tasks/a.md", "tasks/b.md", "tasks/c.md"),
    stamps=bytes(range(96)),
    fronts=({"title": "A", "labels": ("x", None), "more": {"deep": ("1",)}, "none": None}, None, False),
    blobs=("aa", "", "bb"),
    git="/usr/bin/git (1, 2)",
    beside="people",
    asked=frozenset({"invalid-field"}),
    loud=frozenset({"tasks/b.md"}),
    silent=frozenset({"duplicate-task"}),
    worktrees={"/w": Seen(listing="digest", differing=("tasks/a.md",))},
)


def parsed(data: bytes) -> Memory | None:
    return Memory.parse(data, MEMORY.root, MEMORY.key)


def sealed(body: bytes) -> bytes:
    return b"taskcheck memory 1 %08x %d\n%s" % (crc32(body), len(body), body)


def test_it_comes_back_as_it_was() -> None:
    found = parsed(MEMORY.dump())
    assert found == MEMORY
    assert found is not None
    assert found.stamp(1) == bytes(range(32, 64))
    assert len(found.stamps) == STAMP_BYTES * 3
    assert root_of(MEMORY.dump()) == MEMORY.root


def test_of_another_store_or_key_it_is_none() -> None:
    assert Memory.parse(MEMORY.dump(), "/other", MEMORY.key) is None
    assert Memory.parse(MEMORY.dump(), MEMORY.root, "another key") is None


def test_damage_is_noticed() -> None:
    data, chance = MEMORY.dump(), random.Random(1)
    for _ in range(400):
        place = chance.randrange(len(data))
        other = data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
        assert parsed(other) is None
        assert parsed(data[:place]) is None
        root_of(other)
    assert parsed(b"") is None
    assert parsed(data + b" ") is None


WRONG = [None, True, 1, 1.5, "text", [], {}, [1], [[]], {"a": 1}, [{"a": 1}], [{"a": [1]}], [{"a": {"b": 1}}], "*" * 9]


@pytest.mark.parametrize("field", json.loads(MEMORY.dump().partition(b"\n")[2]))
def test_what_is_of_another_shape_is_none(field: str) -> None:
    """A whole file that an other program wrote: it is refused, or it is a memory of the right shape."""
    told = json.loads(MEMORY.dump().partition(b"\n")[2])
    for wrong in WRONG:
        found = parsed(sealed(json.dumps({**told, field: wrong}).encode()))
        if found is not None:
            assert parsed(found.dump()) == found
            assert len(found.fronts) == len(found.paths) == len(found.stamps) // STAMP_BYTES
    del told[field]
    assert parsed(sealed(json.dumps(told).encode())) is None


@pytest.mark.parametrize("body", [b"[" * 200_000, b"{}", b"[]", b"null", b"\xff", b'{"root": NaN}', b""])
def test_what_is_no_memory_is_none(body: bytes) -> None:
    assert parsed(sealed(body)) is None
    assert root_of(sealed(body)) is None


def test_a_blob_that_git_could_not_have_named_is_none() -> None:
    told = json.loads(MEMORY.dump().partition(b"\n")[2])
    told["blobs"] = ["x" * 40, "", ""]
    assert parsed(sealed(json.dumps(told).encode())) is None
