"""dependency-cycle."""

from collections.abc import Iterator, Mapping

from taskcheck import Evidence, Finding, HandEdit, Severity, Tasks, frozen, rule
from taskcheck_rules.wording import listed


@rule(
    family="task",
    severity=Severity.ERROR,
    stops_dispatch=True,
    remedy=HandEdit("one dependency of the circle is removed"),
)
def dependency_cycle(tasks: Tasks) -> Iterator[Finding]:
    """Tasks depend on each other in a cycle. Each task in the cycle has a finding.

    ## Why
    None of the tasks can ever start.

    ## Example
    `a` depends on `b`, `b` on `c`, and `c` on `a`. Or a task depends on itself.

    ## Fix
    None: a person has to decide which dependency is wrong.
    """
    dependencies = _dependencies(tasks)
    graph = {task: [one.on for one in named] for task, named in dependencies.items()}
    for circle in _circles(graph):
        for task in circle:
            within = [one for one in dependencies[task] if one.on in circle]
            yield _finding(task, circle, within)


@frozen
class Dependency:
    """That a task depends on another one, and where that stands."""

    on: str
    evidence: Evidence


def _dependencies(tasks: Tasks) -> dict[str, list[Dependency]]:
    """Return what each task depends on; of several files with one id what each of them says counts."""
    found: dict[str, list[Dependency]] = {}
    for task in tasks:
        of_task = found.setdefault(task.id, [])
        for route, name in task.texts("depends_on"):
            other = tasks.resolve(name, task)
            if other is None:
                continue
            evidence = Evidence(place=task.place.at(*route), saw=f"{task.id} depends on {name}")
            of_task.append(Dependency(other.id, evidence))
    return found


def _finding(task: str, circle: list[str], within: list[Dependency]) -> Finding:
    """Return the finding that a task is in a circle, with its dependencies within."""
    message = f"{task} depends on itself"
    rest = [other for other in circle if other != task]
    if rest:
        message = f"{task} depends on itself through {listed(rest)}"
    evidence = tuple(one.evidence for one in within)
    return Finding(
        task=task,
        place=evidence[0].place,
        message=message,
        expected="dependencies without a circle",
        evidence=evidence,
        identity=tuple(circle),
    )


def _circles(graph: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected parts with a circle in them, sorted (Kosaraju's two passes)."""
    backward = _reversed(graph)
    finished = _finished(graph)
    seen: set[str] = set()
    for start in reversed(finished):
        part = list(_walk(start, backward, seen))
        if not part:
            continue
        on_itself = start in graph[start]
        if on_itself or len(part) > 1:
            yield sorted(part)


def _reversed(graph: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the graph with all its edges turned round."""
    backward: dict[str, list[str]] = {}
    for node, following in graph.items():
        for other in following:
            backward.setdefault(other, []).append(node)
    return backward


def _finished(graph: Mapping[str, list[str]]) -> list[str]:
    """Return all nodes in the order in which a walk over the whole graph is done with them."""
    seen: set[str] = set()
    finished: list[str] = []
    for start in graph:
        finished += _walk(start, graph, seen)
    return finished


def _walk(start: str, graph: Mapping[str, list[str]], seen: set[str]) -> Iterator[str]:
    """Yield the nodes that are reached from one and not seen yet, each after all that are reached from it."""
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
