"""Ask git about root: its branches, worktrees, trunk, merges, and what it tracks."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.memory import Remembered
from taskcheck.model.sources import CheckoutSource, Repository, Source, Sources, Unavailable
from taskcheck.read.branches import branch_tips, read_branches, without_unread
from taskcheck.read.fetched import read_fetched
from taskcheck.read.forks import read_forks
from taskcheck.read.git import MINIMUM, Git
from taskcheck.read.history import History
from taskcheck.read.known import Contents
from taskcheck.read.lineage import Lineage
from taskcheck.read.locate import Location, admin_folder
from taskcheck.read.outline import Outline
from taskcheck.read.past import Past, far_back, read_past, with_off_disk
from taskcheck.read.program import compiled
from taskcheck.read.questions import (
    Further,
    OnProgress,
    OwnTombstones,
    Questions,
    asked_further,
    asked_of_tips,
    with_those_of,
)
from taskcheck.read.runner import GitError, installed
from taskcheck.read.strays import Strays
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import EMPTY, Trees
from taskcheck.read.worktrees import outrun, read_worktrees, under_way, with_unlinked

if TYPE_CHECKING:
    from taskcheck.model.history import Uncompared
    from taskcheck.model.sources import Fetched

MOST_OWN = 200
"""Tips of open tasks' own branches that are compared without being asked for (contract 2, point 11)."""

_NEW_ENOUGH: set[str] = set()
"""The gits, told apart as `compiled` does it, whose versions this process has asked: none is asked twice."""


def read_git(
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    further: Further,
    errors: list[str],
    progress: OnProgress,
) -> Repository | Unavailable:
    """Return what git answers about root, or why it answers nothing; a git that fails is also added to the errors."""
    if location.top is None:
        return Unavailable("not a git repository")
    if not installed():
        return Unavailable("git is not installed")
    try:
        with Git(location.top) as git:
            asked = compiled("git")
            remembered = sources.remembered.git if sources.remembered is not None else ""
            if not asked or asked not in {remembered, *_NEW_ENOUGH}:
                version = git.version()
                if version < MINIMUM:
                    return Unavailable(f"git {_dotted(MINIMUM)} or newer is needed, this is {_dotted(version)}")
            if asked:
                _NEW_ENOUGH.add(asked)
            found = _read_repository(git, sources, location, settings, questions, further, errors, progress)
            return replace(found, git=asked)
    except GitError as error:
        errors.append(str(error))
        return Unavailable(str(error))


def _dotted(version: Iterable[int]) -> str:
    """Return a version as it is written."""
    return ".".join(map(str, version))


def _read_repository(
    git: Git,
    sources: Sources,
    location: Location,
    settings: Settings,
    questions: Questions,
    further: Further,
    errors: list[str],
    progress: OnProgress,
) -> Repository:
    """Return what a git that is new enough answers about root."""
    outline = Outline.of(git, location, settings)
    about, refs, head, trunk = outline.about, outline.refs.ids, outline.head, outline.trunk
    git.objects.require_commits(outline.commits)
    root_files = Contents(_contents(sources.tasks), outline.id_length, sources.remembered)
    paths, remembered = _paths(settings, sources.remembered), sources.remembered
    checkouts = read_worktrees(location, outline, root_files, remembered, paths, errors, progress)
    checkouts = with_unlinked(location, settings.worktree, checkouts, about.folder)
    tombstones = OwnTombstones(sources, settings.paths.tombstones, location.prefix, trunk, further)
    checkouts = tombstones.in_worktrees(checkouts)
    questions = asked_further(questions, further, checkouts)
    progress("asking git about history")
    whole, broken = _by_defect(checkouts)
    taken = {*filter(None, (trunk, outline.branch)), *_branches_of(whole)}
    compared = branch_tips(refs, settings.branches, taken, trunk)
    own = _own_tips((*questions.own_branches, *_branches_of(broken)), outline, {*taken, *compared})
    compared |= dict(list(own.items())[:MOST_OWN])
    at_tips, untold = tombstones.at_tips(git.objects, compared)
    questions = asked_of_tips(questions, further, checkouts, at_tips, location.root)
    theirs, trunks = outline.fetched_trunk, outline.fetched_trunks
    branches = {*questions.branches, *_branches_of(checkouts), *compared}
    fetched_as = outline.fetched(branches)
    named = outline.tips({*branches, *chain(*fetched_as.values())}) | _detached(checkouts)
    strays = Strays.of(git.objects, outline, location, paths, questions.absent)
    past = Past()
    fetched: Fetched | Uncompared | None = None
    with closing(Trees(git.objects, paths.folders(location.prefix), head, EMPTY[outline.id_length])) as trees:
        if head is None:
            checkouts += read_branches(trees, compared, {}, root_files, paths, location.prefix)
            checkouts = outline.code.parted(checkouts, None)
        else:
            tips = {*named.values(), *compared.values(), *_heads(checkouts), *trunks.values(), *outline.code.tips}
            history = History.of(
                git,
                head,
                tips | strays.tips,
                shallow=about.shallow,
                is_task=lambda path: paths.match(path, location.prefix),
                since=far_back(git, head, questions),
            )
            bases = history.bases(compared.values())
            at_branches = read_branches(trees, compared, bases, root_files, paths, location.prefix)
            checkouts += with_those_of(at_tips, at_branches)
            forked = _with_forks(history, outrun(checkouts, refs, history, location.prefix), trees, location.prefix)
            checkouts = outline.code.parted(forked, history)
            lineage = Lineage(history=history, identity=further.identity, prefix=location.prefix)
            if outline.branch != trunk:
                theirs = trunks = {}
            past = read_past(
                lineage, questions, root_files, named, trunks, further.name, checkouts, about.folder, errors
            )
            strays = strays.without_inherited(history)
            if questions.absent or outline.sparse:
                past = with_off_disk(past, trees, sources.tasks, root_files, paths, location.prefix)
            fetched = read_fetched(history, theirs, trees, root_files, paths, location.prefix)
    checkouts = _with_unsaved(checkouts, git, settings, paths, location.prefix, about.folder)
    checkouts, unread = without_unread(checkouts, own)
    return Repository(
        head=head,
        branch=outline.branch,
        shallow=about.shallow,
        trunk=trunk,
        on_trunk=outline.on_trunk,
        checkouts=tuple(checkouts),
        branches=outline.local_branches,
        merges=past.merges,
        fetched_as=fetched_as,
        tracked=_tracked(git, settings, location, about.folder, head) if outline.main else frozenset(),
        blobs=root_files.known_blobs,
        changes=past.changes,
        standing=past.standing,
        uncommitted=past.uncommitted,
        off_disk=past.off_disk,
        strays=strays.met,
        under_way=under_way(admin_folder(location.top) if location.top is not None else None),
        sparse=outline.sparse,
        brought=past.brought,
        home=past.home,
        moved=past.moved,
        fetched=fetched,
        uncompared=tuple(dict.fromkeys((*unread, *untold, *list(own)[MOST_OWN:]))),
    )


