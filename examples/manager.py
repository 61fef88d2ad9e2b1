"""A task manager for one person: prune, pick up, dispatch, heartbeat; over and over.

    python examples/manager.py --owner dave --workers 4 --lease 45m -- my-agent --prompt-file "{task}"

Every worker runs under `taskcheck run`, which keeps register, tombstone and root's task file true. So this process may
be killed at any time: workers go on, and the next one finds them in the register. `{task}` stands for the task's file.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import taskcheck
from taskcheck import ledgers, owners
from taskcheck.ledgers import Signal

SIGNALS = {"worker-gone": "dispatch_worker_gone", "stale-in-progress": "stuck_in_progress"}
"""Rules whose findings a person should look at, by the kind of raw signal that is raised for them."""


def prune(look: owners.Turn) -> set[str]:
    """Take entries out of the register whose task, branch, worktree or run is over; their tasks."""
    over = {finding.task for finding in look.report.findings if finding.rule == "register-orphan" and _is_safe(finding)}
    pruned: set[str] = set()
    if over:
        with ledgers.register(look) as entries:
            pruned = over & entries.keys()
            for task in pruned:
                del entries[task]
    return pruned


def _is_safe(finding: taskcheck.Finding) -> bool:
    """Whether its worker is known to be dead, and nothing else speaks against the repair."""
    return finding.fix is not None and finding.fix.safety is taskcheck.Safety.SAFE


def dispatch(task: taskcheck.Task, owner: str, options: argparse.Namespace) -> "subprocess.Popen[bytes]":
    """Start a worker that outlives us."""
    command = [part.replace("{task}", task.place.path) for part in options.command]
    runner = [sys.executable, "-m", "taskcheck", "run", task.id, "--owner", owner, "--root", str(options.root)]
    if options.lease:
        runner += ["--timeout", options.lease]
    # What the worker prints is in its dispatch log.
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*runner, "--", *command], start_new_session=True, **quiet)


def heartbeat(look: owners.Turn) -> None:
    """Write the snapshot that the status page shows, with a raw signal for whatever a person should look at."""
    calls = [finding for finding in look.report.findings if finding.rule in SIGNALS and look.is_own(finding.task or "")]
    ledgers.write_snapshot(look, signals=[_signal(finding) for finding in calls])


def _signal(finding: taskcheck.Finding) -> Signal:
    return Signal(task=str(finding.task), kind=SIGNALS[finding.rule], detail=finding.message)


def turn(owner: str, started: dict[str, "subprocess.Popen[bytes]"], options: argparse.Namespace) -> bool:
    """One round, from one look at the store; whether there is anything left to wait for."""
    for task in [task for task, process in started.items() if process.poll() is not None]:
        del started[task]
    look = owners.turn(owner, root=options.root)
    pruned = prune(look)
    # Workers of a manager that was killed count too.
    busy = {*started, *look.running}
    waiting = [task for task in look.dispatchable if task.id not in busy]
    for task in waiting[: max(0, options.workers - len(busy))]:
        started[task.id] = dispatch(task, owner, options)
    heartbeat(look)
    # What held a pruned entry may be dispatched by the next look.
    return bool(started or busy or pruned)


def main() -> int:
    """Manage until there is nothing to do, or for ever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--owner", required=True, help="the person, by any spelling")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository")
    parser.add_argument("--workers", type=int, default=2, help="how many work at once")
    parser.add_argument("--lease", metavar="TIME", help="how long a worker may take, such as 45m")
    parser.add_argument("--interval", type=float, default=10.0, help="seconds between two rounds")
    parser.add_argument("--until-idle", action="store_true", help="end when nothing is left to do")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the worker, after --")
    options = parser.parse_args()
    try:
        owner = owners.canonical(options.owner, root=options.root)
    except (owners.UnknownOwner, taskcheck.UsageError, taskcheck.ConfigError) as error:
        parser.error(str(error))
    started: dict[str, subprocess.Popen[bytes]] = {}
    while True:
        try:
            more = turn(owner, started, options)
        except (ledgers.Held, ledgers.Moved) as error:  # somebody writes the ledgers: the next round will do
            sys.stderr.write(f"manager: {error}\n")
            more = True
        if options.until_idle and not more:
            return 0
        time.sleep(options.interval)


if __name__ == "__main__":
    sys.exit(main())
