"""Score gains of persons and of groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as t_distribution

from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.jumps import gain_line, gains, group_gains
from exam_engine.psychometrics.irt.models import FloatArray


def occasions(n_persons: int, *, seed: int) -> tuple[FloatArray, FloatArray]:
    """Return honest scores on two occasions, errors 0.3 and 0.4 and a usual gain of 0.1."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(0, 1, n_persons)
    return ability + rng.normal(0, 0.3, n_persons), ability + 0.1 + rng.normal(0, 0.4, n_persons)


def test_residuals_come_from_a_line_without_the_person() -> None:
    first, second = occasions(20, seed=1)

    result = gains(first, second)

    assert result.degrees_of_freedom == 17
    for person in range(20):
        others = np.arange(20) != person
        x, y = first[others], second[others]
        slope, intercept = np.polyfit(x, y, 1)
        expected = intercept + slope * first[person]
        sd = np.sqrt(np.sum((y - intercept - slope * x) ** 2) / 17)
        error = sd * np.sqrt(1 + 1 / 19 + (first[person] - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2))
        value = (second[person] - expected) / error
        assert result.expected[person] == pytest.approx(expected)
        assert result.residual_t[person] == pytest.approx(value)
        assert result.p_value[person] == pytest.approx(t_distribution.sf(value, 17))
    assert result.cautions == (Caution.FEW_PERSONS,)


def test_a_line_from_others_predicts_the_same_as_leaving_the_person_out() -> None:
    first, second = occasions(40, seed=2)

    line = gain_line(first[1:], second[1:])
    one = gains(first[:1], second[:1], line=line)

    everybody = gains(first, second)
    assert one.residual_t[0] == pytest.approx(everybody.residual_t[0])
    assert one.p_value[0] == pytest.approx(everybody.p_value[0])


def test_honest_persons_are_flagged_at_the_level() -> None:
    first, second = occasions(6_000, seed=3)

    result = gains(first, second, se_first=0.3, se_second=np.full(6_000, 0.4))

    # Monte Carlo error 0.3 %.
    assert np.mean(result.p_value <= 0.05) == pytest.approx(0.05, abs=0.01)
    assert np.mean(result.gain_p_value <= 0.05) == pytest.approx(0.05, abs=0.01)


def test_the_unlucky_of_the_first_time_are_not_suspect_for_coming_back() -> None:
    first, second = occasions(4_000, seed=4)
    unlucky = first < -1.5

    result = gains(first, second, se_first=0.3, se_second=0.4)

    assert np.mean(result.gain_p_value[unlucky] <= 0.05) > 0.06
    assert np.mean(result.p_value[unlucky] <= 0.05) == pytest.approx(0.05, abs=0.025)


def test_a_jump_is_found_and_missing_scores_are_left_alone() -> None:
    first, second = occasions(300, seed=15)
    second[7] += 3.0
    second[8], first[9] = np.nan, np.nan

    result = gains(first, second)

    assert np.flatnonzero(result.is_flagged).tolist() == [7]
    assert np.isnan(result.p_value[8:10]).all()
    assert np.isnan(result.gain_z).all()
    assert result.line.n_persons == 298


@pytest.mark.parametrize("between", [0.0, 0.25])
def test_honest_groups_are_flagged_at_the_level(between: float) -> None:
    rng = np.random.default_rng(6)
    group = np.arange(400) // 20
    p_values = []
    for seed in range(150):
        first, second = occasions(400, seed=1_000 + seed)
        p_values.append(group_gains(first, second + rng.normal(0, between, 20)[group], group).p_value)

    # 3,000 groups: Monte Carlo error 0.4 %.
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.013)


def test_a_group_that_jumped_is_found_among_groups_that_differ() -> None:
    first, second = occasions(600, seed=7)
    group = np.arange(600) // 20
    second += np.random.default_rng(8).normal(0, 0.1, 30)[group]
    second[group == 11] += 0.8

    result = group_gains(first, second, group)

    assert np.flatnonzero(result.is_flagged).tolist() == [11]
    assert result.between_variance[11] < result.between_variance[0]
    assert result.n_persons.tolist() == [20] * 30
    assert result.cautions == ()


def test_the_variance_between_the_other_groups_by_loops() -> None:
    first, second = occasions(90, seed=9)
    group = np.repeat([1, 2, 3, 4, 5], [10, 15, 20, 20, 25])
    second += 0.4 * (group == 2) - 0.5 * (group == 4)

    result = group_gains(first, second, group)

    line = gain_line(first, second)
    residual = (second - line.intercept - line.slope * first) / line.residual_sd
    means = {g: residual[group == g].mean() for g in range(1, 6)}
    sizes = {g: float(np.sum(group == g)) for g in range(1, 6)}
    for at, g in enumerate(range(1, 6)):
        others = [h for h in range(1, 6) if h != g]
        w = np.array([sizes[h] for h in others])
        m = np.array([means[h] for h in others])
        q = np.sum(w * (m - np.average(m, weights=w)) ** 2)
        variance = max(0.0, (q - 3) / (w.sum() - np.sum(w**2) / w.sum()))
        assert result.between_variance[at] == pytest.approx(variance)
        v = 1 / (1 / w + variance)
        z = (means[g] - np.average(m, weights=v)) / np.sqrt(1 / sizes[g] + variance + 1 / v.sum())
        assert result.z[at] == pytest.approx(z)


def test_useless_data_are_refused() -> None:
    with pytest.raises(ValueError, match="four persons"):
        gain_line([1.0, 2.0, np.nan, 3.0], [1.0, 2.0, 3.0, np.nan])
    with pytest.raises(ValueError, match="must differ"):
        gain_line([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    with pytest.raises(ValueError, match="follow exactly"):
        gain_line([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0])
    first, second = occasions(10, seed=10)
    with pytest.raises(ValueError, match="both standard errors"):
        gains(first, second, se_first=0.3)
    with pytest.raises(ValueError, match="must be positive"):
        gains(first, second, se_first=0.0, se_second=0.3)
    with pytest.raises(ValueError, match="one length"):
        gains(first, second[:5])
    with pytest.raises(ValueError, match="two groups"):
        group_gains(first, second, ["a"] * 10)
    with pytest.raises(ValueError, match="10 labels"):
        group_gains(first, second, ["a"])
    assert group_gains(first, second, ["a", "b"] * 5).cautions == (Caution.FEW_PERSONS, Caution.THIN_GROUPS)
