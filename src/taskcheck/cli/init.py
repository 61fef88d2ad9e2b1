"""Write a taskcheck.toml for this repository: preset, people with their spellings, roles, statuses.

If no preset matches the store, the command lists the keys and statuses that it found in files, and proposes paths,
fields and statuses. It never overwrites an existing configuration. With --hook, it writes nothing and prints a hook
that checks each commit.
"""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, store_options
from taskcheck.documents.frozen import frozen
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.assemble.heap import Heap
    from taskcheck.assemble.parse import Parsed
    from taskcheck.store import Store

PRE_COMMIT = """\
repos:
  - repo: https://github.com/taskcheck/taskcheck
    rev: v{version}
    hooks:
      - id: taskcheck
"""
GIT = """\
#!/bin/sh
# Stops a commit that adds a fault. To install it for all worktrees, save it as an executable file named pre-commit
# in the folder that `git rev-parse --git-path hooks` prints.
set -- check --gate commit{root}
if command -v taskcheck >/dev/null; then exec taskcheck "$@"; fi
exec {python} -P -m taskcheck "$@"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    store_options(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--print", "--dry-run", dest="dry", action="store_true", help="print the configuration; write nothing"
    )
    what.add_argument("--yes", action="store_true", help="write without asking, even if no preset matches the store")
    what.add_argument(
        "--hook",
        choices=("pre-commit", "git"),
        help="print a block for .pre-commit-config.yaml, or a plain git hook",
    )
    what.add_argument(
        "--agents", action="store_true", help="print lines for AGENTS.md and the stop hooks of coding agents"
    )


@frozen
class _Found:
    """A configuration to write, with notes."""

    store: "Store"
    text: str
    notes: tuple[str, ...]
    table: tuple[str, ...] = ()
    """The files that were found, if no preset matches the store."""


def run(options: argparse.Namespace) -> int:
    """Survey the store, write a configuration, and print the result of a check with it."""
    if options.agents:
        from taskcheck.cli.stophook import setup

        print(setup(), end="")
        return 0
    from taskcheck.config import load as config
    from taskcheck.plugins import manager
    from taskcheck.read.locate import locate_store

    presets = guarded(lambda: manager.load(third_party=True).all_presets())
    location = guarded(lambda: locate_store(options.root, presets.values()))
    if options.hook:
        print(_hook(options, location.prefix.rstrip("/")), end="")
        return 0
    existing = config.find(location.root)
    if existing is not None and not options.dry:
        raise Failure(f"{existing} already exists; `taskcheck init --print` prints the proposed configuration")
    found = guarded(lambda: _look(options))
    if options.dry:
        _rehearse(found, options)
        return 0
    _make(found, location.root / config.FILE, options)
    print("next: taskcheck")
    print("then, to check each commit: taskcheck init --hook pre-commit, or --hook git")
    return 0


def _rehearse(found: _Found, options: argparse.Namespace) -> None:
    """Print the configuration; on stderr, the files that were found, and the result of a check with it."""
    for line in found.table:
        complain(visible(line, None))
    print(found.text, end="")
    if found.table:
        _tell_check(found, options, complain)


def _make(found: _Found, path: Path, options: argparse.Namespace) -> None:
    """Write the configuration; if no preset matches the store, also print the files and the result of a check.

    Raises:
        Failure: the user didn't agree, or the file can't be written.
    """
    for line in found.table:
        print(visible(line, None))
    if found.table and not options.yes and not _agreed(path):
        raise Failure("nothing was written", 1)
    _write(path, found)
    if found.table:
        _tell_check(found, options, print)


def _look(options: argparse.Namespace) -> _Found:
    """Return the configuration for the store, with notes.

    Raises:
        Failure: there are no possible tasks.
    """
    from taskcheck.cli.proposal import propose
    from taskcheck.store import Where, open_store

    store = open_store(Where(root=options.root, config=options.config, preset=options.preset))
    _, parsed = store.files()
    is_other = not store.settings.required and not _fits(store, parsed)
    if is_other and _seen(store):
        return _unknown(store)
    if parsed.tasks or parsed.ledgers.files or has_only_marks(store, _seen(store)):
        proposal = propose(store.settings, parsed, _samples_among(store), detected=store.detected)
        return _Found(store, proposal.text, proposal.notes)
    return _unknown(store)


def _samples_among(store: "Store") -> list[str]:
    """Return the patterns of the templates and the like that would be tasks as soon as there is a configuration."""
    from taskcheck.config.samples import place_of_sample
    from taskcheck.documents.frozen import replace
    from taskcheck.read.survey import samples
    from taskcheck.read.tasks import TaskPaths

    now, then = (TaskPaths.of(each).globs for each in (store.settings, replace(store.settings, samples=frozenset())))
    among = (path for path in samples(store.location) if now.name(path) is None and then.name(path) is not None)
    return sorted(set(map(place_of_sample, among)))


def has_only_marks(store: "Store", found: "Iterable[Heap]") -> bool:
    """Return whether a store has a preset's marks, and nothing else in any folder with a usual name of task folders."""
    return store.detected and not any(heap.is_readable and heap.is_called_so for heap in found)


