"""The options of one command: its own parser alone is built."""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from taskcheck.cli import Failure

if TYPE_CHECKING:
    from typing import NoReturn

VERSION = "--version"


def parsed(command: str, module: ModuleType, argv: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command; what follows ``--`` is a command of its own where it takes one."""
    own = argv
    if getattr(module, "TAKES_COMMAND", False) and "--" in argv:
        own = argv[: argv.index("--")]
    parser = _Parser(
        prog=f"taskcheck {command}", description=module.__doc__, formatter_class=_Unasked, allow_abbrev=False
    )
    add: Callable[[argparse.ArgumentParser], None] = module.arguments
    add(parser)
    _accept_color(parser)
    parser.formatter_class = Help
    options = parse(parser, own)
    options.command = argv[len(own) + 1 :]
    return options


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, with what is perhaps meant."""

    def error(self, message: str) -> "NoReturn":
        """Fail.

        Raises:
            Failure: always.
        """
        raise Failure(f"{self.prog}: {message}")

    def _check_value(self, action: argparse.Action, value: str) -> None:
        """See that a value is one of those that there are; argparse asks for each.

        Raises:
            ArgumentError: it isn't.
        """
        choices = list(action.choices or ())
        if choices and value not in choices:
            from taskcheck.config.suggest import did_you_mean

            told = f"invalid choice: {value!r}{did_you_mean(value, choices)}; available: {', '.join(choices)}"
            raise argparse.ArgumentError(action, told)


def _accept_color(parser: argparse.ArgumentParser) -> None:
    """Have a command that colours nothing take ``--color`` all the same, for whoever gives it to each command."""
    if "--color" not in _options_of(parser):
        parser.add_argument("--color", choices=("auto", "always", "never"), help=argparse.SUPPRESS)


def _options_of(parser: argparse.ArgumentParser) -> list[str]:
    """Return the options that a parser knows."""
    return [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001


class Help(argparse.HelpFormatter):
    """Wraps for the width of the terminal, and breaks no word; a line that is indented stays one."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return wrapped(text, width, indent)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _rows(" ".join(text.split()), width, "")


def wrapped(text: str, width: int, indent: str = "") -> str:
    """Return paragraphs wrapped at so many columns; a line that is indented is one of its own."""
    shown = []
    for paragraph in text.strip("\n").split("\n\n"):
        for line in _joined(paragraph.split("\n")):
            shown += _rows(line, width, indent)
        shown.append("")
    return "\n".join(shown[:-1])


def _joined(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a paragraph as one; those that are indented, and those above such, by themselves."""
    words: list[str] = []
    for line in lines:
        if line.startswith(" "):
            yield from filter(None, [" ".join(words)])
            words = []
            yield line
        else:
            words.append(line)
    yield from filter(None, [" ".join(words)])


def _rows(line: str, width: int, indent: str) -> list[str]:
    """Return a line in rows of so many columns, the further ones as far in as what it says begins."""
    from textwrap import wrap

    own = len(line) - len(line.lstrip())
    gap = line.find("  ", own)
    begins = len(line) - len(line[gap:].lstrip()) if gap > 0 else own
    hang = indent + " " * (begins if begins < width // 2 else own)
    rows = wrap(
        line, width, initial_indent=indent, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
    return rows or [""]


class _Unasked(argparse.HelpFormatter):
    """Checks options as they are added: no help is written with it, so the terminal's width need not be known."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80)


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Return the parsed options; an unknown one is answered with the nearest that is known."""
    options, unknown = parser.parse_known_args(argv)
    if not unknown:
        return options
    word = unknown[0]
    if word == VERSION:
        raise Failure(f"{parser.prog}: `taskcheck {VERSION}` prints the version")
    if not word.startswith("-"):
        raise Failure(f"{parser.prog}: {word!r} is an unexpected argument; {parser.format_usage().strip()}")
    from taskcheck.config.suggest import did_you_mean

    raise Failure(f"{parser.prog}: unknown option {word}{did_you_mean(word, [*_options_of(parser), VERSION])}")
