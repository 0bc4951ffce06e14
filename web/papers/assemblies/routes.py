"""Routes of assemblies: how far they are, what they found, and its tables."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.growing import grows
from exam_engine.papers.rules import AssemblyStatus, PaperKind
from itembank.base.errors import NotFound
from itembank.people.rules import Action
from web.deps import Context, requires
from web.labels import PAPER_STATUSES
from web.papers import labels
from web.papers.assemblies import tables, views
from web.papers.assemblies.drawing_routes import drawing_values

router = APIRouter()

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/papers/assemblies/{assembly_id}")
def show_assembly(
    assembly_id: UUID,
    rules: Literal["", "tight", "broken"] = "",
    ctx: Context = requires(Action.PAPER_READ),
) -> Response:
    """Progress, then the forms side by side, or why there are none."""
    assembly = papers.find_assembly(ctx.session, assembly_id)
    blueprint = papers.find_blueprint(ctx.session, assembly.blueprint_id)
    spec: BlueprintSpec = papers.spec_of(blueprint)
    job = jobs.find_job(ctx.session, assembly.job_id) if assembly.job_id else None
    status = views.status_of(ctx, assembly)
    made = papers.papers_of(ctx.session, assembly_id)
    refilled = papers.find_paper(ctx.session, assembly.paper_id) if assembly.paper_id else None
    values = views.outcome_values(ctx, assembly, spec, blueprint, rules)
    if "rules" in (assembly.outcome or {}) and made:
        values |= views.exposure_values(ctx, assembly)
    return ctx.page(
        "papers/assembly.html",
        block="state",
        polled=ctx.request.headers.get("hx-request") == "true",
        assembly=assembly,
        blueprint=blueprint,
        spec=spec,
        job=job,
        papers=made,
        refilled=refilled,
        grown=(assembly.request or {}).get("way") if grows(assembly.request) else None,
        status_now=status,
        running=views.progress_values(ctx, assembly, job) if status is AssemblyStatus.WAITING else None,
        statuses=PAPER_STATUSES,
        status_words=labels.ASSEMBLY_STATUSES[status],
        own=assembly.requested_by == ctx.actor.id,
        drawn=drawing_values(ctx, assembly.outcome or {}, spec),
        types=labels.ITEM_TYPES,
        **values,
    )


@router.post("/papers/assemblies/{assembly_id}/again")
def assemble_again(assembly_id: UUID, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Ask for the same forms with another seed."""
    assembly = papers.find_assembly(ctx.session, assembly_id)
    if assembly.kind is not PaperKind.FORM:
        raise NotFound
    again = papers.request_assembly(
        ctx.session,
        actor=ctx.actor,
        blueprint_id=assembly.blueprint_id,
        forms=assembly.forms,
        now=ctx.now,
    )
    return ctx.redirect(f"/papers/assemblies/{again.id}")


@router.post("/papers/assemblies/{assembly_id}/cancel")
def cancel_assembly(assembly_id: UUID, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Stop the work; its page tells when it has stopped and offers another start."""
    assembly = papers.find_assembly(ctx.session, assembly_id)
    if assembly.job_id is not None:
        jobs.cancel(ctx.session, actor=ctx.actor, job_id=assembly.job_id, now=ctx.now)
    return ctx.redirect(f"/papers/assemblies/{assembly_id}", notice=ctx._("The assembly is being cancelled."))


@router.post("/papers/assemblies/{assembly_id}/recompute")
def recompute(assembly_id: UUID, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Recompute every rule of the forms over the bank of today."""
    papers.recompute_at_will(ctx.session, actor=ctx.actor, assembly_id=assembly_id, now=ctx.now)
    return ctx.redirect(
        f"/papers/assemblies/{assembly_id}", notice=ctx._("Every rule was recomputed over the bank of today.")
    )


@router.get("/papers/assemblies/{assembly_id}/tables/{name}.csv")
def download_table(assembly_id: UUID, name: str, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """One table of the result as CSV."""
    table = _tables(ctx, assembly_id, [name])[0]
    return ctx.download(tables.to_csv(table), f"{table[0]}.csv", "text/csv; charset=utf-8")


@router.get("/papers/assemblies/{assembly_id}/tables.xlsx")
def download_tables(assembly_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """All tables of the result as a workbook."""
    found = _tables(ctx, assembly_id, tables.TABLES)
    return ctx.download(tables.to_xlsx(found), f"{ctx._('Forms side by side')}.xlsx", _XLSX)


def _tables(ctx: Context, assembly_id: UUID, names: list[str] | tuple[str, ...]) -> list[tables.Table]:
    assembly = papers.find_assembly(ctx.session, assembly_id)
    outcome = assembly.outcome or {}
    if "rules" not in outcome or not set(names) <= set(tables.TABLES):
        raise NotFound
    spec = papers.spec_of(papers.find_blueprint(ctx.session, assembly.blueprint_id))
    return [tables.result_table(ctx, name, outcome, spec, assembly_id) for name in names]
