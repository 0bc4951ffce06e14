"""What the page of an assembly shows, worked out from services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from exam_engine.jobs import service as jobs
from exam_engine.papers import service as papers
from exam_engine.papers.blueprint import BlueprintSpec
from exam_engine.papers.compile import EQUAL, NO_SHARING
from exam_engine.papers.models import Assembly, Blueprint
from exam_engine.papers.rules import AssemblyStatus
from web.deps import Context
from web.i18n import N_, format_time
from web.papers import labels
from web.papers.assemblies.pictures import curve_charts
from web.papers.assemblies.words import STAGE_STEPS, findings
from web.papers.forms import TYPES

MOST_COLUMNS = 10
"""With more forms a table shows the least and the greatest value in their place."""

COUNTED = {
    EQUAL: N_("Combinations whose counts differ between forms"),
    NO_SHARING: N_("Most forms that an item stands in"),
}
"""Rules whose value is a count of something else than their name says."""


def status_of(ctx: Context, assembly: Assembly) -> AssemblyStatus:
    """Return how an assembly stands; one whose job ended without it was stopped."""
    if assembly.status is not AssemblyStatus.WAITING or assembly.job_id is None:
        return assembly.status
    ended = jobs.find_job(ctx.session, assembly.job_id).status.is_final
    return AssemblyStatus.STOPPED if ended else AssemblyStatus.WAITING


def outcome_values(
    ctx: Context,
    assembly: Assembly,
    spec: BlueprintSpec,
    blueprint: Blueprint,
    show: str = "",
    *,
    label: labels.Label = labels.rule_label,
) -> dict[str, Any]:
    """Return what the result page shows of an outcome; ``show`` filters the rules: tight or broken."""
    outcome = assembly.outcome or {}
    error, changes = outcome.get("error"), outcome.get("changes", [])
    numbers = papers.item_numbers(ctx.session, labels.items_of_changes(changes)) if changes else {}
    values: dict[str, Any] = {
        "outcome": outcome,
        "checked_at": _time(ctx, outcome.get("checked_at")),
        "run": outcome.get("run"),
        "error": error_text(ctx, error) if error else "",
        "forms": form_names(ctx, outcome, assembly.forms),
        "rules": [],
        "clash": [labels.clash_text(key, spec, ctx._, label=label) for key in outcome.get("clash", [])],
        "more_clashes": not {change["key"] for change in changes} <= set(outcome.get("clash", [])),
        "changes": [labels.change_text(change, spec, ctx._, numbers, label=label) for change in changes],
        "shortages": [
            {**shortage, "name": label(shortage["key"], spec, ctx._)}
            for shortage in outcome.get("shortages", [])
        ],
    }
    if "rules" in outcome:
        values |= _result_values(ctx, outcome, spec, blueprint, values["forms"], show)
    return values


def error_text(ctx: Context, error: Mapping[str, Any]) -> str:
    """Return a stored refusal in the reader's words."""
    return ctx._(str(error["message"]), **labels.error_facts(error["facts"], ctx._))


def form_names(ctx: Context, outcome: Mapping[str, Any], forms: int) -> Sequence[str]:
    """Return the names of the forms that are left."""
    return [ctx._("Form {number}", number=k) for k in outcome.get("numbers") or range(1, forms + 1)]


def progress_values(ctx: Context, assembly: Assembly, job: Any) -> dict[str, Any]:
    """Return how far a running assembly is: steps, bound and best in percent, forms done, seconds so far."""
    known = assembly.progress or {}
    stage = known.get("stage", "")
    names = [name for name, _ in STAGE_STEPS]
    at = names.index(stage) if stage in names else 0 if job and job.started_at else -1
    steps = [
        (ctx._(words), "now" if k == at else "done" if k < at else "later")
        for k, (_, words) in enumerate(STAGE_STEPS)
    ]
    if stage == "explain":
        steps = [(steps[0][0], "done"), (ctx._("Looking for the reason why there is no solution"), "now")]
    return {
        "steps": steps,
        "known": known,
        "all_built": stage in ("improve", "polish", "verify"),
        "elapsed_seconds": int((ctx.now - job.started_at).total_seconds()) if job and job.started_at else 0,
    }


