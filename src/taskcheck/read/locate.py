"""Finds the store: its folder in the main checkout, wherever in the repository one stands."""

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from taskcheck.documents.bounded import Unreadable, read_still
from taskcheck.documents.frozen import frozen
from taskcheck.read.allowlist import object_id
from taskcheck.read.files import small_text
from taskcheck.read.gitconfig import core_values, is_true
from taskcheck.read.runner import GitError

if TYPE_CHECKING:
    from taskcheck.config.tables import Preset

CONFIG_NAME = "taskcheck.toml"

MAX_BYTES = 1024 * 1024
"""Of git's configuration; one with thousands of branches has some hundred thousand."""

_GITDIR = "gitdir: "

Real = Callable[[Path], str]
"""Resolves the links in a path."""


@frozen
class Location:
    """Where the store is and from where it is looked at."""

    root: Path
    """The store's folder in the main checkout; all paths of a report are relative to it."""
    top: Path | None
    """Top of the main checkout; None when this is no git repository."""
    current: Path | None
    """Top of the linked worktree that one stands in; None in the main checkout."""
    code: Path | None = None
    """The main checkout, with the code, where the store lies in a linked worktree on an orphan branch."""

    @property
    def prefix(self) -> str:
        """The store's folder within a checkout, with a trailing ``/``; empty at the top."""
        if self.top is None or self.root == self.top:
            return ""
        return self.root.relative_to(self.top).as_posix() + "/"


def locate(start: Path) -> Location:
    """Return the store that a folder belongs to.

    It is the nearest folder upward with a taskcheck.toml, else the top of the main checkout, else the folder itself.
    From a linked worktree it is still found in the main checkout.

    Raises:
        GitError: there is a repository, and its main checkout can't be told.
        NotADirectoryError: the folder isn't there.
    """
    start = Path(os.path.realpath(start))
    if not os.path.isdir(start):  # noqa: PTH112 - Path.is_dir raises where a name is too long, or may not be looked at
        raise NotADirectoryError(str(start))
    checkout = checkout_around(start)
    if checkout is None:
        return Location(_first_configured((start, *start.parents)) or start, None, None)
    top = _main_checkout(checkout)
    inside = top / start.relative_to(checkout)
    within = [folder for folder in (inside, *inside.parents) if folder == top or top in folder.parents]
    root = _first_configured(within) or top
    current = checkout if checkout != top else None
    return Location(root, top, current)


def locate_store(start: Path, known: "Collection[Preset]") -> Location:
    """Return the store that a folder belongs to, as `locate`; in a linked worktree it may be one on an orphan branch.

    Args:
        start: the folder.
        known: all presets.

    Raises:
        GitError, NotADirectoryError: as `locate`.
    """
    location = locate(start)
    if location.current is None:
        return location
    from taskcheck.read.orphans import or_orphan

    return or_orphan(location, start, known)


def checkout_around(folder: Path) -> Path | None:
    """Return the nearest folder upward that has a ``.git``; None where none has one."""
    return next((at for at in (folder, *folder.parents) if os.path.lexists(at / ".git")), None)


def _first_configured(folders: Iterable[Path]) -> Path | None:
    """Return the first folder with a configuration; None where none has one."""
    return next((folder for folder in folders if os.path.lexists(folder / CONFIG_NAME)), None)


def git_dir(checkout: Path, real: Real = os.path.realpath) -> Path | None:
    """Return where a checkout's ``.git`` file points; None when it is no such file or can't be read."""
    text = small_text(checkout / ".git")
    if text is None or not text.startswith(_GITDIR):
        return None
    return led_to(checkout, text.removeprefix(_GITDIR), real)


def led_to(folder: Path, written: str, real: Real = os.path.realpath) -> Path | None:
    """Return where a path leads that a file of git's own holds, with links resolved; None where it can't be one."""
    path = written.rstrip()
    return Path(real(folder / path)) if path and "\0" not in path else None


def spoilt(admin: Path, common_dir: Path, real: Real = os.path.realpath) -> str | None:
    """Return what is wrong with git's record of a worktree, beyond where that lies; None where nothing is.

    git does nothing in such a worktree, and `git worktree repair` doesn't mend it.
    """
    if led_to(admin, small_text(admin / "commondir") or "", real) != Path(real(common_dir)):
        return "commondir in git's record of it doesn't lead to this repository"
    head = small_text(admin / "HEAD") or ""
    if head.startswith("ref: ") or object_id(head.strip()):
        return None
    return "HEAD in git's record of it names neither a branch nor a commit"


def admin_folder(checkout: Path) -> Path | None:
    """Return the checkout's own git folder, with links resolved; None where it has none."""
    own = checkout / ".git"
    if own.is_dir():
        return Path(os.path.realpath(own))
    return git_dir(checkout)


def is_sparse(checkout: Path, common_dir: Path) -> bool:
    """Return whether a checkout leaves out files of its commit on purpose (git-sparse-checkout(1)).

    Raises:
        GitError: a configuration of the repository can't be read.
    """
    admin = admin_folder(checkout)
    if admin is None or not os.path.lexists(admin / "info" / "sparse-checkout"):
        return False
    said = _core(common_dir, "config") | _core(admin, "config.worktree")
    return is_true(said.get("sparsecheckout", "false"))


def fix_folder(location: Location) -> Path:
    """Return where fixes of the store are written down; see `own_folder`."""
    base, name = own_folder(location)
    return base / name


