"""Reliability of ability estimates: of the persons at hand, and of the test in a population. Pure arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring.prior import make_prior
from exam_engine.psychometrics.irt.scoring.result import Scores

ROUNDING = 1e-18
"""Variance, in squared logits, by which abilities that are alike may differ."""


def empirical_reliability(scores: Scores, *, is_posterior: bool = True) -> float:
    """Return the share of the variance of ability that the estimates of these persons carry.

    Parameters
    ----------
    scores : Scores
        At least two persons with finite estimates; the others are left out.
    is_posterior : bool, default True
        Whether the estimates are shrunken ones (EAP, MAP) and their errors posterior standard deviations; False for ML
        and WLE.

    Returns
    -------
    float
        At most 1; NaN where the estimates do not vary. Negative values, possible for ML and WLE, say that the errors
        exceed the spread.

    Raises
    ------
    ValueError
        If fewer than two persons have finite estimates.

    Notes
    -----
    ``Var(theta) / (Var(theta) + mean(se²))`` for posterior means, ``1 − mean(se²) / Var(theta)`` else (Adams, 2005,
    Studies in Educational Evaluation 31, 162–172).

    Examples
    --------
    >>> from exam_engine.psychometrics.irt.scoring import score_eap
    >>> items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    >>> round(empirical_reliability(score_eap([[0, 0], [1, 0], [1, 1]], items)), 3)
    0.411
    """
    finite = np.isfinite(scores.theta) & np.isfinite(scores.se)
    if finite.sum() < 2:
        raise ValueError("at least 2 persons must have finite estimates")
    spread = float(scores.theta[finite].var(ddof=1))
    error = float((scores.se[finite] ** 2).mean())
    if spread <= ROUNDING:
        return np.nan
    return spread / (spread + error) if is_posterior else 1.0 - error / spread


def marginal_reliability(
    items: Items,
    *,
    mean: float = 0.0,
    variance: float = 1.0,
    nodes: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> float:
    """Return the reliability that a test has in a population, from its information alone.

    Parameters
    ----------
    items : Items
    mean, variance : float, default 0 and 1
        Of the normal density of ability.
    nodes, weights : array-like, shape (n_nodes,), optional
        Own nodes, and own weights instead of the normal density.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If the density is none.

    Notes
    -----
    ``∫ I / (I + 1 / variance) g``: one less the mean error variance of the modal estimate over the variance of
    ability (Green, Bock, Humphreys, Linn & Reckase, 1984, Journal of Educational Measurement 21, 347–360).

    Examples
    --------
    >>> round(marginal_reliability(Items.dichotomous([1.0] * 20, [0.0] * 20)), 2)
    0.8
    """
    prior = make_prior(items, mean=mean, variance=variance, nodes=nodes, weights=weights)
    information = items.information(prior.nodes).sum(axis=1)
    return float(prior.weights @ (information / (information + 1.0 / prior.variance)))
