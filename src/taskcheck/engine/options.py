"""What a configuration says to single rules: options that a rule declares as a class, checked by pydantic.

A rule's class is a plain one with a default for every option, or a model of pydantic's; of a plain one the model is
made here. Nothing of this is imported where no configuration says anything to a rule.
"""

import ast
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Annotated, Any, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, create_model

from taskcheck.config.lines import located
from taskcheck.config.load import ConfigError
from taskcheck.config.suggest import did_you_mean
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.values import age, duration
from taskcheck.engine.rule import Rule
from taskcheck.engine.select import formers
from taskcheck.model.cases import RunError

KINDS: Mapping[Any, Any] = {timedelta: Annotated[str, AfterValidator(duration)]}
"""Types that a configuration writes in its own way: a span is ``3d``, as in ``[limits]``."""


@frozen
class Fault:
    """What is wrong with a table of options, and where it stands."""

    route: tuple[str, ...]
    """The keys that lead there."""
    message: str
    """What it is, with the key that it is about."""


@frozen
class Option:
    """One option of a rule."""

    name: str
    kind: Any
    """Its type, as the rule has written it."""
    usual: Any
    """What holds where the configuration says nothing: as TOML can write it."""
    about: str
    """The sentence below it."""


def rules_with_options(
    rules: Mapping[str, Rule],
    said: Mapping[str, Mapping[str, Any]],
    written: tuple[str, bytes],
    errors: Iterable[RunError],
) -> dict[str, Rule]:
    """Return the rules, those that a configuration says something to with it.

    Args:
        rules: all rules by name.
        said: tables of options by the name of the rule, today's or a former one.
        written: the name of the configuration file, and what is in it.
        errors: what went wrong with plugins: a rule that isn't there may be of one of them.

    Raises:
        ConfigError: one of them can't be told that; each fault has its line, as far as the file tells.
    """
    told, faults = _configured(rules, said)
    if not faults:
        return told
    places = located(*written, [fault.route for fault in faults])
    messages = (f"{place}: {fault.message}" for place, fault in zip(places, faults, strict=True))
    unloaded = (f"{error.where}: {error.message}" for error in errors)
    raise ConfigError(*messages, *unloaded)


def _configured(
    rules: Mapping[str, Rule], said: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, Rule], list[Fault]]:
    """Return the rules, those that a configuration says something to with it; and what is wrong with what it says.

    Args:
        rules: all rules by name.
        said: tables of options by the name of the rule, today's or a former one.
    """
    current = formers(rules)
    after = dict(rules)
    faults: list[Fault] = []
    for name, table in said.items():
        route = ("rules", name)
        rule = after.get(current.get(name, name))
        if rule is None:
            faults.append(Fault(route, f"rules: no rule is named {name!r}{did_you_mean(name, [*rules, *current])}"))
        elif rule.options is None:
            faults.append(Fault(route, f"rules.{name}: the rule {rule.name} has no options"))
        else:
            found = list(_faults(rule, table, route))
            faults += found
            if not found:
                after[rule.name] = replace(rule, options=_made(type(rule.options), table))
    return after, faults


def options_of(rule: Rule) -> list[Option]:
    """Return the options of a rule, in their order; none where it has none."""
    if rule.options is None:
        return []
    model = type(rule.options)
    said = _sentences(model)
    options = []
    for name, hint in _hints(model).items():
        usual = plain(getattr(rule.options, name))
        options.append(Option(name, hint, usual, said.get(name, "")))
    return options


def schema_of(rule: Rule) -> dict[str, Any]:
    """Return the JSON Schema of a rule's table."""
    schema = _model(type(rule.options)).model_json_schema()
    about = {option.name: option.about for option in options_of(rule)}
    for name, each in schema["properties"].items():
        each.pop("title", None)
        each.pop("default", None)
        each["description"] = about[name]
    return {"type": "object", "additionalProperties": False, "properties": schema["properties"]}


def plain(value: Any) -> Any:
    """Return a value of an option as TOML can write it."""
    if isinstance(value, timedelta):
        return age(value).replace(" ", "")
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(item) for item in value]
    return value


def _faults(rule: Rule, table: Mapping[str, Any], route: tuple[str, ...]) -> Iterator[Fault]:
    """Yield what is wrong with a table of options."""
    model = type(rule.options)
    known = _hints(model)
    for key in table:
        if key not in known:
            yield Fault((*route, key), f"{'.'.join(route)}: unknown key {key!r}{did_you_mean(key, known)}")
    try:
        _made(model, {key: value for key, value in table.items() if key in known})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            inner = (*route, *map(str, detail["loc"]))
            yield Fault(inner, f"{'.'.join(inner)}: {detail['msg'].removeprefix('Value error, ')}")
    except ValueError as error:  # a number of thousands of digits has no text
        yield Fault(route, f"{'.'.join(route)}: {error}")


def _made(model: type[Any], table: Mapping[str, Any]) -> Any:
    """Return the options that a table sets, the others as usual.

    It is read as JSON is, strictly: there a list may become a tuple, and no text a number.

    Raises:
        ValidationError: a value is wrong.
    """
    strict = _model(model)
    read = strict.model_validate_json(json.dumps(table, default=_written))
    if strict is model:
        return read
    return model(**dict(read))


def _written(value: date | time) -> str:
    """Return a time of TOML as JSON has it."""
    return value.isoformat()


def _model(model: type[Any]) -> type[BaseModel]:
    """Return the model of a class of options: itself where it is one."""
    if issubclass(model, BaseModel):
        return model
    usual = model()
    fields: dict[str, Any] = {}
    for name, hint in _hints(model).items():
        fields[name] = (KINDS.get(hint, hint), getattr(usual, name))
    made: type[BaseModel] = create_model(model.__name__, __config__=ConfigDict(extra="forbid", strict=True), **fields)
    return made


def _hints(model: type[Any]) -> dict[str, Any]:
    """Return the options of a class with their types."""
    if issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return get_type_hints(model, include_extras=True)


def _sentences(model: type[Any]) -> dict[str, str]:
    """Return what stands below each option in the source of its class; nothing where there is no source."""
    try:
        parsed = ast.parse(inspect.cleandoc(f"\n{inspect.getsource(model)}"))
    except (OSError, SyntaxError, TypeError):
        return {}
    (body,) = (node.body for node in parsed.body if isinstance(node, ast.ClassDef))
    said = {}
    for field, below in pairwise(body):
        is_option = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if is_option and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            said[field.target.id] = inspect.cleandoc(str(below.value.value))  # type: ignore[attr-defined]
    return said
