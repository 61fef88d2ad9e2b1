"""A report as tests that passed, failed or were skipped: for JUnit, and for pytest.

Of each task, manager and the repository there is one for each finding, and one for all else: `REST`. So their number
follows what is there and what is wrong, not how many rules there are; and what fails is what makes the run fail.
"""

from collections.abc import Iterator

from taskcheck.documents.frozen import frozen, replace
from taskcheck.formats.sanitize import visible
from taskcheck.formats.step import next_step
from taskcheck.formats.text import finding_text
from taskcheck.model.cases import Case, RuleRun
from taskcheck.model.finding import REPOSITORY, Acceptance, Finding
from taskcheck.model.report import EMPTY, Incident, Report, Stopped
from taskcheck.model.task import Place

REST, INCOMPLETE, FIXES, STOPPED = "rest", "incomplete", "fixes", "stopped"


@frozen(kw_only=True)
class Outcome:
    """One test: what it is about, and what came of it."""

    subject: str
    """The task, the manager, or `REPOSITORY`."""
    name: str
    """The rule, with what tells this finding from others of it in brackets; or one of the names above."""
    result: str
    """``passed``, ``failed``, ``skipped`` or ``error``."""
    family: str | None = None
    message: str = ""
    """In one line: what is wrong, or why it was skipped."""
    text: str = ""
    """All that there is to say."""
    place: Place | None = None
    """Of the finding."""
    level: str = ""
    """The severity of the finding."""


def outcomes(report: Report) -> list[Outcome]:
    """Return all tests of a report, those of one subject together: the repository's first, the rest of each last."""
    found = [*_findings(report), *_crashes(report), *_of_the_run(report)]
    if report.stopped is not None:
        found.append(_stop(report.stopped))
    elif not report.chosen:
        found += [*_accepted(report), *_rests(report)]
    return sorted(_named_apart(found), key=_order)


def names(report: Report) -> str:
    """Return the names of all tests of a report, a line each, as ``TASK::RULE[WHAT]``."""
    return "".join(f"{visible(each.subject, None)}::{visible(each.name, None)}\n" for each in outcomes(report))


def _named_apart(found: list[Outcome]) -> Iterator[Outcome]:
    """Yield all tests, of several with one name the second as ``NAME#2``."""
    numbers: dict[tuple[str, str], int] = {}
    for outcome in found:
        key = (outcome.subject, outcome.name)
        number = numbers[key] = numbers.get(key, 0) + 1
        yield outcome if number == 1 else replace(outcome, name=f"{outcome.name}#{number}")


def _order(outcome: Outcome) -> tuple[bool, str, bool, str]:
    return outcome.subject != REPOSITORY, outcome.subject, outcome.name == REST, outcome.name


def _findings(report: Report) -> Iterator[Outcome]:
    """Yield a test for each finding that nobody accepts; it fails where the finding makes the run fail."""
    for incident in report.incidents:
        for finding in incident.findings:
            result = "failed" if report.fails(finding) else "passed"
            yield _of_finding(finding, incident.subject, result, finding.message, _text(finding, incident))


def _accepted(report: Report) -> Iterator[Outcome]:
    """Yield a skipped test for each finding that somebody accepts, with why."""
    for run in report.runs:
        for finding, why in run.accepted:
            yield _of_finding(finding, finding.subject, "skipped", _why(why), finding_text(finding))


def _of_finding(finding: Finding, subject: str, result: str, message: str, text: str) -> Outcome:
    return Outcome(
        subject=subject,
        name=finding.title,
        result=result,
        family=finding.family,
        message=message,
        text=text,
        place=finding.place,
        level=finding.level.label,
    )


def _text(finding: Finding, incident: Incident) -> str:
    """Return a finding in full; of the one that heads an incident, with what to do next."""
    told = finding_text(finding)
    if finding is not incident.head:
        return told
    return f"{told}\n    next: {visible(next_step(incident).told, None)}"


def _why(acceptance: Acceptance) -> str:
    if acceptance.by == "baseline":
        return "in the baseline"
    return f"suppressed: {acceptance.reason}"


def _crashes(report: Report) -> Iterator[Outcome]:
    """Yield an error for each rule that crashed, on each subject."""
    for run in report.runs:
        for subject, messages in _crashed(run).items():
            text = "\n".join(messages)
            yield Outcome(
                subject=subject, name=run.rule, result="error", family=run.family, message=messages[0], text=text
            )


def _crashed(run: RuleRun) -> dict[str, list[str]]:
    """Return how a rule crashed, by what it was asked about."""
    found: dict[str, list[str]] = {}
    for case in run.telling:
        if case.error is not None:
            told = f"{visible(case.error.where)}: {visible(case.error.message)}"
            found.setdefault(case.subject.group, []).append(told)
    return found


def _of_the_run(report: Report) -> Iterator[Outcome]:
    """Yield what else makes a run fail: what went wrong beside rules, and fixes that were not to be needed."""
    of_rules = {error for run in report.runs for error in run.errors}
    others = [error for error in report.errors if error not in of_rules]
    if others:
        told = [f"{visible(error.where)}: {visible(error.message)}" for error in others]
        message = "the check is incomplete: the parts that failed were not checked"
        yield Outcome(
            subject=REPOSITORY, name=INCOMPLETE, result="error", message=message, text="\n".join((message, *told))
        )
    if report.verdict.fails_for_fixes(note.reason for note in report.fixes):
        made = sum(not note.reason for note in report.fixes)
        message = f"{made} {'fix was' if made == 1 else 'fixes were'} made, or would be"
        yield Outcome(subject=REPOSITORY, name=FIXES, result="failed", message=message, text=message)


def _stop(stopped: Stopped) -> Outcome:
    """Return the skipped test that stands for all that a report leaves out."""
    return Outcome(subject=REPOSITORY, name=STOPPED, result="skipped", message=stopped.told, text=stopped.told)


def _rests(report: Report) -> Iterator[Outcome]:
    """Yield for each subject the test of all that nothing was found about."""
    unknown: dict[str, dict[str, None]] = {REPOSITORY: dict.fromkeys(_not_looked_at(report))}
    for run in report.runs:
        for case in run.cases:
            reasons = unknown.setdefault(case.subject.group, {})
            untold = _untold(run, case)
            if untold:
                reasons[untold] = None
    for subject, reasons in unknown.items():
        yield _rest(report, subject, list(reasons))


def _not_looked_at(report: Report) -> Iterator[str]:
    """Yield what the check as a whole didn't look at."""
    if report.exit_code == EMPTY:
        yield "nothing to check"
    for each in report.unseen:
        yield f"not looked at: {each.told}"


def _untold(run: RuleRun, case: Case) -> str:
    """Return why a rule couldn't look, or couldn't tell; empty where it could."""
    reason = case.skipped or case.undecided
    return f"{run.rule}: {reason}" if reason else ""


def _rest(report: Report, subject: str, reasons: list[str]) -> Outcome:
    """Return the test of all else about a subject: skipped where a rule couldn't look, which may fail the run."""
    if not reasons:
        return Outcome(subject=subject, name=REST, result="passed")
    text = "\n".join(visible(reason, None) for reason in reasons)
    message = reasons[0] if len(reasons) == 1 else f"{reasons[0]}, and {len(reasons) - 1} more"
    result = "skipped"
    if subject == REPOSITORY and report.exit_code == EMPTY:
        result = "error"
    elif subject == REPOSITORY and report.blindness_fails:
        result = "failed"
    return Outcome(subject=subject, name=REST, result=result, message=message, text=text)
