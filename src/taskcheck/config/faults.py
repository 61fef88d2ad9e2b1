"""What is wrong with a configuration, in words: each fault with the file and the key that it is about."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

from taskcheck.config.settings import KEYS_OF_RULES

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails


def faults(merged: Mapping[str, Any], where: str, data: bytes) -> Iterator[str]:
    """Yield every fault of the configuration, in words, with its line.

    Args:
        merged: all tables.
        where: the user's file.
        data: what stands in it.
    """
    from pydantic import ValidationError

    from taskcheck.config.lines import located
    from taskcheck.config.schema import Config

    try:
        Config.model_validate(merged)
    except ValidationError as error:
        details = error.errors(include_url=False)
        places = located(where, data, [tuple(map(str, detail["loc"])) for detail in details])
        for place, detail in zip(places, details, strict=True):
            yield f"{place}: {_explain(detail, Config)}"


def _explain(detail: "ErrorDetails", model: type["BaseModel"]) -> str:
    """Return a fault in words, with the key that it is about."""
    location = [str(part) for part in detail["loc"]]
    if detail["type"] != "extra_forbidden" and not _is_no_rule(detail, location):
        return f"{'.'.join(location)}: {detail['msg'].removeprefix('Value error, ')}"
    *tables, key = location
    table: Any = model
    for name in tables:
        table = _table(table, name)
    where = ".".join(tables) or "top level"
    return f"{where}: {unknown(key, getattr(table, 'model_fields', {}), 'key')}"


def _is_no_rule(detail: "ErrorDetails", location: list[str]) -> bool:
    """Return whether a key of ``[rules]`` is neither one that there is, nor a table of what a rule is told."""
    table, *keys = location
    names_a_rule = table == "rules" and not KEYS_OF_RULES.issuperset(keys)
    is_no_table = detail["type"] == "dict_type"
    return names_a_rule and is_no_table and len(keys) == 1


def _table(model: Any, name: str) -> Any:
    """Return the model of a table within a model; the model itself for a list's position."""
    field = getattr(model, "model_fields", {}).get(name)
    if field is None:
        return model
    candidates = [field.annotation, *get_args(field.annotation)]
    return next((item for item in candidates if hasattr(item, "model_fields")), model)


def unknown(name: str, known: Mapping[str, Any], what: str = "preset") -> str:
    """Return that there is no such name, with those that may be meant."""
    from taskcheck.config.suggest import did_you_mean

    return f"unknown {what} {name!r}{did_you_mean(name, known)}"
