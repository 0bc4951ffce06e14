"""Counting by matching score, against loops over persons."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exam_engine.psychometrics.dif.counting import count
from exam_engine.psychometrics.dif.design import Design, Frame
from exam_engine.psychometrics.dif.mantel_haenszel import mantel_haenszel
from tests.exam_engine.psychometrics.dif.simulated import answers


def naive(frame: Frame, anchor: NDArray[np.bool_], rest: bool) -> list[Counter[tuple[int, int, int]]]:
    """Count (matching score, group, item score) of each item, person by person; everybody saw everything."""
    tables = []
    for item in range(frame.matrix.shape[1]):
        table: Counter[tuple[int, int, int]] = Counter()
        for person, row in enumerate(frame.matrix):
            score = int(row[anchor].sum())
            score += int(row[item]) * (int(not anchor[item]) if not rest else -int(anchor[item]))
            table[score, int(frame.group[person]), int(row[item])] += 1
        tables.append(table)
    return tables


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    rest=st.booleans(),
    highest=st.integers(1, 3),
    anchors=st.lists(st.booleans(), min_size=5, max_size=5).filter(any),
)
def test_counts_are_those_of_a_loop(seed: int, rest: bool, highest: int, anchors: list[bool]) -> None:
    responses, group = answers(seed=seed, persons=60, items=5, highest=highest)
    anchor = np.array(anchors)
    frame = Frame.of(responses, group, Design(matching="rest" if rest else "total"))

    tables = count(frame, anchor)

    for item, expected in enumerate(naive(frame, anchor, rest)):
        found = {
            (int(tables.criterion[k]), g, x): int(tables.counts[item, k, g, x])
            for k, g, x in np.argwhere(tables.counts[item] > 0)
        }
        assert found == dict(expected)


def test_persons_who_saw_other_items_are_other_strata() -> None:
    responses, group = answers(seed=1, persons=400, items=8)
    responses[::2, 0] = -1
    frame = Frame.of(responses, group, Design())

    tables = count(frame, np.ones(8, dtype=bool))

    assert tables.seen[0].tolist() == [100, 100]
    assert tables.seen[1].tolist() == [200, 200]
    assert len(tables.criterion) > len(np.unique(tables.criterion))


def test_bands_keep_all_persons_and_are_of_like_size() -> None:
    responses, group = answers(seed=2, persons=1000, items=40)
    frame = Frame.of(responses, group, Design())

    tables = count(frame, np.ones(40, dtype=bool), bands=5)

    assert len(tables.criterion) == 5
    assert tables.size[0].sum() == 1000
    assert tables.size[0].sum(axis=1).min() > 120


def test_a_person_without_group_or_matching_value_is_left_out() -> None:
    responses, _ = answers(seed=3, persons=200)
    groups = np.array(["f", "m", None, "f"] * 50, dtype=object)
    value = np.arange(200.0)
    value[0] = np.nan

    frame = Frame.of(responses, groups, Design(reference="m", matching=value))

    assert frame.labels == ("m", "f")
    assert frame.persons.tolist() == [50, 99]


def test_numbers_beside_nan_keep_their_names() -> None:
    responses, _ = answers(seed=3, persons=200)

    frame = Frame.of(responses, np.tile([1.0, 2.0, np.nan, 2.0], 50), Design())

    assert frame.labels == ("1", "2")


@pytest.mark.parametrize(
    ("groups", "design", "message"),
    [
        (np.zeros(200, int), Design(), "name the focal group"),
        (np.arange(200) % 3, Design(), "name the focal group"),
        (np.arange(200) % 2, Design(focal="x"), "must differ and be among"),
        (np.arange(200) % 2, Design(focal=0, reference=0), "must differ and be among"),
        (np.r_[np.zeros(190, int), np.ones(10, int)], Design(), "1 has 10"),
        (np.arange(100) % 2, Design(), "one label a person"),
        (np.linspace(0, 1, 200), Design(), "text or whole numbers"),
        (np.arange(200) % 2, Design(matching=[1.0]), "one finite value a person"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(
    groups: NDArray[np.int64], design: Design, message: str
) -> None:
    responses, _ = answers(seed=3, persons=200)

    with pytest.raises(ValueError, match=message):
        Frame.of(responses, groups, design)


@pytest.mark.parametrize(
    "settings",
    [
        {"matching": "given"},
        {"matching": [1.0], "purify": True},
        {"bands": 1},
        {"level": 0.0},
        {"max_rounds": 0},
    ],
)
def test_designs_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Design(**settings)  # type: ignore[arg-type]


def test_answers_missing_at_random_are_refused() -> None:
    responses, group = answers(seed=4, persons=400, items=20)
    responses[np.random.default_rng(1).random(responses.shape) < 0.3] = -1
    frame = Frame.of(responses, group, Design())

    with pytest.raises(ValueError, match="different sets of items"):
        count(frame, np.ones(20, dtype=bool))


def test_values_from_outside_are_banded_by_persons() -> None:
    responses, group = answers(seed=5, persons=1200)
    value = np.random.default_rng(1).normal(size=1200)

    tables = count(Frame.of(responses, group, Design(matching=value)), np.zeros(15, dtype=bool), bands=6)

    np.testing.assert_array_equal(tables.size[0].sum(axis=1), 200)
    np.testing.assert_allclose(tables.criterion, np.sort(value).reshape(6, 200).mean(axis=1))
    with pytest.raises(ValueError, match="number of bands"):
        mantel_haenszel(responses, group, design=Design(matching=value))
