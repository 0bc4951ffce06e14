"""The individual forms of a sitting: draw, deal out, verify, drop."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.papers.rules import PaperAltered, PaperStatus
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import SittingStatus, Way
from exam_engine.sittings.service import FormsVerdict
from exam_engine.sittings.ways import WayWrong
from itembank.base.crypto import SealBroken
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, parse_form
from web.i18n import N_
from web.labels import PAPER_STATUSES
from web.sittings.common import FormDep, sitting_of
from web.sittings.forms import DrawingForm
from web.sittings.labels import COMPONENTS, SITTING_STATUS

router = APIRouter(prefix="/plans/{plan_id}/sittings/{sitting_id}/forms")

STEPS = (
    N_("Candidates arranged"),
    N_("Drawing of forms"),
    N_("Approved and sealed"),
    N_("Dealt out"),
    N_("The sitting published"),
)
VERSION = N_("Version {n}")
FIELDS = {
    "reserves_percent": N_("Reserves (% of the candidates)"),
    "forms": N_("Forms, reserves included"),
    "max_exposure_percent": N_("An item is in at most so many of the forms (%)"),
    "max_overlap": N_("Two forms share at most so many items"),
}
PLACES = {"blueprint_does_not_fit": "blueprint_id", "drawing_rule_refused": "blueprint_id"}
"""Code of a refusal → the field that it stands beside."""
OUT_OF_RANGE = N_("{value} is not between {least} and {most}.")
LEVERS = {"forms": "reserves_percent"}
"""What is counted, not typed → the field that changes it."""


@router.get("")
def show_forms(
    plan_id: UUID, sitting_id: UUID, room: UUID | None = None, ctx: Context = requires(Action.PLAN_READ)
) -> Response:
    """How far the individual forms of a sitting are, and those of one room."""
    return _page(ctx, plan_id, sitting_id, Form(), room=room)


def _page(
    ctx: Context,
    plan_id: UUID,
    sitting_id: UUID,
    form: Form[Any],
    *,
    room: UUID | None = None,
    verdict: FormsVerdict | None = None,
    altered: bool = False,
    status: int = 200,
) -> Response:
    sitting = sitting_of(ctx, plan_id, sitting_id)
    is_wrong = sitting.way is not Way.INDIVIDUAL
    if is_wrong and not form.errors:
        form.add("", WayWrong())
    view = sittings.forms_view(ctx.session, sitting)
    plan = sittings.find_plan(ctx.session, plan_id)
    shown = room if room in view.rooms else next(iter(view.rooms), None)
    listed = view.dealt and ctx.may(Action.REGISTRATION_READ)
    seats = sittings.list_seats(ctx.session, sitting_id, shown) if listed else []
    names = {row.id: row.name for row in sittings.list_rooms(ctx.session)}
    sealed = view.collection is not None and view.collection.status is PaperStatus.SEALED
    reached = [
        view.seats > 0,
        view.collection is not None and view.collection.status is not PaperStatus.DISCARDED,
        sealed,
        0 < view.seats == view.dealt,
        sitting.status is not SittingStatus.DRAFT,
    ]
    now = reached.index(False) if False in reached else len(reached)
    return ctx.page(
        "sittings/individual.html",
        block="state",
        polled=ctx.request.headers.get("hx-request") == "true",
        here=f"/plans/{plan_id}/sittings/{sitting_id}/forms",
        plan=plan,
        sitting=sitting,
        view=view,
        seats=seats,
        rooms=[(key, names.get(key, "")) for key in view.rooms],
        shown=shown,
        is_sealed=sealed,
        unseated=sittings.unseated_candidates(ctx.session, plan_id, sitting.component),
        writes=ctx.may(Action.PLAN_WRITE) and sitting.status is SittingStatus.DRAFT and not is_wrong,
        blueprints=[
            (str(b.id), f"{b.name} · {ctx._(VERSION, n=b.number)}")
            for b in sittings.usable_blueprints(ctx.session, plan)
        ],
        steps=[
            (ctx._(label), "done" if at < now else "now" if at == now else "later")
            for at, label in enumerate(STEPS)
        ],
        collection_statuses=PAPER_STATUSES,
        statuses=SITTING_STATUS,
        components=COMPONENTS,
        fields=FIELDS,
        verdict=verdict,
        altered=altered,
        form=form,
        status=status,
    )


@router.post("")
def draw_forms(
    plan_id: UUID, sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PLAN_WRITE)
) -> Response:
    """Have a form drawn for each seated candidate, and reserves."""
    sitting_of(ctx, plan_id, sitting_id)
    form = parse_form(DrawingForm, data)
    here = f"/plans/{plan_id}/sittings/{sitting_id}/forms"
    try:
        _check(ctx, sitting_id, form)
        if form.errors or form.model is None:
            return _page(ctx, plan_id, sitting_id, form, status=422)
        with ctx.session.begin_nested():
            sittings.request_forms(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                blueprint_id=form.model.blueprint_id,
                drawing=_drawing(form.model),
                seed=form.model.seed,
                now=ctx.now,
                url=here,
            )
    except NotFound:
        raise
    except ExamError as error:
        _mark(ctx, form, error)
        return _page(ctx, plan_id, sitting_id, form, status=status_of(error))
    return ctx.redirect(here, notice=ctx._("The forms are being drawn."))


def _check(ctx: Context, sitting_id: UUID, form: Form[DrawingForm]) -> None:
    """Put all that is wrong with what can be read beside its field, whatever else cannot be read."""
    readable = form.model or _readable(form)
    if readable is None:
        return
    for problem in sittings.drawing_problems(
        ctx.session, sitting_id, blueprint_id=readable.blueprint_id, drawing=_drawing(readable)
    ):
        _mark(ctx, form, problem)


def _readable(form: Form[DrawingForm]) -> DrawingForm | None:
    """Return what was asked without what cannot be read; None where that is the blueprint."""
    right = {
        name: value
        for name, value in form.values.items()
        if name in DrawingForm.model_fields and name not in form.errors and value != ""
    }
    return DrawingForm.model_validate(right) if "blueprint_id" in right else None


def _drawing(sent: DrawingForm) -> dict[str, Any]:
    return sent.model_dump(exclude={"blueprint_id", "seed"})


def _mark(ctx: Context, form: Form[Any], error: ExamError) -> None:
    """Put a refusal beside the field that it speaks of, or above the form."""
    field = str(error.facts.get("field", ""))
    place = PLACES.get(error.code) or LEVERS.get(field, field if field in FIELDS else "")
    if place in form.errors:
        return
    if place and place == field:
        form.add(place, OUT_OF_RANGE, **error.facts)
        return
    if field in FIELDS:
        error.facts = error.facts | {"field": ctx._(FIELDS[field])}
    form.add(place, error)


@router.post("/cancel")
def cancel_drawing(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Stop the drawing; what was found so far is not kept."""
    sitting = sitting_of(ctx, plan_id, sitting_id)
    view = sittings.forms_view(ctx.session, sitting)
    if view.job is None:
        raise NotFound
    jobs.cancel(ctx.session, actor=ctx.actor, job_id=view.job.id, now=ctx.now)
    return ctx.redirect(
        f"/plans/{plan_id}/sittings/{sitting_id}/forms", notice=ctx._("The drawing is being cancelled.")
    )


