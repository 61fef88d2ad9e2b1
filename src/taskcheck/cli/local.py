"""Rules of the caller's own (``-p``): files and modules that only a command line can name, for it runs their code.

A file is compiled anew each time: no compiled code that lies beside it is taken for it, and none is written there.
"""

import os
import sys
from collections.abc import Container, Iterable, Iterator
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from taskcheck.cli import Failure
from taskcheck.documents.frozen import replace
from taskcheck.engine.rule import Rule

HOOK = "taskcheck_rules"
"""What gives the rules of a module that says itself which they are."""


class _Fresh(SourceFileLoader):
    """Compiles a file as it is now."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the file, whatever the module is called."""
        del fullname
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def local_rules(names: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules in files and modules.

    Args:
        names: paths of files that end with ``.py``, and names of modules that can be imported.

    Raises:
        Failure: one of them can't be run, or holds no rule; or two hold one of the same name.
    """
    found: dict[str, Rule] = {}
    for number, name in enumerate(names):
        for rule in _rules_in(name, number):
            if rule.name in found:
                raise Failure(f"-p {name}: rule {rule.name} already exists in {found[rule.name].local}")
            found[rule.name] = replace(rule, local=name)
    return tuple(found.values())


def distinct(rules: Iterable[Rule], installed: Container[str]) -> None:
    """See that no local rule has the name of an installed one.

    Raises:
        Failure: one has.
    """
    for rule in rules:
        if rule.name in installed:
            raise Failure(f"-p {rule.local}: rule {rule.name} is already installed: give this one another name")


def _rules_in(name: str, number: int) -> Iterator[Rule]:
    """Yield the rules of a file or module: those that its hook gives, else all that are made in it."""
    try:
        module = _file(name, number) if _is_path(name) else import_module(name)
        rules = list(_given(module))
    except (Exception, SystemExit) as error:
        raise Failure(f"-p {name}: {_told(error, name)}") from error
    if not rules:
        raise Failure(f"-p {name}: it has no rule: neither a function with @rule nor one from {HOOK}()")
    for rule in rules:
        if not isinstance(rule, Rule):
            raise Failure(f"-p {name}: {HOOK} returned {type(rule).__name__}, not a rule")
        yield rule


def _given(module: ModuleType) -> Iterable[Any]:
    """Return what a module gives for its rules."""
    if hasattr(module, HOOK):
        given: Iterable[Any] = getattr(module, HOOK)()
        return given
    made = [value for value in vars(module).values() if isinstance(value, Rule)]
    return [rule for rule in made if rule.check.__module__ == module.__name__]


def _is_path(name: str) -> bool:
    """Return whether a name is that of a file: no module's has a slash, or ends so."""
    return name.endswith(".py") or os.sep in name


def _file(name: str, number: int) -> ModuleType:
    """Run a file, and return its module; it is imported by no other name.

    Raises:
        OSError, SyntaxError, and whatever the code raises.
    """
    path = Path(name).resolve()
    called = f"taskcheck_local_{number}"
    spec = spec_from_file_location(called, path, loader=_Fresh(called, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError("it can't be imported")
    module = module_from_spec(spec)
    sys.modules[called] = module
    spec.loader.exec_module(module)
    return module


def _told(error: BaseException, name: str) -> str:
    """Return what went wrong, with the line of the file in which it did."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ModuleNotFoundError) and error.name == name:
        file = f"{name}.py"
        hint = f"; did you mean the file ./{file}?" if Path(file).is_file() else ""
        return f"no module of that name can be imported{hint}"
    import traceback

    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(Path(name).name)]
    where = f" (line {own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {error}{where}"
