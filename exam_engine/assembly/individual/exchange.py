"""Sets that stay together change places: one is dissolved into single items that resemble its own, another gathered."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from exam_engine.assembly.individual.walk import Heat, Moves, Walk
from exam_engine.assembly.pool import FloatArray
from exam_engine.assembly.rows import BoolArray, IntArray

TRIES = 6
"""Exchanges looked at for each form."""

ONE_SIDED = 0.15
"""How often a set is only dissolved, and how often only gathered: their number may change where rules let it."""

LENIENCE = 4.0
"""What an exchange may cost in broken rules and targets: the swaps after it make it good."""


class Exchange:
    """Moves of whole sets in a walk.

    Parameters
    ----------
    walk : Walk
        Its problem has bundles.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        bundles, n = walk.problem.bundles, walk.problem.size
        longest = max(len(b.items) for b in bundles)
        self.items = np.zeros((len(bundles), longest), dtype=np.int64)
        self.real = np.zeros((len(bundles), longest), dtype=bool)
        self.least = np.array([b.least for b in bundles])
        for k, bundle in enumerate(bundles):
            self.items[k, : len(bundle.items)] = bundle.items
            self.real[k, : len(bundle.items)] = True
        at, place = np.nonzero(self.real)
        self.member = sp.csr_array((np.ones(len(at)), (self.items[at, place], at)), shape=(n, len(bundles)))

    def step(self, heat: Heat, price: FloatArray, rng: np.random.Generator, active: IntArray) -> None:
        """Let each active form make the exchange that looks best of a few, or none."""
        walk = self.walk
        row = np.repeat(active, TRIES)
        held = sp.csr_array(walk.inside[active].astype(np.float64)) @ self.member
        used: BoolArray = np.repeat(held.toarray() > 0, TRIES, axis=0)
        kind = rng.random(len(row))
        leaves, some = _pick(used, rng)
        enters, others = _pick(~used, rng)
        both = (kind >= 2 * ONE_SIDED) & some & others
        leaving, entering = (
            some & (both | (kind < ONE_SIDED)),
            others & (both | ((kind >= ONE_SIDED) & (kind < 2 * ONE_SIDED))),
        )
        gone_a, come_a, real_a = self._dissolve(row, leaves, leaving, rng)
        gone_b, come_b, real_b = self._gather(row, enters, entering, rng)
        gone, come = np.hstack([gone_a, gone_b]), np.hstack([come_a, come_b])
        move = _as_rows(gone, come, np.hstack([real_a, real_b]), walk.problem.size)
        sound = _sound(move, walk.inside, row)
        move, row = sp.csr_array(move[sound]), row[sound]
        rows, groups = move @ walk.problem.items, move @ walk.problem.groups
        toward = np.asarray(move @ walk.problem.weights)
        moves = Moves(
            row, toward, walk.broken(row, rows, groups), np.asarray(_charge(move, price, row)), LENIENCE
        )
        best = walk.choose(moves, heat, rng)
        for k in best.tolist():
            span = slice(move.indptr[k], move.indptr[k + 1])
            places, sign = move.indices[span], move.data[span]
            form = walk.held[row[k]]
            form[np.isin(form, places[sign < 0])] = places[sign > 0]
            walk.inside[row[k], places] = sign > 0
        walk.uses += np.asarray(move[best].sum(axis=0)).ravel().astype(np.int64)
        walk.take(row[best], toward[best], sp.csr_array(rows[best]), sp.csr_array(groups[best]))

    def _dissolve(
        self, row: IntArray, which: IntArray, really: BoolArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray, BoolArray]:
        """Return items of the set in the form, and a partner for each."""
        steps = self.walk.steps
        gone = self.items[which]
        real = self.real[which] & really[:, None] & self.walk.inside[row[:, None], gone]
        come = steps.partners[gone, rng.integers(steps.many, size=gone.shape)]
        return gone, come, real

    def _gather(
        self, row: IntArray, which: IntArray, really: BoolArray, rng: np.random.Generator
    ) -> tuple[IntArray, IntArray, BoolArray]:
        """Return items of the form that resemble those of the set, and those of the set."""
        walk = self.walk
        come = self.items[which]
        rank = np.where(self.real[which], rng.random(come.shape), 2.0).argsort(axis=1).argsort(axis=1)
        real = self.real[which] & really[:, None] & (rank < self.least[which][:, None])
        partners = walk.steps.partners[come]
        held = walk.inside[row[:, None, None], partners]
        at = np.where(held, rng.random(held.shape, dtype=np.float32), -1.0).argmax(axis=2)
        gone = np.take_along_axis(partners, at[:, :, None], axis=2)[:, :, 0]
        place = (rng.random(gone.shape) * walk.length[row][:, None]).astype(np.int64)
        return np.where(held.any(axis=2), gone, walk.held[row[:, None], place]), come, real


def _charge(move: sp.csr_array, price: FloatArray, row: IntArray) -> FloatArray:
    if price.ndim == 1:
        return np.asarray(move @ price)
    return np.asarray(move.multiply(price[row]).sum(axis=1), dtype=np.float64)


def _pick(open_: BoolArray, rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
    """Return one of the open places of each row, and whether there is one."""
    at = np.where(open_, rng.random(open_.shape), -1.0).argmax(axis=1)
    return at, np.asarray(open_.any(axis=1))


def _as_rows(gone: IntArray, come: IntArray, real: BoolArray, size: int) -> sp.csr_array:
    """Return moves as rows of −1 and 1 over the items."""
    at, place = np.nonzero(real)
    data = np.r_[-np.ones(len(at)), np.ones(len(at))]
    return sp.csr_array(
        (data, (np.r_[at, at], np.r_[gone[at, place], come[at, place]])), shape=(len(gone), size)
    )


def _sound(move: sp.csr_array, inside: BoolArray, row: IntArray) -> IntArray:
    """Return the moves that take each item once, out of those that are there, in of those that are not."""
    which = np.repeat(np.arange(move.shape[0]), np.diff(move.indptr))
    fits = (move.data != 0) & ((move.data == 1.0) != inside[row[which], move.indices])
    fits &= np.abs(move.data) == 1.0
    bad = np.bincount(which[~fits], minlength=move.shape[0])
    balance = np.bincount(which, weights=move.data, minlength=move.shape[0])
    return np.flatnonzero((bad == 0) & (balance == 0) & (np.diff(move.indptr) > 0))
