"""What `check --show-settings` and `--show-files` print: how the store is configured, and what its tasks are."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from taskcheck.documents.shape import file_of
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.model.task import Task
    from taskcheck.store import Store

WIDTH = 70
"""Columns after which the origin of a value stands, where there is room."""


def settings_lines(store: "Store", options: argparse.Namespace) -> Iterator[str]:
    """Yield every key of the configuration as TOML has it, with where its value comes from."""
    from taskcheck.config import load as config
    from taskcheck.config.origins import origins

    known = config.presets({**config.builtin_presets(), **store.plugins.presets()})
    given = {
        "rules.select": list(options.select),
        "rules.ignore": list(options.ignore),
        "checkouts.branches": list(options.branches),
        "baseline": str(options.baseline) if options.baseline else None,
        "preset": options.preset,
    }
    for each in origins(store.location.root, known, options.config, given, _usual(store)):
        if each.value is not None:
            yield visible(f"{f'{each.key} = {toml(each.value)}':<{WIDTH}}  # {each.origin}", None)
    listed = store.settings.vocabulary
    if listed.words:
        yield visible(f"# {listed.file} lists the statuses {', '.join(sorted(listed.words))}", None)


def _usual(store: "Store") -> dict[str, dict[str, Any]]:
    """Return what holds for the options of each rule that has some, where no configuration says anything."""
    from taskcheck.engine.options import options_of

    told = {}
    for name, rule in sorted(store.rules.items()):
        former = store.settings.options.keys() & {*rule.formerly}
        usual = {option.name: option.usual for option in options_of(rule)}
        told[min(former, default=name)] = usual
    return told


def file_lines(store: "Store") -> Iterator[str]:
    """Yield every file that counts as a task, and every other Markdown beside these with why it doesn't."""
    from taskcheck.read.beside import passed_over

    sources, parsed = store.files()
    told = set()
    for word, tasks in (("task    ", parsed.tasks), ("archived", parsed.archived)):
        for task in tasks:
            path = file_of(task.place.path)
            told.add(path)
            yield visible(f"{word}  {path}  ({_told(task)})", None)
    for source in sources.tasks:
        if source.path not in told:
            yield visible(f"no task   {source.path}: it has no {store.settings.fields['status']}", None)
    for path, reason in passed_over(store.location, store.settings):
        word = "unread " if path in parsed.unread else "no task"
        yield visible(f"{word}   {path}: {reason}", None)


def _told(task: "Task") -> str:
    """Return the id of a task and its status, or why it can't be read."""
    if task.trouble is not None and task.document is None:
        return f"{task.id}, can't be read: {task.trouble.message}"
    return f"{task.id}, {task.status or 'no status'}"


def toml(value: Any) -> str:
    """Return a value as TOML has it, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        members = [f"{key} = {toml(item)}" for key, item in value.items()]
        return f"{{{', '.join(members)}}}"
    return str(value)


def _text(text: str) -> str:
    """Return a text as TOML has it."""
    import json

    return json.dumps(text, ensure_ascii=False)
