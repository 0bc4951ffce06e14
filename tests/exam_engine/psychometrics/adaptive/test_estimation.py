"""Terms and abilities against derivatives and root finding, one person at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from exam_engine.psychometrics.adaptive.estimation import Estimator, Evidence, Prior, estimate
from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from exam_engine.psychometrics.adaptive.terms import TermsOf
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items
from exam_engine.psychometrics.simulation.responses import draw_responses
from tests.exam_engine.psychometrics.adaptive.pools import mixed_items

NODES = np.linspace(-6, 6, 121)


def naive_terms(items: Items, scores: np.ndarray, theta: float) -> tuple[float, float, float]:
    """Return gradient, information and J by central differences of the probabilities."""
    step = 1e-4
    low, mid, high = (items.probability(theta + move)[0] for move in (-step, 0.0, step))
    first, second = (high - low) / (2 * step), (high - 2 * mid + low) / step**2
    own = np.arange(len(items)), scores
    kept = mid > 0
    ratio = np.where(kept, first / np.where(kept, mid, 1.0), 0.0)
    return float(np.sum(ratio[own])), float(np.sum(first * ratio)), float(np.sum(second * ratio))


def evidence_of(curves: Curves, scores: np.ndarray, *, mean: float = 0.0, variance: float = 1.0) -> Evidence:
    n, length = scores.shape
    items = np.tile(np.arange(length), (n, 1))
    logs = curves.log_chance[items * curves.n_scores + scores].sum(axis=1)
    return Evidence(items, scores.astype(np.int8), logs, np.full(n, mean), variance)


@pytest.mark.parametrize("theta", [-2.3, 0.1, 1.9])
def test_terms_of_every_model_are_the_derivatives(theta: float) -> None:
    items = mixed_items()
    scores = draw_responses(items, [theta], rng=np.random.default_rng(3))[0].astype(np.intp)

    terms = TermsOf(items).pairs(np.arange(12), scores.astype(np.int8), np.full(12, theta))

    gradient, information, bias = naive_terms(items, scores, theta)
    assert terms.gradient.sum() == pytest.approx(gradient, abs=1e-6)
    assert terms.information.sum() == pytest.approx(information, abs=1e-6)
    assert terms.bias.sum() == pytest.approx(bias, abs=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20)
def test_information_is_that_of_the_items(seed: int) -> None:
    theta = np.linspace(-4, 4, 7)
    for items in (mixed_items(seed), draw_items(5, model="3pl", rng=np.random.default_rng(seed))):
        assert TermsOf(items).information(theta) == pytest.approx(items.information(theta), rel=1e-9)


def test_graded_terms_keep_their_digits_in_the_tails() -> None:
    items = Items.graded([2.0], [[-0.5, 0.5]])

    terms = TermsOf(items).pairs(np.array([0]), np.array([1], np.int8), np.array([15.0]))

    # Far above, P(1) falls as exp(-2 theta): its logarithm has slope −2.
    assert terms.gradient[0] == pytest.approx(-2.0, rel=1e-8)


@pytest.mark.parametrize("how", list(Estimator))
def test_abilities_are_what_a_search_finds_for_one_person_after_the_other(how: Estimator) -> None:
    items = mixed_items()
    curves = Curves(Pool.of(items), NODES)
    scores = draw_responses(items, np.linspace(-1.5, 1.5, 12), rng=np.random.default_rng(5))

    found = estimate(curves, evidence_of(curves, scores, mean=0.3, variance=0.8), how)

    assert found.fell_back.sum() == (1 if how is Estimator.MLE else 0)
    for person in np.flatnonzero(~found.fell_back):
        row = scores[person].astype(np.intp)
        theta, se = search(items, row, how, mean=0.3, variance=0.8)
        assert found.theta[person] == pytest.approx(theta, abs=2e-5)
        assert found.se[person] == pytest.approx(se, abs=2e-5)


def search(
    items: Items, scores: np.ndarray, how: Estimator, *, mean: float, variance: float
) -> tuple[float, float]:
    """Return ability and standard error by quadrature or by a bounded scalar search."""
    fine = np.linspace(-6, 6, 4001)
    logs = np.log(items.probability(fine)[:, np.arange(len(items)), scores]).sum(axis=1)
    posterior = logs - (fine - mean) ** 2 / (2 * variance)
    if how is Estimator.EAP:
        weight = np.exp(posterior - posterior.max())
        theta = np.average(fine, weights=weight)
        return float(theta), float(np.sqrt(np.average((fine - theta) ** 2, weights=weight)))
    if how is Estimator.WLE:

        def equation(theta: float) -> float:
            gradient, information, bias = naive_terms(items, scores, theta)
            return gradient + bias / (2 * information)

        near = fine[(logs + 0.5 * np.log(items.information(fine).sum(axis=1))).argmax()]
        theta = brentq(equation, near - 0.4, near + 0.4)
    else:
        start = fine[(posterior if how is Estimator.MAP else logs).argmax()]

        def loss(theta: float) -> float:
            chance = items.probability(theta)[0, np.arange(len(items)), scores]
            prior = (theta - mean) ** 2 / (2 * variance) if how is Estimator.MAP else 0.0
            return float(prior - np.log(chance).sum())

        theta = minimize_scalar(loss, bounds=(start - 0.01, start + 0.01), options={"xatol": 1e-10}).x
    information = float(items.information(theta).sum()) + (1 / variance if how is Estimator.MAP else 0.0)
    return float(theta), float(1 / np.sqrt(information))


def test_without_a_maximum_the_eap_stands_in_and_says_so() -> None:
    curves = Curves(Pool.of(Items.dichotomous([1.0, 1.5], [0.0, 0.5])), NODES)
    evidence = evidence_of(curves, np.array([[1, 1], [1, 0], [0, 0]]))

    found = estimate(curves, evidence, Estimator.MLE)

    eap = estimate(curves, evidence, Estimator.EAP)
    assert found.fell_back.tolist() == [True, False, True]
    assert found.theta[[0, 2]] == pytest.approx(eap.theta[[0, 2]])
    assert found.theta[1] != pytest.approx(eap.theta[1])
    assert found.se[[0, 2]] == pytest.approx(eap.se[[0, 2]])


def test_weighted_likelihood_is_finite_for_perfect_scores() -> None:
    curves = Curves(Pool.of(Items.dichotomous([1.0, 1.0], [0.0, 0.0])), NODES)

    found = estimate(curves, evidence_of(curves, np.array([[1, 1], [0, 0]])), Estimator.WLE)

    # Two equal items: the equation is 2 Q + (1 − 2P) / 2 = 0, so P = 5 / 6.
    assert found.theta == pytest.approx([np.log(5), -np.log(5)], abs=1e-8)
    assert not found.fell_back.any()


def test_a_prior_without_spread_is_refused() -> None:
    with pytest.raises(ValueError, match="variance"):
        Prior(variance=0.0)
