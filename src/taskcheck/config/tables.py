"""Presets, and settings from the tables of one and of the user's file, which have been checked."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from taskcheck.config.settings import KEYS_OF_RULES, Limits, Paths, Settings, Stage, Suppression, Vocabulary
from taskcheck.documents.frozen import frozen
from taskcheck.documents.shape import FrontMatter, JsonLines, JsonList, Shape, StatusLines, YamlTasks
from taskcheck.documents.toml import read_toml
from taskcheck.documents.values import duration

FIELDS = (
    "id", "title", "status", "owner", "depends_on", "parent", "pr_url", "pr_number", "pr_created_at", "started_at",
    "completed_at", "created_at", "updated_at", "closed_before_merge", "branch", "worktree", "claimed_by", "claimed_at",
)  # fmt: skip
"""Canonical names of the task fields that rules know."""


@frozen(slots=False)
class Preset:
    """A store format: what tells that it is there, and its defaults."""

    name: str
    about: str
    detect: tuple[str, ...]
    text: str
    """The whole preset, of which little is looked at where a store has another format."""

    @cached_property
    def tables(self) -> Mapping[str, Any]:
        """The defaults.

        Raises:
            TomlError: it is no TOML.
        """
        tables = read_toml(self.text)
        return {name: value for name, value in tables.items() if name not in _HEAD}

    def found_in(self, root: Path) -> bool:
        """Return whether a store of this format lies in a folder."""
        return self.mark_in(root) is not None

    def mark_in(self, root: Path) -> str | None:
        """Return the first path of a folder by which this format is known; None where none is there."""
        return next((path for path in self.detect if (root / path).exists()), None)


_HEAD = ("about", "detect")
"""What a preset says of itself, above its tables."""


def settings_of(
    preset: str, source: str | None, tables: Mapping[str, Any], vocabulary: Vocabulary, lines: list[int]
) -> Settings:
    """Return the settings that checked tables say; what they don't say stays at its default.

    Raises:
        ValueError: a value can't be used, which only a preset of a plugin can have.
    """
    shape = _shape(tables)
    statuses = _statuses(_as_read(tables["statuses"], shape))
    folded = {status.casefold(): stage for status, stage in statuses.items()}
    said: dict[str, Any] = {
        **_said(tables, {"baseline": "baseline", "people": "people", "roles": "roles"}),
        **_said(tables.get("shape", {}), {name: name for name in ("keeps_status_line", "scoped_ids")}),
        **_said(tables.get("drift", {}), {"authority": "authority", "ignore": "drift_ignore"}),
        **_said(tables.get("checkouts", {}), {name: name for name in ("worktree", "branch", "branches", "trunk")}),
        **_said(tables.get("rules", {}), {name: name for name in ("select", "ignore", "severity")}),
        **_said(tables.get("board", {}), {"files": "board", "key": "board_key"}),
        **_said(tables.get("fleet", {}), {"stores": "fleet_stores", "reports": "fleet_reports"}),
        **_said(tables.get("locks", {}), {"registers": "locks", "kind": "lock_kind"}),
        **_said(tables.get("fields", {}), {"required": "required"}),
        **_of_rules(tables.get("rules", {})),
    }
    paths = _frozen(tables["paths"])
    markers = tables.get("markers", {})
    signals = tables.get("signals", {})
    limits = tables.get("limits", {})
    stages = {pattern: Stage(stage) for pattern, stage in markers.items()}
    rules = {kind: tuple(_listed(rules)) for kind, rules in signals.items()}
    spans = {name: duration(span) for name, span in limits.items()}
    suppressions = _suppressions(tables.get("suppress", ()), lines)
    return Settings(
        preset=preset,
        source=source,
        paths=Paths(**paths),
        fields=_fields(tables.get("fields", {})),
        statuses=statuses,
        folded_statuses=folded,
        vocabulary=vocabulary,
        shape=shape,
        folders=_folders(tables.get("folders", {})),
        markers=stages,
        signals=rules,
        outcomes=_frozen(_as_read(tables["outcomes"], shape)),
        limits=Limits(**spans),
        suppress=suppressions,
        **said,
    )


def _of_rules(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what single rules are told: the tables among ``[rules]`` that are no key of it."""
    told = {name: options for name, options in table.items() if name not in KEYS_OF_RULES}
    return {"options": told} if told else {}


def _said(table: Mapping[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return what a table says of some settings, frozen, by the setting's name; its keys are given with these."""
    said = {name: table[key] for key, name in settings.items() if key in table}
    return _frozen(said)


def _frozen(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with its lists, and those of the tables in it, as tuples."""
    frozen: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, list):
            frozen[key] = tuple(value)
        elif isinstance(value, dict):
            frozen[key] = _frozen(value)
        else:
            frozen[key] = value
    return frozen


def _shape(tables: Mapping[str, Any]) -> Shape:
    """Return how a task file holds what it says of its task."""
    table = tables.get("shape", {})
    if table.get("kind") == "status-line":
        return StatusLines()
    if table.get("kind") == "json":
        return JsonList(**_said(table, {name: name for name in ("lists", "nested", "home")}))
    if table.get("kind") == "yaml":
        return YamlTasks(**_said(table, {name: name for name in ("lists", "nested", "home", "setter")}))
    if table.get("kind") == "json-lines":
        return _lines(table)
    said = _said(table, {"fence": "fence"})
    return FrontMatter(at_names=tables.get("at_names", False), **said)


def _lines(table: Mapping[str, Any]) -> Shape:
    """Return the shape of files in which each line is a task."""
    from taskcheck.documents.jsonlines import Links

    keys = {"links": "key", "link_target": "target", "link_kind": "kind", "link_kinds": "kinds"}
    return JsonLines(links=Links(**_said(table, keys)), **_said(table, {"setter": "setter"}))


def _fields(table: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every field: its own name, but for those that the store calls otherwise."""
    fields = {name: name for name in FIELDS if name != "id"}
    fields.update(table)
    fields.pop("required", None)
    return fields


def _statuses(table: Mapping[str, list[str]]) -> dict[str, Stage]:
    """Return the class of each status."""
    statuses = {}
    for stage, words in table.items():
        statuses.update(dict.fromkeys(words, Stage(stage)))
    return statuses


def _as_read(table: Mapping[str, list[str]], shape: Shape) -> Mapping[str, list[str]]:
    """Return lists of statuses as task files have them read: in lines of text ``✅ Done`` is ``Done``."""
    if not isinstance(shape, StatusLines):
        return table
    from taskcheck.documents.statusline import without_marks

    return {name: list(map(without_marks, words)) for name, words in table.items()}


def _folders(table: Mapping[str, str | list[str]]) -> dict[str, frozenset[Stage]]:
    """Return the classes of each folder that says something of its tasks."""
    return {folder.rstrip("/"): frozenset(map(Stage, _listed(stages))) for folder, stages in table.items()}


def _suppressions(tables: Sequence[Mapping[str, Any]], lines: list[int]) -> tuple[Suppression, ...]:
    """Return the suppressions, each with its line where every one's is known."""
    lines_are_known = len(lines) == len(tables)
    suppressions = []
    for number, table in enumerate(tables):
        line = lines[number] if lines_are_known else None
        suppressions.append(Suppression(**{**table, "until": _day(table.get("until")), "line": line}))
    return tuple(suppressions)


def _listed(value: str | list[str]) -> list[str]:
    """Return a value that may stand alone or in a list, as a list."""
    return [value] if isinstance(value, str) else value


def _day(value: date | datetime | str | None) -> str | None:
    """Return the day of a date or time, as text."""
    return re.split(r"[T ]", str(value))[0] if value is not None else None
