"""List the rules, or explain one: what it finds, why it matters, an example, how safe its fix is.

Ends with today's findings of it here.
"""

import argparse

from taskcheck.cli import Failure
from taskcheck.cli.common import guarded, show, store_options


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain")
    store_options(parser)


def run(options: argparse.Namespace) -> int:
    """List or explain."""
    from taskcheck import plugins  # noqa: PLC0415 - not needed for --help

    rules = plugins.load().rules()
    if options.name is None:
        width = max(map(len, rules))
        for rule in sorted(rules.values(), key=lambda rule: (rule.family, rule.name)):
            print(f"{rule.family:<10} {rule.name:<{width}}  {rule.severity.label:<7}  {rule.summary}")
        return 0
    if options.name not in rules:
        from taskcheck.suggest import did_you_mean  # noqa: PLC0415 - only when something is wrong

        raise Failure(f"no rule is named {options.name!r}{did_you_mean(options.name, rules)}")
    rule = rules[options.name]
    timed = ", the clock alone can change its verdict" if rule.timed else ""
    explained = f"explains: {', '.join(rule.explains)}\n" if rule.explains else ""
    print(f"{rule.name}  ({rule.family}, {rule.severity.label}{timed})\n{explained}\n{rule.doc}\n\n## Here, today\n")
    print(_today(options))
    return 0


def _today(options: argparse.Namespace) -> str:
    from taskcheck.check import Request, check  # noqa: PLC0415 - only to explain

    request = Request(root=options.root, config=options.config, now=options.now, select=(options.name,))
    try:
        report = guarded(lambda: check(request))
    except Failure as failure:
        return f"(can't be told: {failure})"
    return show(report).rstrip("\n")
