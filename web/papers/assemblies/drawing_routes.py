"""Routes of individual forms: what a drawing came to, and one form on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import CURVE, INFORMATION
from exam_engine.papers.models import Assembly
from exam_engine.papers.printing import service as printing
from exam_engine.papers.printing.rules import Document, Format, Variant
from itembank.base.fonts import find_fonts
from itembank.people.rules import Action
from web.charts import bar_chart
from web.deps import Context, requires
from web.labels import PAPER_STATUSES
from web.papers import labels
from web.papers.assemblies import views

router = APIRouter()

FAIRNESS = {"information": INFORMATION, "expected score": CURVE}
"""What the drawing compares at abilities that are no targets → the rule that would make it one."""


@router.get("/papers/drawings/{assembly_id}")
def show_drawing(assembly_id: UUID, ctx: Context = requires(Action.PLAN_READ)) -> Response:
    """Exposure, overlap and deviations of individual forms, or why there are none; no item is shown."""
    assembly = papers.find_assembly(ctx.session, assembly_id)
    blueprint = papers.find_blueprint(ctx.session, assembly.blueprint_id)
    spec: BlueprintSpec = papers.spec_of(blueprint)
    status = views.status_of(ctx, assembly)
    return ctx.page(
        "papers/drawing.html",
        assembly=assembly,
        blueprint=blueprint,
        paper=papers.collection_of(ctx.session, assembly_id),
        paper_statuses=PAPER_STATUSES,
        status_now=status,
        status_words=labels.ASSEMBLY_STATUSES[status],
        drawn=drawing_values(ctx, assembly.outcome or {}, spec),
        back=_asked_from(ctx, assembly),
        **views.outcome_values(ctx, assembly, spec, blueprint, label=labels.plain_label),
    )


def _asked_from(ctx: Context, assembly: Assembly) -> str:
    """Return the page on which the drawing was asked for; empty when no job did it."""
    if assembly.job_id is None:
        return ""
    return str(jobs.find_job(ctx.session, assembly.job_id).payload.get("url") or "")


def drawing_values(ctx: Context, outcome: Mapping[str, Any], spec: BlueprintSpec) -> dict[str, Any] | None:
    """Return what is known of drawn forms in words and pictures; None where there are none."""
    drawn = outcome.get("drawn")
    if drawn is None:
        return None
    exposure, pairs = drawn["exposure"]["histogram"], drawn["overlap"]["pairs"]
    targets = [{**t, "name": labels.plain_label(t["key"], spec, ctx._)} for t in drawn["targets"]]
    known = {target["name"] for target in targets}
    fairness = [{**row, "words": _fairness(ctx, row["name"], spec)} for row in drawn["fairness"]]
    widest = exposure[-1][1] if exposure else 1.0
    digits = 0 if widest >= 0.1 else 1 if widest >= 0.01 else 2
    most = max((k for k, count in enumerate(pairs) if count), default=0)
    return {
        **drawn,
        "exposure_chart": bar_chart(
            [f"{100 * low:.{digits}f}–{100 * high:.{digits}f}" for low, high, _ in exposure],
            [count for _, _, count in exposure],
            title=ctx._("How often items are used"),
            x_label=ctx._("Part of the forms that hold an item (%)"),
            y_label=ctx._("Items"),
        ),
        "overlap_chart": bar_chart(
            [str(k) for k in range(most + 1)],
            [100 * count / sum(pairs) for count in pairs[: most + 1]],
            title=ctx._("What two forms share"),
            x_label=ctx._("Items in common"),
            y_label=ctx._("Part of the pairs of forms (%)"),
        )
        if sum(pairs)
        else None,
        "exposure_rows": exposure,
        "overlap_rows": [(k, count) for k, count in enumerate(pairs[: most + 1])],
        "targets": targets,
        "fairness": [row for row in fairness if row["words"] not in known],
    }


def _fairness(ctx: Context, name: str, spec: BlueprintSpec) -> str:
    kind, _, theta = name.rpartition(" at ")
    return labels.plain_label(FAIRNESS[kind] + theta, spec, ctx._) if kind in FAIRNESS else name


@router.post("/papers/{paper_id}/forms/{number}/print")
def print_form(paper_id: UUID, number: int, ctx: Context = requires(Action.PAPER_PRINT)) -> Response:
    """One form of a collection as a PDF, in the order of the sealed paper; the record says who took which."""
    file = printing.print_paper(
        ctx.session,
        actor=ctx.actor,
        paper_id=paper_id,
        form=number,
        document=Document.PAPER,
        variant=Variant("A"),
        format=Format.PDF,
        fonts=find_fonts(tuple(ctx.settings.font_folders)),
        now=ctx.now,
    )
    return ctx.download(file.content, file.name, file.media_type)
