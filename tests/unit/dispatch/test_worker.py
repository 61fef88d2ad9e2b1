"""A worker under supervision: real processes, real signals, real terminals."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).with_name("runner.py")
PATIENCE = 240.0
"""Seconds after which what should have happened won't."""


def until(true: Callable[[], object]) -> None:
    """Wait for what no descriptor tells."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Run:
    """One runner with its folder, and the pipe or terminal through which a test speaks with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.seen = b""
        self.master = -1
        self.descriptors: list[int] = []

    def start(self, *command: str, shell: tuple[str, ...] = (), **options: Any) -> "Run":
        """Begin over pipes, in a process group of our session."""
        self.process = subprocess.Popen(
            [*shell, *self.line(*command, **options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
        return self

    def line(self, *command: str, **options: Any) -> list[str]:
        return [sys.executable, str(RUNNER), str(self.folder), json.dumps(options), *command]

    def in_terminal(self, *line: str, size: tuple[int, int] = (33, 77), stderr: int | None = None) -> "Run":
        """Begin as leader of a session whose terminal is ours to type at."""
        self.master, slave = os.openpty()
        self.descriptors.append(self.master)
        termios.tcsetwinsize(self.master, size)
        code = "import os, sys; e = os.dup(2); os.login_tty(os.dup(0)); os.dup2(e, 2); os.execvp(*eval(sys.argv[1]))"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, repr((line[0], line))],
            stdin=slave,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
        )
        os.close(slave)
        return self

    def fifo(self, name: str) -> Path:
        os.mkfifo(self.folder / name)
        return self.folder / name

    def lifeline(self) -> int:
        """A descriptor that has ended once no process holds the FIFO `life` any more, which the worker opens."""
        fd = os.open(self.fifo("life"), os.O_RDONLY | os.O_NONBLOCK)
        self.descriptors.append(fd)
        return fd

    def sees(self, pattern: bytes) -> "re.Match[bytes]":
        """Read what is shown until a pattern is in it."""
        source = self.master if self.master >= 0 else self.process.stdout.fileno()
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([source], [], [], PATIENCE)
            assert ready, f"{pattern!r} isn't in {self.seen!r}"
            try:
                new = os.read(source, 65536)
            except OSError:
                new = b""
            assert new, f"{pattern!r} isn't in {self.seen!r}"
            self.seen += new
        self.seen = self.seen[found.end() :]
        return found

    def types(self, keys: bytes) -> None:
        if self.master >= 0:
            os.write(self.master, keys)
        else:
            self.process.stdin.write(keys)
            self.process.stdin.flush()

    @property
    def pid(self) -> int:
        until((self.folder / "pid").exists)
        return int((self.folder / "pid").read_text())

    def signalled(self, number: int) -> None:
        self.process.send_signal(number)

    def locked(self) -> bool:
        with (self.folder / "lock").open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def shown(self) -> tuple[bytes, bytes]:
        """All of the output, up to its end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.seen + out, err

    def result(self) -> dict[str, Any]:
        """What the runner wrote down, which left everything as it had found it."""
        if self.master >= 0:
            self.drain()
        elif not self.process.stdout.closed:
            self.shown()
        assert self.process.wait(PATIENCE) == 0
        result = json.loads((self.folder / "result").read_text())
        assert result["after"] == result["before"]
        assert "zombie" not in result
        assert not alive(result["pid"])
        return result

    def drain(self) -> None:
        """Read a terminal to its end, so that nobody waits for us."""
        while self.process.poll() is None or select.select([self.master], [], [], 0)[0]:
            if select.select([self.master], [], [], 0.01)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    return

    def close(self) -> None:
        for fd in self.descriptors:
            os.close(fd)
        if self.process is None:
            return
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    yield run
    run.close()


def alive(pid: int) -> bool:
    return state(pid) not in {"", "Z", "X"}


def state(pid: int) -> str:
    return asked(pid, "stat")[:1]


def asked(pid: int, what: str) -> str:
    line = ["ps", "-o", f"{what}=", "-p", str(pid)]
    return subprocess.run(line, capture_output=True, text=True, check=False).stdout.strip()


def files_of(pid: int) -> list[Path]:
    return [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]


def ended(lifeline: int) -> bool:
    """Whether the FIFO is held by nobody; it was held before."""
    while select.select([lifeline], [], [], PATIENCE)[0]:
        if not os.read(lifeline, 100):
            return True
    return False


def sh(script: str) -> tuple[str, str, str]:
    return "sh", "-c", script


# The gate


def test_the_pid_is_known_before_the_command_starts(run: Run) -> None:
    go = run.fifo("go")
    run.start(*sh("echo $$ > ran"))
    pid = run.pid
    assert alive(pid)
    assert not (run.folder / "ran").exists()
    go.write_text("\n")
    assert run.result()["exit_code"] == 0
    assert int((run.folder / "ran").read_text()) == pid


def test_a_runner_killed_before_the_gate_opens_takes_the_worker_along(run: Run) -> None:
    run.fifo("go")
    run.start(*sh("echo > ran"))
    pid = run.pid
    run.process.kill()
    until(lambda: not alive(pid) and not run.locked())
    assert not (run.folder / "ran").exists()


def test_a_dismissed_worker_never_starts(run: Run) -> None:
    run.start(*sh("echo > ran"), then="dismiss")
    run.result()
    assert not (run.folder / "ran").exists()


def test_a_signal_that_came_before_a_dismissal_is_let_through(run: Run) -> None:
    go = run.fifo("go")
    run.start(*sh("echo > ran"), then="dismiss")
    pid = run.pid
    run.signalled(signal.SIGTERM)
    go.write_text("\n")
    assert run.process.wait(PATIENCE) == -signal.SIGTERM
    assert not alive(pid)


# Death of those who supervise


def test_a_worker_is_asked_to_end_when_its_runner_is_killed(run: Run) -> None:
    life = run.lifeline()
    run.start(*sh("exec 9>life; trap 'seq 100000; echo asked; exit' TERM; echo ready; while :; do sleep 0.05; done"))
    run.sees(b"ready")
    run.process.kill()
    assert ended(life)
    until(lambda: not run.locked())
    assert (run.folder / "log").read_bytes().endswith(b"\n100000\nasked\n"), "its last words are kept"


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Callable[[], Iterator[tuple[Run, float]]]]:
    """Runs with ever more time in which they are to be seen, for a machine that is slow; the first that was is used."""
    runs: list[Run] = []

    def patient() -> Iterator[tuple[Run, float]]:
        for seconds in (0.5, 2.0, 8.0, 32.0):
            folder = tmp_path / str(seconds)
            folder.mkdir()
            runs.append(Run(folder))
            yield runs[-1], seconds
        pytest.fail("nothing was seen in time")

    yield patient
    for run in runs:
        run.close()


def test_a_worker_that_stays_is_killed_and_the_lock_is_held_until_then(
    patient: Callable[[], Iterator[tuple[Run, float]]],
) -> None:
    for run, grace in patient():
        life = run.lifeline()
        script = "exec 9>life; trap 'echo asked >&9' TERM; echo ready; while :; do sleep 0.05; done"
        run.start(*sh(script), PACT_GRACE=grace)
        run.sees(b"ready")
        killed = time.monotonic()
        run.process.kill()
        assert select.select([life], [], [], PATIENCE)[0]
        assert os.read(life, 6) == b"asked\n"
        locked = run.locked()
        in_time = time.monotonic() - killed < grace
        assert ended(life)
        until(lambda run=run: not run.locked())
        if in_time:
            assert locked
            break


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
def test_a_runner_whose_guard_is_killed_stops_the_worker(run: Run, trap: str) -> None:
    life = run.lifeline()
    run.start(*sh(f"exec 9>life; {trap} echo ready; sleep 600; :"), PACT_GRACE=0.3)
    run.sees(b"ready")
    guard = int(asked(run.pid, "ppid"))
    assert guard not in {run.process.pid, 1}
    os.kill(guard, signal.SIGKILL)
    assert ended(life)
    result = run.result()
    number = signal.SIGKILL if trap else signal.SIGTERM
    assert (result["stopped_by"], result["signal"], result["exit_code"]) == ("guard lost", number, 128 + number)


def test_a_signal_for_the_whole_process_group_leaves_the_guard(run: Run) -> None:
    life = run.lifeline()
    run.start(*sh("exec 9>life; echo ready; sleep 600; :"))
    run.sees(b"ready")
    os.killpg(run.process.pid, signal.SIGKILL)
    assert ended(life)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_worker_holds_nothing_of_ours(run: Run) -> None:
    go = run.fifo("go")
    run.start(*sh("ls /proc/self/fd; grep -E 'Sig(Ign|Blk)' /proc/self/status"))
    held = files_of(run.pid)
    assert not [path for path in held if run.folder in path.parents], "neither lock nor log, even at the gate"
    assert len(held) == 5, "standard streams, its gate, and what it tells"
    guard = asked(run.pid, "ppid")
    held = files_of(int(guard))
    assert {path.name for path in held if run.folder in path.parents} == {"lock", "log"}
    assert [Path(f"/proc/{guard}/fd/{fd}").readlink() for fd in range(3)] == [Path(os.devnull)] * 3
    go.write_text("\n")
    out, _ = run.shown()
    told = re.fullmatch(rb"0\n1\n2\n3\nSigBlk:\t0+\nSigIgn:\t([0-9a-f]+)\n", out)
    assert told, out
    ours = re.search(r"^SigIgn:\t(\w+)", Path("/proc/self/status").read_text(), re.M)
    assert ours
    pythons = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    assert not int(told[1], 16) & (~int(ours[1], 16) | pythons), (
        "at most what we were told to ignore, not what Python does"
    )
    run.result()


# Output and log


def test_output_is_passed_on_at_once_each_stream_to_its_own(run: Run) -> None:
    run.start(*sh("echo first; read answer; echo $answer; echo wrong >&2; exit 7"))
    run.sees(b"first\n")
    run.types(b"second\n")
    assert run.shown() == (b"second\n", b"wrong\n")
    assert run.result()["exit_code"] == 7
    assert (run.folder / "log").read_bytes() == b"first\nsecond\nwrong\n"


def test_nothing_is_lost_where_the_reader_is_slow(run: Run) -> None:
    life = run.lifeline()
    text = b"".join(b"%d\n" % number for number in range(28000))
    assert 150_000 < len(text) < 190_000, "more than our pipe, less than the pipes and what we hold back"
    run.start(*sh("exec 9>life; seq 0 27999"), DRAIN=0.1)
    assert ended(life)
    time.sleep(0.3)  # longer than we wait for what others may still write
    out, _ = run.shown()
    assert out == text
    run.result()
    assert (run.folder / "log").read_bytes() == text


def test_much_output_is_complete_in_both(run: Run) -> None:
    run.start(*sh("seq 300000; seq 300000 >&2"))
    out, err = run.shown()
    assert out == err == b"".join(b"%d\n" % number for number in range(1, 300001))
    assert len((run.folder / "log").read_bytes()) == len(out + err)
    run.result()


def test_what_a_worker_leaves_running_is_left_alone_and_not_waited_for(run: Run) -> None:
    end = run.fifo("end")
    life = run.lifeline()
    run.start(*sh("(exec 9>life; read line < end; echo line >&9) & echo done"), DRAIN=0.1)
    run.process.wait(PATIENCE)
    assert run.result()["stopped_by"] is None
    end.write_text("\n")
    assert select.select([life], [], [], PATIENCE)[0]
    assert os.read(life, 10) == b"line\n", "it lived on"
    assert ended(life)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_log_is_told_and_stops_nothing(run: Run) -> None:
    run.start(*sh("echo one; echo two >&2"), log="/dev/full")
    assert run.shown() == (b"one\n", b"two\n")
    result = run.result()
    assert (result["exit_code"], result["log_trouble"]) == (0, "No space left on device")


def test_a_reader_that_is_gone_stops_nothing(run: Run) -> None:
    run.start(*sh("echo one; read line; seq 100000; read line; echo last"))
    run.sees(b"one")
    run.process.stdout.close()
    run.types(b"\n\n")
    assert run.process.wait(PATIENCE) == 0
    assert (run.folder / "log").read_bytes().endswith(b"\n100000\nlast\n")
    assert run.result()["exit_code"] == 0


# Signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])
def test_a_signal_goes_to_the_worker(run: Run, name: str) -> None:
    run.start(*sh(f"trap 'exit 3' {name[3:]}; echo ready; while :; do sleep 0.05; done"))
    run.sees(b"ready")
    run.signalled(signal.Signals[name])
    result = run.result()
    assert (result["exit_code"], result["signal"], result["stopped_by"]) == (3, None, name)


@pytest.mark.parametrize(("name", "grace"), [("SIGTERM", 0.2), ("SIGHUP", 0.2), ("SIGINT", 0.0), ("SIGQUIT", 0.0)])
def test_a_worker_that_ignores_a_signal_is_killed(run: Run, name: str, grace: float) -> None:
    life = run.lifeline()
    run.start(
        *sh(f"exec 9>life; trap 'echo asked' {name[3:]}; echo ready; while :; do sleep 0.05; done"),
        GRACE=grace,
        AGAIN=0,
    )
    run.sees(b"ready")
    run.signalled(signal.Signals[name])
    if not grace:
        run.sees(b"asked")
        run.signalled(signal.Signals[name])
    assert ended(life), "nor does anything of its process group stay"
    result = run.result()
    assert (result["exit_code"], result["signal"], result["stopped_by"]) == (137, signal.SIGKILL, name)


def test_a_second_signal_kills_before_the_grace_is_over(run: Run) -> None:
    run.start(*sh("trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done"), GRACE=3600, AGAIN=0)
    run.sees(b"ready")
    run.signalled(signal.SIGTERM)
    run.sees(b"asked")
    run.signalled(signal.SIGTERM)
    assert run.result()["signal"] == signal.SIGKILL


def test_one_signal_that_comes_twice_at_once_is_one(run: Run) -> None:
    run.start(*sh("trap 'echo asked' TERM; echo ready; read line; read line; exit 5"), GRACE=3600, AGAIN=3600)
    run.sees(b"ready")
    run.signalled(signal.SIGTERM)
    run.sees(b"asked")
    run.signalled(signal.SIGTERM)
    run.signalled(signal.SIGWINCH)
    run.types(b"\n\n")
    assert run.result()["exit_code"] == 5


def test_a_signal_before_supervision_is_not_lost(run: Run) -> None:
    go = run.fifo("go")
    run.start(*sh("echo > ran"))
    assert run.pid
    run.signalled(signal.SIGTERM)
    go.write_text("\n")
    result = run.result()
    assert (result["stopped_by"], result["exit_code"]) == ("SIGTERM", 143)
    assert not (run.folder / "ran").exists()


def test_a_signal_during_a_beat_is_not_lost(run: Run) -> None:
    beats, linger = run.fifo("beats"), run.fifo("linger")
    run.start(*sh("exec sleep 600"), beat="linger", every=0.01)
    assert beats.read_text() == "in the beat\n"
    run.signalled(signal.SIGTERM)
    linger.write_text("\n")
    result = run.result()
    assert (result["stopped_by"], result["signal"]) == ("SIGTERM", signal.SIGTERM)


def test_a_signal_that_is_ignored_by_us_stays_ignored(run: Run) -> None:
    run.start(*sh("echo ready; read line; exit 4"), shell=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"))
    run.sees(b"ready")
    run.signalled(signal.SIGHUP)
    run.types(b"\n")
    result = run.result()
    assert (result["exit_code"], result["stopped_by"]) == (4, None)


def test_runner_and_worker_stop_and_go_on_together(run: Run) -> None:
    run.start(*sh("echo ready; read line; exit 6"))
    run.sees(b"ready")
    run.signalled(signal.SIGTSTP)
    until(lambda: state(run.pid) == state(run.process.pid) == "T")
    run.signalled(signal.SIGCONT)
    until(lambda: "T" not in {state(run.pid), state(run.process.pid)})
    run.types(b"\n")
    result = run.result()
    assert (result["exit_code"], result["stopped_by"]) == (6, None)


def test_a_stopped_worker_can_be_ended(run: Run) -> None:
    run.start(*sh("echo ready; exec sleep 600"), GRACE=3600)
    run.sees(b"ready")
    os.kill(run.pid, signal.SIGSTOP)
    until(lambda: state(run.pid) == "T")
    run.signalled(signal.SIGTERM)
    assert run.result()["signal"] == signal.SIGTERM


# Beat, timeout, end


def test_the_beat_goes_on_while_the_worker_lives(run: Run) -> None:
    run.fifo("beats")
    run.start(*sh("exec 9<>beats; head -c 3 <&9"), beat="tell", every=0.01)
    assert run.shown()[0] == b"xxx"
    run.process.wait(PATIENCE)


def test_what_a_beat_raises_stops_the_worker(run: Run) -> None:
    life = run.lifeline()
    run.start(*sh("exec 9>life; : > ready; sleep 600; :"), beat="fail", every=0.01)
    assert run.result()["error"] == "the beat failed"
    assert ended(life)
    assert not run.locked()


@pytest.mark.parametrize(("trap", "number"), [("", signal.SIGTERM), ("trap '' TERM;", signal.SIGKILL)])
def test_a_timeout(patient: Callable[[], Iterator[tuple[Run, float]]], trap: str, number: int) -> None:
    for run, seconds in patient():
        life = run.lifeline()
        run.start(*sh(f"exec 9>life; {trap} : > ready; sleep 600; :"), timeout=seconds, GRACE=0.2)
        result = run.result()
        assert result["stopped_by"] == "timeout"
        if (run.folder / "ready").exists():
            assert (result["signal"], result["exit_code"]) == (number, 128 + number)
            assert ended(life)
            break


def test_what_an_interrupted_worker_leaves_is_asked_to_end(run: Run) -> None:
    life = run.lifeline()
    script = "exec 9>life; sleep 600 & trap 'exit 3' INT; echo ready; while :; do sleep 0.05; done"
    run.start(*sh(script), PACT_GRACE=3600)  # a shell lets its background ignore SIGINT
    run.sees(b"ready")
    run.signalled(signal.SIGINT)
    assert ended(life)
    assert run.result()["exit_code"] == 3


def test_what_a_stopped_worker_leaves_has_its_grace_and_is_killed(run: Run) -> None:
    life = run.lifeline()
    stays = "exec 9>life; trap 'echo cleans >&9' TERM; echo ready; while :; do sleep 0.05; done"
    run.start(*sh(f"({stays}) & wait"), PACT_GRACE=0.5)
    run.sees(b"ready")
    run.signalled(signal.SIGTERM)
    assert run.result()["signal"] == signal.SIGTERM
    assert os.read(life, 10) == b"cleans\n"
    assert ended(life)


@pytest.mark.parametrize(
    ("script", "code", "number"), [("exit 9", 9, None), ("kill -9 $$", 137, 9), ("exit 127", 127, None)]
)
def test_the_exit_status_is_the_workers(run: Run, script: str, code: int, number: int | None) -> None:
    result = run.start(*sh(script)).result()
    expected = {"exit_code": code, "signal": number, "stopped_by": None, "trouble": None}
    assert {name: result[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("command", "options", "code", "words"),
    [
        ("nonesuch", {}, 127, "nonesuch can't be started: there is no such program, or its interpreter isn't there"),
        ("./lost", {}, 127, "./lost can't be started: there is no such program, or its interpreter isn't there"),
        ("./plain", {}, 126, "./plain can't be started: Permission denied"),
        ("./text", {}, 126, "./text can't be started: Exec format error"),
        ("true", {"large": 1 << 23}, 126, "true can't be started: Argument list too long"),
        ("true", {"in": "gone"}, 126, "gone: No such file or directory"),
    ],
)
def test_what_cannot_be_started_is_told(
    run: Run, command: str, options: dict[str, object], code: int, words: str
) -> None:
    (run.folder / "plain").write_text("#!/bin/sh\n")
    for name, text in {"text": "no program\n", "lost": "#!/nowhere/interpreter\n"}.items():
        (run.folder / name).write_text(text)
        (run.folder / name).chmod(0o755)
    result = run.start(command, **options).result()
    assert (result["exit_code"], result["signal"], result["stopped_by"]) == (code, None, None)
    assert result["trouble"].endswith(words)


# Terminals


def test_the_worker_has_a_terminal_like_ours(run: Run) -> None:
    begins = "test -t 0 -a -t 1 -a -t 2 && stty size && trap 'stty size; exit 8' WINCH && echo ready"
    script = f"{begins}; while :; do read x; done"
    run.in_terminal(*run.line(*sh(script)))
    run.sees(rb"33 77\r\n")
    run.sees(rb"ready\r\n")
    assert not termios.tcgetattr(run.master)[3] & (termios.ECHO | termios.ICANON | termios.ISIG), (
        "ours is raw meanwhile"
    )
    termios.tcsetwinsize(run.master, (44, 88))
    run.sees(rb"44 88\r\n")
    assert run.result()["exit_code"] == 8
    assert b"44 88\r\n" in (run.folder / "log").read_bytes()


def test_the_workers_terminal_is_set_like_ours(run: Run) -> None:
    run.in_terminal("sh", "-c", 'stty erase "#" -echo; exec "$@"', "sh", *run.line("stty", "-a"))
    assert run.result()["exit_code"] == 0
    assert b"erase = #;" in run.seen
    assert b" -echo " in run.seen


def test_keys_go_to_the_worker_not_to_us(run: Run) -> None:
    run.in_terminal(
        *run.line(*sh("trap 'echo interrupted; exit 7' INT; echo ready; while :; do read line; echo got $line; done"))
    )
    run.sees(b"ready")
    run.types(b"a line\r")
    run.sees(b"got a line")
    run.types(b"\x03")
    run.sees(b"interrupted")
    result = run.result()
    assert (result["exit_code"], result["stopped_by"]) == (7, None)


def test_the_end_of_input_reaches_the_worker(run: Run) -> None:
    run.in_terminal(*run.line(*sh("echo ready; cat; echo over")))
    run.sees(b"ready")
    run.types(b"text\r\x04")
    run.sees(rb"over\r\n")
    assert run.result()["exit_code"] == 0


def test_a_terminal_loses_nothing(run: Run) -> None:
    run.in_terminal(*run.line(*sh("seq 30000")))
    run.result()
    assert run.seen == b"".join(b"%d\r\n" % number for number in range(1, 30001))
    assert (run.folder / "log").read_bytes() == run.seen


def test_what_is_redirected_stays_so(run: Run) -> None:
    with (run.folder / "errors").open("wb") as errors:
        run.in_terminal(*run.line(*sh("echo seen; echo redirected >&2")), stderr=errors.fileno())
        run.result()
    assert run.seen == b"seen\r\n"
    assert (run.folder / "errors").read_bytes() == b"redirected\n"


def test_a_terminal_is_restored_when_an_exception_flies(run: Run) -> None:
    run.in_terminal(*run.line(*sh(": > ready; exec sleep 600"), beat="fail", every=0.01))
    assert run.result()["error"] == "the beat failed"


def test_a_terminal_that_hangs_up_ends_the_worker(run: Run) -> None:
    life = run.lifeline()
    run.in_terminal(*run.line(*sh("exec 9>life; echo ready; exec sleep 600")))
    run.sees(b"ready")
    run.descriptors.remove(run.master)
    os.close(run.master)
    assert ended(life)
    run.process.wait(PATIENCE)
    assert json.loads((run.folder / "result").read_text())["stopped_by"] == "SIGHUP"


def test_what_a_worker_leaves_in_a_terminal_lives_on(run: Run) -> None:
    end, life = run.fifo("end"), run.lifeline()
    run.in_terminal(*run.line(*sh("(exec 9>life; read line < end; echo line >&9) & echo done"), DRAIN=0.1))
    assert run.result()["stopped_by"] is None
    end.write_text("\n")
    assert select.select([life], [], [], PATIENCE)[0]
    assert os.read(life, 10) == b"line\n"


@pytest.mark.parametrize("wrapped", [False, True])
def test_job_control_of_a_shell_takes_us_for_the_worker(run: Run, wrapped: bool) -> None:
    (run.folder / "worker").write_text("echo ready\nread line\necho got $line\n")
    line = run.line("sh", str(run.folder / "worker"))
    script = run.folder / "start"
    script.write_text(" ".join(["exec" * (not wrapped), *(f"'{word}'" for word in line)]) + "\n")
    run.in_terminal("bash", "--norc", "--noprofile", "-i")
    run.types(f"PS1='shell'_'> '; sh {script}\r".encode())
    run.sees(b"ready")
    run.types(b"\x1a")
    run.sees(rb"Stopped[^\n]*start")
    run.sees(b"shell_> ")
    assert termios.tcgetattr(run.master)[3] & termios.ISIG, "the shell has its terminal back"
    until(lambda: state(run.pid) == "T")
    run.types(b"fg\r")
    run.types(b"a line\r")
    run.sees(rb"got a line\r\n")
    run.sees(b"shell_> ")
    run.types(b"exit\r")
    assert run.result()["exit_code"] == 0


def test_in_the_background_of_a_terminal_the_worker_does_not_read_it(run: Run) -> None:
    script = run.folder / "start"
    script.write_text(" ".join(f"'{word}'" for word in run.line(*sh("cat; echo over"))) + "\n")
    run.in_terminal("bash", "--norc", "--noprofile", "-i")
    run.types(f"sh {script} &\r".encode())
    run.sees(rb"over\r?\n")
    run.types(b"wait; exit\r")
    run.drain()
    assert json.loads((run.folder / "result").read_text())["exit_code"] == 0


# Killed at any instant


def test_a_runner_killed_at_any_instant_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUNNER.with_name("killing.py")), str(tmp_path), "100"],
        capture_output=True,
        text=True,
        timeout=30 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rounds"] == 100
    assert told["ran"] > 5
    assert told["never ran"] > 5
    assert told["left"] == []
