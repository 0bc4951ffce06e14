"""Tasks done one after another in this process, or side by side in others, with the same results in the same order."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

WAIT_SECONDS = 0.2
"""Longest time between two calls of ``step`` while others work."""


Result = TypeVar("Result")
Done = TypeVar("Done", covariant=True)


class Task(Protocol, Generic[Done]):
    """Something to be done with material that all tasks share."""

    def run(self, material: Any, step: Callable[[], None]) -> Done:
        """Return the result; ``step`` is called now and then and may raise."""


class WorkerLost(RuntimeError):
    """A process ended in the middle of its work, for want of memory perhaps."""


class Workers:
    """Processes that have the material of all tasks; none where one is enough. To be used in a ``with`` statement.

    Parameters
    ----------
    material : object
        What every task needs; it is sent to each process once.
    processes : int
        How many do the work; 1 is this process itself.
    step : callable
        Called while tasks are done; what it raises ends all processes.

    Notes
    -----
    Processes are spawned, so that a program that asks for more than one has to guard its main module. Each ends when
    its pipe does, be it that this process was killed.
    """

    def __init__(self, material: object, processes: int, step: Callable[[], None]) -> None:
        self.material, self.step = material, step
        self.processes = processes if processes > 1 else 0
        self.started: list[multiprocessing.process.BaseProcess] = []
        self.idle: list[Connection] = []
        self.pipes: list[Connection] = []

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        try:
            for _ in range(self.processes):
                near, far = context.Pipe()
                self.pipes.append(near)
                process = context.Process(target=_work, args=(far,), daemon=True)
                process.start()
                self.started.append(process)
                far.close()
            for pipe in self.pipes:
                _send(pipe, self.material)
        except BaseException:
            self._end()
            raise
        self.idle = list(self.pipes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        for pipe in self.pipes:
            pipe.close()
        for process in self.started:
            process.terminate()
            process.join()

    def in_order(self, task: Callable[[int], Task[Result] | None], lag: int) -> Iterator[Result]:
        """Yield the results of task 0, 1, … in order, until one is None.

        Task k is asked for when the result of task k − ``lag`` has been used, no sooner and no later, however many
        processes there are: so it may depend on that result and all before it.
        """
        waiting: deque[tuple[int, Task[Result]]] = deque()
        done: dict[int, Result] = {}
        busy: dict[Connection, int] = {}
        asked = used = 0
        is_last = False
        while True:
            while not is_last and asked < used + lag:
                given = task(asked)
                is_last = given is None
                if given is not None:
                    waiting.append((asked, given))
                    asked += 1
            if used == asked:
                return
            while used not in done:
                self._work_on(waiting, busy, done)
            yield done.pop(used)
            used += 1

    def _work_on(
        self, waiting: deque[tuple[int, Task[Result]]], busy: dict[Connection, int], done: dict[int, Result]
    ) -> None:
        """Do a task here, or give tasks to those who have none and take results from those who have one."""
        if not self.pipes:
            number, task = waiting.popleft()
            done[number] = task.run(self.material, self.step)
            return
        while waiting and self.idle:
            number, task = waiting.popleft()
            pipe = self.idle.pop()
            _send(pipe, task)
            busy[pipe] = number
        self.step()
        for ready in wait(list(busy), WAIT_SECONDS):
            assert isinstance(ready, Connection)
            try:
                answer = ready.recv()
            except (EOFError, OSError) as error:
                raise WorkerLost("a process ended in the middle of its work") from error
            number = busy.pop(ready)
            self.idle.append(ready)
            if isinstance(answer, Exception):
                raise answer
            done[number] = answer


def _send(pipe: Connection, what: object) -> None:
    try:
        pipe.send(what)
    except OSError as error:
        raise WorkerLost("a process ended before its work") from error


def _work(pipe: Connection) -> None:
    """Receive the material, then tasks, and send results, until there is nobody on the other side."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # an interrupt is for the process that asked: it ends this one
    with suppress(EOFError, OSError):
        material = pipe.recv()
        while True:
            task = pipe.recv()
            try:
                answer = task.run(material, lambda: None)
            except Exception as error:  # told to the process that asked
                answer = error
            pipe.send(answer)
