"""Honest scores: false flags of pre-knowledge, changed answers and jumps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exam_engine.psychometrics.corrections import Correction
from exam_engine.psychometrics.forensics.ability import check_scores
from exam_engine.psychometrics.forensics.change import erasure_index, group_erasure_index
from exam_engine.psychometrics.forensics.errors.rates import (
    REPLICATIONS,
    ErrorRate,
    Progress,
    Trial,
    error_rates,
    trial_of,
)
from exam_engine.psychometrics.forensics.jumps import GainLine, gains, group_gains
from exam_engine.psychometrics.forensics.preknowledge import person_functioning, preknowledge
from exam_engine.psychometrics.forensics.wrong_to_right import UsualChanges, flag_groups, flag_persons
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


def preknowledge_errors(
    items: Items,
    presented: ArrayLike,
    compromised: ArrayLike,
    *,
    rng: np.random.Generator,
    mean: float = 0.0,
    variance: float = 1.0,
    level: float = 0.05,
    correction: Correction | str = Correction.BONFERRONI,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often the indices of pre-knowledge flag persons who knew nothing beforehand.

    Parameters
    ----------
    items : Items
    presented : array-like of bool, shape (n_persons, n_items)
    compromised : array-like of bool, shape (n_items,)
    rng : numpy.random.Generator
    mean, variance : float, default 0 and 1
        Of ability; persons are drawn from it, and the analysis supposes it.
    level, correction, replications, progress
        As for `error_rates`.

    Returns
    -------
    tuple of ErrorRate
        ``predictive``, ``score``, ``likelihood`` and ``person_functioning``.

    Raises
    ------
    ValueError
        As `preknowledge`.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 40, np.linspace(-2, 2, 40))
    >>> rates = preknowledge_errors(items, np.full((200, 40), True), np.arange(40) % 2 == 0,
    ...                             rng=np.random.default_rng(1), replications=5)
    >>> all(rate.rate < 0.1 for rate in rates)
    True
    """
    seen, known = np.asarray(presented, dtype=np.bool_), np.asarray(compromised)

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        scores = _draw_scores(items, rng.normal(mean, np.sqrt(variance), len(seen)), seen, rng)
        result = preknowledge(items, scores, known, mean=mean, variance=variance)
        parts = person_functioning(items, scores, known)
        return {
            "predictive": trial_of(result.predictive_p_value),
            "score": trial_of(result.score_p_value),
            "likelihood": trial_of(result.likelihood_p_value),
            "person_functioning": trial_of(parts.p_value),
        }

    return error_rates(
        trial, rng=rng, replications=replications, level=level, correction=correction, progress=progress
    )


