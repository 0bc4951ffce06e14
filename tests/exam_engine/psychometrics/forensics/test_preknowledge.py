"""Pre-knowledge: scores on compromised items, abilities in parts, fast answers."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.forensics.fast_answers import fast_and_correct
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.preknowledge import person_functioning, preknowledge
from exam_engine.psychometrics.forensics.response_time import TimeModel
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray

N_ITEMS = 60
KNOWN = np.arange(N_ITEMS) < 20


def simulate(n_persons: int, *, seed: int) -> tuple[Items, FloatArray]:
    """Return items and honest responses."""
    rng = np.random.default_rng(seed)
    items = Items.dichotomous(rng.lognormal(0.1, 0.3, N_ITEMS), rng.normal(0, 1, N_ITEMS))
    right = items.probability(rng.normal(0, 1, n_persons))[:, :, 1]
    return items, (rng.random(right.shape) < right).astype(np.float64)


def test_the_predictive_tail_is_the_average_over_the_posterior() -> None:
    items, responses = simulate(6, seed=1)
    responses[3, [2, 5, 40]] = np.nan

    result = preknowledge(items, responses, KNOWN, mean=0.3, variance=1.4)

    nodes = np.linspace(-6, 6, 301)
    right = items.probability(nodes)[:, :, 1]
    for person, row in enumerate(responses):
        seen = ~np.isnan(row)
        x = row[seen & ~KNOWN]
        p = right[:, seen & ~KNOWN]
        posterior = np.prod(np.where(x == 1, p, 1 - p), axis=1) * np.exp(-((nodes - 0.3) ** 2) / 2.8)
        posterior /= posterior.sum()
        tail = np.zeros(nodes.size)
        for at in range(nodes.size):
            mass = np.array([1.0])
            for chance in right[at, seen & KNOWN]:
                mass = np.convolve(mass, [1 - chance, chance])
            tail[at] = mass[int(row[seen & KNOWN].sum()) :].sum()
        assert result.predictive_p_value[person] == pytest.approx(posterior @ tail, rel=1e-4)
    assert result.n_compromised[3] == 18
    assert result.n_secure[3] == 39


def test_honest_persons_are_flagged_at_the_level() -> None:
    items, responses = simulate(6_000, seed=2)

    result = preknowledge(items, responses, KNOWN, correction="none")

    # Monte Carlo error of 5 % of 6,000: 0.3 %. The predictive tail of a count is cautious; the others approximate.
    assert 0.02 < np.mean(result.is_flagged) < 0.055
    assert np.mean(result.score_p_value <= 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(result.likelihood_p_value <= 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(person_functioning(items, responses, KNOWN).p_value <= 0.05) == pytest.approx(
        0.05, abs=0.015
    )
    assert np.corrcoef(result.score, result.expected)[0, 1] > 0.6


def test_those_who_knew_the_items_are_found() -> None:
    items, responses = simulate(500, seed=3)
    weak = np.argsort(responses.sum(axis=1))[50:60]
    responses[weak[:, None], np.arange(20)] = 1

    result = preknowledge(items, responses, KNOWN)

    assert result.is_flagged[weak].all()
    assert result.is_flagged.sum() <= 11
    assert np.all(result.theta_compromised[weak] > result.theta_secure[weak])
    assert np.all(result.likelihood_z[weak] > 3)
    assert np.all(person_functioning(items, responses, KNOWN).p_value[weak] < 0.01)


def test_persons_with_too_few_items_are_not_tested_but_named() -> None:
    items, responses = simulate(5, seed=4)
    responses[0, 5:] = np.nan
    responses[1, :16] = np.nan

    result = preknowledge(items, responses, KNOWN)

    assert result.is_tested.tolist() == [False, False, True, True, True]
    assert np.isnan(result.predictive_p_value[:2]).all()
    assert result.cautions == (Caution.NOT_COMPUTED,)
    with pytest.raises(ValueError, match="nobody answered"):
        preknowledge(items, responses[:2], KNOWN)


def test_a_part_not_answered_has_no_ability_and_no_say() -> None:
    items, responses = simulate(4, seed=5)
    responses[0, 20:40] = np.nan
    responses[1, 20:] = np.nan

    result = person_functioning(items, responses, np.repeat(["b", "a", "c"], 20))

    assert result.parts.tolist() == ["a", "b", "c"]
    assert result.degrees_of_freedom.tolist() == [1, 0, 2, 2]
    assert np.isnan(result.theta[0]).tolist() == [True, False, False]
    assert np.isnan(result.p_value).tolist() == [False, True, False, False]
    assert result.cautions == ()
    assert person_functioning(items, responses, np.arange(60) < 5).cautions == (Caution.FEW_ITEMS,)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (np.ones(60, bool), "some secure"),
        (np.zeros(60, bool), "some secure"),
        (np.arange(60), "truth values"),
    ],
)
def test_compromised_items_must_be_some(mark: object, reason: str) -> None:
    items, responses = simulate(3, seed=6)

    with pytest.raises(ValueError, match=reason):
        preknowledge(items, responses, mark)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two parts"):
        person_functioning(items, responses, np.zeros(60))
    with pytest.raises(ValueError, match="60 labels"):
        person_functioning(items, responses, [1, 2])


def times(n_persons: int, *, seed: int) -> tuple[TimeModel, FloatArray]:
    """Return a known model of times and honest seconds."""
    rng = np.random.default_rng(seed)
    beta, alpha = rng.normal(4, 0.3, N_ITEMS), rng.uniform(1.5, 2.5, N_ITEMS)
    y = beta - rng.normal(0, 0.3, (n_persons, 1)) + rng.normal(size=(n_persons, N_ITEMS)) / alpha
    zero = np.zeros(N_ITEMS)
    model = TimeModel(beta, zero, alpha, zero, 0.09, 0.0, np.full(N_ITEMS, 1), 0.0, True, 1, 0.0, ())
    return model, np.exp(y)


def test_fast_answers_keep_their_level_and_show_pre_knowledge() -> None:
    model, seconds = times(4_000, seed=7)
    right = np.random.default_rng(8).random(seconds.shape) < 0.6

    honest = fast_and_correct(seconds, right, model, KNOWN, fast=0.2, correction="none")

    # A count of about twelve answers: the level is kept from below. Monte Carlo error 0.3 %.
    assert 0.02 < np.mean(honest.is_flagged) < 0.055
    assert np.mean(honest.is_fast[:, KNOWN][right[:, KNOWN]]) == pytest.approx(0.2, abs=0.01)
    assert not honest.is_fast[:, ~KNOWN].any()
    assert not (honest.is_fast & ~right).any()
    seconds[:20, :20] *= np.exp(-1.4)
    assert fast_and_correct(seconds, right, model, KNOWN).is_flagged[:20].mean() > 0.6


def test_persons_without_secure_times_are_not_tested() -> None:
    model, seconds = times(4, seed=9)
    right = np.full(seconds.shape, True)
    seconds[0, 25:] = np.nan
    right[1, :20] = False

    result = fast_and_correct(seconds, right, model, KNOWN)

    assert result.is_tested.tolist() == [False, False, True, True]
    assert np.isnan(result.p_value[:2]).all()
    assert result.cautions == (Caution.NOT_COMPUTED,)
    with pytest.raises(ValueError, match="nobody has"):
        fast_and_correct(seconds[:2], right[:2], model, KNOWN)
    with pytest.raises(ValueError, match="boolean matrix"):
        fast_and_correct(seconds, right.astype(int), model, KNOWN)
    with pytest.raises(ValueError, match="fast"):
        fast_and_correct(seconds, right, model, KNOWN, fast=0.7)
