"""Marks what a plugin implements, as pluggy's own marker does; pluggy is imported where it is needed."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

PROJECT = "taskcheck"

F = TypeVar("F", bound=Callable[..., Any])


@overload
def hookimpl(function: F, /) -> F: ...


@overload
def hookimpl(**options: Any) -> Callable[[F], F]: ...


def hookimpl(function: Any = None, /, **options: Any) -> Any:
    """Mark a function as the implementation of the hook that has its name; the options are pluggy's.

    Without options pluggy isn't imported: the built-in rules are marked at each start.
    """
    if function is None:
        from pluggy import HookimplMarker

        return HookimplMarker(PROJECT)(**options)
    function.taskcheck_impl = {
        "wrapper": False,
        "hookwrapper": False,
        "optionalhook": False,
        "tryfirst": False,
        "trylast": False,
        "specname": None,
    }
    return function
