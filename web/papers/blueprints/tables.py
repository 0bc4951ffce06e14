"""Routes of the specification table 双向细目表: the page that a panel prints and signs, CSV and XLSX."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from openpyxl import Workbook

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import DEPTHS, BlueprintSpec, Row
from exam_engine.papers.models import Blueprint
from exam_engine.papers.supply import Stock
from exam_engine.papers.table import Across, Cell, Table, specification_table
from itembank.people.rules import Action
from itembank.taxonomy import service as taxonomy
from itembank.taxonomy.rules import Level
from web.deps import Context, requires
from web.i18n import N_
from web.papers import labels
from web.papers.blueprints.versions import words_of
from web.sheets import inert

router = APIRouter()

ACROSS = {"type": N_("Item type"), "difficulty": N_("Difficulty"), "importance": N_("Importance")}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN_ELSEWHERE = ("sections", "rows", "total_marks", "minutes")


@router.get("/blueprints/{blueprint_id}/table")
def show_table(
    blueprint_id: UUID, by: Across = "type", depth: int = DEPTHS, ctx: Context = requires(Action.PAPER_READ)
) -> Response:
    """The table on a page that prints as the sheet to be signed."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    spec = papers.spec_of(blueprint)
    table = _table(ctx, blueprint, spec, by, depth)
    return ctx.page(
        "papers/blueprint_table.html",
        blueprint=blueprint,
        spec=spec,
        table=table,
        columns=[_column(ctx, by, value) for value in table.columns],
        by=by,
        depth=depth,
        depths=range(1, DEPTHS + 1),
        across=ACROSS,
        occupation=taxonomy.find_occupation(ctx.session, blueprint.occupation_id),
        level=Level(blueprint.level),
        counts=lambda cell: _range(cell.low, cell.high),
        marks=lambda cell: _range(cell.marks_low, cell.marks_high),
        others=_others(ctx, spec, table),
        query=f"by={by}&depth={depth}",
    )


@router.get("/blueprints/{blueprint_id}/table.csv")
def table_csv(
    blueprint_id: UUID, by: Across = "type", depth: int = DEPTHS, ctx: Context = requires(Action.PAPER_READ)
) -> Response:
    """The table as CSV that spreadsheet programs read as UTF-8."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_sheet(ctx, blueprint, by, depth))
    name = ctx._("{name} specification table", name=blueprint.name)
    return ctx.download(text.getvalue().encode("utf-8-sig"), f"{name}.csv", "text/csv; charset=utf-8")


@router.get("/blueprints/{blueprint_id}/table.xlsx")
def table_xlsx(
    blueprint_id: UUID, by: Across = "type", depth: int = DEPTHS, ctx: Context = requires(Action.PAPER_READ)
) -> Response:
    """The table as a workbook."""
    blueprint = papers.find_blueprint(ctx.session, blueprint_id)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(ctx._("Specification table")[:31])
    for line in _sheet(ctx, blueprint, by, depth):
        sheet.append(line)
    stream = io.BytesIO()
    book.save(stream)
    name = ctx._("{name} specification table", name=blueprint.name)
    return ctx.download(stream.getvalue(), f"{name}.xlsx", XLSX)


def _table(ctx: Context, blueprint: Blueprint, spec: BlueprintSpec, by: Across, depth: int) -> Table:
    bank = papers.supply(ctx.session, occupation_id=blueprint.occupation_id, level=blueprint.level, spec=None)
    return specification_table(spec, bank.nodes, Stock(bank.items), across=by, depth=depth)


def _sheet(ctx: Context, blueprint: Blueprint, by: Across, depth: int) -> list[list[Any]]:
    """Headings, a line a unit, sums; of each column items, marks and supply."""
    spec = papers.spec_of(blueprint)
    table = _table(ctx, blueprint, spec, by, depth)
    heads = [*(_column(ctx, by, value) for value in table.columns), ctx._("Together")]
    parts = (ctx._("Number of items"), ctx._("marks"), ctx._("Supply"))
    lines: list[list[Any]] = [
        [ctx._("Outline node"), ctx._("Name"), *(f"{head} {part}" for head in heads for part in parts)]
    ]
    lines += [
        [inert(line.code), inert(line.name), *_cells((*line.cells, line.total))] for line in table.lines
    ]
    lines.append(["", ctx._("Whole paper"), *_cells((*table.bottom, table.whole))])
    return lines


def _cells(cells: tuple[Cell, ...]) -> list[Any]:
    return [
        value
        for cell in cells
        for value in (_plain(cell.low, cell.high), _plain(cell.marks_low, cell.marks_high), cell.supply)
    ]


def _plain(low: Decimal | int | None, high: Decimal | int | None) -> Any:
    """A number where it is one, so that spreadsheets can add it up; else the range as text."""
    if low is not None and low == high:
        return float(low) if low % 1 else int(low)
    return _range(low, high)


def _range(low: Decimal | int | None, high: Decimal | int | None) -> str:
    if low is None and high is None:
        return ""
    return labels.amount_text(None if low is None else float(low), None if high is None else float(high))


def _column(ctx: Context, by: Across, value: str) -> str:
    if by == "type":
        return ctx._(labels.ITEM_TYPES[value])
    return ctx._("Difficulty {level}", level=value) if by == "difficulty" else value


def _others(ctx: Context, spec: BlueprintSpec, table: Table) -> list[tuple[str, str]]:
    """What the blueprint asks for beside the table: its other rows, and the rest of the head."""
    said = spec.model_dump(mode="json", exclude_defaults=True)
    rows = [(row.name, words_of(_said(row), "", ctx._)) for row in table.others]
    head = [
        (labels.field_label(field, ctx._), words_of(value, field, ctx._))
        for field, value in said.items()
        if field not in _SHOWN_ELSEWHERE
    ]
    return rows + head


def _said(row: Row) -> dict[str, Any]:
    return row.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
