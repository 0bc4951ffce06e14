"""The page of one sitting: times and rules, papers, rooms and seats, staff, publication."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from exam_engine.marking.rules import plain
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component, SittingStatus, Way
from exam_engine.sittings.ways import PaperOfAnotherWay, way_of
from exam_engine.standard_setting import service as standards
from itembank.base.errors import ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action, Role
from web.deps import Context, requires
from web.forms import Form, FormData, parse_form
from web.i18n import N_
from web.labels import ROLES
from web.sittings.common import FormDep, sitting_of
from web.sittings.forms import ArrangeForm, PapersForm, PassMarkForm, SittingForm, StaffForm, WayForm
from web.sittings.labels import COMPONENTS, DUTIES, SITTING_STATUS, SITTING_WAYS
from web.sittings.plans import SITTING_FIELDS, local

router = APIRouter(prefix="/plans/{plan_id}/sittings/{sitting_id}")
_ON_DUTY = frozenset({Role.INVIGILATOR, Role.EXAM_OFFICER, Role.PRACTICAL_EXAMINER, Role.QUALITY_SUPERVISOR})


@router.get("")
def show_sitting(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_READ)) -> Response:
    """One sitting."""
    return _page(ctx, plan_id, sitting_id, Form())


def _page(ctx: Context, plan_id: UUID, sitting_id: UUID, form: Form[Any], *, status: int = 200) -> Response:
    sitting = sitting_of(ctx, plan_id, sitting_id)
    view = sittings.view_plan(ctx.session, plan_id)
    terms = sittings.terms_of(sitting)
    is_draft, is_theory = sitting.status is SittingStatus.DRAFT, sitting.component is Component.THEORY
    seats = sittings.list_seats(ctx.session, sitting_id) if ctx.may(Action.REGISTRATION_READ) else []
    papers = list(sittings.papers_of(ctx.session, sitting_id))
    usable = sittings.usable_papers(ctx.session, view.plan) if is_theory else []
    labels = {paper.id: paper for paper in usable}
    members: dict[UUID, list[str]] = {}
    names: dict[UUID, str] = {}
    for user, role in people.members(ctx.session, sitting.institution_id):
        names[user.id] = user.name
        if role in _ON_DUTY:
            members.setdefault(user.id, []).append(ctx._(ROLES[role]))
    return ctx.page(
        "sittings/sitting.html",
        view=view,
        plan=view.plan,
        sitting=sitting,
        terms=terms,
        starts=local(terms.starts_at),
        ends=local(terms.ends_at),
        login_minutes=round((terms.starts_at - terms.opens_at).total_seconds() / 60),
        is_draft=is_draft,
        adopted=standards.adopted_result(ctx.session, sitting),
        offers=standards.offered_results(ctx.session, view.plan, sitting)
        if is_draft and is_theory and ctx.may(Action.PLAN_WRITE)
        else [],
        needs_paper=is_theory,
        ways=SITTING_WAYS,
        papers=papers,
        paper_labels=labels,
        planned_minutes=sorted({labels[row.paper_id].minutes for row in papers if row.paper_id in labels}),
        fitting=[paper for paper in usable if way_of(paper.collection) is sitting.way],
        rooms=sittings.list_rooms(ctx.session, active=True),
        all_rooms={room.id: room for room in sittings.list_rooms(ctx.session)},
        seated=len(seats) or sittings.seat_counts(ctx.session, [sitting_id]).get(sitting_id, 0),
        by_room=Counter(seat.room.id for seat in seats),
        by_form=sorted(Counter(seat.form for seat in seats if seat.form).items())
        if sitting.way is Way.FIXED
        else [],
        unseated=sittings.unseated_candidates(ctx.session, plan_id, sitting.component),
        staff=sittings.list_staff(ctx.session, sitting_id),
        gaps=sittings.staffing(ctx.session, sitting),
        members=members,
        names=names,
        components=COMPONENTS,
        duties=DUTIES,
        statuses=SITTING_STATUS,
        form=form,
        status=status,
    )


def _back(plan_id: UUID, sitting_id: UUID) -> str:
    return f"/plans/{plan_id}/sittings/{sitting_id}"


def _parsed(
    ctx: Context, plan_id: UUID, sitting_id: UUID, model: type[BaseModel], data: FormData
) -> Form[Any]:
    sitting_of(ctx, plan_id, sitting_id)
    return parse_form(model, data)


@router.post("/terms")
def change_terms(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Change times and rules of a draft."""
    form = _parsed(ctx, plan_id, sitting_id, SittingForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            sittings.change_sitting(
                ctx.session, actor=ctx.actor, sitting_id=sitting_id, terms=form.model.terms()
            )
    except ExamError as error:
        form.add(SITTING_FIELDS.get(error.code, str(error.facts.get("field", ""))), error)
        return _page(ctx, plan_id, sitting_id, form, status=422)
    return ctx.redirect(_back(plan_id, sitting_id), notice=ctx._("Times and rules were kept."))


@router.post("/pass-mark")
def take_pass_mark(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Take the pass mark from a recorded result of standard setting."""
    form = _parsed(ctx, plan_id, sitting_id, PassMarkForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            taken = standards.adopt_result(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                workshop_id=form.model.workshop_id,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _page(ctx, plan_id, sitting_id, form, status=409)
    notice = ctx._(
        "The pass mark is {mark} now, taken from “{name}”.",
        mark=plain(taken.pass_mark),
        name=taken.workshop.name,
    )
    return ctx.redirect(_back(plan_id, sitting_id), notice=notice)


KEPT = {
    False: N_("The way was kept. Choose the papers, then arrange the candidates."),
    True: N_("The way was kept. Arrange the candidates, then have their forms drawn."),
}
"""What to do next, by whether everybody gets an individual form."""


@router.post("/way")
def choose_way(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Choose how papers reach the candidates."""
    form = _parsed(ctx, plan_id, sitting_id, WayForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            sittings.set_way(ctx.session, actor=ctx.actor, sitting_id=sitting_id, way=form.model.way)
    except NotFound:
        raise
    except ExamError as error:
        form.add("way", error)
        return _page(ctx, plan_id, sitting_id, form, status=409)
    return ctx.redirect(_back(plan_id, sitting_id), notice=ctx._(KEPT[form.model.way is Way.INDIVIDUAL]))


@router.post("/papers")
def choose_papers(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Choose the sealed papers."""
    form = _parsed(ctx, plan_id, sitting_id, PapersForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            chosen = sittings.set_papers(
                ctx.session, actor=ctx.actor, sitting_id=sitting_id, paper_ids=form.model.paper_ids
            )
    except NotFound:
        raise
    except PaperOfAnotherWay as error:
        words = {name: ctx._(SITTING_WAYS[Way(str(error.facts[name]))]) for name in ("sealed", "way")}
        form.add("paper_ids", error.message, **{**error.facts, **words})
        return _page(ctx, plan_id, sitting_id, form, status=409)
    except ExamError as error:
        form.add("paper_ids", error)
        return _page(ctx, plan_id, sitting_id, form, status=422)
    notice = ctx._("{count} papers were chosen. Arrange the candidates again.", count=len(chosen))
    return ctx.redirect(_back(plan_id, sitting_id), notice=notice)


@router.post("/arrange")
def arrange(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Rooms, seats, forms and tickets in one step."""
    form = _parsed(ctx, plan_id, sitting_id, ArrangeForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    try:
        with ctx.session.begin_nested():
            done = sittings.arrange_sitting(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                room_ids=form.model.room_ids,
                only_as_many_as_fit=form.model.only_as_many_as_fit,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("room_ids", error)
        return _page(ctx, plan_id, sitting_id, form, status=422)
    notice = ctx._(
        "{seated} candidates were seated, {tickets} tickets were numbered, {left} have no seat yet.",
        seated=done.seated,
        tickets=done.tickets,
        left=done.left,
    )
    return ctx.redirect(_back(plan_id, sitting_id), notice=notice)


@router.post("/publish")
def publish(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Freeze the sitting."""
    sitting_of(ctx, plan_id, sitting_id)
    try:
        with ctx.session.begin_nested():
            sittings.publish_sitting(ctx.session, actor=ctx.actor, sitting_id=sitting_id, now=ctx.now)
    except ExamError as error:
        form: Form[Any] = Form()
        form.add("", error)
        return _page(ctx, plan_id, sitting_id, form, status=409)
    notice = ctx._("The sitting was published: its times, rules and papers are frozen.")
    return ctx.redirect(_back(plan_id, sitting_id), notice=notice)


@router.post("/staff")
def assign_staff(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Put somebody on duty."""
    form = _parsed(ctx, plan_id, sitting_id, StaffForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    sittings.assign_staff(ctx.session, actor=ctx.actor, sitting_id=sitting_id, **form.model.model_dump())
    return ctx.redirect(_back(plan_id, sitting_id), notice=ctx._("The duty was kept."))


@router.post("/staff/release")
def release_staff(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Take somebody off duty."""
    form = _parsed(ctx, plan_id, sitting_id, StaffForm, data)
    if form.model is None:
        return _page(ctx, plan_id, sitting_id, form, status=422)
    sent = form.model
    sittings.release_staff(
        ctx.session, actor=ctx.actor, sitting_id=sitting_id, room_id=sent.room_id, user_id=sent.user_id
    )
    return ctx.redirect(_back(plan_id, sitting_id), notice=ctx._("The duty was taken away."))
