"""The rooms of a sitting: pages, attendance, incidents, records, closing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi.responses import Response

from exam_engine.invigilation import service as invigilation
from exam_engine.invigilation.service import SeatState
from exam_engine.invigilation.sheets import needs_line, record_sheet, standing
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus
from exam_engine.sittings.sheets import print_sheets
from itembank.base.errors import ExamError, NotFound
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.invigilation.forms import AttendanceForm, IncidentForm, ReasonForm, RecordForm
from web.invigilation.labels import COMPONENTS, INCIDENTS, STATUSES
from web.invigilation.pages import FormDep, address, room_of, room_page, router, sitting_page
from web.navigation import Todo


def todos(ctx: Context) -> Sequence[Todo]:
    """Incidents that wait for a second person: until then a candidate's clock stands."""
    if not ctx.may(Action.INCIDENT_RECORD):
        return []
    waiting = invigilation.incidents_to_decide(ctx.session, ctx.actor)
    where = {(row.sitting_id, row.room_id) for row in waiting}
    sitting_id, room_id = where.pop() if len(where) == 1 else (None, None)
    url = address(sitting_id, room_id) if sitting_id and room_id else "/invigilation"
    return [Todo(len(waiting), N_("incidents that wait for a second person"), url)]


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
    return sitting_page(ctx, sitting_id, Form())


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
        return sitting_page(ctx, sitting_id, form, 409)
    return ctx.redirect(f"/invigilation/{sitting_id}", notice=ctx._("The sitting was closed."))


@router.get("/{sitting_id}/rooms/{room_id}")
def show_room(
    sitting_id: UUID,
    room_id: UUID,
    seat: UUID | None = None,
    find: str = "",
    ctx: Context = requires(Action.ROOM_READ),
) -> Response:
    """One room: every seat with its candidate's state; ``find`` looks for a ticket, a name, or the end of a number."""
    return room_page(ctx, sitting_id, room_id, Form(), seat, find=find.strip()[:60])


@router.post("/{sitting_id}/rooms/{room_id}/attendance")
def take_attendance(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Mark candidates present or absent."""
    watched = room_of(ctx, sitting_id, room_id)
    form = parse_form(AttendanceForm, data)
    chosen = form.model.registration_ids if form.model else []
    here = {row.view.seat.registration_id for row in watched.seats}
    if form.model is not None and not set(chosen) <= here:
        raise NotFound
    if form.model is None or not chosen:
        form.add("", N_("Choose at least one candidate."))
        return room_page(ctx, sitting_id, room_id, form, status=422)
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
        return room_page(ctx, sitting_id, room_id, form, status=409)
    notice = ctx._("Attendance of {count} candidates was kept.", count=count)
    return ctx.redirect(address(sitting_id, room_id), notice=notice)


@router.post("/{sitting_id}/rooms/{room_id}/incidents")
def record_incident(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Record an incident; what voids the component stops the attempt until a second person confirms."""
    watched = room_of(ctx, sitting_id, room_id)
    form = parse_form(IncidentForm, data)
    if form.model is None:
        return room_page(ctx, sitting_id, room_id, form, status=422)
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
        return room_page(ctx, sitting_id, room_id, form, sent.registration_id, status=422)
    return ctx.redirect(
        address(sitting_id, room_id, sent.registration_id), notice=ctx._("The incident was recorded.")
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
    watched = room_of(ctx, sitting_id, room_id)
    if incident_id not in {row.id for row in watched.incidents}:
        raise NotFound
    form = parse_form(ReasonForm, data)
    if form.model is None:
        return room_page(ctx, sitting_id, room_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            invigilation.withdraw_incident(
                ctx.session, actor=ctx.actor, incident_id=incident_id, reason=form.model.reason, now=ctx.now
            )
    except ExamError as error:
        form.add("", error)
        return room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(address(sitting_id, room_id), notice=ctx._("The incident was withdrawn."))


@router.post("/{sitting_id}/rooms/{room_id}/incidents/{incident_id}/confirm")
def confirm_incident(
    sitting_id: UUID, room_id: UUID, incident_id: UUID, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Let an incident that a colleague recorded void the component."""
    watched = room_of(ctx, sitting_id, room_id)
    if incident_id not in {row.id for row in watched.incidents}:
        raise NotFound
    try:
        with ctx.session.begin_nested():
            invigilation.confirm_incident(ctx.session, actor=ctx.actor, incident_id=incident_id, now=ctx.now)
    except ExamError as error:
        form: Form[Any] = Form()
        form.add("", error)
        return room_page(ctx, sitting_id, room_id, form, status=409)
    return ctx.redirect(address(sitting_id, room_id), notice=ctx._("The incident was confirmed."))


@router.post("/{sitting_id}/rooms/{room_id}/record")
def keep_record(
    sitting_id: UUID, room_id: UUID, data: FormDep, ctx: Context = requires(Action.INCIDENT_RECORD)
) -> Response:
    """Keep the room record."""
    room_of(ctx, sitting_id, room_id)
    form = parse_form(RecordForm, data)
    if form.model is None:
        return room_page(ctx, sitting_id, room_id, form, status=422)
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
        return room_page(ctx, sitting_id, room_id, form, status=422)
    return ctx.redirect(address(sitting_id, room_id), notice=ctx._("The room record was kept."))


@router.get("/{sitting_id}/rooms/{room_id}/record")
def print_record(sitting_id: UUID, room_id: UUID, ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """The room record as a sheet to print and sign."""
    watched = room_of(ctx, sitting_id, room_id)
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
        needs_line=needs_line,
        standing=standing,
        SeatState=SeatState,
    )


@router.get("/{sitting_id}/rooms/{room_id}/record.pdf")
def print_record_pdf(sitting_id: UUID, room_id: UUID, ctx: Context = requires(Action.ROOM_READ)) -> Response:
    """The room record as archival PDF."""
    watched = room_of(ctx, sitting_id, room_id)
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
