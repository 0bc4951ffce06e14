"""Marking theory sittings by key, and scoring practical ones on rubric sheets."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery.growing.trace import Ending
from exam_engine.delivery.growing.version import engine_version
from exam_engine.jobs.models import Job
from exam_engine.marking import service as marking
from exam_engine.marking.rules import MINIMUM_EXAMINERS, SCORE_STEP, SheetStatus, to_hundred
from exam_engine.papers import service as paper_service
from exam_engine.sittings import service as sitting_service
from exam_engine.sittings.rules import Component
from itembank.base.errors import ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.labels import COMPONENTS
from web.marking.forms import TaskForm, parse_lines

router = APIRouter(prefix="/marking")
ENDINGS: dict[Ending, str] = {
    Ending.LENGTH: N_("All items were given"),
    Ending.STANDARD_ERROR: N_("The standard error was reached"),
    Ending.CUT_OFF: N_("Cut off before its end: time was over, or the attempt was ended"),
}
MODULES = {
    "easy": N_("An easier module followed."),
    "medium": N_("A module of middle difficulty followed."),
    "hard": N_("A harder module followed."),
}
"""Of the second stage."""
FormDep = Annotated[FormData, Depends(form_data)]


def _plan_names(ctx: Context) -> dict[UUID, str]:
    return {view.plan.id: view.plan.name for view in sitting_service.list_plans(ctx.session)}


@router.get("/theory")
def list_theory(ctx: Context = requires(Action.MARKING_RUN)) -> Response:
    """Theory sittings, and how far their marking is."""
    rows = [each for each in marking.list_sittings(ctx.session) if each.component is Component.THEORY]
    runs = {each.id: marking.list_runs(ctx.session, each.id) for each in rows}
    return ctx.page("marking/theory.html", sittings=rows, runs=runs, plans=_plan_names(ctx))


@router.get("/theory/{sitting_id}")
def show_theory(sitting_id: UUID, ctx: Context = requires(Action.MARKING_RUN)) -> Response:
    """One theory sitting with its marking runs and the marks of the newest."""
    return _theory_page(ctx, sitting_id, Form())


def _theory_page(ctx: Context, sitting_id: UUID, form: Form[TaskForm], status: int = 200) -> Response:
    sitting = marking.find_theory_sitting(ctx.session, sitting_id)
    runs = marking.list_runs(ctx.session, sitting_id)
    marks = marking.read_attempt_marks(ctx.session, runs[0].id) if runs else ()
    tickets = {each.id: each.ticket_number for each in marking.candidates_of(ctx.session, sitting)}
    rows = [
        {
            "mark": mark,
            "ticket": tickets.get(mark.registration_id, ""),
            "score": marking.score_of(mark),
        }
        for mark in marks
    ]
    rows.sort(key=lambda row: str(row["ticket"]))
    return ctx.page(
        "marking/theory_sitting.html",
        sitting=sitting,
        plan=sitting_service.find_plan(ctx.session, sitting.plan_id),
        runs=runs,
        rows=rows,
        measured=any(mark.theta is not None for mark in marks),
        exposures=marking.exposures(ctx.session, sitting_id) if runs else [],
        form=form,
        over=ctx.now >= sitting.ends_at,
        status=status,
    )


@router.get("/theory/{sitting_id}/attempts/{mark_id}")
def show_attempt(sitting_id: UUID, mark_id: UUID, ctx: Context = requires(Action.MARKING_RUN)) -> Response:
    """What an attempt earned item by item; of an adaptive or two-stage test, how its ability came about."""
    sitting = marking.find_theory_sitting(ctx.session, sitting_id)
    mark, run = marking.find_attempt_mark(ctx.session, mark_id)
    if run.sitting_id != sitting_id:
        raise NotFound
    tickets = {each.id: each.ticket_number for each in marking.candidates_of(ctx.session, sitting)}
    values: dict[str, Any] = {
        "sitting": sitting,
        "mark": mark,
        "run": run,
        "ticket": tickets.get(mark.registration_id, ""),
    }
    if mark.theta is None:
        earned = marking.read_item_marks(ctx.session, mark_id)
        numbers = paper_service.item_numbers(ctx.session, [each.item_id for each in earned])
        rows = [(numbers.get(each.item_id, "—"), each) for each in earned]
        return ctx.page("marking/attempt.html", rows=rows, score=marking.score_of(mark), **values)
    return _trace_page(ctx, values, marking.retrace(ctx.session, mark_id))


def _trace_page(ctx: Context, values: dict[str, Any], found: marking.Retraced) -> Response:
    numbers = paper_service.item_numbers(ctx.session, list(found.item_ids))
    before, *after = found.trace.abilities
    return ctx.page(
        "marking/trace.html",
        found=found,
        before=before,
        rows=[
            (numbers.get(item_id, "—"), right, ability, place < found.trace.reached)
            for place, (item_id, right, ability) in enumerate(
                zip(found.item_ids, found.trace.right, after, strict=True)
            )
        ],
        modules=MODULES,
        ending=ENDINGS[found.trace.ending],
        engine=engine_version(),
        **values,
    )


@router.post("/theory/{sitting_id}/runs")
def run_marking(sitting_id: UUID, ctx: Context = requires(Action.MARKING_RUN)) -> Response:
    """Mark the sitting by its key."""
    try:
        with ctx.session.begin_nested():
            done = marking.request_marking(ctx.session, sitting_id, actor=ctx.actor, now=ctx.now)
    except NotFound:
        raise
    except ExamError as error:
        form: Form[TaskForm] = Form()
        form.add("", error)
        return _theory_page(ctx, sitting_id, form, status_of(error))
    if isinstance(done, Job):
        return ctx.redirect(f"/jobs/{done.id}")
    notice = ctx._("{count} attempts were marked (run {number}).", count=done.attempts, number=done.number)
    return ctx.redirect(f"/marking/theory/{sitting_id}", notice=notice)


@router.get("/practical")
def list_practical(ctx: Context = requires(Action.PRACTICAL_READ)) -> Response:
    """Practical and review sittings, and how far their scoring is."""
    sittings = [each for each in marking.list_sittings(ctx.session) if each.component is not Component.THEORY]
    progress = {
        each.id: marking.practical_progress(ctx.session, each.id, actor=ctx.actor) for each in sittings
    }
    return ctx.page(
        "marking/practical.html",
        sittings=sittings,
        progress=progress,
        plans=_plan_names(ctx),
        components=COMPONENTS,
        sheet=SheetStatus,
    )


@router.get("/practical/{sitting_id}")
def show_practical(sitting_id: UUID, ctx: Context = requires(Action.PRACTICAL_READ)) -> Response:
    """Tasks and candidates of one practical sitting."""
    return _practical_page(ctx, sitting_id, Form())


def _practical_page(ctx: Context, sitting_id: UUID, form: Form[TaskForm], status: int = 200) -> Response:
    progress = marking.practical_progress(ctx.session, sitting_id, actor=ctx.actor)
    persons = people.read_persons(ctx.session, [each.registration.person_id for each in progress])
    sitting = marking.find_practical_sitting(ctx.session, sitting_id)
    return ctx.page(
        "marking/practical_sitting.html",
        sitting=sitting,
        plan=sitting_service.find_plan(ctx.session, sitting.plan_id),
        tasks=marking.read_tasks(ctx.session, sitting_id),
        progress=progress,
        persons=persons,
        form=form,
        components=COMPONENTS,
        minimum=MINIMUM_EXAMINERS,
        to_hundred=to_hundred,
        status=status,
    )


@router.post("/practical/{sitting_id}/tasks")
def define_task(
    sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.PRACTICAL_MANAGE)
) -> Response:
    """Add a task; a rubric that does not add up stays a draft with its finding."""
    form = parse_form(TaskForm, data)
    if form.model is None:
        return _practical_page(ctx, sitting_id, form, 422)
    try:
        view = marking.define_task(
            ctx.session,
            actor=ctx.actor,
            sitting_id=sitting_id,
            title=form.model.title,
            total=form.model.total,
            lines=parse_lines(form.model.lines),
            instructions=form.model.instructions,
            now=ctx.now,
        )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _practical_page(ctx, sitting_id, form, status_of(error))
    notice = ctx._("The task was added.")
    if view.finding is not None:
        notice = ctx._("The task was added as a draft: its rubric has a finding.")
    return ctx.redirect(f"/marking/practical/{sitting_id}", notice=notice)


@router.post("/tasks/{task_id}/activate")
def activate_task(task_id: UUID, ctx: Context = requires(Action.PRACTICAL_MANAGE)) -> Response:
    """Open a task for scoring."""
    task = marking.activate_task(ctx.session, actor=ctx.actor, task_id=task_id)
    return ctx.redirect(
        f"/marking/practical/{task.sitting_id}", notice=ctx._("Examiners can score this task now.")
    )


@router.post("/tasks/{task_id}/discard")
def discard_task(task_id: UUID, ctx: Context = requires(Action.PRACTICAL_MANAGE)) -> Response:
    """Remove a task nobody has scored with."""
    sitting_id = marking.discard_task(ctx.session, actor=ctx.actor, task_id=task_id)
    return ctx.redirect(f"/marking/practical/{sitting_id}", notice=ctx._("The task was removed."))


@router.post("/practical/{sitting_id}/close")
def close_practical(sitting_id: UUID, ctx: Context = requires(Action.PRACTICAL_MANAGE)) -> Response:
    """Close the scores of all candidates with submitted sheets."""
    try:
        with ctx.session.begin_nested():
            marks = marking.close_practical(ctx.session, actor=ctx.actor, sitting_id=sitting_id, now=ctx.now)
    except NotFound:
        raise
    except ExamError as error:
        form: Form[TaskForm] = Form()
        form.add("", error)
        return _practical_page(ctx, sitting_id, form, status_of(error))
    notice = ctx._("The scores of {count} candidates are closed.", count=len(marks))
    return ctx.redirect(f"/marking/practical/{sitting_id}", notice=notice)


@router.get("/practical/{sitting_id}/candidates/{registration_id}")
def show_sheet(
    sitting_id: UUID, registration_id: UUID, ctx: Context = requires(Action.PRACTICAL_SCORE)
) -> Response:
    """The examiner's own score sheet of one candidate."""
    return _sheet_page(ctx, sitting_id, registration_id, Form())


