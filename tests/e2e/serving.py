"""The page's server as a process, and a client without manners."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.conftest import PATIENCE, environment


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    address: str

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rpartition(":")[2])

    def get(self, path: str = "") -> tuple[int, str]:
        """Status and body."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    @property
    def health(self) -> Any:
        return json.loads(self.get("healthz")[1])

    def connect(self, request: str = "") -> socket.socket:
        """A connection on which something was asked."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(request.encode("latin-1"))
        return connection

    def ask(self, request: str) -> str:
        """All that is answered to some bytes, until the connection is closed."""
        with self.connect(request) as connection:
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()

    def ends(self, number: int) -> tuple[int, str]:
        """The exit code after a signal, and what was said on stderr."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, err


@contextmanager
def serving(root: Path, *options: str) -> Iterator[Served]:
    """`taskcheck serve` on a free port."""
    with _serving("--root", str(root), *options, cwd=root.parent) as served:
        yield served


@contextmanager
def serving_many(*stores: Path, cwd: Path) -> Iterator[Served]:
    """The page of several stores."""
    with _serving(*map(str, stores), cwd=cwd) as served:
        yield served


@contextmanager
def _serving(*options: str, cwd: Path) -> Iterator[Served]:
    process = subprocess.Popen(
        [sys.executable, "-m", "taskcheck", "serve", "--port", "0", *options],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        assert " at http://127.0.0.1:" in line, process.communicate()
        yield Served(process, line.partition(" at ")[2].split()[0])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def eventually(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
