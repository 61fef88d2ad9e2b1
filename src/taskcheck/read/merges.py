"""Has a branch landed on trunk? Yes with a proof, no, or unknown where git alone can't tell.

A yes makes fixes safe, so it must never be wrong; every doubt is an unknown. What two sides write into a task file
says nothing: root is reconciled by the same lines that the worker wrote, so patches are compared without these files.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from taskcheck.model.sources import Merge
from taskcheck.read.files import small_text
from taskcheck.read.git import Git, GitError, Versions
from taskcheck.read.reverts import PATTERNS, Reverts, subject_names

DEPTH = 2_000
"""Commits since the fork that are searched for an equal patch; beyond that the verdict is unknown."""

REBASED = 100
"""Commits of a pull request that GitHub rebases at most."""

MAX_REFLOG_BYTES = 1024 * 1024

_COMMIT_LINE = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MADE_THERE = ("commit", "cherry-pick", "am", "revert")
"""Reflog actions that make a commit; others move a branch to one that was there."""


@dataclass(slots=True)
class MergeReader:
    """Judges branch tips against root's HEAD."""

    git: Git
    head: str
    shallow: bool
    is_task: Callable[[str], bool] = lambda _: False
    """Whether a path in the repository is a task file."""
    reflogs: Path | None = None
    """The folder of the branches' reflogs, one file each."""
    _mainline: frozenset[str] | None = None
    _files: dict[str, frozenset[str]] = field(default_factory=dict)
    _patches: dict[str, str | None] = field(default_factory=dict)
    _read_messages: dict[str, str] = field(default_factory=dict)

    def verdict(self, tip: str, branch: str | None = None) -> Merge:
        """The verdict for one branch tip.

        An ancestor of root has landed only if its commits were made on the branch: a fresh branch is an ancestor too.
        What was reverted since hasn't landed.
        """
        if self.shallow:
            return Merge(merged=None, proof="history is cut off (shallow clone)")
        try:
            base = self.git.merge_base(self.head, tip)
            if base is None:
                return Merge(merged=None, proof="no common history")
            return self._contained(tip, branch) if base == tip else self._apart(base, tip)
        except GitError as error:
            return Merge(merged=None, proof=str(error))

    def landed(self, commit: str, number: int) -> Merge:
        """The verdict for a commit of trunk that a forge says the merge of a pull request made.

        One with a single parent that doesn't name the pull request may be the last of those that a rebase made. How
        many these are nobody says: where one that could be among them was taken back, it can't be told.
        """
        if self.shallow:
            return Merge(merged=None, proof="history is cut off (shallow clone)")
        try:
            if self.git.merge_base(self.head, commit) != commit:
                return Merge(merged=None, proof=f"{commit[:9]}, which the merge made, isn't in root's history")
            parents = self.git.parents(commit)
            proof = f"root's history has {commit[:9]}, which the merge made"
            made, changes = {commit}, (parents[0], commit) if parents else None
            if len(parents) > 1:
                made |= {brought for brought, _ in self.git.commits(commit, parents[0], f"--max-count={DEPTH}")}
            said = self._unless_reverted(made, commit, changes, proof, frozenset({str(number)}))
            if said.merged is not True:
                return said
            if len(parents) > 1 or str(number) in subject_names(self._message(commit)):
                before = self.git.difference(parents[0], commit) if parents else []
            else:
                before = self.git.changes(commit, None, (), f"--max-count={REBASED}", first_parent=True)
                said = self._unless_reverted({change.commit for change in before}, commit, None, proof)
            by = said.proof if said.merged is False else self._set_back(commit, before)
            return Merge(merged=None, proof=f"{proof}; but {by}") if by else said
        except GitError:
            return Merge(merged=None, proof=f"root doesn't have {commit[:9]}, which the merge made: it wasn't fetched")

    def _set_back(self, commit: str, before: Iterable[Versions]) -> str | None:
        """A file that root has again as it was before some changes, in words; task files left out."""
        earlier: dict[str, set[str | None]] = {}
        for change in before:
            earlier.setdefault(change.path, set()).add(change.before)
        back = (
            change.path
            for change in self.git.difference(commit, self.head)
            if change.after in earlier.get(change.path, ()) and not self.is_task(change.path)
        )
        path = next(back, None)
        return f"{path} is again as it was before" if path else None

    def _contained(self, tip: str, branch: str | None) -> Merge:
        """The verdict for a tip that is in root's history."""
        if tip in self._first_parents():
            return Merge(merged=None, proof="the branch has no commit of its own, or was fast-forwarded")
        brought = [(commit, parents) for commit, parents in self.git.merges(self.head, tip) if tip in parents[1:]]
        named = [(c, parents) for c, parents in brought if branch and _names(self._subject(c), branch)]
        if not named and not (branch and self._made_on(branch, tip)):
            return Merge(merged=None, proof="it is in root's history, but perhaps without a commit of its own")
        landed = {tip, *(commit for commit, _ in brought)}
        changes: tuple[str, str] | None = None
        for _, parents in brought[-1:]:
            landed |= {commit for commit, _ in self.git.commits(tip, parents[0], f"--max-count={DEPTH}")}
            fork = self.git.merge_base(parents[0], tip)
            changes = (fork, tip) if fork else None
        return self._unless_reverted(landed, tip, changes, f"its tip {tip[:9]} is in root's history")

    def _apart(self, base: str, tip: str) -> Merge:
        """The verdict for a tip that isn't: whether its changes are on trunk as other commits.

        What trunk had before the branch did was taken over from trunk, not landed on it.
        """
        since = dict(self.git.commits(self.head, base, f"--max-count={DEPTH + 1}"))
        if len(since) > DEPTH:
            return Merge(merged=None, proof=f"root has moved by more than {DEPTH} commits")
        if not since:
            return Merge(merged=False, proof="root has no commit since the branch left it")
        own = dict(self.git.commits(tip, base, "--no-merges", f"--max-count={DEPTH}"))
        self._read_files([*since, *own])
        own = {commit: at for commit, at in own.items() if self._files[commit]}
        squashed, touched = self._difference(base, tip)
        if squashed is None:
            return Merge(merged=None, proof="its commits change no content but that of task files")
        wanted = {touched, *(self._files[commit] for commit in own)}
        self._read_patches([*own, *(commit for commit in since if self._files[commit] in wanted)])
        trunk: dict[str, str] = {}
        for commit in since:
            identity = self._patches.get(commit)
            if identity is not None:
                trunk.setdefault(identity, commit)
        pairs = {commit: trunk.get(self._patches[commit] or "") for commit in own}
        landed = {other for other in pairs.values() if other}
        if own and all(pairs.values()) and any(other and since[other] >= own[one] for one, other in pairs.items()):
            return self._unless_reverted(landed, base, (base, tip), "each of its commits has an equal patch on trunk")
        same = trunk.get(squashed)
        if same and own and since[same] >= max(own.values()):
            return self._unless_reverted({same}, same, (base, tip), f"trunk's {same[:9]} is the same change, squashed")
        if touched.isdisjoint(frozenset().union(*(self._files[commit] for commit in since))):
            return Merge(merged=False, proof="no commit of trunk since has touched its files")
        return Merge(merged=None, proof="trunk has changed the same files since: it may have landed in another form")

    def _first_parents(self) -> frozenset[str]:
        if self._mainline is None:
            self._mainline = frozenset(commit for commit, _ in self.git.commits(self.head, None, "--first-parent"))
        return self._mainline

    def _made_on(self, branch: str, tip: str) -> bool:
        """Whether the branch's reflog tells that its tip was committed on it."""
        if self.reflogs is None:
            return False
        lines = (small_text(self.reflogs / branch, MAX_REFLOG_BYTES) or "").splitlines()
        return any(
            head.split()[1:2] == [tip] and action.startswith(_MADE_THERE)
            for head, _, action in (line.partition("\t") for line in lines)
        )

    def _subject(self, commit: str) -> str:
        return self._message(commit).partition("\n")[0].strip()

    def _message(self, commit: str) -> str:
        return self._messages([commit])[0][1]

    def _messages(self, commits: list[str]) -> list[tuple[str, str]]:
        """Commits with their messages, each read once."""
        self._read_messages |= self.git.messages([commit for commit in commits if commit not in self._read_messages])
        return [(commit, self._read_messages.get(commit, "")) for commit in commits]

    def _read_files(self, commits: Iterable[str]) -> None:
        """Learn which files, task files left out, each commit touches; none for a merge."""
        missing = [commit for commit in commits if commit not in self._files]
        found = self.git.touched(missing)
        for commit in missing:
            self._files[commit] = frozenset(path for path in found.get(commit, ()) if not self.is_task(path))

    def _read_patches(self, commits: Iterable[str]) -> None:
        missing = [commit for commit in dict.fromkeys(commits) if commit not in self._patches]
        self._patches |= dict.fromkeys(missing)
        if missing:
            text = self.git.run("diff-tree", "--stdin", *_PATCH, stdin="".join(f"{c}\n" for c in missing).encode())
            for commit, sections in _split(text):
                self._patches[commit] = self._identity(sections)

    def _difference(self, one: str, other: str) -> tuple[str | None, frozenset[str]]:
        """The change from one commit to another: its identity, and the files that it touches."""
        text = self.git.run("diff-tree", *_PATCH, one, other)
        sections = list(_sections(text.split(b"\n")))
        paths = frozenset(path for path, _ in sections if not self.is_task(path))
        return self._identity(sections), paths

    def _identity(self, sections: Iterable[tuple[str, list[bytes]]]) -> str | None:
        """What tells a change from another wherever in the file it is made; None where nothing does.

        Nothing does when only task files change, or no content at all: anybody adds an empty `__init__.py`.
        """
        kept = sorted((path, lines) for path, lines in sections if not self.is_task(path))
        if not any(line.startswith(_CONTENT) for _, lines in kept for line in lines):
            return None
        digest = hashlib.sha256()
        for _, lines in kept:
            binary = any(line.startswith((b"Binary files ", b"GIT binary patch")) for line in lines)
            for line in lines:
                if line.startswith(b"@@ "):
                    digest.update(b"@@\n")
                elif binary or not line.startswith(b"index "):
                    digest.update(line + b"\n")
        return digest.hexdigest()

    def _unless_reverted(
        self,
        landed: set[str],
        since: str,
        changes: tuple[str, str] | None,
        proof: str,
        names: frozenset[str] = frozenset(),
    ) -> Merge:
        """A verdict of merged, unless a later commit on root took back what landed, by its word or by its patch.

        Without the changes, what landed is a guess, and so is whether a title that isn't among it is of it.
        """
        found = Reverts.of(self._messages([commit for commit, _ in self.git.commits(self.head, since, *PATTERNS)]))
        by = next((found.commits[commit] for commit in sorted(landed & found.commits.keys())), None)
        by = by or next((by for merge, by in found.commits.items() if self._brought(merge, landed)), None)
        if by is None and (found.titles or found.numbers):
            names = names.union(*(subject_names(message) for _, message in self._messages(sorted(landed))))
            by = next((by for name, by in (found.titles | found.numbers).items() if name in names), None)
        by = by or (self._taken_back(since, *changes) if changes else found.vague)
        if by:
            return Merge(merged=False, proof=f"it landed and was reverted by {by[:9]}")
        return Merge(merged=True, proof=proof)

    def _brought(self, merge: str, landed: set[str]) -> bool:
        """Whether a reverted commit is a merge that brought something of what landed into root."""
        parents = self.git.parents(merge)
        if len(parents) < 2:
            return False
        new = {commit for commit, _ in self.git.commits(merge, parents[0], f"--max-count={DEPTH}")}
        return bool(landed & new)

    def _taken_back(self, since: str, base: str, tip: str) -> str | None:
        """The commit since that is the reverse of the whole change, unless it was made again after that."""
        forward, files = self._difference(base, tip)
        backward, _ = self._difference(tip, base)
        if forward is None or backward is None:
            return None
        later = [commit for commit, _ in self.git.commits(self.head, since, f"--max-count={DEPTH}")]
        self._read_files(later)
        later = [commit for commit in later if self._files[commit] == files]
        self._read_patches(later)
        last = next((commit for commit in later if self._patches[commit] in {forward, backward}), None)
        return last if last and self._patches[last] == backward else None


