"""Make docs/messages.md from the messages that the fixtures expect; docs/generate.py writes it."""

import re
import sys
import tomllib
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from tests.messages import Message, all_messages

from taskcheck import Rule
from taskcheck.config import load as config
from taskcheck.config.schema import FieldsTable

INTRODUCTION = """\
# Messages

This page lists the messages of each rule, with names from the fixtures. It shows one example of messages that differ
only in names, statuses, values and numbers. [CONTRIBUTING](../CONTRIBUTING.md#messages) defines their style.
"""

_VALUE = re.compile(r"'[^']*'|`[^`]*`|\S*[-/@_.#\d]\S*\w")
"""Quoted values, and words with a mark or a number: ids, paths, keys, ages."""
OTHERS = {"mia", "roger", "a", "b", "c", "d", "w", "y", "z", "one", "two", "three", "quiet", "gone"}
"""Names of other tasks, people and worktrees in the fixtures' messages."""
_SEVERAL = re.compile(r"…(,? (and )?…)+")


def page(rules: Iterable[Rule]) -> str:
    """Return the page, a section for each rule."""
    messages = all_messages()
    names = _names(messages)
    by_rule = {name: list(found) for name, found in groupby(messages, key=lambda message: message.rule)}
    sections = [_section(rule, by_rule.get(rule.name, []), names) for rule in rules]
    return "\n".join([INTRODUCTION, *sections])


def _section(rule: Rule, messages: list[Message], names: set[str]) -> str:
    """Return the messages of a rule: each shape once, with all severities that it has in the fixtures."""
    shapes: dict[str, list[Message]] = {}
    for message in messages:
        shapes.setdefault(_shape(message.text, names), []).append(message)
    lines = sorted(_line(alike) for alike in shapes.values())
    return "\n".join([f"## {rule.name}", "", f"[{rule.family}](rules/{rule.name}.md)", "", *lines, ""])


def _line(alike: list[Message]) -> str:
    """Return the line of the page for messages of one shape: the shortest of them."""
    shortest = min(alike, key=lambda message: (len(message.text), message.text))
    levels = sorted({message.level for message in alike})
    return f"- {shortest.text.replace('*', chr(92) + '*')} ({', '.join(levels)})"


def _names(messages: list[Message]) -> set[str]:
    """Return the words that differ from store to store: ids, managers, statuses and fields."""
    known = {message.subject for message in messages}
    for text in config.builtin_presets().values():
        preset = tomllib.loads(text)
        for words in preset.get("statuses", {}).values():
            known.update(words)
        known.update(key for key in preset.get("fields", {}).values() if isinstance(key, str))
    return {*known, *FieldsTable.model_fields, *OTHERS}


def _shape(text: str, names: set[str]) -> str:
    """Return a message without the words that differ from store to store."""
    plain = _VALUE.sub("…", text)
    words = ["…" if word.strip(",;:()?") in names else word for word in plain.split(" ")]
    return _SEVERAL.sub("…", " ".join(words))
