"""Blanks: the rules hold person by person, and contradictions are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from exam_engine.psychometrics.ctt.missing import (
    FirstBlank,
    ResponseState,
    Treatment,
    classify_missing,
    treat_missing,
)

NOT_PRESENTED, ANSWERED, OMITTED, NOT_REACHED = ResponseState
matrices = hnp.arrays(np.int8, st.tuples(st.integers(1, 12), st.integers(1, 7)), elements=st.integers(-1, 1))


def slow(row: np.ndarray, given: np.ndarray, order: np.ndarray, rule: FirstBlank) -> list[int]:
    """One person, item by item in the order in which they stood."""
    states = [int(NOT_PRESENTED)] * row.size
    items = [int(item) for item in np.argsort(order) if given[item]]
    answered = [at for at, item in enumerate(items) if row[item] >= 0]
    for at, item in enumerate(items):
        if row[item] >= 0:
            states[item] = ANSWERED
        elif (answered and at < max(answered)) or (
            answered and at == max(answered) + 1 and rule is FirstBlank.OMITTED
        ):
            states[item] = OMITTED
        else:
            states[item] = NOT_REACHED
    return states


@given(matrices, st.data())
def test_the_rule_holds_for_every_person(matrix: np.ndarray, data: st.DataObject) -> None:
    n_items = matrix.shape[1]
    order = np.array([data.draw(st.permutations(range(n_items))) for _ in matrix])
    presented = data.draw(hnp.arrays(np.bool_, matrix.shape)) | (matrix >= 0)
    rule = data.draw(st.sampled_from(FirstBlank))

    found = classify_missing(matrix, presented=presented, order=order, first_blank=rule)

    expected = [slow(*row, rule) for row in zip(matrix, presented, order, strict=True)]
    assert found.states.tolist() == expected
    assert np.array_equal(found.presented, found.answered + found.omitted + found.not_reached)
    assert found.omitted.sum() == found.omitted_of_person.sum()
    assert found.not_reached.sum() == found.not_reached_of_person.sum()


def test_one_order_for_all_is_an_order_for_each() -> None:
    matrix = [[1, -1, 0], [-1, 1, -1]]

    found = classify_missing(matrix, order=[30, 20, 10])

    assert found.states.tolist() == [[ANSWERED, OMITTED, ANSWERED], [NOT_REACHED, ANSWERED, OMITTED]]


def test_what_was_opened_decides_where_it_is_known() -> None:
    found = classify_missing([[1, -1, -1]], opened=[[True, False, True]])

    assert found.states.tolist() == [[ANSWERED, NOT_REACHED, OMITTED]]


def test_an_unfinished_test_is_speeded_and_empty_papers_are_counted() -> None:
    matrix = np.ones((100, 20), dtype=int)
    assert not classify_missing(matrix).is_speeded

    matrix[:25, 18:] = -1
    late = classify_missing(matrix)
    matrix[99] = -1
    empty = classify_missing(matrix)

    assert late.reached_last_share == 0.75
    assert late.reached_part_share == 1
    assert late.is_speeded
    assert empty.n_blank_persons == 1
    assert empty.not_reached_of_person[99] == 20


def test_blanks_count_as_told() -> None:
    matrix = np.array([[1, -1, 2, -1], [0, 1, -1, -1]])
    states = classify_missing(matrix, presented=[True, True, True, False]).states

    calibration = treat_missing(matrix, states)
    marks = treat_missing(matrix, states, not_reached=Treatment.WRONG)
    lenient = treat_missing(matrix, states, omitted=Treatment.NOT_PRESENTED)

    assert calibration.tolist() == [[1, 0, 2, -1], [0, 1, -1, -1]]
    assert marks.tolist() == [[1, 0, 2, -1], [0, 1, 0, -1]]
    assert lenient.tolist() == [[1, -1, 2, -1], [0, 1, -1, -1]]


def test_contradictions_are_refused() -> None:
    matrix = [[1, -1]]
    with pytest.raises(ValueError, match="not presented"):
        classify_missing(matrix, presented=[False, True])
    with pytest.raises(ValueError, match="did not open"):
        classify_missing(matrix, opened=[[False, True]])
    with pytest.raises(ValueError, match="each item"):
        classify_missing(matrix, presented=[True])
    with pytest.raises(ValueError, match="same place"):
        classify_missing(matrix, order=[1, 1])
    with pytest.raises(ValueError, match="whole number"):
        classify_missing(matrix, order=[1.5, 2.5])
    with pytest.raises(ValueError, match="shape"):
        treat_missing(matrix, [[1]])
    with pytest.raises(ValueError, match="ANSWERED"):
        treat_missing(matrix, [[2, 3]])
