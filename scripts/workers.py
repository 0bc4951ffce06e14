"""Several processes that serve one site: a parent that watches, web workers, and one process for slow jobs.

Every worker listens on the same port by a socket of its own (SO_REUSEPORT), so that the kernel deals out connections
and a killed worker takes only its own with it. The parent serves nothing: it starts again what has ended, and passes
on the signal to stop. A worker reads its standard input, and stops by itself when the parent has gone.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

PROGRAM = (sys.executable, "-m", "scripts.cli")
STOP_SECONDS = 30
"""A worker that has not ended by then after it was told to is killed."""

LEAST_LIFE_SECONDS, PAUSE_SECONDS = 5.0, 1.0
"""A worker that lived shorter is started again after a pause, so that a broken one does not spin."""


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that shares its address with those of the other workers; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Told its protocol, the loop switches off the waiting for more to send (TCP_NODELAY).
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    return made


def stop_with_parent(stop: Callable[[], None]) -> None:
    """Call ``stop`` when the parent that holds the other end of standard input has gone."""

    def wait() -> None:
        sys.stdin.buffer.read()
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()


class Supervisor:
    """Keeps the commands running until it is told to stop."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self._commands = commands
        self._running: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
        self._stopping = threading.Event()

    def run(self) -> int:
        """Start everything and watch; returns 0 once all have ended after a signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        for place in range(len(self._commands)):
            self._start(place)
        while not self._stopping.wait(0.2):
            for place, (child, since) in list(self._running.items()):
                if child.poll() is None:
                    continue
                log.error("worker_ended", worker=place, code=child.returncode)
                if time.monotonic() - since < LEAST_LIFE_SECONDS and self._stopping.wait(PAUSE_SECONDS):
                    break
                self._start(place)
        return self._end()

    def _start(self, place: int) -> None:
        child = subprocess.Popen([*PROGRAM, *self._commands[place]], stdin=subprocess.PIPE)
        self._running[place] = child, time.monotonic()

    def _told_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _end(self) -> int:
        children = [child for child, _ in self._running.values()]
        for child in children:
            child.terminate()
        limit = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("worker_killed", pid=child.pid)
                child.kill()
                child.wait()
        return 0
