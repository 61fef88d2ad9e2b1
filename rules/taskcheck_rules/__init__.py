"""The built-in rules, a plugin like anybody's: every ``@rule`` in a module below this package."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from taskcheck import Rule, hookimpl, replace

PAGES = "https://github.com/taskcheck/taskcheck/blob/main/docs/rules"


@hookimpl
def taskcheck_rules() -> list[Rule]:
    """All rules of the pack, each with its page."""
    return [replace(rule, url=f"{PAGES}/{rule.name}.md") for rule in _rules()]


def _rules() -> Iterator[Rule]:
    for module in walk_packages(__path__, f"{__name__}."):
        yield from (value for value in vars(import_module(module.name)).values() if isinstance(value, Rule))
