"""The built-in rules, a plugin like anybody's: every ``@rule`` in a module below this package."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from taskcheck import Rule, hookimpl


@hookimpl
def taskcheck_rules() -> list[Rule]:
    """All rules of the pack."""
    return list(_rules())


def _rules() -> Iterator[Rule]:
    for module in walk_packages(__path__, f"{__name__}."):
        yield from (value for value in vars(import_module(module.name)).values() if isinstance(value, Rule))
