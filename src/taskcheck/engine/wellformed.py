"""Whether what plugins give is what its class declares: what one got wrong costs that one, not the whole report."""

from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from taskcheck.model.finding import Finding
from taskcheck.model.sources import PullState, Unavailable

Check = Callable[[Any], str | None]
"""What is wrong with a value, as it goes on after the value's name; None if all is well."""


def ill(finding: Finding) -> str | None:
    """What is wrong first with a finding, as ``finding.message is of type int, not str``; None if all is well.

    Its own place lies below its checkout: the path is relative, without ``..``. That of evidence may be a worktree
    anywhere.
    """
    if wrong := _check(Finding)(finding):
        return f"finding{wrong}"
    path = finding.place.path
    outside = path.startswith("/") or ".." in path.split("/")
    return f"finding.place.path is {path!r}, not a path below its checkout" if outside else None


def ill_answer(answer: object) -> str | None:
    """What is wrong first with what a provider says of a pull request; None if all is well."""
    wrong = _check(PullState | Unavailable)(answer)
    if wrong is None and isinstance(answer, PullState) and answer.at and answer.at.tzinfo is None:
        return "answer.at has no time zone"
    return wrong and f"answer{wrong}"


@cache
def _check(kind: Any) -> Check:
    declared = get_args(kind)
    if get_origin(kind) is Literal:
        return lambda value: None if value in declared else f" is {value!r}, not one of {', '.join(declared)}"
    if get_origin(kind) is tuple:
        return _tuple(_check(declared[0]))
    if get_origin(kind) in {Union, UnionType}:
        return _one_of(declared)
    return _all_of(kind) if is_dataclass(kind) else _one_of((get_origin(kind) or kind,))


def _tuple(of: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, tuple):
            return _other(value, (tuple,))
        return next((f"[{at}]{wrong}" for at, item in enumerate(value) if (wrong := of(item))), None)

    return check


def _one_of(kinds: tuple[Any, ...]) -> Check:
    parts: dict[type, Check] = {kind: _check(kind) for kind in kinds if hasattr(kind, "__dataclass_fields__")}

    def check(value: Any) -> str | None:
        if not isinstance(value, kinds):
            return _other(value, kinds)
        return parts[type(value)](value) if type(value) in parts else None

    return check


def _all_of(kind: Any) -> Check:
    parts = [(name, _check(part)) for name, part in get_type_hints(kind).items()]

    def check(value: Any) -> str | None:
        if not isinstance(value, kind):
            return _other(value, (kind,))
        return next((f".{name}{wrong}" for name, part in parts if (wrong := part(getattr(value, name)))), None)

    return check


def _other(value: Any, kinds: tuple[Any, ...]) -> str:
    wanted = " or ".join("None" if kind is NoneType else kind.__name__ for kind in kinds)
    return f" is of type {type(value).__name__}, not {wanted}"
