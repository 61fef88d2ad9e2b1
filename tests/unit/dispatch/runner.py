"""A runner for the tests: supervises one worker, and writes down what it saw before, while and after.

usage: python runner.py FOLDER OPTIONS COMMAND...

OPTIONS is a JSON object: `every`, `timeout`, `log`, `then` (run or dismiss), `in` (a folder), `large` (bytes of
environment), `beat` (what is done at a beat; one that fails does so once FOLDER has a file `ready`), and names of
module constants with their values. Where FOLDER has a FIFO `go`, the runner waits for a line in it before it lets the
worker begin.
"""

import fcntl
import json
import os
import signal
import sys
import termios
from contextlib import suppress
from pathlib import Path

from taskcheck.dispatch.process import guard, worker


def state() -> dict[str, object]:
    """What a run has to leave as it was."""
    wakeup = signal.set_wakeup_fd(-1)
    return {
        "fds": len(list(Path("/dev/fd").iterdir())),
        "handlers": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "wakeup": wakeup,
        "terminal": str(termios.tcgetattr(0)) if os.isatty(0) else "",
    }


def main() -> None:
    folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
    for name, module in ((name, module) for name in options for module in (guard, worker) if hasattr(module, name)):
        setattr(module, name, options[name])

    def beat() -> None:
        match options.get("beat"):
            case "fail" if (folder / "ready").exists():
                raise RuntimeError("the beat failed")
            case "tell":
                fd = os.open(folder / "beats", os.O_RDWR)  # nobody may read it any more
                os.write(fd, b"x")
                os.close(fd)
            case "linger" if (folder / "lingered").exists():
                pass  # while the worker ends there may be another beat, which nobody waits for
            case "linger":
                (folder / "lingered").touch()
                (folder / "beats").open("w").write("in the beat\n")
                (folder / "linger").open().readline()

    log = os.open(options.get("log", folder / "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(lock, True)
    fcntl.flock(lock, fcntl.LOCK_EX)
    before, result = state(), {}
    prepared = worker.Worker.prepared(
        sys.argv[3:],
        folder=folder / options.get("in", "."),
        environment={**os.environ, "LARGE": "x" * options.get("large", 0)},
        log=log,
        lock=lock,
    )
    (folder / "pid.new").write_text(str(prepared.pid))
    (folder / "pid.new").rename(folder / "pid")
    if (folder / "go").exists():
        (folder / "go").open().readline()
    try:
        if options.get("then") == "dismiss":
            prepared.dismissed()
        else:
            ended = prepared.run(beat=beat, every=options.get("every", 3600), timeout=options.get("timeout"))
            result |= {name: getattr(ended, name) for name in ended.__slots__}
    except RuntimeError as error:
        result["error"] = str(error)
    with suppress(ChildProcessError):
        result["zombie"] = os.waitpid(-1, os.WNOHANG)
    result |= {"pid": prepared.pid, "log_trouble": prepared.log_trouble, "before": before, "after": state()}
    (folder / "result").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
