"""True-score and observed-score equating through item response theory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.linking.bootstrap import bootstrap_items
from exam_engine.psychometrics.linking.curves import Grid
from exam_engine.psychometrics.linking.equating import Equating, EquatingWarning
from exam_engine.psychometrics.linking.frequencies import Frequencies
from exam_engine.psychometrics.linking.irt_equating import (
    ability_of_score,
    irt_observed_score,
    irt_true_score,
    model_frequencies,
)
from exam_engine.psychometrics.linking.link import Linker, Method
from exam_engine.psychometrics.linking.parameters import free_parameters


def mixed(shift: float = 0.0) -> Items:
    items = Items.concatenate(
        [
            Items.dichotomous(np.linspace(0.7, 1.5, 6), np.linspace(-1, 1, 6), c=0.2),
            Items.partial_credit([0.9], [[-0.5, 0.6]]),
            Items.graded([1.3], [[-1.0, 0.0, 1.2]]),
        ]
    )
    return items.rescaled(1.0, shift)


def test_true_scores_agree_with_a_root_finder() -> None:
    new, old = mixed(0.3), mixed()

    found = irt_true_score(new, old)

    assert (found.equivalents[0], found.equivalents[-1]) == (0.0, 11.0)
    for score in range(2, 11):  # the lower asymptotes sum to 1.2
        theta = brentq(lambda at, x=score: new.expected_score(at).sum() - x, -30, 30, xtol=1e-13)
        assert found.equivalents[score] == pytest.approx(old.expected_score(theta).sum(), abs=1e-9)


def test_below_chance_scores_are_joined_to_zero() -> None:
    new = Items.dichotomous(np.ones(10), np.linspace(-1, 1, 10), c=0.25)
    old = Items.dichotomous(np.ones(10), np.linspace(-1.5, 1, 10), c=0.2)

    found = irt_true_score(new, old)

    assert found.equivalents[:3] == pytest.approx([0.0, 0.8, 1.6])
    assert found.warnings == (EquatingWarning.BELOW_CHANCE,)
    assert np.all(np.diff(found.equivalents) > 0)


def test_above_the_ceiling_scores_are_joined_to_the_highest() -> None:
    new = Items.dichotomous(np.ones(20), np.linspace(-1, 1, 20), u=0.9)
    old = Items.dichotomous(np.ones(20), np.linspace(-1.5, 1, 20), u=0.95)

    found = irt_true_score(new, old)

    assert found.equivalents[18:] == pytest.approx([19.0, 19.5, 20.0])
    assert found.warnings == (EquatingWarning.ABOVE_CEILING,)


def test_a_form_equated_to_itself_keeps_its_scores() -> None:
    items = mixed()

    true = irt_true_score(items, items)
    observed = irt_observed_score(items, items, ability_new=Grid.normal())

    assert true.equivalents == pytest.approx(true.scores, abs=1e-9)
    assert observed.equivalents == pytest.approx(observed.scores, abs=1e-9)


@given(st.floats(-1.5, 1.5))
@settings(max_examples=6)
def test_equating_there_and_back_returns(shift: float) -> None:
    new, old = Items.dichotomous(np.ones(12), np.linspace(-1, 1, 12) + shift), mixed()

    there = irt_true_score(new, old)
    back = irt_true_score(old, new)
    inside = slice(2, 10)

    theta = ability_of_score(old, there.equivalents[inside])
    again = new.expected_score(theta).sum(axis=1)
    assert again == pytest.approx(there.scores[inside], abs=1e-8)
    assert np.all(np.diff(back.equivalents) >= 0)


def test_the_model_distribution_agrees_with_a_naive_sum_over_patterns() -> None:
    items = Items.concatenate(
        [Items.dichotomous([1.0, 1.4], [0.0, 0.5], c=[0.0, 0.2]), Items.graded([1.0], [[-0.5, 0.5]])]
    )
    one, other = Grid.of([-1.0, 0.5], [0.4, 0.6]), Grid.of([0.0, 1.0], [0.5, 0.5])
    expected = np.zeros(5)
    for grid, share in ((one, 0.7), (other, 0.3)):
        for node, weight in zip(grid.nodes, grid.weights, strict=True):
            chance = items.probability(node)[0]
            for first in range(2):
                for second in range(2):
                    for third in range(3):
                        product = chance[0, first] * chance[1, second] * chance[2, third]
                        expected[first + second + third] += share * weight * product

    found = model_frequencies(items, one, other, weight_new=0.7)

    assert found.probability == pytest.approx(expected, abs=1e-14)


def test_observed_scores_follow_the_percentile_ranks() -> None:
    new, old, grid = mixed(0.4), mixed(), Grid.normal()

    found = irt_observed_score(new, old, ability_new=grid)

    first: Frequencies = model_frequencies(new, grid)
    second = model_frequencies(old, grid)
    assert second.rank(found.equivalents) == pytest.approx(first.rank(np.arange(12)), abs=1e-12)


def test_bootstrap_errors_come_from_the_parameters() -> None:
    new, old = (
        Items.dichotomous(np.ones(8), np.linspace(-1, 1, 8)),
        Items.dichotomous(np.ones(8), np.zeros(8)),
    )
    # Only the difficulty of one old item is uncertain, by 0.2 logits: dτ/db = −P(1 − P).
    noise = np.zeros((16, 16))
    noise[1, 1] = 0.04

    found = bootstrap_items(
        irt_true_score,
        new,
        old,
        covariance_new=np.zeros((16, 16)),
        covariance_old=noise,
        rng=np.random.default_rng(7),
        replications=80,
    )

    chance = old.probability(ability_of_score(new, np.array([4.0])))[0, 0]
    assert found.equating.standard_errors[4] == pytest.approx(0.2 * chance.prod(), rel=0.27)
    assert found.failures == 0
    assert found.reliable
    assert free_parameters(new).size == 16


def test_the_error_of_the_link_counts_when_it_is_drawn_too() -> None:
    """Two anchors link the forms: a longer way than a scale in common."""
    anchors = np.array([4, 5])
    new, old = (Items.dichotomous(np.ones(10), np.linspace(-1, 1, 10) + shift) for shift in (0.4, 0.0))
    noise = np.diag(np.tile([0.0, 0.01], 10))

    def linked(one: Items, other: Items) -> Equating:
        line = Linker(Method.MEAN).fit(one.take(anchors), other.take(anchors))
        return irt_true_score(one.rescaled(line.scale, line.shift), other)

    settings_ = {"covariance_new": noise, "covariance_old": noise, "replications": 60}
    with_link = bootstrap_items(linked, new, old, rng=np.random.default_rng(4), **settings_)
    without = bootstrap_items(
        irt_true_score, new.rescaled(1.0, -0.4), old, rng=np.random.default_rng(4), **settings_
    )

    assert with_link.equating.equivalents == pytest.approx(with_link.equating.scores, abs=1e-9)
    assert with_link.equating.standard_errors[5] > 1.4 * without.equating.standard_errors[5]


def test_forms_whose_scores_fall_with_ability_are_refused() -> None:
    good = mixed()
    bad = Items.concatenate([Items.dichotomous([1.0], [0.0]), Items.dichotomous([-2.0], [0.0])])

    with pytest.raises(ValueError, match="the new form must rise"):
        irt_true_score(bad, good)
    with pytest.raises(ValueError, match="the old form must rise"):
        irt_true_score(good, Items.nominal([[1.0, 0.5]], [[0.0, 0.0]]))
    with pytest.raises(ValueError, match=r"above 1\.2"):
        ability_of_score(good, np.array([1.0]))
    with pytest.raises(ValueError, match="from 0 to 1"):
        irt_observed_score(good, good, ability_new=Grid.normal(), weight_new=2.0)
