"""Equipercentile equating, raw, presmoothed and postsmoothed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize

from exam_engine.psychometrics.linking.bootstrap import bootstrap
from exam_engine.psychometrics.linking.equating import Equating, EquatingMethod, EquatingWarning
from exam_engine.psychometrics.linking.equipercentile import (
    chained_equipercentile,
    equipercentile,
    frequency_estimation,
    lord_errors,
    synthetic_frequencies,
)
from exam_engine.psychometrics.linking.frequencies import Frequencies, JointFrequencies
from exam_engine.psychometrics.linking.postsmoothing import spline_equipercentile
from exam_engine.psychometrics.linking.presmoothing import (
    Choice,
    smooth,
    smooth_best,
    smooth_joint,
    smooth_joint_best,
)
from exam_engine.psychometrics.linking.sampling import ErrorSource


def form(seed: int, ease: float, n: int = 2000, top: int = 20) -> Frequencies:
    rng = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-(rng.normal(0, 1, n) + ease)))
    return Frequencies.of(rng.binomial(top, chance), highest=top)


def group(seed: int, ability: float, ease: float, n: int = 3000) -> JointFrequencies:
    rng = np.random.default_rng(seed)
    theta = rng.normal(ability, 1, n)
    anchor = rng.binomial(6, 1 / (1 + np.exp(-theta)))
    rest = rng.binomial(14, 1 / (1 + np.exp(-(theta + ease))))
    return JointFrequencies.of(anchor + rest, anchor, highest=20, highest_anchor=6)


def naive(new: Frequencies, old: Frequencies) -> list[float]:
    """Percentile ranks and points as the textbook writes them, one score at a time."""
    found = []
    for score in range(new.highest + 1):
        rank = sum(new.probability[:score]) + new.probability[score] / 2
        upper = next(u for u in range(old.highest + 1) if sum(old.probability[: u + 1]) > rank + 1e-12)
        below = sum(old.probability[:upper])
        high = (rank - below) / old.probability[upper] + upper - 0.5
        lower = max(
            (u for u in range(old.highest + 1) if sum(old.probability[: u + 1]) < rank - 1e-12), default=-1
        )
        part = old.probability[lower + 1]
        low = (rank - sum(old.probability[: lower + 1])) / part + lower + 0.5 if part > 0 else lower + 0.5
        found.append((high + low) / 2)
    return found


def test_equivalents_agree_with_the_textbook_one_score_at_a_time() -> None:
    new, old = form(1, 0.0), form(2, 0.5)

    found = equipercentile(new, old)

    assert found.equivalents == pytest.approx(naive(new, old), abs=1e-9)
    assert np.all(np.diff(found.equivalents) >= 0)


def test_equated_scores_have_the_distribution_of_the_old_form() -> None:
    new, old = form(1, 0.0, 50_000), form(2, 0.5, 50_000)

    found = equipercentile(new, old)

    mean = float(new.probability @ found.equivalents)
    spread = float(new.probability @ (found.equivalents - mean) ** 2)
    assert mean == pytest.approx(old.mean, abs=0.02)
    assert spread**0.5 == pytest.approx(old.variance**0.5, abs=0.03)


def test_equating_is_symmetric() -> None:
    new, old = form(1, 0.0), form(2, 0.5)

    there = equipercentile(new, old).equivalents

    assert new.point(old.rank(there)) == pytest.approx(np.arange(21.0), abs=1e-9)


def test_lord_errors_agree_with_the_bootstrap() -> None:
    new, old = form(1, 0.0), form(2, 0.5)

    direct = equipercentile(new, old)
    drawn = bootstrap(equipercentile, new, old, rng=np.random.default_rng(3), replications=400)

    # 400 replications: 3.5 %; the formula takes the old form's density as locally constant, hence 15 %.
    inside = slice(3, 18)
    assert direct.standard_errors[inside] == pytest.approx(drawn.equating.standard_errors[inside], rel=0.15)
    assert (direct.errors_by, direct.warnings) == (ErrorSource.ANALYTIC, ())


def test_errors_are_unknown_where_nobody_lies_below() -> None:
    new = Frequencies(np.array([0.0, 0, 200, 900, 800, 100]))
    old = Frequencies(np.array([50.0, 100, 300, 700, 600, 250]))

    found = equipercentile(new, old)

    assert np.isnan(found.standard_errors).tolist() == [True, True, False, False, False, False]
    assert found.warnings == (EquatingWarning.NO_ERRORS_IN_TAILS,)


def test_frequency_estimation_agrees_with_naive_sums() -> None:
    new, old = group(1, 0.0, 0.0), group(2, 0.4, 0.5)
    share = 0.3
    expected = np.zeros(21)
    for score in range(21):
        for anchor in range(7):
            given = new.counts[score, anchor] / new.counts[:, anchor].sum()
            mixed = share * new.anchor.probability[anchor] + (1 - share) * old.anchor.probability[anchor]
            expected[score] += given * mixed

    first, second = synthetic_frequencies(new, old, weight_new=share)

    assert first.probability == pytest.approx(expected, abs=1e-12)
    found = frequency_estimation(new, old, weight_new=share)
    assert found.equivalents == pytest.approx(naive(first, second), abs=1e-9)
    assert np.isnan(found.standard_errors).all()
    assert found.errors_by is ErrorSource.NOT_ASKED


def test_chained_equating_is_two_equatings() -> None:
    new, old = group(1, 0.0, 0.0), group(2, 0.4, 0.5)
    on_anchor = naive(new.form, new.anchor)
    expected = [float(old.form.point(old.anchor.rank(value))) for value in on_anchor]

    assert chained_equipercentile(new, old).equivalents == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("method", [frequency_estimation, chained_equipercentile])
def test_a_form_equated_to_itself_keeps_its_scores(
    method: Callable[[JointFrequencies, JointFrequencies], Equating],
) -> None:
    sample = group(4, 0.0, 0.0)

    found = method(sample, sample)

    reached = sample.form.counts > 0
    assert found.equivalents[reached] == pytest.approx(found.scores[reached], abs=1e-9)


@pytest.mark.parametrize("method", [frequency_estimation, chained_equipercentile])
def test_any_method_has_bootstrap_errors(
    method: Callable[[JointFrequencies, JointFrequencies], Equating],
) -> None:
    found = bootstrap(
        method, group(1, 0.0, 0.0), group(2, 0.1, 0.3), rng=np.random.default_rng(8), replications=60
    )

    assert found.equating.errors_by is ErrorSource.BOOTSTRAP
    assert np.all((found.equating.standard_errors > 0.02) & (found.equating.standard_errors < 1))


def test_anchor_scores_of_one_group_alone_are_left_out_and_named() -> None:
    new = JointFrequencies(np.array([[3.0, 0, 0], [2.0, 4, 0], [0.0, 5, 0]]))
    old = JointFrequencies(np.array([[3.0, 1, 0], [2.0, 4, 1], [0.0, 5, 6]]))

    found = frequency_estimation(new, old)

    assert EquatingWarning.ANCHOR_SCORES_UNSEEN in found.warnings
    assert np.isfinite(found.equivalents).all()
    with pytest.raises(ValueError, match="share no anchor score"):
        frequency_estimation(
            JointFrequencies(np.array([[3.0, 0], [1.0, 0]])), JointFrequencies(np.array([[0.0, 2], [0.0, 2]]))
        )
    with pytest.raises(ValueError, match="highest score is 2 in the new group and 6"):
        chained_equipercentile(new, group(1, 0, 0))


@pytest.mark.parametrize("degree", [1, 2, 4, 6, 10])
def test_smoothing_keeps_the_moments(degree: int) -> None:
    sample = form(1, 0.3)

    found = smooth(sample, degree=degree)

    scores = np.arange(21) / 20
    assert found.fit.converged
    for power in range(degree + 1):
        assert found.frequencies.counts @ scores**power == pytest.approx(
            sample.counts @ scores**power, rel=1e-7
        )


def test_smoothing_agrees_with_a_plain_likelihood() -> None:
    sample = form(1, 0.3, n=300, top=8)
    scores = np.arange(9) / 8

    def minus(beta: np.ndarray) -> float:
        log_mean = np.vander(scores, 4, increasing=True) @ beta
        return float(np.exp(log_mean).sum() - sample.counts @ log_mean)

    def minus_of(smoothed: Frequencies) -> float:
        return float(smoothed.counts.sum() - sample.counts @ np.log(smoothed.counts))

    best = minimize(minus, np.array([3.0, 0, 0, 0]), method="BFGS", options={"gtol": 1e-7})
    found = smooth(sample, degree=3)

    expected = np.exp(np.vander(scores, 4, increasing=True) @ best.x)
    assert found.frequencies.counts == pytest.approx(expected, rel=1e-3)
    assert minus_of(found.frequencies) <= best.fun + 1e-9
    seen = sample.counts > 0
    ratio = 2 * np.sum(sample.counts[seen] * np.log(sample.counts[seen] / expected[seen]))
    assert found.fit.likelihood_ratio == pytest.approx(ratio, abs=1e-3)
    assert found.fit.degrees_of_freedom == 5
    assert found.fit.aic == pytest.approx(ratio + 8, abs=1e-3)
    assert found.fit.bic == pytest.approx(ratio + 4 * np.log(300), abs=1e-3)


def test_all_moments_give_the_counts_back() -> None:
    sample = Frequencies(np.array([3.0, 9.0, 8.0, 14.0, 12.0, 4.0]))

    found = smooth(sample, degree=5)

    assert found.frequencies.counts == pytest.approx(sample.counts, rel=1e-6)
    assert np.isnan(found.fit.p_value)


def test_the_true_degree_is_chosen_as_a_rule() -> None:
    """Normal-shaped counts need two moments; BIC finds that, AIC at times keeps more."""
    rng = np.random.default_rng(6)
    scores = np.arange(31)
    shape = np.exp(-((scores - 16) ** 2) / 60)
    by_bic, p_values = [], []
    for _ in range(60):
        sample = Frequencies(rng.multinomial(2000, shape / shape.sum()).astype(np.float64))
        found = smooth_best(sample, degrees=range(1, 6), choice=Choice.BIC)
        by_bic.append(found.fit.degrees[0])
        p_values.append(found.tried[1].p_value)
        assert len(found.tried) == 5

    assert by_bic.count(2) >= 55
    assert by_bic.count(1) == 0
    # G² of the true model is near its nominal level: at most 5 % + 3 Monte Carlo errors, with room for thin tails.
    assert np.mean(np.array(p_values) < 0.05) < 0.15


def test_joint_smoothing_keeps_margins_and_cross_product() -> None:
    sample = group(1, 0.0, 0.3, n=800)

    found = smooth_joint(sample, degree=3, degree_anchor=2, cross=1, internal=True)

    table = found.frequencies.counts
    x, v = np.arange(21.0), np.arange(7.0)
    assert found.fit.converged
    for power in range(4):
        assert table.sum(axis=1) @ x**power == pytest.approx(sample.form.counts @ x**power, rel=1e-6)
    for power in range(3):
        assert table.sum(axis=0) @ v**power == pytest.approx(sample.anchor.counts @ v**power, rel=1e-6)
    assert x @ table @ v == pytest.approx(x @ sample.counts @ v, rel=1e-6)
    assert table[2, 3] == 0
    assert table[20, 5] == 0


def test_smoothed_equating_is_nearer_the_truth() -> None:
    """Livingston, 1993: presmoothing lowers the error of equating from small samples."""
    truth = equipercentile(form(1, 0.0, 400_000), form(2, 0.4, 400_000)).equivalents
    raw, smoothed = [], []
    for seed in range(40):
        new, old = form(100 + seed, 0.0, 200), form(500 + seed, 0.4, 200)
        raw.append(equipercentile(new, old).equivalents - truth)
        found = equipercentile(
            smooth(new, degree=3).frequencies,
            smooth(old, degree=3).frequencies,
        )
        smoothed.append(found.equivalents - truth)

    assert found.method is EquatingMethod.SMOOTHED_EQUIPERCENTILE
    assert found.warnings == (EquatingWarning.FEW_PERSONS,)
    assert np.mean(np.square(smoothed)) < 0.85 * np.mean(np.square(raw))


def test_joint_smoothing_takes_the_best_and_feeds_the_anchor_methods() -> None:
    new, old = group(1, 0.0, 0.0, n=900), group(2, 0.2, 0.3, n=900)

    first = smooth_joint_best(new, degrees=range(2, 5), internal=True)
    second = smooth_joint_best(old, degrees=range(2, 5), internal=True)
    found = frequency_estimation(first.frequencies, second.frequencies)

    assert first.fit.aic == min(fit.aic for fit in first.tried)
    assert found.warnings == ()
    assert found.equivalents == pytest.approx(frequency_estimation(new, old).equivalents, abs=0.8)


def test_the_spline_stays_within_the_distance_asked_for() -> None:
    new, old = form(1, 0.0, 1500, 40), form(2, 0.4, 1500, 40)
    raw = equipercentile(new, old)

    for smoothing in (0.05, 0.3, 1.0):
        found = spline_equipercentile(new, old, smoothing=smoothing)
        rank = new.rank(found.scores)
        inside = (rank >= 0.005) & (rank <= 0.995)
        away = (found.equivalents - raw.equivalents)[inside] / raw.standard_errors[inside]
        # The constraint holds in either direction; their average keeps it nearly.
        assert np.mean(away**2) < 1.3 * smoothing
        assert np.all(np.diff(found.equivalents) > 0)


def test_more_smoothing_bends_less() -> None:
    new, old = form(1, 0.0, 1500, 40), form(2, 0.4, 1500, 40)

    bends = [
        np.sum(np.diff(spline_equipercentile(new, old, smoothing=each).equivalents[5:36], 2) ** 2)
        for each in (0.0, 0.05, 0.3, 1.0)
    ]

    assert bends == sorted(bends, reverse=True)


def test_the_spline_treats_both_forms_alike() -> None:
    new, old = form(1, 0.0, 3000, 40), form(2, 0.4, 3000, 40)

    there, back = spline_equipercentile(new, old), spline_equipercentile(old, new)

    assert back.at(np.clip(there.equivalents, 0, 40))[5:36] == pytest.approx(there.scores[5:36], abs=0.02)


def test_no_smoothing_gives_the_equivalents_themselves() -> None:
    new, old = form(1, 0.0, 5000), form(2, 0.4, 5000)

    found = spline_equipercentile(new, old, smoothing=0.0)

    inside = slice(4, 16)
    # The inverse of the other direction is followed by straight lines between whole scores.
    assert found.equivalents[inside] == pytest.approx(equipercentile(new, old).equivalents[inside], abs=0.1)


def test_settings_that_make_no_sense_are_refused() -> None:
    sample = form(1, 0.0)

    with pytest.raises(ValueError, match="from 1 to 20"):
        smooth(sample, degree=21)
    with pytest.raises(ValueError, match="no model converged"):
        smooth_best(sample, degrees=[])
    with pytest.raises(ValueError, match="at least 0"):
        spline_equipercentile(sample, sample, smoothing=-1)
    with pytest.raises(ValueError, match="not both"):
        spline_equipercentile(smooth(sample, degree=3).frequencies, sample)
    with pytest.raises(ValueError, match="needs 5 scores"):
        spline_equipercentile(Frequencies(np.ones(4)), Frequencies(np.ones(4)))
    with pytest.raises(ValueError, match="impossible"):
        smooth_joint(JointFrequencies(np.ones((4, 3))), degree=2, degree_anchor=2, internal=True)
    with pytest.raises(ValueError, match="cross from 0"):
        smooth_joint(group(1, 0, 0), degree=2, degree_anchor=2, cross=3)
    assert lord_errors(sample, sample).shape == (21,)
