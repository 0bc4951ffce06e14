"""The probabilities of Sympson and Hetter, found by simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign
from exam_engine.psychometrics.adaptive.exposure import SympsonHetter, check_limit
from exam_engine.psychometrics.adaptive.simulate import SimulationCancelled, simulate_adaptive
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 500
"""Below this the exposure rates that steer the iteration are too rough: their standard error passes 0.02 at 0.3."""


@dataclass(frozen=True)
class SympsonHetterCalibration:
    """Probabilities of being shown, and how they were found.

    Attributes
    ----------
    control : SympsonHetter
        For `AdaptiveDesign.exposure`. Of the iteration with the lowest maximum.
    highest_rate : ndarray, shape (n_iterations,)
        Largest exposure rate of an item in each iteration.
    tolerance : float
        How far a rate may lie above the limit by chance: three Monte Carlo standard errors.
    converged : bool
        Whether the largest rate of the chosen iteration is within the tolerance of the limit.
    lifted_share : float
        Share of the candidates of that iteration whose eligibility had to be lifted.
    """

    control: SympsonHetter
    highest_rate: FloatArray
    tolerance: float
    converged: bool
    lifted_share: float


def calibrate_sympson_hetter(
    design: AdaptiveDesign,
    theta: ArrayLike,
    *,
    limit: float,
    rng: np.random.Generator,
    max_iterations: int = 20,
    should_stop: Callable[[], bool] | None = None,
) -> SympsonHetterCalibration:
    """Find the probabilities with which selected items are shown, so that no exposure rate passes a limit.

    Parameters
    ----------
    design : AdaptiveDesign
        Its own exposure rule is replaced.
    theta : array-like, shape (n_persons,)
        Abilities like those of the candidates to come; at least 500.
    limit : float
        Highest exposure rate, in (0, 1].
    rng : numpy.random.Generator
    max_iterations : int, default 20
    should_stop : callable, optional
        Asked before each iteration; True raises `SimulationCancelled`.

    Returns
    -------
    SympsonHetterCalibration

    Raises
    ------
    ValueError
        If there are too few abilities, or the pool is too small for the limit.

    Notes
    -----
    Each iteration simulates all candidates and sets ``k = 1`` where the rate of selection ``s`` is within the limit,
    else ``k = limit / s``; the ``longest`` items of highest ``k`` get 1, so that everybody can complete a test
    (Sympson & Hetter, 1985, Proceedings of the 27th Conference of the Military Testing Association, 973–977). It stops
    when two iterations running keep within the limit but for Monte Carlo error. The probabilities hold for the pool,
    the design and the abilities they were found with.
    """
    points = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    if points.size < MINIMUM_PERSONS:
        raise ValueError(f"theta must hold at least {MINIMUM_PERSONS} abilities")
    if max_iterations < 1:
        raise ValueError("max_iterations must be at least 1")
    size, longest = len(design.pool), design.stopping.longest
    check_limit(limit, size, longest)
    tolerance = 3.0 * float(np.sqrt(limit * (1.0 - limit) / points.size))
    probability = np.ones(size)
    best, rates, quiet = (np.inf, probability, 0.0), [], 0
    for _ in range(max_iterations):
        if should_stop is not None and should_stop():
            raise SimulationCancelled
        trial = replace(design, exposure=SympsonHetter(probability))
        run = simulate_adaptive(trial, points, rng=rng)
        rates.append(float(run.record.rate.max()))
        if rates[-1] < best[0]:
            best = (rates[-1], probability, float(run.lifted.mean()))
        quiet = quiet + 1 if rates[-1] <= limit + tolerance else 0
        if quiet == 2:
            break
        selected = run.considered / points.size
        probability = np.where(selected <= limit, 1.0, limit / np.maximum(selected, limit))
        probability[np.argsort(-probability, kind="stable")[:longest]] = 1.0
    return SympsonHetterCalibration(
        SympsonHetter(best[1]), np.array(rates), tolerance, best[0] <= limit + tolerance, best[2]
    )
