"""Routes of edits by hand: substitutes for an item, swap, undo, locks, filling the rest anew, submitting again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.papers import service as papers
from itembank.base.errors import ExamError
from itembank.people.rules import Action
from web.deps import Context, requires
from web.errors import status_of
from web.forms import FormData, form_data
from web.papers import labels
from web.papers.assemblies import paper_views
from web.papers.assemblies.paper_routes import paper_page, refusal_text

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("/papers/{paper_id}/items/{position}")
def show_substitutes(
    paper_id: UUID, position: int, name: str = "", ctx: Context = requires(Action.PAPER_ASSEMBLE)
) -> Response:
    """Items that can come for one, best first, and what others would break; ``name`` asks for one item."""
    return _swap_page(ctx, paper_id, position, name)


@router.post("/papers/{paper_id}/items/{position}")
def swap_item(
    paper_id: UUID, position: int, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)
) -> Response:
    """Put the chosen item in the place of one."""
    reason = data.text("reason")
    try:
        with ctx.session.begin_nested():
            at_hand = papers.swap_item(
                ctx.session,
                actor=ctx.actor,
                paper_id=paper_id,
                position=position,
                name=data.text("item"),
                reason=reason,
                revision=_revision(data),
                now=ctx.now,
            )
    except ExamError as error:
        if status_of(error) in (403, 404):
            raise
        return _swap_page(ctx, paper_id, position, "", error=error, reason=reason, chosen=data.text("item"))
    paper = papers.find_paper(ctx.session, paper_id)
    broken = at_hand.broken(at_hand.numbers.index(paper.form))
    notice = ctx._("Item {position} was swapped; every rule was recomputed.", position=position)
    if broken:
        words = "、".join(labels.rule_label(key, at_hand.spec, ctx._) for key in broken[:5])
        notice += " " + ctx._("Not fulfilled now: {rules}.", rules=words)
    return ctx.redirect(f"/papers/{paper_id}", notice=notice)


@router.post("/papers/{paper_id}/undo")
def undo_edit(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Take back the last edit."""
    try:
        with ctx.session.begin_nested():
            papers.undo_edit(
                ctx.session, actor=ctx.actor, paper_id=paper_id, revision=_revision(data), now=ctx.now
            )
    except ExamError as error:
        return _refused(ctx, paper_id, error)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("The last edit was undone."))


@router.post("/papers/{paper_id}/versions")
def take_versions(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Take the items in their current versions."""
    try:
        with ctx.session.begin_nested():
            papers.take_current_versions(
                ctx.session, actor=ctx.actor, paper_id=paper_id, revision=_revision(data), now=ctx.now
            )
    except ExamError as error:
        return _refused(ctx, paper_id, error)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("The items stand in their current versions."))


@router.post("/papers/{paper_id}/locks")
def set_locks(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Lock the ticked items; with ``refill`` the others' places are filled anew by a job."""
    locked = paper_views.positions(data.texts("locked"))
    reason = data.text("reason")
    try:
        with ctx.session.begin_nested():
            if data.text("do") == "refill":
                assembly = papers.request_refill(
                    ctx.session,
                    actor=ctx.actor,
                    paper_id=paper_id,
                    locked=locked,
                    reason=reason,
                    revision=_revision(data),
                    now=ctx.now,
                )
                return ctx.redirect(f"/papers/assemblies/{assembly.id}")
            papers.set_locks(ctx.session, actor=ctx.actor, paper_id=paper_id, positions=locked)
    except ExamError as error:
        return _refused(ctx, paper_id, error, reason=reason, ticked=locked)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("{count} items are locked.", count=len(locked)))


@router.post("/papers/{paper_id}/resubmit")
def resubmit(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Submit a refused paper again."""
    reason = data.text("reason")
    try:
        with ctx.session.begin_nested():
            papers.resubmit_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, reason=reason, now=ctx.now)
    except ExamError as error:
        return _refused(ctx, paper_id, error, reason=reason)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("The paper was submitted again."))


def _revision(data: FormData) -> int:
    text = data.text("revision")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


def _refused(
    ctx: Context, paper_id: UUID, error: ExamError, reason: str = "", ticked: Sequence[int] | None = None
) -> Response:
    if status_of(error) in (403, 404):
        raise error
    return paper_page(ctx, paper_id, error=error, reason=reason, ticked=ticked, status=status_of(error))


def _swap_page(
    ctx: Context,
    paper_id: UUID,
    position: int,
    name: str,
    *,
    error: ExamError | None = None,
    reason: str = "",
    chosen: str = "",
) -> Response:
    paper = papers.find_paper(ctx.session, paper_id)
    try:
        view = papers.substitutes(ctx.session, paper_id, position, name=name)
    except ExamError as problem:
        if error is not None or status_of(problem) in (403, 404) or not name:
            raise
        error, view = problem, papers.substitutes(ctx.session, paper_id, position)
    return ctx.page(
        "papers/paper_swap.html",
        paper=paper,
        position=position,
        name=name,
        error=refusal_text(ctx, error, view.at_hand.spec) if error else "",
        reason=reason,
        chosen=chosen,
        types=labels.ITEM_TYPES,
        nodes=paper_views.outline_names(ctx, paper),
        **paper_views.substitute_values(ctx, view),
        status=status_of(error) if error else 200,
    )
