"""Q3 and LD-X²: slow computations, limits that hold, dependent pairs found."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.fit import Caution, pair_tables, q3_limit, residual_correlations
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import score_wle
from exam_engine.psychometrics.irt.scoring.prior import make_prior
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed


def rasch(size: int) -> Items:
    return Items.dichotomous(np.ones(size), np.linspace(-1.5, 1.5, size))


def test_each_pair_is_the_correlation_over_those_who_saw_both() -> None:
    rng, items = np.random.default_rng(1), mixed()
    theta = rng.normal(size=60)
    answers = answer(items, theta, rng, missing=0.3)

    found = residual_correlations(answers, items, theta=theta)

    residual = answers - items.expected_score(theta)
    for first, second in ((0, 1), (2, 5), (3, 6)):
        both = (answers[:, first] >= 0) & (answers[:, second] >= 0)
        naive = np.corrcoef(residual[both, first], residual[both, second])[0, 1]
        assert found.q3[first, second] == pytest.approx(naive)
        assert found.n_persons[first, second] == both.sum()
    assert np.all(np.isnan(found.q3[7, :7]))
    assert found.warnings == (Caution.FEW_PERSONS,)


def test_independent_items_average_what_theory_says_and_the_limit_holds() -> None:
    rng, items = np.random.default_rng(2), rasch(12)
    template = np.zeros((400, 12))

    limit = q3_limit(template, items, rng=rng, replications=100)
    samples = [answer(items, rng.normal(size=400), rng) for _ in range(100)]
    runs = [residual_correlations(sample, items, limit=limit) for sample in samples]
    by_wle = [residual_correlations(x, items, theta=score_wle(x, items).theta) for x in samples[:20]]

    assert np.mean([run.average for run in by_wle]) == pytest.approx(-1 / 11, abs=0.01)
    assert -1 / 11 < np.mean([run.average for run in runs]) < -0.05
    assert np.mean([run.flagged.size > 0 for run in runs]) <= 0.13
    assert 0.1 < limit < 0.3


def test_items_on_one_passage_are_flagged_the_strongest_first() -> None:
    rng, items = np.random.default_rng(3), rasch(20)
    theta, passage = rng.normal(size=(2, 1500))
    answers = answer(items, theta, rng)
    answers[:, [3, 4]] = answer(items.take([3, 4]), theta + 2 * passage, rng)
    answers[:, 9] = answers[:, 8]

    found = residual_correlations(answers, items)

    assert found.flagged.tolist() == [[8, 9], [3, 4]]
    assert found.largest == pytest.approx(found.adjusted[8, 9])


def test_tables_of_pairs_agree_with_a_slow_computation() -> None:
    rng, items = np.random.default_rng(4), mixed()
    answers, prior = answer(items, rng.normal(size=300), rng, missing=0.2), make_prior(mixed())
    chance = items.probability(prior.nodes)

    found = pair_tables(answers, items)

    for first, second in ((0, 3), (5, 7), (2, 6)):
        both = (answers[:, first] >= 0) & (answers[:, second] >= 0)
        total = 0.0
        for k in range(items.highest[first] + 1):
            for h in range(items.highest[second] + 1):
                seen = np.sum(both & (answers[:, first] == k) & (answers[:, second] == h))
                due = both.sum() * (prior.weights @ (chance[:, first, k] * chance[:, second, h]))
                total += (seen - due) ** 2 / due
        assert found.statistic[first, second] == pytest.approx(total)
        assert found.degrees_of_freedom[first, second] == items.highest[first] * items.highest[second]


def test_the_direction_says_whether_items_go_together_more_or_less() -> None:
    rng, items = np.random.default_rng(5), rasch(6)
    answers = answer(items, rng.normal(size=1000), rng)
    answers[:, 1], answers[:, 3] = answers[:, 0], 1 - answers[:, 2]

    found = pair_tables(answers, items)

    assert found.direction[0, 1] == 1
    assert found.direction[2, 3] == -1
    assert found.standardised[0, 1] > 10
    assert abs(found.standardised[4, 5]) < 5


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 items"):
        residual_correlations([[1, 0]], rasch(2))
    with pytest.raises(ValueError, match="theta must hold 1"):
        residual_correlations([[1, 0, 1]], rasch(3), theta=[0.0, 1.0])
    with pytest.raises(ValueError, match="at least 20"):
        q3_limit([[1, 0, 1]], rasch(3), rng=np.random.default_rng(1), replications=5)
