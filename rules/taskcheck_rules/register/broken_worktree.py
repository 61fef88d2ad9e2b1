"""broken-worktree."""

from collections.abc import Iterator

from taskcheck import (
    Checkout,
    Checkouts,
    Command,
    Entries,
    Entry,
    Evidence,
    Finding,
    HandEdit,
    Place,
    Severity,
    Task,
    Tasks,
    frozen,
    rule,
)
from taskcheck_rules.wording import SHOWN, listed

REPAIR = ("git", "worktree", "repair")


@rule(family="register", severity=Severity.WARNING)
def broken_worktree(tasks: Tasks, checkouts: Checkouts, entries: Entries | None = None) -> Iterator[Finding]:
    """A worktree can't be compared: its folder is missing, or the link between it and the repository is broken.

    ## Why
    Nobody sees the work of its worker. A broken link doesn't prove that the work is lost: it may be finished, in a
    folder that was moved.

    ## Example
    Somebody moved `.worktrees/fix-login`, or the whole repository, with `mv`. Or the `.git` file of the worktree, or
    git's own record of it, is missing or points to a wrong place. Or git lists a worktree whose folder is missing. An
    open task gets a warning if this is its own worktree. One finding with severity information lists all other
    worktrees.

    The same applies to a branch that you asked taskcheck to compare, but that git can't read. There is no finding for a
    missing worktree that is locked in git, because it may be on a disk that isn't mounted.

    ## Fix
    None: if the folder exists or was moved, `git worktree repair PATH` restores the link. If it was deleted, `git
    worktree prune` removes it from git's list. If git's own record of it is gone, git can't link it again: create
    another worktree, and copy what isn't committed. taskcheck removes no register entry because of a broken worktree.
    It compares the last commit of the branch instead. A status is copied from there by a safe fix only if the folder
    was removed, because a worktree that still exists may say more.
    """
    owners = _owners(checkouts)
    nobodys = []
    for broken in _broken(checkouts, entries):
        open_tasks = [task for task in _tasks(broken, owners, tasks) if not task.closed]
        for task in open_tasks:
            yield _of_task(task, broken)
        if not open_tasks:
            nobodys.append(broken)
    if nobodys:
        yield _of_nobody(nobodys)


@frozen(kw_only=True)
class Broken:
    """A worktree that can't be compared."""

    path: str
    defect: str
    checkout: Checkout | None = None
    """As git lists it, or as it lies where worktrees do; None for one that a register alone names."""
    task: str | None = None
    """The task whose entry names it."""
    entry: Place | None = None
    """Where that entry names it."""

    @property
    def gone(self) -> bool:
        """Whether git lists it and its folder isn't there."""
        return self.defect == "missing"

    @property
    def told(self) -> str:
        """What is wrong with it."""
        return "git lists it, but there is no folder" if self.gone else self.defect

    @property
    def is_branch(self) -> bool:
        """Whether it is a branch that no worktree is on."""
        return self.checkout is not None and self.checkout.path is None

    @property
    def repair(self) -> tuple[str, ...]:
        """The command that links it again; empty where none can."""
        return self.checkout.repair if self.checkout else ()

    @property
    def spoken(self) -> str:
        """What a sentence calls it."""
        if self.checkout and self.is_branch:
            return self.checkout.spoken
        return f"worktree {self.path}"

    @property
    def cure(self) -> str:
        """What mends it."""
        if self.is_branch:
            return "git fsck, and git fetch for what is missing"
        if self.checkout is not None:
            return self.checkout.cure
        return "git worktree add, in another folder: git has no record of this one"

    @property
    def remedy(self) -> Command | HandEdit:
        """The command of that, as far as it is known; where a register alone names it, what the entry has to say."""
        if self.is_branch:
            return Command(("git", "fetch"), note="git fsck says what is missing")
        if self.repair:
            return Command(self.repair)
        if self.gone:
            moved = ("PATH", "the new path of the worktree")
            return Command((*REPAIR, "PATH"), blanks=(moved,), note="or git worktree prune, if it was removed")
        if self.entry is not None:
            return HandEdit(f"it names a worktree of this repository; {self.path} isn't one", place=self.entry)
        return _anew(self.path)


