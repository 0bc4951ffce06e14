"""Item parameters of two groups, estimated apart, with their covariances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.dif.outcome import BoolArray, Warn
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS

Link = Callable[[BoolArray], tuple[float, float]]
"""Takes the items that link, returns scale and shift from the focal to the reference group's logits."""


@dataclass(frozen=True)
class Estimates:
    """Parameters of n items in one group.

    Attributes
    ----------
    names : tuple of str
        What each column is, by its first letter: ``a`` discrimination per logit, ``b`` a location in logits
        (difficulty, step, threshold), ``c`` a lower asymptote.
    values : ndarray, shape (n_items, n_names)
        NaN for a step that an item does not have.
    covariance : ndarray, shape (n_items, n_names, n_names)
        Covariance of an item's estimates.
    n_persons : int or None
        Persons they come from.

    Examples
    --------
    >>> Estimates.of(("a", "b"), [[2.0, 1.0]], [[[0.04, 0.0], [0.0, 0.01]]]).rescaled(2.0, 0.5).values
    array([[1. , 2.5]])
    """

    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    n_persons: int | None = None

    @classmethod
    def of(
        cls,
        names: tuple[str, ...],
        values: ArrayLike,
        covariance: ArrayLike,
        *,
        n_persons: int | None = None,
    ) -> Estimates:
        """Check and take parameters.

        Raises
        ------
        ValueError
            If names are not a, b or c with anything behind, or the arrays do not fit.
        """
        table = np.asarray(values, dtype=np.float64)
        spread = np.asarray(covariance, dtype=np.float64)
        if not names or any(name[:1] not in ("a", "b", "c") for name in names) or "b" not in _kinds(names):
            raise ValueError("names must begin with a, b or c, and there must be a location b")
        if table.ndim != 2 or table.shape[1] != len(names) or not len(table):
            raise ValueError("values must be items × names")
        if spread.shape != (*table.shape, len(names)):
            raise ValueError("covariance must be items × names × names")
        return cls(names, table, spread, n_persons)

    @property
    def of_kind(self) -> dict[str, NDArray[np.intp]]:
        """Columns of each kind of parameter."""
        kinds = _kinds(self.names)
        return {kind: np.flatnonzero([own == kind for own in kinds]) for kind in "abc"}

    @property
    def location(self) -> FloatArray:
        """Mean of an item's locations, shape (n_items,)."""
        places = self.values[:, self.of_kind["b"]]
        with np.errstate(invalid="ignore"):
            return np.asarray(np.nansum(places, axis=1) / (~np.isnan(places)).sum(axis=1), dtype=np.float64)

    @property
    def location_variance(self) -> FloatArray:
        """Variance of `location`, shape (n_items,)."""
        places = self.of_kind["b"]
        present = ~np.isnan(self.values[:, places])
        block = np.where(
            present[:, :, None] & present[:, None, :], self.covariance[:, places[:, None], places], 0.0
        )
        with np.errstate(invalid="ignore"):
            return np.asarray(block.sum(axis=(1, 2)) / present.sum(axis=1) ** 2, dtype=np.float64)

    def rescaled(self, scale: float, shift: float) -> Estimates:
        """Return the estimates for abilities on the scale ``scale · theta + shift``; the constants count as known."""
        if not (0 < scale < np.inf and np.isfinite(shift)):
            raise ValueError("scale must be positive and shift finite")
        by = np.ones(len(self.names))
        by[self.of_kind["a"]], by[self.of_kind["b"]] = 1.0 / scale, scale
        values = self.values * by
        values[:, self.of_kind["b"]] += shift
        return replace(self, values=values, covariance=self.covariance * np.outer(by, by))

    def small(self) -> bool:
        """Whether fewer persons stand behind the estimates than calibrations of this kind should have."""
        kinds = _kinds(self.names)
        model = Model.THREE_PL if "c" in kinds else Model.TWO_PL if "a" in kinds else Model.RASCH
        return self.n_persons is not None and self.n_persons < MINIMUM_PERSONS[model]


def check_pair(reference: Estimates, focal: Estimates) -> None:
    """Refuse estimates of other items or parameters."""
    if reference.names != focal.names or reference.values.shape != focal.values.shape:
        raise ValueError("both groups must have the same items and parameters, in one order")
    if not np.array_equal(np.isnan(reference.values), np.isnan(focal.values)):
        raise ValueError("both groups must have the same steps of each item")


def pair_warnings(reference: Estimates, focal: Estimates) -> tuple[Warn, ...]:
    """Warn of calibrations from few persons."""
    return (Warn.SMALL_CALIBRATION,) if reference.small() or focal.small() else ()


def compared_of(reference: Estimates, focal: Estimates) -> NDArray[np.intp]:
    """Return the persons behind each item's comparison; 0 where they were not told."""
    return np.tile([reference.n_persons or 0, focal.n_persons or 0], (len(reference.values), 1)).astype(
        np.intp
    )


def _kinds(names: tuple[str, ...]) -> list[str]:
    return [name[:1] for name in names]
