"""What drawing individual forms answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from exam_engine.assembly.pool import FloatArray, Pool
from exam_engine.assembly.result import Run
from exam_engine.assembly.rows import IntArray


@dataclass(frozen=True)
class Spread:
    """How a figure differs between forms: over all forms, recomputed from the pool."""

    name: str
    minimum: float
    maximum: float
    mean: float
    sd: float

    @classmethod
    def of(cls, name: str, values: FloatArray) -> Spread:
        """Return the spread of values (n_forms,)."""
        return cls(name, float(values.min()), float(values.max()), float(values.mean()), float(values.std()))


@dataclass(frozen=True)
class TargetSpread:
    """A target over all forms; ``deviation`` is the largest, in units of the target's scale."""

    target: str
    goal: float
    tolerance: float
    deviation: float
    spread: Spread


@dataclass(frozen=True)
class Band:
    """Exposure of the items of one fifth of the difficulties: from ``easiest`` to ``hardest``, in logits."""

    easiest: float
    hardest: float
    items: int
    mean: float
    maximum: float


@dataclass(frozen=True, eq=False)
class Exposure:
    """How often items are used.

    ``rate`` (n_items,) is the part of the forms that hold an item. ``largest`` leaves out the ``always`` items that
    rules put into every form; ``least`` is the smallest possible largest rate, as proven, and ``cap`` what was asked.
    """

    rate: FloatArray
    always: int
    largest: float
    least: float
    cap: float | None
    bands: tuple[Band, ...]

    def histogram(self, steps: int = 20) -> list[tuple[float, float, int]]:
        """Return (from, below, items) in equal steps up to the largest rate; the last one includes it."""
        top = float(self.rate.max()) or 1.0
        counts, edges = np.histogram(self.rate, bins=steps, range=(0.0, top))
        return [(float(a), float(b), int(k)) for a, b, k in zip(edges[:-1], edges[1:], counts, strict=True)]


@dataclass(frozen=True, eq=False)
class Overlap:
    """How many items pairs of forms share: ``pairs[k]`` pairs share k.

    ``least_mean`` is the smallest possible mean, as proven, and ``cap`` what was asked.
    """

    pairs: IntArray
    least_mean: float
    cap: int | None

    @property
    def largest(self) -> int:
        """Most items that two forms share."""
        return int(np.flatnonzero(self.pairs).max(initial=0))

    @property
    def mean(self) -> float:
        """Mean over all pairs; 0 for a single form."""
        return float(self.pairs @ np.arange(len(self.pairs)) / max(1, self.pairs.sum()))


@dataclass(frozen=True, eq=False)
class Individual:
    """One form for each candidate, every rule and tolerance recomputed from the pool.

    Attributes
    ----------
    forms : ndarray of int32, shape (n_forms, longest)
        Positions in the pool, rising; −1 fills the places of a shorter form.
    exposure : Exposure
    overlap : Overlap
    targets : tuple of TargetSpread
    fairness : tuple of Spread
        Test information and expected score at the abilities of the targets: what two candidates' chances differ by.
    deviation : float
        Worst deviation from a target, in units of its scale; ``bound`` is the least possible for a form, as proven.
    checked : int
        How many forms were also checked item by item, by `verify`.
    """

    forms: IntArray
    exposure: Exposure
    overlap: Overlap
    targets: tuple[TargetSpread, ...]
    fairness: tuple[Spread, ...]
    deviation: float
    bound: float
    checked: int
    run: Run

    def ids(self, pool: Pool) -> Iterator[list[str]]:
        """Yield the ids of each form, one form at a time."""
        for form in self.forms:
            yield [pool.ids[k] for k in form.tolist() if k >= 0]


@dataclass(frozen=True)
class OutOfReach:
    """A cap that cannot be kept, or was not kept.

    Attributes
    ----------
    what : str
        ``exposure`` (largest part of the forms that hold an item) or ``overlap`` (items that two forms share).
    asked : float
    least : float
        The least cap that is not excluded when ``proven``; else the least that was reached.
    proven : bool
        Whether it is proven that the cap cannot be kept.
    """

    what: str
    asked: float
    least: float
    proven: bool
    run: Run
