"""Compare every other checkout's task files with root's, and tell whether each is a linked worktree at all."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.config.pattern import Pattern
from taskcheck.documents.frozen import replace
from taskcheck.documents.values import from_epoch
from taskcheck.model.history import REMOTE
from taskcheck.model.memory import Remembered
from taskcheck.model.sources import CheckoutSource
from taskcheck.read.files import Folder, Links, small_text
from taskcheck.read.git import WorktreeRecord
from taskcheck.read.known import Contents, Index
from taskcheck.read.locate import Location, git_dir, led_to, spoilt
from taskcheck.read.outline import Outline
from taskcheck.read.places import Places
from taskcheck.read.questions import OnProgress
from taskcheck.read.runner import GitError, GitSilent
from taskcheck.read.tasks import Compared, TaskPaths

if TYPE_CHECKING:
    from taskcheck.read.history import History


UNDER_WAY = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "BISECT_START": "bisection",
    "MERGE_HEAD": "merge",
    "SQUASH_MSG": "squashed merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
"""What git has in its record of a worktree while somebody is in the middle of something there."""

REPAIR = ("git", "worktree", "repair")

MADE = ("commit", "cherry-pick", "rebase", "revert", "merge", "am")
"""How git's log of HEAD begins to say that a commit was made; of one that was checked out it says `checkout:`."""


def read_worktrees(
    location: Location,
    outline: Outline,
    root_files: Contents,
    remembered: Remembered | None,
    paths: TaskPaths,
    errors: list[str],
    progress: OnProgress,
) -> list[CheckoutSource]:
    """Return every linked worktree, with the task files in which it differs from root."""
    links = Links()
    root, prefix = links.real(location.root), location.prefix
    linked = _linked(outline.records, location, links)
    names = _names([record.path for record in linked])
    tips = set(outline.refs.ids.values())
    checkouts = []
    for number, record in enumerate(linked, 1):
        if record.bare:
            continue
        name = names[record.path]
        progress(f"comparing {name}", number, len(linked))
        admin, defect = _admin(record.path, outline.about.folder, links)
        branch = record.branch or _rebased(admin)
        is_elsewhere = branch is not None or record.head in tips
        compared = Compared({}, set(), None)
        folders: frozenset[str] = frozenset()
        if defect is None:
            folder = Folder(record.path / prefix, links)
            compared = paths.compare(folder, root_files, partial(Index.of, admin, prefix), remembered)
            folders = frozenset(folder.listed)
            errors.extend(f"{name}: {error}" for error in folder.errors)
        checkout = CheckoutSource(
            name=name,
            path=record.path,
            shown_path=_shown(record.path, links.real(record.path), root),
            real_path=links.real(record.path),
            branch=branch,
            head=record.head,
            is_alone=not is_elsewhere and _was_made_there(admin),
            moved_from=_moved_from(record.path, admin),
            under_way=under_way(admin),
            switched_at=_written_at(admin / "HEAD") if admin else None,
            defect=defect,
            repair=_repair(admin, defect),
            locked=record.locked,
            files=compared.files,
            absent=frozenset(compared.absent),
            folders=folders,
            seen=compared.seen,
        )
        checkouts.append(checkout)
    return sorted(checkouts, key=lambda checkout: checkout.name)


def with_unlinked(
    location: Location, pattern: str, listed: Iterable[CheckoutSource], common_dir: Path
) -> list[CheckoutSource]:
    """Return worktrees, and the folders that lie where they do, claim to be one of them, and aren't linked.

    Git lists none of these: they were moved, or git's record of them is gone or leads elsewhere. A whole repository and
    the worktree of another one are no business of this one. One that git lists where it was before is that worktree.

    Args:
        location: where the store is.
        pattern: what the paths of its worktrees are like; empty for none.
        listed: the worktrees that git lists.
        common_dir: the folder that all worktrees share.
    """
    found = {checkout.real_path: checkout for checkout in listed}
    links = Links()
    root = links.real(location.root)
    for path, shown in _candidates(location.root, root, pattern, links):
        real = links.real(path)
        if real in found or _is_of_another(path, common_dir):
            continue
        _, defect = _admin(path, common_dir, links)
        if defect is None:
            continue
        was_at = _recorded_at(path, common_dir)
        repair = (*REPAIR, shown) if was_at else ()
        moved = found.get(was_at)
        if moved is not None and moved.defect == "missing":
            found[was_at] = replace(moved, repair=repair)
        else:
            found[real] = _unlinked(f"worktree:{path.name}", path, shown, defect, repair)
    return list(found.values())


