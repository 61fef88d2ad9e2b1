"""What rules find: findings with evidence from both sides, fixes as keyed edits, and what settles them otherwise."""

from enum import IntEnum
from typing import Literal

from taskcheck.config.settings import Settings, Stage
from taskcheck.documents.frozen import frozen, replace
from taskcheck.model.edit import DropEntry, Edit, SetKey, edited
from taskcheck.model.task import Place, Task

LONGEST = 80
"""Characters of what tells a finding from others of its rule, in its title."""

REPOSITORY = "repository"
"""The subject of what is no task's and no manager's."""


class Severity(IntEnum):
    """The severity of a finding; ordered."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word for it in reports and options."""
        return self.name.lower()


class Safety(IntEnum):
    """How far a fix can be trusted; ordered, so that ``>=`` means "at least this safe"."""

    DISPLAY = 1
    UNSAFE = 2
    SAFE = 3

    @property
    def label(self) -> str:
        """The word for it in reports and options."""
        return self.name.lower()


@frozen(kw_only=True)
class Evidence:
    """What one source says."""

    place: Place
    saw: str
    side: Literal["root", "worktree", "ledger"] = "ledger"
    """Who speaks: the task file in root, one in a worktree or branch, or another file; told in a report."""


@frozen(kw_only=True)
class Fix:
    """A repair as data: its changes, and how far they can be trusted."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]
    why: str = ""
    """Why it isn't safe."""
    just_meets: bool = False
    """Whether nothing but a branch that it leaves unmergeable keeps it from being safe; the end of a run makes it."""

    @staticmethod
    def unless(why: str, *, title: str, edits: tuple[Edit, ...], meets: str = "") -> "Fix":
        """Return a repair that is safe, unless there is a reason against it, or a branch that couldn't be merged."""
        safety = Safety.UNSAFE if why or meets else Safety.SAFE
        reasons = "; ".join(filter(None, (why, meets)))
        return Fix(title=title, safety=safety, edits=edits, why=reasons, just_meets=bool(meets and not why))

    def doubted(self, why: str) -> "Fix":
        """Return the repair as unsafe, for a reason that doesn't matter for the end of a run."""
        reasons = "; ".join(filter(None, (self.why, why)))
        is_safe = self.safety is Safety.SAFE
        return replace(self, safety=min(self.safety, Safety.UNSAFE), why=reasons, just_meets=is_safe or self.just_meets)

    def unless_said(self, why: str) -> "Fix":
        """Return the repair, made unsafe as by `doubted` where there is a reason."""
        return self.doubted(why) if why else self

    def trusted(self, safety: Safety, *, to_end_a_run: bool = False) -> bool:
        """Return whether it is at least this safe. At the end of a run, an unmergeable branch doesn't count."""
        return self.safety >= safety or (to_end_a_run and self.just_meets)

    def ends(self, task: Task, settings: Settings) -> bool:
        """Return whether it says of an open task that it is done, or that nobody works on it."""
        status = task.at("status")
        edits = () if task.closed else self.edits
        for edit in edits:
            match edit:
                case DropEntry():
                    return True
                case SetKey(place=place, value=value) if place == status:
                    return settings.stage(value) is Stage.DONE
        return False

    @property
    def files(self) -> tuple[str, ...]:
        """The paths that it would write, relative to the root checkout, without duplicates."""
        return tuple(dict.fromkeys(path for edit in self.edits for path in edited(edit)))


@frozen
class Command:
    """A command that settles a finding when it is run in the store's folder.

    Example:
        ``Command(("taskcheck", "run", "{task}", "--", "COMMAND"), blanks=(("COMMAND", "what does the work"),))``
    """

    words: tuple[str, ...]
    """As a program gets them, not as a shell reads them."""
    blanks: tuple[tuple[str, str], ...] = ()
    """Words that whoever runs it replaces, each with what may stand there."""
    note: str = ""
    """What one has to know beside it."""
    needs: tuple[str, ...] = ()
    """What the store has to have: ``tombstones`` (a path for them), ``people`` (somebody who is declared)."""


@frozen
class HandEdit:
    """A change of a file that only a person can make."""

    says: str
    """What is so when it is made; completes "edit tasks/a.md:4 so that …"."""
    place: Place | None = None
    """Where; None for the place of the finding."""
    tool: str = ""
    """The program that alone writes the file, and makes the change; told in a report."""
    note: str = ""
    """What one has to know beside it."""


@frozen
class Wait:
    """An event that settles the finding without further action."""

    says: str
    """What; completes "wait for …"."""


Remedy = Command | HandEdit | Wait
"""What a rule declares, or a finding of it brings.

In its words and sentences ``{task}``, ``{manager}``, ``{path}`` (of the finding) and ``{outcomes}`` (those that the
store has, with what each needs) stand for what they name. A word of a command is such a name, or has none in it.
"""


@frozen(kw_only=True)
class Acceptance:
    """Why a finding is accepted, and where somebody wrote that down."""

    reason: str
    by: Literal["configuration", "task", "baseline"]
    """The configuration, the task's own file, or the baseline."""


@frozen(kw_only=True)
class Finding:
    """One broken invariant: what is wrong, what is expected instead, and who says so."""

    message: str
    place: Place
    task: str | None = None
    manager: str | None = None
    tasks: tuple[str, ...] = ()
    """The tasks that a manager's finding is about."""
    expected: str = ""
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    remedy: Remedy | None = None
    """What settles it where no fix does; None takes what the rule declares."""
    severity: Severity | None = None
    """None takes the rule's own."""
    identity: tuple[str, ...] = ()
    """The values that tell this finding from others of the rule on the same task and route."""
    rule: str = ""
    formerly: tuple[str, ...] = ()
    """Names that its rule had in earlier versions, the first one first."""
    family: str = ""
    explained_by: str | None = None
    signal: str = ""
    """The kind of the raw signal that it passes on: where another finding explains that signal, it isn't reported."""
    advisory: bool = False
    """Reported, but unable to fail this run (``--gate commit``)."""
    accepted: Acceptance | None = None
    """Why it doesn't count; None for one that does."""
    local: str = ""
    """The file or module that the caller named for its rule to be asked; empty where the rule is installed."""

    @property
    def level(self) -> Severity:
        """The severity; the engine sets it."""
        return self.severity or Severity.ERROR

    @property
    def subject(self) -> str:
        """The task or manager, else the repository."""
        return self.task or self.manager or REPOSITORY

    @property
    def title(self) -> str:
        """Its name among the findings of its subject; stays the same as long as the fault does.

        Example:
            ``invalid-field[pr_number]``; ``worker-gone`` where nothing tells it from another one.
        """
        return self._titled(self.rule)

    @property
    def titles(self) -> tuple[str, ...]:
        """Its name, and its names from former names of its rule."""
        return tuple(map(self._titled, (self.rule, *self.formerly)))

    def _titled(self, rule: str) -> str:
        told = ", ".join(filter(None, self.identity))
        if len(told) > LONGEST:
            told = f"{told[:LONGEST]}…{self.fingerprint[:8]}"
        return f"{rule}[{told}]" if told else rule

    @property
    def fingerprint(self) -> str:
        """16 hex digits that stay the same as long as the fault does.

        Of the name that the rule had first, subject, route and identifying values; never of a path, a line, a count, a
        message or the time.
        """
        import hashlib

        name = self.formerly[0] if self.formerly else self.rule
        parts = (name, self.task or "", self.manager or "", *self.place.route, "", *self.identity)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
