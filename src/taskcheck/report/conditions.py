"""How things about a task stand now: its file, its worktree, its worker, its branch, its pull requests."""

from collections.abc import Iterator

from taskcheck.documents.frozen import replace
from taskcheck.documents.shape import file_of
from taskcheck.documents.values import counted, how_old, phrase
from taskcheck.model.managers import Manager
from taskcheck.model.runtime import Dispatch
from taskcheck.model.sources import Fork, Repository, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout, PullRequest
from taskcheck.model.timeline import Condition


def conditions(task: str, state: State) -> Iterator[Condition]:
    """Yield how things about a task stand now."""
    yield _root(task, state)
    checkout = state.checkout_of(task)
    if checkout is not None:
        yield _worktree(task, checkout, state)
        yield from _branch(checkout)
    run = state.dispatch_of(task)
    if run is not None:
        yield _worker(run)
    for pull in pull_requests(task, state):
        yield Condition(name="pull request", value=pull.spoken)
    waiting = state.waiting.get(task)
    if waiting is not None:
        yield Condition(name="waits", value=f"for a person{phrase(': ', waiting.reason)}", since=waiting.since)


def conditions_of_manager(manager: Manager, state: State) -> Iterator[Condition]:
    """Yield how a manager's ledgers stand now."""
    names = sorted({ledger.name for ledger in manager.files})
    yield Condition(name="spelled", value=", ".join(names))
    heard = "none" if manager.heard_at is None else how_old(state.now - manager.heard_at)
    yield Condition(name="heartbeat", value=heard)
    count = len({entry.task for entry in manager.entries})
    yield Condition(name="registered", value=counted(count, "task"))


def own_branches(task: str, state: State) -> set[str]:
    """Return the branches that ledgers, front matter or the own checkout name as a task's own."""
    named = {record.branch for record in state.records_of(task)}
    named |= {file.text("branch") for file in state.files_of(task)}
    checkout = state.checkout_of(task)
    if checkout is not None:
        named.add(checkout.branch)
    return set(filter(None, named))


def pull_requests(task: str, state: State) -> list[PullRequest]:
    """Return the pull requests that root, the own copy and the records of the newest run name, each once."""
    found: dict[str | int | None, PullRequest] = {}
    for ledger in (*state.files_of(task), *state.records_of(task)):
        pull = ledger.pull_request
        if pull is not None:
            found.setdefault(pull.known_number or pull.url, pull)
    return list(found.values())


def own_range(task: str, state: State, git: Repository | Unavailable) -> tuple[str, str] | None:
    """Return the tip of a task's own branch, and the commit where it left root's history; None where nobody knows."""
    if isinstance(git, Unavailable):
        return None
    checkout = state.checkout_of(task)
    if checkout is not None and isinstance(checkout.fork, Fork):
        heads = {each.name: each.head for each in git.checkouts}
        head = heads.get(checkout.name)
        return (head, checkout.fork.base) if head is not None else None
    for branch in sorted(own_branches(task, state) & git.merges.keys()):
        merge = git.merges[branch]
        if merge.tip is not None and merge.fork is not None:
            return merge.tip, merge.fork
    return None


def _root(task: str, state: State) -> Condition:
    """Return how the task's file in root stands."""
    root = state.tasks.get(task)
    if root is None:
        return Condition(name="root", value="no task file")
    value = f"{root.status or 'no status'}, owner {root.owned_by or 'nobody'}"
    place = replace(root.place, path=file_of(root.place.path))
    return Condition(name="root", value=value, place=place)


def _worktree(task: str, checkout: Checkout, state: State) -> Condition:
    """Return how the task stands in its own checkout."""
    copy = state.own_copy_of(task)
    if checkout.defect is not None:
        value = checkout.defect
    elif copy is None:
        value = "as in root"
    else:
        value = copy.task.status or "no status"
    where = checkout.path or f"branch {checkout.branch}"
    return Condition(name="worktree" if checkout.path else "branch tip", value=f"{value}, in {where}")


def _branch(checkout: Checkout) -> Iterator[Condition]:
    """Yield how many commits a branch has of its own, and whether it landed."""
    fork = checkout.fork
    if checkout.branch is None or not isinstance(fork, Fork):
        return
    verdict = f", {checkout.merge.told}" if checkout.merge is not None else ""
    value = f"{checkout.branch}: {counted(fork.commits, 'commit')} of its own{verdict}"
    yield Condition(name="branch", value=value, since=fork.newest_commit_at)


def _worker(run: Dispatch) -> Condition:
    """Return how the newest run stands."""
    began = run.began if not run.over else None
    code = phrase(", exit code ", run.exit_code)
    return Condition(name="worker", value=f"{run.state.value}: {run.why}{code}", since=began)
