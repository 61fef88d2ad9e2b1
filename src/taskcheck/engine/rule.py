"""A rule is a pure generator function; what its signature says decides what is read and what it is asked about."""

from collections.abc import Callable, Container, Iterator, Mapping
from functools import partial
from types import FunctionType
from typing import Any

from taskcheck.config.settings import KEYS_OF_RULES
from taskcheck.documents.frozen import frozen
from taskcheck.model.finding import Finding, Remedy, Severity
from taskcheck.model.state import FACTS

SUBJECTS = ("task", "file", "entry", "manager", "ledger")
"""Names of a first parameter that make a rule be asked about each such thing; joined by ``_or_``, about several."""


OPTIONS = "options"
"""The name of the parameter by which a rule gets what the configuration says to it."""

STATIC = frozenset({"tasks", "people", "settings", "markers"})
"""Inputs that a commit alone decides: not clock, processes, runtime files or other checkouts (``--gate commit``)."""


class Undecided(Exception):
    """Raised by a rule that can't decide about its subject, with the reason.

    What the rule has yielded before stands.
    """


OF_ONE_TASK = frozenset({"people", "settings"})
"""Inputs beside which what a rule says of a task file depends on this file alone."""

OF_ALL_TASKS = OF_ONE_TASK | {"tasks", "markers"}
"""Inputs with which what a rule says depends on root's task files and nothing that moves by itself."""


@frozen
class Rule:
    """An invariant with a name, its check, and the inputs that the signature declares."""

    name: str
    family: str
    severity: Severity
    explains: tuple[str, ...]
    """Rules, families and raw signal kinds that this rule's finding is the root cause of; ``*`` for all."""
    check: Callable[..., Iterator[Finding]]
    subjects: tuple[str, ...]
    """What it is asked about, one by one; empty for the repository as a whole."""
    subject_parameter: str | None
    inputs: tuple[str, ...]
    """Parts of the state that it needs; where one isn't available the rule is skipped."""
    optional: tuple[str, ...]
    """Parts that it can do without: None is passed then."""
    summary: str = ""
    """The first line of its documentation."""
    url: str | None = None
    """The page of its documentation, for formats that link to it."""
    stops_dispatch: bool = False
    """Whether an error of it keeps a task from being dispatched."""
    settles_dispatch: bool = False
    """Whether its fix brings root in line with how a run ended: `run` and `finish` make it."""
    remedies: tuple[Remedy, ...] = ()
    """What settles a finding of it that has no fix, the best first; empty where only its documentation tells."""
    options: Any = None
    """What it is told as its ``options``, an instance of the class of them; None for a rule that has none."""
    formerly: tuple[str, ...] = ()
    """Names that it had in earlier versions, the first one first: all that names a rule may go on using them."""
    local: str = ""
    """The file or module that the caller named for it to be asked (``-p``); empty for one that is installed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its former names."""
        return (self.name, *self.formerly)

    @property
    def by_task(self) -> bool:
        """Whether its verdict on a task file of root depends only on this file, people and settings."""
        return not {"task", "file"}.isdisjoint(self.subjects) and OF_ONE_TASK.issuperset(self.inputs + self.optional)

    @property
    def by_tasks(self) -> bool:
        """Whether its verdicts depend only on root's task files, people, markers and settings."""
        return {"task"}.issuperset(self.subjects) and OF_ALL_TASKS.issuperset(self.inputs + self.optional)

    @property
    def doc(self) -> str:
        """Its documentation, in Markdown."""
        return cleaned(self.check.__doc__ or "")

    @property
    def meta(self) -> bool:
        """Whether it checks the findings of other rules, and so runs after them."""
        return "suppressions" in self.inputs

    @property
    def timed(self) -> bool:
        """Whether its verdict can change with time alone."""
        return "now" in self.inputs

    @property
    def static(self) -> bool:
        """Whether its verdict on a task depends only on task files, people and configuration."""
        of_tasks = "tasks" in self.inputs if not self.subjects else {"task", "file"} & set(self.subjects)
        return {*self.inputs, *self.optional} <= STATIC and bool(of_tasks)


