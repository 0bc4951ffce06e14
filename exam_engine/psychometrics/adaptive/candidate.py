"""One candidate, step by step, as delivery needs it: everything follows from what was answered.

A `Candidate` is small and plain, so that it can be stored with the attempt and taken up again after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from exam_engine.psychometrics.adaptive.design import AdaptiveDesign
from exam_engine.psychometrics.adaptive.estimation import Evidence
from exam_engine.psychometrics.adaptive.exposure import ExposureRecord
from exam_engine.psychometrics.adaptive.lockstep import REASONS, LockStep
from exam_engine.psychometrics.adaptive.stopping import UNDECIDED, Reason
from exam_engine.psychometrics.adaptive.terms import Mask


@dataclass(frozen=True)
class Candidate:
    """What must be kept of a candidate.

    Attributes
    ----------
    first_theta : float
        Ability at which the first item is chosen, in logits.
    prior_mean : float
    eligible : ndarray of bool, shape (n_items,), or None
        As drawn before the first item; None when every item is.
    items, scores : tuple of int
        In the order of the test.
    seconds : float
        Time used.
    """

    first_theta: float
    prior_mean: float
    eligible: Mask | None
    items: tuple[int, ...] = ()
    scores: tuple[int, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Step:
    """What comes next.

    Attributes
    ----------
    item : int or None
        Position of the next item; None when the test ends.
    reason : Reason or None
        Why the test ends.
    theta, se : float
        Interim ability and its standard error, in logits; before the first answer those of the start and the prior.
    lifted : bool
        Whether this item is not eligible but nothing else was to be had.
    """

    item: int | None
    reason: Reason | None
    theta: float
    se: float
    lifted: bool


@dataclass(frozen=True)
class Outcome:
    """The result of a test.

    Attributes
    ----------
    theta, se : float
        Final ability and its standard error, in logits.
    fell_back : bool
        Whether the EAP stands in for a likelihood without a maximum inside the grid.
    n_items : int
    decision : int or None
        Class by the first classification rule: how many cuts lie below; None without such a rule or while undecided.
    grid_is_fine : bool
        Whether the grid is closer than the standard error; else the design needs more nodes.
    """

    theta: float
    se: float
    fell_back: bool
    n_items: int
    decision: int | None
    grid_is_fine: bool


def begin(
    design: AdaptiveDesign,
    *,
    rng: np.random.Generator,
    record: ExposureRecord | None = None,
    prior_mean: float | None = None,
) -> Candidate:
    """Return a candidate before the first item.

    Parameters
    ----------
    design : AdaptiveDesign
    rng : numpy.random.Generator
        Draws the first ability, if it has a spread, and the eligible items.
    record : ExposureRecord, optional
        What earlier candidates saw; by default nothing.
    prior_mean : float, optional
        Of this candidate, in logits; by default the design's.

    Returns
    -------
    Candidate

    Raises
    ------
    ValueError
        If the prior mean does not lie inside the grid, or the record is of another pool.
    """
    mean = design.prior.mean if prior_mean is None else prior_mean
    if not abs(mean) < design.bound:
        raise ValueError(f"prior_mean must lie between {-design.bound:g} and {design.bound:g}")
    size = len(design.pool)
    known = ExposureRecord.empty(size) if record is None else record
    if known.administered.shape != (size,):
        raise ValueError(f"the record must hold {size} items")
    theta = mean if design.start.theta is None else design.start.theta
    theta += design.start.spread * (2.0 * rng.random() - 1.0)
    eligible = None if design.exposure is None else design.exposure.draw(1, known, rng)[0]
    return Candidate(float(theta), float(mean), eligible)


def next_item(design: AdaptiveDesign, candidate: Candidate, *, rng: np.random.Generator) -> Step:
    """Say which item comes next, or why the test ends.

    Parameters
    ----------
    design : AdaptiveDesign
        Keep one object for all candidates: it holds the curves of the pool.
    candidate : Candidate
    rng : numpy.random.Generator
        Used by rules with chance in them. Seeded from the attempt and the number of answers, the same question
        gets the same answer again.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        If the history does not fit the pool.

    Examples
    --------
    >>> from exam_engine.psychometrics.adaptive.design import Stopping
    >>> from exam_engine.psychometrics.adaptive.pool import Pool
    >>> from exam_engine.psychometrics.irt.items import Items
    >>> pool = Pool.of(Items.dichotomous([1.0, 1.0, 1.0], [-1.0, 0.0, 1.0]))
    >>> design, rng = AdaptiveDesign(pool, Stopping(longest=2)), np.random.default_rng(1)
    >>> candidate = begin(design, rng=rng)
    >>> next_item(design, candidate, rng=rng).item
    1
    >>> candidate = answered(design, candidate, item=1, score=1, seconds=30.0)
    >>> next_item(design, candidate, rng=rng).item
    2
    >>> candidate = answered(design, candidate, item=2, score=0)
    >>> next_item(design, candidate, rng=rng).reason
    <Reason.LONGEST: 'longest'>
    """
    state = _state(design, candidate)
    reason = int(state.reasons()[0])
    theta, se = float(state.theta[0]), float(state.se[0])
    if reason >= 0:
        return Step(None, REASONS[reason], theta, se, False)
    item = int(state.select(rng)[0])
    return Step(item, None, theta, se, bool(state.lifted[0]))


def answered(
    design: AdaptiveDesign, candidate: Candidate, *, item: int, score: int, seconds: float = 0.0
) -> Candidate:
    """Return the candidate after an answer.

    Parameters
    ----------
    design : AdaptiveDesign
    candidate : Candidate
    item, score : int
        Position and score; an item that was left open is scored by the caller's rule.
    seconds : float, default 0
        Time spent on it.

    Returns
    -------
    Candidate

    Raises
    ------
    ValueError
        If the item is not of the pool or was answered before, the score is not one of the item's, or the time is
        negative.
    """
    if not 0 <= item < len(design.pool) or item in candidate.items:
        raise ValueError(f"item must be a position below {len(design.pool)} that was not answered before")
    if not 0 <= score <= design.pool.items.highest[item]:
        raise ValueError(f"score must be a whole number from 0 to {design.pool.items.highest[item]}")
    if not 0.0 <= seconds < np.inf:
        raise ValueError("seconds must be at least 0 and finite")
    return replace(
        candidate,
        items=(*candidate.items, item),
        scores=(*candidate.scores, score),
        seconds=candidate.seconds + seconds,
    )


def outcome(design: AdaptiveDesign, candidate: Candidate) -> Outcome:
    """Return the result of a candidate who has answered at least one item.

    Parameters
    ----------
    design : AdaptiveDesign
    candidate : Candidate

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If nothing was answered.
    """
    if not candidate.items:
        raise ValueError("nothing was answered")
    state = _state(design, candidate)
    found = state.final()
    decision = decide(state)
    return Outcome(
        float(found.theta[0]),
        float(found.se[0]),
        bool(found.fell_back[0]),
        state.step,
        None if decision[0] == UNDECIDED else int(decision[0]),
        bool(found.se[0] >= design.spacing),
    )


def decide(state: LockStep) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the class of each candidate by the first classification rule, −1 where there is none."""
    for rule in state.design.stopping.rules:
        if rule.reason is Reason.CLASSIFIED and hasattr(rule, "decide"):
            return np.asarray(rule.decide(state.situation()))
    return np.full(state.n, UNDECIDED, dtype=np.intp)


def _state(design: AdaptiveDesign, candidate: Candidate) -> LockStep:
    """Rebuild the state from the history, all answers at once."""
    one = np.array([candidate.first_theta])
    eligible = None if candidate.eligible is None else candidate.eligible[None, :]
    prior = np.array([candidate.prior_mean])
    state = LockStep.begin(design, theta=one, prior_mean=prior, eligible=eligible)
    state.seconds = np.array([candidate.seconds])
    if not candidate.items:
        return state
    curves = design.curves
    items, scores = np.array([candidate.items]), np.array([candidate.scores], dtype=np.int8)
    if len(candidate.items) > 1:
        # All but the last at once; the last alone, so that rules see how far it moved the ability.
        rows = items[:, :-1] * curves.n_scores + scores[:, :-1]
        logs = curves.log_chance[rows].sum(axis=1)
        state.evidence = Evidence(items[:, :-1], scores[:, :-1], logs, prior, design.prior.variance)
        state.used[0, items[0, :-1]] = True
        if design.pool.enemies is not None:
            state.used[0] |= design.pool.enemies[items[0, :-1]].any(axis=0)
        state.theta = state.estimated().theta
    state.answer(items[:, -1], scores[:, -1])
    return state
