"""Print the canonical key of a person for any spelling. Registers and snapshots are named after this key.

Each line has the key (``-`` for a role or an unknown name), a tab and the reason. The exit code is 1 if any of the
names isn't a person.
"""

import argparse
from typing import TYPE_CHECKING

from taskcheck.cli.common import guarded, opened, store_options
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.config.people import People


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a person's name in any spelling")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """Resolve each name."""
    directory = guarded(lambda: opened(options).directory())
    are_persons = [_told(name, directory) for name in options.names]
    return int(not all(are_persons))


def _told(name: str, directory: "People") -> bool:
    """Print what a name is; return whether it is a person's."""
    owner = directory.resolve(name)
    if owner is None:
        close = directory.suggestions(name)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        print(f"-\t{visible(name)} is neither a declared person nor a role{hint}")
        return False
    declared = visible(directory.declared_in.get(owner.key, "?"), None)
    if owner.kind == "person":
        print(f"{visible(owner.key)}\tperson, declared in {declared}")
        return True
    routed = visible(directory.route(name).why, None)
    print(f"-\t{routed}, declared in {declared}; registers are named after persons")
    return False
