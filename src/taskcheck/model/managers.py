"""The frozen noun of a manager: all that one person's registers and snapshots say."""

from collections.abc import Iterator
from datetime import datetime

from taskcheck.documents.frozen import frozen
from taskcheck.model.runtime import Entry, Ledger, Register, Snapshot


@frozen(kw_only=True)
class Manager:
    """A process that works for one person: all registers and snapshots that resolve to that person."""

    key: str
    known: bool
    """Whether the key is a declared person."""
    registers: tuple[Register, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def newest_snapshot(self) -> Snapshot | None:
        """The newest snapshot; of equally new ones, the file under the person's own key."""
        return max(
            self.snapshots,
            key=lambda s: (s.generated_at is not None, s.generated_at, s.ledger.name == self.key),
            default=None,
        )

    @property
    def heard_at(self) -> datetime | None:
        """When it last wrote a heartbeat; None if unknown."""
        snapshot = self.newest_snapshot
        return snapshot.generated_at if snapshot is not None else None

    @property
    def files(self) -> tuple[Ledger, ...]:
        """Its registers, then its snapshots, as files."""
        return (*(r.ledger for r in self.registers), *(s.ledger for s in self.snapshots))

    @property
    def entries(self) -> Iterator[Entry]:
        """The entries of all its registers."""
        return (entry for register in self.registers for entry in register.entries)
