"""The institution's exam rooms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.sittings import service as sittings
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.sittings.common import FormDep
from web.sittings.forms import RoomChangeForm, RoomForm

router = APIRouter(prefix="/rooms")


@router.get("")
def list_rooms(ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """All rooms, and a form to add one."""
    return _page(ctx, Form())


def _page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    rooms = sittings.list_rooms(ctx.session)
    return ctx.page("sittings/rooms.html", rooms=rooms, form=form, status=status)


@router.post("")
def create_room(data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Add a room."""
    form = parse_form(RoomForm, data)
    if form.model is None:
        return _page(ctx, form, 422)
    try:
        room = sittings.create_room(ctx.session, actor=ctx.actor, **form.model.model_dump())
    except ExamError as error:
        form.add("name" if error.code == "room_name_taken" else str(error.facts.get("field", "")), error)
        return _page(ctx, form, 422)
    return ctx.redirect("/rooms", notice=ctx._("{name} was added.", name=room.name))


@router.post("/{room_id}")
def change_room(room_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Change a room's place, seats or use."""
    room = sittings.find_room(ctx.session, room_id)
    form = parse_form(RoomChangeForm, data)
    if form.model is None:
        return _page(ctx, Form(errors=form.errors), 422)
    sittings.change_room(ctx.session, actor=ctx.actor, room_id=room.id, **form.model.model_dump())
    return ctx.redirect("/rooms", notice=ctx._("{name} was changed.", name=room.name))
