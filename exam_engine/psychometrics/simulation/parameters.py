"""Simulated item parameters with the spread that operational banks show, and items that differ by group."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model

SINGLE = frozenset({Model.RASCH, Model.ONE_PL, Model.TWO_PL, Model.THREE_PL, Model.FOUR_PL})
"""Models of items scored 0 or 1."""

SMALLEST_GAP = 0.25
"""Graded thresholds stand at least this far apart, in logits: nearer ones leave categories next to nobody uses."""


@dataclass(frozen=True)
class ItemDistribution:
    """Where simulated item parameters come from.

    Attributes
    ----------
    mean_log_a, sd_log_a : float, default 0.2 and 0.3
        Of the logarithm of the slope per logit; not used by Rasch and partial credit, and of the 1PL only the mean
        is.
    mean_b, sd_b : float, default 0 and 1
        Of the difficulty, in logits.
    correlation : float, default 0
        Between log a and b, within (−1, 1); in operational banks often 0.2 to 0.4.
    guessing : pair of float, default (5, 17)
        Beta distribution of the lower asymptote (mean 0.23): the usual prior for items of four or five options.
    slipping : pair of float, default (2, 48)
        Beta distribution of 1 less the upper asymptote (mean 0.04).
    step_spread : float, default 0.8
        Standard deviation of the steps or thresholds of an item about its difficulty, in logits.
    """

    mean_log_a: float = 0.2
    sd_log_a: float = 0.3
    mean_b: float = 0.0
    sd_b: float = 1.0
    correlation: float = 0.0
    guessing: tuple[float, float] = (5.0, 17.0)
    slipping: tuple[float, float] = (2.0, 48.0)
    step_spread: float = 0.8

    def __post_init__(self) -> None:
        if min(self.sd_log_a, self.sd_b, self.step_spread) < 0:
            raise ValueError("standard deviations must be at least 0")
        if not -1.0 < self.correlation < 1.0:
            raise ValueError("correlation must lie between -1 and 1")
        if min(*self.guessing, *self.slipping) <= 0:
            raise ValueError("both parameters of a beta distribution must be positive")


def draw_items(
    n_items: int,
    *,
    model: Model | str,
    rng: np.random.Generator,
    n_categories: int = 4,
    distribution: ItemDistribution | None = None,
) -> Items:
    """Return items of one model with random parameters; join several sets with `Items.concatenate`.

    Parameters
    ----------
    n_items : int
        At least 1.
    model : Model or str
    rng : numpy.random.Generator
    n_categories : int, default 4
        Of polytomous and nominal items: scores 0 … ``n_categories − 1``, at least 2.
    distribution : ItemDistribution, optional

    Returns
    -------
    Items

    Raises
    ------
    ValueError
        If there are no items or fewer than two categories.

    Notes
    -----
    ``(log a, b)`` is bivariate normal. Steps of the partial credit models are normal about ``b`` and need not rise;
    graded thresholds are sorted and kept `SMALLEST_GAP` apart. The categories of a nominal item have rising
    slopes ``a k + e`` with small normal ``e``, so that a higher category tells of a higher ability, as keys and
    distractors do on the whole.

    Examples
    --------
    >>> items = draw_items(3, model="2pl", rng=np.random.default_rng(1))
    >>> items.a.round(2), items.b.round(2)
    (array([1.35, 1.56, 1.35]), array([-1.3 ,  0.91,  0.45]))
    """
    if n_items < 1:
        raise ValueError("n_items must be at least 1")
    if n_categories < 2:
        raise ValueError("n_categories must be at least 2")
    kind, spread = Model(model), distribution or ItemDistribution()
    first, second = rng.standard_normal((2, n_items))
    rest = np.sqrt(1.0 - spread.correlation**2)
    a = np.exp(spread.mean_log_a + spread.sd_log_a * first)
    b = spread.mean_b + spread.sd_b * (spread.correlation * first + rest * second)
    if kind in (Model.RASCH, Model.PCM):
        a = np.ones(n_items)
    elif kind is Model.ONE_PL:
        a = np.full(n_items, np.exp(spread.mean_log_a))
    if kind in SINGLE:
        c = rng.beta(*spread.guessing, n_items) if kind in (Model.THREE_PL, Model.FOUR_PL) else 0.0
        u = 1.0 - rng.beta(*spread.slipping, n_items) if kind is Model.FOUR_PL else 1.0
        items = Items.dichotomous(a, b, c=c, u=u)
    else:
        items = _several(kind, a, b, n_categories, spread.step_spread, rng)
    return replace(items, models=(kind,) * n_items)


def _several(
    kind: Model, a: FloatArray, b: FloatArray, n_categories: int, spread: float, rng: np.random.Generator
) -> Items:
    shape = (a.size, n_categories - 1)
    apart = spread * rng.standard_normal(shape)
    if kind is Model.GRADED:
        rising = np.sort(apart, axis=1) + SMALLEST_GAP * np.arange(shape[1])
        return Items.graded(a, b[:, None] + rising - rising.mean(axis=1, keepdims=True))
    if kind is Model.NOMINAL:
        rank = np.arange(1, n_categories)
        slopes = a[:, None] * rank / 2.0 + 0.15 * rng.standard_normal(shape)
        return Items.nominal(slopes, -np.cumsum((b[:, None] + apart) * a[:, None] / 2.0, axis=1))
    return Items.partial_credit(a, b[:, None] + apart - apart.mean(axis=1, keepdims=True))


@dataclass(frozen=True)
class GroupItems:
    """The same items as two groups meet them.

    Attributes
    ----------
    reference, focal : Items
    affected : ndarray of bool, shape (n_items,)
        Which items differ.
    shift : ndarray, shape (n_items,)
        Difficulty for the focal group less that for the reference group, in logits.
    factor : ndarray, shape (n_items,)
        Slope for the focal group over that for the reference group.
    """

    reference: Items
    focal: Items
    affected: NDArray[np.bool_]
    shift: FloatArray
    factor: FloatArray


def add_dif(items: Items, index: ArrayLike, *, shift: ArrayLike = 0.0, factor: ArrayLike = 1.0) -> GroupItems:
    """Make some items differ between a reference and a focal group.

    Parameters
    ----------
    items : Items
        As the reference group meets them.
    index : array-like of int, shape (n_affected,)
        Positions of the items that differ.
    shift : array-like, a number or shape (n_affected,), default 0
        Added to difficulty, steps and thresholds, in logits: uniform DIF; positive puts the focal group at a
        disadvantage.
    factor : array-like, a number or shape (n_affected,), default 1
        Multiplies the slopes about the item's difficulty: non-uniform DIF; positive.

    Returns
    -------
    GroupItems

    Raises
    ------
    ValueError
        If an item is out of range or named twice, or a factor is not positive.

    Notes
    -----
    The focal item has the reference item's ``z`` at ``theta' = b + factor (theta − shift − b)``;
    nominal items, which have no difficulty, turn about 0.

    Examples
    --------
    >>> add_dif(Items.dichotomous([1.0, 2.0], [0.0, 1.0]), [1], shift=0.5).focal.b
    array([0. , 1.5])
    """
    chosen = np.atleast_1d(np.asarray(index))
    if chosen.dtype.kind not in "iu" or np.unique(chosen).size != chosen.size:
        raise ValueError("index must hold different positions of items")
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(items)):
        raise ValueError(f"index must lie between 0 and {len(items) - 1}")
    move, stretch = np.zeros(len(items)), np.ones(len(items))
    move[chosen], stretch[chosen] = shift, factor
    if not (np.isfinite(move).all() and np.isfinite(stretch).all() and np.all(stretch > 0)):
        raise ValueError("shift must be finite, factor positive and finite")
    centre = np.nan_to_num(items.b, nan=0.0)
    offset = centre - stretch * (move + centre)
    intercepts = items.intercepts + items.slopes * offset[:, None]
    focal = replace(items, slopes=items.slopes * stretch[:, None], intercepts=intercepts)
    return GroupItems(items, focal, np.isin(np.arange(len(items)), chosen), move, stretch)
