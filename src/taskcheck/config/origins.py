"""What a store is configured to be, each value with where it comes from: the user's file, the preset, or a default."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from taskcheck.config.load import Layers, Preset, read_layers
from taskcheck.config.settings import KEYS_OF_RULES
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
    layers = read_layers(root, known, path, None)
    marks = "found by its marks" if known[layers.preset].found_in(root) else "default"
    yield Origin("preset", layers.preset, f"file {layers.where}" if "preset" in layers.written else marks)
    for table, usual in _defaults().items():
        held = layers.merged.get(table, usual)
        if not isinstance(held, dict):
            yield _origin(table, held, layers, options)
        elif table == "rules":
            yield from _of_table(table, usual, {key: held[key] for key in KEYS_OF_RULES & held.keys()}, layers, options)
            yield from _of_rules(held, rules, layers)
        else:
            yield from _of_table(table, usual, held, layers, options)


def _of_table(
    table: str, usual: Any, held: Mapping[str, Any], layers: Layers, options: Mapping[str, Any]
) -> Iterator[Origin]:
    """Yield every key of a table, and of what has no keys of its own what it holds."""
    keys = usual if isinstance(usual, dict) else {}
    for key, value in {**keys, **held}.items():
        yield _origin(f"{table}.{key}", value, layers, options)


def _of_rules(held: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]], layers: Layers) -> Iterator[Origin]:
    """Yield every option of the rules that have some."""
    for name, usual in rules.items():
        written = held.get(name, {})
        for key, value in {**usual, **written}.items():
            origin = _of(f"rules.{name}", layers) if key in written else "default"
            yield Origin(f"rules.{name}.{key}", value, origin)


def _origin(key: str, value: Any, layers: Layers, options: Mapping[str, Any]) -> Origin:
    """Return a key with where its value comes from."""
    if options.get(key):
        return Origin(key, options[key], f"option --{key.rpartition('.')[2]}")
    return Origin(key, value, _of(key, layers))


def _of(key: str, layers: Layers) -> str:
    """Return where the value of a key comes from."""
    for tables, name in ((layers.written, f"file {layers.where}"), (layers.base, f"preset {layers.preset}")):
        table, _, inner = key.partition(".")
        held = tables.get(table)
        if inner and isinstance(held, dict):
            if inner in held:
                return name
        elif table in tables:
            return name
    return "default"


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
