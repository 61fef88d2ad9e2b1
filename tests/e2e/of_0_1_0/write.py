"""Writes the folders beside it, by the commands of taskcheck 0.1.0: see README.md.

usage: unshare --uts sh -c 'hostname mac-1; python tests/e2e/of_0_1_0/write.py FOLDER-OF-THE-COMMAND'
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORDS = ".git/taskcheck/store"
RENAMES = "rename,renameat,renameat2,link,linkat"
PULL = "https://github.com/o/r/pull/12"


class Store:
    """A repository, and the command that writes in it."""

    def __init__(self, root: Path, commands: Path) -> None:
        self.root = root
        self.environment = {
            "PATH": f"{commands}:/usr/local/bin:/usr/bin:/bin", "HOME": str(root), "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "PYTHONDONTWRITEBYTECODE": "1",
            "GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@example.invalid",
            "GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@example.invalid",
        }  # fmt: skip

    def does(self, *command: str, code: int | None = 0) -> str:
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        assert code in {None, done.returncode}, (command, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def run_killed(self, task: str, worker: str) -> None:
        """A run whose runner is killed once its worker has done its part."""
        with subprocess.Popen(
            ["taskcheck", "run", task, "--", "sh", "-c", f"{worker}; touch done; sleep 60"],
            cwd=self.root, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as runner:  # fmt: skip
            mark = self.root / ".worktrees" / task / "done"
            while not mark.exists():
                assert runner.poll() is None
                time.sleep(0.02)
            runner.send_signal(signal.SIGKILL)
        mark.unlink()

    def traced(self, *command: str, kill: tuple[str, int] | None = None) -> list[str]:
        """The renames of a command, which is killed before one of them: the n-th of its kind."""
        trace = self.root.parent / "trace"
        inject = [f"-einject={kill[0]}:signal=SIGKILL:when={kill[1]}"] if kill else []
        self.does("strace", "-qq", "-o", str(trace), f"-etrace={RENAMES}", *inject, *command, code=None)
        return [line for line in trace.read_text().splitlines() if re.match(r"(rename|link)", line)]

    def becomes(self, copy: Path) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(copy, self.root, symlinks=True)

    def files(self) -> dict[str, bytes]:
        """All that isn't git's own, and the records that lie there."""
        paths = (path for path in sorted(self.root.rglob("*")) if path.is_file())
        named = {path.relative_to(self.root).as_posix(): path for path in paths}
        return {
            name.replace(RECORDS, "records"): path.read_bytes().replace(bytes(self.root), b"{root}")
            for name, path in named.items()
            if name.startswith(RECORDS) or (".git" not in name.split("/"))
        }


def calls(renames: list[str]) -> list[tuple[str, int]]:
    """Renames as strace tells them apart: by the call, and which one of its kind it is."""
    names = [line.partition("(")[0] for line in renames]
    return [(name, names[: number + 1].count(name)) for number, name in enumerate(names)]


def of_files(renames: list[str]) -> list[tuple[str, int]]:
    """Those by which a file takes its place."""
    return [call for call, line in zip(calls(renames), renames, strict=True) if '".taskcheck.' in line]


def kept(store: Store, name: str, beside: dict[str, bytes]) -> dict[str, bytes]:
    """Keep what differs from other files, and the names of those that are gone; all files.

    Of a worktree that isn't there yet, what differs from the first commit.
    """
    files = store.files()
    made = {path: path.split("/", 2)[2] for path in files.keys() - beside.keys() if path.startswith(".worktrees/")}
    start = {path: HERE / "base" / tracked for path, tracked in made.items()}
    beside = beside | {path: file.read_bytes() for path, file in start.items() if file.is_file()}
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in files.items():
        if beside.get(path) != data:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    gone = sorted(beside.keys() - files.keys())
    if gone:
        (folder / "gone.txt").write_text("".join(f"{path}\n" for path in gone))
    return files


def begun(store: Store) -> dict[str, bytes]:
    """The repository before anything was written; its files."""
    shutil.copytree(HERE / "base", store.root, dirs_exist_ok=True)
    store.does("git", "init", "-q", "-b", "main")
    (store.root / ".git/info/exclude").write_text(".tasks/\n.worktrees/\ntasks/logs/\n")
    store.does("git", "add", "-A")
    store.does("git", "commit", "-qm", "start")
    return store.files()


def dispatched(store: Store) -> None:
    """What `run` and `finish` write: four ends, and two runners that were killed."""
    said = f"taskcheck finish fix-login --outcome completed_with_pr --pr-url {PULL}"
    store.does("taskcheck", "run", "fix-login", "--", "sh", "-c", said)
    said = "taskcheck finish write-docs --outcome blocked --reason 'no key yet'"
    store.does("taskcheck", "run", "write-docs", "--", "sh", "-c", said, code=None)
    store.does("taskcheck", "run", "tidy-up", "--", "sh", "-c", "exit 7", code=None)
    store.does("git", "worktree", "add", "-q", "-b", "task/by-hand", ".worktrees/by-hand")
    store.does("taskcheck", "finish", "by-hand", "--outcome", "needs_review_fix")
    store.run_killed("lost", "true")
    store.run_killed("unsettled", f"taskcheck finish unsettled --outcome completed_with_pr --pr-url {PULL}3")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store", Path(sys.argv[1]).absolute())
        store.root.mkdir()
        before = begun(store)
        (store.root / "taskcheck.toml").unlink()
        store.does("taskcheck", "init")
        shutil.copy(store.root / "taskcheck.toml", HERE / "init.toml")
        shutil.copy(HERE / "base/taskcheck.toml", store.root)
        store.does("taskcheck", "--update-baseline", "--select", "role-routing")
        dispatched(store)
        first = kept(store, "dispatched", before)

        undone, done = Path(folder) / "undone", Path(folder) / "done"
        shutil.copytree(store.root, undone, symlinks=True)
        renames = store.traced("taskcheck", "--fix")
        fixed = kept(store, "fixed", first)
        shutil.copytree(store.root, done, symlinks=True)
        files = of_files(renames)
        points = {"laid": calls(renames)[1], "decided": files[0], "half": files[1], "written": calls(renames)[-1]}
        for name, kill in points.items():
            store.becomes(undone)
            store.traced("taskcheck", "--fix", kill=kill)
            kept(store, f"fix-{name}", first)

        store.becomes(done)
        files = of_files(store.traced("taskcheck", "undo"))
        store.becomes(done)
        store.traced("taskcheck", "undo", kill=files[1])
        kept(store, "undo-half", fixed)

        said = "taskcheck finish next --outcome blocked --reason 'no key yet'"
        run = ["taskcheck", "run", "next", "--", "sh", "-c", said]
        store.becomes(done)
        files = of_files(store.traced(*run))
        for name, kill in (("run-begun", files[1]), ("run-ended", files[-1])):
            store.becomes(done)
            store.traced(*run, kill=kill)
            kept(store, name, fixed)


if __name__ == "__main__":
    main()
