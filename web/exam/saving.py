"""The answer-saving path and the heartbeat: raw ASGI, from the socket to the batching writer and back.

``PUT /exam/attempts/{id}/answers`` with ``Authorization: Bearer <token>`` and
``{"answers": [{"item", "revision", "response", "flagged"}]}`` answers 200 with what was accepted and what was
refused with its reason; 409, 403, 422 or 503 when nothing was. docs/delivery.md lists the codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser
from starlette.types import Receive, Scope, Send

from exam_engine.delivery import tokens
from exam_engine.delivery.engine import Delivery
from exam_engine.delivery.lean.requests import Given
from exam_engine.delivery.rules import (
    MAX_ANSWERS_PER_SAVE,
    MAX_REVISION,
    Answerable,
    AnswerRow,
    DatabaseAway,
    NotYourAttempt,
    SaveUnreadable,
    check_response,
)
from exam_engine.delivery.tokens import AttemptToken
from exam_engine.delivery.writer import Ticket
from itembank.base.db import Scope as Reach
from itembank.base.errors import ExamError
from web import i18n
from web.deps import LANGUAGE_COOKIE
from web.direct import Exchange
from web.errors import status_of
from web.exam.waiting import answered, deliver
from web.told import Memory, memory_of

SAVE_PATH = "/exam/attempts/{attempt_id}/answers"
HEARTBEAT_PATH = "/exam/attempts/{attempt_id}/heartbeat"
MAX_BODY_BYTES = 128 * 1024
RETRY_AFTER_SECONDS = b"3"


class SentAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer as the page sends it."""

    item: UUID
    revision: Annotated[int, msgspec.Meta(ge=1, le=MAX_REVISION)]
    response: Annotated[list[Annotated[str, msgspec.Meta(max_length=8)]], msgspec.Meta(max_length=26)]
    flagged: bool = False


class SentAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a save."""

    answers: Annotated[list[SentAnswer], msgspec.Meta(min_length=1, max_length=MAX_ANSWERS_PER_SAVE)]


_decode = msgspec.json.Decoder(SentAnswers).decode
_encode = msgspec.json.Encoder().encode


class _Endpoint:
    """What both endpoints share: token in, ticket through the writer, JSON out."""

    async def _through_writer(self, ticket: Ticket, delivery: Delivery) -> None:
        await answered(delivery.writer, ticket)
        if ticket.refusal is not None:
            raise ticket.refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            delivery: Delivery = scope["app"].state.delivery
            token = _token(headers, scope["path_params"]["attempt_id"], delivery)
            content = await self._answer(token, headers, receive, delivery)
            status, content = 200, content | _said(memory_of(scope["app"].state), token)
        except ExamError as refusal:
            status, content = status_of(refusal), _refused(refusal, _translate(headers))
        answer_headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        if status in (429, 503):
            answer_headers.append((b"retry-after", RETRY_AFTER_SECONDS))
        body = _encode(content)
        answer_headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, token: AttemptToken, headers: dict[bytes, bytes], receive: Receive, delivery: Delivery
    ) -> dict[str, Any]:
        raise NotImplementedError


class Save(_Endpoint):
    """Take answers; reply when they are committed."""

    async def _answer(
        self, token: AttemptToken, headers: dict[bytes, bytes], receive: Receive, delivery: Delivery
    ) -> dict[str, Any]:
        sent = _answers(await _body(receive))
        form = _known_form(token, delivery)
        if form is None:
            form = await _find_form(token, delivery)
        rows: list[AnswerRow] = []
        refused: list[tuple[SentAnswer, ExamError]] = []
        for answer in sent:
            try:
                response = check_response(form, answer.item, answer.response)
            except ExamError as refusal:
                refused.append((answer, refusal))
                continue
            rows.append(_row(token, answer, response))
        # Even when no answer is left, the attempt's own state is told first: closed before wrong.
        ticket = Ticket(token.attempt_id, token.epoch, rows, deliver)
        await self._through_writer(ticket, delivery)
        if ticket.refused:
            refused += [
                (answer, ticket.refused[answer.item]()) for answer in sent if answer.item in ticket.refused
            ]
        if refused and len(refused) == len(sent):
            raise refused[0][1]
        content: dict[str, Any] = {
            "accepted": [(row.item_id, row.revision) for row in rows if row.item_id not in ticket.refused],
            "remaining": ticket.remaining,
        }
        if refused:
            translate = _translate(headers)
            content["refused"] = [
                {"item": answer.item, "revision": answer.revision, **_refused(refusal, translate)}
                for answer, refusal in refused
            ]
        return content


class Heartbeat(_Endpoint):
    """Tell the remaining time by the server's clock, and whether this device may still write."""

    async def _answer(
        self, token: AttemptToken, _headers: dict[bytes, bytes], _receive: Receive, delivery: Delivery
    ) -> dict[str, Any]:
        ticket = Ticket(token.attempt_id, token.epoch, (), deliver)
        await self._through_writer(ticket, delivery)
        return {"remaining": ticket.remaining}


