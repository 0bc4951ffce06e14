"""Standard setting for its judges: read, rate, compare, answer."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response

from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.refusals import BoundsInvalid, FailBoundsInvalid, RoundNotOpen
from exam_engine.standard_setting.rules import REGULATION_PASS_MARK, Answers, Method, WorkshopStatus
from itembank.base.errors import ExamError, Forbidden, NotFound
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, form_data, parse_form
from web.standards.forms import AnswersForm, read_ratings
from web.standards.labels import CHOICES, CUTS, EXPLANATIONS, METHODS, QUESTIONS, REASONS, STATUSES
from web.standards.views import feedback_figure, impact_figure, own_place

router = APIRouter(prefix="/judging")
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("")
def list_tasks(ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """The workshops this person judges in."""
    tasks = standards.list_tasks(ctx.session, actor=ctx.actor)
    return ctx.page("standards/tasks.html", tasks=tasks, methods=METHODS, statuses=STATUSES)


@router.get("/{workshop_id}")
def show_task(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """What this judge is asked, what they agreed to, and what the closed rounds gave."""
    task = standards.find_task(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    return ctx.page(
        "standards/task.html",
        task=task,
        workshop=task.workshop,
        occupation=taxonomy.find_occupation(ctx.session, task.workshop.occupation_id),
        levels=LEVEL_LABELS,
        methods=METHODS,
        explanations=EXPLANATIONS,
        statuses=STATUSES,
        where=_place(task),
    )


def _place(task: standards.Task) -> str:
    """Return the address where this judge rates."""
    base = f"/judging/{task.workshop.id}"
    if task.workshop.method.judges_candidates:
        return base + "/candidates"
    return base + "/items"


@router.post("/{workshop_id}/agree")
def agree(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """Agree to keep the items to oneself."""
    task = standards.agree(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now)
    return ctx.redirect(_place(task) if task.present else f"/judging/{workshop_id}")


@router.get("/{workshop_id}/items")
def show_items(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """All items in one table, or the pages of the booklet."""
    return _items_page(ctx, workshop_id, Form())


def _items_page(ctx: Context, workshop_id: UUID, form: Form[Any], status: int = 200) -> Response:
    task, rows = standards.read_items(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    bookmark = task.workshop.method is Method.BOOKMARK
    own, former = standards.read_bookmark(ctx.session, task) if bookmark else (None, None)
    return ctx.page(
        "standards/booklet.html" if bookmark else "standards/items.html",
        own=own,
        former=former,
        rows=rows,
        **_rating_values(ctx, task, form),
        status=status,
    )


def _rating_values(ctx: Context, task: standards.Task, form: Form[Any]) -> dict[str, Any]:
    method = task.workshop.method
    return {
        "task": task,
        "workshop": task.workshop,
        "form": form,
        "question": ctx._(QUESTIONS[method], probability=task.workshop.response_probability)
        if method is Method.BOOKMARK
        else ctx._(QUESTIONS[method]),
        "choices": CHOICES.get(method, ()),
        "methods": METHODS,
    }


@router.get("/{workshop_id}/items/{position}")
def show_item(workshop_id: UUID, position: int, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """One item a screen."""
    return _item_page(ctx, workshop_id, position, Form())


def _item_page(
    ctx: Context, workshop_id: UUID, position: int, form: Form[Any], status: int = 200
) -> Response:
    task, rows = standards.read_items(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    if not task.workshop.method.judges_items or not 1 <= position <= len(rows):
        raise NotFound
    return ctx.page(
        "standards/item.html",
        row=rows[position - 1],
        rows=rows,
        **_rating_values(ctx, task, form),
        status=status,
    )


@router.get("/{workshop_id}/candidates")
def show_candidates(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """The candidates of the sitting, without scores."""
    return _candidates_page(ctx, workshop_id, Form())


def _candidates_page(ctx: Context, workshop_id: UUID, form: Form[Any], status: int = 200) -> Response:
    task, rows = standards.read_candidates(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    return ctx.page("standards/candidates.html", rows=rows, **_rating_values(ctx, task, form), status=status)


@router.post("/{workshop_id}/ratings")
def save_ratings(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """Keep what was typed: from a script at each change, from a form when its button is pressed."""
    values = read_ratings(data)
    try:
        with ctx.session.begin_nested():
            saved = standards.save_ratings(
                ctx.session, actor=ctx.actor, workshop_id=workshop_id, values=values, now=ctx.now
            )
    except (NotFound, Forbidden, RoundNotOpen):
        raise
    except ExamError as error:
        if _wants_json(ctx) or error.facts.get("position") is None:
            raise
        return _refused(ctx, workshop_id, data, error)
    if _wants_json(ctx):
        return JSONResponse({"rated": saved.rated, "count": saved.count})
    place = _next_place(ctx, workshop_id, data.text("then"))
    notice = ctx._("Saved. {rated} of {count} rated.", rated=saved.rated, count=saved.count)
    # From item to item the bar above says enough; a notice would push the page down at each.
    return ctx.redirect(place, notice="" if data.text("then").isdigit() else notice)


def _wants_json(ctx: Context) -> bool:
    accept = ctx.request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def _refused(ctx: Context, workshop_id: UUID, data: FormData, error: ExamError) -> Response:
    """Show the page again, with what was typed and the error beside it."""
    form: Form[Any] = Form(values=data.as_dict())
    form.add(f"r-{error.facts['position']}", error)
    task = standards.find_task(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    place = data.text("at")
    if task.workshop.method.judges_candidates:
        return _candidates_page(ctx, workshop_id, form, status_of(error))
    if place.isascii() and place.isdigit() and 1 <= int(place[:6]) <= task.count:
        return _item_page(ctx, workshop_id, int(place[:6]), form, status_of(error))
    return _items_page(ctx, workshop_id, form, status_of(error))


def _next_place(ctx: Context, workshop_id: UUID, then: str) -> str:
    """Return where a saved form leads: ``then`` is a position, ``done``, or empty for where the judge rates."""
    task = standards.find_task(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    base = f"/judging/{workshop_id}"
    if then == "done":
        return base
    if then.isascii() and then.isdigit() and task.workshop.method.judges_items:
        position = int(then[:6])
        return f"{base}/items/{position}" if 1 <= position <= task.count else base
    return _place(task)


@router.post("/{workshop_id}/keep")
def keep_former(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """Keep one's ratings of the round before wherever this round has none."""
    saved = standards.keep_former(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now)
    notice = ctx._("Saved. {rated} of {count} rated.", rated=saved.rated, count=saved.count)
    return ctx.redirect(_next_place(ctx, workshop_id, ""), notice=notice)


