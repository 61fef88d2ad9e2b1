"""A git process that is asked again and again, or read line by line: as many questions as it takes, one process."""

import os
import select
import subprocess
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from taskcheck.read.conversation import MOST_WORDS
from taskcheck.read.runner import MOST_OUTPUT, TIMEOUT, GitError, GitSilent, complaint, kill

if TYPE_CHECKING:
    from taskcheck.read.runner import Runner

_CHUNK = 1 << 18


class Ended(GitError):
    """Git ended before it had said all; what it had said is there."""

    def __init__(self, message: str, heard: bytes) -> None:
        super().__init__(message)
        self.heard = heard


class Session:
    """A git process with what is still to be said to it, and what it said that wasn't asked for yet."""

    def __init__(self, runner: "Runner", *arguments: str, first: bytes = b"") -> None:
        """Start git.

        Args:
            runner: who starts it.
            arguments: the command, and its flags.
            first: what it is given to read at once; nothing else is said then.

        Raises:
            GitError, NotAllowed: as `Runner.run`.
        """
        self._command = arguments[0]
        self._process = runner.start(arguments, stdin=True)
        self._unsaid = memoryview(first)
        self._words = bytearray()
        self._poll = select.poll()
        self._input, self._output, self._errors = (
            pipe.fileno() if pipe else -1 for pipe in (self._process.stdin, self._process.stdout, self._process.stderr)
        )
        for descriptor in (self._input, self._output, self._errors):
            os.set_blocking(descriptor, False)
        self._poll.register(self._output, select.POLLIN)
        self._poll.register(self._errors, select.POLLIN)
        self._closes = bool(first)
        if first:
            self._poll.register(self._input, select.POLLOUT)

    def ask(self, question: bytes, last: bytes) -> bytes:
        """Return what git answers to a question, up to the words that are the last.

        Args:
            question: lines; the last of them makes git say the last words.
            last: words that can stand nowhere else in the answer.

        Raises:
            GitSilent: it said nothing for the time that it has.
            Ended: it ended; what it was asked about can't be read.
            GitError: it has more to say than is taken.
        """
        self._unsaid = memoryview(question)
        self._poll.register(self._input, select.POLLOUT)
        heard = bytearray()
        while self._unsaid or not heard.endswith(last):
            chunk = self._turn()
            if chunk == b"":
                raise Ended(self._why(), bytes(heard))
            heard += chunk or b""
            if len(heard) > MOST_OUTPUT:
                raise GitError(f"git {self._command} has more than {MOST_OUTPUT:,} bytes to say")
        return bytes(heard[: -len(last)])

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that git says, as it says them.

        Raises:
            GitSilent: it said nothing for the time that it has.
            GitError: it failed, or has more to say than is taken.
        """
        rest = b""
        size = 0
        while (chunk := self._turn()) != b"":
            size += len(chunk or b"")
            if size > MOST_OUTPUT:
                raise GitError(f"git {self._command} has more than {MOST_OUTPUT:,} bytes to say")
            *whole, rest = (rest + (chunk or b"")).split(b"\n")
            yield from whole
        self._process.wait(TIMEOUT)
        if self._process.returncode:
            raise GitError(self._why())

    def close(self) -> None:
        """End git, whatever it is at."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        kill(self._process)
        self._process.wait()

    def _turn(self) -> bytes | None:
        """Say or hear whatever can be said or heard next: what was heard, empty at its end; None for nothing."""
        begun = time.monotonic()
        ready = self._poll.poll(TIMEOUT * 1000)
        if not ready and time.monotonic() - begun >= TIMEOUT:
            raise GitSilent(f"git {self._command} gave no answer in {TIMEOUT:g} s")
        heard = None
        for descriptor, _ in ready:
            if descriptor == self._input:
                self._say()
            elif descriptor == self._errors:
                self._hear_words()
            else:
                heard = _read(descriptor)
        return heard

    def _say(self) -> None:
        """Write what git takes of what is to be said.

        Raises:
            GitError: it can't be written.
        """
        try:
            written = os.write(self._input, self._unsaid[:_CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self._unsaid)  # it ended; why, it tells on the other pipes
        except OSError as error:
            raise GitError(f"git {self._command} can't be asked: {error.strerror}") from error
        self._unsaid = self._unsaid[written:]
        if self._unsaid:
            return
        self._poll.unregister(self._input)
        if self._closes and self._process.stdin is not None:
            self._process.stdin.close()

    def _hear_words(self) -> None:
        """Keep what git says is wrong, as far as that is kept."""
        words = _read(self._errors)
        self._words += (words or b"")[: MOST_WORDS - len(self._words)]
        if words == b"":
            self._poll.unregister(self._errors)

    def _why(self) -> str:
        """Return why git ended, in its words."""
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            return f"git {self._command}: it said no more"
        while (words := _read(self._errors)) and len(self._words) < MOST_WORDS:
            self._words += words
        return f"git {self._command}: {complaint(bytes(self._words)) or f'exit status {self._process.returncode}'}"


def _read(descriptor: int) -> bytes | None:
    """Return what there is to read of a pipe; empty at its end, None for nothing yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
