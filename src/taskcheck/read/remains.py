"""What is left of a branch that has landed: in root, and in trunk as it was last fetched."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from taskcheck.documents.frozen import frozen
from taskcheck.read.files import MAX_TASK_BYTES, small_text
from taskcheck.read.history import History
from taskcheck.read.hunks import Patch, given
from taskcheck.read.origins import MAX_REFLOG_BYTES
from taskcheck.read.rawdiff import Delta, Step


@frozen(kw_only=True, slots=False)
class Remains:
    """Asks what later commits left of branches, whatever they say that they do."""

    history: History
    fetched: Mapping[str, str]
    """Trunk as it was last fetched, its commits by their short names."""
    reflogs: Path | None
    """The folder of the reflogs of fetched branches; None where there is none."""

    def doubt(self, step: Step, landed: str) -> str:
        """Return, in words, that little is left of a branch that has landed; empty where it is there.

        Args:
            step: what the branch did.
            landed: the commit that brought it into root.

        Raises:
            GitError: git can't tell.
        """
        return next(filter(None, self._doubts(step, landed)), "")

    def _doubts(self, step: Step, landed: str) -> Iterator[str]:
        """Yield what root has left, and what each fetched trunk has, in words; empty where it is there."""
        made = self.history.content(step)
        there = self.history.at_root(each.path for each in made)
        is_changed = [there.get(each.path) not in {None, each.after} for each in made]
        if made and all(is_changed):
            yield self._overwritten(step, made, there)
        for name in self.fetched:
            yield self._not_fetched(name, landed, made)

    def _overwritten(self, step: Step, made: Sequence[Delta], there: Mapping[str, str]) -> str:
        """Return that no file has a line that a branch added to it; empty where one has, or nobody can tell."""
        objects, deltas = self.history.git.objects, self.history.git.deltas
        now = [there[each.path] for each in made]
        before = [each.before or "" for each in made]
        blobs = objects.blobs(filter(None, [*now, *before]), MAX_TASK_BYTES)
        if blobs.unread:
            return ""
        patch = Patch.of(deltas.patches([step])[step])
        added: set[bytes] = set()
        left: set[bytes] = set()
        for each, blob in zip(made, now, strict=True):
            new = given(patch.at(each.path)) - _lines(blobs.contents, each.before)
            added.update(new)
            left.update(new & _lines(blobs.contents, blob))
        return "no line that it added is left in root" if added and not left else ""

    def _not_fetched(self, name: str, landed: str, made: Sequence[Delta]) -> str:
        """Return that a fetched trunk has a file again as it was before, or was set to commits without the landing."""
        commit = self.fetched[name]
        if not self._has(commit, landed):
            had = any(self._has(earlier, landed) for earlier in self._earlier[name])
            return f"{name} had it once, and was set to commits without it" if had else ""
        if self._has(self.history.head, commit):
            return ""
        there = self.history.at(commit, [each.path for each in made])
        back = sorted(each.path for each in made if there.get(each.path) == each.before)
        return f"{name}, which isn't pulled yet, has {back[0]} as it was before" if back else ""

    def _has(self, commit: str, landed: str) -> bool:
        """Return whether a commit has another one in its history."""
        graph = self.history.graph
        found = graph.ancestors(commit) & graph.set_of([landed])
        return found != 0

    @cached_property
    def _earlier(self) -> Mapping[str, frozenset[str]]:
        """The commits that the fetched trunks were at before, by their reflogs."""
        found = dict.fromkeys(self.fetched, frozenset[str]())
        if self.reflogs is None:
            return found
        for name in found:
            text = small_text(self.reflogs / name, MAX_REFLOG_BYTES) or ""
            found[name] = frozenset(line.partition(" ")[0] for line in text.splitlines())
        return found


def _lines(contents: Mapping[str, bytes], blob: str | None) -> frozenset[bytes]:
    """Return the lines of a file."""
    text = contents.get(blob or "", b"")
    return frozenset(text.split(b"\n"))
