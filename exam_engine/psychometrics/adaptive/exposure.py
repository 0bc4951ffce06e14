"""How often items are seen: records of exposure, and rules that keep it below a limit. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class ExposureRecord:
    """What has been shown so far: counts, to be stored between sittings.

    Attributes
    ----------
    persons : float
        Candidates so far; fractional where older ones have faded.
    administered, eligible : ndarray, shape (n_items,)
        Candidates who saw an item, and for whom it was eligible.
    unrestricted : float
        Candidates whose eligibility had to be lifted.
    """

    persons: float
    administered: FloatArray
    eligible: FloatArray
    unrestricted: float

    @classmethod
    def empty(cls, n_items: int) -> ExposureRecord:
        """Return the record before the first candidate."""
        return cls(0.0, np.zeros(n_items), np.zeros(n_items), 0.0)

    @property
    def rate(self) -> FloatArray:
        """Exposure rate of each item, shape (n_items,); 0 before the first candidate."""
        return np.asarray(self.administered / max(self.persons, 1.0))

    def updated(
        self, administered: Mask, eligible: Mask | None, *, lifted: ArrayLike = 0, fading: float = 1.0
    ) -> ExposureRecord:
        """Return the record after some more candidates.

        Parameters
        ----------
        administered : ndarray of bool, shape (n, n_items)
        eligible : ndarray of bool, shape (n, n_items), or None
            None when every item was.
        lifted : array-like of bool, shape (n,), default nobody
            Whose eligibility had to be lifted.
        fading : float, default 1
            Weight that each of these candidates leaves to the counts before, in (0, 1].
        """
        n = len(administered)
        fit = np.full(administered.shape[1], float(n)) if eligible is None else eligible.sum(axis=0)
        kept = fading**n
        return ExposureRecord(
            kept * self.persons + n,
            kept * self.administered + administered.sum(axis=0),
            kept * self.eligible + fit,
            kept * self.unrestricted + float(np.sum(lifted)),
        )


class Exposure(Protocol):
    """A rule that decides, before a test begins, which items a candidate may meet.

    ``fading`` is the weight that a candidate's arrival leaves to the counts before; 1 forgets nothing.
    """

    @property
    def fading(self) -> float: ...

    def check(self, n_items: int, length: int) -> None:
        """Raise ValueError if the rule cannot serve a pool and a test of that size."""

    def draw(self, n: int, record: ExposureRecord, rng: np.random.Generator) -> Mask:
        """Return which items are eligible for each of ``n`` candidates, shape (n, n_items)."""


@dataclass(frozen=True)
class SympsonHetter:
    """An item that is selected is shown with a probability of its own (Sympson & Hetter, 1985).

    The chance experiment takes place at most once for an item and a candidate: it may as well be made before the
    test. `calibrate_sympson_hetter` finds the probabilities.

    Attributes
    ----------
    probability : ndarray, shape (n_items,)
        Of being shown when selected, in (0, 1].
    """

    probability: FloatArray
    fading = 1.0

    def check(self, n_items: int, length: int) -> None:
        if self.probability.shape != (n_items,):
            raise ValueError(f"probability must hold {n_items} values, one an item")
        if not np.all((self.probability > 0) & (self.probability <= 1)):
            raise ValueError("probabilities must lie in (0, 1]")
        if self.probability.sum() < length:
            raise ValueError(
                f"probabilities must sum to {length} or more, or nobody can complete the longest test"
            )

    def draw(self, n: int, record: ExposureRecord, rng: np.random.Generator) -> Mask:  # noqa: ARG002 - fixed beforehand
        return rng.random((n, self.probability.size)) < self.probability


@dataclass(frozen=True)
class Eligibility:
    """Items become ineligible at random as their exposure reaches the limit (van der Linden & Veldkamp, 2004).

    ``P(eligible) = min(1, 1 − 1 / F + (limit / F) · eligible / administered)`` from the counts so far, with ``F`` the
    share of candidates whose eligibility was not lifted. Journal of Educational and Behavioral Statistics 29, 273–291.
    It needs no simulation beforehand and keeps up with the candidates that come. The counts lag behind: as some items
    become rare others are taken more often when eligible, so that the rates come down to the limit from above; fading
    quickens that.

    Attributes
    ----------
    limit : float
        Highest exposure rate, in (0, 1].
    fading : float, default 1
        Weight that a candidate's arrival leaves to the counts before, in (0, 1]; 0.999 remembers about 1,000.
    """

    limit: float
    fading: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.fading <= 1.0:
            raise ValueError("fading must lie in (0, 1]")

    def check(self, n_items: int, length: int) -> None:
        check_limit(self.limit, n_items, length)

    def probability(self, record: ExposureRecord) -> FloatArray:
        """Return the probability that an item is eligible for the next candidate, shape (n_items,)."""
        if record.persons <= 0:
            return np.ones(record.administered.size)
        free = 1.0 - record.unrestricted / record.persons
        if free <= 0:
            return np.ones(record.administered.size)
        # An item never seen, or never eligible, is eligible.
        seen = (record.administered > 0) & (record.eligible > 0)
        ratio = self.limit * record.eligible / np.where(seen, record.administered, 1.0)
        return np.where(seen, np.clip(1.0 - 1.0 / free + ratio / free, 0.0, 1.0), 1.0)

    def draw(self, n: int, record: ExposureRecord, rng: np.random.Generator) -> Mask:
        return rng.random((n, record.administered.size)) < self.probability(record)


@dataclass(frozen=True)
class MaximumRate:
    """No item is shown to more than a share of the candidates, counted exactly, but for one.

    The restricted method (Revuelta & Ponsoda, 1998) for candidates who sit together: of ``n`` at a time an item is
    eligible for no more than ``limit (persons + n) − administered``, chosen at random.

    Attributes
    ----------
    limit : float
        Highest exposure rate, in (0, 1].
    """

    limit: float
    fading = 1.0

    def check(self, n_items: int, length: int) -> None:
        check_limit(self.limit, n_items, length)

    def draw(self, n: int, record: ExposureRecord, rng: np.random.Generator) -> Mask:
        room = np.clip(self.limit * (record.persons + n) - record.administered, 0.0, n)
        # What is left of a whole candidate is decided by chance, or a first candidate could be shown nothing.
        places = np.floor(room + rng.random(room.size))
        order = rng.random((n, room.size)).argsort(axis=0)
        return np.asarray(order < places)


def check_limit(limit: float, n_items: int, length: int) -> None:
    """Raise ValueError unless a pool can keep an exposure limit at all."""
    if not 0.0 < limit <= 1.0:
        raise ValueError("limit must lie in (0, 1]")
    if limit * n_items < length:
        raise ValueError(
            f"{n_items} items at an exposure of {limit:g} give {limit * n_items:g} items a candidate, "
            f"fewer than the longest test of {length}"
        )


def seen_by(items: IntArray, n_items: int) -> Mask:
    """Return who saw what, shape (n, n_items), from positions of items with −1 after the last."""
    seen = np.zeros((len(items), n_items), dtype=np.bool_)
    person, at = np.nonzero(items >= 0)
    seen[person, items[person, at]] = True
    return seen
