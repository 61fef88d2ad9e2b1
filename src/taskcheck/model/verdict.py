"""What makes a run fail."""

from collections.abc import Iterable

from taskcheck.documents.frozen import frozen
from taskcheck.model.finding import Finding, Severity


@frozen(kw_only=True)
class Verdict:
    """What makes a run fail."""

    fail_on: Severity = Severity.ERROR
    strict: bool = False
    """Skipped rules fail."""
    exit_zero: bool = False
    """Nothing of all that does."""
    fail_on_fix: bool = False
    """Fixes that were made do, or that would be."""

    def weighs(self, finding: Finding) -> bool:
        """Return whether a finding is bad enough to make a run fail."""
        return finding.level >= self.fail_on and not finding.advisory

    def fails_for_fixes(self, reasons: Iterable[str]) -> bool:
        """Return whether fixes that were made, or would be, make a run fail; by why each isn't made, which is empty."""
        some_made = not all(reasons)
        return some_made and self.fail_on_fix and not self.exit_zero
