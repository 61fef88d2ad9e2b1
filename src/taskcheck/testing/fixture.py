"""Builds a fixture: the folder that `taskcheck.testing` describes becomes a repository."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taskcheck.documents.frozen import frozen
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.pulls import address
from taskcheck.model.task import PullRequest
from taskcheck.testing.repository import GitFailed, create, git

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMESTAMP = re.compile(rb"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_GITIGNORE = b".tasks/\n.worktrees/\ntasks/logs/\n"
_WORK = {"from": str, "at": str, "drop": list, "merged": ("no-ff", "squash", "ff")}
_STATES = ("missing", "broken", "locked", "detached")
_NOTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without files."""
_SETTINGS = {
    "now": str,
    "at": str,
    "git": bool,
    "branch": str,
    "host": str,
    "remote": str,
    "processes": {"*": str},
    "mtimes": {"*": str},
    "pull_requests": {"*": {"state": ("open", "merged", "closed"), "into": str, "commit": str, "at": str}},
    "base": {"at": str},
    "history": {"*": {"at": str, "message": str}},
    "root": {"at": str, "message": str, "drop": list, "commit": bool},
    "worktrees": {"*": {**_WORK, "branch": str, "path": str, "commit": bool, "state": _STATES, "locked": bool}},
    "branches": {"*": {**_WORK, "folder": str, "fetched": bool}},
}


class FixtureError(Exception):
    """The fixture, or the folder for it, can't be used."""


@frozen(kw_only=True)
class Built:
    """A built repository, and the conditions of its check."""

    root: Path
    now: datetime
    host: str | None
    processes: Mapping[int, datetime | None] | None
    """The live processes and their start times; None: ask the real process table."""
    pull_requests: Mapping[PullAddress, PullState] | None = None
    """What forges say; None: nobody asks them."""


