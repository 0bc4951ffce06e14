"""The generalised binomial and trinomial against enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from exam_engine.psychometrics.forensics.binomial import binomial_tail, trinomial_tail

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(CHANCES)
def test_the_tail_is_the_sum_over_all_outcomes(chances: list[float]) -> None:
    size = len(chances)
    expected = np.zeros(size + 2)
    for outcome in product((0, 1), repeat=size):
        weight = np.prod([p if happens else 1 - p for p, happens in zip(chances, outcome, strict=True)])
        expected[: sum(outcome) + 1] += weight

    tail = binomial_tail(np.tile(np.array(chances)[:, None], size + 2), np.arange(size + 2))

    assert tail == pytest.approx(expected, abs=1e-12)


def test_equal_chances_give_the_binomial_with_full_precision_far_out() -> None:
    tail = binomial_tail(np.full((100, 1), 0.1), [70])

    assert tail[0] == pytest.approx(binom.sf(69, 100, 0.1), rel=1e-10)
    assert tail[0] < 1e-40


def test_the_mid_p_value_counts_the_observed_number_half() -> None:
    counts = np.arange(12)

    mid = binomial_tail(np.full((10, 12), 0.3), counts, mid=True)

    expected = binom.sf(counts, 10, 0.3) + 0.5 * binom.pmf(counts, 10, 0.3)
    assert mid == pytest.approx(expected, abs=1e-14)
    tail, joint = trinomial_tail([[0.25], [0.25]], [[0.25], [0.25]], [1], [1], mid=True)
    assert tail[0] == 0.125
    # The tail of (1, 1) itself has chance 0.125; (2, 0) and (0, 2), 0.0625 each, lie beyond it.
    assert joint[0] == pytest.approx(0.25 - 0.5 * 0.125)


def test_blocks_do_not_change_the_result() -> None:
    rng = np.random.default_rng(5)
    chances, counts = rng.random((50, 5_000)), rng.integers(0, 50, 5_000)

    whole = binomial_tail(chances, counts)

    assert whole[4_321] == binomial_tail(chances[:, 4_321:4_322], counts[4_321:4_322])[0]


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=5), st.data())
def test_the_joint_tail_is_the_sum_over_all_outcomes(
    chances: list[tuple[float, float]], data: st.DataObject
) -> None:
    size = len(chances)
    x = data.draw(st.integers(0, size))
    y = data.draw(st.integers(0, size - x))
    mass: dict[tuple[int, int], float] = {}
    for outcome in product((0, 1, 2), repeat=size):
        weight = float(
            np.prod([(1 - p - q, p, q)[kind] for (p, q), kind in zip(chances, outcome, strict=True)])
        )
        at = (outcome.count(1), outcome.count(2))
        mass[at] = mass.get(at, 0.0) + weight

    def beyond(x: int, y: int) -> float:
        return sum(weight for (a, b), weight in mass.items() if a >= x and b >= y)

    p, q = (np.array(part)[:, None] for part in zip(*chances, strict=True))
    tail, p_value = trinomial_tail(p, q, [x], [y])

    assert tail[0] == pytest.approx(beyond(x, y), abs=1e-12)
    low, high = (
        sum(weight for at, weight in mass.items() if beyond(*at) <= beyond(x, y) * factor + margin)
        for factor, margin in ((1 - 1e-6, -1e-12), (1 + 1e-6, 1e-12))
    )
    assert low - 1e-9 <= p_value[0] <= high + 1e-9
    assert tail[0] <= p_value[0] + 1e-12


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        binomial_tail([[1.5]], [1])
    with pytest.raises(ValueError, match="one number a case"):
        binomial_tail([[0.5]], [1, 2])
    with pytest.raises(ValueError, match="together at most 1"):
        trinomial_tail([[0.7]], [[0.7]], [1], [0])
