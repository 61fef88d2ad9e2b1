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
    Other tools silently skip such a file. Nobody works on its task any more, but every list looks healthy.

    ## Example
    The front matter is unterminated, too large or nested too deeply. Or it contains conflict markers, a duplicate key,
    a byte order mark, bytes that aren't UTF-8, an alias or a tag. Or a named pipe or a folder has the name of a task
    file. `README.md`, `index.md`, `_TEMPLATE.md` and Markdown files without front matter aren't tasks.

    ## Fix
    None: only a person knows the intended content. The message names the line and, if possible, the cure.
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
