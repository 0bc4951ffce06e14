"""Answers that never reached the server before the deadline: the file, and the second person's decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.delivery import service as delivery
from exam_engine.delivery.late.rules import LateFileState
from exam_engine.marking import service as marking
from exam_engine.sittings import service as sittings
from exam_engine.sittings.rules import Component, SittingStatus
from itembank.base.errors import ExamError, NotFound
from itembank.people import service as people
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form
from web.i18n import N_
from web.latefiles.forms import DecisionForm
from web.navigation import Todo

router = APIRouter(prefix="/late-files")
FormDep = Annotated[FormData, Depends(form_data)]
STATES: dict[LateFileState, tuple[str, str]] = {
    LateFileState.WAITING: (N_("Possibly late: waits for a second person"), "warn"),
    LateFileState.ACCEPTED: (N_("Accepted"), "good"),
    LateFileState.REFUSED: (N_("Refused"), "neutral"),
}


def todos(ctx: Context) -> Sequence[Todo]:
    """Files that wait for a second person."""
    if not ctx.may(Action.LATE_FILE_HANDLE):
        return []
    count = delivery.undecided_files(ctx.session, ctx.actor)
    return [Todo(count, N_("late answer files to decide"), "/late-files")]


@router.get("")
def list_sittings(ctx: Context = requires(Action.LATE_FILE_READ)) -> Response:
    """Theory sittings that are not closed, with their files."""
    plans = {view.plan.id: view.plan for view in sittings.list_plans(ctx.session)}
    rows = [
        (row, plans[row.plan_id], delivery.late_files(ctx.session, row.id))
        for row in sittings.list_sittings(ctx.session)
        if row.component is Component.THEORY and row.status is not SittingStatus.DRAFT
    ]
    rows.sort(key=lambda row: (row[0].status is SittingStatus.CLOSED, row[0].starts_at))
    return ctx.page("latefiles/sittings.html", rows=rows, LateFileState=LateFileState)


@router.get("/{sitting_id}")
def show_files(sitting_id: UUID, ctx: Context = requires(Action.LATE_FILE_READ)) -> Response:
    """The files of a sitting, and the upload."""
    return _page(ctx, sitting_id, Form())


def _page(ctx: Context, sitting_id: UUID, form: Form[Any], refused: UUID | None = None) -> Response:
    sitting = sittings.find_sitting(ctx.session, sitting_id)
    if sitting.component is not Component.THEORY or sitting.status is SittingStatus.DRAFT:
        raise NotFound
    files = delivery.late_files(ctx.session, sitting_id)
    seats = {row.seat.registration_id: row for row in sittings.list_seats(ctx.session, sitting_id)}
    runs = marking.list_runs(ctx.session, sitting_id)
    marked_at = max((run.marked_at for run in runs), default=None)
    users = {id for row in files for id in (row.file.uploaded_by, row.file.decided_by) if id is not None}
    return ctx.page(
        "latefiles/files.html",
        sitting=sitting,
        plan=sittings.view_plan(ctx.session, sitting.plan_id).plan,
        files=files,
        seats=seats,
        users={id: people.find_user(ctx.session, id).name for id in users},
        states=STATES,
        mark_again=marked_at is not None
        and any(row.file.written and row.file.decided_at > marked_at for row in files if row.file.decided_at),
        is_open=sitting.status is SittingStatus.PUBLISHED and ctx.may(Action.LATE_FILE_HANDLE),
        form=form,
        refused=refused,
        LateFileState=LateFileState,
        status=422 if form.errors else 200,
    )


@router.post("/{sitting_id}")
def upload_file(
    sitting_id: UUID, data: FormDep, ctx: Context = requires(Action.LATE_FILE_HANDLE)
) -> Response:
    """Keep a file as possibly late."""
    form: Form[Any] = Form()
    sent = data.read("file")
    sittings.find_sitting(ctx.session, sitting_id)
    if sent is None:
        form.add("", N_("Choose the file first."))
        return _page(ctx, sitting_id, form)
    try:
        with ctx.session.begin_nested():
            delivery.accept_answer_file(ctx.session, actor=ctx.actor, sitting_id=sitting_id, content=sent[1])
    except ExamError as error:
        form.add("", error)
        return _page(ctx, sitting_id, form)
    notice = ctx._("The file is kept as possibly late. A second person decides whether its answers count.")
    return ctx.redirect(f"/late-files/{sitting_id}", notice=notice)


@router.post("/{sitting_id}/files/{file_id}")
def decide_file(
    sitting_id: UUID, file_id: UUID, data: FormDep, ctx: Context = requires(Action.LATE_FILE_HANDLE)
) -> Response:
    """Let the answers of a file count, or not."""
    form = parse_form(DecisionForm, data)
    if form.model is None:
        return _page(ctx, sitting_id, form, file_id)
    try:
        with ctx.session.begin_nested():
            written = delivery.decide_late_file(
                ctx.session,
                actor=ctx.actor,
                sitting_id=sitting_id,
                file_id=file_id,
                accept=form.model.decision == "accept",
                reason=form.model.reason,
            )
    except NotFound:
        raise
    except ExamError as error:
        form.add("", error)
        return _page(ctx, sitting_id, form, file_id)
    if form.model.decision == "refuse":
        notice = ctx._("The file was refused; nothing was changed.")
    else:
        notice = ctx._("{count} answers of the file count now.", count=written)
    return ctx.redirect(f"/late-files/{sitting_id}", notice=notice)
