"""Generated pairs of task files for the law of merges: what root and a worker make of one file, each for itself.

They are made of lines, by what people and agents do to them, and know nothing of how a repair is made.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LAYOUTS = ("first", "last", "worker's order", "below a block list", "below a comment", "flow", "CRLF")
WORKER = ("added", "changed", "moved")
ROOT = ("nothing", "far", "beside", "status", "body", "a key")

PULL = "https://forge.example/o/r/pull/12"
LATE = "2026-03-24T17:00:00Z"


@dataclass(frozen=True)
class Block:
    """The lines of a key; those of a comment or a blank line, where it has no name."""

    name: str
    lines: tuple[str, ...]
    values: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass
class Side:
    """One version of the file."""

    blocks: list[Block]
    body: list[str]
    final_newline: bool = True

    def text(self, line_end: str, fence: tuple[str, str] = ("---", "---")) -> str:
        lines = [fence[0], *(line for block in self.blocks for line in block.lines), *fence[1].split("\n"), *self.body]
        return line_end.join(lines) + (line_end if self.final_newline else "")


@dataclass(frozen=True)
class Pair:
    """A base, and what became of it on both sides."""

    layout: str
    worker: str
    root: str
    base: str
    ours: str
    theirs: str
    promised: bool
    """Whether both sides keep apart from each other, and the worker changed nothing beside that is a person's."""

    def __str__(self) -> str:
        sides = (f"--- {name}\n{getattr(self, name)}" for name in ("base", "ours", "theirs"))
        return f"{self.layout}, {self.worker}, {self.root}, promised {self.promised}\n" + "\n".join(sides)