def _anew(path: str) -> Command:
    """Return the command that makes another worktree, where git has no record of a folder any more."""
    blanks = (("FOLDER", "a new folder"), ("BRANCH", "the branch of the worktree"))
    note = f"git has no record of {path}: copy what isn't committed from there"
    return Command(("git", "worktree", "add", "FOLDER", "BRANCH"), blanks=blanks, note=note)


def _owners(checkouts: Checkouts) -> dict[str, list[str]]:
    """Return the tasks whose own each checkout is, by its name."""
    owners: dict[str, list[str]] = {}
    for task, checkout in (*checkouts.by_task.items(), *checkouts.broken.items()):
        owners.setdefault(checkout.name, []).append(task)
    return owners


def _broken(checkouts: Checkouts, entries: Entries | None) -> Iterator[Broken]:
    """Yield the worktrees that can't be compared: of git, then those that registers alone name."""
    for checkout in checkouts:
        if checkout.defect is not None and not checkout.is_away:
            yield Broken(path=checkout.path or checkout.name, defect=checkout.defect, checkout=checkout)
    for entry in entries or ():
        yield from _broken_by_register(entry, checkouts)


def _broken_by_register(entry: Entry, checkouts: Checkouts) -> Iterator[Broken]:
    """Yield the worktree that an entry names, where git doesn't list it and what lies there can't be compared."""
    path = entry.worktree_path or ""
    recorded = checkouts.recorded.get(path)
    if recorded is None or checkouts.at(path) is not None:
        return
    if recorded.defect is not None:
        yield Broken(path=path, defect=recorded.defect, task=entry.task, entry=entry.place.at("worktree_path"))


def _tasks(broken: Broken, owners: dict[str, list[str]], tasks: Tasks) -> Iterator[Task]:
    """Yield root's tasks whose own worktree it is."""
    named = owners.get(broken.checkout.name, []) if broken.checkout else [broken.task or ""]
    for name in sorted(named):
        task = tasks.get(name)
        if task is not None:
            yield task


def _evidence(broken: Broken) -> Evidence:
    return Evidence(place=Place(path=broken.path), saw=broken.told)


def _of_task(task: Task, broken: Broken) -> Finding:
    """Return the warning about an open task whose worktree can't be compared."""
    return Finding(
        task=task.id,
        place=task.place,
        message=f"{broken.spoken} of {task.id} can't be compared: {broken.told}",
        expected=f"{'a branch that git can read' if broken.is_branch else 'a worktree that is linked'}: {broken.cure}",
        evidence=(_evidence(broken),),
        identity=(broken.path,),
        remedy=broken.remedy,
    )


def _of_nobody(broken: list[Broken]) -> Finding:
    """Return the information about all worktrees that are no open task's."""
    number = len(broken)
    are_worktrees = not any(each.is_branch for each in broken)
    what, wanted = ("worktree", "are linked") if are_worktrees else ("checkout", "can be read")
    checkouts = f"1 {what}" if number == 1 else f"{number} {what}s"
    names = listed([each.path for each in broken])
    cures = dict.fromkeys("git worktree prune" if each.gone else each.cure for each in broken)
    return Finding(
        place=Place(path="."),
        message=f"{checkouts} without an open task can't be compared: {names}",
        expected=f"{what}s that {wanted}: {listed(list(cures))}",
        evidence=tuple(map(_evidence, broken)),
        severity=Severity.INFO,
        remedy=_remedy_of_all(broken),
    )


def _remedy_of_all(broken: list[Broken]) -> Command | HandEdit:
    """Return what mends as many of them as one command can; those that were moved or removed come after the others."""
    repairs = [each.repair for each in broken if each.repair]
    if repairs:
        paths = [repair[-1] for repair in repairs if repair != REPAIR]
        return Command((*REPAIR, *paths[:SHOWN]), note="or git worktree prune, for those that were removed")
    first = broken[0]
    return Command(("git", "worktree", "prune")) if first.gone else first.remedy
