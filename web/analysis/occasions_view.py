"""Sittings taken together in one report: their chart, their tables, and their items in the order of interest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.reports.occasions import occasions_of
from web.analysis.exports import Table
from web.charts import Point, scatter_chart

Translate = Callable[..., str]

MOST_COLUMNS = 6
"""Sittings whose shares stand side by side on the page; files hold all."""


def chart(results: Mapping[str, Any], _: Translate) -> Markup | None:
    """Return the difference of each item between sittings against its mean share; None without a test."""
    found = occasions_of(results)
    points = [
        Point(_mean(item["shares"]), item["difference"], item["name"], item["differs"])
        for item in (found["items"] if found else ())
        if item["difference"] is not None
    ]
    if not points:
        return None
    return scatter_chart(
        points,
        title=_("Items from sitting to sitting"),
        x_label=_("Mean share of full marks over the sittings"),
        y_label=_("Largest difference at equal score"),
        x_range=(0.0, 1.0),
        level=0.0,
        legend=(_("as chance would have it"), _("differs beyond chance")),
    )


def _mean(shares: list[float | None]) -> float:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known)


def ordered(results: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return position and item, those that differ first, then by p-value; untested ones last."""
    found = occasions_of(results)
    pairs = list(enumerate(found["items"] if found else ()))
    return sorted(pairs, key=lambda pair: (not pair[1]["differs"], pair[1]["p_adjusted"] or 2.0, pair[0]))


def tables(results: Mapping[str, Any], _: Translate) -> list[Table]:
    """Return the sheets of the workbook; none for a report of one sitting."""
    found = occasions_of(results)
    if found is None:
        return []
    sittings = [
        [row["label"], row["persons"], row["mean"], row["sd"], row["pass_rate"], row["tested"]]
        for row in found["occasions"]
    ]
    heads = [_("Sitting"), _("Candidates"), _("Mean"), _("Standard deviation"), _("Pass rate"), _("Compared")]
    items = [
        [
            *(item["name"], *item["shares"], item["difference"], item["statistic"], item["df"]),
            *(item["p_adjusted"], item["differs"]),
        ]
        for item in found["items"]
    ]
    item_heads = [
        *(_("Item"), *(row["label"] for row in found["occasions"]), _("Largest difference at equal score")),
        *("χ²", "df", _("p, adjusted"), _("differs beyond chance")),
    ]
    return [(_("Sittings"), heads, sittings), (_("Items by sitting"), item_heads, items)]
