"""Write the generated parts of the documentation: `python docs/generate.py`. A test fails if they are out of date.

| source | written |
|---|---|
| docstrings of the rules | docs/rules/*.md |
| what the rules declare | rules/taskcheck_rules/catalogue.py |
| presets | the tables of docs/stores.md |
| models of the configuration | the tables of docs/configuration.md, docs/taskcheck.schema.json, config/described.py |
| decision table of the tests | docs/verdicts.md |
| fixtures of the tests | docs/messages.md |
| parsers of the command line | docs/commands.md, src/taskcheck/cli/completions |
"""

import ast
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from pprint import pformat
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import catalogue
import commands
import completions
import rooms
from annotated_types import MinLen
from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema

import messages
import verdicts
from taskcheck import Rule
from taskcheck.config import load as config, schema
from taskcheck.config.tables import Preset
from taskcheck.engine.options import options_of, schema_of

FOLDER = Path(__file__).parent
ADDRESS = "https://raw.githubusercontent.com/taskcheck/taskcheck/main/docs/taskcheck.schema.json"
KINDS: list[tuple[Any, str]] = [
    (schema.Glob, "glob"),
    (schema.Folder, "path"),
    (schema.Owned, "pattern with `{owner}`"),
    (schema.Tasked, "pattern with `{task}`"),
    (schema.Duration, "span"),
    (schema.Day, "day"),
    (schema.StageName, "class"),
    (schema.Text, "text"),
    (str, "text"),
    (int, "whole number"),
    (float, "number"),
    (timedelta, "span"),
    (bool, "`true` or `false`"),
]


def page(rule: Rule) -> str:
    """Return the page of a rule."""
    summary, _, rest = rule.doc.partition("\n")
    inputs = ", ".join(f"`{name}`" for name in (*rule.subjects, *rule.inputs))
    lines = [
        f"# {rule.name}",
        "",
        summary,
        "",
        f"Family `{rule.family}` · severity {rule.severity.label} · looks at {inputs}",
        rest.rstrip(),
    ]
    if rule.options is not None:
        lines += ["", "## Options", "", f"In `[rules.{rule.name}]`:", "", *table_of(rule)]
    if rule.explains:
        lines += ["", "## Explains", "", ", ".join(f"`{name}`" for name in rule.explains)]
    return "\n".join(lines) + "\n"


def table_of(rule: Rule) -> list[str]:
    """Return the table of a rule's options."""
    rows = [
        f"| `{each.name}` | {kind(each.kind)} | `{json.dumps(each.usual)}` | {each.about} |"
        for each in options_of(rule)
    ]
    return ["| key | value | default | meaning |", "|---|---|---|---|", *rows]


def index(rules: list[Rule]) -> str:
    """Return the list of all rules by family."""
    rows = [
        f"| [{rule.name}]({rule.name}.md) | {rule.family} | {rule.severity.label} | {rule.doc.partition(chr(10))[0]} |"
        for rule in rules
    ]
    return "\n".join(["# Rules", "", "| rule | family | severity | what it finds |", "|---|---|---|---|", *rows]) + "\n"


def tables() -> dict[str, type[schema.Table]]:
    """Return the models of the configuration's tables, by heading."""
    found: dict[str, type[schema.Table]] = {"Top level": schema.Config}
    for name, hint in get_type_hints(schema.Config).items():
        for each in (hint, *get_args(hint)):
            if isinstance(each, type) and issubclass(each, schema.Table):
                found[f"[[{name}]]" if get_origin(hint) is list else f"[{name}]"] = each
    return found


