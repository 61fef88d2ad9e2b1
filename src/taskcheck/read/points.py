"""Where a walk of history ended too early: what all tips lead to isn't behind each commit that something is told from.

Two histories that merged each other have several merge-bases, of which one is taken, and what is behind another one may
be beyond it. And where histories without a common commit were merged, what one of them led to isn't behind the other.
"""

from collections.abc import Collection

from taskcheck.read.graph import Graph


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
    points = _told_from(graph, head, tips)
    graph.know(points)
    return {point for point in points if graph.unlisted & ~graph.ancestors(point)}


def _told_from(graph: Graph, head: str, tips: Collection[str]) -> set[str]:
    """Return where tips left root's history, and root's side of each merge that is a tip or brought one."""
    bases = {graph.base(head, tip) for tip in tips}
    points = set(filter(None, bases))
    commits = graph.set_of(tips)
    wanted = set(graph.members(commits))
    own = graph.ancestors(head)
    for number in graph.members(own):
        parents = graph.parents[number]
        brought = parents[1:]
        is_merge = bool(brought)
        if is_merge and not wanted.isdisjoint([number, *brought]):
            first = parents[0]
            points.add(graph.names[first])
    return points
