"""Rasch, partial credit and 2PL item parameters by marginal maximum likelihood, with standard errors.

EM (Bock & Aitkin, 1981) with safeguarded Anderson acceleration leads near the solution; Newton steps with
the exact observed information finish, and the same information gives the standard errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.irt.climb import CalibrationCancelled, Climb, Progress, start_of
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses, collapse
from exam_engine.psychometrics.irt.result import Calibration, GridCheck, Warn, conclude

__all__ = ["TOLERANCE", "Calibration", "CalibrationCancelled", "GridCheck", "Progress", "Warn", "calibrate"]

NODES = 61
BOUND = 6.0
TOLERANCE = 1e-6
MAX_ITERATIONS = 500


def calibrate(
    responses: ArrayLike,
    *,
    model: Model | str = Model.TWO_PL,
    weights: ArrayLike | None = None,
    nodes: int = NODES,
    bound: float = BOUND,
    tolerance: float = TOLERANCE,
    max_iterations: int = MAX_ITERATIONS,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Calibration:
    """Estimate item parameters by marginal maximum likelihood.

    Parameters
    ----------
    responses : array-like, shape (n_persons, n_items)
        1 correct, 0 wrong, negative or NaN not presented; under Rasch scores 0, 1, … m, up to 100, where an
        item's m is the highest score seen. Missing by design only: a response that was presented and left open
        must be scored by the caller.
    model : Model or {"rasch", "2pl"}, default 2PL
        Rasch fixes every slope to 1 and estimates the latent variance; with items of several categories it is
        the partial credit model. The 2PL fixes the variance to 1 and takes 0 and 1 only.
    weights : array-like, shape (n_persons,), optional
        Persons a row stands for, positive.
    nodes : int, default 61
        Equally spaced quadrature nodes, at least 3.
    bound : float, default 6
        The nodes reach from ``-bound`` to ``bound`` logits.
    tolerance : float, default 1e-6
        Largest absolute gradient element that counts as converged; with weights that sum to less than 1, that
        share of it.
    max_iterations : int, default 500
    progress : callable, optional
        Called after each iteration with number, log-likelihood and gradient norm.
    should_stop : callable, optional
        Asked before each iteration; True raises `CalibrationCancelled`.

    Returns
    -------
    Calibration
        Not converging is a returned fact, never an exception: read `converged` and `warnings`.

    Raises
    ------
    ValueError
        If the responses or settings are not usable; if an item was seen by nobody, was answered alike by
        everybody who saw it, or has a score below its highest that nobody got (it has no finite difficulty).
    CalibrationCancelled
        If `should_stop` said so.

    Notes
    -----
    Maximises ``Σ_p log Σ_q w_q Π_i P_i(x_pi | q)`` over the items presented, with normal weights ``w``
    renormalised on the nodes (Bock & Lieberman, 1970; EM by Bock & Aitkin, 1981). ``P_i`` is proportional to
    ``exp(x (a_i q) + d_ix)`` with ``d_i0 = 0``: the logistic model for items scored 0 or 1, the partial credit model
    (Masters, 1982, Psychometrika 47, 149–174) for more. Standard errors are analytic, from the observed
    information at the solution (Louis, 1982).

    Examples
    --------
    >>> patterns = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> result = calibrate(patterns, model="rasch", weights=[30, 20, 20, 30])
    >>> result.converged, result.b.round(3) + 0.0, round(result.latent_variance, 2)
    (True, array([0., 0.]), 1.22)

    Three scores an item, two steps:

    >>> scores = [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2], [2, 1], [2, 2]]
    >>> result = calibrate(scores, model="rasch", weights=[30, 20, 20, 60, 20, 20, 30])
    >>> result.converged, result.steps.shape, result.b.round(3) + 0.0
    (True, (2, 2), array([0., 0.]))
    """
    kind = Model(model)
    if kind not in (Model.RASCH, Model.TWO_PL):
        raise ValueError("rasch and 2pl can be calibrated")
    if not (nodes >= 3 and 0.0 < bound < np.inf and 0.0 < tolerance < np.inf):
        raise ValueError("nodes must be at least 3, bound and tolerance positive and finite")
    matrix = check_responses(responses, highest=MAX_SCORE if kind is Model.RASCH else 1)
    _check_items(matrix)
    patterns = collapse(matrix, kind, weights)
    grid = np.linspace(-bound, bound, nodes)
    limit = tolerance * min(1.0, patterns.total)
    climb = Climb(patterns, grid, limit)
    parameters, state, iterations = climb.run(start_of(patterns, kind), max_iterations, progress, should_stop)
    return conclude(patterns, parameters, state, grid, iterations, limit)


def _check_items(matrix: NDArray[np.int8]) -> None:
    """Refuse items for which the likelihood has no finite maximum."""
    highest = matrix.max(axis=0)
    unseen = np.flatnonzero(highest < 0)
    if unseen.size:
        raise ValueError(f"items presented to nobody, by position: {unseen.tolist()}")
    lowest = np.where(matrix < 0, np.int8(MAX_SCORE), matrix).min(axis=0)
    constant = np.flatnonzero(lowest == highest)
    if constant.size:
        raise ValueError(f"items answered alike by everybody who saw them, by position: {constant.tolist()}")
    gaps = [
        (position, score)
        for score in range(int(highest.max()))
        for position in np.flatnonzero((score < highest) & ~(matrix == score).any(axis=0)).tolist()
    ]
    if gaps:
        raise ValueError(
            f"scores below an item's highest that nobody got, as (position, score): {sorted(gaps)}"
        )
