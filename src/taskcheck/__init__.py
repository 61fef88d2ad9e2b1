"""taskcheck: do the ledgers of an agent fleet agree?

The names below are the public ones: what a rule, a plugin or a program that calls the checker needs.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from taskcheck.documents import Value as Value
    from taskcheck.documents.values import age as age
    from taskcheck.finding import (
        DropEntry as DropEntry,
    )
    from taskcheck.finding import (
        Evidence as Evidence,
    )
    from taskcheck.finding import (
        Finding as Finding,
    )
    from taskcheck.finding import (
        Fix as Fix,
    )
    from taskcheck.finding import (
        Incident as Incident,
    )
    from taskcheck.finding import (
        KeepFile as KeepFile,
    )
    from taskcheck.finding import (
        MergeFile as MergeFile,
    )
    from taskcheck.finding import (
        Report as Report,
    )
    from taskcheck.finding import (
        Safety as Safety,
    )
    from taskcheck.finding import (
        SetKey as SetKey,
    )
    from taskcheck.finding import (
        Severity as Severity,
    )
    from taskcheck.hooks import hookimpl as hookimpl
    from taskcheck.identity import People as People
    from taskcheck.model import (
        Checkout as Checkout,
    )
    from taskcheck.model import (
        Copy as Copy,
    )
    from taskcheck.model import (
        Dispatch as Dispatch,
    )
    from taskcheck.model import (
        DispatchState as DispatchState,
    )
    from taskcheck.model import (
        Entry as Entry,
    )
    from taskcheck.model import (
        Ledger as Ledger,
    )
    from taskcheck.model import (
        LedgerKind as LedgerKind,
    )
    from taskcheck.model import (
        Manager as Manager,
    )
    from taskcheck.model import (
        Place as Place,
    )
    from taskcheck.model import (
        PullRequest as PullRequest,
    )
    from taskcheck.model import (
        Row as Row,
    )
    from taskcheck.model import (
        Snapshot as Snapshot,
    )
    from taskcheck.model import (
        Task as Task,
    )
    from taskcheck.rules import Rule as Rule
    from taskcheck.rules import Undecided as Undecided
    from taskcheck.rules import rule as rule
    from taskcheck.settings import FINISHED as FINISHED
    from taskcheck.settings import Settings as Settings
    from taskcheck.settings import Stage as Stage
    from taskcheck.sources import Fork as Fork
    from taskcheck.sources import Processes as Processes
    from taskcheck.state import (
        Checkouts as Checkouts,
    )
    from taskcheck.state import (
        Copies as Copies,
    )
    from taskcheck.state import (
        Dispatches as Dispatches,
    )
    from taskcheck.state import (
        Entries as Entries,
    )
    from taskcheck.state import (
        Rows as Rows,
    )
    from taskcheck.state import (
        Tasks as Tasks,
    )

_HOMES = {
    "documents": ("Value",),
    "documents.values": ("age",),
    "finding": ("DropEntry", "Evidence", "Finding", "Fix", "Incident", "KeepFile", "MergeFile", "Report", "Safety",
                "SetKey", "Severity"),
    "hooks": ("hookimpl",),
    "identity": ("People",),
    "model": ("Checkout", "Copy", "Dispatch", "DispatchState", "Entry", "Ledger", "LedgerKind", "Manager", "Place",
              "PullRequest", "Row", "Snapshot", "Task"),
    "rules": ("Rule", "Undecided", "rule"),
    "settings": ("FINISHED", "Settings", "Stage"),
    "sources": ("Fork", "Processes"),
    "state": ("Checkouts", "Copies", "Dispatches", "Entries", "Rows", "Tasks"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import taskcheck`` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - lazy by design

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
