"""taskcheck: do the ledgers of an agent fleet agree?

The names below are the public ones: what a rule, a plugin or a program that calls the checker needs. Task managers find
theirs in `taskcheck.owners` (who is who, and who may dispatch what) and `taskcheck.ledgers` (what they write).
"""

from typing import TYPE_CHECKING, Any

from taskcheck.version import __version__ as __version__

if TYPE_CHECKING:
    from taskcheck.checks import check as check
    from taskcheck.config.load import ConfigError as ConfigError
    from taskcheck.config.people import Owner as Owner, People as People
    from taskcheck.config.settings import FINISHED as FINISHED, Limits as Limits, Settings as Settings, Stage as Stage
    from taskcheck.config.suggest import did_you_mean as did_you_mean
    from taskcheck.documents import Value as Value
    from taskcheck.documents.frozen import field as field, frozen as frozen, replace as replace
    from taskcheck.documents.values import age as age, timestamp as timestamp, whole_number as whole_number
    from taskcheck.engine.rule import Rule as Rule, Undecided as Undecided, rule as rule
    from taskcheck.model.checkouts import (
        Checkouts as Checkouts,
        Copies as Copies,
        FetchedTrunk as FetchedTrunk,
    )
    from taskcheck.model.edit import (
        DropEntry as DropEntry,
        KeepFile as KeepFile,
        MergeFile as MergeFile,
        SetKey as SetKey,
    )
    from taskcheck.model.finding import (
        Command as Command,
        Evidence as Evidence,
        Finding as Finding,
        Fix as Fix,
        HandEdit as HandEdit,
        Remedy as Remedy,
        Safety as Safety,
        Severity as Severity,
        Wait as Wait,
    )
    from taskcheck.model.forges import PullAddress as PullAddress, PullState as PullState
    from taskcheck.model.hosts import Processes as Processes
    from taskcheck.model.landings import End as End, Landing as Landing, Mention as Mention, Refuted as Refuted
    from taskcheck.model.managers import Manager as Manager
    from taskcheck.model.plan import Change as Change, Plan as Plan
    from taskcheck.model.pulls import Pull as Pull, Pulls as Pulls
    from taskcheck.model.report import Incident as Incident, Report as Report
    from taskcheck.model.runtime import (
        Dispatch as Dispatch,
        DispatchState as DispatchState,
        Entry as Entry,
        Ledger as Ledger,
        LedgerKind as LedgerKind,
        Register as Register,
        Row as Row,
        Signal as Signal,
        Snapshot as Snapshot,
        Tombstone as Tombstone,
    )
    from taskcheck.model.sources import Fork as Fork, Unavailable as Unavailable
    from taskcheck.model.state import (
        Dispatches as Dispatches,
        Entries as Entries,
        Rows as Rows,
        SuppressionUse as SuppressionUse,
    )
    from taskcheck.model.taking import (
        Taking as Taking,
        changed_alike as changed_alike,
        left_unmergeable as left_unmergeable,
        taking as taking,
    )
    from taskcheck.model.task import (
        Checkout as Checkout,
        Copy as Copy,
        Marker as Marker,
        Place as Place,
        PullRequest as PullRequest,
        Task as Task,
        Tie as Tie,
    )
    from taskcheck.model.tasks import Tasks as Tasks
    from taskcheck.model.waiting import Waiting as Waiting
    from taskcheck.plugins.marker import hookimpl as hookimpl
    from taskcheck.store import UsageError as UsageError

_HOMES = {
    "checks": ("check",),
    "config.load": ("ConfigError",),
    "config.people": ("Owner", "People"),
    "config.settings": ("FINISHED", "Limits", "Settings", "Stage"),
    "config.suggest": ("did_you_mean",),
    "documents": ("Value",),
    "documents.frozen": ("field", "frozen", "replace"),
    "documents.values": ("age", "timestamp", "whole_number"),
    "engine.rule": ("Rule", "Undecided", "rule"),
    "model.edit": ("DropEntry", "KeepFile", "MergeFile", "SetKey"),
    "model.finding": ("Command", "Evidence", "Finding", "Fix", "HandEdit", "Remedy", "Safety", "Severity", "Wait"),
    "model.plan": ("Change", "Plan"),
    "model.pulls": ("Pull", "Pulls"),
    "model.report": ("Incident", "Report"),
    "model.managers": ("Manager",),
    "model.runtime": ("Dispatch", "DispatchState", "Entry", "Ledger", "LedgerKind", "Register", "Row",
                      "Signal", "Snapshot", "Tombstone"),
    "model.hosts": ("Processes",),
    "model.forges": ("PullAddress", "PullState"),
    "model.sources": ("Fork", "Unavailable"),
    "model.checkouts": ("Checkouts", "Copies", "FetchedTrunk"),
    "model.landings": ("End", "Landing", "Mention", "Refuted"),
    "model.state": ("Dispatches", "Entries", "Rows", "SuppressionUse"),
    "model.taking": ("Taking", "changed_alike", "left_unmergeable", "taking"),
    "model.tasks": ("Tasks",),
    "model.waiting": ("Waiting",),
    "model.task": ("Checkout", "Copy", "Marker", "Place", "PullRequest", "Task", "Tie"),
    "plugins.marker": ("hookimpl",),
    "store": ("UsageError",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import taskcheck`` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found  # the next who asks finds it there
    return found


def __dir__() -> list[str]:
    return sorted(_HOME)
