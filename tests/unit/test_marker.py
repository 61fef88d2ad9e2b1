"""A plugin is marked as pluggy marks it."""

from typing import Any

import pluggy
import pytest

from taskcheck.plugins.manager import load
from taskcheck.plugins.marker import PROJECT, hookimpl

OPTIONS: list[dict[str, Any]] = [{}, {"tryfirst": True}, {"trylast": True, "optionalhook": True}, {"specname": "x"}]


def plain() -> None: ...


def other() -> None: ...


@pytest.mark.parametrize("options", OPTIONS)
def test_it_marks_as_pluggy_does(options: dict[str, Any]) -> None:
    ours: Any = hookimpl(**options)(plain) if options else hookimpl(plain)
    theirs: Any = pluggy.HookimplMarker(PROJECT)(other, **options)
    assert ours is plain
    assert ours.taskcheck_impl == theirs.taskcheck_impl


def test_the_built_in_rules_are_the_same_by_pluggy() -> None:
    alone, registered = load(third_party=False), load(third_party=False)
    assert registered.manager.has_plugin("builtin")
    assert alone.rules() == registered.rules()
    assert (alone.presets(), alone.reporters(), alone.guard(None, None)) == ({}, {}, [])  # type: ignore[arg-type]
    assert "manager" not in vars(alone)
