"""Runtime files to registers, snapshots, tombstones and dispatch logs; what couldn't be read stays as trouble."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from taskcheck.config.people import People
from taskcheck.documents import Document, DocumentError, Route, Trouble, Value, read_json
from taskcheck.model.runtime import (
    DispatchLog,
    Entry,
    Ledger,
    LedgerKind,
    Register,
    Row,
    Signal,
    Snapshot,
    Tombstone,
)
from taskcheck.model.sources import Source, Sources
from taskcheck.model.task import Place, pull_request

_EXIT_LINE = re.compile(r"dispatch_exit_code=(-?\d{1,9})")
_TOMBSTONE_SCHEMA = "taskcheck/tombstone/1"
_OF_RUN = frozenset({"pid", "host", "state", "launched_at", "started_at", "heartbeat_at", "ended_at"})
"""Fields without which it can't be told whether a worker lives."""

CONTAINERS = ("entries", "tasks", "workers")
"""Keys under which a register may hold its rows."""


@dataclass(frozen=True, slots=True)
class Ledgers:
    """Everything that the runtime files say."""

    registers: tuple[Register, ...]
    snapshots: tuple[Snapshot, ...]
    tombstones: tuple[Tombstone, ...]
    logs: tuple[DispatchLog, ...]
    files: tuple[Ledger, ...]
    """Every runtime file, readable or not."""


def read_ledgers(sources: Sources, people: People) -> Ledgers:
    """All runtime ledgers, with people resolved."""
    registers = tuple(_register(source, people) for source in sources.registers)
    snapshots = tuple(_snapshot(source, people) for source in sources.snapshots)
    tombstones = tuple(_tombstone(source) for source in sources.tombstones)
    logs = [_log(source) for source in sources.dispatch_logs]
    return Ledgers(
        registers=registers,
        snapshots=snapshots,
        tombstones=tombstones,
        logs=tuple(log for log, _ in logs if log is not None),
        files=(
            *(register.ledger for register in registers),
            *(snapshot.ledger for snapshot in snapshots),
            *(tombstone.ledger for tombstone in tombstones),
            *(ledger for _, ledger in logs),
        ),
    )


def entries(registers: Iterable[Register]) -> tuple[Entry, ...]:
    """All registers' rows; the registers of one person count as one, so that equal entries in them are one.

    The register under the person's own key speaks first, then the newest.
    """
    merged: dict[tuple[str, ...], Entry] = {}
    for register in sorted(registers, key=_precedence):
        for entry in register.entries:
            process = f"{entry.pid or ''}@{entry.host or ''}"
            key = (entry.manager, entry.task, entry.worktree_path or "", entry.branch or "", process)
            first = merged.get(key)
            if first is None or first.place.path == entry.place.path:
                merged.setdefault((*key, *entry.place.route) if first else key, entry)
            else:
                merged[key] = replace(first, also=(*first.also, entry.place))
    return tuple(sorted(merged.values(), key=lambda entry: (entry.place.path, entry.place.route)))


def _precedence(register: Register) -> tuple[bool, bool, float, str]:
    ledger, updated = register.ledger, register.updated_at
    return (ledger.name != ledger.manager, updated is None, -updated.timestamp() if updated else 0.0, ledger.place.path)


def person_or_name(spelling: str, people: People) -> str:
    """The key of the person that a spelling means, else the spelling itself."""
    return people.person(spelling) or spelling


def _of_manager(source: Source, kind: LedgerKind, people: People) -> Ledger:
    """A register or snapshot, opened: whose it is says its file name, and where that is nobody's, the owner inside."""
    ledger = _open(source, kind, person_or_name(source.name, people))
    inner = people.person(ledger.owner)
    return replace(ledger, manager=inner) if inner and people.resolve(source.name) is None else ledger


