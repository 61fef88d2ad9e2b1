"""What is wrong with a configuration, in words: each fault with the file and the key that it is about."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails


def faults(merged: Mapping[str, Any], where: str) -> Iterator[str]:
    """Yield every fault of the configuration, in words."""
    from pydantic import ValidationError

    from taskcheck.config.schema import Config

    try:
        Config.model_validate(merged)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield f"{where}: {_explain(detail, Config)}"


def _explain(detail: "ErrorDetails", model: type["BaseModel"]) -> str:
    """Return a fault in words, with the key that it is about."""
    location = [str(part) for part in detail["loc"]]
    if detail["type"] != "extra_forbidden":
        return f"{'.'.join(location)}: {detail['msg'].removeprefix('Value error, ')}"
    *tables, key = location
    table: Any = model
    for name in tables:
        table = _table(table, name)
    where = ".".join(tables) or "top level"
    return f"{where}: {unknown(key, getattr(table, 'model_fields', {}), 'key')}"


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
