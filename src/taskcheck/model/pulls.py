"""Pull requests as their forges have them: where each is, what was answered about it, what of that counts."""

from collections.abc import Mapping
from datetime import datetime
from itertools import chain

from taskcheck.documents.expression import expression
from taskcheck.documents.frozen import frozen
from taskcheck.documents.values import first_few
from taskcheck.model.forges import PullAddress, PullState
from taskcheck.model.sources import Merge, Unavailable
from taskcheck.model.task import PULL_PATH, Place, PullRequest

_ADDRESS = expression(rf"https?://(?P<host>[^/\s@?#]+)/(?P<repository>[^\s?#]+?)(?:/-)?{PULL_PATH}")
_WEB = expression(r"https?://(?:[^/\s@]*@)?(?P<host>[^/\s@]+)/(?P<path>\S+)")
_SSH = expression(r"(?:ssh|git)://(?:[^/\s@]*@)?(?P<host>[^/\s@:]+)(?::\d+)?/(?P<path>\S+)")
_SCP = expression(r"(?:[^/\s@]+@)?(?P<host>[^/\s:@]+):(?P<path>(?!//)\S+)")
_DEFAULT_PORT = expression(r"\.?(?::(?:443|80))?\Z")
_ALIASES = {"www.github.com": "github.com", "ssh.github.com": "github.com"}


@frozen(kw_only=True)
class Pull:
    """A pull request that a ledger records, with what its forge says."""

    address: PullAddress
    place: Place
    """Of the first ledger that records it."""
    also: tuple[Place, ...] = ()
    """Of the others."""
    answer: PullState | Unavailable
    """Or the reason why the forge said nothing."""
    landed: Merge | None = None
    """Whether root's history has what the merge made; None where nothing was merged, or nobody knows the commit."""
    doubt: str = ""
    """Why its merge doesn't prove that the task is done; empty where it does."""

    @property
    def state(self) -> str | None:
        """Its state on the forge: open, merged, closed; None if unknown."""
        return self.answer.state if isinstance(self.answer, PullState) else None

    @property
    def places(self) -> tuple[Place, ...]:
        """All places where it is recorded."""
        return (self.place, *self.also)

    def merged_into(self, trunk: str) -> bool:
        """Return whether it was merged into trunk according to its forge, and wasn't reverted there since."""
        if not isinstance(self.answer, PullState) or self.answer.state != "merged":
            return False
        reverted = self.landed is not None and self.landed.merged is False
        return self.answer.into in {None, trunk} and not reverted

    def over_before(self, moment: datetime | None) -> bool:
        """Return whether it was merged or closed before a moment; False if unknown."""
        at = self.answer.at if isinstance(self.answer, PullState) else None
        return at is not None and moment is not None and at < moment

    @property
    def told(self) -> str:
        """Its state on the forge in words."""
        if isinstance(self.answer, Unavailable):
            return f"{self.address}: {self.answer.reason}"
        told = f"{self.address} is {self.answer.state}"
        if self.answer.state == "merged" and self.answer.into:
            told += f" into {self.answer.into}"
        if self.answer.at:
            told += f", {self.answer.at:%Y-%m-%d %H:%M}Z"
        return told


@frozen
class Pulls:
    """The pull requests that ledgers record, by task."""

    by_task: Mapping[str, tuple[Pull, ...]]

    def of(self, task: str) -> tuple[Pull, ...]:
        """Return those of one task: first from its file in root, then from its worktree, registers and tombstone."""
        return self.by_task.get(task, ())

    @property
    def untold(self) -> Mapping[str, str]:
        """Tasks with a pull request whose state is unknown, with the reason."""
        reasons: dict[str, str] = {}
        for task, pulls in self.by_task.items():
            for pull in pulls:
                if isinstance(pull.answer, Unavailable):
                    reasons.setdefault(task, pull.answer.reason)
        return reasons

    @property
    def notices(self) -> tuple[str, ...]:
        """Why the state of some is unknown, one line per reason."""
        reasons: dict[str, dict[PullAddress, None]] = {}
        for pull in chain.from_iterable(self.by_task.values()):
            if isinstance(pull.answer, Unavailable):
                addresses = reasons.setdefault(pull.answer.reason, {})
                addresses[pull.address] = None
        return tuple(_notice(reason, tuple(addresses)) for reason, addresses in reasons.items())


def _notice(reason: str, addresses: tuple[PullAddress, ...]) -> str:
    named = first_few([str(address) for address in addresses], 1)
    return f"nothing is known of pull request {named}: {reason}"


def address(recorded: PullRequest | None, home: tuple[str, str] | None = None) -> PullAddress | None:
    """Where a recorded pull request is; None where nothing is recorded, or its URL is of no known form.

    Args:
        recorded: what a ledger says.
        home: host and repository that a number alone speaks of.
    """
    if recorded is None:
        return None
    found = None
    if recorded.url is not None:
        match = _ADDRESS.match(recorded.url)
        if match:
            host = host_name(match["host"])
            number = int(match[3])
            found = PullAddress(host, match["repository"], number)
    elif home and recorded.number:
        found = PullAddress(*home, recorded.number)
    if found is None or found.number <= 0:
        return None
    return found


def number_here(recorded: PullRequest, home: tuple[str, str] | None) -> int | None:
    """Number by which commits call a recorded pull request, as in ``(#12)``; None where it says nothing here.

    That is for one whose URL is of another repository or of no known form, and on GitLab: ``#12`` is an issue there.

    Args:
        recorded: what a ledger says.
        home: host and name of the repository; None where nobody knows, and any may be it.
    """
    if recorded.url is None:
        host = home[0] if home is not None else ""
        return recorded.number if "gitlab" not in host else None
    at = address(recorded)
    if at is None or "/merge_requests/" in recorded.url:
        return None
    if home is None:
        return at.number
    host, repository = home
    is_of_its_host = at.host == host
    is_of_its_name = at.repository.casefold() == repository.casefold()
    if is_of_its_host and is_of_its_name:
        return at.number
    return None


def home(remote: str | None) -> tuple[str, str] | None:
    """Host and repository of a git remote; None for a folder, and for what names no repository."""
    for form in (_WEB, _SSH, _SCP):
        match = form.fullmatch(remote or "")
        if match:
            repository = match["path"].strip("/").removesuffix(".git")
            return (host_name(match["host"]), repository) if repository else None
    return None


def host_name(written: str) -> str:
    """A host as it is compared: in lower case, without the port that goes without saying, by its own name."""
    host = _DEFAULT_PORT.sub("", written.lower())
    return _ALIASES.get(host, host)
