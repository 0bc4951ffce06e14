"""How often an index flags persons who are honest: rates under simulation, with their Monte Carlo error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from exam_engine.psychometrics.corrections import Correction, adjusted_p_values
from exam_engine.psychometrics.forensics.flags import LEVEL, check_level
from exam_engine.psychometrics.irt.models import FloatArray

REPLICATIONS = 100
"""Honest rooms simulated by default; a rate of rooms then has a Monte Carlo error of at most 5 %."""

CONFIDENCE = 0.95

Progress = Callable[[int, int], None]
"""Told after each room: rooms done, rooms in all. An exception it raises ends the study."""


class Trial(NamedTuple):
    """What an index said of one honest room.

    Attributes
    ----------
    p_values : ndarray, shape (n_values,)
        All p-values of the room, or at least those not above the level. NaN for no test.
    n_tests : int
        Tests made in the room.
    """

    p_values: FloatArray
    n_tests: int


@dataclass(frozen=True)
class ErrorRate:
    """False flags of an index among honest persons.

    Attributes
    ----------
    index : str
    level : float
    correction : Correction
    rate, rate_error : float
        Share of single tests whose p-value is not above the level, and its Monte Carlo standard error from the spread
        between rooms (tests within a room share persons). Near or below the level if the index keeps it.
    flag_rate : float
        Share of tests flagged after the correction.
    room_rate, room_low, room_high : float
        Share of rooms with any flag after the correction, and its exact 95 % interval. Under Bonferroni near or
        below the level if the index keeps it far in the tail, too.
    n_rooms, n_tests, n_flags : int
        Rooms simulated, tests made, flags after the correction.
    """

    index: str
    level: float
    correction: Correction
    rate: float
    rate_error: float
    flag_rate: float
    room_rate: float
    room_low: float
    room_high: float
    n_rooms: int
    n_tests: int
    n_flags: int


def error_rates(
    trial: Callable[[np.random.Generator], Mapping[str, Trial]],
    *,
    rng: np.random.Generator,
    replications: int = REPLICATIONS,
    level: float = LEVEL,
    correction: Correction | str = Correction.BONFERRONI,
    progress: Progress | None = None,
) -> tuple[ErrorRate, ...]:
    """Return the error rates of indices over simulated honest rooms.

    Parameters
    ----------
    trial : callable
        From a generator to the p-values of each index in one honest room; the same indices every time.
    rng : numpy.random.Generator
    replications : int, default 100
        Rooms, at least 2.
    level : float, default 0.05
        The threshold in use.
    correction : Correction, default ``"bonferroni"``
        The correction in use.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    tuple of ErrorRate
        One an index, in the order of the first trial.

    Raises
    ------
    ValueError
        If there are fewer than two replications or an index made no test in any room.

    Notes
    -----
    ``rate_error = sd(rates of the rooms) / sqrt(rooms)``. The interval of ``room_rate`` is Clopper & Pearson's
    (1934, Biometrika 26, 404–413).

    Examples
    --------
    >>> rates = error_rates(
    ...     lambda rng: {"uniform": Trial(rng.random(200), 200)}, rng=np.random.default_rng(1))
    >>> round(rates[0].rate, 2), rates[0].rate_error < 0.002, rates[0].room_low < 0.05 < rates[0].room_high
    (0.05, True, True)
    """
    check_level(level)
    how = Correction(correction)
    if replications < 2:
        raise ValueError("replications must be at least 2, or there is no Monte Carlo error")
    found: dict[str, list[tuple[int, int, int]]] = {}
    for done in range(1, replications + 1):
        for name, room in trial(rng).items():
            found.setdefault(name, []).append(_count(room, level, how))
        if progress is not None:
            progress(done, replications)
    return tuple(_rate(name, np.array(counts), level, how) for name, counts in found.items())


def _count(room: Trial, level: float, correction: Correction) -> tuple[int, int, int]:
    """Return tests, p-values not above the level, and flags after the correction."""
    p = room.p_values[~np.isnan(room.p_values)]
    flags = adjusted_p_values(p, correction=correction, n_tests=room.n_tests) <= level
    return room.n_tests, int(np.sum(p <= level)), int(flags.sum())


def _rate(name: str, counts: np.ndarray, level: float, correction: Correction) -> ErrorRate:
    tests, below, flags = counts.T
    if not tests.any():
        raise ValueError(f"{name} made no test in any room")
    rates = below[tests > 0] / tests[tests > 0]
    rooms, hit = tests.size, int(np.sum(flags > 0))
    outside = (1.0 - CONFIDENCE) / 2.0
    low = float(betaincinv(hit, rooms - hit + 1, outside)) if hit else 0.0
    high = float(betaincinv(hit + 1, rooms - hit, 1.0 - outside)) if hit < rooms else 1.0
    return ErrorRate(
        index=name,
        level=level,
        correction=correction,
        rate=float(below.sum() / tests.sum()),
        rate_error=float(rates.std(ddof=1) / np.sqrt(rates.size)) if rates.size > 1 else float("inf"),
        flag_rate=float(flags.sum() / tests.sum()),
        room_rate=hit / rooms,
        room_low=low,
        room_high=high,
        n_rooms=rooms,
        n_tests=int(tests.sum()),
        n_flags=int(flags.sum()),
    )


def trial_of(p_values: ArrayLike) -> Trial:
    """Return the trial of an index whose p-values are all at hand.

    >>> trial_of([0.2, float("nan")]).n_tests
    1
    """
    p = np.asarray(p_values, dtype=np.float64)
    return Trial(p, int(np.sum(~np.isnan(p))))
