"""Write a taskcheck.toml from what lies here: preset, people with their spellings, roles, statuses.

An existing configuration is never overwritten.
"""

import argparse
import os

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, store_options
from taskcheck.formats.sanitize import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    store_options(parser)
    parser.add_argument("--print", dest="dry", action="store_true", help="print it, write nothing")


def run(options: argparse.Namespace) -> int:
    """Look, propose, write."""
    from taskcheck import config  # noqa: PLC0415 - not needed for --help
    from taskcheck.checking import Request, Store, open_store  # noqa: PLC0415 - as above
    from taskcheck.proposal import Proposal, propose  # noqa: PLC0415 - as above
    from taskcheck.read import locate  # noqa: PLC0415 - as above

    root = guarded(lambda: locate(options.root)).root
    existing = config.find(root)
    if existing is not None and not options.dry:
        raise Failure(f"{existing} is there already; `taskcheck init --print` shows what would be written")

    def look() -> tuple[Store, Proposal]:
        store = open_store(Request(root=options.root, config=options.config))
        _, parsed = store.files()
        if not parsed.tasks and not parsed.ledgers.files:
            raise Failure(f"neither task files nor runtime ledgers found in {root} (preset {store.settings.preset})", 4)
        return store, propose(store.settings, parsed, detected=store.detected)

    _, proposal = guarded(look)
    if options.dry:
        print(proposal.text, end="")
        return 0
    path = root / config.FILE
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(proposal.text)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    print(f"wrote {path}")
    for note in proposal.notes:
        print(f"  look at: {visible(note)}")
    print("next: taskcheck")
    return 0
