"""What the page and the files of each kind of report are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from exam_engine.calibration.models import StatisticsReport
from exam_engine.calibration.reports.rules import ReportKind
from web.analysis import dif_view, fit_view, forensics_view, linking_view, sitting_view
from web.analysis.exports import Table
from web.deps import Context

Results = Mapping[str, Any]
Translate = Callable[..., str]


@dataclass(frozen=True)
class View:
    """How a kind of report is shown.

    Attributes
    ----------
    template : str
    charts : mapping of name to function
        Charts of the page.
    find_chart : function
        Any chart by name, also those of single items; None where there is none.
    main_table, tables : function
        The table of the CSV, and all tables of the workbook.
    values : function
        What else the template needs.
    more : function
        What else the JSON holds.
    without_keys : function
        The figures for those who may not read keys.
    """

    template: str
    charts: Mapping[str, Callable[[Results, Translate], Markup | None]]
    find_chart: Callable[[Results, str, Translate], Markup | None]
    main_table: Callable[[Results, Translate], Table]
    tables: Callable[[Context, StatisticsReport, Results], Sequence[Table]]
    values: Callable[[Context, StatisticsReport, Results], dict[str, Any]]
    more: Callable[[Context, StatisticsReport], dict[str, Any]]
    without_keys: Callable[[dict[str, Any]], dict[str, Any]]


VIEWS: Mapping[ReportKind, View] = {
    ReportKind.SITTING: View(
        "analysis/sitting.html",
        sitting_view.CHARTS,
        sitting_view.find_chart,
        sitting_view.item_table,
        sitting_view.tables,
        sitting_view.values,
        sitting_view.more,
        sitting_view.without_keys,
    ),
    ReportKind.DIF: View(
        "analysis/dif.html",
        dif_view.CHARTS,
        dif_view.find_chart,
        dif_view.main_table,
        dif_view.tables,
        dif_view.values,
        dif_view.more,
        dif_view.without_keys,
    ),
    ReportKind.LINKING: View(
        "analysis/linking.html",
        linking_view.CHARTS,
        linking_view.find_chart,
        linking_view.main_table,
        linking_view.tables,
        linking_view.values,
        linking_view.more,
        linking_view.without_keys,
    ),
    ReportKind.FIT: View(
        "analysis/fit.html",
        fit_view.CHARTS,
        fit_view.find_chart,
        fit_view.main_table,
        fit_view.tables,
        fit_view.values,
        fit_view.more,
        fit_view.without_keys,
    ),
    ReportKind.FORENSICS: View(
        "analysis/forensics.html",
        forensics_view.CHARTS,
        forensics_view.find_chart,
        forensics_view.main_table,
        forensics_view.tables,
        forensics_view.values,
        forensics_view.more,
        forensics_view.without_keys,
    ),
}


def without_keys(kind: ReportKind, results: dict[str, Any]) -> dict[str, Any]:
    """Return the figures without anything that tells a key."""
    return VIEWS[kind].without_keys(results)
