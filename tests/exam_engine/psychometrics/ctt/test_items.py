"""Classical statistics: bounded, right by hand, honest about missing responses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt import analyse, option_table

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


def test_option_table_shows_who_chose_what() -> None:
    chosen = [0] * 6 + [1] * 3 + [2] * 1
    criterion = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]

    table = option_table(chosen, criterion, n_options=4)

    assert table.count.tolist() == [6, 3, 1, 0]
    assert table.n_persons == 10
    assert_allclose(table.share_by_group.sum(axis=1), 1)
    assert_allclose(table.share_by_group[2], [1, 0, 0, 0])
    assert table.point_biserial[0] > 0 > table.point_biserial[1]
    assert np.isnan(table.mean_criterion[3])


def test_option_outside_the_item_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        option_table([0, 2], [1, 2], n_options=2)


def test_an_item_left_open_counts_as_seen() -> None:
    table = option_table([0, -1, -1, 1], [4, 3, 2, 1], n_options=2)

    assert table.n_persons == 4
    assert_allclose(table.share, [0.25, 0.25])


def test_an_option_that_is_no_whole_number_is_refused() -> None:
    for bad in (0.5, np.nan):
        with pytest.raises(ValueError, match="0 to 1"):
            option_table([0, bad], [1, 2], n_options=2)


def test_a_criterion_that_orders_nobody_is_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="finite"):
            option_table([0, 1], [1, bad], n_options=2)


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
