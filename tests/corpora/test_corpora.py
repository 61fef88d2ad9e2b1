"""Real task stores of public projects: what is found in them is what docs/corpora.md says, and that is true.

Their root and branch copies are compared in real worktrees.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taskcheck.checks import check_request
from taskcheck.config.load import builtin_presets, detect, presets
from taskcheck.model.finding import Severity
from taskcheck.model.report import Report
from taskcheck.store import Request, Where, open_store
from tests.conftest import ROOT, corpus
from tests.e2e.conftest import git, taskcheck
from tests.samples import WHOLE, sampled

PAGE = (ROOT / "docs" / "corpora.md").read_text()
MAX_FALSE_SHARE = 0.02


def table(heading: str) -> list[dict[str, str]]:
    """The first table below a heading of the page."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


FINDINGS = table("Findings")
COPIES = {row["corpus"]: row for row in table("Copies in worktrees")}
CORPORA = sorted({row["corpus"] for row in FINDINGS})
UNREAD = {row["corpus"]: int(row["tasks"]) for row in table("Not read by a preset")}
TOLD = {row["corpus"]: int(row["files"]) for row in table("What isn't read, and said")}
LATER = {"Alberto-Codes+gepa-adk", "Alive24+CKBoost"}
"""Measured since the others were for the first time."""


def repository(source: Path, into: Path) -> Path:
    """A copy of a folder as a repository with one commit."""
    shutil.copytree(source, into, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns(".SOURCE"))
    for folder in (into, *into.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    git("init", "-q", "-b", "main", cwd=into)
    git("add", "-A", cwd=into)
    git("commit", "-q", "-m", "as it was", cwd=into)
    return into


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Any]]:
    """A corpus as a repository, with its report; each is built and checked once."""
    done: dict[str, tuple[Path, Any]] = {}

    def look(name: str) -> tuple[Path, Any]:
        if name not in done:
            root = repository(corpus(name), tmp_path_factory.mktemp("corpus") / "store")
            ran = taskcheck("--format", "json", cwd=root)
            assert ran.code in {0, 1}, ran.err
            assert ran.json["complete"]
            done[name] = root, ran.json
        return done[name]

    return look


def found(report: Any) -> list[dict[str, Any]]:
    return [finding for incident in report["incidents"] for finding in incident["findings"]]


@pytest.mark.parametrize("name", CORPORA)
def test_the_page_says_what_is_found(name: str, checked: Callable[[str], tuple[Path, Any]]) -> None:
    root, report = checked(name)
    rows = [row for row in FINDINGS if row["corpus"] == name]
    counted = Counter((finding["rule"], finding["severity"]) for finding in found(report))
    assert {(row["rule"], row["severity"]): int(row["findings"]) for row in rows if row["rule"] != "-"} == counted
    assert {int(row["tasks"]) for row in rows} == {report["summary"]["tasks"]}
    assert {row["preset"] for row in rows} == {detect(root, presets(builtin_presets()))}


def test_the_page_has_every_corpus() -> None:
    folders = {path.name for path in corpus("drift").parent.iterdir() if path.is_dir()} - {"drift"}
    assert folders <= {*CORPORA, *UNREAD}, "judge its findings in docs/corpora.md"


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_a_store_that_no_preset_reads_is_read_after_init(name: str, tmp_path: Path) -> None:
    root = repository(corpus(name), tmp_path / "store")
    ran = taskcheck(cwd=root)
    assert ran.code == 4
    assert "possible tasks found: " in ran.err
    assert taskcheck("init", "--yes", cwd=root).code == 0
    report = taskcheck("--format", "json", cwd=root).json
    assert (report["summary"]["tasks"], report["incidents"]) == (UNREAD[name], [])


_LINE = re.compile(r"^(?:status|Status):[ \t]*['\"]?([^'\"#\r\n]*)", re.MULTILINE)


