"""What candidates are told (``GET /exam/attempts/{id}/messages``): asked with every heartbeat, so answered from memory.

Raw ASGI like saving, and authorised by the same token. The messages of half a day are read at most every two seconds
for all candidates and, with Redis, all processes; where nothing was said, nothing else is read.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from exam_engine.delivery import tokens
from exam_engine.delivery.rules import NotYourAttempt
from exam_engine.delivery.tokens import AttemptToken
from exam_engine.invigilation import service as invigilation
from itembank.base.db import Database
from itembank.base.db import Scope as Reach
from itembank.base.errors import ExamError, NotFound
from web import i18n
from web.deps import language_of
from web.errors import status_of
from web.i18n import N_
from web.security import is_waiting_key
from web.shared import Shared

MESSAGES_PATH = "/exam/attempts/{attempt_id}/messages"
LATEST_PATH = "/exam/sittings/{sitting_id}/latest"
WORDS = {"title": N_("From the invigilator:"), "close": N_("Understood")}
MESSAGES_SECONDS = 2.0
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
        self._held: tuple[float, list[dict[str, Any]]] = (0.0, [])
        self._lock = threading.Lock()

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
        until, said = self._held
        return said if until > time.monotonic() else await run_in_threadpool(self._read)

    def _read(self) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = json.loads(
            self.shared.text("told", MESSAGES_SECONDS, lambda: _said(self.database))
        )
        self._held = time.monotonic() + MESSAGES_SECONDS, said
        return said

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


class Messages:
    """Answer a page with what its candidate was told."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            state = scope["app"].state
            token = _token(dict(scope["headers"]), scope["path_params"]["attempt_id"], state.database)
            told = [
                {"id": row["id"], "at": row["at"], "text": row["text"]}
                for row in await _memory(state).told(token)
            ]
        except ExamError as refusal:
            await _refuse(scope, send, refusal)
            return
        translate = i18n.translator(language_of(Request(scope)))
        words = {key: translate(word) for key, word in WORDS.items()}
        await _answer(send, 200, {"messages": told, **words})


class Latest:
    """Tell a waiting room whether something new was said in its sitting, not what: that is asked with the session.

    Thousands wait, and ask every half minute; from memory that costs nobody anything. The page's key names the sitting,
    so that nobody else learns when something is said in a room.
    """

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        state = scope["app"].state
        try:
            sitting_id = _sitting(dict(scope["headers"]), scope["path_params"]["sitting_id"], state.database)
        except NotFound as refusal:
            await _refuse(scope, send, refusal)
            return
        await _answer(send, 200, {"latest": await _memory(state).latest(sitting_id)})


def _memory(state: Any) -> Memory:
    if not hasattr(state, "told"):
        state.told = Memory(state.database, state.shared)
    return cast(Memory, state.told)


async def _refuse(scope: Scope, send: Send, refusal: ExamError) -> None:
    message = i18n.translator(language_of(Request(scope)))(refusal.message, **refusal.facts)
    await _answer(send, status_of(refusal), {"code": refusal.code, "message": message})


async def _answer(send: Send, status: int, content: Mapping[str, Any]) -> None:
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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


def _bearer(headers: dict[bytes, bytes]) -> str:
    scheme, _, text = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return text if scheme.lower() == "bearer" else ""


def _sitting(headers: dict[bytes, bytes], sitting_id: str, database: Database) -> UUID:
    """Return the sitting of a waiting room; raises NotFound without its key, whether there is such a sitting or not."""
    try:
        found = UUID(sitting_id)
    except ValueError:
        raise NotFound from None
    if not is_waiting_key(database.keyring, found, _bearer(headers).encode()):
        raise NotFound
    return found


def _token(headers: dict[bytes, bytes], attempt_id: str, database: Database) -> AttemptToken:
    text, now = _bearer(headers), database.clock.now()
    token = tokens.read(database.keyring, text, now=now) if text else None
    if token is None or str(token.attempt_id) != attempt_id.lower():
        raise NotYourAttempt
    return token
