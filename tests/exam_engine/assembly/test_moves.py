"""Swaps and pairs of swaps against rows counted one by one."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pairs import changes, first_kept
from exam_engine.assembly.rows import Rows

ITEMS, SWITCHES, LENGTH = 12, 2, 5
VALUES = (0.0, 0.0, 1.0)


def rows_about(form: np.ndarray, rng: np.random.Generator) -> Rows:
    """Return rows of ones, of marks and of many values that the form keeps, most of them barely."""
    kinds = [rng.choice(values, (3, len(form))) for values in (VALUES, (0, 1, 2, 5), rng.random(40))]
    matrix = np.vstack(kinds)
    now, count = matrix @ form, len(matrix)
    below, above = (np.where(rng.random(count) < 0.3, np.inf, rng.integers(0, 2, count)) for _ in range(2))
    return Rows(
        sp.csr_array(matrix), now - below, now + above, np.zeros(count, dtype=np.int64), np.ones(count)
    )


def broken_by_hand(rows: Rows, form: np.ndarray) -> int:
    value = rows.matrix @ form
    return int(((value < rows.lower - 1e-9) | (value > rows.upper + 1e-9)).sum())


def swapped(form: np.ndarray, gone: npt.ArrayLike, come: npt.ArrayLike) -> np.ndarray:
    after = form.copy()
    after[np.asarray(gone)], after[np.asarray(come)] = False, True
    return after


def test_broken_rows_of_swaps_and_pairs_are_those_counted_one_by_one() -> None:
    pairs_found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        form = np.zeros(ITEMS + SWITCHES, dtype=bool)
        form[rng.choice(ITEMS, LENGTH, replace=False)] = form[ITEMS] = True
        rows = rows_about(form, rng)
        moves = Moves(rows, ITEMS)
        gone, come = np.flatnonzero(form[:ITEMS]), np.flatnonzero(~form[:ITEMS])
        i, j = (at.ravel() for at in np.meshgrid(gone, come, indexing="ij"))
        swaps = changes(moves, form, i, j)
        p, q = np.triu_indices(len(i), 1)
        pair = first_kept(swaps, p, q)

        by_hand = [broken_by_hand(rows, swapped(form, a, b)) for a, b in zip(i, j, strict=True)]
        assert moves.broken(form, gone, come).ravel().tolist() == by_hand
        assert moves.fits(form, i[:, None], j[:, None]).tolist() == [n == 0 for n in by_hand]
        apart = (i[p] != i[q]) & (j[p] != j[q])
        good = [
            (i[[a, b]].tolist(), j[[a, b]].tolist())
            for a, b in zip(p[apart], q[apart], strict=True)
            if broken_by_hand(rows, swapped(form, i[[a, b]], j[[a, b]])) == 0
        ]
        found = [] if pair is None else [(pair.gone[0].tolist(), pair.come[0].tolist())]
        assert found == good[:1]
        pairs_found += len(found)
    assert pairs_found


def test_swaps_are_partners_where_no_row_is_tight() -> None:
    form = np.array([True, False, False])
    rows = Rows(sp.csr_array(np.zeros((0, 3))), *(np.zeros(0),) * 2, np.zeros(0, dtype=np.int64), np.zeros(0))
    swaps = changes(Moves(rows, 3), form, np.array([0, 0]), np.array([1, 2]))

    assert swaps.partners().all()
