"""The page and the files of a report on differential functioning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.rules import Attribute
from web.analysis import occasions_view
from web.analysis.exports import Table
from web.analysis.report_labels import ATTRIBUTES, DIF_REASONS, DIF_WARNINGS
from web.charts import Point, scatter_chart
from web.deps import Context

Translate = Callable[..., str]

LEVEL = 0.05
"""Adjusted p-value up to which a difference is hardly chance."""

TONES = {"A": "neutral", "B": "warn", "C": "bad"}


def comparison_chart(results: Mapping[str, Any], at: int, _: Translate) -> Markup | None:
    """Return the effect on each item against its difficulty, for one pair of groups."""
    if at >= len(results["comparisons"]):
        return None
    compared = results["comparisons"][at]
    points = [
        Point(item["p"], row["effect"], row["name"], row["size"] in ("B", "C"))
        for item, row in zip(results["items"], compared["items"], strict=True)
        if row["effect"] is not None and item["p"] is not None
    ]
    if not points:
        return None
    return scatter_chart(
        points,
        title=_("{focal} against {reference}", focal=compared["focal"], reference=compared["reference"]),
        x_label=_("p (difficulty)"),
        y_label=_("MH D-DIF; below 0 the item favours {reference}", reference=compared["reference"]),
        x_range=(0.0, 1.0),
        level=0.0,
        legend=(_("size A"), _("size B or C")),
    )


def _first(results: Mapping[str, Any], _: Translate) -> Markup | None:
    return comparison_chart(results, 0, _)


CHARTS = {"comparison-0": _first, "occasions": occasions_view.chart}


def find_chart(results: Mapping[str, Any], name: str, _: Translate) -> Markup | None:
    """Return the chart ``comparison-2`` of the third comparison, or that of the sittings."""
    if name == "occasions":
        return occasions_view.chart(results, _)
    kind, _dash, number = name.partition("-")
    if kind != "comparison" or not number.isdecimal() or len(number) > 4:
        return None
    return comparison_chart(results, int(number), _)


def main_table(results: Mapping[str, Any], _: Translate) -> Table:
    """Return one row an item and comparison."""
    heads = [
        *(_("Reference group"), _("Focal group"), _("Item"), _("Reference n"), _("Focal n"), "χ²", "p"),
        *(_("p, adjusted"), "MH D-DIF", "SE", _("Size"), _("Favours"), "STD P-DIF", _("p uniform")),
        *(_("p non-uniform"), "ΔR²", _("Remarks")),
    ]
    rows = [
        [
            *(one["reference"], one["focal"], row["name"], row["n_reference"], row["n_focal"]),
            *(row["statistic"], row["p_value"], row["p_adjusted"], row["effect"], row["error"], row["size"]),
            *(favoured(row, one, _), row["difference"], row["p_uniform"], row["p_crossing"]),
            *(row["r2_change"], remark_of(row, _)),
        ]
        for one in results["comparisons"]
        for row in one["items"]
    ]
    return _("Items"), heads, rows


def remark_of(row: Mapping[str, Any], _: Translate) -> str:
    """Return why an item has no result, or what its result does not say; empty where nothing is to be said."""
    text = DIF_REASONS.get(row["reason"] or "", "")
    found = [_(text)] if text else []
    if row["size"] in ("B", "C") and not _is_certain(row["p_adjusted"]):
        found.append(_("among so many items this may be chance"))
    if _is_certain(row["p_crossing"]):
        found.append(_("the difference changes with ability"))
    if not row["in_score"]:
        found.append(_("out of the matching score"))
    return " · ".join(found)


def _is_certain(p_value: float | None) -> bool:
    return p_value is not None and p_value <= LEVEL


def _striking(compared: Mapping[str, Any]) -> set[str]:
    """Return the names of the items of size B or C, and of those whose difference changes with ability."""
    return {
        row["name"]
        for row in compared["items"]
        if row["size"] in ("B", "C") or _is_certain(row["p_crossing"])
    }


def favoured(row: Mapping[str, Any], compared: Mapping[str, Any], _: Translate) -> str:
    """Return the name of the group that an item favours."""
    if row["favours"] in ("reference", "focal"):
        return str(compared[row["favours"]])
    return "" if row["favours"] is None else _("neither")


def tables(ctx: Context, _report: StatisticsReport, results: Mapping[str, Any]) -> Sequence[Table]:
    """Return the sheets of the workbook."""
    groups = [[group["label"], group["persons"], group["compared"]] for group in results["groups"]]
    heads = [ctx._("Group"), ctx._("Candidates"), ctx._("Compared")]
    return [
        (ctx._("Groups"), heads, groups),
        main_table(results, ctx._),
        *occasions_view.tables(results, ctx._),
    ]


def values(ctx: Context, report: StatisticsReport, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template needs besides the figures."""
    attribute = Attribute(results["attribute"])
    return {
        "attribute": str(report.settings.get("column") or ctx._(ATTRIBUTES[attribute])),
        "comparison_charts": [
            comparison_chart(results, at, ctx._) for at in range(len(results["comparisons"]))
        ],
        "warnings": [
            [ctx._(DIF_WARNINGS[warning]) for warning in one["warnings"] if warning in DIF_WARNINGS]
            for one in results["comparisons"]
        ],
        "striking": [_striking(one) for one in results["comparisons"]],
        "remark": lambda row: remark_of(row, ctx._),
        "tones": TONES,
        "item_order": occasions_view.ordered(results),
        "most_columns": occasions_view.MOST_COLUMNS,
        "favoured": lambda row, one: favoured(row, one, ctx._),
    }


def more(_ctx: Context, _report: StatisticsReport) -> dict[str, Any]:
    """Return nothing more for the JSON."""
    return {}


def without_keys(results: dict[str, Any]) -> dict[str, Any]:
    """Return everything: comparisons tell no key."""
    return results
