"""What the files say by themselves, before git and the process table are asked; pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain

from taskcheck.assemble.ledgers import Ledgers, entries, parse_ledgers
from taskcheck.assemble.miscased import miscased
from taskcheck.assemble.people import parse_people
from taskcheck.assemble.renames import with_names
from taskcheck.assemble.rownames import with_spelled_ids, with_task_ids
from taskcheck.assemble.runs import NO_RUN, Run, newest_runs
from taskcheck.assemble.signs import front_times, newest_sign, run_times
from taskcheck.assemble.tasks import TaskReader, one_file_each, parse_tasks
from taskcheck.config.pattern import Pattern
from taskcheck.config.people import People
from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.documents.shape import JsonList, YamlTasks, file_of
from taskcheck.model.runtime import Entry, Ledger, Tombstone
from taskcheck.model.sources import Sources
from taskcheck.model.task import Marker, Task
from taskcheck.model.tasks import Tasks, fold_id
from taskcheck.model.tied import Tied

OF_LATE = timedelta(days=30)
"""How long after its last sign a run of a task that isn't there is looked for under another name."""


@frozen(slots=False)
class Parsed:
    """What the files say by themselves, before git and the process table are asked."""

    tasks: tuple[Task, ...]
    archived: tuple[Task, ...]
    people: People
    ledgers: Ledgers
    team: tuple[Ledger, ...]
    """Team files, and the board, that couldn't be read."""
    board: Mapping[str, Marker] = field(default_factory=dict)
    """What a map of statuses says of tasks."""
    unread: tuple[str, ...] = ()
    """Paths of Markdown that looks like tasks, and that no pattern names."""
    unnamed: tuple[str, ...] = ()
    """Entries of lists in files that have a status and no id: ``entry 2 of plan/tasks.yaml``."""
    without_status: Mapping[str, str] = field(default_factory=dict)
    """Files and entries among the tasks that have no status: their place by id, as `fold_id` has it."""
    miscased: tuple[tuple[str, str], ...] = ()
    """Paths of files among the tasks, each with the key of its status, which is the store's in another case."""

    def following(self, names: Mapping[str, str]) -> "Parsed":
        """Return the same, with the ids that tasks have by now where ledgers name them as they were called."""
        return replace(self, ledgers=with_names(self.ledgers, names)) if names else self

    def with_tombstones(self, tombstones: Iterable[Tombstone]) -> "Parsed":
        """Return the same with more tombstones, which lie in worktrees."""
        more = tuple(tombstones)
        ledgers = replace(
            self.ledgers,
            tombstones=(*self.ledgers.tombstones, *more),
            files=(*self.ledgers.files, *(tombstone.ledger for tombstone in more)),
        )
        return replace(self, ledgers=ledgers) if more else self

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All registers' rows."""
        return entries(self.ledgers.registers)

    def absent(self, settings: Settings) -> frozenset[str]:
        """Return where the files would be of the tasks that registers name and root hasn't."""
        known = {task.id for task in (*self.tasks, *self.archived)}
        folders = [Pattern(text).folder for text in settings.paths.tasks]
        paths: set[str | None] = set()
        for entry in self.entries:
            if entry.task not in known:
                paths.update(f"{folder}/{entry.task}.md".lstrip("/") for folder in folders)
                paths.add(entry.task_path)
        return frozenset(path.encode("utf-8", "replace").decode() for path in paths if path)

    @property
    def records(self) -> tuple[Entry | Tombstone, ...]:
        """All records of a dispatch, entries before tombstones."""
        return (*self.entries, *self.ledgers.tombstones)

    @property
    def owning(self) -> tuple[Entry | Tombstone, ...]:
        """The records that make a checkout or a branch a task's: none lies where it is only presumed to be of it."""
        return tuple(record for record in self.records if isinstance(record, Entry) or not record.is_presumed)

    @property
    def pids(self) -> frozenset[int]:
        """Every recorded process id."""
        return frozenset(record.pid for record in self.records if record.pid is not None)

    @property
    def worktree_paths(self) -> frozenset[str]:
        """Every recorded worktree path."""
        return frozenset(record.worktree_path for record in self.records if record.worktree_path)

    def branches(self, settings: Settings) -> frozenset[str]:
        """Return every recorded branch name, and those that the pattern gives open tasks."""
        branches = {record.branch for record in self.records}
        for task in self.tasks:
            branches.add(task.text("branch"))
            if not task.closed:
                branches.add(settings.branch_of(task.id))
        return frozenset(branch for branch in branches if branch)

    def own_branches(self, settings: Settings) -> tuple[str, ...]:
        """Return the branches that are open tasks' own: those that a record or front matter ties first."""
        tied = self.tied(settings)
        open_tasks = [task for task in self.tasks if not task.closed]
        recorded = [sorted(tied[task.place.path].branches) for task in open_tasks if task.place.path in tied]
        named = (settings.branch_of(task.id) for task in open_tasks)
        return tuple(dict.fromkeys((*chain.from_iterable(recorded), *filter(None, named))))

    def dispatched(self, settings: Settings) -> dict[str, datetime]:
        """Root paths of the tasks that were dispatched and are open or registered, with when that run began."""
        runs = self.runs(settings)
        dispatched = {}
        for task in self.tasks:
            run = runs.get(task.id, NO_RUN)
            is_over = task.closed and not run.entries
            known = min(filter(None, (run.began, run.last_sign)), default=None)
            if known is not None and not is_over:
                dispatched[task.place.path] = known
        return dispatched

    def lost(self, settings: Settings, now: datetime) -> dict[str, datetime]:
        """Return the tasks of runs of late that root hasn't, with when the run began, where a file's name is the id."""
        if settings.ids_in_files:
            return {}
        known = {task.id for task in (*self.tasks, *self.archived)}
        found = {}
        for name, run in self.runs(settings).items():
            began, last_sign = run.began or run.last_sign, run.last_sign
            is_of_late = last_sign is not None and now - last_sign < OF_LATE
            if name not in known and began is not None and is_of_late:
                found[name] = began
        return found

    def named(self, names: Collection[str]) -> frozenset[str]:
        """Return the root paths of the tasks that are named by id, in any spelling, or by the path of their file."""
        folded = {fold_id(name) for name in names}
        paths = set()
        for task in self.tasks if names else ():
            if fold_id(task.id) in folded or file_of(task.place.path) in names:
                paths.add(task.place.path)
        return frozenset(paths)

    def idle(self, settings: Settings, now: datetime) -> frozenset[str]:
        """Root paths of the active tasks of which no ledger records a sign of work within ``in_progress_max_idle``.

        Closed ones too that may have a worker yet. None in a store that has no ledger of runs: who is at work on a task
        isn't known there.
        """
        if not self.ledgers.tell_of_runs:
            return frozenset()
        runs = self.runs(settings)
        limits = settings.limits
        idle = set()
        for task in self.tasks:
            run = runs.get(task.id, NO_RUN)
            if task.closed and run.may_go_on:
                idle.add(task.place.path)
            if task.stage is not Stage.ACTIVE:
                continue
            moved = newest_sign((*run_times(run), *front_times(task)), now + limits.clock_skew)
            if moved is None or now - moved > limits.in_progress_max_idle:
                idle.add(task.place.path)
        return frozenset(idle)

    def tied(self, settings: Settings) -> dict[str, Tied]:
        """Root paths of the tasks that weren't dropped, with what their newest run and front matter name their own."""
        skew = settings.limits.clock_skew
        if skew not in self._ties:
            self._ties[skew] = dict(self._tied(self.runs(settings)))
        return self._ties[skew]

    def _tied(self, runs: Mapping[str, Run]) -> Iterator[tuple[str, Tied]]:
        """Yield the root path of each task that wasn't dropped and of which something is recorded as its own."""
        for task in self.tasks:
            if task.stage is Stage.DROPPED or task.document is None:
                continue
            tied = _tied(task, runs.get(task.id, NO_RUN))
            if tied.branches or tied.worktrees or tied.pulls:
                yield task.place.path, tied

    def runs(self, settings: Settings) -> Mapping[str, Run]:
        """Return the newest run that the ledgers record of each task."""
        skew = settings.limits.clock_skew
        if skew not in self._runs:
            self._runs[skew] = newest_runs(self.ledgers, skew)
        return self._runs[skew]

    @cached_property
    def _ties(self) -> dict[timedelta, dict[str, Tied]]:
        """Those that were asked for, by how far clocks may differ."""
        return {}

    @cached_property
    def _runs(self) -> dict[timedelta, Mapping[str, Run]]:
        """Those that were asked for, by how far clocks may differ."""
        return {}


