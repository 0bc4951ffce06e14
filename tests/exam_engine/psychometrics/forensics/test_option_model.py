"""The chance of each option at estimated abilities, and answers drawn from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.indices import analyse_similarity
from exam_engine.psychometrics.forensics.option_model import (
    draw_answers,
    estimated_abilities,
    estimated_probabilities,
    option_probabilities,
)
from exam_engine.psychometrics.forensics.pairs import Index
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray


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


def test_without_slopes_wrong_options_share_by_popularity() -> None:
    rng = np.random.default_rng(1)
    answers = rng.choice(4, size=(500, 3), p=[0.4, 0.3, 0.2, 0.1])
    room = Room.of(answers, key=[0, 0, 0])
    items = Items.dichotomous([1.0, 1.2, 0.8], [0.0, 1.0, -1.0])
    theta = rng.normal(size=500)

    chance = option_probabilities(room, items, theta, slope_sd=0.0)

    assert chance.sum(axis=2) == pytest.approx(np.ones((500, 3)), abs=1e-12)
    assert chance[:, :, 0] == pytest.approx(items.probability(theta)[:, :, 1])
    counts = np.array([(answers[:, 1] == option).sum() for option in (1, 2, 3)]) + 1.0
    assert chance[7, 1, 1:] / chance[7, 1, 1:].sum() == pytest.approx(counts / counts.sum())


def test_options_that_an_item_does_not_have_get_no_chance() -> None:
    room = Room.of([[0, 5], [1, 0], [1, 2]], key=[0, 0], n_options=[2, 7])

    chance = option_probabilities(room, Items.dichotomous([1.0, 1.0], [0.0, 0.0]), np.zeros(3))

    assert room.n_options == 7
    assert chance[0, 0].tolist() == [0.5, 0.5, 0, 0, 0, 0, 0]
    assert np.all(chance[:, 1] > 0)
    assert chance.sum(axis=2) == pytest.approx(np.ones((3, 2)))


def test_unusable_arguments_are_refused() -> None:
    room = Room.of([[0, 1], [0, -1]], [0, 1])
    with pytest.raises(ValueError, match="theta must hold 2 finite"):
        option_probabilities(room, Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [0.0, np.nan])
    with pytest.raises(ValueError, match="items must be 2"):
        option_probabilities(room, Items.dichotomous([1.0], [0.0]), [0.0, 0.0])
    with pytest.raises(ValueError, match="smoothing"):
        option_probabilities(room, Items.dichotomous([1.0, 1.0], [0.0, 0.0]), [0.0, 0.0], smoothing=0.0)


def test_the_pull_of_distractors_maximises_the_penalised_likelihood() -> None:
    rng = np.random.default_rng(6)
    theta = rng.normal(0, 1, 150)
    logits = np.array([0.5, 0.0, -0.5]) + theta[:, None] * np.array([0.8, -0.6, 0.0])
    chosen = (
        rng.random((150, 1)) < np.cumsum(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), 1)
    ).argmax(1)
    room = Room.of(np.stack([chosen + 1, chosen + 1], axis=1), key=[0, 0])
    items = Items.dichotomous([1.0, 1.0], [0.0, 0.0])

    chance = option_probabilities(room, items, theta, smoothing=0.5, slope_sd=0.8)[:, 0, 1:]

    x = theta - theta.mean()

    def loss(at: FloatArray) -> float:
        intercept, slope = np.append(at[:2], 0.0), at[2:]
        lines = intercept + x[:, None] * slope
        likelihood = (lines[np.arange(150), chosen] - logsumexp(lines, axis=1)).sum()
        pseudo = 0.5 * (intercept - logsumexp(intercept)).sum()
        return -float(likelihood + pseudo - 0.5 * np.sum(slope**2) / 0.64)

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-7}).x
    lines = np.append(best[:2], 0.0) + x[:, None] * best[2:]
    expected = np.exp(lines - logsumexp(lines, axis=1, keepdims=True))
    # The steps stop at 0.0001 a logit, a little before the top.
    assert chance / chance.sum(axis=1, keepdims=True) == pytest.approx(expected, abs=2e-3)


def test_distractors_that_draw_the_weak_are_seen_to_do_so() -> None:
    rng = np.random.default_rng(7)
    theta = rng.normal(0, 1, 400)
    weak = rng.random(400) < 1 / (1 + np.exp(1.5 * theta))
    room = Room.of(np.tile(np.where(weak, 1, 2)[:, None], (1, 10)), key=[0] * 10)

    chance = option_probabilities(room, Items.dichotomous([1.0] * 10, [0.0] * 10), theta)

    share = chance[:, 0, 1] / chance[:, 0, 1:].sum(axis=1)
    assert share[theta < -1].mean() > 0.75
    assert share[theta > 1].mean() < 0.25


def test_without_slopes_distractors_that_draw_the_weak_make_honest_rooms_look_guilty() -> None:
    rng = np.random.default_rng(8)
    slopes = rng.normal(0, 0.7, (60, 3)) + [1.0, -0.2, -0.5]
    truth = Items.nominal(slopes, rng.normal(0, 0.5, (60, 3)) + [1.0, 0.0, 0.0])

    def room_of(n_persons: int) -> Room:
        blank = Room.of(np.zeros((n_persons, 60), int), np.ones(60, int), n_options=4)
        return draw_answers(blank, truth.probability(rng.normal(0, 1, n_persons)), rng=rng)

    fitted = calibrate(room_of(1_500).scored, model="2pl")
    items = Items.dichotomous(fitted.a, fitted.b)
    flagged = {0.0: 0, 0.7: 0}
    for _ in range(10):
        room = room_of(100)
        theta = estimated_abilities(room, items)
        for slope_sd in flagged:
            chance = option_probabilities(room, items, theta, slope_sd=slope_sd)
            flagged[slope_sd] += analyse_similarity(room, "m4", chance).n_flagged > 0

    assert flagged[0.0] >= 3
    assert flagged[0.7] <= 1
