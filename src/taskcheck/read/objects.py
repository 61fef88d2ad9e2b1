"""The contents of git's objects, of which only those are asked for that aren't too large: their sizes come first."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen
from taskcheck.read.allowlist import branch_name
from taskcheck.read.runner import GitError, GitSilent, Runner
from taskcheck.read.session import Asker

MOST_BYTES = 256 * 1024 * 1024
"""Of the contents that are taken at a time."""

_MOST_COMMIT = 1024 * 1024
"""Bytes that a commit may have: its headers and its message."""

_BATCH = 1_000
"""Objects that are asked for at a time."""

_INFO = expression(rb"[0-9a-f]{40,64} ([a-z]{3,8}) ([0-9]{1,19})")

Info = tuple[str, int]
"""What an object is: its kind, and the bytes that it has."""


@frozen
class Blobs:
    """The contents of blobs by id, and why some of those that were asked for aren't among them."""

    contents: Mapping[str, bytes] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    def why_not(self, blobs: set[str] | frozenset[str]) -> str | None:
        """Return why one of some blobs isn't among the contents; None where all are."""
        missing = sorted(blobs & self.unread.keys())
        return self.unread[missing[0]] if missing else None


class Objects:
    """Asks git for objects, all by one process."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._asker = Asker(runner, "cat-file", "--batch-command", "--buffer")
        self._mark = os.urandom(20).hex()
        """A name that no object has: git says that it is missing when all before it is told."""
        self._commits: dict[str, bytes] = {}

    def close(self) -> None:
        """End the process."""
        self._asker.close()

    def require_commits(self, commits: Iterable[str]) -> None:
        """See that git has some commits.

        Raises:
            GitError: it doesn't have one, or can't answer.
        """
        wanted = sorted(set(commits))
        found = self.infos(wanted)
        for commit in wanted:
            if commit not in found or found[commit][0] != "commit":
                raise GitError(f"git has no commit {commit}, which root or trunk is at; try: git fsck")

    def commit_of(self, name: str) -> str | None:
        """Return the commit that a tag, ``HEAD`` or a short id names; None where none does, or the name can't be one.

        Raises:
            GitError: git can't tell.
        """
        if not branch_name(name):
            return None
        kind_of = self._ask("info", [f"{name}^{{commit}}"]).split()
        return kind_of[0].decode() if kind_of[1:2] == [b"commit"] else None

    def infos(self, names: Iterable[str]) -> dict[str, Info]:
        """Return what those of some objects are that there are.

        Args:
            names: object ids.

        Raises:
            GitError: git can't tell.
        """
        wanted = list(dict.fromkeys(names))
        found = {}
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            lines = self._ask("info", batch).split(b"\n")[:-1]
            for name, line in zip(batch, lines, strict=True):
                match = _INFO.fullmatch(line)
                if match:
                    found[name] = match[1].decode(), int(match[2])
        return found

    def contents(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those of some objects that there are, by id.

        Raises:
            GitError: git can't tell.
        """
        wanted = list(dict.fromkeys(ids))
        found: dict[str, bytes] = {}
        for start in range(0, len(wanted), _BATCH):
            found.update(_contents(self._ask("contents", wanted[start : start + _BATCH])))
        return found

    def blobs(self, ids: Iterable[str], limit: int) -> Blobs:
        """Return the contents of some blobs; see `read`."""
        return self.read(ids, "blob", limit)

    def read(self, ids: Iterable[str], kind: str, limit: int) -> Blobs:
        """Return the contents of some objects: the sizes come first; what is over the limit is left out.

        Args:
            ids: whose contents.
            kind: blob, tree or commit; what is of another one is left out.
            limit: the bytes that one may have.

        Raises:
            GitSilent: git gave no answer within time.
        """
        wanted = sorted(set(ids))
        if not wanted:
            return Blobs()
        refused: dict[str, str] = {}
        infos = self._of_present(wanted, refused)
        sizes = {name: size for name, (is_of, size) in infos.items() if is_of == kind}
        chosen, left_out = affordable(sizes, limit)
        contents = self._asker.by_halves(self.contents, chosen, refused)
        missing = dict.fromkeys(wanted, "git doesn't have its content here (a partial clone, or a damaged one)")
        why = missing | left_out | refused
        return Blobs(contents, {one: why[one] for one in wanted if one not in contents})

    def trees(self, commits: Iterable[str]) -> dict[str, str]:
        """Return the ids of the trees of those of some commits that there are."""
        read = self._commits_of(commits)
        return {commit: data.partition(b"\n")[0].split()[-1].decode() for commit, data in read.items() if data}

    def parents(self, commits: Iterable[str]) -> dict[str, list[str]]:
        """Return the parents of some commits, the first first; none of one that there isn't."""
        found = {}
        for commit, data in self._commits_of(commits).items():
            headers = data.partition(b"\n\n")[0].split(b"\n")
            found[commit] = [line[7:].decode() for line in headers if line.startswith(b"parent ")]
        return found

    def committed(self, commit: str) -> int | None:
        """Return when a commit was made, in seconds since 1970; None where git doesn't have it or doesn't say."""
        time = _header(self._commits_of([commit])[commit], b"committer ").split()[-2:-1]
        return int(time[0]) if time and time[0].isdigit() else None

    def authors(self, commits: Iterable[str]) -> dict[str, bytes]:
        """Return who wrote some commits, and when, as git stores it; empty for one that there isn't."""
        return {commit: _header(data, b"author ") for commit, data in self._commits_of(commits).items()}

    def messages(self, commits: Iterable[str]) -> dict[str, str]:
        """Return the messages of some commits; what no encoding gives is replaced, and none is empty."""
        read = self._commits_of(commits)
        return {commit: data.partition(b"\n\n")[2].decode("utf-8", "replace") for commit, data in read.items()}

    def _commits_of(self, commits: Iterable[str]) -> dict[str, bytes]:
        """Return some commits as git stores them, each asked for once; empty for those that there aren't."""
        wanted = list(dict.fromkeys(commits))
        found = self.read([commit for commit in wanted if commit not in self._commits], "commit", _MOST_COMMIT)
        self._commits.update(dict.fromkeys(found.unread, b""))
        self._commits.update(found.contents)
        return {commit: self._commits[commit] for commit in wanted}

    def _of_present(self, wanted: Sequence[str], refused: dict[str, str]) -> dict[str, Info]:
        """Return what those of some objects are that there are; what git can't read is added to what is refused."""
        try:
            return self.infos(wanted)
        except GitSilent:
            raise
        except GitError:
            return self._asker.by_halves(self.infos, self._present(wanted), refused)

    def _present(self, wanted: Sequence[str]) -> Sequence[str]:
        """Return those of some objects that there are: in a partial clone git ends at one that it would have to fetch.

        All of them where git can't tell that either.
        """
        flags = ("--objects", "--no-object-names", "--no-walk", "--ignore-missing", "--missing=allow-any")
        said = "".join(f"{one}\n" for one in wanted).encode()
        try:
            return self.runner.run("rev-list", *flags, "--stdin", stdin=said).decode().split()
        except GitSilent:
            raise
        except GitError:
            return wanted

    def _ask(self, command: str, names: Iterable[str]) -> bytes:
        """Return what git answers to a command about each of some objects.

        Raises:
            GitError: it can't; the next question goes to a new process.
        """
        said = "".join(f"{command} {name}\n" for name in names)
        return self._asker.ask(f"{said}info {self._mark}\nflush\n".encode(), f"{self._mark} missing\n".encode())


