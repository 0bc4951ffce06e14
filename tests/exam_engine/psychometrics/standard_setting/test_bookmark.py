"""The ordered item booklet and bookmarks in it; conversions between points and ability."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.standard_setting.bookmark import booklet, bookmark
from exam_engine.psychometrics.standard_setting.conversion import (
    impact,
    lowest_passing,
    score_counts,
    score_of_percent,
    score_of_theta,
    theta_of_score,
)
from exam_engine.psychometrics.standard_setting.panel import Warn

MIXED = Items.concatenate(
    [
        Items.dichotomous([1.0, 1.5, 0.8], [-1.0, 0.5, 1.2], c=[0.0, 0.2, 0.0]),
        Items.partial_credit([0.9], [[-0.5, 0.3, 1.5]]),
        Items.graded([1.4], [[-1.2, 0.4]]),
    ]
)


def test_every_page_is_where_its_score_is_as_likely_as_asked() -> None:
    pages = booklet(MIXED, response_probability=0.6)

    chance = MIXED.probability(pages.location)
    reached = [
        chance[page, item, score:].sum()
        for page, (item, score) in enumerate(zip(pages.item, pages.score, strict=True))
    ]
    np.testing.assert_allclose(reached, 0.6, atol=1e-9)
    assert np.all(np.diff(pages.location) >= 0)
    assert len(pages.item) == 8
    np.testing.assert_allclose(pages.gap[1:], np.diff(pages.location))


def test_guessing_may_be_left_out_of_account() -> None:
    items = Items.dichotomous([1.0], [0.0], c=0.25)

    assert booklet(items, beyond_guessing=True).location[0] == pytest.approx(np.log(0.67 / 0.33))
    assert booklet(items).location[0] < booklet(items, beyond_guessing=True).location[0]


def test_a_score_that_nobody_reaches_so_surely_has_no_page() -> None:
    items = Items.dichotomous([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], c=[0.0, 0.7, 0.0], u=[1.0, 1.0, 0.6])

    pages = booklet(items)

    assert pages.item.tolist() == [0]
    assert pages.unreached == ((1, 1), (2, 1))
    assert Warn.UNREACHED in bookmark(pages, [1] * 12, items).warnings


def test_a_bookmark_means_the_page_before_at_or_between() -> None:
    items = Items.dichotomous(np.ones(4), [-1.0, 0.0, 1.0, 2.0])
    pages = booklet(items, response_probability=0.5)

    assert bookmark(pages, [3], items).theta[0] == pytest.approx(0.0, abs=1e-9)
    assert bookmark(pages, [3], items, place="at").theta[0] == pytest.approx(1.0)
    assert bookmark(pages, [3], items, place="between").theta[0] == pytest.approx(0.5)
    assert bookmark(pages, [1], items).theta[0] == pytest.approx(-1.0)
    assert bookmark(pages, [5], items, place="at").theta[0] == pytest.approx(2.0)


def test_rounds_tables_and_points() -> None:
    items = Items.dichotomous(np.ones(10), np.linspace(-2, 2, 10))
    pages = booklet(items)

    found = bookmark(pages, [[2, 5, 9, 9], [5, 5, 7, 7]], items, summary="mean", groups=[1, 1, 2, 2])

    assert found.judge_theta.shape == (2, 4)
    assert found.standard_error[1] < found.standard_error[0]
    np.testing.assert_allclose(found.score, score_of_theta(items, found.theta))
    assert found.warnings == (Warn.FEW_JUDGES,)


def test_bookmarks_outside_the_booklet_are_refused() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 1.0])
    pages = booklet(items)

    with pytest.raises(ValueError, match="from 1 to 2, or 3"):
        bookmark(pages, [4], items)
    with pytest.raises(ValueError, match="whole numbers"):
        bookmark(pages, [1.5], items)
    with pytest.raises(ValueError, match="none nominal"):
        booklet(Items.nominal([[1.0]], [[0.0]]))
    with pytest.raises(ValueError, match="between 0 and 1"):
        booklet(items, response_probability=1.0)
    with pytest.raises(ValueError, match="no item reaches"):
        booklet(Items.dichotomous([1.0], [0.0], u=0.5))


@settings(max_examples=20)
@given(st.lists(st.floats(-6, 6), min_size=1, max_size=5))
def test_points_and_ability_are_each_other_s_inverse(theta: list[float]) -> None:
    np.testing.assert_allclose(theta_of_score(MIXED, score_of_theta(MIXED, theta)), theta, atol=1e-6)


def test_scores_beyond_the_curve_have_no_ability() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.0], c=[0.25, 0.25])

    assert theta_of_score(items, [0.4, 2.0]).tolist() == [-np.inf, np.inf]
    with pytest.raises(ValueError, match="does not rise"):
        theta_of_score(Items.dichotomous([-1.0], [0.0]), [0.5])
    with pytest.raises(ValueError, match="finite"):
        theta_of_score(items, [np.nan])


def test_percentages_points_and_the_lowest_score_that_passes() -> None:
    points = score_of_percent([0, 59.3, 60, 100], 100)

    assert lowest_passing(points).tolist() == [0, 60, 60, 100]
    assert lowest_passing([59.3], unit=0.5).tolist() == [59.5]
    with pytest.raises(ValueError, match="0 and 100"):
        score_of_percent([120], 100)
    with pytest.raises(ValueError, match="unit"):
        lowest_passing([1.0], unit=0.0)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60), st.lists(st.floats(-2, 33), min_size=1, max_size=6)
)
def test_impact_counts_persons_at_or_above_the_cut(scores: list[int], cuts: list[float]) -> None:
    values, number = score_counts(scores)

    found = impact(scores, cuts)

    expected = [sum(score >= cut - 1e-9 for score in scores) for cut in cuts]
    assert found.passed.tolist() == expected
    np.testing.assert_allclose(found.pass_rate, np.array(expected) / len(scores))
    np.testing.assert_array_equal(impact(values, cuts, counts=number).passed, found.passed)


def test_nobody_has_no_pass_rate() -> None:
    with pytest.raises(ValueError, match="one person"):
        impact([], [60])
    with pytest.raises(ValueError, match="one person"):
        impact([50], [60], counts=[0])
    with pytest.raises(ValueError, match="whole number"):
        impact([50], [60], counts=[0.5])
    with pytest.raises(ValueError, match="cuts"):
        impact([50], [np.nan])
