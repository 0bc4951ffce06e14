"""Changes from wrong to right against a beta-binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import betabinom, binom

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.wrong_to_right import (
    UsualChanges,
    flag_groups,
    flag_persons,
    usual_changes,
)


def test_the_fit_maximises_the_likelihood() -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(20, 60, 400)
    k = rng.binomial(n, rng.beta(1.5, 30, 400))

    usual = usual_changes(k, n)

    def loss(at: np.ndarray) -> float:
        return -float(betabinom.logpmf(k, n, *np.exp(at)).sum())

    best = minimize(loss, [0.0, 3.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}).x
    assert usual.converged
    # Nelder and Mead stop at a flat top; the likelihoods agree far more closely.
    assert np.log(usual.shapes) == pytest.approx(best, abs=1e-3)
    assert loss(np.log(usual.shapes)) <= loss(best) + 1e-8


def test_the_distribution_is_the_beta_binomial() -> None:
    usual = UsualChanges(0.06, 0.03, 100, 0.0, True, ())

    mass = usual.probability(40)

    assert mass == pytest.approx(betabinom.pmf(np.arange(41), 40, *usual.shapes), abs=1e-13)


def test_without_differences_between_persons_it_is_nearly_binomial() -> None:
    k = np.random.default_rng(2).binomial(60, 0.05, 3_000)

    usual = usual_changes(k, np.full(3_000, 60))

    assert usual.overdispersion < 0.002
    assert usual.probability(60) == pytest.approx(binom.pmf(np.arange(61), 60, 0.05), abs=0.006)


def test_persons_get_the_tail_of_the_distribution() -> None:
    usual = UsualChanges(0.05, 0.02, 100, 0.0, True, ())

    result = flag_persons([0, 3, 15, 0], [40, 40, 50, 0], usual=usual)

    assert result.p_value[:3] == pytest.approx(
        [1.0, betabinom.sf(2, 40, *usual.shapes), betabinom.sf(14, 50, *usual.shapes)]
    )
    assert np.isnan(result.p_value[3])
    assert result.is_flagged.tolist() == [False, False, True, False]
    assert result.expected.tolist() == [2.0, 2.0, 2.5, 0.0]


def test_groups_get_the_tail_of_the_sum() -> None:
    usual = UsualChanges(0.05, 0.02, 100, 0.0, True, ())
    n = np.array([30, 40, 40, 25, 25])

    result = flag_groups([3, 5, 4, 0, 2], n, ["a", "a", "a", "b", "b"], usual=usual)

    mass = np.array([1.0])
    for size in n[:3]:
        mass = np.convolve(mass, betabinom.pmf(np.arange(size + 1), size, *usual.shapes))
    assert result.p_value[0] == pytest.approx(mass[12:].sum(), rel=1e-9)
    scores = np.arange(mass.size)
    assert result.expected[0] == pytest.approx(mass @ scores)
    assert result.standard_deviation[0] == pytest.approx(np.sqrt(mass @ scores**2 - (mass @ scores) ** 2))
    assert result.cautions == (Caution.THIN_GROUPS,)


def test_honest_persons_and_groups_are_flagged_no_more_often_than_the_level() -> None:
    rng = np.random.default_rng(3)
    k = rng.binomial(50, rng.beta(2, 40, 10_000))
    n = np.full(10_000, 50)

    persons = flag_persons(k, n, correction="none")
    groups = flag_groups(k, n, np.arange(10_000) // 25, correction="none")

    # Tails of counts stay below the level; Monte Carlo errors 0.2 % and 1.1 %.
    assert 0.02 < np.mean(persons.is_flagged) < 0.055
    assert 0.02 < np.mean(groups.is_flagged) < 0.075


def test_a_helped_room_and_a_helped_person_are_found() -> None:
    rng = np.random.default_rng(4)
    k = rng.binomial(50, rng.beta(2, 40, 600))
    k[:30] += 4
    k[100] = 30

    persons = flag_persons(k, np.full(600, 50))
    groups = flag_groups(k, np.full(600, 50), np.arange(600) // 30)

    assert persons.is_flagged[100]
    assert groups.is_flagged[0]
    assert groups.is_flagged.sum() <= 2


def test_thin_data_carry_cautions_and_useless_data_are_refused() -> None:
    assert usual_changes([1, 0, 2, 1], [9, 9, 9, 9]).cautions == (Caution.FEW_PERSONS,)
    with pytest.raises(ValueError, match="nobody changed"):
        usual_changes([0, 0, 0], [9, 9, 9])
    with pytest.raises(ValueError, match="three persons"):
        usual_changes([1, 0, 0], [9, 9, 0])
    with pytest.raises(ValueError, match="whole numbers"):
        usual_changes([0.5, 1.0], [9.0, 9.0])
    with pytest.raises(ValueError, match="between 0 and"):
        flag_persons([10, 1, 1], [9, 9, 9])
    with pytest.raises(ValueError, match="3 labels"):
        flag_groups([1, 1, 1], [9, 9, 9], ["a"])
