"""The closing line of a report: how much there is, and what isn't counted among it."""

from collections.abc import Iterator

from taskcheck.documents.values import counted, first_few
from taskcheck.formats.wording import SHOWN
from taskcheck.model.finding import Safety, Severity
from taskcheck.model.report import EMPTY, Report


def tally(report: Report, *, verbose: bool = False) -> tuple[str, str]:
    """Return how many tasks and incidents there are; and beside it, what isn't counted among these."""
    tasks = counted(report.tasks, "task")
    checkouts = counted(report.checkouts, "checkout")
    text = f"{tasks} in {checkouts}: {_found(report)}"
    beside = ", ".join(_beside(report, verbose=verbose))
    if not beside:
        return text, ""
    return text, f"; {beside}"


def _found(report: Report) -> str:
    """Return what was found, or how much it means that nothing was."""
    if report.exit_code == EMPTY:
        return "nothing to check"
    if report.incidents:
        incidents = counted(len(report.incidents), "incident")
        told = ", ".join(severities(report)) or "signals only"
        return f"{incidents}{_of_all(report)} ({told})"
    if report.partial or not report.complete:
        return "nothing found"
    if report.unseen:
        return f"all {report.tasks} that were read agree; not looked at: {_unseen(report)}"
    return "all agree"


def _of_all(report: Report) -> str:
    """Return how many incidents there are, where not all of them are told."""
    if report.stopped is None:
        return ""
    return f" of {len(report.incidents) + report.stopped.left_out}"


def _unseen(report: Report) -> str:
    """Return the places that nobody looked at; of many, the first few."""
    return first_few([each.where for each in report.unseen], SHOWN)


def severities(report: Report) -> Iterator[str]:
    """Yield how many findings there are of each severity that has any, the worst first."""
    for severity in sorted(Severity, reverse=True):
        number = report.count(severity)
        if number:
            yield counted(number, severity.label)


def _beside(report: Report, *, verbose: bool) -> Iterator[str]:
    """Yield what a report passes over, what it repaired and could repair, and which rules could not look."""
    if report.suppressed:
        yield f"{report.suppressed} suppressed"
    if report.baselined:
        yield f"{report.baselined} in the baseline"
    if report.baseline_gone:
        yield f"{report.baseline_gone} of the baseline gone (--prune-baseline drops them)"
    yield from _repairs(report)
    skipped = {rule for rule, _ in report.skipped}
    if skipped:
        rules = counted(len(skipped), "rule")
        how = "" if verbose else " (-v says why)"
        yield f"{rules} skipped{how}"


def _repairs(report: Report) -> Iterator[str]:
    """Yield how many fixes were made, and how many there are."""
    if report.undo:
        yield f"{report.fixed} fixed (taskcheck undo {report.undo})"
    safe = report.fixable(Safety.SAFE)
    unsafe = report.fixable(Safety.UNSAFE)
    if safe and not report.fixes:
        more = f", {unsafe} more with --unsafe-fixes" if unsafe else ""
        yield f"{safe} fixable with --fix{more}"
    elif unsafe:
        yield f"{unsafe} fixable with --fix --unsafe-fixes"
