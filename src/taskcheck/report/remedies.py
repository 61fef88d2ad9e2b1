"""What a rule declares that settles its findings, said of one finding of this store; pure."""

from collections.abc import Iterable

from taskcheck.config.settings import Settings
from taskcheck.documents.frozen import replace
from taskcheck.model.edit import SetKey
from taskcheck.model.finding import Command, Finding, Fix, HandEdit, Remedy, Safety, Wait
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State

COMPLETED = "completed_with_pr"


def remedied(finding: Finding, declared: tuple[Remedy, ...], state: State) -> Finding:
    """Return a finding with what settles it: its own remedy, else the first that its rule declares and can be done."""
    names = _names(finding, state.settings)
    for remedy in (finding.remedy, *declared):
        told = _told(remedy, finding, names, state)
        if told is not None:
            return replace(finding, remedy=told)
    return replace(finding, remedy=None)


def by_tool(finding: Finding, state: State) -> Finding:
    """Return a finding of a store whose task files are only read: with what a tool or a person does, not a repair."""
    if not state.settings.read_only:
        return finding
    fix, remedy = finding.fix, finding.remedy
    sets = _sets_of_tasks(fix, state)
    if fix is not None and sets:
        told = _instead(fix, sets, finding, state)
        return replace(finding, fix=None, remedy=told or remedy)
    setter = state.settings.setter
    is_of_task = isinstance(remedy, HandEdit) and (remedy.place or finding.place).path in state.tasks.by_path
    if setter and is_of_task:
        return replace(finding, remedy=replace(remedy, tool=setter[0]))
    return finding


def _sets_of_tasks(fix: Fix | None, state: State) -> list[SetKey]:
    """Return the edits of a fix that set a value of a task."""
    if fix is None:
        return []
    sets = [edit for edit in fix.edits if isinstance(edit, SetKey)]
    return [edit for edit in sets if edit.place.path in state.tasks.by_path]


def _instead(fix: Fix, sets: list[SetKey], finding: Finding, state: State) -> Remedy | None:
    """Return what a tool or a person does instead of a repair; None where a tool isn't known to do it."""
    note = _doubt(fix)
    if state.settings.setter:
        command = _set_by_tool(sets, finding, state)
        return replace(command, note=note) if command is not None else None
    values = [f"{_key(edit)} is {edit.value}" for edit in sets]
    return HandEdit(" and ".join(values), place=sets[0].place, note=note)


def _key(edit: SetKey) -> str:
    return str(edit.place.route[-1]) if edit.place.route else "it"


def _set_by_tool(edits: Iterable[SetKey], finding: Finding, state: State) -> Command | None:
    """Return the command by which a tool sets the status that edits would set; None where they set none."""
    settings = state.settings
    route = (settings.fields["status"],)
    for edit in edits:
        if edit.place.route == route:
            names = {"{task}": finding.task or "", "{status}": edit.value}
            words = _named(settings.setter, names)
            return Command(words) if words is not None else None
    return None


def _doubt(fix: Fix) -> str:
    """Return why what a tool does instead of a repair may be wrong; whether a branch merges then is up to the tool."""
    is_doubted = fix.safety is not Safety.SAFE and not fix.just_meets
    return f"not safe: {fix.why}" if is_doubted else ""


def _told(remedy: Remedy | None, finding: Finding, names: dict[str, str], state: State) -> Remedy | None:
    """Return a remedy with the names of a finding in it; None where it can't be done here."""
    match remedy:
        case Command():
            words = _named(remedy.words, names)
            if words is None or not _can_be_run(remedy, state):
                return None
            blanks = []
            for blank, about in remedy.blanks:
                meant = _filled(about, names)
                blanks.append((blank, meant))
            note = _filled(remedy.note, names)
            return replace(remedy, words=words, blanks=tuple(blanks), note=note)
        case HandEdit():
            says = _filled(remedy.says, names)
            place = remedy.place or finding.place
            return replace(remedy, says=says, place=place)
        case Wait():
            says = _filled(remedy.says, names)
            return replace(remedy, says=says)
    return None


def _named(words: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...] | None:
    """Return a command with the names in it; None where it lacks one, or takes one for an option.

    One that begins like an option comes last, after ``--``, as commands have it.
    """
    before: list[str] = []
    last: list[str] = []
    for word in words:
        name = names.get(word, word)
        is_a_name = word in names
        if is_a_name and name == "":
            return None
        looks_like_an_option = name.startswith("-")
        ends_options = "--" in before
        if is_a_name and looks_like_an_option and not ends_options:
            last.append(name)
        else:
            before.append(name)
    if not last:
        return tuple(before)
    if "--" in before:
        return None
    return (*before, "--", *last)


def _names(finding: Finding, settings: Settings) -> dict[str, str]:
    """Return what the names in braces stand for."""
    return {
        "{task}": finding.task or "",
        "{manager}": finding.manager or "",
        "{path}": finding.place.path,
        "{outcomes}": _outcomes(settings),
    }


def _filled(text: str, names: dict[str, str]) -> str:
    """Return a sentence with the names in it."""
    for name, meant in names.items():
        text = text.replace(name, meant)
    return text


def _outcomes(settings: Settings) -> str:
    """Return the outcomes of a dispatch in words, with what each needs.

    Example:
        ``blocked, failed or needs_review_fix; or completed_with_pr, with --pr-url URL``
    """
    others = sorted(name for name in settings.outcomes if name != COMPLETED)
    told = _or(others)
    if COMPLETED not in settings.outcomes:
        return told
    with_pull = f"{COMPLETED}, with --pr-url URL"
    return f"{told}; or {with_pull}" if told else with_pull


def _or(names: list[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _can_be_run(command: Command, state: State) -> bool:
    """Return whether the store has what a command needs."""
    has_tombstones = bool(state.settings.paths.tombstones)
    has_people = not isinstance(state.people, Unavailable)
    has = {"tombstones": has_tombstones, "people": has_people}
    return all(has.get(need, False) for need in command.needs)
