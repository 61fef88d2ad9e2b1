"""The built-in rules, a plugin like anybody's: every ``@rule`` in a module below this package."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from taskcheck import Rule, hookimpl, replace

PAGES = "https://github.com/taskcheck/taskcheck/blob/main/docs/rules"


@hookimpl
def taskcheck_rules() -> list[Rule]:
    """All rules of the pack, each with its page."""
    return list(_paged())


@cache
def _paged() -> tuple[Rule, ...]:
    """Return the rules, found once: in a process that opens many stores, to look for them is most of an opening."""
    return tuple(replace(rule, url=f"{PAGES}/{rule.name}.md") for rule in _rules())


def _rules() -> Iterator[Rule]:
    folder = Path(__path__[0])
    for path in sorted(folder.glob("*/*.py")):
        family, name = path.parent.name, path.stem
        module = import_module(f"{__name__}.{family}.{name}")
        for value in vars(module).values():
            if isinstance(value, Rule):
                yield value