def _open(source: Source, kind: LedgerKind, manager: str | None = None) -> Ledger:
    """The file as a JSON document, or with the trouble that kept it."""
    ledger = Ledger(
        kind=kind, place=Place(path=source.path), name=source.name, manager=manager, written_at=source.mtime
    )
    if source.data is None:
        return replace(ledger, troubles=(((), source.trouble or Trouble("denied", "it could not be read")),))
    try:
        document = read_json(source.data)
    except DocumentError as error:
        return replace(ledger, troubles=(((), error.trouble),))
    if kind is not LedgerKind.REGISTER and document.text.lstrip().startswith("["):
        return replace(ledger, troubles=(((), Trouble("not-a-mapping", "the file holds a list, not an object")),))
    return replace(
        ledger,
        document=document,
        owner=_text(document.values.get("owner")),
        troubles=(((), document.trouble),) if document.trouble else (),
    )


def _close(ledger: Ledger, troubles: Sequence[tuple[Route, Trouble]]) -> Ledger:
    """The ledger with the troubles of its records, each put on its line."""
    located = []
    for route, trouble in troubles:
        line, column = ledger.document.locate(route) if ledger.document else (1, 1)
        located.append((route, replace(trouble, line=line, column=column)))
    return replace(ledger, troubles=(*ledger.troubles, *located))


def _register(source: Source, people: People) -> Register:
    from taskcheck.assemble.records import (  # noqa: PLC0415 - pydantic, only where there is JSON
        EntryRecord,
        RegisterRecord,
        validate,
    )

    ledger = _of_manager(source, LedgerKind.REGISTER, people)
    if ledger.document is None:
        return Register(ledger=ledger)
    values = ledger.document.values
    troubles: list[tuple[Route, Trouble]] = []
    head = validate(RegisterRecord, values, (), troubles) or RegisterRecord()
    entries = []
    if not any(name in values for name in CONTAINERS) and any(isinstance(v, Mapping) for v in values.values()):
        named = f"{', '.join(CONTAINERS[:-1])} and {CONTAINERS[-1]}"
        troubles.append(((), Trouble("wrong-type", f"it has none of {named}: what it registers can't be told")))
    for task, route, value in _rows(values, CONTAINERS, troubles):
        record = validate(EntryRecord, value, route, troubles)
        if record is not None:
            entries.append(
                Entry(
                    task=task,
                    place=Place(path=source.path, route=route),
                    manager=ledger.manager or "",
                    pull_request=pull_request(record.pr_url, record.pr_number),
                    doubtful=_doubtful(route, troubles),
                    **record.model_dump(exclude={"slug", "task", "pr_url", "pr_number"}),
                )
            )
    return Register(ledger=_close(ledger, troubles), entries=tuple(entries), updated_at=head.updated_at)


def _snapshot(source: Source, people: People) -> Snapshot:
    from taskcheck.assemble.records import (  # noqa: PLC0415 - as above
        RowRecord,
        SignalRecord,
        SnapshotRecord,
        validate,
    )

    ledger = _of_manager(source, LedgerKind.SNAPSHOT, people)
    if ledger.document is None:
        return Snapshot(ledger=ledger)
    manager = ledger.manager or ""
    values = ledger.document.values
    troubles: list[tuple[Route, Trouble]] = []
    head = validate(SnapshotRecord, values, (), troubles) or SnapshotRecord()
    if head.generated_at is None and not any(route == ("generated_at",) for route, _ in troubles):
        at: Route = ("generated_at",) if "generated_at" in values else ()
        troubles.append((at, Trouble("wrong-type", "generated_at is missing: its age can't be told")))
    rows = []
    for task, route, value in _rows(values, ("tasks",), troubles):
        record = validate(RowRecord, value, route, troubles)
        if record is not None:
            rows.append(
                Row(
                    task=task,
                    place=Place(path=source.path, route=route),
                    manager=manager,
                    status=record.status,
                    registered=record.registered,
                    dispatch_state=record.dispatch_state,
                    needs_attention=record.needs_attention,
                    pull_request=pull_request(record.pr_url, record.pr_number),
                )
            )
    signals = []
    for index, value in enumerate(_signals(head.escalation or {}, troubles)):
        route = ("escalation", "signals", str(index))
        signal = validate(SignalRecord, value, route, troubles)
        if signal is not None:
            place = Place(path=source.path, route=route)
            signals.append(Signal(manager=manager, place=place, **signal.model_dump()))
    return Snapshot(
        ledger=_close(ledger, troubles),
        generated_at=head.generated_at,
        rows=tuple(rows),
        signals=tuple(signals),
        counts=head.counts or {},
    )


