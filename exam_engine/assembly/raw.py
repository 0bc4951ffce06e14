"""Items one by one from the raw pool, for the exact check: their curves, by other formulas than `Pool`'s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from exam_engine.assembly.pool import Pool
from exam_engine.psychometrics.irt.models import Model


def information(pool: Pool, k: int, theta: float) -> float:
    """Return the information of one item by the slopes of its scores: ``Σ P'² / P``."""
    return math.fsum(slope * slope / chance for chance, slope in curves(pool, k, theta) if chance > 0)


def curves(pool: Pool, k: int, theta: float) -> list[tuple[float, float]]:
    """Return probability and slope of each score of an item, by ratios of neighbouring scores or by differences."""
    if pool.items is None:
        a, b = float(_at(pool.a, k)), float(_at(pool.b, k))
        return _dichotomous(a * (theta - b), a, 0.0 if pool.c is None else float(_at(pool.c, k)), 1.0)
    items = pool.items
    m = int(items.highest[k])
    logits = [float(items.slopes[k, h]) * theta + float(items.intercepts[k, h]) for h in range(m)]
    rates = [float(items.slopes[k, h]) for h in range(m)]
    if items.models[k] is Model.GRADED:
        return _graded(logits, rates)
    if m == 1:
        return _dichotomous(logits[0], rates[0], float(items.lower[k]), float(items.upper[k]))
    return _divided(logits, rates)


def _dichotomous(z: float, a: float, lower: float, upper: float) -> list[tuple[float, float]]:
    span = upper - lower
    right, slope = _logistic(z)
    wrong = _logistic(-z)[0]
    return [(1.0 - upper + span * wrong, -span * a * slope), (lower + span * right, span * a * slope)]


def _graded(logits: Sequence[float], rates: Sequence[float]) -> list[tuple[float, float]]:
    edges = [
        (1.0, 0.0),
        *((p, a * slope) for a, (p, slope) in zip(rates, map(_logistic, logits), strict=True)),
    ]
    edges.append((0.0, 0.0))
    return [(high[0] - low[0], high[1] - low[1]) for high, low in pairwise(edges)]


def _divided(logits: Sequence[float], rates: Sequence[float]) -> list[tuple[float, float]]:
    largest = max(0.0, *logits)
    weights = [math.exp(z - largest) for z in (0.0, *logits)]
    whole = math.fsum(weights)
    chances = [weight / whole for weight in weights]
    mean = math.fsum(p * r for p, r in zip(chances, (0.0, *rates), strict=True))
    return [(p, p * (r - mean)) for p, r in zip(chances, (0.0, *rates), strict=True)]


def _logistic(z: float) -> tuple[float, float]:
    """Return the logistic function by the hyperbolic tangent, and its slope."""
    half = math.tanh(0.5 * z)
    return 0.5 * (1.0 + half), 0.25 * (1.0 - half * half)


def _at(values: object, k: int) -> float:
    return float(values[k])  # type: ignore[index]
