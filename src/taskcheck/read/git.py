"""The questions that taskcheck asks git."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import from_epoch
from taskcheck.read.allowlist import object_id
from taskcheck.read.objects import Blobs, affordable, objects, sizes
from taskcheck.read.rawdiff import Versions, raw_changes
from taskcheck.read.runner import GitError, GitSilent, Runner, complaint

MINIMUM = (2, 38)
"""The first git with ``safe.bareRepository``, which keeps a bare repository among tracked files from being entered."""


@frozen
class WorktreeRecord:
    """One record of ``git worktree list``."""

    path: Path
    head: str | None
    branch: str | None
    bare: bool
    locked: bool = False


@frozen(slots=False)
class Git(Runner):
    """What git answers, as seen from one folder."""

    def version(self) -> tuple[int, ...]:
        """Return the version of git, its leading numbers."""
        match = re.search(rb"(?<!\d)(\d++)\.(\d+)(?:\.(\d+))?", self.run("version"))
        return tuple(int(part) for part in match.groups(b"0")) if match else (0,)

    def common_dir(self) -> Path:
        """Return the folder of the repository that all its worktrees share."""
        return Path(os.fsdecode(self.run("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip(b"\n")))

    def shallow(self) -> bool:
        """Return whether history is cut off, so that ancestry can't be trusted."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

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

    def refs(self) -> dict[str, str]:
        """Branches and remote-tracking branches, full name to object id; a symbolic one to ``ref: NAME``."""
        out = self.run("for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", "refs/heads", "refs/remotes")
        refs = {}
        for line in out.splitlines():
            name, object_id, target = line.split(b"\0")
            refs[os.fsdecode(name)] = f"ref: {os.fsdecode(target)}" if target else object_id.decode()
        return refs

    def require_commits(self, commits: Iterable[str]) -> None:
        """See that git has some commits.

        Raises:
            GitError: it doesn't have one, or can't answer.
        """
        wanted = sorted(set(commits))
        lines = self._told_of("cat-file", "--batch-check", of=wanted).decode().splitlines() if wanted else []
        for line in lines:
            if line.split()[1:2] != ["commit"]:
                raise GitError(f"git has no commit {line.split()[0]}, which root or trunk is at; try: git fsck")

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor of two commits; None for unrelated histories.

        Raises:
            GitError: git can't answer. Where an object is missing it says "none", too, but not without a word.
        """
        if (one, other) not in self._bases:
            out, err, code = self.answer(("merge-base", one, other), b"")
            if code not in {0, 1} or (code == 1 and err):
                raise GitError(f"git merge-base: {complaint(err) or f'exit status {code}'}")
            self._bases[one, other] = out.decode().strip() or None
        return self._bases[one, other]

    @cached_property
    def _bases(self) -> dict[tuple[str, str], str | None]:
        """The merge-bases that were asked for; one commit's can't change."""
        return {}

    def commits(self, include: str, exclude: str | None = None, *flags: str) -> list[tuple[str, datetime]]:
        """Commits reachable from one and not from the other, newest first, with their commit time."""
        positive = f"{exclude}..{include}" if exclude else include
        out = self.run("rev-list", "--timestamp", *flags, "--end-of-options", positive)
        lines = (line.split() for line in out.decode().splitlines())
        return [(commit, from_epoch(int(at))) for at, commit in lines]

    def merges(self, include: str, exclude: str) -> list[tuple[str, list[str]]]:
        """Merge commits reachable from one and not from the other, newest first, with their parents."""
        out = self.run("rev-list", "--merges", "--parents", "--end-of-options", f"{exclude}..{include}")
        return [(commit, parents) for commit, *parents in (line.split() for line in out.decode().splitlines())]

    def touched(self, commits: Sequence[str]) -> dict[str, set[str]]:
        """Return the files that each commit changes; merges have none."""
        if not commits:
            return {}
        out = self.run(
            "diff-tree", "--stdin", "-r", "-z", "--root", "--raw", "--no-renames", "--full-index",
            stdin="".join(f"{commit}\n" for commit in commits).encode(),
        )  # fmt: skip
        found: dict[str, set[str]] = {}
        for change in raw_changes(out, dict.fromkeys(commits, 0)):
            found.setdefault(change.commit, set()).add(change.path)
        return found

    def message(self, commit: str) -> bytes:
        """Return a commit object as git stores it: headers, a blank line, the message."""
        out = self.run("cat-file", "--batch", stdin=f"{commit}\n".encode())
        return out.partition(b"\n")[2]

    def messages(self, commits: Sequence[str]) -> dict[str, str]:
        """Return the messages of some commits, in one process; what no encoding gives is replaced."""
        found = self._objects(commits) if commits else ()
        return {one: data.partition(b"\n\n")[2].decode("utf-8", "replace") for one, _, data in found}

    def parents(self, commit: str) -> list[str]:
        """Return the parents of a commit; none when there is no such commit."""
        headers = self.message(commit).partition(b"\n\n")[0].splitlines()
        return [line[7:].decode() for line in headers if line.startswith(b"parent ")]

    def changes(
        self, include: str, exclude: str | None, paths: Sequence[str], *flags: str, first_parent: bool = False
    ) -> list[Versions]:
        """Return what commits reachable from one and not from the other did to some files, newest first.

        A merge is seen from each of its parents; with ``first_parent`` from that one alone, and only such commits are.
        """
        positive = f"{exclude}..{include}" if exclude else include
        flags = (*flags, "--first-parent") if first_parent else flags
        merges = "--diff-merges=first-parent" if first_parent else "-m"
        listed = self.run("rev-list", "--timestamp", *flags, "--end-of-options", positive, "--", *paths).decode()
        times = {commit: int(at) for at, commit in (line.split() for line in listed.splitlines())}
        if not times:
            return []
        out = self.run(
            "diff-tree", "--stdin", "-r", merges, "-z", "--root", "--raw", "--no-renames", "--full-index", "--", *paths,
            stdin="".join(f"{commit}\n" for commit in times).encode(),
        )  # fmt: skip
        return list(raw_changes(out, times))

    def difference(self, one: str, other: str) -> list[Versions]:
        """Return the files in which two commits differ, as blob ids: the first's as before, the other's as after."""
        out = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", one, other)
        return list(raw_changes(other.encode() + b"\0" + out, {other: 0}))

    def tree(self, commit: str, folders: Sequence[str]) -> dict[str, str]:
        """Blob ids of the regular files of a commit under some folders, by path; the whole tree for none."""
        out = self.run("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit, "--", *folders)
        files = {}
        for record in filter(None, out.split(b"\0")):
            head, _, path = record.partition(b"\t")
            mode, kind, object_id = head.split()
            if kind == b"blob" and mode.startswith(b"100"):
                files[os.fsdecode(path)] = object_id.decode()
        return files

    def tracked(self, folders: Sequence[str]) -> list[str]:
        """Paths in the index under some folders; of all for none."""
        out = self.run("ls-files", "--cached", "--full-name", "-z", "--", *folders)
        return [os.fsdecode(path) for path in out.split(b"\0") if path]

    def index(self, folders: Sequence[str]) -> dict[str, str | None]:
        """Blob ids in the index under some folders, by path; None for a file with an unmerged conflict."""
        out = self.run("ls-files", "--cached", "--full-name", "--stage", "-z", "--", *folders)
        found: dict[str, str | None] = {}
        for record in filter(None, out.split(b"\0")):
            head, _, path = record.partition(b"\t")
            _, blob, stage = head.split()
            found[os.fsdecode(path)] = blob.decode() if stage == b"0" else None
        return found

    def blobs(self, object_ids: Iterable[str], limit: int) -> Blobs:
        """Return the content of some blobs, in two processes: the sizes come first; what is over the limit is left out.

        Args:
            object_ids: whose contents.
            limit: the bytes that one may have.

        Raises:
            GitSilent: git gave no answer in time.
        """
        wanted = sorted(set(object_ids))
        if not wanted:
            return Blobs()
        try:
            found = self._sizes(wanted)
            chosen, left_out = affordable(found, limit)
            contents = {one: data for one, kind, data in self._objects(chosen) if kind == b"blob"} if chosen else {}
        except GitSilent:
            raise
        except GitError as error:
            return Blobs(unread=dict.fromkeys(wanted, str(error)))
        missing = dict.fromkeys(wanted, "git doesn't have its content here (a partial clone, or a damaged one)")
        return Blobs(contents, {one: why for one, why in (missing | left_out).items() if one not in contents})

    def _sizes(self, wanted: Sequence[str]) -> dict[str, int]:
        """Return the sizes of those of some blobs that there are."""
        try:
            return sizes(self._told_of("cat-file", "--batch-check", of=wanted))
        except GitSilent:
            raise
        except GitError:
            # In a partial clone git stops at the first object that it would have to fetch.
            flags = ("--objects", "--no-object-names", "--no-walk", "--ignore-missing", "--missing=allow-any")
            present = self._told_of("rev-list", *flags, "--stdin", of=wanted).decode().split()
            return sizes(self._told_of("cat-file", "--batch-check", of=present)) if present else {}

    def _told_of(self, *arguments: str, of: Iterable[str]) -> bytes:
        """Return the output of a command that reads object ids."""
        return self.run(*arguments, stdin="".join(f"{one}\n" for one in of).encode())

    def _objects(self, wanted: Sequence[str]) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield id, kind and content of those of some objects that there are."""
        return objects(self._told_of("cat-file", "--batch", of=wanted))


def blob_id(data: bytes, length: int) -> str:
    """Return the id that git gives a file's bytes, in as many hex digits as the ids of the repository have."""
    import hashlib

    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
