"""Every git call: one hardened, allowlisted runner, and the questions that taskcheck asks through it.

Nothing of the repository is executed and nothing is written: no hook, filter, fsmonitor, textconv, lazy fetch, index
refresh or lock. The list of commands, flags and variables is the one that ran 25 commands on a repository with every
such trap at once without setting one off; that is why ``git status`` and ``git diff`` are not on it.
"""

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from taskcheck.documents.values import from_epoch
from taskcheck.read.allowlist import object_id, refuse_unlisted
from taskcheck.read.program import ENVIRONMENT, absolute_path, foreign_variables, program

MINIMUM = (2, 38)
"""The first git with ``safe.bareRepository``, which keeps a bare repository among tracked files from being entered."""

TIMEOUT = 10.0
"""Seconds that one git process may take."""

_OPTIONS = (
    "--no-optional-locks", "--no-pager", "--literal-pathspecs",
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false",
    "-c", "diff.external=", "-c", "core.alternateRefsCommand=", "-c", "safe.bareRepository=explicit",
    "-c", "submodule.recurse=false", "-c", "gpg.program=/bin/false", "-c", "core.quotePath=false",
)  # fmt: skip


class GitError(Exception):
    """Git could not answer; the message says why in its words."""


@dataclass(frozen=True, slots=True)
class WorktreeRecord:
    """One record of ``git worktree list``."""

    path: Path
    head: str | None
    branch: str | None
    bare: bool
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """One commit's change of one file, as blob ids; None where the file wasn't there."""

    commit: str
    at: datetime
    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Git:
    """Git as seen from one folder."""

    folder: Path

    def run(self, *arguments: str, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> bytes:
        """The output of an allowed git command.

        Raises:
            GitError: another exit status than accepted, no answer in time, or no git.
            NotAllowed: a command or flag that isn't on the list.
        """
        refuse_unlisted(arguments)
        process = self._spawn(arguments, stdin=bool(stdin))
        try:
            out, err = process.communicate(stdin or None, timeout=TIMEOUT)
        except subprocess.TimeoutExpired as error:
            _kill(process)
            process.communicate()
            raise GitError(f"git {arguments[0]} gave no answer in {TIMEOUT:g} s") from error
        if process.returncode not in accept:
            said = err.decode("utf-8", "replace").strip().splitlines()
            raise GitError(f"git {arguments[0]}: {said[0] if said else f'exit status {process.returncode}'}")
        return bytes(out)

    @cached_property
    def _porcelain(self) -> Any:
        return _porcelain()(self.folder)

    def _spawn(self, arguments: Sequence[str], *, stdin: bool) -> Any:
        # GitPython copies this process's environment and can only add to it.
        foreign = foreign_variables()
        git, env = program("git"), program("env") if foreign else ""
        if git is None or env is None:
            raise GitError("git can't be started: no absolute folder of PATH has it")
        unset = [env, *(part for name in foreign for part in ("-u", name))] if env else []
        try:
            return self._porcelain.execute(
                [*unset, git, *_OPTIONS, *arguments],
                as_process=True,
                istream=subprocess.PIPE if stdin else subprocess.DEVNULL,
                env={**ENVIRONMENT, "PATH": absolute_path()},
                start_new_session=True,
            )
        except Exception as error:
            raise GitError(f"git can't be started: {error}") from error

    def version(self) -> tuple[int, ...]:
        """The version of git, its leading numbers."""
        match = re.search(rb"(?<!\d)(\d++)\.(\d+)(?:\.(\d+))?", self.run("version"))
        return tuple(int(part) for part in match.groups(b"0")) if match else (0,)

    def common_dir(self) -> Path:
        """The folder of the repository that all its worktrees share."""
        return Path(os.fsdecode(self.run("rev-parse", "--path-format=absolute", "--git-common-dir").rstrip(b"\n")))

    def shallow(self) -> bool:
        """Whether history is cut off, so that ancestry can't be trusted."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def worktrees(self) -> list[WorktreeRecord]:
        """All checkouts that git lists, the main one first."""
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

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None for unrelated histories."""
        if (one, other) not in self._bases:
            out = self.run("merge-base", one, other, accept=(0, 1))
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
        """The files that each commit changes; merges have none."""
        if not commits:
            return {}
        out = self.run(
            "diff-tree", "--stdin", "-r", "-z", "--root", "--raw", "--no-renames", "--full-index",
            stdin="".join(f"{commit}\n" for commit in commits).encode(),
        )  # fmt: skip
        found: dict[str, set[str]] = {}
        for change in _raw_changes(out, dict.fromkeys(commits, 0)):
            found.setdefault(change.commit, set()).add(change.path)
        return found

    def message(self, commit: str) -> bytes:
        """A commit object as git stores it: headers, a blank line, the message."""
        out = self.run("cat-file", "--batch", stdin=f"{commit}\n".encode())
        return out.partition(b"\n")[2]

    def messages(self, commits: Sequence[str]) -> dict[str, str]:
        """The messages of some commits, in one process; what no encoding gives is replaced."""
        found = self._objects(commits) if commits else ()
        return {one: data.partition(b"\n\n")[2].decode("utf-8", "replace") for one, _, data in found}

    def parents(self, commit: str) -> list[str]:
        """The parents of a commit; none when there is no such commit."""
        headers = self.message(commit).partition(b"\n\n")[0].splitlines()
        return [line[7:].decode() for line in headers if line.startswith(b"parent ")]

    def changes(
        self, include: str, exclude: str | None, paths: Sequence[str], *flags: str, first_parent: bool = False
    ) -> list[Versions]:
        """What commits reachable from one and not from the other did to some files, newest first.

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
        return list(_raw_changes(out, times))

    def difference(self, one: str, other: str) -> list[Versions]:
        """The files in which two commits differ, as blob ids: those of the first as before, of the other as after."""
        out = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", one, other)
        return list(_raw_changes(other.encode() + b"\0" + out, {other: 0}))

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

    def blobs(self, object_ids: Iterable[str], limit: int) -> dict[str, bytes]:
        """The content of some blobs, in one process; those over the limit of bytes are left out."""
        wanted = sorted(set(object_ids))
        if not wanted:
            return {}
        return {one: data for one, kind, data in self._objects(wanted) if kind == b"blob" and len(data) <= limit}

    def _objects(self, wanted: Sequence[str]) -> Iterator[tuple[str, bytes, bytes]]:
        """Id, kind and content of those of some objects that there are."""
        out = self.run("cat-file", "--batch", stdin="".join(f"{one}\n" for one in wanted).encode())
        position = 0
        while position < len(out):
            end = out.index(b"\n", position)
            header = out[position:end].split()
            position = end + 1
            if len(header) == 3:
                size = int(header[2])
                yield header[0].decode(), header[1], out[position : position + size]
                position += size + 1


def _raw_changes(out: bytes, times: dict[str, int]) -> Iterator[Versions]:
    """The records of ``diff-tree --stdin -z --raw``: a commit id, then ``:modes ids status`` and path, in turn."""
    fields = iter(out.split(b"\0"))
    commit = ""
    for item in fields:
        field = item.lstrip(b"\n")
        if field.startswith(b":"):
            _, _, before, after, _ = field.decode().split()
            yield Versions(
                commit=commit,
                at=from_epoch(times[commit]),
                path=os.fsdecode(next(fields)),
                before=before if before.strip("0") else None,
                after=after if after.strip("0") else None,
            )
        elif field:
            commit = field.decode().split()[0]


def _kill(process: Any) -> None:
    """End a git that gave no answer, and what it started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


@cache
def _porcelain() -> Any:
    """Return GitPython's way to start git; it asks one for its version as it is imported, and is told which."""
    told = {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": program("git") or "no-git"}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        from git.cmd import Git as Porcelain  # noqa: PLC0415 - 70 ms, and only for rules that look at git
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    return Porcelain


def installed() -> bool:
    """Whether there is a git to ask."""
    return program("git") is not None


def blob_id(data: bytes, length: int) -> str:
    """The id that git gives a file's bytes, in as many hex digits as the ids of the repository have."""
    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