def rule_rows(ctx: Context, outcome: Mapping[str, Any], spec: BlueprintSpec) -> list[dict[str, Any]]:
    """Return the rules in words with what is required, and whether a form is at a bound."""
    rows = []
    for rule in outcome["rules"]:
        name = labels.rule_label(rule["key"], spec, ctx._)
        low, high = rule["minimum"], rule["maximum"]
        # Of two values that are allowed each is a bound; and that no item is shared is no narrow miss.
        narrow = rule["key"] == NO_SHARING or (low and high is not None and high - low <= 1)
        near = low != high and not narrow and any(value in (low, high) and value for value in rule["actual"])
        rows.append(
            {
                **rule,
                "name": ctx._(COUNTED[rule["key"]]) if rule["key"] in COUNTED else name,
                "required": labels.amount_text(low or 0, high),
                "tight": near,
            }
        )
    return rows


def target_rows(ctx: Context, outcome: Mapping[str, Any], spec: BlueprintSpec) -> list[dict[str, Any]]:
    """Return the targets in words."""
    return [{**t, "name": labels.rule_label(t["key"], spec, ctx._)} for t in outcome["targets"]]


def composition_parts(
    ctx: Context, outcome: Mapping[str, Any], nodes: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the contents of the forms side by side, a table for each attribute."""
    return [
        {
            "name": ctx._(labels.EQUAL_BY[attribute]),
            "rows": [
                {"value": labels.value_label(attribute, row["value"], nodes, ctx._), "counts": row["counts"]}
                for row in sorted(rows, key=lambda r: TYPES.index(r["value"]) if attribute == "type" else 0)
            ],
        }
        for attribute, rows in outcome["composition"].items()
    ]


def pair_rows(outcome: Mapping[str, Any], forms: Sequence[str]) -> list[dict[str, Any]]:
    """Return how far any two forms differ, the worst pair first."""
    pairs = outcome.get("pairs") or {}
    common = pairs.get("common") or []
    rows = [
        {
            "one": forms[f],
            "other": forms[g],
            "common": common[f][g],
            "information": pairs["information"][f][g] if "information" in pairs else None,
            "score": pairs["score"][f][g] if "score" in pairs else None,
        }
        for f in range(len(common))
        for g in range(f + 1, len(common))
    ]
    return sorted(rows, key=lambda r: (-(r["score"] or 0), -(r["information"] or 0), -r["common"]))


def pair_matrix(outcome: Mapping[str, Any], forms: Sequence[str]) -> dict[str, Any] | None:
    """Return the differences of all forms as a square, or None for two forms or too many of them.

    A cell holds the difference of expected marks, without item parameters the items in common; the largest is marked.
    """
    pairs = outcome.get("pairs") or {}
    table = pairs.get("score") or pairs.get("common") or []
    if not 2 < len(table) <= MOST_COLUMNS:
        return None
    worst = max(value for f, row in enumerate(table) for g, value in enumerate(row) if f != g)
    return {"of_marks": "score" in pairs, "rows": list(zip(forms, table, strict=True)), "worst": worst}


def exposure_values(ctx: Context, assembly: Assembly) -> dict[str, Any]:
    """Return how often the items of the forms are used, here and in papers sealed before."""
    rows = papers.exposure(ctx.session, assembly.id)
    before: dict[int, int] = {}
    for row in rows:
        before[row.sealed] = before.get(row.sealed, 0) + 1
    return {"exposure": rows, "before": sorted(before.items())}


def _time(ctx: Context, text: str | None) -> str:
    return format_time(datetime.fromisoformat(text), ctx.language) if text else ""


def _result_values(
    ctx: Context,
    outcome: Mapping[str, Any],
    spec: BlueprintSpec,
    blueprint: Blueprint,
    forms: Sequence[str],
    show: str,
) -> dict[str, Any]:
    bank = papers.supply(ctx.session, occupation_id=blueprint.occupation_id, level=blueprint.level, spec=None)
    nodes = {node.path: node.name for node in bank.nodes}
    rules, targets = rule_rows(ctx, outcome, spec), target_rows(ctx, outcome, spec)
    shown = [rule for rule in rules if show == "" or (rule["tight"] if show == "tight" else not rule["ok"])]
    return {
        "rules": rules,
        "shown": shown,
        "show": show,
        "wide": len(forms) > MOST_COLUMNS,
        "targets": targets,
        "composition": composition_parts(ctx, outcome, nodes),
        "charts": curve_charts(ctx, outcome, forms) if outcome.get("curves") else [],
        "pairs": pair_rows(outcome, forms),
        "matrix": pair_matrix(outcome, forms),
        "findings": findings(outcome, rules, ctx._),
    }
