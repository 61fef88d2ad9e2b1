"""Regular expressions that are compiled when they are first used: of a hundred, a run needs a few."""

import re
from typing import AnyStr, cast


class _Uncompiled:
    """Stands for a compiled expression until one of its methods is asked for, and then has that method."""

    def __init__(self, pattern: object, flags: int) -> None:
        self._pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        compiled: object = re.compile(self._pattern, self._flags)  # type: ignore[call-overload]
        found = getattr(compiled, name)
        setattr(self, name, found)
        return found


def expression(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what ``re.compile`` does, as far as methods and attributes go; a mistake in it shows when it is used."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(pattern, flags))
