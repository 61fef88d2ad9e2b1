"""The configuration: a preset, then the user's file over it, checked as a whole so that every error shows at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from taskcheck.config.settings import (
    Limits,
    Paths,
    Settings,
    Stage,
    Suppression,
)
from taskcheck.documents.values import duration

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

FILE = "taskcheck.toml"
FILES = (FILE, "pyproject.toml")
"""Where the configuration may be, in this order."""

_TABLE = b"[tool.taskcheck"
MAX_BYTES = 1024 * 1024
DEFAULT_PRESET = "task-manager"
FIELDS = (
    "id", "title", "status", "owner", "depends_on", "parent", "pr_url", "pr_number", "pr_created_at", "started_at",
    "completed_at", "created_at", "updated_at", "closed_before_merge",
)  # fmt: skip
"""Canonical names of the task fields that rules know."""


class ConfigError(Exception):
    """The configuration can't be used; one message per fault, each naming file and key."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Preset:
    """A store format: what tells that it is there, and its defaults."""

    name: str
    about: str
    detect: tuple[str, ...]
    tables: Mapping[str, Any]

    def found_in(self, root: Path) -> bool:
        """Whether a store of this format lies in a folder."""
        return any((root / path).exists() for path in self.detect)


def builtin_presets() -> dict[str, str]:
    """The presets that come with taskcheck: name to TOML."""
    folder = Path(__file__).parent / "presets"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}


def presets(texts: Mapping[str, str]) -> dict[str, Preset]:
    """Presets from their TOML texts.

    Raises:
        ConfigError: a preset isn't TOML.
    """
    found = {}
    for name, text in texts.items():
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"preset {name}: {error}") from error
        about, detect = tables.pop("about", ""), tuple(tables.pop("detect", ()))
        found[name] = Preset(name, about, detect, tables)
    return found


def find(root: Path) -> Path | None:
    """The store's configuration file: taskcheck.toml, else a pyproject.toml with ``[tool.taskcheck]``.

    Raises:
        ConfigError: it can't be told, for pyproject.toml can't be read.
    """
    own = root / FILE
    if own.exists() or own.is_symlink():
        return own
    pyproject = root / "pyproject.toml"
    return pyproject if pyproject.is_file() and _TABLE in _bounded(pyproject) else None


def load(
    root: Path,
    known: Mapping[str, Preset],
    path: Path | None = None,
    given: Mapping[str, bytes] | None = None,
) -> Settings:
    """The settings of the store in a folder.

    Args:
        root: the folder.
        known: the presets by name.
        path: the configuration file; None looks for it.
        given: what stands in the folder's place where the file is looked for: content by name.

    Raises:
        ConfigError: the file isn't there, isn't TOML, or holds keys or values that aren't allowed; or several
            presets fit and none is named.
    """
    found = _found(root, path, given)
    where, data = found or (FILE, b"")
    written = _tables(where, data)
    name = written.get("preset")
    if name is None:
        name = detect(root, known)
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"{where}: preset: {_unknown(str(name), known)}")
    preset = known[name]
    merged = _merge(preset.tables, written)
    errors = list(_check(merged, written, where))
    if errors:
        raise ConfigError(*errors)
    own = _vocabulary(root, merged.get("vocabulary", {}))
    try:
        return _settings(name, where if found else None, merged, own, _suppress_lines(data))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def detect(root: Path, known: Mapping[str, Preset]) -> str:
    """The preset whose format lies in a folder; the default one where none does.

    Raises:
        ConfigError: several do.
    """
    found = [preset.name for preset in known.values() if preset.found_in(root)]
    if len(found) > 1:
        raise ConfigError(
            f'this looks like {" and like ".join(found)}: say which in {FILE}, for example preset = "{found[0]}"'
        )
    return found[0] if found else DEFAULT_PRESET


def _found(root: Path, path: Path | None, given: Mapping[str, bytes] | None) -> tuple[str, bytes] | None:
    """Name and content of the configuration; None where there is none."""
    if path is None and given is not None:
        named = (name for name in FILES if name in given)
        return next(((name, given[name]) for name in named if name == FILE or _TABLE in given[name]), None)
    path = path or find(root)
    return (path.name, _bounded(path)) if path else None


def _tables(name: str, data: bytes) -> dict[str, Any]:
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{name}: it is nested too deep") from error
    if name == "pyproject.toml":
        tables = tables.get("tool", {}).get("taskcheck", {})
    return tables


