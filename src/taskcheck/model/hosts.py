"""Hosts: names of which two are perhaps one, and the processes that live on this one."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from taskcheck.documents.frozen import frozen

_HOME_DOMAINS = (".local", ".lan", ".home", ".localdomain")
"""What a home network, or a Mac, adds to a machine's name."""


def folds(one: str, other: str) -> bool:
    """Return whether two names are perhaps one host: one is the other's first label, or has a home's domain added.

    Example:
        ``vm`` and ``VM.local``, ``vm.lan`` and ``vm.local``, ``vm`` and ``vm.example.com``; never ``vm.a.com`` and
        ``vm.b.com``, and no addresses.
    """
    one = one.casefold().rstrip(".")
    other = other.casefold().rstrip(".")
    if _is_address(one) or _is_address(other):
        return False
    bare_one = _without_home(one)
    bare_other = _without_home(other)
    if bare_one == bare_other:
        return True
    short, long = sorted((bare_one, bare_other), key=len)
    first_label = long.partition(".")[0]
    return "." not in short and first_label == short


def _without_home(host: str) -> str:
    for domain in _HOME_DOMAINS:
        if host.endswith(domain):
            return host.removesuffix(domain)
    return host


def _is_address(host: str) -> bool:
    digits = host.replace(".", "")
    if ":" in host:
        return True
    return digits.isdecimal()


@frozen(kw_only=True)
class Processes:
    """The process table of this host, limited to the pids in ledgers."""

    host: str
    started: Mapping[int, datetime | None]
    """Live pids to their start time; None where it can't be read."""
    is_partial: bool = False
    """Whether only the processes of a sandbox can be seen, though it has the name of this host."""
    occupied: frozenset[str] = frozenset()
    """Names of the worktrees in which a process works, whether a ledger names it or not; as far as that may be read."""

    def hides(self, pid: int, since: datetime | None, skew: timedelta) -> bool:
        """Return whether a recorded process may be alive outside of a sandbox: it isn't seen within."""
        if not self.is_partial:
            return False
        return pid not in self.started or self.started_later(pid, since, skew) is not None

    def is_host(self, host: str | None) -> bool:
        """Return whether a record is of this host: it names this host, regardless of case, or none."""
        return not host or host.casefold() == self.host.casefold()

    def may_be_host(self, host: str | None) -> bool:
        """Return whether a record is of this host, or of a host whose name may mean this one.

        A machine is ``vm`` to one program and ``vm.local`` or ``vm.example.com`` to another. Good for findings; a safe
        fix needs `is_host`.
        """
        return self.is_host(host) or folds(host or "", self.host)

    def lives(self, pid: int | None, host: str | None, since: datetime | None, skew: timedelta) -> bool | None:
        """Return whether a recorded process is alive; None if this host can't know.

        One that started later than ``since``, by more than ``skew``, is another process with the same pid.
        """
        if pid is None or not self.may_be_host(host) or self.hides(pid, since, skew):
            return None
        if pid not in self.started:
            return False
        return self.started_later(pid, since, skew) is None

    def started_later(self, pid: int, since: datetime | None, skew: timedelta) -> timedelta | None:
        """Return by how much a live process is younger than a recorded one of its number; None where it may be that."""
        started = self.started[pid]
        if started is None or since is None or started <= since + skew:
            return None
        return started - since
