"""Charts of the sitting report, by name; each stands beside its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.reports.flags import Sign
from itembank.statistics.rules import WEAK_BELOW
from web.analysis import occasions_view
from web.charts import Point, Series, bar_chart, line_chart, scatter_chart

Translate = Callable[..., str]

OF_OPTIONS = frozenset({Sign.DEAD_OPTIONS, Sign.LEFT_OPEN, Sign.NOT_REACHED})
"""Remarks that the chart of difficulty and discrimination does not show; half of all items may have one."""


def distribution(results: Mapping[str, Any], _: Translate, *, title: str = "") -> Markup:
    """Return the score distribution with the pass mark."""
    bars = results["histogram"]
    width = 100 / len(bars)
    return bar_chart(
        [f"{bar['from']}" for bar in bars],
        [bar["count"] for bar in bars],
        title=title or _("Distribution of scores"),
        x_label=_("Score out of 100, bars of 5 points"),
        y_label=_("Candidates"),
        mark=results["cut"] / width if "cut" in results else None,
        mark_label=_("pass mark"),
    )


def _stands_out(item: Mapping[str, Any]) -> bool:
    return any(sign["firm"] and sign["sign"] not in OF_OPTIONS for sign in item["signs"])


def item_map(results: Mapping[str, Any], _: Translate) -> Markup | None:
    """Return difficulty against discrimination of all items."""
    points = [
        Point(item["p"], item["r"], item["name"], _stands_out(item))
        for item in results["items"]
        if item["p"] is not None and item["r"] is not None
    ]
    if not points:
        return None
    return scatter_chart(
        points,
        title=_("Difficulty and discrimination of the items"),
        x_label=_("p (difficulty)"),
        y_label=_("r (discrimination); dashed: weak below {level}", level=f"{WEAK_BELOW:.2f}"),
        x_range=(0.0, 1.0),
        level=WEAK_BELOW,
        legend=(_("Items"), _("Items whose key, difficulty or discrimination is in doubt, hardly by chance")),
    )


def option_curves(item: Mapping[str, Any], _: Translate) -> Markup | None:
    """Return the share of each option from the weakest group to the strongest; None with too few persons."""
    if len(item["option_groups"]) < 2:
        return None
    at = [mean for mean, _n in item["option_groups"]]
    return line_chart(
        [
            Series(
                _("{label} (key)", label=row["label"]) if row["is_key"] else row["label"], at, row["curve"]
            )
            for row in item["options"]
        ],
        title=_("Options of item {name}", name=item["name"]),
        x_label=_("Share of marks on the rest of the test"),
        y_label=_("Share"),
        y_high=1.0,
    )


def item_curve(item: Mapping[str, Any], _: Translate) -> Markup | None:
    """Return the share of the item's marks by score on the rest of the test."""
    if len(item["curve"]) < 2:
        return None
    return line_chart(
        [
            Series(
                _("Share of the marks"), [row[0] for row in item["curve"]], [row[1] for row in item["curve"]]
            )
        ],
        title=_("Item {name} and the rest of the test", name=item["name"]),
        x_label=_("Share of marks on the rest of the test"),
        y_label=_("Share of the marks"),
        y_high=1.0,
    )


CHARTS: Mapping[str, Callable[[Mapping[str, Any], Translate], Markup | None]] = {
    "distribution": distribution,
    "items": item_map,
    "occasions": occasions_view.chart,
}
"""Name in the address → chart of the whole report; ``options-3`` and ``curve-3`` are those of its fourth item."""


def find_chart(results: Mapping[str, Any], name: str, _: Translate) -> Markup | None:
    """Return a chart by its name, or None where there is none."""
    if name in CHARTS:
        return CHARTS[name](results, _)
    kind, dash, number = name.partition("-")
    if not dash or not number.isdecimal() or len(number) > 5 or int(number) >= len(results["items"]):
        return None
    item = results["items"][int(number)]
    if kind == "options":
        return option_curves(item, _) if item["options"] else None
    return item_curve(item, _) if kind == "curve" else None
