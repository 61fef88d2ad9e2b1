"""List the rules, or explain one: what it finds, why it matters, an example, how safe its fix is.

Ends with today's findings of it here.
"""

import argparse

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, show, store_options
from taskcheck.documents.frozen import replace


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """List or explain."""
    from taskcheck.plugins import manager as plugins

    rules = plugins.load().rules()
    if options.name is None:
        width = max(map(len, rules))
        for rule in sorted(rules.values(), key=lambda rule: (rule.family, rule.name)):
            print(f"{rule.family:<10} {rule.name:<{width}}  {rule.severity.label:<7}  {rule.summary}")
        return 0
    if options.name not in rules:
        from taskcheck.config.suggest import did_you_mean

        raise Failure(f"no rule is named {options.name!r}{did_you_mean(options.name, rules)}")
    rule = rules[options.name]
    timed = ", the clock alone can change its verdict" if rule.timed else ""
    explained = f"explains: {', '.join(rule.explains)}\n" if rule.explains else ""
    print(f"{rule.name}  ({rule.family}, {rule.severity.label}{timed})\n{explained}\n{rule.doc}\n\n## Here, today\n")
    print(_today(options))
    return 0


def _today(options: argparse.Namespace) -> str:
    """Return what the rule finds here, without raw signals and next steps: the rules that explain them didn't run."""
    from taskcheck.checks import check_store, chosen
    from taskcheck.store import Request, Where, open_store

    try:
        store = guarded(lambda: open_store(Where(root=options.root, config=options.config)))
        left_out = guarded(lambda: options.name not in {rule.name for rule in chosen(store, Request())})
        report = guarded(lambda: check_store(store, Request(now=options.now, select=(options.name,))))
    except Failure as failure:
        return f"(can't be told: {failure})"
    alone = replace(report, incidents=tuple(replace(incident, signals=()) for incident in report.incidents))
    note = "(the configuration leaves this rule out of a check)\n\n" if left_out else ""
    return note + show(alone, verbose=True, steps=False).rstrip("\n")
