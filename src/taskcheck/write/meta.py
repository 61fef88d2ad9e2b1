"""What a file is besides its bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a file is besides its bytes: permission bits, numeric owner and group, time of the last write."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int | None
    """None for the time at which it is written."""
