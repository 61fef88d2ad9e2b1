"""Compare the ledgers and report contradictions per task.

Tasks, managers and paths on the command line limit the report. The check still reads the whole store.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.cli import Failure, complain
from taskcheck.cli.common import guarded, local_rules, opened, replace_file, show, tell_empty, tell_unconfigured
from taskcheck.cli.named import about, keep_failed
from taskcheck.cli.options import PRUNE, UPDATE, arguments, consistent
from taskcheck.cli.outputs import output, renderer_of, write
from taskcheck.cli.progress import Progress
from taskcheck.documents.frozen import frozen, replace
from taskcheck.formats.sanitize import visible

__all__ = ["arguments", "run"]

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskcheck.model.plan import Plan
    from taskcheck.model.report import Report
    from taskcheck.read.locate import Location
    from taskcheck.store import Request, Store

TELLING = {"json", "html"}
"""The formats that tell since when an incident stands."""


def run(options: argparse.Namespace) -> int:
    """Check, print, and return the exit code."""
    if options.show_settings or options.show_files:
        return _show(options)
    progress = Progress()
    consistent(options)
    request = _request(options, progress)
    try:
        checked = guarded(lambda: _checked(options, request))
    finally:
        progress.clear()
    store = checked.store
    report = _followed(checked.report, store.location, options, _formats(options))
    for render, path in checked.outputs:
        write(path, render(report))
    if options.rewrite:
        report = _rewritten(options, store, request, report)
    if not options.quiet:
        sys.stdout.write(_shown(report, options, store, checked.plan))
        sys.stdout.flush()
    _tell(report, options)
    keep_failed(checked.report, request, options, store.location)
    tell_empty(report, store)
    if not options.config:
        tell_unconfigured(report, store)
    store.plugins.finish(report, checked.plan)
    return 0 if _is_commit_of_code(report, store, options) else report.exit_code


def _is_commit_of_code(report: "Report", store: "Store", options: argparse.Namespace) -> bool:
    """Return whether a commit is gated that has no tasks to be stopped for: they lie on an orphan branch.

    All worktrees share their hooks, so the one that is for the commits of tasks is asked about those of code, too.
    """
    from taskcheck.model.report import EMPTY

    if report.exit_code != EMPTY or options.gate != "commit":
        return False
    from taskcheck.cli.apart import has_store_apart

    return has_store_apart(store)


def _followed(report: "Report", location: "Location", options: argparse.Namespace, formats: set[str]) -> "Report":
    """Return the report with what is recorded of its incidents, where that is told, or written down."""
    if not (options.record or options.changes or options.history or formats & TELLING):
        return report
    from taskcheck.cli.recorded import followed

    return followed(report, location, options)


def _show(options: argparse.Namespace) -> int:
    """Print how the store is configured, or which files are its tasks."""
    from taskcheck.cli.shown import file_lines, settings_lines

    def lines() -> list[str]:
        store = opened(options, local_rules(options))
        told = list(settings_lines(store, options)) if options.show_settings else []
        return [*told, *(file_lines(store) if options.show_files else ())]

    for line in guarded(lines):
        print(line)
    return 0


@frozen
class _Checked:
    """What a check gave, and where else it is to be written."""

    store: "Store"
    report: "Report"
    plan: "Plan | None"
    """Of the repairs; None where none were asked for."""
    outputs: "list[tuple[Callable[[Report], str], Path]]"


def _checked(options: argparse.Namespace, request: "Request") -> _Checked:
    """Check, and repair where that is asked for; what can't be written or shown is refused before."""
    from taskcheck.checks import check_store
    from taskcheck.store import Where, open_store

    where = Where(
        root=options.root,
        config=options.config,
        preset=options.preset,
        config_from=options.config_from,
        branches=tuple(options.branches),
        rules=local_rules(options),
    )
    store = open_store(where)
    if store.where.rules:
        from taskcheck.cli.local import distinct

        distinct(store.where.rules, store.plugins.rules())
    if options.rewrite:
        _rewritable(options, store)
    if options.only or options.keyword or options.last_failed:
        request = about(request, options, store)
    outputs = [output(item, store) for item in options.output]
    renderer_of(options.format, store)
    if options.fix or options.diff:
        report, plan = _repaired(store, request, options)
        return _Checked(store, report, plan, outputs)
    return _Checked(store, check_store(store, request), None, outputs)


