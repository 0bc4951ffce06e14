"""What is done to one candidate, a room, or everybody: time, pause, collection, messages, seats, entry codes, photo."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi.responses import Response

from exam_engine.invigilation import service as invigilation
from exam_engine.sittings import service as sittings
from exam_engine.sittings.numbers import show_entry_code
from exam_engine.sittings.service import IssuedCode
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.invigilation.forms import ControlForm, MessageForm, MoveForm, ReplacementForm
from web.invigilation.labels import DONE_TO_MANY, DONE_TO_ONE
from web.invigilation.pages import FormDep, address, room_page, router, sitting_page


def check_seat(ctx: Context, sitting_id: UUID, room_id: UUID, registration_id: UUID) -> None:
    """Raise NotFound unless the candidate sits in the room."""
    if sittings.seat_of(ctx.session, sitting_id, registration_id).room_id != room_id:
        raise NotFound


def _check_room(ctx: Context, sitting_id: UUID, room_id: UUID) -> None:
    if not any(seat.room.id == room_id for seat in sittings.list_seats(ctx.session, sitting_id, room_id)):
        raise NotFound


def _control(
    ctx: Context,
    data: Any,
    sitting_id: UUID,
    room_id: UUID | None = None,
    registration_id: UUID | None = None,
) -> tuple[Form[ControlForm], str]:
    """Do it; return the form with what was refused, or what to say."""
    form = parse_form(ControlForm, data)
    if form.model is not None:
        try:
            with ctx.session.begin_nested():
                done = invigilation.command(
                    ctx.session,
                    actor=ctx.actor,
                    sitting_id=sitting_id,
                    room_id=room_id,
                    registration_id=registration_id,
                    **form.model.model_dump(),
                )
            return form, _said(ctx, form.model, done, registration_id)
        except NotFound:
            raise
        except ExamError as error:
            beside = error.code == "attempt_reason_missing" and registration_id is not None
            form.add("reason" if beside else "", error)
    return form, ""


def _said(
    ctx: Context, sent: ControlForm, commanded: invigilation.Commanded, registration_id: UUID | None
) -> str:
    if registration_id is not None:
        return ctx._(DONE_TO_ONE[sent.deed], name=_name(ctx, registration_id), minutes=sent.minutes)
    done = ctx._(DONE_TO_MANY[sent.deed], count=commanded.done, minutes=sent.minutes)
    if not commanded.held:
        return done
    left = N_("{count} were left out: an incident holds them until it is confirmed or withdrawn.")
    return f"{done} {ctx._(left, count=commanded.held)}"


def _name(ctx: Context, registration_id: UUID) -> str:
    return sittings.view_registrations(ctx.session, [registration_id])[registration_id].person.name


def _message(
    ctx: Context,
    data: Any,
    sitting_id: UUID,
    room_id: UUID | None = None,
    registration_id: UUID | None = None,
) -> Form[MessageForm]:
    form = parse_form(MessageForm, data)
    if form.model is not None:
        try:
            with ctx.session.begin_nested():
                invigilation.send_message(
                    ctx.session,
                    actor=ctx.actor,
                    sitting_id=sitting_id,
                    room_id=room_id,
                    registration_id=registration_id,
                    text=form.model.text,
                    now=ctx.now,
                )
        except NotFound:
            raise
        except ExamError as error:
            form.add("", error)
    return form


@router.post("/{sitting_id}/attempts")
def control_sitting(
    sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.ATTEMPT_CONTROL)
) -> Response:
    """Extend, pause, resume or collect every attempt under way."""
    form, notice = _control(ctx, data, sitting_id)
    if form.errors:
        return sitting_page(ctx, sitting_id, form, 422)
    return ctx.redirect(f"/invigilation/{sitting_id}", notice=notice)


@router.post("/{sitting_id}/rooms/{room_id}/attempts")
def control_room(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.ATTEMPT_CONTROL)
) -> Response:
    """Extend, pause, resume or collect the attempts under way in a room."""
    _check_room(ctx, sitting_id, room_id)
    form, notice = _control(ctx, data, sitting_id, room_id)
    if form.errors:
        return room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(address(sitting_id, room_id), notice=notice)


@router.post("/{sitting_id}/rooms/{room_id}/attempts/{registration_id}")
def control_attempt(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Extend, pause, resume, collect or end a candidate's attempt."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    form, notice = _control(ctx, data, sitting_id, registration_id=registration_id)
    if form.errors:
        return room_page(ctx, sitting_id, room_id, form, registration_id, status=422)
    return ctx.redirect(address(sitting_id, room_id, registration_id), notice=notice)


@router.post("/{sitting_id}/messages")
def tell_sitting(
    sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.ATTEMPT_CONTROL)
) -> Response:
    """Tell every candidate of a sitting something."""
    form = _message(ctx, data, sitting_id)
    if form.errors:
        return sitting_page(ctx, sitting_id, form, 422)
    return ctx.redirect(f"/invigilation/{sitting_id}", notice=ctx._("The message was sent."))


@router.post("/{sitting_id}/rooms/{room_id}/messages")
def tell_room(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.ATTEMPT_CONTROL)
) -> Response:
    """Tell the candidates of a room something."""
    _check_room(ctx, sitting_id, room_id)
    form = _message(ctx, data, sitting_id, room_id)
    if form.errors:
        return room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(address(sitting_id, room_id), notice=ctx._("The message was sent."))


@router.post("/{sitting_id}/rooms/{room_id}/seats/{registration_id}/messages")
def tell_candidate(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Tell one candidate something."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    form = _message(ctx, data, sitting_id, room_id, registration_id)
    if form.errors:
        return room_page(ctx, sitting_id, room_id, form, registration_id, status=422)
    notice = ctx._("The message was sent to {name}.", name=_name(ctx, registration_id))
    return ctx.redirect(address(sitting_id, room_id, registration_id), notice=notice)


@router.post("/{sitting_id}/rooms/{room_id}/seats/{registration_id}/move")
def move_seat(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Give a candidate another seat; the attempt goes on there."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    form = parse_form(MoveForm, data)
    if form.model is not None:
        try:
            with ctx.session.begin_nested():
                seat = invigilation.move_seat(
                    ctx.session,
                    actor=ctx.actor,
                    sitting_id=sitting_id,
                    registration_id=registration_id,
                    room_id=form.model.room_id,
                    number=form.model.number,
                    reason=form.model.move_reason,
                    now=ctx.now,
                )
            notice = ctx._("The candidate has seat {number} now.", number=seat.number)
            return ctx.redirect(address(sitting_id, seat.room_id, registration_id), notice=notice)
        except NotFound:
            raise
        except ExamError as error:
            form.add("move_reason" if error.code == "attempt_reason_missing" else "number", error)
    return room_page(ctx, sitting_id, room_id, form, registration_id, status=422)


@router.post("/{sitting_id}/rooms/{room_id}/seats/{registration_id}/replacement")
def replace_ticket(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Print a slip with a new entry code, shown this once, and move the candidate if a seat is named."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    form = parse_form(ReplacementForm, data)
    if form.model is not None:
        try:
            with ctx.session.begin_nested():
                code = invigilation.replace_ticket(
                    ctx.session,
                    actor=ctx.actor,
                    sitting_id=sitting_id,
                    registration_id=registration_id,
                    reason=form.model.move_reason,
                    now=ctx.now,
                    room_id=form.model.room_id,
                    number=form.model.number,
                )
            return _slip(ctx, sitting_id, registration_id, code)
        except NotFound:
            raise
        except ExamError as error:
            form.add("move_reason" if error.code == "attempt_reason_missing" else "number", error)
    return room_page(ctx, sitting_id, room_id, form, registration_id, status=422)


def _slip(ctx: Context, sitting_id: UUID, registration_id: UUID, code: IssuedCode) -> Response:
    seat = sittings.seat_of(ctx.session, sitting_id, registration_id)
    sitting = sittings.find_sitting(ctx.session, sitting_id)
    candidate = sittings.view_registrations(ctx.session, [registration_id])[registration_id]
    return ctx.page(
        "invigilation/print_slip.html",
        code=code,
        shown_code=show_entry_code(code.entry_code),
        candidate=candidate,
        seat=seat,
        room=sittings.find_room(ctx.session, seat.room_id),
        plan=sittings.find_plan(ctx.session, sitting.plan_id),
        back=address(sitting_id, seat.room_id, registration_id),
    )


@router.get("/{sitting_id}/rooms/{room_id}/seats/{registration_id}/photo")
def show_photo(
    sitting_id: UUID, room_id: UUID, registration_id: UUID, ctx: Context = requires(Action.ROOM_READ)
) -> Response:
    """The candidate's photograph, to be compared at the seat."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    photo = sittings.read_photo(ctx.session, registration_id)
    if photo is None:
        raise NotFound
    return Response(photo, media_type="image/jpeg", headers={"cache-control": "no-store"})
