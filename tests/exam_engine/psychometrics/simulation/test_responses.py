"""Simulated responses follow the item probabilities, whatever the model and the design."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.simulation.abilities import draw_groups, draw_normal
from exam_engine.psychometrics.simulation.designs import (
    Design,
    assign_at_random,
    linked_booklets,
    missing_at_random,
)
from exam_engine.psychometrics.simulation.parameters import add_dif, draw_items
from exam_engine.psychometrics.simulation.responses import Sampler, draw_responses, simulate

N = 20_000


def mixed() -> Items:
    rng = np.random.default_rng(3)
    kinds = [Model.TWO_PL, Model.FOUR_PL, Model.GPCM, Model.GRADED, Model.NOMINAL]
    parts = [draw_items(2, model=kind, rng=rng, n_categories=3 + at % 2) for at, kind in enumerate(kinds)]
    return Items.concatenate(parts)


def chi_square(scores: np.ndarray, chance: np.ndarray) -> float:
    """Return the p-value of the score frequencies of one item at one ability."""
    kept = chance > 0
    observed = np.bincount(scores, minlength=chance.size)[kept]
    return float(stats.chisquare(observed, chance[kept] / chance[kept].sum() * scores.size).pvalue)


@pytest.mark.parametrize("theta", [-1.0, 0.7])
def test_scores_of_every_model_come_with_their_probability(theta: float) -> None:
    items = mixed()

    responses = draw_responses(items, np.full(N, theta), rng=np.random.default_rng(11))

    chance = items.probability(theta)[0]
    assert min(chi_square(responses[:, at], chance[at]) for at in range(len(items))) > 0.001


def test_single_pairs_come_with_their_probability() -> None:
    items, theta = mixed(), 0.4
    index = np.tile(np.arange(len(items)), N)

    scores = Sampler(items).pairs(np.full(index.size, theta), index, np.random.default_rng(5))

    table, chance = scores.reshape(N, -1), items.probability(theta)[0]
    assert min(chi_square(table[:, at], chance[at]) for at in range(len(items))) > 0.001


def test_the_same_seed_gives_the_same_responses() -> None:
    items, theta = mixed(), np.linspace(-2, 2, 50)

    first, second = (draw_responses(items, theta, rng=np.random.default_rng(7)) for _ in range(2))

    assert np.array_equal(first, second)


def test_only_presented_items_get_responses() -> None:
    items, rng = mixed(), np.random.default_rng(2)
    theta = rng.normal(size=500)
    design = assign_at_random(500, linked_booklets(10, n_booklets=4, size=4), rng=rng)
    mask = missing_at_random(500, 10, share=0.6, rng=rng)

    by_booklet = draw_responses(items, theta, rng=rng, presented=design)
    by_mask = draw_responses(items, theta, rng=rng, presented=mask)

    assert np.array_equal(by_booklet >= 0, design.presented)
    assert np.array_equal(by_mask >= 0, mask)
    assert np.all(by_booklet <= items.highest)
    assert np.all(by_mask <= items.highest)


def test_an_unused_booklet_does_no_harm() -> None:
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    design = Design(np.array([1, 1]), np.array([[True, False], [False, True], [True, True]]))

    responses = draw_responses(items, [0.0, 0.0], rng=np.random.default_rng(1), presented=design)

    assert np.array_equal(responses >= 0, [[False, True], [False, True]])


def test_missing_at_random_leaves_the_frequencies_alone() -> None:
    items, rng = Items.graded([1.5], [[-0.5, 0.5]]), np.random.default_rng(9)
    mask = missing_at_random(N, 1, share=0.3, rng=rng)
    mask[:100] = False

    responses = draw_responses(items, np.zeros(N), rng=rng, presented=mask)

    assert chi_square(responses[responses >= 0], items.probability(0.0)[0, 0]) > 0.001


def test_groups_may_meet_different_items() -> None:
    rng = np.random.default_rng(4)
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])
    groups = add_dif(items, [1], shift=1.0)

    test = simulate(
        items,
        draw_groups([N, N], [0.0, 0.0], [0.0, 0.0], rng=rng),
        rng=rng,
        items_of_group={1: groups.focal},
        presented=np.ones((2 * N, 2), dtype=np.bool_),
    )

    right = test.responses.reshape(2, N, 2).mean(axis=1)
    expected = [[0.5, 0.5], [0.5, 1 / (1 + np.e)]]
    assert right == pytest.approx(np.array(expected), abs=4 * 0.5 / np.sqrt(N))


def test_groups_keep_their_booklets() -> None:
    rng = np.random.default_rng(4)
    items, persons = draw_items(6, model="rasch", rng=rng), draw_groups([5, 5], [0, 0], [1, 1], rng=rng)
    design = assign_at_random(10, linked_booklets(6, n_booklets=2, size=4), rng=rng)

    test = simulate(items, persons, rng=rng, items_of_group={1: items}, presented=design)

    assert np.array_equal(test.responses >= 0, design.presented)


def test_what_does_not_fit_is_refused() -> None:
    items, rng = mixed(), np.random.default_rng(1)
    persons = draw_normal(3, rng=rng)

    with pytest.raises(ValueError, match="finite"):
        draw_responses(items, [np.nan], rng=rng)
    with pytest.raises(ValueError, match=r"mask of shape \(3, 10\)"):
        draw_responses(items, persons.theta, rng=rng, presented=np.ones((3, 9), dtype=np.bool_))
    with pytest.raises(ValueError, match="3 persons and 10 items"):
        design = assign_at_random(3, linked_booklets(9, n_booklets=1, size=9), rng=rng)
        draw_responses(items, persons.theta, rng=rng, presented=design)
    with pytest.raises(ValueError, match="group 1 must have 10 items"):
        simulate(items, persons, rng=rng, items_of_group={1: items.take([0])})
