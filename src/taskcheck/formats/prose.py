"""Documentation in Markdown as lines for a terminal: headings, paragraphs, lists; what is code stays as it is."""

from collections.abc import Iterable, Iterator

from taskcheck.formats.lines import Line

BLANK = Line(0, ())
_BULLETS = ("- ", "* ")


def prose(markdown: str) -> Iterator[Line]:
    """Yield the lines of a text, each paragraph and each item of a list one, to be wrapped where it is shown."""
    for block in markdown.strip("\n").split("\n\n"):
        yield from _block(block.split("\n"))
        yield BLANK


def _block(lines: list[str]) -> Iterator[Line]:
    """Yield a heading with what follows it, a list, or a paragraph."""
    if lines[0].startswith("#"):
        yield Line(0, ((lines[0], "subject"),))
        lines = lines[1:]
    if _is_verbatim(lines):
        for line in lines:
            yield Line(0, ((line, ""),))
        return
    for item in _items(lines):
        words = ((item, ""),)
        hang = 2 if item.startswith(_BULLETS) else 0
        yield Line(0, words, hang=hang)


def _is_verbatim(lines: Iterable[str]) -> bool:
    """Return whether lines are code, or a table of which each line is one."""
    return any(line.startswith(("    ", "```", "|")) for line in lines)


def _items(lines: Iterable[str]) -> Iterator[str]:
    """Yield the items of a list, or a paragraph, each in one line."""
    words: list[str] = []
    for line in lines:
        is_item = line.startswith(_BULLETS)
        if is_item and words:
            yield " ".join(words)
            words = []
        words.append(line.strip())
    if words:
        yield " ".join(words)
