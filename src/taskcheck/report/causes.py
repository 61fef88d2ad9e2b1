"""What explains what, by the rules' own words: the order of causes is derived from ``explains``."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from taskcheck.documents.frozen import frozen
from taskcheck.engine.rule import Rule
from taskcheck.model.finding import Finding


@frozen(slots=False)
class Causes:
    """Which rules' findings are the root cause of which others, and of which raw signals."""

    rules: Mapping[str, Rule]
    signals: Mapping[str, tuple[str, ...]]
    """Further kinds of signals, to the rules and families that explain them."""

    @cached_property
    def effects(self) -> Mapping[str, frozenset[str]]:
        """The rules that each rule explains.

        Of two that would explain each other it is the one that says so more exactly: by the other's name, by its
        family, by ``*``. Where both say it alike, neither explains the other.
        """
        nothing: frozenset[str] = frozenset()
        return {name: self._effects(name) if rule.explains else nothing for name, rule in self.rules.items()}

    def _effects(self, cause: str) -> frozenset[str]:
        """Return the rules that a rule explains, which claim it less exactly than it claims them."""
        return frozenset(effect for effect in self.rules if self._claim(cause, effect) > self._claim(effect, cause))

    def _claim(self, cause: str, effect: str) -> int:
        """Return how exactly a rule says that it explains another: 3 by name, 2 by family, 1 by ``*``, 0 not at all."""
        named = frozenset(self.rules[cause].explains)
        if cause == effect:
            return 0
        if not named.isdisjoint(self.rules[effect].names):
            return 3
        if self.rules[effect].family in named:
            return 2
        return 1 if "*" in named else 0

    @cached_property
    def heights(self) -> Mapping[str, int]:
        """How long the longest chain of effects below each rule is: 0 for one that explains no other.

        Example:
            where A explains B and B explains C, their heights are 2, 1 and 0.
        """
        heights: dict[str, int] = {}
        for rule in sorted(self.rules):
            self._measure(rule, heights, frozenset())
        return heights

    def _measure(self, rule: str, heights: dict[str, int], above: frozenset[str]) -> int:
        """Return a rule's height; in a circle, which only rules of plugins can make, the one met first is the cause."""
        if rule in heights:
            return heights[rule]
        height = 0
        for effect in sorted(self.effects[rule] - above):
            height = max(height, 1 + self._measure(effect, heights, above | {rule}))
        heights[rule] = height
        return height

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        """The rules in the order in which they are looked for a cause.

        Those with the longest chain of effects come first. Of causes with one as long the last by name does, any fixed
        order being as good; rules that explain nothing follow by name.
        """
        heights = self.heights
        causes = []
        others = []
        for rule, height in heights.items():
            if height:
                causes.append((height, rule))
            else:
                others.append(rule)
        names = [rule for _, rule in sorted(causes, reverse=True)]
        ranked = enumerate((*names, *sorted(others)))
        return {rule: rank for rank, rule in ranked}

    def rank(self, rule: str) -> int:
        """Return the place of a rule among causes."""
        return self._ranks.get(rule, len(self._ranks))

    def explains(self, cause: str, effect: str) -> bool:
        """Tell whether a finding of one rule is the root cause of one of another, on the same subject."""
        return effect in self.effects.get(cause, ()) and self.rank(cause) < self.rank(effect)

    def first(self, found: Iterable[str], effect: str) -> str | None:
        """Return the first of some rules that explains another."""
        causes = (rule for rule in found if self.explains(rule, effect))
        return min(causes, key=self.rank, default=None)

    def explains_signal(self, cause: Finding, kind: str) -> bool:
        """Tell whether a finding is the root cause of a raw signal; one named like its rule always is."""
        names = (cause.rule, *cause.formerly)
        if kind.replace("_", "-") in names:
            return True
        configured = self.signals.get(kind, ())
        if not {*names, cause.family}.isdisjoint(configured):
            return True
        rule = self.rules.get(cause.rule)
        if rule is None:
            return False
        return kind in rule.explains or "*" in rule.explains
