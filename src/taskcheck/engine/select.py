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

    A former name of a rule means the rule.

    Raises:
        UnknownRule: a name that is neither a rule nor a family.
    """
    selected = _today(rules, select)
    ignored = _today(rules, ignore)
    known = {ALL, *rules}
    known.update(rule.family for rule in rules.values())
    for name in sorted(selected | ignored):
        if name not in known:
            raise UnknownRule(name, sorted(known))

    def is_asked(rule: Rule) -> bool:
        return _rank(rule, selected) > _rank(rule, ignored)

    return list(filter(is_asked, rules.values()))


def _rank(rule: Rule, names: set[str]) -> int:
    """Return how nearly some names mean a rule; 0 where none does."""
    if rule.name in names:
        return 3
    if rule.family in names:
        return 2
    return int(ALL in names)


def _today(rules: Mapping[str, Rule], names: Iterable[str]) -> set[str]:
    """Return names, of rules that had another one today's."""
    current = formers(rules)
    return {current.get(name, name) for name in names}


def formers(rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return the former names of rules, with today's; a name that a rule has today is nobody's former one."""
    current: dict[str, str] = {}
    for rule in rules.values():
        current.update(dict.fromkeys(rule.formerly, rule.name))
    for name in rules.keys() & current.keys():
        del current[name]
    return current


def require_rules(rules: Mapping[str, Rule], names: Iterable[str]) -> None:
    """See that names are those of rules.

    Raises:
        UnknownRule: one isn't.
    """
    known = {*rules, *formers(rules)}
    for name in names:
        if name not in known:
            raise UnknownRule(name, sorted(rules))
