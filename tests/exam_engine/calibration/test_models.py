"""Every model of the kernels through `describe_items`, and its item table read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from exam_engine.calibration.estimation import Estimation, priors_of
from exam_engine.calibration.export import to_csv
from exam_engine.calibration.item_table import read_items
from exam_engine.calibration.outcome import describe_items
from exam_engine.calibration.response_matrix import ResponseMatrix
from exam_engine.calibration.rules import (
    STORED_METHODS,
    Method,
    MethodNotStored,
    SampleTooSmall,
    ScoreNobodyGot,
    SettingsRefused,
    UnlinkedBlocks,
    check_stored,
)
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items
from exam_engine.psychometrics.irt.models import Model
from exam_engine.psychometrics.sample_size import MINIMUM_PERSONS
from itembank.statistics.rules import ScaleModel

BINARY = Items.dichotomous([1.0, 1.4, 0.8, 1.2, 1.0, 1.6], [-1.0, -0.5, 0.0, 0.3, 0.8, 1.2])
SEVERAL = Items.graded([1.2, 0.9, 1.5], [[-1.0, 0.5], [-0.3, 1.0], [-0.8, 0.2]])


def draw(items: Items, n_persons: int, seed: int = 4, shift: float = 0.0) -> ResponseMatrix:
    rng = np.random.default_rng(seed)
    chances = items.probability(rng.normal(shift, 1.0, n_persons)).cumsum(axis=2)
    scores = (rng.random((n_persons, len(items), 1)) > chances).sum(axis=2)
    return ResponseMatrix(tuple(f"Q{at}" for at in range(1, len(items) + 1)), scores.astype(np.int8))


@pytest.mark.parametrize("method", [method for method in Method if method.model is not None])
def test_every_model_gives_a_table_that_is_read_back_as_it_was(method: Method) -> None:
    several = method not in (Method.TWO_PL, Method.THREE_PL, Method.FOUR_PL)
    items = Items.concatenate([BINARY, SEVERAL]) if several else BINARY
    assert method.model is not None
    matrix = draw(items, MINIMUM_PERSONS[method.model] + 100)

    outcome = describe_items(matrix, method, highest=method.highest)
    table = read_items(to_csv(outcome.items, exact=True).encode())

    direct = calibrate(matrix.responses, model=method.model)
    assert table.names == matrix.items
    assert table.items.models == direct.items.models
    assert outcome.log_likelihood == direct.log_likelihood
    np.testing.assert_array_equal(table.items.highest, direct.items.highest)
    np.testing.assert_allclose(table.items.slopes, direct.items.slopes, rtol=1e-15)
    np.testing.assert_array_equal(table.items.intercepts, direct.items.intercepts)
    np.testing.assert_array_equal(table.items.lower, direct.c)
    np.testing.assert_array_equal(table.items.upper, direct.u)
    np.testing.assert_array_equal(table.se_b, direct.se_b)


@pytest.mark.parametrize("method", [Method.THREE_PL, Method.FOUR_PL, Method.GRADED, Method.NOMINAL])
def test_a_sample_that_does_not_carry_the_model_is_refused_with_its_name(method: Method) -> None:
    with pytest.raises(SampleTooSmall, match=r"400 persons are too few for the (3PL|4PL|GRM|NRM) model"):
        describe_items(draw(BINARY, 400), method)


def test_unlinked_blocks_are_named_by_their_items() -> None:
    matrix = draw(BINARY, 600)
    matrix.responses[:300, :3] = -1
    matrix.responses[300:, 3:] = -1

    with pytest.raises(UnlinkedBlocks, match=r"Q1, Q2, Q3 \| Q4, Q5, Q6"):
        describe_items(matrix, Method.RASCH)
    outcome = describe_items(matrix, Method.RASCH, estimation=Estimation(equivalent_persons=True))
    assert outcome.converged


def test_fixed_items_keep_their_parameters_and_give_the_scale() -> None:
    known = read_items(b"item,a,b\nQ2,1.4,-0.5\nQ4,1.2,0.3\nQ6,1.6,1.2\nelsewhere,1,0\n")
    matrix = draw(BINARY, 3000, shift=0.8)

    outcome = describe_items(matrix, Method.TWO_PL, estimation=Estimation(fixed=known))

    assert [item.is_fixed for item in outcome.items] == [False, True] * 3
    assert [outcome.items[at].b for at in (1, 3, 5)] == pytest.approx([-0.5, 0.3, 1.2])
    assert outcome.items[1].se_b == 0
    assert outcome.items[4].b == pytest.approx(0.8, abs=0.15)
    strangers = Estimation(fixed=read_items(b"item,a,b\nX1,1,0\n"))
    with pytest.raises(SettingsRefused, match="none of the fixed items"):
        describe_items(matrix, Method.TWO_PL, estimation=strangers)


def test_groups_have_a_mean_and_a_variance_each() -> None:
    low, high = draw(BINARY, 1500), draw(BINARY, 1500, seed=5, shift=1.0)
    matrix = ResponseMatrix(
        low.items,
        np.concatenate([low.responses, high.responses]),
        group=np.repeat([0, 1], 1500),
        group_names=("north", "south"),
    )

    outcome = describe_items(matrix, Method.TWO_PL)

    north, south = outcome.groups
    assert (north.group, north.n_persons, north.mean, north.se_mean) == ("north", 1500, 0.0, 0.0)
    assert south.mean == pytest.approx(1.0, abs=0.15)
    assert south.se_mean


def test_items_may_follow_models_of_their_own() -> None:
    matrix = draw(Items.concatenate([BINARY, SEVERAL]), 1200)
    choice = Estimation(item_models=(("Q8", Model.GRADED), ("Q7", Model.GPCM), ("Q9", Model.GPCM)))

    outcome = describe_items(matrix, Method.TWO_PL, highest=2, estimation=choice)

    assert [item.model for item in outcome.items] == ["2pl"] * 6 + ["gpcm", "graded", "gpcm"]
    with pytest.raises(SettingsRefused, match="no such item in the response file: Q99"):
        describe_items(
            matrix, Method.TWO_PL, highest=2, estimation=Estimation(item_models=(("Q99", Model.GPCM),))
        )


def test_priors_that_took_part_are_stated() -> None:
    matrix = draw(BINARY, 1100)

    default = describe_items(matrix, Method.THREE_PL)
    chosen = describe_items(matrix, Method.TWO_PL, estimation=Estimation(priors=priors_of({"a": (0.0, 0.5)})))

    assert default.priors == ("logit c ~ normal(-1.4, 0.5)",)
    assert chosen.priors == ("log a ~ normal(0, 0.5)",)
    with pytest.raises(ValueError, match="not of z"):
        priors_of({"z": (0.0, 1.0)})


def test_what_does_not_go_together_is_a_refusal() -> None:
    with pytest.raises(SettingsRefused, match="empirical density goes with free slopes"):
        describe_items(draw(BINARY, 300), Method.RASCH, estimation=Estimation(density="empirical"))


def test_scales_of_the_bank_hold_what_they_have_columns_for() -> None:
    assert {method.value for method in STORED_METHODS} == {model.value for model in ScaleModel}
    with pytest.raises(MethodNotStored):
        check_stored(Method.FOUR_PL)


def test_a_matrix_mapped_from_disk_gives_the_same(tmp_path: Path) -> None:
    matrix = draw(BINARY, 700)
    path = tmp_path / "scores.bin"
    matrix.responses.tofile(path)
    mapped = np.memmap(path, dtype=np.int8, mode="r", shape=matrix.responses.shape)

    outcome = describe_items(ResponseMatrix(matrix.items, mapped), Method.TWO_PL)

    expected = describe_items(matrix, Method.TWO_PL)
    assert outcome.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-12)
    assert [item.b for item in outcome.items] == pytest.approx([item.b for item in expected.items], abs=1e-6)
    assert outcome.alpha == pytest.approx(expected.alpha, rel=1e-12)


def test_a_score_nobody_got_is_named_unless_the_item_is_fixed() -> None:
    matrix = draw(Items.concatenate([BINARY, SEVERAL]), 600)
    matrix.responses[matrix.responses[:, 7] == 1, 7] = 0

    with pytest.raises(ScoreNobodyGot, match="Item Q8: nobody got score 1"):
        describe_items(matrix, Method.RASCH, highest=2)
    fixed = read_items(b"item,model,a,step1,step2\nQ8,pcm,1,-0.3,1\n")
    assert describe_items(matrix, Method.RASCH, highest=2, estimation=Estimation(fixed=fixed)).converged
