"""Whether a configuration is plainly right, without pydantic, whose import takes as long as the rest of a small check.

`described` holds the models of `schema` as plain data. What isn't plainly right isn't judged here: the models judge it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from taskcheck.config import wanted
from taskcheck.config.described import TABLES


def is_right(tables: Mapping[str, Any]) -> bool:
    """Return whether the tables of a configuration are what the models take; False where that isn't sure."""
    try:
        _keys(tables, "Config")
        _together(tables)
    except ValueError:
        return False
    return True


def _keys(value: Any, model: str) -> None:
    """See that a table has the keys that a model asks for, no others, and the right values."""
    kinds, needed = TABLES[model]
    if type(value) is not dict or not value.keys() <= kinds.keys() or not needed <= value.keys():
        raise ValueError(model)
    for key, item in value.items():
        _see(item, kinds[key])


def _together(tables: Mapping[str, Any]) -> None:
    """See that the tables go together; each is right by itself."""
    statuses, paths = tables["statuses"], tables["paths"]
    wanted.one_class_each(statuses)
    wanted.distinct_names(tables.get("people", {}), tables.get("roles", {}))
    wanted.known_statuses(tables["outcomes"], statuses)
    if "locks" in tables:
        ledgers = (paths.get("registers", ""), paths.get("snapshots", ""))
        wanted.lock_of_its_own(tables["locks"]["registers"], *ledgers)


def _see(value: Any, kind: tuple[Any, ...]) -> None:
    """See that a value is of a kind.

    Raises:
        ValueError: it isn't, or isn't plainly.
    """
    name, *about = kind
    _SEEN[name](value, *about)


def _text(value: Any, least: int, before: str | None, check: str | None) -> None:
    if before is not None:
        value = getattr(wanted, before)(value)
    if type(value) is not str or len(value) < least:
        raise ValueError(value)
    value.encode()
    if check is not None:
        getattr(wanted, check)(value)


def _flag(value: Any) -> None:
    if type(value) is not bool:
        raise ValueError(value)


def _choice(value: Any, *words: Any) -> None:
    if not any(type(value) is type(word) and value == word for word in words):
        raise ValueError(value)


def _list(value: Any, least: int, kind: tuple[Any, ...]) -> None:
    if type(value) is not list or len(value) < least:
        raise ValueError(value)
    for item in value:
        _see(item, kind)


def _mapping(value: Any, keys: tuple[Any, ...], kind: tuple[Any, ...]) -> None:
    if type(value) is not dict:
        raise ValueError(value)
    for key, item in value.items():
        _see(key, keys)
        _see(item, kind)


def _either(value: Any, *kinds: tuple[Any, ...]) -> None:
    for kind in kinds:
        try:
            _see(value, kind)
        except ValueError:
            continue
        return
    raise ValueError(value)


_SEEN: dict[str, Callable[..., None]] = {
    "text": _text,
    "flag": _flag,
    "choice": _choice,
    "list": _list,
    "mapping": _mapping,
    "either": _either,
    "keys": _keys,
}
