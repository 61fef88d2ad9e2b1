"""What this plugin brings to taskcheck."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.resources import files

from taskcheck import PullAddress, PullState, Report, Rule, Unavailable, hookimpl

taskcheck_api = 1


@hookimpl
def taskcheck_rules() -> Iterable[Rule]:
    """The rules."""
    from taskcheck_example.rules import missing_priority, too_many_active

    return [missing_priority, too_many_active]


@hookimpl
def taskcheck_presets() -> Mapping[str, str]:
    """The store format."""
    return {"todo-folder": (files(__name__) / "todo-folder.toml").read_text(encoding="utf-8")}


@hookimpl
def taskcheck_reporters() -> Mapping[str, Callable[[Report], str]]:
    """The output format."""
    return {"owners": owners}


@hookimpl
def taskcheck_pull_requests(queries: Sequence[PullAddress]) -> Mapping[PullAddress, PullState | Unavailable]:
    """The states of pull requests on a Forgejo server, with ``--online``."""
    from taskcheck_example.forgejo import pull_requests

    return pull_requests(queries)


def owners(report: Report) -> str:
    """Who has how many findings, most first; ASCII, for the names are anybody's text."""
    counts: Counter[str] = Counter()
    for incident in report.incidents:
        counts[incident.owner or "nobody"] += len(incident.findings)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{count:>4}  {owner!a}\n" for owner, count in ranked if count)
