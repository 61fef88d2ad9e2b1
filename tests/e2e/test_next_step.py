"""The next step of an incident settles its headline, and every format says it in the same words."""

import html
import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from taskcheck.checks import check_settled, check_store
from taskcheck.documents.frozen import replace
from taskcheck.engine.rule import rule
from taskcheck.formats import renderer, status
from taskcheck.formats.step import Step, next_step
from taskcheck.model.finding import Command, Finding, HandEdit, Severity, Wait
from taskcheck.model.report import Incident, Report
from taskcheck.model.task import Place, Task
from taskcheck.plugins import manager as plugins
from taskcheck.report.remedies import remedied
from taskcheck.testing import Built, build
from taskcheck.testing.laws import opened
from tests.conftest import FIXTURES
from tests.e2e.conftest import environment, taskcheck

RULES = plugins.load(third_party=False).rules()

BLANKS = {
    "OUTCOME": "blocked",
    "REASON": "'two tests fail'",
    "COMMAND": "true",
    "URL": "https://example.com/o/r/pull/9",
    "PATH": ".worktrees/moved",
    "WORKTREE": ".worktrees/one",
    "BRANCH": "task/one",
}
"""A value that each blank allows."""

Act = Callable[[Path, Incident], None]
"""What a person does about an incident in a store's folder."""


def put(path: str, *changes: tuple[str, str]) -> Act:
    """Make changes of a file: each replaces a text by another."""

    def act(root: Path, _: Incident) -> None:
        text = (root / path).read_text()
        for before, after in changes:
            assert before in text, f"{path} has no {before}"
            text = text.replace(before, after, 1)
        (root / path).write_text(text)

    return act


def drop(path: str) -> Act:
    """Take a file away."""
    return lambda root, _: (root / path).unlink()


def commit(worktree: str, act: Act) -> Act:
    """Commit in a worktree what was done there."""

    def committed(root: Path, incident: Incident) -> None:
        act(root, incident)
        git = ["git", "-C", str(root / worktree), "commit", "--all", "--message", "as root says"]
        subprocess.run(git, env=environment(), check=True, capture_output=True)

    return committed


def beat(manager: str, **changes: object) -> Act:
    """Write a manager's heartbeat anew, as of now, with the rows and signals that it has to have."""

    def act(root: Path, _: Incident) -> None:
        path = root / f".tasks/task_manager/task-manager-{manager}.snapshot.json"
        snapshot = json.loads(path.read_text())
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        path.write_text(json.dumps({**snapshot, "generated_at": now, **changes}))

    return act


def moved(before: str, after: str) -> Act:
    """Have a worktree's folder where somebody moved it to."""

    def act(root: Path, _: Incident) -> None:
        assert not (root / before).exists()
        admin = next(path for path in (root / ".git/worktrees").iterdir() if before in (path / "gitdir").read_text())
        (root / after).mkdir(parents=True)
        (root / after / ".git").write_text(f"gitdir: {admin}\n")

    return act


def upstream(root: Path, _: Incident) -> None:
    """Have the remote that trunk was fetched from, which the fixture only pretends."""
    bare = root.parent / "upstream.git"
    for words in (
        ["init", "-q", "--bare", str(bare)],
        ["push", "-q", str(bare), "refs/remotes/origin/main:refs/heads/main"],
        ["config", "remote.origin.url", str(bare)],
        ["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"],
        ["branch", "-q", "--set-upstream-to", "origin/main"],
    ):
        subprocess.run(["git", *words], cwd=root, env=environment(), check=True, capture_output=True)


def branched(root: Path, _: Incident) -> None:
    """Have the branch that the worktree should be on."""
    subprocess.run(["git", "branch", "task/one"], cwd=root, env=environment(), check=True, capture_output=True)


def ended(_: Path, incident: Incident) -> None:
    """Nothing in a file: the processes that the fixture has end."""
    assert incident.headline == "worker-outlives-task"


@dataclass(frozen=True)
class Tried:
    """An incident of a fixture."""

    case: str
    subject: str
    act: Act | None = None
    """What a person does; before the command, where the step is one."""
    later: str | None = None
    """The rule that heads what is left; None where nothing of the incident is an error or warning any more."""


