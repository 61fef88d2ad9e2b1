"""What git may be asked, and what may stand in the question: a list, and nothing that isn't on it."""

import re
from collections.abc import Sequence

from taskcheck.documents.expression import expression

_ALLOWED = {
    "version": frozenset[str](),
    "rev-parse": frozenset({"--path-format", "--git-common-dir", "--is-shallow-repository", "--is-bare-repository"}),
    "worktree": frozenset({"--porcelain", "-z"}),
    "for-each-ref": frozenset({"--format"}),
    "rev-list": frozenset({"--timestamp", "--first-parent", "--grep", "--parents", "--objects",
                           "--no-object-names", "--no-walk", "--ignore-missing", "--missing", "--stdin"}),
    "diff-tree": frozenset({"--stdin", "-r", "-p", "-z", "--root", "--raw", "--no-renames", "--no-ext-diff",
                            "--no-textconv", "--full-index", "--always"}),
    "ls-tree": frozenset({"-r", "-z", "--full-tree", "--end-of-options"}),
    "ls-files": frozenset({"--cached", "--full-name", "--stage", "-z", "--others", "--exclude-standard",
                           "--directory", "--no-empty-directory"}),
    "diff-index": frozenset({"--cached", "--name-only", "-z"}),
    "cat-file": frozenset({"--batch-command", "--buffer"}),
    "remote": frozenset[str](),
}  # fmt: skip

_WORDS = frozenset({"list", "refs/heads", "refs/remotes", "get-url", "origin"})
_OBJECT_ID = expression(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_UNSAFE_NAME = expression(r"\A-|\.\.|[\x00-\x20~^:?*\[\\\x7f]|@\{|//|/\Z|\.lock\Z")


class NotAllowed(ValueError):
    """A git call that isn't on the list; a mistake of ours, never of the user's."""


def branch_name(name: str) -> bool:
    """Whether a string from a file may stand in a ref (git-check-ref-format(1)); others are never given to git."""
    return bool(name) and not _UNSAFE_NAME.search(name)


def object_id(text: str | None) -> bool:
    """Return whether a string from a file is a whole object id."""
    return bool(text) and _OBJECT_ID.fullmatch(text or "") is not None


def refuse_unlisted(arguments: Sequence[str]) -> None:
    """See that a git command, its flags and its other words are on the list.

    Raises:
        NotAllowed: one isn't.
    """
    command, *rest = arguments
    allowed = _ALLOWED.get(command)
    if allowed is None:
        raise NotAllowed(f"git {command} is not on the list")
    for argument in rest:
        if argument == "--":
            return
        if argument.startswith("-"):
            flag = argument.partition("=")[0]
            if flag not in allowed:
                raise NotAllowed(f"git {command} {argument} is not on the list")
        elif not _is_word(argument):
            raise NotAllowed(f"git {command}: {argument!r} is no object id")


def _is_word(argument: str) -> bool:
    """Return whether an argument is a word of the list, an object id, or a range of two."""
    if argument in _WORDS:
        return True
    parts = re.split(r"\.{2,3}", argument)
    return all(map(object_id, parts))
