"""The batching writer: answers of many candidates in one transaction, acknowledged after its commit.

Data flow: the web puts a ``Ticket`` (one candidate's answers) into the queue and goes on; one thread takes all
that wait, at most ``BATCH`` answers; one transaction reads and locks the attempts, decides by ``rules.refusal``
and the database's clock, keeps of each (attempt, item) only the newest revision, writes history and latest in
key order, commits; then every ticket gets its result. While one flush waits for the disk, the next collects.

What fails: a full queue refuses at once (TooManyWaiting); a database that is away fails every ticket of the
flush (DatabaseAway), and the pages send again; an answer that the database refuses is found by halving the batch
and refused alone. Sending again is harmless: order is (epoch, revision), and the history takes each once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from exam_engine.delivery import store
from exam_engine.delivery.rules import (
    AnswerNotStorable,
    AnswerRow,
    AttemptState,
    DatabaseAway,
    TooManyWaiting,
    refusal,
    remaining_seconds,
)
from itembank.base.db import Database, connection_now
from itembank.base.errors import ExamError

log = structlog.get_logger(__name__)

BATCH = 500
"""Answers in one transaction; above some hundreds a commit costs nothing per answer."""

MAX_WAITING = 20_000
"""Answers that may wait: some seconds of work; beyond, pages are told to come back."""

LINGER_SECONDS = 0.003
"""After the first answer arrives, others get this long to join its transaction."""


@dataclass(slots=True)
class Ticket:
    """One request: its answers, or none to ask for the state only; and, after the flush, its result."""

    attempt_id: UUID
    epoch: int
    answers: Sequence[AnswerRow]
    deliver: Callable[[list[Ticket]], None]
    """Called once after the flush, from the writer's thread, with all tickets that share it."""
    waiter: object = None
    """For the one who delivers."""
    refusal: type[ExamError] | None = None
    """Why nothing of it was taken; None when the attempt takes answers."""
    refused: dict[UUID, type[ExamError]] = field(default_factory=dict)
    """Single answers that were not taken, by item."""
    remaining: float | None = None
    """Seconds until the deadline, by the database's clock."""


class Writer:
    """One per process. Start it with the site, stop it after the last request."""

    def __init__(
        self, database: Database, *, max_waiting: int = MAX_WAITING, linger_seconds: float = LINGER_SECONDS
    ) -> None:
        self._database = database
        self._engines = {writes: database.engine.execution_options(writes=writes) for writes in (False, True)}
        self._max_waiting = max_waiting
        self._linger_seconds = linger_seconds
        self._queue: deque[Ticket] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._loop, name="answers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end; tickets put later are refused."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def put(self, ticket: Ticket) -> None:
        """Queue a ticket; its result comes through ``ticket.deliver``.

        Raises TooManyWaiting when the queue is full or the writer has stopped.
        """
        weight = len(ticket.answers) or 1
        with self._changed:
            if self._waiting + weight > self._max_waiting or self._stopping.is_set():
                raise TooManyWaiting
            self._waiting += weight
            self._queue.append(ticket)
            if len(self._queue) == 1:
                self._changed.notify()

    def save(self, attempt_id: UUID, epoch: int, answers: Sequence[AnswerRow]) -> Ticket:
        """Save and wait for the result; for callers that have a thread to wait in."""
        done = threading.Event()
        ticket = Ticket(attempt_id, epoch, answers, lambda _tickets: done.set())
        self.put(ticket)
        done.wait()
        return ticket

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._stopping.is_set():
                    self._changed.wait()
                if not self._queue:
                    return
            self._stopping.wait(self._linger_seconds)
            self._work(self._take())

    def _take(self) -> list[Ticket]:
        taken: list[Ticket] = []
        with self._changed:
            weight = 0
            while self._queue and weight < BATCH:
                taken.append(self._queue.popleft())
                weight += len(taken[-1].answers) or 1
            self._waiting -= weight
        return taken

    def _work(self, tickets: list[Ticket]) -> None:
        try:
            self._flush(tickets)
        except Exception as error:
            # The outcome may be unknown (the connection broke during commit): nothing is acknowledged.
            if not isinstance(error, SQLAlchemyError):
                log.exception("answers_not_written", tickets=len(tickets))
            else:
                log.warning("answers_not_written", tickets=len(tickets), reason=type(error).__name__)
            for ticket in tickets:
                ticket.refusal = DatabaseAway
        self._deliver(tickets)

    def _deliver(self, tickets: list[Ticket]) -> None:
        groups: dict[int, list[Ticket]] = {}
        for ticket in tickets:
            groups.setdefault(id(ticket.deliver), []).append(ticket)
        for group in groups.values():
            try:
                group[0].deliver(group)
            except Exception:  # a listener that has gone must not end the writing
                log.exception("result_not_delivered")

    def _flush(self, tickets: list[Ticket]) -> None:
        answers = [row for ticket in tickets for row in ticket.answers]
        try:
            self._write(tickets, answers)
        except (DataError, IntegrityError):
            self._halve(tickets, answers)

    def _write(self, tickets: Sequence[Ticket], answers: Sequence[AnswerRow]) -> None:
        """Decide over the tickets and write those of ``answers`` that are taken, in one transaction."""
        with self._engines[bool(answers)].begin() as connection:
            ids = sorted({ticket.attempt_id for ticket in tickets})
            states = store.states_of(connection, ids, lock=bool(answers))
            now = connection_now(connection, self._database.clock)
            taken = _decide(tickets, states, now)
            rows = store.newest(row for row in answers if (row.attempt_id, row.epoch) in taken)
            if rows:
                store.write_answers(connection, rows, saved_at=now)

    def _halve(self, tickets: list[Ticket], answers: list[AnswerRow]) -> None:
        """Write a batch that the database refused in parts, so that only the bad answer is refused."""
        if len(answers) == 1:
            log.error("answer_refused_by_database", attempt_id=str(answers[0].attempt_id))
            for ticket in tickets:
                if answers[0] in ticket.answers:
                    ticket.refused[answers[0].item_id] = AnswerNotStorable
            return
        middle = len(answers) // 2
        for half in (answers[:middle], answers[middle:]):
            try:
                self._write(tickets, half)
            except (DataError, IntegrityError):
                self._halve(tickets, half)


def _decide(
    tickets: Sequence[Ticket], states: dict[UUID, AttemptState], now: datetime
) -> set[tuple[UUID, int]]:
    """Give every ticket its refusal and remaining time; return the (attempt, epoch) that take answers."""
    taken: set[tuple[UUID, int]] = set()
    for ticket in tickets:
        state = states.get(ticket.attempt_id)
        ticket.refusal = refusal(state, epoch=ticket.epoch, now=now)
        if state is not None:
            ticket.remaining = remaining_seconds(due_at=state.due_at, paused_at=state.paused_at, now=now)
        if ticket.refusal is None:
            taken.add((ticket.attempt_id, ticket.epoch))
    return taken
