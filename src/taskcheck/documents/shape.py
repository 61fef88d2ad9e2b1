"""How a task file holds what it says of its task: what reads its values, and what sets them."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

from taskcheck.documents.document import Document, Route
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen, replace

if TYPE_CHECKING:
    from taskcheck.documents.jsonlines import Links
    from taskcheck.documents.jsonlist import Element

Fence = Literal["line", "start"]
"""What closes front matter: ``---`` alone in its line, or any line that begins so, as for gray-matter."""


@frozen(kw_only=True)
class FrontMatter:
    """A block of YAML at the top of a Markdown file, in the dialect of the store's own tool."""

    at_names: bool = False
    """Whether an unquoted ``@name`` is a value."""
    fence: Fence = "line"

    read_only = False

    def read(self, data: bytes) -> Document | None:
        """Return the document that the bytes hold; None where they are Markdown of another kind.

        Raises:
            DocumentError: it can't be read.
        """
        from taskcheck.documents.frontmatter import read_front_matter

        return read_front_matter(data, at_names=self.at_names, fence=self.fence)

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some scalars set; what isn't named keeps every byte.

        Raises:
            DocumentError: the file can't be read.
            Refused: it can't be done exactly.
        """
        from taskcheck.documents.frontsplice import set_scalars

        return set_scalars(data, changes, self)

    def has_name(self, key: str, line: str) -> bool:
        """Return whether a line has the name of a key; a value may begin some lines below it."""
        return key in line

    def of(self, _: str) -> Self:
        """Return how one task of a file is read and set: the file is one."""
        return self

    def read_task(self, data: bytes) -> Document | None:
        """Return the document of one task, from what the sources hold of it; raises as `read`."""
        return self.read(data)


@frozen
class StatusLines:
    """Lines in the text of a Markdown file: ``Status: review``, and others with a label."""

    at_names = False
    read_only = False

    def read(self, data: bytes) -> Document | None:
        """Return the document that the bytes hold; None where no line says a status.

        Raises:
            DocumentError: it can't be read.
        """
        from taskcheck.documents.statusline import read_status_lines

        return read_status_lines(data)

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some values set; what isn't named keeps every byte.

        Raises:
            DocumentError: the file can't be read.
            Refused: it can't be done exactly.
        """
        from taskcheck.documents.statusline import set_status_lines

        return set_status_lines(data, changes)

    def has_name(self, _: str, __: str) -> bool:
        """Return whether a line has the name of a key: that in which its value begins has."""
        return True

    def of(self, _: str) -> Self:
        """Return how one task of a file is read and set: the file is one."""
        return self

    def read_task(self, data: bytes) -> Document | None:
        """Return the document of one task, from what the sources hold of it; raises as `read`."""
        return self.read(data)


