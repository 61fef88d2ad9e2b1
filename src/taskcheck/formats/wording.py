"""What several formats tell in the same words: the worst first, why a rule matters, what to do about an incident."""

from datetime import timedelta
from typing import TYPE_CHECKING

from taskcheck.documents.frozen import replace
from taskcheck.documents.values import first_few, how_old
from taskcheck.formats.sanitize import shell
from taskcheck.model.cases import RuleRun
from taskcheck.model.finding import Finding, Safety
from taskcheck.model.report import Incident, ManagerStatus, Report, SignalNote
from taskcheck.model.task import Place

if TYPE_CHECKING:
    from taskcheck.model.unseen import Unseen


def position(place: Place) -> str:
    """Return ``[checkout:]path[:line:column]``; root goes without saying."""
    text = place.path
    if place.checkout != "root":
        text = f"{place.checkout}:{text}"
    for number in (place.line, place.column):
        if number is not None:
            text += f":{number}"
    return text


ANSWERED = "answered since: the next heartbeat will drop it"


def signal_fate(note: SignalNote) -> str:
    """Return what became of a raw signal, in brackets; nothing where a finding explains it."""
    if note.refuted:
        return " (refuted)"
    if note.explained_by:
        return ""
    return f" ({ANSWERED})" if note.signal.answered else " (unexplained)"


SHOWN = 3
"""Of what was not looked at so many are named in one line."""


def not_looked_at(report: Report) -> str | None:
    """Return what was not looked at, why, and what would make it visible, in one line; None where all was.

    What has one reason is said with it once.
    """
    if not report.unseen:
        return None
    reasons: dict[tuple[str, str], list[Unseen]] = {}
    for each in report.unseen:
        reasons.setdefault((each.why, each.cure), []).append(each)
    told = []
    for alike in reasons.values():
        where = first_few([each.where for each in alike], SHOWN)
        told.append(replace(alike[0], where=where).told)
    return first_few(told, SHOWN, "; ")


def worst_first(report: Report) -> list[tuple[Incident, Finding]]:
    """All findings by severity; of one severity causes come before what they explain."""
    found = []
    for incident in report.incidents:
        for finding in incident.findings:
            found.append((incident, finding))
    return sorted(found, key=_badness)


def _badness(about: tuple[Incident, Finding]) -> tuple[int, bool]:
    """Return a key that sorts the worst first, and causes before what they explain."""
    _, finding = about
    is_explained = finding.explained_by is not None
    return -finding.level, is_explained


def repository_path(report: Report, place: Place) -> str | None:
    """Where a place lies in the repository's folder; None in a branch, or a worktree elsewhere."""
    path = f"{report.prefix}{place.path}"
    if place.checkout == "root":
        return path
    folders = dict(report.worktrees)
    folder = folders.get(place.checkout)
    if folder is None:
        return None
    return f"{report.prefix}{folder}/{path}"


def first_line(run: RuleRun) -> str:
    """What a rule finds: the first line of its documentation."""
    return run.doc.partition("\n")[0]


def why(run: RuleRun) -> str:
    """Why a rule matters, by its documentation, on one line."""
    section = run.doc.partition("## Why\n")[2].partition("\n## ")[0]
    return " ".join(section.split())


def heartbeat(manager: ManagerStatus) -> str | None:
    """How old a manager's heartbeat is; None where there is none."""
    seconds = manager.snapshot_age_seconds
    if seconds is None:
        return None
    return how_old(timedelta(seconds=seconds))


def standing_alone(subject: str, where: str, message: str) -> str:
    """Return a message that is read without its row: with its subject before it, unless it names that, and the place.

    Example:
        ``worker of fix-login is gone (worktree:w)``; ``fix-login (worktree:w): our own message``
    """
    if names(message, subject):
        return f"{message}{where}"
    return f"{subject}{where}: {message}"


def names(message: str, subject: str) -> bool:
    """Return whether a message names its subject, as a word of its own."""
    start = message.find(subject)
    while start >= 0:
        end = start + len(subject)
        around = message[max(0, start - 1) : start] + message[end : end + 1]
        if not any(map(_belongs_to_a_word, around)):
            return True
        start = message.find(subject, end)
    return False


def _belongs_to_a_word(character: str) -> bool:
    """Return whether a character beside a name makes it a part of a longer one."""
    return character.isalnum() or character in "_-"


def reach(finding: Finding) -> Safety | None:
    """Return how safe a finding's fix is, where `--fix` can make it; what isn't in root is repaired there."""
    fix = finding.fix
    if fix is None or fix.safety is Safety.DISPLAY:
        return None
    if finding.place.checkout != "root" or argument(finding) is None:
        return None
    return fix.safety


def remedies(incident: Incident) -> list[Safety]:
    """Return how safe the fixes of an incident are that `--fix` can make, the safest first."""
    reached = {reach(finding) for finding in incident.findings}
    return [safety for safety in (Safety.SAFE, Safety.UNSAFE) if safety in reached]


def fix_words(about: Finding | Incident, safety: Safety, verb: str = "--fix") -> tuple[str, ...]:
    """Return the command that makes the fixes of at least this safety of one task, or shows them, in words.

    Args:
        about: whose fixes.
        safety: the least safety of the fixes.
        verb: ``--fix`` makes them, ``--diff`` shows them.
    """
    unsafe = () if safety is Safety.SAFE else ("--unsafe-fixes",)
    name = argument(about) or ()
    return ("taskcheck", verb, *unsafe, *named_again(about), *name)


def named_again(about: Finding | Incident) -> tuple[str, ...]:
    """Return the options by which a command names the local rules whose findings it is about; none for installed ones.

    Example:
        ``("-p", "our/rules.py")``
    """
    findings = (about,) if isinstance(about, Finding) else about.findings
    words: list[str] = []
    for local in sorted({finding.local for finding in findings} - {""}):
        word = shell(local)
        if word is not None:
            words += ("-p", word)
    return tuple(words)


def fix_command(about: Finding | Incident, safety: Safety, verb: str = "--fix") -> str:
    """That command as a line."""
    return " ".join(fix_words(about, safety, verb))


def argument(about: Finding | Incident) -> tuple[str, ...] | None:
    """Return the words that name it in a command; none, which means everything, for the repository; None if none can.

    Example:
        ``("fix-login",)``; ``("--", "-x")`` for a task named ``-x``; None for one whose name no shell can take.
    """
    name = about.task or about.manager
    if name is None:
        return ()
    word = shell(name)
    if word is None:
        return None
    return ("--", word) if word.startswith("-") else (word,)
