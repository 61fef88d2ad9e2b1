"""Which rules are asked: those that are selected and not ignored, by their own name, their family's or all."""

from collections.abc import Iterable, Mapping, Sequence

from taskcheck.engine.rule import Rule

ALL = "all"


class UnknownRule(ValueError):
    """A name that is neither a rule nor a family, with the known ones."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


def choose(rules: Mapping[str, Rule], select: Iterable[str], ignore: Iterable[str]) -> list[Rule]:
    """The rules that are selected and not ignored; a rule's own name beats its family's, a family beats ``all``.

    Raises:
        UnknownRule: a name that is neither a rule nor a family.
    """
    select, ignore = set(select), set(ignore)
    known = sorted({ALL, *rules, *(rule.family for rule in rules.values())})
    for name in sorted(select | ignore):
        if name not in known:
            raise UnknownRule(name, known)

    def rank(rule: Rule, names: set[str]) -> int:
        return max((rule.name in names) * 3, (rule.family in names) * 2, (ALL in names) * 1)

    return [rule for rule in rules.values() if rank(rule, select) > rank(rule, ignore)]


def require_rules(rules: Mapping[str, Rule], names: Iterable[str]) -> None:
    """See that names are those of rules.

    Raises:
        UnknownRule: one isn't.
    """
    for name in names:
        if name not in rules:
            raise UnknownRule(name, sorted(rules))