def own_folder(location: Location) -> tuple[Path, str]:
    """Return where taskcheck keeps its records of the store: a folder that is trusted, and the path below it.

    It lies outside of the work tree where there is a repository.

    It is in the checkout's own git folder, not in the one that all worktrees share: where no checkout is the main
    one, as beside a bare repository, each that is taken for root keeps its own.
    """
    admin = admin_folder(location.top) if location.top else None
    if admin is None:
        return location.root, ".taskcheck"
    name = location.prefix.strip("/").replace("%", "%25").replace("/", "%2F")
    return admin, f"taskcheck/store-{name}" if name else "taskcheck/store"


def _bare(repository: Path) -> bool:
    """Return whether a repository says that it has no checkout of its own.

    Raises:
        GitError: its configuration isn't one that is read; git itself would wait for it, or take it whole.
    """
    return is_true(_core(repository, "config").get("bare", "false"))


def _core(repository: Path, name: str) -> dict[str, str]:
    """Return what a configuration of a repository says of it; nothing where there is none.

    Raises:
        GitError: as `_bare`.
    """
    path = repository / name
    try:
        text = os.fsdecode(read_still(path, MAX_BYTES, follow=True))
    except Unreadable as refusal:
        if refusal.trouble.kind == "missing":
            return {}
        raise GitError(f"{path}: {refusal}; git's configuration is a file of some kilobytes, put it back") from refusal
    return core_values(text)


def _submodule(repository: Path) -> Path | None:
    """Return the main checkout of a submodule, of which its repository's configuration tells; None without one.

    Raises:
        GitError: as `_bare`.
    """
    said = _core(repository, "config") | _core(repository, "config.worktree")
    main = led_to(repository, said.get("worktree", ""))
    return main if main is not None and git_dir(main) == repository else None


def _main_checkout(checkout: Path) -> Path:
    """Return the main checkout of the repository that a checkout is of.

    Raises:
        GitError: it can't be told, or its ``.git`` leads to what belongs to another folder.
    """
    own = checkout / ".git"
    if own.is_dir():
        admin: Path | None = Path(os.path.realpath(own))
        if not _bare(own) and not own.is_symlink():
            return checkout
    else:
        admin = git_dir(checkout)
    if admin is None:
        raise GitError(f"{own} points nowhere; is it a worktree whose repository was moved?")
    commondir = small_text(admin / "commondir")
    if commondir is None:
        _refuse_others_repository(checkout, admin)
        return checkout if own.is_dir() and not _bare(own) else _listed_main_checkout(checkout, admin)
    common = led_to(admin, commondir)
    _refuse_others_record(checkout, admin, common)
    main = _main_beside(common) if common is not None else None
    return main or _listed_main_checkout(checkout, common or admin)


def _refuse_others_repository(checkout: Path, admin: Path) -> None:
    """See that a whole repository isn't the own one of another folder, unless it says that it is this checkout's.

    Raises:
        GitError: it is, or is gone.
    """
    own = checkout / ".git"
    if not admin.is_dir():
        raise GitError(f"{own} points to {admin}, which is gone; try: git worktree repair")
    is_others = admin.name == ".git" and admin != Path(os.path.realpath(checkout)) / ".git"
    if is_others and _submodule(admin) != Path(os.path.realpath(checkout)):
        raise GitError(f"{own} points to {admin}, the repository of another folder; check {admin.parent} itself")


def _refuse_others_record(checkout: Path, admin: Path, common: Path | None) -> None:
    """See that what says that it is a worktree's record is one, and this one's.

    One that was moved within the main checkout is no other, as long as nothing lies where it was.

    Raises:
        GitError: it isn't.
    """
    own = checkout / ".git"
    if common is None or admin.parent != common / "worktrees":
        raise GitError(f"{own} points to {admin}, which isn't a record of a worktree; try: git worktree repair")
    named = led_to(admin, small_text(admin / "gitdir") or "")
    if named == Path(os.path.realpath(own)):
        return
    was_moved_within = common.parent in Path(os.path.realpath(checkout)).parents
    if named is None or os.path.lexists(named) or not was_moved_within:
        told = f"the record of {named.parent}" if named else "a record of no worktree"
        raise GitError(f"{own} points to {admin}, {told}; try: git worktree repair {checkout}")


def linked(checkout: Path, common: Path) -> bool:
    """Return whether a worktree and its record in the folder that all worktrees share point at each other."""
    admin = git_dir(checkout)
    if admin is None or admin.parent != common / "worktrees":
        return False
    return led_to(admin, small_text(admin / "gitdir") or "") == Path(os.path.realpath(checkout / ".git"))


def _main_beside(common: Path) -> Path | None:
    """Return the main checkout of the repository in a folder, by its name and configuration; None if they don't say."""
    if common.name == ".git" and not _bare(common):
        return common.parent
    return _submodule(common)


def _listed_main_checkout(checkout: Path, common: Path) -> Path:
    """Return what git lists as main checkout: of a bare repository with worktrees, or a submodule, only it knows.

    Git takes any folder for a worktree that its own records name; only one that names its record in turn is one.
    """
    from taskcheck.read.git import Git

    records = Git(checkout).worktrees()
    if records and not records[0].bare:
        return checkout
    for record in records:
        if not record.bare and linked(record.path, common):
            return Path(os.path.realpath(record.path))
    return checkout


def meant(path: str, root: Path) -> str:
    """Return the absolute path that a ledger's path in root means; ``~/`` is the user's own folder, as in a shell."""
    home = os.environ.get("HOME")
    if home and path.startswith("~/"):
        path = f"{home}{path[1:]}"
    return os.path.normpath(root / path)


def is_of_windows(path: str) -> bool:
    r"""Return whether a path is one of Windows, ``C:\wt\fix-login``, on a system that can't look there."""
    has_drive = path[:1].isalpha() and path[1:3] in {":\\", ":/"}
    is_other_system = os.sep == "/"
    return is_other_system and (has_drive or path.startswith("\\\\"))
