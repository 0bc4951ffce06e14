"""First solutions among few columns: they keep all rows, and nothing is called impossible that is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from exam_engine.assembly import first_found
from exam_engine.assembly.first_found import find_first
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.solver import INFEASIBLE, UNDECIDED, Model, Work

COLUMNS = 200


def _model(values: FloatArray, total: float) -> Model:
    """Ten columns that add up to ``total``."""
    n = len(values)
    return Model(
        np.random.default_rng(3).random(n),
        sp.csr_array(np.vstack([np.ones(n), values])),
        np.array([10.0, total]),
        np.array([10.0, total]),
        np.zeros(n),
        np.ones(n),
        np.ones(n),
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_first_solution_is_whole_and_keeps_all_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = _model(rng.integers(1, 9, COLUMNS).astype(float), 43.0)

    found = find_first(model, rng, Work(1000), whole=False)

    assert found.x is not None
    assert found.x.shape == (COLUMNS,)
    assert set(np.round(found.x, 6)) == {0.0, 1.0}
    assert model.matrix @ found.x == pytest.approx(model.lower)


def _of_three() -> Model:
    """One column of three makes 3: the fractions like a 2 and a 4, which cost nothing."""
    return Model(
        np.array([0.0, 0.0, 9.0]),
        sp.csr_array(np.array([[1.0, 1.0, 1.0], [2.0, 4.0, 3.0]])),
        np.array([1.0, 3.0]),
        np.array([1.0, 3.0]),
        np.zeros(3),
        np.ones(3),
        np.ones(3),
    )


def test_what_the_few_do_not_hold_is_found_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_found, "CHANCES", (0.0,))

    found = find_first(_of_three(), np.random.default_rng(0), Work(100), whole=True)

    assert found.x is not None
    assert found.x == pytest.approx([0.0, 0.0, 1.0])


def test_what_the_few_do_not_hold_is_not_called_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_found, "CHANCES", (0.0,))

    assert find_first(_of_three(), np.random.default_rng(0), Work(100), whole=False).status == UNDECIDED


def test_what_fractions_exclude_is_impossible_at_once() -> None:
    work = Work(100)
    model = replace(_of_three(), lower=np.array([1.0, 5.0]), upper=np.array([1.0, 5.0]))

    assert find_first(model, np.random.default_rng(0), work, whole=True).status == INFEASIBLE
    assert work.used == 1
