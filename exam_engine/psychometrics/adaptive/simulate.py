"""Many simulated candidates through an adaptive test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.adaptive.candidate import decide
from exam_engine.psychometrics.adaptive.design import AdaptiveDesign
from exam_engine.psychometrics.adaptive.exposure import ExposureRecord, seen_by
from exam_engine.psychometrics.adaptive.lockstep import REASONS, LockStep
from exam_engine.psychometrics.adaptive.stopping import UNDECIDED, Reason
from exam_engine.psychometrics.adaptive.terms import IntArray, Mask
from exam_engine.psychometrics.irt.models import FloatArray
from exam_engine.psychometrics.irt.patterns import MAX_SCORE, check_responses
from exam_engine.psychometrics.simulation.responses import Sampler

COHORT = 500
"""Candidates at a time: their matrices with a bank of 1,000 items stay within a few megabytes."""


class SimulationCancelled(Exception):
    """The caller asked to stop."""


@dataclass(frozen=True)
class AdaptiveRun:
    """What happened to simulated candidates.

    Attributes
    ----------
    truth : ndarray, shape (n_persons,)
        True abilities, in logits; NaN where they are not known.
    items : ndarray of int, shape (n_persons, longest)
        Positions in the order of the test; −1 after the last.
    scores : ndarray of int8, shape (n_persons, longest)
        −1 after the last.
    theta_path, se_path : ndarray, shape (n_persons, longest)
        Interim ability and standard error after each answer; NaN after the last.
    theta, se : ndarray, shape (n_persons,)
        Final ability and standard error.
    fell_back : ndarray of bool, shape (n_persons,)
        Where the EAP stands in for a likelihood without a maximum inside the grid.
    n_items : ndarray of int, shape (n_persons,)
        Length of each test.
    reason : ndarray of int8, shape (n_persons,)
        Why it ended: a position in `lockstep.REASONS`.
    decision : ndarray of int, shape (n_persons,)
        Class by the first classification rule, −1 where undecided or without such a rule.
    seconds : ndarray, shape (n_persons,)
        Time used; 0 without response-time parameters.
    lifted : ndarray of bool, shape (n_persons,)
        Whose eligibility had to be lifted.
    considered : ndarray, shape (n_pool,)
        Candidates for whom an item was selected, whether or not the exposure rule let it be shown.
    record : ExposureRecord
        Counts after the run, those before it included.
    """

    truth: FloatArray
    items: IntArray
    scores: NDArray[np.int8]
    theta_path: FloatArray
    se_path: FloatArray
    theta: FloatArray
    se: FloatArray
    fell_back: Mask
    n_items: IntArray
    reason: NDArray[np.int8]
    decision: IntArray
    seconds: FloatArray
    lifted: Mask
    considered: FloatArray
    record: ExposureRecord

    def __len__(self) -> int:
        return int(self.theta.size)

    def responses(self, n_pool: int) -> NDArray[np.int8]:
        """Return scores by item, shape (n_persons, n_pool), −1 not presented: the missing data of an adaptive test."""
        matrix = np.full((len(self), n_pool), -1, dtype=np.int8)
        person, at = np.nonzero(self.items >= 0)
        matrix[person, self.items[person, at]] = self.scores[person, at]
        return matrix

    def share_ended_by(self, reason: Reason) -> float:
        """Return the share of tests that ended for a reason."""
        return float(np.mean(self.reason == REASONS.index(reason)))


def simulate_adaptive(
    design: AdaptiveDesign,
    theta: ArrayLike | None = None,
    *,
    rng: np.random.Generator,
    responses: ArrayLike | None = None,
    speed: ArrayLike | None = None,
    prior_mean: ArrayLike | None = None,
    record: ExposureRecord | None = None,
    cohort: int = COHORT,
    progress: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AdaptiveRun:
    """Let simulated candidates take an adaptive test.

    Parameters
    ----------
    design : AdaptiveDesign
    theta : array-like, shape (n_persons,), optional
        True abilities, in logits. Without ``responses`` the answers are drawn from the pool's parameters.
    rng : numpy.random.Generator
    responses : array-like, shape (n_persons, n_pool), optional
        Recorded or disturbed responses, from which the answers are taken; items without a response are not to be had
        for that person.
    speed : array-like, shape (n_persons,), optional
        Of the lognormal response-time model, in log seconds; by default 0. Needs response-time parameters.
    prior_mean : array-like, shape (n_persons,), optional
        By default the design's.
    record : ExposureRecord, optional
        What earlier candidates saw.
    cohort : int, default 500
        Candidates who sit at the same time: rules that count exposure learn of them together.
    progress : callable, optional
        Called after each cohort with the number of candidates done.
    should_stop : callable, optional
        Asked before each cohort; True raises `SimulationCancelled`.

    Returns
    -------
    AdaptiveRun

    Raises
    ------
    ValueError
        If neither abilities nor responses are given, or something does not fit the pool.
    SimulationCancelled
        If ``should_stop`` said so.

    Examples
    --------
    >>> from exam_engine.psychometrics.adaptive.design import Stopping
    >>> from exam_engine.psychometrics.adaptive.pool import Pool
    >>> from exam_engine.psychometrics.simulation.parameters import draw_items
    >>> rng = np.random.default_rng(1)
    >>> design = AdaptiveDesign(Pool.of(draw_items(50, model="2pl", rng=rng)), Stopping(longest=10))
    >>> simulate_adaptive(design, rng.standard_normal(100), rng=rng).n_items.mean()
    np.float64(10.0)
    """
    if theta is None and responses is None:
        raise ValueError("give abilities, or recorded responses")
    given = None if responses is None else _recorded(responses, design)
    truth = np.full(len(given), np.nan) if theta is None and given is not None else _vector(theta, "theta")
    if given is not None and len(given) != truth.size:
        raise ValueError("theta and responses must hold the same persons")
    if cohort < 1:
        raise ValueError("cohort must be at least 1")
    means = (
        np.full(truth.size, design.prior.mean) if prior_mean is None else _vector(prior_mean, "prior_mean")
    )
    tau = np.zeros(truth.size) if speed is None else _vector(speed, "speed")
    if speed is not None and design.pool.time_intensity is None:
        raise ValueError("speed needs a pool with response-time parameters")
    if not means.size == tau.size == truth.size:
        raise ValueError(f"prior_mean and speed must hold {truth.size} values, one a person")
    if np.any(np.abs(means) >= design.bound):
        raise ValueError(f"prior_mean must lie between {-design.bound:g} and {design.bound:g}")
    run = _Run(design, truth, given, tau, means, record or ExposureRecord.empty(len(design.pool)), rng)
    for start in range(0, truth.size, cohort):
        if should_stop is not None and should_stop():
            raise SimulationCancelled
        run.cohort(np.arange(start, min(start + cohort, truth.size)))
        if progress is not None:
            progress(min(start + cohort, truth.size))
    return run.result


class _Run:
    """Takes cohort after cohort through the test and files what happened."""

    def __init__(
        self,
        design: AdaptiveDesign,
        truth: FloatArray,
        given: NDArray[np.int8] | None,
        tau: FloatArray,
        means: FloatArray,
        record: ExposureRecord,
        rng: np.random.Generator,
    ) -> None:
        self._design, self._given, self._tau, self._means = design, given, tau, means
        self._record, self._rng, self._sampler = record, rng, Sampler(design.pool.items)
        n, longest = truth.size, design.stopping.longest
        self._considered = np.zeros(len(design.pool))
        wide, tall = (n, longest), (n,)
        self._out = AdaptiveRun(
            truth,
            np.full(wide, -1, dtype=np.intp),
            np.full(wide, -1, dtype=np.int8),
            np.full(wide, np.nan),
            np.full(wide, np.nan),
            np.full(tall, np.nan),
            np.full(tall, np.nan),
            np.zeros(tall, dtype=np.bool_),
            np.zeros(tall, dtype=np.intp),
            np.full(tall, -1, dtype=np.int8),
            np.full(tall, UNDECIDED, dtype=np.intp),
            np.zeros(tall),
            np.zeros(tall, dtype=np.bool_),
            self._considered,
            record,
        )

    @property
    def result(self) -> AdaptiveRun:
        kept = {name: getattr(self._out, name) for name in AdaptiveRun.__dataclass_fields__}
        return AdaptiveRun(**kept | {"record": self._record})

    def cohort(self, persons: IntArray) -> None:
        """Take some candidates from the first item to the last."""
        design, rng, everybody = self._design, self._rng, persons
        start = self._means[persons] if design.start.theta is None else design.start.theta
        theta = start + design.start.spread * (2.0 * rng.random(persons.size) - 1.0)
        exposure = design.exposure
        eligible = None if exposure is None else exposure.draw(persons.size, self._record, rng)
        state = LockStep.begin(
            design,
            theta=theta,
            prior_mean=self._means[persons],
            eligible=eligible,
            unavailable=None if self._given is None else self._given[persons] < 0,
        )
        considered = np.zeros((persons.size, len(design.pool)), dtype=np.bool_)
        rows = np.arange(persons.size)
        while rows.size:
            marks = considered[rows]
            items = state.select(rng, marks)
            considered[rows] = marks
            at = state.step
            scores = self._scores(persons[rows], items)
            state.answer(items, scores, self._seconds(persons[rows], items))
            self._file_step(persons[rows], at, items, scores, state)
            reason = state.reasons()
            over = reason >= 0
            if over.any():
                self._file_end(persons[rows][over], state.take(over), reason[over])
                state, rows = state.take(~over), rows[~over]
        self._considered += considered.sum(axis=0)
        seen = seen_by(self._out.items[everybody], len(design.pool))
        fading = 1.0 if exposure is None else exposure.fading
        lifted = self._out.lifted[everybody]
        self._record = self._record.updated(seen, eligible, lifted=lifted, fading=fading)

    def _scores(self, persons: IntArray, items: IntArray) -> NDArray[np.int8]:
        if self._given is not None:
            return self._given[persons, items]
        return self._sampler.pairs(self._out.truth[persons], items, self._rng)

    def _seconds(self, persons: IntArray, items: IntArray) -> FloatArray | None:
        pool = self._design.pool
        if pool.time_intensity is None or pool.time_discrimination is None:
            return None
        spread = self._rng.standard_normal(items.size) / pool.time_discrimination[items]
        return np.asarray(np.exp(pool.time_intensity[items] - self._tau[persons] + spread))

    def _file_step(
        self, persons: IntArray, at: int, items: IntArray, scores: NDArray[np.int8], state: LockStep
    ) -> None:
        out = self._out
        out.items[persons, at], out.scores[persons, at] = items, scores
        out.theta_path[persons, at], out.se_path[persons, at] = state.theta, state.se

    def _file_end(self, persons: IntArray, state: LockStep, reason: NDArray[np.int8]) -> None:
        out, found = self._out, state.final()
        out.theta[persons], out.se[persons], out.fell_back[persons] = found.theta, found.se, found.fell_back
        out.n_items[persons], out.reason[persons] = state.step, reason
        out.decision[persons], out.seconds[persons] = decide(state), state.seconds
        out.lifted[persons] = state.lifted


def _vector(values: ArrayLike | None, name: str) -> FloatArray:
    vector = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
        raise ValueError(f"{name} must be a vector of finite numbers")
    return vector


def _recorded(responses: ArrayLike, design: AdaptiveDesign) -> NDArray[np.int8]:
    matrix = check_responses(responses, highest=MAX_SCORE)
    if matrix.shape[1] != len(design.pool):
        raise ValueError(f"responses must hold {len(design.pool)} items")
    if np.any(matrix > design.pool.items.highest):
        raise ValueError("responses hold scores above the highest of an item")
    if not (matrix >= 0).any(axis=1).all():
        raise ValueError("everybody must have at least one response")
    if design.start.items and np.any(matrix[:, list(design.start.items)] < 0):
        raise ValueError("everybody must have a response to the first items")
    return matrix
