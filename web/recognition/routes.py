"""Public notices, objections and the centre's approval."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.certificates import service as certificates
from exam_engine.recognition import service as recognition
from exam_engine.recognition.rules import (
    NOTICE_WORKING_DAYS,
    OPEN_OBJECTIONS,
    ApprovalState,
    CalendarUnknown,
    NoticeStatus,
    ObjectionStatus,
    notice_ends_at,
)
from exam_engine.results import service as results
from itembank.base.errors import ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import Form, FormData, PageNumber, form_data, parse_form
from web.i18n import N_
from web.labels import COMPONENTS
from web.recognition.forms import ApprovalForm, DecisionForm, NoticeForm, ResubmissionForm

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]

PLANS = 25

STATES = {
    ApprovalState.NONE: N_("Not passed"),
    ApprovalState.WAITING: N_("Waits for approval"),
    ApprovalState.APPROVED: N_("Approved"),
    ApprovalState.RETURNED: N_("Returned"),
    ApprovalState.ANNULLED: N_("Annulled"),
}
OBJECTIONS = {
    ObjectionStatus.FILED: N_("Filed"),
    ObjectionStatus.INVESTIGATING: N_("Under investigation"),
    ObjectionStatus.UPHELD: N_("Upheld"),
    ObjectionStatus.DISMISSED: N_("Dismissed"),
}


@router.get("/recognition/plans")
def list_plans(page: PageNumber = 1, ctx: Context = requires(Action.RECOGNITION_READ)) -> Response:
    """Plans in reach, each with its way from results to certificates."""
    page = max(page, 1)
    plans, found = results.list_plans(ctx.session, offset=(page - 1) * PLANS, limit=PLANS)
    rows = []
    for plan in plans:
        table = results.read_table(ctx.session, plan.id)
        rows.append(
            {
                "plan": plan,
                "mark": recognition.mark_of_plan(ctx.session, plan),
                "steps": _steps(ctx, table, recognition.notice_of_plan(ctx.session, plan.id)),
            }
        )
    pages = max(1, -(-found // PLANS))
    return ctx.page("recognition/plans.html", rows=rows, found=found, page_number=page, pages=pages)


def _steps(
    ctx: Context, table: results.ResultTable, notice: recognition.NoticeView | None
) -> list[tuple[str, str]]:
    decisions = recognition.read_decisions(ctx.session, table.plan.id)
    over = notice is not None and notice.status(ctx.now) is NoticeStatus.CLOSED
    waiting = any(each.state is ApprovalState.WAITING for each in decisions)
    approved = [each.registration_id for each in decisions if each.state is ApprovalState.APPROVED]
    issued = certificates.issued_registrations(ctx.session, approved)
    done = [
        bool(table.rows) and not table.unreleased,
        over,
        over and bool(decisions) and not waiting,
        bool(approved) and len(issued) == len(approved) and not waiting,
    ]
    labels = [
        ctx._("Results released"),
        ctx._("Public notice"),
        ctx._("Centre approval"),
        ctx._("Certificates"),
    ]
    now = done.index(False) if False in done else len(done)
    return [
        (label, "done" if place < now else "now" if place == now else "later")
        for place, label in enumerate(labels)
    ]


@router.get("/recognition/plans/{plan_id}")
def show_plan(plan_id: UUID, ctx: Context = requires(Action.RECOGNITION_READ)) -> Response:
    """One plan: its notice, decisions, objections and certificates."""
    return plan_page(ctx, plan_id, Form())


def plan_page(ctx: Context, plan_id: UUID, form: Form[Any], status: int = 200) -> Response:
    """Answer with the page of one plan."""
    table = results.read_table(ctx.session, plan_id)
    notice = recognition.notice_of_plan(ctx.session, plan_id)
    decisions = recognition.read_decisions(ctx.session, plan_id)
    registrations = {row.registration.id: row.registration for row in table.rows}
    persons = people.read_persons(ctx.session, [each.person_id for each in registrations.values()])
    return ctx.page(
        "recognition/plan.html",
        table=table,
        mark=recognition.mark_of_plan(ctx.session, table.plan),
        steps=_steps(ctx, table, notice),
        view=notice,
        running=notice is not None and notice.status(ctx.now) is NoticeStatus.OPEN,
        decisions=decisions,
        registrations=registrations,
        persons=persons,
        objections=recognition.list_objections(ctx.session, plan_id=plan_id),
        issued=certificates.issued_registrations(ctx.session, list(registrations)),
        certificates=certificates.list_certificates(ctx.session, plan_id=plan_id)[0],
        without_photo=sum(
            each.state is ApprovalState.APPROVED
            and each.registration_id in registrations
            and registrations[each.registration_id].photo_ref is None
            for each in decisions
        ),
        approved=sum(each.state is ApprovalState.APPROVED for each in decisions),
        suggested=_suggested(ctx, form),
        least=NOTICE_WORKING_DAYS,
        form=form,
        states=STATES,
        objection_states=OBJECTIONS,
        components=COMPONENTS,
        status=status,
    )


def _suggested(ctx: Context, form: Form[Any]) -> str:
    try:
        return recognition.suggested_last_day(ctx.now).isoformat()
    except CalendarUnknown as unknown:
        form.add("last_day", unknown)
        return ""


@router.post("/recognition/plans/{plan_id}/notice")
def publish_notice(plan_id: UUID, data: FormDep, ctx: Context = requires(Action.NOTICE_PUBLISH)) -> Response:
    """Decide the candidates and publish those who passed."""
    form = parse_form(NoticeForm, data)
    if form.model is None:
        return plan_page(ctx, plan_id, form, 422)
    try:
        with ctx.session.begin_nested():
            notice = recognition.publish_notice(
                ctx.session,
                actor=ctx.actor,
                plan_id=plan_id,
                last_day=form.model.last_day,
                contact=form.model.contact,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("last_day" if error.code in ("notice_too_short", "calendar_unknown") else "", error)
        return plan_page(ctx, plan_id, form, status_of(error))
    message = ctx._("The notice is public until the end of {day}.", day=notice.last_day)
    return ctx.redirect(f"/recognition/plans/{plan_id}", notice=message)


@router.post("/recognition/plans/{plan_id}/registrations/{registration_id}/resubmission")
def resubmit(
    plan_id: UUID, registration_id: UUID, data: FormDep, ctx: Context = requires(Action.NOTICE_PUBLISH)
) -> Response:
    """Put a returned recognition before the centre again."""
    form = parse_form(ResubmissionForm, data)
    if form.model is None:
        return plan_page(ctx, plan_id, form, 422)
    try:
        with ctx.session.begin_nested():
            recognition.resubmit(
                ctx.session,
                actor=ctx.actor,
                plan_id=plan_id,
                registration_id=registration_id,
                comment=form.model.comment,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return plan_page(ctx, plan_id, form, status_of(error))
    return ctx.redirect(
        f"/recognition/plans/{plan_id}", notice=ctx._("The recognition waits for approval again.")
    )


@router.get("/recognition/objections")
def list_objections(ctx: Context = requires(Action.OBJECTION_READ)) -> Response:
    """Objections in reach."""
    return ctx.page(
        "recognition/objections.html", rows=recognition.list_objections(ctx.session), states=OBJECTIONS
    )


@router.get("/recognition/objections/{objection_id}")
def show_objection(objection_id: UUID, ctx: Context = requires(Action.OBJECTION_READ)) -> Response:
    """One objection with its ground and its way so far."""
    return _objection_page(ctx, objection_id, Form())


def _objection_page(
    ctx: Context, objection_id: UUID, form: Form[DecisionForm], status: int = 200
) -> Response:
    view = recognition.read_objection(ctx.session, objection_id)
    return ctx.page("recognition/objection.html", view=view, form=form, states=OBJECTIONS, status=status)


@router.post("/recognition/objections/{objection_id}/investigation")
def begin_investigation(objection_id: UUID, ctx: Context = requires(Action.OBJECTION_DECIDE)) -> Response:
    """Record that the investigation has begun."""
    recognition.begin_investigation(ctx.session, actor=ctx.actor, objection_id=objection_id, now=ctx.now)
    return ctx.redirect(
        f"/recognition/objections/{objection_id}",
        notice=ctx._("The investigation has begun; it is recorded."),
    )


@router.post("/recognition/objections/{objection_id}/decision")
def decide_objection(
    objection_id: UUID, data: FormDep, ctx: Context = requires(Action.OBJECTION_DECIDE)
) -> Response:
    """Decide an objection on written findings."""
    form = parse_form(DecisionForm, data)
    if form.model is None:
        return _objection_page(ctx, objection_id, form, 422)
    try:
        with ctx.session.begin_nested():
            recognition.decide_objection(
                ctx.session,
                actor=ctx.actor,
                objection_id=objection_id,
                upheld=form.model.verdict == "upheld",
                finding=form.model.finding,
                now=ctx.now,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("finding" if error.code == "objection_finding_missing" else "", error)
        return _objection_page(ctx, objection_id, form, status_of(error))
    return ctx.redirect(
        f"/recognition/objections/{objection_id}", notice=ctx._("The decision on the objection is recorded.")
    )


@router.get("/recognition/approvals")
def list_approvals(ctx: Context = requires(Action.RECOGNITION_APPROVE)) -> Response:
    """What waits for the centre's approval, by plan."""
    return _approvals_page(ctx, Form())


