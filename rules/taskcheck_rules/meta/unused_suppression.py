"""unused-suppression."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Severity, SuppressionUse, rule


@rule(
    family="meta",
    severity=Severity.WARNING,
    remedy=HandEdit("the suppression is removed, or counts again"),
)
def unused_suppression(suppressions: tuple[SuppressionUse, ...]) -> Iterator[Finding]:
    """A suppression matches nothing, has expired, or is invalid: no reason, an unknown rule or a wrong date.

    ## Why
    A forgotten suppression hides the next fault of the same kind.

    ## Example
    `[[suppress]] rule = "role-routing", task = "legacy-*", until = 2026-09-30` exists, but it is October, or these
    tasks no longer have such a finding. In a task file, `taskcheck: {ignore: {metadata-drift: ""}}` gives no reason.
    There is no finding for a suppression whose rule was skipped, or couldn't check everything.

    ## Fix
    None: remove the suppression, or set a new date.
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
