"""The lognormal model of response times against its own definition, and recovery."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.response_time import TimeModel, calibrate_times, speeds
from exam_engine.psychometrics.irt.models import FloatArray


def draw(
    n_persons: int, n_items: int, *, seed: int, missing: float = 0.0
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return seconds, intensities, discriminations and speeds."""
    rng = np.random.default_rng(seed)
    beta, alpha = rng.normal(4, 0.4, n_items), rng.uniform(1.5, 3, n_items)
    tau = rng.normal(0, 0.3, n_persons)
    seconds = np.exp(beta - tau[:, None] + rng.normal(size=(n_persons, n_items)) / alpha)
    seconds[rng.random(seconds.shape) < missing] = np.nan
    return seconds, beta, alpha, tau


def slow_likelihood(seconds: FloatArray, beta: FloatArray, alpha: FloatArray, spread: float) -> float:
    """Sum the multivariate normal density of each person."""
    total = 0.0
    for row in np.log(seconds):
        seen = ~np.isnan(row)
        covariance = np.diag(alpha[seen] ** -2) + spread
        total += multivariate_normal.logpdf(row[seen], beta[seen], covariance)
    return total


def test_the_estimate_maximises_the_marginal_likelihood() -> None:
    seconds, *_ = draw(80, 6, seed=1, missing=0.2)

    model = calibrate_times(seconds, tolerance=1e-10)

    best = slow_likelihood(seconds, model.intensity, model.discrimination, model.speed_variance)
    assert model.converged
    assert model.log_likelihood == pytest.approx(best, abs=1e-8)
    vector = np.concatenate([model.intensity, model.discrimination, [model.speed_variance]])
    for at in range(13):
        moved = np.tile(vector, (2, 1))
        moved[:, at] += [1e-4, -1e-4]
        up, down = (slow_likelihood(seconds, v[:6], v[6:12], v[12]) for v in moved)
        # A central difference of a maximum: nothing but the error of the difference itself.
        assert (up - down) / 2e-4 == pytest.approx(0.0, abs=1e-3)


def test_standard_errors_are_those_of_the_expected_information() -> None:
    beta, alpha, spread = np.array([4.0, 3.5, 4.2]), np.array([1.5, 2.0, 2.5]), 0.09
    rng = np.random.default_rng(2)
    seconds = np.exp(rng.multivariate_normal(beta, np.diag(alpha**-2) + spread, 400))
    seconds[:150, 0] = np.nan
    model = calibrate_times(seconds)
    patterns = [(150, [1, 2]), (250, [0, 1, 2])]
    information = np.zeros((7, 7))
    for n, items in patterns:
        inverse = np.linalg.inv(np.diag(model.discrimination[items] ** -2) + model.speed_variance)
        directions = [(3 + i, np.diag([float(i == j) for j in items])) for i in items]
        directions.append((6, np.ones((len(items), len(items)))))
        for row, i in enumerate(items):
            for column, j in enumerate(items):
                information[i, j] += n * inverse[row, column]
        for at, one in directions:
            for to, two in directions:
                information[at, to] += 0.5 * n * np.trace(inverse @ one @ inverse @ two)
    errors = np.sqrt(np.diag(np.linalg.inv(information)))

    assert model.se_intensity == pytest.approx(errors[:3])
    assert model.se_discrimination == pytest.approx(0.5 * model.discrimination**3 * errors[3:6])
    assert model.se_speed_variance == pytest.approx(errors[6])


def test_parameters_come_back_within_their_errors() -> None:
    z = []
    for seed in range(15):
        seconds, beta, alpha, _ = draw(300, 20, seed=seed, missing=0.3)
        model = calibrate_times(seconds)
        z.append(
            [
                *((model.intensity - beta) / model.se_intensity),
                *((model.discrimination - alpha) / model.se_discrimination),
                (model.speed_variance - 0.09) / model.se_speed_variance,
            ]
        )

    # 615 values; intensities of one replication share its mean speed, so the margin is wide.
    assert np.std(z) == pytest.approx(1.0, abs=0.15)


