"""Answers from item parameters that the engine never sees. Standard library only."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Truth:
    """One item's true parameters (two-parameter logistic, without the 1.7 constant)."""

    a: float
    b: float

    def probability(self, theta: float) -> float:
        return 1 / (1 + math.exp(-self.a * (theta - self.b)))


def draw_truths(names: Sequence[str], rng: random.Random) -> dict[str, Truth]:
    """Draw parameters: ln a ~ N(0, 0.25²), b ~ N(−0.4, 0.9²)."""
    return {name: Truth(math.exp(rng.gauss(0, 0.25)), rng.gauss(-0.4, 0.9)) for name in names}


def draw_responses(truths: dict[str, Truth], persons: int, rng: random.Random) -> str:
    """Return a response file (CSV) of ``persons`` with abilities from N(0, 1)."""
    lines = ["person," + ",".join(truths)]
    for person in range(1, persons + 1):
        theta = rng.gauss(0, 1)
        marks = ("1" if rng.random() < truth.probability(theta) else "0" for truth in truths.values())
        lines.append(f"P{person:05d}," + ",".join(marks))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Recovery:
    """How near the estimates came to the truth."""

    correlation: float
    rmse: float


def recovery(true: Sequence[float], estimated: Sequence[float]) -> Recovery:
    """Compare parameters item by item."""
    squares = [(x - y) ** 2 for x, y in zip(true, estimated, strict=True)]
    return Recovery(statistics.correlation(true, estimated), math.sqrt(statistics.fmean(squares)))
