"""The candidate's requests from the entrance to the receipt as raw ASGI: no dependency graph, no ORM session.

Each endpoint checks what it can see — same site, form token, form of what was sent — and asks the desk. Whatever is out
of the ordinary, refusals included, goes on to the route of the same address in ``routes``, which decides by itself:
there is one place for every refusal, and the lean road knows only how to say yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.requests import cookie_parser
from starlette.types import Message, Receive, Scope, Send

from exam_engine.delivery.answer_file import page_seal
from exam_engine.delivery.engine import Delivery
from exam_engine.delivery.lean.requests import (
    Advance,
    Enter,
    HandedIn,
    HandIn,
    Open,
    Opened,
    Read,
    Request,
    Sheet,
    Start,
    Wait,
    WaitingPlace,
)
from exam_engine.delivery.service import Standing
from exam_engine.delivery.steps.courses import course_of, ready_course
from exam_engine.sittings.service import entry_code_hash
from itembank.base.db import Scope as Reach
from itembank.base.errors import ExamError, Unavailable
from itembank.people.service import session_digest
from web import errors, i18n, security
from web.deps import LANGUAGE_COOKIE, NOTICE_COOKIE
from web.exam.limits import TICKET_COUNTED, addresses, count_ticket, take_back_ticket
from web.exam.pages import PaperPages, paper_pages, ready_pages, waiting_page
from web.exam.seb import first_page
from web.exam.waiting import answered, deliver
from web.security import client_address

log = structlog.get_logger(__name__)

MAX_FORM_BYTES = 8 * 1024
_JSON = (b"content-type", b"application/json")
_HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"vary", b"HX-Request")]
_encode = msgspec.json.Encoder().encode


class GoOn(Exception):
    """Not for the lean road."""


class Visit:
    """One HTTP request: what was sent, readable again by whoever comes next."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope, self._receive = scope, receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.cookies = cookie_parser(self.headers.get(b"cookie", b"").decode("latin-1"))
        self.delivery: Delivery = scope["app"].state.delivery
        self._read: list[Message] = []

    @property
    def language(self) -> str:
        accepted = self.headers.get(b"accept-language", b"").decode("latin-1")
        return i18n.choose_language(self.cookies.get(LANGUAGE_COOKIE), accepted)

    @property
    def wants_json(self) -> bool:
        return b"application/json" in self.headers.get(b"accept", b"")

    @property
    def demonstration(self) -> bool:
        return bool(self.scope["app"].state.demonstration)

    @property
    def session_token(self) -> str:
        """The cookie of a login, whoever's it is; raises GoOn without one, or when a notice waits to be shown."""
        token = self.cookies.get(security.SESSION_COOKIE)
        if not token or NOTICE_COOKIE in self.cookies:
            raise GoOn
        return token

    def id_in_path(self, name: str) -> UUID:
        try:
            return UUID(self.scope["path_params"][name])
        except ValueError:
            raise GoOn from None

    async def form(self) -> dict[str, str]:
        """Return the fields sent; raises GoOn for anything but a small urlencoded form."""
        body = b""
        while True:
            message = await self._receive()
            self._read.append(message)
            body += message.get("body", b"")
            if message["type"] == "http.disconnect" or len(body) > MAX_FORM_BYTES:
                raise GoOn
            if not message.get("more_body"):
                break
        if not body:
            return {}
        kind = HttpRequest(self.scope).headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise GoOn
        try:
            pairs = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
            )
        except ValueError:
            raise GoOn from None
        return dict(pairs)

    async def checked_form(self) -> tuple[str, dict[str, str]]:
        """Return session token and fields of a request that this site's own page sent."""
        security.check_same_site(HttpRequest(self.scope))
        token, fields = self.session_token, await self.form()
        header = self.headers.get(b"x-csrf-token")
        security.check_csrf(token, header.decode("latin-1") if header else fields.get("_csrf"))
        return token, fields

    async def receive_again(self) -> Message:
        """Give what was read already, then what comes."""
        return self._read.pop(0) if self._read else await self._receive()


