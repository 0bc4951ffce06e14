"""Every model is found back from simulated answers; groups, fixed items, priors, sparse designs, standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.calibrate import NONE, Calibration, Normal, Priors, Warn, calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model


def answer(items: Items, theta: FloatArray, seed: int = 1) -> FloatArray:
    rng = np.random.default_rng(seed)
    reached = items.probability(theta).cumsum(axis=2)[:, :, :-1]
    return (rng.random((theta.size, len(items), 1)) > reached).sum(axis=2).astype(np.float64)


def ability(n_persons: int, mean: float = 0.0, sd: float = 1.0, seed: int = 2) -> FloatArray:
    return np.random.default_rng(seed).normal(mean, sd, n_persons)


A = np.tile([0.8, 1.0, 1.3, 1.6, 1.1], 4)
B = np.linspace(-1.5, 1.5, 20)
STEPS = B[:, None] + np.array([-0.8, 0.0, 0.8])
KNOWN = {
    "2pl": Items.dichotomous(A, B),
    "3pl": Items.dichotomous(A, B, c=0.2),
    "4pl": Items.dichotomous(A, B, c=0.2, u=0.95),
    "gpcm": Items.partial_credit(A, STEPS),
    "pcm": Items.partial_credit(np.ones(20), STEPS),
    "graded": Items.graded(A, STEPS),
    "nominal": Items.nominal(A[:, None] * [0.4, 1.0, 1.8], -A[:, None] * B[:, None] * [0.2, 0.5, 1.0]),
}


def largest_error_in_standard_errors(found: Calibration, items: Items) -> float:
    pairs = [
        (found.slopes - items.slopes, found.se_slopes),
        (found.intercepts - items.intercepts, found.se_intercepts),
    ]
    return float(max(np.abs(gap[error > 0] / error[error > 0]).max(initial=0.0) for gap, error in pairs))


@pytest.mark.parametrize("model", [*KNOWN])
def test_parameters_come_back_within_their_errors(model: str) -> None:
    items = KNOWN[model]

    found = calibrate(answer(items, ability(3000)), model=model)

    assert found.converged
    assert found.model is Model(model)
    assert found.grid.adequate
    assert largest_error_in_standard_errors(found, items) < (5 if model == "4pl" else 4)
    assert found.items.probability([0.0]) == pytest.approx(items.probability([0.0]), abs=0.1)


def test_the_common_slope_is_the_spread_of_the_rasch_scale() -> None:
    scores = answer(Items.dichotomous(np.full(20, 1.4), B), ability(2000))

    one, rasch = calibrate(scores, model="1pl"), calibrate(scores, model="rasch")

    assert one.a == pytest.approx(np.full(20, np.sqrt(rasch.latent_variance)))
    assert one.log_likelihood == rasch.log_likelihood
    assert one.latent_variance == 1
    assert np.abs(one.a[0] - 1.4) < 4 * one.se_a[0]
    assert np.all(np.abs(one.b - B) < 4 * one.se_b)


def test_the_errors_of_the_common_slope_are_those_of_its_own_likelihood() -> None:
    scores = answer(Items.dichotomous(np.full(4, 1.4), B[::5]), ability(800))
    one = calibrate(scores, model="1pl", nodes=161, bound=12.0)
    nodes = np.linspace(-8, 8, 161)
    density = np.exp(-(nodes**2) / 2) / np.exp(-(nodes**2) / 2).sum()

    def log_likelihood(slope: float, b: FloatArray) -> float:
        curve = 1 / (1 + np.exp(-slope * (nodes[:, None] - b)))
        rows = np.exp(scores @ np.log(curve).T + (1 - scores) @ np.log(1 - curve).T)
        return float(np.log(rows @ density).sum())

    at, step = np.append(one.a[0], one.b), 1e-3
    hessian = np.empty((5, 5))
    for row in range(5):
        for column in range(5):
            signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            values = []
            for one_sign, other in signs:
                moved = at.copy()
                moved[row] += one_sign * step
                moved[column] += other * step
                values.append(log_likelihood(moved[0], moved[1:]))
            hessian[row, column] = (values[0] - values[1] - values[2] + values[3]) / (4 * step**2)
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))

    assert_allclose(np.append(one.se_a[0], one.se_b), errors, rtol=1e-4)


def test_models_mix_in_one_test() -> None:
    models = ["2pl", "3pl", "gpcm", "graded", "nominal"]
    items = Items.concatenate([KNOWN[model].take(np.arange(8, 14)) for model in models])
    wanted = [model for model in models for _ in range(6)]

    found = calibrate(answer(items, ability(4000)), model=wanted)

    assert found.converged
    assert found.model is None
    assert [model.value for model in found.items.models] == wanted
    assert largest_error_in_standard_errors(found, items) < 4.5


def test_groups_have_means_and_variances_of_their_own() -> None:
    theta = np.concatenate([ability(2500), ability(2500, 0.5, 1.3, seed=3)])

    found = calibrate(answer(KNOWN["2pl"], theta), groups=np.repeat([0, 1], 2500))

    assert found.means[0] == 0
    assert found.variances[0] == 1
    assert found.se_means[0] == 0
    assert np.abs(found.means[1] - 0.5) < 4 * found.se_means[1]
    assert np.abs(found.variances[1] - 1.69) < 4 * found.se_variances[1]


def test_new_items_come_onto_the_scale_of_fixed_ones() -> None:
    items = KNOWN["3pl"]
    scores = answer(items, ability(3000, 0.6, 0.8))
    old = np.arange(20) < 12

    found = calibrate(scores, model="3pl", fixed=items.take(old), is_fixed=old)

    assert_allclose(found.b[old], B[old], atol=1e-12)
    assert_allclose(found.c[old], 0.2, atol=1e-12)
    assert np.all(found.se_b[old] == 0)
    assert np.all(np.abs(found.b[~old] - B[~old]) < 4 * found.se_b[~old])
    assert np.abs(found.means[0] - 0.6) < 4 * found.se_means[0]
    assert np.all(found.c[~old] > 0.05)


def test_a_guessing_parameter_without_support_is_held_at_zero_and_said() -> None:
    scores = answer(KNOWN["2pl"], ability(1500))

    free, prior = calibrate(scores, model="3pl", priors=NONE), calibrate(scores, model="3pl")

    assert free.converged
    assert Warn.ASYMPTOTE_AT_BOUND in free.warnings
    assert np.any(free.c == 0)
    assert np.all(np.isnan(free.se_c[free.c == 0]))
    assert np.all(np.isfinite(free.se_b))
    assert prior.warnings == ()
    assert np.all(np.isfinite(prior.se_c))
    assert free.log_likelihood >= prior.log_likelihood


def test_priors_on_slopes_and_difficulties_draw_estimates_in() -> None:
    scores = answer(KNOWN["2pl"], ability(150))
    plain = calibrate(scores)

    found = calibrate(scores, priors=Priors(log_a=Normal(0.0, 0.2), b=Normal(0.0, 0.5)))

    assert found.converged
    assert found.a.std() < plain.a.std()
    assert np.abs(found.b).max() < np.abs(plain.b).max()


def test_persons_who_each_saw_items_of_their_own_are_no_different() -> None:
    scores = answer(KNOWN["2pl"], ability(2000))
    hidden = np.random.default_rng(5).random((2000, 20)) < 0.5
    scores[hidden] = np.nan

    found = calibrate(scores)
    crossed = calibrate(scores, errors="cross_product")
    robust = calibrate(scores, errors="sandwich")

    assert found.converged
    assert largest_error_in_standard_errors(found, KNOWN["2pl"]) < 4
    assert_allclose(crossed.se_b, found.se_b, rtol=0.25)
    assert_allclose(robust.se_b, found.se_b, rtol=0.25)
    assert np.all(np.isnan(calibrate(scores, errors="none").se_b))


def test_an_empirical_density_follows_a_skewed_population() -> None:
    rng = np.random.default_rng(8)
    theta = (rng.gamma(2.0, 1.0, 6000) - 2.0) / np.sqrt(2.0)
    scores = answer(KNOWN["2pl"], theta)

    normal, free = calibrate(scores), calibrate(scores, density="empirical")

    moments = [float(free.density[0] @ free.nodes**power) for power in (1, 2, 3)]
    assert free.converged
    assert moments[:2] == pytest.approx([0.0, 1.0], abs=1e-9)
    assert moments[2] > 0.8
    assert free.log_likelihood > normal.log_likelihood + 20
    error = [np.sqrt(np.mean((one.b - B) ** 2)) for one in (normal, free)]
    assert error[1] < error[0]


def test_a_warm_start_needs_no_further_step() -> None:
    scores = answer(KNOWN["graded"], ability(400))
    first = calibrate(scores, model="graded")

    again = calibrate(scores, model="graded", start=first)

    assert again.iterations == 0
    assert_allclose(again.se_b, first.se_b)


def test_a_mapped_file_is_calibrated_without_being_copied(tmp_path) -> None:
    scores = answer(KNOWN["2pl"], ability(700)).astype(np.int8)
    path = tmp_path / "responses.npy"
    np.save(path, scores)

    found = calibrate(np.load(path, mmap_mode="r"))

    assert_allclose(found.b, calibrate(scores).b, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"model": ["2pl"]}, "20, one for each item"),
        ({"model": ["1pl"] * 19 + ["2pl"]}, "1PL goes neither"),
        ({"groups": [0] * 100 + [2] * 100}, r"groups without persons: \[1\]"),
        ({"groups": [0.5] * 200}, "whole number a person"),
        ({"fixed": KNOWN["2pl"]}, "go together"),
        ({"fixed": KNOWN["2pl"], "is_fixed": [True] * 19 + [False]}, "truth values"),
        ({"density": "beta"}, "normal or empirical"),
        ({"model": "rasch", "density": "empirical"}, "free slopes"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        calibrate(answer(KNOWN["2pl"], ability(200)), **options)  # type: ignore[arg-type]
