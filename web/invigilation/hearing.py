"""What candidates without scripts are told: a page inside of theirs, which asks again by itself.

Browsers that run scripts never ask for it; the messages themselves are those of ``telling``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.models import RoomMessage
from itembank.people.rules import Action
from web.deps import Context, candidate_actor, requires
from web.forms import FormData, form_data
from web.render import render
from web.security import FRAMED

router = APIRouter(prefix="/exam/attempts/{attempt_id}/told")
FormDep = Annotated[FormData, Depends(form_data)]

ASKED_SECONDS = 30
READ_COOKIE = "told"
MOST_READ = 200


def _said(ctx: Context, attempt_id: UUID) -> Sequence[RoomMessage]:
    attempt = delivery.own_attempt(ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id)
    return () if attempt.submitted_at else invigilation.messages_of(ctx.session, attempt_id)


def _mark(message: RoomMessage) -> str:
    """Return a short name of a message for the cookie: the random end of its id."""
    return message.id.hex[-12:]


def _read(ctx: Context) -> list[str]:
    return ctx.request.cookies.get(READ_COOKIE, "").split(".")


@router.get("")
def hear(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Show what was said to the candidate, unread messages first, until each was read."""
    said, known = _said(ctx, attempt_id), set(_read(ctx))
    unread = [message for message in said if _mark(message) not in known]
    values = {
        **ctx.values(),
        "attempt_id": attempt_id,
        "unread": unread[::-1],
        "heard": [message for message in said if _mark(message) in known][::-1],
        "marks": {message.id: _mark(message) for message in unread},
    }
    headers = {"refresh": str(ASKED_SECONDS), **FRAMED}
    return HTMLResponse(render("invigilation/told.html", ctx.language, values), headers=headers)


@router.post("")
def understood(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Keep in the browser that a message was read."""
    known = [_mark(message) for message in _said(ctx, attempt_id)]
    read = {*_read(ctx), data.text("message")}
    address = f"/exam/attempts/{attempt_id}/told"
    response = ctx.redirect(address)
    response.set_cookie(
        READ_COOKIE,
        ".".join([mark for mark in known if mark in read][-MOST_READ:]),
        path=address,
        httponly=True,
        samesite="lax",
        secure=ctx.settings.secure_cookies,
    )
    return response
