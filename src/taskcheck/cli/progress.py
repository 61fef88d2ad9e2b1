"""Tells somebody who waits at a terminal what is being done, on stderr; silent elsewhere, and while it goes fast."""

import sys
import time

PATIENCE = 0.5
"""Seconds before anything is said."""

PAUSE = 0.1
"""Seconds between two lines."""


class Progress:
    """One line that is written over, and removed at the end."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = time.monotonic() + patience
        self._shown = False

    def tell(self, doing: str) -> None:
        """Say what is being done now."""
        now = time.monotonic()
        if not self._terminal or now < self._next:
            return
        from taskcheck.formats.sanitize import visible

        self._next = now + PAUSE
        self._shown = True
        sys.stderr.write(f"\r\x1b[K{visible(doing, 76)} …")
        sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False
