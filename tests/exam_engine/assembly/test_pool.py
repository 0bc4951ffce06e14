"""What a pool refuses, and the information of its items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.assembly import Pool
from exam_engine.assembly.raw import curves, information
from exam_engine.psychometrics.irt.items import Items


def test_a_duplicate_id_is_named() -> None:
    with pytest.raises(ValueError, match="duplicate id 'x'"):
        Pool(ids=["x", "y", "x"])


@pytest.mark.parametrize(
    ("a", "message"),
    [
        ([1.0, -0.5], "'a' of item 'j' is -0.5: a discrimination must be positive"),
        ([1.0, float("nan")], "'a' of item 'j' is nan: it must be finite"),
    ],
)
def test_a_wrong_discrimination_is_named(a: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pool(ids=["i", "j"], a=a, b=[0.0, 0.0])


def test_a_wrong_asymptote_is_named() -> None:
    with pytest.raises(ValueError, match=r"'c' of item 'i' is 1.0: a lower asymptote lies in \[0, 1\)"):
        Pool(ids=["i"], a=[1.0], b=[0.0], c=[1.0])


def test_an_attribute_of_wrong_length_is_named() -> None:
    with pytest.raises(ValueError, match=r"'marks' has shape \(1,\), the pool has 2 items"):
        Pool(ids=["i", "j"], numeric={"marks": [1.0]})


def test_an_unknown_attribute_is_named_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"unknown numeric attribute 'mark'; the pool has \['marks'\]"):
        Pool(ids=["i"], numeric={"marks": [1.0]}).numbers("mark")


def test_information_needs_parameters() -> None:
    with pytest.raises(ValueError, match="calibrated bank"):
        Pool(ids=["i"]).information([0.0])


@given(
    a=st.floats(0.1, 4), b=st.floats(-4, 4), c=st.floats(0, 0.5), theta=st.floats(-5, 5), step=st.just(1e-5)
)
def test_information_is_the_squared_slope_over_the_variance(
    a: float, b: float, c: float, theta: float, step: float
) -> None:
    def probability(t: float) -> float:
        return c + (1 - c) / (1 + np.exp(-a * (t - b)))

    slope = (probability(theta + step) - probability(theta - step)) / (2 * step)
    p = probability(theta)

    found = Pool(ids=["i"], a=[a], b=[b], c=[c]).information([theta])[0, 0]

    assert found == pytest.approx(slope**2 / (p * (1 - p)), rel=1e-4, abs=1e-6)


MIXED = Items.concatenate(
    [
        Items.dichotomous([1.3, 0.7], [0.2, -1.0], c=[0.2, 0.0]),
        Items.partial_credit([0.9], [[-0.5, 0.8, 0.1]]),
        Items.graded([1.6], [[-1.0, 0.0, 1.5]]),
    ]
)


@pytest.mark.parametrize("theta", [-3.0, -0.4, 0.0, 2.5])
def test_items_of_all_models_have_the_curves_that_the_exact_check_finds(theta: float) -> None:
    pool = Pool(ids=["i", "j", "k", "m"], items=MIXED)

    found = [information(pool, k, theta) for k in range(4)]
    scores = [sum(h * p for h, (p, _) in enumerate(curves(pool, k, theta))) for k in range(4)]

    assert found == pytest.approx(pool.information([theta])[0].tolist(), rel=1e-9)
    assert scores == pytest.approx(pool.expected_score([theta])[0].tolist(), rel=1e-9)
    assert pool.highest.tolist() == [1, 1, 3, 3]


def test_dichotomous_items_are_the_same_by_name_and_by_parameters() -> None:
    by_name = Pool(ids=["i", "j"], a=[1.3, 0.7], b=[0.2, -1.0], c=[0.2, 0.0])
    by_items = Pool(ids=["i", "j"], items=MIXED.take([0, 1]))

    theta = [-2.0, 0.0, 3.0]
    assert by_items.information(theta) == pytest.approx(by_name.information(theta), rel=1e-12)
    assert by_items.expected_score(theta) == pytest.approx(by_name.expected_score(theta), rel=1e-12)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"items": MIXED, "a": [1.0] * 4, "b": [0.0] * 4}, "give items, or a, b and c"),
        ({"items": MIXED.take([0])}, "parameters of 1 items, the pool has 4 items"),
        ({"items": MIXED, "scaling": [1.7, 1.7, 0.0, 1.7]}, "constant D of item 'k' is 0.0"),
    ],
)
def test_parameters_that_do_not_fit_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Pool(ids=["i", "j", "k", "m"], **values)