def _request(options: argparse.Namespace, progress: Progress) -> "Request":
    """Return what the options ask for, about the whole store."""
    from taskcheck.model.finding import Severity
    from taskcheck.model.verdict import Verdict
    from taskcheck.store import Request

    return Request(
        now=options.now,
        owner=options.owner,
        select=options.select,
        extend_select=options.extend_select,
        ignore=options.ignore,
        maxfail=options.maxfail,
        verdict=Verdict(
            fail_on=Severity[options.fail_on.upper()],
            strict=options.strict,
            exit_zero=options.exit_zero,
            fail_on_fix=options.exit_non_zero_on_fix or options.diff,
        ),
        gate=options.gate,
        online=options.online,
        baseline=options.baseline,
        update_baseline=options.rewrite == UPDATE,
        timelines=_shows_timelines(options),
        remember=not (options.no_cache or options.fix or options.diff),
        progress=progress.tell,
    )


def _shows_timelines(options: argparse.Namespace) -> bool:
    """Return whether a page is asked for, the one format that tells each incident from its beginning."""
    return "html" in _formats(options)


def _formats(options: argparse.Namespace) -> set[str]:
    """Return the formats in which the report is asked for."""
    return {options.format, *(item.partition("=")[0] for item in options.output)}


def _tell(report: "Report", options: argparse.Namespace) -> None:
    """Say what has to be said beside a diff, beside a format for machines, or in spite of --quiet."""
    shows_a_diff = options.diff and options.format == "text"
    if shows_a_diff and not options.quiet:
        from taskcheck.formats import text

        sys.stderr.write(text.fixes(report))
    untold: list[str] = []
    if options.quiet or shows_a_diff:
        untold += [f"{error.where}: {error.message}" for error in report.errors]
    if options.quiet or options.diff or options.format != "text":
        untold += report.notices
    for message in untold:
        complain(visible(message, None))


def _repaired(store: "Store", request: "Request", options: argparse.Namespace) -> "tuple[Report, Plan]":
    """Return the report of what is left once the fixes were made, or would be; and what was written, or would be."""
    from taskcheck.fix import repair
    from taskcheck.model.finding import Safety

    order = repair.Order(
        safety=Safety.UNSAFE if options.unsafe_fixes else Safety.SAFE,
        write=options.fix,
        in_hook=bool(os.environ.get("PRE_COMMIT") or os.environ.get("GIT_INDEX_FILE")),
    )
    return repair.fix(store, request, order)


def _rewritable(options: argparse.Namespace, store: "Store") -> Path:
    """Return the file that the baseline is written to."""
    from taskcheck.read.baseline import baseline_file

    path = baseline_file(options.baseline, store.location, store.settings)
    if path is None:
        raise Failure(f"{options.rewrite} needs --baseline FILE, or `baseline` in the configuration")
    return path


def _rewritten(options: argparse.Namespace, store: "Store", request: "Request", report: "Report") -> "Report":
    """Return the report once the baseline is written anew, whole or not at all; what can't be trusted isn't written."""
    from taskcheck.checks import baseline
    from taskcheck.model.baseline import Baseline

    path, named = _rewritable(options, store), options.baseline or store.settings.baseline
    if not report.complete:
        complain(f"baseline {named} isn't written because the check is incomplete")
        return report
    before = guarded(lambda: baseline(store, request))
    if options.rewrite == PRUNE:
        after = before.pruned(report.runs)
        count = before.count - after.count
        done = f"removed from {named}, {after.count} left"
    else:
        after = Baseline.of(report.runs, before)
        count = after.count
        done = f"written to {named}"
    if after != before or options.rewrite == UPDATE:
        replace_file(path, after.dump(), f"baseline {named}")
    complain(f"{count} finding{'' if count == 1 else 's'} {done}")
    return replace(report, baseline_gone=0)


def _shown(report: "Report", options: argparse.Namespace, store: "Store", plan: "Plan | None") -> str:
    if options.collect_only:
        from taskcheck.formats.outcomes import names

        return names(report)
    if options.format != "text":
        return renderer_of(options.format, store)(report)
    if options.diff and plan is not None:
        from taskcheck.cli import diff

        return diff.render(plan)
    by_rule = options.group == "rule"
    return show(report, verbose=options.verbose, color=options.color, by_rule=by_rule, passed=options.verbose)
