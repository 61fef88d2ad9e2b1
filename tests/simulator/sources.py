"""A world as the checker's `Sources`, as if it had been read: the shortcut that spares a real repository.

That it is a true one, `test_simulator.test_real_git` shows.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from taskcheck.assemble.parse import Parsed, parse
from taskcheck.config import load as config
from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings, Stage, Suppression
from taskcheck.documents.values import duration
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.history import Brought, Moment, RecordedPath
from taskcheck.model.hosts import Processes
from taskcheck.model.sources import (
    Change,
    CheckoutSource,
    Fetched,
    Forges,
    Fork,
    Merge,
    Repository,
    Source,
    Sources,
    Unavailable,
)
from taskcheck.read.brought import LOOK_BACK, Subject
from taskcheck.read.past import Own, questioned
from tests.simulator.world import FORGE, HOST, Tree, World

ROOT = Path("/fleet/root")
"""Where a world lies that lies nowhere."""

DEFECTS = {
    "missing": "missing",
    "broken": "its .git file points to nowhere, which doesn't belong to this repository",
    "unlisted": "git has forgotten it",
}


@cache
def _preset() -> Settings:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / config.FILE).write_text('preset = "task-manager"\n')
        return config.load(root, config.presets(config.builtin_presets()))


def settings_of(world: World) -> Settings:
    """What the store's configuration file says."""
    return replace(
        _preset(),
        source="taskcheck.toml",
        people={key: names for key, names in world.people.items() if key not in world.declared},
        roles={key: person for key, person in world.roles.items() if key not in world.declared},
        folders={"tasks/completed": frozenset({Stage.DONE})},
        authority=world.authority,
        limits=replace(_preset().limits, **{key: duration(span) for key, span in world.limits.items()}),
        suppress=tuple(Suppression(**table) for table in world.suppress),
    )


def processes_of(world: World) -> Processes:
    """The process table of the fleet's host."""
    return Processes(host=HOST, started=dict(world.processes))


def forges_of(world: World) -> Mapping[PullAddress, PullState]:
    """What the fleet's forge says of every pull request."""
    return {
        PullAddress(*FORGE, number): PullState(state=state, into="main" if state == "merged" else None)
        for number, state in world.pulls.items()
    }


def sources_of(world: World, settings: Settings) -> Sources:
    """Everything that a check looks at."""
    paths = settings.paths
    found = Sources(
        root=ROOT,
        tasks=tuple(_named(world.root, paths.tasks, paths.exclude)),
        registers=tuple(_named(world.root, (paths.registers,))),
        snapshots=tuple(_named(world.root, (paths.snapshots,))),
        dispatch_logs=tuple(_named(world.root, (paths.dispatch_logs,))),
        tombstones=tuple(_named(world.root, (paths.tombstones,))),
        reviews=tuple(Source(path=one.path, data=None) for one in _named(world.root, (paths.reviews,))),
        people=tuple(_named(world.root, paths.people)),
        roles=tuple(_named(world.root, paths.roles)),
        processes=processes_of(world),
        forges=Forges(answers=forges_of(world), home=FORGE),
    )
    parsed = parse(found, settings)
    return replace(
        found,
        git=_repository(world, found, settings, parsed),
        recorded_paths={path: _recorded(world, path) for path in parsed.worktree_paths},
    )


def _named(tree: Tree, globs: tuple[str, ...], exclude: tuple[str, ...] = ()) -> Iterator[Source]:
    patterns, other = [Pattern(text) for text in globs], [Pattern(text) for text in exclude]
    for path in sorted(tree.files):
        match = next((match for pattern in patterns if (match := pattern.match(path))), None)
        if match and path.rpartition("/")[2] != "README.md" and not any(one.match(path) for one in other):
            name = match.groupdict().get("owner") or match.groupdict().get("task") or ""
            mtime = int(tree.mtimes[path].timestamp()) * 10**9
            yield Source(path=path, data=tree.files[path], mtime_ns=mtime, name=name)


def _repository(world: World, found: Sources, settings: Settings, parsed: Parsed) -> Repository:
    root_files = {source.path: source.data or b"" for source in found.tasks}
    checkouts = [
        _checkout(world, tree, root_files, settings) for tree in world.worktrees.values() if tree.state != "unlisted"
    ]
    checkouts += list(_own_tips(world, root_files, parsed, settings, checkouts))
    asked = {*parsed.branches(settings), *(one.branch or "" for one in checkouts)} & world.branches.keys() - {"main"}
    merges = {branch: _merge(world, branch) for branch in asked}
    own = [Own.of(path, tied, FORGE) for path, tied in parsed.tied(settings).items()]
    brought = tuple(_brought(world, own))
    asked_about = questioned(own, merges, brought)
    return Repository(
        head=world.root.head,
        branch="main",
        shallow=False,
        on_trunk=True,
        trunk="main",
        checkouts=tuple(sorted(_stacked(world, checkouts), key=lambda one: one.name)),
        branches=frozenset(world.branches),
        merges=merges,
        tracked=frozenset(world.forced),
        changes=tuple(_changes(world, parsed, settings)),
        standing={path: tuple(_standing(world, path)) for path in {*parsed.idle(settings, world.now), *asked_about}},
        brought=brought,
        home=FORGE,
        fetched=_fetched(world, root_files, settings),
    )


