"""Every combination of what decides a task's headline, as one task each of a store that is held in memory."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from taskcheck.assemble.parse import parse
from taskcheck.config import load as config
from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.history import Brought, Moment, RecordedPath
from taskcheck.model.hosts import Processes
from taskcheck.model.sources import (
    Change,
    CheckoutSource,
    Fork,
    Merge,
    Repository,
    Source,
    Sources,
)
from tests.verdicts.table import State

NOW = datetime(2026, 3, 24, 18, tzinfo=UTC)
ROOT = Path("/store")
HOST = "mac-1"
BASE, HEAD = "b" * 40, "a" * 40
STATUSES: dict[str, str] = {
    "parked": "not_started",
    "ready": "ready",
    "active": "in_progress",
    "review": "in_review",
    "stopped": "blocked",
    "done": "completed",
    "dropped": "cancelled",
    "unknown": "partial",
}
"""A status of each class."""

BEGAN = NOW - timedelta(hours=3)
ENDED = NOW - timedelta(hours=2)


def ago(**span: float) -> str:
    """A timestamp before now."""
    return f"{NOW - timedelta(**span):%Y-%m-%dT%H:%M:%SZ}"


@cache
def _settings() -> Settings:
    with tempfile.TemporaryDirectory() as empty:
        preset = config.load(Path(empty), config.presets(config.builtin_presets()))
    return replace(preset, source="taskcheck.toml", people={"ana": ()}, trunk=("main",))


@dataclass(frozen=True)
class Built:
    """The parts of a store that one task in a state makes."""

    files: list[Source]
    tombstones: list[Source]
    logs: list[Source]
    entries: dict[str, dict[str, Any]]
    checkouts: list[CheckoutSource]
    merges: dict[str, Merge]
    standing: dict[str, tuple[Change, ...]]
    brought: list[Brought]
    paths: dict[str, RecordedPath]
    alive: dict[int, datetime | None]
    """The live processes, with when they were started."""


def sources_of(states: Sequence[State]) -> tuple[Sources, Settings]:
    """A store with a task in each of some states: ``t0``, ``t1`` and so on."""
    settings = _settings()
    built = Built([], [], [], {}, [], {}, {}, [], {}, {})
    for number, state in enumerate(states):
        _Task(f"t{number}", state, built).build()
    register = {"owner": "ana", "entries": built.entries}
    found = Sources(
        root=ROOT,
        tasks=tuple(built.files),
        registers=(_source(settings.paths.register("ana"), json.dumps(register), name="ana"),),
        tombstones=tuple(built.tombstones),
        dispatch_logs=tuple(built.logs),
        processes=Processes(host=HOST, started=built.alive),
        recorded_paths=built.paths,
        git=Repository(
            head=HEAD,
            branch="main",
            shallow=False,
            on_trunk=True,
            trunk="main",
            checkouts=tuple(built.checkouts),
            merges=built.merges,
            standing=built.standing,
            brought=tuple(built.brought),
        ),
    )
    parse(found, settings)
    return found, settings


def _source(path: str, text: str, *, name: str = "", at: datetime = BEGAN) -> Source:
    return Source(path=path, data=text.encode(), name=name, mtime_ns=int(at.timestamp()) * 10**9)


class _Task:
    """One task, and everything that is said of it."""

    def __init__(self, name: str, state: State, built: Built) -> None:
        self.name, self.state, self.built = name, state, built
        self.path = f"tasks/{name}.md"
        self.branch = f"task/{name}" if state.branch != "none" or state.tie == "pattern" else None
        self.worktree: str | None = None
        self.pid = 1000 + int(name[1:])

    def build(self) -> None:
        """Put all of it into the store."""
        root = self._page(STATUSES[self.state.root], front=self._ties_by_front_matter())
        self.built.files.append(_source(self.path, root))
        self._copy(root)
        self._branch()
        self._run()
        given = Change(path=self.path, commit="c" * 40, at=NOW - timedelta(hours=1), before=None, after=root.encode())
        self.built.standing[self.path] = (given,)

    def _ties_by_front_matter(self) -> dict[str, str]:
        """What the front matter records, where no entry and no tombstone does."""
        is_recorded = self.state.tie == "record" or self.state.branch in {"deleted", "reverted"}
        if not is_recorded or self._has_records():
            return {}
        tied = {"branch": f"task/{self.name}"} if self.state.branch != "none" else {}
        if self.state.copy != "none":
            tied["worktree"] = f"wt/{self.name}"
        return tied

    def _has_records(self) -> bool:
        return self.state.entry == "entry" or self.state.dispatch not in {"none", "log"}

    def _page(self, status: str, **more: Any) -> str:
        values = {"title": f"The {self.name}", "owner": "ana", "status": status, "updated_at": ago(hours=1)}
        values |= more.get("front", {})
        return "---\n" + "".join(f"{key}: {value}\n" for key, value in values.items()) + "---\n"

    def _copy(self, root: str) -> None:
        """The checkout in which the task says something else, and by what it is the task's own."""
        state = self.state
        if state.copy == "none":
            return
        front = {"pr_number": "7"} if state.copy == "review" else {}
        text = self._page(STATUSES[state.copy], front={**self._ties_by_front_matter(), **front})
        place = {"record": "wt", "pattern": ".worktrees", "presumed": "elsewhere", "foreign": "elsewhere"}[state.tie]
        self.worktree = f"{place}/{self.name}"
        branch = self.branch if state.tie in {"record", "pattern"} else f"wip/{self.name}"
        self._checkout(self.worktree, branch, {self.path: _source(self.path, text)}, root)
        if state.tie == "foreign":
            self._checkout(f".worktrees/{self.name}", self.branch, {}, root)

    def _checkout(self, path: str, branch: str | None, files: dict[str, Source], root: str) -> None:
        own = {name: (source.data or b"",) for name, source in files.items()}
        fork = Fork(
            base=BASE,
            base_files={self.path: root.encode()},
            root_versions={},
            own_versions=own,
            commits=1,
            newest_commit_at=NOW - timedelta(hours=1, minutes=30),
            newest_work_at=NOW - timedelta(hours=1, minutes=30),
        )
        real = f"{ROOT}/{path}"
        self.built.checkouts.append(
            CheckoutSource(
                name=f"worktree:{path}",
                path=Path(real),
                shown_path=path,
                real_path=real,
                branch=branch,
                head="d" * 40,
                files=files,
                fork=fork,
                switched_at=BEGAN,
            )
        )
        self.built.paths[path] = RecordedPath(exists=True, parent_exists=True, inside=True, real=real)

    def _branch(self) -> None:
        """What git says of the branch."""
        branch = f"task/{self.name}"
        tip = "e" * 40
        edits = self._edits() if self.state.branch == "merged" else ()
        landed = Moment(commit="8" * 40, at=NOW - timedelta(minutes=30))
        verdicts = {
            "unmerged": Merge(
                merged=False, proof="it has commits that trunk hasn't", fork=BASE, tip=tip, begun_at=BEGAN
            ),
            "merged": Merge(
                merged=True, proof="its tip is in root's history", fork=BASE, tip=tip, edits=edits, landed=landed
            ),
            "reverted": Merge(
                merged=False, proof="it was reverted", fork=BASE, tip=tip, reverted=Moment(commit="9" * 40, at=NOW)
            ),
        }
        if self.state.branch in verdicts:
            self.built.merges[branch] = verdicts[self.state.branch]
        if self.state.branch == "deleted":
            merged = NOW - timedelta(minutes=30)
            subject = f"Merge branch '{branch}'"
            self.built.brought.append(
                Brought(made=Moment(commit="f" * 40, at=merged), subject=subject, branches=frozenset({branch}))
            )

    def _edits(self) -> tuple[Change, ...]:
        """How the merged branch left the task, by what its own copy says."""
        if self.state.copy == "none":
            return ()
        before = self._page(STATUSES[self.state.root]).encode()
        after = self._page(STATUSES[self.state.copy]).encode()
        return (Change(path=self.path, commit="e" * 40, at=BEGAN, before=before, after=after),)

    def _run(self) -> None:
        """Entry, tombstone and log."""
        state = self.state
        is_recorded = state.tie == "record" or state.branch in {"deleted", "reverted", "merged", "unmerged"}
        where: dict[str, Any] = {}
        if is_recorded and state.branch != "none":
            where["branch"] = f"task/{self.name}"
        if state.tie == "record" and self.worktree:
            where["worktree_path"] = self.worktree
        process = self.pid if state.dispatch in {"running", "gone"} else None
        if state.dispatch == "running":
            self.built.alive[self.pid] = BEGAN
        began = {"registered_at": ago(hours=3), "launched_at": ago(hours=3)}
        if state.entry == "entry":
            worker = {"pid": process, "host": HOST} if process else {}
            if state.dispatch == "unknown":
                worker = {"host": "elsewhere"}
            launched = began if state.dispatch != "none" else {"registered_at": ago(hours=3)}
            self.built.entries[self.name] = {**launched, **worker, **where}
        if state.dispatch == "log":
            text = "work\ndispatch_exit_code=0\n"
            self.built.logs.append(_source(f"tasks/logs/dispatch-{self.name}.log", text, name=self.name, at=ENDED))
        elif state.dispatch != "none":
            self._tombstone({**where, **({"pid": process, "host": HOST} if process else {})})

    def _tombstone(self, fields: dict[str, Any]) -> None:
        state = self.state.dispatch
        record: dict[str, Any] = {"task": self.name, "owner": "ana", "started_at": ago(hours=3), **fields}
        if state in {"running", "gone", "unknown"}:
            record |= {"state": "running"}
        else:
            outcome = None if state == "no outcome" else state
            record |= {"state": "ended", "ended_at": ago(hours=2), "outcome": outcome, "exit_code": 0}
            if state == "completed_with_pr":
                record["pr_number"] = 7
        if state == "unknown":
            record |= {"host": "elsewhere"}
        text = json.dumps(record)
        path = f"tasks/logs/dispatch-{self.name}.status.json"
        self.built.tombstones.append(_source(path, text, name=self.name, at=ENDED))
