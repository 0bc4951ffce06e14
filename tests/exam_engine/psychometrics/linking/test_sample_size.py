"""Which method a sample carries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.linking.equating import EquatingMethod
from exam_engine.psychometrics.linking.sample_size import Design, Hint, is_enough, recommend


@pytest.mark.parametrize(
    ("n", "method"),
    [
        (0, EquatingMethod.IDENTITY),
        (24, EquatingMethod.IDENTITY),
        (25, EquatingMethod.CIRCLE_ARC),
        (99, EquatingMethod.CIRCLE_ARC),
        (100, EquatingMethod.LINEAR),
        (749, EquatingMethod.LINEAR),
        (750, EquatingMethod.SMOOTHED_EQUIPERCENTILE),
        (50_000, EquatingMethod.SMOOTHED_EQUIPERCENTILE),
    ],
)
def test_the_smaller_sample_decides(n: int, method: EquatingMethod) -> None:
    assert recommend(n, 60_000).method is method
    assert recommend(60_000, n).method is method


def test_groups_that_differ_are_not_given_to_tucker() -> None:
    alike = recommend(500, 500, design=Design.COMMON_ITEMS, anchor_difference=-0.05)
    apart = recommend(500, 500, design=Design.COMMON_ITEMS, anchor_difference=-0.4)

    assert alike.method is EquatingMethod.TUCKER
    assert apart.method is EquatingMethod.LEVINE_OBSERVED
    assert apart.hints == (Hint.GROUPS_DIFFER,)


def test_hints_say_what_comes_with_a_small_sample() -> None:
    assert recommend(10, 10).hints == (Hint.TOO_FEW_TO_EQUATE,)
    assert recommend(60, 60, design=Design.COMMON_ITEMS).hints == (
        Hint.ERRORS_WILL_BE_LARGE,
        Hint.RASCH_MAY_SERVE,
    )
    assert recommend(500, 500).hints == ()


@given(st.integers(0, 5000), st.sampled_from(Design))
def test_the_recommended_method_is_one_of_those_offered(n: int, design: Design) -> None:
    found = recommend(n, n, design=design, anchor_difference=0.0)

    assert found.method in found.offered
    assert all(is_enough(method, n, n) for method in found.offered)


def test_negative_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="not be negative"):
        recommend(-1, 10)
