"""What the parts of a security report share: right and wrong, rooms, an honest model, error rates. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exam_engine.calibration.reports.book import NOT_PRESENTED, NOT_REACHED, AnswerBook
from exam_engine.calibration.reports.scoring import Scored
from exam_engine.psychometrics.forensics.errors.rates import ErrorRate
from exam_engine.psychometrics.irt.calibrate import calibrate
from exam_engine.psychometrics.irt.items import Items

Progress = Callable[[int, int, str], None]

MINIMUM_PERSONS = 20
"""Candidates below which nothing is compared: what is usual is learned from these candidates themselves."""

ROUGH_BELOW = 100
"""Candidates below which difficulties and times are rough; see the sample sizes of the kernels."""

SHOWN = 40
"""Persons shown at most; all that are flagged are counted, and all stand in the files."""

LEAST_SHOWN = 5
"""Persons shown where nobody is flagged: what is to be expected."""

CELLS_SIMULATED = 10_000_000
LEAST_ROOMS = 10
"""Honest sittings simulated at least; fewer than asked for where `CELLS_SIMULATED` answers do."""


@dataclass(frozen=True)
class Model:
    """A Rasch calibration of the sitting's own answers.

    Attributes
    ----------
    columns : ndarray of int, shape (n_items,)
        Columns of the book that it covers: those that tell somebody apart.
    items : Items
    variance : float
        Of ability; the mean is 0.
    """

    columns: NDArray[np.intp]
    items: Items
    variance: float


@dataclass(frozen=True)
class Study:
    """An answer book under suspicion.

    Attributes
    ----------
    book : AnswerBook
    scored : Scored
    level : float
        Of each index after Bonferroni's correction.
    seed : int
    rooms_simulated : int
        Honest sittings simulated for each error rate at most.
    progress : callable
    """

    book: AnswerBook
    scored: Scored
    level: float
    seed: int
    rooms_simulated: int
    progress: Progress

    @property
    def n_persons(self) -> int:
        return self.book.n_persons

    @cached_property
    def rooms(self) -> NDArray[np.str_]:
        """The room of each person; empty where nobody knows."""
        return np.array(self.book.attributes.get("room", ("",) * self.n_persons))

    @property
    def has_rooms(self) -> bool:
        """Whether there is more than one room to compare."""
        return bool(np.all(self.rooms != "")) and np.unique(self.rooms).size > 1

    @cached_property
    def marks(self) -> NDArray[np.int8]:
        """1 fully right, 0 not, −1 not presented or not reached, shape (n_persons, n_items)."""
        return marks_of(self.book, self.book.answers)

    @cached_property
    def model(self) -> Model | None:
        """The honest model; None where fewer than two items tell anybody apart.

        Forms without common items are taken as linked by their candidates, drawn at random from one population.
        """
        columns = np.flatnonzero((self.marks == 1).any(axis=0) & (self.marks == 0).any(axis=0))
        if columns.size < 2:
            return None
        found = calibrate(self.marks[:, columns], model="rasch", equivalent_persons=True, errors="none")
        return Model(columns, found.items, float(found.variances[0]))

    def rng(self, number: int) -> np.random.Generator:
        """Return the generator of a part: the same whatever the other parts do."""
        return np.random.default_rng([self.seed, number])

    def telling(self, begin: int, end: int, stage: str) -> Callable[[int, int], None]:
        """Return what a simulation tells its progress to; a cancelled job ends it there."""
        return lambda done, total: self.progress(begin + (end - begin) * done // total, 100, stage)

    def replications(self, n_items: int) -> int:
        """Return how many honest sittings to simulate for an index over so many items."""
        affordable = CELLS_SIMULATED // max(self.n_persons * n_items, 1)
        return max(min(self.rooms_simulated, max(affordable, LEAST_ROOMS)), 2)


def marks_of(book: AnswerBook, answers: NDArray[np.int16]) -> NDArray[np.int8]:
    """Return 1 for what is fully right, 0 for what is not, −1 for what was not presented or not reached."""
    right = np.zeros(answers.shape, dtype=np.int8)
    for column, item in enumerate(book.items):
        full = item.bits([label for label in item.key if label in item.options]) or item.highest
        right[:, column] = answers[:, column] == full
    unseen = (book.answers == NOT_PRESENTED) | (book.answers == NOT_REACHED)
    return np.where(unseen, -1, right).astype(np.int8)


def people_of(study: Study) -> list[dict[str, Any]]:
    """Return room, seat and score of each person; who that is stands in the seat list of the sitting."""
    seats = study.book.attributes.get("seat", ("",) * study.n_persons)
    return [
        {"room": str(room), "seat": seat, "score": known(score)}
        for room, seat, score in zip(study.rooms, seats, study.scored.score, strict=True)
    ]


def told_rates(rates: Sequence[ErrorRate], flagged: Mapping[str, tuple[int, int]]) -> list[dict[str, Any]]:
    """Return the error rates of the indices in use; ``flagged`` has tests and flags of each in this sitting."""
    return [
        {
            "index": rate.index,
            "n_tests": flagged[rate.index][0],
            "n_flagged": flagged[rate.index][1],
            "rate": float(rate.rate),
            "rate_error": known(rate.rate_error),
            "flag_rate": float(rate.flag_rate),
            "room_rate": float(rate.room_rate),
            "room_low": float(rate.room_low),
            "room_high": float(rate.room_high),
            "n_rooms": int(rate.n_rooms),
        }
        for rate in rates
        if rate.index in flagged
    ]


def known(value: float) -> float | None:
    """Return a number, or None where there is none."""
    return float(value) if np.isfinite(value) else None


def tally(p_value: NDArray[np.float64], is_flagged: NDArray[np.bool_]) -> tuple[int, int]:
    """Return how many tests were made and how many flagged."""
    return int(np.isfinite(p_value).sum()), int(is_flagged.sum())
