"""Make the shell completions from the parsers of the commands, with shtab; docs/generate.py writes them.

They are files of the package, so users don't need shtab, and don't wait until all parsers are made.
"""

import argparse
import re
from importlib import import_module

import shtab

from taskcheck.cli import COMMANDS
from taskcheck.cli.completion import SHELLS
from taskcheck.formats import FORMATS

FOLDER = "../src/taskcheck/cli/completions"
NAMED = {"TASK": "tasks", "TASK|PATH": "tasks", "--owner": "people", "owner": "people", "rule": "rules"}
"""The values of an argument, by its placeholder, its option or its command."""
OTHER_NAME = {
    "bash": ("taskcheck\n", "complete -o bashdefault -F _shtab_taskcheck taskcheck-lint\n"),
    "zsh": ("#compdef taskcheck\n", "#compdef taskcheck taskcheck-lint\n"),
    "fish": ("", "complete -c taskcheck-lint -w taskcheck\n"),
}
"""The text that makes a shell complete the second name of the command too: at the end, or instead of a line."""

_AS_CHECK = re.compile(r"^_shtab_taskcheck_check_pos_0_COMPGEN=(.*)$", re.MULTILINE)
"""How bash completes the arguments of `check`, also if no command is named."""


def pages() -> dict[str, str]:
    """Return the script of each shell by its path below docs/."""
    return {f"{FOLDER}/taskcheck.{shell}": script(shell) for shell in SHELLS}


def script(shell: str) -> str:
    """Return a script that completes both names of the command."""
    text = _AS_CHECK.sub(
        r"\g<0>\n_shtab_taskcheck_pos_0_COMPGEN=\1", shtab.complete(_whole(), shell).rstrip("\n") + "\n"
    )
    line, other = OTHER_NAME[shell]
    return text.replace(line, other, 1) if line.startswith("#") else text + other


def _whole() -> argparse.ArgumentParser:
    """Return one parser for all commands; without a command, it has the arguments of `check`."""
    whole = argparse.ArgumentParser(prog="taskcheck")
    whole.add_argument("--version", action="version", version="", help="say which version this is")
    commands = whole.add_subparsers()
    for name, about in COMMANDS.items():
        _add(name, commands.add_parser(name, help=about))
    _add("check", whole)
    return whole


def _add(name: str, parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command to a parser, each with its completion."""
    import_module(f"taskcheck.cli.{name}").arguments(parser)
    for action in list(parser._actions):  # noqa: SLF001 - argparse has no other way to walk them
        _complete(action, name)
        is_of_check = parser.prog == "taskcheck" and action.metavar == "TASK|PATH"
        if is_of_check:
            parser._remove_action(action)  # noqa: SLF001 - the commands stand in its place, and complete tasks


def _complete(action: argparse.Action, name: str) -> None:
    """Set the completion of an argument of a command."""
    option = next(iter(action.option_strings), name)
    what = NAMED.get(str(action.metavar)) or (NAMED.get(option) if action.metavar == "NAME" else None)
    if option == "--format":
        action.choices = tuple(FORMATS)
    if what:
        action.complete = _names(what)  # type: ignore[attr-defined]
    elif action.metavar in {"DIR", "FILE"}:
        action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]


def _names(what: str) -> dict[str, str]:
    """Return the code that asks the command for the names of tasks, rules or people."""
    return shtab.cmd(f"taskcheck completion --names {what} 2>/dev/null")
