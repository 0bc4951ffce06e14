"""Single swaps of items that make a form worth more and keep its rules."""

from __future__ import annotations

import numpy as np

from exam_engine.assembly.adaptive.duals import Column, Prices
from exam_engine.assembly.moves import Moves
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

ROUNDS = 20
INCOMING = 400
"""Items looked at as incoming in a round: those of the highest reduced worth."""

GAIN = 1e-9


def improve(
    moves: Moves, prices: Prices, form: BoolArray, worth: FloatArray, reduced: FloatArray, free: BoolArray
) -> None:
    """Swap free items in place, always the best pair first, until none is better.

    Parameters
    ----------
    moves : Moves
    prices : Prices
    form : ndarray of bool, shape (width,)
    worth, reduced : ndarray, shape (n_items,)
        What each item adds, and what it adds beyond the rows it uses.
    free : ndarray of bool, shape (n_items,)
        Which items may change.
    """
    n = len(worth)
    for _ in range(ROUNDS):
        gone = np.flatnonzero(form[:n] & free)
        if not len(gone):
            return
        come = np.flatnonzero(~form[:n] & free & (worth > worth[gone].min() + GAIN))
        if len(come) > INCOMING:
            come = np.sort(come[np.argpartition(-reduced[come], INCOMING)[:INCOMING]])
        if not len(come) or not _round(moves, prices, form, worth, gone, come):
            return


def _round(
    moves: Moves, prices: Prices, form: BoolArray, worth: FloatArray, gone: IntArray, come: IntArray
) -> bool:
    """Make the best swaps of those that keep every rule by themselves, as far as they keep them together."""
    gain = worth[come] - worth[gone][:, None]
    gain[moves.broken(form, gone, come) > 0] = -np.inf
    value = prices.matrix @ form.astype(np.float64)
    swapped = False
    while True:
        i, j = divmod(int(np.argmax(gain)), len(come))
        if gain[i, j] <= GAIN:
            return swapped
        out, into = prices.column(gone[i]), prices.column(come[j])
        _shift(value, out, into)
        if swapped and not (prices.hold(value, out[0]) and prices.hold(value, into[0])):
            _shift(value, into, out)
            gain[i, j] = -np.inf
            continue
        form[gone[i]], form[come[j]] = False, True
        gain[i], gain[:, j] = -np.inf, -np.inf
        swapped = True


def _shift(value: FloatArray, out: Column, into: Column) -> None:
    value[out[0]] -= out[1]
    value[into[0]] += into[1]
