"""The configuration: a preset, then the user's file over it, checked as a whole so that every error shows at once."""

import errno
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from taskcheck.config.light import is_right
from taskcheck.config.samples import SAMPLES, TEMPLATES
from taskcheck.config.settings import VOCABULARY_KEY, Settings, Vocabulary
from taskcheck.config.tables import Preset, settings_of
from taskcheck.documents.bounded import Unreadable, read_still
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.toml import TomlError, read_toml

FILE = "taskcheck.toml"
FILES = (FILE, "pyproject.toml")
"""Where the configuration may be, in this order."""

_TABLE = b"[tool.taskcheck"
MAX_BYTES = 1024 * 1024
DEFAULT_PRESET = "task-manager"


class ConfigError(Exception):
    """The configuration can't be used; one message per fault, each naming file and key."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


def builtin_presets() -> dict[str, str]:
    """Return the presets that come with taskcheck: name to TOML."""
    folder = Path(__file__).parent / "presets"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}


def presets(texts: Mapping[str, str], *, checked: bool = True) -> dict[str, Preset]:
    """Return presets from their TOML texts.

    Args:
        texts: by name.
        checked: whether they are read as a whole, and not only what stands above their tables.

    Raises:
        ConfigError: a preset isn't TOML.
    """
    found = {}
    for name, text in texts.items():
        try:
            found[name] = _read_preset(name, text, checked=checked)
        except TomlError as error:
            raise ConfigError(f"preset {name}: {error}") from error
    return found


@lru_cache(maxsize=64)
def _read_preset(name: str, text: str, *, checked: bool) -> Preset:
    """Return the preset of a text, read once in a process, whatever the number of stores that it opens.

    Raises:
        TomlError: it is no TOML.
    """
    head = read_toml(text if checked else text.partition("\n[")[0])
    return Preset(name, head.get("about", ""), tuple(head.get("detect", ())), text)


def find(root: Path) -> Path | None:
    """Return the store's configuration file: taskcheck.toml, else a pyproject.toml with ``[tool.taskcheck]``.

    Raises:
        ConfigError: it can't be told, for pyproject.toml can't be read.
    """
    own = root / FILE
    if own.exists() or own.is_symlink():
        return own
    pyproject = root / "pyproject.toml"
    return pyproject if pyproject.exists() and _TABLE in _bounded(pyproject) else None


def load(
    root: Path,
    known: Mapping[str, Preset],
    path: Path | None = None,
    given: Mapping[str, bytes] | None = None,
) -> Settings:
    """Return the settings of the store in a folder.

    Args:
        root: the folder.
        known: the presets by name.
        path: the configuration file; None looks for it.
        given: what stands in the folder's place where the file is looked for: content by name.

    Raises:
        ConfigError: the file isn't there, isn't TOML, or holds keys or values that aren't allowed; or several
            presets fit and none is named.
    """
    layers = read_layers(root, known, path, given)
    where, written = layers.where, layers.written
    merged = layers.merged
    if written and not is_right(merged):
        from taskcheck.config.faults import faults

        errors = list(faults(merged, where, layers.data))
        if errors:
            raise ConfigError(*errors)
    own = _vocabulary(root, merged.get("vocabulary", {}))
    try:
        settings = settings_of(layers.preset, layers.source, merged, own, _suppress_lines(layers.data))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    return settings if written else replace(settings, samples=_samples(known[layers.preset].found_in(root)))


def _samples(has_marks: bool) -> frozenset[str]:
    """Return what holds no tasks where nothing is configured; a format whose marks are there says which folders do."""
    return TEMPLATES if has_marks else SAMPLES


@frozen(kw_only=True)
class Layers:
    """What a configuration is made of: the user's tables, over those of a preset."""

    source: str | None
    """The user's file; None where there is none."""
    data: bytes
    written: Mapping[str, Any]
    preset: str
    base: Mapping[str, Any]
    """The preset's tables, as far as they count for the store."""

    @property
    def where(self) -> str:
        """What messages call the configuration."""
        return self.source or FILE

    @property
    def merged(self) -> dict[str, Any]:
        """All tables."""
        return _merge(self.base, self.written)


def read_layers(
    root: Path, known: Mapping[str, Preset], path: Path | None, given: Mapping[str, bytes] | None
) -> Layers:
    """Return what the configuration of the store in a folder is made of, unchecked; see `load`.

    Raises:
        ConfigError: the file isn't there, isn't TOML, or the preset can't be told.
    """
    found = _found(root, path, given)
    where, data = found or (FILE, b"")
    written = _tables(where, data)
    preset = _preset(root, known, where, written.get("preset"))
    is_of_preset = _is_of_preset(root, preset, written)
    base = preset.tables if is_of_preset else _asking_nothing(preset.tables)
    return Layers(source=where if found else None, data=data, written=written, preset=preset.name, base=base)


def _is_of_preset(root: Path, preset: Preset, written: Mapping[str, Any]) -> bool:
    """Return whether a store has a preset's format: it names it, or bears its marks, or keeps to its paths.

    Where nothing is written either, nobody says so: files in a folder that many formats have are no mark.
    """
    if "preset" in written or preset.found_in(root):
        return True
    return bool(written) and "tasks" not in written.get("paths", ())


