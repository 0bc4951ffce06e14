"""K, K1, K2 and S1 against slow independent forms, a planted copier and honest rooms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom, poisson

from exam_engine.psychometrics.forensics.answers import Room
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.k_index import k_index
from exam_engine.psychometrics.forensics.pairs import Index, Scope
from tests.exam_engine.psychometrics.forensics.rooms import honest_room, with_copier

EVERY = Scope(shown=100_000, correction="none")


def slow_expected(room: Room, source: int, copier: int, variant: str) -> float:
    """Return the identical wrong answers expected by loops over the persons other than the source."""
    wrong = room.n_wrong
    others = [person for person in range(room.n_persons) if person != source]
    same = [
        sum(int(x == y and x != 1) for x, y in zip(room.answers[source], room.answers[person], strict=True))
        for person in others
    ]
    share = wrong[others] / room.n_items
    here = wrong[copier] / room.n_items
    if variant == "k":
        return float(
            np.mean([m for m, person in zip(same, others, strict=True) if wrong[person] == wrong[copier]])
        )
    if variant == "s1":

        def loss(b: np.ndarray) -> float:
            line = b[0] + b[1] * (share - share.mean())
            return float(np.sum(np.exp(line) - np.array(same) * line))

        b = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-8}).x
        return float(np.exp(b[0] + b[1] * (here - share.mean())))
    line = np.polyval(np.polyfit(share, same, 1 if variant == "k1" else 2), here)
    by_chance = wrong[source] * here / (room.n_options - 1)
    return float(np.clip(line, by_chance, min(wrong[source], wrong[copier])))


@pytest.mark.parametrize("variant", ["k", "k1", "k2", "s1"])
def test_the_family_by_loops(variant: str) -> None:
    room, _ = honest_room(60, 25, seed=11)

    table = k_index(room, variant=variant, scope=EVERY)

    wrong = room.n_wrong
    for row in np.random.default_rng(1).choice(len(table.source), 40, replace=False):
        s, c, m = table.source[row], table.copier[row], table.n_identical_incorrect[row]
        expected = slow_expected(room, s, c, variant)
        assert table.statistic[row] == m
        assert table.expected[row] == pytest.approx(expected, rel=1e-5)
        tail = (
            poisson.sf(m - 1, expected) if variant == "s1" else binom.sf(m - 1, wrong[s], expected / wrong[s])
        )
        assert table.p_value[row] == pytest.approx(tail, rel=1e-4)


@pytest.mark.parametrize("variant", ["k1", "k2", "s1"])
def test_a_copier_of_wrong_answers_is_found(variant: str) -> None:
    room, _ = honest_room(150, 60, seed=12)
    order = np.argsort(room.n_wrong)
    source, copier = int(order[20]), int(order[100])
    room = with_copier(room, source=source, copier=copier, n_copied=60)

    table = k_index(room, variant=variant)

    assert {int(table.source[0]), int(table.copier[0])} == {source, copier}
    assert table.n_flagged == 2


@pytest.mark.parametrize("variant", list(Index)[3:])
def test_honest_rooms_are_flagged_no_more_often_than_the_level(variant: Index) -> None:
    rates = []
    for seed in range(4):
        room, _ = honest_room(150, 50, seed=200 + seed)
        table = k_index(room, variant=variant, scope=Scope(level=0.01, correction="none", shown=0))
        rates.append(table.n_flagged / table.n_tests)

    assert 0.0001 < np.mean(rates) < 0.01


def test_thin_groups_are_not_tested_and_small_rooms_carry_a_caution() -> None:
    room, _ = honest_room(60, 40, seed=13)

    table = k_index(room, variant="k", scope=EVERY)

    assert set(table.cautions) == {Caution.FEW_PERSONS, Caution.THIN_GROUPS, Caution.NOT_COMPUTED}
    assert table.n_untested > 0
    counts = np.bincount(room.n_wrong)
    assert np.all(counts[room.n_wrong[table.copier]] >= 5)


def test_the_model_based_indices_are_not_of_the_family() -> None:
    room, _ = honest_room(40, 40, seed=14)

    with pytest.raises(ValueError, match="one of k, k1, k2, s1"):
        k_index(room, variant="omega")


def test_equal_numbers_of_wrong_answers_carry_no_regression() -> None:
    answers = np.ones((6, 12), int)
    answers[np.arange(6), np.arange(6)] = 0

    with pytest.raises(ValueError, match="different numbers of wrong answers"):
        k_index(Room.of(answers, np.ones(12, int)), variant="k1")
