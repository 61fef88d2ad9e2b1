"""The questions that taskcheck asks git."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from taskcheck.documents.frozen import frozen
from taskcheck.read.allowlist import object_id
from taskcheck.read.deltas import Deltas
from taskcheck.read.objects import Objects
from taskcheck.read.runner import GitError, GitSilent, Runner
from taskcheck.read.session import Session

MINIMUM = (2, 38)
"""The first git with ``safe.bareRepository``, which keeps a bare repository among tracked files from being entered."""

Entries = dict[str, tuple[bytes, str]]
"""What a tree or an index has, by path: mode and object id."""


@frozen
class WorktreeRecord:
    """One record of ``git worktree list``."""

    path: Path
    head: str | None
    branch: str | None
    bare: bool
    locked: bool = False


@frozen
class RepositoryRecord:
    """What ``git rev-parse`` says of a repository."""

    folder: Path
    """The folder that all its worktrees share."""
    shallow: bool
    """Whether its history is cut off."""
    bare: bool
    """Whether it says of itself that it has no work tree."""


@frozen
class Refs:
    """Branches and remote-tracking branches."""

    ids: Mapping[str, str]
    """Full name to object id; a symbolic one to ``ref: NAME``. Of one that names a tag it is what is tagged."""
    current: str | None
    """Full name of the branch that is checked out; None for none, or one without a commit."""
    upstream: str | None
    """Full name of what that branch follows."""
    followed: Mapping[str, str]
    """What branches follow, all by their full names."""


@frozen(slots=False)
class Git(Runner):
    """What git answers, as seen from one folder."""

    def version(self) -> tuple[int, ...]:
        """Return the version of git, its leading numbers."""
        match = re.search(rb"(?<!\d)(\d++)\.(\d+)(?:\.(\d+))?", self.run("version"))
        return tuple(int(part) for part in match.groups(b"0")) if match else (0,)

    def repository(self) -> RepositoryRecord:
        """Return what git says of the repository."""
        asked = ("--git-common-dir", "--is-shallow-repository", "--is-bare-repository")
        out = self.run("rev-parse", "--path-format=absolute", *asked)
        folder, shallow, bare = out.rstrip(b"\n").rsplit(b"\n", 2)
        return RepositoryRecord(Path(os.fsdecode(folder)), shallow=shallow == b"true", bare=bare == b"true")

    def worktrees(self) -> list[WorktreeRecord]:
        """Return all checkouts that git lists, the main one first."""
        records = []
        for block in self.run("worktree", "list", "--porcelain", "-z").split(b"\0\0"):
            fields = dict(line.partition(b" ")[::2] for line in block.strip(b"\0").split(b"\0") if line)
            if b"worktree" in fields:
                head = fields.get(b"HEAD", b"").decode("ascii", "replace")
                branch = os.fsdecode(fields.get(b"branch", b"")).removeprefix("refs/heads/")
                records.append(
                    WorktreeRecord(
                        path=Path(os.fsdecode(fields[b"worktree"])),
                        head=head if object_id(head) and head.strip("0") else None,
                        branch=branch or None,
                        bare=b"bare" in fields,
                        locked=b"locked" in fields,
                    )
                )
        return records

    def refs(self) -> "Refs":
        """Return branches and remote-tracking branches, and what branches follow."""
        fields = "%(refname)%00%(objectname)%00{}%00%(symref)%00%(HEAD)%00%(upstream)"
        asked = ("refs/heads", "refs/remotes")
        try:
            out = self.run("for-each-ref", f"--format={fields.format('%(*objectname)')}", *asked)
        except GitSilent:
            raise
        except GitError:  # the object that some ref names is missing: what else is said needs none
            out = self.run("for-each-ref", f"--format={fields.format('')}", *asked)
        ids: dict[str, str] = {}
        followed: dict[str, str] = {}
        current = None
        for line in out.splitlines():
            name, object_id, tagged, target, mark, upstream = map(os.fsdecode, line.split(b"\0"))
            ids[name] = f"ref: {target}" if target else (tagged or object_id)
            if upstream:
                followed[name] = upstream
            if mark == "*":
                current = name
        return Refs(ids, current, followed.get(current or ""), followed)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.objects.close()
        self.deltas.close()

    @cached_property
    def objects(self) -> Objects:
        """The contents of its objects; its process ends with the ``with`` block."""
        return Objects(self)

    @cached_property
    def deltas(self) -> Deltas:
        """What its commits change; its processes end with the ``with`` block."""
        return Deltas(self.objects)

    @contextmanager
    def listing(self, tips: Iterable[str], *flags: str, paths: Iterable[str] = ()) -> Iterator[Iterator[bytes]]:
        """Give the commits that can be reached from some tips, a line each: its time, its name, its parents.

        Args:
            tips: where to begin; one after ``^`` is left out, with all its ancestors.
            flags: more of them.
            paths: of files in the repository, without line breaks: only commits that change one of them are given, as
                if these were the only ones.
        """
        limits = list(paths)
        said = os.fsencode("".join(f"{line}\n" for line in (*tips, *(["--", *limits] if limits else []))))
        session = Session(self, "rev-list", "--timestamp", "--parents", *flags, "--stdin")
        try:
            yield session.lines(said)
        finally:
            session.close()

    def tree(self, commit: str, folders: Sequence[str]) -> dict[str, str]:
        """Blob ids of the regular files of a commit under some folders, by path; the whole tree for none."""
        out = self.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit, "--", *folders)
        files = {}
        for path, (mode, kind, blob) in _records(out):
            if kind == b"blob" and mode.startswith(b"100"):
                files[path] = blob.decode()
        return files

    def tree_entries(self, commit: str) -> Entries:
        """Return all that a commit has, links and submodules too: mode and object id by path."""
        out = self.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit)
        return {path: (mode, name.decode()) for path, (mode, _, name) in _records(out)}

    def index_entries(self) -> Entries:
        """Return all that the index has, as `tree_entries`; of a file in conflict what the last side says."""
        out = self.run("ls-files", "--cached", "--full-name", "--stage", "-z")
        return {path: (mode, name.decode()) for path, (mode, name, _) in _records(out)}

    def tracked(self, folders: Sequence[str]) -> list[str]:
        """Paths in the index under some folders; of all for none."""
        out = self.run("ls-files", "--cached", "--full-name", "-z", "--", *folders)
        return _paths(out)

    def unignored(self) -> list[str]:
        """Return the paths of files below this folder, relative to it, that git tracks or wouldn't ignore."""
        out = self.run("ls-files", "--cached", "--others", "--exclude-standard", "-z")
        return _paths(out)

    def untracked(self) -> list[str]:
        """Return the paths, from the top of this checkout, of files that git neither tracks nor ignores.

        A folder in which it tracks nothing stands for its files, with a slash at its end.
        """
        out = self.run("ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory", "-z")
        return _paths(out)

    def staged(self, tree: str) -> list[str]:
        """Return the paths of files that are staged otherwise than a tree has them; no file is looked at."""
        out = self.run("diff-index", "--cached", "--name-only", "-z", tree)
        return _paths(out)

    def index(self, folders: Sequence[str]) -> dict[str, str | None]:
        """Blob ids in the index under some folders, by path; None for a file with an unmerged conflict."""
        out = self.run("ls-files", "--cached", "--full-name", "--stage", "-z", "--", *folders)
        found: dict[str, str | None] = {}
        for path, (_, blob, stage) in _records(out):
            found[path] = blob.decode() if stage == b"0" else None
        return found


def _paths(out: bytes) -> list[str]:
    """Return the paths that git prints with `-z`."""
    return [os.fsdecode(path) for path in out.split(b"\0") if path]


def _records(out: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the path of each record that ls-tree and ls-files print with `-z`, and the three fields before it."""
    for record in filter(None, out.split(b"\0")):
        head, _, path = record.partition(b"\t")
        yield os.fsdecode(path), head.split()
