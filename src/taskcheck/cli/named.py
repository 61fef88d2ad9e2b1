"""What the command line names: tasks, paths, and findings of tasks."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.documents.frozen import replace

if TYPE_CHECKING:
    from taskcheck.model.report import Report
    from taskcheck.read.locate import Location
    from taskcheck.store import Request, Store


def about(request: "Request", options: argparse.Namespace, store: "Store") -> "Request":
    """Return the request, about the tasks, paths and findings that are named.

    Raises:
        Failure: a repair is asked for, which can't be of some findings of a task alone.
    """
    nodes = []
    named = []
    for name in options.only:
        task = _task_of(name, store)
        if task is None:
            named.append(store_path(name, store.location))
        else:
            nodes.append(name)
            named.append(task)
    if options.last_failed:
        if nodes:
            raise Failure("--lf can't be combined with TASK::RULE")
        nodes = list(_failed(options, store.location))
    is_of_some_findings = bool(nodes or options.keyword)
    is_a_repair = options.fix or options.diff
    if is_of_some_findings and is_a_repair:
        raise Failure("--fix and --diff apply to whole tasks, so they can't be combined with TASK::RULE, -k or --lf")
    return replace(request, only=tuple(named), nodes=tuple(nodes), keyword=options.keyword)


def _failed(options: argparse.Namespace, location: "Location") -> tuple[str, ...]:
    """Return what failed in the last check, or say why all is reported."""
    from taskcheck.read.cached import last_failed

    failed = () if options.no_cache else last_failed(location)
    if not failed:
        complain("--lf: no failures of the last check are remembered, so everything is reported")
    return failed


def keep_failed(report: "Report", request: "Request", options: argparse.Namespace, location: "Location") -> None:
    """Remember what failed, where the check was of all of a store, or of what had failed the last time."""
    narrowed = [name for name in NARROWING if getattr(options, name)]
    is_of_commit = options.gate == "commit"
    may_remember = request.remember and report.complete
    if narrowed or is_of_commit or not may_remember:
        return
    from taskcheck.read.cached import remember_failed

    failing = []
    for incident in report.incidents:
        bad = filter(report.verdict.weighs, incident.findings)
        failing += [f"{incident.subject}::{finding.title}" for finding in bad]
    remember_failed(location, failing)


NARROWING = ("only", "keyword", "owner", "maxfail", "select", "extend_select", "ignore", "local")
"""Options with which a check tells less than there is, or asks others than the usual rules."""


def _task_of(name: str, store: "Store") -> str | None:
    """Return the task of a finding that is named as ``TASK::RULE`` or ``TASK::RULE[WHAT]``; None for any other name."""
    node = name.partition("[")[0]
    task, _, rule = node.rpartition("::")
    if not task:
        return None
    from taskcheck.engine.select import formers

    is_known = rule in store.rules or rule in formers(store.rules)
    return task if is_known else None


def store_path(name: str, location: "Location") -> str:
    """Return a path as reports write it, relative to the store; any other name as it is."""
    real = Path(os.path.realpath(name))
    if not os.path.exists(real):  # noqa: PTH110 - Path.exists raises where a name is too long
        return name
    current = location.current
    if current is not None and real.is_relative_to(current):
        return real.relative_to(current).as_posix().removeprefix(location.prefix)
    if real.is_relative_to(location.root):
        return real.relative_to(location.root).as_posix()
    return name
