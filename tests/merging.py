"""Many merges by real git at once: `git merge-tree`, which does what `git merge` does, over imported commits."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}

Versions = tuple[str, str, str]
"""Base, ours and theirs of a file."""


def merged_by_git(folder: Path, cases: Iterable[Versions]) -> list[tuple[str, bool]]:
    """The text that git makes of each case's versions, conflict markers and all, and whether it is clean."""
    cases = list(cases)
    git(folder, "init", "-q", "--bare", "--template=", ".")
    stream = b"".join(commits(number, versions) for number, versions in enumerate(cases))
    git(folder, "fast-import", "--quiet", "--done", given=stream + b"done\n")
    asked = "".join(f"refs/ours/{number} refs/theirs/{number}\n" for number in range(len(cases)))
    records = git(folder, "merge-tree", "--stdin", "-z", "--name-only", "--no-messages", given=asked.encode())
    return list(read(folder, records.decode()))


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, input=given, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE).stdout


def commits(number: int, versions: Versions) -> bytes:
    """The input of `git fast-import` for the three commits of a case."""
    written = []
    for mark, (side, text) in enumerate(zip(("base", "ours", "theirs"), versions, strict=True), 3 * number + 1):
        data = text.encode()
        start = "" if side == "base" else f"from :{3 * number + 1}\n"
        head = f"commit refs/{side}/{number}\nmark :{mark}\ncommitter a <a@b.c> {mark} +0000\ndata 0\n{start}"
        written.append(head.encode() + f"M 100644 inline f\ndata {len(data)}\n".encode() + data + b"\n")
    return b"".join(written)


def read(folder: Path, records: str) -> Iterator[tuple[str, bool]]:
    """What `git merge-tree --stdin -z` says of each merge, with the file in its tree."""
    fields = [record.split("\0") for record in records.removesuffix("\0\0").split("\0\0")]
    asked = "".join(f"{tree}:f\n" for _, tree, *_ in fields)
    answers = git(folder, "cat-file", "--batch", given=asked.encode())
    for clean, *_ in fields:
        head, _, answers = answers.partition(b"\n")
        size = int(head.split()[-1])
        yield answers[:size].decode(), clean == "1"
        answers = answers[size + 1 :]
