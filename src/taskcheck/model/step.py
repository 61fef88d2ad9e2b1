"""What to do next about an incident."""

from taskcheck.documents.frozen import frozen
from taskcheck.model.task import Place


@frozen(kw_only=True)
class Step:
    """What to do next: a command, an edit by hand, or a wait."""

    kind: str
    """``fix``, ``command``, ``edit``, ``wait``; ``explain`` where only the documentation tells."""
    text: str
    """The command, its words ready for a shell; or a sentence without a full stop."""
    words: tuple[str, ...] = ()
    """The words of a command."""
    blanks: tuple[tuple[str, str], ...] = ()
    """Words of the command that are to be replaced, each with what may stand there."""
    note: str = ""
    """What one has to know beside it."""
    place: Place | None = None
    """Where to edit."""

    @property
    def beside(self) -> str:
        """What goes with the text: what may stand in each blank, and the note; empty where there is nothing."""
        parts = [f"{blank}: {about}" for blank, about in self.blanks]
        if self.note:
            parts.append(self.note)
        return "; ".join(parts)

    @property
    def told(self) -> str:
        """All of it in one line, which a shell still takes where it is a command."""
        return f"{self.text}  # {self.beside}" if self.beside else self.text
