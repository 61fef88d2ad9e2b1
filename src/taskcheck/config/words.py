"""What people call statuses and fields: for a store that no preset knows; only ever used to propose."""

from collections.abc import Iterable, Mapping

from taskcheck.config.settings import Stage
from taskcheck.documents.expression import expression

_BETWEEN = expression(r"[\s_-]+")

STATUSES: Mapping[Stage, tuple[str, ...]] = {
    Stage.PARKED: (
        "backlog", "draft", "icebox", "idea", "later", "not started", "on ice", "proposed", "deferred",
        "plan", "planning", "none", "stagnant",
    ),
    Stage.READY: (
        "ready", "todo", "to do", "open", "pending", "new", "next", "queued", "planned", "approved", "ready for dev",
        "unstarted",
    ),
    Stage.ACTIVE: (
        "in progress", "doing", "active", "started", "working", "wip", "in development", "implementing", "claimed",
        "under way", "dispatched", "dev", "development", "developing", "executing", "ongoing",
    ),
    Stage.REVIEW: (
        "in review", "review", "reviewing", "ready for review", "needs review", "testing", "qa", "verifying",
    ),
    Stage.STOPPED: ("blocked", "on hold", "paused", "waiting", "stopped", "failed", "needs fix", "stuck"),
    Stage.DONE: (
        "done", "completed", "complete", "closed", "finished", "merged", "shipped", "resolved", "released",
        "implemented", "landed", "delivered", "fixed", "verified", "implementation complete", "final",
    ),
    Stage.DROPPED: (
        "cancelled", "canceled", "wont do", "won't do", "wontdo", "wont fix", "won't fix", "wontfix", "not planned",
        "duplicate", "abandoned", "rejected", "superseded", "dropped", "obsolete", "withdrawn", "declined",
        "discontinued",
    ),
}  # fmt: skip
"""The words in use for each class, as `spoken` has them."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "status": ("status", "state", "stage", "phase"),
    "id": ("id", "task_id", "key", "ticket", "uuid"),
    "title": ("title", "name", "summary", "task"),
    "owner": ("owner", "assignee", "assigned", "assigned_to", "assignees", "responsible", "agent"),
    "depends_on": ("depends_on", "dependencies", "deps", "depends", "blocked_by", "needs", "after"),
    "parent": ("parent", "parent_id", "parent_task_id", "epic"),
    "pr_url": ("pr_url", "pull_request", "pr"),
    "created_at": ("created_at", "created", "created_date", "date_created", "date"),
    "updated_at": ("updated_at", "updated", "updated_date", "date_modified", "modified"),
    "completed_at": ("completed_at", "completed", "completed_date", "closed_at"),
}
"""The keys in use for each field, the likeliest first."""


TOLD = frozenset({"title", "summary", "task", "subject", "text", "content", "description", "goal"})
"""The keys of which a task has one, and few other things that have a status."""

NAMES = frozenset({"task", "story", "issue", "ticket", "spec", "status", "item", "todo", "readme", "index"})
"""What the file of a task is called that has a folder of its own."""

NO_TASKS = frozenset({"skills", "commands", "agents", "backups"})
"""Folders whose files may say a status, and are no tasks."""

PLACES = ("task", "todo", "issue", "ticket", "stories", "story", "backlog", "kanban", "board", "epic", "work-item")
"""What folders of tasks are called, or have in their names."""

ARCHIVE = "archive"
"""What folders and files of closed tasks have in their names: `archive/`, `.archived/`, `backlog-archive.yaml`."""

IN_TEXTS = frozenset({
    "status", "state", "id", "title", "owner", "assignee", "assigned", "assigned_to", "depends_on", "dependencies",
    "blocked_by", "parent", "pr_url", "pull_request", "pr", "created_at", "created", "created_date", "updated_at",
    "updated", "updated_date", "completed_at", "completed_date", "closed_at",
})  # fmt: skip
"""Those that say the same as a label in a text, where anything stands before a colon: `After: that` is none."""


def spoken(status: str) -> str:
    """Return a status without case and marks: ``In_Progress`` is ``in progress``."""
    return _BETWEEN.sub(" ", status.strip(" *_`~")).casefold()


def stage_of(status: str) -> Stage | None:
    """Return the class that a status has by its word; None for one that says nothing."""
    return _STAGES.get(spoken(status))


def field_keys(keys: Iterable[str]) -> dict[str, str]:
    """Return the key of each field that is likely there; of keys that differ in case or marks, the first."""
    there: dict[str, str] = {}
    for key in keys:
        there.setdefault(_folded(key), key)
    found = {}
    for name, usual in FIELDS.items():
        likely = next((folded for folded in map(_folded, usual) if folded in there), None)
        if likely is not None:
            found[name] = there.pop(likely)
    return found


def _folded(key: str) -> str:
    """Return a key without case and marks: ``dependsOn`` and ``depends-on`` are ``dependson``."""
    return "".join(filter(str.isalnum, key)).casefold()


_STAGES = {word: stage for stage, words in STATUSES.items() for word in words}
