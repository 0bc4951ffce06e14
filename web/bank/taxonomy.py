"""Occupations, outlines with recounted totals, and their import."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from itembank.base.errors import ExamError
from itembank.items import service as items
from itembank.items.rules import ItemStatus
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.models import Outline
from itembank.taxonomy.reading import read_outline, write_workbook
from itembank.taxonomy.rules import LEVEL_LABELS, Level, OutlineStatus
from web.bank import labels
from web.bank.forms import OccupationForm
from web.bank.placing import FileNeeded
from web.deps import Context, requires
from web.forms import Form, FormData, form_data, parse_form

router = APIRouter(prefix="/bank/taxonomy")
FormDep = Annotated[FormData, Depends(form_data)]


@router.get("")
def show_taxonomy(ctx: Context = requires(Action.TAXONOMY_READ)) -> Response:
    """The institution's outlines, and the site's occupations."""
    return _taxonomy_page(ctx, Form())


def _taxonomy_page(ctx: Context, form: Form[Any], status: int = 200) -> Response:
    occupations = taxonomy.list_occupations(ctx.session)
    work_types: dict[UUID, list[str]] = {}
    for kind in taxonomy.list_work_types(ctx.session):
        work_types.setdefault(kind.occupation_id, []).append(kind.name)
    return ctx.page(
        "bank/taxonomy.html",
        outlines=taxonomy.list_outlines(ctx.session),
        occupations=occupations,
        by_id={occupation.id: occupation for occupation in occupations},
        work_types=work_types,
        levels=LEVEL_LABELS,
        labels=labels,
        form=form,
        status=status,
    )


@router.post("/occupations")
def add_occupation(data: FormDep, ctx: Context = requires(Action.OCCUPATION_WRITE)) -> Response:
    """Add an occupation to the site's list."""
    form = parse_form(OccupationForm, data)
    if form.model is None:
        return _taxonomy_page(ctx, form, 422)
    sent = form.model
    try:
        added = taxonomy.add_occupation(
            ctx.session,
            actor=ctx.actor,
            code=sent.code,
            name=sent.name,
            work_types=sent.work_types.replace("，", "、").replace(",", "、").split("、"),
        )
    except ExamError as error:
        form.add("code", error)
        return _taxonomy_page(ctx, form, 422)
    return ctx.redirect(
        "/bank/taxonomy", notice=ctx._("{name} was added.", name=f"{added.code} {added.name}")
    )


@router.post("/import")
def import_outline(data: FormDep, ctx: Context = requires(Action.TAXONOMY_WRITE)) -> Response:
    """Read an outline file; what does not add up in it is shown on its page."""
    form: Form[Any] = Form()
    try:
        sent = data.read("file")
        if sent is None:
            raise FileNeeded
        source = read_outline(*sent)
        outline = taxonomy.import_outline(ctx.session, actor=ctx.actor, source=source, now=ctx.now)
    except ExamError as error:
        form.add("file", error)
        return _taxonomy_page(ctx, form, 422)
    return ctx.redirect(
        f"/bank/taxonomy/outlines/{outline.id}", notice=ctx._("The outline was imported. Check the totals.")
    )


@router.get("/template")
def outline_template(ctx: Context = requires(Action.TAXONOMY_READ)) -> Response:
    """An empty workbook with the expected sheets and columns."""
    return ctx.download(
        write_workbook({}, ()), ctx._("outline template") + ".xlsx", "application/vnd.ms-excel"
    )


def _title(outline: Outline, name: str) -> dict[str, str]:
    return {
        "职业名称": name,
        "级别": LEVEL_LABELS[Level(outline.level)],
        "名称": outline.title,
        "版本": outline.version,
    }


@router.get("/outlines/{outline_id}")
def show_outline(outline_id: UUID, ctx: Context = requires(Action.TAXONOMY_READ)) -> Response:
    """An outline as a tree, with recounted totals, warnings, and the items at each point."""
    tree = taxonomy.outline_tree(ctx.session, outline_id)
    coverage = items.point_coverage(ctx.session, outline_id)
    return ctx.page(
        "bank/outline.html",
        tree=tree,
        outline=tree.outline,
        occupation=taxonomy.find_occupation(ctx.session, tree.outline.occupation_id),
        level=LEVEL_LABELS[Level(tree.outline.level)],
        active={point: counts.get(ItemStatus.ACTIVE, 0) for point, counts in coverage.items()},
        placed={point: sum(counts.values()) for point, counts in coverage.items()},
        retired=OutlineStatus.RETIRED,
        labels=labels,
    )


@router.get("/outlines/{outline_id}/workbook")
def download_outline(outline_id: UUID, ctx: Context = requires(Action.TAXONOMY_READ)) -> Response:
    """The outline as a workbook that can be imported again."""
    tree = taxonomy.outline_tree(ctx.session, outline_id)
    occupation = taxonomy.find_occupation(ctx.session, tree.outline.occupation_id)
    facts = {"职业编码": occupation.code, **_title(tree.outline, occupation.name)}
    packed = write_workbook(facts, tree.scopes, tree.functions)
    return ctx.download(packed, f"{occupation.name}-{tree.outline.version}.xlsx", "application/vnd.ms-excel")


@router.post("/outlines/{outline_id}/status/{status}")
def set_status(
    outline_id: UUID, status: OutlineStatus, ctx: Context = requires(Action.TAXONOMY_WRITE)
) -> Response:
    """Take an outline out of use, or back into it."""
    taxonomy.set_outline_status(ctx.session, actor=ctx.actor, outline_id=outline_id, status=status)
    return ctx.redirect(
        f"/bank/taxonomy/outlines/{outline_id}", notice=ctx._(labels.OUTLINE_STATUSES[status])
    )