def _contents(files: Iterable[Source]) -> dict[str, bytes]:
    """Return the bytes of those of some files that could be read, by path."""
    return {source.path: source.data for source in files if source.data is not None}


def _branches_of(checkouts: Iterable[CheckoutSource]) -> set[str]:
    """Return the branches that checkouts are on."""
    return {checkout.branch for checkout in checkouts if checkout.branch}


def _by_defect(checkouts: Iterable[CheckoutSource]) -> tuple[list[CheckoutSource], list[CheckoutSource]]:
    """Return the checkouts that are whole, and those of which the branch is looked at instead."""
    whole: list[CheckoutSource] = []
    broken: list[CheckoutSource] = []
    for held in checkouts:
        (whole if held.defect is None else broken).append(held)
    return whole, broken


def _heads(checkouts: Iterable[CheckoutSource]) -> set[str]:
    """Return the commits that live checkouts are at."""
    return {checkout.head for checkout in checkouts if checkout.head and checkout.defect is None}


def _detached(checkouts: Iterable[CheckoutSource]) -> dict[str, str]:
    """Return the commits of the worktrees that are on no branch, by the names of the worktrees."""
    return {held.name: str(held.head) for held in checkouts if held.is_detached}


def _with_forks(
    history: History, checkouts: Sequence[CheckoutSource], trees: Trees, prefix: str
) -> list[CheckoutSource]:
    """Return checkouts with how the history of each left root's, without the tombstones that came from there."""
    forks = read_forks(history, checkouts, trees, prefix)
    not_live = Unavailable("not a live checkout")
    found = [replace(checkout, fork=forks.get(checkout.name, not_live)) for checkout in checkouts]
    if not any(checkout.tombstones for checkout in found):
        return found
    from taskcheck.read.tombstones import without_inherited

    return without_inherited(history, found, prefix)


def _paths(settings: Settings, remembered: Remembered | None) -> TaskPaths:
    """Return which paths task files have; of those that are remembered it is known."""
    paths = TaskPaths.of(settings)
    if remembered is not None:
        paths.know(remembered.fronts)
    return paths


def _with_unsaved(
    checkouts: list[CheckoutSource], git: Git, settings: Settings, paths: TaskPaths, prefix: str, common_dir: Path
) -> list[CheckoutSource]:
    """Return checkouts that tell of their code that isn't committed."""
    if not checkouts:
        return checkouts
    from taskcheck.read.unsaved import Code, with_unsaved

    return with_unsaved(checkouts, git.objects, Code(settings, paths, prefix), common_dir)


def _tracked(git: Git, settings: Settings, location: Location, common_dir: Path, head: str | None) -> frozenset[str]:
    """Return the registers and snapshots that git tracks.

    Git renews the time of a shared index that it reads; where the index is split, the last commit has to do.
    """
    patterns = [Pattern(text) for text in (settings.paths.registers, settings.paths.snapshots) if text]
    if not patterns:
        return frozenset()
    folders = _ledger_folders(patterns, location.prefix)
    index_is_split = any(common_dir.glob("sharedindex.*"))
    paths: Iterable[str]
    if not index_is_split:
        paths = git.tracked(folders)
    elif head:
        paths = git.tree(head, folders)
    else:
        paths = ()
    tracked = set()
    for path in paths:
        inside = path.removeprefix(location.prefix)
        if path.startswith(location.prefix) and any(pattern.match(inside) for pattern in patterns):
            tracked.add(inside)
    return frozenset(tracked)


def _ledger_folders(patterns: Iterable[Pattern], prefix: str) -> list[str]:
    """Return the folders in the repository that patterns look into; none for the whole of it."""
    folders = {f"{prefix}{pattern.folder}".rstrip("/") for pattern in patterns}
    return [] if "" in folders else sorted(folders)


def _own_tips(names: Iterable[str], outline: Outline, taken: Collection[str]) -> dict[str, str]:
    """Return the commits of those of some branches that there are and that nobody looks at elsewhere.

    One that was only fetched has the remote before its name: ``origin/task/fix-login``.
    """
    own = [name for name in names if name not in taken]
    tips = outline.tips(own)
    found = {}
    for name in own:
        shown = outline.shown(name)
        if name in tips and shown not in taken:
            found[shown] = tips[name]
    return found
