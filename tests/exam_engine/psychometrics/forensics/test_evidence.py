"""The answers behind a flagged pair, and rings of copiers."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.evidence import pair_evidence, rings
from exam_engine.psychometrics.forensics.pairs import Scope
from exam_engine.psychometrics.forensics.similarity import gbt, omega
from tests.exam_engine.psychometrics.forensics.rooms import honest_room


def longest(marks: list[bool]) -> int:
    return max((len(list(run)) for value, run in groupby(marks) if value), default=0)


@given(st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=15))
def test_runs_and_agreements_by_loops(pairs: list[tuple[int, int]]) -> None:
    room = Room.of(np.array(pairs).T, key=[1] * len(pairs), n_options=3)

    evidence = pair_evidence(room, np.full((2, len(pairs), 3), 1 / 3), 0, 1)

    both = [(x, y) for x, y in pairs if x >= 0 and y >= 0]
    assert evidence.is_common.sum() == len(both)
    assert evidence.is_identical.sum() == sum(x == y for x, y in both)
    assert evidence.is_identical_wrong.sum() == sum(x == y != 1 for x, y in both)
    assert evidence.longest_run == longest([x == y for x, y in both])
    assert evidence.longest_run_wrong == longest([x == y for x, y in both if x != 1 or y != 1])
    assert np.array_equal(np.isnan(evidence.chance), ~evidence.is_common)
    assert np.all((evidence.surprise > 0) == evidence.is_identical)


def test_chances_are_those_of_the_generalised_binomial_test() -> None:
    room, chance = honest_room(6, 20, seed=1)

    evidence = pair_evidence(room, chance, 2, 4)

    table = gbt(room, chance, scope=Scope(pairs=[[2, 4]]))
    assert evidence.chance.sum() == pytest.approx(table.expected[0])
    assert evidence.is_identical.sum() == table.statistic[0]
    assert evidence.is_identical_wrong.sum() == table.n_identical_incorrect[0]


@pytest.mark.parametrize("index", [gbt, omega])
def test_rings_are_what_flagged_pairs_tie_together(index: object) -> None:
    rng = np.random.default_rng(2)
    answers = rng.integers(0, 4, (40, 60))
    answers[[4, 9, 30], :50] = answers[17, :50]
    answers[22, 5:55] = answers[1, 5:55]
    room = Room.of(answers, np.zeros(60, int))

    found = rings(index(room, np.full((40, 60, 4), 0.25)))  # type: ignore[operator]

    assert [ring.tolist() for ring in found] == [[4, 9, 17, 30], [1, 22]]


def test_an_honest_room_has_no_rings() -> None:
    room, chance = honest_room(30, 40, seed=3)

    assert rings(gbt(room, chance)) == ()


def test_positions_outside_the_room_are_refused() -> None:
    room, chance = honest_room(3, 20, seed=4)

    for first, second in ((0, 0), (0, 3), (-1, 1)):
        with pytest.raises(ValueError, match="two different positions from 0 to 2"):
            pair_evidence(room, chance, first, second)
