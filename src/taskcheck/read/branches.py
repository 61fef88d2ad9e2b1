"""Reads branch tips as checkouts: their task files that differ from root's, straight from git's objects."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from taskcheck.documents import Trouble
from taskcheck.model.sources import CheckoutSource, Source
from taskcheck.read.files import MAX_TASK_BYTES
from taskcheck.read.git import Git, blob_id
from taskcheck.read.objects import Blobs
from taskcheck.read.runner import GitError, GitSilent
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
    """Return the tips of the branches that a glob names, with the task files in which they differ from root.

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
    trees: dict[str, dict[str, str]] = {}
    defects: dict[str, str] = {}
    for name, tip in tips.items():
        try:
            trees[name] = _task_blobs(git, tip, paths, prefix)
        except GitSilent:
            raise
        except GitError as error:
            defects[name] = str(error)
    root_blobs = _root_blobs(root_files, tips)
    differing = {name: _differing(tree, root_blobs) for name, tree in trees.items()}
    found = git.blobs(_all_blobs(differing.values()), MAX_TASK_BYTES)
    checkouts = [_unread(name, tips[name], defect) for name, defect in defects.items()]
    for name, tree in trees.items():
        checkout = CheckoutSource(
            name=f"branch:{name}",
            path=None,
            branch=name,
            head=tips[name],
            files=_sources(differing[name], found),
            absent=frozenset(root_files.keys() - tree.keys()),
        )
        checkouts.append(checkout)
    return checkouts


def _tips(refs: Mapping[str, str], globs: Sequence[str], taken: Collection[str], trunk: str | None) -> dict[str, str]:
    """Return the object ids of the branches that a glob names and that aren't looked at elsewhere, by short name."""
    tips: dict[str, str] = {}
    for ref, object_id in sorted(refs.items()):
        name = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        is_symbolic = object_id.startswith("ref: ")
        if is_symbolic or _known(ref, refs, taken, trunk):
            continue
        if any(fnmatchcase(name, glob) for glob in globs):
            tips[name] = object_id
    return tips


def _known(ref: str, refs: Mapping[str, str], taken: Collection[str], trunk: str | None) -> bool:
    """Return whether a branch is looked at under another name.

    A local one is where it is taken; a remote one where it is trunk, or a local one of its name has the same tip.
    """
    if ref.startswith("refs/heads/"):
        return ref.removeprefix("refs/heads/") in taken
    name = ref.removeprefix("refs/remotes/").partition("/")[2]
    return name == trunk or refs.get(f"refs/heads/{name}") == refs[ref]


def _root_blobs(root_files: Mapping[str, bytes], tips: Mapping[str, str]) -> dict[str, str]:
    """Return the blob ids of root's task files, by path, as long as those of the tips."""
    id_length = len(next(iter(tips.values()), ""))
    return {path: blob_id(data, id_length) for path, data in root_files.items()}


def _task_blobs(git: Git, tip: str, paths: TaskPaths, prefix: str) -> dict[str, str]:
    """Return the blob ids of a commit's task files, by path within the store."""
    blobs = {}
    for path, blob in git.tree(tip, paths.folders(prefix)).items():
        if paths.match(path, prefix):
            blobs[path.removeprefix(prefix)] = blob
    return blobs


def _differing(tree: Mapping[str, str], root_blobs: Mapping[str, str]) -> dict[str, str]:
    """Return those of a tree's blobs that root doesn't have at their path, by path."""
    return {path: blob for path, blob in tree.items() if root_blobs.get(path) != blob}


def _all_blobs(trees: Iterable[Mapping[str, str]]) -> set[str]:
    """Return the blob ids of some trees."""
    blobs: set[str] = set()
    for tree in trees:
        blobs.update(tree.values())
    return blobs


def _sources(files: Mapping[str, str], found: Blobs) -> dict[str, Source]:
    """Return files with their contents, or with why git doesn't give them, by path."""
    sources = {}
    for path, blob in files.items():
        if blob in found.contents:
            sources[path] = Source(path=path, data=found.contents[blob])
        else:
            trouble = Trouble("too-large" if "bytes" in found.unread[blob] else "denied", found.unread[blob])
            sources[path] = Source(path=path, data=None, trouble=trouble)
    return sources


def _unread(name: str, tip: str, defect: str) -> CheckoutSource:
    """Return a branch of which git doesn't say what it holds."""
    return CheckoutSource(name=f"branch:{name}", path=None, branch=name, head=tip, defect=defect)
