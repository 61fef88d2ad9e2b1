"""Make docs/commands.md from the parsers and docstrings of the commands; docs/generate.py writes it."""

import argparse
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise

from taskcheck.cli import COMMANDS

INTRODUCTION = """\
# Commands

`taskcheck` without a command runs `taskcheck check`. `taskcheck COMMAND --help` prints the same text as this page.

| exit code | meaning |
|---|---|
| 0 | clean |
| 1 | findings at or above `--fail-on` (default `error`); `route`, `run` and `finish` refuse, with the reason |
| 2 | usage or configuration error |
| 3 | the result is unreliable because something failed; the report names the failure |
| 4 | neither task files nor runtime ledgers were found |

The exit code is also 3 if stdout can't be written, and 141 if the reader closes the pipe (`taskcheck | head`).
"""


def page() -> str:
    """Return the page, with a section for each command."""
    return "\n".join([INTRODUCTION, *map(_section, COMMANDS)])


def _section(name: str) -> str:
    """Return the section of a command: purpose, usage, and each option."""
    module = import_module(f"taskcheck.cli.{name}")
    parser = argparse.ArgumentParser(prog=f"taskcheck {name}")
    module.arguments(parser)
    rows = list(_rows(parser))
    lines = [f"## taskcheck {name}", "", _told(module.__doc__ or ""), ""]
    return "\n".join([*lines, "| argument | description |", "|---|---|", *rows, ""])


def _told(docstring: str) -> str:
    """Return a docstring as Markdown: indented lines are code, with a blank line before the first."""
    lines = [f"    {line.strip()}" if line.startswith(" ") else line for line in docstring.strip().split("\n")]
    spaced = [
        f"\n{line}" if line.startswith(" ") and before and not before.startswith(" ") else line
        for before, line in pairwise(["", *lines])
    ]
    return "\n".join(spaced)


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield a row for each argument and option, except `--help`."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to walk them
        if action.dest == "help":
            continue
        names = ", ".join(_code(_named(option, action)) for option in action.option_strings) or _code(_metavar(action))
        default = f" (default: {action.default})" if _has_default(action) else ""
        about = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
        yield f"| {names} | {about}{default} |"


def _code(text: str) -> str:
    """Return a text as code in a cell of a table; Markdown parsers disagree about a bar in it."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _named(option: str, action: argparse.Action) -> str:
    """Return an option with its value."""
    return option if action.nargs == 0 else f"{option} {_metavar(action)}"


def _metavar(action: argparse.Action) -> str:
    """Return the name of an argument: its metavar, its choices, or its own name."""
    if isinstance(action.metavar, str):
        return action.metavar
    if action.choices is not None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return action.dest.upper()


def _has_default(action: argparse.Action) -> bool:
    """Return whether an option has a default that matters and that its help doesn't contain."""
    is_worth = isinstance(action.default, str | int) and not isinstance(action.default, bool)
    return is_worth and bool(action.default) and action.nargs != 0 and "default" not in (action.help or "")
