"""Tells somebody who waits at a terminal what is being done, on stderr; silent elsewhere, and while it goes fast."""

import sys
import time

PATIENCE = 0.5
"""Seconds before anything is said."""

PAUSE = 0.1
"""Seconds between two lines."""

BAR = 20
"""Columns of a whole bar."""


class Progress:
    """One line that is written over, and removed at the end; with a bar where it is known how much there is to do."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + patience
        self._shown = False

    def tell(self, doing: str, done: int = 0, of: int = 0) -> None:
        """Say what is being done now.

        Args:
            doing: such as `comparing fix-login`.
            done: how many of the things are done, or being done.
            of: how many there are; 0 where nobody knows.
        """
        now = time.monotonic()
        if not self._terminal or now < self._next:
            return
        from taskcheck.formats.sanitize import visible
        from taskcheck.formats.screen import cut

        self._next = now + PAUSE
        self._shown = True
        text = visible(doing, None)
        line = f"{_bar(done, of)} {cut(text, 40)}" if of else f"{cut(text, 76)} …"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def _bar(done: int, of: int) -> str:
    """Return how far something is, in at most 35 columns.

    Example:
        ``━━━━━━━━━━────────── 50 of 100``
    """
    filled = BAR * done // of
    return f"{'━' * filled}{'─' * (BAR - filled)} {done} of {of}"
