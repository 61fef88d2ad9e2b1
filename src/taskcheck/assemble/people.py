"""The directory of people and roles: the configuration first, then the team files."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from taskcheck.config.people import People, fold
from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Trouble, Value, read_front_matter
from taskcheck.model.runtime import Ledger, LedgerKind
from taskcheck.model.sources import Source, Sources, Unavailable
from taskcheck.model.task import Place

NO_PEOPLE = Unavailable("no people declared; run `taskcheck init`")


def parse_people(sources: Sources, settings: Settings) -> tuple[People, tuple[Ledger, ...]]:
    """Return everybody who is declared, and the team files that couldn't be read.

    Raises:
        AmbiguousNames: two keys or aliases with one fold.
    """
    persons = {key: tuple(aliases) for key, aliases in settings.people.items()}
    roles: dict[str, str | Literal[False] | None] = dict(settings.roles)
    configured = _keys_by_fold(persons, roles)
    declared_in = dict.fromkeys((*persons, *roles), settings.source or "")
    unread: list[Ledger] = []

    for path, key, document in _members(sources.people, settings, unread):
        aliases = _aliases(document.values.get("aliases"))
        configured_key = configured.get(fold(key))
        # A team file of somebody whom the configuration knows, perhaps by another spelling, adds nobody.
        if configured_key is None:
            persons[key] = aliases
            declared_in[key] = path
        elif configured_key in persons:
            persons[configured_key] = (*persons[configured_key], *aliases)

    for path, key, document in _members(sources.roles, settings, unread):
        if fold(key) not in configured:
            roles[key] = _filled_by(document.values)
            declared_in[key] = path

    return People.of(persons, roles, declared_in), tuple(unread)


def _keys_by_fold(persons: Mapping[str, tuple[str, ...]], roles: Iterable[str]) -> dict[str, str]:
    """Return the key of every person or role by the fold of each of its spellings; a role wins over a person."""
    keys = {}
    for key, aliases in persons.items():
        for spelling in (key, *aliases):
            keys[fold(spelling)] = key
    for role in roles:
        keys[fold(role)] = role
    return keys


def _members(
    sources: Iterable[Source], settings: Settings, unread: list[Ledger]
) -> Iterator[tuple[str, str, Document]]:
    """Yield path, key and document of each team file that declares somebody; what can't be read goes to ``unread``."""
    for source in sources:
        stem = source.path.rpartition("/")[2].rpartition(".")[0]
        trouble = source.trouble
        document = None
        if source.data is not None:
            try:
                document = read_front_matter(source.data, at_names=settings.at_names)
            except DocumentError as error:
                trouble = error.trouble
        if trouble is not None:
            unread.append(_unread(source, stem, trouble))
        elif document is not None:
            slug = document.values.get("slug")
            key = slug if isinstance(slug, str) and slug else stem
            yield source.path, key, document


def _unread(source: Source, stem: str, trouble: Trouble) -> Ledger:
    """Return a team file that couldn't be read."""
    return Ledger(kind=LedgerKind.TEAM, place=Place(path=source.path), name=stem, troubles=(((), trouble),))


def _aliases(value: Value) -> tuple[str, ...]:
    """Return the spellings in a value that is one text or a list of them; what is no text is left out."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, tuple):
        return ()
    return tuple(alias for alias in value if isinstance(alias, str) and alias)


def _filled_by(values: Mapping[str, Value]) -> str | Literal[False] | None:
    """Return who acts for a role: ``filled_by``, else ``owner``. ``false``: the role is unfilled on purpose."""
    for key in ("filled_by", "owner"):
        value = values.get(key)
        if not isinstance(value, str) or not value:
            continue
        return False if value in {"false", "False", "FALSE"} else value
    return None
