"""What is kept of one store of a fleet while it is watched: that nobody else watches it, and who is told of changes."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from taskcheck.config.load import ConfigError
from taskcheck.model.fleet import Member
from taskcheck.read.recorded import history_of
from taskcheck.read.runner import GitError
from taskcheck.store import UsageError, Where, open_store
from taskcheck.watch.notices import Deliverer
from taskcheck.write.history import Trouble
from taskcheck.write.locks import Held


class Keeping:
    """Whether a store may be watched here, and what its looks are told to."""

    def __init__(self, member: Member, command: Sequence[str], complain: Callable[[str], None]) -> None:
        """Take the store.

        Args:
            member: which.
            command: is told of changes: the program, by its whole path, and its arguments; nothing for none.
            complain: is told what somebody should know.
        """
        self._member, self._command, self._complain = member, command, complain
        self._stack = ExitStack()
        self._deliverer: Deliverer | None = None
        self._said = ""
        self.is_held = False
        """Whether nobody else watches the store, so that looks are written down here."""

    def may_look(self) -> bool:
        """Return whether to look: not while another watch does. Where the store can't be opened, a look says why."""
        if self.is_held:
            return True
        try:
            self._hold()
        except Held:
            self.tell("another watch checks this store; this one waits until it ends")
            return False
        except Trouble as error:
            self.tell(str(error))
        except (ConfigError, GitError, NotADirectoryError, OSError, UsageError):
            return True
        return True

    def _hold(self) -> None:
        """Keep others from watching the store, and begin to tell of its changes.

        Raises:
            Held: somebody else does.
            Trouble: the record can't be had.
        """
        location = open_store(Where(root=Path(self._member.where))).location
        history = history_of(location)
        with ExitStack() as stack:
            stack.enter_context(history.alone("watch"))
            if self._command:
                deliverer = Deliverer(self._command, history, location, self.say)
                deliverer.begin()
                stack.callback(deliverer.close)
                self._deliverer = deliverer
            self._stack = stack.pop_all()
        self.is_held = True

    def tick(self, *, news: bool) -> None:
        """Go on telling of changes; see `Deliverer.tick`."""
        if self._deliverer is not None:
            self._deliverer.tick(news=news)

    def tell(self, trouble: str) -> None:
        """Say what keeps the store from being seen, once."""
        if trouble and trouble != self._said:
            self.say(trouble)
        self._said = trouble

    def say(self, text: str) -> None:
        """Say what somebody should know of the store."""
        self._complain(f"{self._member.name}: {text}")

    def close(self) -> None:
        """Let others watch the store."""
        self._stack.close()
