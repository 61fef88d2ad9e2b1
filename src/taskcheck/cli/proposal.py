"""A first taskcheck.toml from what a store holds: who is there, in which spellings, and which statuses are in use."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from taskcheck.assemble.parse import Parsed
from taskcheck.config.people import fold
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.frozen import frozen

SCHEMA = "#:schema https://raw.githubusercontent.com/taskcheck/taskcheck/main/docs/taskcheck.schema.json"
"""The first line of a configuration, by which editors know its keys."""

MOST_CHARACTERS = 60
MOST_WORDS = 5
"""Of what may be a name."""


@frozen
class Proposal:
    """The text of a configuration, and what a person should look at in it."""

    text: str
    notes: tuple[str, ...]


@frozen
class _Name:
    """All spellings with one fold, and how often each stands in the store."""

    folded: str
    spellings: Counter[str]

    @property
    def key(self) -> str:
        """The spelling to make the key: lower case and hyphens first, then the most frequent."""
        return min(self.spellings, key=self._oddness)

    def _oddness(self, spelling: str) -> tuple[bool, bool, bool, int, str]:
        """Return a key that sorts spellings by how well they do as a key."""
        has_other_separators = any(mark in spelling for mark in "._ ")
        has_capitals = spelling != spelling.casefold()
        return has_capitals, spelling.startswith("@"), has_other_separators, -self.spellings[spelling], spelling

    def others(self, key: str) -> list[str]:
        """Return the spellings beside the key."""
        return sorted(set(self.spellings) - {key})


def propose(settings: Settings, parsed: Parsed, *, detected: bool) -> Proposal:
    """Return the configuration of a store that has none.

    Spellings with one fold are one name. Nothing else is merged: a name that might be another's spelling is left out
    and noted, so that the first check asks about it.
    """
    tables: dict[str, Any] = {"preset": settings.preset}
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
        tables["statuses"] = {stage.value: list(settings.words(stage)) for stage in Stage}
        notes += _unclassed(unknown)
    return Proposal(_text(tables, notes, detected=detected), tuple(notes))


def people(parsed: Parsed, *, has_managers: bool) -> tuple[dict[str, list[str]], list[str]]:
    """Return person to other spellings, and the names that somebody has to decide about.

    Where managers keep registers, a name that may be another's spelling is left out, so that a check asks about it;
    elsewhere nothing hangs on it, and it has a line of its own.
    """
    persons, notes, doubtful = _persons(_names(parsed), parsed)
    if not has_managers:
        persons |= doubtful
    return dict(sorted(persons.items())) if doubtful else persons, notes


def _empty(settings: Settings, parsed: Parsed) -> list[str]:
    """Return a note where no task file is there."""
    return [] if parsed.tasks else [f"no task file lies there yet: {', '.join(settings.paths.tasks)}"]


def _unfilled(roles: Mapping[str, object]) -> list[str]:
    """Return a note for each role that nobody fills."""
    unfilled = [role for role, filled in roles.items() if filled is None]
    return [f"role {role} is filled by nobody: give it a person, or false" for role in unfilled]


def _unclassed(statuses: Mapping[str, int]) -> list[str]:
    """Return a note for each status outside of the classes, with how many tasks have it."""
    notes = []
    for status, count in statuses.items():
        tasks = "task" if count == 1 else "tasks"
        notes.append(f"status {status!r} of {count} {tasks} belongs to no class yet")
    return notes


def _names(parsed: Parsed) -> dict[str, _Name]:
    """Return everybody who is named as an owner of a task, or by a register or snapshot, sorted by fold."""
    names: dict[str, _Name] = {}
    for spelling in (*_owners(parsed), *_managers(parsed)):
        folded = fold(spelling)
        if folded and _may_be_name(spelling):
            name = names.setdefault(folded, _Name(folded, Counter()))
            name.spellings[spelling] += 1
    return dict(sorted(names.items()))


def _may_be_name(spelling: str) -> bool:
    """Return whether a text may be somebody's name; a sentence behind a label is none."""
    return len(spelling) <= MOST_CHARACTERS and len(spelling.split()) <= MOST_WORDS


def _owners(parsed: Parsed) -> Iterator[str]:
    """Yield every owner of a task as written."""
    for task in parsed.tasks:
        for _, spelling in task.owners:
            yield spelling


def _managers(parsed: Parsed) -> Iterator[str]:
    """Yield whose each register and snapshot is: by the file's name, and by what stands in it."""
    ledgers = [register.ledger for register in parsed.ledgers.registers]
    ledgers += [snapshot.ledger for snapshot in parsed.ledgers.snapshots]
    for ledger in ledgers:
        yield from filter(None, (ledger.name, ledger.owner))


def _persons(
    names: Mapping[str, _Name], parsed: Parsed
) -> tuple[dict[str, list[str]], list[str], dict[str, list[str]]]:
    """Return person to other spellings, what a person has to decide about, and names that may be others' spellings."""
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
            notes.append(
                f"is {name.key} another spelling of {whose}? then list it there, else give it a line of its own"
            )
        elif parsed.people.persons and folded not in managers:
            notes.append(f"{name.key} owns {name.spellings.total()} tasks and is in no team file")
        else:
            persons[name.key] = name.others(name.key)
    return persons, notes, doubtful


def _longer(folded: str, folds: Iterable[str]) -> str | None:
    """Return the first name that begins with another one; None where none does."""
    return min((other for other in folds if other != folded and other.startswith(folded)), default=None)


def _text(tables: Mapping[str, Any], notes: Iterable[str], *, detected: bool) -> str:
    """Return a configuration file's text, with what to look at on top."""
    import tomli_w

    why = "detected" if detected else "the default: no other was detected"
    comments = [f"# Written by `taskcheck init`. Preset: {why}.", *(f"# Look at: {note}" for note in notes)]
    head = "\n".join([SCHEMA, *(_printable(line) for line in comments)])
    return f"{head}\n\n{tomli_w.dumps(tables)}"


def _printable(line: str) -> str:
    """Return a line with what can't be printed as question marks."""
    return "".join(character if character.isprintable() else "?" for character in line)
