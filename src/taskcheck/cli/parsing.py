"""The options of one command: its own parser alone is built."""

import argparse
from collections.abc import Callable, Sequence
from types import ModuleType

from taskcheck.cli import Failure


def parsed(command: str, module: ModuleType, argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command; what follows ``--`` is a command of its own where it takes one."""
    own = argv
    if getattr(module, "TAKES_COMMAND", False) and "--" in argv:
        own = argv[: argv.index("--")]
    parser = argparse.ArgumentParser(
        prog=f"taskcheck {command}", description=module.__doc__, formatter_class=_Unasked, allow_abbrev=False
    )
    add: Callable[[argparse.ArgumentParser], None] = module.arguments
    add(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    options = parse(parser, own)
    options.command = argv[len(own) + 1 :]
    return options


class _Unasked(argparse.HelpFormatter):
    """Checks options as they are added: no help is written with it, so the terminal's width need not be known."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed options; an unknown one is answered with the nearest that is known."""
    options, unknown = parser.parse_known_args(argv)
    if unknown and not unknown[0].startswith("-"):
        raise Failure(f"{parser.prog}: {unknown[0]!r} is one word too many; {parser.format_usage().strip()}")
    if unknown:
        from taskcheck.config.suggest import did_you_mean

        known = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001
        raise Failure(f"{parser.prog}: unknown option {unknown[0]}{did_you_mean(unknown[0], known)}")
    return options