def _tied(task: Task, run: Run) -> Tied:
    """Return what a run and a task's front matter name the task's own."""
    branches = {task.text("branch"), *(record.branch for record in run.records)}
    worktrees = {task.text("worktree"), *(record.worktree_path for record in run.records)}
    pulls = (task.pull_request, *(record.pull_request for record in run.records))
    return Tied(
        closed=task.closed,
        branches=frozenset(filter(None, branches)),
        worktrees=frozenset(filter(None, worktrees)),
        pulls=frozenset(filter(None, pulls)),
    )


def parse(sources: Sources, settings: Settings) -> Parsed:
    """Return the files' contents as tasks, people and ledgers.

    Raises:
        AmbiguousNames: two people or roles are one name.
    """
    unnamed = _unnamed(sources, settings)
    sources = one_file_each(sources, settings)
    people, team = parse_people(sources, settings)
    reader = TaskReader(settings)
    files = parse_tasks(sources, reader)
    tasks, archived = files.tasks, files.archived
    ledgers = with_task_ids(parse_ledgers(sources, people), tasks)
    ledgers = with_spelled_ids(ledgers, Tasks.of(tasks, archived))
    board: Mapping[str, Marker] = {}
    if sources.board is not None:
        from taskcheck.assemble.board import parse_board

        board, unread_board = parse_board(sources.board, settings)
        team += unread_board
    others = tuple(sorted(miscased(files.others, settings)))
    return Parsed(
        tasks=tasks,
        archived=archived,
        people=people,
        ledgers=ledgers,
        team=team,
        board=board,
        unread=_unread(sources, settings, tasks),
        unnamed=unnamed,
        without_status={fold_id(reader.id_of(values, path)): path for path, values in files.others.items()},
        miscased=others,
    )


def _unnamed(sources: Sources, settings: Settings) -> tuple[str, ...]:
    """Return which entries of lists in files have a status and no id."""
    shape = settings.shape
    if not isinstance(shape, JsonList | YamlTasks):
        return ()
    from taskcheck.assemble.nameless import nameless

    return tuple(nameless(sources, settings, shape))


def _unread(sources: Sources, settings: Settings, tasks: tuple[Task, ...]) -> tuple[str, ...]:
    """Return the paths of Markdown that looks like tasks, and that no pattern names."""
    if not sources.beside:
        return ()
    from taskcheck.assemble.beside import looks_unread

    return looks_unread(sources, settings, tasks)
