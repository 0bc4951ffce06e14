"""Equating raw scores through item response theory: true scores and observed scores."""

from __future__ import annotations

import numpy as np

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring.sum_scores import score_distribution
from exam_engine.psychometrics.linking.common_items import synthetic_weight
from exam_engine.psychometrics.linking.curves import Grid
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning, curve
from exam_engine.psychometrics.linking.frequencies import Frequencies

ABILITY_LIMIT = 400.0
"""Abilities are sought from minus to plus this many logits: there curves are flat to the last digit."""

HALVINGS = 70
"""Halvings of that interval, down to the last digit of an ability."""

BLOCK = 64
"""Quadrature nodes whose score distributions are held at a time."""


def irt_true_score(new: Items, old: Items) -> Equating:
    """Equate number-correct scores that are the true scores of the same ability.

    Parameters
    ----------
    new, old : Items
        All items of either form, on one scale: link them first. Models may be mixed.

    Returns
    -------
    Equating
        Standard errors by `bootstrap.bootstrap_items` only.

    Notes
    -----
    For each score x the ability with ``τ_new(θ) = x`` is found by halving, and ``y = τ_old(θ)``. True scores lie above
    the sum of the lower asymptotes ``Σc``; a score x ≤ Σc_new is joined to 0 in a straight line,
    ``y = x Σc_old / Σc_new`` (Kolen, 1981, Journal of Educational Measurement 18, 1–11; Kolen & Brennan, 2014, chapter
    6). Likewise above the sum of upper asymptotes, to the highest score. The score 0 is equivalent to 0, the highest to
    the highest.

    Raises
    ------
    ValueError
        If the expected score of a form does not rise with ability (negative discriminations, or nominal items whose
        categories are not in order of their scores).

    Examples
    --------
    >>> new = Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0])
    >>> old = Items.dichotomous([1.0, 1.0, 1.0], [-1.5, -0.5, 0.5])
    >>> irt_true_score(new, old).equivalents.round(3)
    array([0.   , 1.306, 2.271, 3.   ])
    """
    _check_rising(new, "new")
    _check_rising(old, "old")
    top_new, top_old = int(new.highest.sum()), int(old.highest.sum())
    low_new, high_new = _limits(new)
    low_old, high_old = _limits(old)
    scores = np.arange(top_new + 1, dtype=np.float64)
    inside = (scores > low_new) & (scores < high_new)
    equivalents = np.empty(scores.shape)
    if inside.any():
        ability = ability_of_score(new, scores[inside])
        equivalents[inside] = old.expected_score(ability).sum(axis=1)
    below, above = scores <= low_new, scores >= high_new
    equivalents[below] = scores[below] * (low_old / low_new if low_new > 0 else 0.0)
    rest = top_new - high_new
    share = (scores[above] - high_new) / rest if rest > 0 else np.ones(int(above.sum()))
    equivalents[above] = high_old + share * (top_old - high_old)
    warnings: list[EquatingWarning] = []
    if np.any(below & (scores > 0)):
        warnings.append(EquatingWarning.BELOW_CHANCE)
    if np.any(above & (scores < top_new)):
        warnings.append(EquatingWarning.ABOVE_CEILING)
    return curve(
        EquatingMethod.IRT_TRUE_SCORE,
        equivalents,
        highest_old=top_old,
        n=(0.0, 0.0),
        warnings=tuple(warnings),
    )


def ability_of_score(items: Items, scores: FloatArray) -> FloatArray:
    """Return the abilities whose expected test scores are the given ones, shape (n_scores,), in logits.

    Parameters
    ----------
    items : Items
        With an expected score that rises with ability.
    scores : ndarray, shape (n_scores,)
        Between the sum of the lower and the sum of the upper asymptotes.

    Raises
    ------
    ValueError
        If a score is outside these.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [-1.0, 1.0])
    >>> bool(abs(ability_of_score(items, np.array([1.0]))[0]) < 1e-12)
    True
    """
    low, high = _limits(items)
    if not np.all((scores > low) & (scores < high)):
        raise ValueError(f"only scores above {low:g} and below {high:g} have an ability")
    left = np.full(scores.shape, -ABILITY_LIMIT)
    right = -left
    for _ in range(HALVINGS):
        middle = (left + right) / 2.0
        short = items.expected_score(middle).sum(axis=1) < scores
        left, right = np.where(short, middle, left), np.where(short, right, middle)
    return np.asarray((left + right) / 2.0)


