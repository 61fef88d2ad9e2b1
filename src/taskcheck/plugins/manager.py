"""Finds plugins and calls them one by one, so that what one raises costs only its own results."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from taskcheck.config import load as config
from taskcheck.read.distributions import read_entry_points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FunctionType

    import pluggy

    from taskcheck.config.tables import Preset
    from taskcheck.engine.rule import Rule
    from taskcheck.model.cases import RunError
    from taskcheck.model.forges import PullAddress, PullState
    from taskcheck.model.plan import Plan
    from taskcheck.model.report import Report
    from taskcheck.model.sources import Unavailable
    from taskcheck.model.state import State
    from taskcheck.read.distributions import Point

    Take = Callable[..., Any]
    """Given what calls a plugin, and the hook's arguments: calls it, and makes of it what the hook is to give."""

BUILTIN = "taskcheck_rules"
"""The pack of built-in rules: registered as anybody's is, but known without a scan."""

BUILTIN_NAME = "builtin"
"""What it is called among plugins."""

GITHUB = "taskcheck.forge.github"
"""The built-in provider of pull requests: imported when somebody is asked."""

PULLS = "taskcheck_pull_requests"
"""Their hook."""

PATIENCE = 120.0
"""Seconds that a provider may take for all of its answers; GitHub's gives up sooner by itself."""

GROUP = "taskcheck"


class Alone:
    """An implementation of the built-in rules' plugin, as `pluggy.HookImpl` tells of it."""

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.plugin_name = BUILTIN_NAME
        self.argnames = function.__code__.co_varnames[: function.__code__.co_argcount]