def _candidates(folder: Path, root: str, pattern: str, links: Links) -> Iterator[tuple[Path, str]]:
    """Yield the folders that lie where the store's worktrees do and have a .git file, each with its path as shown."""
    if not pattern:
        return
    shape = Pattern(pattern)
    for path in _folders(folder / shape.folder):
        shown = _shown(path, links.real(path), root)
        if shape.match(shown) and not path.is_symlink() and (path / ".git").is_file():
            yield path, shown


def outrun(
    checkouts: Iterable[CheckoutSource], refs: Mapping[str, str], history: "History", prefix: str
) -> list[CheckoutSource]:
    """Return checkouts, each with which of its task files its branch was fetched with otherwise.

    That counts for commits alone that neither the checkout nor root has.

    Args:
        checkouts: all of them.
        refs: of the repository, with their commits.
        history: of root and of all checkouts.
        prefix: the store's folder within a checkout.

    Raises:
        GitSilent: git gives no answer at all.
    """
    places = Places(history.git.objects)
    found = []
    for held in checkouts:
        fetched = refs.get(f"refs/remotes/{REMOTE}{held.branch}") if held.branch else None
        if fetched is None or history.shallow or _has(held, fetched, history):
            found.append(held)
        else:
            found.append(replace(held, outrun=_otherwise(held, fetched, places, prefix)))
    return found


def _has(held: CheckoutSource, commit: str, history: "History") -> bool:
    """Return whether a checkout, or root, has a commit in its history."""
    graph = history.graph
    known = history.root | graph.ancestors(held.head or "")
    return bool(graph.set_of([commit]) & known)


def _otherwise(held: CheckoutSource, fetched: str, places: Places, prefix: str) -> frozenset[str]:
    """Return those of a checkout's task files that a commit has otherwise than its own; all where git can't tell.

    Raises:
        GitSilent: git gives no answer at all.
    """
    head = held.head or ""
    try:
        blobs = places.at_all((commit, prefix + path) for path in held.files for commit in (head, fetched))
    except GitSilent:
        raise
    except GitError:
        return frozenset(held.files)
    differing = {path for path in held.files if blobs.get((head, prefix + path)) != blobs.get((fetched, prefix + path))}
    return frozenset(differing)


def _moved_from(path: Path, admin: Path | None) -> str | None:
    """Return what a worktree's folder was called when git made it, where `git worktree move` gave it another name.

    Git's record of a worktree keeps the name. Of a second folder with one name the record has a number behind it.
    """
    if admin is None or admin.name == path.name:
        return None
    behind = admin.name.removeprefix(path.name)
    is_numbered = behind.isdecimal() and (admin.parent / path.name).is_dir()
    return None if is_numbered else admin.name


def under_way(admin: Path | None) -> str | None:
    """Return what somebody is in the middle of in a checkout, by its own git folder; None where it is nothing."""
    if admin is None:
        return None
    found = (what for name, what in UNDER_WAY.items() if os.path.lexists(admin / name))
    return next(found, None)


def _was_made_there(admin: Path | None) -> bool:
    """Return whether the commit that a worktree is at was made in it, and not checked out, by git's log of its HEAD."""
    log = small_text(admin / "logs" / "HEAD", tail=True) if admin is not None else None
    last = (log or "").rstrip("\n").rpartition("\n")[2]
    return last.partition("\t")[2].startswith(MADE)


def _rebased(admin: Path | None) -> str | None:
    """Return the branch that a worktree is in the middle of rebasing; None where it is in the middle of nothing."""
    if admin is None:
        return None
    for state in ("rebase-merge", "rebase-apply"):
        name = small_text(admin / state / "head-name")
        if name is not None and name.startswith("refs/heads/"):
            return name.removeprefix("refs/heads/").strip() or None
    return None


