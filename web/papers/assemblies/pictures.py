"""Curves of the forms, of information and of expected score, with the targets they were to meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from web.charts import Series, line_chart
from web.deps import Context

MOST_LINES = 8
"""With more forms only the lowest and the highest of them are drawn."""


def curve_charts(ctx: Context, outcome: Mapping[str, Any], forms: Sequence[str]) -> list[dict[str, Any]]:
    """Return a chart of information and one of expected score, each with its table."""
    curves = outcome["curves"]
    charts = [
        _chart(
            ctx,
            outcome,
            forms,
            curves["forms"],
            kind="information",
            title=ctx._("Test information of the forms"),
            y_label=ctx._("Information"),
        )
    ]
    if curves.get("scores"):
        charts.append(
            _chart(
                ctx,
                outcome,
                forms,
                curves["scores"],
                kind="curve",
                title=ctx._("Expected score of the forms"),
                y_label=ctx._("Expected marks"),
            )
        )
    return charts


def _chart(
    ctx: Context,
    outcome: Mapping[str, Any],
    forms: Sequence[str],
    values: Sequence[Sequence[float]],
    *,
    kind: str,
    title: str,
    y_label: str,
) -> dict[str, Any]:
    theta = outcome["curves"]["theta"]
    if len(forms) > MOST_LINES:
        columns = list(zip(*values, strict=True))
        names = [ctx._("Lowest of the forms"), ctx._("Highest of the forms")]
        lines = [[min(column) for column in columns], [max(column) for column in columns]]
    else:
        names, lines = list(forms), [list(line) for line in values]
    series = [Series(name, theta, line) for name, line in zip(names, lines, strict=True)]
    targets = sorted((t["theta"], t["goal"]) for t in outcome["targets"] if t.get("kind") == kind)
    if len(targets) == 1:
        ability, goal = targets[0]
        targets = [(ability - 0.1, goal), (ability + 0.1, goal)]
    if targets:
        at, goals = zip(*targets, strict=True)
        series.insert(0, Series(ctx._("Target"), list(at), list(goals), target=True))
    return {
        "title": title,
        "picture": line_chart(series, title=title, x_label=ctx._("Ability θ"), y_label=y_label),
        "heads": names,
        "rows": list(zip(theta, *lines, strict=True))[::2],
    }
