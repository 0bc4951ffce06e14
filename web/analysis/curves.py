"""Curves of scales and items, each with the figures of its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from exam_engine.psychometrics.irt.models import expected_score, item_information, probability_2pl
from exam_engine.psychometrics.irt.models import test_information as information_of_test
from web.charts import Series, line_chart

THETA = np.linspace(-4.0, 4.0, 81)
TABLE = np.arange(-3.0, 3.01, 0.5)

Translate = Callable[..., str]


@dataclass(frozen=True)
class Figure:
    """A chart and the rows of its table."""

    chart: Markup
    rows: list[tuple[float, ...]]


def information_figure(a: Sequence[float], b: Sequence[float], _: Translate) -> Figure:
    """Return the information of all items together, with standard error and expected proportion."""
    curve = information_of_test(THETA, a, b)
    chart = line_chart(
        [Series(_("Information"), THETA.tolist(), curve.tolist())],
        title=_("Test information"),
        x_label=_("Ability (logits)"),
        y_label=_("Information"),
    )
    at = information_of_test(TABLE, a, b)
    share = expected_score(TABLE, a, b) / len(a)
    errors = 1.0 / np.sqrt(np.maximum(at, 1e-12))
    return Figure(chart, [tuple(row) for row in np.stack([TABLE, at, errors, share], axis=1).tolist()])


def item_figure(a: float, b: float, _: Translate) -> tuple[Figure, Markup]:
    """Return the characteristic curve of an item with its table, and its information curve."""
    curve = probability_2pl(THETA, [a], [b])[:, 0]
    information = item_information(THETA, [a], [b])[:, 0]
    characteristic = line_chart(
        [Series(_("Probability of a correct answer"), THETA.tolist(), curve.tolist())],
        title=_("Item characteristic curve"),
        x_label=_("Ability (logits)"),
        y_label=_("Probability of a correct answer"),
        y_high=1.0,
    )
    informative = line_chart(
        [Series(_("Information"), THETA.tolist(), information.tolist())],
        title=_("Item information"),
        x_label=_("Ability (logits)"),
        y_label=_("Information"),
    )
    at, gained = probability_2pl(TABLE, [a], [b])[:, 0], item_information(TABLE, [a], [b])[:, 0]
    rows = [tuple(row) for row in np.stack([TABLE, at, gained], axis=1).tolist()]
    return Figure(characteristic, rows), informative


def option_figure(options: Sequence[Mapping[str, Any]], _: Translate) -> Markup | None:
    """Return the share of each option among weak, middling and strong persons; None where a group is empty."""
    groups = ("low", "middle", "high")
    if any(option[group] is None for option in options for group in groups):
        return None
    return line_chart(
        [Series(option["label"], [1, 2, 3], [option[group] for group in groups]) for option in options],
        title=_("Choice of options by ability group"),
        x_label=_("Group: 1 lower, 2 middle, 3 upper"),
        y_label=_("Share"),
        y_high=1.0,
    )
