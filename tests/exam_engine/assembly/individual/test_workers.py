"""Tasks side by side: same results in the same order, and no process outlives who asked for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exam_engine.assembly.individual.workers import WorkerLost, Workers
from exam_engine.assembly.result import Cancelled


@dataclass(frozen=True)
class Power:
    """The material to a power; slow where it is 0, an error below."""

    number: int

    def run(self, material: int, step: Callable[[], None]) -> int:
        step()
        if self.number == 0:
            time.sleep(0.2)
        if self.number == 99:
            os._exit(1)
        if self.number < 0:
            raise ValueError(f"no power {self.number}")
        return int(material**self.number)


def no_step() -> None:
    pass


def results(processes: int) -> list[tuple[int, int]]:
    """Return each result with the number of results that were known when its task was asked for."""
    known: list[int] = []
    found: list[int] = []

    def task(k: int) -> Power | None:
        if k == 7:
            return None
        known.append(len(found))
        return Power(k)

    with Workers(3, processes, no_step) as workers:
        for result in workers.in_order(task, 3):
            found.append(result)  # noqa: PERF402 - what is known must grow as results come
    return list(zip(found, known, strict=True))


def test_results_and_what_tasks_may_know_do_not_depend_on_processes() -> None:
    assert results(1) == [(1, 0), (3, 0), (9, 0), (27, 1), (81, 2), (243, 3), (729, 4)]
    assert results(2) == results(1)


def test_what_goes_wrong_elsewhere_is_told_and_all_processes_end() -> None:
    with pytest.raises(WorkerLost), Workers(3, 2, no_step) as workers:
        with pytest.raises(ValueError, match="no power -1"):
            list(workers.in_order(lambda k: Power(-1) if k == 0 else None, 1))
        list(workers.in_order(lambda _: Power(99), 1))

    assert multiprocessing.active_children() == []


def test_a_cancel_ends_processes_that_work() -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), Workers(3, 2, cancel) as workers:
        list(workers.in_order(lambda _: Power(0), 2))

    assert multiprocessing.active_children() == []


PROGRAM = """
import multiprocessing
from exam_engine.assembly.individual.workers import Workers
from tests.exam_engine.assembly.individual.test_workers import Power, no_step

if __name__ == "__main__":
    with Workers(3, 2, no_step) as workers:
        for k, _ in enumerate(workers.in_order(lambda _: Power(0), 2)):
            if k == 2:
                print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


def test_no_process_outlives_a_program_that_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        children = [int(word) for word in program.stdout.readline().split()]
        program.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline and any(is_running(pid) for pid in children):
        time.sleep(0.05)
    assert len(children) == 2
    assert not any(is_running(pid) for pid in children)


def is_running(pid: int) -> bool:
    """Return whether a process is there and is not only waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
