"""What a plugin may implement; entry-point group ``taskcheck``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from taskcheck.plugins.marker import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from taskcheck.engine.rule import Rule
    from taskcheck.model.forges import PullAddress, PullState
    from taskcheck.model.plan import Plan
    from taskcheck.model.report import Report
    from taskcheck.model.sources import Unavailable
    from taskcheck.model.state import State

API_VERSION = 1
"""Of the hooks below and the names of `taskcheck`; docs/writing-rules.md says what changes it.

A plugin that says ``taskcheck_api = 1`` in its module isn't called by a taskcheck of another version.
"""

hookspec = pluggy.HookspecMarker(PROJECT)


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
def taskcheck_pull_requests(  # type: ignore[empty-body]
    queries: Sequence[PullAddress],
) -> Mapping[PullAddress, PullState | Unavailable]:
    """With ``--online``: what a forge says of pull requests, or why it says nothing.

    What is no business of the plugin it leaves out; that goes to the next one, and to GitHub's last. One that says
    nothing for two minutes is left, with an error, as one is that gives something else.
    """


@hookspec
def taskcheck_guard(plan: Plan, state: State) -> str | None:
    """Before a plan of fixes is written: the reason to refuse it, or None. A refused plan isn't written at all."""


@hookspec
def taskcheck_finish(report: Report, plan: Plan | None) -> None:
    """After everything else; may publish the report and the plan of fixes, where there was one, can't change them."""
