"""The desk: collects what candidates ask and does each kind for many of them in one transaction.

Data flow: the web puts a ``Request`` into the queue and goes on; one thread takes all that wait, sorts them by kind,
and gives each kind to its act in ``acts``; the audit records of a transaction are chained and written together; after
the commit every request gets its answer. A batch that cannot be done is halved until the one is found that is in the
way (a value that the database refuses, a sealed name that does not open); that one goes the ordinary road, where the
refusal has its name. Only a database that is away ends a whole batch.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from exam_engine.delivery.batches import Batcher, Soon, at_once, repeat_after_deadlock
from exam_engine.delivery.lean import acts
from exam_engine.delivery.lean.flush import Flush
from exam_engine.delivery.lean.requests import Advance, Request, Start
from exam_engine.delivery.lean.working import foresee
from exam_engine.delivery.rules import DatabaseAway, TooManyWaiting
from exam_engine.delivery.steps.courses import foresee_starts
from itembank.base import audit
from itembank.base.db import Database

log = structlog.get_logger(__name__)

BATCH = 200
"""Requests in one go; above some dozens nothing is saved any more."""

MAX_WAITING = 10_000
"""Requests that may wait; beyond, pages are told to come back."""

MOST_OF_ONE = 2
"""Changes of one kind that one asker has waiting: each is a transaction of its own, which all others wait for."""

AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""The database itself fails, whatever was asked of it."""


class Desk:
    """One per process. Start it with the site, stop it after the last request."""

    def __init__(
        self,
        database: Database,
        *,
        max_waiting: int = MAX_WAITING,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        self._database = database
        engine = database.reserved_engine
        self._engines = {True: engine, False: engine.execution_options(**database.reading)}
        self._batcher: Batcher[Request] = Batcher(
            self._work,
            name="desk",
            batch=BATCH,
            most=max_waiting,
            turn=turn or nullcontext(),
            prepare=self._foresee,
        )
        self.start, self.stop, self.work = self._batcher.start, self._batcher.stop, self._batcher.work
        self._writing: Counter[tuple[type[Request], object]] = Counter()
        self._counting = threading.Lock()

    def put(self, request: Request, soon: Soon = at_once) -> None:
        """Queue a request; one that its asker has sent too often goes the ordinary road at once.

        Raises TooManyWaiting when the queue is full or the desk is to stop.
        """
        if request.writes and not self._has_place(request):
            request.deliver([request])
            return
        try:
            self._batcher.put(request, soon)
        except TooManyWaiting:
            self._give_back([request])
            raise

    def _has_place(self, request: Request) -> bool:
        with self._counting:
            if self._writing[_place(request)] >= MOST_OF_ONE:
                return False
            self._writing[_place(request)] += 1
            return True

    def _give_back(self, requests: Sequence[Request]) -> None:
        with self._counting:
            self._writing -= Counter(_place(request) for request in requests if request.writes)

    def _foresee(self, requests: list[Request]) -> None:
        """Let courses whose next step takes thought work it out before anything is locked; they remember it."""
        foresee_starts(Counter(request.sitting_id for request in requests if isinstance(request, Start)))
        going = [request for request in requests if isinstance(request, Advance)]
        if going:
            with self._engines[False].connect() as connection:
                foresee(Flush(connection, self._database), going)

    def _work(self, requests: list[Request]) -> None:
        try:
            self._work_groups(requests)
        finally:
            self._give_back(requests)

    def _work_groups(self, requests: list[Request]) -> None:
        for group in _groups(requests):
            try:
                self._halve(group)
            except AWAY as error:
                log.warning("requests_not_done", requests=len(group), reason=type(error).__name__)
                for request in group:
                    request.answer, request.refusal = None, DatabaseAway

    def _halve(self, requests: Sequence[Request]) -> None:
        try:
            repeat_after_deadlock(lambda: self._perform(requests))
        except AWAY:
            raise
        except Exception as error:
            if len(requests) == 1:
                requests[0].answer = None
                _tell(requests[0], error)
                return
            middle = len(requests) // 2
            self._halve(requests[:middle])
            self._halve(requests[middle:])

    def _perform(self, requests: Sequence[Request]) -> None:
        for request in requests:
            request.answer = None  # of a transaction that was undone
        writes = requests[0].writes
        try:
            with self._engines[writes].begin() as connection:
                flush = Flush(connection, self._database)
                acts.ACTS[type(requests[0])](flush, requests)
                head = audit.append(connection, self._database.keyring, flush.records)
        finally:
            if writes:
                self._database.note_written()
        audit.export(head, self._database.audit_heads)


def _tell(request: Request, error: Exception) -> None:
    """Log why a request is left to the ordinary road."""
    kind, reason = type(request).__name__, type(error).__name__
    if isinstance(error, SQLAlchemyError):
        log.warning("request_refused_by_database", kind=kind, reason=reason)
    else:
        log.error("request_not_done", kind=kind, reason=reason, exc_info=error)


def _place(request: Request) -> tuple[type[Request], object]:
    return type(request), request.key


def _groups(requests: Sequence[Request]) -> list[list[Request]]:
    """Return the requests in transactions: one kind each, and nobody's change twice in one."""
    rounds: dict[tuple[type[Request], int], list[Request]] = {}
    seen: Counter[tuple[type[Request], object]] = Counter()
    for request in requests:
        number = seen[_place(request)]
        seen[_place(request)] += request.writes
        rounds.setdefault((type(request), number), []).append(request)
    return list(rounds.values())
