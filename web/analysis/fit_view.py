"""The page and the files of a report on fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from exam_engine.calibration.models import StatisticsReport
from exam_engine.psychometrics.irt.items import Items
from itembank.statistics.rules import ScaleModel
from web.analysis.exports import Table
from web.analysis.labels import MODELS
from web.analysis.report_labels import FIT_LIMITS
from web.charts import Point, Series, line_chart, scatter_chart
from web.deps import Context

Translate = Callable[..., str]
Results = Mapping[str, Any]

THETA = np.linspace(-3.0, 3.0, 61)


def fit_curve(item: Mapping[str, Any], _: Translate) -> Markup | None:
    """Return the model's curve of an item and what groups of like ability did."""
    seen = [(row[0], row[2]) for row in item["curve"] if row[2] is not None]
    if len(seen) < 2:
        return None
    model = Items.dichotomous([item["a"]], [item["b"]], c=item.get("c", 0.0)).expected_score(THETA)[:, 0]
    return line_chart(
        [
            Series(
                _("Observed, by groups of ability"), [at for at, _share in seen], [one for _at, one in seen]
            ),
            Series(_("Model"), THETA.tolist(), model.tolist(), target=True),
        ],
        title=_("Item {name}: model and answers", name=item["name"]),
        x_label=_("Ability (logits)"),
        y_label=_("Probability of a correct answer"),
        y_high=1.0,
    )


def overview(results: Results, _: Translate) -> Markup | None:
    """Return the distance of every item from its model, by difficulty."""
    points = [
        Point(item["b"], item["rmsd"], item["name"], item["misfits"])
        for item in results["items"]
        if item["rmsd"] is not None
    ]
    if not points:
        return None
    return scatter_chart(
        points,
        title=_("Distance of the items from the model"),
        x_label=_("b (logits)"),
        y_label="RMSD",
        level=0.05,
        legend=(_("fits"), _("misfitting")),
    )


CHARTS = {"items": overview}


def find_chart(results: Results, name: str, _: Translate) -> Markup | None:
    """Return the overview, or ``curve-3`` of the fourth item."""
    if name in CHARTS:
        return CHARTS[name](results, _)
    kind, _dash, number = name.partition("-")
    if kind != "curve" or not number.isdecimal() or len(number) > 5 or int(number) >= len(results["items"]):
        return None
    return fit_curve(results["items"][int(number)], _)


KEYS = ("name", "n", "statistic", "df", "p", "p_adjusted", "rmsea", "infit", "outfit", "rmsd", "misfits")


def main_table(results: Results, _: Translate) -> Table:
    """Return one row an item."""
    heads = [
        *(_("Item"), _("Answers"), "S-X²", "df", "p", _("p, adjusted"), "RMSEA", "infit", "outfit", "RMSD"),
        _("misfitting"),
    ]
    return _("Items"), heads, [[item[key] for key in KEYS] for item in results["items"]]


def tables(ctx: Context, _report: StatisticsReport, results: Results) -> Sequence[Table]:
    """Return the sheets of the workbook."""
    pairs = [[pair["first"], pair["second"], pair["q3"], pair["adjusted"]] for pair in results["pairs"]]
    found = [main_table(results, ctx._), (ctx._("Pairs"), [ctx._("Item"), ctx._("Item"), "Q3", "Q3*"], pairs)]
    if results["test"]:
        rows = [[name, value] for name, value in results["test"].items()]
        found.append((ctx._("The test as a whole"), [ctx._("Figure"), ctx._("Value")], rows))
    return found


def values(ctx: Context, _report: StatisticsReport, results: Results) -> dict[str, Any]:
    """Return what the template needs besides the figures."""
    return {
        "limits": [ctx._(FIT_LIMITS[one]) for one in results["limits"] if one in FIT_LIMITS],
        "model": _model(results, ctx._),
        "misfits": sum(1 for item in results["items"] if item["misfits"]),
        "misfit_charts": [
            (at, fit_curve(item, ctx._)) for at, item in enumerate(results["items"]) if item["misfits"]
        ][:12],
    }


def _model(results: Results, _: Translate) -> str:
    """Return the model's name; reports made before it was kept tell only whether it was the Rasch model."""
    text = MODELS[ScaleModel(results.get("model") or ("rasch" if results["is_rasch"] else "2pl"))]
    return _(text)


def more(_ctx: Context, _report: StatisticsReport) -> dict[str, Any]:
    """Return nothing more for the JSON."""
    return {}


def without_keys(results: dict[str, Any]) -> dict[str, Any]:
    """Return everything: fit tells no key."""
    return results
