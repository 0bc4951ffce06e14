"""Letting one candidate work without the Safe Exam Browser."""

from __future__ import annotations

from uuid import UUID

from fastapi.responses import Response

from exam_engine.delivery.seb import service as seb
from exam_engine.invigilation import service as invigilation
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from web.deps import Context, requires
from web.forms import parse_form
from web.invigilation.controls import check_seat
from web.invigilation.forms import SebForm
from web.invigilation.pages import FormDep, address, room_page, router


@router.post("/{sitting_id}/rooms/{room_id}/seats/{registration_id}/seb")
def let_in(
    sitting_id: UUID,
    room_id: UUID,
    registration_id: UUID,
    data: FormDep,
    ctx: Context = requires(Action.ATTEMPT_CONTROL),
) -> Response:
    """Let a candidate in without, with a reason, or take that back."""
    check_seat(ctx, sitting_id, room_id, registration_id)
    form = parse_form(SebForm, data)
    if form.model is not None:
        invigilation.running_sitting(ctx.session, sitting_id)
        act = seb.let_in if form.model.let_in else seb.keep_out
        try:
            with ctx.session.begin_nested():
                act(
                    ctx.session,
                    actor=ctx.actor,
                    sitting_id=sitting_id,
                    registration_id=registration_id,
                    reason=form.model.seb_reason,
                )
            notice = ctx._("Kept. The candidate loads the page anew.")
            return ctx.redirect(address(sitting_id, room_id, registration_id), notice=notice)
        except ExamError as error:
            form.add("seb_reason" if error.code == "seb_reason_missing" else "", error)
    return room_page(ctx, sitting_id, room_id, form, registration_id, status=422)
