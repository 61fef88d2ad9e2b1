"""A first taskcheck.toml from what a store holds: who is there, in which spellings, and which statuses are in use."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from taskcheck.assemble.parse import Parsed
from taskcheck.config.people import fold
from taskcheck.config.settings import Settings, Stage


@dataclass(frozen=True, slots=True)
class Proposal:
    """The text of a configuration, and what a person should look at in it."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """All spellings with one fold, and how often each stands in the store."""

    folded: str
    spellings: Counter[str]

    @property
    def key(self) -> str:
        """The spelling to make the key: lower case and hyphens first, then the most frequent."""
        counted = self.spellings
        return min(
            counted,
            key=lambda s: (s != s.casefold(), s.startswith("@"), "." in s or "_" in s or " " in s, -counted[s], s),
        )

    def others(self, key: str) -> list[str]:
        """The spellings beside the key."""
        return sorted(set(self.spellings) - {key})


def propose(settings: Settings, parsed: Parsed, *, detected: bool) -> Proposal:
    """The configuration of a store that has none.

    Spellings with one fold are one name. Nothing else is merged: a name that might be another's spelling is left out
    and noted, so that the first check asks about it.
    """
    names = _names(parsed)
    persons, notes = _persons(names, parsed)
    roles = parsed.people.roles
    tables: dict[str, Any] = {"preset": settings.preset}
    if persons:
        tables["people"] = persons
    if roles:
        tables["roles"] = {role: filled for role, filled in roles.items() if filled is not None}
        unfilled = (role for role, filled in roles.items() if filled is None)
        notes += [f"role {role} is filled by nobody: give it a person, or false" for role in unfilled]
    unknown = Counter(task.status for task in parsed.tasks if task.status and task.stage is None)
    if unknown:
        tables["statuses"] = {stage.value: list(settings.words(stage)) for stage in Stage}
        notes += [
            f"status {status!r} of {count} task{'' if count == 1 else 's'} belongs to no class yet"
            for status, count in unknown.items()
        ]
    return Proposal(_text(tables, notes, detected=detected), tuple(notes))


def _names(parsed: Parsed) -> dict[str, _Name]:
    """Everybody who is named as an owner of a task, or by a register or snapshot."""
    names: dict[str, _Name] = {}
    owners = (spelling for task in parsed.tasks for _, spelling in task.owners)
    for spelling in (*owners, *_managers(parsed)):
        if folded := fold(spelling):
            names.setdefault(folded, _Name(folded, Counter())).spellings[spelling] += 1
    return dict(sorted(names.items()))


def _managers(parsed: Parsed) -> Iterable[str]:
    ledgers = (*(r.ledger for r in parsed.ledgers.registers), *(s.ledger for s in parsed.ledgers.snapshots))
    return (name for ledger in ledgers for name in (ledger.name, ledger.owner) if name)


def _persons(names: Mapping[str, _Name], parsed: Parsed) -> tuple[dict[str, list[str]], list[str]]:
    """Person to other spellings, and the names that a person has to decide about."""
    declared = {fold(key): key for key in (*parsed.people.persons, *parsed.people.roles)}
    managers = {fold(name) for name in _managers(parsed)}
    persons: dict[str, list[str]] = {key: [] for key in parsed.people.persons}
    notes = []
    for folded, name in names.items():
        if folded in declared:
            if declared[folded] in persons:
                persons[declared[folded]] = name.others(declared[folded])
            continue
        longer = next((other for other in sorted({*names, *declared} - {folded}) if other.startswith(folded)), None)
        if longer is not None:
            whose = declared.get(longer) or names[longer].key
            notes.append(
                f"is {name.key} another spelling of {whose}? then list it there, else give it a line of its own"
            )
        elif parsed.people.persons and folded not in managers:
            notes.append(f"{name.key} owns {name.spellings.total()} tasks and is in no team file")
        else:
            persons[name.key] = name.others(name.key)
    return persons, notes


def _text(tables: Mapping[str, Any], notes: Iterable[str], *, detected: bool) -> str:
    import tomli_w  # noqa: PLC0415 - only to write

    why = "detected" if detected else "the default: no other was detected"
    comments = [f"# Written by `taskcheck init`. Preset: {why}.", *(f"# Look at: {note}" for note in notes)]
    printable = ("".join(c if c.isprintable() else "?" for c in line) for line in comments)
    return "\n".join(printable) + "\n\n" + tomli_w.dumps(tables)
