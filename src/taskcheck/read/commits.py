"""The commits of one branch that are not in another's history, with their subjects."""

from collections.abc import Iterator
from itertools import islice

from taskcheck.documents.values import from_epoch
from taskcheck.model.history import OwnCommit
from taskcheck.read.git import Git
from taskcheck.read.locate import Location
from taskcheck.read.runner import GitError

MOST = 5_000
"""Commits that are listed."""


def read_commits(location: Location, tip: str, base: str) -> tuple[OwnCommit, ...]:
    """Return the commits from a base to a tip, the newest first, of many the newest.

    Args:
        location: where the store is.
        tip: object id of a commit.
        base: that of a commit whose history is left out.

    Raises:
        GitError: git can't tell.
    """
    if location.top is None:
        raise GitError("there is no repository here")
    with Git(location.top) as git:
        with git.listing([tip, f"^{base}"]) as lines:
            listed = [line.split()[:2] for line in islice(lines, MOST)]
        times = {name.decode(): int(at) for at, name in listed}
        return tuple(_commits(times, git))


def _commits(times: dict[str, int], git: Git) -> Iterator[OwnCommit]:
    """Yield commits with their subjects."""
    messages = git.objects.messages(times)
    for name, at in times.items():
        subject = messages.get(name, "").partition("\n")[0]
        yield OwnCommit(commit=name, at=from_epoch(at), subject=subject)
