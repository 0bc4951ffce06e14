"""The page and the files of a report that links two scales."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from markupsafe import Markup

from exam_engine.calibration import service as calibration
from exam_engine.calibration.models import StatisticsReport
from itembank.statistics import service as statistics
from itembank.statistics.rules import ScaleModel
from web.analysis.exports import Table
from web.analysis.labels import MODELS
from web.analysis.report_labels import ANCHOR_REASONS, LINK_METHODS, LINK_WARNINGS
from web.charts import Point, scatter_chart
from web.deps import Context

Translate = Callable[..., str]
Results = Mapping[str, Any]


def anchors(results: Results, _: Translate) -> Markup | None:
    """Return the anchors' difficulties on both scales, the new ones brought to the old scale."""
    return scatter_chart(
        [
            Point(anchor["b_old"], anchor["b_linked"], anchor["name"], not anchor["kept"])
            for anchor in results["anchors"]
        ],
        title=_("Anchors on both scales"),
        x_label=_("b on {scale}", scale=results["old"]),
        y_label=_("b on {scale}, linked", scale=results["new"]),
        diagonal=True,
        legend=(_("kept"), _("dropped for drift")),
    )


def displacements(results: Results, _: Translate) -> Markup | None:
    """Return how far each anchor moved, against its difficulty."""
    points = [
        Point(anchor["b_old"], anchor["displacement"], anchor["name"], not anchor["kept"])
        for anchor in results["anchors"]
        if anchor["displacement"] is not None
    ]
    if not points:
        return None
    return scatter_chart(
        points,
        title=_("Drift of the anchors"),
        x_label=_("b on {scale}", scale=results["old"]),
        y_label=_("Displacement (logits); above 0 harder than before"),
        level=0.0,
        legend=(_("kept"), _("dropped for drift")),
    )


CHARTS = {"anchors": anchors, "drift": displacements}


def find_chart(results: Results, name: str, _: Translate) -> Markup | None:
    """Return a chart by its name."""
    return CHARTS[name](results, _) if name in CHARTS else None


def main_table(results: Results, _: Translate) -> Table:
    """Return one row an anchor."""
    heads = [
        *(_("Item"), _("b new"), _("b old"), _("b linked"), _("Displacement"), "SE", _("Robust z"), "d²"),
        *(_("a new"), _("a old"), _("c new"), _("c old"), _("Kept"), _("Reason")),
    ]
    keys = (
        *("name", "b_new", "b_old", "b_linked", "displacement", "error", "robust_z", "area"),
        *("a_new", "a_old", "c_new", "c_old", "kept"),
    )
    rows = [[*(anchor.get(key) for key in keys), reason_of(anchor, _)] for anchor in results["anchors"]]
    return _("Anchors"), heads, rows


def reason_of(anchor: Mapping[str, Any], _: Translate) -> str:
    """Return why an anchor was kept or dropped."""
    text = ANCHOR_REASONS[anchor["reason"]]
    return _(text)


def tables(ctx: Context, _report: StatisticsReport, results: Results) -> Sequence[Table]:
    """Return the sheets of the workbook."""
    _ = ctx._
    line = results["line"]
    constants: list[list[object]] = [
        [_("Scale A"), line["scale"], line["scale_error"], results["anchor_error"]["scale"]],
        [_("Shift B"), line["shift"], line["shift_error"], results["anchor_error"]["shift"]],
    ]
    methods = [[method_of(row["method"], _), row["scale"], row["shift"]] for row in results["methods"]]
    keys = ("name", "a", "se_a", "b", "se_b", "c", "se_c", "is_new")
    items = [[item.get(key) for key in keys] for item in results["items"]]
    return [
        (_("Constants"), [_("Constant"), _("Value"), _("SE (persons)"), _("SE (anchors)")], constants),
        (_("Methods"), [_("Method"), _("Scale A"), _("Shift B")], methods),
        main_table(results, _),
        (_("Items"), [_("Item"), "a", "SE(a)", "b", "SE(b)", "c", "SE(c)", _("only new")], items),
    ]


def method_of(method: str, _: Translate) -> str:
    """Return a method's name."""
    text = LINK_METHODS[method]
    return _(text)


def models_of(ctx: Context, report: StatisticsReport, results: Results) -> dict[str, str]:
    """Return the names of the models of the new scale, of the old one, and of the scale that the link becomes."""
    if "models" in results:
        new, old = (ScaleModel(one) for one in results["models"])
    else:
        new, old = (
            statistics.find_scale(ctx.session, UUID(report.source[one])).model for one in ("new", "old")
        )
    becomes = calibration.model_after(new, results["line"]["scale"])
    return {key: ctx._(MODELS[one]) for key, one in (("new", new), ("old", old), ("becomes", becomes))}


def values(ctx: Context, report: StatisticsReport, results: Results) -> dict[str, Any]:
    """Return what the template needs besides the figures."""
    return {
        "method": method_of(results["method"], ctx._),
        "methods": [(method_of(row["method"], ctx._), row) for row in results["methods"]],
        "models": models_of(ctx, report, results),
        "has_asymptotes": any("c_new" in anchor for anchor in results["anchors"]),
        "warnings": [ctx._(LINK_WARNINGS[one]) for one in results["warnings"] if one in LINK_WARNINGS],
        "reasons": [reason_of(anchor, ctx._) for anchor in results["anchors"]],
        "adopted": calibration.adopted_scale(ctx.session, report),
        "new_items": sum(1 for item in results["items"] if item["is_new"]),
    }


def more(_ctx: Context, _report: StatisticsReport) -> dict[str, Any]:
    """Return nothing more for the JSON."""
    return {}


def without_keys(results: dict[str, Any]) -> dict[str, Any]:
    """Return everything: parameters tell no key."""
    return results
