"""What commits change, as blob ids and as patches: each asked of git once, all by two processes."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from taskcheck.read.objects import Objects
from taskcheck.read.rawdiff import Delta, Step, matched, raw_deltas, raw_patches
from taskcheck.read.runner import GitError
from taskcheck.read.session import Asker, Ended

T = TypeVar("T")

RAW = ("-r", "-z", "--root", "--raw", "--no-renames", "--full-index", "--always")
_PATCH = ("-r", "-p", "--root", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index", "--always")

_BATCH = 500
"""Commits that are asked for at a time."""


class Deltas:
    """Asks git what changes."""

    def __init__(self, objects: Objects) -> None:
        self._raw = Differ(objects, RAW, raw_deltas)
        self._patches = Differ(objects, _PATCH, raw_patches)
        self._read: dict[Step, Sequence[Delta]] = {}

    def close(self) -> None:
        """End the processes."""
        self._raw.close()
        self._patches.close()

    def load(self, steps: Iterable[Step]) -> None:
        """Ask for steps that will be looked at: many at a time take less time."""
        missing = [step for step in dict.fromkeys(steps) if step not in self._read]
        self._read.update(self._raw.answers(missing))

    def between(self, one: str, other: str) -> Sequence[Delta]:
        """Return the files in which two commits differ, the first's as before, the other's as after.

        Raises:
            GitError: git can't tell.
        """
        return self.told((other, one))

    def patches(self, steps: Iterable[Step]) -> Mapping[Step, bytes]:
        """Return steps as patches.

        Raises:
            GitError: git can't tell one of them.
        """
        wanted = list(dict.fromkeys(steps))
        found = self._patches.answers(wanted)
        for step in wanted:
            self._patches.refuse(step)
        return found

    def told(self, step: Step) -> Sequence[Delta]:
        """Return the files that change at a step: all that there are for a first commit, none for a merge alone.

        Raises:
            GitError: git can't tell.
        """
        self.load([step])
        self._raw.refuse(step)
        return self._read[step]


class Differ(Generic[T]):
    """A ``diff-tree`` that is asked about one step after the other."""

    def __init__(
        self, objects: Objects, flags: Sequence[str], read: Callable[[bytes], Iterator[tuple[str, T]]]
    ) -> None:
        self._objects, self._read = objects, read
        self._asker = Asker(objects.runner, "diff-tree", "--stdin", *flags)
        self._mark = f"end {os.urandom(20).hex()}\n".encode()
        """A line that git repeats when all before it is answered, for it names no object."""
        self._refused: dict[Step, str] = {}
        """What git couldn't read, in its words."""

    def close(self) -> None:
        """End the process."""
        self._asker.close()

    def refuse(self, step: Step) -> None:
        """Say why nothing is known of a step.

        Raises:
            GitError: it wasn't.
        """
        if step in self._refused:
            raise GitError(self._refused[step])

    def answers(self, steps: Iterable[Step]) -> dict[Step, T]:
        """Return what git answers to those of some steps that it can read."""
        left = [step for step in steps if step not in self._refused]
        found: dict[Step, T] = {}
        for start in range(0, len(left), _BATCH):
            found.update(self._asker.by_halves(self._ask, left[start : start + _BATCH], self._refused))
        return found

    def answers_at_once(self, steps: Iterable[Step]) -> dict[Step, T]:
        """Return what git answers to some steps up to one that it ends over, which isn't searched for."""
        left = [step for step in steps if step not in self._refused]
        found: dict[Step, T] = {}
        for start in range(0, len(left), _BATCH):
            try:
                found.update(self._ask(left[start : start + _BATCH]))
            except Ended:
                break
        return found

    def _ask(self, batch: Sequence[Step]) -> dict[Step, T]:
        """Return the answers to some steps; those that have none are noted.

        Raises:
            GitError: as `Session.ask`.
        """
        headers = self._headers(batch)
        said = "".join(f"{header}\n" for header in headers.values())
        out = self._asker.ask(said.encode() + self._mark, self._mark)
        found = matched(self._read(out), headers)
        for step in batch:
            if step not in found:
                self._refused[step] = f"git has no commit {step[0]}; try: git fsck"
        return found

    def _headers(self, batch: Sequence[Step]) -> dict[Step, str]:
        """Return how git is asked about steps, which is how it begins its answers.

        Two commits are compared by their trees: given a commit to compare another one with, git would from then on
        take it for its parent.
        """
        trees = self._objects.trees(commit for step in batch if len(step) > 1 for commit in step)
        headers = {}
        for step in batch:
            found = [trees.get(commit, commit) for commit in reversed(step)] if len(step) > 1 else step
            headers[step] = " ".join(found)
        return headers
