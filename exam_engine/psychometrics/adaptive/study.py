"""What a simulation of an adaptive test shows: accuracy, exposure, length, classification. Pure arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign
from exam_engine.psychometrics.adaptive.lockstep import REASONS
from exam_engine.psychometrics.adaptive.simulate import AdaptiveRun
from exam_engine.psychometrics.adaptive.stopping import UNDECIDED, Reason
from exam_engine.psychometrics.adaptive.terms import IntArray
from exam_engine.psychometrics.irt.models import FloatArray

MINIMUM_PERSONS = 200
"""Simulated candidates below which a study warns: the relative standard error of an RMSE, 1 / √(2n), passes 5 %."""

BANDS = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Where bands of true ability meet by default, in logits."""


class StudyWarning(StrEnum):
    """What a reader of a study must know."""

    FEW_PERSONS = "few_persons"
    EXPOSURE_LIFTED = "exposure_lifted"
    """For some candidates eligibility had to be lifted: the pool is thin for its limits."""
    FELL_BACK = "fell_back"
    """Some final abilities are EAPs because the likelihood had no maximum inside the grid."""
    UNDECIDED = "undecided"
    """Some candidates reached the end of the test before their class was decided; their final ability decides."""
    COARSE_GRID = "coarse_grid"
    """Some standard errors are smaller than the spacing of the grid: take more nodes."""


@dataclass(frozen=True)
class Accuracy:
    """How near estimates come to the truth. NaN when nobody belongs to the band, ``n_persons`` 0.

    Attributes
    ----------
    low, high : float
        Band of true ability, ``low <= theta < high``, in logits.
    n_persons : int
    bias, bias_error : float
        Mean error and its Monte Carlo standard error, in logits.
    rmse, rmse_error : float
        Root mean square error and its Monte Carlo standard error, in logits.
    mean_se : float
        Root mean square of the standard errors: like the RMSE when they tell the truth.
    coverage, coverage_error : float
        Share of intervals ``estimate ± 1.96 standard errors`` that hold the truth. EAP and MAP shrink: theirs is right
        over the whole population of the prior, not at each ability.
    mean_items : float
    """

    low: float
    high: float
    n_persons: int
    bias: float
    bias_error: float
    rmse: float
    rmse_error: float
    mean_se: float
    coverage: float
    coverage_error: float
    mean_items: float


@dataclass(frozen=True)
class Usage:
    """How the pool is used in the run.

    Attributes
    ----------
    rate : ndarray, shape (n_items,)
        Share of the candidates who saw an item.
    highest, share_unused : float
        Largest rate; share of the items that nobody saw.
    unevenness : float
        ``Σ (rate − mean)² / mean``: 0 when all items are seen equally often (Chang & Ying, 1999).
    overlap : float
        Items that two candidates have in common on average, over the mean length of a test (Chen, Ankenmann & Spray,
        2003); NaN for a single candidate.
    mean_of_area : ndarray, shape (n_areas,)
        Mean number of items a candidate sees of each area.
    fewest_of_area, most_of_area : ndarray of int, shape (n_areas,)
    """

    rate: FloatArray
    highest: float
    share_unused: float
    unevenness: float
    overlap: float
    mean_of_area: FloatArray
    fewest_of_area: IntArray
    most_of_area: IntArray


@dataclass(frozen=True)
class Classification:
    """How often candidates are put into the right class.

    Attributes
    ----------
    cuts : tuple of float
    accuracy, accuracy_error : float
        Share classified rightly, with its Monte Carlo standard error.
    too_high, too_low : float
        Share placed above or below their class: false positives and false negatives of a single cut.
    share_undecided : float
        Whom the rule left undecided; they count by their final ability.
    """

    cuts: tuple[float, ...]
    accuracy: float
    accuracy_error: float
    too_high: float
    too_low: float
    share_undecided: float


@dataclass(frozen=True)
class Study:
    """The whole report.

    Attributes
    ----------
    overall : Accuracy
    bands : tuple of Accuracy
    usage : Usage
    length_quantiles : ndarray, shape (5,)
        Shortest, quartiles, longest.
    reasons : dict of Reason to float
        Share of the tests that ended for each reason.
    mean_seconds : float
        0 without response-time parameters.
    classification : Classification or None
    warnings : tuple of StudyWarning
    """

    overall: Accuracy
    bands: tuple[Accuracy, ...]
    usage: Usage
    length_quantiles: FloatArray
    reasons: dict[Reason, float]
    mean_seconds: float
    classification: Classification | None
    warnings: tuple[StudyWarning, ...]