def _written_at(path: Path) -> datetime | None:
    """Return when a file was last written; None where it isn't there."""
    try:
        return from_epoch(path.stat(follow_symlinks=False).st_mtime)
    except OSError:
        return None


def _folders(parent: Path) -> list[Path]:
    """Return the folders in a folder, in their order; none where it can't be listed."""
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir())
    except OSError:
        return []


def _is_of_another(path: Path, common_dir: Path) -> bool:
    """Return whether a folder is the worktree of another repository, which is there."""
    admin = git_dir(path)
    if admin is None or not os.path.lexists(admin):
        return False
    return admin.parent != Path(os.path.realpath(common_dir / "worktrees"))


def _recorded_at(path: Path, common_dir: Path) -> str:
    """Return where the worktree was by the record that a folder's .git file names; empty unless it isn't there now.

    A folder that was copied names the record of another one, which is there.
    """
    named = led_to(common_dir / "worktrees", _pointer(path).rpartition("/")[2])
    back = small_text(named / "gitdir") if named is not None else None
    was = led_to(named, back) if named is not None and back is not None else None
    if was is None or os.path.lexists(was):
        return ""
    return str(was.parent)


def _unlinked(name: str, path: Path, shown: str, defect: str, repair: tuple[str, ...]) -> CheckoutSource:
    return CheckoutSource(
        name=name,
        path=path,
        shown_path=shown,
        real_path=os.path.realpath(path),
        branch=None,
        head=None,
        defect=defect,
        repair=repair,
    )


def _shown(path: Path, real: str, root: str) -> str:
    """Return a worktree's path as reports write it: relative to root where it lies in it.

    Args:
        path: of the worktree.
        real: the same with links resolved.
        root: that of root with links resolved.
    """
    relative = os.path.relpath(real, root)
    return str(path) if relative.startswith("..") else relative.replace(os.sep, "/")


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return ``worktree:<directory name>`` for each, with as many parent folders as it takes to tell two apart."""
    names = {}
    left = list(paths)
    length = 1
    while left:
        ends = {path: path.parts[-length:] for path in left}
        counts = Counter(ends.values())
        left = [path for path in left if counts[ends[path]] > 1 and length < len(path.parts) - 1]
        names.update({path: f"worktree:{'/'.join(end)}" for path, end in ends.items()})
        length += 1
    return names


def _linked(records: Iterable[WorktreeRecord], location: Location, links: Links) -> list[WorktreeRecord]:
    """Return git's records but for root's, and that of the main checkout where root is a linked worktree."""
    others = {links.real(path) for path in (location.top, location.code) if path is not None}
    return [record for record in records if links.real(record.path) not in others]


def _admin(path: Path, common_dir: Path, links: Links) -> tuple[Path | None, str | None]:
    """Return a worktree's own git folder; or what is wrong, for it and the repository must point at each other.

    Git lists a folder as a worktree on the word of its own records alone; a forged record would name any folder.
    """
    if not path.is_dir():
        return None, "missing"
    if not os.path.lexists(path / ".git"):
        return None, "its .git file is gone"
    admin = git_dir(path, links.real)
    if admin is None:
        return None, "its .git is no file that points to a repository"
    if str(admin.parent) != links.real(common_dir / "worktrees"):
        return None, f"its .git file points to {_pointer(path)}, which doesn't belong to this repository"
    back = small_text(admin / "gitdir")
    if back is None:
        return None, f"its .git file points to {_pointer(path)}, which is gone"
    if led_to(admin, back, links.real) != Path(links.real(path / ".git")):
        return None, "the repository's record of it points elsewhere"
    return admin, spoilt(admin, common_dir, links.real)


def _repair(admin: Path | None, defect: str | None) -> tuple[str, ...]:
    """Return what links a worktree again; nothing where it is linked, or isn't there."""
    return () if admin is not None or defect == "missing" else REPAIR


def _pointer(path: Path) -> str:
    """Return where a worktree's .git file says that git's record of it is, as it is written there."""
    return (small_text(path / ".git") or "").removeprefix("gitdir:").strip()
