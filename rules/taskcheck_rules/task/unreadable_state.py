"""unreadable-state."""

from collections.abc import Iterator
from dataclasses import replace

from taskcheck import Evidence, Finding, Ledger, LedgerKind, Severity, rule


@rule(family="task", severity=Severity.ERROR, explains=("*",))
def unreadable_state(ledger: Ledger) -> Iterator[Finding]:
    """A register, snapshot, tombstone, dispatch log or team file can't be read, or a record in it can't.

    ## Why
    What a ledger that can't be read says is unknown; to take it for empty would report health.

    ## Example
    A snapshot that was cut off while it was written, a key that stands twice, a pid that is text.

    ## Fix
    None: its writer has to write it again.
    """
    of_task = ledger.kind in {LedgerKind.TOMBSTONE, LedgerKind.LOG}
    for route, trouble in ledger.troubles:
        place = replace(ledger.place, route=route, line=trouble.line, column=trouble.column)
        whole = not route and ledger.document is None
        yield Finding(
            task=ledger.name if of_task else None,
            manager=ledger.manager,
            place=place,
            message=f"the {ledger.kind.value} can't be read: {trouble.message}"
            if whole
            else f"a record of the {ledger.kind.value} can't be used: {trouble.message}",
            expected=f"a {ledger.kind.value} that its readers can use",
            evidence=(Evidence(place=place, saw=trouble.kind.replace("-", " ")),),
            identity=(ledger.kind.value, ledger.name, trouble.kind),
        )