def _header(data: bytes, name: bytes) -> bytes:
    """Return the line of a commit that begins with a name; empty where none does."""
    headers = data.partition(b"\n\n")[0].split(b"\n")
    return next((line for line in headers if line.startswith(name)), b"")


def affordable(found: Mapping[str, int], limit: int) -> tuple[list[str], dict[str, str]]:
    """Return the blobs to ask for, the smallest first, and why the others are left out.

    Args:
        found: sizes of blobs by id.
        limit: the bytes that one may have.
    """
    chosen: list[str] = []
    left_out: dict[str, str] = {}
    total = 0
    for name, size in sorted(found.items(), key=lambda blob: (blob[1], blob[0])):
        total += size
        if size > limit:
            left_out[name] = f"it has {size:,} bytes; {limit:,} are read at the most"
        elif total > MOST_BYTES:
            left_out[name] = f"the files that differ have more than {MOST_BYTES:,} bytes; fewer branches would do"
        else:
            chosen.append(name)
    return chosen, left_out


def _contents(out: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield id and content of the objects that ``cat-file`` gives."""
    position = 0
    while position < len(out):
        end = out.index(b"\n", position)
        header = out[position:end].split()
        position = end + 1
        if len(header) == 3:
            size = int(header[2])
            yield header[0].decode(), out[position : position + size]
            position += size + 1
