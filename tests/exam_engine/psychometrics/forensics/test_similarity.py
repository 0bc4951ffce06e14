"""ω, GBT and M4 against slow independent forms, planted copiers and honest rooms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from exam_engine.psychometrics.forensics.answers import Room, neighbours
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.forensics.pairs import Scope
from exam_engine.psychometrics.forensics.similarity import gbt, m4, omega
from tests.exam_engine.psychometrics.forensics.rooms import honest_room, with_copier

EVERY = Scope(shown=10_000, correction="none")


def slow_tail(chances: list[float], at_least: int) -> float:
    """Convolve one event after the other."""
    mass = np.array([1.0])
    for p in chances:
        mass = np.convolve(mass, [1 - p, p])
    return float(mass[at_least:].sum())


def test_omega_is_the_standardised_number_of_matches() -> None:
    room, chance = honest_room(12, 30, seed=1, missing=0.1)

    exact, normal = omega(room, chance, scope=EVERY), omega(room, chance, scope=EVERY, exact=False)

    assert exact.n_tests == normal.n_tests == 12 * 11
    for table in (exact, normal):
        for row, (s, c) in enumerate(zip(table.source, table.copier, strict=True)):
            both = [i for i in range(30) if room.answers[s, i] >= 0 and room.answers[c, i] >= 0]
            p = [float(chance[c, i, room.answers[s, i]]) for i in both]
            h = sum(int(room.answers[s, i] == room.answers[c, i]) for i in both)
            value = (h - sum(p)) / np.sqrt(sum(x * (1 - x) for x in p))
            assert table.statistic[row] == pytest.approx(value)
            assert table.expected[row] == pytest.approx(sum(p))
            assert table.n_common[row] == len(both)
            expected = slow_tail(p, h) if table is exact else norm.sf(value)
            assert table.p_value[row] == pytest.approx(expected)
        pairs = {(s, c): p for s, c, p in zip(table.source, table.copier, table.p_value, strict=True)}
        assert table.reverse_p_value == pytest.approx(
            np.array([pairs[c, s] for s, c in zip(table.source, table.copier, strict=True)])
        )


def test_the_generalised_binomial_test_and_m4_by_loops() -> None:
    room, chance = honest_room(10, 14, seed=2, missing=0.05)

    matches, joint = gbt(room, chance, scope=EVERY), m4(room, chance, scope=EVERY)

    assert np.all(matches.is_exact)
    for table in (matches, joint):
        for row, (j, k) in enumerate(zip(table.source, table.copier, strict=True)):
            assert j < k
            both = [i for i in range(14) if room.answers[j, i] >= 0 and room.answers[k, i] >= 0]
            products = [chance[j, i] * chance[k, i] for i in both]
            same = [i for i in both if room.answers[j, i] == room.answers[k, i]]
            right = sum(int(room.answers[j, i] == 1) for i in same)
            assert table.n_identical_correct[row] == right
            assert table.n_identical_incorrect[row] == len(same) - right
            assert table.expected[row] == pytest.approx(sum(float(p.sum()) for p in products))
            if table is matches:
                assert table.statistic[row] == len(same)
                expected = slow_tail([float(p.sum()) for p in products], len(same))
            else:
                mass = np.zeros((15, 15))
                mass[0, 0] = 1.0
                for p in products:
                    one, two = float(p[1]), float(p.sum() - p[1])
                    moved = mass * (1 - one - two)
                    moved[1:] += mass[:-1] * one
                    moved[:, 1:] += mass[:, :-1] * two
                    mass = moved
                tails = np.array([[mass[a:, b:].sum() for b in range(15)] for a in range(15)])
                observed = tails[right, len(same) - right]
                assert table.statistic[row] == pytest.approx(observed)
                expected = float(mass[tails <= observed * (1 + 1e-9)].sum())
            assert table.p_value[row] == pytest.approx(expected)


@pytest.mark.parametrize("index", [omega, gbt, m4])
def test_many_options_give_the_same_as_few(index: object) -> None:
    room, chance = honest_room(300, 40, seed=10)
    wide = Room.of(room.answers, room.key, n_options=31)
    padded = np.pad(chance, ((0, 0), (0, 0), (0, 27)))

    few, many = index(room, chance), index(wide, padded)  # type: ignore[operator]

    assert np.array_equal(few.source, many.source)
    assert many.p_value == pytest.approx(few.p_value)


def test_approximations_stand_only_where_nothing_is_suspicious() -> None:
    room, chance = honest_room(300, 60, seed=3)

    for index, bound in ((omega, 0.01), (gbt, 0.01), (m4, 0.001)):
        table = index(room, chance, scope=Scope(shown=10_000))

        assert np.all(table.p_value[~table.is_exact] > bound * 0.9)
        assert np.all(table.is_exact[:50])
        exact = {
            (s, c): p
            for s, c, p in zip(*(x[-60:] for x in (table.source, table.copier, table.p_value)), strict=True)
        }
        again = index(room, chance, scope=Scope(pairs=np.array(list(exact)), shown=200))
        pairs = zip(again.source, again.copier, again.p_value, strict=True)
        check = {(s, c): p for s, c, p in pairs if (s, c) in exact}
        ratio = np.array([exact[pair] / p for pair, p in check.items()])
        assert again.is_exact.all()
        # The normal tail is off by up to a third around 0.01; M4's product takes negative dependence for none.
        assert np.all((ratio > 0.6) & (ratio < 2.5)), index


@pytest.mark.parametrize("index", [omega, gbt, m4])
def test_a_copier_is_found_and_honest_persons_are_left_alone(index: object) -> None:
    room, chance = honest_room(120, 60, seed=4)
    ability = np.argsort(room.n_wrong)
    source, copier = sorted((int(ability[60]), int(ability[61])))
    room = with_copier(room, source=source, copier=copier, n_copied=45)

    table = index(room, chance)  # type: ignore[operator]

    flagged = {frozenset((int(s), int(c))) for s, c in zip(table.source, table.copier, strict=True)}
    assert frozenset((source, copier)) in flagged
    assert {
        frozenset((int(s), int(c)))
        for s, c, f in zip(table.source, table.copier, table.is_flagged, strict=True)
        if f
    } == {frozenset((source, copier))}
    assert table.cautions == ()


@pytest.mark.parametrize("index", [omega, gbt, m4])
def test_honest_rooms_are_flagged_no_more_often_than_the_level(index: object) -> None:
    rates = []
    for seed in range(6):
        room, chance = honest_room(100, 40, seed=100 + seed)
        table = index(room, chance, scope=Scope(level=0.01, correction="none", shown=0))  # type: ignore[operator]
        rates.append(table.n_flagged / table.n_tests)

    # Exact tails of counts are cautious: between a third of the level and the level, Monte Carlo error 0.0007.
    assert 0.003 < np.mean(rates) < 0.0115


def test_half_the_chance_of_the_observed_count_brings_the_rate_to_the_level() -> None:
    """With the true chances of the options; Monte Carlo errors from the spread between rooms."""
    bounds = {omega: 0.05, gbt: 0.05, m4: 0.05}
    for index, level in bounds.items():
        rates = []
        for seed in range(8):
            room, chance = honest_room(60, 40, seed=300 + seed)
            table = index(room, chance, scope=Scope(correction="none", mid_p=True, shown=0))
            rates.append(table.n_flagged / table.n_tests)
        error = np.std(rates, ddof=1) / np.sqrt(8)
        assert abs(np.mean(rates) - level) < 0.005 + 3 * error, (index, np.mean(rates), error)


@pytest.mark.parametrize("index", [gbt, m4])
def test_the_observed_count_by_itself_is_the_difference(index: object) -> None:
    room, chance = honest_room(8, 20, seed=9)

    whole, half = (
        index(room, chance, scope=Scope(shown=100, mid_p=mid, correction="none"))  # type: ignore[operator]
        for mid in (False, True)
    )

    by_pair = {(s, c): p for s, c, p in zip(half.source, half.copier, half.p_value, strict=True)}
    gap = np.array(
        [p - by_pair[s, c] for s, c, p in zip(whole.source, whole.copier, whole.p_value, strict=True)]
    )
    assert np.all(gap > 0)
    if index is gbt:
        for at, (j, k) in enumerate(zip(whole.source, whole.copier, strict=True)):
            chances = [float(chance[j, i] @ chance[k, i]) for i in range(20)]
            count = int(whole.statistic[at])
            exactly = slow_tail(chances, count) - slow_tail(chances, count + 1)
            assert gap[at] == pytest.approx(exactly / 2)


def test_neighbours_only_are_tested_when_seats_are_given() -> None:
    room, chance = honest_room(60, 40, seed=5)
    pairs = neighbours(np.zeros(60), np.arange(60) // 10, np.arange(60) % 10)

    near, everybody = gbt(room, chance, scope=Scope(pairs=pairs)), gbt(room, chance)

    assert near.n_tests == len(pairs)
    assert everybody.n_tests == 60 * 59 // 2
    assert omega(room, chance, scope=Scope(pairs=pairs[:, ::-1])).n_tests == 2 * len(pairs)
    listed = {tuple(pair) for pair in pairs.tolist()}
    assert set(zip(near.source.tolist(), near.copier.tolist(), strict=True)) <= listed


def test_pairs_with_few_items_in_common_are_counted_as_not_tested() -> None:
    room, chance = honest_room(6, 40, seed=6)
    answers = room.answers.copy()
    answers[0, :35] = -1

    table = gbt(Room.of(answers, room.key, n_options=4), chance)

    assert (table.n_tests, table.n_untested) == (10, 5)
    assert Caution.NOT_COMPUTED in table.cautions


def test_short_papers_carry_a_caution_and_tiny_ones_are_refused() -> None:
    room, chance = honest_room(6, 20, seed=7)
    assert omega(room, chance).cautions == (Caution.FEW_ITEMS,)

    short, few = honest_room(6, 9, seed=7)
    with pytest.raises(ValueError, match="no pair could be tested"):
        omega(short, few)


def test_certain_answers_are_no_evidence() -> None:
    room = Room.of(np.zeros((3, 12), int), np.zeros(12, int))
    certain = np.zeros((3, 12, 2))
    certain[:, :, 0] = 1.0

    assert gbt(room, certain).p_value.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="no pair could be tested"):
        omega(room, certain)


@pytest.mark.parametrize(
    "scope",
    [{"pairs": [[0, 0]]}, {"pairs": [[0, 99]]}, {"pairs": [[0.0, 1.0]]}, {"pairs": np.empty((0, 2), int)}],
)
def test_pairs_that_are_none_are_refused(scope: dict[str, object]) -> None:
    room, chance = honest_room(5, 20, seed=8)

    with pytest.raises(ValueError, match="pairs must"):
        gbt(room, chance, scope=Scope(**scope))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="level"):
        Scope(level=1.0)
    with pytest.raises(ValueError, match="shown"):
        Scope(shown=-1)
