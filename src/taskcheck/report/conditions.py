"""How things about a task stand now: its file, its worktree, its worker, its branch, its pull requests."""

from collections.abc import Iterator

from taskcheck.documents.values import age, counted
from taskcheck.model.runtime import Dispatch, Entry, Manager, Tombstone
from taskcheck.model.sources import Fork, Repository, Unavailable
from taskcheck.model.state import State
from taskcheck.model.task import Checkout, PullRequest, Task
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
        yield Condition(name="pull request", value=_told(pull))
    waiting = state.waiting.get(task)
    if waiting is not None:
        reason = f": {waiting.reason}" if waiting.reason else ""
        yield Condition(name="waits", value=f"for a person{reason}", since=waiting.since)


def conditions_of_manager(manager: Manager, state: State) -> Iterator[Condition]:
    """Yield how a manager's ledgers stand now."""
    names = sorted({ledger.name for ledger in manager.files})
    yield Condition(name="spelled", value=", ".join(names))
    snapshot = manager.newest_snapshot
    at = snapshot.generated_at if snapshot is not None else None
    value = "none" if at is None else f"{age(state.now - at)} old"
    yield Condition(name="heartbeat", value=value, place=snapshot.ledger.place if snapshot is not None else None)
    count = len({entry.task for entry in manager.entries})
    yield Condition(name="registered", value=counted(count, "task"))


def own_branches(task: str, state: State) -> set[str]:
    """Return the branches that ledgers, front matter or the own checkout name as a task's own."""
    named = {record.branch for record in _records(task, state)}
    named |= {file.text("branch") for file in _files(task, state)}
    checkout = state.checkout_of(task)
    if checkout is not None:
        named.add(checkout.branch)
    return set(filter(None, named))


def pull_requests(task: str, state: State) -> list[PullRequest]:
    """Return the pull requests that root, the own copy and the records of the newest run name, each once."""
    named = [file.pull_request for file in _files(task, state)]
    named += [record.pull_request for record in _records(task, state)]
    found: dict[str | int | None, PullRequest] = {}
    for pull in filter(None, named):
        found.setdefault(_number(pull) or pull.url, pull)
    return list(found.values())


def _files(task: str, state: State) -> list[Task]:
    """Return a task as root has it, and as its own copy has it where that differs."""
    root, copy = state.tasks.get(task), state.own_copy_of(task)
    found = [root] if root is not None else []
    return [*found, copy.task] if copy is not None else found


def _records(task: str, state: State) -> tuple[Entry | Tombstone, ...]:
    """Return the records of a task's newest run."""
    run = state.dispatch_of(task)
    return run.records if run is not None else ()


def _number(pull: PullRequest) -> int | None:
    """Return the number of a pull request, which may stand in its URL alone."""
    return pull.number or pull.url_number


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
    owner = f", owner {root.owned_by}" if root.owned_by else ", no owner"
    return Condition(name="root", value=f"{root.status or 'no status'}{owner}", place=root.place)


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
    value = f"{checkout.branch}: {counted(fork.commits, 'commit')} of its own{_verdict(checkout)}"
    yield Condition(name="branch", value=value, since=fork.newest_commit_at)


def _verdict(checkout: Checkout) -> str:
    """Return whether a branch landed, in words; empty where nobody asked."""
    merge = checkout.merge
    if merge is None:
        return ""
    match merge.merged:
        case True:
            return f", merged: {merge.proof}"
        case False:
            return ", not merged"
        case None:
            return f", perhaps merged: {merge.proof}"


def _worker(run: Dispatch) -> Condition:
    """Return how the newest run stands."""
    began = run.began if not run.over else None
    code = f", exit code {run.exit_code}" if run.exit_code is not None else ""
    return Condition(name="worker", value=f"{run.state.value}: {run.why}{code}", since=began)


def _told(pull: PullRequest) -> str:
    """Return a pull request in words: its number, its URL."""
    number = _number(pull)
    named = f"#{number}" if number else ""
    return " ".join(filter(None, (named, pull.url)))
