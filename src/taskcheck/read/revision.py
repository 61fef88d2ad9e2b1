"""Files as a commit has them: what a pull request is judged by, when it isn't trusted."""

from collections.abc import Iterable

from taskcheck.read.allowlist import object_id
from taskcheck.read.git import Git
from taskcheck.read.locate import Location
from taskcheck.read.runner import GitError

LIMIT = 8 * 1024 * 1024


def read_revision(location: Location, name: str, paths: Iterable[str]) -> dict[str, bytes]:
    """Some files of a store as a branch, remote-tracking branch or commit has them; those that it hasn't are left out.

    Args:
        location: where the store is.
        name: ``main``, ``origin/main``, ``HEAD``, a tag, a full name such as ``refs/heads/main``, or a commit id of at
            least four digits.
        paths: relative to the store's folder.

    Raises:
        GitError: there is no repository, no such commit in it, or a file of it can't be read.
    """
    wanted = {f"{location.prefix}{path}": path for path in paths}
    if location.top is None:
        raise GitError(f"there is no repository here that could have {name}")
    with Git(location.top) as git:
        commit = _commit(git, name)
        blobs = git.tree(commit, sorted(wanted)) if wanted else {}
        asked = {}
        for path, blob in blobs.items():
            if path in wanted:
                asked[wanted[path]] = blob
        found = git.objects.blobs(asked.values(), LIMIT)
    contents = {}
    for path, blob in asked.items():
        if blob in found.unread:
            raise GitError(f"{path} can't be read there: {found.unread[blob]}")
        contents[path] = found.contents[blob]
    return contents


def _commit(git: Git, name: str) -> str:
    refs = git.refs().ids
    for full in (name, f"refs/heads/{name}", f"refs/remotes/{name}"):
        found = refs.get(full, "")
        commit = refs.get(found.removeprefix("ref: "), found)
        if object_id(commit):
            return commit
    named = name if object_id(name) else git.objects.commit_of(name)
    if named is None:
        raise GitError(f"there is no branch, tag or commit {name} here; was it fetched?")
    return named
