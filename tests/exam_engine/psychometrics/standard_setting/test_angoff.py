"""Angoff ratings: cuts, errors, rounds, judges who stand apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.standard_setting.angoff import angoff
from exam_engine.psychometrics.standard_setting.consistency import (
    components,
    difficulty_consistency,
    intrajudge_consistency,
)
from exam_engine.psychometrics.standard_setting.panel import Warn, summarize

ratings = arrays(np.float64, (5, 7), elements=st.floats(0, 1).map(lambda x: round(x, 2)))


@given(ratings)
def test_the_cut_is_the_sum_of_the_mean_ratings(
    table: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    found = angoff(table).final

    assert found.cut == pytest.approx(table.mean(axis=0).sum())
    assert found.percent == pytest.approx(100 * found.cut / 7)
    np.testing.assert_allclose(found.judge_cuts, table.sum(axis=1))
    assert found.standard_error == pytest.approx(table.sum(axis=1).std(ddof=1) / 5**0.5)
    np.testing.assert_allclose(found.item_sds, table.std(axis=0, ddof=1), atol=1e-12)
    np.testing.assert_allclose(
        found.cut_without, [np.delete(table, judge, axis=0).sum(axis=1).mean() for judge in range(5)]
    )


def test_rounds_are_kept_and_movement_is_shown() -> None:
    first = [[0.2, 0.4], [0.8, 0.9], [0.5, 0.5]]
    second = [[0.4, 0.5], [0.6, 0.7], [0.5, 0.5]]

    found = angoff([first, second])

    assert [round(one.cut, 3) for one in found.rounds] == [1.1, 1.067]
    np.testing.assert_allclose(found.change, [[0.3, -0.4, 0.0]])
    assert found.rounds[1].judge_sd < found.rounds[0].judge_sd
    assert not found.is_yes_no


def test_yes_and_no_are_known_by_themselves_and_items_have_their_points() -> None:
    found = angoff([[0, 5, 2], [1, 5, 0]], highest=[1, 5, 2])

    assert found.is_yes_no
    assert found.final.cut == pytest.approx(6.5)
    assert found.final.percent == pytest.approx(81.25)


def test_a_judge_who_left_items_out_counts_by_the_share_of_what_was_rated() -> None:
    found = angoff([[0.5, np.nan], [0.6, 0.8]])

    np.testing.assert_allclose(found.final.judge_cuts, [1.0, 1.4])
    assert Warn.INCOMPLETE in found.warnings
    assert found.final.rated.tolist() == [1, 2]
    assert np.isnan(found.final.item_sds[1])


def test_a_judge_apart_is_named_and_so_is_the_cut_without() -> None:
    rng = np.random.default_rng(1)
    table = np.clip(0.6 + rng.normal(0, 0.05, (12, 30)), 0, 1)
    table[3] = 0.1

    found = angoff(table)

    assert np.flatnonzero(found.final.outlying).tolist() == [3]
    assert Warn.OUTLYING_JUDGES in found.warnings
    assert found.final.cut_without[3] > found.final.cut + 1


def test_small_panels_and_single_judges_are_warned_of() -> None:
    assert angoff(np.full((12, 5), 0.5) + np.arange(12)[:, None] / 100).warnings == ()
    assert angoff([[0.5, 0.6]] * 3).warnings == (Warn.FEW_JUDGES,)
    alone = angoff([[0.5, 0.6]])
    assert alone.warnings == (Warn.FEW_JUDGES, Warn.NO_ERROR)
    assert np.isnan(alone.final.standard_error)
    assert alone.final.components is None


def test_the_error_over_judges_and_items_is_the_spread_over_panels_and_forms() -> None:
    rng = np.random.default_rng(2)
    means, errors = [], []
    for _ in range(400):
        table = (
            0.6 + rng.normal(0, 0.05, (10, 1)) + rng.normal(0, 0.12, (1, 40)) + rng.normal(0, 0.1, (10, 40))
        )
        means.append(table.mean())
        errors.append(components(table).standard_error)

    assert np.mean(np.square(errors)) ** 0.5 == pytest.approx(np.std(means), rel=0.1)


def test_tables_of_judges_count_as_the_sample() -> None:
    cuts = [50.0, 51.0, 60.0, 61.0]

    assert summarize(cuts, groups=["a", "a", "b", "b"])[1] > summarize(cuts)[1]
    assert np.isnan(summarize(cuts, groups=["a"] * 4)[1])
    assert summarize(cuts, summary="median")[0] == 55.5


def test_agreement_finds_the_judge_who_rates_the_other_way_round() -> None:
    easy = np.linspace(0.2, 0.9, 20)
    rng = np.random.default_rng(3)
    table = np.clip(easy + rng.normal(0, 0.05, (8, 20)), 0, 1)
    table[2] = easy[::-1]

    found = angoff(table)
    against = difficulty_consistency(table, easy)

    assert found.final.agreement[2] < -0.9
    assert np.delete(found.final.agreement, 2).min() > 0.9
    assert against.correlation[2] == pytest.approx(-1.0)
    assert against.panel_correlation > 0.9
    assert np.abs(np.delete(against.bias, 2)).max() < 0.05


def test_a_judge_who_rates_all_items_alike_has_no_correlation() -> None:
    easy = np.linspace(0.1, 0.9, 11)
    table = np.stack([np.full(11, 0.55), easy, easy[::-1]])  # the deviation of eleven times 0.55 is 1e-16

    assert np.isnan(angoff(table).final.agreement).tolist() == [True, False, False]
    assert np.isnan(difficulty_consistency(table, easy).correlation).tolist() == [True, False, False]


def test_ratings_from_the_curves_are_wholly_consistent() -> None:
    items = Items.concatenate(
        [Items.dichotomous([1.0, 1.5], [-1.0, 0.5], c=[0.0, 0.2]), Items.graded([1.2], [[-0.5, 1.0]])]
    )
    expected = items.expected_score([0.3])

    found = intrajudge_consistency(np.concatenate([expected, [[0.0, 0.0, 0.0]]]), items)

    assert found.theta[0] == pytest.approx(0.3, abs=1e-6)
    assert found.consistency[0] == pytest.approx(1.0)
    assert found.theta[1] == -np.inf
    assert np.isnan(found.consistency[1])


@settings(max_examples=20)
@given(arrays(np.float64, (3, 6), elements=st.floats(0.02, 0.98)))
def test_consistency_lies_between_0_and_1(table: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    items = Items.dichotomous(np.full(6, 1.2), np.linspace(-1.5, 1.5, 6))

    found = intrajudge_consistency(table, items)

    assert np.all((found.consistency >= 0) & (found.consistency <= 1))
    assert np.all(found.mean_error >= 0)


@pytest.mark.parametrize(
    ("table", "highest", "message"),
    [
        ([[1.2, 0.5]], 1, "between 0 and the points"),
        ([[np.nan, np.nan]], 1, "must rate an item"),
        ([0.5, 0.5], 1, "judges × items"),
        ([[0.5, 0.5]], 0, "must be positive"),
    ],
)
def test_ratings_that_make_no_sense_are_refused(table: list[float], highest: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        angoff(table, highest=highest)


def test_incomplete_tables_have_no_components() -> None:
    with pytest.raises(ValueError, match="complete"):
        components([[0.5, np.nan], [0.5, 0.5]])
    with pytest.raises(ValueError, match="one value an item"):
        difficulty_consistency([[0.5, 0.5]], [0.5])
    with pytest.raises(ValueError, match="judges × items"):
        intrajudge_consistency([[0.5]], Items.dichotomous([1.0, 1.0], [0.0, 0.0]))
