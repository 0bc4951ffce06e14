"""Standard setting for its leaders and readers: make a workshop, lead it, read its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.papers import service as papers
from exam_engine.papers.rules import PaperStatus
from exam_engine.psychometrics.standard_setting.panel import MINIMUM_JUDGES
from exam_engine.standard_setting import service as standards
from exam_engine.standard_setting.rules import MAX_ROUNDS, REGULATION_PASS_MARK, Method, WorkshopStatus
from itembank.base.errors import ExamError, Forbidden, NotFound
from itembank.items import service as items
from itembank.people.rules import Action
from itembank.statistics import service as statistics
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.labels import ROLES
from web.standards.forms import DescriptionForm, JudgesForm, WorkshopForm
from web.standards.labels import CUTS, EXPLANATIONS, METHODS, OUTCOMES, REASONS, STATUSES, WARNINGS
from web.standards.views import cuts_figure, steps_of

router = APIRouter(prefix="/standards")
FormDep = Annotated[FormData, Depends(form_data)]

PAGE_ROWS = 50
FIELDS = {
    "standard_basis_missing": "paper_id",
    "standard_paper_unusable": "paper_id",
    "standard_items_unknown": "numbers",
    "standard_item_numbers_unreadable": "numbers",
    "standard_item_count_wrong": "numbers",
    "standard_scale_missing": "scale_id",
    "standard_items_not_calibrated": "scale_id",
    "standard_sitting_missing": "sitting_id",
    "standard_sitting_unusable": "sitting_id",
    "standard_candidate_count_wrong": "sitting_id",
    "standard_scores_missing": "sitting_id",
}
"""Refusal → the field it belongs to."""


@router.get("")
def list_workshops(page: PageNumber = 1, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """All workshops, newest first."""
    rows, total = standards.list_workshops(ctx.session, offset=(page - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    return ctx.page(
        "standards/list.html",
        rows=rows,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE_ROWS)),
        methods=METHODS,
        statuses=STATUSES,
        occupations={row.id: row for row in taxonomy.list_occupations(ctx.session)},
        levels=LEVEL_LABELS,
    )


@router.get("/new")
def new_workshop(paper_id: UUID | None = None, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """An empty form; a paper can be chosen by the address."""
    values: dict[str, Any] = {"with_statistics": "true", "with_impact": "true"}
    if paper_id is not None:
        values["paper_id"] = str(paper_id)
    return _form_page(ctx, Form(values=values))


def _form_page(ctx: Context, form: Form[WorkshopForm], status: int = 200) -> Response:
    occupations = {row.id: row for row in taxonomy.list_occupations(ctx.session)}

    def place(occupation_id: UUID, level: int) -> str:
        found = occupations.get(occupation_id)
        return f"{found.name if found else '—'} · {LEVEL_LABELS[Level(level)]}"

    return ctx.page(
        "standards/new.html",
        form=form,
        methods=[(method.value, ctx._(METHODS[method])) for method in Method],
        explanations=[(ctx._(METHODS[method]), ctx._(EXPLANATIONS[method])) for method in Method],
        papers=[
            (paper.id, f"{paper.label} · {place(paper.occupation_id, paper.level)}")
            for paper in papers.list_papers(ctx.session, statuses=[PaperStatus.SEALED])
        ],
        banks=[
            (bank.key, f"{place(bank.occupation.id, bank.level.value)} ({bank.count})")
            for bank in items.list_banks(ctx.session)
        ],
        scales=[
            (scale.id, f"{scale.name} · {place(scale.occupation_id, scale.level)}")
            for scale in statistics.list_scales(ctx.session)
            if scale.model.has_parameters
        ],
        sittings=[
            (sitting.id, f"{plan.name} · {place(plan.occupation_id, plan.level)}")
            for sitting, plan in standards.marked_sittings(ctx.session)
        ],
        max_rounds=MAX_ROUNDS,
        status=status,
    )


@router.post("")
def open_workshop(data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Make a workshop; its basis is frozen from here on."""
    form = parse_form(WorkshopForm, data)
    if form.model is None:
        return _form_page(ctx, form, 422)
    try:
        with ctx.session.begin_nested():
            made = standards.open_workshop(
                ctx.session, actor=ctx.actor, draft=form.model.draft(), now=ctx.now
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add(FIELDS.get(error.code, ""), error)
        return _form_page(ctx, form, status_of(error))
    return ctx.redirect(f"/standards/{made.id}", notice=ctx._("The workshop is made. Invite its judges now."))


@router.get("/{workshop_id}")
def show_workshop(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_READ)) -> Response:
    """A workshop: for its leader with live figures, for others with its state and its result."""
    return _workshop_page(ctx, workshop_id, Form())


def _workshop_page(ctx: Context, workshop_id: UUID, form: Form[Any], status: int = 200) -> Response:
    view = standards.read_workshop(ctx.session, workshop_id)
    workshop = view.workshop
    leads = ctx.may(Action.STANDARD_LEAD) and workshop.leader_id == ctx.actor.id
    judged = {each.judge.user_id for each in view.judges}
    live = ctx.request.headers.get("hx-request") == "true"
    seen = leads or workshop.status.is_final
    rounds = standards.read_rounds(ctx.session, view, newest_only=live) if seen else []
    possible = []
    if leads and workshop.status is WorkshopStatus.DRAFT:
        present = {each.judge.user_id for each in view.judges}
        offered = standards.possible_judges(
            ctx.session, workshop.institution_id, leader_id=workshop.leader_id
        )
        possible = [
            (user, "、".join(ctx._(ROLES[role]) for role in sorted(roles)))
            for user, roles in offered
            if user.id not in present
        ]
    newest = rounds[-1] if rounds else None
    return ctx.page(
        "standards/workshop.html",
        block="live",
        view=view,
        workshop=workshop,
        leads=leads,
        steps=steps_of(view, ctx._),
        warning_words=WARNINGS,
        outcomes=OUTCOMES,
        may_record=ctx.may(Action.STANDARD_RECORD)
        and ctx.actor.id not in standards.took_part(ctx.session, workshop),
        may_take_over=ctx.may(Action.STANDARD_LEAD) and not leads and ctx.actor.id not in judged,
        rounds=rounds,
        newest=newest,
        possible=possible,
        questions=standards.read_questions(ctx.session, view) if leads else None,
        occupation=taxonomy.find_occupation(ctx.session, workshop.occupation_id),
        levels=LEVEL_LABELS,
        methods=METHODS,
        explanations=EXPLANATIONS,
        statuses=STATUSES,
        cut_names=CUTS,
        reasons=REASONS,
        recommended=MINIMUM_JUDGES,
        regulation=REGULATION_PASS_MARK,
        chart=cuts_figure(view, newest.summary, ctx._) if newest else None,
        form=form,
        status=status,
    )