def _signals(escalation: Mapping[str, Value], troubles: list[tuple[Route, Trouble]]) -> Sequence[Value]:
    listed = escalation.get("signals")
    if listed is None or isinstance(listed, list | tuple):
        return listed or ()
    troubles.append((("escalation", "signals"), Trouble("wrong-type", "escalation.signals should be a list")))
    return ()


def _tombstone(source: Source) -> Tombstone:
    from taskcheck.assemble.records import TombstoneRecord, validate  # noqa: PLC0415 - as above

    ledger = _open(source, LedgerKind.TOMBSTONE)
    if ledger.document is None:
        return Tombstone(ledger=ledger, task=source.name, readable=False)
    troubles: list[tuple[Route, Trouble]] = []
    schema = ledger.document.values.get("schema")
    if isinstance(schema, str) and schema.startswith("taskcheck/tombstone/") and schema != _TOMBSTONE_SCHEMA:
        trouble = Trouble("future-schema", f"{schema} is newer than this taskcheck, which knows {_TOMBSTONE_SCHEMA}")
        unread = replace(_close(ledger, [(("schema",), trouble)]), document=None)
        return Tombstone(ledger=unread, task=source.name, readable=False)
    record = validate(TombstoneRecord, ledger.document.values, (), troubles)
    if record is None:
        return Tombstone(ledger=_close(ledger, troubles), task=source.name, readable=False)
    return Tombstone(
        ledger=_close(ledger, troubles),
        pull_request=pull_request(record.pr_url, record.pr_number),
        doubtful=_doubtful((), troubles),
        **{**record.model_dump(exclude={"pr_url", "pr_number"}), "task": record.task or source.name},
    )


def _doubtful(route: Route, troubles: Sequence[tuple[Route, Trouble]]) -> bool:
    """Whether one of a record's fields that tell of its run can't be used."""
    return any(at[:-1] == route and at[-1] in _OF_RUN for at, _ in troubles if at)


def _log(source: Source) -> tuple[DispatchLog | None, Ledger]:
    ledger = Ledger(kind=LedgerKind.LOG, place=Place(path=source.path), name=source.name)
    if source.data is None:
        trouble = source.trouble or Trouble("denied", "it could not be read")
        return None, replace(ledger, troubles=(((), trouble),))
    lines = source.data.decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    match = _EXIT_LINE.fullmatch(last)
    return (
        DispatchLog(
            task=source.name,
            place=ledger.place,
            exit_code=int(match[1]) if match else None,
            mtime=source.mtime,
        ),
        ledger,
    )


def _rows(
    values: Mapping[str, Value], containers: Sequence[str], troubles: list[tuple[Route, Trouble]]
) -> Iterator[tuple[str, Route, Value]]:
    """The rows of a ledger: task, route and value, from an object keyed by task or a list of objects that name it."""
    container = next((name for name in containers if values.get(name)), None)
    container = container or next((name for name in containers if name in values), None)
    if container is None:
        return
    rows = values[container]
    if isinstance(rows, Mapping):
        for key, value in rows.items():
            if key:
                yield key, (container, key), value
            else:
                troubles.append(((container, key), Trouble("wrong-type", "a row needs its task as its key")))
        return
    if not isinstance(rows, list | tuple):
        troubles.append(((container,), Trouble("wrong-type", f"{container} should be an object or a list")))
        return
    for index, value in enumerate(rows):
        route = (container, str(index))
        task = (_text(value.get("slug")) or _text(value.get("task"))) if isinstance(value, Mapping) else None
        if task is None:
            troubles.append((route, Trouble("wrong-type", "a row in a list needs its task under slug or task")))
        else:
            yield task, route, value


def register_rows(document: Document) -> list[tuple[str, Route, Value]]:
    """The rows of a register: task, route and value of each."""
    return list(_rows(document.values, CONTAINERS, []))


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) and value else None


def documents(ledgers: Ledgers) -> dict[tuple[str, str], Document]:
    """The documents behind the files, by checkout and path."""
    return {("root", ledger.place.path): ledger.document for ledger in ledgers.files if ledger.document is not None}
