"""What candidates without scripts are told: a page inside of theirs, which asks again by itself.

In the waiting room browsers with scripts ask for the same as data, once ``telling`` says that there is something new;
on the paper they never do. The messages themselves are those of ``telling``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, Response

from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.models import RoomMessage
from itembank.people.rules import Action
from web.deps import Context, candidate_actor, requires
from web.forms import FormData, form_data
from web.invigilation.telling import WORDS
from web.render import render
from web.security import FRAMED

router = APIRouter(prefix="/exam")
FormDep = Annotated[FormData, Depends(form_data)]

ASKED_SECONDS = 30
MOST_READ = 200
Said = Sequence[RoomMessage]


def _said_at_work(ctx: Context, attempt_id: UUID) -> Said:
    attempt = delivery.own_attempt(ctx.session, actor=candidate_actor(ctx), attempt_id=attempt_id)
    return () if attempt.submitted_at else invigilation.messages_of(ctx.session, attempt_id)


def _said_waiting(ctx: Context, sitting_id: UUID) -> Said:
    return invigilation.messages_to(ctx.session, sitting_id, _candidate_id(ctx))


def _candidate_id(ctx: Context) -> UUID:
    actor = candidate_actor(ctx)
    assert actor.id is not None
    return actor.id


def _mark(message: RoomMessage) -> str:
    """Return a short name of a message for the cookie: the random end of its id."""
    return message.id.hex[-12:]


def _cookie(ctx: Context) -> str:
    """Return the name of the candidate's own cookie: others sit down at the same machine."""
    return f"told-{_candidate_id(ctx).hex[-12:]}"


def _read(ctx: Context) -> list[str]:
    return ctx.request.cookies.get(_cookie(ctx), "").split(".")


def _page(ctx: Context, said: Said) -> Response:
    """Show what was said to the candidate, unread messages first, until each was read."""
    known = set(_read(ctx))
    unread = [message for message in said if _mark(message) not in known]
    values = {
        **ctx.values(),
        "here": ctx.request.url.path,
        "unread": unread[::-1],
        "heard": [message for message in said if _mark(message) in known][::-1],
        "marks": {message.id: _mark(message) for message in unread},
    }
    headers = {"refresh": str(ASKED_SECONDS), **FRAMED}
    return HTMLResponse(render("invigilation/told.html", ctx.language, values), headers=headers)


def _keep(ctx: Context, said: Said, data: FormData) -> Response:
    """Keep in the browser that a message was read, in the waiting room as on the paper."""
    read = {*_read(ctx), data.text("message")}
    response = ctx.redirect(ctx.request.url.path)
    response.set_cookie(
        _cookie(ctx),
        ".".join([mark for mark in map(_mark, said) if mark in read][-MOST_READ:]),
        path="/exam",
        httponly=True,
        samesite="lax",
        secure=ctx.settings.secure_cookies,
    )
    return response


@router.get("/attempts/{attempt_id}/told")
def hear(attempt_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Show a candidate at work what was said."""
    return _page(ctx, _said_at_work(ctx, attempt_id))


@router.post("/attempts/{attempt_id}/told")
def understood(attempt_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Note that a message was read."""
    return _keep(ctx, _said_at_work(ctx, attempt_id), data)


@router.get("/sittings/{sitting_id}/told")
def hear_waiting(sitting_id: UUID, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Show a candidate in the waiting room what was said, or tell it to the script."""
    said = _said_waiting(ctx, sitting_id)
    if "application/json" not in ctx.request.headers.get("accept", ""):
        return _page(ctx, said)
    messages = [{"id": message.id.hex, "text": message.text} for message in said]
    words = {key: ctx._(word) for key, word in WORDS.items()}
    return JSONResponse({"messages": messages, **words}, headers={"cache-control": "no-store"})


@router.post("/sittings/{sitting_id}/told")
def understood_waiting(sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.EXAM_SIT)) -> Response:
    """Note that a message was read before the start."""
    return _keep(ctx, _said_waiting(ctx, sitting_id), data)
