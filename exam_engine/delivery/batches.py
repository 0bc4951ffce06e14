"""Many requests in one go: a bounded queue and one thread that takes all that wait, then tells every asker."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, TypeVar

import structlog
from sqlalchemy.exc import OperationalError

from exam_engine.delivery.rules import TooManyWaiting

log = structlog.get_logger(__name__)


Soon = Callable[[Callable[[], None]], object]
"""Calls a function when the present turn of work is over, such as ``call_soon`` of an event loop."""


def at_once(call: Callable[[], None]) -> None:
    call()


DEADLOCK_DETECTED = "40P01"
"""PostgreSQL's name of it (its manual, appendix A)."""


class Waiting(Protocol):
    """What stands in the queue."""

    @property
    def weight(self) -> int:
        """How much of a batch it takes up."""

    @property
    def deliver(self) -> Callable[[list[Waiting]], None]:
        """Called once after the work, from the batcher's thread, with all that share it."""


W = TypeVar("W", bound=Waiting)


class Batcher(Generic[W]):
    """One thread that works off what waits.

    Parameters
    ----------
    work : callable
        Does the work of a batch and writes each result into its ticket. When it raises, nobody is told anything.
    batch : int
        Weight at which a batch is full.
    most : int
        Weight that may wait; beyond, ``put`` refuses.
    prepare : callable, optional
        Does what of a batch needs no turn, before it; when it raises, the work is done without.
    turn : context manager
        Held during the work; SQLite knows only one writer, whom the others would wait for in their sleep.
    """

    def __init__(
        self,
        work: Callable[[list[W]], None],
        *,
        name: str,
        batch: int,
        most: int,
        turn: AbstractContextManager[object],
        prepare: Callable[[list[W]], None] | None = None,
    ) -> None:
        self._do, self._name, self._turn, self._prepare = work, name, turn, prepare
        self._batch, self._most = batch, most
        self._queue: deque[W] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Work off what waits, then end; tickets put later are refused."""
        self._stopping.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def put(self, ticket: W, soon: Soon = at_once) -> None:
        """Queue a ticket; its result comes through ``ticket.deliver``.

        The thread is woken through ``soon``: an event loop that has read many requests at once puts them all in before.
        Raises TooManyWaiting when the queue is full or the thread is to stop.
        """
        weight = ticket.weight
        with self._changed:
            if self._waiting + weight > self._most or self._stopping.is_set():
                raise TooManyWaiting
            self._waiting += weight
            self._queue.append(ticket)
            is_first = len(self._queue) == 1
        if is_first:
            soon(self._wake)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._stopping.is_set():
                    self._changed.wait()
                if not self._queue:
                    return
            taken = self._take()
            try:
                self.work(taken)
            except Exception:  # nobody is told anything, and the next batch has its chance
                log.exception("batch_not_done", batcher=self._name, tickets=len(taken))

    def _take(self) -> list[W]:
        taken: list[W] = []
        with self._changed:
            weight = 0
            while self._queue and weight < self._batch:
                taken.append(self._queue.popleft())
                weight += taken[-1].weight
            self._waiting -= weight
        return taken

    def work(self, tickets: list[W]) -> None:
        """Do the work of ``tickets`` now and deliver their results."""
        if self._prepare is not None:
            try:
                self._prepare(tickets)
            except Exception:  # what is in the way has its name in the work itself
                log.warning("batch_not_prepared", batcher=self._name, tickets=len(tickets), exc_info=True)
        with self._turn:
            self._do(tickets)
        deliver(tickets)


def repeat_after_deadlock(transact: Callable[[], None]) -> None:
    """Do a transaction, and once more when the database ended it for another's sake; nothing of it was kept."""
    try:
        transact()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != DEADLOCK_DETECTED:
            raise
        log.warning("transaction_repeated_after_deadlock")
        transact()


def deliver(tickets: list[W]) -> None:
    """Give each listener its tickets, all of one listener at once."""
    groups: dict[int, list[W]] = {}
    for ticket in tickets:
        groups.setdefault(id(ticket.deliver), []).append(ticket)
    for group in groups.values():
        try:
            group[0].deliver(list(group))
        except Exception:  # a listener that has gone must not end the work
            log.exception("result_not_delivered")
