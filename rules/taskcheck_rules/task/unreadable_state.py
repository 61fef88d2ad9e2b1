"""unreadable-state."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Ledger, LedgerKind, Severity, replace, rule


@rule(
    family="task",
    severity=Severity.ERROR,
    explains=("*", "split-manager"),
    stops_dispatch=True,
    remedy=HandEdit("the file can be read; or let its writer write it again"),
)
def unreadable_state(ledger: Ledger) -> Iterator[Finding]:
    """A register, snapshot, tombstone, dispatch log or team file can't be read, in whole or in part.

    ## Why
    Nobody knows what an unreadable ledger records. A tool that treats it as empty reports that all is well.

    ## Example
    A snapshot was cut off while it was written. Or a key occurs twice. Or a pid is text. If a file can be read only in
    part, the rest still counts.

    ## Fix
    None: the program that writes the file has to write it again, or a person has to correct it.
    """
    of_task = ledger.kind in {LedgerKind.TOMBSTONE, LedgerKind.LOG}
    for route, trouble in ledger.troubles:
        place = replace(ledger.place, route=route, line=trouble.line, column=trouble.column)
        yield Finding(
            task=ledger.name if of_task else None,
            manager=ledger.manager,
            place=place,
            message=f"{_what(ledger, trouble.kind)}: {trouble.message}",
            expected=f"a {ledger.kind.value} that can be read as a whole",
            evidence=(Evidence(place=place, saw=trouble.kind.replace("-", " ")),),
            identity=(ledger.kind.value, ledger.name, trouble.kind),
        )


def _what(ledger: Ledger, trouble: str) -> str:
    """Return which ledger it is, and what can't be done with it."""
    what = f"{ledger.kind.value} {ledger.place.path}"
    if ledger.document is None:
        return f"{what} can't be read"
    if trouble == "byte-order-mark":
        return f"{what} is refused by strict readers"
    return f"{what} can only be read in part"
