"""The task files of root's last commit that root hasn't on disk: nobody has committed that they are gone."""

from collections.abc import Container

from taskcheck.model.sources import Source
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import Trees


def read_off_disk(trees: Trees, on_disk: Container[str], paths: TaskPaths, prefix: str) -> tuple[Source, ...]:
    """Return the task files that root's last commit has and the disk hasn't, as that commit has them.

    Somebody has removed or renamed them and not committed that, or leaves them out of a sparse checkout.

    Raises:
        GitError: git can't tell.
    """
    gone = {}
    for place, blob in trees.root.files.items():
        path = place.removeprefix(prefix)
        if path not in on_disk and paths.match(place, prefix):
            gone[path] = blob
    contents = trees.objects.blobs(gone.values(), MAX_TASK_BYTES).contents
    return tuple(Source(path=path, data=contents.get(blob)) for path, blob in sorted(gone.items()))
