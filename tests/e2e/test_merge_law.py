"""The law of merges with real repositories: check, repair, commit what is said, and merge each worker's branch."""

import json
import re
import subprocess
from pathlib import Path

from tests.e2e.conftest import taskcheck
from tests.e2e.repository import GIT, Repo
from tests.pairs import LAYOUTS, ROOT, WORKER, Pair, pair
from tests.samples import sampled

CONFIG = 'preset = "task-manager"\n[rules]\nselect = ["metadata-drift", "dispatch-completed-unreconciled"]\n'
END = {"outcome": "completed_with_pr", "started_at": "2026-03-24T01:00:00Z", "ended_at": "2026-03-24T17:30:00Z"}


def store(folder: Path, cases: dict[str, Pair]) -> Repo:
    """A repository with a task and its worktree for each pair; of every other one the run recorded its outcome."""
    repo = Repo(folder / "repo")
    logs = repo.root / "tasks/logs"
    logs.mkdir(parents=True)
    repo.git("init", "-q", "--template=", "--initial-branch=main")
    (repo.root / "taskcheck.toml").write_text(CONFIG)
    (repo.root / ".gitignore").write_text(".worktrees/\ntasks/logs/\n")
    write(repo.root, {name: case.base for name, case in cases.items()})
    repo.commit("base")
    for name, case in cases.items():
        place = repo.root / ".worktrees" / name
        repo.git("worktree", "add", "-q", "-b", f"task/{name}", str(place))
        write(place, {name: case.theirs})
        Repo(place, repo.minutes).commit("work")
        ended = {"schema": "taskcheck/tombstone/1", "task": name, "outcome": "completed_with_pr", "state": "ended"}
        if int(name[1:]) % 2:
            record = {
                **ended,
                "pr_number": 12,
                "started_at": "2026-03-24T01:00:00Z",
                "ended_at": "2026-03-24T17:30:00Z",
            }
            (logs / f"dispatch-{name}.status.json").write_text(json.dumps(record))
    write(repo.root, {name: case.ours for name, case in cases.items()})
    repo.commit("root")
    return repo


def write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / "tasks" / f"{name}.md").write_bytes(text.encode())


def fixes(root: Path, safety: str) -> dict[str, str]:
    """The tasks with a fix that is just so safe, and why it isn't safer."""
    found = {}
    for incident in taskcheck("--format", "json", cwd=root).json["incidents"]:
        for finding in incident["findings"]:
            if finding["fix"] and finding["fix"]["safety"] == safety:
                found[incident["task"]] = finding["fix"]["why"]
    return found


def test_what_was_safe_merges(tmp_path: Path) -> None:
    seeds = sampled(range(len(LAYOUTS) * len(WORKER) * len(ROOT)), 9)
    repo = store(tmp_path, {f"t{seed}": pair(seed) for seed in seeds})
    safe = fixes(repo.root, "safe")
    assert len(safe) > len(seeds) / 2
    ran = taskcheck("--fix", cwd=repo.root)
    said = re.search(r"to commit: (git commit .*)", ran.out)
    assert said, ran.out
    subprocess.run(said[1].replace("git", " ".join(GIT), 1), shell=True, cwd=repo.root, check=True)
    assert not repo.git("status", "--porcelain"), "what is said is all that there is to commit"
    met = fixes(repo.root, "unsafe")
    assert met
    for name in safe:
        repo.git("merge", "-q", "--no-edit", f"task/{name}")
        merged = (repo.root / "tasks" / f"{name}.md").read_text()
        assert re.findall(r"^ *status: +['\"]?(\w+)", merged, re.M) == ["in_review"], merged
    for name, why in met.items():
        conflict = f"a merge of branch task/{name} would conflict in its tasks/{name}.md: line"
        assert conflict in why
        assert conflict in taskcheck("--fix", "--unsafe-fixes", f"tasks/{name}.md", cwd=repo.root).out
        repo.commit("unsafe")
        merge = [*GIT, "merge", "-q", "--no-edit", f"task/{name}"]
        assert subprocess.run(merge, cwd=repo.root, check=False, capture_output=True).returncode == 1
        repo.git("merge", "--abort")
