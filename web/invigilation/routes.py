"""The rooms of a sitting: one page a room, refreshed by asking for its block again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.rules import AttendanceState
from exam_engine.invigilation.service import SeatState, WatchedRoom
from exam_engine.invigilation.sheets import record_sheet
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from exam_engine.sittings.sheets import print_sheets
from itembank.base.errors import ExamError, NotFound
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.invigilation.forms import AttendanceForm, ControlForm, IncidentForm, ReasonForm, RecordForm
from web.invigilation.labels import COMPONENTS, INCIDENTS, SEAT_STATES, STATUSES

router = APIRouter(prefix="/invigilation")
FormDep = Annotated[FormData, Depends(form_data)]
RUNNING = frozenset({SeatState.ANSWERING, SeatState.PAUSED})


@router.get("")
def list_sittings(ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """Published sittings, those still open first; my own rooms are marked."""
    rows = [row for row in sittings.list_sittings(ctx.session) if row.status is not SittingStatus.DRAFT]
    rows.sort(key=lambda row: (row.status is SittingStatus.CLOSED, row.starts_at))
    plans = {view.plan.id: view for view in sittings.list_plans(ctx.session)}
    return ctx.page(
        "invigilation/sittings.html",
        rows=[(row, plans[row.plan_id]) for row in rows],
        seats=sittings.seat_counts(ctx.session, [row.id for row in rows]),
        mine={
            row.id
            for row in rows
            if row.status is not SittingStatus.CLOSED
            and any(duty.user_id == ctx.actor.id for duty in sittings.list_staff(ctx.session, row.id))
        },
        components=COMPONENTS,
        statuses=STATUSES,
    )


@router.get("/{sitting_id}")
def show_sitting(sitting_id: UUID, ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """The rooms of a sitting with their figures, and its closing."""
    return _sitting_page(ctx, sitting_id, Form())


def _sitting_page(ctx: Context, sitting_id: UUID, form: Form[Any], status: int = 200) -> Response:
    sitting = sittings.find_sitting(ctx.session, sitting_id)
    rooms = invigilation.watch(ctx.session, sitting_id, now=ctx.now)
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
        form=form,
        status=status,
    )


@router.post("/{sitting_id}/close")
def close_sitting(sitting_id: UUID, ctx: Context = requires(Action.INCIDENT_RECORD)) -> Response:
    """Close the sitting: absences are settled, nothing more is recorded."""
    try:
        with ctx.session.begin_nested():
            invigilation.close_sitting(ctx.session, actor=ctx.actor, sitting_id=sitting_id, now=ctx.now)
    except NotFound:
        raise
    except ExamError as error:
        form: Form[Any] = Form()
        form.add("", error)
        return _sitting_page(ctx, sitting_id, form, 409)
    return ctx.redirect(f"/invigilation/{sitting_id}", notice=ctx._("The sitting was closed."))


def _room(ctx: Context, sitting_id: UUID, room_id: UUID) -> WatchedRoom:
    found = invigilation.watch(ctx.session, sitting_id, now=ctx.now, room_id=room_id)
    if not found:
        raise NotFound
    return found[0]


@router.get("/{sitting_id}/rooms/{room_id}")
def show_room(
    sitting_id: UUID, room_id: UUID, seat: UUID | None = None, ctx: Context = requires(Action.ROOM_READ)
) -> Response:
    """One room: every seat with its candidate's state."""
    return _room_page(ctx, sitting_id, room_id, Form(), seat)


def _room_page(
    ctx: Context,
    sitting_id: UUID,
    room_id: UUID,
    form: Form[Any],
    seat: UUID | None = None,
    status: int = 200,
) -> Response:
    watched = _room(ctx, sitting_id, room_id)
    chosen = next((row for row in watched.seats if row.view.seat.registration_id == seat), None)
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
        is_open=watched.sitting.status is SittingStatus.PUBLISHED,
        running=RUNNING,
        names={row.view.seat.registration_id: row.view.candidate.person.name for row in watched.seats},
        components=COMPONENTS,
        states=SEAT_STATES,
        incident_kinds=INCIDENTS,
        AttendanceState=AttendanceState,
        form=form,
        status=status,
    )


def _address(sitting_id: UUID, room_id: UUID, seat: UUID | None = None) -> str:
    address = f"/invigilation/{sitting_id}/rooms/{room_id}"
    return f"{address}?seat={seat}" if seat else address


