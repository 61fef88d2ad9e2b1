"""The messages of the rules keep the style of CONTRIBUTING, as far as a program can tell."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskcheck.plugins import manager as plugins
from tests.conftest import ROOT
from tests.messages import Message, all_messages

MESSAGES = all_messages()
LONGEST = 200
"""Characters of a message, without the names in it."""

_NAME = re.compile(r"\S*[-/@_.]\S*")
"""A word with a mark in it: an id, a path, a key."""
_PRONOUNS = {"it", "its", "it's", "there", "there's", "still", "the", "this", "that", "nothing", "nobody", "somebody"}
_UNCLEAR = re.compile(
    r"\b((is|are|was|were) to be|sees? to|mend(s|ed)?|told|by itself|of its own accord|by now|nobody's|goes with)\b",
    re.I,
)


def test_every_rule_has_messages() -> None:
    """What is held to the style here is what all rules say."""
    assert {message.rule for message in MESSAGES} == set(plugins.load(third_party=False).rules())


def test_messages_stand_alone() -> None:
    assert not {f"{message.rule}: {message.text}": found for message in MESSAGES if (found := breaches(message))}


def breaches(message: Message) -> list[str]:
    """Return what is against the style in a message."""
    words = without_names(message)
    found = {
        "its subject comes first": begins_with_a_pronoun(message),
        "it means nothing outside of its row": not names_its_subject(message),
        "an unclear word": _UNCLEAR.search(words) is not None,
        f"longer than {LONGEST} characters": len(words) > LONGEST,
        "a full stop": message.text.endswith("."),
    }
    return [breach for breach, is_so in found.items() if is_so]


def begins_with_a_pronoun(message: Message) -> bool:
    """Return whether a message begins with a word that stands for what only its row names."""
    first = message.text.split()[0]
    return first != message.subject and first.lower() in _PRONOUNS


def names_its_subject(message: Message) -> bool:
    """Return whether a message names the task or the manager that it is about, its file, root or worktrees."""
    path = message.path.rpartition(":")[2]
    if path in message.text:
        return True
    if message.subject == "repository":
        return re.match(r"(root|\d+ (worktree|checkout)s?|suppression of) ", message.text) is not None
    return re.search(rf"(?<![\w-]){re.escape(message.subject)}(?![\w-])", message.text) is not None


def without_names(message: Message) -> str:
    """Return a message without its subject and other names, which may be long and are anybody's words."""
    return _NAME.sub("", message.text.replace(message.subject, ""))


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("its worker is gone", False),
        ("worker of fix-login is gone", True),
        ("worker of fix-login-2 is gone", False),
        ("task file tasks/fix-login.md can't be read", True),
    ],
)
def test_a_message_that_needs_its_row_is_noticed(text: str, stands: bool) -> None:
    message = Message(rule="r", level="error", subject="fix-login", path="tasks/fix-login.md", text=text)
    assert names_its_subject(message) is stands
    assert begins_with_a_pronoun(message) is text.startswith("its")


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a module that aren't docstrings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_docstring = isinstance(node, ast.Expr)
        if is_docstring:
            continue
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                yield child.value


@pytest.mark.parametrize("folder", ["rules/taskcheck_rules", "src/taskcheck"])
def test_no_text_has_an_unclear_word(folder: str) -> None:
    """Also what is expected, titles of fixes, why they aren't safe, next steps."""
    unclear = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        for text in texts(path):
            if _UNCLEAR.search(text):
                unclear.append(f"{path.relative_to(ROOT)}: {text}")
    assert not unclear
