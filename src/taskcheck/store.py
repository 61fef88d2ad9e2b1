"""An opened store: where it is, how it is configured, which rules there are; it reads itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from taskcheck.config import load as config
from taskcheck.config.people import AmbiguousNames
from taskcheck.documents.frozen import field, frozen, replace
from taskcheck.documents.shape import file_of
from taskcheck.plugins import manager as plugins
from taskcheck.read.locate import Location, locate_store
from taskcheck.read.runner import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any, Literal

    from taskcheck.assemble.parse import Parsed
    from taskcheck.config.people import People
    from taskcheck.config.settings import Settings
    from taskcheck.engine.rule import Rule
    from taskcheck.model.forges import PullAddress, PullState
    from taskcheck.model.hosts import Processes
    from taskcheck.model.sources import CheckoutSource, Forges, Sources, Unavailable
    from taskcheck.model.state import State
    from taskcheck.model.task import Task
    from taskcheck.model.verdict import Verdict
    from taskcheck.read.questions import Further, OnProgress, Questions
    from taskcheck.read.recall import Recall


class UsageError(Exception):
    """The request is invalid. The message says what is possible."""


@frozen(kw_only=True)
class Where:
    """Which store to open, and whose configuration counts in it."""

    root: Path
    """Any folder of the repository."""
    config: Path | None = None
    preset: str | None = None
    """A preset that alone says what the store is, in place of a configuration."""
    config_from: str | None = None
    """A commit whose configuration counts, and whose task files say what they accept: for what isn't trusted."""
    branches: tuple[str, ...] = ()
    """Globs of branch tips to compare too, beside the configured ones."""
    third_party: bool = True
    """Whether installed plugins are loaded."""
    rules: tuple[Rule, ...] = ()
    """Rules beside those of the plugins."""


def _usual() -> Verdict:
    from taskcheck.model.verdict import Verdict

    return Verdict()


@frozen(kw_only=True)
class Request:
    """What to ask of an opened store, and as of when."""

    now: datetime | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Tasks, managers or paths (relative to the root checkout) to report about; what is read stays the same."""
    owner: str | None = None
    """The person or role whose tasks and manager alone are reported about, by any spelling."""
    history: tuple[str, ...] = ()
    """Tasks, by id or by the path of their file, of which root's whole history is read."""
    timelines: bool = False
    """Whether the report is to have what ledgers say about each of its first incidents in order of time."""
    nodes: tuple[str, ...] = ()
    """Findings to report about, as ``TASK::RULE[WHAT]``; their tasks are named too."""
    keyword: str = ""
    """An expression over the names of findings, as pytest's ``-k`` takes it."""
    maxfail: int = 0
    """After how many failing incidents the report stops; 0 for a report of all."""
    gone: bool = False
    """What isn't there any more may be named too: a repair can have taken the last trace of it."""
    verdict: Verdict = field(default_factory=_usual)
    gate: Literal["all", "commit"] = "all"
    """``commit`` lets only rules fail the run that the commit itself decides."""
    baseline: Path | None = None
    """The file of findings that are accepted as they stand; None for the one that the configuration names."""
    update_baseline: bool = False
    """Accept what is found now, beside what rules that couldn't look have accepted before."""
    processes: Processes | None = None
    """The process table to believe; None asks this machine's."""
    online: bool = False
    """Ask the forges of recorded pull requests about them."""
    pull_requests: Mapping[PullAddress, PullState] | None = None
    """What forges would say, to be believed instead of asking them."""
    remember: bool = False
    """Whether the cache may tell what wasn't written since the last check; not where it is to be written."""
    progress: OnProgress = lambda *_: None
    """Told what is being done, for somebody who waits."""


