"""The stop hooks of coding agents: what they are handed, how they are told not to stop, where they are set up.

Each takes one JSON object on stdin, and goes on where it is told so on stdout; to be silent is to let it stop. A worker
that was kept from stopping once is let go the next time, whatever it did.

Sources: the hook references of Claude Code, Codex CLI, Cursor and Gemini CLI, as of November 2026. Their protocols are
tried with what these pages document, not with the agents themselves.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from taskcheck.documents.frozen import frozen

MOST_BYTES = 1024 * 1024
"""Of what an agent hands over; its last message may be among it."""


@frozen(kw_only=True)
class Agent:
    """A coding agent that documents a stop hook."""

    file: str
    """Where its settings are, in the repository."""
    settings: Mapping[str, Any]
    """What makes it call the hook."""
    answer: Callable[[str], Mapping[str, Any]]
    """Returns what keeps it from stopping, with what it is to read."""
    has_blocked: Callable[[Mapping[str, Any]], bool]
    """Whether, by what it hands over, it was kept from stopping already, or is no more to be asked."""


def _was_active(handed: Mapping[str, Any]) -> bool:
    return handed.get("stop_hook_active") is True


def _has_looped(handed: Mapping[str, Any]) -> bool:
    """Return whether Cursor went on once already, or was stopped by a person or an error."""
    return handed.get("loop_count") not in {0, None} or handed.get("status") not in {"completed", None}


def _entry(name: str) -> dict[str, Any]:
    return {"type": "command", "command": f"taskcheck finish --hook {name}"}


AGENTS: Mapping[str, Agent] = {
    "claude-code": Agent(
        file=".claude/settings.json",
        settings={"hooks": {"Stop": [{"hooks": [_entry("claude-code")]}]}},
        answer=lambda text: {"decision": "block", "reason": text},
        has_blocked=_was_active,
    ),
    "codex": Agent(
        file=".codex/hooks.json",
        settings={"hooks": {"Stop": [{"hooks": [_entry("codex")]}]}},
        answer=lambda text: {"decision": "block", "reason": text},
        has_blocked=_was_active,
    ),
    "cursor": Agent(
        file=".cursor/hooks.json",
        settings={"version": 1, "hooks": {"stop": [{"command": "taskcheck finish --hook cursor", "loop_limit": 1}]}},
        answer=lambda text: {"followup_message": text},
        has_blocked=_has_looped,
    ),
    "gemini-cli": Agent(
        file=".gemini/settings.json",
        settings={"hooks": {"AfterAgent": [{"matcher": "*", "hooks": [_entry("gemini-cli")]}]}},
        answer=lambda text: {"decision": "deny", "reason": text},
        has_blocked=_was_active,
    ),
}

INSTRUCTIONS = """\
## When you stop working on a task

Record how the work ended, in the worktree of the task, before you stop. One of these is the last thing you run:

    taskcheck finish TASK --outcome completed_with_pr --pr-url URL
    taskcheck finish TASK --outcome needs_review_fix
    taskcheck finish TASK --outcome blocked --reason 'why it can't be done'
    taskcheck finish TASK --outcome failed --reason 'what went wrong'

`taskcheck finish --check` says whether an end is recorded; it is silent where one is.
"""
"""Lines for AGENTS.md."""


def handed_over(data: bytes) -> Mapping[str, Any]:
    """Return what an agent hands over; nothing where that is no JSON object."""
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def folder(handed: Mapping[str, Any]) -> Path | None:
    """Return the folder in which an agent says that it works; None where it names none that is there."""
    roots = handed.get("workspace_roots")
    named = handed.get("cwd") or (roots[0] if isinstance(roots, list) and roots else None)
    if not isinstance(named, str) or "\0" in named:
        return None
    path = Path(named)
    return path if path.is_dir() else None


def setup() -> str:
    """Return what tells workers to record an end, and makes each agent ask for one."""
    parts = [f"# For AGENTS.md:\n\n{INSTRUCTIONS}"]
    for agent in AGENTS.values():
        parts.append(f"# For {agent.file}, beside what is there:\n\n{json.dumps(agent.settings, indent=2)}\n")
    return "\n".join(parts)
