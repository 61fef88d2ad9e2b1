"""Reads branch tips as checkouts: their task files that differ from root's, straight from git's objects."""

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase

from taskcheck.model.sources import CheckoutSource, Source
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import Git, blob_id
from taskcheck.read.tasks import TaskPaths


def read_branches(
    git: Git,
    refs: Mapping[str, str],
    globs: Sequence[str],
    taken: Collection[str],
    trunk: str | None,
    root_files: Mapping[str, bytes],
    paths: TaskPaths,
    prefix: str,
) -> list[CheckoutSource]:
    """The tips of the branches that a glob names, with the task files in which they differ from root.

    Args:
        git: the repository.
        refs: full ref names to object ids.
        globs: short names, ``task/*`` or ``origin/task/*``.
        taken: local branches that a worktree or root has checked out, which are looked at there, and trunk.
        trunk: its name.
        root_files: root's task files by path.
        paths: where task files lie.
        prefix: the store's folder within a checkout.
    """
    tips = _tips(refs, globs, taken, trunk)
    trees = {name: _task_blobs(git, tip, paths, prefix) for name, tip in tips.items()}
    own = {path: blob_id(data, len(next(iter(tips.values()), ""))) for path, data in root_files.items()}
    differing = {
        name: {path: blob for path, blob in tree.items() if own.get(path) != blob} for name, tree in trees.items()
    }
    contents = git.blobs({blob for files in differing.values() for blob in files.values()}, MAX_TASK_BYTES)
    return [
        CheckoutSource(
            name=f"branch:{name}",
            path=None,
            branch=name,
            head=tip,
            files={
                path: Source(path=path, data=contents[blob])
                for path, blob in differing[name].items()
                if blob in contents
            },
            absent=frozenset(set(root_files) - set(trees[name])),
        )
        for name, tip in tips.items()
    ]


def _tips(refs: Mapping[str, str], globs: Sequence[str], taken: Collection[str], trunk: str | None) -> dict[str, str]:
    """Short name to object id of the branches that a glob names; a remote one that a local one equals is left out.

    So is trunk of any remote.
    """
    tips: dict[str, str] = {}
    for ref, object_id in sorted(refs.items()):
        local = ref.startswith("refs/heads/")
        name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        short = name if local else name.partition("/")[2]
        known = short in taken if local else short == trunk or refs.get(f"refs/heads/{short}") == object_id
        if not known and not object_id.startswith("ref: ") and any(fnmatchcase(name, glob) for glob in globs):
            tips[name] = object_id
    return tips


def _task_blobs(git: Git, tip: str, paths: TaskPaths, prefix: str) -> dict[str, str]:
    """Blob ids of a commit's task files, by path within the store."""
    tree = git.tree(tip, paths.folders(prefix))
    inside = {path.removeprefix(prefix): blob for path, blob in tree.items() if path.startswith(prefix)}
    return {path: blob for path, blob in inside.items() if paths.match(path, "")}
