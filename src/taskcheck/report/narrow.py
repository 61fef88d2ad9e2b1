"""Narrows what is reported to the tasks, managers and paths that somebody names; what was read stays the same."""

from collections.abc import Iterable, Mapping

from taskcheck.config.people import People, fold
from taskcheck.documents.frozen import frozen, replace
from taskcheck.documents.shape import file_of
from taskcheck.model.cases import Case, RuleRun, Subject
from taskcheck.model.finding import Finding
from taskcheck.model.sources import Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Task
from taskcheck.model.tasks import fold_id


class UnknownSubject(ValueError):
    """A name that is neither a task, nor a manager, nor a file that was read; with the known ones."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = sorted(known)


class NobodyNamed(ValueError):
    """A name that is no person's and no role's, and that no task has for its owner; with the known ones."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name)
        self.name = name
        self.known = sorted(known)


@frozen
class Named:
    """What the names of the command line mean."""

    subjects: frozenset[str]
    """Tasks and managers."""
    paths: frozenset[str]
    """Of ledgers."""

    def means(self, subject: Subject) -> bool:
        """Tell whether a subject is a named task or manager."""
        return subject.group in self.subjects

    def about(self, subject: Subject, finding: Finding) -> bool:
        """Tell whether a finding is about what is named."""
        if self.means(subject):
            return True
        if finding.task in self.subjects or finding.manager in self.subjects:
            return True
        return finding.place.path in self.paths


def named(runs: Iterable[RuleRun], only: Iterable[str], state: State, *, gone: bool) -> Named:
    """Return what some names mean.

    Args:
        runs: what was asked; its subjects can be named.
        only: ids of tasks, keys of managers, paths of task files, of folders and of ledgers.
        state: the state of the store.
        gone: whether a name that isn't there is no mistake.

    Raises:
        UnknownSubject: one isn't there.
    """
    tasks = {file.place.path: file.id for file in state.files}
    ledgers = {ledger.place.path for ledger in state.known_ledgers}
    known = _known(runs, state)
    spellings = _by_spelling(known)
    subjects: set[str] = set()
    paths: set[str] = set()
    for name in only:
        path = _store_path(name, state)
        below = _tasks_below(path, tasks)
        if name in known:
            subjects.add(name)
        elif len(spellings.get(fold_id(name), ())) == 1:
            subjects.update(spellings[fold_id(name)])
        elif below:
            subjects |= below
        elif path in ledgers:
            paths.add(path)
        elif not gone:
            raise UnknownSubject(name, known)
    return Named(frozenset(subjects), frozenset(paths))


def owned(owner: str, state: State) -> Named:
    """Return the tasks and the manager of a person or role, by any spelling; a person's are those of the roles too.

    Raises:
        NobodyNamed: nobody has that name.
    """
    people = People.of({}, {}) if isinstance(state.people, Unavailable) else state.people
    meant = people.resolve(owner)
    key = meant.key if meant is not None else owner
    by_spelling = _by_owner(state.tasks)
    theirs = [spelling for spelling in by_spelling if _is_of(spelling, key, people)]
    subjects = {each.key for each in state.known_managers if _is_of(each.key, key, people)}
    for spelling in theirs:
        subjects |= by_spelling[spelling]
    if meant is None and not subjects:
        raise NobodyNamed(owner, {*people.persons, *people.roles, *by_spelling})
    return Named(frozenset(subjects), frozenset())


def _by_owner(tasks: Iterable[Task]) -> dict[str, set[str]]:
    """Return the ids of tasks by each of their owners, as it is written."""
    found: dict[str, set[str]] = {}
    for task in tasks:
        for _, spelling in task.owners:
            found.setdefault(spelling, set()).add(task.id)
    return found


def _is_of(spelling: str, key: str, people: People) -> bool:
    """Return whether a spelling means the owner with a key, or a role that they fill."""
    known = people.resolve(spelling)
    if known is None:
        return fold(spelling) == fold(key)
    return key in {known.key, people.route(spelling).person}


def _by_spelling(known: Iterable[str]) -> dict[str, list[str]]:
    """Return names that are one but for case and leading zeros, by what they are then."""
    spellings: dict[str, list[str]] = {}
    for name in known:
        spellings.setdefault(fold_id(name), []).append(name)
    return spellings


def _known(runs: Iterable[RuleRun], state: State) -> set[str]:
    """Return the tasks and managers that can be named: of rules' subjects, of files, and of signals."""
    known = {file.id for file in state.files}
    for run in runs:
        for case in run.cases:
            if case.skipped is None:
                known.add(case.subject.group)
    for signal in state.signals:
        if signal.task:
            known.add(signal.task)
    return known


def narrowed(run: RuleRun, asked: Named) -> RuleRun:
    """Return a rule's run with the cases and findings that are about what is named."""
    cases = []
    for case in run.cases:
        narrow = _narrowed_case(case, asked)
        if narrow is not None:
            cases.append(narrow)
    return replace(run, cases=tuple(cases))


def _narrowed_case(case: Case, asked: Named) -> Case | None:
    """Return a case as far as it is about what is named; None where it isn't.

    What a rule said of the whole repository may be about it; what crashed, or was skipped, is told in any case.
    """
    findings = tuple(finding for finding in case.findings if asked.about(case.subject, finding))
    meant = asked.means(case.subject)
    if meant:
        return replace(case, findings=findings)
    told_anyway = case.error is not None or case.skipped is not None
    if findings or told_anyway or case.subject.detail in asked.paths:
        return replace(case, findings=findings, undecided=None)
    return None


def _tasks_below(folder: str, tasks: Mapping[str, str]) -> set[str]:
    """Return the tasks, given by path, whose files are at a path or in the folder that it is."""
    below = set()
    for path, task in tasks.items():
        if _lies_below(path, folder) or file_of(path) == folder:
            below.add(task)
    return below


def _lies_below(path: str, folder: str) -> bool:
    """Tell whether a path is another one, or lies in the folder that it is; everything lies in ``.``."""
    if folder in {path, "."}:
        return True
    return path.startswith(f"{folder}/")


def _store_path(name: str, state: State) -> str:
    """Return a path relative to the root checkout; one in a worktree is the same path in root."""
    path = name
    for checkout in state.known_checkouts:
        folder = f"{checkout.path}/"
        if checkout.path and name.startswith(folder):
            path = name.removeprefix(folder)
            break
    return path.rstrip("/")
