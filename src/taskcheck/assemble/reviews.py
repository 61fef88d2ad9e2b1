"""Whose the review artifacts are."""

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.model.sources import Sources
from taskcheck.model.task import Place
from taskcheck.model.tasks import Tasks


def reviews(sources: Sources, settings: Settings, tasks: Tasks) -> dict[str, Place]:
    """Return the newest-named review artifact of each task that has one."""
    pattern = Pattern(settings.paths.reviews)
    found: dict[str, Place] = {}
    for source in sources.reviews:
        task = _reviewed_task(source.path, pattern, tasks)
        if task:
            found[task] = Place(path=source.path)
    return found


def _reviewed_task(path: str, pattern: Pattern, tasks: Tasks) -> str | None:
    """Return the task whose review a file is; ids match longest first.

    ``reviews/fix-login-2-round1.md`` is that of ``fix-login-2`` where there is such a task, else of ``fix-login``.
    """
    file_name = path.rpartition("/")[2]
    for length in range(len(file_name), 0, -1):
        task = file_name[:length]
        if task in tasks.by_id and Pattern(pattern.fill(task=task)).match(path):
            return task
    return None