REGISTER = ".tasks/task_manager/task-manager-dave-fowler.register.json"

TRIED = {
    "broken-worktree": [
        Tried("bad-gone-and-unlinked", "unlinked"),
        Tried("bad-gone-and-unlinked", "gone", moved(".worktrees/gone", ".worktrees/moved")),
        Tried("bad-named-by-a-register", "fix-login", put(REGISTER, ("elsewhere", ".worktrees/fix-login"))),
    ],
    "dependency-cycle": [Tried("bad-circle", "d", put("tasks/d.md", ("depends_on: [d", "depends_on: [e")))],
    "dispatch-completed-unreconciled": [
        Tried("bad-fixes", "allowed"),
        Tried("bad-fixes", "no-outcome-blocked"),
    ],
    "shared-issue": [Tried("bad-one-of-two", "two", put("tasks/two.md", ("issue: 7", "issue: 70")))],
    "done-with-open-pr": [Tried("bad-open", "fix-login", put("tasks/fix-login.md", ("completed", "in_review")))],
    "done-not-landed": [Tried("bad-unmerged", "back", put("tasks/back.md", ("completed", "in_review")))],
    "dropped-dependency": [Tried("bad-cancelled", "ready", put("tasks/ready.md", ("[dropped]", "[]")))],
    "duplicate-registration": [
        Tried("bad-one-worktree", "fix-login", put(REGISTER, ('".worktrees/fix"', '".worktrees/other"')))
    ],
    "duplicate-task": [Tried("bad-same-key", "TASK-7", put("backlog/tasks/task-7 - A.md", ("TASK-7", "TASK-8")))],
    "id-collision": [
        Tried("bad-next-number-twice", "INFRA-024", put("tasks/fix-login.md", ("INFRA-024", "INFRA-025")))
    ],
    "invalid-field": [Tried("bad-each-kind", "number", put("tasks/number.md", ("pr_number: soon", "pr_number: 12")))],
    "merged-not-completed": [Tried("bad-by-whose-word", "named"), Tried("bad-by-whose-word", "in-work")],
    "metadata-drift": [
        Tried("bad-active-merged", "merged"),
        Tried("bad-clean-or-conflicting", "both-sides", put("tasks/both-sides.md", ("priority: p2", "priority: p3"))),
    ],
    "misrouted-task": [
        Tried("bad-queued", "write-docs", later="stale-in-progress"),
        Tried("bad-held-in-snapshot", "registered", put("tasks/registered.md", ("owner: rj", "owner: dave-fowler"))),
    ],
    "missing-terminal-state": [
        Tried("bad-log-only", "fix-login"),
        Tried("bad-no-pull-request", "no-pr-anywhere"),
    ],
    "noncanonical-owner": [Tried("bad-alias", "fix-login")],
    "ready-too-early": [Tried("bad-open-dependency", "a", put("tasks/a.md", ("status: ready", "status: not_started")))],
    "register-orphan": [Tried("bad-archived", "away"), Tried("bad-ended-and-open", "logged")],
    "role-routing": [Tried("bad-unknown-owner", "draft", put("tasks/draft.md", ("ghost", "dave-fowler")))],
    "root-behind": [Tried("bad-not-pulled", "at-work", upstream)],
    "snapshot-mismatch": [Tried("bad-begun-in-root", "rj", beat("rj", escalation={"signals": []}))],
    "snapshot-stale": [Tried("bad-one-second-late", "dave-fowler", beat("dave-fowler"))],
    "split-manager": [
        Tried("bad-alias-only", "dave-fowler"),
        Tried("bad-inner-nobody", "dave-fowler", put(REGISTER, ("ghost", "dave-fowler"))),
    ],
    "stale-branch-copy": [
        Tried(
            "bad-set-back",
            "done",
            commit(".worktrees/done", put(".worktrees/done/tasks/done.md", ("status: ready", "status: completed"))),
        )
    ],
    "stale-in-progress": [Tried("bad-dead-worker", "fix-login")],
    "status-contradicted": [Tried("bad-each-sign", "heading", put("tasks/heading.md", ("in_progress", "completed")))],
    "tracked-runtime-state": [Tried("bad-tracked", "dave-fowler")],
    "unexplained-escalation": [Tried("bad-fresh", "merge", beat("dave-fowler", escalation={"signals": []}))],
    "unknown-dependency": [Tried("bad-typo", "a", put("tasks/a.md", ("fix-logn", "fix-login")))],
    "unreadable-state": [Tried("bad-truncated", "dave-fowler", drop(REGISTER), "unreadable-state")],
    "unreadable-task": [Tried("bad-duplicate-key", "broken", put("tasks/broken.md", ("status: ready\n", "")))],
    "unregistered-worktree": [Tried("bad-another-folder", "fix-login")],
    "unused-suppression": [Tried("bad-each", "quiet", put("tasks/quiet.md", ("taskcheck:", "other:")))],
    "worktree-off-branch": [Tried("bad-another-branch", "one", branched)],
    "worker-gone": [Tried("bad-dead-process", "dead"), Tried("bad-idle", "idle")],
    "worker-outlives-task": [Tried("bad-closed-an-hour-ago", "fix", ended, "register-orphan")],
}
"""Of each rule the incidents that it heads, with what a person does where no command settles it."""


