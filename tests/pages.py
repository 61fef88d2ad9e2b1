"""What a page of the docs tells its reader to do, done: files are written, commands run, and print what is shown."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import environment, here
from tests.samples import WHOLE

STEP = re.compile(
    r"^`(?P<name>[\w./-]+)`:\n\n```\w+\n(?P<text>.*?)^```$|^```console\n(?P<session>.*?)^```$", re.DOTALL | re.MULTILINE
)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
SIMPLE = re.compile(r"taskcheck (?!run |serve)[\w ./:=,-]+")
"""Commands in which a shell has nothing to do, so that they may run in this process; nightly a shell runs them too."""
UNTRIED = {
    r"pipx? install ": "it would ask the network",
    r"export GH_TOKEN=|taskcheck --online": "it would ask a forge; tests/e2e/test_online.py has one",
    r"taskcheck (serve|watch)|.* --watch": "it doesn't end; tests/e2e/test_serve.py and test_watch.py end it",
    r"taskcheck cache --clear": "it would clear what other tests use; tests/e2e/test_cache.py has one of its own",
    r"make ": "it is what runs this test, or takes as long",
}
"""What is shown, and not done, by how it begins; and why not."""


def write(page: Path, folder: Path) -> list[str]:
    """Write the files of a page, which stand below their names in code; their names in order."""
    steps = [step for step in STEP.finditer(page.read_text()) if step["name"]]
    for step in steps:
        _write(folder / step["name"], step["text"])
    return [step["name"] for step in steps]


def follow(page: Path, folder: Path, **variables: str) -> int:
    """Do all that a page says, in its order, beginning in a folder; how many commands that was.

    A command may exit with 0, or with 1 where something was found. What it prints is what stands below it, in which
    `…` stands for anything, and for any number of lines where it is alone. Its folder is that of the next one, and of
    the next file.
    """
    tried = code = 0
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = environment(HOME=str(folder), PATH=path, **variables)
    for step in STEP.finditer(page.read_text()):
        if step["name"]:
            _write(folder / step["name"], step["text"])
            continue
        for command, shown in COMMAND.findall(step["session"]):
            if untried(command):
                continue
            if SIMPLE.fullmatch(command) and not WHOLE:
                ran = here(shlex.split(command)[1:], folder, env, merged=True)
                printed, code = ran.out, ran.code
            else:
                printed, folder, code = _by_a_shell(command, code, folder, env)
            told = f"{page.name}: {command}\n{printed}"
            assert code in {0, 1}, told
            assert _as_shown(shown, printed), f"{told}\nis not what is shown:\n{shown}"
            tried += 1
    return tried


def commands(page: Path) -> list[str]:
    """Return the commands that a page shows, also those in lists."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [command for block in blocks for command in re.findall(r"^ *\$ (.*)", block, re.MULTILINE)]


def untried(command: str) -> str | None:
    """Return why a command isn't run; None where it is."""
    return next((why for begin, why in UNTRIED.items() if re.match(begin, command)), None)


def run_alone(command: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of a page in a folder, by a shell."""
    path = f"{folder / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(PATH=path, **variables),
        capture_output=True,
        text=True,
        check=False,
    )


def _by_a_shell(command: str, code: int, folder: Path, env: dict[str, str]) -> tuple[str, Path, int]:
    """Run a command after one that ended with a code; what it prints, and the folder and the code it ends with."""
    done = subprocess.run(
        ["bash", "-c", f"(exit {code})\n{command}\nended=$?; printf '\\0%s' \"$PWD\"; exit $ended"],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    printed, _, place = done.stdout.rpartition("\0")
    return printed, Path(place), done.returncode


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _as_shown(shown: str, printed: str) -> bool:
    lines = (r"(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + r"\n" for line in shown.splitlines())
    return re.fullmatch("".join(lines), printed) is not None
