"""Proposes a taskcheck.toml from the content of a store: its people and their spellings, and its statuses."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from taskcheck.assemble.parse import Parsed
from taskcheck.config.people import fold
from taskcheck.config.settings import Settings, Stage
from taskcheck.config.words import stage_of
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import counted

SCHEMA = "#:schema https://raw.githubusercontent.com/taskcheck/taskcheck/main/docs/taskcheck.schema.json"
"""The first line of a configuration, from which editors learn its keys."""

MOST_CHARACTERS = 60
MOST_WORDS = 5
"""The limits of a name."""


@frozen
class Proposal:
    """The text of a configuration, and notes for a person."""

    text: str
    notes: tuple[str, ...]


@frozen
class _Name:
    """All spellings with the same fold, and how often the store has each."""

    folded: str
    spellings: Counter[str]

    @property
    def key(self) -> str:
        """The best spelling for a key: lower case and hyphens first, then the most frequent."""
        return min(self.spellings, key=self._oddness)

    def _oddness(self, spelling: str) -> tuple[bool, bool, bool, int, str]:
        """Return a sort key: the better a spelling is as a key, the lower."""
        has_other_separators = any(mark in spelling for mark in "._ ")
        has_capitals = spelling != spelling.casefold()
        return has_capitals, spelling.startswith("@"), has_other_separators, -self.spellings[spelling], spelling

    def others(self, key: str) -> list[str]:
        """Return the spellings beside the key."""
        return sorted(set(self.spellings) - {key})


def propose(settings: Settings, parsed: Parsed, excluded: Sequence[str] = (), *, detected: bool) -> Proposal:
    """Return the configuration of a store that has none; some patterns are excluded beside the preset's.

    Spellings with the same fold are one name. Nothing else is merged: a name that might be another spelling of someone
    is left out and noted, so the first check asks about it.
    """
    tables: dict[str, Any] = {"preset": settings.preset}
    if excluded:
        tables["paths"] = {"exclude": [*settings.paths.exclude, *excluded]}
    persons, notes = people(parsed, has_managers=bool(settings.paths.registers))
    notes += _empty(settings, parsed)
    if persons:
        tables["people"] = persons
    roles = parsed.people.roles
    if roles:
        tables["roles"] = {role: filled for role, filled in roles.items() if filled is not None}
        notes += _unfilled(roles)
    unknown = Counter(task.status for task in parsed.tasks if task.status and task.stage is None)
    if unknown:
        usual = {} if detected else _usual(unknown)
        tables["statuses"] = _classes(settings, usual)
        notes += _unclassed(unknown, usual)
    return Proposal(_text(tables, notes, detected=detected), tuple(notes))


def people(parsed: Parsed, *, has_managers: bool) -> tuple[dict[str, list[str]], list[str]]:
    """Return the other spellings of each person, and notes on names that a person has to decide.

    If managers keep registers, a name that may be another spelling of someone is left out, so a check asks about it.
    Otherwise nothing depends on it, and it gets its own line.
    """
    persons, notes, doubtful = _persons(_names(parsed), parsed)
    if not has_managers:
        persons |= doubtful
    return dict(sorted(persons.items())) if doubtful else persons, notes


def _empty(settings: Settings, parsed: Parsed) -> list[str]:
    """Return a note if there is no task file."""
    return [] if parsed.tasks else [f"no task file exists yet: {', '.join(settings.paths.tasks)}"]


def _unfilled(roles: Mapping[str, object]) -> list[str]:
    """Return a note for each role that nobody fills."""
    unfilled = [role for role, filled in roles.items() if filled is None]
    return [f"role {role} is filled by nobody: give it a person, or false" for role in unfilled]


def _usual(statuses: Iterable[str]) -> dict[str, Stage]:
    """Return the statuses that are usual words for a class, with this class."""
    classes = {}
    for status in sorted(statuses):
        stage = stage_of(status)
        if stage is not None:
            classes[status] = stage
    return classes


def _classes(settings: Settings, usual: Mapping[str, Stage]) -> dict[str, list[str]]:
    """Return the statuses of each class: those of the preset, and usual words."""
    classes = {stage: list(settings.words(stage)) for stage in Stage}
    for status, stage in usual.items():
        classes[stage].append(status)
    return {stage.value: words for stage, words in classes.items()}


def _unclassed(statuses: Mapping[str, int], usual: Mapping[str, Stage]) -> list[str]:
    """Return a note for each status without a class, with the number of its tasks."""
    notes = []
    for status, count in statuses.items():
        if status not in usual:
            notes.append(f"status {status!r} of {counted(count, 'task')} belongs to no class yet")
    return notes


def _names(parsed: Parsed) -> dict[str, _Name]:
    """Return the owners of tasks, registers and snapshots, sorted by fold."""
    names: dict[str, _Name] = {}
    for spelling in (*_owners(parsed), *_managers(parsed)):
        folded = fold(spelling)
        if folded and _may_be_name(spelling):
            name = names.setdefault(folded, _Name(folded, Counter()))
            name.spellings[spelling] += 1
    return dict(sorted(names.items()))


def _may_be_name(spelling: str) -> bool:
    """Return whether a text may be a name; a sentence after a label isn't one."""
    return len(spelling) <= MOST_CHARACTERS and len(spelling.split()) <= MOST_WORDS


