"""Routes of papers: the list, a paper's page, decisions of the second person, what is done to several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from exam_engine.papers import service as papers
from exam_engine.papers.models import Paper
from exam_engine.papers.rules import PaperAltered, PaperCheck, PaperStatus
from itembank.base.crypto import SealBroken
from itembank.base.errors import ExamError
from itembank.people import service as people
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import LEVEL_LABELS, Level
from web.deps import Context, requires
from web.errors import status_of
from web.forms import FormData, PageNumber, form_data
from web.i18n import N_
from web.labels import PAPER_STATUSES
from web.papers import labels
from web.papers.assemblies import paper_views
from web.papers.assemblies.words import CHECKS

router = APIRouter()
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("/papers")
def list_papers(
    status: str = "",
    occupation: str = "",
    level: str = "",
    q: str = "",
    page: PageNumber = 1,
    ctx: Context = requires(Action.PAPER_READ),
) -> Response:
    """Papers by state, occupation, level and a part of their number."""
    occupations = {o.id: o for o in taxonomy.list_occupations(ctx.session)}
    wanted = papers.PaperFilter(
        status=next((s for s in PaperStatus if s.value == status), None),
        occupation_id=next((key for key in occupations if str(key) == occupation), None),
        level=next((one.value for one in Level if str(one.value) == level), None),
        text=q,
    )
    found, total = papers.search_papers(ctx.session, wanted, page)
    blueprints = {p.blueprint_id: papers.find_blueprint(ctx.session, p.blueprint_id) for p in found}
    authors = {p.created_by for p in found if p.created_by}
    return ctx.page(
        "papers/papers.html",
        papers=found,
        blueprints=blueprints,
        authors={user: people.find_user(ctx.session, user).name for user in authors},
        total=total,
        page=page,
        pages=max(1, -(-total // papers.PAGE)),
        wanted=wanted,
        filtered=wanted != papers.PaperFilter(),
        statuses=PAPER_STATUSES,
        occupations=occupations,
        levels=LEVEL_LABELS,
    )


@router.post("/papers/several/approve")
def approve_several(data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Approve several papers: first the checklist with what was recomputed of each, then the decision."""
    chosen = _chosen(ctx, data)
    ticked = _ticked(data)
    if set(ticked) != set(PaperCheck):
        specs = {p.id: papers.spec_of(papers.find_blueprint(ctx.session, p.blueprint_id)) for p in chosen}
        return ctx.page(
            "papers/papers_approve.html",
            rows=[(p, paper_views.verdict_of(ctx, p, specs[p.id])) for p in chosen],
            checks=CHECKS,
            ticked=ticked,
            missing=bool(data.text("decided")),
            status=422 if data.text("decided") else 200,
        )
    return _each(
        ctx,
        chosen,
        N_("{count} papers were approved."),
        lambda p: papers.approve_paper(
            ctx.session, actor=ctx.actor, paper_id=p.id, now=ctx.now, checks=ticked
        ),
        then="/papers?status=approved",
    )


@router.post("/papers/several/seal")
def seal_several(data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Seal several approved papers."""
    return _each(
        ctx,
        _chosen(ctx, data),
        N_("{count} papers were sealed."),
        lambda p: papers.seal_paper(ctx.session, actor=ctx.actor, paper_id=p.id, now=ctx.now),
    )


@router.post("/papers/several/discard")
def discard_several(data: FormDep, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Put several papers aside."""
    return _each(
        ctx,
        _chosen(ctx, data),
        N_("{count} papers were discarded."),
        lambda p: papers.discard_paper(ctx.session, actor=ctx.actor, paper_id=p.id, now=ctx.now),
    )


@router.get("/papers/{paper_id}")
def show_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_READ)) -> Response:
    """A paper: its content while it is reviewed, its digest once it is sealed."""
    return paper_page(ctx, paper_id)


def paper_page(
    ctx: Context,
    paper_id: UUID,
    *,
    error: ExamError | None = None,
    reason: str = "",
    ticked: Sequence[int] | None = None,
    confirmed: Sequence[PaperCheck] = (),
    verdict: papers.SealVerdict | None = None,
    altered: bool = False,
    with_keys: bool = False,
    status: int = 200,
) -> Response:
    """Answer with a paper's page; what was refused stands above it, the reason typed and the locks set are kept."""
    paper = papers.find_paper(ctx.session, paper_id)
    values: dict[str, Any] = paper_views.paper_values(ctx, paper)
    values["show_keys"] |= with_keys
    if verdict is not None:
        values |= paper_views.seal_values(ctx, paper, verdict)
    return ctx.page(
        "papers/paper.html",
        paper=paper,
        people=paper_views.people_of(ctx, paper),
        occupation=taxonomy.find_occupation(ctx.session, paper.occupation_id),
        levels=LEVEL_LABELS,
        types=labels.ITEM_TYPES,
        statuses=PAPER_STATUSES,
        own=paper.created_by == ctx.actor.id,
        error=refusal_text(ctx, error, values["spec"]) if error else "",
        reason=reason,
        ticked=ticked,
        confirmed=confirmed,
        altered=altered,
        **({"sealed": None} | values),
        status=status,
    )


