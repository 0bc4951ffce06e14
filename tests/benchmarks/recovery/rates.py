"""How often a test speaks up where there is nothing to find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tests.benchmarks.recovery.tables import Figure, table

LEVELS = (0.05, 0.01)

Trial = Callable[[np.random.Generator], Mapping[str, np.ndarray]]
"""Simulates one replication; returns p-values of each index, or whether it flagged (bool)."""


@dataclass(frozen=True)
class Setting:
    """Null data of one kind."""

    name: str
    trial: Trial


HEAD = ("data", "index", "tests", "p ≤ 0.05, %", "p ≤ 0.01, %", "flagged, %", "not testable, %")


def study(setting: Setting, *, replications: int, seed: list[int]) -> list[list[str]]:
    """Return the rows of a setting: rates are means over replications, as tests of one share their persons."""
    found: dict[str, list[np.ndarray]] = {}
    for replication in range(replications):
        for name, values in setting.trial(np.random.default_rng([*seed, replication])).items():
            found.setdefault(name, []).append(np.asarray(values).reshape(-1))
    rows = []
    for name, trials in found.items():
        first = setting.name if not rows else ""
        size = f"{trials[0].size:,}"
        if trials[0].dtype == np.bool_:
            flags = Figure.of([values.mean() for values in trials])
            rows.append([first, name, size, "–", "–", flags.per_cent(2), "–"])
            continue
        shares = [Figure.of([share_below(values, level) for values in trials]) for level in LEVELS]
        missing = float(np.mean([np.isnan(values).mean() for values in trials]))
        rows.append(
            [first, name, size, *(share.per_cent(2) for share in shares), "–", f"{100 * missing:.1f}"]
        )
    return rows


def share_below(p: np.ndarray, level: float) -> float:
    """Return the share of the tests made whose p-value is not above the level."""
    made = p[~np.isnan(p)]
    return float(np.mean(made <= level)) if made.size else float("nan")


def report(settings: list[Setting], *, replications: int, seed: int, part: int) -> str:
    """Return the table of several settings."""
    rows = [
        row
        for at, setting in enumerate(settings)
        for row in study(setting, replications=replications, seed=[seed, part, at])
    ]
    return table(HEAD, rows)
