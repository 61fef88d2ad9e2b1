"""Runtime files to registers, snapshots, tombstones and dispatch logs; what couldn't be read stays as trouble."""

from collections.abc import Iterable, Mapping

from taskcheck.assemble.records import (
    EntryRecord,
    RegisterRecord,
    RowRecord,
    SignalRecord,
    SnapshotRecord,
    TombstoneRecord,
    said,
    validate,
)
from taskcheck.assemble.rows import CONTAINERS, Troubles, ledger_rows, nonempty_text
from taskcheck.config.people import People
from taskcheck.documents import Document, DocumentError, Route, Trouble, Value
from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen, replace
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

_EXIT_LINE = expression(r"dispatch_exit_code=(-?\d{1,9})")
_TOMBSTONE_SCHEMA = "taskcheck/tombstone/1"
_OF_RUN = frozenset({"pid", "host", "state", "launched_at", "started_at", "heartbeat_at", "ended_at"})
"""Fields without which it can't be told whether a worker lives."""


@frozen
class Ledgers:
    """Everything that the runtime files say."""

    registers: tuple[Register, ...]
    snapshots: tuple[Snapshot, ...]
    tombstones: tuple[Tombstone, ...]
    logs: tuple[DispatchLog, ...]
    files: tuple[Ledger, ...]
    """Every runtime file, readable or not."""

    @property
    def tell_of_runs(self) -> bool:
        """Whether there is a ledger that could tell of a run."""
        return bool(self.registers or self.tombstones or self.logs)


def parse_ledgers(sources: Sources, people: People) -> Ledgers:
    """Return all runtime ledgers, with people resolved."""
    registers = tuple(_register(source, people) for source in sources.registers)
    snapshots = tuple(_snapshot(source, people) for source in sources.snapshots)
    tombstones = tuple(parse_tombstone(source) for source in sources.tombstones)
    logs: list[DispatchLog] = []
    log_files: list[Ledger] = []
    for source in sources.dispatch_logs:
        log, file = _log(source)
        log_files.append(file)
        if log is not None:
            logs.append(log)
    return Ledgers(
        registers=registers,
        snapshots=snapshots,
        tombstones=tombstones,
        logs=tuple(logs),
        files=(
            *(register.ledger for register in registers),
            *(snapshot.ledger for snapshot in snapshots),
            *(tombstone.ledger for tombstone in tombstones),
            *log_files,
        ),
    )


def entries(registers: Iterable[Register]) -> tuple[Entry, ...]:
    """Return all registers' rows; the registers of one person count as one, so that equal entries in them are one.

    The register under the person's own key speaks first, then the newest.
    """
    merged: dict[tuple[str, ...], Entry] = {}
    for register in sorted(registers, key=_precedence):
        for entry in register.entries:
            key = _sameness(entry)
            first = merged.get(key)
            if first is None:
                merged[key] = entry
            elif first.place.path == entry.place.path:
                merged.setdefault((*key, *entry.place.route), entry)  # twice in one file are two
            else:
                merged[key] = replace(first, also=(*first.also, entry.place))
    return tuple(sorted(merged.values(), key=lambda entry: (entry.place.path, entry.place.route)))


def _sameness(entry: Entry) -> tuple[str, ...]:
    """Return what is equal in two registers' entries of one dispatch."""
    process = f"{entry.pid or ''}@{entry.host or ''}"
    return entry.manager, entry.task, entry.worktree_path or "", entry.branch or "", process


def _precedence(register: Register) -> tuple[bool, bool, float, str]:
    """Return a key that sorts one person's registers: under the own key first, then the newest, then by path."""
    ledger = register.ledger
    updated = register.updated_at
    age = -updated.timestamp() if updated else 0.0
    return ledger.name != ledger.manager, updated is None, age, ledger.place.path


def person_or_name(spelling: str, people: People) -> str:
    """Return the key of the person that a spelling means, else the spelling itself."""
    return people.person(spelling) or spelling


def _of_manager(source: Source, kind: LedgerKind, people: People) -> Ledger:
    """Return a register or snapshot, opened: whose it is says its file name, else the owner inside."""
    ledger = _open(source, kind, person_or_name(source.name, people))
    owner = people.person(ledger.owner)
    if owner and people.resolve(source.name) is None:
        return replace(ledger, manager=owner)
    return ledger


