"""Straight-line and circle-arc equating, with their standard errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.linking.bootstrap import bootstrap
from exam_engine.psychometrics.linking.circle_arc import Arc, circle_arc
from exam_engine.psychometrics.linking.common_items import (
    anchor_difference,
    chained_linear,
    levine_observed,
    levine_true,
    synthetic_moments,
    tucker,
)
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.linear import identity, linear_equating, mean_equating
from exam_engine.psychometrics.linking.sampling import ErrorSource
from exam_engine.psychometrics.linking.score_moments import JointMoments, Moments

Joint = Callable[[JointFrequencies, JointFrequencies], Equating]
NEAT: list[Joint] = [tucker, levine_observed, levine_true, chained_linear]


def group(seed: int, ability: float, easier: float, n: int = 400) -> JointFrequencies:
    """Return 24 items and 8 internal anchor items, for a group of some ability and a form of some ease."""
    rng = np.random.default_rng(seed)
    theta = rng.normal(ability, 1, n)
    anchor = rng.binomial(8, 1 / (1 + np.exp(-theta)))
    rest = rng.binomial(24, 1 / (1 + np.exp(-(theta + easier))))
    return JointFrequencies.of(anchor + rest, anchor, highest=32, highest_anchor=8)


@given(st.floats(1, 20), st.floats(1, 6), st.floats(1, 20), st.floats(1, 6))
def test_linear_equating_matches_mean_and_deviation(m: float, s: float, n: float, t: float) -> None:
    new = Moments.normal(n=500, highest=20, mean=m, sd=s)
    old = Moments.normal(n=500, highest=20, mean=n, sd=t)

    found = linear_equating(new, old)
    back = linear_equating(old, new)

    assert found.slope * m + found.intercept == pytest.approx(n, abs=1e-8)
    assert found.slope == pytest.approx(t / s)
    assert back.slope * found.equivalents + back.intercept == pytest.approx(found.scores, abs=1e-7)


def test_the_error_of_linear_equating_is_the_published_formula() -> None:
    """Under normality ``σ²_Y [1/n_X + 1/n_Y] [1 + z²/2]`` (Kolen & Brennan, 2014, chapter 7)."""
    new = Moments.normal(n=300, highest=20, mean=11.0, sd=3.0)
    old = Moments.normal(n=500, highest=20, mean=12.0, sd=4.0)

    found = linear_equating(new, old)

    z = (found.scores - 11.0) / 3.0
    expected = 4.0 * np.sqrt((1 / 300 + 1 / 500) * (1 + z**2 / 2))
    assert found.standard_errors == pytest.approx(expected, rel=1e-6)
    assert mean_equating(new, old).standard_errors == pytest.approx(np.sqrt(9 / 300 + 16 / 500), rel=1e-6)


def test_the_identity_changes_nothing() -> None:
    found = identity(highest_new=10, highest_old=12)

    assert found.equivalents == pytest.approx(found.scores)
    assert (found.errors_by, found.highest_old) == (ErrorSource.NO_SAMPLE, 12)


def naive_tucker(new: JointFrequencies, old: JointFrequencies, w: float) -> tuple[float, float]:
    """Expand persons and regress, as the textbook says."""

    def persons(sample: JointFrequencies) -> tuple[np.ndarray, np.ndarray]:
        rows, columns = np.nonzero(sample.counts)
        times = sample.counts[rows, columns].astype(int)
        return np.repeat(rows, times), np.repeat(columns, times)

    x, vx = persons(new)
    y, vy = persons(old)
    ax, ay = np.polyfit(vx, x, 1)[0], np.polyfit(vy, y, 1)[0]
    rest_x, rest_y = np.var(x - ax * vx), np.var(y - ay * vy)
    mean_v = w * vx.mean() + (1 - w) * vy.mean()
    var_v = w * vx.var() + (1 - w) * vy.var() + w * (1 - w) * (vx.mean() - vy.mean()) ** 2
    mean_x, mean_y = x.mean() + ax * (mean_v - vx.mean()), y.mean() + ay * (mean_v - vy.mean())
    slope = np.sqrt((ay**2 * var_v + rest_y) / (ax**2 * var_v + rest_x))
    return float(slope), float(mean_y - slope * mean_x)


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.5, 1.0])
def test_tucker_agrees_with_regressions_on_the_persons(weight: float) -> None:
    new, old = group(1, 0.0, 0.0), group(2, 0.3, 0.4)

    found = tucker(new, old, weight_new=weight)

    assert (found.slope, found.intercept) == pytest.approx(naive_tucker(new, old, weight), rel=1e-9)


def test_levine_uses_the_ratio_of_true_score_deviations() -> None:
    new, old = JointMoments.of(group(1, 0.0, 0.0)), JointMoments.of(group(2, 0.3, 0.4))

    inner = synthetic_moments(new, old, method=EquatingMethod.LEVINE_OBSERVED)
    outer = synthetic_moments(new, old, method=EquatingMethod.LEVINE_OBSERVED, internal=False)

    assert inner.gamma_new == pytest.approx(new.variance / new.covariance)
    assert outer.gamma_old == pytest.approx(
        (old.variance + old.covariance) / (old.anchor_variance + old.covariance)
    )
    true = levine_true(new, old)
    assert true.slope == pytest.approx(inner.gamma_old / inner.gamma_new)
    middle = old.mean + inner.gamma_old * (new.anchor_mean - old.anchor_mean)
    assert true.at(16.0) == pytest.approx(middle + true.slope * (16.0 - new.mean))


def test_chained_linear_is_two_linear_equatings() -> None:
    new, old = group(1, 0.0, 0.0), group(2, 0.3, 0.4)
    to_anchor, to_form = linear_equating(new.form, new.anchor), linear_equating(old.anchor, old.form)

    found = chained_linear(new, old)

    step = to_anchor.slope * found.scores + to_anchor.intercept
    assert found.equivalents == pytest.approx(to_form.slope * step + to_form.intercept)


@pytest.mark.parametrize("method", NEAT)
def test_groups_that_are_one_and_forms_that_are_one_give_the_identity(method: Joint) -> None:
    sample = group(3, 0.0, 0.0)

    found = method(sample, sample)

    assert found.equivalents == pytest.approx(found.scores, abs=1e-9)
    assert found.warnings == ()


def test_levine_recovers_the_difference_of_forms_where_groups_differ() -> None:
    """The new form is 3 marks harder; Tucker takes part of the groups' difference for it, Levine does not."""
    rng = np.random.default_rng(5)

    def sample(ability: float, harder: float) -> JointFrequencies:
        theta = rng.normal(ability, 4, 20_000)
        anchor = np.clip(np.round(20 + 0.5 * theta + rng.normal(0, 2, theta.size)), 0, 40)
        rest = np.clip(np.round(40 + theta - harder + rng.normal(0, 2.8, theta.size)), 0, 80)
        return JointFrequencies.of(rest, anchor, highest=80, highest_anchor=40)

    new, old = sample(-1.5, 3.0), sample(1.5, 0.0)

    levine = levine_observed(new, old, internal=False).at(38.0)
    by_tucker = tucker(new, old).at(38.0)

    # True: 38 on the new form is 41 on the old one. 20,000 persons: error about 0.08.
    assert levine == pytest.approx(41.0, abs=0.3)
    assert by_tucker > levine + 0.3


