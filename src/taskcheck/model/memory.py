"""What is remembered of a store from one check to the next; pure, to bytes and back.

Nothing here is believed that isn't of the right shape: a file in a cache may be damaged, or of another version.
"""

from binascii import Error, a2b_base64, b2a_base64, crc32
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from typing import Any

from taskcheck.documents import Value
from taskcheck.documents.frozen import field, frozen

STAMP_BYTES = 32
"""Of one file: inode, size, and the times of writing and of change in nanoseconds, eight bytes each."""

UNSETTLED = bytes(STAMP_BYTES)
"""In the place of the stamp of a file that may have been written after it was read: no file has this one."""

_MARK = b"taskcheck memory 1"

Front = Mapping[str, Value] | None
"""The values of a task file; None for Markdown of another kind."""


@frozen(kw_only=True)
class Seen:
    """A worktree as it was when its task files were compared with root's."""

    listing: str
    """A digest of the paths and stamps of its task files."""
    differing: tuple[str, ...] = ()
    """Those that had other contents than root's."""


@frozen(kw_only=True)
class Memory:
    """A store as a check saw it."""

    root: str
    """The store's folder."""
    key: str
    """By what the files were read and judged: another configuration, version or rule, and nothing of it counts."""
    paths: tuple[str, ...] = ()
    """Root's task files, in order."""
    stamps: bytes = b""
    """`STAMP_BYTES` for each."""
    fronts: tuple[Front | bool, ...] = ()
    """The values of each; False for one that has to be read."""
    blobs: tuple[str, ...] = ()
    """The ids that git gives their contents; none where nobody needed them."""
    git: str = ""
    """What tells the git that was asked, and is new enough, from every other program; empty where nothing does."""
    beside: str = ""
    """What else the rules below looked at: the stamps of the team files, the markers."""
    asked: frozenset[str] = frozenset()
    """Rules to which each task file says something by itself."""
    loud: frozenset[str] = frozenset()
    """The paths of the files about which one of these had something to say."""
    silent: frozenset[str] = frozenset()
    """Rules that had nothing to say of all of root's task files together."""
    worktrees: Mapping[str, Seen] = field(default_factory=dict)
    """Worktrees by the path of the store's folder in them."""

    def stamp(self, place: int) -> bytes:
        """Return the stamp of the file in a place."""
        return self.stamps[place * STAMP_BYTES : (place + 1) * STAMP_BYTES]

    def dump(self) -> bytes:
        """Return what a file in a cache holds of it."""
        import json

        told = {
            "root": self.root,
            "key": self.key,
            "paths": self.paths,
            "stamps": b2a_base64(self.stamps, newline=False).decode("ascii"),
            "fronts": self.fronts,
            "blobs": self.blobs,
            "git": self.git,
            "beside": self.beside,
            "asked": sorted(self.asked),
            "loud": sorted(self.loud),
            "silent": sorted(self.silent),
            "worktrees": {path: [seen.listing, *seen.differing] for path, seen in self.worktrees.items()},
        }
        data = json.dumps(told, separators=(",", ":"), check_circular=False).encode("ascii")
        return sealed(data)

    @classmethod
    def parse(cls, data: bytes, root: str, key: str) -> "Memory | None":
        """Return what a file in a cache holds; None where it is of another store or key, or damaged.

        Args:
            data: the file.
            root: the store's folder.
            key: what it has to be of.
        """
        import json

        try:
            told = json.loads(unsealed(data))
            if told["root"] != root or told["key"] != key:
                return None
            return _made(told)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Error):
            return None


@frozen(kw_only=True)
class Remembered:
    """Root's task files that weren't read: they are as they were when an earlier check read them."""

    fronts: Mapping[str, Front]
    """Their values by path, in the order of the paths."""
    stamps: Mapping[str, tuple[int, ...]]
    """What the file system says of each, as `Source.stamp` has it."""
    blobs: Mapping[str, str]
    """The ids that git gives their contents, of those of which one is known."""
    read: Callable[[str], bytes]
    """Returns the bytes of one; empty ones, and the whole look is void, where it was written since."""
    changed: frozenset[str] = frozenset()
    """The paths of root's other task files: those that were written, made or removed since, or may have been."""
    worktrees: Mapping[str, Seen] = field(default_factory=dict)
    """Worktrees as they were when they were compared with root as it was then, by path."""
    git: str = ""
    """The program that was asked, which was new enough."""
    settled_ns: int = 0
    """A stamp from before this time, in nanoseconds since 1970, isn't that of a file that was written again."""


