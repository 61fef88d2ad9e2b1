"""What several formats tell in the same words: the worst first, why a rule matters, what to do about an incident."""

from collections.abc import Iterator
from shlex import quote

from taskcheck.finding import Finding, Incident, Report, RuleRun, Safety
from taskcheck.formats.sanitize import visible
from taskcheck.model import Place


def worst_first(report: Report) -> list[tuple[Incident, Finding]]:
    """All findings by severity; of one severity causes come before what they explain."""
    found = [(incident, finding) for incident in report.incidents for finding in incident.findings]
    return sorted(found, key=lambda pair: (-pair[1].level, pair[1].explained_by is not None))


def repository_path(report: Report, place: Place) -> str | None:
    """Where a place lies in the repository's folder; None in a branch, or a worktree elsewhere."""
    path = f"{report.prefix}{place.path}"
    if place.checkout == "root":
        return path
    folder = dict(report.worktrees).get(place.checkout)
    return None if folder is None else f"{report.prefix}{folder}/{path}"


def summary(run: RuleRun) -> str:
    """What a rule finds: the first line of its documentation."""
    return run.doc.partition("\n")[0]


def why(run: RuleRun) -> str:
    """Why a rule matters, by its documentation, on one line."""
    section = run.doc.partition("## Why\n")[2].partition("\n## ")[0]
    return " ".join(section.split())


def remedy(incident: Incident) -> Safety | None:
    """How safe the safest fix of an incident is that `--fix` can make; what isn't in root is repaired there."""
    fixes = [finding.fix.safety for finding in incident.findings if finding.fix and finding.place.checkout == "root"]
    return max((safety for safety in fixes if safety is not Safety.DISPLAY), default=None)


def fix_command(incident: Incident) -> str | None:
    """The command that repairs what it can of an incident; None when nothing can."""
    safety = remedy(incident)
    if safety is None:
        return None
    return f"taskcheck --fix{'' if safety is Safety.SAFE else ' --unsafe-fixes'}{_named(incident)}"


def commands(incident: Incident) -> Iterator[tuple[str, str]]:
    """The commands that help with an incident, each with what it does."""
    fix = fix_command(incident)
    if fix:
        yield fix.replace("--fix", "--diff", 1), "shows the repair, writes nothing"
        unsafe = "; it isn't safe, see why above" if remedy(incident) is Safety.UNSAFE else ""
        yield fix, f"makes it; taskcheck undo takes it back{unsafe}"
    if incident.headline:
        yield f"taskcheck rule {incident.headline}", "explains the rule"
    yield f"taskcheck check{_named(incident)}", "looks again"


def _named(incident: Incident) -> str:
    """The incident's name as an argument; nothing, which means everything, where it can't be typed."""
    name = incident.task or incident.manager
    if name is None or visible(name, None) != name:
        return ""
    return f" -- {quote(name)}" if name.startswith("-") else f" {quote(name)}"
