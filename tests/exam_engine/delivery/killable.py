"""A process that saves and prints what was acknowledged, to be killed in the middle of it.

Arguments: database URL, ``after_commit`` or ``before_commit`` (broken on purpose), the clock's offset in seconds, first
revision, attempt ids. Each line on
standard output is an acknowledgement: attempt, item, revision.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import timedelta
from uuid import UUID

from exam_engine.delivery.batches import deliver
from exam_engine.delivery.rules import AnswerRow
from exam_engine.delivery.writer import Ticket, Writer
from itembank.base.clock import ShiftedClock
from itembank.base.crypto import Keyring
from itembank.base.db import Database


class AcknowledgesTooEarly(Writer):
    """Says “saved” and saves later: what the checker must find out."""

    def _work(self, tickets: list[Ticket]) -> None:
        deliver(tickets)
        time.sleep(0.05)
        self._flush(tickets)


def save_without_end(writer: Writer, attempt_id: UUID, revision: int) -> None:
    items = [UUID(int=attempt_id.int ^ number) for number in range(1, 21)]
    while True:
        revision += 1
        item = items[revision % len(items)]
        ticket = writer.save(attempt_id, 1, [AnswerRow(attempt_id, item, 1, revision, ["A"], False)])
        if ticket.refusal is None:
            os.write(1, f"{attempt_id} {item} {revision}\n".encode())


def main() -> None:
    url, mode, offset, first, *attempts = sys.argv[1:]
    clock = ShiftedClock(timedelta(seconds=float(offset)))
    database = Database(url, Keyring.generate(), clock)
    writer = (Writer if mode == "after_commit" else AcknowledgesTooEarly)(database)
    writer.start()
    for attempt in attempts:
        threading.Thread(
            target=save_without_end, args=(writer, UUID(attempt), int(first)), daemon=True
        ).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
