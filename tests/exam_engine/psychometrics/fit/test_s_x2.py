"""S-X²: expected scores by enumeration, merging that loses nobody, error rate, booklets."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from exam_engine.psychometrics.fit import Caution, item_fit_by_score
from exam_engine.psychometrics.fit.score_groups import ScoreTable, merge_thin, score_tables
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.scoring.prior import make_prior
from tests.exam_engine.psychometrics.irt.scoring.simulated import answer, mixed


def ordered() -> Items:
    return mixed().take(np.arange(7))


def test_expected_scores_are_those_of_all_patterns() -> None:
    rng, items = np.random.default_rng(1), ordered()
    answers, prior = answer(items, rng.normal(size=400), rng), make_prior(ordered())
    chance = items.probability(prior.nodes)
    highest = int(items.highest.sum())
    groups = np.bincount(answers.sum(axis=1), minlength=highest + 1)
    joint = np.zeros((len(items), highest + 1, 4))
    for pattern in product(*(range(top + 1) for top in items.highest)):
        likely = prior.weights @ chance[:, np.arange(len(items)), list(pattern)].prod(axis=1)
        joint[np.arange(len(items)), sum(pattern), list(pattern)] += likely
    expected = groups[:, None] * joint / joint.sum(axis=2, keepdims=True)

    for table in score_tables(answers, items, prior):
        top = int(items.highest[table.item])
        own = expected[table.item, :, : top + 1]
        assert_allclose(table.expected[1:-1], own[top + 1 : highest - top], atol=1e-10)
        assert_allclose(table.expected[0], own[1 : top + 1].sum(axis=0), atol=1e-10)
        assert_allclose(table.expected.sum(axis=1), table.observed.sum(axis=1), atol=1e-9)


tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.floats(0.01, 6), min_size=width, max_size=width), min_size=1, max_size=10
    )
)


@given(tables)
def test_merging_loses_nobody_and_leaves_no_thin_cell(rows: list[list[float]]) -> None:
    expected = np.array(rows)
    observed = np.floor(expected)

    seen, due = merge_thin(ScoreTable(0, np.arange(len(rows)), observed, expected), 1.0)

    assert np.nansum(seen) == pytest.approx(observed.sum())
    assert np.nansum(due) == pytest.approx(expected.sum())
    assert len(due) == 1 or np.nanmin(due) >= 1.0
    assert np.array_equal(np.isnan(seen), np.isnan(due))


@pytest.mark.parametrize("kind", ["2pl", "mixed"])
def test_under_the_model_about_five_percent_are_flagged(kind: str) -> None:
    rng = np.random.default_rng(8)
    items = (
        ordered() if kind == "mixed" else Items.dichotomous(rng.lognormal(0, 0.3, 12), rng.normal(size=12))
    )
    known = np.zeros(len(items), dtype=bool)

    p = [
        item_fit_by_score(answer(items, rng.normal(size=1000), rng), items, estimated=known).p
        for _ in range(80)
    ]

    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.075
    assert np.mean(p) == pytest.approx(0.5, abs=0.04)


def test_an_item_that_is_guessed_is_found() -> None:
    rng = np.random.default_rng(9)
    items = Items.dichotomous(np.full(20, 1.5), np.linspace(-1, 1, 20))
    answers = answer(items, rng.normal(size=1000), rng)
    answers[:, 7] = rng.integers(0, 2, 1000)

    found = item_fit_by_score(answers, items)

    assert found.p[7] < 1e-6
    assert found.rmsea.argmax() == 7


def test_booklets_are_compared_each_on_its_own_sum_and_small_ones_left_out() -> None:
    rng, items = np.random.default_rng(2), Items.dichotomous(np.ones(9), np.linspace(-1, 1, 9))
    answers = answer(items, rng.normal(size=1250), rng)
    answers[:600, 6:] = -1
    answers[600:1200, :3] = -1
    answers[1200:, 3:6] = -1
    known = np.zeros(9, dtype=bool)

    found = item_fit_by_score(answers, items, estimated=known)
    first = item_fit_by_score(answers[:600, :6], items.take(np.arange(6)), estimated=known[:6])
    second = item_fit_by_score(answers[600:1200, 3:], items.take(np.arange(3, 9)), estimated=known[:6])

    assert_allclose(found.statistic[3:6], first.statistic[3:] + second.statistic[:3])
    assert_allclose(found.statistic[:3], first.statistic[:3])
    assert list(found.n_persons) == [600] * 3 + [1200] * 3 + [600] * 3
    assert found.warnings == (Caution.PERSONS_LEFT_OUT,)


def test_somebody_without_an_answer_changes_nothing() -> None:
    rng, items = np.random.default_rng(2), Items.dichotomous(np.ones(9), np.linspace(-1, 1, 9))
    answers = answer(items, rng.normal(size=90), rng)
    empty = np.full((1, 9), -1, dtype=answers.dtype)

    found = item_fit_by_score(np.concatenate([answers, empty]), items)

    assert_allclose(found.statistic, item_fit_by_score(answers, items).statistic)


def test_what_has_no_degree_of_freedom_is_nan_and_named() -> None:
    rng, items = np.random.default_rng(1), Items.dichotomous(np.ones(3), np.zeros(3))

    found = item_fit_by_score(answer(items, rng.normal(size=60), rng), items)

    assert np.all(np.isnan(found.p))
    assert found.warnings == (Caution.FEW_PERSONS, Caution.NOT_TESTABLE)
    with pytest.raises(ValueError, match="nominal"):
        item_fit_by_score(np.zeros((5, 8)), mixed())
    with pytest.raises(ValueError, match="estimated must hold 3"):
        item_fit_by_score(np.zeros((5, 3)), items, estimated=[True])
