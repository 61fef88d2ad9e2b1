"""Who is who, and who acts for whom: folding, resolving and routing of owners."""

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen

_SEPARATORS = expression(r"[.\-_\s]+")


def fold(spelling: str) -> str:
    """Return the form in which spellings of one name are equal.

    NFKC, casefold, a leading ``@`` dropped, and ``.``, ``-``, ``_`` and white space removed (spec 2).
    """
    folded = unicodedata.normalize("NFKC", spelling).strip().casefold().removeprefix("@")
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", folded))


class AmbiguousNames(ValueError):
    """Two keys or aliases have one fold; a configuration error that names both."""


@frozen
class Owner:
    """A resolved spelling: the canonical key, and whether it is a person or a role."""

    key: str
    kind: Literal["person", "role"]


@frozen
class RoutedTo:
    """Who may dispatch for an owner, and why; ``person`` is None if nobody may."""

    person: str | None
    why: str
    deliberate: bool = False
    """Nobody on purpose: a role that is set to false."""


@frozen
class People:
    """The declared people with their other spellings, and the roles with the person who acts for each."""

    persons: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, str | Literal[False] | None]
    declared_in: Mapping[str, str]
    """Key to the path of the file that declares it."""
    _folds: Mapping[str, Owner]

    @staticmethod
    def of(
        persons: Mapping[str, Iterable[str]],
        roles: Mapping[str, str | Literal[False] | None],
        declared_in: Mapping[str, str] | None = None,
    ) -> "People":
        """Build the directory.

        Raises:
            AmbiguousNames: two keys or aliases with one fold.
        """
        folds: dict[str, tuple[Owner, str]] = {}

        def declare(spelling: str, owner: Owner) -> None:
            folded = fold(spelling)
            if not folded:
                raise AmbiguousNames(f"{spelling!r} has only separators, so it names nobody")
            known = folds.get(folded)
            if known and known[0] != owner:
                raise AmbiguousNames(
                    f"{known[1]!r} ({known[0].kind} {known[0].key}) and {spelling!r} ({owner.kind} {owner.key}) "
                    f"are one name once case, '@', '.', '-', '_' and spaces are dropped"
                )
            folds.setdefault(folded, (owner, spelling))

        held = {key: tuple(aliases) for key, aliases in persons.items()}
        for key, aliases in held.items():
            for spelling in (key, *aliases):
                declare(spelling, Owner(key, "person"))
        for key in roles:
            declare(key, Owner(key, "role"))
        return People(held, dict(roles), declared_in or {}, {folded: owner for folded, (owner, _) in folds.items()})

    def __bool__(self) -> bool:
        """Whether anybody is declared."""
        return bool(self._folds)

    def resolve(self, spelling: str | None) -> Owner | None:
        """Return the person or role that a spelling means; None for a name that isn't declared."""
        return self._folds.get(fold(spelling)) if spelling else None

    def person(self, spelling: str | None) -> str | None:
        """Return the key of the person that a spelling means, roles left out."""
        owner = self.resolve(spelling)
        return owner.key if owner and owner.kind == "person" else None

    def route(self, spelling: str | None) -> RoutedTo:
        """Return who may dispatch the tasks of an owner: the person, or the person who fills the role."""
        if not spelling:
            return RoutedTo(None, "no owner")
        owner = self.resolve(spelling)
        if owner is None:
            return RoutedTo(None, f"{spelling} is neither a declared person nor a role")
        if owner.kind == "person":
            why = "a declared person" if spelling == owner.key else owner.key
            return RoutedTo(owner.key, f"{spelling} is {why}")
        filled_by = self.roles[owner.key]
        if filled_by is False:
            return RoutedTo(None, f"role {owner.key} is unfilled on purpose", deliberate=True)
        person = self.person(filled_by)
        if person:
            return RoutedTo(person, f"role {owner.key} is filled by {person}")
        if filled_by:
            return RoutedTo(None, f"role {owner.key} is filled by {filled_by}, who isn't a declared person")
        return RoutedTo(None, f"role {owner.key} is filled by nobody")

    def suggestions(self, spelling: str) -> tuple[str, ...]:
        """Return declared keys that a spelling may mean; only for suggestions, never for decisions."""
        local_part = fold(spelling.strip().partition("@")[0] or spelling)
        close = [owner.key for known, owner in self._folds.items() if _near(known, local_part)]
        return tuple(dict.fromkeys((*self.look_alikes(spelling), *close)))

    def look_alikes(self, spelling: str) -> tuple[str, ...]:
        """Return declared keys that look like a spelling, with letters of other scripts or invisible characters."""
        folded = fold(spelling)
        alike = [
            owner.key
            for known, owner in self._folds.items()
            if known != folded and _skeleton(known) == _skeleton(folded)
        ]
        return tuple(dict.fromkeys(alike))


SLIP_FROM = 4
"""Letters of a name from which another one may be a slip of the hand: shorter names are too much alike."""

_LOOK_ALIKES = str.maketrans(
    "аеорсухіјѕԁһӏԛԝѵкαογηικνρτυχωոսօհցɡɑı01",
    "aeopcyxijsdhlqwvkaoynikvptuxwnuohggaiol",
)
"""Letters of other scripts that are drawn like Latin ones, a part of UTS #39; only ever used to suggest."""


@lru_cache(maxsize=4096)
def _skeleton(folded: str) -> str:
    """What is seen of a fold: look-alikes as Latin letters, without invisible characters and hyphens of all kinds."""
    seen = (character for character in folded if unicodedata.category(character) not in {"Cf", "Pd"})
    return "".join(seen).translate(_LOOK_ALIKES)


def _near(known: str, folded: str) -> bool:
    """Return whether one begins with the other, or they differ in accents only, or by a slip of the hand."""
    if min(len(known), len(folded)) < 2:
        return False
    is_beginning = known.startswith(folded) or folded.startswith(known)
    return is_beginning or _unaccented(known) == _unaccented(folded) or _is_slip(known, folded)


def _is_slip(one: str, other: str) -> bool:
    """Return whether one of two names has a letter more, another letter, or two neighbouring letters exchanged."""
    shorter, longer = sorted((one, other), key=len)
    if len(longer) < SLIP_FROM or len(longer) - len(shorter) > 1:
        return False
    differing = (at for at, letters in enumerate(zip(shorter, longer, strict=False)) if len(set(letters)) > 1)
    same = next(differing, len(shorter))
    rest, longer_rest = shorter[same:], longer[same:]
    if len(rest) < len(longer_rest):
        return rest == longer_rest[1:]
    is_exchanged = rest[:2] == longer_rest[1::-1] and rest[2:] == longer_rest[2:]
    return rest[1:] == longer_rest[1:] or is_exchanged


@lru_cache(maxsize=4096)
def _unaccented(folded: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", folded) if unicodedata.category(c) != "Mn")