class Plugins:
    """The built-in rules and the installed plugins, and what went wrong with any of them.

    They are imported and registered when they are first asked for anything.
    """

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        self.errors: list[RunError] = []
        self.answers: dict[PullAddress, PullState | Unavailable] = {}
        """What was said of pull requests; nobody is asked twice in one run."""

    @cached_property
    def manager(self) -> pluggy.PluginManager:
        """Those that could be registered: in an order that has pluggy call the built-in rules first, others by name."""
        from importlib import import_module

        import pluggy

        from taskcheck.plugins import hooks

        manager = pluggy.PluginManager("taskcheck")
        manager.add_hookspecs(hooks)
        failed = []
        for name, value in reversed(self._points):
            try:
                _register(manager, _loaded(name, value), name)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's fault is its own
                failed.append((name, f"{type(error).__name__}: {error}"))
        for name, message in reversed(failed):
            self._fail(name, message)
        manager.register(import_module(BUILTIN), name=BUILTIN_NAME)
        return manager

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        from taskcheck.engine.rule import Rule

        rules: dict[str, Rule] = {}
        given = self._each("taskcheck_rules", lambda give: list(give()))
        for plugin, found in sorted(given, key=_is_installed):
            for rule in found:
                if not isinstance(rule, Rule):
                    self._fail(plugin, f"taskcheck_rules returned {type(rule).__name__}, not a rule")
                elif rule.name in rules:
                    self._fail(plugin, f"rule {rule.name} already exists")
                else:
                    rules[rule.name] = rule
        return rules

    def rules(self) -> dict[str, Rule]:
        """Return all rules by name; of two with one name the first stays, the built-in one in any case.

        The other is an error.
        """
        return self._rules

    def presets(self) -> dict[str, str]:
        """Store formats of plugins: name to the text of a preset. The built-in rules bring none."""
        if not self._points:
            return {}
        return _merged(self._each("taskcheck_presets"))

    def all_presets(self) -> dict[str, Preset]:
        """Store formats that come with taskcheck, and those of plugins, by name.

        Raises:
            ConfigError: one isn't TOML.
        """
        return {**config.presets(config.builtin_presets(), checked=False), **config.presets(self.presets())}

    def reporters(self) -> dict[str, Callable[[Report], str]]:
        """Output formats of plugins."""
        return _merged(self._each("taskcheck_reporters"))

    def pull_requests(self, queries: Iterable[PullAddress]) -> Mapping[PullAddress, PullState | Unavailable]:
        """What providers say of pull requests: each is asked about what the ones before it left out, GitHub's last."""
        left = [query for query in queries if query not in self.answers]
        if left and not self.manager.has_plugin(GITHUB):
            from importlib import import_module

            self.manager.register(import_module(GITHUB), name=GITHUB)
        for implementation in sorted(self._implementations(PULLS), key=lambda one: one.plugin_name == GITHUB):
            for _, found in self._call(implementation, PULLS, _answers, queries=tuple(left)) if left else ():
                self.answers |= found
            left = [query for query in left if query not in self.answers]
        return self.answers

    def guard(self, plan: Plan, state: State) -> list[tuple[str, str]]:
        """Return the plugins that refuse a plan, each with its reason; one that fails refuses too."""
        before = len(self.errors)
        said = [(name, str(reason)) for name, reason in self._each("taskcheck_guard", plan=plan, state=state) if reason]
        return said + [(error.where.removeprefix("plugin "), error.message) for error in self.errors[before:]]

    def finish(self, report: Report, plan: Plan | None = None) -> None:
        """Tell every plugin that the run is over."""
        for _ in self._each("taskcheck_finish", report=report, plan=plan):
            pass

    def _each(self, hook: str, take: Take = lambda give, **_: give(), **arguments: object) -> list[tuple[str, Any]]:
        return [result for one in self._implementations(hook) for result in self._call(one, hook, take, **arguments)]

    def _implementations(self, hook: str) -> Iterable[pluggy.HookImpl | Alone]:
        """Return who implements a hook, in the order in which pluggy calls them, ``tryfirst`` before all others.

        While there are only the built-in rules, these are known without pluggy.
        """
        if self._points or "manager" in vars(self):
            hookimpls: list[pluggy.HookImpl] = getattr(self.manager.hook, hook).get_hookimpls()
            return hookimpls[::-1]
        from importlib import import_module

        function = getattr(import_module(BUILTIN), hook, None)
        return [Alone(function)] if function else []

    def _call(
        self, implementation: pluggy.HookImpl | Alone, hook: str, take: Take, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Return the name of a plugin and what was taken of it; nothing where it gave None, or raised."""
        try:
            given = {name: arguments[name] for name in implementation.argnames}
            result = take(lambda: implementation.function(**given), **arguments)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin's fault is its own
            self._fail(implementation.plugin_name, f"{hook}: {type(error).__name__}: {error}")
            return []
        return [] if result is None else [(implementation.plugin_name, result)]

    def _fail(self, plugin: str, message: str) -> None:
        from taskcheck.model.cases import RunError

        self.errors.append(RunError(where=f"plugin {plugin}", message=message))


def _answers(
    give: Callable[[], Any], queries: Iterable[PullAddress]
) -> dict[PullAddress, PullState | Unavailable] | None:
    """Return what a provider says of what it is asked.

    Raises:
        TimeoutError: it says nothing in time.
        TypeError: it says something else.
    """
    from taskcheck.plugins.deadline import within

    return within(PATIENCE, lambda: _checked(give(), queries))


def _checked(found: Any, queries: Iterable[PullAddress]) -> dict[PullAddress, PullState | Unavailable] | None:
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise TypeError(f"the answers are of type {type(found).__name__}, not a mapping")
    from taskcheck.engine.wellformed import ill_answer

    answers = {query: found[query] for query in queries if query in found}
    for query, answer in answers.items():
        if wrong := ill_answer(answer):
            raise TypeError(f"{query}: {wrong}")
    return answers


def load(*, third_party: bool = True) -> Plugins:
    """Return the built-in rules, and every plugin of the entry-point group."""
    points = read_entry_points(GROUP) if third_party else []
    others = [point for point in points if point[1] != BUILTIN]
    return Plugins(sorted(others, key=itemgetter(0)))


def _merged(given: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return what plugins gave by name; of two things with one name that of the first who was asked."""
    merged: dict[str, Any] = {}
    for _, found in given:
        merged = {**found, **merged}
    return merged


def _is_installed(given: tuple[str, object]) -> bool:
    """Return whether what a plugin gave is not from the built-in rules."""
    return given[0] != BUILTIN_NAME


def _register(manager: pluggy.PluginManager, module: object, name: str) -> None:
    """Register a plugin.

    Raises:
        TypeError: one of its implementations is a wrapper: nothing of the plugin is registered then.
        PluginValidationError: one doesn't fit its hook.
    """
    manager.register(module, name=name)
    for hook in manager.get_hookcallers(module) or ():
        mine = (one for one in hook.get_hookimpls() if one.plugin is module)
        if any(one.wrapper or one.hookwrapper for one in mine):
            manager.unregister(module)
            raise TypeError(
                f"{hook.name} is a wrapper, and none is called: each plugin is asked alone, so that what it raises "
                "costs only its own results; tryfirst and trylast say when"
            )


def _loaded(name: str, value: str) -> object:
    """Return a plugin that can be called.

    Raises:
        ImportError: it asks for another version of the hooks.
    """
    from importlib.metadata import EntryPoint

    from taskcheck.plugins.hooks import API_VERSION

    module: object = EntryPoint(name, value, GROUP).load()
    wanted = getattr(module, "taskcheck_api", API_VERSION)
    if wanted != API_VERSION:
        raise ImportError(
            f"it is written for version {wanted} of the hooks (taskcheck_api), and this taskcheck has version "
            f"{API_VERSION}: install matching versions"
        )
    return module
