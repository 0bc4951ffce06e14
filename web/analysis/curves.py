"""Curves of scales and items, each with the figures of its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from exam_engine.psychometrics.irt.items import Items
from itembank.statistics.models import ItemParameter
from web.charts import Series, line_chart

THETA = np.linspace(-4.0, 4.0, 81)
TABLE = np.arange(-3.0, 3.01, 0.5)

Translate = Callable[..., str]


@dataclass(frozen=True)
class Figure:
    """A chart and the rows of its table."""

    chart: Markup
    rows: list[tuple[float, ...]]


def items_of(rows: Sequence[ItemParameter]) -> Items | None:
    """Return the items of kept rows; None where none has parameters."""
    known = [(row.a, row.b, row.c or 0.0) for row in rows if row.a is not None and row.b is not None]
    if not known:
        return None
    a, b, c = zip(*known, strict=True)
    return Items.dichotomous(a, b, c=c)


def information_figure(items: Items, _: Translate) -> Figure:
    """Return the information of all items together, with standard error and expected proportion."""
    curve = items.information(THETA).sum(axis=1)
    chart = line_chart(
        [Series(_("Information"), THETA.tolist(), curve.tolist())],
        title=_("Test information"),
        x_label=_("Ability (logits)"),
        y_label=_("Information"),
    )
    at = items.information(TABLE).sum(axis=1)
    share = items.expected_score(TABLE).mean(axis=1)
    errors = 1.0 / np.sqrt(np.maximum(at, 1e-12))
    return Figure(chart, [tuple(row) for row in np.stack([TABLE, at, errors, share], axis=1).tolist()])


def item_figure(row: ItemParameter, _: Translate) -> tuple[Figure, Markup] | None:
    """Return the characteristic curve of an item with its table, and its information; None without parameters."""
    item = items_of([row])
    if item is None:
        return None
    curve, information = item.expected_score(THETA)[:, 0], item.information(THETA)[:, 0]
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
    at, gained = item.expected_score(TABLE)[:, 0], item.information(TABLE)[:, 0]
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
