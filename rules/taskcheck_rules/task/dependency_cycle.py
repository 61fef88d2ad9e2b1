"""dependency-cycle."""

from collections.abc import Iterator, Mapping

from taskcheck import Evidence, Finding, Severity, Tasks, rule


@rule(family="task", severity=Severity.ERROR, stops_dispatch=True)
def dependency_cycle(tasks: Tasks) -> Iterator[Finding]:
    """Tasks depend on each other in a circle; told of each of them.

    ## Why
    None of them can ever be started.

    ## Example
    `a` depends on `b`, `b` on `c`, and `c` on `a`; or a task depends on itself.

    ## Fix
    None: which of the dependencies is wrong is for a person to say.
    """
    edges: dict[str, list[tuple[str, Evidence]]] = {}
    for task in tasks:  # Several files may be one task: what each of them waits for counts.
        of_task = edges.setdefault(task.id, [])
        for route, text in task.texts("depends_on"):
            other = tasks.resolve(text, task)
            if other is not None:
                of_task.append((other.id, Evidence(place=task.place.at(*route), saw=f"{task.id} depends on {text}")))
    for members in _cycles({task: [other for other, _ in of_task] for task, of_task in edges.items()}):
        for name in members:
            evidence = tuple(saw for other, saw in edges[name] if other in members)
            rest = ", ".join(member for member in members if member != name)
            yield Finding(
                task=name,
                place=evidence[0].place,
                message=f"it waits for itself, in a circle with {rest}" if rest else "it depends on itself",
                expected="dependencies without a circle",
                evidence=evidence,
                identity=tuple(members),
            )


def _cycles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """The strongly connected parts with a circle in them, sorted (Kosaraju's two passes)."""
    backward: dict[str, list[str]] = {}
    for node, following in graph.items():
        for other in following:
            backward.setdefault(other, []).append(node)
    seen: set[str] = set()
    finished = [node for start in graph for node in _walk(start, graph, seen)]
    seen = set()
    for start in reversed(finished):
        part = list(_walk(start, backward, seen))
        if len(part) > 1 or (part and start in graph[start]):
            yield sorted(part)


def _walk(start: str, graph: Mapping[str, list[str]], seen: set[str]) -> Iterator[str]:
    """Nodes that are reached from one and not seen yet, each after all that are reached from it."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(graph.get(start, ())))]
    while path:
        node, following = path[-1]
        new = next((other for other in following if other not in seen), None)
        if new is None:
            path.pop()
            yield node
        else:
            seen.add(new)
            path.append((new, iter(graph.get(new, ()))))
