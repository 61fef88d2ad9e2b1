"""Undo a fix: restore the content, mode and modification time of all its files, or of none.

Without an ID, the last fix is undone. The command refuses if anyone has changed one of the files since. A fix that was
interrupted is first completed or rolled back.
"""

import argparse
from typing import TYPE_CHECKING

from taskcheck.cli.common import guarded, store_place
from taskcheck.formats.sanitize import visible

if TYPE_CHECKING:
    from taskcheck.write.journal import Journal


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the fix to undo; default: the last one")
    parser.add_argument("--list", action="store_true", help="list the fixes that can be undone; change nothing")
    store_place(parser)


def run(options: argparse.Namespace) -> int:
    """Undo, print what was undone, and the exit code."""
    from taskcheck.fix import repair
    from taskcheck.store import Where, open_store

    store = guarded(lambda: open_store(Where(root=options.root, config=options.config, preset=options.preset)))
    if options.list:
        for record in guarded(lambda: repair.fixes(store)):
            print(_listed(record))
        return 0
    journal, recovered = guarded(lambda: repair.take_back(store, options.id))
    if recovered:
        print(f"recovered: {visible(recovered, None)}")
    if journal is None:
        print("there is no fix to undo")
        return 0
    for file in journal.files:
        done = "removed" if file.after is None else "restored"
        path = visible(file.path, None)
        print(f"{done}  {path}")
    undone = visible(journal.undoes or "")
    print(f"undone: {undone}, {_files(journal)}")
    return 0


def _listed(record: "Journal") -> str:
    """Return a fix as a list of those shows it that can be undone."""
    made = []
    for fix in record.fixes:
        about = fix["task"] or fix["manager"] or ""
        text = f"{fix['rule']} {about}"
        made.append(text.strip())
    name = visible(record.id)
    at = visible(record.at)
    files = _files(record)
    what = visible(", ".join(made))
    return f"{name}  {at}  {files}  {what}"


def _files(journal: "Journal") -> str:
    number = len(journal.files)
    ending = "" if number == 1 else "s"
    return f"{number} file{ending}"
