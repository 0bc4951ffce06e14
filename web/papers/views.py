"""What the pages of papers show, worked out from services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.bank import Node
from exam_engine.papers.blueprint import BlueprintSpec, Row
from exam_engine.papers.compile import EQUAL, BankItem, matches
from exam_engine.papers.models import Assembly, Blueprint, Paper
from exam_engine.papers.rules import AssemblyStatus
from exam_engine.papers.service.blueprints import Supply
from itembank.base.errors import NotFound
from itembank.people import service as people
from itembank.taxonomy.rules import Level, read_level
from web.charts import Series, line_chart
from web.deps import Context
from web.forms import FormData
from web.papers import labels
from web.papers.forms import TYPES, Editor, whole

_MOST_MARKS = 1_000_000
"""What is typed beyond this is a slip; saving refuses it by name."""


@dataclass(frozen=True)
class OutlineRow:
    """A node with the active items below it, by type."""

    node: Node
    counts: tuple[int, ...]
    total: int
    importance: str


def institution_of(ctx: Context) -> UUID:
    """Return the institution for which the actor works; NotFound when there is none."""
    if ctx.actor.institution_id is None:
        raise NotFound
    return ctx.actor.institution_id


def place_of(data: FormData) -> tuple[UUID, Level]:
    """Return occupation and level that the editor was opened for."""
    try:
        return UUID(data.text("occupation_id")), read_level(data.text("level"))
    except ValueError:
        raise NotFound from None


def outline_rows(bank: Supply) -> list[OutlineRow]:
    """Return the outline with the number of active items below each node."""
    rows = []
    for node in bank.nodes:
        below = [item for item in bank.items if node.path in item.nodes]
        counts = tuple(sum(item.type == kind for item in below) for kind in TYPES)
        balance = ":".join(str(sum(item.importance == x for item in below)) for x in "XYZ")
        rows.append(OutlineRow(node, counts, len(below), balance))
    return rows


def supply_counts(
    ctx: Context, editor: Editor, occupation_id: UUID, level: Level, bank: Supply | None = None
) -> dict[str, Any]:
    """Return what the pool supplies at most for each section and row of the editor, and the marks so far.

    A row that is not complete yet has no count.
    """
    bank = bank or papers.supply(ctx.session, occupation_id=occupation_id, level=level, spec=None)
    most = whole(editor.head.get("max_per_point", "")) or None
    counts: dict[str, int] = {
        f"section-{kind}": _supply([i for i in bank.items if i.type == kind], most) for kind in TYPES
    }
    for number, row in enumerate(editor.rows):
        chosen = _selection(row)
        if chosen is not None:
            counts[f"row-{number}"] = _supply([i for i in bank.items if matches(chosen, i)], most)
    return {"counts": counts, "marks": _marks(editor), "items": _items(editor)}


def status_of(ctx: Context, assembly: Assembly) -> AssemblyStatus:
    """Return how an assembly stands; one whose job ended without it was stopped."""
    if assembly.status is not AssemblyStatus.WAITING or assembly.job_id is None:
        return assembly.status
    ended = jobs.find_job(ctx.session, assembly.job_id).status.is_final
    return AssemblyStatus.STOPPED if ended else AssemblyStatus.WAITING


def outcome_values(
    ctx: Context, assembly: Assembly, spec: BlueprintSpec, blueprint: Blueprint
) -> dict[str, Any]:
    """Return what the result page shows of an outcome."""
    outcome = assembly.outcome or {}
    error = outcome.get("error")
    values: dict[str, Any] = {
        "outcome": outcome,
        "run": outcome.get("run"),
        "error": _error_text(ctx, error) if error else "",
        "forms": labels.form_names(assembly.forms, ctx._),
        "rules": [],
        "targets": [],
        "composition": [],
        "chart": None,
        "curve_rows": [],
        "clash": [labels.clash_text(key, spec, ctx._) for key in outcome.get("clash", [])],
        "changes": [labels.change_text(change, spec, ctx._) for change in outcome.get("changes", [])],
        "shortages": [
            {**shortage, "name": labels.rule_label(shortage["key"], spec, ctx._)}
            for shortage in outcome.get("shortages", [])
        ],
    }
    if "rules" in outcome:
        values |= _result_values(ctx, outcome, spec, blueprint, values["forms"])
    return values


def _error_text(ctx: Context, error: Mapping[str, Any]) -> str:
    message = str(error["message"])
    return ctx._(message, **labels.error_facts(error["facts"], ctx._))


def people_of(ctx: Context, paper: Paper) -> dict[str, str]:
    """Return the names of those who made, approved and sealed a paper."""
    names = {}
    for part, user_id in (
        ("created", paper.created_by),
        ("approved", paper.approved_by),
        ("sealed", paper.sealed_by),
    ):
        names[part] = people.find_user(ctx.session, user_id).name if user_id else ""
    return names


def _result_values(
    ctx: Context, outcome: Mapping[str, Any], spec: BlueprintSpec, blueprint: Blueprint, forms: Any
) -> dict[str, Any]:
    bank = papers.supply(ctx.session, occupation_id=blueprint.occupation_id, level=blueprint.level, spec=None)
    nodes = {node.path: node.name for node in bank.nodes}
    rules = [
        {
            **rule,
            "name": ctx._("Combinations whose counts differ between forms")
            if rule["key"] == EQUAL
            else labels.rule_label(rule["key"], spec, ctx._),
            "required": labels.amount_text(rule["minimum"] or 0, rule["maximum"]),
        }
        for rule in outcome["rules"]
    ]
    targets = [{**t, "name": labels.rule_label(t["key"], spec, ctx._)} for t in outcome["targets"]]
    composition = [
        {
            "name": ctx._(labels.EQUAL_BY[attribute]),
            "rows": [
                {"value": labels.value_label(attribute, row["value"], nodes, ctx._), "counts": row["counts"]}
                for row in sorted(rows, key=lambda r: TYPES.index(r["value"]) if attribute == "type" else 0)
            ],
        }
        for attribute, rows in outcome["composition"].items()
    ]
    curves = outcome.get("curves")
    return {
        "rules": rules,
        "targets": targets,
        "composition": composition,
        "chart": _chart(ctx, curves, spec, forms) if curves else None,
        "curve_rows": list(zip(curves["theta"], *curves["forms"], strict=True))[::2] if curves else [],
    }


def _chart(ctx: Context, curves: Mapping[str, Any], spec: BlueprintSpec, forms: Any) -> Any:
    series = [
        Series(name, curves["theta"], values) for name, values in zip(forms, curves["forms"], strict=True)
    ]
    if spec.information:
        points = sorted((p.theta, p.goal) for p in spec.information)
        if len(points) == 1:
            theta, goal = points[0]
            points = [(theta - 0.1, goal), (theta + 0.1, goal)]
        series.insert(0, Series(ctx._("Target"), [p[0] for p in points], [p[1] for p in points], target=True))
    return line_chart(
        series,
        title=ctx._("Test information of the forms"),
        x_label=ctx._("Ability θ"),
        y_label=ctx._("Information"),
    )


def _selection(row: Mapping[str, str]) -> Row | None:
    """A row of the editor as a row of a blueprint, or None while its selection is not complete."""
    data: dict[str, Any] = {
        k: v for k, v in row.items() if v and k in ("node", "category", "importance", "type")
    }
    low, high = whole(row["difficulty_low"]), whole(row["difficulty_high"])
    if low is not None or high is not None:
        data["difficulty"] = (high if low is None else low, low if high is None else high)
    if not data:
        return None
    try:
        return Row.model_validate({"name": "row", **data})
    except ValueError:
        return None


def _supply(items: list[BankItem], most: int | None) -> int:
    if most is None:
        return len(items)
    counts: dict[str, int] = {}
    for item in items:
        if item.point:
            counts[item.point] = min(counts.get(item.point, 0) + 1, most)
    return sum(counts.values()) + sum(not item.point for item in items)


def _items(editor: Editor) -> int:
    return sum(whole(part.get("count", "")) or 0 for part in editor.sections.values())


def _marks(editor: Editor) -> str:
    total = Decimal(0)
    for part in editor.sections.values():
        try:
            total += (whole(part.get("count", "")) or 0) * Decimal(part.get("marks", "")[:8] or 0)
        except ArithmeticError:
            continue
    return format(total.normalize(), "f") if total.is_finite() and 0 < total < _MOST_MARKS else "0"
