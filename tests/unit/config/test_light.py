"""What is plainly right is right for pydantic too, and nearly all that is right is plainly so."""

import os
from copy import deepcopy
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from pydantic import ValidationError

from taskcheck.config import load as config
from taskcheck.config.described import TABLES
from taskcheck.config.light import is_right
from taskcheck.config.schema import Config

CONFIGURATIONS = int(os.environ.get("TASKCHECK_EXAMPLES", "300"))
PRESETS = [dict(preset.tables) for preset in config.presets(config.builtin_presets()).values()]
TEXTS = {
    None: ["ready", "done", "dave", "Dave", "a", "ß", "*"],
    "inside": ["tasks/**/*.md", "a", "**/{task}.md"],
    "folder": ["tasks/done", "archive"],
    "quick": [".worktrees/{task}", "task/*"],
    "owned": ["", ".tasks/{owner}.json", "locks/{owner}"],
    "tasked": ["", "logs/{task}.log"],
    "duration_text": ["10m", "1h30m", "2d"],
    "day": ["2026-09-30", date(2026, 9, 30), datetime(2026, 9, 30, 12, tzinfo=UTC)],
}
ODD: list[Any] = [
    "", "x" * 2000, "*" * 40, "/absolute", "../outside", "{owner}", "{task}", "4 hours", "no day", "root", "False",
    "\ud800", "\0", None, True, False, 0, 1, -1.5, float("nan"), 10**30, [], [[]], ["", 1], {}, {"": ""}, {"a": [1]},
    date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), ("a",), b"bytes",
]  # fmt: skip


def of_kind(kind: tuple[Any, ...], chance: Random) -> Any:
    """A value that is right for a kind, as far as one value can be."""
    name, *about = kind
    match name:
        case "text":
            return chance.choice(TEXTS[about[2]])
        case "flag":
            return chance.random() < 0.5
        case "choice":
            return chance.choice(about)
        case "either":
            return of_kind(chance.choice(about), chance)
        case "list":
            return [of_kind(about[1], chance) for _ in range(chance.randint(about[0], 3))]
        case "mapping":
            return {of_kind(about[0], chance): of_kind(about[1], chance) for _ in range(chance.randint(0, 2))}
    kinds, needed = TABLES[about[0]]
    return {key: of_kind(kinds[key], chance) for key in kinds if key in needed or chance.random() < 0.4}


def spoiled(value: Any, chance: Random) -> Any:
    """A configuration with something in it that may be wrong."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        match chance.randrange(8):
            case 0:
                return {other: item for other, item in value.items() if other != key}
            case 1:
                return {**value, chance.choice(["unknown", "preset", "tasks"]): chance.choice(ODD)}
            case _:
                return {**value, key: spoiled(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.5:
        return [spoiled(value[0], chance), *value[1:]]
    return chance.choice(ODD)


def configuration(chance: Random) -> dict[str, Any]:
    """A preset with some tables of a user's over it."""
    kinds, _ = TABLES["Config"]
    made = deepcopy(chance.choice(PRESETS))
    for key in chance.sample([*kinds], chance.randint(0, 6)):
        if key not in {"statuses", "outcomes"}:
            made[key] = of_kind(kinds[key], chance)
    for _ in range(chance.choice([0, 0, 1, 2])):
        made = spoiled(made, chance)
        if not isinstance(made, dict):
            return {}
    return made


def is_valid(tables: dict[str, Any]) -> bool:
    try:
        Config.model_validate(deepcopy(tables))
    except ValidationError:
        return False
    return True


def test_what_is_plainly_right_is_right() -> None:
    chance = Random(5)
    right = valid = 0
    for _ in range(CONFIGURATIONS):
        tables = configuration(chance)
        before = deepcopy(tables)
        plainly, truly = is_right(tables), is_valid(tables)
        assert truly or not plainly, tables
        right += plainly
        valid += truly
        assert repr(tables) == repr(before), "nothing is changed by looking"
    assert valid > CONFIGURATIONS / 4
    assert right > 0.9 * valid


def test_presets_are_plainly_right() -> None:
    for tables in PRESETS:
        assert is_right(tables)
