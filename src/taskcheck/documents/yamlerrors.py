"""The YAML parser's complaints in plain language, with the cure where the cause is a common one."""

from __future__ import annotations

import yaml

from taskcheck.documents.document import DocumentError, Trouble

_CURES = (
    ("mapping values are not allowed", "quote a value that holds `: `, or fix the indentation"),
    ("block sequence entries are not allowed", "put the list on the lines below its key"),
    ("could not find expected ':'", "a key must be followed by `: `"),
    ("did not find expected key", "fix the indentation, or quote the whole value"),
    ("expected <block end>", "fix the indentation, or quote the whole value"),
    ("did not find expected '-' indicator", "a list and `key: value` lines cannot be mixed at one level"),
    ("did not find expected ',' or ']'", "close the list with `]`, and put commas between its values"),
    ("expected ',' or ']'", "close the list with `]`, and put commas between its values"),
    ("did not find expected ',' or '}'", "close the mapping with `}`; quote text that begins with `{`"),
    ("expected ',' or '}'", "close the mapping with `}`; quote text that begins with `{`"),
    ("found unexpected end of stream", "the quote that opens here is never closed"),
    ("found unknown escape character", "write `\\\\` for a backslash, or use single quotes"),
    ("alphabetic or numeric character", "quote a value that begins with `*`, `&` or `%`"),
)


def explain(error: yaml.YAMLError, text: str) -> DocumentError:
    """Return the trouble behind a YAML error; `text` is what was parsed, from the file's first line on."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        first_line = str(error).splitlines()[0]
        trouble = Trouble("syntax", f"not YAML: {first_line}")
        return DocumentError(trouble)
    problem = error.problem or "not YAML"
    mark = _to_mend(error, error.problem_mark)
    character = text[mark.index : mark.index + 1]
    cure = _cure(problem, character)
    message = f"{problem}: {cure}" if cure else problem
    line = mark.line + 1
    column = mark.column + 1
    trouble = Trouble("syntax", message, line, column)
    return DocumentError(trouble)


def _to_mend(error: yaml.MarkedYAMLError, found: yaml.Mark) -> yaml.Mark:
    """Return where to mend what was found: what is never closed is found at the end, and mended where it began."""
    problem = error.problem or ""
    context = error.context or ""
    ends_early = "end of stream" in problem
    is_in_flow = "flow" in context
    began = error.context_mark
    if began is not None and (ends_early or is_in_flow):
        return began
    return found


def _cure(problem: str, character: str) -> str:
    """Return what to do about it; empty when that isn't known."""
    if "cannot start any token" in problem:
        if character == "\t":
            return "indent with spaces, not with tabs"
        return f"quote a value that begins with `{character}`"
    for cause, cure in _CURES:
        if cause in problem:
            return cure
    return ""