def _owners(parsed: Parsed) -> Iterator[str]:
    """Yield the owners of all tasks as written."""
    for task in parsed.tasks:
        for _, spelling in task.owners:
            yield spelling


def _managers(parsed: Parsed) -> Iterator[str]:
    """Yield the owners of registers and snapshots: from the file's name, and from its content."""
    ledgers = [register.ledger for register in parsed.ledgers.registers]
    ledgers += [snapshot.ledger for snapshot in parsed.ledgers.snapshots]
    for ledger in ledgers:
        yield from filter(None, (ledger.name, ledger.owner))


def _persons(
    names: Mapping[str, _Name], parsed: Parsed
) -> tuple[dict[str, list[str]], list[str], dict[str, list[str]]]:
    """Return the other spellings of each person, notes, and names that may be another spelling of someone."""
    declared = {fold(key): key for key in (*parsed.people.persons, *parsed.people.roles)}
    managers = {fold(name) for name in _managers(parsed)}
    persons: dict[str, list[str]] = {key: [] for key in parsed.people.persons}
    doubtful: dict[str, list[str]] = {}
    notes = []
    for folded, name in names.items():
        if folded in declared:
            key = declared[folded]
            if key in persons:
                persons[key] = name.others(key)
            continue
        longer = _longer(folded, {*names, *declared})
        if longer is not None:
            whose = declared.get(longer) or names[longer].key
            doubtful[name.key] = name.others(name.key)
            notes.append(f"is {name.key} another spelling of {whose}? if so, list it there, else give it its own line")
        elif parsed.people.persons and folded not in managers:
            notes.append(f"{name.key} owns {counted(name.spellings.total(), 'task')}, but is in no team file")
        else:
            persons[name.key] = name.others(name.key)
    return persons, notes, doubtful


def _longer(folded: str, folds: Iterable[str]) -> str | None:
    """Return the first other name that begins with this one; None if none does."""
    return min((other for other in folds if other != folded and other.startswith(folded)), default=None)


def _text(tables: Mapping[str, Any], notes: Iterable[str], *, detected: bool) -> str:
    """Return the text of a configuration file, with the notes at the top."""
    import tomli_w

    why = "detected" if detected else "the default, because no other was detected"
    comments = [f"# Written by `taskcheck init`. Preset: {why}.", *(f"# Look at: {note}" for note in notes)]
    head = "\n".join([SCHEMA, *(_printable(line) for line in comments)])
    return f"{head}\n\n{tomli_w.dumps(tables)}"


def _printable(line: str) -> str:
    """Return a line with question marks for unprintable characters."""
    return "".join(character if character.isprintable() else "?" for character in line)
