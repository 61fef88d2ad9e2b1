"""unused-suppression."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Severity, SuppressionUse, rule


@rule(
    family="meta",
    severity=Severity.WARNING,
    remedy=HandEdit("the suppression is removed, or counts again"),
)
def unused_suppression(suppressions: tuple[SuppressionUse, ...]) -> Iterator[Finding]:
    """A suppression matches nothing, has expired, or can't count: no reason, no such rule, no day.

    ## Why
    What was accepted once and is forgotten hides the next fault of the same kind.

    ## Example
    `[[suppress]] rule = "role-routing", task = "legacy-*", until = 2026-09-30`, and it is October; or there is no
    such finding on these tasks any more. In a task file: `taskcheck: {ignore: {metadata-drift: ""}}` gives no reason.
    Nothing is said of a suppression whose rule didn't run, or couldn't look everywhere.

    ## Fix
    None: take it out, or give it a new day.
    """
    for use in suppressions:
        if use.fault is not None:
            why = f"doesn't count: {use.fault}"
        elif use.expired:
            why = f"expired after {use.until}"
        elif use.judged and not use.matched:
            why = "matches nothing"
        else:
            continue
        where = f"on {use.subject}" if use.subject != "*" else "everywhere"
        yield Finding(
            task=use.task,
            place=use.place,
            message=f"suppression of {use.rule} {where} in {use.place.path} {why}",
            expected="suppressions that accept something, with a reason",
            evidence=(Evidence(place=use.place, saw=f"{use.rule} is accepted {where}"),),
            identity=(use.rule, use.subject),
        )
