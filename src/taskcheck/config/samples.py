"""What files and folders are called that hold samples of tasks: templates, fixtures, examples."""

_NOUNS = ("task", "story", "issue", "ticket", "spec")

TEMPLATES = frozenset({"template.md", *(f"{noun}{mark}template.md" for noun in _NOUNS for mark in "-_")})
"""Files that are templates of tasks, in lower case; `add-issue-template.md` is a task."""

EXAMPLES = frozenset({"examples", "example", "demo", "demos"})
"""Folders of whole stores to look at."""

FOLDERS = EXAMPLES | {
    "_templates", "templates", "template", "fixtures", "test-fixtures", "test_fixtures", "testdata", "test-data",
}  # fmt: skip
"""Folders of samples, in lower case."""

SAMPLES = FOLDERS | TEMPLATES
"""All of them."""


def place_of_sample(path: str) -> str:
    """Return the pattern of the folder of samples that a file lies in, or its path if it is one; empty for none."""
    *folders, file = path.split("/")
    for number, name in enumerate(folders, 1):
        if name.casefold() in FOLDERS:
            return f"{'/'.join(folders[:number])}/**"
    return path if file.casefold() in TEMPLATES else ""


def is_example(path: str) -> bool:
    """Return whether a file lies in a folder of examples."""
    return not EXAMPLES.isdisjoint(path.casefold().split("/")[:-1])
