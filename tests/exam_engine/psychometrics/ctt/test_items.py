"""Classical statistics: bounded, right by hand, honest about missing responses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose
from scipy.stats import norm
from scipy.stats import t as t_distribution

from exam_engine.psychometrics.ctt import analyse, moments
from exam_engine.psychometrics.ctt.items import ItemWarning, analyse_items

matrices = hnp.arrays(np.int8, st.tuples(st.integers(2, 30), st.integers(2, 8)), elements=st.integers(-1, 1))


@given(matrices)
def test_statistics_are_bounded(matrix: np.ndarray) -> None:
    result = analyse(matrix)

    for values, low, high in (
        (result.items.p_value, 0, 1),
        (result.items.point_biserial, -1, 1),
        (result.items.corrected_point_biserial, -1, 1),
        (np.array([result.alpha]), -np.inf, 1),
        (result.items.alpha_without, -np.inf, 1),
    ):
        known = values[~np.isnan(values)]
        assert np.all((known >= low) & (known <= high))


def test_complete_data_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(2)
    matrix = (rng.random((300, 8)) < 1 / (1 + np.exp(-rng.normal(size=(300, 1))))).astype(int)
    total = matrix.sum(axis=1)

    result = analyse(matrix)

    for item in range(8):
        assert result.items.point_biserial[item] == pytest.approx(np.corrcoef(matrix[:, item], total)[0, 1])
        rest = total - matrix[:, item]
        assert result.items.corrected_point_biserial[item] == pytest.approx(
            np.corrcoef(matrix[:, item], rest)[0, 1]
        )
    alpha = 8 / 7 * (1 - matrix.var(axis=0, ddof=1).sum() / total.var(ddof=1))
    assert result.alpha == pytest.approx(alpha)
    assert result.standard_deviation == pytest.approx(total.std(ddof=1))
    assert result.standard_error == pytest.approx(total.std(ddof=1) * np.sqrt(1 - alpha))
    assert result.items.alpha_without[0] == pytest.approx(analyse(matrix[:, 1:]).alpha)


def test_responses_not_presented_do_not_count() -> None:
    result = analyse([[1, -1], [0, -1], [1, 0], [1, 1]])

    assert_allclose(result.items.n_responses, [4, 2])
    assert_allclose(result.items.p_value, [0.75, 0.5])


def test_items_never_seen_together_leave_alpha_unknown() -> None:
    result = analyse([[1, 0, -1], [0, 1, -1], [-1, 0, 1], [-1, 1, 0]])

    assert np.isnan(result.alpha)
    assert np.isnan(result.standard_error)


def test_covariances_that_contradict_each_other_give_no_alpha() -> None:
    result = analyse([[-1, 0], *[[0, 0]] * 16, [1, 1]])

    assert np.isnan(result.alpha)
    assert np.isnan(result.standard_error)


def test_constant_items_are_named() -> None:
    result = analyse([[1, 0, 1], [1, 1, 1], [1, 0, 0]])

    assert result.items.is_constant.tolist() == [True, False, False]
    assert np.isnan(result.items.point_biserial[0])


def test_one_person_alone_has_no_spread() -> None:
    result = analyse([[1, 0]])

    assert result.items.is_constant.all()
    assert np.isnan(result.alpha)


def test_scores_of_several_categories_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(3)
    matrix = np.clip(np.round(rng.normal(size=(300, 1)) + rng.normal(2, 1, (300, 5))), 0, 4).astype(int)
    matrix[:, 4] = matrix[:, 4] > 2
    total = matrix.sum(axis=1)

    result = analyse(matrix, highest=4)

    assert_allclose(result.items.p_value, matrix.mean(axis=0) / [4, 4, 4, 4, 1])
    assert result.mean == pytest.approx(total.mean())
    assert result.standard_deviation == pytest.approx(total.std(ddof=1))
    assert result.alpha == pytest.approx(5 / 4 * (1 - matrix.var(axis=0, ddof=1).sum() / total.var(ddof=1)))
    for item in range(5):
        rest = total - matrix[:, item]
        assert result.items.point_biserial[item] == pytest.approx(np.corrcoef(matrix[:, item], total)[0, 1])
        assert result.items.corrected_point_biserial[item] == pytest.approx(
            np.corrcoef(matrix[:, item], rest)[0, 1]
        )


def simulated(n: int = 400, size: int = 8, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    b = np.linspace(-1.5, 1.5, size)
    return (rng.random((n, size)) < 1 / (1 + np.exp(b - rng.normal(size=(n, 1))))).astype(int)


def test_biserial_and_d_agree_with_their_definitions() -> None:
    matrix = simulated()
    total = matrix.sum(axis=1)

    found = analyse_items(matrix)

    p = matrix.mean(axis=0)
    ordinate = norm.pdf(norm.ppf(p))
    assert_allclose(found.biserial, found.point_biserial * np.sqrt(p * (1 - p)) / ordinate)
    assert_allclose(
        found.corrected_biserial, found.corrected_point_biserial * np.sqrt(p * (1 - p)) / ordinate
    )
    assert_allclose(found.discrimination, _slow_difference(matrix, total))
    assert_allclose(found.standard_deviation, matrix.std(axis=0, ddof=1))
    assert found.warnings == ()


def _slow_difference(matrix: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Fill the places of each tail person by person, those who tie at the border each with an equal part."""
    parts = []
    for order in (-total, total):
        weight, left = np.zeros(len(total)), 0.27 * len(total)
        for value in np.unique(order):
            members = np.flatnonzero(order == value)
            weight[members] = min(1.0, left / len(members))
            left -= weight[members].sum()
        parts.append(weight @ matrix / weight.sum())
    return np.asarray(parts[0] - parts[1])