def _asking_nothing(tables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a preset's tables without the fields that its format requires, and without its status line."""
    fields = {**tables.get("fields", {}), "required": []}
    shape = {**tables.get("shape", {}), "keeps_status_line": False}
    return {**tables, "fields": fields, "shape": shape}


def _preset(root: Path, known: Mapping[str, Preset], where: str, name: object) -> Preset:
    """Return the preset of a name; without one, that whose format lies in a folder.

    Raises:
        ConfigError: there is none of the name, or several fit and none is named.
    """
    if name is None:
        name = detect(root, known)
    if not isinstance(name, str) or name not in known:
        from taskcheck.config.faults import unknown

        raise ConfigError(f"{where}: preset: {unknown(str(name), known)}")
    return known[name]


def as_file(preset: str) -> bytes:
    """Return a configuration that names a preset, and nothing else."""
    return f'preset = "{preset}"\n'.encode()


def detect(root: Path, known: Mapping[str, Preset]) -> str:
    """Return the preset whose format lies in a folder; the default one where none does.

    Raises:
        ConfigError: several do.
    """
    found = [preset.name for preset in known.values() if preset.found_in(root)]
    if len(found) > 1:
        raise ConfigError(
            f"this looks like {' and like '.join(found)}: name one by --preset, as in `taskcheck --preset {found[0]}`, "
            f'or in {FILE}, as preset = "{found[0]}"'
        )
    return found[0] if found else DEFAULT_PRESET


def written(root: Path, path: Path | None, given: Mapping[str, bytes] | None) -> tuple[str, bytes]:
    """Return name and content of a store's configuration, for whom wants to say where something stands in it.

    Raises:
        ConfigError: it can't be read.
    """
    return _found(root, path, given) or (FILE, b"")


def _found(root: Path, path: Path | None, given: Mapping[str, bytes] | None) -> tuple[str, bytes] | None:
    """Return name and content of the configuration; None where there is none."""
    if path is None and given is not None:
        for name in FILES:
            if name in given and (name == FILE or _TABLE in given[name]):
                return name, given[name]
        return None
    path = path or find(root)
    return (path.name, _bounded(path)) if path else None


def _tables(name: str, data: bytes) -> dict[str, Any]:
    """Return the tables of a configuration file.

    Raises:
        ConfigError: it is no TOML.
    """
    try:
        tables = read_toml(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 at byte {error.start}") from error
    except TomlError as error:
        raise ConfigError(f"{name}: {error}") from error
    if name == "pyproject.toml":
        tables = tables.get("tool", {}).get("taskcheck", {})
    return tables


def _bounded(path: Path) -> bytes:
    """Return the content of a regular file that isn't too large.

    Raises:
        ConfigError: it is something else, or can't be read.
    """
    try:
        return read_still(path, MAX_BYTES, follow=True)
    except Unreadable as refusal:
        if refusal.trouble.kind == "missing":
            raise ConfigError(f"{path}: {os.strerror(errno.ENOENT)}") from refusal
        raise ConfigError(f"{path}: {refusal}; replace it with a configuration file, or remove it") from refusal


def _merge(preset: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the user's tables over the preset's, key by key; the preset's outcomes keep to the statuses left."""
    merged: dict[str, Any] = {**preset}
    for key, value in written.items():
        below = preset.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            merged[key] = {**below, **value}
        else:
            merged[key] = value
    if _is_table_of_lists(merged["statuses"]):
        merged["statuses"] = _without_the_users_words(merged["statuses"], written.get("statuses", {}))
    own_outcomes = written.get("outcomes", {})
    if "statuses" in written and _is_table_of_lists(merged["statuses"]) and isinstance(own_outcomes, dict):
        inherited = _narrowed_outcomes(preset["outcomes"], merged["statuses"])
        outcomes = {**merged["outcomes"], **inherited, **own_outcomes}
        merged["outcomes"] = {outcome: allowed for outcome, allowed in outcomes.items() if allowed}
    return merged


def _without_the_users_words(statuses: Mapping[str, list[Any]], own: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return classes of statuses, of which those of the preset have no word that the user's table names elsewhere."""
    named = {str(status).casefold() for words in own.values() for status in words}
    left = {}
    for stage, words in statuses.items():
        is_own = stage in own
        left[stage] = words if is_own else [status for status in words if str(status).casefold() not in named]
    return left


def _narrowed_outcomes(outcomes: Mapping[str, list[str]], statuses: Mapping[str, list[Any]]) -> dict[str, list[str]]:
    """Return outcomes with those of their statuses that some classes still have."""
    left = {str(status).casefold() for words in statuses.values() for status in words}
    narrowed = {}
    for outcome, allowed in outcomes.items():
        narrowed[outcome] = [status for status in allowed if status.casefold() in left]
    return narrowed


def _is_table_of_lists(value: object) -> bool:
    """Return whether a value is a table with nothing but lists in it."""
    return isinstance(value, dict) and all(isinstance(item, list) for item in value.values())


def _vocabulary(root: Path, table: Mapping[str, Any]) -> Vocabulary:
    """Return the statuses that the store's own configuration lists: words, or tables with a name."""
    name = next((name for name in table.get("files", ()) if (root / name).exists()), None)
    if name is None:
        return Vocabulary()
    from taskcheck.documents import DocumentError, read_front_matter

    try:
        document = read_front_matter(b"---\n" + _bounded(root / name) + b"\n---\n")
    except DocumentError as error:
        trouble = error.trouble
        raise ConfigError(f"{name}:{trouble.line - 1}: {trouble.message}; taskcheck reads its statuses") from error
    listed = document.values.get(table.get("key", VOCABULARY_KEY)) if document else None
    if not isinstance(listed, tuple):
        return Vocabulary()
    words = (item.get("name") if isinstance(item, Mapping) else item for item in listed)
    folded = frozenset(word.casefold() for word in words if isinstance(word, str))
    return Vocabulary(words=folded, file=name, exclude=tuple(table.get("exclude", ())))


def _suppress_lines(data: bytes) -> list[int]:
    """Return the lines of a configuration file where a suppression begins."""
    lines = data.decode("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\[[\w.\s]*suppress\s*\]\]", line)]
