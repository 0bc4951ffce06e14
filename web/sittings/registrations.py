"""Registrations: the list with its filters and the bulk review, and the page of each."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.delivery.service import AttemptStage
from exam_engine.sittings import service as sittings
from exam_engine.sittings.columns import COLLECTIONS, EDUCATIONS, SOURCES
from exam_engine.sittings.models import Registration
from exam_engine.sittings.rules import RegistrationStatus
from exam_engine.sittings.service import SEARCHED_IN_FULL
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.sittings.common import FormDep, registration_of
from web.sittings.forms import ChangeForm, ReviewForm
from web.sittings.labels import COMPONENTS, EVENTS, FIELDS, FINDINGS, REGISTRATION_STATUS
from web.sittings.registering import fonts_of

router = APIRouter(prefix="/plans/{plan_id}/registrations")
SIZES = (50, 200, 500)
_CHANGE_FIELDS = {
    "reason_needed": "reason",
    "cell_name_wrong": "name",
    "cell_telephone_wrong": "telephone",
    "cell_date_wrong": "started_work_on",
    "condition_unknown": "condition",
}


@router.get("")
def list_registrations(
    plan_id: UUID,
    status: str = "",
    text: str = "",
    photo: str = "",
    page: int = 1,
    size: int = SIZES[0],
    ctx: Context = requires(Action.REGISTRATION_READ),
) -> Response:
    """Who registered for a plan."""
    return _list_page(ctx, plan_id, Form(), status=status, text=text, photo=photo, page=page, size=size)


def _list_page(
    ctx: Context,
    plan_id: UUID,
    form: Form[Any],
    *,
    status: str = "",
    text: str = "",
    photo: str = "",
    page: int = 1,
    size: int = SIZES[0],
    code: int = 200,
) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    chosen = RegistrationStatus(status) if status in set(RegistrationStatus) else None
    size = size if size in SIZES else SIZES[0]
    page = min(max(page, 1), 100_000)
    rows, total = sittings.list_registrations(
        ctx.session,
        plan_id,
        status=chosen,
        text=text[:60],
        without_photo=photo == "missing",
        page=page,
        size=size,
    )
    doubts = sittings.claim_doubts(ctx.session, plan_id, rows)
    shown = {"status": status if chosen else "", "text": text, "photo": photo, "size": str(size)}
    return ctx.page(
        "sittings/registrations.html",
        view=view,
        plan=view.plan,
        rows=[(row, doubts.get(row.registration.id, ())) for row in rows],
        total=total,
        page=page,
        pages=max(1, math.ceil(total / size)),
        address=f"/plans/{plan_id}/registrations?{urlencode(shown)}&",
        shown=shown,
        sizes=SIZES,
        statuses=REGISTRATION_STATUS,
        findings=FINDINGS,
        searched_in_full=SEARCHED_IN_FULL,
        form=form,
        status=code,
    )


@router.post("/review")
def review(plan_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_REVIEW)) -> Response:
    """Decide the chosen claims, or all that wait."""
    sittings.find_plan(ctx.session, plan_id)
    form = parse_form(ReviewForm, data)
    if form.model is None:
        return _list_page(ctx, plan_id, form, code=422)
    sent = form.model
    chosen = sent.registration_ids
    if sent.everybody:
        chosen = sittings.claimed_ids(ctx.session, plan_id)
    if not chosen:
        form.add("", N_("Choose at least one registration."))
        return _list_page(ctx, plan_id, form, code=422)
    try:
        with ctx.session.begin_nested():
            count = sittings.review_registrations(
                ctx.session,
                actor=ctx.actor,
                plan_id=plan_id,
                registration_ids=chosen,
                approve=sent.verdict == "approve",
                reason=sent.reason,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _list_page(ctx, plan_id, form, code=422)
    back = f"/plans/{plan_id}/registrations"
    if len(chosen) == 1 and data.text("from") == "page":
        back += f"/{chosen[0]}"
    return ctx.redirect(back, notice=ctx._("{count} registrations were decided.", count=count))


@router.get("/{registration_id}")
def show_registration(
    plan_id: UUID, registration_id: UUID, ctx: Context = requires(Action.REGISTRATION_READ)
) -> Response:
    """One registration: facts, photograph, claim, history."""
    registration_of(ctx, plan_id, registration_id)
    return _page(ctx, plan_id, registration_id, Form())


def _page(
    ctx: Context, plan_id: UUID, registration_id: UUID, form: Form[Any], *, status: int = 200
) -> Response:
    row = sittings.view_registration(ctx.session, registration_id)
    plan = sittings.view_plan(ctx.session, plan_id)
    doubts = sittings.claim_doubts(ctx.session, plan_id, [row])
    fonts = fonts_of(ctx)
    return ctx.page(
        "sittings/registration.html",
        view=plan,
        plan=plan.plan,
        row=row,
        registration=row.registration,
        person=row.person,
        extras=sittings.read_extras(ctx.session, row.registration),
        doubts=doubts.get(registration_id, ()),
        missing=fonts.missing_characters(row.person.name) if fonts else (),
        conditions=sittings.plan_conditions(ctx.session, plan.plan),
        events=_life(ctx, row.registration),
        seats=sittings.sittings_of(ctx.session, registration_id),
        rooms={room.id: room for room in sittings.list_rooms(ctx.session)},
        statuses=REGISTRATION_STATUS,
        components=COMPONENTS,
        event_labels=EVENTS,
        field_labels=FIELDS,
        findings=FINDINGS,
        choices={"education": EDUCATIONS, "source": SOURCES, "collection": COLLECTIONS},
        form=form,
        status=status,
    )


def _life(ctx: Context, registration: Registration) -> list[sittings.EventView]:
    """Return the candidate's timeline: what the staff did, and when the examination was begun and handed in."""
    events = sittings.read_events(ctx.session, registration)
    for sitting, _seat in sittings.sittings_of(ctx.session, registration.id):
        for attempt in delivery.attempt_states(ctx.session, sitting.id):
            if attempt.registration_id != registration.id:
                continue
            component = ctx._(COMPONENTS[sitting.component])
            events.append(sittings.EventView(attempt.started_at, "began", "", "", component, "", ""))
            if attempt.submitted_at is not None:
                reason = attempt.terminated_reason
                kind = "forced" if attempt.stage is not AttemptStage.HANDED_IN else "handed_in"
                events.append(sittings.EventView(attempt.submitted_at, kind, "", "", component, reason, ""))
    return sorted(events, key=lambda event: event.at)


