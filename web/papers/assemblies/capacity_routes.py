"""How many more forms the bank can give for a blueprint, and what runs out first."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.capacity import MOST
from itembank.base.errors import ExamError, NotFound
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from web.deps import Context, requires
from web.errors import status_of
from web.forms import FormData, form_data
from web.i18n import N_
from web.papers import labels

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]

TRIED = {
    "assembled": (N_("made"), "good"),
    "infeasible": (N_("proven impossible"), "bad"),
    "undecided": (N_("not found within the limit"), "warn"),
}
STAGE = N_("Trying out how many forms can be made")
"""The words of exam_engine.papers for its job, here so that they are translated."""


@router.get("/papers/capacity/{blueprint_id}")
def show_capacity(
    blueprint_id: UUID,
    job: UUID | None = None,
    every: str = "",
    ctx: Context = requires(Action.PAPER_READ),
) -> Response:
    """What the bank supplies for further forms; ``every`` counts items of sealed papers, too."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    spec = papers.spec_of(blueprint)
    found, error, status = None, "", 200
    try:
        found = papers.read_capacity(ctx.session, blueprint_id, fresh=not every)
    except NotFound:
        raise
    except ExamError as refusal:
        error = ctx._(refusal.message, **labels.error_facts(refusal.facts, ctx._))
        status = status_of(refusal)
    points = [UUID(one.point) for one in found.points] if found else []
    return ctx.page(
        "papers/assembly_capacity.html",
        blueprint=blueprint,
        found=found,
        error=error,
        rows=[(row, labels.rule_label(row.rule, spec, ctx._)) for row in found.rows] if found else [],
        points=taxonomy.point_views(ctx.session, points),
        most=MOST,
        every=bool(every),
        job=jobs.find_job(ctx.session, job) if job else None,
        tried_words=TRIED,
        status=status,
    )


@router.post("/papers/capacity/{blueprint_id}")
def try_capacity(
    blueprint_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)
) -> Response:
    """Have a job try how many forms can really be made; no papers come of it."""
    job = papers.request_capacity(
        ctx.session,
        actor=ctx.actor,
        blueprint_id=blueprint_id,
        fresh=not data.text("every"),
        now=ctx.now,
    )
    return ctx.redirect(f"/jobs/{job.id}")
