"""What delivery keeps running in a server process: the writer, the sweeper and the shelf of papers."""

from __future__ import annotations

from exam_engine.delivery.shelf import ReadPaper, Shelf
from exam_engine.delivery.sweeper import Sweeper
from exam_engine.delivery.writer import Writer
from itembank.base.db import Database


class Delivery:
    """One per process; the web starts it with the site and stops it after the last request.

    Parameters
    ----------
    sweep : bool, default True
        Whether this process hands in overdue attempts by itself; tests sweep when they want to.
    """

    def __init__(self, database: Database, read_paper: ReadPaper, *, sweep: bool = True) -> None:
        self.database = database
        self.writer = Writer(database)
        self.shelf = Shelf(read_paper)
        self._sweeper = Sweeper(database) if sweep else None

    def start(self) -> None:
        """Begin to write and to sweep."""
        self.writer.start()
        if self._sweeper:
            self._sweeper.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        if self._sweeper:
            self._sweeper.stop()
        self.writer.stop()
