"""The parent that keeps worker processes running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import cli, workers

CHILD = """
import os, pathlib, sys, time
sys.path[:0] = [{root!r}]
from scripts.workers import stop_with_parent
pathlib.Path({folder!r}, str(os.getpid())).touch()
stop_with_parent(lambda: os._exit(0))
time.sleep(60)
"""
PARENT = """
import sys
sys.path[:0] = [{root!r}]
from scripts import workers
workers.PROGRAM = (sys.executable, "-c", {child!r})
sys.exit(workers.Supervisor([[], []]).run())
"""
ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def parent(tmp_path: Path):
    child = CHILD.format(root=ROOT, folder=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", PARENT.format(root=ROOT, child=child)])
    yield process
    process.kill()
    process.wait()


def started(folder: Path, count: int) -> list[int]:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        found = [int(file.name) for file in folder.iterdir()]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{count} children were awaited")


def ended(pid: int) -> bool:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_killed_worker_is_replaced_and_all_end_with_the_parent(parent, tmp_path) -> None:
    first = started(tmp_path, 2)

    os.kill(first[0], signal.SIGKILL)
    replaced = started(tmp_path, 3)
    parent.terminate()

    assert parent.wait(60) == 0
    assert all(ended(pid) for pid in replaced)


def test_workers_end_when_the_parent_is_killed(parent, tmp_path) -> None:
    children = started(tmp_path, 2)

    parent.kill()

    assert all(ended(pid) for pid in children)


def test_two_workers_listen_on_one_port() -> None:
    with workers.listening_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with workers.listening_socket("127.0.0.1", port) as second:
            first.listen()
            second.listen()


@pytest.mark.parametrize(
    ("count", "reason"), [("2", "use PostgreSQL"), ("0", "give 1 to"), ("65", "give 1 to")]
)
def test_a_number_of_workers_that_cannot_be_is_refused(count, reason, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("EXAM_ENGINE_DATA", str(tmp_path))

    assert cli.main(["serve", "--workers", count]) == 1
    assert reason in capsys.readouterr().err
