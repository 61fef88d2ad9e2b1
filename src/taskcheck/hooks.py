"""What a plugin may implement; entry-point group ``taskcheck``."""

from collections.abc import Callable, Iterable, Mapping

import pluggy

from taskcheck.finding import Report
from taskcheck.rules import Rule

hookspec = pluggy.HookspecMarker("taskcheck")
hookimpl = pluggy.HookimplMarker("taskcheck")


@hookspec
def taskcheck_rules() -> Iterable[Rule]:  # type: ignore[empty-body]
    """Rules that the plugin brings."""


@hookspec
def taskcheck_presets() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Store formats that the plugin brings: name to the text of a preset in TOML."""


@hookspec
def taskcheck_reporters() -> Mapping[str, Callable[[Report], str]]:  # type: ignore[empty-body]
    """Output formats that the plugin brings: name to a pure function from report to text."""


@hookspec
def taskcheck_finish(report: Report) -> None:
    """After everything else; may publish the report, can't change it."""
