"""Write a taskcheck.toml from what lies here: preset, people with their spellings, roles, statuses.

An existing configuration is never overwritten. With --hook nothing is: what makes a commit check is printed.
"""

import argparse
import json
import os
import shlex
import sys

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, store_options
from taskcheck.formats.sanitize import visible

PRE_COMMIT = """\
repos:
  - repo: https://github.com/taskcheck/taskcheck
    rev: v{version}
    hooks:
      - id: taskcheck
"""
GIT = """\
#!/bin/sh
# Stops a commit by what the commit itself decides. It is the hook of all worktrees, as an executable file named
# pre-commit in the folder that `git rev-parse --git-path hooks` names.
set -- check --gate commit{root}
if command -v taskcheck >/dev/null; then exec taskcheck "$@"; fi
exec {python} -P -m taskcheck "$@"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    store_options(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--print", dest="dry", action="store_true", help="print it, write nothing")
    what.add_argument(
        "--hook",
        choices=("pre-commit", "git"),
        help="print the block for .pre-commit-config.yaml, or a hook for git alone",
    )


def run(options: argparse.Namespace) -> int:
    """Look, propose, write."""
    from taskcheck.cli.proposal import Proposal, propose
    from taskcheck.config import load as config
    from taskcheck.read.locate import locate
    from taskcheck.store import Store, Where, open_store

    location = guarded(lambda: locate(options.root))
    if options.hook:
        print(_hook(options, location.prefix.rstrip("/")), end="")
        return 0
    root = location.root
    existing = config.find(root)
    if existing is not None and not options.dry:
        raise Failure(f"{existing} is there already; `taskcheck init --print` shows what would be written")

    def look() -> tuple[Store, Proposal]:
        store = open_store(Where(root=options.root, config=options.config))
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
    print(f"wrote {visible(str(path), None)}")
    for note in proposal.notes:
        print(f"  look at: {visible(note)}")
    print("next: taskcheck")
    print("then, to check each commit: taskcheck init --hook pre-commit, or --hook git")
    return 0


def _hook(options: argparse.Namespace, folder: str) -> str:
    """Return what a commit is checked by; git and pre-commit start it at the top of the checkout that commits."""
    if options.config:
        raise Failure("--hook takes no --config: the hook reads the configuration of the store")
    root = f"--root={folder}"
    if options.hook == "git":
        return GIT.format(root=f" {shlex.quote(root)}" if folder else "", python=shlex.quote(sys.executable))
    from taskcheck.version import __version__

    block = PRE_COMMIT.format(version=__version__)
    return f"{block}        args: [{json.dumps(root)}]\n" if folder else block
