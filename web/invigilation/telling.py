"""What candidates are told (``GET /exam/attempts/{id}/messages``), from memory (``web.told``).

Raw ASGI like saving, and authorised by the same token. A page asks when a save or a heartbeat has told it that there is
something new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from exam_engine.delivery import tokens
from exam_engine.delivery.rules import NotYourAttempt
from exam_engine.delivery.tokens import AttemptToken
from itembank.base.db import Database
from itembank.base.errors import ExamError, NotFound
from web import i18n
from web.deps import language_of
from web.errors import status_of
from web.i18n import N_
from web.security import is_waiting_key
from web.told import memory_of

MESSAGES_PATH = "/exam/attempts/{attempt_id}/messages"
LATEST_PATH = "/exam/sittings/{sitting_id}/latest"
WORDS = {"title": N_("From the invigilator:"), "close": N_("Understood")}


class Messages:
    """Answer a page with what its candidate was told."""

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            state = scope["app"].state
            token = _token(dict(scope["headers"]), scope["path_params"]["attempt_id"], state.database)
            told = [
                {"id": row["id"], "at": row["at"], "text": row["text"]}
                for row in await memory_of(state).told(token)
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
        await _answer(send, 200, {"latest": await memory_of(state).latest(sitting_id)})


async def _refuse(scope: Scope, send: Send, refusal: ExamError) -> None:
    message = i18n.translator(language_of(Request(scope)))(refusal.message, **refusal.facts)
    await _answer(send, status_of(refusal), {"code": refusal.code, "message": message})


async def _answer(send: Send, status: int, content: Mapping[str, Any]) -> None:
    body = msgspec.json.encode(content)
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