def irt_observed_score(
    new: Items,
    old: Items,
    *,
    ability_new: Grid,
    ability_old: Grid | None = None,
    weight_new: float = 0.5,
) -> Equating:
    """Equate number-correct scores of the same percentile rank, their distributions implied by the model.

    Parameters
    ----------
    new, old : Items
        All items of either form, on one scale.
    ability_new, ability_old : Grid
        Distribution of ability in the group of either form, on that scale; the old one's by default the same (random
        groups).
    weight_new : float, default 0.5
        Share of the new group in the synthetic population, from 0 to 1.

    Returns
    -------
    Equating
        Standard errors by `bootstrap.bootstrap_items` only.

    Notes
    -----
    Lord and Wingersky (1984, Applied Psychological Measurement 8, 453–461); Kolen & Brennan (2014, chapter 6): the
    recursion gives the distribution of each form's score at each ability, the grids weight them, and equipercentile
    equating follows. Scores below chance need no rule of their own here.

    Raises
    ------
    ValueError
        If the weight is not from 0 to 1.

    Examples
    --------
    >>> new = Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0])
    >>> old = Items.dichotomous([1.0, 1.0, 1.0], [-1.5, -0.5, 0.5])
    >>> irt_observed_score(new, old, ability_new=Grid.normal()).equivalents.round(3)
    array([0.344, 1.344, 2.28 , 3.177])
    """
    share = synthetic_weight(1.0, 1.0, weight_new)
    first = model_frequencies(new, ability_new, ability_old, weight_new=share)
    second = model_frequencies(old, ability_new, ability_old, weight_new=share)
    equivalents = second.point(first.rank(np.arange(first.highest + 1)))
    return curve(EquatingMethod.IRT_OBSERVED_SCORE, equivalents, highest_old=second.highest, n=(0.0, 0.0))


def model_frequencies(
    items: Items, ability_new: Grid, ability_old: Grid | None = None, *, weight_new: float = 0.5
) -> Frequencies:
    """Return the distribution of a form's score that the model implies, as shares.

    Parameters
    ----------
    items : Items
    ability_new, ability_old : Grid
        Distribution of ability in either group.
    weight_new : float, default 0.5
        Share of the new group.

    Examples
    --------
    >>> items = Items.dichotomous([1.0, 1.0], [-1.0, 1.0])
    >>> model_frequencies(items, Grid.normal()).probability.round(3)
    array([0.242, 0.517, 0.242])
    """
    groups = [(ability_new, weight_new), (ability_old or ability_new, 1.0 - weight_new)]
    top = int(items.highest.sum())
    total = np.zeros(top + 1)
    for grid, share in groups:
        for start in range(0, grid.nodes.size, BLOCK):
            chance = items.probability(grid.nodes[start : start + BLOCK])
            table = score_distribution(chance, max_score=top)
            total += share * (grid.weights[start : start + BLOCK] @ table)
    return Frequencies(total, True)


def _limits(items: Items) -> tuple[float, float]:
    """Return the sums of the lower and upper asymptotes, in marks."""
    low = float(items.lower.sum())
    return low, float((items.upper * items.highest).sum())


def _check_rising(items: Items, name: str) -> None:
    grid = np.linspace(-8.0, 8.0, 161)
    slope = items.slope_of_probability(grid)
    steep = (slope @ np.arange(slope.shape[2])).sum(axis=1)
    ends = items.expected_score([-ABILITY_LIMIT, ABILITY_LIMIT]).sum(axis=1)
    low, high = _limits(items)
    if not (np.all(steep > 0) and ends[0] - low < 1e-3 and high - ends[1] < 1e-3):
        raise ValueError(
            f"the expected score of the {name} form must rise with ability from its lowest to its highest: "
            "look for negative discriminations and nominal items scored out of order"
        )
