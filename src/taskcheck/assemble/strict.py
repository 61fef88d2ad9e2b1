"""Records that are not plainly right, judged by pydantic: which fields can be used, and what is wrong with others."""

from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from taskcheck.assemble.records import Timestamp, moment
from taskcheck.documents import Route, Trouble, Value
from taskcheck.documents.frozen import MISSING, fields_of

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "dict_type": "an object",
}
"""What pydantic calls an error, to what should stand there."""


class Strict(BaseModel):
    """What all records share: every field may be missing, every other key may be there."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


R = TypeVar("R")


def validated(model: type[R], value: Value, route: Route, troubles: list[tuple[Route, Trouble]]) -> R | None:
    """Return a record from a JSON value; fields that are wrong are left out and told of, None when nothing is left."""
    if not isinstance(value, dict):
        troubles.append((route, Trouble("wrong-type", f"{'.'.join(route)} should be an object, not {_kind(value)}")))
        return None
    kind: Any = model
    strict = strict_model(kind)
    try:
        return _record(model, strict.model_validate(value))
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for detail in error.errors(include_url=False):
            name = str(detail["loc"][0]) if detail["loc"] else ""
            wrong.setdefault(name, _explain(detail["type"], detail["msg"], value.get(name)))
    for name, message in wrong.items():
        named = (*route, name)
        troubles.append((named if name in value else route, Trouble("wrong-type", f"{'.'.join(named)} {message}")))
    left: dict[str, Any] = {key: item for key, item in value.items() if key not in wrong}
    try:
        return _record(model, strict.model_validate(left))
    except ValidationError:
        return None


def _record(model: type[R], found: Strict) -> R:
    return model(**dict(found))


@cache
def strict_model(model: Any) -> type[Strict]:
    """Return the pydantic model of a class of records."""
    kinds: dict[object, Any] = {Timestamp: Annotated[Timestamp, BeforeValidator(moment)]}
    fields: dict[str, Any] = {}
    for name, kind in model.__annotations__.items():
        default = fields_of(model)[name].default
        fields[name] = (kinds.get(kind, kind), ... if default is MISSING else default)
    return create_model(model.__name__, __base__=Strict, **fields)


def _explain(kind: str, message: str, value: Value) -> str:
    """Return what is wrong with a field, to follow its name."""
    if kind == "missing":
        return "is missing"
    if kind in _WANTED:
        return f"should be {_WANTED[kind]}, not {_kind(value)}"
    return message.removeprefix("Value error, ")


def _kind(value: Value) -> str:
    names = {
        str: "text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        tuple: "a list",
        dict: "an object",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
