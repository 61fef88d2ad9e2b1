"""The one thing to do next about an incident, in the words that every format says."""

from collections.abc import Iterator

from taskcheck.documents.frozen import replace
from taskcheck.formats.sanitize import shell
from taskcheck.formats.wording import argument, fix_command, fix_words, named_again, position, reach, remedies
from taskcheck.model.finding import Command, Finding, HandEdit, Safety, Wait
from taskcheck.model.report import Incident
from taskcheck.model.step import Step
from taskcheck.model.task import Place

SHOWS_FIRST = "unsafe: review it with --diff instead of --fix"


def next_step(incident: Incident) -> Step:
    """Return what settles the headline of an incident.

    That is the headline's own fix, else what its rule declares, else the rule's documentation. Where a report leaves
    the headline out, for it is about some findings alone, that is to look at all of them. What an
    incident brings from a report that was read again counts first.
    """
    if incident.step is not None:
        return incident.step
    head = incident.head
    if head is None:
        return _command("explain", ("taskcheck", "check", "--verbose", *(argument(incident) or ())))
    if head.explained_by is not None:
        return _command("explain", ("taskcheck", "check", *_about(incident)))
    declared = _fix(incident, head) or _declared(head)
    return declared or _command("explain", ("taskcheck", "rule", *named_again(head), head.rule))


def _about(incident: Incident) -> tuple[str, ...]:
    """Return the words by which a check is about an incident alone."""
    return (*named_again(incident), *(argument(incident) or ()))


def commands(incident: Incident) -> Iterator[tuple[str, str]]:
    """Yield the commands that help with an incident beside its next step, each with what it does."""
    for safety in remedies(incident):
        yield fix_command(incident, safety, "--diff"), f"shows the {safety.label} repair, writes nothing"
        yield fix_command(incident, safety), "makes it; taskcheck undo takes it back"
    if incident.head is not None:
        yield " ".join(("taskcheck", "rule", *named_again(incident.head), incident.head.rule)), "explains the rule"
    yield " ".join(("taskcheck", "check", *_about(incident))), "looks again"


def _fix(incident: Incident, head: Finding) -> Step | None:
    """Return the command that makes the headline's own fix; None where `--fix` can't, for this incident alone."""
    safety = reach(head)
    named = incident.task or incident.manager
    if head.fix is None or safety is None or not named:
        return None
    note = SHOWS_FIRST if safety is Safety.UNSAFE else ""
    return _command("fix", fix_words(incident, safety), note=note)


def _declared(head: Finding) -> Step | None:
    """Return what the headline's rule declares; None where it declares nothing that can be said here."""
    match head.remedy:
        case Command():
            return _of_command(head.remedy)
        case HandEdit():
            place = head.remedy.place or head.place
            text = _edit(head.remedy, _where(place))
            return Step(kind="edit", text=text, place=place, note=head.remedy.note)
        case Wait():
            return Step(kind="wait", text=f"wait for {head.remedy.says}")
    return None


def _where(place: Place) -> str:
    """Return where something is to be edited: on a branch that no worktree is on there is no path to open."""
    here = replace(place, column=None)
    kind, _, branch = place.checkout.partition(":")
    if kind != "branch":
        return position(here)
    return f"{position(replace(here, checkout='root'))} on branch {branch}"


def _edit(remedy: HandEdit, where: str) -> str:
    """Return the sentence that tells of an edit."""
    if remedy.tool:
        return f"use {remedy.tool} so that {remedy.says} ({remedy.tool} writes {where})"
    return f"edit {where} so that {remedy.says}"


def _of_command(command: Command) -> Step | None:
    """Return a declared command; None where no shell can take one of its words."""
    blanks = {blank for blank, _ in command.blanks}
    words = []
    for word in command.words:
        quoted = word if word in blanks else shell(word)
        if quoted is None:
            return None
        words.append(quoted)
    return _command("command", tuple(words), blanks=command.blanks, note=command.note)


def _command(kind: str, words: tuple[str, ...], *, blanks: tuple[tuple[str, str], ...] = (), note: str = "") -> Step:
    return Step(kind=kind, text=" ".join(words), words=words, blanks=blanks, note=note)
