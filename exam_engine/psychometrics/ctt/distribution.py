"""Raw scores: their distribution given ability, their summary in a group, item–total plots."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.models import FloatArray

SUM_TOLERANCE = 1e-6


def score_distribution(probability: ArrayLike, *, max_score: int | None = None) -> FloatArray:
    """Return the distribution of the raw score at each ability: the Lord–Wingersky recursion.

    Parameters
    ----------
    probability : array-like, shape (n_points, n_items, highest score of all + 1)
        Probability of each score of each item at each ability, 0 for scores that an item lacks; as
        `Items.probability` returns it, models mixed.
    max_score : int, optional
        Highest raw score of the test, the sum of ``items.highest``; by default the sum of each item's highest score
        with a positive probability anywhere.

    Returns
    -------
    ndarray, shape (n_points, max_score + 1)
        Probability of each raw score 0 … max_score; rows sum to 1.

    Raises
    ------
    ValueError
        If the array has another shape, holds something that is no probability, or ``max_score`` is below a
        score that has a positive probability.

    Notes
    -----
    With ``f_r(x)`` the distribution over the first r items, ``f_r(x) = Σ_k P_r(k) f_{r-1}(x - k)`` (Lord &
    Wingersky, 1984, Applied Psychological Measurement 8, 453–461; for several categories Thissen, Pommerich,
    Billeaud & Williams, 1995, Applied Psychological Measurement 19, 39–49). All terms are positive, so that no
    digits cancel.

    Examples
    --------
    >>> score_distribution([[[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]])
    array([[0.1 , 0.25, 0.4 , 0.25]])
    """
    chance = np.asarray(probability, dtype=np.float64)
    if chance.ndim != 3 or 0 in chance.shape:
        raise ValueError("probability must have the shape (n_points, n_items, scores), nothing empty")
    if not (np.all(chance >= 0) and np.all(np.abs(chance.sum(axis=2) - 1.0) <= SUM_TOLERANCE)):
        raise ValueError("the probabilities of an item must be at least 0 and sum to 1 over its scores")
    possible = chance.max(axis=0) > 0
    highest = possible.shape[1] - 1 - np.argmax(possible[:, ::-1], axis=1)
    reached = int(highest.sum())
    size = reached if max_score is None else max_score
    if size < reached:
        raise ValueError(
            f"max_score must be at least {reached}, the highest score with a probability above 0"
        )
    total = np.zeros((len(chance), size + 1))
    total[:, 0] = 1.0
    upto = 0
    for item, most in enumerate(highest):
        before = total[:, : upto + 1].copy()
        total[:, : upto + 1] *= chance[:, item, :1]
        for score in range(1, int(most) + 1):
            total[:, score : score + upto + 1] += before * chance[:, item, score, None]
        upto += int(most)
    return total
