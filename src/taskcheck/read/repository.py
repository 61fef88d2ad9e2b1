"""Ask git about root: its branches, worktrees, trunk, merges, and what it tracks."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from taskcheck.config.pattern import Pattern
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.history import REMOTE, Uncompared
from taskcheck.model.sources import CheckoutSource, Fetched, Repository, Source, Sources, Unavailable
from taskcheck.read.allowlist import branch_name, object_id
from taskcheck.read.branches import branch_tips, read_branches, read_fetched, without_unread
from taskcheck.read.files import Links
from taskcheck.read.forks import Code, read_forks
from taskcheck.read.git import MINIMUM, Git, Refs, RepositoryRecord, WorktreeRecord
from taskcheck.read.history import History
from taskcheck.read.known import Contents
from taskcheck.read.lineage import Lineage
from taskcheck.read.locate import Location
from taskcheck.read.past import Past, far_back, read_past, with_taken
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
from taskcheck.read.tasks import TaskPaths
from taskcheck.read.trees import EMPTY, Trees
from taskcheck.read.worktrees import outrun, read_unlinked, read_worktrees

MOST_OWN = 200
"""Tips of open tasks' own branches that are compared without being asked for (contract 2, point 11)."""

_NEW_ENOUGH: set[str] = set()
"""The gits, told apart as `compiled` does it, whose versions this process has asked: none is asked twice."""

_LOCAL = "refs/heads/"
_REMOTES = "refs/remotes/"
_REF_FOLDERS = (_LOCAL, _REMOTES, f"{_REMOTES}{REMOTE}")
"""Where a branch that a ledger names may be, the first first."""


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
    about = git.repository()
    listed = git.refs()
    refs = listed.ids
    top = os.path.realpath(location.top or "")
    records = _worktree_records(git, top, about, listed)
    main = _main_record(records, top)
    head = main.head if main else None
    branch = main.branch if main else None
    code = Code.of(location, records)
    candidates = code.trunk(settings.trunk, branch)
    trunk = _trunk(candidates, refs)
    trunk_tip = _tip(trunk, refs) if trunk else None
    git.objects.require_commits(_object_ids(head, trunk_tip))
    id_length = _id_length(head, refs)
    root_files = Contents(_contents(sources.tasks), id_length, sources.remembered)
    paths = TaskPaths.of(settings)
    remembered = sources.remembered
    if remembered is not None:
        paths.know(remembered.fronts)
    checkouts = read_worktrees(location, records, about.folder, root_files, remembered, paths, errors, progress)
    checkouts += read_unlinked(location, settings.worktree, checkouts, about.folder)
    tombstones = OwnTombstones(sources, settings.paths.tombstones, location.prefix, trunk, further)
    checkouts = tombstones.in_worktrees(checkouts)
    questions = asked_further(questions, further, checkouts)
    progress("asking git about history")
    taken = {*filter(None, (trunk, branch)), *_branches_of(checkouts)}
    compared = branch_tips(refs, settings.branches, taken, trunk)
    own = _own_tips(questions, refs, {*taken, *compared}, trunk)
    compared |= dict(list(own.items())[:MOST_OWN])
    at_tips, untold = tombstones.at_tips(git.objects, compared)
    questions = asked_of_tips(questions, further, checkouts, at_tips, location.root)
    theirs = _fetched_trunk(candidates, listed)
    named = _tips({*questions.branches, *_branches_of(checkouts), *compared}, refs, trunk)
    past = Past()
    fetched: Fetched | Uncompared | None = None
    with closing(Trees(git.objects, paths.folders(location.prefix), head, EMPTY[id_length])) as trees:
        if head is None:
            checkouts += read_branches(trees, compared, {}, root_files, paths, location.prefix)
            checkouts = code.parted(checkouts, None)
        else:
            history = History.of(
                git,
                head,
                {*named.values(), *compared.values(), *_heads(checkouts), *theirs.values(), *code.tips},
                shallow=about.shallow,
                is_task=lambda path: paths.match(path, location.prefix),
                since=far_back(git, head, questions),
            )
            bases = history.bases(compared.values())
            checkouts += with_those_of(
                at_tips, read_branches(trees, compared, bases, root_files, paths, location.prefix)
            )
            checkouts = code.parted(
                _with_forks(history, outrun(checkouts, refs, history), trees, location.prefix), history
            )
            lineage = Lineage(history=history, identity=further.identity, prefix=location.prefix)
            past = read_past(lineage, questions, root_files, named, further.name, checkouts, about.folder, errors)
            past = with_taken(past, questions, trees, sources.tasks, root_files, paths, location.prefix)
            fetched = read_fetched(
                history, theirs if branch == trunk else {}, trees, root_files, paths, location.prefix
            )
    checkouts, unread = without_unread(checkouts, own)
    return Repository(
        head=head,
        branch=branch,
        shallow=about.shallow,
        trunk=trunk,
        on_trunk=trunk is not None and branch == trunk,
        checkouts=tuple(checkouts),
        branches=_local_branches(refs),
        merges=past.merges,
        tracked=_tracked(git, settings, location, about.folder, head) if main else frozenset(),
        blobs=root_files.known_blobs,
        changes=past.changes,
        standing=past.standing,
        uncommitted=past.uncommitted,
        taken=past.taken,
        brought=past.brought,
        home=past.home,
        moved=past.moved,
        fetched=fetched,
        uncompared=tuple(dict.fromkeys((*unread, *untold, *list(own)[MOST_OWN:]))),
    )


