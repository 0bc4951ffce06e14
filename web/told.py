"""What was said to candidates, as one process of a site remembers it.

The messages of half a day are read at most every two seconds for all candidates and, with Redis, all processes; on the
embedded database only when something has been written. Where nothing was said, nothing else is read.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import structlog
from starlette.concurrency import run_in_threadpool

from exam_engine.delivery.tokens import AttemptToken
from exam_engine.invigilation import service as invigilation
from itembank.base.db import Database
from itembank.base.db import Scope as Reach
from web.shared import Shared

log = structlog.get_logger(__name__)

MESSAGES_SECONDS = 2.0
UNASKED_SECONDS = 30.0
"""So often messages are read although this process has written nothing: another one may have."""
PLACES_SECONDS = 10.0
"""So much later a candidate who was moved hears what is said in the new room."""
HEARD_FOR = timedelta(hours=12)


@dataclass
class _Places:
    """Where the attempts under way of a sitting are, for an instant, and which page of each is the newest."""

    until: float
    rooms: dict[UUID, tuple[UUID, int]]


class Memory:
    """What was said, as one process of a site remembers it."""

    def __init__(self, database: Database, shared: Shared) -> None:
        self.database, self.shared = database, shared
        self._places: dict[UUID, _Places] = {}
        self._held: list[dict[str, Any]] = []
        self._newest: dict[str | None, str] = {}
        self._written: object | None = None
        self._read_at = float("-inf")
        self._reading = False
        self._lock = threading.Lock()

    def newest(self, registration_id: UUID) -> str:
        """Return by which the newest message is known that a candidate may have to hear; empty without any.

        For the event loop: it never waits. What is remembered may be some seconds old; a thread reads it anew. What was
        said to all, of whatever sitting and room, counts for everybody: who asks is told what is theirs.
        """
        if self._is_due() and not self._reading:
            self._reading = True
            asyncio.get_running_loop().run_in_executor(None, self._read_beside)
        return max(self._newest.get(None, ""), self._newest.get(registration_id.hex, ""))

    async def told(self, token: AttemptToken) -> list[dict[str, Any]]:
        """Return what the candidate of a token was told."""
        said = await self._said()
        mine = [row for row in said if row["to"] in (None, token.registration_id.hex)]
        return await run_in_threadpool(self._mine, token, mine) if mine else []

    async def latest(self, sitting_id: UUID) -> str:
        """Return by which the newest message in a sitting is known, to whomever it was said; empty without any."""
        said = [row["id"] for row in await self._said() if row["sitting"] == sitting_id.hex]
        return said[-1] if said else ""

    async def _said(self) -> list[dict[str, Any]]:
        return await run_in_threadpool(self._read) if self._is_due() else self._held

    def _is_due(self) -> bool:
        now, written = time.monotonic(), self.database.written
        if now < self._read_at + MESSAGES_SECONDS:
            return False
        return written is None or written is not self._written or now >= self._read_at + UNASKED_SECONDS

    def _read(self) -> list[dict[str, Any]]:
        written, now = self.database.written, time.monotonic()

        def make() -> bytes:
            return _said(self.database)

        # Where one process writes, what was made before this one's last writing would be taken for the present.
        text = make() if written is not None else self.shared.text("told", MESSAGES_SECONDS, make)
        held: list[dict[str, Any]] = json.loads(text)
        self._held, self._newest = held, {row["to"]: row["id"] for row in held}
        self._written, self._read_at = written, now
        return held

    def _read_beside(self) -> None:
        try:
            self._read()
        except Exception:  # the next who asks lets it be tried again
            log.warning("messages_not_read", exc_info=True)
        finally:
            self._reading = False

    def _mine(self, token: AttemptToken, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
        mine = []
        for row in said:
            rooms = self._rooms(UUID(row["sitting"]))
            room, epoch = rooms.get(token.attempt_id, (None, 0))
            # What is remembered may be older than a page that was just opened.
            if room is None or token.epoch < epoch:
                continue
            if row["to"] is not None or row["room"] in (None, room.hex):
                mine.append(row)
        return mine

    def _rooms(self, sitting_id: UUID) -> dict[UUID, tuple[UUID, int]]:
        with self._lock:
            found = self._places.get(sitting_id)
            if found is None or found.until <= time.monotonic():
                if len(self._places) > 100:
                    self._places.clear()
                # The signed token names the attempt; its candidate may know where it is.
                with self.database.glance(scope=Reach.everything()) as session:
                    rooms = invigilation.rooms_of_attempts(session, sitting_id)
                found = self._places[sitting_id] = _Places(time.monotonic() + PLACES_SECONDS, rooms)
            return found.rooms


def memory_of(state: Any) -> Memory:
    """Return what the process of an application remembers."""
    if not hasattr(state, "told"):
        state.told = Memory(state.database, state.shared)
    return cast(Memory, state.told)


def _said(database: Database) -> bytes:
    # For all candidates at once; each is given those to them by _mine.
    with database.glance(scope=Reach.everything()) as session:
        rows = invigilation.messages_since(session, database.clock.now() - HEARD_FOR)
        said = [
            {
                "id": row.id.hex,
                "sitting": row.sitting_id.hex,
                "room": row.room_id and row.room_id.hex,
                "to": row.registration_id and row.registration_id.hex,
                "text": row.text,
                "at": row.sent_at.isoformat(timespec="seconds"),
            }
            for row in rows
        ]
    return json.dumps(said).encode()