@router.post("/{registration_id}")
def change_registration(
    plan_id: UUID, registration_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Correct fields, with a reason."""
    registration_of(ctx, plan_id, registration_id)
    form = parse_form(ChangeForm, data)
    if form.model is None:
        return _page(ctx, plan_id, registration_id, form, status=422)
    changes = form.model.model_dump(exclude={"reason"})
    try:
        with ctx.session.begin_nested():
            sittings.change_registration(
                ctx.session,
                actor=ctx.actor,
                registration_id=registration_id,
                changes=changes,
                reason=form.model.reason,
                now=ctx.now,
            )
    except ExamError as error:
        form.add(_CHANGE_FIELDS.get(error.code, ""), error)
        return _page(ctx, plan_id, registration_id, form, status=422)
    return ctx.redirect(
        f"/plans/{plan_id}/registrations/{registration_id}", notice=ctx._("The correction was kept.")
    )


@router.post("/{registration_id}/photo")
def upload_photo(
    plan_id: UUID, registration_id: UUID, data: FormDep, ctx: Context = requires(Action.REGISTRATION_WRITE)
) -> Response:
    """Keep a photograph."""
    registration_of(ctx, plan_id, registration_id)
    form: Form[Any] = Form()
    upload = data.read("photo")
    try:
        if upload is None:
            form.add("photo", N_("Choose a file."))
            return _page(ctx, plan_id, registration_id, form, status=422)
        sittings.keep_photo(
            ctx.session,
            actor=ctx.actor,
            registration_id=registration_id,
            filename=upload[0],
            content=upload[1],
            now=ctx.now,
        )
    except ExamError as error:
        form.add("photo", error)
        return _page(ctx, plan_id, registration_id, form, status=422)
    return ctx.redirect(
        f"/plans/{plan_id}/registrations/{registration_id}", notice=ctx._("The photograph was kept.")
    )


@router.get("/{registration_id}/photo")
def show_photo(
    plan_id: UUID, registration_id: UUID, ctx: Context = requires(Action.REGISTRATION_READ)
) -> Response:
    """The photograph."""
    registration_of(ctx, plan_id, registration_id)
    photo = sittings.read_photo(ctx.session, registration_id)
    if photo is None:
        raise NotFound
    response = ctx.download(photo, "photo.jpg", "image/jpeg", inline=True)
    response.headers["cache-control"] = "private, no-store"
    return response
