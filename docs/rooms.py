"""Draw docs/rooms.svg: the rooms of the package by layer, and which room imports which.

An arrow that follows from two others is left out. pyproject.toml has the layers, and `make imports` enforces them.
`docs/generate.py` writes the picture, and a test fails if it is out of date.
"""

import tomllib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
PACKAGE = "taskcheck"
LEFT_OUT = {"version"}
"""Rooms without arrows: all others import them."""

WIDTH, ROW, BOX, HEIGHT, GAP, MARGIN = 640, 56, 124, 28, 24, 14
"""In pixels: the picture's width, from layer to layer, a box's width and height, between boxes, around."""

STYLE = """
text { font: 13px ui-monospace, monospace; fill: #1f2328; text-anchor: middle; dominant-baseline: central }
rect { fill: #f6f8fa; stroke: #8c959f }
path { fill: none; stroke: #6e7781; stroke-width: 1.2; opacity: .55 }
#head path { fill: #6e7781; stroke: none; opacity: 1 }
.page { fill: #ffffff; stroke: none }
"""

HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker></defs>'
)

Point = tuple[float, float]


def layers() -> list[list[str]]:
    """Return the rooms of each layer from the top, as configured for import-linter."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    found = []
    for layer in contract["layers"]:
        rooms = layer.replace(":", "|").replace(" ", "").split("|")
        found.append([room for room in rooms if room not in LEFT_OUT])
    return found


def uses() -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True)
    rooms = {room for layer in layers() for room in layer}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for module in graph.modules:
        room = _room(module)
        if room in rooms:
            imported = map(_room, graph.find_modules_directly_imported_by(module))
            found[room].update(other for other in imported if other in rooms and other != room)
    return found


def _room(module: str) -> str:
    return module.partition(".")[2].partition(".")[0]


def reduced(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the same arrows without those that follow from two or more others."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set()
            for other in found[room]:
                below[room] |= {other} | reach(other)
        return below[room]

    kept = {}
    for room, others in found.items():
        indirect = {far for other in others for far in reach(other)}
        kept[room] = others - indirect
    return kept


def draw() -> str:
    """Return the picture as SVG."""
    boxes = dict(_boxes())
    height = MARGIN * 2 + ROW * len(layers()) - (ROW - HEIGHT)
    arrows = [_arrow(boxes[room], boxes[other]) for room, other in _arrows()]
    rooms = [_box(room, at) for room, at in boxes.items()]
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<style>{STYLE}</style>", HEAD]
    lines.append(f'<rect class="page" width="{WIDTH}" height="{height}"/>')
    return "\n".join((*lines, *arrows, *rooms, "</svg>\n"))


def _arrows() -> Iterator[tuple[str, str]]:
    for room, others in sorted(reduced(uses()).items()):
        for other in sorted(others):
            yield room, other


def _boxes() -> Iterator[tuple[str, Point]]:
    """Yield the middle of each room's box."""
    for number, layer in enumerate(layers()):
        step = BOX + GAP
        left = WIDTH / 2 - step * (len(layer) - 1) / 2
        for position, room in enumerate(layer):
            yield room, (left + step * position, MARGIN + HEIGHT / 2 + ROW * number)


def _box(room: str, at: Point) -> str:
    x, y = at
    place = f'x="{x - BOX / 2:g}" y="{y - HEIGHT / 2:g}" width="{BOX}" height="{HEIGHT}" rx="5"'
    return f'<rect {place}/><text x="{x:g}" y="{y:g}">{escape(room)}</text>'


def _arrow(start: Point, end: Point) -> str:
    """Return a curve from the lower edge of a box to the upper edge of another, around a box between them."""
    (x, y), (to_x, to_y) = start, end
    if y == to_y:
        side = 1 if to_x > x else -1
        return f'<path d="M{x + side * BOX / 2:g} {y:g} H{to_x - side * BOX / 2:g}" marker-end="url(#head)"/>'
    y, to_y = y + HEIGHT / 2, to_y - HEIGHT / 2
    passes = to_y - y > ROW and abs(to_x - x) < BOX
    bend = BOX * 1.2 if passes else 0
    middle = (y + to_y) / 2
    curve = f"C{x + bend:g} {middle:g} {to_x + bend:g} {middle:g} {to_x:g} {to_y:g}"
    return f'<path d="M{x:g} {y:g} {curve}" marker-end="url(#head)"/>'
