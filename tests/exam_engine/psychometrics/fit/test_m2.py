"""M2 agrees with a dense computation that differentiates numerically, and keeps its error rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import null_space
from scipy.stats import kstest

from exam_engine.psychometrics.fit import Caution, m2_fit
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import FloatArray, Model
from tests.exam_engine.psychometrics.irt.scoring.simulated import NAN, answer

NODES = np.linspace(-5, 5, 41)


def density(mean: float, variance: float) -> FloatArray:
    weights = np.exp(-((NODES - mean) ** 2) / (2 * variance))
    return weights / weights.sum()


def mixed() -> Items:
    return Items.concatenate(
        [
            Items.dichotomous([1.2, 0.8, 1.7], [0.3, -0.5, 0.1], c=[0.0, 0.2, 0.15], u=[1.0, 1.0, 0.95]),
            Items.partial_credit([0.9, 1.1], [[-0.5, 0.4, 1.0], [0.2, NAN, NAN]]),
            Items.graded([1.5, 0.7], [[-1.0, 0.0, 1.5], [-0.2, 0.6, NAN]]),
            replace(Items.dichotomous([1.3, 1.3], [-0.3, 0.7]), models=(Model.ONE_PL,) * 2),
        ]
    )


Margin = dict[int, FloatArray]
"""A margin: the mean of the product of these functions of the scores of items."""


def margins(items: Items, *, by_score: bool) -> list[Margin]:
    scores = np.arange(items.slopes.shape[1] + 1.0)
    size = len(items)
    if by_score:
        single = [{i: 1.0 * (scores == k)} for i in range(size) for k in range(1, items.highest[i] + 1)]
    else:
        single = [{i: scores} for i in range(size)]
    return single + [{i: scores, j: scores} for i in range(size) for j in range(i)]


def integral(chance: FloatArray, weights: FloatArray, functions: Margin) -> float:
    total = weights
    for item, function in functions.items():
        total = total * (chance[:, item] @ function)
    return float(total.sum())


def together(first: Margin, second: Margin) -> Margin:
    return {item: first.get(item, np.ones(1)) * second.get(item, np.ones(1)) for item in {*first, *second}}


def directions(items: Items) -> Iterator[Callable[[float], Items]]:
    """One change of the items for each free parameter."""

    def moved(field: str, at: object, *, by: FloatArray | float = 1.0) -> Callable[[float], Items]:
        def change(step: float) -> Items:
            values = getattr(items, field).copy()
            values[at] += step * by
            return replace(items, **{field: values})

        return change

    shared = [i for i, model in enumerate(items.models) if model is Model.ONE_PL]
    for item, model in enumerate(items.models):
        for k in range(items.highest[item]):
            yield moved("intercepts", (item, k))
        if model not in {Model.RASCH, Model.PCM, Model.ONE_PL}:
            yield moved("slopes", item, by=items.slopes[item])
        if model in {Model.THREE_PL, Model.FOUR_PL}:
            yield moved("lower", item)
        if model is Model.FOUR_PL:
            yield moved("upper", item)
    if shared:
        yield moved("slopes", shared)


def dense(
    responses: FloatArray, items: Items, *, by_score: bool, variance: float, free_variance: bool
) -> tuple[float, int]:
    """M2 from the full covariance of all margins and its orthogonal complement."""
    weights, functions, step = density(0.0, variance), margins(items, by_score=by_score), 1e-5

    def all_of(at: Items, w: FloatArray) -> FloatArray:
        chance = at.probability(NODES)
        return np.array([integral(chance, w, f) for f in functions])

    expected = all_of(items, weights)
    chance = items.probability(NODES)
    spread = np.array([[integral(chance, weights, together(f, g)) for g in functions] for f in functions])
    spread -= np.outer(expected, expected)
    slopes = [
        (all_of(change(step), weights) - all_of(change(-step), weights)) / (2 * step)
        for change in directions(items)
    ]
    if free_variance:
        wider, narrower = density(0.0, variance + step), density(0.0, variance - step)
        slopes.append((all_of(items, wider) - all_of(items, narrower)) / (2 * step))
    free = null_space(np.array(slopes))
    observed = np.array(
        [
            np.prod([f[responses[:, item].astype(int)] for item, f in g.items()], axis=0).mean()
            for g in functions
        ]
    )
    gap = free.T @ (observed - expected)
    return float(len(responses) * gap @ np.linalg.solve(free.T @ spread @ free, gap)), free.shape[1]


@pytest.mark.parametrize("margin", ["m2", "c2"])
@pytest.mark.parametrize("family", ["mixed", "partial credit"])
def test_it_agrees_with_the_dense_computation_under_every_model(family: str, margin: str) -> None:
    items = mixed()
    if family == "partial credit":
        steps = [[-0.5, 0.4], [0.2, 1.0], [-1.0, NAN], [0.0, 0.3], [0.5, NAN], [-0.2, 0.9]]
        items = replace(Items.partial_credit(np.ones(6), steps), models=(Model.PCM,) * 6)
    rng = np.random.default_rng(4)
    responses = answer(items, rng.normal(size=400) * 1.2, rng)

    found = m2_fit(responses, items, margin=margin, variance=1.3, nodes=NODES)
    naive, df = dense(
        responses, items, by_score=margin == "c2", variance=1.3, free_variance=family == "partial credit"
    )

    assert found.degrees_of_freedom == df
    assert found.statistic == pytest.approx(naive, rel=1e-6)


def test_under_the_model_it_is_a_chi_square() -> None:
    rng, items = np.random.default_rng(10), mixed()
    known = np.zeros(len(items), dtype=bool)

    p = [
        m2_fit(answer(items, rng.normal(size=600), rng), items, estimated=known, margin=margin).p
        for margin in ("m2", "c2")
        for _ in range(60)
    ]

    assert kstest(p, "uniform").pvalue > 0.01
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.10


def test_a_second_dimension_is_found() -> None:
    rng = np.random.default_rng(12)
    items = Items.dichotomous(np.full(10, 1.2), np.linspace(-1, 1, 10))
    first, second = rng.normal(size=(2, 1000))
    responses = np.hstack(
        [answer(items.take(np.arange(5)), first, rng), answer(items.take(np.arange(5, 10)), second, rng)]
    )

    found = m2_fit(responses, items)

    assert found.p < 1e-6
    assert found.rmsea_low > 0.05
    assert found.rmsea_low < found.rmsea < found.rmsea_high
    assert found.srmsr > 0.05
    assert found.cfi < 0.8


def test_persons_with_gaps_are_left_out_and_said_so() -> None:
    rng, items = np.random.default_rng(1), Items.dichotomous(np.ones(6), np.linspace(-1, 1, 6))
    responses = answer(items, rng.normal(size=300), rng)
    gaps = responses.copy()
    gaps[150:, 0] = -1

    found = m2_fit(gaps, items)

    assert found.n_persons == 150
    assert found.warnings == (Caution.FEW_PERSONS, Caution.PERSONS_LEFT_OUT)
    assert found.statistic == pytest.approx(m2_fit(responses[:150], items).statistic)


def test_what_cannot_be_tested_is_refused() -> None:
    items = Items.dichotomous(np.ones(4), np.zeros(4))
    rng = np.random.default_rng(1)
    responses = answer(items, rng.normal(size=100), rng)
    alike = responses.copy()
    alike[:, 2] = 1

    with pytest.raises(ValueError, match="at least 3 items"):
        m2_fit(responses[:, :2], items.take([0, 1]))
    with pytest.raises(ValueError, match="no degree of freedom"):
        m2_fit(responses[:, :3], items.take([0, 1, 2]))
    with pytest.raises(ValueError, match=r"alike on the items at \[2\]"):
        m2_fit(alike, items)
    with pytest.raises(ValueError, match="must have seen every item"):
        m2_fit(np.where(np.eye(4) > 0, -1, 1), items)
    with pytest.raises(ValueError, match="nominal"):
        m2_fit(responses, Items.nominal(np.ones((4, 1)), np.zeros((4, 1))))
    with pytest.raises(ValueError, match="estimated must hold 4"):
        m2_fit(responses, items, estimated=[True])
