"""Reliabilities are the share of true variance in simulated persons."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring import (
    empirical_reliability,
    marginal_reliability,
    score_eap,
    score_ml,
    score_wle,
    sum_score_eap,
)
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer


def test_they_agree_with_the_squared_correlation_of_estimate_and_truth() -> None:
    rng = np.random.default_rng(4)
    items = Items.dichotomous(np.full(40, 1.2), np.linspace(-2, 2, 40))
    theta = rng.normal(size=8000) * 1.3
    answers = answer(items, theta, rng)
    eap = score_eap(answers, items, variance=1.69)

    truth = np.corrcoef(eap.theta, theta)[0, 1] ** 2

    assert empirical_reliability(eap) == pytest.approx(truth, abs=0.01)
    assert empirical_reliability(score_wle(answers, items), is_posterior=False) == pytest.approx(
        truth, abs=0.03
    )
    assert marginal_reliability(items, variance=1.69) == pytest.approx(truth, abs=0.02)
    assert sum_score_eap(items, variance=1.69).reliability == pytest.approx(truth, abs=0.01)


def test_without_spread_or_persons_nothing_is_claimed() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])

    alike = empirical_reliability(score_eap([[1, 0], [0, 1]], items, nodes=[-1.0, 1.0]))

    assert np.isnan(alike) or alike == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="at least 2 persons"):
        empirical_reliability(score_ml([[1, 1], [0, 0], [1, 0]], items))
