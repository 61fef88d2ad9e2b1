"""taskcheck: do the ledgers of an agent fleet agree?

The names below are the public ones: what a rule, a plugin or a program that calls the checker needs. Task managers find
theirs in `taskcheck.owners` (who is who, and who may dispatch what) and `taskcheck.ledgers` (what they write).
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from taskcheck.checking import UsageError as UsageError, check as check
    from taskcheck.config import ConfigError as ConfigError
    from taskcheck.documents import Value as Value
    from taskcheck.documents.values import age as age, timestamp as timestamp, whole_number as whole_number
    from taskcheck.edit import (
        DropEntry as DropEntry,
        KeepFile as KeepFile,
        MergeFile as MergeFile,
        SetKey as SetKey,
    )
    from taskcheck.finding import (
        Evidence as Evidence,
        Finding as Finding,
        Fix as Fix,
        Incident as Incident,
        Report as Report,
        Safety as Safety,
        Severity as Severity,
    )
    from taskcheck.fix.plan import Change as Change, Plan as Plan
    from taskcheck.hooks import hookimpl as hookimpl
    from taskcheck.identity import People as People
    from taskcheck.model import (
        Checkout as Checkout,
        Copy as Copy,
        Place as Place,
        PullRequest as PullRequest,
        Task as Task,
    )
    from taskcheck.pulls import Pull as Pull, Pulls as Pulls
    from taskcheck.rules import Rule as Rule, Undecided as Undecided, rule as rule
    from taskcheck.runtime import (
        Dispatch as Dispatch,
        DispatchState as DispatchState,
        Entry as Entry,
        Ledger as Ledger,
        LedgerKind as LedgerKind,
        Manager as Manager,
        Register as Register,
        Row as Row,
        Snapshot as Snapshot,
        Tombstone as Tombstone,
    )
    from taskcheck.settings import FINISHED as FINISHED, Settings as Settings, Stage as Stage
    from taskcheck.sources import (
        Fork as Fork,
        Processes as Processes,
        PullAddress as PullAddress,
        PullState as PullState,
        Unavailable as Unavailable,
    )
    from taskcheck.state import (
        Checkouts as Checkouts,
        Copies as Copies,
        Dispatches as Dispatches,
        Entries as Entries,
        Rows as Rows,
        SuppressionUse as SuppressionUse,
        Tasks as Tasks,
    )
    from taskcheck.suggest import did_you_mean as did_you_mean

_HOMES = {
    "checking": ("UsageError", "check"),
    "config": ("ConfigError",),
    "documents": ("Value",),
    "documents.values": ("age", "timestamp", "whole_number"),
    "edit": ("DropEntry", "KeepFile", "MergeFile", "SetKey"),
    "finding": ("Evidence", "Finding", "Fix", "Incident", "Report", "Safety", "Severity"),
    "fix.plan": ("Change", "Plan"),
    "hooks": ("hookimpl",),
    "identity": ("People",),
    "model": ("Checkout", "Copy", "Place", "PullRequest", "Task"),
    "pulls": ("Pull", "Pulls"),
    "rules": ("Rule", "Undecided", "rule"),
    "runtime": ("Dispatch", "DispatchState", "Entry", "Ledger", "LedgerKind", "Manager", "Register", "Row", "Snapshot",
                "Tombstone"),
    "settings": ("FINISHED", "Settings", "Stage"),
    "sources": ("Fork", "Processes", "PullAddress", "PullState", "Unavailable"),
    "state": ("Checkouts", "Copies", "Dispatches", "Entries", "Rows", "SuppressionUse", "Tasks"),
    "suggest": ("did_you_mean",),
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
