"""Comparisons of two calibrations: Lord's test, areas, differences of expected scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exam_engine.psychometrics.dif.area import curve_difference, raju
from exam_engine.psychometrics.dif.estimates import Estimates
from exam_engine.psychometrics.dif.lord import lord, quadratic
from exam_engine.psychometrics.dif.outcome import Favours, Reason, Size, Warn
from exam_engine.psychometrics.irt.items import Items

logits = st.floats(-3, 3)
slopes = st.floats(0.3, 3)


def drawn(seed: int, *, moved: float = 0.0) -> tuple[Estimates, Estimates]:
    """Return estimates around the same 20 items with their errors; item 0 is moved in the focal group."""
    rng = np.random.default_rng(seed)
    truth = np.stack([rng.uniform(0.7, 1.8, 20), rng.normal(size=20)], axis=1)
    factor = rng.normal(size=(20, 2, 2)) * 0.08
    covariance = factor @ factor.transpose(0, 2, 1) + 0.004 * np.eye(2)
    other = truth.copy()
    other[0, 1] += moved
    noise = [np.einsum("nab,nb->na", np.linalg.cholesky(covariance), rng.normal(size=(20, 2))) for _ in "rf"]
    # the focal group's logits run from another origin with another unit
    reference = Estimates.of(("a", "b"), truth + noise[0], covariance, n_persons=2000)
    focal = Estimates.of(("a", "b"), other + noise[1], covariance, n_persons=800)
    return reference, focal.rescaled(1 / 1.2, -0.3 / 1.2)


def test_lord_s_test_keeps_its_level() -> None:
    p_values = np.concatenate([lord(*drawn(seed), link=(1.2, 0.3)).p_value for seed in range(60)])

    assert (p_values <= 0.05).mean() == pytest.approx(0.05, abs=0.02)  # 1,200 tests: Monte Carlo error 0.006
    assert p_values.mean() == pytest.approx(0.5, abs=0.03)


def test_raju_s_signed_test_keeps_its_level() -> None:
    p_values = np.concatenate(
        [raju(*drawn(seed), link=(1.2, 0.3), signed=True).p_value for seed in range(60)]
    )

    assert (p_values <= 0.05).mean() == pytest.approx(0.05, abs=0.02)


def test_a_moved_item_leaves_the_link() -> None:
    reference, focal = drawn(1, moved=1.5)

    def by_means(anchor: NDArray[np.bool_]) -> tuple[float, float]:
        b_r, b_f = reference.location[anchor], focal.location[anchor]
        scale = float(b_r.std() / b_f.std())
        return scale, float(b_r.mean() - scale * b_f.mean())

    found = lord(reference, focal, link=by_means, purify=True)

    assert not found.anchor[0]
    assert found.favours[0] is Favours.REFERENCE
    assert found.effect[0] == pytest.approx(1.5, abs=0.4)
    assert found.scale == pytest.approx(1.2, abs=0.1)
    assert found.rounds >= 1


def test_rasch_items_have_sizes_on_the_delta_scale() -> None:
    spread = np.full((3, 1, 1), 0.001)
    reference = Estimates.of(("b",), [[0.0], [0.0], [0.0]], spread)
    focal = Estimates.of(("b",), [[0.1], [0.5], [-0.8]], spread)

    found = lord(reference, focal)

    assert found.sizes == (Size.A, Size.B, Size.C)
    assert found.favours == (Favours.REFERENCE, Favours.REFERENCE, Favours.FOCAL)


def test_items_with_fewer_steps_have_fewer_degrees_of_freedom() -> None:
    values = np.array([[1.0, -1.0, 1.0], [1.0, 0.5, np.nan]])
    covariance = np.tile(0.01 * np.eye(3), (2, 1, 1))
    covariance[1, 2] = covariance[1, :, 2] = np.nan
    reference = Estimates.of(("a", "b1", "b2"), values, covariance)

    found = lord(reference, reference)

    assert found.df.tolist() == [3, 2]
    np.testing.assert_allclose(found.statistic, 0.0)
    np.testing.assert_allclose(reference.location, [0.0, 0.5])
    np.testing.assert_allclose(reference.location_variance, [0.005, 0.01])


def test_a_covariance_that_cannot_be_inverted_is_named() -> None:
    singular = np.array([[[1.0, 1.0], [1.0, 1.0]]])
    one = Estimates.of(("a", "b"), [[1.0, 0.0]], singular)

    found = lord(one, one)

    assert found.reasons == (Reason.NOT_IDENTIFIED,)
    assert np.isnan(found.p_value[0])
    assert Warn.NOT_COMPUTABLE in found.warnings


def test_few_persons_behind_the_estimates_are_warned_of() -> None:
    one = Estimates.of(("a", "b"), [[1.0, 0.0]], [np.eye(2)], n_persons=499)

    assert lord(one, one).warnings == (Warn.SMALL_CALIBRATION,)
    assert raju(one, one).warnings == (Warn.SMALL_CALIBRATION,)


@settings(max_examples=30)
@given(slopes, logits, slopes, logits)
def test_raju_s_areas_are_those_of_a_sum_over_abilities(
    a_r: float, b_r: float, a_f: float, b_f: float
) -> None:
    theta = np.linspace(-60, 60, 12001)
    reference, focal = Items.dichotomous([a_r], [b_r]), Items.dichotomous([a_f], [b_f])
    v = [0.01 * np.eye(2)]

    found = raju(Estimates.of(("a", "b"), [[a_r, b_r]], v), Estimates.of(("a", "b"), [[a_f, b_f]], v))
    numeric = curve_difference(reference, focal, theta=theta)

    assert found.effect[0] == pytest.approx(-numeric.signed[0] * 120, abs=5e-3)
    assert found.unsigned_area[0] == pytest.approx(numeric.unsigned[0] * 120, abs=5e-3)


def test_the_error_of_the_area_is_its_derivative() -> None:
    values, v = np.array([1.2, 0.3, 0.8, -0.2]), np.diag([0.01, 0.02, 0.03, 0.04])

    def h(at: NDArray[np.float64]) -> float:
        one, other = (Estimates.of(("a", "b"), [part], [np.eye(2)]) for part in (at[:2], at[2:]))
        z = raju(one, other)
        return float(z.unsigned_area[0] * np.sign(z.z[0]))

    steps = 1e-6 * np.eye(4)
    slope = np.array([(h(values + step) - h(values - step)) / 2e-6 for step in steps])

    found = raju(
        Estimates.of(("a", "b"), [values[:2]], [v[:2, :2]]),
        Estimates.of(("a", "b"), [values[2:]], [v[2:, 2:]]),
    )

    assert found.z[0] == pytest.approx(h(values) / (slope @ v @ slope) ** 0.5, rel=1e-6)


def test_nearly_parallel_curves_are_no_special_case() -> None:
    v = [0.01 * np.eye(2)]
    reference = Estimates.of(("a", "b"), [[1.0, 0.0]], v)

    exact = raju(reference, Estimates.of(("a", "b"), [[1.0, 0.5]], v))
    close = raju(reference, Estimates.of(("a", "b"), [[1.0 + 1e-6, 0.5]], v))

    assert close.z[0] == pytest.approx(exact.z[0], rel=1e-4)
    assert raju(reference, reference, lower=0.2).unsigned_area[0] == 0.0


def test_differences_of_mixed_items_and_of_the_test() -> None:
    reference = Items.concatenate(
        [Items.dichotomous([1.0, 1.0], [0.0, 0.0]), Items.graded([1.0], [[-1.0, 1.0]])]
    )
    focal = Items.concatenate(
        [Items.dichotomous([1.0, 1.0], [0.5, -0.5]), Items.graded([1.0], [[-1.0, 1.0]])]
    )

    found = curve_difference(reference, focal, theta=np.linspace(-3, 3, 61))

    assert found.favours == (Favours.REFERENCE, Favours.FOCAL, Favours.NEITHER)
    assert found.test_signed == pytest.approx(0.0, abs=1e-12)
    assert found.test_unsigned > 0
    assert np.all(found.squared <= found.unsigned)


def test_estimates_that_do_not_fit_are_refused() -> None:
    v = [np.eye(2)]
    one = Estimates.of(("a", "b"), [[1.0, 0.0]], v)

    with pytest.raises(ValueError, match="same items"):
        lord(one, Estimates.of(("a", "b"), [[1.0, 0.0]] * 2, v * 2))
    with pytest.raises(ValueError, match="constants cannot be purified"):
        lord(one, one, purify=True)
    with pytest.raises(ValueError, match="location b"):
        Estimates.of(("a",), [[1.0]], [[[1.0]]])
    with pytest.raises(ValueError, match="columns b, or a and b"):
        raju(Estimates.of(("b", "b2"), [[1.0, 0.0]], v), one)
    with pytest.raises(ValueError, match="below 1"):
        raju(one, one, lower=1.0)
    with pytest.raises(ValueError, match="same highest"):
        curve_difference(Items.dichotomous([1.0], [0.0]), Items.graded([1.0], [[0.0, 1.0]]), theta=[0.0])
    with pytest.raises(ValueError, match="not all 0"):
        curve_difference(*[Items.dichotomous([1.0], [0.0])] * 2, theta=[0.0], weights=[0.0])


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.integers(0, 10**6))
def test_the_quadratic_form_is_that_of_the_inverse(difference: list[float], seed: int) -> None:
    factor = np.random.default_rng(seed).normal(size=(3, 3))
    covariance = factor @ factor.T + 0.1 * np.eye(3)
    d = np.array(difference)

    statistic, df = quadratic([d], [covariance])

    assert statistic[0] == pytest.approx(d @ np.linalg.inv(covariance) @ d, rel=1e-6, abs=1e-9)
    assert df[0] == 3