def sentences(model: type[schema.Table]) -> dict[str, str]:
    """Return the docstring of each field of a model. Only this script reads them: for pydantic, each import would."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(model)).body if isinstance(node, ast.ClassDef))
    return {
        field.target.id: below.value.value
        for field, below in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }


def kind(hint: Any) -> str:
    """Return a type in words."""
    for known, words in KINDS:
        if hint == known:
            return words
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return kind(inner[0])
    if origin is Literal:
        return " or ".join(f"`{json.dumps(value)}`" for value in inner)
    if origin is list:
        return f"list of {kind(inner[0])}{'es' if inner[0] == schema.StageName else 's'}"
    if origin is Mapping:
        return f"table: {kind(inner[0])} = {kind(inner[1])}"
    if origin is UnionType or len(inner) > 1:
        return " or ".join(kind(each) for each in inner if each is not NoneType)
    return "table"


def default(field: FieldInfo, model: type[schema.Table]) -> str:
    """Return the default, which applies if neither preset nor file sets the key."""
    if field.is_required():
        return "must be given" if model in {schema.SuppressTable, schema.LocksTable} else "the preset's"
    held = None if isinstance(field.default, schema.Table) else field.default
    return "" if held in (None, {}) else f"`{json.dumps(held)}`"


def reference(rules: Iterable[Rule]) -> str:
    """Return the tables of all keys of the configuration, and of the options of each rule."""
    lines = []
    for heading, model in tables().items():
        hints, said = get_type_hints(model, include_extras=True), sentences(model)
        lines += [f"### {heading}", "", "| key | value | default | meaning |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            value = kind(hints[name])
            key = f"[`{name}`](#{name})" if value.endswith(("table", "tables")) else f"`{name}`"
            lines.append(f"| {key} | {value} | {default(field, model)} | {said[name]} |")
        lines.append("")
        for rule in rules if model is schema.RulesTable else ():
            if rule.options is not None:
                lines += [
                    f"### [rules.{rule.name}]",
                    "",
                    f"[{rule.name}](rules/{rule.name}.md)",
                    "",
                    *table_of(rule),
                    "",
                ]
    return "\n".join(lines)


def formats() -> str:
    """Return the table of the presets."""
    rows = (
        f"| [{preset.name}](../src/taskcheck/config/presets/{preset.name}.toml) | {preset.about} "
        f"| {', '.join(f'`{mark}`' for mark in preset.detect)} |"
        for preset in config.presets(config.builtin_presets()).values()
    )
    return "\n".join(["| preset | the store | found by |", "|---|---|---|", *rows]) + "\n"


def stores() -> str:
    """Return the description of each preset: paths, keys, statuses, dialect, and settings of runs."""
    found = config.presets(config.builtin_presets()).values()
    return "\n".join(line for preset in found for line in (f"### {preset.name}", "", *store(preset), ""))


def store(preset: Preset) -> list[str]:
    """Return the table of a preset, with a row for each part that it sets."""
    tables = preset.tables
    paths, fields, shape = tables["paths"], tables.get("fields", {}), tables.get("shape", {})
    checkouts, drift = tables.get("checkouts", {}), tables.get("drift", {})
    told = {
        "found by": codes(preset.detect) or f'`preset = "{preset.name}"`',
        "tasks": codes(paths["tasks"]),
        "archived": codes(paths.get("archive", [])),
        "no tasks": codes([*paths.get("exclude", []), *paths.get("other", [])]),
        "shape": shape.get("kind", "front-matter"),
        "dialect": ", ".join(dialect(tables)),
        "keys": ", ".join(f"{name}: `{key}`" for name, key in fields.items() if key != name and isinstance(key, str)),
        "required": codes(fields.get("required", [])),
        **{name: ", ".join(words) for name, words in tables["statuses"].items()},
        "own list of statuses": codes(tables.get("vocabulary", {}).get("files", [])),
        "map of statuses": codes(tables.get("board", {}).get("files", [])),
        "registers": codes([paths["registers"]] if paths.get("registers") else []),
        "a run records": codes([paths["tombstones"], paths["dispatch_logs"]]),
        "a run works in": codes([checkouts["worktree"]]),
        "on the branch": codes([checkouts["branch"]]),
        "ends as": "; ".join(f"{outcome}: {words[0]}" for outcome, words in tables["outcomes"].items()),
        "who is right": "root" if drift["authority"] == "root" else "a branch, until it is merged",
    }
    rows = [f"| {name} | {what} |" for name, what in told.items() if what]
    return [f"{preset.about}.", "", "| of the store | in the preset |", "|---|---|", *rows]


def dialect(tables: Mapping[str, Any]) -> Iterator[str]:
    """Return how the format's own parser differs from YAML between lines of dashes."""
    shape = tables.get("shape", {})
    if tables.get("at_names"):
        yield "unquoted `@names`"
    if shape.get("fence") == "start":
        yield "the closing fence may have text behind it"
    if shape.get("keeps_status_line"):
        yield "a `## Status:` line in the text"
    if shape.get("lists"):
        yield f"lists under {codes(shape['lists'])}, tasks within tasks under `{shape['nested']}`"


def codes(texts: Iterable[str]) -> str:
    """Return texts as code, separated by commas."""
    return ", ".join(f"`{text}`" for text in texts)


def filled(text: str, parts: Mapping[str, str]) -> str:
    """Return a page with its generated parts replaced; the other parts are written by hand."""
    for name, part in parts.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n{part.strip()}\n\n{end}{rest.partition(end)[2]}"
    return text