@pytest.mark.parametrize("name", CORPORA)
def test_nothing_that_has_a_status_goes_unsaid(name: str, checked: Callable[[str], tuple[Path, Any]]) -> None:
    """By an independent count: Markdown in the folders of the store, with a line that says one of its statuses."""
    root, report = checked(name)
    assert sum(_files_of(each["where"]) for each in report["unseen"]) == TOLD.get(name, 0)
    settings = open_store(Where(root=root)).settings
    shown = taskcheck("check", "--show-files", cwd=root).out
    known = set(re.findall(r"^(?:task|archived|unread|no task) +(.+?)(?:  \(|: )", shown, re.MULTILINE))
    words = {status.casefold() for status in settings.statuses}
    for pattern in settings.paths.tasks:
        folder = root / pattern.partition("*")[0].partition("{")[0].rpartition("/")[0]
        for path in folder.rglob("*.md"):
            said = _LINE.search(path.read_text(errors="replace")[:2000])
            if said and said[1].strip().casefold() in words:
                assert path.relative_to(root).as_posix() in known


def _files_of(where: str) -> int:
    """How many files a line about them speaks of."""
    counted = re.match(r"(\d+) files in ", where)
    return int(counted[1]) if counted else 1


def test_false_alarms_are_rare() -> None:
    for rows in ([row for row in FINDINGS if row["corpus"] == name] for name in CORPORA):
        findings, false = (sum(int(row[column]) for row in rows) for column in ("findings", "false"))
        assert false <= findings * MAX_FALSE_SHARE, rows[0]["corpus"]
    mended = table("What had to be mended")
    false = sum(int(row["false"]) for row in mended)
    assert "also removed nineteen findings" in PAGE
    first = sum(int(row["findings"]) for row in FINDINGS if row["corpus"] not in LATER) + false + 19
    assert f"{false} of {first} findings were false" in PAGE


@pytest.mark.parametrize(
    ("name", "folders", "at_least"),
    [
        ("MrLesk+Backlog.md", ("backlog/tasks", "backlog/completed", "backlog/drafts"), 600),
        ("ai-sdlc-framework+ai-sdlc", ("backlog/tasks", "backlog/completed"), 600),
        ("cleverlook+engram", ("kanban/tasks",), 37),
        ("wedow+ticket@pr7", (".tickets",), 95),
    ],
)
def test_a_store_is_read_whole(
    name: str, folders: tuple[str, ...], at_least: int, checked: Callable[[str], tuple[Path, Any]]
) -> None:
    root, report = checked(name)
    paths = [path for folder in folders for path in (root / folder).glob("*.md")]
    with_status = sum(bool(_STATUS.match(path.read_text(errors="replace"))) for path in paths)
    assert report["summary"]["tasks"] == with_status >= at_least
    assert "unreadable-task" not in {finding["rule"] for finding in found(report)}, "unquoted @names are legal there"


_STATUS = re.compile(r"---\r?\n(?:(?!---).*\r?\n)*?status:")


@pytest.mark.parametrize("name", CORPORA)
def test_nothing_waits_for_itself(name: str, checked: Callable[[str], tuple[Path, Any]]) -> None:
    assert "dependency-cycle" not in {finding["rule"] for finding in found(checked(name)[1])}


def test_completed_tasks_that_are_not_done(checked: Callable[[str], tuple[Path, Any]]) -> None:
    """Counted by other means: 74 To Do and 13 In Progress."""
    root, report = checked("ai-sdlc-framework+ai-sdlc")
    texts = [path.read_text().split("\n---", 1)[0] for path in (root / "backlog" / "completed").glob("*.md")]
    counted = Counter(match[1] for text in texts if (match := re.search(r"^status: (To Do|In Progress)$", text, re.M)))
    assert counted == {"To Do": 74, "In Progress": 13}
    told = [finding for finding in found(report) if finding["rule"] == "status-contradicted"]
    assert Counter(re.search(r" is ([\w ]+), but ", finding["message"])[1] for finding in told) == counted  # type: ignore[index]


