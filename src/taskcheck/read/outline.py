"""A repository in outline, before its history is read: branches, checkouts, where root is, and trunk."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.history import REMOTE
from taskcheck.read.allowlist import branch_name, object_id
from taskcheck.read.files import Links
from taskcheck.read.forks import Code
from taskcheck.read.git import Git, Refs, RepositoryRecord, WorktreeRecord
from taskcheck.read.locate import Location, is_sparse

LOCAL = "refs/heads/"
_REMOTES = "refs/remotes/"


@frozen(kw_only=True)
class Outline:
    """What git says of a repository at once."""

    about: RepositoryRecord
    refs: Refs
    records: Sequence[WorktreeRecord]
    """All checkouts that git lists, the main one at its real path."""
    main: WorktreeRecord | None
    """Root's; None where git lists none there, or a bare repository."""
    code: Code
    candidates: tuple[str, ...]
    """What trunk may be called, the first first."""
    trunk: str | None
    """The local name of trunk; None where there is none."""
    sparse: bool
    """Whether root is a sparse checkout."""
    folders: tuple[str, ...]
    """Where a branch that a ledger names may be, the first first: local, under its full name, or of a remote."""

    @staticmethod
    def of(git: Git, location: Location, settings: Settings) -> "Outline":
        """Return what git says of the repository that root is in.

        Raises:
            GitError: git can't tell.
        """
        about = git.repository()
        refs = git.refs()
        top = os.path.realpath(location.top or "")
        records = _worktree_records(git, top, about, refs)
        main = _main_record(records, top)
        code = Code.of(location, records)
        candidates = code.trunk(settings.trunk, main.branch if main else None)
        return Outline(
            about=about,
            refs=refs,
            records=records,
            main=main,
            code=code,
            candidates=candidates,
            trunk=_trunk(candidates, refs.ids),
            sparse=is_sparse(Path(top), about.folder),
            folders=(LOCAL, _REMOTES, *_remotes(refs.ids)),
        )

    @property
    def head(self) -> str | None:
        """Root's last commit; None before the first one."""
        return self.main.head if self.main else None

    @property
    def branch(self) -> str | None:
        """The branch that root is on; None where it is on none."""
        return self.main.branch if self.main else None

    @property
    def on_trunk(self) -> bool:
        """Whether root is on trunk."""
        return self.trunk is not None and self.branch == self.trunk

    @property
    def commits(self) -> list[str]:
        """Root's last commit and that of trunk, as far as there are."""
        trunk_tip = self._tip(self.trunk) if self.trunk else None
        return _object_ids(self.head, trunk_tip)

    @property
    def id_length(self) -> int:
        """How many hex digits the ids of the repository's objects have."""
        ids = _object_ids(self.head, *self.refs.ids.values())
        return len(ids[0]) if ids else 40

    @property
    def local_branches(self) -> frozenset[str]:
        """The names of the local branches."""
        return frozenset(ref.removeprefix(LOCAL) for ref in self.refs.ids if ref.startswith(LOCAL))

    @property
    def fetched_trunk(self) -> dict[str, str]:
        """Trunk as it was last fetched, its commit by its short name: the first candidate, else root's upstream.

        Nothing where none of these was fetched.
        """
        upstream = self.refs.upstream
        followed = [upstream.removeprefix(_REMOTES)] if upstream else []
        ids = self.refs.ids
        for candidate in (*self.candidates, *followed):
            found = ids.get(f"{_REMOTES}{candidate}", "")
            name = found.removeprefix(f"ref: {_REMOTES}") if found.startswith("ref: ") else candidate
            tip = ids.get(f"{_REMOTES}{name}")
            if tip:
                return {name: tip}
        return {}

    @property
    def fetched_trunks(self) -> dict[str, str]:
        """Trunk as it was last fetched of each remote, and of the one that counts, its commits by their short names."""
        names = [f"{folder.removeprefix(_REMOTES)}{self.trunk}" for folder in self.folders[2:]]
        return {**self.tips(names), **self.fetched_trunk}

    def tips(self, branches: Iterable[str]) -> dict[str, str]:
        """Return the commits of those of some branches that there are, by name; trunk itself left out."""
        tips = {}
        for branch in sorted(branches):
            if branch == self.trunk or not branch_name(branch):
                continue
            tip = self._tip(branch)
            if tip and not tip.startswith("ref: "):
                tips[branch] = tip
        return tips

    def shown(self, branch: str) -> str:
        """Return the short name of a branch: with its remote where it was only fetched."""
        return self._ref(branch).removeprefix(LOCAL).removeprefix(_REMOTES)

    def fetched(self, branches: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the names, such as ``origin/NAME``, under which branches were fetched, where they are elsewhere here.

        That is their own name at each remote, and what they alone follow, whatever it is called, unless it is trunk.
        """
        tips = self.tips(branches)
        several = Counter(self.refs.followed.values())
        found = {}
        for branch, tip in tips.items():
            names = {f"{folder}{branch}" for folder in self.folders[2:]}
            followed = self.refs.followed.get(f"{LOCAL}{branch}", "")
            if several[followed] == 1 and not followed.endswith(f"/{self.trunk}"):
                names.add(followed)
            short = [name.removeprefix(_REMOTES) for name in sorted(names) if self.refs.ids.get(name, tip) != tip]
            found[branch] = tuple(short)
        return found

    def _ref(self, branch: str) -> str:
        """Return the full name of a branch, a local one before one of a remote; empty where there is none."""
        return next((f"{folder}{branch}" for folder in self.folders if f"{folder}{branch}" in self.refs.ids), "")

    def _tip(self, branch: str) -> str | None:
        """Return what a branch points to; None where there is none."""
        return self.refs.ids.get(self._ref(branch))


def _worktree_records(git: Git, top: str, about: RepositoryRecord, refs: Refs) -> list[WorktreeRecord]:
    """Return git's records of all checkouts, the main one at its real path.

    A checkout on a branch, in a repository that never had another, has the record that its branch gives.
    In a submodule git lists the repository's own folder, below the outer .git, for the main checkout.
    """
    is_alone = not about.bare and not os.path.lexists(about.folder / "worktrees")
    if is_alone and refs.current is not None:
        branch = refs.current.removeprefix(LOCAL)
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


def _trunk(candidates: tuple[str, ...], refs: Mapping[str, str]) -> str | None:
    """Return the local name of the first trunk candidate that exists.

    Of ``origin/HEAD`` it is that of the branch that this points to, of ``origin/main`` it is ``main``.
    """
    for candidate in candidates:
        remote = refs.get(f"{_REMOTES}{candidate}", "")
        if remote.startswith("ref: "):
            return remote.removeprefix(f"ref: {_REMOTES}").partition("/")[2]
        if f"{LOCAL}{candidate}" in refs:
            return candidate
        if remote:
            return candidate.partition("/")[2]
    return None


def _remotes(refs: Iterable[str]) -> list[str]:
    """Return the folders of the branches of each remote, the usual one first."""
    folders = {"/".join(ref.split("/")[:3]) + "/" for ref in refs if ref.startswith(_REMOTES)}
    usual = f"{_REMOTES}{REMOTE}"
    return sorted(folders, key=lambda folder: (folder != usual, folder))


def _object_ids(*tips: str | None) -> list[str]:
    """Return those of some tips that are names of commits."""
    return [tip for tip in tips if tip and object_id(tip)]
