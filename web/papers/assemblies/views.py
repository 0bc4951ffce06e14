"""What the pages of assemblies and papers show, worked out from services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import EQUAL
from exam_engine.papers.models import Assembly, Blueprint, Paper
from exam_engine.papers.rules import AssemblyStatus
from itembank.people import service as people
from web.charts import Series, line_chart
from web.deps import Context
from web.papers import labels
from web.papers.forms import TYPES


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
