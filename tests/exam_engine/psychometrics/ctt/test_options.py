"""Options: tables, curves over ability, flags that say how sure they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.ctt import option_table
from exam_engine.psychometrics.ctt.option_flags import OptionProblem, option_flags
from exam_engine.psychometrics.ctt.options import option_curves, picked_table


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


def test_the_order_of_persons_who_tie_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    picked, score = np.eye(3)[rng.integers(0, 3, 60)], rng.integers(0, 5, 60)
    by_choice = np.argsort(picked[:, 0], kind="stable")

    table, turned = picked_table(picked, score), picked_table(picked[by_choice], score[by_choice])
    flags, again = (option_flags(picked[rows], score[rows], key=0) for rows in (slice(None), by_choice))

    assert_allclose(table.share_by_group, turned.share_by_group)
    assert [(flag.option, flag.problem) for flag in flags] == [(flag.option, flag.problem) for flag in again]
    assert_allclose([flag.p_value for flag in flags], [flag.p_value for flag in again])


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


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(2, 8))
def test_curves_are_shares_of_groups_of_rising_ability(criterion: list[int], n_groups: int) -> None:
    chosen = np.eye(3)[np.array(criterion) % 3]

    curves = option_curves(chosen, criterion, n_groups=n_groups)

    assert 1 <= curves.n_persons.size <= n_groups
    assert curves.n_persons.sum() == len(criterion)
    assert_allclose(curves.share.sum(axis=1), 1)
    assert_allclose(curves.n_persons @ curves.share, chosen.sum(axis=0))
    assert np.all(np.diff(curves.mean_criterion) > 0)
    assert np.all((curves.lower <= curves.share + 1e-12) & (curves.share <= curves.upper + 1e-12))


def test_groups_of_distinct_scores_are_equal_and_small_ones_are_named() -> None:
    chosen = np.eye(2)[np.arange(60) % 2]

    curves = option_curves(chosen, np.arange(60), n_groups=4)

    assert curves.n_persons.tolist() == [15, 15, 15, 15]
    assert not curves.is_thin
    assert_allclose(curves.standard_error, np.sqrt(curves.share * (1 - curves.share) / 15))
    assert option_curves(chosen[:20], np.arange(20), n_groups=4).is_thin
    with pytest.raises(ValueError, match="at least 2"):
        option_curves(chosen, np.arange(60), n_groups=1)


def sitting(
    n: int, seed: int, *, distractors: tuple[float, ...] = (0.0, 0.0, 0.0)
) -> tuple[np.ndarray, np.ndarray]:
    """Choices of four options, the first drawing the strong; a distractor's number is its pull on them."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n)
    pull = np.stack([1.2 * ability, *(strength * ability - 0.3 for strength in distractors)], axis=1)
    chance = np.exp(pull)
    chance /= chance.sum(axis=1, keepdims=True)
    chosen = (rng.random((n, 1)) > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1)
    return np.eye(4)[chosen], ability * 5 + rng.normal(size=n)


def test_a_wrong_key_is_found_and_named() -> None:
    picked, criterion = sitting(300, 1)

    flags = {(flag.option, flag.problem): flag for flag in option_flags(picked, criterion, key=2)}

    assert flags[2, OptionProblem.KEY_NEGATIVE].is_supported
    assert flags[0, OptionProblem.OPTION_BEATS_KEY].is_supported
    assert flags[0, OptionProblem.PREFERRED_BY_STRONG].is_supported
    assert flags[0, OptionProblem.DISTRACTOR_POSITIVE].is_supported


def test_a_sound_item_gets_no_flag_and_a_dead_option_one() -> None:
    picked, criterion = sitting(300, 2)
    assert option_flags(picked, criterion, key=0) == ()

    dead = np.column_stack([picked, np.zeros(300)])
    flags = option_flags(dead, criterion, key=0)

    assert [(flag.option, flag.problem) for flag in flags] == [(4, OptionProblem.DISTRACTOR_DEAD)]
    assert flags[0].p_value == pytest.approx(0.95**300)
    assert not option_flags(dead[:20], criterion[:20], key=0)[-1].is_supported


def test_a_key_nobody_chose_is_named() -> None:
    picked = np.eye(3)[np.arange(90) % 2]

    flags = option_flags(picked, np.arange(90), key=2)

    assert flags[-1].problem is OptionProblem.KEY_UNCHOSEN
    assert flags[-1].is_supported


def test_supported_flags_on_a_sound_item_are_about_as_rare_as_they_say() -> None:
    # A distractor that attracts weak and strong alike beside a key without any pull: the boundary of "positive".
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(400):
        picked = np.eye(4)[rng.integers(0, 4, 60)]
        flags = option_flags(picked, rng.normal(size=60), key=0)
        found += any(
            flag.option == 1 and flag.problem is OptionProblem.DISTRACTOR_POSITIVE and flag.is_supported
            for flag in flags
        )

    # Nominal 0.05; 400 draws, three standard errors 0.033.
    assert found / 400 == pytest.approx(0.05, abs=0.033)


def test_options_that_beat_the_key_by_chance_are_rarely_supported() -> None:
    rng = np.random.default_rng(7)
    found = 0
    for _ in range(400):
        picked = np.eye(4)[rng.integers(0, 4, 80)]
        flags = option_flags(picked, rng.normal(size=80), key=0)
        found += any(
            flag.option == 1 and flag.problem is OptionProblem.OPTION_BEATS_KEY and flag.is_supported
            for flag in flags
        )

    assert found / 400 == pytest.approx(0.05, abs=0.033)


def test_keys_outside_the_options_are_refused() -> None:
    for key in (4, -1, []):
        with pytest.raises(ValueError, match="0 to 3"):
            option_flags(np.eye(4), np.arange(4), key=key)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 5)), min_size=1, max_size=25), st.integers(0, 2))
def test_flags_come_with_a_chance_or_none_whatever_the_choices(rows: list[tuple[int, int]], key: int) -> None:
    chosen, criterion = np.array(rows).T

    flags = option_flags(chosen[:, None] == np.arange(3), criterion, key=key)

    for flag in flags:
        assert np.isnan(flag.p_value) or 0 <= flag.p_value <= 1
        assert flag.is_supported == bool(flag.p_value < 0.05)