_CONTENT = (b"@@ ", b"Binary files ", b"GIT binary patch")
_PATCH = ("-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")


def _names(subject: str, branch: str) -> bool:
    """Whether a merge commit's subject says that it merges this branch."""
    source = subject.partition(" into ")[0]
    name = re.escape(branch)
    return bool(re.search(rf"'(?:origin/)?{name}'|\bfrom [^/\s]+/{name}\Z|\AMerged in {name}\b", source))


def _split(text: bytes) -> Iterator[tuple[str, list[tuple[str, list[bytes]]]]]:
    """The commits of ``diff-tree --stdin -p``, each with its files' patches."""
    commit = ""
    lines: list[bytes] = []
    for line in text.split(b"\n"):
        if _COMMIT_LINE.fullmatch(line):
            if commit:
                yield commit, list(_sections(lines))
            commit, lines = line.decode(), []
        else:
            lines.append(line)
    if commit:
        yield commit, list(_sections(lines))


def _sections(lines: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A patch by file: its path, and its lines. What stands in a file never begins a line of a patch."""
    path: str | None = None
    section: list[bytes] = []
    for line in lines:
        if line.startswith(b"diff --git "):
            if path is not None:
                yield path, section
            both = line[len(b"diff --git ") :].decode("utf-8", "surrogateescape")
            path = both[2 : 2 + (len(both) - 5) // 2]
            section = [line]
        elif line:  # only the end of the output is empty: every line of a patch has a first character
            section.append(line)
    if path is not None:
        yield path, section
