"""What a merge took over of a branch, and what it left as its own side had it."""

from collections.abc import Mapping, Sequence

from taskcheck.documents.frozen import frozen
from taskcheck.read.history import History
from taskcheck.read.hunks import Hunk, Patch, given, taken
from taskcheck.read.rawdiff import Step


@frozen(kw_only=True)
class Merging:
    """A merge, by what it was made of."""

    branched: Step
    """What the branch had changed since it left the merge's own side."""
    made: Step
    """What the merge changed in its own side."""
    rival: Step
    """What that side had changed meanwhile."""


def left_out(history: History, merging: Merging) -> str:
    """Return a file in which a merge dropped something that the branch had changed; empty for none.

    What its own side had done already counts as taken over, and so does what was put together of both.

    Raises:
        GitError: git can't tell.
    """
    wanted = {each.path: each.after for each in history.content(merging.branched)}
    made = {each.path: each.after for each in history.content(merging.made)}
    kept = sorted(wanted.keys() - made.keys())
    dropped = [path for path in kept if not _had(history, merging, path, wanted, made)]
    if dropped:
        return dropped[0]
    mixed = [path for path in sorted(wanted.keys() & made.keys()) if made[path] != wanted[path]]
    return _hunk_left_out(history, merging, mixed) if mixed else ""


def _had(
    history: History,
    merging: Merging,
    path: str,
    wanted: Mapping[str, str | None],
    made: Mapping[str, str | None],
) -> bool:
    """Return whether the merge's own side had done to a file what the branch did, or had renamed it.

    Raises:
        GitError: git can't tell.
    """
    before = merging.made[-1]
    found = history.at(before, [path]).get(path)
    is_elsewhere = found is None and not made.keys() <= wanted.keys()
    return is_elsewhere or found == wanted[path]


def _hunk_left_out(history: History, merging: Merging, paths: Sequence[str]) -> str:
    """Return one of some files that both sides changed, of which a merge dropped a hunk of the branch; else nothing.

    Raises:
        GitError: git can't tell.
    """
    steps = (merging.branched, merging.made, merging.rival)
    patches = history.git.deltas.patches(steps)
    branched, made, rival = (Patch.of(patches[step]) for step in steps)
    gained = made.given
    for path in paths:
        lost = taken(made.at(path))
        for hunk in branched.at(path):
            theirs = _given_beside(hunk, rival.at(path))
            is_there = hunk.given <= theirs or not hunk.given.isdisjoint(gained)
            is_reworked = not theirs.isdisjoint(lost)
            if not is_there and not is_reworked:
                return path
    return ""


def _given_beside(hunk: Hunk, others: Sequence[Hunk]) -> frozenset[bytes]:
    """Return what hunks add that are about some of the lines of another one."""
    return given(filter(hunk.meets, others))
