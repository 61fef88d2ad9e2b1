"""What a store is configured to be, each value with where it comes from: the user's file, the preset, or a default."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from taskcheck.config.load import FILE, Layers, as_file, read_layers
from taskcheck.config.tables import Preset
from taskcheck.documents.frozen import frozen


@frozen
class Origin:
    """One key of the configuration."""

    key: str
    """With its table: ``paths.tasks``."""
    value: Any
    origin: str
    """``file taskcheck.toml``, ``preset ccpm``, ``default``, or ``option --select``."""


def origins(
    root: Path,
    known: Mapping[str, Preset],
    path: Path | None,
    options: Mapping[str, Any],
    rules: Mapping[str, Mapping[str, Any]],
) -> Iterator[Origin]:
    """Yield every key of a store's configuration in the order of the configuration page; of lists of tables each one.

    Args:
        root: the store's folder.
        known: the presets by name.
        path: the configuration file; None looks for it.
        options: what the command line sets, by key.
        rules: the options of rules, with what holds where nothing is said of them.

    Raises:
        ConfigError: the configuration can't be used.
    """
    preset = options.get("preset")
    layers = read_layers(root, known, path, {FILE: as_file(preset)} if preset else None)
    of_preset = "option --preset" if preset else _of_preset(layers, known[layers.preset].found_in(root))
    yield Origin("preset", layers.preset, of_preset)
    for table, usual in _defaults().items():
        held = layers.merged.get(table, usual)
        if not isinstance(held, dict):
            yield _origin(table, held, layers, options)
            continue
        keys = usual if isinstance(usual, dict) else {}
        for key, value in {**keys, **held}.items():
            is_rule = table == "rules" and key not in keys
            if not is_rule:
                yield _origin(f"{table}.{key}", value, layers, options)
        if table == "rules":
            yield from _of_rules(held, rules, layers)


def _of_preset(layers: Layers, is_found: bool) -> str:
    """Return where the preset is from: the file names it, or the store has its marks."""
    if "preset" in layers.written:
        return f"file {layers.where}"
    return "found by its marks" if is_found else "default"


def _of_rules(held: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]], layers: Layers) -> Iterator[Origin]:
    """Yield every option of the rules that have some."""
    for name, usual in rules.items():
        told = {**usual, **held.get(name, {})}
        for key, value in told.items():
            origin = _of(layers, "rules", name, key)
            yield Origin(f"rules.{name}.{key}", value, origin)


def _origin(key: str, value: Any, layers: Layers, options: Mapping[str, Any]) -> Origin:
    """Return a key with where its value comes from."""
    table, _, inner = key.partition(".")
    if options.get(key):
        return Origin(key, options[key], f"option --{inner or table}")
    route = (table, inner) if inner else (table,)
    origin = _of(layers, *route)
    return Origin(key, value, origin)


def _of(layers: Layers, *route: str) -> str:
    """Return where the value that some keys lead to comes from."""
    if _says(layers.written, route):
        return f"file {layers.where}"
    if _says(layers.base, route):
        return f"preset {layers.preset}"
    return "default"


def _says(tables: Any, route: Iterable[str]) -> bool:
    """Return whether some keys lead to a value."""
    for key in route:
        if not isinstance(tables, dict):
            return True
        if key not in tables:
            return False
        tables = tables[key]
    return True


def _defaults() -> dict[str, Any]:
    """Return the default of every key: of a table those of its keys, None for none."""
    from pydantic import BaseModel

    from taskcheck.config.schema import Config

    found: dict[str, Any] = {}
    for name, field in Config.model_fields.items():
        if name == "preset":
            continue
        model = next((item for item in _models(field.annotation) if issubclass(item, BaseModel)), None)
        if model is None or name == "suppress":
            found[name] = None if field.is_required() else field.get_default()
            continue
        inner = model.model_fields.items()
        found[name] = {key: None if each.is_required() else each.get_default() for key, each in inner}
    return found


def _models(annotation: Any) -> list[type]:
    """Return the classes that an annotation names."""
    from typing import get_args

    return [item for item in (annotation, *get_args(annotation)) if isinstance(item, type)]
