"""Whether what plugins give is what its class declares: what one got wrong costs that one, not the whole report."""

from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from taskcheck.documents.frozen import names_of
from taskcheck.documents.shape import file_of
from taskcheck.model.finding import Finding
from taskcheck.model.forges import PullState
from taskcheck.model.sources import Unavailable

Check = Callable[[Any], str | None]
"""What is wrong with a value, as it goes on after the value's name; None if all is well."""


def ill(finding: Finding) -> str | None:
    """What is wrong first with a finding, as ``finding.message is of type int, not str``; None if all is well.

    Its own place lies below its checkout: the path of its file is relative, without ``..``. That of evidence may be a
    worktree anywhere; and a task within a file is called as it likes.
    """
    if wrong := _check(Finding)(finding):
        return f"finding{wrong}"
    path = file_of(finding.place.path)
    inside = not path.startswith("/") and ".." not in path.split("/")
    return None if inside else f"finding.place.path is {path!r}, not a path below its checkout"


def ill_answer(answer: object) -> str | None:
    """What is wrong first with what a provider says of a pull request; None if all is well."""
    wrong = _check(PullState | Unavailable)(answer)
    if wrong is not None:
        return f"answer{wrong}"
    if isinstance(answer, PullState) and answer.at is not None and answer.at.tzinfo is None:
        return "answer.at has no time zone"
    return None


@cache
def _check(kind: Any) -> Check:
    declared = get_args(kind)
    origin = get_origin(kind)
    if origin is Literal:
        return _literal(declared)
    if origin is tuple:
        return _tuple(_check(declared[0]))
    if origin is Union or origin is UnionType:
        return _one_of(declared)
    if names_of(kind):
        return _all_of(kind)
    return _one_of((origin or kind,))


def _literal(words: tuple[Any, ...]) -> Check:
    def check(value: Any) -> str | None:
        if value in words:
            return None
        return f" is {value!r}, not one of {', '.join(words)}"

    return check


def _tuple(of: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, tuple):
            return _other(value, (tuple,))
        for at, item in enumerate(value):
            wrong = of(item)
            if wrong is not None:
                return f"[{at}]{wrong}"
        return None

    return check


def _one_of(kinds: tuple[Any, ...]) -> Check:
    parts: dict[type, Check] = {kind: _check(kind) for kind in kinds if names_of(kind)}

    def check(value: Any) -> str | None:
        if not isinstance(value, kinds):
            return _other(value, kinds)
        inner = parts.get(type(value))
        return inner(value) if inner else None

    return check


def _all_of(kind: Any) -> Check:
    parts = [(name, _check(part)) for name, part in get_type_hints(kind).items()]

    def check(value: Any) -> str | None:
        if not isinstance(value, kind):
            return _other(value, (kind,))
        for name, part in parts:
            wrong = part(getattr(value, name))
            if wrong is not None:
                return f".{name}{wrong}"
        return None

    return check


def _other(value: Any, kinds: tuple[Any, ...]) -> str:
    wanted = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
    return f" is of type {type(value).__name__}, not {wanted}"
