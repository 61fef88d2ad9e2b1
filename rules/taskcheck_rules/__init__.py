"""The built-in rules, a plugin like anybody's: every ``@rule`` in a module below this package, by its catalogue."""

from taskcheck import Rule, hookimpl


@hookimpl
def taskcheck_rules() -> list[Rule]:
    """All rules of the pack, each with its page."""
    from taskcheck_rules.catalogue import RULES

    return list(RULES)
