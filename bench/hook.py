"""Times the hooks that check a commit beside a bare check: what a hook costs before the check begins.

    python bench/hook.py [TASKS]

CPU seconds of whole processes, in turn, medians of seven; compare the ratio, not the times. Exits 1 where a hook takes
twice as long as the check that it starts.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from fleet import build, cpu, git

CHECK = [sys.executable, "-P", "-m", "taskcheck"]
LOCAL = """repos:
- repo: local
  hooks:
  - {{id: taskcheck, name: taskcheck, language: system, pass_filenames: false, always_run: true, entry: '{entry}'}}
"""


def main() -> int:
    tasks = int(sys.argv[1]) if sys.argv[1:] else 100
    here = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{here}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "store"
        build(root, tasks, 4)
        hook = root / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(
            subprocess.run([*CHECK, "init", "--hook", "git"], cwd=root, check=True, capture_output=True).stdout
        )
        hook.chmod(0o755)
        (root / ".pre-commit-config.yaml").write_text(LOCAL.format(entry=f"{here}/taskcheck check --gate commit"))
        git("add", ".pre-commit-config.yaml", cwd=root)
        os.environ |= {"PRE_COMMIT_HOME": f"{folder}/home", "PREK_HOME": f"{folder}/home"}
        ways = {
            "bare check": [*CHECK, "check", "--gate", "commit"],
            "git's own hook": ["git", "hook", "run", "pre-commit"],
            **{name: [name, "run"] for name in ("prek", "pre-commit") if shutil.which(name)},
        }
        for command in ways.values():
            subprocess.run(command, cwd=root, check=True, capture_output=True)
        rounds = [{name: cpu(command, root) for name, command in ways.items()} for _ in range(7)]
    slow = False
    for name in ways:
        ratio = statistics.median(each[name] / each["bare check"] for each in rounds)
        slow |= ratio >= 2
        print(f"{tasks} tasks: {name:<15}{statistics.median(each[name] for each in rounds):.2f} s, ratio {ratio:.2f}")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
