"""How a worktree's copy of a task differs from root's, key by key."""

from collections.abc import Iterable, Iterator, Mapping

from taskcheck import Checkout, Copy, Dispatch, Fork, People, Settings, Stage, Task, Value, frozen
from taskcheck_rules.parts import built_on
from taskcheck_rules.wording import stands


@frozen
class Comparison:
    """How one copy differs from root, key by key; keys in which it is merely behind are left out."""

    copy: Copy
    clean: Mapping[str, Value]
    """Keys that only the worker changed, with the worker's value."""
    conflicting: Mapping[str, Value]
    """Keys that both sides changed."""
    body: bool
    """Whether the Markdown after the front matter differs."""
    rivals: frozenset[str] = frozenset()
    """Those of the conflicting keys that another worktree changed to something else."""

    @property
    def differing(self) -> dict[str, Value]:
        """Every key that isn't merely behind, with the worker's value."""
        return {**self.clean, **self.conflicting}

    @property
    def ahead(self) -> bool:
        """Whether the copy has anything that root lacks; a body alone arrives with the merge."""
        return bool(self.clean or self.conflicting)


@frozen
class Meaning:
    """What values mean, so that a spelling is no difference: an owner the person, a status its word in any case."""

    keys: Mapping[str, str]
    """Canonical field name to the store's own key."""
    people: People | None

    def of(self, task: Task | None, key: str) -> Value:
        """Return what a task says under a key; None for a task that wasn't there."""
        if task is None:
            return None
        return self.read(key, task.front.get(key))

    def read(self, key: str, value: Value) -> Value:
        """Return what a value under a key means."""
        if key == self.keys["owner"]:
            return self._owner(value)
        if key == self.keys["status"] and isinstance(value, str):
            return value.casefold()
        return value

    def _owner(self, value: Value) -> Value:
        """Return the key that an owner resolves to, of a list each one's."""
        if self.people is None:
            return value
        if isinstance(value, tuple):
            return tuple(self._owner(item) for item in value)
        if not isinstance(value, str):
            return value
        owner = self.people.resolve(value)
        return owner.key if owner else value


def comparable(copies: Iterable[Copy]) -> tuple[list[Copy], list[str]]:
    """Return the copies whose history is known, and of the others why it isn't; what can't be read is left out."""
    found = []
    unknown = []
    for copy in copies:
        fork = copy.checkout.fork
        if copy.task.document is None:
            continue
        if isinstance(fork, Fork):
            found.append(copy)
        else:
            unknown.append(f"{copy.checkout.spoken}: {fork.reason}")
    return found, unknown


def compare(
    root: Task,
    copy: Copy,
    settings: Settings,
    meaning: Meaning,
    dispatch: Dispatch | None,
    on_trunk: Task | None,
) -> Comparison:
    """Return how a copy differs from root.

    A key is left out where root has what the copy says, or once had it, or trunk has it as it was fetched; where the
    copy never changed it; and a status that root had when the run was over. Of the rest, a key is clean when root's
    value is the one that the copy began with or once had, else both sides changed it.
    """
    left_out = {*settings.drift_ignore, "taskcheck"}
    keys = {*root.front, *copy.task.front} - left_out
    known = [root, copy.base, *copy.root_versions, *filter(None, [on_trunk])]
    clean: dict[str, Value] = {}
    conflicting: dict[str, Value] = {}
    for key in sorted(keys):
        said = meaning.of(copy.task, key)
        if _has_been(key, said, known, meaning):
            continue
        if key == root.keys["status"] and _left_by(dispatch) == said:
            continue
        value = copy.task.front.get(key)
        if _only_worker_changed(key, root, copy, meaning):
            clean[key] = value
        else:
            conflicting[key] = value
    return Comparison(copy, clean, conflicting, body=root.body != copy.task.body)


def _has_been(key: str, said: Value, versions: Iterable[Task | None], meaning: Meaning) -> bool:
    """Return whether one of some versions says the same under a key."""
    return any(said == meaning.of(version, key) for version in versions)


def _left_by(dispatch: Dispatch | None) -> str | None:
    """Return the status that root had when the run was over; it was moved on since."""
    tombstone = dispatch.tombstone if dispatch else None
    if tombstone is None or not tombstone.status_after:
        return None
    return tombstone.status_after.casefold()