def _lead(ctx: Context, workshop_id: UUID, step: Callable[[], object], notice: str) -> Response:
    """Take a leader's step; a refusal stands on the workshop's page and nothing is half done."""
    try:
        with ctx.session.begin_nested():
            step()
    except (NotFound, Forbidden):
        raise
    except ExamError as error:
        form: Form[Any] = Form()
        form.add("", error)
        return _workshop_page(ctx, workshop_id, form, status_of(error))
    return ctx.redirect(f"/standards/{workshop_id}", notice=notice)


@router.post("/{workshop_id}/description")
def describe(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Change the description of the just-qualified candidate before the first round."""
    form = parse_form(DescriptionForm, data)
    if form.model is None:
        return _workshop_page(ctx, workshop_id, form, 422)
    text = form.model.description
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.describe(ctx.session, actor=ctx.actor, workshop_id=workshop_id, description=text),
        ctx._("The description was changed."),
    )


@router.post("/{workshop_id}/judges")
def invite(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Invite judges."""
    form = parse_form(JudgesForm, data)
    if form.model is None:
        return _workshop_page(ctx, workshop_id, form, 422)
    chosen = form.model.judges
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.invite(
            ctx.session, actor=ctx.actor, workshop_id=workshop_id, user_ids=chosen, now=ctx.now
        ),
        ctx._("The judges were invited."),
    )


@router.post("/{workshop_id}/judges/{judge_id}/remove")
def remove_judge(
    workshop_id: UUID, judge_id: UUID, ctx: Context = requires(Action.STANDARD_LEAD)
) -> Response:
    """Take somebody off the panel before the first round."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.remove_judge(
            ctx.session, actor=ctx.actor, workshop_id=workshop_id, judge_id=judge_id
        ),
        ctx._("The judge was taken off the panel."),
    )


@router.post("/{workshop_id}/judges/{judge_id}/exclude")
def exclude_judge(
    workshop_id: UUID, judge_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)
) -> Response:
    """Leave a judge out of the result, with a reason."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.exclude_judge(
            ctx.session,
            actor=ctx.actor,
            workshop_id=workshop_id,
            judge_id=judge_id,
            reason=data.text("reason")[:400],
            now=ctx.now,
        ),
        ctx._("The judge is excluded. The result will be shown with and without their ratings."),
    )


@router.post("/{workshop_id}/judges/{judge_id}/readmit")
def readmit_judge(
    workshop_id: UUID, judge_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)
) -> Response:
    """Withdraw an exclusion, with a reason."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.readmit_judge(
            ctx.session,
            actor=ctx.actor,
            workshop_id=workshop_id,
            judge_id=judge_id,
            reason=data.text("reason")[:400],
        ),
        ctx._("The judge takes part again. All rounds are computed with their ratings."),
    )


@router.post("/{workshop_id}/rounds/open")
def open_round(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Open the next round."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.open_round(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now),
        ctx._("The round is open. The judges find it among what waits for them."),
    )


@router.post("/{workshop_id}/rounds/close")
def close_round(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Close the open round."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.close_round(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now),
        ctx._("The round is closed. The judges see the feedback now."),
    )


@router.post("/{workshop_id}/questions")
def open_questions(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Ask the final questions."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.open_questions(ctx.session, actor=ctx.actor, workshop_id=workshop_id),
        ctx._("The final questions are open."),
    )


@router.post("/{workshop_id}/close")
def close_workshop(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Compute and freeze the result."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.close_workshop(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now),
        ctx._("The workshop is closed and its result frozen. A second person records it."),
    )


@router.post("/{workshop_id}/lead")
def take_over(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """Lead in place of somebody who cannot go on."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.take_over(
            ctx.session,
            actor=ctx.actor,
            workshop_id=workshop_id,
            reason=data.text("reason")[:400],
            now=ctx.now,
        ),
        ctx._("You lead this workshop now."),
    )


@router.post("/{workshop_id}/abandon")
def abandon(workshop_id: UUID, data: FormDep, ctx: Context = requires(Action.STANDARD_LEAD)) -> Response:
    """End a workshop without a recorded result."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.abandon(
            ctx.session,
            actor=ctx.actor,
            workshop_id=workshop_id,
            reason=data.text("reason")[:400],
            now=ctx.now,
        ),
        ctx._("The workshop is abandoned."),
    )


@router.post("/{workshop_id}/record")
def record_result(workshop_id: UUID, ctx: Context = requires(Action.STANDARD_RECORD)) -> Response:
    """Record the result as the second person."""
    return _lead(
        ctx,
        workshop_id,
        lambda: standards.record_result(ctx.session, actor=ctx.actor, workshop_id=workshop_id, now=ctx.now),
        ctx._("The result is recorded."),
    )
