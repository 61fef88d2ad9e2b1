"""What makes a run fail."""

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