def incidents_fixture() -> Path:
    """Return the folder of the friction log's fixture: package data, or in the source tree."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "incidents_fixture", package.parents[1] / "fixtures" / "incidents"):
        if (folder / "repo.toml").is_file():
            return folder
    raise FixtureError("the incidents fixture is not installed")


def build(fixture: Path, into: Path, *, now: datetime | None = None, overlay: Path | None = None) -> Built:
    """Build the repository of `fixture` in `into`, a new or empty folder."""
    source = _Source(fixture, overlay, now)
    settings = source.settings
    root = _new_folder(into)
    if settings.get("git", True):
        _build_repository(source, root)
    else:
        for part, table in source.main():
            source.lay(part, table, root)
    for path, modified in settings.get("mtimes", {}).items():
        there = _there(root, path, f"{fixture / 'repo.toml'}: mtimes")
        os.utime(there, (_time(modified).timestamp(),) * 2)
    return Built(
        root=root,
        now=source.now,
        host=settings.get("host"),
        processes=_processes(settings["processes"]) if "processes" in settings else None,
        pull_requests=_pulls(root, settings["pull_requests"]) if "pull_requests" in settings else None,
    )


def _new_folder(into: Path) -> Path:
    """Make the folder to build in; return its real path.

    Raises:
        FixtureError: something lies there.
    """
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise FixtureError(f"{into} is not an empty folder")
    into.mkdir(parents=True, exist_ok=True)
    return into.resolve()


def _processes(table: Mapping[str, str]) -> dict[int, datetime | None]:
    """Return the live processes with their start times, as far as the fixture says them."""
    return {int(pid): _time(at) if at else None for pid, at in table.items()}


def _pulls(root: Path, tables: Mapping[str, Mapping[str, Any]]) -> dict[PullAddress, PullState]:
    """Return what forges say of pull requests."""
    return dict(_pull(root, url, table) for url, table in tables.items())


def _pull(root: Path, url: str, table: Mapping[str, Any]) -> tuple[PullAddress, PullState]:
    """Return where a pull request is and what its forge says; a commit may be named by branch."""
    at = address(PullRequest(url=url))
    if at is None:
        raise FixtureError(f"pull_requests: {url!r} is no URL like https://github.com/acme/shop/pull/12")
    commit = table.get("commit")
    if commit and re.fullmatch(r"[0-9a-f]{40}", commit) is None:
        commit = _git(root, datetime.fromtimestamp(0, UTC), "rev-parse", "--verify", f"{commit}^{{commit}}").strip()
    when = _time(table["at"]) if "at" in table else None
    return at, PullState(state=table.get("state", "open"), into=table.get("into"), commit=commit, at=when)


class _Source:
    """A fixture and its overlay, read as one folder, with their timestamps moved."""

    def __init__(self, fixture: Path, overlay: Path | None, now: datetime | None) -> None:
        self._folders = [fixture, overlay] if overlay else [fixture]
        self._left_out: list[str] = []
        self._shift = timedelta()
        self.settings = self._read_settings()
        if now:
            self._shift = timedelta(seconds=(now - _time(self.settings["now"])) // timedelta(seconds=1))
            self.settings = self._read_settings()
        self.now = _time(self.settings["now"])

    def main(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the parts that make up main, with their tables."""
        history = self.settings.get("history", {})
        steps = [("base", self.settings.get("base", {}))]
        steps += [(f"history/{name}", history.get(name, {})) for name in self._names("history")]
        steps.append(("root", self.settings.get("root", {})))
        return [(part, table) for part, table in steps if table.get("drop") or self._files(part)]

    def works(self) -> Iterator[tuple[list[str], dict[str, Any]]]:
        """Yield the lines of work beside main: the parts of each, and its table."""
        tables = self.settings.get("worktrees", {})
        for name in sorted({*tables, *self._names("worktrees")}):
            earlier = f"worktree-history/{name}"
            parts = [f"{earlier}/{part}" for part in self._names(earlier)]
            defaults = {"branch": f"task/{name}", "path": f".worktrees/{name}"}
            yield [*parts, f"worktrees/{name}"], defaults | tables.get(name, {})
        for name, table in self.settings.get("branches", {}).items():
            part = "branches/" + table.get("folder", name.replace("/", "--"))
            yield [part], {**table, "branch": name, "path": ".git/fixture", "state": "branch only"}

    def date(self, table: Mapping[str, Any]) -> datetime:
        at = table.get("at") or self.settings.get("at")
        return _time(at) if at else self.now - timedelta(days=1)

    def lay(self, part: str, table: Mapping[str, Any], folder: Path) -> None:
        """Remove what `table` drops from a folder, and lay the files of a part over it."""
        for entry in table.get("drop", ()):
            gone = _there(folder, entry, f"{part}: drop")
            if gone.is_dir():
                shutil.rmtree(gone)
            else:
                gone.unlink()
        for path, content in self._files(part).items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def _names(self, part: str) -> list[str]:
        """Return the folders in a part."""
        return sorted({path.name for folder in self._folders for path in (folder / part).glob("*/")})

    def _files(self, part: str) -> dict[str, bytes]:
        """Return the files of a part by path, the overlay's over the fixture's."""
        found = {}
        for folder in self._folders:
            left_out = self._left_out if folder is self._folders[0] else []
            for path in (folder / part).rglob("*"):
                name = path.relative_to(folder).as_posix()
                is_left_out = any(f"{name}/".startswith(f"{entry}/") for entry in left_out)
                if path.is_file() and not is_left_out:
                    found[path.relative_to(folder / part).as_posix()] = self._read(path)
        return found

    def _read_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        for folder in self._folders:
            file = folder / "repo.toml"
            try:
                values = tomllib.loads(self._read(file).decode())
            except (OSError, ValueError) as error:
                raise FixtureError(f"{file}: {error}") from error
            if folder is not self._folders[0]:
                self._left_out = values.pop("drop", [])
            _validate(values, _SETTINGS, str(file))
            _merge(settings, values)
        if "now" not in settings:
            raise FixtureError(f"{self._folders[0] / 'repo.toml'}: now is missing")
        for entry in self._left_out:
            _there(self._folders[0], entry, f"{file}: drop")
        return settings

    def _read(self, path: Path) -> bytes:
        content = path.read_bytes()
        return content if b"\0" in content else _TIMESTAMP.sub(self._moved, content)

    def _moved(self, match: re.Match[bytes]) -> bytes:
        try:
            moved = datetime.fromisoformat(match[0].decode()) + self._shift
        except (ValueError, OverflowError):  # no such date: a fixture may want that
            return match[0]
        return moved.isoformat().replace("+00:00", "Z").encode()


def _there(folder: Path, path: object, where: str) -> Path:
    """Return what a fixture names in a folder; nothing outside of it is ever touched."""
    if not isinstance(path, str) or path in {"", "."} or path.startswith("/") or ".." in path.split("/"):
        raise FixtureError(f"{where}: {path!r} is no path below the fixture's own folder")
    if not (folder / path).exists():
        raise FixtureError(f"{where}: there is no {path}")
    return folder / path


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise FixtureError(f"{text!r} is not a timestamp like 2026-03-24T18:00:00Z") from None