def study(design: AdaptiveDesign, run: AdaptiveRun, *, bands: ArrayLike = BANDS) -> Study:
    """Summarise a run of simulated candidates.

    Parameters
    ----------
    design : AdaptiveDesign
        Of the run.
    run : AdaptiveRun
        With true abilities; from recorded responses without them accuracy is NaN and named by ``n_persons`` 0.
    bands : array-like, optional
        Rising abilities at which bands meet, in logits; by default −2, −1, 0, 1, 2.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If the bands do not rise.

    Examples
    --------
    >>> from exam_engine.psychometrics.adaptive.design import Stopping
    >>> from exam_engine.psychometrics.adaptive.pool import Pool
    >>> from exam_engine.psychometrics.adaptive.simulate import simulate_adaptive
    >>> from exam_engine.psychometrics.simulation.parameters import draw_items
    >>> rng = np.random.default_rng(1)
    >>> design = AdaptiveDesign(Pool.of(draw_items(50, model="2pl", rng=rng)), Stopping(longest=10))
    >>> report = study(design, simulate_adaptive(design, rng.standard_normal(300), rng=rng))
    >>> report.overall.n_persons, report.warnings, report.reasons
    (300, (), {<Reason.LONGEST: 'longest'>: 1.0})
    """
    edges = np.atleast_1d(np.asarray(bands, dtype=np.float64))
    if edges.ndim != 1 or np.any(np.diff(edges) <= 0) or not np.isfinite(edges).all():
        raise ValueError("bands must be finite and rise")
    limits = np.concatenate([[-np.inf], edges, [np.inf]])
    classification = _classification(design, run)
    undecided = classification is not None and classification.share_undecided > 0
    found = {
        StudyWarning.FEW_PERSONS: len(run) < MINIMUM_PERSONS,
        StudyWarning.EXPOSURE_LIFTED: bool(run.lifted.any()),
        StudyWarning.FELL_BACK: bool(run.fell_back.any()),
        StudyWarning.UNDECIDED: undecided,
        StudyWarning.COARSE_GRID: bool(run.se.min() < design.spacing),
    }
    return Study(
        accuracy(run, low=-np.inf, high=np.inf),
        tuple(accuracy(run, low=low, high=high) for low, high in pairwise(limits.tolist())),
        usage(design, run),
        np.quantile(run.n_items, [0.0, 0.25, 0.5, 0.75, 1.0]),
        {reason: run.share_ended_by(reason) for reason in REASONS if run.share_ended_by(reason) > 0},
        float(run.seconds.mean()),
        classification,
        tuple(warning for warning, is_so in found.items() if is_so),
    )


def accuracy(run: AdaptiveRun, *, low: float, high: float) -> Accuracy:
    """Return how near the final abilities come to the truth for candidates of a band of true ability."""
    rows = (run.truth >= low) & (run.truth < high)
    n = int(rows.sum())
    if n == 0:
        return Accuracy(low, high, 0, *(float("nan"),) * 8)
    error, se = run.theta[rows] - run.truth[rows], run.se[rows]
    rmse = float(np.sqrt(np.mean(error**2)))
    covered = float(np.mean(np.abs(error) <= stats.norm.ppf(0.975) * se))
    return Accuracy(
        low,
        high,
        n,
        float(error.mean()),
        float(error.std() / np.sqrt(n)),
        rmse,
        float(np.std(error**2) / (2.0 * max(rmse, 1e-300) * np.sqrt(n))),
        float(np.sqrt(np.mean(se**2))),
        covered,
        float(np.sqrt(covered * (1.0 - covered) / n)),
        float(run.n_items[rows].mean()),
    )


def usage(design: AdaptiveDesign, run: AdaptiveRun) -> Usage:
    """Return how a run used the pool."""
    n, size, area = len(run), len(design.pool), design.pool.area
    given = run.items >= 0
    seen = np.bincount(run.items[given], minlength=size)
    rate = seen / n
    mean = rate.mean()
    pairs = n * (n - 1) * float(run.n_items.mean())
    places = np.arange(design.pool.n_areas)
    counts = np.stack([(given & (area[run.items] == each)).sum(axis=1) for each in places], axis=1)
    return Usage(
        rate,
        float(rate.max()),
        float(np.mean(seen == 0)),
        float(((rate - mean) ** 2 / mean).sum()),
        float((seen * (seen - 1.0)).sum()) / pairs if n > 1 else float("nan"),
        counts.mean(axis=0),
        counts.min(axis=0),
        counts.max(axis=0),
    )


def _classification(design: AdaptiveDesign, run: AdaptiveRun) -> Classification | None:
    rules = [rule for rule in design.stopping.rules if rule.reason is Reason.CLASSIFIED]
    if not rules or np.isnan(run.truth).all():
        return None
    cuts: tuple[float, ...] = tuple(getattr(rules[0], "cuts", ()))
    truth = _class_of(run.truth, cuts)
    open_ = run.decision == UNDECIDED
    placed = np.where(open_, _class_of(run.theta, cuts), run.decision)
    right = float(np.mean(placed == truth))
    return Classification(
        cuts,
        right,
        float(np.sqrt(right * (1.0 - right) / len(run))),
        float(np.mean(placed > truth)),
        float(np.mean(placed < truth)),
        float(np.mean(open_)),
    )


def _class_of(theta: FloatArray, cuts: tuple[float, ...]) -> IntArray:
    return np.asarray((theta[:, None] >= np.array(cuts)).sum(axis=1), dtype=np.intp)