class AtSocket:
    """Both endpoints at the socket (``web.direct``): says yes, and leaves every refusal to ``Save`` and ``Heartbeat``.

    What it has put to the writer may be put again: the newest revision wins, and the history takes each once.
    """

    _BEFORE, _SAVE, _CALL = b"/exam/attempts/", b"/answers", b"/heartbeat"

    def __init__(self, delivery: Delivery, told: Memory) -> None:
        self._delivery, self._told = delivery, told

    def takes(self, method: bytes, address: bytes) -> bool:
        """Tell whether this is a save or a call; the attempt that the address names is compared with the token's."""
        end = self._SAVE if method == b"PUT" else self._CALL
        return method in (b"PUT", b"GET") and address.startswith(self._BEFORE) and address.endswith(end)

    def ask(
        self, address: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes, waiter: Exchange
    ) -> tuple[Ticket, dict[str, str]] | None:
        """Queue what was sent for the writer; None when there is anything to say but yes."""
        delivery, saves = self._delivery, address.endswith(self._SAVE)
        attempt = address[len(self._BEFORE) : -len(self._SAVE if saves else self._CALL)].decode("ascii")
        try:
            token = _token(dict(headers), attempt, delivery)
            form = _known_form(token, delivery) if saves else {}
            if form is None:
                return None
            sent = _answers(body) if saves else []
            rows = [
                _row(token, answer, check_response(form, answer.item, answer.response)) for answer in sent
            ]
            ticket = Ticket(token.attempt_id, token.epoch, rows, deliver, waiter)
            delivery.writer.put(ticket, waiter.get_loop().call_soon)
        except ExamError:
            return None
        return ticket, _said(self._told, token)

    def answer(self, asked: tuple[Ticket, dict[str, str]]) -> bytes | None:
        """Return what ``Save`` and ``Heartbeat`` say when everything was taken."""
        ticket, said = asked
        if ticket.refusal is not None or ticket.refused:
            return None
        content: dict[str, Any] = {"remaining": ticket.remaining}
        if ticket.answers:
            accepted = [(row.item_id, row.revision) for row in ticket.answers]
            content = {"accepted": accepted, **content}
        return _encode(content | said)


def _said(told: Memory, token: AttemptToken) -> dict[str, str]:
    """Return by which the page learns whether there is something new to ask for; nothing where nothing was said."""
    newest = told.newest(token.registration_id)
    return {"said": newest} if newest else {}


def _token(headers: dict[bytes, bytes], attempt_id: str, delivery: Delivery) -> AttemptToken:
    scheme, _, text = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise NotYourAttempt
    token = tokens.read(delivery.database.keyring, text, now=delivery.database.clock.now())
    if str(token.attempt_id) != attempt_id.lower():
        raise NotYourAttempt
    return token


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SaveUnreadable
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise SaveUnreadable
        if not message.get("more_body"):
            return bytes(body)


def _answers(body: bytes) -> list[SentAnswer]:
    try:
        return _decode(body).answers
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SaveUnreadable from error


def _row(token: AttemptToken, answer: SentAnswer, response: list[str]) -> AnswerRow:
    return AnswerRow(token.attempt_id, answer.item, token.epoch, answer.revision, response, answer.flagged)


def _known_form(token: AttemptToken, delivery: Delivery) -> Answerable | None:
    if token.has_form:
        return delivery.shelf.own_form(token.paper_id, token.attempt_id, token.epoch)
    return delivery.shelf.form(token.paper_id)


async def _find_form(token: AttemptToken, delivery: Delivery) -> Answerable:
    """Return what may be answered when this process does not know it yet, such as after its start."""
    await run_in_threadpool(_open_paper, delivery, token.paper_id)
    if token.has_form:
        asked = Given(deliver=deliver, attempt_id=token.attempt_id)
        await answered(delivery.desk, asked)
        if asked.answer is None:  # then nobody knows what is right
            raise asked.refusal or DatabaseAway
        epoch, places = asked.answer
        if epoch < token.epoch:
            raise NotYourAttempt
        delivery.shelf.give(token.attempt_id, epoch, places)
    found = _known_form(token, delivery)
    if found is None:  # pushed out of memory in this instant: what is right is found the next time
        raise DatabaseAway
    return found


def _open_paper(delivery: Delivery, paper_id: UUID) -> None:
    # The signed token names the paper; its institution is the attempt's.
    with delivery.database.session(scope=Reach.everything(), writes=False) as session:
        delivery.shelf.paper(session, paper_id)


def _translate(headers: dict[bytes, bytes]) -> i18n.Translate:
    cookies = cookie_parser(headers.get(b"cookie", b"").decode("latin-1"))
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    return i18n.translator(i18n.choose_language(cookies.get(LANGUAGE_COOKIE), accepted))


def _refused(refusal: ExamError, translate: i18n.Translate) -> dict[str, Any]:
    return {"code": refusal.code, "message": translate(refusal.message, **refusal.facts)}