def _fits(store: "Store", parsed: "Parsed") -> bool:
    """Return whether some task file has all keys that the default preset requires."""
    preset = store.plugins.all_presets()[store.settings.preset]
    asked = {store.settings.fields.get(name, name) for name in preset.tables["fields"]["required"]}
    return any(asked <= task.front.keys() for task in parsed.tasks)


def _seen(store: "Store") -> "tuple[Heap, ...]":
    """Return the possible tasks in the store's folder."""
    from taskcheck.assemble.survey import heaps
    from taskcheck.read.survey import survey

    return heaps(survey(store.location))


def _unknown(store: "Store") -> _Found:
    """Return the configuration for a store that no preset matches, from its files.

    Raises:
        Failure: there are no possible tasks.
    """
    import tomli_w

    from taskcheck.assemble.survey import table
    from taskcheck.cli.apart import in_worktrees
    from taskcheck.cli.custom import propose_custom
    from taskcheck.cli.proposal import people
    from taskcheck.read.survey import samples

    found = _seen(store)
    lines = tuple(table(found))
    custom = propose_custom(found, samples(store.location), beside_marks=store.detected)
    if custom is None:
        nothing = f"neither task files nor runtime ledgers found in {store.location.root}"
        seen = ("nothing else here looks like a store:", *lines) if lines else ()
        told = (f"{nothing} (preset {store.settings.preset})", *seen, *in_worktrees(store))
        raise Failure("\n  ".join(visible(line, None) for line in told), 4)
    persons, notes = people(_configured(store, custom.text).files()[1], has_managers=False)
    text = f"{custom.text}\n{tomli_w.dumps({'people': persons})}" if persons else custom.text
    return _Found(store, text, (*custom.notes, *notes), lines)


def _configured(store: "Store", text: str) -> "Store":
    """Return the store with a configuration that isn't written yet."""
    from taskcheck.config import load as config
    from taskcheck.documents.frozen import replace

    settings = config.load(store.location.root, store.plugins.all_presets(), given={config.FILE: text.encode()})
    return replace(store, settings=settings)


def _agreed(path: Path) -> bool:
    """Return whether the configuration may be written; on a terminal, ask the user."""
    if not sys.stdin.isatty():
        return True
    complain(f"write {visible(str(path), None)}? [y/N]")
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _write(path: Path, found: _Found) -> None:
    """Write the configuration if none exists, and print the notes."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(found.text)
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    print(f"wrote {visible(str(path), None)}")
    for note in found.notes:
        print(f"  look at: {visible(note)}")


def _tell_check(found: _Found, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Print the result of a check with the configuration."""
    from taskcheck.checks import check_store
    from taskcheck.formats.text import summary
    from taskcheck.store import Request

    report = guarded(lambda: check_store(_configured(found.store, found.text), Request(now=options.now)))
    for line in summary(report):
        say(line)


def _hook(options: argparse.Namespace, folder: str) -> str:
    """Return the hook that checks commits; git and pre-commit start it at the top of the checkout."""
    if options.config or options.preset:
        raise Failure("--hook takes no --config and no --preset: the hook reads the configuration of the store")
    root = f"--root={folder}"
    if options.hook == "git":
        return GIT.format(root=f" {shlex.quote(root)}" if folder else "", python=shlex.quote(sys.executable))
    from taskcheck.version import __version__

    block = PRE_COMMIT.format(version=__version__)
    return f"{block}        args: [{json.dumps(root)}]\n" if folder else block
