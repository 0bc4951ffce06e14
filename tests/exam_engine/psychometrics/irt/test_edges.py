"""Calibration at the edges: what starts it, what is known before, and data that hardly carry it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt import information
from exam_engine.psychometrics.irt.calibrate import NONE, Calibration, Normal, Priors, Warn, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model

EIGHT = Items.dichotomous([0.8, 1.0, 1.2, 1.4, 0.9, 1.1, 1.3, 0.7], np.linspace(-1.5, 1.5, 8))


def answer(items: Items, n_persons: int, *, seed: int = 1, mean: float = 0.0, sd: float = 1.0) -> FloatArray:
    rng = np.random.default_rng(seed)
    reached = np.cumsum(items.probability(rng.normal(mean, sd, n_persons)), axis=2)[:, :, :-1]
    drawn = rng.random((n_persons, len(items), 1)) > reached
    return np.asarray(drawn.sum(axis=2), dtype=np.float64)


@pytest.fixture(scope="module")
def scores() -> FloatArray:
    return answer(EIGHT, 500)


def test_a_common_slope_without_standard_errors(scores: FloatArray) -> None:
    bare, full = calibrate(scores, model="1pl", errors="none"), calibrate(scores, model="1pl")

    assert_allclose(bare.b, full.b)
    assert np.isnan(bare.se_b).all()


def test_errors_of_groups_under_a_common_slope_are_those_of_its_own_likelihood() -> None:
    items = Items.dichotomous(np.full(6, 1.2), np.linspace(-1, 1, 6))
    scores = np.concatenate([answer(items, 400), answer(items, 400, seed=2, mean=0.6, sd=1.3)])
    group = np.repeat([0, 1], 400)

    found = calibrate(scores, model="1pl", groups=group, nodes=161, bound=12.0)

    nodes = np.linspace(-9.0, 9.0, 181)

    def log_likelihood(vector: FloatArray) -> float:
        total = 0.0
        for one, (mean, log_variance) in enumerate([(0.0, 0.0), (vector[7], vector[8])]):
            weights = np.exp(-((nodes - mean) ** 2) / (2.0 * np.exp(log_variance)))
            logits = vector[0] * (nodes[:, None] - vector[1:7])
            own = scores[group == one]
            curves = own @ logits.T - np.logaddexp(0.0, logits).sum(axis=1)
            total += float(np.log(np.exp(curves) @ (weights / weights.sum())).sum())
        return total

    vector = np.concatenate([found.a[:1], found.b, found.means[1:], np.log(found.variances[1:])])
    steps = 2e-3 * np.eye(9)
    hessian = [
        [
            log_likelihood(vector + p + q)
            - log_likelihood(vector + p - q)
            - log_likelihood(vector - p + q)
            + log_likelihood(vector - p - q)
            for q in steps
        ]
        for p in steps
    ]
    errors = np.sqrt(np.diag(np.linalg.inv(-np.array(hessian) / (4.0 * 2e-3**2))))
    assert_allclose(found.se_b, errors[1:7], rtol=1e-3)
    assert found.se_means == pytest.approx([0.0, errors[7]], rel=1e-3)
    assert found.se_variances == pytest.approx([0.0, errors[8] * found.variances[1]], rel=1e-3)


@pytest.mark.parametrize("model", ["1pl", "rasch", "2pl"])
def test_a_solution_starts_itself_groups_included(scores: FloatArray, model: str) -> None:
    group = np.arange(500) % 2
    first = calibrate(scores, model=model, groups=group)

    again = calibrate(scores, model=model, groups=group, start=first)

    assert again.iterations == 0
    assert_allclose(again.variances, first.variances)


@pytest.mark.parametrize("model", ["rasch", "1pl", "2pl", "3pl", "pcm", "gpcm", "graded", "nominal"])
def test_a_solution_of_another_model_is_a_start_too(model: str) -> None:
    several = model in ("pcm", "gpcm", "graded", "nominal")
    items = Items.partial_credit(np.ones(4), np.tile([1.0, 0.0, -1.0], (4, 1))) if several else EIGHT
    scores = answer(items, 300)
    former = calibrate(scores, model="gpcm" if several else "2pl")

    found = calibrate(scores, model=model, start=former)

    assert found.converged
    assert found.log_likelihood == pytest.approx(calibrate(scores, model=model).log_likelihood, abs=1e-6)


@pytest.mark.parametrize("n_items", [7, 9])
def test_a_start_of_other_items_is_refused(scores: FloatArray, n_items: int) -> None:
    former = calibrate(scores)

    with pytest.raises(ValueError, match=f"it has 8, not {n_items}"):
        calibrate(np.resize(scores, (500, n_items)), start=former)


def test_fixed_items_of_equal_slopes_are_kept_whatever_their_scale(scores: FloatArray) -> None:
    is_fixed = np.arange(8) < 3
    one = calibrate(scores, model="1pl")
    anchors = one.items.take(is_fixed)

    by_name = calibrate(scores, fixed=anchors, is_fixed=is_fixed)
    plain = calibrate(scores, fixed=Items.dichotomous(one.a[:3], one.b[:3]), is_fixed=is_fixed)

    assert_allclose(by_name.a, plain.a, rtol=1e-6)
    assert_allclose(by_name.a[:3], anchors.a)
    assert not np.allclose(by_name.a[3:], by_name.a[3])


def test_fixed_asymptotes_are_what_they_are(scores: FloatArray) -> None:
    is_fixed = np.arange(8) < 2
    plain = EIGHT.take([0, 1])
    bare = replace(plain, models=(Model.THREE_PL, Model.FOUR_PL))
    slight = replace(bare, lower=np.array([0.0, 3e-5]))

    found = calibrate(scores, fixed=bare, is_fixed=is_fixed)

    same = calibrate(scores, fixed=plain, is_fixed=is_fixed)
    assert found.log_likelihood == pytest.approx(same.log_likelihood, abs=1e-8)
    assert calibrate(scores, fixed=slight, is_fixed=is_fixed).c[1] == pytest.approx(3e-5)


def test_a_group_that_saw_nothing_is_no_crash(scores: FloatArray) -> None:
    few = scores[:40].copy()
    few[np.random.default_rng(3).random(few.shape) < 0.3] = np.nan
    few[-3:] = np.nan

    found = calibrate(few, model="rasch", groups=np.repeat([0, 1], [37, 3]))

    assert Warn.NOT_A_MAXIMUM in found.warnings


def test_masked_responses_were_not_presented(scores: FloatArray) -> None:
    hidden = np.random.default_rng(4).random(scores.shape) < 0.2
    masked = np.ma.masked_array(scores.astype(np.int64), mask=hidden)

    found: Calibration = calibrate(masked)

    assert_allclose(found.n_responses, (~hidden).sum(axis=0))
    assert_allclose(found.b, calibrate(np.where(hidden, np.nan, scores)).b)


def test_a_variance_beyond_the_grid_is_stated() -> None:
    found = calibrate([[1, 1, 1]] * 50 + [[0, 0, 0]] * 50, model="rasch")

    assert Warn.GRID_TOO_COARSE in found.warnings
    assert not found.grid.adequate


def test_a_variance_that_is_not_estimated_has_not_fallen(scores: FloatArray) -> None:
    assert Warn.NO_SPREAD not in calibrate(scores, nodes=3).warnings


def test_unknown_errors_are_refused_before_the_work(scores: FloatArray) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="ErrorMethod"):
        calibrate(scores, errors="bootstrap", progress=fail)


def test_a_wild_group_number_costs_no_memory(scores: FloatArray) -> None:
    with pytest.raises(ValueError, match=r"groups without persons: \[1, 2"):
        calibrate(scores, groups=np.where(np.arange(500) < 250, 0, 10**15))


def test_a_perfect_staircase_of_equal_items_has_a_likelihood_that_can_be() -> None:
    found = calibrate([[1, 1, 1]] * 50 + [[0, 0, 0]] * 50)

    # No model gives two patterns seen equally often more than a half each.
    assert found.log_likelihood <= 100 * np.log(0.5)
    assert not found.converged


@pytest.mark.parametrize("is_sparse", [False, True])
def test_products_summed_for_a_few_nodes_at_once_are_the_same(
    monkeypatch: pytest.MonkeyPatch, *, is_sparse: bool
) -> None:
    items = Items.concatenate([EIGHT, Items.graded(np.ones(3), np.tile([-1.0, 0.0, 1.0], (3, 1)))])
    scores = answer(items, 300)
    if is_sparse:
        scores[np.random.default_rng(5).random(scores.shape) < 0.3] = np.nan
    models = ["2pl"] * 4 + ["3pl"] * 4 + ["graded"] * 3
    whole = calibrate(scores, model=models)

    monkeypatch.setattr(information, "PRODUCT_CELLS", 2000)
    parts = calibrate(scores, model=models)

    assert_allclose(parts.covariance, whole.covariance, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("sd", [0.3, 2.0])
def test_a_lognormal_prior_keeps_the_slope_of_a_reversed_item_positive(scores: FloatArray, sd: float) -> None:
    reversed_first = np.column_stack([1 - scores[:, 0], scores[:, 1:]])

    found = calibrate(reversed_first, priors=Priors(log_a=Normal(0.0, sd)))

    assert found.converged
    assert 0 < found.a[0] < 0.6


def test_a_prior_of_difficulty_survives_a_reversed_item(scores: FloatArray) -> None:
    reversed_first = np.column_stack([1 - scores[:, 0], scores[:, 1:]])

    found = calibrate(reversed_first, priors=Priors(b=Normal(0.0, 1.0)))

    # Only the sign of its slope is another.
    straight = calibrate(scores, priors=Priors(b=Normal(0.0, 1.0)))
    assert found.converged
    assert_allclose(found.b, straight.b, atol=1e-5)
    assert found.a[0] == pytest.approx(-straight.a[0], abs=1e-5)


def test_reversed_items_keep_their_side_under_a_prior_of_b() -> None:
    rng = np.random.default_rng(2)
    logits = 1.3 * (rng.normal(size=(1000, 1)) - rng.normal(size=25))
    responses = (rng.random((1000, 25)) < 1.0 / (1.0 + np.exp(-logits))).astype(np.int8)
    responses[:, :5] = 1 - responses[:, :5]

    found = calibrate(responses, model="2pl", priors=Priors(b=Normal(0.0, 2.0)))
    free = calibrate(responses, model="2pl", priors=NONE)

    assert found.converged
    assert np.flatnonzero(found.a < 0.0).tolist() == [0, 1, 2, 3, 4]
    assert_allclose(found.a, free.a, atol=0.05)


def test_an_asymptote_that_fell_to_zero_too_soon_comes_back() -> None:
    rng = np.random.default_rng(4)
    chance = 0.25 + 0.75 / (1.0 + np.exp(-1.5 * (rng.normal(size=(3000, 1)) - np.linspace(-1.0, 2.0, 12))))
    responses = (rng.random((3000, 12)) < chance).astype(np.int8)

    found = calibrate(responses, model="3pl", priors=NONE)
    lowest = Items.dichotomous(found.a, found.b, c=np.where(np.arange(12) > 8, 0.00013, found.c))
    again = calibrate(responses, model="3pl", priors=NONE, start=replace(found, items=lowest))

    assert found.converged
    assert again.converged
    assert_allclose(again.c, found.c, atol=1e-5)
    assert_allclose(again.se_b, found.se_b, rtol=1e-4)
