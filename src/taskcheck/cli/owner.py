"""Print the canonical key of a person or role, by any spelling.

One line each: the key (``-`` for nobody), a tab, and why. Exits 1 when any of them is nobody.
"""

import argparse

from taskcheck.cli.common import guarded, opened, store_options
from taskcheck.formats.sanitize import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a spelling")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """Resolve each name."""
    directory = guarded(lambda: opened(options).directory())
    nobody = False
    for name in options.names:
        owner = directory.resolve(name)
        if owner:
            declared = directory.declared_in.get(owner.key, "?")
            print(f"{visible(owner.key)}\t{owner.kind}, declared in {visible(declared, None)}")
        else:
            nobody = True
            close = directory.suggestions(name)
            hint = f"; {' or '.join(close)}, perhaps?" if close else ""
            print(f"-\t{visible(name)} is neither a declared person nor a role{hint}")
    return int(nobody)