def _brought(world: World, own: Iterable[Own]) -> Iterator[Brought]:
    """What root's own line says it brought in of what is recorded."""
    branches = {branch for one in own for branch in one.branches}
    numbers = {number for one in own for number in one.numbers}
    newest = world.history.commits[world.root.head].at
    for commit in world.history.mainline(world.root.head):
        if newest - commit.at > LOOK_BACK:
            return
        subject = Subject(commit.message)
        named = subject.branches & branches
        if named or subject.number in numbers:
            made = Moment(commit=commit.id, at=commit.at, rank=int(commit.id, 16))
            yield Brought(made=made, subject=subject.text, branches=named, number=subject.number)


def _fetched(world: World, root_files: Mapping[str, bytes], settings: Settings) -> Fetched | None:
    """Trunk as it was last fetched, where root hasn't all of it."""
    history, head = world.history, world.root.head
    if world.fetched is None or world.fetched in history.ancestors(head):
        return None
    tip = Tree(path="", head=world.fetched, branch="main", files=dict(history.files(world.fetched)))
    tip.mtimes = dict.fromkeys(tip.files, world.now)
    base = history.files(history.base(head, world.fetched))
    there = {one.path: replace(one, mtime_ns=None) for one in _named(tip, settings.paths.tasks)}
    changed = {path for path in {*there, *base} if base.get(path) != tip.files.get(path)}
    return Fetched(
        name="origin/main",
        behind=len(history.between(world.fetched, head)),
        ahead=len(history.between(head, world.fetched)),
        files={path: one for path, one in there.items() if path in changed and root_files.get(path) != one.data},
        absent=frozenset(path for path in changed & root_files.keys() if path not in there),
    )


def _own_tips(
    world: World,
    root_files: Mapping[str, bytes],
    parsed: Parsed,
    settings: Settings,
    checkouts: Iterable[CheckoutSource],
) -> Iterator[CheckoutSource]:
    """The tips of open tasks' own branches that no worktree has."""
    taken = {"main", *(one.branch for one in checkouts)}
    for branch in parsed.own_branches(settings):
        if branch in taken or branch not in world.branches:
            continue
        head = world.branches[branch]
        tip = Tree(path=branch, head=head, branch=branch, files=dict(world.history.files(head)))
        tip.mtimes = dict.fromkeys(tip.files, world.now)
        there = {one.path: replace(one, mtime_ns=None) for one in _named(tip, settings.paths.tasks)}
        files = {path: one for path, one in there.items() if root_files.get(path) != one.data}
        absent = frozenset(root_files.keys() - there.keys())
        yield CheckoutSource(
            name=f"branch:{branch}",
            path=None,
            branch=branch,
            head=head,
            files=files,
            absent=absent,
            fork=_fork(world, tip, {*files, *absent}),
        )


def _standing(world: World, path: str) -> Iterator[Change]:
    """What the commits of root's own line made of a task file, newest first."""
    for commit in world.history.mainline(world.root.head):
        before = world.history.files(commit.parents[0]) if commit.parents else {}
        if commit.files.get(path) != before.get(path):
            yield Change(
                path=path,
                commit=commit.id,
                at=commit.at,
                before=before.get(path),
                after=commit.files.get(path),
                rank=int(commit.id, 16),
            )


def _merge(world: World, branch: str) -> Merge:
    """The verdict for a branch, and what it made of task files since it had left trunk."""
    history, head, tip = world.history, world.root.head, world.branches[branch]
    if world.landed.get(branch) != tip:
        return Merge(merged=None, proof="the simulator knows", fork=history.base(head, tip), tip=tip)
    into = [commit for commit in history.mainline(head) if tip in commit.parents[1:]]
    fork = history.base(into[0].parents[0] if into else head, tip)
    before, after = history.files(fork), history.files(tip)
    edits = tuple(
        Change(path=path, commit=tip, at=history.commits[tip].at, before=before.get(path), after=after.get(path))
        for path in sorted(before.keys() | after.keys())
        if path.startswith("tasks/") and before.get(path) != after.get(path)
    )
    by = into[-1] if into else history.commits[tip]
    landed = Moment(commit=by.id, at=by.at, rank=int(by.id, 16))
    return Merge(merged=True, proof="the simulator knows", fork=fork, tip=tip, edits=edits, landed=landed)


