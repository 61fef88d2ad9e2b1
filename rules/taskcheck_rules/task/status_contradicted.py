"""status-contradicted."""

import re
from collections.abc import Iterator, Mapping

from taskcheck import Evidence, Finding, HandEdit, Marker, Place, Settings, Severity, Stage, Task, rule
from taskcheck_rules.wording import cut

_PART = re.compile(
    r"^ {0,3}(?P<fence>`{3,}(?!.*`)|~{3,}).*(?:\n(?! {0,3}(?P=fence)[`~]*[ \t\r]*$).*)*(?:\n.*)?"
    r"|^ {0,3}<!--(?:[^-]+|-(?!->))*"
    r"|^#{1,6}[ \t]+Status[ \t]*:(?P<status>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""Code, a comment, and outside of these a heading with a status; code and comments may be open to the end.

No group in it is possessive: Python before 3.11.5 matches such a group wrongly where it may backtrack inside.
"""

_REMARK = re.compile(r"[(\[;:.!]| [-–—]|[*`~] | (?=\d)")  # noqa: RUF001
_BETWEEN = re.compile(r"[\s_-]+")
_MARKUP = "*_`~ "

LONGEST = 200
"""Characters of a heading that are looked at."""


@rule(
    family="task",
    severity=Severity.WARNING,
    remedy=HandEdit("both places have the same status"),
)
def status_contradicted(task: Task, settings: Settings, markers: Mapping[str, tuple[Marker, ...]]) -> Iterator[Finding]:
    """A task file's folder, a marker file or a `## Status:` line contradicts the status in the front matter.

    ## Why
    People read the folder and the text, and programs read the front matter. The two get different answers.

    ## Example
    `backlog/completed/task-7.md` has `status: To Do` in its front matter. Or the text contains `## Status: done`.
    `[folders]` defines the status of a folder, `[markers]` the status of a marker file, and `[board]` the path of a map
    of statuses.

    Statuses of the same class don't contradict each other, and neither do done and dropped. A heading is only
    information, because it may be an old note, unless the format maintains such a heading (`[shape]
    keeps_status_line`).

    ## Fix
    None: only a person knows which status is right.
    """
    if task.stage is None:
        return
    signs = (*_folder(task, settings), *_markers(task, markers), *_heading(task, settings))
    for what, saw, place, stages in signs:
        if task.stage in stages or (task.closed and any(stage.closed for stage in stages)):
            continue
        severity = None
        if what == "heading" and not settings.keeps_status_line:
            severity = Severity.INFO
        yield Finding(
            task=task.id,
            place=task.at("status"),
            message=f"{task.id} is {task.status}, but {saw}",
            expected="the same status in both places",
            evidence=(
                Evidence(place=task.at("status"), saw=f"status is {task.status}"),
                Evidence(place=place, saw=saw),
            ),
            severity=severity,
            identity=(what,),
        )


Sign = tuple[str, str, Place, frozenset[Stage]]
"""Which sign it is, what it says in words, where, and the classes that agree with it."""


def _folder(task: Task, settings: Settings) -> Iterator[Sign]:
    """The innermost configured folder that the file lies in."""
    inside = [folder for folder in settings.folders if task.place.path.startswith(f"{folder}/")]
    if inside:
        folder = max(inside, key=len)
        stages = settings.folders[folder]
        words = " or ".join(stage.value for stage in Stage if stage in stages)
        yield "folder", f"its file is in {folder}, where tasks are {words}", task.place, stages


def _markers(task: Task, markers: Mapping[str, tuple[Marker, ...]]) -> Iterator[Sign]:
    for marker in markers.get(task.id, ()):
        yield "marker", f"{marker.place.path} says {marker.says}", marker.place, frozenset({marker.stage})


def _heading(task: Task, settings: Settings) -> Iterator[Sign]:
    """The first heading in the text that gives a status of the vocabulary."""
    if "status" not in task.body.casefold():
        return
    words = {_folded(status): stage for status, stage in settings.statuses.items()}
    for match in _PART.finditer(task.body):
        said = " ".join((match["status"] or "").split()).strip(_MARKUP)[:LONGEST]
        stage = words.get(_folded(said)) or words.get(_folded(_REMARK.split(said, maxsplit=1)[0]))
        if stage is not None:
            document = task.document
            start = (document.body_start if document else 0) + match.start()
            line = document.text.count("\n", 0, start) + 1 if document else None
            place = Place(path=task.place.path, checkout=task.place.checkout, line=line, column=1)
            yield "heading", f"its text says {cut(match[0].strip())}", place, frozenset({stage})
            return


def _folded(status: str) -> str:
    """A status as people write it: case, markup and what stands between its words don't count."""
    return _BETWEEN.sub(" ", status.strip(_MARKUP)).casefold()
