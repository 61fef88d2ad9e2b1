"""Files that aren't read: because a key is in another case, or no pattern matches them; the report says so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import taskcheck

Store = Callable[..., Path]

CONFIG = '[paths]\ntasks = ["notes/*.md"]\n[fields]\nrequired = []\n'
NOTE = "---\ntitle: T\n{}: done\n---\n"


def notes(*keys: str) -> dict[str, str]:
    return {"taskcheck.toml": CONFIG, **{f"notes/{n}.md": NOTE.format(key) for n, key in enumerate(keys)}}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("status", "status"), ""),
        (("status", "phase"), ""),
        (("status", "Status"), "notes/1.md: with a key Status, but no key status (help: rename the key)"),
        (
            ("status", "STATUS", "STATUS"),
            "notes/1.md, notes/2.md: with a key STATUS, but no key status (help: rename the key)",
        ),
    ],
)
def test_a_key_in_another_case_is_told(keys: tuple[str, ...], said: str, store: Store) -> None:
    root = store(notes(*keys))
    for _ in ("cold", "warm", "remembered"):
        out = taskcheck(cwd=root).out
        unseen = [line.removeprefix("unseen  ") for line in out.splitlines() if line.startswith("unseen")]
        assert unseen == ([said] if said else [])
        assert ("all agree" in out) is (not said)


def test_what_is_not_read_for_one_reason_is_said_once(store: Store) -> None:
    others = {f"notes/{folder}/{number}.md": NOTE.format("status") for folder in ("b", "c") for number in range(2)}
    root = store(notes("status") | others | {"notes/d/x.md": NOTE.format("status")})
    (unseen,) = (line for line in taskcheck(cwd=root).out.splitlines() if line.startswith("unseen"))
    assert unseen == (
        "unseen  2 files in notes/b, 2 files in notes/c, notes/d/x.md: in the form of a task, but matched by no "
        "pattern in [paths] tasks (help: add a pattern there, or to [paths] other for what isn't a task)"
    )
