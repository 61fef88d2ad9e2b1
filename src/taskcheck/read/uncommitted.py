"""What root's last commit has of the task files of runs, where somebody has changed the files since."""

from collections.abc import Iterable, Mapping

from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.known import Contents, blob_id
from taskcheck.read.objects import Objects
from taskcheck.read.places import Places


def read_uncommitted(
    objects: Objects, head: str, root_files: Contents, paths: Iterable[str], prefix: str
) -> Mapping[str, bytes]:
    """Return the committed bytes of those of some files that are otherwise on disk, by path.

    A file that the commit doesn't have isn't among them.

    Args:
        objects: of the repository.
        head: root's last commit.
        root_files: root's task files as they are on disk.
        paths: of the files, in the store.
        prefix: the store's folder within the repository.

    Raises:
        GitError: git can't tell.
    """
    asked = {prefix + path: path for path in paths if path in root_files.sizes}
    committed = Places(objects).at(head, asked)
    changed = {}
    for place, blob in committed.items():
        path = asked[place]
        if blob_id(root_files.data(path), root_files.id_length) != blob:
            changed[path] = blob
    contents = objects.blobs(changed.values(), MAX_TASK_BYTES).contents
    return {path: contents[blob] for path, blob in changed.items() if blob in contents}
