"""Findings accepted as they stood on a day: a TOML file that names them by fingerprint; all others still count."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.documents.toml import TomlError, read_toml
from taskcheck.model.cases import RuleRun
from taskcheck.model.finding import Acceptance, Finding

HEADER = "# Accepted findings, each named by its fingerprint; taskcheck --update-baseline wrote it.\n"
VERSION = 1
BASELINED = Acceptance(reason="accepted in the baseline", by="baseline")

_TEXTS = ("fingerprint", "rule", "subject")


class BaselineError(ValueError):
    """The file is no baseline; the message says where and why."""


@frozen
class Accepted:
    """A finding of the baseline: whose it is, for people, and how many have its fingerprint."""

    rule: str
    subject: str
    count: int = 1


@frozen
class Baseline:
    """The accepted findings by fingerprint."""

    findings: Mapping[str, Accepted] = field(default_factory=dict)

    @staticmethod
    def parse(text: str) -> "Baseline":
        """The baseline that a file holds.

        Raises:
            BaselineError: it is no TOML, of another version, or an entry isn't what it should be.
        """
        try:
            tables = read_toml(text)
        except TomlError as error:
            raise BaselineError(str(error)) from error
        if tables.get("version") != VERSION:
            raise BaselineError(f"version is {tables.get('version')!r}; this taskcheck reads version {VERSION}")
        listed = tables.get("finding", [])
        if not isinstance(listed, list):
            raise BaselineError("finding should be an array of tables")
        found: dict[str, Accepted] = {}
        for number, each in enumerate(listed, 1):
            name, accepted = _entry(number, each)
            known = found.get(name)  # two branches that accepted one finding leave it twice when they are merged
            found[name] = known if known and known.count > accepted.count else accepted
        return Baseline(found)

    @staticmethod
    def of(runs: Iterable[RuleRun], before: "Baseline") -> "Baseline":
        """All findings of some runs; of rules that couldn't look everywhere, what was accepted before stays too."""
        runs = tuple(runs)
        counts: Counter[str] = Counter()
        entries = {}
        for finding in chain.from_iterable(map(_unsuppressed, runs)):
            name = finding.fingerprint
            counts[name] += 1
            number = counts[name]
            entries[name] = Accepted(finding.rule, finding.subject, number)
        judged = _judged(runs)
        kept = {name: entry for name, entry in before.findings.items() if not judged(entry)}
        return Baseline({**kept, **entries})

    def pruned(self, runs: Iterable[RuleRun]) -> "Baseline":
        """Return what of it some runs, to which it was applied, still found; of rules that couldn't look, all."""
        runs = tuple(runs)
        accepted = (pair for run in runs for pair in run.accepted)
        found = Counter(finding.fingerprint for finding, why in accepted if why == BASELINED)
        judged = _judged(runs)
        left = {}
        for name, entry in self.findings.items():
            count = found[name] if judged(entry) else entry.count
            if count:
                left[name] = replace(entry, count=count)
        return Baseline(left)

    @property
    def count(self) -> int:
        """How many findings are accepted."""
        return sum(entry.count for entry in self.findings.values())

    def dump(self) -> str:
        """The file's text: entries by rule and subject."""
        import tomli_w

        ordered = sorted(self.findings.items(), key=lambda item: (item[1].rule, item[1].subject, item[0]))
        tables = []
        for name, entry in ordered:
            table: dict[str, Any] = {"fingerprint": name, "rule": entry.rule, "subject": entry.subject}
            if entry.count > 1:
                table["count"] = entry.count
            tables.append(table)
        return HEADER + tomli_w.dumps({"version": VERSION, "finding": tables})

    def apply(self, runs: Iterable[RuleRun]) -> tuple[tuple[RuleRun, ...], int]:
        """The runs with the accepted findings set aside, and how many accepted ones are no longer found."""
        left = Counter({name: entry.count for name, entry in self.findings.items()})

        def marked(finding: Finding) -> Finding:
            if finding.accepted is not None or left[finding.fingerprint] <= 0:
                return finding
            left[finding.fingerprint] -= 1
            return replace(finding, accepted=BASELINED)

        applied = [run.changed(marked) for run in runs]
        judged = _judged(applied)
        gone = sum(count for name, count in left.items() if count > 0 and judged(self.findings[name]))
        return tuple(applied), gone


def _judged(runs: Iterable[RuleRun]) -> Callable[[Accepted], bool]:
    """Tells whether a rule would have found what was accepted: it could look everywhere, and a forge spoke of it."""
    untold = {run.rule: run.untold for run in runs if run.whole}
    return lambda entry: entry.rule in untold and entry.subject not in untold[entry.rule]


def _unsuppressed(run: RuleRun) -> Iterator[Finding]:
    """Yield what a rule found, but for what the configuration or a task file accepts."""
    for case in run.telling:
        for finding in case.findings:
            if finding.accepted is None or finding.accepted == BASELINED:
                yield finding


def _entry(number: int, entry: Any) -> tuple[str, Accepted]:
    if not isinstance(entry, dict):
        raise BaselineError(f"finding {number} should be a table")
    for key in _TEXTS:
        if not isinstance(entry.get(key), str):
            raise BaselineError(f"finding {number}: {key} should be text")
    count = entry.get("count", 1)
    if type(count) is not int or count < 1:
        raise BaselineError(f"finding {number}: count should be a number above 0")
    unknown = sorted(entry.keys() - {*_TEXTS, "count"})
    if unknown:
        raise BaselineError(f"finding {number}: unknown key {unknown[0]!r}")
    return entry["fingerprint"], Accepted(entry["rule"], entry["subject"], count)