class Plain(GenerateJsonSchema):
    """A schema without null, which TOML lacks, without defaults, which presets change, and without titles."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        """Return the schema of the value."""
        return self.generate_inner(schema["schema"])

    default_schema = nullable_schema

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic calls it so
        """Return that no field has a title."""
        return False


def for_editors(rules: Iterable[Rule]) -> str:
    """Return the JSON Schema of taskcheck.toml; keys that a preset can set aren't required."""
    whole = schema.Config.model_json_schema(schema_generator=Plain)
    for model in tables().values():
        table = whole["$defs"].get(model.__name__, whole)
        table["description"] = table["description"].replace("``", "`")
        for key, sentence in sentences(model).items():
            table["properties"][key]["description"] = sentence
        if model is not schema.SuppressTable:
            table.pop("required", None)
    told = {rule.name: schema_of(rule) for rule in rules if rule.options is not None}
    for name, table in told.items():
        whole["$defs"]["RulesTable"]["properties"][name] = {"description": f"What {name} is told.", **table}
    draft = {"$schema": GenerateJsonSchema.schema_dialect, "$id": ADDRESS, **whole, "title": "taskcheck.toml"}
    return json.dumps(draft, indent=2) + "\n"


DESCRIBED = "../src/taskcheck/config/described.py"


def described() -> str:
    """Return the models of the configuration as plain data: the kind of each key of a table, and the required keys."""
    lines = [
        '"""The models of `schema` as plain data, as `light` reads it; written by docs/generate.py."""',
        "",
        "from typing import Any",
        "",
        "# fmt: off",
        "TABLES: dict[str, tuple[dict[str, tuple[Any, ...]], frozenset[str]]] = {",
    ]
    for model in tables().values():
        hints = get_type_hints(model, include_extras=True)
        kinds = {name: plain(hints[name], field.metadata) for name, field in model.model_fields.items()}
        needed = sorted(name for name, field in model.model_fields.items() if field.is_required())
        written = f"{pformat(kinds, width=110, sort_dicts=False)},\nfrozenset({needed}),"
        lines += [f"    {model.__name__!r}: (", *(f"        {line}" for line in written.split("\n")), "    ),"]
    return "\n".join([*lines, "}"]) + "\n"


def plain(hint: Any, said: Any = ()) -> tuple[Any, ...]:
    """Return a type as plain data: its name in `light`, and its conditions."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return plain(inner[0], (*inner[1:], *said))
    least, before, after = asked(said)
    if hint is str:
        return "text", least, before, after
    if hint is bool:
        return ("flag",)
    if origin is Literal:
        return "choice", *inner
    if origin is list:
        return "list", least, plain(inner[0])
    if origin is Mapping:
        return "mapping", plain(inner[0]), plain(inner[1])
    if isinstance(hint, type):
        return "keys", hint.__name__
    kinds = [plain(each) for each in inner if each is not NoneType]
    return kinds[0] if len(kinds) == 1 else ("either", *kinds)


def asked(said: Any) -> tuple[int, str | None, str | None]:
    """Return the minimum length in the annotations of a type, and the names of its validators, before and after."""
    least = 0
    checks: dict[type, str] = {}
    for each in said:
        for one in getattr(each, "metadata", [each]):
            if isinstance(one, MinLen):
                least = one.min_length
            elif isinstance(one, AfterValidator | BeforeValidator):
                checks[type(one)] = one.func.__name__
    return least, checks.get(BeforeValidator), checks.get(AfterValidator)


def pages() -> dict[str, str]:
    """Return all generated files, by path below docs/."""
    rules = sorted(catalogue.declared(), key=lambda rule: (rule.family, rule.name))
    written = (FOLDER / "configuration.md").read_text(encoding="utf-8")
    return {
        "rules/README.md": index(rules),
        **{f"rules/{rule.name}.md": page(rule) for rule in rules},
        "configuration.md": filled(written, {"presets": formats(), "keys": reference(rules)}),
        "stores.md": filled((FOLDER / "stores.md").read_text(encoding="utf-8"), {"stores": stores()}),
        "taskcheck.schema.json": for_editors(rules),
        "rooms.svg": rooms.draw(),
        "verdicts.md": verdicts.page(),
        "commands.md": commands.page(),
        "messages.md": messages.page(rules),
        DESCRIBED: described(),
        catalogue.CATALOGUE: catalogue.catalogue(),
        **completions.pages(),
    }


if __name__ == "__main__":
    (FOLDER / catalogue.CATALOGUE).write_text(catalogue.catalogue(), encoding="utf-8")  # the messages are by its rules
    wanted = pages()
    for old in FOLDER.glob("rules/*.md"):
        if old.relative_to(FOLDER).as_posix() not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