def _only_worker_changed(key: str, root: Task, copy: Copy, meaning: Meaning) -> bool:
    """Return whether root's value is one that the worker has left behind."""
    ours = meaning.of(root, key)
    if any(ours == meaning.of(version, key) for version in (copy.base, *copy.own_versions)):
        return True
    return key == root.keys["status"] and _between(copy, root)


def _between(copy: Copy, root: Task) -> bool:
    """Return whether root's status lies on the worker's way from where it began to where it is."""
    began = copy.base.stage if copy.base else None
    if began is None or root.stage is None:
        return False
    return began.before(root.stage) and root.stage.before(copy.task.stage)


def set_since(root: Task, copy: Copy, dispatch: Dispatch | None) -> str:
    """Return why root's status may be newer than a copy; empty where nothing says so."""
    if dispatch is None:
        return _set_back(root, copy)
    if dispatch.moved_on:
        return f"somebody set the status to {root.status} in root after the run"
    return "" if built_on(root, copy) else dispatch.doubt


def _set_back(root: Task, copy: Copy) -> str:
    """Return why root's status may be newer than a copy of which no run is known; empty where nothing says so.

    Nobody commits that work begins.
    """
    if root.stage is Stage.ACTIVE:
        return ""
    committed = next(iter(copy.root_versions), copy.base)
    if committed is not None and committed.status != root.status:
        return f"{root.status} in root isn't committed, so it may have been set since"
    for version in copy.root_versions:
        if version.status != root.status:
            return f"root was {stands(version)} since {copy.checkout.spoken} began, and was set to {root.status} again"
    return ""


def speaking(comparisons: list[Comparison], own: Checkout | None) -> list[Comparison]:
    """Return the comparisons that are ahead; of two stacked branches one alone speaks."""
    ahead = [comparison for comparison in comparisons if comparison.ahead]
    silent: set[int] = set()
    for later in ahead[::-1]:
        below = _below(later)
        stacked = [other for other in ahead[::-1] if other.copy.checkout.name in below] if below else []
        for earlier in stacked:
            if silent.isdisjoint({id(later), id(earlier)}):
                silent.add(id(_echo(later, earlier, own)))
    return [comparison for comparison in ahead if id(comparison) not in silent]


def _below(comparison: Comparison) -> frozenset[str]:
    """Return the names of the checkouts whose changes a copy's history has."""
    fork = comparison.copy.checkout.fork
    return fork.containing if isinstance(fork, Fork) else frozenset()


def _echo(later: Comparison, earlier: Comparison, own: Checkout | None) -> Comparison:
    """Return which of two stacked copies says nothing of its own.

    That is the earlier one, unless the later one has just the same and isn't the task's own.
    """
    repeats = later.differing == earlier.differing
    if repeats and later.copy.checkout != own:
        return later
    return earlier


def with_rivals(comparisons: list[Comparison], meaning: Meaning) -> Iterator[Comparison]:
    """Yield each comparison; keys that two checkouts changed to different values conflict.

    Against the task's own checkout none of the others counts.
    """
    said = _said(comparisons, meaning)
    said_by_own = _said([each for each in comparisons if each.copy.tie is not None], meaning)
    for comparison in comparisons:
        others = said if comparison.copy.tie is None else said_by_own
        rivals = frozenset(
            key for key, value in comparison.differing.items() if others[key] != [meaning.read(key, value)]
        )
        clean = {key: value for key, value in comparison.clean.items() if key not in rivals}
        conflicting = {key: value for key, value in comparison.differing.items() if key not in clean}
        yield Comparison(comparison.copy, clean, conflicting, comparison.body, rivals)


def _said(comparisons: Iterable[Comparison], meaning: Meaning) -> Mapping[str, list[Value]]:
    """Return what checkouts changed each key to, of several things two: these tell already that it isn't one."""
    found: dict[str, list[Value]] = {}
    for comparison in comparisons:
        for key, value in comparison.differing.items():
            said = found.setdefault(key, [])
            meant = meaning.read(key, value)
            if len(said) < 2 and meant not in said:
                said.append(meant)
    return found
