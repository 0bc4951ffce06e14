"""Accommodations 考试便利 of a plan or of one sitting: who has which, giving, lists, withdrawing."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from exam_engine.delivery import service as delivery
from exam_engine.sittings import service as sittings
from exam_engine.sittings.accommodations import (
    HEADERS,
    LARGEST_PRINT,
    MAX_BREAK_MINUTES,
    MAX_BREAKS,
    MAX_EXTRA_MINUTES,
    MAX_EXTRA_PERCENT,
    Accommodations,
)
from exam_engine.sittings.models import Sitting
from exam_engine.sittings.rules import RegistrationStatus
from exam_engine.sittings.service import CheckedList
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import N_
from web.sittings.common import FormDep, sitting_of
from web.sittings.labels import COMPONENTS

router = APIRouter(prefix="/plans/{plan_id}/accommodations")
MOST_FOUND = 30
"""Candidates offered by one search."""
CLOCKS = N_("{count} clocks under way were changed.")
SHOWN = 200
"""Breaches of a list that are shown; the figure counts all."""


class GiveForm(BaseModel):
    """What is given, and to whom."""

    sitting_id: UUID | None = None
    registration_ids: list[UUID] = Field(default_factory=list)
    extra_percent: int = Field(0, ge=0, le=MAX_EXTRA_PERCENT)
    extra_minutes: int = Field(0, ge=0, le=MAX_EXTRA_MINUTES)
    breaks: int = Field(0, ge=0, le=MAX_BREAKS)
    break_minutes: int = Field(0, ge=0, le=MAX_BREAK_MINUTES)
    print_size: int = Field(0, ge=0, le=LARGEST_PRINT)
    contrast: bool = False
    plain_order: bool = False
    reason: str = Field("", max_length=400)

    def given(self) -> Accommodations:
        """Return what is given."""
        return Accommodations(**self.model_dump(exclude={"sitting_id", "registration_ids", "reason"}))


class ListForm(BaseModel):
    """Where an uploaded list applies."""

    sitting_id: UUID | None = None


class WithdrawForm(BaseModel):
    """Why an accommodation is taken back."""

    sitting_id: UUID | None = None
    withdrawal_reason: str = Field("", max_length=400)


@router.get("")
def show(
    plan_id: UUID,
    sitting: UUID | None = None,
    find: str = "",
    text: str = "",
    ctx: Context = requires(Action.ACCOMMODATION_READ),
) -> Response:
    """Who has which accommodation; ``find`` offers candidates to give one to."""
    return _page(ctx, plan_id, sitting, Form(), find=find, text=text)


def _sitting(ctx: Context, plan_id: UUID, sitting_id: UUID | None) -> Sitting | None:
    return None if sitting_id is None else sitting_of(ctx, plan_id, sitting_id)


def _page(
    ctx: Context,
    plan_id: UUID,
    sitting_id: UUID | None,
    form: Form[Any],
    *,
    find: str = "",
    text: str = "",
    chosen: list[UUID] | None = None,
    listed: CheckedList | None = None,
    status: int = 200,
) -> Response:
    view, sitting = sittings.view_plan(ctx.session, plan_id), _sitting(ctx, plan_id, sitting_id)
    writes = ctx.may(Action.ACCOMMODATION_GIVE) and (
        ctx.may(Action.REGISTRATION_WRITE) or (sitting is not None and ctx.now >= sitting.opens_at)
    )
    found, more = _candidates(ctx, plan_id, sitting, find[:60], chosen or []) if writes else ([], 0)
    return ctx.page(
        "sittings/accommodations.html",
        view=view,
        plan=view.plan,
        sitting=sitting,
        terms=None if sitting is None else sittings.terms_of(sitting),
        sittings=sittings.list_sittings(ctx.session, plan_id),
        rows=sittings.list_accommodations(
            ctx.session,
            plan_id,
            sitting_id=sitting_id,
            text=text[:60],
            reasons=ctx.may(Action.REGISTRATION_READ),
        ),
        find=find,
        text=text,
        found=found,
        more=more,
        chosen={str(one) for one in chosen or []},
        listed=listed,
        shown=SHOWN,
        writes=writes,
        headers=HEADERS,
        components=COMPONENTS,
        form=form,
        status=status,
    )


def _candidates(
    ctx: Context, plan_id: UUID, sitting: Sitting | None, find: str, chosen: list[UUID]
) -> tuple[list[Any], int]:
    """Return whom an accommodation can be given to, and how many more fit the search."""
    if chosen:
        kept = sittings.view_registrations(ctx.session, chosen).values()
        return [view for view in kept if view.registration.plan_id == plan_id], 0
    if not find.strip():
        return [], 0
    views, total = sittings.list_registrations(
        ctx.session, plan_id, status=RegistrationStatus.APPROVED, text=find, size=MOST_FOUND
    )
    if sitting is None:
        return list(views), total - len(views)
    seated = {
        view.registration.id
        for view in views
        if any(one.id == sitting.id for one, _ in sittings.sittings_of(ctx.session, view.registration.id))
    }
    return [view for view in views if view.registration.id in seated], total - len(views)


def _address(plan_id: UUID, sitting_id: UUID | None) -> str:
    return f"/plans/{plan_id}/accommodations" + (f"?sitting={sitting_id}" if sitting_id else "")


def _told(ctx: Context, done: delivery.Given) -> str:
    said = ctx._("{count} candidates: the accommodation is kept.", count=done.candidates)
    if not done.clocks:
        return said
    return f"{said} {ctx._(CLOCKS, count=done.clocks)}"


@router.post("")
def give(plan_id: UUID, data: FormDep, ctx: Context = requires(Action.ACCOMMODATION_GIVE)) -> Response:
    """Give something to one candidate or several."""
    sittings.find_plan(ctx.session, plan_id)
    form = parse_form(GiveForm, data)
    sent = form.model
    if sent is not None:
        _sitting(ctx, plan_id, sent.sitting_id)
        try:
            with ctx.session.begin_nested():
                done = delivery.give_accommodations(
                    ctx.session,
                    actor=ctx.actor,
                    plan_id=plan_id,
                    sitting_id=sent.sitting_id,
                    registration_ids=sent.registration_ids,
                    given=sent.given(),
                    reason=sent.reason,
                    now=ctx.now,
                )
            return ctx.redirect(_address(plan_id, sent.sitting_id), notice=_told(ctx, done))
        except NotFound:
            raise
        except ExamError as error:
            form.add(_FIELDS.get(error.code, ""), error)
    chosen, here = _ids(data.texts("registration_ids")), _ids(data.texts("sitting_id"))
    find = data.text("find")
    return _page(ctx, plan_id, here[0] if here else None, form, find=find, chosen=chosen, status=422)


def _ids(texts: list[str]) -> list[UUID]:
    """Return what of a refused form names somebody, so that the form comes back as it was sent."""
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found


_FIELDS = {"accommodation_reason_missing": "reason", "breaks_incomplete": "breaks"}


@router.post("/list")
def give_list(plan_id: UUID, data: FormDep, ctx: Context = requires(Action.ACCOMMODATION_GIVE)) -> Response:
    """Give what an uploaded list says, to everybody in it or to nobody."""
    form, listed = parse_form(ListForm, data), None
    sittings.find_plan(ctx.session, plan_id)
    sitting_id = form.model.sitting_id if form.model is not None else None
    _sitting(ctx, plan_id, sitting_id)
    upload = data.read("list")
    if upload is None:
        form.add("list", N_("Choose a file."))
    else:
        try:
            listed = sittings.check_list(ctx.session, plan_id=plan_id, filename=upload[0], content=upload[1])
            if not listed.errors:
                with ctx.session.begin_nested():
                    done = delivery.give_listed(
                        ctx.session,
                        actor=ctx.actor,
                        plan_id=plan_id,
                        sitting_id=sitting_id,
                        listed=listed,
                        now=ctx.now,
                    )
                return ctx.redirect(_address(plan_id, sitting_id), notice=_told(ctx, done))
        except NotFound:
            raise
        except ExamError as error:
            form.add("list", error)
    return _page(ctx, plan_id, sitting_id, form, listed=listed, status=422)


@router.get("/template.csv")
def download_template(plan_id: UUID, ctx: Context = requires(Action.ACCOMMODATION_READ)) -> Response:
    """The first row of a list, to be filled in."""
    sittings.find_plan(ctx.session, plan_id)
    text = io.StringIO()
    csv.writer(text).writerow(HEADERS)
    return ctx.download(text.getvalue().encode("utf-8-sig"), "考试便利名单模板.csv", "text/csv")


@router.post("/{accommodation_id}/withdraw")
def withdraw(
    plan_id: UUID,
    accommodation_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ACCOMMODATION_GIVE),
) -> Response:
    """Take an accommodation back."""
    form = parse_form(WithdrawForm, data)
    sittings.find_accommodation(ctx.session, plan_id, accommodation_id)
    sitting_id = form.model.sitting_id if form.model is not None else None
    if form.model is not None:
        try:
            with ctx.session.begin_nested():
                done = delivery.withdraw_accommodation(
                    ctx.session,
                    actor=ctx.actor,
                    plan_id=plan_id,
                    accommodation_id=accommodation_id,
                    reason=form.model.withdrawal_reason,
                    now=ctx.now,
                )
            notice = ctx._("The accommodation was withdrawn.")
            if done.clocks:
                notice = f"{notice} {ctx._(CLOCKS, count=done.clocks)}"
            return ctx.redirect(_address(plan_id, sitting_id), notice=notice)
        except NotFound:
            raise
        except ExamError as error:
            form.add("", error)
    return _page(ctx, plan_id, sitting_id, form, status=422)
