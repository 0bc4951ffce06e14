"""The result of an assembly as tables for CSV and spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from openpyxl import Workbook

from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from web.deps import Context
from web.i18n import format_day
from web.papers import labels
from web.papers.assemblies import views
from web.sheets import inert

Table = tuple[str, Sequence[str], Sequence[Sequence[object]]]
"""Title, heads of the columns, rows."""

TABLES = ("rules", "composition", "curves", "pairs", "items")


def result_table(
    ctx: Context, name: str, outcome: Mapping[str, Any], spec: BlueprintSpec, assembly_id: UUID
) -> Table:
    """Return one of TABLES."""
    forms = views.form_names(ctx, outcome, len(outcome["mean_difficulty"]))
    if name == "rules":
        return _rules(ctx, outcome, spec, forms)
    if name == "composition":
        rows = [
            [part["name"], row["value"], *row["counts"]]
            for part in views.composition_parts(ctx, outcome, {})
            for row in part["rows"]
        ]
        return ctx._("Content side by side"), [ctx._("Attribute"), ctx._("Value"), *forms], rows
    if name == "curves":
        return _curves(ctx, outcome, forms)
    if name == "pairs":
        heads = [ctx._("Paper form"), ctx._("Other form"), ctx._("Items in common")]
        heads += [ctx._("Information, largest difference (%)"), ctx._("Expected marks, largest difference")]
        pairs = views.pair_rows(outcome, forms)
        keys = ("one", "other", "common", "information", "score")
        return ctx._("Differences of any two forms"), heads, [[row[k] for k in keys] for row in pairs]
    heads = [
        ctx._("Number in the bank"),
        ctx._("Item type"),
        ctx._("Forms here"),
        ctx._("Sealed papers before"),
    ]
    found = papers.exposure(ctx.session, assembly_id)
    rows = [
        [
            row.number,
            ctx._(labels.ITEM_TYPES.get(row.type, row.type)),
            row.forms,
            row.sealed,
            format_day(row.last_used_at, ctx.language) if row.last_used_at else "",
        ]
        for row in found
    ]
    return ctx._("Use of the items"), [*heads, ctx._("Last used")], rows


def to_csv(table: Table) -> bytes:
    """Return a table as CSV that spreadsheet programs read as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([inert(head) for head in table[1]])
    writer.writerows([_cell(value) for value in row] for row in table[2])
    return text.getvalue().encode("utf-8-sig")


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """Return tables as a workbook, one sheet each."""
    book = Workbook(write_only=True)
    for title, heads, rows in tables:
        sheet = book.create_sheet(title[:31])
        sheet.append([inert(head) for head in heads])
        for row in rows:
            sheet.append([_cell(value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _rules(ctx: Context, outcome: Mapping[str, Any], spec: BlueprintSpec, forms: Sequence[str]) -> Table:
    heads = [ctx._("Rule"), ctx._("Required"), *forms, ctx._("Holds")]
    rows: list[list[object]] = []
    for rule in views.rule_rows(ctx, outcome, spec):
        values = rule["actual"] if len(rule["actual"]) == len(forms) else rule["actual"][:1] * len(forms)
        rows.append([rule["name"], rule["required"], *values, ctx._("yes") if rule["ok"] else ctx._("no")])
    for target in views.target_rows(ctx, outcome, spec):
        holds = ctx._("yes") if target["ok"] else ctx._("no")
        rows.append([target["name"], target["goal"], *target["actual"], holds])
    return ctx._("Every rule, recomputed"), heads, rows


def _curves(ctx: Context, outcome: Mapping[str, Any], forms: Sequence[str]) -> Table:
    curves = outcome.get("curves") or {"theta": [], "forms": [], "scores": []}
    heads = ["θ", *(f"{ctx._('Information')} {form}" for form in forms)]
    heads += [f"{ctx._('Expected marks')} {form}" for form in forms]
    columns = [curves["theta"], *curves["forms"], *curves.get("scores", [])]
    return ctx._("Curves"), heads, list(zip(*columns, strict=True))


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 6)
    return value if isinstance(value, int) else inert(str(value))
