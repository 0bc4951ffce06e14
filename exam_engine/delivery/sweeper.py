"""The sweeper: a thread in every server process that hands in what is overdue. Being late changes no result."""

from __future__ import annotations

import threading

import structlog

from exam_engine.delivery import service
from itembank.base.db import Database, Scope

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 5.0
"""Nothing depends on it: time and state are reckoned as of the deadline."""


class Sweeper:
    """Start it with the site."""

    def __init__(self, database: Database, *, interval_seconds: float = INTERVAL_SECONDS) -> None:
        self._database = database
        self._interval_seconds = interval_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to sweep."""
        self._thread = threading.Thread(target=self._loop, name="sweeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the present sweep."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def sweep(self) -> int:
        """Hand in everything that is overdue; return how many attempts."""
        count = 0
        with self._database.glance(scope=Scope.everything()) as session:
            breaks_over, overdue = service.something_due(session)
        if breaks_over:
            with self._database.session(scope=Scope.everything()) as session:
                log.info("breaks_ended", count=service.end_overdue_breaks(session))
        # Deadlines pass at all institutions alike; each record carries its own.
        while overdue:
            with self._database.session(scope=Scope.everything()) as session:
                swept = service.hand_in_overdue(session)
            if swept == 0:  # another worker holds them
                return count
            count += swept
            log.info("attempts_handed_in", count=swept)
            with self._database.glance(scope=Scope.everything()) as session:
                _, overdue = service.something_due(session)
        return count

    def _loop(self) -> None:
        while not self._stopping.wait(self._interval_seconds):
            try:
                self.sweep()
            except Exception:
                log.exception("sweep_failed")
