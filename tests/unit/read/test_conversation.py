"""A process is given what it reads while it is heard, within a time and up to a size."""

import subprocess
import sys
import time

import pytest

from taskcheck.read.conversation import MOST_WORDS, Endless, Silent, converse

ECHO = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
LARGE = bytes(range(256)) * 8192


def started(code: str, *, speaks: bool = False) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        stdin=subprocess.PIPE if speaks else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def test_it_speaks_and_listens_at_once() -> None:
    process = started(ECHO, speaks=True)
    assert converse(process, LARGE, 60, len(LARGE)) == (LARGE, b"")
    assert process.returncode == 0


def test_who_listens_may_go() -> None:
    process = started("import os; os.close(0); print('enough')", speaks=True)
    assert converse(process, LARGE, 60, 100) == (b"enough\n", b"")


def test_of_many_errors_the_first_are_kept() -> None:
    process = started(f"import os; [os.write(2, b'x' * 1000) for _ in range({MOST_WORDS})]; print('done')")
    out, err = converse(process, b"", 60, 100)
    assert out == b"done\n"
    assert MOST_WORDS <= len(err) <= 2 * MOST_WORDS


def test_too_much_is_not_waited_for() -> None:
    process = started("while True: print('more')")
    with pytest.raises(Endless):
        converse(process, b"", 60, 1000)
    ended(process)


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(600)",
        "import os, time; os.close(1); time.sleep(600)",
        "import os, time; os.close(1); os.close(2); time.sleep(600)",
        "import os, time; os.write(1, b'some'); time.sleep(600)",
    ],
)
def test_silence_is_waited_for_no_longer_than_that(code: str) -> None:
    process = started(code)
    before = time.process_time()
    with pytest.raises(Silent):
        converse(process, b"", 0.3, 100)
    assert process.poll() is None
    assert time.process_time() - before < 0.2, "it waits without work"
    ended(process)
