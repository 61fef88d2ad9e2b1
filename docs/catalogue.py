"""Writes rules/taskcheck_rules/catalogue.py: what each built-in rule declares, so that none is imported to be known."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

import taskcheck_rules
from taskcheck import Remedy, Rule, replace
from taskcheck.documents.frozen import fields_of, names_of
from taskcheck_rules import remedies

CATALOGUE = "../rules/taskcheck_rules/catalogue.py"
PAGES = "https://github.com/taskcheck/taskcheck/blob/main/docs/rules"
WIDTH = 100

SHARED = {name: value for name, value in vars(remedies).items() if isinstance(value, Remedy)}
"""Remedies of several rules, which have a name."""

HEAD = '''"""What each rule declares, so that its module is imported when it is asked; written by docs/generate.py."""

from taskcheck import {public}
from taskcheck_rules.later import Later
{others}
# fmt: off
RULES = (
'''


def declared() -> list[Rule]:
    """Return every ``@rule`` in a module below the pack, in the order of the modules' paths, each with its page."""
    return [replace(rule, url=f"{PAGES}/{rule.name}.md") for rule in _rules()]


def _rules() -> Iterator[Rule]:
    (folder,) = map(Path, taskcheck_rules.__path__)
    for path in sorted(folder.glob("*/*.py")):
        module = import_module(f"taskcheck_rules.{path.parent.name}.{path.stem}")
        for value in vars(module).values():
            if isinstance(value, Rule):
                yield value


def catalogue() -> str:
    """The module's text. A rule with options is imported: its module has the class of these."""
    rules = declared()
    with_options = [rule for rule in rules if rule.options is not None]
    others = [f"from {rule.check.__module__} import {rule.check.__name__}" for rule in with_options]
    written = [_entry(rule) for rule in rules]
    used = {name for name, remedy in SHARED.items() if any(remedy in rule.remedies for rule in rules)}
    others.insert(0, f"from taskcheck_rules.remedies import {', '.join(sorted(used))}")
    public = sorted({"Rule", "Severity", *_nouns(rules)} | ({"replace"} if with_options else set()))
    head = HEAD.format(public=", ".join(public), others="".join(f"{line}\n" for line in others))
    return head + "".join(written) + ")\n"


def _nouns(rules: list[Rule]) -> set[str]:
    """Return the names of the classes of the rules' own remedies."""
    own = (remedy for rule in rules for remedy in rule.remedies if remedy not in SHARED.values())
    return {type(remedy).__name__ for remedy in own}


def _entry(rule: Rule) -> str:
    """A rule of the catalogue, a line for each thing that it declares beyond the defaults."""
    if rule.options is not None:
        return f"    replace({rule.check.__name__}, url={rule.url!r}),\n"
    check = f"check=Later({rule.check.__module__!r}, {rule.check.__name__!r})"
    said = _said({name: value for name, value in _beyond_defaults(rule).items() if name != "check"}, 8)
    return f"    {_broken('Rule(', [check, *said], ')', 4)},\n"


def _beyond_defaults(noun: Any) -> dict[str, Any]:
    """Return the fields of a noun that hold something else than where they aren't given."""
    usual = fields_of(type(noun))
    held = {name: getattr(noun, name) for name in names_of(noun)}
    return {name: value for name, value in held.items() if value != usual[name].default}


def _said(fields: Mapping[str, Any], indent: int) -> list[str]:
    return [f"{name}={_source(value, indent)}" for name, value in fields.items()]


def _source(value: Any, indent: int) -> str:
    """Return a value as code that makes it, in lines of which all but the first are indented."""
    for name, remedy in SHARED.items():
        if remedy == value:
            return name
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        head, parts = "(", [_source(each, indent + 4) for each in value]
    elif names_of(value):
        head, parts = f"{type(value).__name__}(", _said(_beyond_defaults(value), indent + 4)
    else:
        return repr(value)
    only_one = "," if head == "(" and len(parts) == 1 else ""
    flat = f"{head}{', '.join(parts)}{only_one})"
    return flat if len(flat) <= WIDTH - indent and "\n" not in flat else _broken(head, parts, ")", indent)


def _broken(head: str, parts: Iterable[str], end: str, indent: int) -> str:
    """Return code with each part in a line of its own."""
    lines = "".join(f"{' ' * (indent + 4)}{part},\n" for part in parts)
    return f"{head}\n{lines}{' ' * indent}{end}"
