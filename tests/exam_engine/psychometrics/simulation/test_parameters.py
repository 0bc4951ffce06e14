"""Simulated items have the distributions asked for; DIF moves what it says it moves."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.simulation.parameters import (
    SMALLEST_GAP,
    ItemDistribution,
    add_dif,
    draw_items,
)

N = 20_000


@pytest.mark.parametrize("model", list(Model))
def test_every_model_can_be_drawn_and_says_so(model: Model) -> None:
    items = draw_items(20, model=model, rng=np.random.default_rng(1), n_categories=4)

    assert items.models == (model,) * 20
    single = model in {Model.RASCH, Model.ONE_PL, Model.TWO_PL, Model.THREE_PL, Model.FOUR_PL}
    assert np.all(items.highest == (1 if single else 3))
    assert np.all(items.lower > 0) == (model in {Model.THREE_PL, Model.FOUR_PL})
    assert np.all(items.upper < 1) == (model is Model.FOUR_PL)
    if model in {Model.RASCH, Model.PCM}:
        assert np.all(items.a == 1)
    if model is Model.ONE_PL:
        assert np.ptp(items.a) == 0


def test_slopes_and_difficulties_have_their_moments() -> None:
    wanted = ItemDistribution(mean_log_a=0.1, sd_log_a=0.25, mean_b=0.5, sd_b=1.2, correlation=0.4)

    items = draw_items(N, model="3pl", rng=np.random.default_rng(2), distribution=wanted)

    log_a = np.log(items.a)
    assert [log_a.mean(), log_a.std()] == pytest.approx([0.1, 0.25], abs=0.01)
    assert [items.b.mean(), items.b.std()] == pytest.approx([0.5, 1.2], abs=0.05)
    assert np.corrcoef(log_a, items.b)[0, 1] == pytest.approx(0.4, abs=0.03)
    assert items.lower.mean() == pytest.approx(5 / 22, abs=0.005)


def test_graded_thresholds_keep_apart_and_average_to_b() -> None:
    items = draw_items(200, model="graded", rng=np.random.default_rng(2), n_categories=5)

    assert np.diff(items.steps, axis=1).min() >= SMALLEST_GAP - 1e-9


def test_dif_moves_steps_by_the_shift_and_turns_about_the_difficulty() -> None:
    rng = np.random.default_rng(1)
    items = Items.concatenate([draw_items(3, model=kind, rng=rng) for kind in ("4pl", "gpcm", "graded")])

    shifted = add_dif(items, [0, 4, 8], shift=[0.5, -0.3, 0.2])
    turned = add_dif(items, [0, 4], factor=1.6)

    expected = np.zeros(9)
    expected[[0, 4, 8]] = [0.5, -0.3, 0.2]
    assert np.nanmax(np.abs(shifted.focal.steps - items.steps - expected[:, None])) < 1e-12
    assert shifted.focal.a == pytest.approx(items.a)
    assert turned.focal.b == pytest.approx(items.b)
    assert turned.focal.a[[0, 1, 4]] == pytest.approx(items.a[[0, 1, 4]] * [1.6, 1.0, 1.6])
    assert turned.affected.tolist() == [True, False, False, False, True] + 4 * [False]


def test_dif_of_nominal_items_is_a_shift_of_ability() -> None:
    items = draw_items(2, model="nominal", rng=np.random.default_rng(1))

    groups = add_dif(items, [0], shift=0.7)

    assert groups.focal.probability(1.0)[0, 0] == pytest.approx(items.probability(0.3)[0, 0])
    assert groups.focal.probability(1.0)[0, 1] == pytest.approx(items.probability(1.0)[0, 1])


def test_what_cannot_be_drawn_is_refused() -> None:
    rng = np.random.default_rng(1)
    items = draw_items(2, model="2pl", rng=rng)

    with pytest.raises(ValueError, match="n_items"):
        draw_items(0, model="2pl", rng=rng)
    with pytest.raises(ValueError, match="n_categories"):
        draw_items(1, model="pcm", rng=rng, n_categories=1)
    with pytest.raises(ValueError, match="correlation"):
        ItemDistribution(correlation=1.0)
    with pytest.raises(ValueError, match="standard deviations"):
        ItemDistribution(sd_b=-1.0)
    with pytest.raises(ValueError, match="beta"):
        ItemDistribution(guessing=(0.0, 1.0))
    with pytest.raises(ValueError, match="different positions"):
        add_dif(items, [0, 0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        add_dif(items, [2])
    with pytest.raises(ValueError, match="factor positive"):
        add_dif(items, [0], factor=0.0)