@pytest.mark.parametrize("method", [*NEAT, circle_arc])
def test_errors_agree_with_the_bootstrap(method: Joint) -> None:
    new, old = group(1, 0.0, 0.0), group(2, 0.1, 0.4)

    direct = method(new, old)
    drawn = bootstrap(method, new, old, rng=np.random.default_rng(9), replications=300)

    # 300 replications: 4.1 % Monte Carlo error; three of them.
    points = [8, 16, 24]
    assert direct.standard_errors[points] == pytest.approx(drawn.equating.standard_errors[points], rel=0.125)
    assert direct.errors_by is ErrorSource.DELTA
    assert np.all(np.abs(drawn.bias[points]) < 0.1)
    assert np.all((drawn.lower < direct.equivalents)[points] & (direct.equivalents < drawn.upper)[points])


@pytest.mark.parametrize("method", [mean_equating, linear_equating])
def test_intervals_cover_as_often_as_they_should(method: Callable[..., Equating]) -> None:
    rng = np.random.default_rng(12)
    population = Frequencies(np.array([2, 5, 9, 14, 18, 20, 16, 10, 4, 2], dtype=np.float64) * 100)
    covered = 0
    for _ in range(400):
        pair = []
        for _ in range(2):
            drawn = rng.multinomial(150, population.probability)
            pair.append(Frequencies(drawn.astype(np.float64)))
        found = method(*pair)
        covered += int(np.abs(found.equivalents[6] - 6.0) < 1.96 * found.standard_errors[6])

    # 95 % of 400 with a Monte Carlo error of 1.1 %.
    assert 0.92 < covered / 400 < 0.98


@pytest.mark.parametrize("arc", list(Arc))
def test_an_arc_goes_through_its_three_points(arc: Arc) -> None:
    new = Moments.normal(n=60, highest=50, mean=26.0, sd=8.0)
    old = Moments.normal(n=60, highest=50, mean=29.0, sd=8.0)

    found = circle_arc(new, old, arc=arc, lower=(10.0, 10.0))

    assert found.at([0, 10, 26, 50]) == pytest.approx([0, 10, 29, 50], abs=1e-9)
    assert found.at(5.0) == pytest.approx(5.0)
    bend = np.diff(found.equivalents[10:], 2)
    assert np.all(bend < 0)
    assert found.standard_errors[[10, 50]] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.standard_errors[26] == pytest.approx(np.sqrt(2 * 64 / 60), rel=0.1)


