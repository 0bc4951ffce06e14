"""What is printed before the examination: tickets, attendance sheets, seat and door lists."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.sittings import service as sittings
from exam_engine.sittings import sheets
from exam_engine.sittings.numbers import show_entry_code
from exam_engine.sittings.rules import SittingWithoutSeats
from itembank.base.errors import ExamError, NotFound
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.sheets import inert
from web.sittings.common import FormDep, sitting_of
from web.sittings.forms import CodesForm
from web.sittings.labels import COMPONENTS

router = APIRouter(prefix="/plans/{plan_id}")
SHEETS = {
    "attendance": N_("Attendance sheet"),
    "seats": N_("Seat list"),
    "doors": N_("Door list"),
    "needs": N_("Accommodations in the rooms"),
}


SheetName = Literal["attendance", "seats", "doors", "needs"]


@router.get("/tickets")
def show_tickets(plan_id: UUID, ctx: Context = requires(Action.REGISTRATION_WRITE)) -> Response:
    """Who has a ticket and whether an entry code was issued."""
    return _tickets_page(ctx, plan_id, Form())


def _tickets_page(ctx: Context, plan_id: UUID, form: Form[CodesForm], status: int = 200) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    rows = sittings.ticketed(ctx.session, plan_id)
    return ctx.page(
        "sittings/tickets.html",
        view=view,
        plan=view.plan,
        rows=list(sittings.view_registrations(ctx.session, [row.id for row in rows]).values()),
        missing=sum(row.entry_code_hash is None for row in rows),
        form=form,
        status=status,
    )


@router.post("/tickets")
def print_tickets(
    plan_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Issue entry codes and answer with the tickets that carry them: they are readable only now."""
    sittings.find_plan(ctx.session, plan_id)
    form = parse_form(CodesForm, data)
    if form.model is None:
        return _tickets_page(ctx, plan_id, form, 422)
    sent = form.model
    if sent.output == "pdf":
        find_fonts(tuple(ctx.settings.font_folders))  # refuse before codes are changed
    try:
        if sent.which == "chosen" and not sent.registration_ids:
            form.add("", N_("Choose at least one registration."))
            return _tickets_page(ctx, plan_id, form, 422)
        codes = sittings.issue_entry_codes(
            ctx.session,
            actor=ctx.actor,
            plan_id=plan_id,
            now=ctx.now,
            registration_ids=sent.registration_ids if sent.which == "chosen" else None,
            only_missing=sent.which == "missing",
        )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _tickets_page(ctx, plan_id, form, 409)
    if not codes:
        form.add("", N_("Everybody has been issued an entry code. Choose whose codes to issue again."))
        return _tickets_page(ctx, plan_id, form, 409)
    if sent.as_csv or sent.output == "csv":
        response = _codes_csv(ctx, codes)
    elif sent.output == "pdf":
        response = _codes_pdf(ctx, plan_id, codes)
    else:
        response = _codes_page(ctx, plan_id, codes)
    response.headers["cache-control"] = "no-store"
    return response


def _codes_csv(ctx: Context, codes: list[sittings.IssuedCode]) -> Response:
    views = sittings.view_registrations(ctx.session, [code.registration_id for code in codes])
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["准考证号", "姓名", "入场码"])
    for code in codes:
        name = views[code.registration_id].person.name
        writer.writerow([code.ticket_number, inert(name), show_entry_code(code.entry_code)])
    return ctx.download(text.getvalue().encode("utf-8-sig"), "入场码.csv", "text/csv")


def _codes_page(ctx: Context, plan_id: UUID, codes: list[sittings.IssuedCode]) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    candidates = sittings.view_registrations(ctx.session, [code.registration_id for code in codes])
    photos = {}
    for code in codes:
        if photo := sittings.read_photo(ctx.session, code.registration_id):
            photos[code.registration_id] = b64encode(photo).decode()
    return ctx.page(
        "sittings/print_tickets.html",
        view=view,
        plan=view.plan,
        tickets=[
            (
                code,
                show_entry_code(code.entry_code),
                candidates[code.registration_id],
                sittings.sittings_of(ctx.session, code.registration_id),
                photos.get(code.registration_id),
            )
            for code in codes
        ],
        rooms={room.id: room for room in sittings.list_rooms(ctx.session)},
        components=COMPONENTS,
        entry_rule=sheets.entry_rule,
    )


def _codes_pdf(ctx: Context, plan_id: UUID, codes: list[sittings.IssuedCode]) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    candidates = sittings.view_registrations(ctx.session, [code.registration_id for code in codes])
    rooms = {room.id: room for room in sittings.list_rooms(ctx.session)}
    tickets = []
    for code in codes:
        places = [
            (sitting.component, sittings.terms_of(sitting), rooms.get(seat.room_id), seat.number)
            for sitting, seat in sittings.sittings_of(ctx.session, code.registration_id)
        ]
        person = candidates[code.registration_id].person
        tickets.append(sheets.ticket_sheet(code, view, ctx.institution().name, person, places))
    photos = {
        str(code.registration_id): photo
        for code in codes[: sheets.MOST_PHOTOS] * (len(codes) <= sheets.MOST_PHOTOS)
        if (photo := sittings.read_photo(ctx.session, code.registration_id))
    }
    return _pdf(ctx, "准考证", tickets, photos)


def _pdf(
    ctx: Context, title: str, made: list[dict[str, Any]], images: dict[str, bytes] | None = None
) -> Response:
    content = sheets.print_sheets(
        title=title,
        institution=ctx.institution().name,
        sheets=made,
        fonts=find_fonts(tuple(ctx.settings.font_folders)),
        timestamp=ctx.now,
        images=images,
    )
    return ctx.download(content, f"{title}.pdf", "application/pdf", inline=True)


@router.get("/sittings/{sitting_id}/print/{sheet}.pdf")
def print_sheet_pdf(
    plan_id: UUID,
    sitting_id: UUID,
    sheet: SheetName,
    ctx: Context = requires(Action.ROOM_READ),
) -> Response:
    """The same sheet as archival PDF."""
    sitting = sitting_of(ctx, plan_id, sitting_id)
    seats = sheets.shown(sheet, sittings.list_seats(ctx.session, sitting_id))
    if not seats:
        raise SittingWithoutSeats
    view, terms = sittings.view_plan(ctx.session, plan_id), sittings.terms_of(sitting)
    made = sheets.room_sheets(sheet, view, sitting.component, terms, seats)
    return _pdf(ctx, sheets.TITLES[sheet], made)


@router.get("/sittings/{sitting_id}/print/{sheet}")
def print_sheet(
    plan_id: UUID,
    sitting_id: UUID,
    sheet: SheetName,
    ctx: Context = requires(Action.ROOM_READ),
) -> Response:
    """A sheet of every room of a sitting, one page a room."""
    sitting = sitting_of(ctx, plan_id, sitting_id)
    seats = sheets.shown(sheet, sittings.list_seats(ctx.session, sitting_id))
    limit = sittings.terms_of(sitting).limit_minutes
    return ctx.page(
        "sittings/print_sheet.html",
        remarks={seat.seat.id: sheets.remark(seat, limit) for seat in seats},
        titles=sheets.TITLES,
        view=sittings.view_plan(ctx.session, plan_id),
        sitting=sitting,
        terms=sittings.terms_of(sitting),
        rooms=[(room, list(rows)) for room, rows in groupby(seats, key=lambda seat: seat.room)],
        sheet=sheet,
        title=SHEETS[sheet],
        components=COMPONENTS,
        most_upright=sheets.MOST_UPRIGHT,
    )