def _open(source: Source, kind: LedgerKind, manager: str | None = None) -> Ledger:
    """Return the file as a JSON document, or with the trouble that kept it."""
    ledger = Ledger(
        kind=kind, place=Place(path=source.path), name=source.name, manager=manager, written_at=source.mtime
    )
    if source.data is None:
        return _unread(ledger, source.trouble or Trouble("denied", "it could not be read"))
    from taskcheck.documents import read_json

    try:
        document = read_json(source.data)
    except DocumentError as error:
        return _unread(ledger, error.trouble)
    holds_a_list = document.text.lstrip().startswith("[")
    if holds_a_list and kind is not LedgerKind.REGISTER:
        return _unread(ledger, Trouble("not-a-mapping", "the file holds a list, not an object"))
    return replace(
        ledger,
        document=document,
        owner=nonempty_text(document.values.get("owner")),
        troubles=(((), document.trouble),) if document.trouble else (),
    )


def _unread(ledger: Ledger, trouble: Trouble) -> Ledger:
    """Return a ledger that can't be read as a whole."""
    return replace(ledger, troubles=(((), trouble),))


def _close(ledger: Ledger, troubles: Troubles) -> Ledger:
    """Return the ledger with the troubles of its records, each put on its line."""
    located = []
    for route, trouble in troubles:
        line, column = ledger.document.locate(route) if ledger.document else (1, 1)
        located.append((route, replace(trouble, line=line, column=column)))
    return replace(ledger, troubles=(*ledger.troubles, *located))


def _register(source: Source, people: People) -> Register:
    """Return a register with those of its rows that can be used."""
    ledger = _of_manager(source, LedgerKind.REGISTER, people)
    if ledger.document is None:
        return Register(ledger=ledger)
    values = ledger.document.values
    troubles: Troubles = []
    head = validate(RegisterRecord, values, (), troubles) or RegisterRecord()
    if not any(name in values for name in CONTAINERS) and any(isinstance(value, Mapping) for value in values.values()):
        named = f"{', '.join(CONTAINERS[:-1])} and {CONTAINERS[-1]}"
        message = f"it has none of the keys {named}, so what it registers is unknown"
        troubles.append(((), Trouble("wrong-type", message)))
    entries = []
    for task, route, value in ledger_rows(values, CONTAINERS, troubles):
        entry = _entry(ledger, task, route, value, troubles)
        if entry is not None:
            entries.append(entry)
    return Register(ledger=_close(ledger, troubles), entries=tuple(entries), updated_at=head.updated_at)


def _entry(ledger: Ledger, task: str, route: Route, value: Value, troubles: Troubles) -> Entry | None:
    """Return a register's row; None where nothing in it can be used."""
    record = validate(EntryRecord, value, route, troubles)
    if record is None:
        return None
    return Entry(
        task=task,
        place=Place(path=ledger.place.path, route=route),
        manager=ledger.manager or "",
        pull_request=pull_request(record.pr_url, record.pr_number),
        doubtful=_doubtful(route, troubles),
        **said(record, "slug", "task", "pr_url", "pr_number"),
    )


def _snapshot(source: Source, people: People) -> Snapshot:
    """Return a snapshot with those of its rows and signals that can be used."""
    ledger = _of_manager(source, LedgerKind.SNAPSHOT, people)
    if ledger.document is None:
        return Snapshot(ledger=ledger)
    values = ledger.document.values
    troubles: Troubles = []
    head = validate(SnapshotRecord, values, (), troubles) or SnapshotRecord()
    if head.generated_at is None and not any(route == ("generated_at",) for route, _ in troubles):
        at: Route = ("generated_at",) if "generated_at" in values else ()
        troubles.append((at, Trouble("wrong-type", "generated_at is missing, so its age is unknown")))
    rows = []
    for task, route, value in ledger_rows(values, ("tasks",), troubles):
        row = _row(ledger, task, route, value, troubles)
        if row is not None:
            rows.append(replace(row, said_at=head.generated_at))
    signals = _signals(ledger, head.escalation or {}, troubles)
    return Snapshot(
        ledger=_close(ledger, troubles),
        generated_at=head.generated_at,
        rows=tuple(rows),
        signals=signals,
        counts=head.counts or {},
    )


