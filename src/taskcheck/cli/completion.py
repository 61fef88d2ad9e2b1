"""Print what makes a shell complete commands, options, tasks, rules and people.

bash   taskcheck completion bash > ~/.local/share/bash-completion/completions/taskcheck
zsh    taskcheck completion zsh  > "${fpath[1]}/_taskcheck"
fish   taskcheck completion fish > ~/.config/fish/completions/taskcheck.fish
"""

import argparse
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from taskcheck.cli import COMMANDS
from taskcheck.cli.common import guarded, store_place
from taskcheck.formats import FORMATS
from taskcheck.formats.sanitize import visible

SHELLS = ("bash", "zsh", "fish")

_NAMED = {"TASK": "tasks", "TASK|PATH": "tasks", "--owner": "people", "owner": "people", "rule": "rules"}
"""What an argument takes, by its placeholder, its option or its command."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("shell", nargs="?", choices=SHELLS, help="the shell")
    what.add_argument("--names", choices=("tasks", "rules", "people"), help="list what a shell offers")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Print the script, or the names that it asks for."""
    if options.names:
        for name in guarded(lambda: _names(options)):
            print(visible(name, None))
        return 0
    import shtab

    print(shtab.complete(_whole(shtab), options.shell))
    return 0


def _names(options: argparse.Namespace) -> Iterable[str]:
    from taskcheck.store import Where, open_store

    store = open_store(Where(root=options.root, config=options.config))
    if options.names == "rules":
        return sorted(store.rules)
    _, parsed = store.files()
    return parsed.people.persons if options.names == "people" else [task.id for task in parsed.tasks]


def _whole(shtab: Any) -> argparse.ArgumentParser:
    """Return all commands in one parser, with what completes their arguments."""
    whole = argparse.ArgumentParser(prog="taskcheck")
    commands = whole.add_subparsers()
    for name, about in COMMANDS.items():
        parser = commands.add_parser(name, help=about)
        import_module(f"taskcheck.cli.{name}").arguments(parser)
        for action in parser._actions:  # noqa: SLF001 - argparse has no other way to walk them
            option = next(iter(action.option_strings), name)
            what = _NAMED.get(str(action.metavar)) or (_NAMED.get(option) if action.metavar in {"NAME"} else None)
            if option == "--format":
                action.choices = tuple(FORMATS)
            if what:
                action.complete = shtab.cmd(f"taskcheck completion --names {what} 2>/dev/null")  # type: ignore[attr-defined]
            elif action.metavar in {"DIR", "FILE"}:
                action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    return whole