def test_residuals_are_predictions_from_the_other_times() -> None:
    seconds, *_ = draw(50, 5, seed=3, missing=0.2)
    model = calibrate_times(seconds)

    result = speeds(seconds, model)

    covariance = np.diag(model.discrimination**-2) + model.speed_variance
    for person in (0, 7, 31):
        y = np.log(seconds[person]) - model.intensity
        seen = np.flatnonzero(~np.isnan(y))
        for item in seen:
            others = seen[seen != item]
            weights = covariance[item, others] @ np.linalg.inv(covariance[np.ix_(others, others)])
            expected = y[item] - weights @ y[others]
            spread = covariance[item, item] - weights @ covariance[others, item]
            assert result.residuals[person, item] == pytest.approx(expected / np.sqrt(spread))
    assert np.array_equal(np.isnan(result.residuals), np.isnan(seconds))


def test_person_fit_keeps_its_level_and_finds_mixed_speeds() -> None:
    seconds, beta, alpha, tau = draw(3_000, 30, seed=4)
    known = TimeModel(beta, beta * 0, alpha, alpha * 0, 0.09, 0.0, np.full(30, 3_000), 0.0, True, 1, 0.0, ())
    odd = seconds[:200].copy()
    odd[:, ::2] *= np.exp(-0.8)

    honest = speeds(seconds, known)

    # Monte Carlo error of a 5 % rate with 3,000 persons: 0.4 %.
    assert np.mean(honest.fit_p_value < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.std(honest.residuals) == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(honest.speed, tau)[0, 1] > 0.95
    assert np.mean(np.abs(honest.speed - tau) < 1.96 * honest.se) == pytest.approx(0.95, abs=0.012)
    assert np.mean(speeds(odd, known).fit_p_value < 0.05) > 0.5


def test_a_person_without_times_has_the_prior_speed_and_no_fit() -> None:
    seconds, *_ = draw(100, 10, seed=5)
    seconds[0], seconds[1, 1:] = np.nan, -1.0
    model = calibrate_times(seconds)

    result = speeds(seconds, model)

    assert result.n_times[:2].tolist() == [0, 1]
    assert result.speed[0] == 0.0
    assert result.se[0] == pytest.approx(np.sqrt(model.speed_variance))
    assert np.isnan(result.fit_p_value[:2]).all()
    assert np.isfinite(result.residuals[1, 0])


def test_times_without_differences_of_speed_give_a_variance_near_zero() -> None:
    rng = np.random.default_rng(6)

    model = calibrate_times(np.exp(rng.normal(4, 0.5, (500, 20))))

    assert 0 <= model.speed_variance < 0.002


def test_thin_data_carry_cautions_and_useless_data_are_refused() -> None:
    seconds, *_ = draw(20, 5, seed=7)

    assert calibrate_times(seconds).cautions == (Caution.FEW_ITEMS, Caution.FEW_PERSONS)
    assert Caution.NOT_CONVERGED in calibrate_times(seconds, max_iterations=1).cautions
    assert Caution.NOT_COMPUTED in calibrate_times(np.full((20, 3), 7.0)).cautions
    with pytest.raises(ValueError, match=r"by position: \[1\]"):
        calibrate_times([[3.0, np.nan], [4.0, np.nan], [5.0, 2.0]])
    with pytest.raises(ValueError, match="two persons"):
        calibrate_times([[3.0], [4.0], [5.0]])
    with pytest.raises(ValueError, match="positive and finite"):
        calibrate_times([[0.0, 1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="every person one value"):
        calibrate_times([[1.0, 2.0], [3.0]])
    with pytest.raises(ValueError, match="tolerance"):
        calibrate_times(seconds, tolerance=0.0)
    with pytest.raises(ValueError, match="5 columns"):
        speeds(seconds[:, :4], calibrate_times(seconds))