def rule(
    *,
    family: str,
    severity: Severity,
    explains: tuple[str, ...] = (),
    url: str | None = None,
    stops_dispatch: bool = False,
    settles_dispatch: bool = False,
    remedy: Remedy | tuple[Remedy, ...] = (),
    options: type[Any] | None = None,
    formerly: tuple[str, ...] = (),
) -> Callable[[Callable[..., Iterator[Finding]]], Rule]:
    """Make a rule of a generator function, named after it.

    The first parameter may be a subject (``task``, ``file``, ``entry``, ``manager``, ``ledger``, or several as
    ``task_or_manager``); every other one names a part of the state. A parameter with a default of None is optional.

    Args:
        family: what the rule is grouped under.
        severity: that of its findings, where they don't say their own.
        explains: rules, families and kinds of raw signals that its finding is the root cause of; ``*`` for all.
        url: the page of its documentation.
        stops_dispatch: whether an error of it, which nothing else explains, keeps a task from being dispatched.
        settles_dispatch: whether its fix brings root in line with how a run ended, so that `run` and `finish` make it.
        remedy: what settles a finding of it that has no fix, and brings no remedy of its own; of several, the first
            that can be done.
        options: the class of what ``[rules.NAME]`` of a configuration may say to it, with a default for everything;
            the rule gets an instance as its parameter ``options``.
        formerly: names that it had in earlier versions, the first one first: fingerprints are made of that.

    Raises:
        TypeError: a parameter that is neither subject nor fact, a missing docstring, a remedy that is none, or options
            that it doesn't ask for, or that lack a default.
    """

    def make(check: Callable[..., Iterator[Finding]]) -> Rule:
        if not check.__doc__:
            raise TypeError(f"rule {check.__name__} has no docstring")
        name = check.__name__.replace("_", "-")
        remedies = remedy if isinstance(remedy, tuple) else (remedy,)
        for each in remedies:
            if not isinstance(each, Remedy):
                raise TypeError(f"rule {name}: a remedy is of type {type(each).__name__}")
        parameters = _parameters(check)
        first = next(iter(parameters), "")
        subjects = _subjects(first)
        subject_parameter = first if subjects else None
        usual = _usual(name, options, parameters)
        needed, optional = _facts(name, parameters, {subject_parameter, OPTIONS if options else None})
        return Rule(
            name=name,
            family=family,
            severity=severity,
            explains=explains,
            check=check,
            subjects=subjects,
            subject_parameter=subject_parameter,
            inputs=needed,
            optional=optional,
            summary=cleaned(check.__doc__).partition("\n")[0],
            url=url,
            stops_dispatch=stops_dispatch,
            settles_dispatch=settles_dispatch,
            remedies=remedies,
            options=usual,
            formerly=formerly,
        )

    return make


def cleaned(doc: str) -> str:
    """Return a docstring without its indentation, as `inspect.cleandoc` does: its import takes as long as ten rules."""
    first, *others = doc.expandtabs().split("\n")
    indents = [len(line) - len(line.lstrip()) for line in others if line.strip()]
    margin = min(indents, default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in others)]).strip("\n")


def _usual(rule: str, options: type[Any] | None, parameters: Mapping[str, bool]) -> Any:
    """Return the options of a rule as they are where no configuration says anything; None for a rule without.

    Raises:
        TypeError: it doesn't ask for them, or they have no defaults.
    """
    if options is None:
        return None
    if OPTIONS not in parameters:
        raise TypeError(f"rule {rule}: it has options, and no parameter {OPTIONS}")
    if rule in KEYS_OF_RULES:
        raise TypeError(f"rule {rule}: [rules] has a key of that name, so it can have no options")
    try:
        return options()
    except (TypeError, ValueError) as error:
        raise TypeError(f"rule {rule}: every option needs a default: {error}") from error


def _facts(
    rule: str, parameters: Mapping[str, bool], others: Container[str | None]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the parts of the state that a rule needs, and those that it can do without.

    Args:
        rule: its name.
        parameters: what it asks for.
        others: those of them that are no parts of the state.

    Raises:
        TypeError: it asks for something else.
    """
    facts = [name for name in parameters if name not in others]
    unknown = [name for name in facts if name not in FACTS]
    if unknown:
        raise TypeError(f"rule {rule}: no such input: {', '.join(unknown)}")
    needed = filter(parameters.__getitem__, facts)
    return tuple(needed), tuple(name for name in facts if not parameters[name])


def _parameters(check: Callable[..., object]) -> Mapping[str, bool]:
    """Return the names of a rule's parameters, each with whether the rule can't do without it."""
    if not isinstance(check, FunctionType) or hasattr(check, "__wrapped__") or check.__code__.co_flags & _VARIABLE:
        from inspect import signature

        return {name: about.default is about.empty for name, about in signature(check).parameters.items()}
    code = check.__code__
    placed = code.co_varnames[: code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    first_with_default = len(placed) - len(check.__defaults__ or ())
    needed = {name: position < first_with_default for position, name in enumerate(placed)}
    return needed | {name: name not in (check.__kwdefaults__ or {}) for name in named}


_VARIABLE = 0x04 | 0x08
"""The flags of a function with ``*args`` or ``**kwargs``."""


def _subjects(first: str) -> tuple[str, ...]:
    """Return what a rule is asked about by its first parameter, of ``task_or_manager`` both; empty for a fact."""
    named = tuple(first.split("_or_"))
    return named if set(named) <= set(SUBJECTS) else ()


def asking(rule: Rule, inputs: Mapping[str, Any]) -> Callable[[object], Iterator[Finding]]:
    """Return what asks a rule about one subject, given the parts of the state that it needs."""
    if rule.options is not None:
        inputs = {**inputs, OPTIONS: rule.options}
    about_subject = partial(rule.check, **inputs)
    return about_subject if rule.subject_parameter is not None else lambda _: about_subject()
