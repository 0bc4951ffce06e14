"""The sitting report's page: its values, its item page, and what those without the right to keys see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from exam_engine.calibration import service as calibration
from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.flags import SERIOUS, Sign
from exam_engine.calibration.reports.rules import Treatment
from exam_engine.calibration.reports.scoring import Treated
from exam_engine.calibration.service import WhatIfView
from itembank.people.rules import Action
from web.analysis import occasions_view, sitting_tables
from web.analysis.exports import Table
from web.analysis.report_labels import LEFT_OUT, LIMITS, TREATMENTS, sign_texts
from web.analysis.sitting_figures import CHARTS, find_chart
from web.analysis.sitting_tables import item_table
from web.deps import Context
from web.forms import FormData

__all__ = ["CHARTS", "find_chart", "item_table", "more", "tables", "values", "without_keys"]

FREE_ROWS = 3
"""Items without a remark that one form can treat besides those with one."""

TREATABLE = SERIOUS | {Sign.DRAWS_STRONG, Sign.CONSTANT, Sign.TOO_HARD}
"""Signs that dropping or rekeying may answer; idle options and weak discrimination are for the item's next version."""

ORDERS = ("item", "p", "d", "r", "biserial", "left_open", "not_reached")
"""What the items can be sorted by."""

DOWNWARDS = frozenset({"left_open", "not_reached"})
"""Sorted from the largest: what asks for a look stands first."""

KEY_FACTS = ("option", "options", "key", "high", "key_high", "key_r")


def values(ctx: Context, report: StatisticsReport, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template needs besides the figures."""
    items = results["items"]
    flagged = [number for number, item in enumerate(items) if item["signs"]]
    flagged.sort(key=lambda number: (not _is_serious(items[number]), number))
    what_ifs = _what_ifs(ctx, report)
    decisions = [view for view in what_ifs if view.row.decided_at]
    return {
        "signs": [[sign_texts(sign, ctx._) for sign in item["signs"]] for item in items],
        "limits": [
            [ctx._(LIMITS[limit]) for limit in form["limits"] if limit in LIMITS] for form in results["forms"]
        ],
        "flagged": flagged,
        "treatable": [number for number in flagged if _has(items[number], TREATABLE)],
        "serious": sum(1 for number in flagged if _is_serious(items[number])),
        "certain": sum(1 for number in flagged if _has(items[number], SERIOUS, firm=True)),
        **_sorted_rows(items, ctx.request.query_params),
        "what_ifs": what_ifs,
        "decision": max(decisions, key=lambda view: view.row.decided_at or ctx.now, default=None),
        "treatments": [(treatment.value, ctx._(text)) for treatment, text in TREATMENTS.items()],
        "plain_treatments": [
            (treatment.value, ctx._(text))
            for treatment, text in TREATMENTS.items()
            if not treatment.needs_key
        ],
        "treatment_texts": TREATMENTS,
        "left_out_texts": LEFT_OUT,
        "free_rows": FREE_ROWS,
        "overview": sitting_tables.overview(results, ctx._),
        "item_order": occasions_view.ordered(results),
        "most_columns": occasions_view.MOST_COLUMNS,
    }


def _is_serious(item: Mapping[str, Any]) -> bool:
    return _has(item, SERIOUS)


def _has(item: Mapping[str, Any], signs: Collection[Sign], *, firm: bool = False) -> bool:
    return any(Sign(sign["sign"]) in signs and (sign["firm"] or not firm) for sign in item["signs"])


def _sorted_rows(items: Sequence[Mapping[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return the positions of the items to show in the order that the address asks for; unknown figures last."""
    order = query.get("order", "item")
    order = order if order in ORDERS else "item"
    only_flagged = bool(query.get("flagged"))
    rows = [at for at, item in enumerate(items) if item["signs"] or not only_flagged]
    if order != "item":
        sign = -1 if order in DOWNWARDS else 1
        rows.sort(key=lambda at: (items[at][order] is None, sign * (items[at][order] or 0)))
    return {"item_rows": rows, "order": order, "only_flagged": only_flagged, "down": DOWNWARDS}


def _what_ifs(ctx: Context, report: StatisticsReport) -> list[WhatIfView]:
    """Return the dry runs for those who may read keys: they name them."""
    return calibration.list_what_ifs(ctx.session, report.id) if ctx.may(Action.KEY_READ) else []


def tables(ctx: Context, report: StatisticsReport, results: Mapping[str, Any]) -> Sequence[Table]:
    """Return the sheets of the workbook."""
    return sitting_tables.tables_of(results, _what_ifs(ctx, report), ctx._)


def more(ctx: Context, report: StatisticsReport) -> dict[str, Any]:
    """Return the dry runs for the JSON."""
    return {
        "what_ifs": [
            {
                "number": view.row.number,
                "name": view.row.name,
                "items": [
                    {"item_id": one.item_id, "name": one.name, "treatment": one.treatment.value}
                    | ({"key": one.key} if one.key else {})
                    for one in view.items
                ],
                "effect": view.effect,
                "decided_at": view.row.decided_at.isoformat() if view.row.decided_at else None,
                "reason": view.row.reason,
            }
            for view in _what_ifs(ctx, report)
        ]
    }


def without_keys(results: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without option tables and the facts of remarks that tell a key."""
    items = [
        item
        | {
            "options": [],
            "option_groups": [],
            "signs": [
                {name: fact for name, fact in sign.items() if name not in KEY_FACTS}
                for sign in item["signs"]
                if Sign(sign["sign"]) not in (Sign.DEAD_OPTIONS, Sign.DRAWS_STRONG)
            ],
        }
        for item in results["items"]
    ]
    return results | {"items": items}


def treated_of(data: FormData, n_items: int) -> dict[int, Treated]:
    """Return the treatments that a form asks for: fields ``treat-3`` and ``key-3``, and free rows."""
    found: dict[int, Treated] = {}
    for column in range(n_items):
        kind = data.text(f"treat-{column}")
        if kind:
            found[column] = _treated(kind, data.text(f"key-{column}"))
    rows = zip_longest(
        data.texts("other_item"), data.texts("other_treatment"), data.texts("other_key"), fillvalue=""
    )
    for other, kind, key in rows:
        if other.isdecimal() and len(other) < 6:
            found[int(other)] = _treated(kind, key)
    return found


def _treated(kind: str, key: str) -> Treated:
    known = {treatment.value: treatment for treatment in Treatment}
    treatment = known.get(kind, Treatment.KEEP)
    letters = tuple(sorted({letter for letter in key.upper() if letter.isascii() and letter.isalpha()}))
    return Treated(treatment, letters if treatment.needs_key else ())