def refusal_text(ctx: Context, error: ExamError, spec: Any) -> str:
    """Return a refusal in the reader's words, its rules in the author's."""
    facts = labels.error_facts(error.facts, ctx._)
    if "rules" in facts:
        keys = str(facts["rules"]).split(", ")
        facts["rules"] = "、".join(labels.rule_label(key, spec, ctx._) for key in keys)
    return ctx._(error.message, **facts)


@router.post("/papers/{paper_id}/keys")
def show_keys(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Show the second person the keys that they are to confirm, and record it."""
    papers.record_keys_shown(ctx.session, actor=ctx.actor, paper_id=paper_id)
    return paper_page(ctx, paper_id, confirmed=_ticked(data), with_keys=True)


@router.post("/papers/{paper_id}/approve")
def approve_paper(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Approve a draft as the second person, the checklist confirmed."""
    try:
        with ctx.session.begin_nested():
            paper = _approve(ctx, paper_id, data)
    except ExamError as error:
        if status_of(error) in (403, 404):
            raise
        return paper_page(ctx, paper_id, error=error, confirmed=_ticked(data), status=status_of(error))
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("Paper {label} was approved.", label=paper.label))


@router.post("/papers/{paper_id}/seal")
def seal_paper(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Seal a paper, approving it first with the checklist if that has not been done."""
    paper = papers.find_paper(ctx.session, paper_id)
    try:
        with ctx.session.begin_nested():
            if paper.status is PaperStatus.DRAFT:
                _approve(ctx, paper_id, data)
            papers.seal_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    except ExamError as error:
        if status_of(error) in (403, 404):
            raise
        return paper_page(ctx, paper_id, error=error, confirmed=_ticked(data), status=status_of(error))
    return ctx.redirect(f"/papers/{paper_id}", notice=ctx._("Paper {label} was sealed.", label=paper.label))


@router.post("/papers/{paper_id}/refuse")
def refuse_paper(paper_id: UUID, data: FormDep, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Send a paper back to its author with the reason."""
    reason = data.text("reason")
    try:
        with ctx.session.begin_nested():
            paper = papers.refuse_paper(
                ctx.session, actor=ctx.actor, paper_id=paper_id, reason=reason, now=ctx.now
            )
    except ExamError as error:
        if status_of(error) in (403, 404):
            raise
        return paper_page(ctx, paper_id, error=error, reason=reason, status=status_of(error))
    notice = ctx._("Paper {label} was sent back to its author.", label=paper.label)
    return ctx.redirect(f"/papers/{paper_id}", notice=notice)


@router.post("/papers/{paper_id}/discard")
def discard_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_ASSEMBLE)) -> Response:
    """Put a paper aside."""
    paper = papers.discard_paper(ctx.session, actor=ctx.actor, paper_id=paper_id, now=ctx.now)
    return ctx.redirect("/papers", notice=ctx._("Paper {label} was discarded.", label=paper.label))


@router.post("/papers/{paper_id}/verify")
def verify_paper(paper_id: UUID, ctx: Context = requires(Action.PAPER_SEAL)) -> Response:
    """Open a sealed paper on the server, recompute digest and rules; shows the verdict, never the content."""
    try:
        verdict = papers.recheck_sealed(ctx.session, actor=ctx.actor, paper_id=paper_id)
    except (PaperAltered, SealBroken):
        return paper_page(ctx, paper_id, altered=True, status=409)
    return paper_page(ctx, paper_id, verdict=verdict)


def _approve(ctx: Context, paper_id: UUID, data: FormData) -> Paper:
    revision = data.text("revision")
    return papers.approve_paper(
        ctx.session,
        actor=ctx.actor,
        paper_id=paper_id,
        now=ctx.now,
        checks=_ticked(data),
        revision=int(revision) if revision.isdecimal() else None,
    )


def _ticked(data: FormData) -> list[PaperCheck]:
    sent = set(data.texts("check"))
    return [check for check in PaperCheck if check.value in sent]


def _chosen(ctx: Context, data: FormData) -> list[Paper]:
    found = []
    for text in dict.fromkeys(data.texts("paper")):
        try:
            found.append(papers.find_paper(ctx.session, UUID(text)))
        except (ValueError, ExamError):
            continue
    return found[: papers.PAGE]


def _each(
    ctx: Context, chosen: list[Paper], done: str, act: Callable[[Paper], object], *, then: str = "/papers"
) -> Response:
    """Do something to each paper, each for itself: one that is refused does not hold up the others."""
    refused = []
    for paper in chosen:
        spec = papers.spec_of(papers.find_blueprint(ctx.session, paper.blueprint_id))
        try:
            with ctx.session.begin_nested():
                act(paper)
        except ExamError as error:
            refused.append(f"{paper.label}：{refusal_text(ctx, error, spec)}")
    notice = ctx._(done, count=len(chosen) - len(refused))
    if not chosen:
        notice = ctx._("No paper was chosen.")
    if refused:
        more = ctx._("Refused: {reasons}", reasons=" ".join(refused[:5]))
        notice = f"{notice} {more}"
    return ctx.redirect("/papers" if refused else then, notice=notice)
