"""What somebody who waits at a terminal is told meanwhile: what is being done, and how much of it there is."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from taskcheck.checks import check_request
from taskcheck.cli import progress as module
from taskcheck.cli.progress import Progress
from taskcheck.formats.cells import cells
from taskcheck.store import Request, Where
from tests.e2e.conftest import git


class Terminal(io.StringIO):
    """A standard error that somebody reads."""

    def isatty(self) -> bool:
        return True

    @property
    def line(self) -> str:
        """What stands in the line that is written over."""
        return self.getvalue().rpartition("\r\x1b[K")[2]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    shown = Terminal()
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=shown))  # the real one is pytest's while a test runs
    monkeypatch.setattr(module, "PAUSE", 0)
    return shown


def test_a_bar_shows_how_much_is_done(terminal: Terminal) -> None:
    progress = Progress(patience=0)
    for done, filled in ((1, 0), (50, 10), (99, 19), (100, 20)):
        progress.tell("comparing fix-login", done, 100)
        assert terminal.line == "━" * filled + "─" * (20 - filled) + f" {done} of 100 comparing fix-login"
    progress.clear()
    assert terminal.line == ""


def test_without_a_number_it_says_what_is_done(terminal: Terminal) -> None:
    Progress(patience=0).tell("asking git")
    assert terminal.line == "asking git …"


@pytest.mark.parametrize("of", [0, 123_456])
def test_it_fits_into_a_line_and_obeys_nobody(terminal: Terminal, of: int) -> None:
    Progress(patience=0).tell("comparing \x1b[2J" + "名" * 100, of, of)
    assert 40 < cells(terminal.line) < 80
    assert "\x1b" not in terminal.line


def test_what_is_over_soon_is_silent(terminal: Terminal) -> None:
    progress = Progress()
    progress.tell("comparing fix-login", 1, 2)
    progress.clear()
    assert terminal.getvalue() == ""


def test_worktrees_are_counted(store: Callable[..., Path]) -> None:
    root = store({"tasks/a.md": "---\ntitle: A\nowner: ana\nstatus: ready\n---\n"})
    for name in ("one", "two", "three"):
        git("worktree", "add", "-q", "-b", name, f".worktrees/{name}", cwd=root)
    told: list[tuple[object, ...]] = []
    check_request(Where(root=root), Request(progress=lambda *words: told.append(words)))
    counted = [words for words in told if len(words) > 1]
    assert sorted(str(words[0]) for words in counted) == [
        "comparing worktree:one",
        "comparing worktree:three",
        "comparing worktree:two",
    ]
    assert [words[1:] for words in counted] == [(1, 3), (2, 3), (3, 3)]
