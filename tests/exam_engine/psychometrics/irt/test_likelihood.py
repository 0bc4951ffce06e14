"""Analytic gradient, information and cross product against finite differences, for every model and design."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt.blocks import block_up
from exam_engine.psychometrics.irt.expectation import Grid, expect
from exam_engine.psychometrics.irt.information import cross_product, observed_information
from exam_engine.psychometrics.irt.layout import Layout, lay_out
from exam_engine.psychometrics.irt.models import FloatArray, Model

GRID = Grid(np.linspace(-6, 6, 61))
STEP = 1e-5
MIXED = (Model.PCM, Model.TWO_PL, Model.GPCM, Model.GRADED, Model.THREE_PL, Model.NOMINAL)
SINGLE = (Model.RASCH, Model.TWO_PL, Model.THREE_PL, Model.FOUR_PL)
DESIGNS = {"complete": 0, "booklets": 3, "ragged": 150}


def responses(highest: list[int], n_booklets: int, n_persons: int = 150) -> np.ndarray:
    rng = np.random.default_rng(3)
    matrix = rng.integers(0, np.array(highest) + 1, (n_persons, len(highest))).astype(np.int8)
    if n_booklets:
        hidden = rng.random((n_booklets, len(highest))) < 0.3
        matrix[hidden[rng.integers(0, n_booklets, n_persons)]] = -1
        matrix[0] = highest
    return matrix


def make(models: list[Model], highest: list[int], n_groups: int = 1) -> Layout:
    every = np.ones(n_groups, dtype=np.bool_)
    return lay_out(models, np.array(highest), n_groups=n_groups, free_means=every, free_variances=every)


def somewhere(layout: Layout, seed: int = 4) -> FloatArray:
    """Return a vector with falling graded intercepts, away from any solution."""
    vector = np.random.default_rng(seed).normal(0.3, 0.5, layout.size)
    for family, slots in zip(layout.families, layout.slots, strict=True):
        if family.model is Model.GRADED:
            vector[slots[:, 1:]] = 1.0 - 0.8 * np.arange(family.highest)
        if family.model in (Model.THREE_PL, Model.FOUR_PL):
            vector[slots[:, 2]] = -1.5
            vector[slots[:, 3:]] = 2.5
    return vector


def differences(layout: Layout, function: object, at: FloatArray) -> FloatArray:
    steps = STEP * np.eye(layout.size)
    return np.array([(function(at + step) - function(at - step)) / (2 * STEP) for step in steps])  # type: ignore[operator]


CASES = [
    *[pytest.param([model] * 5, [1] * 5, id=model) for model in SINGLE],
    *[
        pytest.param([model] * 4, [2, 3, 2, 3], id=f"{model}-scores")
        for model in (Model.PCM, Model.GPCM, Model.GRADED, Model.NOMINAL)
    ],
    pytest.param(list(MIXED), [2, 1, 2, 3, 1, 2], id="mixed"),
]


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("models", "highest"), CASES)
def test_gradient_and_information_are_the_derivatives(
    models: list[Model], highest: list[int], design: str
) -> None:
    layout = make(models, highest, n_groups=2)
    matrix = responses(highest, DESIGNS[design])
    group = (np.arange(len(matrix)) % 3 == 0).astype(np.intp)
    blocks = block_up(matrix, layout, group=group)
    at = somewhere(layout)
    state = expect(blocks, layout, at, GRID)

    slopes = differences(layout, lambda v: expect(blocks, layout, v, GRID).log_likelihood, at)
    assert_allclose(state.gradient, slopes, atol=2e-5)
    assert blocks.is_ragged is (design == "ragged")
    bends = differences(layout, lambda v: expect(blocks, layout, v, GRID).gradient, at)
    assert_allclose(observed_information(blocks, layout, at, GRID, state), -bends, atol=1e-5)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("models", "highest"), CASES)
def test_the_cross_product_sums_the_scores_of_single_persons(
    models: list[Model], highest: list[int], design: str
) -> None:
    layout = make(models, highest)
    matrix = responses(highest, DESIGNS[design], 40)
    at = somewhere(layout)
    scores = np.array([expect(block_up(row[None], layout), layout, at, GRID).gradient for row in matrix])

    found = cross_product(block_up(matrix, layout, keep_scores=True), layout, at, GRID)

    assert_allclose(found, scores.T @ scores, atol=1e-9)


def test_merging_persons_changes_nothing() -> None:
    layout = make([Model.TWO_PL] * 5, [1] * 5)
    matrix = np.vstack([responses([1] * 5, 3)] * 2)
    at = somewhere(layout)

    together = expect(block_up(matrix, layout), layout, at, GRID)
    weighted = expect(block_up(matrix[:150], layout, weights=np.full(150, 2.0)), layout, at, GRID)
    apart = expect(block_up(matrix, layout, keep_scores=True), layout, at, GRID)

    for other in (weighted, apart):
        assert together.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)
        assert_allclose(together.gradient, other.gradient, atol=1e-9)


def test_sparse_blocks_say_what_dense_ones_say(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = make(list(MIXED), [2, 1, 2, 3, 1, 2])
    matrix = responses([2, 1, 2, 3, 1, 2], 3)
    at = somewhere(layout)
    dense = expect(block_up(matrix, layout), layout, at, GRID)
    monkeypatch.setattr("exam_engine.psychometrics.irt.blocks.RAGGED_BELOW", 1e9)

    sparse = expect(block_up(matrix, layout), layout, at, GRID)

    assert sparse.log_likelihood == pytest.approx(dense.log_likelihood, rel=1e-12)
    assert_allclose(sparse.gradient, dense.gradient, atol=1e-9)
