"""Routes of assemblies and papers."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.rules import PaperStatus
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS
from web.deps import Context, requires
from web.papers import labels
from web.papers.assemblies import views

router = APIRouter()


@router.get("/papers/assemblies/{assembly_id}")
def show_assembly(assembly_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """Progress, then the forms side by side, or why there are none."""
    assembly = papers.find_assembly(ctx.session, assembly_id)
    blueprint = papers.find_blueprint(ctx.session, assembly.blueprint_id)
    spec: BlueprintSpec = papers.spec_of(blueprint)
    job = jobs.find_job(ctx.session, assembly.job_id) if assembly.job_id else None
    return ctx.page(
        "papers/assembly.html",
        block="state",
        assembly=assembly,
        blueprint=blueprint,
        spec=spec,
        job=job,
        papers=papers.papers_of(ctx.session, assembly_id),
        statuses=labels.PAPER_STATUSES,
        status_words=labels.ASSEMBLY_STATUSES[views.status_of(ctx, assembly)],
        own=assembly.requested_by == ctx.actor.id,
        **views.outcome_values(ctx, assembly, spec, blueprint),
    )


@router.get("/papers")
def list_papers(status: PaperStatus | None = None, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """All papers, or those in one state."""
    found = papers.list_papers(ctx.session, statuses=[status] if status else [])
    return ctx.page(
        "papers/papers.html",
        papers=found,
        chosen=status,
        statuses=labels.PAPER_STATUSES,
        occupations={o.id: o for o in taxonomy.list_occupations(ctx.session)},
        levels=LEVEL_LABELS,
    )


@router.get("/papers/{paper_id}")
def show_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """A paper: its content while it is reviewed, its digest once it is sealed."""
    return _paper_page(ctx, paper_id)


def _paper_page(ctx: Context, paper_id: UUID, *, checked: str = "") -> Response:
    paper = papers.find_paper(ctx.session, paper_id)
    # Who may neither assemble nor seal sees that a paper exists, not what is in it.
    reviews = ctx.may(Action.PAPER_SEAL) or ctx.may(Action.PAPER_ASSEMBLE)
    is_open = paper.status in (PaperStatus.DRAFT, PaperStatus.APPROVED)
    return ctx.page(
        "papers/paper.html",
        paper=paper,
        people=views.people_of(ctx, paper),
        content=papers.preview_draft(ctx.session, paper_id) if is_open and reviews else None,
        occupation=taxonomy.find_occupation(ctx.session, paper.occupation_id),
        levels=LEVEL_LABELS,
        types=labels.ITEM_TYPES,
        statuses=labels.PAPER_STATUSES,
        own=paper.created_by == ctx.actor.id,
        checked=checked,
    )


@router.post("/papers/{paper_id}/approve")
def approve_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Approve a draft as the second person."""
    paper = papers.approve_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("Paper {label} was approved.", label=paper.label))


@router.post("/papers/{paper_id}/seal")
def seal_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Seal a paper, approving it first if that has not been done."""
    paper = papers.find_paper(ctx.session, paper_id)
    if paper.status is PaperStatus.DRAFT:
        papers.approve_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    paper = papers.seal_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("Paper {label} was sealed.", label=paper.label))


@router.post("/papers/{paper_id}/discard")
def discard_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Put a draft aside."""
    paper = papers.discard_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    return ctx.redirect("/papers", notice=ctx._("Paper {label} was discarded.", label=paper.label))


@router.post("/papers/{paper_id}/verify")
def verify_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Open a sealed paper on the server and recompute its digest; shows the digest, never the content."""
    return _paper_page(ctx, paper_id, checked=papers.verify_sealed(ctx.session, paper_id))