@frozen
class Store:
    """An opened store: where it is, how it is configured, which rules there are."""

    location: Location
    settings: Settings
    plugins: plugins.Plugins
    detected: bool
    """Whether the preset's own marks were found here."""
    where: Where
    """What the caller asked for when it was opened."""
    told: Mapping[str, Rule] | None = None
    """All rules, with what the configuration tells single ones; None where it tells none anything."""

    @property
    def rules(self) -> Mapping[str, Rule]:
        """All rules by name."""
        return _rules(self.plugins, self.where.rules) if self.told is None else self.told

    def read(self, request: Request, recall: Recall | None = None) -> tuple[Sources, State]:
        """Read everything that the rules look at, held still; of task files what isn't remembered.

        Raises:
            ConfigError: two people or roles are one name.
        """
        from taskcheck.assemble.pulls import parse_pulls
        from taskcheck.assemble.state import assemble
        from taskcheck.read.answers import read_rest

        request.progress("reading task files and ledgers")
        now = request.now or clock()
        sources, parsed = self.files(recall)
        questions = self._questions(parsed, now, request.history)
        more = self._further(parsed, now, request.history)
        request.progress("asking git")
        sources = read_rest(sources, self.location, self.settings, questions, more, request.processes, request.progress)
        request.progress("comparing")
        state = assemble(parsed, sources, self.settings, now)
        if request.online or request.pull_requests is not None:
            sources = replace(sources, forges=self._ask_forges(state, sources, request))
            state = replace(state, pulls=parse_pulls(state, sources.forges))
        if self.where.config_from is not None:
            state = replace(state, trusted=self._trusted_tasks(state, self.where.config_from))
        return sources, state

    def _questions(self, parsed: Parsed, now: datetime, history: tuple[str, ...]) -> Questions:
        """Return what the files make us ask of this machine, and of git where there is one."""
        from taskcheck.read.questions import Questions

        if self.location.top is None:
            return Questions(pids=parsed.pids, worktree_paths=parsed.worktree_paths)
        from taskcheck.model.tied import of_files, signs_of_files

        return Questions(
            pids=parsed.pids,
            worktree_paths=parsed.worktree_paths,
            branches=parsed.branches(self.settings),
            dispatched=signs_of_files(parsed.dispatched(self.settings)),
            idle=frozenset(map(file_of, parsed.idle(self.settings, now) | parsed.named(history))),
            lost=parsed.lost(self.settings, now),
            absent=parsed.absent(self.settings),
            names=frozenset(task.id for task in (*parsed.tasks, *parsed.archived)),
            own_branches=parsed.own_branches(self.settings),
            tied=of_files(parsed.tied(self.settings)),
        )

    def _further(self, parsed: Parsed, now: datetime, history: tuple[str, ...]) -> Further:
        """Return what there is to ask once it is known which worktrees there are."""
        from taskcheck.assemble.tasks import TaskReader
        from taskcheck.read.questions import Further, Questions

        def named(*told: Any) -> Mapping[str, frozenset[str]]:
            from taskcheck.assemble.tombstones import names_of_tombstones

            return names_of_tombstones(parsed, self.settings, *told)

        def questions(checkouts: Sequence[CheckoutSource]) -> Questions:
            from taskcheck.assemble.tombstones import readings

            return Questions.of_all(self._questions(each, now, history) for each in readings(parsed, checkouts))

        reader = TaskReader(self.settings)
        return Further(named, questions, None if reader.names_files_by_id else reader.name, reader.identity)

    def _ask_forges(self, state: State, sources: Sources, request: Request) -> Forges:
        """Return what forges say of the recorded pull requests."""
        from taskcheck.forge.ask import ask_forges

        def ask(wanted: Iterable[PullAddress]) -> Mapping[PullAddress, PullState | Unavailable]:
            wanted = tuple(wanted)
            request.progress(f"asking about {len(wanted)} pull requests")
            if request.pull_requests is not None:
                return request.pull_requests
            return self.plugins.pull_requests(wanted)

        return ask_forges(self.location, state, sources.git, ask)

    def _trusted_tasks(self, state: State, revision: str) -> dict[str, Task]:
        """Return the tasks that accept findings of their own, as a commit has them."""
        from taskcheck.assemble.tasks import TaskReader
        from taskcheck.read.revision import read_revision

        accepting = {task.place.path: task.id for task in state.tasks if "taskcheck" in task.front}
        files = read_revision(self.location, revision, accepting)
        reader = TaskReader(self.settings)
        versions = {accepting[path]: reader.version(data, path, "root") for path, data in files.items()}
        return {task: version for task, version in versions.items() if version}

    def read_ledgers(self) -> State:
        """Read what the files of the main checkout and the process table say, without git: who works, as recorded.

        Raises:
            ConfigError: as `read`.
        """
        from taskcheck.assemble.state import assemble
        from taskcheck.read.processes import read_processes

        sources, parsed = self.files()
        sources = replace(sources, processes=read_processes(parsed.pids))
        return assemble(parsed, sources, self.settings, clock())

    def files(self, recall: Recall | None = None) -> tuple[Sources, Parsed]:
        """Read the files of the main checkout; what they hold, and what they say.

        Args:
            recall: what is remembered of task files; None to read them all.

        Raises:
            ConfigError: two people or roles are one name.
        """
        from taskcheck.assemble.parse import parse
        from taskcheck.read.ledgers import read_files

        sources = read_files(self.location, self.settings, recall)
        try:
            return sources, parse(sources, self.settings)
        except AmbiguousNames as error:
            raise config.ConfigError(f"people and roles: {error}") from error

    def people(self) -> Parsed:
        """Read what the files say, without git; there are people among it.

        Raises:
            ConfigError: as `files`.
            UsageError: nobody is declared.
        """
        _, parsed = self.files()
        _require(parsed.people)
        return parsed

    def directory(self) -> People:
        """Read who is who: the configuration and the team files alone.

        Raises:
            ConfigError, UsageError: as `people`.
        """
        from taskcheck.assemble.people import parse_people
        from taskcheck.read.ledgers import read_team

        try:
            people, _ = parse_people(read_team(self.location, self.settings), self.settings)
        except AmbiguousNames as error:
            raise config.ConfigError(f"people and roles: {error}") from error
        _require(people)
        return people