def test_the_biserial_recovers_the_correlation_behind_a_cut_variable() -> None:
    rng = np.random.default_rng(8)
    hidden = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=40_000)
    criterion = np.clip(np.round(hidden[:, 1] * 12 + 50), 0, 100).astype(int)
    cuts = (hidden[:, 0] > 0.8, np.digitize(hidden[:, 0], [-0.5, 0.2, 1.0]))

    found = [
        analyse_items(np.column_stack([cut, criterion]), highest=100).corrected_biserial[0] for cut in cuts
    ]

    # The criterion is rounded and cut, the polyserial the ad hoc one; Monte Carlo error about 0.005.
    assert_allclose(found, 0.6, atol=0.015)


def test_d_does_not_depend_on_the_order_of_the_persons() -> None:
    matrix = simulated(50)

    shuffled = np.random.default_rng(1).permutation(matrix)

    assert_allclose(analyse_items(matrix).discrimination, analyse_items(shuffled).discrimination)


def test_the_interval_of_p_is_where_the_score_test_does_not_reject() -> None:
    matrix = np.arange(40)[:, None] < np.arange(1, 40)

    found = analyse_items(matrix.astype(int))

    for bound in (found.p_lower, found.p_upper):
        z = (found.p_value - bound) / np.sqrt(bound * (1 - bound) / 40)
        assert_allclose(np.abs(z), norm.ppf(0.975))


def test_several_scores_get_the_interval_of_the_mean() -> None:
    rng = np.random.default_rng(9)
    matrix = rng.integers(0, 4, (60, 3))

    found = analyse_items(matrix, highest=3, level=0.9)

    for item in range(3):
        half = t_distribution.ppf(0.95, 59) * matrix[:, item].std(ddof=1) / np.sqrt(60) / 3
        assert found.p_upper[item] - found.p_value[item] == pytest.approx(half)


def test_what_limits_the_statistics_is_named() -> None:
    found = analyse_items([[1, 0, -1], [1, 1, -1], [1, 0, -1]])

    assert set(found.warnings) >= {
        ItemWarning.SMALL_SAMPLE,
        ItemWarning.SMALL_GROUPS,
        ItemWarning.CONSTANT_ITEMS,
        ItemWarning.UNSEEN_ITEMS,
    }
    assert found.is_thin.all()
    assert np.isnan(found.p_lower[2])
    with pytest.raises(ValueError, match="level"):
        analyse_items([[1]], level=1)


def test_missing_responses_leave_each_item_its_own_persons() -> None:
    rng = np.random.default_rng(12)
    matrix = rng.integers(-1, 3, (80, 6))
    matrix[:, 5] = np.minimum(matrix[:, 5], 1)
    matrix[0] = -1
    most = np.array([2, 2, 2, 2, 2, 1])

    found = analyse(matrix, highest=2)

    seen, score = matrix >= 0, np.maximum(matrix, 0)
    for item in range(6):
        who = seen[:, item]
        whole = score[who].sum(axis=1) / (seen[who] @ most)
        others = [i for i in range(6) if i != item]
        more = who & seen[:, others].any(axis=1)
        rest = score[more][:, others].sum(axis=1) / (seen[more][:, others] @ most[others])
        assert found.items.n_responses[item] == who.sum()
        assert found.items.point_biserial[item] == pytest.approx(np.corrcoef(score[who, item], whole)[0, 1])
        corrected = np.corrcoef(score[more, item], rest)[0, 1]
        assert found.items.corrected_point_biserial[item] == pytest.approx(corrected)
    covariance = np.array(
        [[np.cov(score[seen[:, i] & seen[:, j]][:, [i, j]].T)[0, 1] for j in range(6)] for i in range(6)]
    )
    assert found.alpha == pytest.approx(6 / 5 * (1 - np.trace(covariance) / covariance.sum()))


def test_blocks_of_persons_do_not_change_the_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = simulated(101)
    matrix[::7, 3] = -1
    whole = analyse_items(matrix)

    monkeypatch.setattr(moments, "BLOCK", 50)
    blocks = analyse_items(matrix)

    for field in ("point_biserial", "corrected_point_biserial", "discrimination", "alpha_without"):
        assert_allclose(getattr(blocks, field), getattr(whole, field))


@given(matrices)
def test_every_figure_is_bounded_or_its_absence_named(matrix: np.ndarray) -> None:
    found = analyse_items(matrix)

    known = ~found.is_constant & (found.n_responses > 0)
    assert np.all((found.p_lower <= found.p_value + 1e-12) | (found.n_responses == 0))
    assert np.all((found.p_value <= found.p_upper + 1e-12) | (found.n_responses == 0))
    difference = found.discrimination[~np.isnan(found.discrimination)]
    assert np.all(np.abs(difference) <= 1 + 1e-12)
    stretched = np.abs(found.biserial[known])
    plain = np.abs(found.point_biserial[known])
    assert np.all((stretched >= plain) | np.isnan(plain))
    assert (ItemWarning.CONSTANT_ITEMS in found.warnings) == bool(
        np.any(found.is_constant & (found.n_responses > 0))
    )
