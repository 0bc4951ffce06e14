"""From an answer book to points and scores, as marking would give them, also with items treated otherwise. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import gcd

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.book import NOT_PRESENTED, AnswerBook, BookItem
from exam_engine.calibration.reports.rules import Treatment
from exam_engine.marking.rules import MultipleMarking, mark_choice, to_hundred

CENTS = 100
"""Marks have two decimals."""


@dataclass(frozen=True)
class Treated:
    """What is done with one item; ``key`` only where the treatment needs one."""

    treatment: Treatment
    key: tuple[str, ...] = ()


KEPT = Treated(Treatment.KEEP)


@dataclass(frozen=True)
class Scored:
    """An answer book in numbers.

    Attributes
    ----------
    points : ndarray of int32, shape (n_persons, n_items)
        Points earned, each worth ``unit`` marks; -1 where the item does not count for the person.
    worth : ndarray of int32, shape (n_items,)
        Most points of each item.
    unit : Decimal
        Marks a point.
    earned, possible : ndarray of int64, shape (n_persons,)
        Sums over the items that count.
    score : ndarray, shape (n_persons,)
        Out of 100, rounded half up to two decimals as marking does; NaN where nothing is possible.
    """

    points: NDArray[np.int32]
    worth: NDArray[np.int32]
    unit: Decimal
    earned: NDArray[np.int64]
    possible: NDArray[np.int64]
    score: NDArray[np.float64]


def score_book(book: AnswerBook, treated: Mapping[int, Treated] | None = None) -> Scored:
    """Mark every answer of the book; ``treated`` says by column what is done otherwise."""
    treated = treated or {}
    cents = np.full(book.answers.shape, -1, dtype=np.int32)
    worth = np.zeros(len(book.items), dtype=np.int32)
    for column, item in enumerate(book.items):
        how = treated.get(column, KEPT)
        codes, inverse = np.unique(book.answers[:, column], return_inverse=True)
        earned = [_cents(book, item, int(code), how) for code in codes]
        cents[:, column] = np.array(earned, dtype=np.int32)[inverse]
        worth[column] = 0 if how.treatment is Treatment.DROP_RESCALE else _worth(item)
    unit = gcd(*np.unique(cents[cents > 0]).tolist(), *np.unique(worth).tolist()) or 1
    points = np.where(cents > 0, cents // unit, cents)
    worth = worth // unit
    counts = points >= 0
    earned_points = np.where(counts, points, 0).sum(axis=1, dtype=np.int64)
    possible = counts.astype(np.int64) @ worth.astype(np.int64)
    score = _hundred(earned_points, possible)
    return Scored(points, worth, Decimal(unit) / CENTS, earned_points, possible, score)


def _worth(item: BookItem) -> int:
    return int(item.worth * CENTS)


def _cents(book: AnswerBook, item: BookItem, code: int, how: Treated) -> int:
    """Return what an answer earns in hundredths of a mark; -1 where the item does not count."""
    if code == NOT_PRESENTED or how.treatment is Treatment.DROP_RESCALE:
        return -1
    if how.treatment is Treatment.DROP_CREDIT:
        return _worth(item)
    if not item.options:
        return _worth(item) * max(code, 0) // item.highest
    chosen = item.labels(max(code, 0))
    keys = {
        Treatment.REKEY: [how.key],
        Treatment.ALSO: [item.key, how.key],
    }.get(how.treatment, [item.key])
    multiple = MultipleMarking(book.multiple)
    return int(max(mark_choice(key, chosen, marks=item.worth, multiple=multiple) for key in keys) * CENTS)


def _hundred(earned: NDArray[np.int64], possible: NDArray[np.int64]) -> NDArray[np.float64]:
    pairs, inverse = np.unique(np.stack([earned, possible]), axis=1, return_inverse=True)
    scores = [
        float(to_hundred(Decimal(int(got)), Decimal(int(of)))) if of else float("nan") for got, of in pairs.T
    ]
    return np.array(scores, dtype=np.float64)[inverse.ravel()]
