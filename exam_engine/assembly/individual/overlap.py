"""How many items pairs of forms share, for all pairs, by products of blocks of zeros and ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from exam_engine.assembly.rows import IntArray

Membership = npt.NDArray[np.uint8]
"""Which items a form holds, shape (n_forms, n_items), zeros and ones."""

BLOCK = 1000


def membership(held: IntArray, size: int) -> Membership:
    """Return which of ``size`` items each form holds; ``held`` (n_forms, longest) ends with −1 where forms are shorter.

    Examples
    --------
    >>> membership(np.array([[0, 2], [1, -1]]), 3)
    array([[1, 0, 1],
           [0, 1, 0]], dtype=uint8)
    """
    inside = np.zeros((len(held), size), dtype=np.uint8)
    form, place = np.nonzero(held >= 0)
    inside[form, held[form, place]] = 1
    return inside


def shared_counts(inside: Membership, longest: int) -> IntArray:
    """Return how many pairs of forms share 0, 1, … ``longest`` items, shape (longest + 1,).

    Examples
    --------
    >>> shared_counts(np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0]], dtype=np.uint8), 2)
    array([1, 2, 0])
    """
    counts = np.zeros(longest + 1, dtype=np.int64)
    for a, b, shared in _blocks(inside, np.arange(len(inside))):
        whole = np.bincount(shared.ravel().astype(np.intp), minlength=longest + 1)
        own = np.bincount(np.diagonal(shared).astype(np.intp), minlength=longest + 1)
        counts += (whole - own) // 2 if a == b else whole
    return counts


def pairs_above(inside: Membership, most: int, forms: IntArray | None = None) -> IntArray:
    """Return the pairs of forms (n_pairs, 2), the lower number first, that share more than ``most`` items, in order.

    With ``forms`` only pairs with at least one of these.
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    part = np.arange(len(inside)) if forms is None else forms
    for a, b, shared in _blocks(inside, part, is_whole=forms is None):
        at = np.argwhere(shared > most)
        pair = np.column_stack([part[a + at[:, 0]], at[:, 1] + b])
        found.append(np.sort(pair[pair[:, 0] != pair[:, 1]], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _blocks(
    inside: Membership, forms: IntArray, *, is_whole: bool = True
) -> Iterator[tuple[int, int, npt.NDArray[np.float32]]]:
    """Yield how many items some forms (from place a on) share with others (from number b on).

    Where the forms are all forms, a block that mirrors another one is left out.
    """
    for b in range(0, len(inside), BLOCK):
        right = inside[b : b + BLOCK].astype(np.float32).T
        for a in range(0, b + 1 if is_whole else len(forms), BLOCK):
            yield a, b, inside[forms[a : a + BLOCK]].astype(np.float32) @ right