@router.get("/{workshop_id}/rounds/{number}")
def show_feedback(workshop_id: UUID, number: int, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """A closed round: own ratings against the group's, and what the cut would mean."""
    feedback = standards.read_feedback(ctx.session, actor=ctx.actor, workshop_id=workshop_id, number=number)
    return ctx.page(
        "standards/feedback.html",
        feedback=feedback,
        task=feedback.task,
        workshop=feedback.task.workshop,
        summary=feedback.summary,
        choices=dict(CHOICES.get(feedback.task.workshop.method, ())),
        cut_names=CUTS,
        reasons=REASONS,
        methods=METHODS,
        regulation=REGULATION_PASS_MARK,
        chart=feedback_figure(feedback, ctx._),
        own_place=own_place(feedback),
        impact_chart=impact_figure(feedback.impact, ctx._),
    )


@router.get("/{workshop_id}/questions")
def show_questions(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """The final questions (Hofstee)."""
    return _questions_page(ctx, workshop_id, Form())


def _questions_page(ctx: Context, workshop_id: UUID, form: Form[AnswersForm], status: int = 200) -> Response:
    task = standards.find_task(ctx.session, actor=ctx.actor, workshop_id=workshop_id)
    if task.workshop.status is not WorkshopStatus.QUESTIONS or task.judge.excluded_at is not None:
        raise NotFound
    if not form.values and task.judge.answers:
        form.values = {name: f"{value:g}" for name, value in task.judge.answers.items()}
    return ctx.page("standards/questions.html", task=task, workshop=task.workshop, form=form, status=status)


@router.post("/{workshop_id}/questions")
def save_answers(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_RATE)) -> Response:
    """Keep the answers to the final questions."""
    form = parse_form(AnswersForm, data)
    if form.model is None:
        return _questions_page(ctx, workshop_id, form, 422)
    answers = Answers(**form.model.model_dump())
    try:
        with ctx.session.begin_nested():
            standards.save_answers(
                ctx.session, actor=ctx.actor, workshop_id=workshop_id, answers=answers, now=ctx.now
            )
    except BoundsInvalid as error:
        form.add("highest_fail" if isinstance(error, FailBoundsInvalid) else "highest_cut", error)
        return _questions_page(ctx, workshop_id, form, status_of(error))
    return ctx.redirect(f"/judging/{workshop_id}", notice=ctx._("Your answers are saved."))
