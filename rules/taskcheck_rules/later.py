"""A rule's function that is imported when it is called."""

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from typing import Any

from taskcheck import Finding, Rule


class Later:
    """The check of a rule whose module hasn't been imported: most rules have nothing to look at in most stores."""

    def __init__(self, module: str, name: str) -> None:
        """Take where the rule is.

        Args:
            module: the dotted name of its module.
            name: what it is called there.
        """
        self.__module__ = module
        self.__name__ = name

    @cached_property
    def rule(self) -> Rule:
        """The rule as its module defines it."""
        found: Rule = getattr(import_module(self.__module__), self.__name__)
        return found

    def __call__(self, *subject: Any, **inputs: Any) -> Iterator[Finding]:
        """Ask the rule."""
        return self.rule.check(*subject, **inputs)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        """The rule's documentation."""
        return self.rule.check.__doc__
