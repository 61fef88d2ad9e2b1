"""Files among the tasks whose status has a key in another case: they aren't read, and the report says so."""

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
        (("status", "Status"), "notes/1.md: it has a key Status, but no key status (help: rename the key)"),
        (
            ("status", "STATUS", "STATUS"),
            "2 files (first: notes/1.md): they have a key STATUS, but no key status (help: rename the key)",
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
