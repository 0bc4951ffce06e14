"""The command line with a server that acknowledges before it has stored: what chaos must find out.

No setting turns a real server into this one; it is started as a module of its own.
"""

from __future__ import annotations

import sys
import time

from exam_engine.delivery import engine
from exam_engine.delivery.batches import deliver
from exam_engine.delivery.writer import Ticket, Writer
from scripts import cli, workers

DELAY_SECONDS = 0.02


class Careless(Writer):
    """Says “saved” and saves a little later."""

    def _work(self, tickets: list[Ticket]) -> None:
        deliver(tickets)
        time.sleep(DELAY_SECONDS)
        self._flush(tickets)


if __name__ == "__main__":
    setattr(engine, "Writer", Careless)  # noqa: B010  the type is another one on purpose
    workers.PROGRAM = (sys.executable, "-m", "scripts.load.careless")
    sys.exit(cli.main())
