"""Criteria against loops over persons, items, scores and nodes."""

from __future__ import annotations

import numpy as np
import pytest

from exam_engine.psychometrics.adaptive.estimation import Evidence
from exam_engine.psychometrics.adaptive.pool import Curves, Pool
from exam_engine.psychometrics.adaptive.selection import (
    AtRandom,
    ExpectedVariance,
    KullbackLeibler,
    MatchDifficulty,
    MaximumInformation,
    Progressive,
    Selection,
    Stratified,
    View,
    Weight,
    WeightedInformation,
    strata,
)
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.simulation.parameters import draw_items
from tests.exam_engine.psychometrics.adaptive.pools import mixed_items

NODES = np.linspace(-6, 6, 121)


def view(items: Items, *, step: int = 3, length: int = 10, n: int = 4) -> View:
    """Return candidates with an arbitrary likelihood."""
    curves = Curves(Pool.of(items), NODES)
    rng = np.random.default_rng(8)
    logs = -((NODES - rng.normal(size=(n, 1))) ** 2) / (2 * rng.uniform(0.2, 1.0, (n, 1)))
    empty = np.zeros((n, step), dtype=np.intp)
    evidence = Evidence(empty, empty.astype(np.int8), logs, np.linspace(-0.5, 0.5, n), 1.0)
    return View(curves, step, length, rng.normal(size=n), np.ones(n), evidence, rng)


def test_information_is_that_at_the_interim_ability() -> None:
    at = view(mixed_items())

    criterion = MaximumInformation().criterion(at)

    assert criterion == pytest.approx(at.curves.pool.items.information(at.theta))


def test_posterior_is_prior_times_likelihood() -> None:
    at = view(mixed_items())

    raw = np.exp(at.evidence.log_likelihood - (NODES - at.evidence.prior_mean[:, None]) ** 2 / 2)

    assert at.posterior == pytest.approx(raw / raw.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("weight", [Weight.POSTERIOR, Weight.LIKELIHOOD])
def test_weighted_information_is_an_average(weight: Weight) -> None:
    at = view(mixed_items())
    mass = at.posterior if weight is Weight.POSTERIOR else at.likelihood

    criterion = WeightedInformation(weight).criterion(at)

    information = at.curves.pool.items.information(NODES)
    for person in range(4):
        for item in range(12):
            expected = sum(mass[person, q] * information[q, item] for q in range(NODES.size))
            assert criterion[person, item] == pytest.approx(expected)


def test_expected_variance_is_what_updating_the_posterior_gives() -> None:
    at = view(mixed_items())
    chance = at.curves.pool.items.probability(NODES)

    criterion = ExpectedVariance().criterion(at)

    for person in range(4):
        mass = at.posterior[person]
        now = variance(mass)
        for item in range(12):
            after = 0.0
            for score in range(at.curves.pool.items.highest[item] + 1):
                joint = mass * chance[:, item, score]
                after += joint.sum() * variance(joint / joint.sum())
            assert criterion[person, item] == pytest.approx(now - after, abs=1e-10)


def variance(mass: np.ndarray) -> float:
    mean = mass @ NODES
    return float(mass @ (NODES - mean) ** 2)


@pytest.mark.parametrize("weight", list(Weight))
def test_kullback_leibler_is_its_integral(weight: Weight) -> None:
    at, width = view(mixed_items()), 2.0

    criterion = KullbackLeibler(weight, width=width).criterion(at)

    chance = at.curves.pool.items.probability(NODES)
    here = at.curves.pool.items.probability(at.theta)
    cell = NODES[1] - NODES[0]
    for person in range(4):
        if weight is Weight.INTERVAL:
            edge = at.theta[person] + np.array([-1, 1]) * width / np.sqrt(4.0)
            mass = np.clip(
                np.minimum(NODES + cell / 2, edge[1]) - np.maximum(NODES - cell / 2, edge[0]), 0, None
            )
        else:
            mass = at.posterior[person] if weight is Weight.POSTERIOR else at.likelihood[person]
        for item in range(12):
            scores = range(at.curves.pool.items.highest[item] + 1)
            expected = sum(
                mass[q] * here[person, item, k] * np.log(here[person, item, k] / chance[q, item, k])
                for q in range(NODES.size)
                for k in scores
            )
            assert criterion[person, item] == pytest.approx(expected, abs=1e-9)


def test_matching_prefers_the_nearest_difficulty() -> None:
    items = Items.dichotomous([1.0, 2.0, 0.5], [-1.0, 0.1, 1.0])
    at = view(items)

    best = MatchDifficulty().criterion(at).argmax(axis=1)

    assert np.array_equal(best, np.abs(items.b - at.theta[:, None]).argmin(axis=1))


def test_strata_come_in_turn_and_cover_the_difficulties() -> None:
    items = draw_items(120, model="2pl", rng=np.random.default_rng(1))
    stratum = strata(items, 4)
    blocked = strata(items, 4, blocks=30)

    assert np.bincount(stratum).tolist() == [30] * 4
    assert np.all(np.diff([items.a[stratum == s].mean() for s in range(4)]) > 0)
    assert np.ptp([items.b[blocked == s].mean() for s in range(4)]) < 0.1
    for step, stage in ((0, 0), (2, 0), (3, 1), (5, 2), (9, 3)):
        criterion = Stratified(stratum).criterion(view(items, step=step, length=10))
        assert np.all(stratum[criterion.argmax(axis=1)] == stage)


def test_chance_gives_way_to_information() -> None:
    items = mixed_items()
    first, last = (Progressive().criterion(view(items, step=step)) for step in (0, 9))

    information = MaximumInformation().criterion(view(items))
    assert np.array_equal(last, information)
    assert not np.array_equal(first.argsort(axis=1), information.argsort(axis=1))
    slow, even = (Progressive(acceleration=k)._share(4, 10) for k in (2.0, 0.0))
    assert slow < even == pytest.approx(4 / 9)


def test_random_selection_is_uniform() -> None:
    items = draw_items(5, model="2pl", rng=np.random.default_rng(1))

    best = AtRandom().criterion(view(items, n=20_000)).argmax(axis=1)

    assert np.bincount(best) / 20_000 == pytest.approx(np.full(5, 0.2), abs=0.012)


@pytest.mark.parametrize("rule", [MatchDifficulty(), Stratified(np.zeros(12, dtype=np.intp))])
def test_nominal_items_have_no_difficulty_to_match(rule: Selection) -> None:
    with pytest.raises(ValueError, match=r"by position: \[10, 11\]"):
        rule.check(Pool.of(mixed_items()))


def test_what_does_not_fit_is_refused() -> None:
    items = draw_items(3, model="2pl", rng=np.random.default_rng(1))

    with pytest.raises(ValueError, match="one number from 0"):
        Stratified(np.zeros(2, dtype=np.intp)).check(Pool.of(items))
    with pytest.raises(ValueError, match="must be an information"):
        Progressive(MatchDifficulty()).check(Pool.of(items))
    with pytest.raises(ValueError, match="posterior or the likelihood"):
        WeightedInformation(Weight.INTERVAL)
    with pytest.raises(ValueError, match="width"):
        KullbackLeibler(width=0.0)
    with pytest.raises(ValueError, match="between 1 and 3"):
        strata(items, 4)