def _approvals_page(ctx: Context, form: Form[ApprovalForm], status: int = 200) -> Response:
    rows = [_queue(ctx, waiting) for waiting in recognition.list_waiting(ctx.session)]
    return ctx.page("recognition/approvals.html", rows=rows, form=form, components=COMPONENTS, status=status)


def _queue(ctx: Context, waiting: recognition.WaitingPlan) -> dict[str, Any]:
    table = results.read_table(ctx.session, waiting.notice.plan_id)
    registrations = {row.registration.id: row.registration for row in table.rows}
    open_ones = [each for each in waiting.objections if each.status in OPEN_OBJECTIONS]
    entries = {each.entry_id for each in open_ones}
    return {
        "waiting": waiting,
        "mark": recognition.mark_of_plan(ctx.session, table.plan),
        "registrations": registrations,
        "persons": people.read_persons(ctx.session, [each.person_id for each in registrations.values()]),
        "components": table.components,
        "running": ctx.now < notice_ends_at(waiting.notice.last_day),
        "open": open_ones,
        "objected": {registration for registration, entry in waiting.entries.items() if entry.id in entries},
    }


@router.post("/recognition/approvals")
def decide_approvals(data: FormDep, ctx: Context = requires(Action.RECOGNITION_APPROVE)) -> Response:
    """Approve or return the recognitions chosen, all or none."""
    form = parse_form(ApprovalForm, data)
    if form.model is None:
        return _approvals_page(ctx, form, 422)
    sent = form.model
    try:
        with ctx.session.begin_nested():
            if sent.then == "approve":
                count = recognition.approve(
                    ctx.session,
                    actor=ctx.actor,
                    decision_ids=sent.decision,
                    comment=sent.comment,
                    now=ctx.now,
                )
            else:
                count = recognition.return_decisions(
                    ctx.session, actor=ctx.actor, decision_ids=sent.decision, reason=sent.comment, now=ctx.now
                )
    except NotFound:
        raise
    except ExamError as error:
        form.add("comment" if error.code == "return_reason_missing" else "", error)
        return _approvals_page(ctx, form, status_of(error))
    if sent.then == "approve":
        notice = ctx._("{count} recognitions were approved.", count=count)
    else:
        notice = ctx._("{count} recognitions were returned.", count=count)
    return ctx.redirect("/recognition/approvals", notice=notice)
