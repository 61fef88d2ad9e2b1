"""unreadable-task."""

from collections.abc import Iterator

from taskcheck import Evidence, Finding, HandEdit, Severity, Task, replace, rule

YAML = (".yaml", ".yml")


@rule(
    family="task",
    severity=Severity.ERROR,
    explains=("*", "split-manager"),
    stops_dispatch=True,
    remedy=HandEdit("the front matter can be read"),
)
def unreadable_task(file: Task) -> Iterator[Finding]:
    """The front matter of a task file can't be read, in root or in a worktree.

    ## Why
    A file that other tools drop in silence is a task that nobody works on any more, while every list looks healthy.

    ## Example
    An unterminated block, conflict markers, a key that stands twice, a byte order mark, bytes that aren't UTF-8,
    an alias or tag, front matter that is too large or too deep; a named pipe or folder with a task's name.
    `README.md`, `index.md`, `_TEMPLATE.md` and Markdown without front matter are no tasks.

    ## Fix
    None: only a person knows what was meant. The message names the line and, where there is one, the cure.
    """
    if file.trouble is None:
        return
    place = replace(file.place, line=file.trouble.line, column=file.trouble.column)
    yield Finding(
        task=file.id,
        place=place,
        message=f"task file {file.place.path} {_fault(file)}: {file.trouble.message}",
        expected=_expected(file.place.path),
        evidence=(Evidence(place=place, saw=file.trouble.kind.replace("-", " ")),),
        identity=(file.trouble.kind, file.place.checkout),
        remedy=_remedy(file.place.path),
    )


def _remedy(path: str) -> HandEdit | None:
    """Return what settles the finding of a file that has no front matter; None where the rule says it."""
    if path.endswith(YAML):
        return HandEdit("the file can be read as YAML")
    return HandEdit("the file can be read as JSON") if _is_json(path) else None


def _is_json(path: str) -> bool:
    """Return whether a file has no front matter, for it is JSON."""
    return path.endswith((".json", ".jsonl"))


def _expected(path: str) -> str:
    """Return what a file has to be that holds tasks."""
    if path.endswith(".jsonl"):
        return "a JSON object in each line"
    if path.endswith(YAML):
        return "YAML, which holds a list or a map of tasks"
    if _is_json(path):
        return "JSON, which holds lists of tasks"
    return "a YAML block between two lines of ---, the first of them at the top of the file"


def _fault(file: Task) -> str:
    """Return what can't be done with a file, and where that is another checkout than root, in which."""
    where = "" if file.place.checkout == "root" else f" in {file.place.checkout.replace(':', ' ', 1)}"
    if file.document is None:
        return f"can't be read{where}"
    return f"has no front matter for other readers{where}"