def pair(seed: int) -> Pair:
    """The pair of a seed; the seeds go through all layouts, and all that both sides do, in turn."""
    layout = LAYOUTS[seed % len(LAYOUTS)]
    worker = WORKER[seed // len(LAYOUTS) % len(WORKER)]
    root = ROOT[seed // len(LAYOUTS) // len(WORKER) % len(ROOT)]
    return _Maker(Random(f"{seed} pair"), layout, worker, root).pair()


class _Maker:
    """One pair being made."""

    def __init__(self, chance: Random, layout: str, worker: str, root: str) -> None:
        self.chance, self.layout, self.worker, self.root = chance, layout, worker, root
        self.line_end = "\r\n" if layout == "CRLF" else "\n"
        self.place = chance.choice([name for name in LAYOUTS if name != "CRLF"]) if layout == "CRLF" else layout
        self.indent = chance.choice(("", "", "", "  "))
        self.touched: set[int] = set()
        """Blocks of the base that the worker changed or took away."""
        self.gaps: set[int] = set()
        """Gaps of the base's blocks that the worker wrote into."""
        self.alone = True
        """Whether the worker changed only what may be taken over."""

    def pair(self) -> Pair:
        base = self._base()
        theirs = self._worked(base)
        ours, apart = self._ruled(base)
        texts = [side.text(self.line_end) for side in (base, ours, theirs)]
        return Pair(self.layout, self.worker, self.root, *texts, promised=apart and self.alone)

    def one_of(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def _key(self, name: str, value: str) -> Block:
        """A key in one of the ways in which people write it."""
        written = self.one_of(value, value, f"'{value}'", f'"{value}"')
        space = self.one_of(" ", " ", "  ")
        behind = self.one_of("", "", "", " ", "  # note", " # as agreed")
        return Block(name, (f"{self.indent}{name}:{space}{written}{behind}",))

    def _base(self) -> Side:
        pad = self.indent
        dash = self.one_of("- ", "  - ", "    - ")
        blocks = [
            self._key("title", "A small thing"),
            self._key("owner", self.one_of("ana", "ben")),
            self._key("priority", self.one_of("high", "p2")),
            Block("labels", (f"{pad}labels:", f"{pad}{dash}web", f"{pad}{dash}'ui kit'")),
            Block("depends_on", (f"{pad}depends_on: [one, 'two']",)),
            Block("meta", (f"{pad}meta: {{a: 1, b: x}}",)),
            Block("notes", (f"{pad}notes: |", f"{pad}  first line", "", f"{pad}  second line")),
            self._key("estimate", "3"),
            self._key("created_at", "2026-03-01"),
            self._key("updated_at", "2026-03-02T08:00:00Z"),
            Block("reviewer", (f"{pad}reviewer:",)),
        ]
        if self.worker == "changed":
            blocks.append(self._key("started_at", "2026-03-03T08:00:00Z"))
            blocks.append(Block("pr_url", (f"{pad}pr_url:{self.one_of('', ' null', ' ~')}",)))
        self.chance.shuffle(blocks)
        kept = blocks[: self.chance.randrange(6, len(blocks) + 1)]
        for wanted in ("labels", "depends_on", "updated_at", "started_at", "pr_url"):
            kept += [block for block in blocks if block.name == wanted and block not in kept]
        kept.insert(self.chance.randrange(len(kept) + 1), self._key("status", "ready"))
        for _ in range(self.chance.randrange(4)):
            loose = self.one_of("", f"{pad}# what is known of it", f"{pad}# ----")
            kept.insert(self.chance.randrange(len(kept) + 1), Block("", (loose,)))
        body = ["", "# A small thing", ""]
        for number in range(self.chance.randrange(4, 9)):
            body += [f"Paragraph {number}.", ""]
        return Side(kept, body if self.maybe(0.8) else body[:-1], final_newline=self.maybe(0.8))

    def _index(self, side: Side, name: str) -> int:
        return next(index for index, block in enumerate(side.blocks) if block.name == name)

    def _worked(self, base: Side) -> Side:
        """What the worker makes of the file."""
        side = Side(list(base.blocks), list(base.body), base.final_newline)
        status = self._index(base, "status")
        at = self._gap(base)
        new = self._new_keys()
        self._change(side, status, "in_review")
        if self.worker == "moved":
            new.insert(self.chance.randrange(len(new) + 1), side.blocks[status])
            side.blocks[status] = Block("gone", ())
        if self.worker == "changed":
            self._change(side, self._index(base, "started_at"), LATE)
            self._change(side, self._index(base, "pr_url"), PULL)
            new = [block for block in new if block.name == "pr_number"]
        if self.maybe(0.3):
            self._change(side, self._index(base, "updated_at"), LATE)
        self._meddled(side)
        if new:
            self.gaps.add(at)
            side.blocks[at:at] = new
        if self.maybe(0.4):
            side.body[3] = "Paragraph 0, and what became of it."
        return side

    def _gap(self, base: Side) -> int:
        """Where the worker puts new keys."""
        if self.place in {"below a block list", "flow"}:
            return self._index(base, "labels" if self.place == "below a block list" else "depends_on") + 1
        return {"first": 0, "last": len(base.blocks)}.get(self.place, self._index(base, "status") + 1)

    def _new_keys(self) -> list[Block]:
        new = [self._key("pr_url", PULL), self._key("pr_number", "12"), self._key("finished_at", LATE)]
        self.chance.shuffle(new)
        new = new[: self.chance.randrange(1, 4)]
        if self.place == "below a comment":
            new.insert(0, Block("", (f"{self.indent}# where it went",)))
        elif self.maybe(0.15):
            new.insert(self.chance.randrange(len(new) + 1), Block("", ("",)))
        return new

    def _change(self, side: Side, index: int, value: str) -> None:
        """Set a key where it stands, in its own style or anew."""
        old = side.blocks[index]
        self.touched.add(index)
        side.blocks[index] = self._key(old.name, value)

    def _meddled(self, side: Side) -> None:
        """What else a worker changes: a spelling, which is nothing, or what is somebody else's to say."""
        if self.maybe(0.15):
            index = self._index(side, "title") if any(b.name == "title" for b in side.blocks) else None
            if index is not None:
                self.touched.add(index)
                side.blocks[index] = Block("title", (f"{self.indent}title:   'A small thing'  # renamed?",))
        if self.maybe(0.15):
            self.alone = False
            index = self._index(side, "labels")
            self.touched.add(index)
            old = side.blocks[index]
            side.blocks[index] = replace(old, lines=(*old.lines, old.lines[-1].replace("ui kit", "done")))

    def _ruled(self, base: Side) -> tuple[Side, bool]:
        """What root makes of the file; and whether that keeps apart from what the worker did."""
        side = Side(list(base.blocks), list(base.body), base.final_newline)
        if self.maybe(0.3) or self.root == "body":
            side.body[-1 if side.body[-1] else -2] = "The last paragraph, by root."
        do: Callable[[Side], bool] | None = {
            "far": self._far,
            "beside": self._beside,
            "status": self._in_progress,
            "a key": self._own_key,
        }.get(self.root)
        return side, do(side) if do else True

    def _is_far(self, index: int) -> bool:
        apart = all(abs(index - other) > 1 for other in self.touched)
        return apart and not self.gaps & {index, index + 1}

    def _far(self, side: Side) -> bool:
        places = [i for i, block in enumerate(side.blocks) if block.name in RULED and self._is_far(i)]
        if places:
            self._rule(side, self.chance.choice(places))
        return True

    def _beside(self, side: Side) -> bool:
        names = [i for i, block in enumerate(side.blocks) if block.name in RULED]
        near = [i for i in names if not self._is_far(i)]
        if not near:
            return True
        self._rule(side, self.chance.choice(near))
        return False

    def _rule(self, side: Side, index: int) -> None:
        """Change what is root's to say."""
        name = side.blocks[index].name
        side.blocks[index] = self._key(name, {"owner": "carl", "priority": "low", "estimate": "8"}.get(name, "dora"))

    def _in_progress(self, side: Side) -> bool:
        """Say that it has begun, in the very line."""
        index = self._index(side, "status")
        old = side.blocks[index].lines[0]
        side.blocks[index] = Block("status", (old.replace("ready", "in_progress"),))
        return True

    def _own_key(self, side: Side) -> bool:
        """Say something new, wherever that is."""
        at = self.chance.randrange(len(side.blocks) + 1)
        apart = not self.gaps & {at - 1, at, at + 1} and not self.touched & {at - 1, at}
        side.blocks.insert(at, self._key("milestone", "m3"))
        return apart


RULED = ("owner", "priority", "estimate", "reviewer")
"""What root changes, too."""
