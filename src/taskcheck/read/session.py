"""A git process that is asked again and again, or read line by line: as many questions as it takes, one process."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from taskcheck.read.conversation import Endless, Pipes, Silent
from taskcheck.read.runner import MOST_OUTPUT, TIMEOUT, GitError, GitSilent, complaint, kill

if TYPE_CHECKING:
    from taskcheck.read.runner import Runner

K = TypeVar("K")
V = TypeVar("V")

_PATIENCE = 64
"""How often git may end over what it can't read before it isn't asked any more."""


class Ended(GitError):
    """Git ended before it had said all: what it was asked about can't be read."""


class Session:
    """One git process, and the talk with it."""

    def __init__(self, runner: "Runner", *arguments: str) -> None:
        """Start git.

        Args:
            runner: who starts it.
            arguments: the command, and its flags.

        Raises:
            GitError, NotAllowed: as `Runner.run`.
        """
        self._command = arguments[0]
        self._process = runner.start(arguments, stdin=True)
        self._pipes = Pipes(self._process, MOST_OUTPUT)

    def ask(self, question: bytes, last: bytes) -> bytes:
        """Return what git answers to a question, up to the words that are the last.

        Args:
            question: lines; the last of them makes git say the last words.
            last: words that can stand nowhere else in the answer.

        Raises:
            GitSilent: it said nothing for the time that it has.
            Ended: it ended.
            GitError: it has more to say than is taken.
        """
        self._pipes.say(question)
        heard = bytearray()
        while self._pipes.unsaid or not heard.endswith(last):
            if self._pipes.is_over:
                raise Ended(self._why())
            heard += self._heard()
        return bytes(heard[: -len(last)])

    def lines(self, given: bytes) -> Iterator[bytes]:
        """Yield the lines that git says of what it is given to read, as it says them.

        Raises:
            GitSilent: it said nothing for the time that it has.
            GitError: it failed, or has more to say than is taken.
        """
        self._pipes.say(given, last=True)
        rest = b""
        while not self._pipes.is_over:
            *whole, rest = (rest + self._heard()).split(b"\n")
            yield from whole
        why = self._why()
        if self._process.returncode:
            raise GitError(why)

    def close(self) -> None:
        """End git, whatever it is at."""
        self._pipes.close()
        kill(self._process)
        self._process.wait()

    def _heard(self) -> bytes:
        """Return what git says next, if anything; say what it takes meanwhile."""
        try:
            self._pipes.turn(TIMEOUT)
        except Silent as error:
            raise GitSilent(f"git {self._command} gave no answer within {TIMEOUT:g} s") from error
        except Endless as error:
            raise GitError(f"git {self._command} has more than {MOST_OUTPUT:,} bytes of output") from error
        return self._pipes.taken()

    def _why(self) -> str:
        """Return why git ended, in its words.

        Raises:
            GitSilent: it closed its output, and didn't end.
        """
        while self._pipes.are_open:
            self._heard()
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise GitSilent(f"git {self._command} didn't end in {TIMEOUT:g} s") from error
        return f"git {self._command}: {complaint(self._pipes.words) or f'exit status {self._process.returncode}'}"


class Asker:
    """Asks git one question after the other: of one process, until that ends over what it can't read, then of another.

    It is asked about many things at a time. Where it ends over one of them, that one is searched for.
    """

    def __init__(self, runner: "Runner", *arguments: str) -> None:
        """Start nothing yet; the arguments are those of `Session`."""
        self._runner, self._arguments = runner, arguments
        self._session: Session | None = None
        self._ended = 0

    def close(self) -> None:
        """End the process."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def ask(self, question: bytes, last: bytes) -> bytes:
        """Return what git answers to a question; see `Session.ask`.

        Raises:
            GitError: it can't; the next question goes to a new process.
        """
        if self._session is None:
            self._session = Session(self._runner, *self._arguments)
        try:
            return self._session.ask(question, last)
        except GitError:
            self.close()
            raise

    def by_halves(
        self, answered: Callable[[Sequence[K]], dict[K, V]], asked: Sequence[K], refused: dict[K, str]
    ) -> dict[K, V]:
        """Return the answers about some things; what git ends over is added to what is refused, with its words.

        Where it ended too often, the rest isn't asked for.

        Args:
            answered: asks about some of them at a time.
            asked: the things.
            refused: where to add.
        """
        try:
            return answered(asked)
        except Ended as error:
            self._ended += 1
            if len(asked) == 1 or self._ended > _PATIENCE:
                refused.update(dict.fromkeys(asked, str(error)))
                return {}
        middle = len(asked) // 2
        first = self.by_halves(answered, asked[:middle], refused)
        return {**first, **self.by_halves(answered, asked[middle:], refused)}
