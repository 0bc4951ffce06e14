"""The server under test: started as its operator starts it, its CPU time read from /proc (Linux)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from scripts.servers.ports import free_port

TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 180


def children(pid: int) -> list[int]:
    """Return the living children of a process; none when it is gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for child in children(pid):
        found += family(child)
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system CPU seconds of the processes, those of their ended children included."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[n]) for n in (11, 12, 13, 14))
    return total / TICKS


def say(text: str) -> None:
    """Tell whoever waits for the figures how far it is."""
    print(text, file=sys.stderr, flush=True)


class Server:
    """``exam-engine serve`` on a folder and a database of its own.

    Parameters
    ----------
    careless : bool
        Start the variant that acknowledges before it has stored: the control of chaos.
    """

    def __init__(
        self, data: Path, database_url: str, *, workers: int, redis_url: str = "", careless: bool = False
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data / "server.log"
        self._environment = {
            **os.environ,
            "EXAM_ENGINE_DATA": str(data),
            "EXAM_ENGINE_DATABASE_URL": database_url,
            "EXAM_ENGINE_REDIS_URL": redis_url,
            "EXAM_ENGINE_HOST": "127.0.0.1",
            "EXAM_ENGINE_PORT": str(self.port),
            "EXAM_ENGINE_LOG_LEVEL": "warning",
        }
        module = "scripts.load.careless" if careless else "scripts.cli"
        self._command = [sys.executable, "-m", module, "serve", "--demonstration", "--workers", str(workers)]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the server did not start; see {self._log}:\n{self.log()[-2000:]}")

    def log(self) -> str:
        """Return what the server has logged."""
        return self._log.read_text(errors="replace")

    def oldest_web_worker(self) -> int:
        """Return the process that answers for longest; the process itself when it is the only one."""
        found = [pid for pid in children(self.process.pid) if b"serve" in _command_of(pid)]
        return found[0] if found else self.process.pid

    def cpu_seconds(self) -> float:
        return cpu_seconds(family(self.process.pid))

    def stop(self) -> None:
        """Tell it to stop and wait."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _command_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
