"""Where a walk of history ended too early: what all tips lead to isn't behind each commit that something is told from.

Two histories that merged each other have several merge-bases, of which one is taken, and what is behind another one may
be beyond it. And where histories without a common commit were merged, what one of them led to isn't behind the other.
"""

from collections.abc import Collection, Iterator

from taskcheck.read.graph import Commits, Graph


def cut_short(graph: Graph, head: str, tips: Collection[str]) -> set[str]:
    """Return those of the commits that something is told from which don't lead to all that wasn't listed.

    A walk from these too lists what root and the tips have beyond them.

    Args:
        graph: of a walk of root and the tips, which all lead to what it didn't list.
        head: root's commit.
        tips: other commits that it was of.
    """
    if not graph.unlisted:
        return set()
    root = graph.ancestors(head)
    points = {*_bases(graph, root, tips), *_sides(graph, root, tips)}
    graph.know(points)
    return {point for point in points if graph.unlisted & ~graph.ancestors(point)}


def _bases(graph: Graph, root: Commits, tips: Collection[str]) -> Iterator[str]:
    """Yield the commits at which tips left root's history."""
    for tip in tips:
        _, edge = graph.beyond(root, tip)
        base = graph.newest(edge)
        if base is not None:
            yield base


def _sides(graph: Graph, root: Commits, tips: Collection[str]) -> Iterator[str]:
    """Yield root's side of the merges in its history that are tips, or brought one."""
    wanted = set(graph.members(graph.set_of(tips)))
    for number in graph.members(root):
        parents = graph.parents[number]
        if len(parents) > 1 and not wanted.isdisjoint([number, *parents[1:]]):
            yield graph.names[parents[0]]