@frozen(kw_only=True)
class Silence:
    """Rules that are known to have nothing to say."""

    rules: AbstractSet[str] = frozenset()
    """Of anything in the store."""
    rules_by_task: AbstractSet[str] = frozenset()
    """Of some of root's task files."""
    tasks: AbstractSet[str] = frozenset()
    """The paths of these."""


@frozen(kw_only=True)
class Heard:
    """What some rules said, as far as it tells where they have nothing to say."""

    asked: frozenset[str]
    """Rules that were asked about each task file by itself."""
    loud: frozenset[str]
    """The tasks about which one of these had something to say."""
    silent: frozenset[str]
    """Rules that had nothing to say of all of root's task files together."""


NOTHING_KNOWN = Silence()


def sealed(data: bytes) -> bytes:
    """Return what is to be kept in a file of the cache, so that damage to it is seen."""
    return b"%s %08x %d\n%s" % (_MARK, crc32(data), len(data), data)


def unsealed(data: bytes) -> bytes:
    """Return what a file of the cache was made of.

    Raises:
        ValueError: it is damaged, or another program's.
    """
    head, _, body = data.partition(b"\n")
    if head != b"%s %08x %d" % (_MARK, crc32(body), len(body)):
        raise ValueError("it is damaged")
    return body


def root_of(data: bytes) -> str | None:
    """Return the store's folder that a file in a cache is of; None where it says none."""
    import json

    head, _, body = data.partition(b"\n")
    if not head.startswith(_MARK):
        return None
    try:
        root = json.loads(body)["root"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return root if isinstance(root, str) else None


def _made(told: Mapping[str, Any]) -> Memory:
    """Return a memory of what was told.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: something isn't as it should be.
    """
    paths = _texts(told["paths"])
    stamps = a2b_base64(told["stamps"])
    fronts = tuple(map(_front, told["fronts"]))
    blobs = _texts(told["blobs"])
    bytes.fromhex("".join(blobs))
    if len(stamps) != STAMP_BYTES * len(paths) or len(fronts) != len(paths) or len(blobs) not in {0, len(paths)}:
        raise ValueError("not as many as there are paths")
    return Memory(
        root=told["root"],
        key=told["key"],
        paths=paths,
        stamps=stamps,
        fronts=fronts,
        blobs=blobs,
        git=_text(told["git"]),
        beside=_text(told["beside"]),
        asked=frozenset(_texts(told["asked"])),
        loud=frozenset(_texts(told["loud"])),
        silent=frozenset(_texts(told["silent"])),
        worktrees={path: _seen(_texts(seen)) for path, seen in told["worktrees"].items()},
    )


def _seen(told: tuple[str, ...]) -> Seen:
    listing, *differing = told
    return Seen(listing=listing, differing=tuple(differing))


def _text(told: Any) -> str:
    """Return a text.

    Raises:
        TypeError: it isn't one.
    """
    if type(told) is not str:
        raise TypeError("not a text")
    return told


def _texts(told: Sequence[Any]) -> tuple[str, ...]:
    """Return some texts.

    Raises:
        TypeError: they aren't that.
    """
    if not isinstance(told, list) or not all(type(text) is str for text in told):
        raise TypeError("not texts")
    return tuple(told)


_PLAIN = frozenset({str, type(None)})
"""Types of values that are the same in JSON."""


def _front(told: Any) -> Front | bool:
    """Return the values of a task file as they were read: lists are tuples.

    Raises:
        TypeError: they aren't values that a reader of front matter gives.
    """
    if told is None or told is False:
        return told
    if type(told) is not dict:
        raise TypeError("not values")
    if _PLAIN.issuperset(map(type, told.values())):
        return told
    return {key: _value(value) for key, value in told.items()}


def _value(told: Any) -> Value:
    if told is None or type(told) is str:
        return told
    if type(told) is list:
        return tuple(map(_value, told))
    if type(told) is dict:
        return {key: _value(value) for key, value in told.items()}
    raise TypeError("not a value")
