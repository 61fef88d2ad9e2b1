"""Whose commits are they: a branch's own, or those of another one?"""

from functools import cached_property
from pathlib import Path

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.read.allowlist import object_id
from taskcheck.read.brought import Subject
from taskcheck.read.files import small_text
from taskcheck.read.history import History

MAX_REFLOG_BYTES = 1024 * 1024

_MADE_THERE = ("commit", "cherry-pick", "am", "revert")
"""Reflog actions that make a commit; others move a branch to one that was there."""

_MOVED = expression(r"(?:branch: (?:Created from|Reset to)|reset: moving to) (\S+)|merge (\S+): Fast-forward")
"""Reflog actions that move a branch to commits of another one."""

_PICKED = "cherry-pick"
_WORDS = expression(r"[\w.-]+")


@frozen(slots=False)
class Origins:
    """Tells where commits were made, by reflogs and by what commits say of themselves."""

    history: History
    reflogs: Path | None
    """The folder of the branches' reflogs, one file each; None where there is none."""

    @cached_property
    def _actions(self) -> dict[str, list[tuple[str, str]]]:
        """What the reflogs say that were read already."""
        return {}

    def made_on(self, branch: str, tip: str) -> bool:
        """Return whether a branch's reflog tells that its tip was committed on it."""
        return any(made == tip and action.startswith(_MADE_THERE) for made, action in self._moves(branch))

    def taken_from(self, branch: str) -> str:
        """Return what a branch took its commits from last, if its reflog tells that none was made on it; else nothing.

        That is another branch, ``HEAD``, the id of a commit, or ``cherry-pick``.
        """
        source = ""
        for _, action in self._moves(branch):
            moved = _MOVED.fullmatch(action)
            if moved is None and not action.startswith(_PICKED):
                return ""
            source = (moved[1] or moved[2]) if moved else _PICKED
            if source.endswith(branch):
                return ""
        return source

    def may_be_anyones(self, own: str, found: str, branch: str) -> bool:
        """Return whether nothing tells that a commit of trunk is the one of a branch that makes the same change.

        A copy of a commit has its author and date; else a message may name the branch, the task or a pull request.
        """
        objects = self.history.git.objects
        authors = objects.authors([own, found])
        merge = self.history.brought_by(found)
        messages = objects.messages({own, found, merge})
        told = f"{messages[found]}\n{messages[merge]}" if merge != found else messages[found]
        is_copy = authors[own] == authors[found]
        is_pull = any(Subject(messages[each].partition("\n")[0].strip()).number for each in (found, merge))
        names = {branch.rpartition("/")[2], own}
        return not is_copy and not is_pull and names.isdisjoint(_WORDS.findall(told))

    def _moves(self, branch: str) -> list[tuple[str, str]]:
        """Return to which commits a branch was moved, the oldest first, and by what; nothing where no reflog tells."""
        if self.reflogs is None or not branch:
            return []
        if branch not in self._actions:
            text = small_text(self.reflogs / branch, MAX_REFLOG_BYTES) or ""
            self._actions[branch] = [_move(line) for line in text.splitlines()]
        return self._actions[branch]


def is_branch(source: str) -> bool:
    """Return whether that from which a branch took its commits is another branch."""
    return source not in {"HEAD", _PICKED} and not object_id(source)


def _move(line: str) -> tuple[str, str]:
    """Return what a line of a reflog says: the commit to which a branch was moved, and by what."""
    moved, _, action = line.partition("\t")
    return (*moved.split()[1:2], "")[0], action
