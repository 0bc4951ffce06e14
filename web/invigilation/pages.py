"""The page of one room, which every deed in it comes back to."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.delivery.seb import service as seb
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.rules import AttendanceState
from exam_engine.invigilation.service import SeatState, WatchedRoom, WatchedSeat
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from itembank.base.errors import NotFound
from itembank.people.rules import Action
from web.deps import Context
from web.forms import Form, FormData, form_data
from web.invigilation.labels import (
    BROWSER_SIGNS,
    BROWSERS,
    COMPONENTS,
    DENSE_SEATS,
    EVENTS,
    INCIDENTS,
    SEAT_ICONS,
    SEAT_STATES,
    SEAT_WORDS,
    STATUSES,
    live_words,
    needs_words,
)

router = APIRouter(prefix="/invigilation")
FormDep = Annotated[FormData, Depends(form_data)]
RUNNING = frozenset({SeatState.ANSWERING, SeatState.PAUSED, SeatState.RESTING})


def room_of(ctx: Context, sitting_id: UUID, room_id: UUID) -> WatchedRoom:
    """Return a room as it is now; raises NotFound."""
    found = invigilation.watch(ctx.session, sitting_id, now=ctx.now, room_id=room_id)
    if not found:
        raise NotFound
    return found[0]


def room_page(
    ctx: Context,
    sitting_id: UUID,
    room_id: UUID,
    form: Form[Any],
    seat: UUID | None = None,
    status: int = 200,
    *,
    find: str = "",
) -> Response:
    """Answer with the page of a room, one seat's candidate beside the map."""
    watched = room_of(ctx, sitting_id, room_id)
    found = [row for row in watched.seats if _fits(row, find)] if find else []
    wanted = found[0].view.seat.registration_id if len(found) == 1 else seat
    chosen = next((row for row in watched.seats if row.view.seat.registration_id == wanted), None)
    is_open = watched.sitting.status is SittingStatus.PUBLISHED
    dense = len(watched.seats) > DENSE_SEATS
    return ctx.page(
        "invigilation/room.html",
        block="seats",
        watched=watched,
        sitting=watched.sitting,
        room=watched.room,
        record=watched.record,
        view=sittings.view_plan(ctx.session, watched.sitting.plan_id),
        terms=sittings.terms_of(watched.sitting),
        chosen=chosen,
        is_open=is_open,
        find=find,
        found=found,
        seb=seb.standings(ctx.session, sitting_id),
        browsers=BROWSERS,
        browser_signs=BROWSER_SIGNS,
        events=delivery.evidence_of(ctx.session, chosen.attempt.attempt_id)
        if chosen and chosen.attempt
        else (),
        event_kinds=EVENTS,
        rooms=sittings.list_rooms(ctx.session, active=True) if chosen and is_open else [],
        messages=[
            row for row in invigilation.messages(ctx.session, sitting_id) if row.room_id in (None, room_id)
        ],
        me=str(ctx.actor),
        running=RUNNING,
        needs={
            row.view.seat.registration_id: needs_words(
                row.given, sittings.terms_of(watched.sitting).limit_minutes, ctx._
            )
            for row in watched.seats
        },
        names={row.view.seat.registration_id: row.view.candidate.person.name for row in watched.seats},
        components=COMPONENTS,
        states=SEAT_STATES,
        icons=SEAT_ICONS,
        words=SEAT_WORDS,
        dense=dense,
        live=live_words(ctx._, dense=dense),
        incident_kinds=INCIDENTS,
        AttendanceState=AttendanceState,
        form=form,
        status=status,
    )


def _fits(row: WatchedSeat, find: str) -> bool:
    """Tell whether a seat's candidate has this ticket, name, or end of ticket or document number (from 4 signs)."""
    candidate = row.view.candidate
    numbers = (candidate.registration.ticket_number or "", candidate.person.document_number.upper())
    return find in candidate.person.name or (
        len(find) >= 4 and any(number.endswith(find.upper()) for number in numbers)
    )


def address(sitting_id: UUID, room_id: UUID, seat: UUID | None = None) -> str:
    """Return the address of a room, or of one seat in it."""
    here = f"/invigilation/{sitting_id}/rooms/{room_id}"
    return f"{here}?seat={seat}" if seat else here


def sitting_page(ctx: Context, sitting_id: UUID, form: Form[Any], status: int = 200) -> Response:
    """Answer with the rooms of a sitting."""
    sitting = sittings.find_sitting(ctx.session, sitting_id)
    rooms = invigilation.overview(ctx.session, sitting_id)
    return ctx.page(
        "invigilation/sitting.html",
        block="rooms",
        sitting=sitting,
        view=sittings.view_plan(ctx.session, sitting.plan_id),
        terms=sittings.terms_of(sitting),
        rooms=rooms,
        components=COMPONENTS,
        statuses=STATUSES,
        states=SEAT_STATES,
        live=live_words(ctx._, dense=False),
        messages=[row for row in invigilation.messages(ctx.session, sitting_id) if row.room_id is None],
        late=delivery.waiting_files(ctx.session, [sitting_id]).get(sitting_id, 0),
        seb=seb.setting_of(ctx.session, sitting_id) if ctx.may(Action.ATTEMPT_CONTROL) else None,
        form=form,
        status=status,
    )