def _id_length(head: str | None, refs: Mapping[str, str]) -> int:
    """Return how many hex digits the ids of a repository's objects have."""
    ids = _object_ids(head, *refs.values())
    return len(ids[0]) if ids else 40


def _object_ids(*tips: str | None) -> list[str]:
    """Return those of some tips that are names of commits."""
    return [tip for tip in tips if tip and object_id(tip)]


def _local_branches(refs: Iterable[str]) -> frozenset[str]:
    """Return the names of the local branches among some refs."""
    return frozenset(ref.removeprefix(_LOCAL) for ref in refs if ref.startswith(_LOCAL))


def _contents(files: Iterable[Source]) -> dict[str, bytes]:
    """Return the bytes of those of some files that could be read, by path."""
    return {source.path: source.data for source in files if source.data is not None}


def _worktree_records(git: Git, top: str, about: RepositoryRecord, refs: Refs) -> list[WorktreeRecord]:
    """Return git's records of all checkouts, the main one at its real path.

    A checkout on a branch, in a repository that never had another, has the record that its branch gives.
    In a submodule git lists the repository's own folder, below the outer .git, for the main checkout.
    """
    is_alone = not about.bare and not os.path.lexists(about.folder / "worktrees")
    if is_alone and refs.current is not None:
        branch = refs.current.removeprefix(_LOCAL)
        return [WorktreeRecord(path=Path(top), head=refs.ids[refs.current], branch=branch, bare=False)]
    names_of_main = {top, os.path.realpath(about.folder)}
    links = Links()
    records = []
    for record in git.worktrees():
        is_main = links.real(record.path) in names_of_main
        records.append(replace(record, path=Path(top)) if is_main else record)
    return records


def _main_record(records: Iterable[WorktreeRecord], top: str) -> WorktreeRecord | None:
    """Return git's record of root; None where it lists none there, or a bare repository."""
    for record in records:
        if str(record.path) == top and not record.bare:
            return record
    return None


def _branches_of(checkouts: Iterable[CheckoutSource]) -> set[str]:
    """Return the branches that checkouts are on."""
    return {checkout.branch for checkout in checkouts if checkout.branch}


def _heads(checkouts: Iterable[CheckoutSource]) -> set[str]:
    """Return the commits that live checkouts are at."""
    return {checkout.head for checkout in checkouts if checkout.head and checkout.defect is None}


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


def _trunk(candidates: tuple[str, ...], refs: Mapping[str, str]) -> str | None:
    """Return the local name of the first trunk candidate that exists.

    Of ``origin/HEAD`` it is that of the branch that this points to, of ``origin/main`` it is ``main``.
    """
    for candidate in candidates:
        remote = refs.get(f"refs/remotes/{candidate}", "")
        if remote.startswith("ref: "):
            return remote.removeprefix("ref: refs/remotes/").partition("/")[2]
        if f"refs/heads/{candidate}" in refs:
            return candidate
        if remote:
            return candidate.partition("/")[2]
    return None


def _own_tips(
    questions: Questions, refs: Mapping[str, str], taken: Collection[str], trunk: str | None
) -> dict[str, str]:
    """Return the commits of those of the open tasks' own branches that there are and that nobody looks at elsewhere.

    One that was only fetched has the remote before its name: ``origin/task/fix-login``.
    """
    own = [name for name in questions.own_branches if name not in taken]
    tips = _tips(own, refs, trunk)
    found = {}
    for name in own:
        shown = name if f"{_LOCAL}{name}" in refs else f"{REMOTE}{name}"
        if name in tips and shown not in taken:
            found[shown] = tips[name]
    return found


def _fetched_trunk(candidates: tuple[str, ...], refs: Refs) -> dict[str, str]:
    """Return trunk as it was last fetched, its commit by its short name: the first candidate, else root's upstream.

    Nothing where none of these was fetched.
    """
    followed = [refs.upstream.removeprefix(_REMOTES)] if refs.upstream else []
    for candidate in (*candidates, *followed):
        found = refs.ids.get(f"{_REMOTES}{candidate}", "")
        name = found.removeprefix(f"ref: {_REMOTES}") if found.startswith("ref: ") else candidate
        tip = refs.ids.get(f"{_REMOTES}{name}")
        if tip:
            return {name: tip}
    return {}


def _tips(branches: Iterable[str], refs: Mapping[str, str], trunk: str | None) -> dict[str, str]:
    """Return the commits of those of some branches that there are, by name; trunk itself left out."""
    tips = {}
    for branch in sorted(branches):
        if branch == trunk or not branch_name(branch):
            continue
        tip = _tip(branch, refs)
        if tip and not tip.startswith("ref: "):
            tips[branch] = tip
    return tips


def _tip(branch: str, refs: Mapping[str, str]) -> str | None:
    """Return what a branch points to, a local one before one of a remote; None where there is none."""
    for folder in _REF_FOLDERS:
        if f"{folder}{branch}" in refs:
            return refs[f"{folder}{branch}"]
    return None
