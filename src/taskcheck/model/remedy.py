"""What settles a finding that no fix repairs: a command, an edit by hand, or a wait; declared by its rule."""

from taskcheck.documents.frozen import frozen
from taskcheck.model.task import Place


@frozen
class Command:
    """A command that settles a finding when it is run in the store's folder.

    Example:
        ``Command(("taskcheck", "run", "{task}", "--", "COMMAND"), blanks=(("COMMAND", "what does the work"),))``
    """

    words: tuple[str, ...]
    """As a program gets them, not as a shell reads them."""
    blanks: tuple[tuple[str, str], ...] = ()
    """Words that whoever runs it replaces, each with what may stand there."""
    note: str = ""
    """What one has to know beside it."""
    needs: tuple[str, ...] = ()
    """What the store has to have: ``tombstones`` (a path for them), ``people`` (somebody who is declared)."""


@frozen
class HandEdit:
    """A change of a file that only a person can make."""

    says: str
    """What is so when it is made; completes "edit tasks/a.md:4 so that …"."""
    place: Place | None = None
    """Where; None for the place of the finding."""


@frozen
class Wait:
    """Something that happens by itself, and settles the finding."""

    says: str
    """What; completes "wait for …"."""


Remedy = Command | HandEdit | Wait
"""What a rule declares, or a finding of it brings.

In its words and sentences ``{task}``, ``{manager}``, ``{path}`` (of the finding) and ``{outcomes}`` (those that the
store has, with what each needs) stand for what they name. A word of a command is such a name, or has none in it.
"""