def _sheet_page(
    ctx: Context, sitting_id: UUID, registration_id: UUID, form: Form[TaskForm], status: int = 200
) -> Response:
    registration, sheet = marking.read_sheet(
        ctx.session, actor=ctx.actor, sitting_id=sitting_id, registration_id=registration_id
    )
    progress = marking.practical_progress(ctx.session, sitting_id, actor=ctx.actor)
    progress = [each for each in progress if each.mine]
    order = [each.registration.id for each in progress]
    place = order.index(registration_id)
    own = progress[place]
    return ctx.page(
        "marking/sheet.html",
        sitting=marking.find_practical_sitting(ctx.session, sitting_id),
        tasks=marking.read_tasks(ctx.session, sitting_id, active_only=True),
        registration=registration,
        person=people.read_person(ctx.session, registration.person_id),
        sheet=sheet,
        scores=form.values or (sheet.scores if sheet else {}),
        form=form,
        step=SCORE_STEP,
        place=place + 1,
        total=len(order),
        before=order[place - 1] if place else None,
        after=order[place + 1] if place + 1 < len(order) else None,
        locked=own.mark is not None or own.own is SheetStatus.SUBMITTED,
        status=status,
    )


@router.post("/practical/{sitting_id}/candidates/{registration_id}")
def save_sheet(
    sitting_id: UUID, registration_id: UUID, data: FormDep, ctx: Context = requires(Action.PRACTICAL_SCORE)
) -> Response:
    """Keep or submit the examiner's own sheet, then go on to the next candidate."""
    submit = data.text("then") == "submit"
    form: Form[TaskForm] = Form(values=data.as_dict())
    lines = [
        view.key(line)
        for view in marking.read_tasks(ctx.session, sitting_id, active_only=True)
        for line in view.lines
    ]
    try:
        with ctx.session.begin_nested():
            marking.save_sheet(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                registration_id=registration_id,
                scores={key: _points(data.text(key)) for key in lines},
                remark=data.text("remark")[:2000],
                submit=submit,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add(str(error.facts.get("line", "")), error)
        return _sheet_page(ctx, sitting_id, registration_id, form, status_of(error))
    progress = marking.practical_progress(ctx.session, sitting_id, actor=ctx.actor)
    order = [each.registration.id for each in progress if each.mine]
    rest = order[order.index(registration_id) + 1 :]
    target = (
        f"/candidates/{rest[0]}" if submit and rest else "" if submit else f"/candidates/{registration_id}"
    )
    notice = (
        ctx._("The score sheet was submitted.") if submit else ctx._("The score sheet was saved as a draft.")
    )
    return ctx.redirect(f"/marking/practical/{sitting_id}{target}", notice=notice)


def _points(text: str) -> Decimal | None:
    """Return the points typed; what is no number becomes NaN, which the rubric refuses by line."""
    if not text.strip():
        return None
    try:
        return Decimal(text.strip().replace("．", ".").replace("。", "."))
    except InvalidOperation:
        return Decimal("NaN")