def _require(people: People) -> None:
    """See that somebody is declared.

    Raises:
        UsageError: nobody is.
    """
    if not people:
        from taskcheck.assemble.people import NO_PEOPLE

        raise UsageError(NO_PEOPLE.reason)


def clock() -> datetime:
    """Return the time; the one place where it enters."""
    return datetime.now(UTC)


def open_store(where: Where) -> Store:
    """Find the store, its configuration and its rules.

    Raises:
        ConfigError: the configuration can't be used.
        UsageError: it is to be taken from a commit that isn't there.
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the root isn't there.
    """
    loaded = plugins.load(third_party=where.third_party)
    known = loaded.all_presets()
    location = locate_store(where.root, known.values())
    if where.preset is not None and where.preset not in known:
        from taskcheck.config.suggest import did_you_mean

        meant = did_you_mean(where.preset, known, 1)
        raise UsageError(f"there is no preset {where.preset}{meant}; available: {', '.join(sorted(known))}")
    given = _given(location, where)
    settings = config.load(location.root, known, where.config, given)
    if where.branches:
        settings = replace(settings, branches=(*settings.branches, *where.branches))
    store = Store(
        location=location,
        settings=settings,
        plugins=loaded,
        detected=known[settings.preset].found_in(location.root),
        where=where,
    )
    if not settings.options:
        return store
    written = config.written(location.root, where.config, given)
    from taskcheck.engine.options import rules_with_options

    return replace(store, told=rules_with_options(store.rules, settings.options, written, loaded.errors))


def _given(location: Location, where: Where) -> Mapping[str, bytes] | None:
    """Return the configuration files that count in place of the store's own; None where those count.

    Raises:
        UsageError: the commit that has them can't be read.
    """
    if where.preset is not None:
        return {config.FILE: config.as_file(where.preset)}
    if where.config_from is None:
        return None
    from taskcheck.read.revision import read_revision

    try:
        return read_revision(location, where.config_from, config.FILES)
    except GitError as error:
        raise UsageError(f"--config-from {where.config_from}: {error}") from error


def _rules(loaded: plugins.Plugins, added: Iterable[Rule]) -> Mapping[str, Rule]:
    """Return the rules of plugins and others, by name."""
    known = loaded.rules()
    others = {rule.name: rule for rule in added}
    return {**known, **others} if others else known
