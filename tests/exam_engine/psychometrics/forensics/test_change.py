"""Changed answers: counts, the erasure index of persons and of groups."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from exam_engine.psychometrics.forensics.change import count_changes, erasure_index, group_erasure_index
from exam_engine.psychometrics.forensics.flags import Caution
from exam_engine.psychometrics.irt.items import Items

N_ITEMS = 40


def simulate(
    n_persons: int, *, seed: int, share: float = 0.08
) -> tuple[Items, NDArray[np.int_], NDArray[np.bool_]]:
    """Return items, honest final scores and changes made at random."""
    rng = np.random.default_rng(seed)
    items = Items.dichotomous(rng.lognormal(0.1, 0.3, N_ITEMS), rng.normal(0, 1, N_ITEMS))
    right = items.probability(rng.normal(0, 1, n_persons))[:, :, 1]
    return items, (rng.random(right.shape) < right).astype(int), rng.random(right.shape) < share


def test_changes_are_counted_by_kind() -> None:
    rng = np.random.default_rng(1)
    first, last = rng.integers(-1, 4, (30, 12)), rng.integers(-1, 4, (30, 12))
    key = rng.integers(0, 4, 12)

    counts = count_changes(first, last, key)

    for person in range(30):
        both = [
            (f, x, k) for f, x, k in zip(first[person], last[person], key, strict=True) if f >= 0 and x >= 0
        ]
        moved = [(f, x, k) for f, x, k in both if f != x]
        assert counts.n_items[person] == len(both)
        assert counts.n_changed[person] == len(moved)
        assert counts.wrong_to_right[person] == sum(x == k for f, x, k in moved)
        assert counts.right_to_wrong[person] == sum(f == k for f, x, k in moved)
        assert counts.wrong_to_wrong[person] == sum(k not in (f, x) for f, x, k in moved)
    assert count_changes(first[:1], last[:1], key).n_changed == counts.n_changed[:1]
    with pytest.raises(ValueError, match="same shape"):
        count_changes(first, last[:20], key)
    with pytest.raises(ValueError, match="12 option positions"):
        count_changes(first, last, key[:5])


def test_the_published_index_by_loops() -> None:
    items, scores, changed = simulate(12, seed=2)
    scores[0, :6] = -1

    result = erasure_index(items, scores, changed, ability_error=False)

    for person in np.flatnonzero(result.is_tested):
        kept = np.flatnonzero((scores[person] >= 0) & ~changed[person])
        moved = np.flatnonzero((scores[person] >= 0) & changed[person])

        def loss(theta: float) -> float:
            chance = items.probability(theta)[0, kept, scores[person, kept]]  # noqa: B023
            information = items.information(theta)[0, kept].sum()  # noqa: B023
            return -float(np.log(chance).sum() + 0.5 * np.log(information))

        theta = minimize_scalar(loss, bounds=(-6, 6), method="bounded", options={"xatol": 1e-9}).x
        right = items.probability(theta)[0, moved, 1]
        x = scores[person, moved].sum()
        index = (x - right.sum() - 0.5) / np.sqrt(np.sum(right * (1 - right)))
        mass = np.array([1.0])
        for chance in right:
            mass = np.convolve(mass, [1 - chance, chance])
        assert result.score[person] == x
        # Abilities by a parabola on a grid 0.05 apart.
        assert result.index[person] == pytest.approx(index, abs=0.01)
        assert result.index_p_value[person] == pytest.approx(norm.sf(index), abs=0.005)
        assert result.p_value[person] == pytest.approx(mass[x:].sum(), abs=0.005)


def test_the_error_of_ability_makes_the_index_more_cautious() -> None:
    items, scores, changed = simulate(200, seed=3)

    plain = erasure_index(items, scores, changed, ability_error=False)
    careful = erasure_index(items, scores, changed)

    tested = plain.is_tested
    assert np.all(careful.variance[tested] > plain.variance[tested])
    assert careful.expected == pytest.approx(plain.expected, nan_ok=True)


def test_honest_persons_and_groups_are_flagged_no_more_often_than_the_level() -> None:
    items, scores, changed = simulate(6_000, seed=4)

    persons = erasure_index(items, scores, changed, correction="none")
    groups = group_erasure_index(persons, np.arange(6_000) // 20, correction="none")

    # Three changes a person: an exact tail of so small a count stays far below the level. Groups of 20 come near.
    assert 0.002 < np.mean(persons.p_value[persons.is_tested] <= 0.05) < 0.05
    assert np.mean(groups.p_value <= 0.05) == pytest.approx(0.045, abs=0.025)
    assert np.std(groups.index) == pytest.approx(1.0, abs=0.1)


def test_a_room_whose_answers_were_corrected_is_found() -> None:
    items, scores, changed = simulate(400, seed=15)
    rng = np.random.default_rng(6)
    for person in range(20):
        wrong = np.flatnonzero(scores[person] == 0)
        corrected = rng.choice(wrong, min(4, wrong.size), replace=False)
        scores[person, corrected], changed[person, corrected] = 1, True

    result = group_erasure_index(erasure_index(items, scores, changed), np.arange(400) // 20)

    assert np.flatnonzero(result.is_flagged).tolist() == [0]
    assert result.n_persons.sum() <= 400
    assert result.cautions == ()


def test_persons_without_changes_or_with_few_other_answers_are_not_tested() -> None:
    items, scores, changed = simulate(4, seed=7)
    changed[0] = False
    changed[1] = True
    scores[2, 8:] = -1
    changed[3, :3] = True

    result = erasure_index(items, scores, changed)

    assert result.is_tested.tolist() == [False, False, False, True]
    assert np.isnan(result.p_value[:3]).all()
    assert not result.is_flagged[:3].any()
    assert result.cautions == (Caution.NOT_COMPUTED,)
    groups = group_erasure_index(result, ["x", "x", "x", "y"])
    assert groups.groups.tolist() == ["y"]
    assert groups.cautions == (Caution.THIN_GROUPS,)
    with pytest.raises(ValueError, match="nobody changed"):
        erasure_index(items, scores[:2], changed[:2])


def test_bad_arguments_are_refused() -> None:
    items, scores, changed = simulate(4, seed=8)
    changed[:, :3] = True
    with pytest.raises(ValueError, match="boolean matrix"):
        erasure_index(items, scores, changed.astype(int))
    with pytest.raises(ValueError, match="scored 0 or 1"):
        erasure_index(Items.graded([1.0], [[-1.0, 1.0]]), scores[:, :1], changed[:, :1])
    with pytest.raises(ValueError, match="4 labels"):
        group_erasure_index(erasure_index(items, scores, changed), [1, 2])
