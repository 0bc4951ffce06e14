"""Simulated persons: abilities from a normal or empirical density, in one group or several. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.models import FloatArray


@dataclass(frozen=True)
class Persons:
    """Abilities as drawn, and who belongs to which group.

    Attributes
    ----------
    theta : ndarray, shape (n_persons,)
        In logits.
    group : ndarray of int, shape (n_persons,)
        From 0; persons of a group stand together.
    """

    theta: FloatArray
    group: NDArray[np.intp]

    def __len__(self) -> int:
        return int(self.theta.size)


def draw_normal(
    n_persons: int, *, rng: np.random.Generator, mean: float = 0.0, variance: float = 1.0
) -> Persons:
    """Return persons of one normal group.

    Parameters
    ----------
    n_persons : int
        At least 1.
    rng : numpy.random.Generator
    mean, variance : float, default 0 and 1
        In logits and squared logits; the variance at least 0.

    Returns
    -------
    Persons

    Raises
    ------
    ValueError
        If there are no persons, the mean is not finite or the variance is negative.

    Examples
    --------
    >>> draw_normal(3, rng=np.random.default_rng(1), mean=1.0).theta.round(2)
    array([1.35, 1.82, 1.33])
    """
    return draw_groups([n_persons], [mean], [variance], rng=rng)


def draw_groups(
    sizes: ArrayLike, means: ArrayLike, variances: ArrayLike, *, rng: np.random.Generator
) -> Persons:
    """Return persons of several normal groups.

    Parameters
    ----------
    sizes : array-like of int, shape (n_groups,)
        Persons of each group, at least 1.
    means, variances : array-like, shape (n_groups,)
        In logits and squared logits.
    rng : numpy.random.Generator

    Returns
    -------
    Persons

    Raises
    ------
    ValueError
        If the vectors differ in length, a group is empty, or a mean or variance is not usable.

    Examples
    --------
    >>> draw_groups([2, 1], [0.0, 1.0], [1.0, 0.25], rng=np.random.default_rng(1)).group
    array([0, 0, 1])
    """
    count = np.atleast_1d(np.asarray(sizes))
    mean, variance = (np.atleast_1d(np.asarray(v, dtype=np.float64)) for v in (means, variances))
    if count.ndim != 1 or not count.shape == mean.shape == variance.shape or not count.size:
        raise ValueError("sizes, means and variances must hold one value a group")
    if count.dtype.kind not in "iu" or np.any(count < 1):
        raise ValueError("sizes must be whole numbers of at least 1")
    if not (np.isfinite(mean).all() and np.isfinite(variance).all() and np.all(variance >= 0)):
        raise ValueError("means must be finite, and variances finite and at least 0")
    group = np.repeat(np.arange(count.size), count)
    theta = mean[group] + np.sqrt(variance)[group] * rng.standard_normal(group.size)
    return Persons(theta, group)


def draw_empirical(
    n_persons: int,
    *,
    nodes: ArrayLike,
    weights: ArrayLike,
    rng: np.random.Generator,
    smooth: bool = True,
) -> Persons:
    """Return persons of a density given on nodes, such as the empirical one of a calibration.

    Parameters
    ----------
    n_persons : int
        At least 1.
    nodes : array-like, shape (n_nodes,)
        Rising abilities in logits.
    weights : array-like, shape (n_nodes,)
        At least 0, with a positive sum; they need not sum to 1.
    rng : numpy.random.Generator
    smooth : bool, default True
        Spread the persons of a node evenly over the cell that reaches half-way to its neighbours (the outermost
        cells are symmetric); else every ability is a node.

    Returns
    -------
    Persons

    Raises
    ------
    ValueError
        If nodes and weights are not usable.

    Examples
    --------
    >>> draw_empirical(4, nodes=[-1, 1], weights=[1, 3], rng=np.random.default_rng(1), smooth=False).theta
    array([ 1.,  1., -1.,  1.])
    """
    points, weight = (np.asarray(values, dtype=np.float64) for values in (nodes, weights))
    if n_persons < 1:
        raise ValueError("n_persons must be at least 1")
    if points.ndim != 1 or points.shape != weight.shape or not points.size or np.any(np.diff(points) <= 0):
        raise ValueError("nodes must rise, and weights hold one value a node")
    if not (np.isfinite(points).all() and np.isfinite(weight).all() and np.all(weight >= 0)):
        raise ValueError("nodes must be finite, and weights finite and at least 0")
    if not weight.sum() > 0:
        raise ValueError("weights must have a positive sum")
    cell = rng.choice(points.size, size=n_persons, p=weight / weight.sum())
    theta = points[cell]
    if smooth and points.size > 1:
        gap = np.diff(points)
        below, above = np.append(gap[0], gap) / 2.0, np.append(gap, gap[-1]) / 2.0
        theta = theta - below[cell] + (below + above)[cell] * rng.random(n_persons)
    return Persons(theta, np.zeros(n_persons, dtype=np.intp))