def _row(ledger: Ledger, task: str, route: Route, value: Value, troubles: Troubles) -> Row | None:
    """Return a snapshot's row; None where nothing in it can be used."""
    record = validate(RowRecord, value, route, troubles)
    if record is None:
        return None
    return Row(
        task=task,
        place=Place(path=ledger.place.path, route=route),
        manager=ledger.manager or "",
        status=record.status,
        registered=record.registered,
        dispatch_state=record.dispatch_state,
        needs_attention=record.needs_attention,
        pull_request=pull_request(record.pr_url, record.pr_number),
    )


def _signals(ledger: Ledger, escalation: Mapping[str, Value], troubles: Troubles) -> tuple[Signal, ...]:
    """Return the raw signals of a snapshot, as far as they can be used."""
    listed = escalation.get("signals")
    if listed is None:
        return ()
    if not isinstance(listed, list | tuple):
        troubles.append((("escalation", "signals"), Trouble("wrong-type", "escalation.signals should be a list")))
        return ()
    signals = []
    for index, value in enumerate(listed):
        route = ("escalation", "signals", str(index))
        record = validate(SignalRecord, value, route, troubles)
        if record is not None:
            place = Place(path=ledger.place.path, route=route)
            signals.append(Signal(manager=ledger.manager or "", place=place, **said(record)))
    return tuple(signals)


def parse_tombstone(source: Source, checkout: str = "root") -> Tombstone:
    """Return a tombstone; one that can't be understood is of the task that its file name says, and nothing else."""
    opened = _open(source, LedgerKind.TOMBSTONE)
    ledger = replace(opened, place=replace(opened.place, checkout=checkout))
    if ledger.document is None:
        return Tombstone(ledger=ledger, task=source.name, readable=False)
    newer = _newer_schema(ledger.document)
    if newer is not None:
        closed = _close(ledger, [(("schema",), newer)])
        return Tombstone(ledger=replace(closed, document=None), task=source.name, readable=False)
    troubles: Troubles = []
    record = validate(TombstoneRecord, ledger.document.values, (), troubles)
    if record is None:
        return Tombstone(ledger=_close(ledger, troubles), task=source.name, readable=False)
    return Tombstone(
        ledger=_close(ledger, troubles),
        task=record.task or source.name,
        pull_request=pull_request(record.pr_url, record.pr_number),
        doubtful=_doubtful((), troubles),
        **said(record, "task", "pr_url", "pr_number"),
    )


def _newer_schema(document: Document) -> Trouble | None:
    """Return the trouble with a tombstone that a newer taskcheck wrote; None where this one knows it."""
    schema = document.values.get("schema")
    if not isinstance(schema, str) or not schema.startswith("taskcheck/tombstone/"):
        return None
    if schema == _TOMBSTONE_SCHEMA:
        return None
    return Trouble("future-schema", f"{schema} is newer than this taskcheck, which knows {_TOMBSTONE_SCHEMA}")


def _doubtful(route: Route, troubles: Troubles) -> bool:
    """Return whether one of a record's fields that tell of its run can't be used."""
    return any(at[:-1] == route and at[-1] in _OF_RUN for at, _ in troubles if at)


def _log(source: Source) -> tuple[DispatchLog | None, Ledger]:
    """Return what a worker's log tells, None where it can't be read; and the file."""
    file = Ledger(kind=LedgerKind.LOG, place=Place(path=source.path), name=source.name)
    if source.data is None:
        return None, _unread(file, source.trouble or Trouble("denied", "it could not be read"))
    exit_line = _EXIT_LINE.fullmatch(_last_line(source.data.decode("utf-8", "replace")))
    exit_code = int(exit_line[1]) if exit_line else None
    log = DispatchLog(task=source.name, place=file.place, exit_code=exit_code, mtime=source.mtime)
    return log, file


def _last_line(text: str) -> str:
    """Return the last line that has anything in it, stripped; empty where none has."""
    for line in reversed(text.split("\n")):
        if line.strip():
            return line.strip()
    return ""


def documents(ledgers: Ledgers) -> dict[tuple[str, str], Document]:
    """Return the documents behind the files, by checkout and path."""
    found = {}
    for ledger in ledgers.files:
        if ledger.document is not None:
            found[ledger.place.checkout, ledger.place.path] = ledger.document
    return found
