"""Exposure of items among candidates of like ability: one record an interval of ability.

An item that few see on the whole may still be seen by nearly everybody of one ability; eligibility by interval keeps
both down (van der Linden & Veldkamp, 2007, Journal of Educational and Behavioral Statistics 32, 398–418).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from exam_engine.assembly.rows import BoolArray
from exam_engine.psychometrics.adaptive.exposure import Exposure, ExposureRecord


@dataclass(frozen=True)
class ExposureByAbility:
    """What candidates of each interval of ability have seen so far.

    Attributes
    ----------
    cuts : tuple of float
        Rising borders between the intervals, in logits.
    records : tuple of ExposureRecord, length n_cuts + 1
    """

    cuts: tuple[float, ...]
    records: tuple[ExposureRecord, ...]

    @classmethod
    def empty(cls, n_items: int, cuts: tuple[float, ...]) -> ExposureByAbility:
        """Return the records before the first candidate; a ValueError unless the cuts rise."""
        if any(high <= low for low, high in pairwise(cuts)):
            raise ValueError(f"the cuts {cuts} do not rise")
        return cls(cuts, tuple(ExposureRecord.empty(n_items) for _ in range(len(cuts) + 1)))

    def interval(self, ability: float) -> int:
        """Return the interval of an ability, from 0."""
        return int(np.searchsorted(self.cuts, ability, side="right"))

    def draw(self, exposure: Exposure, rng: np.random.Generator) -> BoolArray:
        """Return which items one candidate may see in each interval, shape (n_intervals, n_items)."""
        return np.stack([exposure.draw(1, record, rng)[0] for record in self.records])

    def updated(
        self, ability: float, seen: BoolArray, eligible: BoolArray, *, lifted: bool, fading: float = 1.0
    ) -> ExposureByAbility:
        """Return the records after a candidate, who counts in the interval of the final ability.

        Parameters
        ----------
        ability : float
        seen : ndarray of bool, shape (n_items,)
        eligible : ndarray of bool, shape (n_intervals, n_items)
            As drawn.
        lifted : bool
            Whether an item was given that was not eligible.
        fading : float, default 1
        """
        k = self.interval(ability)
        records = list(self.records)
        records[k] = records[k].updated(seen[None], eligible[k][None], lifted=[lifted], fading=fading)
        return replace(self, records=tuple(records))