class Answer:
    """What goes back."""

    def __init__(
        self, body: bytes = b"", *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        self.body, self.status, self.headers = body, status, headers

    @classmethod
    def redirect(cls, url: str, *headers: tuple[bytes, bytes]) -> Answer:
        return cls(status=303, headers=[(b"location", url.encode()), *headers])

    async def send(self, send: Send) -> None:
        headers = [*self.headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Lean:
    """An endpoint that asks the desk; what it does not answer goes on to the ordinary road (see ``web.site``)."""

    async def _ask(self, visit: Visit, request: Request) -> Any:
        await answered(visit.delivery.desk, request)
        if request.refusal is not None:
            raise request.refusal
        if request.answer is None:
            raise GoOn
        return request.answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        visit = Visit(scope, receive)
        try:
            answer = await self._answer(visit)
        except Unavailable as refusal:  # the ordinary road would only wait for the same database
            await errors.answer(HttpRequest(scope), refusal, 503)(scope, receive, send)
            return None
        except (GoOn, ExamError):
            return visit.receive_again
        except Exception:
            log.exception("lean_road_broken", path=scope["path"])
            return visit.receive_again
        await answer.send(send)
        return None

    async def _answer(self, visit: Visit) -> Answer:
        raise NotImplementedError


class EnterHere(Lean):
    """``POST /exam/login``."""

    async def _answer(self, visit: Visit) -> Answer:
        security.check_same_site(HttpRequest(visit.scope))
        fields = await visit.form()
        ticket, code = fields.get("ticket_number", "").strip(), fields.get("entry_code", "")
        if len(ticket) != 19 or not ticket.isascii() or not ticket.isdigit() or not 1 <= len(code) <= 40:
            raise GoOn
        address = client_address(HttpRequest(visit.scope))
        await self._in_time(addresses.guard, address)
        await self._in_time(count_ticket, ticket, address)
        code_hash = entry_code_hash(visit.delivery.database.keyring, ticket, code)
        asked = Enter(deliver=deliver, ticket_number=ticket, code_hash=code_hash)
        try:
            token: str = await self._ask(visit, asked)
        except GoOn:
            visit.scope["state"][TICKET_COUNTED] = True
            raise
        except Unavailable:  # nobody has looked at the code
            await self._in_time(take_back_ticket, ticket, address)
            raise
        await self._in_time(take_back_ticket, ticket, address)
        secure = "; Secure" if visit.scope["app"].state.settings.secure_cookies else ""
        cookie = f"{security.SESSION_COOKIE}={token}; HttpOnly; Path=/; SameSite=lax{secure}"
        agent = visit.headers.get(b"user-agent", b"").decode("latin-1")
        return Answer.redirect(first_page(agent, token), (b"set-cookie", cookie.encode()))

    @staticmethod
    async def _in_time(count: Callable[..., None], *keys: str) -> None:
        if security.Limiter.shared.asks_others:  # may have to wait
            await run_in_threadpool(count, *keys)
        else:
            count(*keys)


class _WithPaper(Lean):
    """An endpoint for which the paper's pages are made ready."""

    async def _pages(self, visit: Visit, paper_id: UUID, form: Sequence[int] | None) -> PaperPages:
        found = ready_pages(paper_id, visit.language, demonstration=visit.demonstration)
        if found is None or not found.is_ready(form):
            found = await run_in_threadpool(self._make, visit, paper_id, form)
        return found

    @staticmethod
    def _make(visit: Visit, paper_id: UUID, form: Sequence[int] | None) -> PaperPages:
        # The seat or the attempt names the paper; its institution is the candidate's.
        with visit.delivery.database.session(scope=Reach.everything(), writes=False) as session:
            paper = visit.delivery.shelf.paper(session, paper_id)
        pages = paper_pages(paper, visit.language, demonstration=visit.demonstration)
        pages.make_ready(form)
        return pages


class WaitHere(_WithPaper):
    """``GET /exam``."""

    async def _answer(self, visit: Visit) -> Answer:
        token = visit.session_token
        place: WaitingPlace = await self._ask(
            visit, Wait(deliver=deliver, session_digest=session_digest(token))
        )
        await self._pages(
            visit, place.paper_id, place.form
        )  # ready before anybody starts, and shown to nobody yet
        if place.terms.has_steps and ready_course(place.sitting_id, place.paper_id) is None:
            await run_in_threadpool(self._make_course, visit, place)
        csrf = security.csrf_token(token)
        key = security.waiting_key(visit.delivery.database.keyring, place.sitting_id)
        body = waiting_page(place, visit.language, csrf=csrf, key=key, demonstration=visit.demonstration)
        return Answer(body, headers=_HTML)

    @staticmethod
    def _make_course(visit: Visit, place: WaitingPlace) -> None:
        with visit.delivery.database.session(scope=Reach.everything(), writes=False) as session:
            course_of(session, place.sitting_id, place.paper_id, place.terms)


class StartHere(Lean):
    """``POST /exam/sittings/{sitting_id}/start``."""

    async def _answer(self, visit: Visit) -> Answer:
        sitting_id = visit.id_in_path("sitting_id")
        token, _fields = await visit.checked_form()
        asked = Start(deliver=deliver, session_digest=session_digest(token), sitting_id=sitting_id)
        return Answer.redirect(f"/exam/attempts/{await self._ask(visit, asked)}")


class ReadHere(_WithPaper):
    """``GET /exam/attempts/{attempt_id}``."""

    async def _answer(self, visit: Visit) -> Answer:
        token, attempt_id = visit.session_token, visit.id_in_path("attempt_id")
        asked = Read(deliver=deliver, session_digest=session_digest(token), attempt_id=attempt_id)
        sheet: Sheet = await self._ask(visit, asked)
        pages = await self._pages(visit, sheet.paper_id, sheet.form)
        return Answer(pages.page(sheet, csrf=security.csrf_token(token)), headers=_HTML)


class OpenHere(Lean):
    """``POST /exam/attempts/{attempt_id}/open``."""

    async def _answer(self, visit: Visit) -> Answer:
        attempt_id = visit.id_in_path("attempt_id")
        token, _fields = await visit.checked_form()
        asked = Open(deliver=deliver, session_digest=session_digest(token), attempt_id=attempt_id)
        opened: Opened = await self._ask(visit, asked)
        return _told(visit, opened)


class AdvanceHere(Lean):
    """``POST /exam/attempts/{attempt_id}/go-on``."""

    async def _answer(self, visit: Visit) -> Answer:
        attempt_id = visit.id_in_path("attempt_id")
        if not visit.wants_json:
            raise GoOn
        token, fields = await visit.checked_form()
        sent = [fields.get(name, "") for name in ("epoch", "step")]
        if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in sent):
            raise GoOn
        asked = Advance(
            deliver=deliver,
            session_digest=session_digest(token),
            attempt_id=attempt_id,
            epoch=int(sent[0]),
            number=int(sent[1]),
        )
        return _told(visit, await self._ask(visit, asked))


def _told(visit: Visit, opened: Opened) -> Answer:
    attempt_id = opened.state.id
    if opened.form is not None:
        visit.delivery.shelf.give(attempt_id, opened.state.epoch, opened.form)
    seal = page_seal(visit.delivery.database.keyring, attempt_id)
    return Answer(_encode(as_json(opened, seal)), headers=[_JSON])


def step_as_json(standing: Standing | None) -> dict[str, Any]:
    """Return where an attempt stands among its steps as its page reads it."""
    if standing is None:
        return {}
    facts = {"number": standing.number, "kind": standing.kind, "last": standing.last, "count": standing.count}
    return {"step": {**facts, "beyond": standing.beyond_seconds}}


def as_json(opened: Opened, seal: str) -> dict[str, Any]:
    """Return an opened attempt as its page reads it."""
    names = ("item", "epoch", "revision", "response", "flagged")
    return {
        "token": opened.token,
        "epoch": opened.state.epoch,
        "remaining": opened.remaining,
        "paused": opened.state.paused_at is not None,
        "seal": seal,
        "answers": [dict(zip(names, answer, strict=True)) for answer in opened.answers],
        **step_as_json(opened.standing),
    }


class HandInHere(Lean):
    """``POST /exam/attempts/{attempt_id}/submit`` for the page with script; without, the ordinary road answers."""

    async def _answer(self, visit: Visit) -> Answer:
        attempt_id = visit.id_in_path("attempt_id")
        if not visit.wants_json:
            raise GoOn
        token, fields = await visit.checked_form()
        epoch = fields.get("epoch", "")
        if not (epoch.isascii() and epoch.isdigit() and len(epoch) < 10):
            raise GoOn
        digest = session_digest(token)
        asked = HandIn(deliver=deliver, session_digest=digest, attempt_id=attempt_id, epoch=int(epoch))
        done: HandedIn = await self._ask(visit, asked)
        content = {
            "code": "already_handed_in" if done.already else "handed_in",
            "receipt": done.receipt,
            "url": f"/exam/attempts/{attempt_id}/receipt",
        }
        return Answer(_encode(content), headers=[_JSON])