def _validate(value: object, schema: Any, where: str) -> None:
    if isinstance(schema, dict) and isinstance(value, dict):
        for key, inner in value.items():
            if key not in schema and "*" not in schema:
                raise FixtureError(f"{where}: unknown key {key}")
            _validate(inner, schema.get(key) or schema["*"], f"{where}: {key}")
    elif isinstance(schema, tuple):
        if value not in schema:
            raise FixtureError(f"{where}: must be one of {', '.join(schema)}")
    elif not isinstance(value, dict if isinstance(schema, dict) else schema):
        raise FixtureError(f"{where}: {value!r} is of the wrong type")


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, dict) and key in into:
            _merge(into[key], value)
        else:
            into[key] = value


def _build_repository(source: _Source, root: Path) -> None:
    trunk = source.settings.get("branch", "main")
    try:
        create(root, trunk, source.settings.get("remote"))
    except GitFailed as error:
        raise FixtureError(str(error)) from error
    (root / ".gitignore").write_bytes(_GITIGNORE)  # until the fixture lays its own over it
    starts = {}
    for part, table in source.main():
        source.lay(part, table, root)
        if table.get("commit", True):
            _commit(root, source.date(table), table.get("message", part))
        starts["root"] = (root / ".git" / "refs" / "heads" / trunk).read_text().strip()
        starts.setdefault("base", starts["root"])
    works = list(source.works())
    if any(table.get("from") == "nothing" for _, table in works):
        starts["nothing"] = _git(root, source.date({}), "commit-tree", "-m", "nothing", _NOTHING).strip()
    for parts, table in works:
        start = table.get("from", "base")
        if start not in starts:
            raise FixtureError(f"{parts[-1]}: from: {start!r} is neither base nor root, nor a branch before it")
        _work(source, root, starts[start], parts, table)
        starts[table["branch"]] = table["branch"]
    for _, table in works:
        if "merged" in table:
            _merge_branch(root, source.date(table), table["branch"], table["merged"])


def _merge_branch(root: Path, date: datetime, branch: str, how: str) -> None:
    """Merge a branch into main: fast-forward, with a merge commit, or squashed."""
    flags = ["--ff-only"] if how == "ff" else [f"--{how}", "-X", "theirs"]
    _git(root, date, "merge", "-q", "--no-edit", *flags, branch)
    if how == "squash":
        _git(root, date, "commit", "-m", branch)


def _work(source: _Source, root: Path, start: str, parts: list[str], table: Mapping[str, Any]) -> None:
    """Make a worktree, with the commits on its branch."""
    folder, date, state = root / table["path"], source.date(table), table.get("state")
    options = ["--detach"] if state == "detached" else ["-b", table["branch"]]
    options += ["--lock"] if table.get("locked", state == "locked") else []
    _git(root, date, "worktree", "add", "-q", *options, str(folder), start)
    for part in parts:
        last = part == parts[-1]
        source.lay(part, table if last else {}, folder)
        if not last or table.get("commit", True):
            _commit(folder, date, part)
    if state == "missing":
        shutil.rmtree(folder)
    elif state == "broken":
        (folder / ".git").write_text("gitdir: nowhere\n")
    elif state == "branch only":
        _git(root, date, "worktree", "remove", str(folder))
    if table.get("fetched"):
        _make_fetched(root, date, table["branch"])


def _make_fetched(root: Path, date: datetime, branch: str) -> None:
    """Make a remote-tracking branch of a branch, ``origin/main``; and what the remote's HEAD is, where it has none."""
    remote = f"refs/remotes/{branch}"
    head = f"refs/remotes/{branch.partition('/')[0]}/HEAD"
    _git(root, date, "update-ref", remote, f"refs/heads/{branch}")
    _git(root, date, "branch", "-q", "-D", branch)
    if not (root / ".git" / head).exists():
        _git(root, date, "symbolic-ref", head, remote)


def _commit(folder: Path, date: datetime, message: str) -> None:
    _git(folder, date, "add", "-A")
    _git(folder, date, "commit", "-m", message)


def _git(folder: Path, date: datetime, *command: str) -> str:
    """Run git in a checkout; return what it prints.

    Raises:
        FixtureError: it can't be run, or fails.
    """
    try:
        return git(folder, date, *command)
    except GitFailed as error:
        raise FixtureError(str(error)) from error
