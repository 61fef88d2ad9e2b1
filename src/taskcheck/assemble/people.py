"""The directory of people and roles: the configuration first, then the team files."""

from collections.abc import Iterable
from typing import Literal

from taskcheck.config.people import People, fold
from taskcheck.config.settings import Settings
from taskcheck.documents import Document, DocumentError, Trouble, Value, read_front_matter
from taskcheck.model.runtime import Ledger, LedgerKind
from taskcheck.model.sources import Source, Sources
from taskcheck.model.task import Place


def read_people(sources: Sources, settings: Settings) -> tuple[People, tuple[Ledger, ...]]:
    """Everybody who is declared, and the team files that couldn't be read.

    Raises:
        AmbiguousNames: two keys or aliases with one fold.
    """
    persons: dict[str, tuple[str, ...]] = {key: tuple(aliases) for key, aliases in settings.people.items()}
    roles: dict[str, str | Literal[False] | None] = dict(settings.roles)
    configured = {fold(name): key for key, aliases in persons.items() for name in (key, *aliases)}
    configured |= {fold(name): name for name in roles}
    declared_in = dict.fromkeys((*persons, *roles), settings.source or "")
    unread: list[Ledger] = []
    for path, key, document in _members(sources.people, settings, unread):
        aliases = _names(document.values.get("aliases"))
        known = configured.get(fold(key))
        # A team file of somebody whom the configuration knows, perhaps by another spelling, adds nobody.
        if known is None:
            persons[key] = aliases
            declared_in[key] = path
        elif known in persons:
            persons[known] = (*persons[known], *aliases)
    for path, key, document in _members(sources.roles, settings, unread):
        if fold(key) not in configured:
            roles[key] = _filled_by(document.values)
            declared_in[key] = path
    return People.of(persons, roles, declared_in), tuple(unread)


def _members(
    sources: Iterable[Source], settings: Settings, unread: list[Ledger]
) -> Iterable[tuple[str, str, Document]]:
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
            yield source.path, (slug if isinstance(slug, str) and slug else stem), document


def _unread(source: Source, stem: str, trouble: Trouble) -> Ledger:
    return Ledger(kind=LedgerKind.TEAM, place=Place(path=source.path), name=stem, troubles=(((), trouble),))


def _names(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(name for name in value if isinstance(name, str) and name) if isinstance(value, tuple) else ()


def _filled_by(values: object) -> str | Literal[False] | None:
    """Who acts for a role: ``filled_by`` wins over ``owner``; ``false`` is on purpose nobody (spec 2)."""
    for key in ("filled_by", "owner"):
        value = values.get(key) if isinstance(values, dict) else None
        if value in {"false", "False", "FALSE"}:
            return False
        if isinstance(value, str) and value:
            return value
    return None