@frozen(kw_only=True)
class JsonTasks:
    """Tasks in a JSON file: it holds many, each of them under its path and a name."""

    name: str | None = None
    """Of the one task that is meant; None for the file."""

    at_names = False
    read_only = False

    def elements(self, data: bytes) -> "Mapping[str, Element]":
        """Return the tasks of a file by name.

        Raises:
            DocumentError: it can't be read.
        """
        raise NotImplementedError

    def located(self, data: bytes, element: "Element") -> Document:
        """Return a task as a document of the whole file, so that its values have their places there."""
        raise NotImplementedError

    def of(self, path: str) -> Self:
        """Return how one task of a file is read and set."""
        return replace(self, name=element_of(path))

    def read(self, data: bytes) -> Document | None:
        """Return the document of the task in the bytes of its file; None where it isn't there.

        Raises:
            DocumentError: the file can't be read.
        """
        element = self.elements(data).get(self.name or "")
        return self.located(data, element) if element is not None else None

    def read_task(self, data: bytes) -> Document | None:
        """Return the document of one task, from what the sources hold of it; of a file, why it can't be read.

        Raises:
            DocumentError: it can't be read.
        """
        from taskcheck.documents.jsonfile import read_json

        if self.name is not None:
            return read_json(data)
        self.elements(data)
        return None

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some values of the task set; what isn't named keeps every byte.

        Raises:
            DocumentError: the file can't be read.
            Refused: it can't be done exactly.
        """
        raise NotImplementedError

    def has_name(self, key: str, line: str) -> bool:
        """Return whether a line has the name of a key."""
        return key in line


@frozen(kw_only=True)
class JsonList(JsonTasks):
    """Tasks in the lists of a JSON file."""

    lists: tuple[str, ...] = ()
    """Keys that lead to a list, with dots between them; ``*`` is any one key."""
    nested: str = ""
    """The key of the tasks within a task."""
    home: str = ""
    """What ``*`` may stand for without being named in an id."""

    def elements(self, data: bytes) -> "Mapping[str, Element]":
        """Return the tasks of a file by name; raises as it says there."""
        from taskcheck.documents.jsonlist import elements

        return elements(data, self.lists, self.nested, self.home)

    def located(self, data: bytes, element: "Element") -> Document:
        """Return a task as a document of the whole file."""
        from taskcheck.documents.jsonlist import located

        return located(data, element)

    def set_scalars(self, data: bytes, changes: Mapping[Route, str]) -> bytes:
        """Return the file with some values of the task set; raises as it says there."""
        from taskcheck.documents.document import Refused
        from taskcheck.documents.jsonlist import set_element

        element = self.elements(data).get(self.name or "")
        if element is None:
            raise Refused(f"there is no task {self.name}")
        return set_element(data, element, changes)


@frozen(kw_only=True)
class ReadTasks(JsonTasks):
    """Tasks in a file that holds many, and that is only read."""

    setter: tuple[str, ...] = ()
    """The command of the tool that writes the file, by which it sets a status; empty where that isn't told."""

    read_only = True
    writer = ""
    """Who writes the file where no tool is told."""

    def set_scalars(self, _: bytes, __: Mapping[Route, str]) -> bytes:
        """Set nothing.

        Raises:
            Refused: always.
        """
        from taskcheck.documents.document import Refused

        raise Refused(f"only {self.setter[0] if self.setter else self.writer} writes that file")


@frozen(kw_only=True)
class JsonLines(ReadTasks):
    """Tasks in the lines of a JSON file, which a tool of its own writes: it is only read."""

    links: "Links | None" = None
    """How a line says what its task depends on, where it says so in objects."""
    writer = "its own tool"

    def elements(self, data: bytes) -> "Mapping[str, Element]":
        """Return the tasks of a file by name; raises as it says there."""
        from taskcheck.documents.jsonlines import Links, elements

        return elements(data, self.links or Links())

    def located(self, data: bytes, element: "Element") -> Document:
        """Return a task as a document of the whole file."""
        from taskcheck.documents.jsonlines import located

        return located(data, element)


@frozen(kw_only=True)
class YamlTasks(ReadTasks):
    """Tasks in the lists and maps of a YAML file: it is only read."""

    lists: tuple[str, ...] = ()
    """Keys that lead to a list or a map, as in JSON; without any the file itself is one."""
    nested: str = ""
    """The key of the tasks within a task."""
    home: str = ""
    """What ``*`` may stand for without being named in an id."""
    writer = "a person"

    def elements(self, data: bytes) -> "Mapping[str, Element]":
        """Return the tasks of a file by name; raises as it says there."""
        from taskcheck.documents.yamllist import elements

        return elements(data, self.lists, self.nested, self.home)

    def located(self, data: bytes, element: "Element") -> Document:
        """Return a task as a document of the whole file."""
        from taskcheck.documents.yamllist import located

        return located(data, element)


_ELEMENT = expression(r"(?P<file>.*?\.(?:jsonl?|ya?ml))#(?P<name>.*)", re.DOTALL)
"""The path of a task in a JSON or YAML file: the file, and the task in it that is meant."""


def file_of(path: str) -> str:
    """Return the file that a task's path leads to: ``tasks.json`` of ``tasks.json#3``."""
    element = _ELEMENT.fullmatch(path) if "#" in path else None
    return element["file"] if element else path


def element_of(path: str) -> str | None:
    """Return the name of a task within its file: ``3`` of ``tasks.json#3``; None for a file that is one."""
    element = _ELEMENT.fullmatch(path) if "#" in path else None
    return element["name"] if element else None


Shape = FrontMatter | StatusLines | JsonList | JsonLines | YamlTasks
"""Every way in which a store can hold its tasks."""

PLAIN = FrontMatter()
"""Front matter as YAML has it."""