@router.post("/use")
def deal_out(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Deal the sealed forms out to the seats."""
    sitting_of(ctx, plan_id, sitting_id)
    try:
        with ctx.session.begin_nested():
            dealt = sittings.use_forms(ctx.session, actor=ctx.actor, sitting_id=sitting_id)
    except ExamError as error:
        return _refused(ctx, plan_id, sitting_id, error)
    return ctx.redirect(
        f"/plans/{plan_id}/sittings/{sitting_id}/forms",
        notice=ctx._("{count} candidates have a form of their own now.", count=dealt),
    )


@router.post("/drop")
def drop(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Put the drawn forms aside."""
    sitting_of(ctx, plan_id, sitting_id)
    try:
        with ctx.session.begin_nested():
            sittings.drop_forms(ctx.session, actor=ctx.actor, sitting_id=sitting_id, now=ctx.now)
    except ExamError as error:
        return _refused(ctx, plan_id, sitting_id, error)
    return ctx.redirect(
        f"/plans/{plan_id}/sittings/{sitting_id}/forms",
        notice=ctx._("The drawn forms were dropped; others can be drawn."),
    )


@router.post("/verify")
def verify(plan_id: UUID, sitting_id: UUID, ctx: Context = requires(Action.PLAN_WRITE)) -> Response:
    """Recompute every rule of every form from the seal, and compare each seat with it."""
    sitting_of(ctx, plan_id, sitting_id)
    try:
        verdict = sittings.verify_forms(ctx.session, actor=ctx.actor, sitting_id=sitting_id)
    except (PaperAltered, SealBroken):
        return _page(ctx, plan_id, sitting_id, Form(), altered=True, status=409)
    except ExamError as error:
        return _refused(ctx, plan_id, sitting_id, error)
    return _page(ctx, plan_id, sitting_id, Form(), verdict=verdict)


def _refused(ctx: Context, plan_id: UUID, sitting_id: UUID, error: ExamError) -> Response:
    form: Form[Any] = Form()
    form.add("", error)
    return _page(ctx, plan_id, sitting_id, form, status=status_of(error))