def test_every_rule_that_declares_a_remedy_is_tried() -> None:
    """One without is explained, as `test_a_rule_that_declares_nothing_is_explained` has it."""
    declaring = {name for name, each in RULES.items() if each.remedies}
    assert declaring <= set(TRIED) <= set(RULES)


@pytest.mark.parametrize(
    ("name", "tried"),
    [
        pytest.param(name, tried, id=f"{name}-{tried.case.removeprefix('bad-')}-{tried.subject}")
        for name, each in TRIED.items()
        for tried in each
    ],
)
def test_the_next_step_settles_the_headline(name: str, tried: Tried, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    built = build(FIXTURES / name / tried.case, tmp_path / "repo", now=now)
    store, request = opened(name, built, alone=False, third_party=False)
    incident = _incident(check_store(store, request), tried.subject)
    assert incident.headline == name
    step = next_step(incident)
    assert step.kind != "explain"
    assert step.words or tried.act is not None
    if tried.act is not None:
        tried.act(built.root, incident)
    if step.words:
        _run(step, built.root)
    if tried.act is ended:
        request = replace(request, processes=replace(request.processes, started={}))
    after = check_store(store, replace(request, now=datetime.now(UTC)))
    assert incident.head is not None
    causes = {finding.fingerprint for each in after.incidents for finding in each.causes}
    assert incident.head.fingerprint not in causes, step.told
    left = [each.headline for each in after.incidents if each.subject == tried.subject and _is_grave(each)]
    assert left == ([tried.later] if tried.later else []), step.told


def _incident(report: Report, subject: str) -> Incident:
    """The incident that is about something."""
    return next(incident for incident in report.incidents if incident.subject == subject)


def _is_grave(incident: Incident) -> bool:
    return bool(incident.findings) and incident.severity > Severity.INFO


def _run(step: Step, root: Path) -> None:
    """Run the command of a step as it stands, its blanks filled; and see that it does what it is to do."""
    line = step.text
    for blank, about in step.blanks:
        assert blank in line.split()
        assert about
        line = line.replace(blank, BLANKS[blank])
    if "OUTCOME" in dict(step.blanks):
        assert BLANKS["OUTCOME"] in dict(step.blanks)["OUTCOME"]
    words = shlex.split(line)
    if words[0] == "taskcheck":
        ran = taskcheck(*words[1:], cwd=root)
        assert ran.code in {0, 1}, ran.err
    else:
        subprocess.run(words, cwd=root, env=environment(), check=False, capture_output=True)


SPOKEN = ("text", "markdown", "agent", "html", "sarif", "github")
"""Formats that say what to do next, and JSON, which has it in its parts."""


def test_every_format_says_the_same_words(tmp_path: Path) -> None:
    report = _all_kinds(tmp_path)
    steps = [next_step(incident) for incident in report.incidents]
    assert {step.kind for step in steps} == {"fix", "command", "edit", "wait"}
    said = {name: _words(renderer(name)(report)) for name in SPOKEN}
    said["status"] = _words(status.render(report, width=400))
    for step in steps:
        for name, text in said.items():
            assert _words(step.text) in text, f"{name}: {step.text}"
            assert _words(step.beside) in text, f"{name}: {step.beside}"
    told = [incident["next"] for incident in json.loads(renderer("json")(report))["incidents"]]
    for step, values in zip(steps, told, strict=True):
        assert (values["kind"], values["text"], values["note"]) == (step.kind, step.text, step.note)
        assert (values["command"] or [], values["blanks"]) == (list(step.words), dict(step.blanks))
        assert (values["path"], values["line"]) == ((step.place.path, step.place.line) if step.place else (None, None))


def _words(text: str) -> str:
    """What is said, without what a format marks it up with."""
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return " ".join(re.sub(r"[`\\]", "", text).split())


def _all_kinds(folder: Path) -> Report:
    """A report with steps of each kind."""
    case = FIXTURES / "incidents"
    built = build(case, folder / "repo")
    store, request = opened("worker-gone", built, alone=False, third_party=False)
    report = check_store(store, request)
    place = Place(path="tasks/a.md", line=4, column=2)
    for name, remedy in (
        ("edit", HandEdit("its status is `ready`", place=place)),
        ("wait", Wait("the next heartbeat of rj")),
        ("command", Command(("git", "worktree", "repair", "a b"), note="it was moved")),
    ):
        finding = Finding(rule="worker-gone", task=name, message="m", expected="e", place=place, remedy=remedy)
        report = replace(report, incidents=(*report.incidents, _about(finding)))
    return report


def _about(finding: Finding) -> Incident:
    return Incident(
        task=finding.task, manager=finding.manager, title="", owner=None, status=None, headline=finding.rule,
        findings=(finding,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fix-login", "taskcheck finish fix-login --outcome OUTCOME --reason REASON"),
        ("a b; rm x", "taskcheck finish 'a b; rm x' --outcome OUTCOME --reason REASON"),
        ("-rf", "taskcheck finish --outcome OUTCOME --reason REASON -- -rf"),
        ("{manager}", "taskcheck finish '{manager}' --outcome OUTCOME --reason REASON"),
        ("a\0b", "taskcheck rule missing-terminal-state"),
    ],
)
def test_a_strange_name_is_one_word_of_the_command(name: str, words: str, incidents: Built) -> None:
    step = next_step(_about(_remedied("missing-terminal-state", name, incidents)))
    assert step.text == words


def test_a_rule_that_declares_nothing_is_explained(incidents: Built) -> None:
    store, request = opened("worker-gone", incidents, alone=False, third_party=False)
    state = check_settled(store, request).state
    place = Place(path="tasks/a.md")
    finding = remedied(Finding(rule="ours", task="a", message="m", place=place), (), state)
    assert next_step(_about(finding)).told == "taskcheck rule ours"
    assert next_step(replace(_about(finding), findings=(), headline=None)).told == "taskcheck check --verbose a"


def test_the_first_of_several_remedies_that_can_be_done_counts(incidents: Built) -> None:
    assert next_step(_about(_remedied("worker-gone", "a", incidents))).words[:2] == ("taskcheck", "run")
    assert next_step(_about(_remedied("worker-gone", "-a", incidents))).words[:2] == ("taskcheck", "finish")


def test_what_is_no_remedy_is_refused() -> None:
    def ours(task: Task) -> Iterator[Finding]:
        """Nothing."""
        yield from ()

    with pytest.raises(TypeError, match="rule ours: a remedy is of type str"):
        rule(family="ours", severity=Severity.ERROR, remedy="git fetch")(ours)  # type: ignore[arg-type]


def _remedied(name: str, task: str, incidents: Built) -> Finding:
    """A finding about a task, with what its rule declares."""
    store, request = opened(name, incidents, alone=False, third_party=False)
    state = check_settled(store, request).state
    finding = Finding(rule=name, task=task, message="m", place=Place(path="tasks/a.md"))
    return remedied(finding, RULES[name].remedies, state)
