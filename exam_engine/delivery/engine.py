"""What delivery keeps running in a server process: the writer, the sweeper and the shelf of papers."""

from __future__ import annotations

import threading

import structlog

from exam_engine.delivery.lean.desk import Desk
from exam_engine.delivery.rules import ACCEPTING_LOSS, DatabaseMayLose
from exam_engine.delivery.shelf import ReadPaper, Shelf
from exam_engine.delivery.sweeper import Sweeper
from exam_engine.delivery.writer import Writer
from itembank.base.db import Database

log = structlog.get_logger(__name__)


def weaknesses(database: Database) -> list[str]:
    """Return the settings of the database with which a power cut can lose what was committed."""
    with database.engine.connect() as connection:
        if database.is_sqlite:
            # 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA; some network folders refuse the write-ahead log.
            level = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            found = [] if level >= 2 else [f"synchronous={level}"]
            return found if journal == "wal" else [*found, f"journal_mode={journal}"]
        query = (
            "SELECT name || '=' || setting FROM pg_settings WHERE setting = 'off'"
            " AND name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name"
        )
        return list(connection.exec_driver_sql(query).scalars())


def check_durable(database: Database, *, accepted: bool) -> None:
    """Refuse a database with which a power cut can lose acknowledged answers, unless that was accepted in words.

    Raises DatabaseMayLose.
    """
    weak = weaknesses(database)
    if weak and not accepted:
        raise DatabaseMayLose(settings=", ".join(weak), words=ACCEPTING_LOSS)
    if weak:
        log.warning("database_may_lose_answers", settings=weak)


class Delivery:
    """One per process; the web starts it with the site and stops it after the last request.

    Parameters
    ----------
    sweep : bool, default True
        Whether this process hands in overdue attempts by itself; tests sweep when they want to.
    """

    def __init__(self, database: Database, read_paper: ReadPaper, *, sweep: bool = True) -> None:
        self.database = database
        # SQLite has one writer at a time: our two take turns instead of polling for its lock.
        turn = threading.Lock() if database.is_sqlite else None
        self.writer = Writer(database, turn=turn)
        self.desk = Desk(database, turn=turn)
        self.shelf = Shelf(read_paper)
        self._sweeper = Sweeper(database) if sweep else None

    def start(self) -> None:
        """Begin to write and to sweep."""
        self.writer.start()
        self.desk.start()
        if self._sweeper:
            self._sweeper.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        if self._sweeper:
            self._sweeper.stop()
        self.desk.stop()
        self.writer.stop()
