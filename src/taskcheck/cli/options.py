"""The options of a check, and which of them go together."""

import argparse
from pathlib import Path

from taskcheck.cli import EPILOG, Failure
from taskcheck.cli.common import color_option, count, local_option, names, owner_option, record_options, store_options
from taskcheck.formats import FORMATS

UPDATE, PRUNE = "--update-baseline", "--prune-baseline"
BASELINE = {
    UPDATE: "write all current findings to the baseline file",
    PRUNE: "remove findings that no longer occur from the baseline file; add none",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.epilog = EPILOG
    parser.add_argument(
        "only", nargs="*", metavar="TASK|PATH", help="report only these tasks or paths, or one finding: TASK::RULE"
    )
    owner_option(parser)
    parser.add_argument(
        "-k",
        dest="keyword",
        metavar="EXPR",
        default="",
        help="report only findings whose TASK::RULE matches the expression: 'drift and not x'",
    )
    parser.add_argument(
        "--lf",
        "--last-failed",
        dest="last_failed",
        action="store_true",
        help="report only tasks that failed in the last whole-store check; all if none failed or none is remembered",
    )
    parser.add_argument(
        "-x",
        dest="maxfail",
        action="store_const",
        const=1,
        default=0,
        help="report only the worst failing task; the check still covers the whole store",
    )
    parser.add_argument(
        "--maxfail",
        metavar="N",
        type=count,
        default=0,
        help="report only the N worst failing tasks or managers; 0 reports all",
    )
    store_options(parser, remembers=True)
    parser.add_argument(
        "--branches",
        metavar="GLOB",
        action="append",
        default=[],
        help="also compare the tips of these branches (repeatable)",
    )
    parser.add_argument(
        "--online", action="store_true", help="query GitHub, or a plugin's forge, for the recorded pull requests"
    )
    rules = parser.add_argument_group("rules")
    rules.add_argument("--select", metavar="NAMES", type=names, default=(), help="run only these rules or families")
    rules.add_argument(
        "--extend-select", metavar="NAMES", type=names, default=(), help="also run these rules or families"
    )
    rules.add_argument("--ignore", metavar="NAMES", type=names, default=(), help="skip these rules or families")
    local_option(rules)
    rules.add_argument("--baseline", metavar="FILE", type=Path, help="accept the findings listed in this file")
    rules.add_argument(
        "--config-from",
        metavar="REF",
        help="read configuration, baseline and suppressions from this branch or commit, to check an untrusted checkout",
    )
    file = rules.add_mutually_exclusive_group()
    for name, about in BASELINE.items():
        file.add_argument(name, dest="rewrite", action="store_const", const=name, help=about)
    repairs = parser.add_argument_group("repairs")
    repairs.add_argument("--fix", action="store_true", help="apply all safe fixes, or none of them")
    repairs.add_argument("--unsafe-fixes", action="store_true", help="also apply unsafe fixes; each states its risk")
    repairs.add_argument("--diff", action="store_true", help="print what --fix would change, as a diff; write nothing")
    repairs.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit 1 if any fix was applied")
    record_options(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", metavar="FORMAT", default="text", help=f"one of {', '.join(FORMATS)}")
    output.add_argument(
        "--output",
        metavar="FORMAT=FILE",
        action="append",
        default=[],
        help="also write the report to a file in this format (repeatable)",
    )
    output.add_argument("--group", choices=("task", "rule"), default="task", help="group findings by task or by rule")
    color_option(output)
    output.add_argument(
        "--collect-only", "--co", action="store_true", help="list only the names of findings: TASK::RULE"
    )
    output.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    output.add_argument(
        "-v", "--verbose", action="store_true", help="also show passed tasks, all evidence and skipped rules"
    )
    output.add_argument("--show-settings", action="store_true", help="print each setting and its origin; don't check")
    output.add_argument(
        "--show-files", action="store_true", help="print which files are tasks, which aren't, and why; don't check"
    )
    verdict = parser.add_argument_group("verdict")
    verdict.add_argument(
        "--fail-on",
        choices=("error", "warning", "info"),
        default="error",
        help="exit 1 for findings of this severity or higher (default: error)",
    )
    verdict.add_argument("--exit-zero", action="store_true", help="exit 0 even if there are findings")
    verdict.add_argument(
        "--strict", action="store_true", help="fail if a rule was skipped or undecided, or if a file wasn't read"
    )
    verdict.add_argument(
        "--gate",
        choices=("commit", "all"),
        default="all",
        help="commit: fail only on findings that the commit itself causes (for the pre-commit hook)",
    )


def consistent(options: argparse.Namespace) -> None:
    """See that the options go together.

    Raises:
        Failure: two of them don't.
    """
    if options.fix or options.diff:
        _with_repairs(options)
    elif options.unsafe_fixes:
        raise Failure("--unsafe-fixes requires --fix or --diff")
    if options.config_from:
        _alone(options)
    if options.rewrite:
        _with_rewrite(options)
    if options.record or options.changes:
        from taskcheck.cli.recorded import consistent_with_record

        consistent_with_record(options)


def _alone(options: argparse.Namespace) -> None:
    """See that a commit alone says what is accepted, and how the store is configured.

    Raises:
        Failure: something else says it, too.
    """
    if options.config or options.preset or options.rewrite:
        named = options.rewrite or UPDATE
        raise Failure(f"--config-from reads the configuration from a commit: it takes no --config, --preset or {named}")


def _with_repairs(options: argparse.Namespace) -> None:
    """See that the options go together with making fixes, or showing them.

    Raises:
        Failure: one doesn't.
    """
    if options.fix and options.diff:
        raise Failure("--diff and --fix can't be combined: --diff only prints the changes that --fix writes")
    if options.maxfail:
        raise Failure("-x and --maxfail can't be combined with --fix or --diff: name the tasks to fix instead")


def _with_rewrite(options: argparse.Namespace) -> None:
    """See that the options go together with writing the baseline anew.

    Raises:
        Failure: one doesn't.
    """
    if options.fix or options.diff:
        raise Failure(f"{options.rewrite} can't be combined with --fix or --diff: fix first, then write the baseline")
    if options.only or options.owner or options.keyword:
        raise Failure(f"{options.rewrite} covers the whole store, so it takes no tasks, paths, -k or --owner")
    if options.maxfail or options.last_failed:
        raise Failure(f"{options.rewrite} covers the whole store, so it takes no -x, --maxfail or --lf")