def change_errors(
    items: Items,
    responses: ArrayLike,
    is_changed: ArrayLike,
    group: ArrayLike,
    *,
    rng: np.random.Generator,
    theta: FloatArray | None = None,
    usual: UsualChanges | None = None,
    level: float = 0.05,
    correction: Correction | str = Correction.BONFERRONI,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often the indices of changed answers flag honest persons and groups.

    Parameters
    ----------
    items : Items
        Scored 0 or 1.
    responses : array-like, shape (n_persons, n_items)
        Final scores; negative or NaN not presented.
    is_changed : array-like of bool, shape (n_persons, n_items)
        Gives how many answers each person changes; which ones is drawn anew.
    group : array-like, shape (n_persons,)
    rng : numpy.random.Generator
    theta : ndarray, shape (n_persons,), optional
        Abilities to draw from; by default standard normal.
    usual : UsualChanges, optional
        To include changes from wrong to right, drawn from it and judged by what the drawn persons do.
    level, correction, replications, progress
        As for `error_rates`.

    Returns
    -------
    tuple of ErrorRate
        ``erasure``, ``erasure_index``, ``group_erasure_index``; with ``usual`` also ``wrong_to_right`` and
        ``group_wrong_to_right``.

    Raises
    ------
    ValueError
        As `erasure_index`.

    Examples
    --------
    >>> items = Items.dichotomous([1.0] * 40, np.linspace(-2, 2, 40))
    >>> rng = np.random.default_rng(1)
    >>> rates = change_errors(items, np.ones((100, 40)), rng.random((100, 40)) < 0.1, np.arange(100) // 20,
    ...                       rng=rng, replications=5)
    >>> [rate.index for rate in rates]
    ['erasure', 'erasure_index', 'group_erasure_index']
    """
    seen = check_scores(items, responses) >= 0
    changed, label = np.asarray(is_changed) & seen, np.asarray(group)
    n_seen = seen.sum(axis=1)
    share = changed.sum(axis=1) / np.maximum(n_seen, 1)

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        ability = rng.normal(size=len(seen)) if theta is None else theta
        scores = _draw_scores(items, ability, seen, rng)
        anew = seen & (rng.random(seen.shape) < share[:, None])
        persons = erasure_index(items, scores, anew)
        result = {
            "erasure": trial_of(persons.p_value),
            "erasure_index": trial_of(persons.index_p_value),
            "group_erasure_index": trial_of(group_erasure_index(persons, label).p_value),
        }
        if usual is not None:
            counts = rng.binomial(n_seen, rng.beta(*usual.shapes, n_seen.size))
            result["wrong_to_right"] = trial_of(flag_persons(counts, n_seen).p_value)
            result["group_wrong_to_right"] = trial_of(flag_groups(counts, n_seen, label).p_value)
        return result

    return error_rates(
        trial, rng=rng, replications=replications, level=level, correction=correction, progress=progress
    )


def jump_errors(
    line: GainLine,
    first: ArrayLike,
    group: ArrayLike,
    *,
    rng: np.random.Generator,
    between_sd: float = 0.0,
    level: float = 0.05,
    correction: Correction | str = Correction.BONFERRONI,
    replications: int = REPLICATIONS,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return how often honest gains of persons and groups are flagged.

    Parameters
    ----------
    line : GainLine
        Gives the second scores.
    first : array-like, shape (n_persons,)
        First scores, kept as they are; NaN for none.
    group : array-like, shape (n_persons,)
    rng : numpy.random.Generator
    between_sd : float, default 0
        Honest standard deviation between groups, in score points.
    level, correction, replications, progress
        As for `error_rates`.

    Returns
    -------
    tuple of ErrorRate
        ``gain`` and ``group_gain``.

    Raises
    ------
    ValueError
        As `gains` and `group_gains`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> line = GainLine(0.0, 0.8, 0.5, 200, 0.0, 200.0)
    >>> rates = jump_errors(line, rng.normal(0, 1, 200), np.arange(200) // 20, rng=rng, replications=20)
    >>> [rate.rate < 0.1 for rate in rates]
    [True, True]
    """
    x, label = np.asarray(first, dtype=np.float64), np.asarray(group)
    member = np.unique(label, return_inverse=True)[1].reshape(-1)

    def trial(rng: np.random.Generator) -> Mapping[str, Trial]:
        shared = rng.normal(0.0, between_sd, int(member.max()) + 1)[member]
        second = line.intercept + line.slope * x + shared + rng.normal(0.0, line.residual_sd, x.size)
        return {
            "gain": trial_of(gains(x, second).p_value),
            "group_gain": trial_of(group_gains(x, second, label).p_value),
        }

    return error_rates(
        trial, rng=rng, replications=replications, level=level, correction=correction, progress=progress
    )


def _draw_scores(
    items: Items, theta: FloatArray, seen: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int8]:
    """Return scores drawn from the items' curves, -1 where nothing was presented."""
    bound = np.cumsum(items.probability(theta), axis=2)[:, :, :-1]
    drawn = (rng.random((*seen.shape, 1)) >= bound).sum(axis=2)
    return np.where(seen, drawn, -1).astype(np.int8)