@router.post("/{sitting_id}/rooms/{room_id}/attendance")
def take_attendance(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Mark candidates present or absent."""
    watched = _room(ctx, sitting_id, room_id)
    form = parse_form(AttendanceForm, data)
    chosen = form.model.registration_ids if form.model else []
    here = {row.view.seat.registration_id for row in watched.seats}
    if form.model is not None and not set(chosen) <= here:
        raise NotFound
    if form.model is None or not chosen:
        form.add("", N_("Choose at least one candidate."))
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            count = invigilation.take_attendance(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                registration_ids=chosen,
                state=form.model.state,
                now=ctx.now,
            )
    except ExamError as error:
        form.add("", error)
        return _room_page(ctx, sitting_id, room_id, form, status=409)
    notice = ctx._("Attendance of {count} candidates was kept.", count=count)
    return ctx.redirect(_address(sitting_id, room_id), notice=notice)


@router.post("/{sitting_id}/rooms/{room_id}/incidents")
def record_incident(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Record an incident; cheating voids the component and ends the attempt."""
    watched = _room(ctx, sitting_id, room_id)
    form = parse_form(IncidentForm, data)
    if form.model is None:
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    sent = form.model
    here = {row.view.seat.registration_id for row in watched.seats}
    if sent.registration_id is not None and sent.registration_id not in here:
        raise NotFound
    try:
        with ctx.session.begin_nested():
            invigilation.record_incident(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                room_id=room_id,
                now=ctx.now,
                **dict(sent),
            )
    except ExamError as error:
        form.add("note" if error.code == "incident_note_missing" else "", error)
        return _room_page(ctx, sitting_id, room_id, form, sent.registration_id, status=422)
    return ctx.redirect(
        _address(sitting_id, room_id, sent.registration_id), notice=ctx._("The incident was recorded.")
    )


@router.post("/{sitting_id}/rooms/{room_id}/incidents/{incident_id}/withdraw")
def withdraw_incident(
    sitting_id: UUID,
    room_id: UUID,
    incident_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.INCIDENT_RECORD),
) -> Response:
    """Take an incident back, with a reason."""
    watched = _room(ctx, sitting_id, room_id)
    if incident_id not in {row.id for row in watched.incidents}:
        raise NotFound
    form = parse_form(ReasonForm, data)
    if form.model is None:
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            invigilation.withdraw_incident(
                ctx.session, actor=ctx.actor, incident_id=incident_id, reason=form.model.reason, now=ctx.now
            )
    except ExamError as error:
        form.add("", error)
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(_address(sitting_id, room_id), notice=ctx._("The incident was withdrawn."))


@router.post("/{sitting_id}/rooms/{room_id}/record")
def keep_record(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Keep the room record."""
    _room(ctx, sitting_id, room_id)
    form = parse_form(RecordForm, data)
    if form.model is None:
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            invigilation.keep_room_record(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                room_id=room_id,
                now=ctx.now,
                **form.model.model_dump(),
            )
    except ExamError as error:
        form.add("video_reference" if error.code == "monitoring_missing" else "", error)
        return _room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(_address(sitting_id, room_id), notice=ctx._("The room record was kept."))


@router.post("/{sitting_id}/rooms/{room_id}/attempts/{registration_id}")
def control_attempt(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Extend, pause, resume or end a candidate's attempt."""
    watched = _room(ctx, sitting_id, room_id)
    chosen = next((row for row in watched.seats if row.view.seat.registration_id == registration_id), None)
    if chosen is None or chosen.attempt is None:
        raise NotFound
    form = parse_form(ControlForm, data)
    if form.model is None:
        return _room_page(ctx, sitting_id, room_id, form, registration_id, status=422)
    try:
        with ctx.session.begin_nested():
            _control(ctx, chosen.attempt.attempt_id, form.model)
    except ExamError as error:
        form.add("reason" if error.code == "attempt_reason_missing" else "", error)
        return _room_page(ctx, sitting_id, room_id, form, registration_id, status=422)
    return ctx.redirect(_address(sitting_id, room_id, registration_id), notice=ctx._("Done."))


def _control(ctx: Context, attempt_id: UUID, sent: ControlForm) -> None:
    if sent.deed == "extend":
        delivery.extend_attempt(
            ctx.session, actor=ctx.actor, attempt_id=attempt_id, minutes=sent.minutes, reason=sent.reason
        )
    elif sent.deed == "pause":
        delivery.pause_attempt(ctx.session, actor=ctx.actor, attempt_id=attempt_id, reason=sent.reason)
    elif sent.deed == "resume":
        delivery.resume_attempt(ctx.session, actor=ctx.actor, attempt_id=attempt_id)
    else:
        delivery.terminate_attempt(ctx.session, actor=ctx.actor, attempt_id=attempt_id, reason=sent.reason)


@router.get("/{sitting_id}/rooms/{room_id}/record")
def print_record(sitting_id: UUID, room_id: UUID, ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """The room record as a sheet to print and sign."""
    watched = _room(ctx, sitting_id, room_id)
    return ctx.page(
        "invigilation/print_record.html",
        watched=watched,
        sitting=watched.sitting,
        room=watched.room,
        record=watched.record,
        view=sittings.view_plan(ctx.session, watched.sitting.plan_id),
        terms=sittings.terms_of(watched.sitting),
        names={row.view.seat.registration_id: row.view.candidate.person.name for row in watched.seats},
        components=COMPONENTS,
        incident_kinds=INCIDENTS,
        SeatState=SeatState,
    )


@router.get("/{sitting_id}/rooms/{room_id}/record.pdf")
def print_record_pdf(sitting_id: UUID, room_id: UUID, ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """The room record as archival PDF."""
    watched = _room(ctx, sitting_id, room_id)
    view = sittings.view_plan(ctx.session, watched.sitting.plan_id)
    sheet = record_sheet(watched, view, sittings.terms_of(watched.sitting))
    content = print_sheets(
        title=sheet["title"],
        institution=ctx.institution().name,
        sheets=[sheet],
        fonts=find_fonts(tuple(ctx.settings.font_folders)),
        timestamp=ctx.now,
    )
    return ctx.download(content, f"{sheet['title']}.pdf", "application/pdf", inline=True)
