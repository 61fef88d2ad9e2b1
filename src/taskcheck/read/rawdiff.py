"""What git says of the files that commits change, without their contents."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeVar

from taskcheck.documents.expression import expression

T = TypeVar("T")

Step = tuple[str, ...]
"""Of history: a commit, to which its parents led, or a commit and the one that is compared with it."""

_FILE = expression(
    r"([0-9a-f]{40,64}(?: [0-9a-f]{40,64}(?=\n))?)[\n\0]|:[0-7]+ ([0-7]+) [0-9a-f]+ ([0-9a-f]+) [A-Z][0-9]*\0([^\0]+)\0"
)
"""The name of a commit, or of two trees; or a file's modes and ids, of which the later ones are told, and its path."""

_HEADER = expression(rb"^([0-9a-f]{40,64}(?: [0-9a-f]{40,64})?)\n", re.MULTILINE)


class Delta(NamedTuple):
    """The change of one file, as blob ids; None where the file wasn't there."""

    path: str
    before: str | None
    after: str | None


def raw_deltas(out: bytes) -> Iterator[tuple[str, list[Delta]]]:
    """Yield what ``diff-tree --stdin -z --raw`` compared, each with the files that changed.

    The fields are a commit's name, or those of two trees and a line end, then ``:modes ids status`` and a path in
    turn.
    """
    fields = iter(out.split(b"\0"))
    header = ""
    deltas: list[Delta] = []
    for field in fields:
        *headers, last = field.split(b"\n")
        is_delta = last.startswith(b":")
        for new in headers if is_delta else (*headers, last):
            if new and header:
                yield header, deltas
            if new:
                header = new.decode()
                deltas = []
        if is_delta:
            deltas.append(_delta(last, next(fields)))
    if header:
        yield header, deltas


def _delta(field: bytes, path: bytes) -> Delta:
    """Return the change of one file."""
    _, _, before, after, _ = field.decode().split()
    return Delta(
        path=os.fsdecode(path),
        before=before if before.strip("0") else None,
        after=after if after.strip("0") else None,
    )


def raw_files(out: bytes) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield the commits or pairs of trees of ``diff-tree --stdin -z --raw``, each with the regular files that changed.

    The ids of their blobs are given by path; None for a file that went, or became a link or a submodule. Says less
    than `raw_deltas`, in a third of the time.
    """
    header = ""
    files: dict[str, str | None] = {}
    for new, mode, blob, path in _FILE.findall(os.fsdecode(out)):
        if path:
            files[path] = blob if mode.startswith("100") else None
            continue
        if header:
            yield header, files
        header = new
        files = {}
    if header:
        yield header, files


def raw_patches(out: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what ``diff-tree --stdin -p`` compared, each with its patch, of which no line looks like a header."""
    heads = list(_HEADER.finditer(out))
    ends = [head.start() for head in heads[1:]] + [len(out)]
    for head, end in zip(heads, ends, strict=True):
        yield head[1].decode(), out[head.end() : end]


def matched(answers: Iterator[tuple[str, T]], headers: Mapping[Step, str]) -> dict[Step, T]:
    """Return answers by the steps that were asked about: they come in that order, and to some there is none.

    Args:
        answers: each with its header.
        headers: what the answer to each step begins with, in the order in which they were asked.
    """
    found = {}
    asked = iter(headers.items())
    for header, answer in answers:
        for step, expected in asked:
            if expected == header:
                found[step] = answer
                break
    return found
