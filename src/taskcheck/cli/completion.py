"""Print a script that lets a shell complete commands, options, tasks, rules and people.

Save the script where the shell looks for it:
  bash   taskcheck completion bash > ~/.local/share/bash-completion/completions/taskcheck
  zsh    taskcheck completion zsh  > "${fpath[1]}/_taskcheck"
  fish   taskcheck completion fish > ~/.config/fish/completions/taskcheck.fish
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from taskcheck.cli.common import guarded, store_place
from taskcheck.formats.sanitize import visible

SHELLS = ("bash", "zsh", "fish")
SCRIPTS = Path(__file__).parent / "completions"
"""What docs/completions.py wrote for each of them."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("shell", nargs="?", choices=SHELLS, help="shell to print the script for")
    what.add_argument("--names", choices=("tasks", "rules", "people"), help="list the names that a completion offers")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Print the script, or the names that it asks for."""
    if options.names:
        for name in guarded(lambda: _names(options)):
            print(visible(name, None))
        return 0
    print((SCRIPTS / f"taskcheck.{options.shell}").read_text(encoding="utf-8"), end="")
    return 0


def _names(options: argparse.Namespace) -> Iterable[str]:
    from taskcheck.store import Where, open_store

    store = open_store(Where(root=options.root, config=options.config, preset=options.preset))
    if options.names == "rules":
        return sorted(store.rules)
    _, parsed = store.files()
    return parsed.people.persons if options.names == "people" else [task.id for task in parsed.tasks]
