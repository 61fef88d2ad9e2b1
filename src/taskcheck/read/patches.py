"""What tells a change from another: the patches of commits, task files left out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import field, frozen
from taskcheck.read.git import Git

Section = tuple[str, list[bytes]]
"""One file's part of a patch: its path and its lines."""

_COMMIT_LINE = expression(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATCH = ("-r", "-p", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")
_BINARY = (b"Binary files ", b"GIT binary patch")
_CONTENT = (b"@@ ", *_BINARY)
"""How the lines of a patch begin that say that content changes."""


@frozen
class PatchReader:
    """Asks git what commits change, each of them once."""

    git: Git
    is_task: Callable[[str], bool]
    """Whether a path in the repository is a task file."""
    _files: dict[str, frozenset[str]] = field(default_factory=dict)
    _identities: dict[str, str | None] = field(default_factory=dict)

    def files(self, commits: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return which files, task files left out, each commit touches; none for a merge."""
        missing = [commit for commit in commits if commit not in self._files]
        touched = self.git.touched(missing)
        for commit in missing:
            self._files[commit] = frozenset(path for path in touched.get(commit, ()) if not self.is_task(path))
        return self._files

    def identities(self, commits: Iterable[str]) -> Mapping[str, str | None]:
        """Return what tells the change of each commit from others; None where nothing does."""
        missing = [commit for commit in dict.fromkeys(commits) if commit not in self._identities]
        if missing:
            self._identities.update(dict.fromkeys(missing))
            listed = "".join(f"{commit}\n" for commit in missing)
            text = self.git.run("diff-tree", "--stdin", *_PATCH, stdin=listed.encode())
            for commit, sections in _by_commit(text):
                self._identities[commit] = self._identity(sections)
        return self._identities

    def difference(self, one: str, other: str) -> tuple[str | None, frozenset[str]]:
        """Return what tells the change from one commit to another from others, and the files that it touches."""
        text = self.git.run("diff-tree", *_PATCH, one, other)
        sections = list(_by_file(text.split(b"\n")))
        paths = frozenset(path for path, _ in sections if not self.is_task(path))
        return self._identity(sections), paths

    def _identity(self, sections: Iterable[Section]) -> str | None:
        """Return what tells a change from another wherever in the file it is made; None where nothing does.

        Nothing does when only task files change, or no content at all: anybody adds an empty `__init__.py`.
        """
        import hashlib

        own = sorted(section for section in sections if not self.is_task(section[0]))
        if not any(_changes_content(lines) for _, lines in own):
            return None
        digest = hashlib.sha256()
        for _, lines in own:
            for line in _normal_lines(lines):
                digest.update(line + b"\n")
        return digest.hexdigest()


def _changes_content(lines: Iterable[bytes]) -> bool:
    """Return whether a file's patch changes what is in the file."""
    return any(line.startswith(_CONTENT) for line in lines)


def _normal_lines(lines: list[bytes]) -> Iterator[bytes]:
    """Yield a file's patch without where in the file it is made, and without ids where the content itself is shown."""
    is_binary = any(line.startswith(_BINARY) for line in lines)
    for line in lines:
        if line.startswith(b"@@ "):
            yield b"@@"
        elif is_binary or not line.startswith(b"index "):
            yield line


def _by_commit(text: bytes) -> Iterator[tuple[str, list[Section]]]:
    """Yield the commits of ``diff-tree --stdin -p``, each with its files' patches."""
    commit = ""
    lines: list[bytes] = []
    for line in text.split(b"\n"):
        if not _COMMIT_LINE.fullmatch(line):
            lines.append(line)
            continue
        if commit:
            yield commit, list(_by_file(lines))
        commit = line.decode()
        lines = []
    if commit:
        yield commit, list(_by_file(lines))


def _by_file(lines: Iterable[bytes]) -> Iterator[Section]:
    """Yield a patch by file: its path, and its lines. What stands in a file never begins a line of a patch."""
    path: str | None = None
    section: list[bytes] = []
    for line in lines:
        if line.startswith(b"diff --git "):
            if path is not None:
                yield path, section
            path = _path(line)
            section = [line]
        elif line:  # only the end of the output is empty: every line of a patch has a first character
            section.append(line)
    if path is not None:
        yield path, section


def _path(header: bytes) -> str:
    """Return the path in ``diff --git a/PATH b/PATH``; without renames both are the same."""
    both = header.removeprefix(b"diff --git ").decode("utf-8", "surrogateescape")
    length = (len(both) - len("a/ b/")) // 2
    return both[len("a/") : len("a/") + length]
