"""What may be a task though it has another name than a ledger says: ids as people and editors also write them."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from unicodedata import normalize

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.documents.letters import words_of
from taskcheck.model.history import Met
from taskcheck.model.task import Task
from taskcheck.model.tasks import fold_id

_EDGES = "#.~_ "
"""What editors put around the name of a file that is open, and people before a number."""

_LABEL = expression(r"\A(?:tasks?|issues?|tickets?)[-_/ ]")
_NUMBERS = expression(r"\A(?:[0-9]++[-_. ]++)++(?=[^0-9])")
_NUMBER = expression(r"0*+([0-9]++)")

_OF_RUNS = (".json", ".lock", ".log")
"""How the names of files end in which runs are recorded."""


def core(name: str) -> str:
    """Return what a name has in common with other spellings of it.

    Example:
        ``TASK-fix``, ``007-fix`` and ``tasks/fix`` are ``fix``; ``#007`` is ``7``, ``.fix.md.swp`` is ``fix.md.swp``.
    """
    text = fold_id(normalize("NFC", name)).strip(_EDGES)
    return _NUMBERS.sub("", _LABEL.sub("", text))


def readings(name: str) -> Iterator[str]:
    """Yield the cores of ids that a name may stand for: as it is, without its endings, and by the number at its front.

    Example:
        ``007-fix.md`` may be ``fix.md``, ``fix`` and ``7``.
    """
    whole = core(name)
    yield whole
    for position, letter in enumerate(whole):
        if letter == ".":
            yield whole[:position]
    number = _NUMBER.match(name)
    if number:
        yield number[1]


@frozen(slots=False)
class Likeness:
    """Tells of a name that no task has which task or file may be meant by it."""

    tasks: tuple[Task, ...]
    met: tuple[Met, ...]
    """What lies where a task's file may be, and isn't read as one."""

    def of(self, name: str) -> str:
        """Return what may be meant by a name, as a clause; empty for nothing."""
        task = self._tasks.get(core(name)) or self._titles.get(words_of(name))
        if task is not None:
            return f"{task.id} may be the one"
        met = self._met.get(core(name)) or self._closed
        return met.told if met is not None else ""

    @cached_property
    def _tasks(self) -> Mapping[str, Task]:
        """Tasks by what their ids may stand for."""
        return {reading: task for task in reversed(self.tasks) for reading in readings(task.id)}

    @cached_property
    def _titles(self) -> Mapping[str, Task]:
        return {task.title_words: task for task in reversed(self.tasks) if task.title_words}

    @cached_property
    def _met(self) -> Mapping[str, Met]:
        """Files and folders by what their names may stand for; none in which runs are recorded."""
        named = [(met.path.rpartition("/")[2], met) for met in reversed(self.met)]
        return {reading: met for name, met in named if not name.endswith(_OF_RUNS) for reading in readings(name)}

    @cached_property
    def _closed(self) -> Met | None:
        """The first that may hold any task's file."""
        return next((met for met in self.met if met.holds_any), None)