def _checkout(world: World, tree: Tree, root_files: Mapping[str, bytes], settings: Settings) -> CheckoutSource:
    defect = DEFECTS.get(tree.state)
    files: dict[str, Source] = {}
    absent: frozenset[str] = frozenset()
    if defect is None:
        there = {one.path: one for one in _named(tree, settings.paths.tasks, settings.paths.exclude)}
        files = {path: one for path, one in there.items() if root_files.get(path) != one.data}
        absent = frozenset(root_files.keys() - there.keys())
    real = os.path.normpath(ROOT / tree.path)
    return CheckoutSource(
        name=f"worktree:{tree.path.rpartition('/')[2]}",
        path=Path(real),
        shown_path=real if tree.path.startswith("..") else tree.path,
        real_path=real,
        branch=tree.branch,
        head=tree.head,
        defect=defect,
        switched_at=tree.switched_at if defect is None else None,
        files=files,
        absent=absent,
        fork=Unavailable("not a live checkout") if defect else _fork(world, tree, {*files, *absent}),
    )


def _fork(world: World, tree: Tree, differing: set[str]) -> Fork:
    history, head = world.history, world.root.head
    base = history.base(head, tree.head)
    names = {path.rpartition("/")[2] for path in differing}
    at_base = {
        path: data
        for path, data in history.files(base).items()
        if path.startswith("tasks/") and path.rpartition("/")[2] in names
    }
    own = history.between(tree.head, base)
    return Fork(
        base=base,
        base_files=at_base,
        root_versions=history.versions(head, base, {*differing, *at_base}),
        own_versions=history.versions(tree.head, base, {*differing, *at_base}),
        commits=len(own),
        newest_commit_at=max((commit.at for commit in own), default=None),
        newest_work_at=max((commit.at for commit in own if len(commit.parents) < 2), default=None),
    )


def _stacked(world: World, checkouts: list[CheckoutSource]) -> Iterator[CheckoutSource]:
    """The checkouts with the names of those whose committed changes of the same task files each contains."""
    changed: dict[str, dict[str, bool]] = {}
    for one in checkouts:
        if isinstance(one.fork, Fork):
            changed[one.name] = dict(_own_changes(one, one.fork))

    def contains(later: CheckoutSource, earlier: CheckoutSource) -> bool:
        if later is earlier or not isinstance(later.fork, Fork) or not isinstance(earlier.fork, Fork):
            return False
        own = world.history.ancestors(later.head or "") - world.history.ancestors(later.fork.base)
        shared = changed[later.name].keys() & changed[earlier.name].keys()
        return earlier.head in own and bool(shared) and all(changed[earlier.name][path] for path in shared)

    for one in checkouts:
        if isinstance(one.fork, Fork):
            below = frozenset(other.name for other in checkouts if contains(one, other))
            yield replace(one, fork=replace(one.fork, containing=below))
        else:
            yield one


def _own_changes(checkout: CheckoutSource, fork: Fork) -> Iterator[tuple[str, bool]]:
    """The task files that a checkout changed since its base, each with whether that is committed."""
    for path, source in checkout.files.items():
        versions = fork.own_versions.get(path, ())
        tip = versions[0] if versions else fork.base_files.get(path)
        if versions or source.data != tip:
            yield path, source.data == tip


def _changes(world: World, parsed: Parsed, settings: Settings) -> Iterator[Change]:
    """What root's commits did to the tasks that were dispatched, since the earliest last sign of a run."""
    asked = parsed.dispatched(settings)
    for commit in world.history.mainline(world.root.head):
        if not asked or commit.at < min(asked.values()):
            return
        before = world.history.files(commit.parents[0]) if commit.parents else {}
        for path in sorted(asked):
            if commit.files.get(path) != before.get(path):
                yield Change(
                    path=path, commit=commit.id, at=commit.at, before=before.get(path), after=commit.files.get(path)
                )


def _recorded(world: World, path: str) -> RecordedPath:
    real = os.path.normpath(ROOT / path)
    trees = {os.path.normpath(ROOT / tree.path): tree for tree in world.worktrees.values()}
    parents = {os.path.dirname(folder) for folder in (*trees, str(ROOT / ".worktrees" / "any"))}  # noqa: PTH120
    tree = trees.get(real)
    return RecordedPath(
        exists=(tree is not None and tree.state != "missing") or real in parents,
        parent_exists=os.path.dirname(real) in parents,  # noqa: PTH120
        inside=real.startswith(f"{ROOT}/"),
        real=real,
        defect=DEFECTS.get(tree.state) if tree and tree.state != "missing" else None,
    )
