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
    for _, _, shared in _blocks(inside):
        counts += np.bincount(shared, minlength=longest + 1)
    return counts


def pairs_above(inside: Membership, most: int) -> IntArray:
    """Return the pairs of forms (n_pairs, 2) that share more than ``most`` items, in order."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for first, second, shared in _blocks(inside):
        at = np.flatnonzero(shared > most)
        found.append(np.column_stack([first[at], second[at]]))
    return np.concatenate(found)


def _blocks(inside: Membership) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield each pair of forms once: their numbers and how many items they share."""
    n = len(inside)
    for a in range(0, n, BLOCK):
        left = inside[a : a + BLOCK].astype(np.float32)
        for b in range(a, n, BLOCK):
            right = left if a == b else inside[b : b + BLOCK].astype(np.float32)
            shared = (left @ right.T).astype(np.int64)
            i, j = np.triu_indices(len(left), 1) if a == b else np.indices(shared.shape).reshape(2, -1)
            yield i + a, j + b, shared[i, j]
