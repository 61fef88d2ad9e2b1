"""List the rules, or explain one: what it finds, why it matters, an example, and how safe its fix is.

The explanation ends with the rule's current findings in this store.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator

from taskcheck.cli import Failure
from taskcheck.cli.common import color_option, colour, guarded, local_option, local_rules, show, store_options, width
from taskcheck.documents.frozen import replace
from taskcheck.engine.rule import Rule
from taskcheck.engine.select import formers
from taskcheck.formats.lines import Line, plain_text, styled
from taskcheck.formats.prose import BLANK, prose

WIDTH = 80
"""Columns of documentation elsewhere than on a terminal."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the rule to explain")
    local_option(parser)
    color_option(parser)
    store_options(parser, remembers=True)


def run(options: argparse.Namespace) -> int:
    """List or explain."""
    from taskcheck.plugins import manager as plugins

    installed, local = plugins.load().rules(), local_rules(options)
    if local:
        from taskcheck.cli.local import distinct

        distinct(local, installed)
    rules = {**installed, **{rule.name: rule for rule in local}}
    if options.name is None:
        lines = _listed(rules.values())
        columns = width(options.color)
        sys.stdout.write(styled(lines, columns, colour=colour(options.color)) if columns else plain_text(lines))
        return 0
    options.name = formers(rules).get(options.name, options.name)
    if options.name not in rules:
        from taskcheck.config.suggest import did_you_mean

        raise Failure(f"no rule is named {options.name!r}{did_you_mean(options.name, rules)}")
    rule = rules[options.name]
    about = styled(_explained(rule), width(options.color) or WIDTH, colour=colour(options.color))
    print(f"{about}{_today(options, local)}")
    return 0


def _listed(rules: Iterable[Rule]) -> list[Line]:
    """Return a line for each rule, by family."""
    rules = sorted(rules, key=lambda rule: (rule.family, rule.name))
    name_width = max(len(rule.name) for rule in rules)
    lines = []
    for rule in rules:
        severity = rule.severity.label
        head = (f"{rule.family:<10} ", "dim"), (f"{rule.name:<{name_width}}  ", "rule"), (f"{severity:<7}  ", severity)
        lines.append(Line(0, (*head, (rule.summary, "")), hang=11))
    return lines


def _explained(rule: Rule) -> list[Line]:
    """Return the documentation of a rule, up to its findings of today."""
    timed = ", its verdict can change with time alone" if rule.timed else ""
    kind = f"  ({rule.family}, {rule.severity.label}{timed})"
    lines = [Line(0, ((rule.name, "rule"), (kind, "dim")), hang=2)]
    if rule.explains:
        lines.append(Line(0, (("explains: ", "dim"), (", ".join(rule.explains), "")), hang=10))
    return [*lines, BLANK, *prose(rule.doc), *_options(rule), Line(0, (("## In this store, now", "subject"),)), BLANK]


def _options(rule: Rule) -> Iterator[Line]:
    """Yield what a configuration may say to a rule, each option with what holds else."""
    if rule.options is None:
        return
    from taskcheck.cli.shown import toml
    from taskcheck.engine.options import options_of

    yield Line(0, (("## Options", "subject"),))
    yield Line(0, ((f"[rules.{rule.name}]", ""),))
    for option in options_of(rule):
        usual = f"{option.name} = {toml(option.usual)}"
        yield Line(0, ((usual, "rule"), (f"  # {option.about}" if option.about else "", "dim")), hang=2)
    yield BLANK


def _today(options: argparse.Namespace, local: tuple[Rule, ...]) -> str:
    """Return what the rule finds here, without raw signals and next steps: the rules that explain them didn't run."""
    from taskcheck.checks import check_store, chosen
    from taskcheck.store import Request, Where, open_store

    try:
        store = guarded(
            lambda: open_store(Where(root=options.root, config=options.config, preset=options.preset, rules=local))
        )
        left_out = guarded(lambda: options.name not in {rule.name for rule in chosen(store, Request())})
        report = guarded(
            lambda: check_store(store, Request(now=options.now, select=(options.name,), remember=not options.no_cache))
        )
    except Failure as failure:
        return f"(unknown: {failure})"
    alone = replace(report, incidents=tuple(replace(incident, signals=()) for incident in report.incidents))
    note = "(the configuration leaves this rule out of a check)\n\n" if left_out else ""
    return note + show(alone, verbose=True, color=options.color, steps=False).rstrip("\n")
