"""A process that looks at stores: it reads a line of JSON for each look (`Asked`), and answers with one (`Came`).

It is one of a few, started by `pool`. What goes wrong with a store is an answer; what ends this process costs one look.
"""

import json
import os
import sys
from pathlib import Path
from typing import TextIO

from taskcheck.documents.values import timestamp
from taskcheck.store import Request, Where
from taskcheck.watch.fleet.asked import Asked, Came
from taskcheck.watch.looks import Sight, look_once
from taskcheck.watch.mending import Mender
from taskcheck.watch.recording import Keeper


class Looker:
    """Looks at one store again and again."""

    def __init__(self, asked: Asked) -> None:
        self._where = Where(root=Path(asked.root))
        self._keeper = Keeper(None, writes=asked.records)
        self._asked = asked
        self._mender: Mender | None = None
        self._said: list[str] = []
        self._complaints: list[str] = []

    def look(self) -> Came:
        """Look once."""
        from taskcheck.formats.json_report import as_dict

        asked = self._asked
        now = timestamp(asked.now) if asked.now is not None else None
        sight = look_once(self._where, Request(now=now, owner=asked.owner, remember=asked.remember), self._keeper)
        self._follow(sight)
        came = Came(
            report=as_dict(sight.report) if sight.report is not None else None,
            trouble=sight.trouble,
            code=sight.code,
            took=sight.took,
            interval=sight.interval,
            folders=tuple(sorted(sight.folders)),
            said=tuple(self._said),
            complaints=tuple(self._complaints),
            repairs=self._mender.repairs if self._mender is not None else 0,
        )
        self._said.clear()
        self._complaints.clear()
        return came

    def _follow(self, sight: Sight) -> None:
        """Take down what became of incidents; make the safe repairs, where that is asked for."""
        from taskcheck.formats.notice import became

        if sight.notice:
            self._complaints.append(sight.notice)
        if sight.recorded is None:
            return
        self._said.extend(map(became, sight.recorded.transitions))
        if self._asked.fixes:
            self._mended().mend(sight)

    def _mended(self) -> Mender:
        """Return what makes the repairs of the store."""
        from taskcheck.read.recorded import history_of
        from taskcheck.store import open_store

        if self._mender is None:
            history = history_of(open_store(self._where).location)
            self._mender = Mender(self._where, history, self._said.append, self._complaints.append)
        return self._mender


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer every request, until there are no more."""
    lookers: dict[Asked, Looker] = {}
    for line in requests:
        asked = Asked(*json.loads(line))
        try:
            came = lookers.setdefault(asked, Looker(asked)).look()
        except Exception as error:
            came = Came(trouble=f"taskcheck itself failed: {type(error).__name__}: {error}", code=3)
        answers.write(came.line())
        answers.flush()


def main() -> None:
    """Serve on the standard streams; what anything else prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
