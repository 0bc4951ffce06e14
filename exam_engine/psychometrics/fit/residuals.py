"""Residuals of scores at given abilities, and mean squares of them. Pure arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.blocks import Block, split

LARGEST_SPREAD = np.sqrt(2.0)
"""The cube-root transformation takes standard deviations of a mean square up to this, as R mirt 1.47 does: with
larger ones values far below 1 would come out as large positive."""


@dataclass(frozen=True)
class Moments:
    """Moments of item scores at abilities, shape (n_points, n_items) each.

    Attributes
    ----------
    mean, variance, fourth : ndarray
        Expected score, and the second and fourth central moments.
    """

    mean: FloatArray
    variance: FloatArray
    fourth: FloatArray


def score_moments(chance: FloatArray, *, least_variance: float = 0.0) -> Moments:
    """Return the moments of item scores of given probabilities, variances no smaller than the least."""
    if chance.shape[2] == 2:
        right, wrong = chance[..., 1], chance[..., 0]
        variance = right * wrong
        fourth = variance * (1.0 - 3.0 * variance)
        return Moments(right, np.maximum(variance, least_variance), fourth)
    scores = np.arange(chance.shape[2])
    mean = chance @ scores
    apart = scores - mean[..., None]
    square = apart**2
    variance = np.maximum((chance * square).sum(axis=2), least_variance)
    return Moments(mean, variance, (chance * square**2).sum(axis=2))


def check_abilities(theta: ArrayLike, n_persons: int) -> FloatArray:
    """Return given abilities as floats.

    Raises
    ------
    ValueError
        If they are not one a person.
    """
    points = np.asarray(theta, dtype=np.float64)
    if points.shape != (n_persons,):
        raise ValueError(f"theta must hold {n_persons} abilities, one a person")
    return points


def item_blocks(matrix: NDArray[np.int8], items: Items) -> Iterator[tuple[Block, Items]]:
    """Yield persons in blocks with the items of the block, wide enough for all score probabilities."""
    width = len(items) * int(items.highest.max() + 1)
    for block in split(matrix, width=width):
        yield block, items if block.columns.size == len(items) else items.take(block.columns)


@dataclass(frozen=True)
class MeanSquares:
    """Mean squared residuals, and their standardised form.

    Attributes
    ----------
    outfit, infit : ndarray, shape (n,)
        Mean squares, unweighted and weighted by information: 1 expected, above 1 noise (answers less predictable
        than the model says), below 1 more predictable. NaN where nothing was answered, or abilities are infinite.
    z_outfit, z_infit : ndarray, shape (n,)
        Cube-root transformed to about standard normal.
    n : ndarray of int, shape (n,)
        Responses they rest on.
    """

    outfit: FloatArray
    infit: FloatArray
    z_outfit: FloatArray
    z_infit: FloatArray
    n: NDArray[np.intp]


class MeanSquareSums:
    """Running sums for mean squares.

    Parameters
    ----------
    size : int
        How many mean squares.
    """

    def __init__(self, size: int) -> None:
        self._sums = np.zeros((6, size))

    def add(
        self,
        x: NDArray[np.int8],
        moments: Moments,
        used: NDArray[np.bool_],
        *,
        axis: int,
        to: NDArray[np.intp],
    ) -> None:
        """Add the residuals of some responses, summed along an axis, to the sums at the positions ``to``."""
        safe = np.where(used, moments.variance, 1.0)
        square = (x - moments.mean) ** 2
        fourth = moments.fourth
        parts = (
            used * square / safe,
            used * (fourth / safe**2),
            used * square,
            used * moments.variance,
            used * (fourth - moments.variance**2),
            used,
        )
        for row, part in zip(self._sums, parts, strict=True):
            row[to] += part.sum(axis=axis)

    def result(self) -> MeanSquares:
        """Return the mean squares of everything added."""
        standard, kurtosis, square, variance, spread, n = self._sums
        with np.errstate(divide="ignore", invalid="ignore"):
            outfit, infit = standard / n, square / variance
            outfit_spread = np.sqrt(np.maximum(kurtosis / n**2 - 1.0 / n, 0.0))
            infit_spread = np.sqrt(np.maximum(spread, 0.0)) / variance
            return MeanSquares(
                outfit,
                infit,
                _standardised(outfit, outfit_spread),
                _standardised(infit, infit_spread),
                n.astype(np.intp),
            )


def _standardised(mean_square: FloatArray, spread: FloatArray) -> FloatArray:
    spread = np.minimum(spread, LARGEST_SPREAD)
    return np.asarray((np.cbrt(mean_square) - 1.0) * 3.0 / spread + spread / 3.0, dtype=np.float64)
