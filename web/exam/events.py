"""What the examination page reports of itself (``POST /exam/attempts/{id}/events``): evidence for the invigilator.

Raw ASGI like saving, and authorised by the same token; answers 200 with how many events were kept.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from exam_engine.delivery import service, tokens
from exam_engine.delivery.engine import Delivery
from exam_engine.delivery.rules import EventKind, EventsUnreadable, NotYourAttempt
from exam_engine.delivery.service import ReportedEvent
from exam_engine.delivery.tokens import AttemptToken
from itembank.base.db import Scope as Reach
from itembank.base.errors import ExamError
from web import i18n
from web.deps import language_of
from web.errors import status_of

EVENTS_PATH = "/exam/attempts/{attempt_id}/events"
MAX_BODY_BYTES = 16 * 1024
_A_DAY = 24 * 3600 * 1000


class SentEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event as the page sends it; times in milliseconds."""

    number: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    kind: EventKind
    ago: Annotated[int, msgspec.Meta(ge=0, le=_A_DAY)]
    lasted: Annotated[int, msgspec.Meta(ge=0, le=_A_DAY)] = 0


class SentEvents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a report."""

    events: Annotated[list[SentEvent], msgspec.Meta(min_length=1, max_length=100)]


_decode = msgspec.json.Decoder(SentEvents).decode


class Events:
    """Keep what a page reports."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        content: dict[str, Any]
        try:
            delivery: Delivery = scope["app"].state.delivery
            token = _token(headers, scope["path_params"]["attempt_id"], delivery)
            kept = await run_in_threadpool(_record, delivery, token, await _read(receive))
            status, content = 200, {"kept": kept}
        except ExamError as refusal:
            translate = i18n.translator(language_of(Request(scope)))
            status = status_of(refusal)
            content = {"code": refusal.code, "message": translate(refusal.message, **refusal.facts)}
        body = msgspec.json.encode(content)
        length = str(len(body)).encode()
        answer_headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": body})


def _token(headers: dict[bytes, bytes], attempt_id: str, delivery: Delivery) -> AttemptToken:
    scheme, _, text = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    now = delivery.database.clock.now()
    token = tokens.read(delivery.database.keyring, text, now=now) if scheme.lower() == "bearer" else None
    if token is None or str(token.attempt_id) != attempt_id.lower():
        raise NotYourAttempt
    return token


async def _read(receive: Receive) -> list[ReportedEvent]:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES or message["type"] == "http.disconnect":
            raise EventsUnreadable
    try:
        sent = _decode(body).events
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EventsUnreadable from error
    return [ReportedEvent(event.number, event.kind, event.ago / 1000, event.lasted / 1000) for event in sent]


def _record(delivery: Delivery, token: AttemptToken, events: list[ReportedEvent]) -> int:
    # The signed token names the attempt; its events are its institution's through it.
    with delivery.database.session(scope=Reach.everything()) as session:
        return service.record_events(session, token, events)
