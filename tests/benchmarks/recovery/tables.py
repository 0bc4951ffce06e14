"""Means over replications with their Monte Carlo errors, and tables of them in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Figure:
    """A figure and its Monte Carlo standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, by_replication: Sequence[float] | np.ndarray) -> Figure:
        """Return the mean over replications; those without a value are left out."""
        values = np.asarray(by_replication, dtype=np.float64)
        values = values[np.isfinite(values)]
        if values.size < 2:
            return cls(float("nan"), float("nan"))
        return cls(float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size)))

    @classmethod
    def root_of(cls, by_replication: Sequence[float] | np.ndarray) -> Figure:
        """Return the root of a mean, its error by the delta method."""
        square = cls.of(by_replication)
        root = float(np.sqrt(square.value))
        return cls(root, square.error / (2.0 * root) if root > 0 else float("nan"))

    def text(self, digits: int = 3) -> str:
        """Return ``value ± error``."""
        if not np.isfinite(self.value):
            return "–"
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}".replace("-", "−")

    def per_cent(self, digits: int = 1) -> str:
        """Return ``value ± error`` in per cent."""
        return Figure(100.0 * self.value, 100.0 * self.error).text(digits)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