def test_dangling_dependencies_of_ccpm(checked: Callable[[str], tuple[Path, Any]]) -> None:
    """Counted by other means: numbers as they are written, within the epic; a T before a number is a label."""
    root, report = checked("dainn67+wallet-ai")
    numbers: dict[Path, dict[str, str]] = {}
    for path in (root / ".claude" / "epics").rglob("*.md"):
        if {"archived", ".archived"} & set(path.parts):
            continue
        if (match := re.match(r"(\d+)(?:-.*)?\.md$", path.name)) and path.read_text().startswith("---\n"):
            numbers.setdefault(path.parent, {})[match[1].lstrip("0")] = path.read_text().split("\n---", 1)[0]
    dangling = 0
    for epic in numbers.values():
        for front in epic.values():
            listed = re.search(r"^depends_on:(.*(?:\n *- .*)*)", front, re.M)
            named = re.findall(r"[T\d]\d*", listed[1]) if listed else []
            dangling += sum(name.lstrip("T0") not in epic for name in named)
    assert dangling == 23
    assert sum(finding["rule"] == "unknown-dependency" for finding in found(report)) == dangling


def drift_cases(name: str) -> list[tuple[Path, dict[str, str]]]:
    folder = corpus("drift") / name
    rows = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    return sampled([(folder / f"{row['case']:03}", row) for row in rows], 6)


def drift_repository(case: Path, into: Path, authority: str) -> Path:
    """A drift case as root and a real worktree on an unmerged branch."""
    into.mkdir()
    shutil.copytree(case / "root", into, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for folder in (into, *into.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    checkouts = '[checkouts]\nworktree = ".worktrees/{task}"\n'
    (into / "taskcheck.toml").write_text(f'preset = "backlog-md"\n{checkouts}[drift]\nauthority = "{authority}"\n')
    (into / ".gitignore").write_text(".worktrees/\n")
    git("init", "-q", "-b", "main", cwd=into)
    git("add", "-A", cwd=into)
    git("commit", "-q", "-m", "root", cwd=into)
    ids = [re.search(r"^id: *'?([^'\s]+)", path.read_text(), re.MULTILINE) for path in into.rglob("*.md")]
    own = next((match[1] for match in ids if match), "work")
    git("worktree", "add", "-q", "-b", "work", f".worktrees/{own}", cwd=into)
    worktree = into / ".worktrees" / own
    shutil.rmtree(worktree / "backlog")
    shutil.copytree(case / "worktree", worktree, copy_function=shutil.copyfile, dirs_exist_ok=True)
    git("add", "-A", cwd=worktree)
    git("commit", "-q", "--allow-empty", "-m", "work", cwd=worktree)
    return into


DRIFT = Request(ignore=("unknown-dependency",))
"""A case is one file of its store: what it depends on isn't there."""


def drift_report(case: Path, into: Path, authority: str) -> Report:
    root = drift_repository(case, into, authority)
    return check_request(Where(root=root, third_party=False), DRIFT)


def of_level(report: Report, level: Severity) -> list[str]:
    assert report.complete, report.errors
    return [finding.rule for finding in report.findings if finding.level is level]


@pytest.mark.parametrize("name", sorted(COPIES))
def test_work_in_flight_is_no_error_where_files_travel_in_branches(name: str, tmp_path: Path) -> None:
    cases = drift_cases(name)
    told: Counter[Severity] = Counter()
    collisions = 0
    for case, row in cases:
        report = drift_report(case, tmp_path / case.name, "branch")
        assert set(of_level(report, Severity.ERROR)) <= {"id-collision"}, row
        collisions += len(of_level(report, Severity.ERROR))
        told[Severity.WARNING] += len(of_level(report, Severity.WARNING))
    page = {column: int(number) for column, number in COPIES[name].items() if column != "corpus"}
    assert collisions == page["one id, two tasks"] or not WHOLE
    share = 1 if WHOLE else 6
    assert len(cases) == -(-page["copies"] // share)
    assert told[Severity.WARNING] == page["warnings, branch"] or not WHOLE


@pytest.mark.parametrize("name", sorted(COPIES))
def test_only_tasks_that_root_would_dispatch_again_are_errors(name: str, tmp_path: Path) -> None:
    told = 0
    for case, row in drift_cases(name):
        errors = of_level(drift_report(case, tmp_path / case.name, "root"), Severity.ERROR)
        found = [rule for rule in errors if rule != "id-collision"]
        still_ready = row["root"] == "To Do" and row["branch"] in {"In Progress", "In Review", "Done", "Blocked"}
        is_another = "id-collision" in errors
        assert found == (["metadata-drift"] if still_ready and not is_another else []), row
        told += len(found)
    assert told == int(COPIES[name]["errors, root"]) if WHOLE else told
