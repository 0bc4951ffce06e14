"""Analytic gradient and information against finite differences, on every path."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from exam_engine.psychometrics.irt import marginal
from exam_engine.psychometrics.irt.marginal import Parameters, expect, information
from exam_engine.psychometrics.irt.models import FloatArray, Model
from exam_engine.psychometrics.irt.patterns import collapse

NODES = np.linspace(-6, 6, 61)
STEP = 1e-5


def responses(share_missing: float, n_items: int) -> FloatArray:
    rng = np.random.default_rng(3)
    matrix = (rng.random((150, n_items)) < 0.6).astype(np.float64)
    matrix[rng.random(matrix.shape) < share_missing] = np.nan
    return matrix


@pytest.mark.parametrize("n_items", [6, 30], ids=["collapsed", "uncollapsed"])
@pytest.mark.parametrize("share_missing", [0.0, 0.3])
@pytest.mark.parametrize("booklet_loop", [0, 1000], ids=["masked", "by-booklet"])
@pytest.mark.parametrize("model", [Model.RASCH, Model.TWO_PL])
def test_derivatives(
    model: Model, booklet_loop: int, share_missing: float, n_items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marginal, "BOOKLET_LOOP", booklet_loop)
    patterns = collapse(responses(share_missing, n_items), model)
    size = n_items + 1 if model is Model.RASCH else 2 * n_items
    at = np.random.default_rng(4).normal(0.3, 0.5, size)

    def evaluate(vector: FloatArray) -> tuple[float, FloatArray]:
        found = expect(patterns, Parameters.from_vector(model, vector), NODES)
        return found.log_likelihood, found.gradient

    ahead = [evaluate(at + STEP * unit) for unit in np.eye(size)]
    behind = [evaluate(at - STEP * unit) for unit in np.eye(size)]
    slopes = [(high[0] - low[0]) / (2 * STEP) for high, low in zip(ahead, behind, strict=True)]
    bends = [(high[1] - low[1]) / (2 * STEP) for high, low in zip(ahead, behind, strict=True)]

    assert_allclose(evaluate(at)[1], slopes, atol=1e-5)
    assert_allclose(
        information(patterns, Parameters.from_vector(model, at), NODES), -np.array(bends), atol=1e-6
    )


def test_collapsing_changes_nothing() -> None:
    matrix = np.vstack([responses(0.2, 5)] * 2)
    at = Parameters(Model.TWO_PL, np.full(5, 0.8), np.linspace(-1, 1, 5), 0.0)

    together = expect(collapse(matrix, Model.TWO_PL), at, NODES)
    weighted = expect(collapse(matrix[:150], Model.TWO_PL, np.full(150, 2.0)), at, NODES)

    assert together.log_likelihood == pytest.approx(weighted.log_likelihood, rel=1e-12)
    assert_allclose(together.gradient, weighted.gradient, atol=1e-9)
