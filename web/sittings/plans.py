"""Plans: list, make, and the page that shows how far one has come."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.filing import service as filing
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import DEFAULT_LIMIT_MINUTES, Component, RegistrationStatus
from exam_engine.standard_setting import service as standards
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.forms import Form, parse_form
from web.i18n import ZONE
from web.sittings.common import FormDep, steps_of
from web.sittings.forms import PlanForm, SittingForm
from web.sittings.labels import COMPONENTS, PLAN_STATUS, REGISTRATION_STATUS, SITTING_STATUS

router = APIRouter(prefix="/plans")
USUAL_START = time(9, 0)
"""Offered for a new sitting."""
_PLAN_FIELDS = {"plan_without_component": "components", "work_type_unknown": "work_type_id"}
SITTING_FIELDS = {
    "sitting_times_wrong": "starts_at",
    "sitting_limit_too_long": "limit_minutes",
    "component_not_planned": "component",
}


@router.get("")
def list_plans(ctx: Context = requires(Action.PLAN_READ)) -> Response:
    """All plans in reach, the latest examination first."""
    return ctx.page(
        "sittings/plans.html",
        plans=sittings.list_plans(ctx.session),
        statuses=PLAN_STATUS,
        components=COMPONENTS,
        RegistrationStatus=RegistrationStatus,
    )


@router.get("/new")
def new_plan(ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """The form of a plan, with what is filed beside it."""
    return _new_page(ctx, Form())


def _new_page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    filed = filing.list_scopes(ctx.session, institution_id=ctx.actor.institution_id)
    named = {row.scope.occupation_id: f"{row.occupation_code} {row.occupation}" for row in filed}
    everything = [
        (row.id, f"{taxonomy.occupation_code(row)} {row.name}")
        for row in taxonomy.list_occupations(ctx.session)
    ]
    return ctx.page(
        "sittings/plan_new.html",
        filed=filed,
        occupations=sorted(everything, key=lambda row: (row[0] not in named, row[1])),
        work_types=[
            (kind.id, kind.name)
            for occupation in named
            for kind in taxonomy.list_work_types(ctx.session, occupation)
        ],
        levels=[(level.value, level.label) for level in Level],
        components=COMPONENTS,
        form=form,
        status=status,
    )


@router.post("")
def create_plan(data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Make a plan; outside the filed scope it is refused with what is filed."""
    form = parse_form(PlanForm, data)
    if form.model is None:
        return _new_page(ctx, form, 422)
    sent = form.model
    draft = sittings.PlanDraft(
        sent.name,
        sent.occupation_id,
        sent.level,
        sent.examined_on,
        frozenset(sent.components),
        sent.work_type_id,
    )
    try:
        with ctx.session.begin_nested():
            plan = sittings.create_plan(ctx.session, actor=ctx.actor, draft=draft, now=ctx.now)
    except ExamError as error:
        form.add(_PLAN_FIELDS.get(error.code, ""), error)
        return _new_page(ctx, form, 422)
    return ctx.redirect(f"/plans/{plan.id}", notice=ctx._("Plan {number} was made.", number=plan.number))


@router.get("/{plan_id}")
def show_plan(plan_id: UUID, ctx: Context = requires(Action.PLAN_READ)) -> Response:
    """One plan: its steps, sittings and figures."""
    return _plan_page(ctx, plan_id, Form())


def _plan_page(ctx: Context, plan_id: UUID, form: Form[Any], status: int = 200) -> Response:
    view = sittings.view_plan(ctx.session, plan_id)
    rows = list(sittings.list_sittings(ctx.session, plan_id))
    starts = datetime.combine(view.plan.examined_on, USUAL_START, ZONE)
    limit = DEFAULT_LIMIT_MINUTES[view.components[0]]
    return ctx.page(
        "sittings/plan.html",
        view=view,
        plan=view.plan,
        offers=standards.offered_results(ctx.session, view.plan)
        if Component.THEORY in view.components
        else [],
        steps=steps_of(ctx, view, rows),
        sittings=rows,
        seats=sittings.seat_counts(ctx.session, [row.id for row in rows]),
        unseated={
            component: sittings.unseated_candidates(ctx.session, plan_id, component)
            for component in view.components
        },
        conditions=sittings.plan_conditions(ctx.session, view.plan),
        components=COMPONENTS,
        statuses=PLAN_STATUS,
        sitting_statuses=SITTING_STATUS,
        registration_statuses=REGISTRATION_STATUS,
        limit=limit,
        starts=starts.strftime("%Y-%m-%dT%H:%M"),
        ends=(starts + timedelta(minutes=limit)).strftime("%Y-%m-%dT%H:%M"),
        Component=Component,
        form=form,
        status=status,
    )


@router.post("/{plan_id}/sittings")
def create_sitting(plan_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Add a sitting to a plan."""
    sittings.find_plan(ctx.session, plan_id)
    form = parse_form(SittingForm, data)
    if form.model is None:
        return _plan_page(ctx, plan_id, form, 422)
    try:
        sitting = sittings.create_sitting(
            ctx.session,
            actor=ctx.actor,
            plan_id=plan_id,
            component=form.model.component,
            terms=form.model.terms(),
            now=ctx.now,
        )
    except ExamError as error:
        form.add(SITTING_FIELDS.get(error.code, str(error.facts.get("field", ""))), error)
        return _plan_page(ctx, plan_id, form, 422)
    return ctx.redirect(f"/plans/{plan_id}/sittings/{sitting.id}", notice=ctx._("The sitting was added."))


@router.post("/{plan_id}/close")
def close_plan(plan_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Close a plan: it takes no more registrations."""
    sittings.close_plan(ctx.session, actor=ctx.actor, plan_id=plan_id)
    return ctx.redirect(f"/plans/{plan_id}", notice=ctx._("The plan was closed."))


def local(moment: Any) -> str:
    """Return a time as the site's date-and-time field holds it."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M") if moment else ""
