"""What tells a change from another: the patches of commits, task files left out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from taskcheck.documents.frozen import field, frozen
from taskcheck.read.deltas import Deltas
from taskcheck.read.rawdiff import Step

Section = tuple[str, list[bytes]]
"""One file's part of a patch: its path and its lines."""

_BINARY = (b"Binary files ", b"GIT binary patch")
_CONTENT = (b"@@ ", *_BINARY)
"""How the lines of a patch begin that say that content changes."""


@frozen
class PatchReader:
    """Asks git for the patches of changes, each of them once."""

    deltas: Deltas
    is_task: Callable[[str], bool]
    """Whether a path in the repository is a task file."""
    _identities: dict[Step, str | None] = field(default_factory=dict)

    def identities(self, steps: Iterable[Step]) -> Mapping[Step, str | None]:
        """Return what tells the change at each step from others; None where nothing does.

        Raises:
            GitError: git can't tell one of them.
        """
        known = self._identities
        missing = [step for step in dict.fromkeys(steps) if step not in known]
        patches = self.deltas.patches(missing)
        for step, text in patches.items():
            lines = text.split(b"\n")
            sections = by_file(lines)
            known[step] = self._identity(sections)
        return known

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


def by_file(lines: Iterable[bytes]) -> Iterator[Section]:
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
