"""The messages that the fixtures expect, one of each line of their expect.txt."""

import re
from pathlib import Path
from typing import NamedTuple

FIXTURES = Path(__file__).parent.parent / "fixtures"

_LINE = re.compile(r"(?P<path>.*?):\d+:\d+: (?P<level>\w+): (?P<rule>[\w-]+): (?P<subject>.+?): (?P<text>.*)")


class Message(NamedTuple):
    """A message, and what its line says of it."""

    rule: str
    level: str
    subject: str
    """The task or the manager; ``repository`` where it is about neither."""
    path: str
    """Of the file, with its checkout unless that is root."""
    text: str


def all_messages() -> list[Message]:
    """Return the messages of all fixtures, each once, sorted by rule and text."""
    found = set()
    for file in FIXTURES.rglob("expect.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            match = _LINE.fullmatch(line)
            if match is not None:
                found.add(Message(**match.groupdict()))
    return sorted(found, key=lambda message: (message.rule, message.text, message))