def test_the_symmetric_arc_is_a_circle_and_undone_by_its_inverse() -> None:
    new = Moments.normal(n=60, highest=40, mean=18.0, sd=8.0)
    old = Moments.normal(n=60, highest=50, mean=29.0, sd=8.0)

    there, back = circle_arc(new, old), circle_arc(old, new)

    # Three points give the circle; all others lie on it.
    points = np.array([[0, 0], [18, 29], [40, 50]], dtype=float)
    system = np.column_stack([2 * points, np.ones(3)])
    x, y, rest = np.linalg.solve(system, (points**2).sum(axis=1))
    radius = np.sqrt(rest + x**2 + y**2)
    assert np.hypot(there.scores - x, there.equivalents - y) == pytest.approx(np.full(41, radius), rel=1e-9)
    whole = there.equivalents[18]
    assert back.at(whole) == pytest.approx(18.0, abs=1e-9)


@given(st.floats(-12, 12))
def test_both_arcs_agree_for_forms_nearly_alike(difference: float) -> None:
    new = Moments.normal(n=60, highest=100, mean=50.0, sd=15.0)
    old = Moments.normal(n=60, highest=100, mean=50.0 + difference, sd=15.0)

    one = circle_arc(new, old, arc=Arc.SYMMETRIC).equivalents
    other = circle_arc(new, old, arc=Arc.SIMPLIFIED).equivalents

    assert one == pytest.approx(other, abs=1e-6 + 0.012 * difference**2)
    assert one[50] == pytest.approx(50.0 + difference, abs=1e-6)


def test_an_arc_of_no_height_is_the_line() -> None:
    same = Moments.normal(n=60, highest=20, mean=11.0, sd=3.0)

    for arc in Arc:
        assert circle_arc(same, same, arc=arc).equivalents == pytest.approx(np.arange(21.0), abs=1e-9)


def test_an_arc_through_a_point_far_off_is_named() -> None:
    new = Moments.normal(n=60, highest=20, mean=2.0, sd=1.5)
    old = Moments.normal(n=60, highest=20, mean=18.0, sd=1.5)

    assert circle_arc(new, old).warnings == (EquatingWarning.NOT_RISING,)


def test_small_samples_and_odd_groups_are_named() -> None:
    few = group(1, 0.0, 0.0, n=20)
    apart = tucker(group(1, 0.0, 0.0), group(2, 1.0, 0.0))

    assert EquatingWarning.FEW_PERSONS in circle_arc(few, few).warnings
    assert EquatingWarning.FEW_PERSONS in tucker(few, few).warnings
    assert apart.warnings == (EquatingWarning.GROUPS_DIFFER,)
    assert anchor_difference(group(1, 0.0, 0.0), group(2, 1.0, 0.0)) < -0.5
    weak = JointMoments.normal(n=500, highest=20, mean=10, sd=3, anchor_mean=5, anchor_sd=1, covariance=1.5)
    assert tucker(weak, weak).warnings == (EquatingWarning.WEAK_ANCHOR,)


def test_equivalents_may_leave_the_range_and_can_be_cut() -> None:
    new = Moments.normal(n=500, highest=10, mean=4.0, sd=2.0)
    old = Moments.normal(n=500, highest=10, mean=7.0, sd=2.0)

    found = mean_equating(new, old)

    assert found.equivalents[-1] == pytest.approx(13.0)
    assert found.within_range().equivalents[-1] == 10.0
    with pytest.raises(ValueError, match="from 0 to 10"):
        found.at(11)


def test_settings_that_make_no_sense_are_refused() -> None:
    sample = group(1, 0.0, 0.0)

    with pytest.raises(ValueError, match="from 0 to 1"):
        tucker(sample, sample, weight_new=1.5)
    with pytest.raises(ValueError, match="have an anchor"):
        circle_arc(sample, sample.form)
    with pytest.raises(ValueError, match="in order"):
        circle_arc(sample, sample, lower=(40.0, 0.0))
    with pytest.raises(ValueError, match="between the end points"):
        circle_arc(sample, sample, lower=(30.0, 30.0))
    with pytest.raises(ValueError, match="synthetic population"):
        synthetic_moments(sample, sample, method=EquatingMethod.CHAINED_LINEAR)
    with pytest.raises(ValueError, match="two replications"):
        bootstrap(tucker, sample, sample, rng=np.random.default_rng(1), replications=1)
