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

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from exam_engine.delivery import store
from exam_engine.delivery.batches import Batcher, repeat_after_deadlock
from exam_engine.delivery.rules import (
    AnswerNotStorable,
    AnswerRow,
    AttemptState,
    DatabaseAway,
    refusal,
    remaining_seconds,
)
from exam_engine.delivery.saving.store import saver_of
from itembank.base.db import Database
from itembank.base.errors import ExamError

log = structlog.get_logger(__name__)

BATCH = 500
"""Answers in one transaction; above some hundreds a commit costs nothing per answer."""

MAX_WAITING = 20_000
"""Answers that may wait: some seconds of work; beyond, pages are told to come back."""

REFUSED = (DataError, IntegrityError, sqlite3.DataError, sqlite3.IntegrityError)
"""What the database says of a value that it does not take."""


@dataclass(slots=True)
class Ticket:
    """One request: its answers, or none to ask for the state only; and, after the flush, its result."""

    attempt_id: UUID
    epoch: int
    answers: Sequence[AnswerRow]
    deliver: Callable[[list[Any]], None]
    """Called once after the flush, from the writer's thread, with all tickets that share it."""
    waiter: object = None
    """For the one who delivers."""
    refusal: type[ExamError] | None = None
    """Why nothing of it was taken; None when the attempt takes answers."""
    refused: dict[UUID, type[ExamError]] = field(default_factory=dict)
    """Single answers that were not taken, by item."""
    remaining: float | None = None
    """Seconds until the deadline, by the database's clock."""

    @property
    def weight(self) -> int:
        """How many answers it holds; one that only asks is a little work, too."""
        return len(self.answers) or 1


class Writer:
    """One per process. Start it with the site, stop it after the last request."""

    def __init__(
        self,
        database: Database,
        *,
        max_waiting: int = MAX_WAITING,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        self._database = database
        self._saver = saver_of(database)
        self._batcher: Batcher[Ticket] = Batcher(
            self._work,
            name="answers",
            batch=BATCH,
            most=max_waiting,
            turn=turn or nullcontext(),
        )
        self.start, self.put = self._batcher.start, self._batcher.put

    def stop(self) -> None:
        """Save what waits, then end."""
        self._batcher.stop()
        self._saver.close()

    def save(self, attempt_id: UUID, epoch: int, answers: Sequence[AnswerRow]) -> Ticket:
        """Save and wait for the result; for callers that have a thread to wait in."""
        done = threading.Event()
        ticket = Ticket(attempt_id, epoch, answers, lambda _tickets: done.set())
        self.put(ticket)
        done.wait()
        return ticket

    def _work(self, tickets: list[Ticket]) -> None:
        try:
            self._flush(tickets)
        except Exception as error:
            # The outcome may be unknown (the connection broke during commit): nothing is acknowledged.
            if not isinstance(error, (SQLAlchemyError, sqlite3.Error)):
                log.exception("answers_not_written", tickets=len(tickets))
            else:
                log.warning("answers_not_written", tickets=len(tickets), reason=type(error).__name__)
            for ticket in tickets:
                ticket.refusal = DatabaseAway

    def _flush(self, tickets: list[Ticket]) -> None:
        answers = [row for ticket in tickets for row in ticket.answers]
        try:
            repeat_after_deadlock(lambda: self._write(tickets, answers))
        except REFUSED:
            self._halve(tickets, answers)

    def _write(self, tickets: Sequence[Ticket], answers: Sequence[AnswerRow]) -> None:
        """Decide over the tickets and write those of ``answers`` that are taken, in one transaction."""
        ids = {ticket.attempt_id for ticket in tickets}
        states, at = self._saver.save(ids, store.newest(answers))
        _decide(tickets, states, at or self._database.clock.now())

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
            except REFUSED:
                self._halve(tickets, half)


def _decide(tickets: Sequence[Ticket], states: Mapping[UUID, AttemptState], now: datetime) -> None:
    """Give every ticket its refusal and remaining time."""
    for ticket in tickets:
        state = states.get(ticket.attempt_id)
        # Written in parts, a ticket is acknowledged only when every part of it was taken.
        ticket.refusal = ticket.refusal or refusal(state, epoch=ticket.epoch, now=now)
        if state is not None:
            ticket.remaining = remaining_seconds(due_at=state.due_at, paused_at=state.paused_at, now=now)
