"""Item parameters as one vector, so that errors can be carried through a link."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model


def free_parameters(items: Items) -> FloatArray:
    """Return the parameters of the items, one item after the other.

    Parameters
    ----------
    items : Items

    Returns
    -------
    ndarray, shape (n_parameters,)
        For each item the discrimination and the intercepts of its scores 1 … m; for a nominal item the m slopes and
        the m intercepts; then the lower asymptote of a 3PL or 4PL item and the upper one of a 4PL item. The same
        order as the covariance of a calibration in slope–intercept form.

    Examples
    --------
    >>> free_parameters(Items.dichotomous([2.0, 1.0], [0.5, 0.0], c=[0.0, 0.2]))
    array([ 2. , -1. ,  1. , -0. ,  0.2])
    """
    parts: list[FloatArray] = []
    for at, model in enumerate(items.models):
        top = int(items.highest[at])
        slopes = items.slopes[at, :top]
        parts += [slopes if model is Model.NOMINAL else slopes[:1], items.intercepts[at, :top]]
        if model in (Model.THREE_PL, Model.FOUR_PL):
            parts.append(items.lower[at : at + 1])
        if model is Model.FOUR_PL:
            parts.append(items.upper[at : at + 1])
    return np.concatenate(parts)


def with_parameters(items: Items, vector: FloatArray) -> Items:
    """Return the same items with other parameters, in the order of `free_parameters`.

    Raises
    ------
    ValueError
        If the vector has another length, or holds no parameters of such items.

    Examples
    --------
    >>> items = Items.dichotomous([2.0], [0.5])
    >>> with_parameters(items, np.array([1.0, 1.0])).b
    array([-1.])
    """
    slopes, intercepts = items.slopes.copy(), items.intercepts.copy()
    lower, upper = items.lower.copy(), items.upper.copy()
    used = 0

    def following(count: int) -> FloatArray:
        nonlocal used
        used += count
        return vector[used - count : used]

    if vector.shape != free_parameters(items).shape:
        raise ValueError(f"{free_parameters(items).size} parameters are needed, {vector.size} were given")
    for at, model in enumerate(items.models):
        top = int(items.highest[at])
        if model is Model.NOMINAL:
            slopes[at, :top] = following(top)
        else:
            a = float(following(1)[0])
            slopes[at, :top] = a if model is Model.GRADED else a * np.arange(1, top + 1)
        intercepts[at, :top] = following(top)
        if model in (Model.THREE_PL, Model.FOUR_PL):
            lower[at] = following(1)[0]
        if model is Model.FOUR_PL:
            upper[at] = following(1)[0]
    return Items(items.models, items.highest, slopes, intercepts, lower, upper)


def check_covariance(items: Items, covariance: FloatArray, name: str) -> FloatArray:
    """Return the covariance of the free parameters, checked.

    Raises
    ------
    ValueError
        If it is not a finite symmetric matrix of the right size.
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    size = free_parameters(items).size
    if matrix.shape != (size, size):
        raise ValueError(f"{name} must be {size} × {size}: one row for each entry of free_parameters")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite: leave items without standard errors out")
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-12):
        raise ValueError(f"{name} must be symmetric")
    return matrix


def drawn_items(
    items: Items, covariance: FloatArray, *, rng: np.random.Generator, replications: int
) -> Iterator[Items]:
    """Yield sets of items as other samples of persons might have given them (a parametric bootstrap).

    Parameters
    ----------
    items : Items
    covariance : ndarray, shape (n_parameters, n_parameters)
        Of `free_parameters`.
    rng : numpy.random.Generator
    replications : int
        Sets to yield.

    Notes
    -----
    Normal draws around the estimates. Asymptotes are clipped to [0, 1]; a draw that is no set of items all the same
    (graded thresholds out of order) is drawn again, up to 100 times.

    Raises
    ------
    ValueError
        If the covariance does not fit, or 100 draws in a row are no sets of items.

    Examples
    --------
    >>> items = Items.dichotomous([1.0], [0.0])
    >>> draws = list(drawn_items(items, np.eye(2) * 0.01, rng=np.random.default_rng(1), replications=3))
    >>> len(draws)
    3
    """
    matrix = check_covariance(items, covariance, "covariance")
    values, vectors = np.linalg.eigh(matrix)
    factor = vectors * np.sqrt(np.maximum(values, 0.0))
    centre = free_parameters(items)
    for _ in range(replications):
        yield _drawn(items, centre, factor, rng)


def _drawn(items: Items, centre: FloatArray, factor: FloatArray, rng: np.random.Generator) -> Items:
    bounded = _asymptotes(items)
    for _ in range(100):
        vector = centre + factor @ rng.standard_normal(centre.size)
        vector[bounded] = np.clip(vector[bounded], 0.0, 1.0)
        try:
            return with_parameters(items, vector)
        except ValueError:
            continue
    raise ValueError("the covariance is so wide that 100 draws in a row were no possible items")


def _asymptotes(items: Items) -> list[int]:
    """Return where in the vector the asymptotes stand."""
    places: list[int] = []
    used = 0
    for at, model in enumerate(items.models):
        top = int(items.highest[at])
        used += 2 * top if model is Model.NOMINAL else top + 1
        count = {Model.THREE_PL: 1, Model.FOUR_PL: 2}.get(model, 0)
        places += range(used, used + count)
        used += count
    return places
