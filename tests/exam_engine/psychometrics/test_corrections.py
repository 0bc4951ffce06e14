"""Adjusting p-values for the number of tests: orders, parts, what is missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.corrections import adjusted_p_values

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(P_VALUES)
def test_the_step_up_procedure_is_the_one_of_the_paper(values: list[float]) -> None:
    ordered, size = sorted(values), len(values)
    largest = 0.0
    for rank, p in enumerate(ordered, start=1):
        if p <= rank / size * 0.05:
            largest = p

    flagged = adjusted_p_values(values, correction="benjamini_hochberg") <= 0.05 * (1 + 1e-12)

    assert flagged.sum() == sum(p <= largest for p in values if largest > 0 or p == 0)


@given(P_VALUES)
def test_corrections_only_raise_and_keep_the_order(values: list[float]) -> None:
    for correction in ("bonferroni", "holm", "benjamini_hochberg"):
        adjusted = adjusted_p_values(values, correction=correction)

        assert np.all((adjusted >= np.array(values) * (1 - 1e-12)) & (adjusted <= 1))
        assert np.all(np.diff(adjusted[np.argsort(values)]) >= 0)


@given(P_VALUES)
def test_holm_flags_at_least_as_much_as_bonferroni_and_no_more_than_the_rate(values: list[float]) -> None:
    bonferroni, holm, rate = (
        adjusted_p_values(values, correction=how) for how in ("bonferroni", "holm", "benjamini_hochberg")
    )

    assert np.all((rate <= holm + 1e-12) & (holm <= bonferroni + 1e-12))


def test_the_smallest_values_are_enough_when_the_number_of_tests_is_given() -> None:
    values = np.array([0.0001, 0.001, 0.002, 0.4, 0.6, 0.9])

    for correction in ("none", "bonferroni", "holm", "benjamini_hochberg"):
        whole = adjusted_p_values(values, correction=correction)
        part = adjusted_p_values(values[:3], correction=correction, n_tests=6)

        assert part == pytest.approx(whole[:3])


def test_a_test_that_was_not_made_stays_missing_and_does_not_count() -> None:
    adjusted = adjusted_p_values([0.01, np.nan])

    assert adjusted[0] == 0.01
    assert np.isnan(adjusted[1])


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        adjusted_p_values([1.2])
    with pytest.raises(ValueError, match="at least 2"):
        adjusted_p_values([0.1, 0.2], n_tests=1)