def _bounded(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(f"{path.name}: {size:,} bytes; {MAX_BYTES:,} are read at the most")
        if not path.is_file():
            raise ConfigError(f"{path.name}: it is no regular file")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def _merge(preset: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """The user's tables over the preset's, key by key; the preset's outcomes keep to the statuses that are left."""
    merged: dict[str, Any] = {**preset}
    for key, value in written.items():
        below = preset.get(key)
        merged[key] = {**below, **value} if isinstance(value, dict) and isinstance(below, dict) else value
    statuses, own = merged["statuses"], written.get("outcomes", {})
    if "statuses" in written and _is_table_of_lists(statuses) and isinstance(own, dict):
        left = {str(status).casefold() for words in statuses.values() for status in words}
        for outcome, allowed in preset["outcomes"].items():
            if outcome not in own:
                merged["outcomes"] = {**merged["outcomes"], outcome: [s for s in allowed if s.casefold() in left]}
        merged["outcomes"] = {outcome: allowed for outcome, allowed in merged["outcomes"].items() if allowed}
    return merged


def _is_table_of_lists(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, list) for item in value.values())


def _check(merged: Mapping[str, Any], written: Mapping[str, Any], where: str) -> Iterator[str]:
    """Every fault of the configuration, in words."""
    if not written:
        return
    from pydantic import ValidationError  # noqa: PLC0415 - 80 ms, and only where there is a file to check

    from taskcheck.config.schema import Config  # noqa: PLC0415 - as above

    try:
        Config.model_validate(merged)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield f"{where}: {_explain(detail, Config)}"


def _explain(detail: "ErrorDetails", model: type["BaseModel"]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        table: Any = model
        for part in detail["loc"][:-1]:
            table = _table(table, str(part))
        return f"{'.'.join(map(str, detail['loc'][:-1])) or 'top level'}: " + _unknown(
            str(detail["loc"][-1]), getattr(table, "model_fields", {}), "key"
        )
    return f"{key}: {detail['msg'].removeprefix('Value error, ')}"


def _table(model: Any, name: str) -> Any:
    """The model of a table within a model; the model itself for a list's position."""
    field = getattr(model, "model_fields", {}).get(name)
    if field is None:
        return model
    candidates = [field.annotation, *get_args(field.annotation)]
    return next((item for item in candidates if hasattr(item, "model_fields")), model)


def _unknown(name: str, known: Mapping[str, Any], what: str = "preset") -> str:
    from taskcheck.config.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

    return f"unknown {what} {name!r}{did_you_mean(name, known)}"


def _vocabulary(root: Path, table: Mapping[str, Any]) -> frozenset[str]:
    """The statuses that the store's own configuration lists, case-folded: words, or tables with a name."""
    for name in table.get("files", ()):
        path = root / name
        if not path.is_file():
            continue
        from taskcheck.documents import DocumentError, read_front_matter  # noqa: PLC0415 - few stores have such a file

        try:
            document = read_front_matter(b"---\n" + _bounded(path) + b"\n---\n")
        except DocumentError as error:
            trouble = error.trouble
            raise ConfigError(f"{name}:{trouble.line - 1}: {trouble.message}; taskcheck reads its statuses") from error
        listed = document.values.get(table.get("key", "statuses")) if document else None
        items = listed if isinstance(listed, tuple) else ()
        words = (item.get("name") if isinstance(item, Mapping) else item for item in items)
        return frozenset(word.casefold() for word in words if isinstance(word, str))
    return frozenset()


def _suppress_lines(data: bytes) -> list[int]:
    """The lines of a configuration file where a suppression begins."""
    lines = data.decode("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if re.match(r"\s*\[\[[\w.\s]*suppress\s*\]\]", line)]


def _settings(
    preset: str, source: str | None, tables: Mapping[str, Any], vocabulary: frozenset[str], lines: list[int]
) -> Settings:
    fields = {name: name for name in FIELDS if name != "id"}
    fields |= {name: key for name, key in tables.get("fields", {}).items() if name != "required"}
    limits = {
        "snapshot_max_age": "10m",
        "in_progress_max_idle": "4h",
        "pickup_grace": "15m",
        "clock_skew": "5m",
    }
    limits |= tables.get("limits", {})
    drift, checkouts, rules, locks = (tables.get(name, {}) for name in ("drift", "checkouts", "rules", "locks"))
    statuses = {status: Stage(stage) for stage, words in tables["statuses"].items() for status in words}
    folded = {status.casefold(): stage for status, stage in statuses.items()}
    suppress = tables.get("suppress", ())
    return Settings(
        preset=preset,
        source=source,
        people={key: tuple(aliases) for key, aliases in tables.get("people", {}).items()},
        roles=dict(tables.get("roles", {})),
        paths=_paths(tables["paths"]),
        fields=fields,
        required=tuple(tables.get("fields", {}).get("required", ())),
        at_names=tables.get("at_names", False),
        statuses=statuses,
        folded_statuses=folded,
        unclassed=vocabulary - folded.keys(),
        folders={
            folder.rstrip("/"): frozenset(map(Stage, _listed(stages)))
            for folder, stages in tables.get("folders", {}).items()
        },
        markers={pattern: Stage(stage) for pattern, stage in tables.get("markers", {}).items()},
        signals={kind: tuple(_listed(rules)) for kind, rules in tables.get("signals", {}).items()},
        outcomes={outcome: tuple(statuses) for outcome, statuses in tables["outcomes"].items()},
        authority=drift.get("authority", "root"),
        drift_ignore=tuple(drift.get("ignore", ())),
        worktree=checkouts.get("worktree", ""),
        branch=checkouts.get("branch", ""),
        branches=tuple(checkouts.get("branches", ())),
        trunk=tuple(checkouts.get("trunk", ("origin/HEAD", "main", "master"))),
        limits=Limits(**{key: duration(value) for key, value in limits.items()}),
        select=tuple(rules.get("select", ("all",))),
        ignore=tuple(rules.get("ignore", ())),
        locks=locks.get("registers", ""),
        lock_kind=locks.get("kind", "flock"),
        severity=dict(rules.get("severity", {})),
        baseline=tables.get("baseline"),
        suppress=tuple(
            Suppression(**{**table, "until": _day(table.get("until")), "line": line})
            for table, line in zip_longest(suppress, lines if len(lines) == len(suppress) else ())
        ),
    )


def _paths(table: Mapping[str, Any]) -> Paths:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return Paths(**values)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _day(value: date | datetime | str | None) -> str | None:
    return re.split(r"[T ]", str(value))[0] if value is not None else None
