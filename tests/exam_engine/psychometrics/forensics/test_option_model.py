"""The chance of each option at estimated abilities, and answers drawn from it."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.option_model import (
    draw_answers,
    estimated_abilities,
    estimated_probabilities,
)
from exam_engine.psychometrics.forensics.pairs import Index
from exam_engine.psychometrics.irt.items import Items


def nominal(n_items: int) -> Items:
    rng = np.random.default_rng(1)
    return Items.nominal(rng.normal(0, 0.5, (n_items, 3)) + [1.2, 0, -0.3], rng.normal(0, 0.5, (n_items, 3)))


def test_answers_are_drawn_with_their_chances_and_keep_their_gaps() -> None:
    room = Room.of(np.tile([0, -1, 2], (4_000, 1)), key=[0, 0, 0])
    chance = np.broadcast_to([0.5, 0.2, 0.3], (4_000, 3, 3))

    drawn = draw_answers(room, np.asarray(chance), rng=np.random.default_rng(2)).answers

    assert np.all(drawn[:, 1] == -1)
    # Monte Carlo error 0.8 %.
    assert np.bincount(drawn[:, 0]) / 4_000 == pytest.approx([0.5, 0.2, 0.3], abs=0.03)


def test_a_nominal_model_gives_its_own_probabilities_at_the_estimated_ability() -> None:
    items, rng = nominal(60), np.random.default_rng(3)
    theta = rng.normal(0, 1, 200)
    room = Room.of(rng.integers(0, 4, (200, 60)), np.ones(60, int), n_options=5)
    room = draw_answers(room, np.pad(items.probability(theta), ((0, 0), (0, 0), (0, 1))), rng=rng)

    ability = estimated_abilities(room, items)
    chance = estimated_probabilities(room, items)

    assert np.corrcoef(ability, theta)[0, 1] > 0.9
    assert chance.shape == (200, 60, 5)
    assert chance[:, :, :4] == pytest.approx(items.probability(ability))
    assert np.all(chance[:, :, 4] == 0)


def test_scored_items_use_the_scores() -> None:
    rng = np.random.default_rng(4)
    room = Room.of(rng.integers(-1, 3, (30, 12)), np.zeros(12, int))
    items = Items.dichotomous(np.ones(12), np.linspace(-1, 1, 12))

    chance = estimated_probabilities(room, items)

    ability = estimated_abilities(room, items)
    assert chance[:, :, 0] == pytest.approx(items.probability(ability)[:, :, 1])
    assert chance.sum(axis=2) == pytest.approx(np.ones((30, 12)))


def test_answers_that_the_model_does_not_know_are_refused() -> None:
    room = Room.of(np.full((3, 12), 5), np.zeros(12, int))

    with pytest.raises(ValueError, match="whole numbers from 0 to 3"):
        estimated_probabilities(room, nominal(12))


@pytest.mark.parametrize("index", list(Index))
def test_every_index_is_found_by_its_name(index: Index) -> None:
    rng = np.random.default_rng(5)
    room = Room.of(rng.integers(0, 4, (60, 40)), np.zeros(40, int))

    table = analyse_similarity(room, str(index), np.full((60, 40, 4), 0.25))

    assert table.index is index
    assert np.isnan(table.reverse_p_value).all() == (not index.is_directed)
