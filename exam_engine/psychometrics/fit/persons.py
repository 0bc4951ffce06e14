"""Does a person answer as the model says? lz, lz*, infit and outfit. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.fit.caution import Caution
from exam_engine.psychometrics.fit.residuals import (
    MeanSquares,
    MeanSquareSums,
    check_abilities,
    item_blocks,
    score_moments,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.scoring import Scores, score_eap, score_map, score_ml, score_wle
from exam_engine.psychometrics.irt.scoring.blocks import Block, read_scores
from exam_engine.psychometrics.irt.scoring.derivatives import Kinds, derivatives
from exam_engine.psychometrics.irt.scoring.likelihood import LEAST

MINIMUM_ITEMS = 20
"""House rule: with fewer items aberrant answers are seldom found and the normal approximation is rough; power grows
with the length of the test (Meijer & Sijtsma, 2001, Applied Psychological Measurement 25, 107–135)."""


LEAST_SPREAD = 1e-10
"""Below this variance every pattern with the same ability is as likely as any other: items of equal parameters."""


class Estimator(StrEnum):
    """How abilities are estimated before the residuals are taken."""

    EAP = "eap"
    MAP = "map"
    ML = "ml"
    WLE = "wle"


@dataclass(frozen=True)
class PersonFit:
    """Fit of each person, shape (n_persons,) each.

    Attributes
    ----------
    theta : ndarray
        Ability the answers were compared with, in logits.
    lz : ndarray
        Standardised log-likelihood of the pattern. Large negative values: an unlikely pattern. Its variance is
        below 1 because ability is estimated from the same answers.
    lz_star : ndarray
        The same with mean and variance corrected for that: about standard normal. NaN with an EAP or a given
        ability (``NO_CORRECTION``).
    mean_squares : MeanSquares
        Infit and outfit of each person; nominal items have no score and are left out of them.
    n_items : ndarray of int
        Items answered. Below `MINIMUM_ITEMS` read with care. With 0, or an infinite ML ability, all is NaN.
    warnings : tuple of Caution
        ``FEW_ITEMS`` if anybody answered fewer than `MINIMUM_ITEMS`; ``NO_CORRECTION``; ``NOT_TESTABLE`` if the
        items of somebody of finite ability are so alike that no pattern is odder than another (``lz`` NaN).
    """

    theta: FloatArray
    lz: FloatArray
    lz_star: FloatArray
    mean_squares: MeanSquares
    n_items: NDArray[np.intp]
    warnings: tuple[Caution, ...]


def person_fit(
    responses: ArrayLike,
    items: Items,
    *,
    estimator: Estimator | str = Estimator.WLE,
    theta: ArrayLike | None = None,
    mean: float = 0.0,
    variance: float = 1.0,
    least_variance: float = 0.0,
) -> PersonFit:
    """Compare each person's answers with what the model expects of their ability.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        Scores 0, 1, … m; negative or NaN not presented.
    items : Items
        Their parameters, models mixed as you like.
    estimator : {"wle", "map", "ml", "eap"}, default "wle"
        Of ability.
    theta : array-like, shape (n_persons,), optional
        Given abilities instead; there is then no ``lz_star``.
    mean, variance : float, default 0 and 1
        Of the normal prior for MAP and EAP.
    least_variance : float, default 0
        Smaller variances of item scores are raised to this in infit and outfit, which tames a single wrong answer
        to a far too easy item; R mirt 1.47 takes the root of 1e-5.

    Returns
    -------
    PersonFit

    Raises
    ------
    ValueError
        If the responses, the items and the abilities do not fit together.

    Notes
    -----
    ``lz = (l − E l) / sqrt(Var l)`` with ``l`` the log-likelihood at the estimate (Drasgow, Levine & Williams,
    1985, British Journal of Mathematical and Statistical Psychology 38, 67–86). ``lz*`` takes the weights
    ``w = log P`` less their projection ``c r`` on the estimating function, ``r = P' / P``,
    ``c = Σ P' w / Σ P' r``:

        lz* = (l − E l + c r0) / sqrt(Σ Var(w − c r))

    with ``r0 = 0`` for ML, ``J / (2 I)`` for WLE and ``(mean − theta) / variance`` for MAP (Snijders, 2001,
    Psychometrika 66, 331–342; for several categories Sinharay, 2016, Psychometrika 81, 992–1013). Infit and
    outfit after Wright & Masters (1982, Rating scale analysis), standardised by the cube root.

    Examples
    --------
    >>> items = Items.dichotomous(np.ones(8), np.linspace(-2, 2, 8))
    >>> fit = person_fit([[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]], items)
    >>> fit.lz_star.round(1), fit.mean_squares.outfit.round(1)
    (array([ 1.3, -5.4]), array([0.4, 3.8]))
    """
    kind = Estimator(estimator)
    matrix = read_scores(responses, items)
    if theta is None:
        points = _estimate(matrix, items, kind, mean, variance).theta
        corrected = kind is not Estimator.EAP
    else:
        points, corrected = check_abilities(theta, len(matrix)), False
    raw, star = np.full(len(matrix), np.nan), np.full(len(matrix), np.nan)
    sums = MeanSquareSums(len(matrix))
    scored = ~items.is_nominal
    for block, own in item_blocks(matrix, items):
        known = np.isfinite(points[block.rows]) & (block.x >= 0).any(axis=1)
        part = Block(block.rows[known], block.columns, block.x[known], block.complete)
        at = points[part.rows]
        if not at.size:
            continue
        chance, slope = own.curves(at)
        start = _offset(part, own, at, kind, mean, variance) if corrected else None
        raw[part.rows], star[part.rows] = _standardised(part, chance, slope, start)
        used = (part.x >= 0) & scored[part.columns]
        moments = score_moments(chance, least_variance=least_variance)
        sums.add(part.x, moments, used, axis=1, to=part.rows)
    n_items = (matrix >= 0).sum(axis=1)
    warnings = [Caution.FEW_ITEMS] * bool(n_items.min() < MINIMUM_ITEMS)
    warnings += [Caution.NO_CORRECTION] * (not corrected)
    blank = np.isnan(star if corrected else raw) & np.isfinite(points) & (n_items > 0)
    warnings += [Caution.NOT_TESTABLE] * bool(blank.any())
    return PersonFit(points, raw, star, sums.result(), n_items, tuple(warnings))


def _estimate(
    matrix: NDArray[np.int8], items: Items, kind: Estimator, mean: float, variance: float
) -> Scores:
    if kind is Estimator.EAP:
        return score_eap(matrix, items, mean=mean, variance=variance)
    if kind is Estimator.MAP:
        return score_map(matrix, items, mean=mean, variance=variance)
    return score_ml(matrix, items) if kind is Estimator.ML else score_wle(matrix, items)


def _offset(
    block: Block, items: Items, theta: FloatArray, kind: Estimator, mean: float, variance: float
) -> FloatArray:
    """Return what the estimating equation adds to the derivative of the log-likelihood."""
    if kind is Estimator.MAP:
        return (mean - theta) / variance
    if kind is Estimator.ML:
        return np.zeros_like(theta)
    at = derivatives(Kinds.of(items), block.x, theta)
    return at.bend / (2.0 * at.information)


def _standardised(
    block: Block, chance: FloatArray, slope: FloatArray, start: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Return lz and lz* of a block."""
    logs = np.log(np.maximum(chance, LEAST))
    seen = block.x >= 0
    mean = (chance * logs).sum(axis=2)
    own = np.take_along_axis(logs, np.maximum(block.x, 0).astype(np.intp)[..., None], axis=2)[..., 0]
    gap = ((own - mean) * seen).sum(axis=1)
    spread = (((chance * logs**2).sum(axis=2) - mean**2) * seen).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.where(spread > LEAST_SPREAD, gap / np.sqrt(spread), np.nan)
        if start is None:
            return raw, np.full_like(raw, np.nan)
        information = (slope**2 / np.maximum(chance, LEAST)).sum(axis=2)
        tie = ((slope * logs).sum(axis=2) * seen).sum(axis=1)
        total = (information * seen).sum(axis=1)
        # Var(w − c r) = Var w − c² I, because c is the regression of w on r.
        rest = spread - tie**2 / total
        star = (gap + tie / total * start) / np.sqrt(np.maximum(rest, 0.0))
        return raw, np.where(rest > LEAST_SPREAD * np.maximum(spread, 1.0), star, np.nan)
